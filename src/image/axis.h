/* SPDX-License-Identifier: GPL-3.0-or-later */
/* axis.h - linear maps along the axes of images: convolutions, and changes of size.
 *
 * A map gives each position of a new axis as a weighted sum of consecutive positions of
 * the old one.  The rule for what lies outside the image is part of the weights: those
 * of pixels outside are added to the weights of the pixels that they repeat, so no
 * margin is ever made, and no position has more weights than the axis has pixels.
 *
 * An image is mapped along both axes, turned on its side in between, so that every inner
 * loop runs over consecutive values.  Cost: a multiply-add for each weight, and two turns. */
#ifndef MP_AXIS_H
#define MP_AXIS_H
#include "core/stage.h"
#include "image/border.h"

struct mp_taps {
    int first, count; /* positions of the old axis */
};

struct mp_axis {
    int from, to;         /* positions of the old axis and of the new */
    int span;             /* floats of `weights` for each new position */
    struct mp_taps *taps; /* for each new position */
    float *weights;
    double *sums;         /* room for the weights of one position */
};

/* Memory for a map whose windows have at most so many pixels; in scratch. */
int mp_axis_new(struct mp_ctx *c, struct mp_axis *a, int from, int to, int most);

/* The new position i is the sum of weights[k] times the pixel at first + k, which may be
 * outside: for k < n, n at most what mp_axis_new() was told.  With a mirroring border the
 * window has its middle at a pixel of the old axis. */
void mp_axis_set(struct mp_axis *a, int i, int first, int n, const double *weights,
                 enum mp_border border);

/* The convolution of an axis of n pixels with kernel[0 .. 2 radius]; kernel[radius] is
 * the weight of a pixel itself, what comes before it that of earlier pixels. */
int mp_axis_convolve(struct mp_ctx *c, struct mp_axis *a, int n, const double *kernel, int radius,
                     enum mp_border border);

/* Maps for both axes of images with so many channels, and room for one image. */
struct mp_axes {
    struct mp_axis down, across;
    size_t channels;
    float *side, *mapped; /* the image on its side, before and after */
};

/* Takes the room; down, across and channels have been set. */
int mp_axes_room(struct mp_ctx *c, struct mp_axes *m);

/* The Gaussian of scipy.ndimage.gaussian_filter(truncate=4), up to sigma = 10: its radius
 * in pixels, its 2 radius + 1 weights, and the blur of images of shape s by it. */
enum { MP_GAUSS_MOST = 40 }; /* the largest radius */
int mp_gauss_radius(double sigma);
void mp_gauss(double sigma, double *kernel);
int mp_axes_gauss(struct mp_ctx *c, struct mp_axes *m, struct mp_shape s, double sigma,
                  enum mp_border border);

/* Maps one image; to may be the image. */
void mp_axes_map(const struct mp_axes *m, const float *image, float *to);

#endif
