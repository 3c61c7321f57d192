/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thin.h - strokes thinned to lines a pixel wide. */
#ifndef MP_THIN_H
#define MP_THIN_H
#include "image/bits.h"

enum mp_thinning { MP_ZHANG_SUEN, MP_GUO_HALL };
#define MP_THINNINGS "zhang-suen|guo-hall"

/* Thins the ink of b to its skeleton, which is connected as the ink was; `spare` is of the
 * same size.  Outside of the image is paper. */
void mp_thin(struct mp_bits *b, struct mp_bits *spare, enum mp_thinning method);
#endif
