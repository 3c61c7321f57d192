/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fill.c - fills holes: paper from which no way leads out of the image.
 *
 * The parts of the paper come from spans (image/spans.h); a hole is one that does not touch
 * the border.  Defined by scipy.ndimage.binary_fill_holes.
 */
#include "image/planes.h"
#include "image/spans.h"
#include <limits.h>
#include <string.h>

enum { EIGHT, FOUR }; /* order of .choices below */

struct params {
    int size, connect;
    double level;
};

static const struct mp_param table[] = {
    MP_PARAM(size, .def = "0", .min = 0, .max = (double)MP_IMAGE_SIDE * MP_IMAGE_SIDE,
             .unit = "px", .doc = "holes of more pixels stay; 0: all are filled"),
    MP_PARAM(connect, .def = "8", .choices = "8|4",
             .doc = "whether ink that touches at a corner closes a hole, or only at a side"),
    MP_PARAM(level, .def = "0.5", .min = 0, .max = 1, .doc = "pixels above this are ink"),
    MP_END
};

/* area[i]: pixels of the part of the paper whose first span is i, negative if it is open. */
static void measure(const struct mp_spans *s, int *area)
{
    memset(area, 0, (size_t)s->n * sizeof *area);
    for (const struct mp_span *at = s->at; at < s->at + s->n; at++) {
        const bool open = at->y == 0 || at->y == s->h - 1 || at->from == 0 || at->to == s->w;
        int *sum = &area[at->part];
        *sum = open || *sum < 0 ? -1 : *sum + at->to - at->from;
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    const int most = p->size > 0 ? p->size : INT_MAX;
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
        mp_spans_find(&s, mp_plane_sum(y, n, channels, room), (float)(p->level * in->shape.c),
                      false, p->connect == FOUR);
        measure(&s, area);
        for (const struct mp_span *at = s.at; at < s.at + s.n; at++) {
            const size_t from = ((size_t)at->y * (size_t)s.w + (size_t)at->from) * channels;
            const size_t end = from + (size_t)(at->to - at->from) * channels;
            const bool hole = area[at->part] > 0 && area[at->part] <= most;
            for (size_t k = from; k < end && hole; k++)
                y[k] = 1;
        }
    }
    return MP_OK;
}

MP_STAGE(fill) = {
    .brief = "Fill holes in the ink",
    .doc = "A hole is a part of the paper that ink encloses: no way leads from it to the border\n"
           "of the image.  Its pixels become 1, those up to the level that is, so that strokes\n"
           "keep their grey.  size=4, say, fills pinholes and leaves the loops of 0, 6, 8 and 9\n"
           "open.  A colour image is looked at by the mean of its channels, which are filled\n"
           "together.  Equals scipy.ndimage.binary_fill_holes.",
    .example = "fill size=4",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
