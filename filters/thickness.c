/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thickness.c - brings all strokes to one width.
 *
 * Strokes are thinned to their skeleton (image/thin.h, Guo and Hall), and the skeleton is
 * drawn again with a round pen: at distance d from its nearest pixel (image/distance.h) ink is
 *
 *     width / 2 + 1/2 - d,  cut to 0 .. 1
 *
 * so that the pixels across a straight line sum to `width`, whole or not.
 */
#include "core/pixel.h"
#include "core/simd.h"
#include "image/distance.h"
#include "image/planes.h"
#include "image/thin.h"
#include <math.h>

struct params {
    double width, level;
};

static const struct mp_param table[] = {
    MP_PARAM(width, .def = "3", .min = 1, .max = 100, .unit = "px",
             .doc = "what strokes are to be wide"),
    MP_PARAM(level, .def = "0.5", .min = 0, .max = 1, .doc = "pixels above this are ink"),
    MP_END
};

struct work {
    const struct params *p;
    struct mp_bits ink, spare;
    int32_t *square, *room;
};

MP_CLONES static void mark(const float *lines, size_t n, int32_t *square)
{
    for (size_t i = 0; i < n; i++)
        square[i] = lines[i] > 0 ? 0 : MP_FAR;
}

MP_CLONES static void pen(const int32_t *square, size_t n, float reach, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = mp_cut(reach - sqrtf((float)square[i]));
}

static void redraw(void *arg, const float *plane, float *to)
{
    struct work *w = arg;
    const int high = w->ink.h, wide = w->ink.w;
    const size_t n = (size_t)high * (size_t)wide;
    const double reach = w->p->width / 2 + 0.5;

    mp_bits_pack(&w->ink, plane, (float)w->p->level);
    mp_thin(&w->ink, &w->spare, MP_GUO_HALL);
    mp_bits_unpack(&w->ink, to);
    mark(to, n, w->square);
    mp_distance(w->square, high, wide, (int)ceil(reach), w->room);
    pen(w->square, n, (float)reach, to);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const int h = in->shape.h, w = in->shape.w;
    struct work work = { .p = params };
    (void)state;

    work.square = (int32_t *)(void *)mp_scratch(c, (size_t)h * (size_t)w);
    work.room = (int32_t *)(void *)mp_scratch(c, mp_distance_room(w));
    if (work.square == NULL || work.room == NULL || mp_bits_new(c, &work.ink, h, w) < 0 ||
        mp_bits_new(c, &work.spare, h, w) < 0)
        return -1;
    return mp_each_plane(c, in, out, redraw, &work);
}

MP_STAGE(thickness) = {
    .brief = "Bring all strokes to one width",
    .doc = "Strokes are thinned to lines, as skeleton method=guo-hall does, and drawn again\n"
           "with a round pen of the width given, with soft edges: thick and thin strokes become\n"
           "alike, and grey levels within them are lost.  Blobs become the lines along their\n"
           "middle; strokes that the pen makes wider may meet.  Pixels above the level are ink.\n"
           "Each channel of a colour image is drawn by itself.",
    .example = "thickness width=2.5",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
