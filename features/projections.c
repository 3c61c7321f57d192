/* SPDX-License-Identifier: GPL-3.0-or-later */
/* projections.c - the ink of each row, column and, if asked, diagonal.
 *
 * Cost: one addition a pixel, two with the diagonals; sums run over whole rows, so they are
 * vector sums but for that of a row itself.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/describe.h"
#include <string.h>

struct params {
    bool diagonals;
};

static const struct mp_param table[] = {
    MP_PARAM(diagonals, .def = "no", .doc = "sums along both diagonals, too"),
    MP_END
};

struct work {
    struct mp_shape s;
    bool diagonals;
};

static size_t each(const struct params *p, struct mp_shape s)
{
    const size_t sides = (size_t)s.h + (size_t)s.w;
    return p->diagonals ? sides + 2 * (sides - 1) : sides;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)state;
    return mp_described(c, in, (double)each(params, in), out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const size_t h = (size_t)in.h, w = (size_t)in.w;
    const struct mp_described d = mp_which(i, each(params, in));
    if (d.i < h)
        mp_describe_name(text, size, in, d.channel, "projections[y=%zu", d.i);
    else if (d.i < h + w)
        mp_describe_name(text, size, in, d.channel, "projections[x=%zu", d.i - h);
    else if (d.i < 2 * (h + w) - 1)
        mp_describe_name(text, size, in, d.channel, "projections[x-y=%d", (int)(d.i - h - w) -
                         (int)h + 1);
    else
        mp_describe_name(text, size, in, d.channel, "projections[x+y=%zu",
                         d.i - 2 * (h + w) + 1);
}

MP_CLONES static void add(float *restrict to, const float *restrict x, int w)
{
    for (int i = 0; i < w; i++)
        to[i] += x[i];
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int h = k->s.h, w = k->s.w;
    float *across = to + h, *falling = across + w, *rising = falling + h + w - 1;

    memset(across, 0, (size_t)(k->diagonals ? 3 * w + 2 * (h - 1) : w) * sizeof *to);
    for (int y = 0; y < h; y++, plane += w) {
        double sum = 0;
        for (int x = 0; x < w; x++)
            sum += (double)plane[x];
        to[y] = (float)sum;
        add(across, plane, w);
        if (k->diagonals) {
            add(falling + h - 1 - y, plane, w);
            add(rising + y, plane, w);
        }
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    struct work k = { in->shape, p->diagonals };
    (void)state;
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(projections) = {
    .brief = "Add up the ink of each row and of each column",
    .doc = "An image of h x w pixels becomes h + w sums: of its rows from top to bottom, then\n"
           "of its columns from left to right, in pixels of full ink.  diagonals=yes adds\n"
           "those of the h + w - 1 diagonals that fall to the right, from the lower left\n"
           "corner to the upper right one, and of those that rise, from the upper left corner\n"
           "to the lower right one.  The values are those of NumPy's sum and trace.  Each\n"
           "channel of a colour image has sums of its own, one channel after another.\n"
           "They grow with the image: \"standardize\" puts them beside other features.",
    .example = "projections diagonals=yes",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
