/* dnn.h - convolutions and matrix products in f32, by oneDNN: only dnn.c knows it.
 *
 * Every call works on the calling thread alone, whatever OpenMP would give, and the
 * same call gives the same bits on any thread.  Matrices are row-major; images are
 * packed as in stage.h; the weights of a convolution as kernel rows, kernel columns,
 * input channels, output channels. */
#ifndef MP_DNN_H
#define MP_DNN_H
#include "stage.h"

/* "2.6.3 (AVX-512)": the library that runs, and the instructions that it uses. */
const char *mp_dnn_version(char *text, size_t size);
const char *mp_dnn_isa(void);

/* c = alpha op(a) op(b) + beta c: m x n, of op(a) m x k and op(b) k x n.  op(a) is a,
 * or with ta its transpose, stored k x m; the same for b.  lda, ldb and ldc are the
 * distances between the rows as stored.  Negative: no memory. */
int mp_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a,
            size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
    __attribute__((warn_unused_result));

/* A convolution of n images. */
struct mp_conv_dims {
    size_t n;
    struct mp_shape in, out;
    int kernel, stride;
    int top, left; /* rows and columns of zeros before the image; after it as many as needed */
    bool bias;
    bool relu; /* y = max(0, .): forward only */
};

/* What the library has made ready; several threads may use it at once. */
struct mp_conv;

/* NULL after an mp_fail() of its own. */
struct mp_conv *mp_conv_open(struct mp_ctx *c, const struct mp_conv_dims *d);
void mp_conv_close(struct mp_conv *v);

/* b and db are not read without a bias. */
int mp_conv_forward(struct mp_ctx *c, const struct mp_conv *v, const float *x, const float *w,
                    const float *b, float *y);
int mp_conv_backward_data(struct mp_ctx *c, const struct mp_conv *v, const float *w,
                          const float *dy, float *dx);
int mp_conv_backward_weights(struct mp_ctx *c, const struct mp_conv *v, const float *x,
                             const float *dy, float *dw, float *db);
#endif
