/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kin.h - the training images that a bundle keeps, ready to be searched for those near a new one.
 *
 * Distances are Euclidean, of the values that the model takes: what the stages before it make of
 * an image.  These are worked out once, when the bundle is read: a bundle that had them would be
 * larger by what they are longer than images (hog's 1152 floats: six times), and a millisecond is
 * enough for some hundred images. */
#ifndef MP_KIN_H
#define MP_KIN_H
#include "engine/bundle.h"

struct mp_kin {
    int node;     /* whose output is compared; -1: the image's own */
    size_t n, d;  /* images, 0 of a bundle that keeps none, and values of each */
    float *x;
};

/* By as many threads as the context's run has. */
int mp_kin_open(struct mp_ctx *c, struct mp_bundle *b, struct mp_kin *n);
void mp_kin_close(struct mp_kin *n);

/* What the node is called; "image". */
const char *mp_kin_space(const struct mp_bundle *b, const struct mp_kin *n);

struct mp_kin_found {
    size_t row;
    double distance;
};

/* The k nearest to d values, of k images at least; nearest first, of equals the first. */
void mp_kin_find(const struct mp_kin *n, const float *x, size_t k, struct mp_kin_found *found);
#endif
