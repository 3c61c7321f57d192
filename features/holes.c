/* SPDX-License-Identifier: GPL-3.0-or-later */
/* holes.c - how many pieces of ink there are, how many holes in them, and the difference.
 *
 * Method: a piece is a union of runs of ink in rows that touch (union by the lower number); the
 * Euler number, pieces less holes, comes of the windows of 2 x 2 pixels that have one pixel of
 * ink, three, or two on a diagonal (Gray 1971, "Local properties of binary images in two
 * dimensions"); the rest is a subtraction, so that holes are never looked for.
 *
 * Cost: some comparisons a pixel, and a few steps a run.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/describe.h"

enum { EIGHT, FOUR }; /* order of .choices below */
enum { COMPONENTS, HOLES, EULER, VALUES };

struct params {
    double level;
    int connectivity;
};

static const struct mp_param table[] = {
    MP_LEVEL_PARAM,
    MP_PARAM(connectivity, .def = "8", .choices = "8|4",
             .doc = "neighbours by which ink hangs together; paper has the other number"),
    MP_END
};

/* A run of ink: columns from .. to - 1. */
struct run {
    int from, to;
    int piece; /* the lowest run known to touch it, itself if none */
};

struct work {
    struct mp_shape s;
    const struct params *p;
    uint8_t *ink;
    struct run *runs;
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)params;
    (void)state;
    return mp_described(c, in, VALUES, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    static const char *const names[VALUES] = { "components", "holes", "euler" };
    const struct mp_described d = mp_which(i, VALUES);
    (void)params;
    mp_describe_name(text, size, in, d.channel, "holes[%s", names[d.i]);
}

static int find(struct run *runs, int i)
{
    while (runs[i].piece != i)
        i = runs[i].piece = runs[runs[i].piece].piece;
    return i;
}

/* Joins the runs of two rows, before .. row - 1 and row .. end - 1, that touch; near: 1 if by
 * corners, too.  How many pieces there are less. */
static int join(struct run *runs, int before, int row, int end, int near)
{
    int less = 0;
    for (int i = before, j = row; i < row && j < end;) {
        if (runs[i].from < runs[j].to + near && runs[j].from < runs[i].to + near) {
            const int a = find(runs, i), b = find(runs, j);
            less += a != b;
            runs[a > b ? a : b].piece = a > b ? b : a;
        }
        if (runs[i].to < runs[j].to)
            i++;
        else
            j++;
    }
    return less;
}

/* ink: the first pixel of the image, in its frame of paper. */
static int components(const struct work *k, const uint8_t *ink)
{
    const int near = k->p->connectivity == EIGHT, w = k->s.w;
    struct run *runs = k->runs;
    int before = 0, n = 0, less = 0;

    for (int y = 0; y < k->s.h; y++, ink += w + 2) {
        const int row = n;
        for (int x = 0; x < w; x++)
            if (ink[x] != 0) {
                const int from = x;
                while (ink[x] != 0) /* ends in the frame at the latest */
                    x++;
                runs[n] = (struct run){ from, x, n };
                n++;
            }
        less += join(runs, before, row, n, near);
        before = row;
    }
    return n - less;
}

/* From all windows of 2 x 2 pixels of the image in its frame, which is h x w. */
MP_CLONES static int euler(const uint8_t *ink, int h, int w, int connectivity)
{
    int one = 0, three = 0, two = 0;
    for (int y = 0; y + 1 < h; y++, ink += w)
        for (int x = 0; x + 1 < w; x++) {
            const int a = ink[x], b = ink[x + 1], c = ink[x + w], d = ink[x + w + 1];
            const int sum = a + b + c + d;
            one += sum == 1;
            three += sum == 3;
            two += (sum == 2) & (a == d);
        }
    return (one - three + (connectivity == FOUR ? 2 : -2) * two) / 4;
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int h = k->s.h, w = k->s.w;
    mp_ink(plane, h, w, k->p->level, k->ink);
    const int pieces = components(k, k->ink + w + 3);
    const int number = euler(k->ink, h + 2, w + 2, k->p->connectivity);
    to[COMPONENTS] = (float)pieces;
    to[HOLES] = (float)(pieces - number);
    to[EULER] = (float)number;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t most = (size_t)in->shape.h * (((size_t)in->shape.w + 1) / 2);
    struct work k = { in->shape, params, mp_ink_room(c, in->shape), NULL };
    (void)state;
    k.runs = (struct run *)mp_scratch(c, most * (sizeof *k.runs / sizeof(float)));
    if (k.ink == NULL || k.runs == NULL)
        return -1;
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(holes) = {
    .brief = "Count pieces of ink, the holes in them, and their difference",
    .doc = "Three values: how many pieces of ink hang together, how many holes they have, and\n"
           "the Euler number, pieces less holes.  A 0, 6 and 9 have a hole, an 8 has two; a\n"
           "stroke that is broken has more pieces, one that is smeared more holes: the right\n"
           "level matters, and \"morphology op=close\" before it drops the smallest.\n"
           "connectivity=8: ink hangs together by corners, too, and paper does not; 4: the\n"
           "other way round.  The values are those of scikit-image's label and euler_number.\n"
           "Outside of the image is paper.  Each channel of a colour image is counted by\n"
           "itself, one channel after another.",
    .example = "holes level=0.3 connectivity=4",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
