/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mine.c - the ink of each line of an image. FILL IN: what it makes of one.
 *
 * FILL IN: the method, its reference, what it costs.  What learns from the training rows has
 * a state besides: features/standardize.c is the example.
 */
#include "core/stage.h"

/* h x w x c becomes 1 x h x 1.  FILL IN: how many values, and which images are refused, by
 * mp_fail(): it is asked before anything is read. */
static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)c, (void)params, (void)state;
    *out = (struct mp_shape){ 1, in.h, 1 };
    return MP_OK;
}

/* FILL IN: the name of value i, for exports and reports. */
static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params, (void)in;
    snprintf(text, size, "mine[y=%zu]", i);
}

/* Any rows, on any thread.  A row's values depend on that row alone. */
static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t lines = in->n * (size_t)in->shape.h;
    const size_t wide = (size_t)in->shape.w * (size_t)in->shape.c;
    (void)c, (void)params, (void)state;

    for (size_t y = 0; y < lines; y++) { /* FILL IN: the work */
        float sum = 0;
        for (size_t x = 0; x < wide; x++)
            sum += in->x[y * wide + x];
        out->x[y] = sum;
    }
    return MP_OK;
}

MP_STAGE(mine) = {
    .brief = "Add up the ink of each line", /* FILL IN: verb first, no full stop */
    .doc = "One value for each line of the image, the sum of its pixels.", /* FILL IN: manual */
    .example = "mine", /* FILL IN: with a parameter: filters/deskew.c */
    .flags = MP_IMAGES, /* FILL IN: those of stage.h that hold; this: not after vectors */
    .shape = shape,
    .label = label,
    .apply = apply,
};
