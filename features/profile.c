/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile.c - how far the first ink is from each side of an image.
 *
 * Cost: a comparison a pixel; a row is left at its first ink from either side.
 */
#include "core/stage.h"
#include "image/describe.h"

struct params {
    double level;
};

static const struct mp_param table[] = {
    MP_LEVEL_PARAM,
    MP_END
};

struct work {
    struct mp_shape s;
    double level;
    uint8_t *ink;
};

static size_t each(struct mp_shape s)
{
    return 2 * ((size_t)s.h + (size_t)s.w);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)params;
    (void)state;
    return mp_described(c, in, (double)each(in), out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const size_t h = (size_t)in.h, w = (size_t)in.w;
    const struct mp_described d = mp_which(i, each(in));
    (void)params;
    if (d.i < 2 * h)
        mp_describe_name(text, size, in, d.channel, "profile[%s,y=%zu", d.i < h ? "left" : "right",
                         d.i % h);
    else
        mp_describe_name(text, size, in, d.channel, "profile[%s,x=%zu",
                         d.i < 2 * h + w ? "top" : "bottom", (d.i - 2 * h) % w);
}

/* Of n pixels that lie `step` apart, how many come before the first ink, as a share. */
static float before(const uint8_t *ink, int n, ptrdiff_t step)
{
    int i = 0;
    while (i < n && ink[i * step] == 0)
        i++;
    return (float)i / (float)n;
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int h = k->s.h, w = k->s.w;
    const ptrdiff_t wide = w + 2;
    const uint8_t *first = k->ink + wide + 1, *last = first + (h - 1) * wide;

    mp_ink(plane, h, w, k->level, k->ink);
    for (int y = 0; y < h; y++) {
        to[y] = before(first + y * wide, w, 1);
        to[h + y] = before(first + y * wide + w - 1, w, -1);
    }
    to += 2 * h;
    for (int x = 0; x < w; x++) {
        to[x] = before(first + x, h, wide);
        to[w + x] = before(last + x, h, -wide);
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    struct work k = { in->shape, p->level, mp_ink_room(c, in->shape) };
    (void)state;
    return k.ink == NULL ? -1 : mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(profile) = {
    .brief = "Measure how far the ink is from each side",
    .doc = "For every row of the image, how far it is from the left edge to the first ink,\n"
           "then from the right edge; for every column from the top, then from the bottom:\n"
           "2 h + 2 w values of an image of h x w pixels, as shares of the width or height.\n"
           "0: ink at the edge itself; 1: no ink at all.  Each channel of a colour image has\n"
           "profiles of its own, one channel after another.",
    .example = "profile level=0.3",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
