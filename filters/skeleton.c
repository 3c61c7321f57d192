/* SPDX-License-Identifier: GPL-3.0-or-later */
/* skeleton.c - thins strokes to lines a pixel wide.
 *
 * Ink is peeled off in parallel passes (image/thin.h), 32 pixels at a time.  Defined by
 * cv2.ximgproc.thinning in an image with a margin of paper, which it equals.
 */
#include "image/planes.h"
#include "image/thin.h"

struct params {
    int method;
    double level;
};

static const struct mp_param table[] = {
    MP_PARAM(method, .def = "zhang-suen", .choices = MP_THINNINGS,
             .doc = "whose rule says which pixels a line can spare"),
    MP_PARAM(level, .def = "0.5", .min = 0, .max = 1, .doc = "pixels above this are ink"),
    MP_END
};

struct work {
    const struct params *p;
    struct mp_bits ink, spare;
};

static void thin(void *arg, const float *plane, float *to)
{
    struct work *w = arg;
    mp_bits_pack(&w->ink, plane, (float)w->p->level);
    mp_thin(&w->ink, &w->spare, (enum mp_thinning)w->p->method);
    mp_bits_unpack(&w->ink, to);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work w = { .p = params };
    (void)state;

    if (mp_bits_new(c, &w.ink, in->shape.h, in->shape.w) < 0 ||
        mp_bits_new(c, &w.spare, in->shape.h, in->shape.w) < 0)
        return -1;
    return mp_each_plane(c, in, out, thin, &w);
}

MP_STAGE(skeleton) = {
    .brief = "Thin strokes to lines a pixel wide",
    .doc = "Ink above the level is peeled off from all sides until lines are left, which hang\n"
           "together as the strokes did; they become 1, all else 0.  method=zhang-suen is the\n"
           "rule of Zhang and Suen (1984), whose lines keep corners two pixels thick here and\n"
           "there, and which wears a square of 2 x 2 down to nothing; guo-hall that of Guo and\n"
           "Hall (1989), which has neither.  Outside of the image is paper, so ink is peeled at\n"
           "the border, too.  Both equal cv2.ximgproc.thinning in an image with a margin, whose\n"
           "outermost pixels it leaves alone; skimage.morphology.skeletonize has changed the\n"
           "rule of 1984 and keeps longer ends.  Each channel of a colour image has lines of\n"
           "its own.",
    .example = "skeleton method=guo-hall",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
