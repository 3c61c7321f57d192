/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn.h - convolutions and matrix products by oneDNN: only dnn.c knows it.
 *
 * Every call works on the calling thread alone, whatever OpenMP would give, and the
 * same call gives the same bits on any thread.  Matrices are row-major; images are
 * packed as in stage.h; the weights of a convolution as kernel rows, kernel columns,
 * input channels, output channels.
 *
 * With precision MP_BF16 images, weights and matrices that are read are bf16, sums f32;
 * biases and the gradients of weights are always f32.
 *
 * Versions of the library are known that say success and give wrong numbers for some sizes,
 * on some processors.  So what is opened is held against plain loops (product_check.h); where
 * it differs, the same is done in another form, slower, with a warning: with one input channel
 * more, of zeros, or in f32. */
#ifndef MP_DNN_H
#define MP_DNN_H
#include "core/bfloat.h"
#include "core/stage.h"

/* Loads the library unless it is there: before rows are read by `prepare` of a stage, or by
 * what is opened here.  Negative after an mp_fail(). */
int mp_dnn_load(struct mp_ctx *c);

/* "2.6.3 (AVX-512)": the library that runs, and the instructions that it uses; false before it
 * is loaded: then the version of the build. */
bool mp_dnn_version(char *text, size_t size);
const char *mp_dnn_isa(void);

/* What those are called whose number the library gives, on this kind of processor. */
const char *mp_dnn_isa_name(int isa);

/* Whether its makers tell of wrong products from such a version with such instructions. */
bool mp_dnn_doubtful(int major, int minor, int patch, int isa);

/* A remark for the report, if that is what runs here; after something was opened. */
void mp_dnn_remark(struct mp_ctx *c);

/* Whether the processor multiplies bf16 faster than f32: AVX512_BF16 or AMX. */
bool mp_dnn_has_bf16(void);

/* c = alpha op(a) op(b) + beta c: m x n, of op(a) m x k and op(b) k x n.  op(a) is a,
 * or with ta its transpose, stored k x m; the same for b.  lda, ldb and ldc are the
 * distances between the rows as stored.  Negative: no memory. */
int mp_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a,
            size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
    __attribute__((warn_unused_result));

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

/* What the library has made ready; several threads may use it at once. */
struct mp_matmul;

/* NULL after an mp_fail() of its own. */
struct mp_matmul *mp_matmul_open(struct mp_ctx *c, const struct mp_matmul_dims *d);
void mp_matmul_close(struct mp_matmul *v);

/* a and b are floats or mp_bf16, as the precision says. */
int mp_matmul_run(struct mp_ctx *c, const struct mp_matmul *v, const void *a, const void *b,
                  void *y);

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
struct mp_conv;

/* NULL after an mp_fail() of its own. */
struct mp_conv *mp_conv_open(struct mp_ctx *c, const struct mp_conv_dims *d);
void mp_conv_close(struct mp_conv *v);

/* x, w, y and their gradients but dw are floats or mp_bf16, as the precision says; b and
 * db are not read without a bias. */
int mp_conv_forward(struct mp_ctx *c, const struct mp_conv *v, const void *x, const void *w,
                    const float *b, void *y);
int mp_conv_backward_data(struct mp_ctx *c, const struct mp_conv *v, const void *w,
                          const void *dy, void *dx);
int mp_conv_backward_weights(struct mp_ctx *c, const struct mp_conv *v, const void *x,
                             const void *dy, float *dw, float *db);
#endif
