/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn.h - oneDNN, the library of convolutions and matrix products: whether and how it runs, and
 * its plain product.  convolution.h and matmul.h are what callers open. */
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

/* Whether the processor multiplies bf16: AVX512_BF16 or AMX. */
bool mp_dnn_has_bf16(void);

/* Whether one with such instructions, by AMD or not, multiplies it faster than f32. */
bool mp_dnn_bf16_pays(int isa, bool amd);

/* Whether it does so here by AVX512_BF16 alone, twice as fast at most, where AMX has many times. */
bool mp_dnn_bf16_doubles(void);

/* What a parameter `precision` asks for; the choices are in the order of the enum. */
#define MP_PRECISIONS "auto|f32|bf16"
enum mp_precision_asked { MP_ASKED_AUTO, MP_ASKED_F32, MP_ASKED_BF16 };

/* What products read then: with `auto` what is faster here.  Where there is no bf16 f32, with a
 * warning if it was asked for: a bundle may come from another processor. */
enum mp_precision mp_dnn_precision(struct mp_ctx *c, int asked);

/* oneDNN writes kernels when it is first asked for what needs them, into memory that it takes to
 * be there: where it is not, the program crashes.  So whoever opens something, and runs it for
 * the first time, does so between these two, one thread at a time.  The library is loaded.
 * Negative after an mp_fail(): there is no memory, and nothing to end. */
int mp_dnn_kernels_begin(struct mp_ctx *c);
void mp_dnn_kernels_end(void);

/* c = alpha op(a) op(b) + beta c: m x n, of op(a) m x k and op(b) k x n.  op(a) is a,
 * or with ta its transpose, stored k x m; the same for b.  lda, ldb and ldc are the
 * distances between the rows as stored.  On the calling thread alone, whatever OpenMP would
 * give: the same bits on any thread.  Negative: no memory. */
int mp_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a,
            size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
    __attribute__((warn_unused_result));

/* Whether products of bytes are whole numbers here, and four times as fast as floats: other
 * processors than those with AVX-512 VNNI cut sums of two at 16 bits. */
bool mp_dnn_multiplies_bytes(void);

/* c = a b', whole numbers: m x n, of a m x k and b n x k, which lie packed; the rows of c are ldc
 * apart.  As mp_gemm(); |c| must fit 32 bits. */
int mp_gemm_bytes(size_t m, size_t n, size_t k, const uint8_t *a, const int8_t *b, int32_t *c,
                  size_t ldc) __attribute__((warn_unused_result));

/* c = a' b, of a k x m and b k x n, whose rows are lda and ldb apart. */
int mp_gemm_bytes_turned(size_t m, size_t n, size_t k, const uint8_t *a, size_t lda,
                         const int8_t *b, size_t ldb, int32_t *c, size_t ldc)
    __attribute__((warn_unused_result));
#endif
