#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""net.py - frozen numbers for the layers and the training of `net`: writes net.h, which
tests/unit/layers.c and tests/unit/training.c include.

Inputs, weights and gradients from above are waves, which both sides compute, so only
results are frozen: of each tensor a few values and its product with another wave.
Everything here is PyTorch's, in double precision; gradients are those of autograd, and
come in this program's layout because its layout is what they are derived by."""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
PROBES, STEPS = 8, 20
ACTS = {"none": lambda v: v, "relu": F.relu, "leaky": F.leaky_relu, "tanh": torch.tanh,
        "sigmoid": torch.sigmoid, "gelu": F.gelu}


def wave(seed, *shape):
    i = np.arange(int(np.prod(shape)), dtype=float)
    return torch.tensor(np.sin((0.7 * i + 1.3) * i + 2.9 * seed).reshape(shape))


# ------------------------------------------------------------------- layers
# Each makes (tensors, f): shapes of the weights as the layer has them, with the
# connections of an output, and y = f(x, weights) of rows n x h x w x c.

def conv(shape, filters, kernel=3, stride=1, pad="same", act="relu", bias=True):
    h, w, c = shape

    def f(x, weights):
        v = x.permute(0, 3, 1, 2)
        if pad == "same":
            all_h, all_w = (max(0, (-(-n // stride) - 1) * stride + kernel - n) for n in (h, w))
            v = F.pad(v, (all_w // 2, all_w - all_w // 2, all_h // 2, all_h - all_h // 2))
        v = F.conv2d(v, weights[0].permute(3, 2, 0, 1), weights[1] if bias else None, stride)
        return ACTS[act](v).permute(0, 2, 3, 1)
    seen = kernel * kernel * c
    return [((kernel, kernel, c, filters), seen)] + [((filters,), 0)] * bias, f


def dense(shape, units, act="relu", bias=True):
    d = int(np.prod(shape))

    def f(x, weights):
        v = x.reshape(len(x), d) @ weights[0]
        return ACTS[act](v + weights[1] if bias else v).reshape(len(x), 1, units, 1)
    return [((d, units), d)] + [((units,), 0)] * bias, f


def pool(function):
    return [], lambda x, weights: function(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def maxpool(shape, size=2, stride=None):
    return pool(lambda v: F.max_pool2d(v, size, stride))


def avgpool(shape, size=2, stride=None):
    return pool(lambda v: F.avg_pool2d(v, size, stride))


def globalpool(shape, kind="avg"):
    function = F.adaptive_avg_pool2d if kind == "avg" else F.adaptive_max_pool2d
    return [], lambda x, weights: function(x.permute(0, 3, 1, 2), 1).reshape(len(x), 1, -1, 1)


def batchnorm(shape, training=True, epsilon=1e-5, momentum=0.1):
    h, w, c = shape
    channels = w if h == 1 and c == 1 else c

    def f(x, weights):
        v = x.reshape(-1, channels)
        mean, variance = weights[2].detach().clone(), weights[3].detach().clone()
        return F.batch_norm(v, mean, variance, weights[0], weights[1], training, momentum,
                            epsilon).reshape(x.shape)
    return [((channels,), 0)] * 4, f


def lstm(shape, units, layers=1, directions=1, last=True, forget=1.0):
    steps, features = shape[0], shape[1] * shape[2]
    wide, sums = units * directions, 4 * units
    tensors = [((directions, features, sums), features),
               ((layers, directions, units, sums), units), ((layers, directions, sums), 0)]
    if layers > 1:
        tensors.append(((layers - 1, directions, wide, sums), wide))
    more = torch.zeros(sums)
    more[units:2 * units] = forget

    def f(x, weights):
        flat = []
        for k in range(layers):
            for d in range(directions):
                flat += [(weights[0][d] if k == 0 else weights[3][k - 1][d]).T,
                         weights[1][k][d].T, weights[2][k][d] + more, torch.zeros(sums)]
        zero = torch.zeros(layers * directions, len(x), units)
        v, state, _ = torch._VF.lstm(x.reshape(len(x), steps, features), (zero, zero), flat, True,
                                     layers, 0.0, True, directions == 2, True)
        if not last:
            return v.reshape(len(x), steps, 1, wide)
        return state[-directions:].permute(1, 0, 2).reshape(len(x), 1, wide, 1)
    return tensors, f


def words(line):
    """"conv filters=3 act=tanh" as a function's name and its arguments."""
    name, *settings = line.split()
    value = {"yes": True, "no": False}
    arguments = {}
    for setting in settings:
        key, text = setting.split("=")
        arguments[key] = (value[text] if text in value else int(text) if text.isdigit()
                          else text if text.isalpha() else float(text))
    return globals()[name], arguments


# ------------------------------------------------------------- what is frozen

def probes(v):
    v = v.detach().reshape(-1)
    n = len(v)
    picked = [v[i * 7919 % n].item() for i in range(PROBES)]
    return picked + [(v @ wave(20, n)).item() / n ** 0.5]


def numbers(values):
    return ", ".join(f"{v:.7g}" for v in values)


def layer_case(out, line, shape, n, training=True, ties=False):
    make, arguments = words(line)
    norm = make is batchnorm
    tensors, f = make(shape, **arguments, **({"training": training} if norm else {}))
    x = wave(0, n, *shape)
    x = (x.round() if ties else x).requires_grad_()
    w = [(0.4 * wave(k + 1, *size) + (norm and k == 3)).requires_grad_()
         for k, (size, _) in enumerate(tensors)]
    y = f(x, w)
    found = [y]
    if training:
        (y * wave(9, *y.shape)).sum().backward()
        found += [x.grad] + [t.grad for t in w]
        if norm:
            rows = x.detach().reshape(-1, len(w[0]))
            found[-2:] = [rows.mean(0), rows.var(0, unbiased=True)]
    print(f'    {{ "{line}", {{ {shape[0]}, {shape[1]}, {shape[2]} }}, {n}, '
          f'{str(training).lower()}, {str(ties).lower()}, {len(found)}, {{', file=out)
    for v in found:
        print(f"        {{ {numbers(probes(v))} }},", file=out)
    print("    } },", file=out)


LAYERS = (
    [(f"conv filters=3 kernel=3 act={act}", (5, 6, 2), 3) for act in ACTS] +
    [(f"dense units=7 act={act}", (2, 3, 2), 5) for act in ACTS] +
    [("conv filters=4 kernel=3 pad=valid act=tanh", (6, 5, 2), 3),
     ("conv filters=3 kernel=4 pad=same act=sigmoid", (6, 7, 1), 3),
     ("conv filters=3 kernel=3 stride=2 act=tanh", (7, 6, 2), 3),
     ("conv filters=3 kernel=5 stride=3 pad=valid act=gelu", (9, 8, 2), 2),
     ("conv filters=2 kernel=2 stride=3 bias=no act=tanh", (5, 5, 3), 2),
     ("conv filters=16 kernel=5 act=relu", (8, 8, 16), 2),
     ("conv filters=20 kernel=5 act=tanh", (9, 10, 1), 3),
     ("conv filters=6 kernel=3 pad=valid act=gelu", (8, 13, 1), 2),
     ("conv filters=32 kernel=3 act=relu", (6, 8, 1), 2),
     ("dense units=6 act=tanh bias=no", (1, 9, 1), 4),
     ("maxpool size=2", (6, 7, 3), 4), ("maxpool size=3 stride=2", (7, 7, 2), 4),
     ("avgpool size=2", (6, 7, 3), 4), ("avgpool size=3 stride=1", (5, 7, 2), 4),
     ("globalpool kind=avg", (4, 5, 3), 4), ("globalpool kind=max", (4, 5, 3), 4),
     ("batchnorm", (4, 3, 5), 32), ("batchnorm epsilon=0.01", (1, 11, 1), 32),
     ("lstm units=5", (6, 1, 4), 4), ("lstm units=5 last=no", (6, 4, 1), 4),
     ("lstm units=3 layers=2", (5, 2, 2), 4), ("lstm units=3 layers=2 last=no", (5, 1, 4), 4),
     ("lstm units=4 directions=2", (5, 1, 3), 4),
     ("lstm units=4 directions=2 last=no forget=0", (5, 1, 3), 4),
     ("lstm units=3 layers=3 directions=2", (4, 1, 3), 4),
     ("lstm units=3 layers=2 directions=2 last=no", (4, 1, 3), 4)])

# ------------------------------------------------------------------ training

ITEM = 32
NETS = {
    "conv": (["conv filters=4 kernel=3 act=relu", "maxpool size=2",
              "conv filters=6 kernel=3 pad=valid act=gelu", "dense units=10 act=tanh"],
             (8, 8, 1), 5, 48),
    "lstm": (["lstm units=6"], (6, 1, 4), 3, 40),
    "batchnorm": (["conv filters=4 kernel=3 act=none bias=no", "batchnorm momentum=0.2",
                   "avgpool size=3"], (6, 6, 1), 3, 64),
}
# name, rate, momentum, decay, clip, smoothing
OPTIMIZERS = [("sgd", 0.1, 0, 0, 0, 0), ("sgd", 0.05, 0.9, 0.01, 0, 0.1),
              ("nesterov", 0.05, 0.9, 0, 0, 0), ("nesterov", 0.05, 0.8, 0.01, 0.5, 0),
              ("rmsprop", 0.002, 0, 0, 0, 0), ("rmsprop", 0.002, 0, 0.01, 0.5, 0),
              ("adam", 0.01, 0, 0, 0, 0), ("adam", 0.01, 0, 0.01, 0.3, 0.1),
              ("adamw", 0.01, 0, 0.1, 0, 0), ("adamw", 0.01, 0, 0.3, 0.3, 0.2)]


def optimizer(name, groups, rate, momentum):
    if name in ("sgd", "nesterov"):
        return torch.optim.SGD(groups, rate, momentum, nesterov=name == "nesterov")
    kind = {"rmsprop": torch.optim.RMSprop, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kind[name](groups, rate)


def build(lines, shape, classes):
    """The net with its last layer; all of its weights, with the rule of their beginning."""
    net, place = [], shape
    for i, line in enumerate(lines + [f"dense units={classes} act=none"]):
        make, arguments = words(line)
        tensors, f = make(place, **arguments)
        w = []
        for k, (size, fan) in enumerate(tensors):
            v = wave(100 + 4 * i + k, *size)
            v = v * 1.5 / fan ** 0.5 if fan > 0 else 0.1 * v
            if make is batchnorm:
                v = torch.full(size, 1.0 if k in (0, 3) else 0.0)
            w.append(v)
        free = w[:2] if make is batchnorm else w
        for v in free:
            v.requires_grad_()
        net.append((make, f, w, [v for v, (_, fan) in zip(w, tensors) if fan > 0],
                    [v for v, (_, fan) in zip(free, tensors) if fan == 0], arguments))
        place = tuple(f(torch.zeros(1, *place), w).shape[1:])
    return net


def forward(net, x, training, seen):
    for place, (make, f, w, _, _, arguments) in enumerate(net):
        if make is batchnorm:
            rows = x.detach().reshape(-1, len(w[0]))
            if training:
                seen.setdefault(place, []).append((rows.mean(0), rows.var(0, unbiased=True)))
            f = batchnorm(x.shape[1:], training)[1]
        x = f(x, w)
    return x.reshape(len(x), -1)


def train_case(out, kind, setting):
    lines, shape, classes, batch = NETS[kind]
    name, rate, momentum, decay, clip, smoothing = setting
    rows, d = 2 * batch, int(np.prod(shape))
    y = torch.arange(rows) * 7 % classes
    x = 0.5 * wave(50, rows, d) + 0.8 * (torch.arange(d)[None] % classes == y[:, None])
    x = x.reshape(rows, *shape)
    net = build(lines, shape, classes)
    heavy, light = sum((n[3] for n in net), []), sum((n[4] for n in net), [])
    step = optimizer(name, [{"params": heavy, "weight_decay": decay},
                            {"params": light, "weight_decay": 0}], rate, momentum)
    losses = []
    for k in range(STEPS):
        at = k % 2 * batch
        step.zero_grad()
        loss, seen = 0, {}
        for i in range(at, at + batch, ITEM):
            to = min(i + ITEM, at + batch)
            loss = loss + F.cross_entropy(forward(net, x[i:to], True, seen), y[i:to],
                                          reduction="sum", label_smoothing=smoothing) / batch
        loss.backward()
        losses.append(loss.item())
        if clip > 0:
            torch.nn.utils.clip_grad_norm_(heavy + light, clip)
        step.step()
        for place, found in seen.items():
            w, part = net[place][2], net[place][5]["momentum"]
            for j in (0, 1):
                mean = sum(v[j] for v in found) / len(found)
                w[2 + j] = ((1 - part) * w[2 + j] + part * mean).detach()
    scores = forward(net, x, False, {})
    text = "\\n".join(lines)
    print(f'    {{ "{text}", {{ {shape[0]}, {shape[1]}, {shape[2]} }}, {classes}, {batch}, '
          f'"{name}",\n      {rate}, {momentum}, {decay}, {clip}, {smoothing},', file=out)
    print(f"      {{ {numbers(losses)} }},\n      {{ {numbers(probes(scores))} }} }},", file=out)


path = Path(__file__).resolve().with_name("net.h")
with open(path, "w") as out:
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */", file=out)
    print(f"/* Made by net.py with PyTorch {torch.__version__}; do not edit. */", file=out)
    print("#include \"core/stage.h\"\n\n"
          f"enum {{ ORACLE_PROBES = {PROBES} + 1, ORACLE_STEPS = {STEPS}, ORACLE_TENSORS = 6 }};\n",
          file=out)
    print("""/* y, dx, dw[0] ... of a layer; y alone without training. */
struct oracle_layer {
    const char *line;
    struct mp_shape in;
    size_t n;
    bool training, ties; /* ties: inputs rounded to -1, 0 and 1 */
    int n_tensors;
    double probes[ORACLE_TENSORS][ORACLE_PROBES];
};

/* The loss of each step, and the scores of all rows after the last. */
struct oracle_run {
    const char *layers;
    struct mp_shape in;
    int classes;
    size_t batch;
    const char *optimizer;
    double rate, momentum, decay, clip, smoothing, loss[ORACLE_STEPS], scores[ORACLE_PROBES];
};
""", file=out)
    print("#ifdef ORACLE_LAYERS\nstatic const struct oracle_layer oracle_layers[] = {", file=out)
    for line, shape, n in LAYERS:
        layer_case(out, line, shape, n)
    layer_case(out, "maxpool size=3 stride=2", (7, 7, 2), 4, ties=True)
    layer_case(out, "globalpool kind=max", (4, 5, 3), 4, ties=True)
    layer_case(out, "batchnorm", (4, 3, 5), 32, False)
    layer_case(out, "batchnorm epsilon=0.01", (1, 11, 1), 32, False)
    print("};\n#endif\n\n#ifdef ORACLE_RUNS\nstatic const struct oracle_run oracle_runs[] = {",
          file=out)
    for setting in OPTIMIZERS:
        for kind in ("conv", "lstm"):
            train_case(out, kind, setting)
    for setting in (OPTIMIZERS[1], OPTIMIZERS[3], OPTIMIZERS[6]):
        train_case(out, "batchnorm", setting)
    print("};\n#endif", file=out)
