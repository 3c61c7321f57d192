/* SPDX-License-Identifier: GPL-3.0-or-later */
/* components.c - drops specks: keeps the largest connected parts of the ink.
 *
 * Parts and their areas come from spans (image/spans.h).  Defined by skimage.measure.label and
 * morphology.remove_small_objects.
 */
#include "image/planes.h"
#include "image/spans.h"
#include <string.h>

enum { EIGHT, FOUR }; /* order of .choices below */

struct params {
    int keep, size, connect;
    double level;
};

static const struct mp_param table[] = {
    MP_PARAM(keep, .def = "1", .min = 0, .max = 100,
             .doc = "how many of the largest parts stay; 0: all that are large enough"),
    MP_PARAM(size, .def = "1", .min = 1, .max = (double)MP_IMAGE_SIDE * MP_IMAGE_SIDE,
             .unit = "px", .doc = "parts of fewer pixels are dropped"),
    MP_PARAM(connect, .def = "8", .choices = "8|4",
             .doc = "whether pixels that touch at a corner hang together, or only at a side"),
    MP_PARAM(level, .def = "0", .min = 0, .max = 1, .doc = "pixels above this are ink"),
    MP_END
};

/* area[i]: pixels of the part whose first span is i; 0 of all other spans. */
static void measure(const struct mp_spans *s, int *area)
{
    memset(area, 0, (size_t)s->n * sizeof *area);
    for (int i = 0; i < s->n; i++)
        area[s->at[i].part] += s->at[i].to - s->at[i].from;
}

/* Marks the parts that stay with an area of -1; of equals, the first. */
static void choose(const struct params *p, int n, int *area)
{
    for (int turn = 0; turn < p->keep; turn++) {
        int best = -1;
        for (int i = 0; i < n; i++)
            if (area[i] >= p->size && (best < 0 || area[i] > area[best]))
                best = i;
        if (best < 0)
            return;
        area[best] = -1;
    }
    for (int i = 0; i < n && p->keep == 0; i++)
        if (area[i] >= p->size)
            area[i] = -1;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    const size_t row = (size_t)in->shape.w * channels;
    float *room = mp_scratch(c, n);
    struct mp_spans s;
    (void)state;

    if (room == NULL || mp_spans_new(c, &s, in->shape.h, in->shape.w) < 0)
        return -1;
    int *area = (int *)(void *)mp_scratch(c, n);
    if (area == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        float *y = out->x + i * len;
        memmove(y, in->x + i * len, len * sizeof *y);
        mp_spans_find(&s, mp_plane_sum(y, n, channels, room), (float)(p->level * in->shape.c), true,
                      p->connect == EIGHT);
        measure(&s, area);
        choose(p, s.n, area);
        for (const struct mp_span *at = s.at; at < s.at + s.n; at++)
            if (area[at->part] >= 0)
                memset(y + (size_t)at->y * row + (size_t)at->from * channels, 0,
                       (size_t)(at->to - at->from) * channels * sizeof *y);
    }
    return MP_OK;
}

MP_STAGE(components) = {
    .brief = "Drop specks: keep the largest connected parts of the ink",
    .doc = "Pixels above the level that touch are a part.  The largest stay, as many as keep\n"
           "says and none smaller than size; all others become paper.  Of parts of equal area\n"
           "the one that begins higher up, then farther left, counts as larger.  Pixels up to\n"
           "the level stay as they are, so that with a level above 0 the grey edges of a\n"
           "dropped part remain.  A colour image is looked at by the mean of its channels, which\n"
           "are dropped together.  Equals skimage.measure.label with connectivity=2, or 1 for\n"
           "connect=4, and with keep=0 skimage.morphology.remove_small_objects.",
    .example = "components keep=0 size=5",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
