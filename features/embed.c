/* SPDX-License-Identifier: GPL-3.0-or-later */
/* embed.c - the values of a layer of a trained net, as features.
 *
 * Method: rows go through the net's own pipeline, its filters first, and then through
 * the net as far as the layer; dropout is off, as in prediction.  A pipeline is trained
 * first, on the training rows of this very run.  Razavian and others 2014 give such
 * features to a linear machine.
 *
 * Cost: that of predicting with the net, less the layers behind the one asked for.
 */
#include "core/learner.h"
#include "engine/inner.h"
#include "linear/dnn.h"

struct params {
    char *bundle, *layer;
};

static const struct mp_param table[] = {
    MP_PARAM(bundle, .def = NULL, .unit = "file",
             .doc = "bundle.mnp of a run whose model is a net, or a pipeline that ends with one"),
    MP_PARAM(layer, .def = "",
             .doc = "layer whose values are given, such as dense or conv2; without a name the last "
                    "hidden one"),
    MP_END
};

struct state {
    struct mp_inner *net;
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const struct state *s = state;
    return s != NULL ? mp_inner_shape(c, s->net, in, out)
                     : mp_inner_look(c, p->bundle, p->layer, in, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    (void)in;
    snprintf(text, size, "%s[%zu]", *p->layer != '\0' ? p->layer : "embed", i);
}

static int describe(struct mp_ctx *c, const void *params, struct mp_shape in, FILE *f)
{
    const struct params *p = params;
    return mp_inner_describe(c, p->bundle, in, f);
}

static int depends(struct mp_ctx *c, const void *params, FILE *f)
{
    const struct params *p = params;
    return mp_inner_depends(c, p->bundle, f);
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    return mp_inner_learn(c, p->bundle, &s->net);
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    return mp_inner_io(io, &s->net);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_inner_free(s->net);
    s->net = NULL;
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    const struct params *p = params;
    struct state *s = state;
    return mp_inner_ready(c, s->net, p->bundle, p->layer, in);
}

static int values(struct mp_ctx *c, const void *state, uint64_t *values)
{
    const struct state *s = state;
    return mp_inner_values(c, s->net, values);
}

static int view(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in, int i,
                struct mp_view *view)
{
    const struct params *p = params;
    const struct state *s = state;
    return mp_inner_view(c, s != NULL ? s->net : NULL, p->bundle, p->layer, in, i, view);
}

static int watch(struct mp_ctx *c, const void *params, const void *state, int i,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    (void)params;
    return mp_inner_watch(c, s->net, i, in, out);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    (void)params;
    return mp_inner_apply(c, s->net, in, out);
}

MP_STAGE(embed) = {
    .brief = "Give the values inside a trained net as features",
    .doc = "Takes the data's own rows through a net's pipeline, filters and all, as far as a\n"
           "layer, with dropout off.  So it stands first, or first in a branch of a union.\n"
           "\n"
           "bundle= names the bundle of a run whose model is a net, or a pipeline that ends\n"
           "with one.  A pipeline is trained first, with this run's seed and on this run's\n"
           "training rows alone; its data line has no say.  A bundle is taken as it is; if it\n"
           "learned from other rows than this run trains on, a warning says so, for test rows\n"
           "might be among them.  Either way the net becomes part of this run's bundle, and\n"
           "the file is not needed to predict.\n"
           "\n"
           "The file is looked for as it was typed; if it is not there, beside the pipeline\n"
           "that names it; then among what ships.\n"
           "\n"
           "A layer is named as in the net's text.  Where a name occurs more than once it means\n"
           "the last of them, and conv1, conv2 ... count from the front; output is the scores.\n"
           "Features keep the layer's shape.  To use two layers of one net, run it first and\n"
           "name its bundle in two branches.",
    .example = "embed bundle=pipelines/cnn_fast.txt layer=dense",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape, .label = label, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_EPOCHS, .needs = MP_DATA, .prepare = mp_dnn_load,
                          .ready = ready, .depends = depends, .values = values, .view = view,
                          .watch = watch, .describe = describe),
};
