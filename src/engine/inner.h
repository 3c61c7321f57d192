/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inner.h - a pipeline within a pipeline: what lies inside its model, as features.
 *
 * FILE is the bundle of a run, or a pipeline, which is then trained on the training
 * rows of the run at hand alone.  It is looked for as it was typed; if it is not
 * there, beside the pipeline that names it; then among the pipelines that ship.
 * What is saved is a bundle: of the run that it came from, to the byte, or as such
 * a run would have written it.
 *
 * An inner pipeline has a seed, classes and numbers of stages of its own, so it
 * draws and computes what it would alone. */
#ifndef MP_INNER_H
#define MP_INNER_H
#include "core/learner.h"

enum { MP_INNER_DEPTH = 4 }; /* a pipeline within a pipeline within ... */

struct mp_inner;

/* The shape of what part `layer` of FILE's model gives for rows of shape `in`, before
 * anything is learned. */
int mp_inner_look(struct mp_ctx *c, const char *file, const char *layer, struct mp_shape in,
                  struct mp_shape *out);

/* The lines of what `mnistpipe check` tells of FILE. */
int mp_inner_describe(struct mp_ctx *c, const char *file, struct mp_shape in, FILE *f);

/* What the file holds, and those that it names: as `depends` of a stage. */
int mp_inner_depends(struct mp_ctx *c, const char *file, FILE *f);

/* In done() of what learns MP_IN_EPOCHS: reads the bundle, or trains the pipeline. */
int mp_inner_learn(struct mp_ctx *c, const char *file, struct mp_inner **inner);

/* In io(), ready(), values() and apply() of the same stage. */
int mp_inner_io(struct mp_io *io, struct mp_inner **inner);
int mp_inner_ready(struct mp_ctx *c, struct mp_inner *inner, const char *file, const char *layer,
                   struct mp_shape in);
int mp_inner_values(struct mp_ctx *c, const struct mp_inner *inner, uint64_t *values);
int mp_inner_apply(struct mp_ctx *c, const struct mp_inner *inner, const struct mp_chunk *in,
                   struct mp_chunk *out);

/* Of the same stage, what there is to look at, as far as the layer whose values it gives: view()
 * and watch() of learner.h.  inner: NULL before anything is learned. */
int mp_inner_view(struct mp_ctx *c, const struct mp_inner *inner, const char *file,
                  const char *layer, struct mp_shape in, int i, struct mp_view *view);
int mp_inner_watch(struct mp_ctx *c, const struct mp_inner *inner, int i,
                   const struct mp_chunk *in, struct mp_chunk *out);

/* The shape of what apply() gives, after ready(). */
int mp_inner_shape(struct mp_ctx *c, const struct mp_inner *inner, struct mp_shape in,
                   struct mp_shape *out);

void mp_inner_free(struct mp_inner *inner);
#endif
