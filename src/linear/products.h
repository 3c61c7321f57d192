/* SPDX-License-Identifier: GPL-3.0-or-later */
/* products.h - the sizes of convolutions and matrix products.
 *
 * Matrices are row-major; images are packed as in stage.h; the weights of a convolution as
 * kernel rows, kernel columns, input channels, output channels.
 *
 * With precision MP_BF16 images, weights and matrices that are read are bf16, sums f32;
 * biases and the gradients of weights are always f32. */
#ifndef MP_PRODUCTS_H
#define MP_PRODUCTS_H
#include "core/bfloat.h"
#include "core/stage.h"

/* For tests: what a library that is wrong does to a result.  `channels` of the input, of a
 * convolution; 0 of a product of matrices. */
typedef void mp_dnn_spoil(enum mp_precision precision, int channels, void *result, size_t bytes);

/* y = op(a) op(b), or with `add` y += it, of sizes as of mp_gemm(). */
struct mp_matmul_dims {
    size_t m, n, k, lda, ldb, ldc;
    bool ta, tb, add;
    bool round; /* y as the precision says; otherwise floats */
    enum mp_precision precision;
    mp_dnn_spoil *spoil;
};

enum { MP_FORWARD = 1, MP_BACK_DATA = 2, MP_BACK_WEIGHTS = 4 };

/* A convolution of n images. */
struct mp_conv_dims {
    size_t n;
    struct mp_shape in, out;
    int kernel, stride;
    int top, left; /* rows and columns of zeros before the image; after it as many as needed */
    bool bias;
    bool relu; /* y = max(0, .): forward only */
    int passes; /* which will be called */
    enum mp_precision precision;
    mp_dnn_spoil *spoil;
};
#endif
