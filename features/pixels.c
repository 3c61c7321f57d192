/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pixels.c - the image itself as a feature vector.
 *
 * Values as they are, row by row, channels innermost: h x w x c becomes
 * 1 x hwc x 1.  Cost: one copy, none in place.
 */
#include "core/stage.h"
#include <limits.h>
#include <string.h>

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)state;
    (void)params;
    if ((double)in.h * in.w * in.c > INT_MAX)
        return mp_fail(c, "an image of %dx%dx%d has more than %d values; make it smaller first",
                       in.h, in.w, in.c, INT_MAX);
    *out = (struct mp_shape){ 1, in.h * in.w * in.c, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params;
    (void)in;
    snprintf(text, size, "pixel%zu", i);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t n = in->n * mp_len(in->shape);
    (void)c;
    (void)params;
    (void)state;

    if (in->b != NULL && out->b != in->b)
        memcpy(out->b, in->b, n);
    if (in->x != NULL && out->x != in->x)
        memcpy(out->x, in->x, n * sizeof *in->x);
    return MP_OK;
}

MP_STAGE(pixels) = {
    .brief = "Take the pixels themselves as features",
    .doc = "Turns an image into one row of its values, unchanged: row after row, and within\n"
           "a pixel channel after channel.  Says where images end and vectors begin; in a\n"
           "union it puts the image beside other features.",
    .example = "pixels",
    .flags = MP_PIXELWISE | MP_INPLACE | MP_BYTES,
    .shape = shape,
    .label = label,
    .apply = apply,
};
