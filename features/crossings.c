/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crossings.c - how many strokes each row and each column crosses.
 *
 * Cost: two comparisons a pixel.
 */
#include "core/simd.h"
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

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)params;
    (void)state;
    return mp_described(c, in, (double)in.h + in.w, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const size_t h = (size_t)in.h;
    const struct mp_described d = mp_which(i, h + (size_t)in.w);
    (void)params;
    mp_describe_name(text, size, in, d.channel, "crossings[%s=%zu", d.i < h ? "y" : "x",
                     d.i < h ? d.i : d.i - h);
}

/* ink: the first pixel of the image, in its frame of paper. */
MP_CLONES static void count(const uint8_t *ink, int h, int w, float *restrict rows,
                            float *restrict columns)
{
    const ptrdiff_t wide = w + 2;

    for (int x = 0; x < w; x++)
        columns[x] = 0;
    for (int y = 0; y < h; y++, ink += wide) {
        int runs = 0;
        for (int x = 0; x < w; x++)
            runs += ink[x] > ink[x - 1];
        for (int x = 0; x < w; x++)
            columns[x] += (float)(ink[x] > ink[x - wide]);
        rows[y] = (float)runs;
    }
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    mp_ink(plane, k->s.h, k->s.w, k->level, k->ink);
    count(k->ink + k->s.w + 3, k->s.h, k->s.w, to, to + k->s.h);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    struct work k = { in->shape, p->level, mp_ink_room(c, in->shape) };
    (void)state;
    return k.ink == NULL ? -1 : mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(crossings) = {
    .brief = "Count the strokes that each row and each column crosses",
    .doc = "How often one comes from paper to ink on the way along each row of the image, from\n"
           "top to bottom, then along each column, from left to right; what lies outside is\n"
           "paper.  An image of h x w pixels has h + w counts.  A 0 has two strokes in most\n"
           "rows, a 1 has one, a 3 three in its middle columns.  Each channel of a colour\n"
           "image has counts of its own, one channel after another.",
    .example = "crossings level=0.3",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
