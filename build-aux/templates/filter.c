/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mine.c - makes ink lighter. FILL IN: what it does to an image, in a line.
 *
 * FILL IN: the method, its reference, what it costs for an image of 28 x 28.
 */
#include "core/stage.h"

/* What the user may ask for; parsing, range errors, help and manual come from the table. */
struct params {
    double factor; /* FILL IN: a field for each parameter, an int, double, bool or char * */
};

static const struct mp_param table[] = {
    MP_PARAM(factor, .def = "0.5", .min = 0, .max = 1, /* FILL IN: a row for each field */
             .doc = "what every pixel is multiplied by"),
    MP_END
};

/* Any rows, on any thread: it reads params and `in`, writes `out` and nothing else.  Working
 * memory comes from mp_scratch(), errors are mp_fail(c, "what is wrong; what would be right"). */
static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const float factor = (float)p->factor;
    const size_t n = in->n * mp_len(in->shape);
    (void)c, (void)state;

    for (size_t i = 0; i < n; i++)
        out->x[i] = in->x[i] * factor; /* FILL IN: the work; pixels are 0 (paper) .. 1 (ink) */
    return MP_OK;
}

MP_STAGE(mine) = {
    .brief = "Make ink lighter", /* FILL IN: verb first, no full stop */
    .doc = "Every pixel is multiplied by `factor`: paper stays paper.", /* FILL IN: the manual */
    .example = "mine factor=0.5", /* FILL IN: it is run by `make check` */
    .flags = MP_INPLACE,          /* FILL IN: those of stage.h that hold; this: x may be in->x */
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply, /* FILL IN: and .shape, if images change their size or some are refused */
};
