/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit.h - a picture of any size as an image of one size.
 * Private to pictures/. */
#ifndef MP_FIT_H
#define MP_FIT_H
#include "data/form.h"
#include "pictures/flatten.h"

/* Fills the values of an image of shape `to`, whose c is that of *f: pad keeps all of the picture
 * and its proportions, crop fills the image and loses what is outside, stretch keeps neither.
 * Sizes are changed by the linear kernel of image/resample.h.  Beside a padded picture lies paper,
 * MP_PAPER_OWN the median of the picture's own border.  Cost: two multiply-adds for each value of
 * the picture, besides. */
int mp_picture_fit(struct mp_ctx *c, const struct mp_flat *f, enum mp_fit fit, enum mp_paper paper,
                   struct mp_shape to, uint8_t *out);
#endif
