/* SPDX-License-Identifier: GPL-3.0-or-later */
/* distance.c - how far it is from ink to paper, or from paper to ink.
 *
 * The exact Euclidean distance (image/distance.h) to the centre of the nearest pixel, over
 * `most`.  Defined by scipy.ndimage.distance_transform_edt, which it equals.
 */
#include "image/distance.h"
#include "core/simd.h"
#include "image/planes.h"
#include <math.h>

enum { PAPER, INK }; /* order of .choices below */

struct params {
    int to, most;
    double level;
};

static const struct mp_param table[] = {
    MP_PARAM(to, .def = "paper", .choices = "paper|ink",
             .doc = "what is looked for: from each pixel of ink the nearest paper, or from each of "
                    "paper the nearest ink"),
    MP_PARAM(most, .def = "8", .min = 1, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "the distance that becomes 1, as all beyond do"),
    MP_PARAM(level, .def = "0.5", .min = 0, .max = 1, .doc = "pixels above this are ink"),
    MP_END
};

struct work {
    const struct params *p;
    int h, w;
    int32_t *square, *room;
};

MP_CLONES static void mark(const float *plane, size_t n, float level, bool ink, int32_t *square)
{
    for (size_t i = 0; i < n; i++)
        square[i] = (plane[i] > level) == ink ? 0 : MP_FAR;
}

MP_CLONES static void roots(const int32_t *square, size_t n, float most, float *to)
{
    for (size_t i = 0; i < n; i++) {
        const float d = sqrtf((float)square[i]);
        to[i] = d < most ? d / most : 1;
    }
}

static void measure(void *arg, const float *plane, float *to)
{
    const struct work *w = arg;
    const size_t n = (size_t)w->h * (size_t)w->w;

    mark(plane, n, (float)w->p->level, w->p->to == INK, w->square);
    mp_distance(w->square, w->h, w->w, w->p->most, w->room);
    roots(w->square, n, (float)w->p->most, to);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work w = { .p = params, .h = in->shape.h, .w = in->shape.w };
    (void)state;

    w.square = (int32_t *)(void *)mp_scratch(c, (size_t)w.h * (size_t)w.w);
    w.room = (int32_t *)(void *)mp_scratch(c, mp_distance_room(w.w));
    return w.square == NULL || w.room == NULL ? -1 : mp_each_plane(c, in, out, measure, &w);
}

MP_STAGE(distance) = {
    .brief = "Measure how far ink is from paper, or paper from ink",
    .doc = "to=paper: a pixel of ink becomes its distance to the nearest pixel of paper, so\n"
           "strokes are darkest along their middle; paper becomes 0.  to=ink: paper becomes its\n"
           "distance to the nearest ink, and ink 0.  Distances are Euclidean and exact, from\n"
           "pixel centre to pixel centre, divided by `most`: 1 is that far or farther.  Only\n"
           "pixels of the image count, not what lies outside; where there is nothing to find,\n"
           "as on a blank or a full image, the distance is 1.  Each channel of a colour image\n"
           "is measured by itself.  Equals scipy.ndimage.distance_transform_edt, divided and\n"
           "cut.",
    .example = "distance to=ink most=10",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
