/* SPDX-License-Identifier: GPL-3.0-or-later */
/* warp.h - images moved by one affine map. */
#ifndef MP_WARP_H
#define MP_WARP_H
#include "core/stage.h"

enum mp_warp_kernel { MP_WARP_NEAREST, MP_WARP_LINEAR, MP_WARP_CUBIC };
#define MP_WARP_KERNELS "nearest|linear|cubic"
#define MP_WARP_DOC "interpolation: the nearest pixel, or 2 x 2 or 4 x 4 around each place"

/* Where the ink at (x, y) px right of and below the image's centre goes:
 * (xx x + xy y + right, yx x + yy y + down). */
struct mp_affine {
    double xx, xy, yx, yy;
    double right, down;
};

/* Whether the map keeps areas from vanishing: what does not has no inverse. */
bool mp_affine_inverts(const struct mp_affine *a);

/* All images of `in`, moved within images of the same size; around them is paper.  Results of
 * cubic, which overshoots, are cut to 0 .. 1. */
int mp_warp(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
            const struct mp_affine *a, enum mp_warp_kernel kernel);
#endif
