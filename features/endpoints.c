/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoints.c - where the lines of a skeleton end and meet.
 *
 * Method: the crossing number, how often one comes from paper to ink on the way around a pixel
 * (Rutovitz 1966, "Pattern recognition").  A pixel of a line has 2, also where the line is two
 * pixels wide at a corner, an end 1, a junction 3 or 4.
 *
 * Cost: a test a pixel, and some twenty steps for each pixel of ink.
 */
#include "core/stage.h"
#include "image/describe.h"
#include <string.h>

enum { ENDS, JUNCTIONS, POINTS, VALUES };

struct params {
    double level;
    int grid;
};

static const struct mp_param table[] = {
    MP_PARAM(grid, .def = "1", .min = 1, .max = 256,
             .doc = "cells from top to bottom and from left to right that are counted apart"),
    MP_LEVEL_PARAM,
    MP_END
};

struct work {
    struct mp_shape s;
    const struct params *p;
    uint8_t *ink;
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const double grid = ((const struct params *)params)->grid;
    (void)state;
    return mp_described(c, in, grid * grid * VALUES, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    static const char *const names[VALUES] = { "ends", "junctions", "points" };
    const size_t grid = (size_t)((const struct params *)params)->grid;
    const struct mp_described d = mp_which(i, grid * grid * VALUES);
    const size_t cell = d.i / VALUES;
    if (grid == 1)
        mp_describe_name(text, size, in, d.channel, "endpoints[%s", names[d.i]);
    else
        mp_describe_name(text, size, in, d.channel, "endpoints[%s,y=%zu,x=%zu",
                         names[d.i % VALUES], cell / grid, cell % grid);
}

/* What a pixel of ink in its frame is; VALUES: a part of a line, or of an area. */
static int kind_of(const uint8_t *ink, ptrdiff_t wide)
{
    const unsigned around = (unsigned)(
        ink[1] | ink[1 - wide] << 1 | ink[-wide] << 2 | ink[-wide - 1] << 3 | ink[-1] << 4 |
        ink[wide - 1] << 5 | ink[wide] << 6 | ink[wide + 1] << 7);
    const unsigned turned = (around << 1 | around >> 7) & 255;
    const int crossings = __builtin_popcount(around & ~turned);
    return around == 0 ? POINTS : crossings == 1 ? ENDS : crossings >= 3 ? JUNCTIONS : VALUES;
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int h = k->s.h, w = k->s.w, grid = k->p->grid;
    const ptrdiff_t wide = w + 2;
    const uint8_t *ink = k->ink + wide + 1;

    mp_ink(plane, h, w, k->p->level, k->ink);
    memset(to, 0, (size_t)(grid * grid * VALUES) * sizeof *to);
    for (int y = 0; y < h; y++, ink += wide)
        for (int x = 0; x < w; x++) {
            const int kind = ink[x] != 0 ? kind_of(ink + x, wide) : VALUES;
            if (kind < VALUES)
                to[(y * grid / h * grid + x * grid / w) * VALUES + kind]++;
        }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { in->shape, params, mp_ink_room(c, in->shape) };
    (void)state;
    return k.ink == NULL ? -1 : mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(endpoints) = {
    .brief = "Count the ends and the junctions of a skeleton",
    .doc = "How many pixels of ink are an end of a line, a junction of lines, or alone; with a\n"
           "grid, in each cell of the image, which tells where.  Lines have to be thin:\n"
           "\"skeleton\" stands before it.  On the way around a pixel one comes from paper to\n"
           "ink once at an end, three or four times at a junction, never beside a pixel that is\n"
           "alone (Rutovitz 1966); of a junction more than one pixel may count.  Without a\n"
           "skeleton, the border of an area is full of ends.  Outside of the image is paper.\n"
           "Each channel of a colour image is counted by itself, one channel after another.",
    .example = "endpoints grid=3 level=0.3",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
