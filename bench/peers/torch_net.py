#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One net of bench/net.py in PyTorch: a part of an epoch with Adam, then inference.

usage: torch_net.py NET SETTING THREADS BATCH WARM FOLDER

NET is cnn, lenet5 or lstm; SETTING some of f32, bf16, nhwc joined by "-": bf16 is autocast,
nhwc the memory format channels_last.  FOLDER holds MNIST's IDX files, unpacked.  Batches are
drawn from the training images in random order, each image once; the first WARM steps are not
timed, nor is the first batch of inference.  Images are floats in memory before the clock
starts.  Prints one line of JSON.  Needs python3-torch.
"""
import json, sys, time
import numpy as np
import torch
from torch import nn

AT_ONCE = 250   # images of one call in inference


class RowsLSTM(nn.Module):
    """Reads an image row by row."""
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 128, batch_first=True)
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        return self.out(self.lstm(x.squeeze(1))[0][:, -1])


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, 10))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


NETS = {"cnn": cnn, "lenet5": lenet5, "lstm": RowsLSTM}


def data(folder, part):
    def idx(name, header):
        return np.fromfile(f"{folder}/{part}-{name}-ubyte", np.uint8)[header:]
    x = torch.from_numpy(idx("images-idx3", 16)).view(-1, 1, 28, 28).float() / 255
    return x, torch.from_numpy(idx("labels-idx1", 8)).long()


def train(model, autocast, x, y, batch, warm):
    """Steps timed, and their seconds."""
    adam, loss = torch.optim.Adam(model.parameters(), lr=0.001), nn.CrossEntropyLoss()
    order = torch.randperm(len(x))[:len(x) // batch * batch].split(batch)
    model.train()
    for i, rows in enumerate(order):
        if i == warm:
            start = time.perf_counter()
        adam.zero_grad(set_to_none=True)
        with autocast():
            error = loss(model(x[rows]), y[rows])
        error.backward()
        adam.step()
    return len(order) - warm, time.perf_counter() - start


def infer(model, autocast, x, y):
    """Images timed, their seconds, and how many of all are right."""
    model.eval()
    with torch.inference_mode(), autocast():
        model(x[:AT_ONCE])
        start = time.perf_counter()
        found = torch.cat([model(part).argmax(1) for part in x.split(AT_ONCE)])
    return len(x), time.perf_counter() - start, float((found == y).float().mean())


def main():
    net, setting, folder = sys.argv[1], sys.argv[2].split("-"), sys.argv[6]
    threads, batch, warm = (int(v) for v in sys.argv[3:6])
    torch.set_num_threads(threads)
    model = NETS[net]()
    if "nhwc" in setting:
        model = model.to(memory_format=torch.channels_last)

    def autocast():
        return torch.autocast("cpu", torch.bfloat16, enabled="bf16" in setting)
    steps, seconds = train(model, autocast, *data(folder, "train"), batch, warm)
    images, took, accuracy = infer(model, autocast, *data(folder, "t10k"))
    print(json.dumps({"version": torch.__version__, "steps": steps, "seconds": seconds,
                      "images": images, "inference": took, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
