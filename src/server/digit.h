/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digit.h - a drawing brought to the size and place that MNIST's digits have.
 *
 * Method: the paper is the median of the picture's border, the ink what lies furthest from it,
 * dark or light.  The box around the ink is brought to 20 x 20 with its proportions kept, by
 * means of the area that each pixel covers, and laid into 28 x 28 so that the centre of the ink's
 * mass lies in the middle; of other sizes of image the box has the same share.  So did the makers
 * of MNIST (LeCun, Bottou, Bengio and Haffner, 1998, III A), whose digits were black and white
 * before. */
#ifndef MP_DIGIT_H
#define MP_DIGIT_H
#include "core/stage.h"

struct mp_digit {
    const uint8_t *at;   /* h x w grey values of a picture */
    int h, w;
    bool empty;          /* filled in: nothing stands out from the paper; the image is blank */
    bool light;          /* filled in: the ink is lighter than the paper */
};

/* Fills an image of one channel, 0 paper and 255 ink. */
int mp_digit_normalise(struct mp_ctx *c, struct mp_digit *d, struct mp_shape to, uint8_t *out);
#endif
