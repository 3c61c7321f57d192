/* SPDX-License-Identifier: GPL-3.0-or-later */
/* product_check.c - a library that computes wrongly and says success: it is found out when a
 * shape is opened, what can be done in another form is right, and the rest is an error.
 *
 * The faults are made here, after the library: lost by odd numbers of channels, in bf16, or in
 * everything. */
#include "linear/convolution.h"
#include "linear/dnn.h"
#include "linear/matmul.h"
#include "../tap.h"
#include "core/ctx.h"
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------- faults */

static void add_one(enum mp_precision precision, bool rounded, void *at)
{
    if (precision == MP_BF16 && rounded)
        *(mp_bf16 *)at = mp_bf16_of(mp_float_of(*(mp_bf16 *)at) + 1);
    else
        *(float *)at += 1;
}

static void odd_channels(enum mp_precision precision, int channels, void *result, size_t bytes)
{
    if (precision == MP_BF16 && channels % 2 != 0)
        memset(result, 0, bytes / 3);
}

static void in_bf16(enum mp_precision precision, int channels, void *result, size_t bytes)
{
    (void)channels;
    if (precision == MP_BF16)
        memset(result, 0, bytes / 3);
}

static void always(enum mp_precision precision, int channels, void *result, size_t bytes)
{
    (void)precision, (void)channels;
    memset(result, 0, bytes / 3);
}

static void one_more(enum mp_precision precision, int channels, void *result, size_t bytes)
{
    (void)channels, (void)bytes;
    add_one(precision, true, result);
}

static void one_more_in_floats(enum mp_precision precision, int channels, void *result,
                               size_t bytes)
{
    (void)channels, (void)bytes;
    add_one(precision, false, result);
}

/* -------------------------------------------------------------------- tools */

struct heard {
    int n;
    char text[300];
};

static void hear(void *arg, const char *text)
{
    struct heard *h = arg;
    h->n++;
    snprintf(h->text, sizeof h->text, "%s", text);
}

static void *halves(const float *x, size_t n)
{
    mp_bf16 *y = calloc(n, sizeof *y);
    mp_to_bf16(x, y, n);
    return y;
}

static float *numbers(size_t n, size_t step)
{
    float *x = calloc(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((int)(i * step % 7) - 3);
    return x;
}

static const struct mp_conv_dims same = {
    .n = 5, .in = { 8, 7, 3 }, .out = { 8, 7, 10 }, .kernel = 5, .stride = 1, .top = 2,
    .left = 2, .bias = true, .passes = MP_FORWARD | MP_BACK_DATA | MP_BACK_WEIGHTS,
};

/* What the library gives, opened with a fault, in f32: y, dx, dw and db one after another. */
static float *results(struct mp_ctx *c, enum mp_precision precision, mp_dnn_spoil *spoil,
                      size_t *n)
{
    struct mp_conv_dims d = same;
    const size_t in = d.n * mp_len(d.in), out = d.n * mp_len(d.out), w = 25 * 3 * 10;
    d.precision = precision;
    d.spoil = spoil;
    struct mp_conv *v = mp_conv_open(c, &d);
    float *x = numbers(in, 3), *dy = numbers(out, 5), *weights = numbers(w, 11);
    float *bias = numbers(10, 2), *made = calloc(out + in + w + 10, sizeof *made);
    const bool half = precision == MP_BF16;
    void *from = half ? halves(x, in) : x, *up = half ? halves(dy, out) : dy;
    void *by = half ? halves(weights, w) : weights;
    void *y = calloc(out, sizeof(float)), *dx = calloc(in, sizeof(float));
    bool good = v != NULL && mp_conv_forward(c, v, from, by, bias, y) == MP_OK &&
                mp_conv_backward_data(c, v, by, up, dx) == MP_OK &&
                mp_conv_backward_weights(c, v, from, up, made + out + in, made + out + in + w) ==
                    MP_OK;
    if (half) {
        mp_from_bf16(y, made, out);
        mp_from_bf16(dx, made + out, in);
    } else {
        memcpy(made, y, out * sizeof *made);
        memcpy(made + out, dx, in * sizeof *made);
    }
    *n = good ? out + in + w + 10 : 0;
    mp_conv_close(v);
    void *all[] = { x, dy, weights, bias, half ? from : NULL, half ? up : NULL, half ? by : NULL,
                    y, dx };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    return made;
}

/* Sums are whole numbers, so that only the last rounding is between bf16 and f32. */
static bool equal(const float *a, const float *b, size_t n, size_t m)
{
    bool good = n == m && n > 0;
    for (size_t i = 0; i < n && good; i++)
        good = a[i] == b[i] || a[i] == mp_float_of(mp_bf16_of(b[i]));
    return good;
}

/* -------------------------------------------------------------------- tests */

/* Opened with `spoil` it says `said` and gives what f32 without a fault gives. */
static void test_form(struct tap *t, struct mp_ctx *c, struct heard *h, mp_dnn_spoil *spoil,
                      const char *said, const char *what)
{
    size_t n, m;
    h->n = 0;
    float *right = results(c, MP_F32, NULL, &m), *made = results(c, MP_BF16, spoil, &n);
    if (!tap_ok(t, equal(made, right, n, m), "%s: the numbers are right", what))
        tap_note("%s", c->msg);
    if (!tap_ok(t, said == NULL ? h->n == 0 : h->n == 1 && strstr(h->text, said) != NULL,
                "%s: %s", what, said != NULL ? "a warning says so" : "no warning"))
        tap_note("%d: %s", h->n, h->text);
    free(made);
    free(right);
}

static void test_refused(struct tap *t, struct mp_ctx *c, struct heard *h,
                         enum mp_precision precision, mp_dnn_spoil *spoil, const char *what)
{
    char version[80], wanted[300];
    size_t n;
    h->n = 0;
    mp_dnn_version(version, sizeof version);
    snprintf(wanted, sizeof wanted,
             "oneDNN %s gives wrong numbers for 10 filters of 5 x 5 px on 8 x 7 x 3, in f32 too: "
             "use another version of oneDNN, or another kernel size or number of filters",
             version);
    free(results(c, precision, spoil, &n));
    if (!tap_ok(t, n == 0 && strcmp(c->msg, wanted) == 0 && h->n == 0, "%s: an error", what))
        tap_note("%s", c->msg);
    c->msg[0] = '\0';
}

/* Every pass of every kind of shape is looked at: one value that is off by one is found. */
static void test_conv_shapes(struct tap *t, struct mp_ctx *c)
{
    struct mp_conv_dims d = same;
    int found = 0, right = 0, all = 0;
    for (int channels = 1; channels <= 6; channels++)
        for (int kernel = 1; kernel <= 5; kernel += 2)
            for (int stride = 1; stride <= 2; stride++)
                for (int relu = 0; relu < 2; relu++, all++) {
                    d.in.c = channels;
                    d.kernel = kernel;
                    d.stride = stride;
                    d.relu = relu;
                    d.out.h = (8 - kernel) / stride + 1;
                    d.out.w = (7 - kernel) / stride + 1;
                    d.top = d.left = 0;
                    d.spoil = NULL;
                    struct mp_conv *v = mp_conv_open(c, &d);
                    right += v != NULL;
                    mp_conv_close(v);
                    d.spoil = one_more;
                    found += (v = mp_conv_open(c, &d)) == NULL;
                    mp_conv_close(v);
                    c->msg[0] = '\0';
                }
    tap_ok(t, right == all, "convolutions in f32: %d of %d shapes are right", right, all);
    tap_ok(t, found == all, "one value off by one is found in %d of %d", found, all);
}

static void test_matmul(struct tap *t, struct mp_ctx *c, struct heard *h,
                        const struct mp_matmul_dims *dims, const char *what)
{
    struct mp_matmul_dims d = *dims;
    const size_t n = d.m * d.k + d.k * d.n + d.m * d.ldc;
    float *a = numbers(n, 3), *b = numbers(n, 5), *right = numbers(n, 2), *made = numbers(n, 2);
    h->n = 0;
    struct mp_matmul *v = mp_matmul_open(c, &d);
    bool good = v != NULL && mp_matmul_run(c, v, a, b, right) == MP_OK && h->n == 0;
    mp_matmul_close(v);
    tap_ok(t, good, "%s: right in f32", what);
    d.spoil = d.round ? one_more : one_more_in_floats;
    v = mp_matmul_open(c, &d);
    tap_ok(t, v == NULL && strstr(c->msg, "wrong numbers for products of 6 x 9 and 9 x 7 "
                                          "values, in f32 too") != NULL, "%s: an error", what);
    mp_matmul_close(v);
    c->msg[0] = '\0';
    if (!mp_dnn_has_bf16()) {
        free(a), free(b), free(right), free(made);
        return;
    }
    mp_bf16 *left = halves(a, n), *up = halves(b, n), *rounded = halves(made, n);
    d.precision = MP_BF16;
    d.spoil = in_bf16;
    v = mp_matmul_open(c, &d);
    good = v != NULL && h->n == 1 &&
           strstr(h->text, "6 x 9 and 9 x 7 values: done in f32") != NULL &&
           mp_matmul_run(c, v, left, up, d.round ? (void *)rounded : made) == MP_OK;
    if (d.round)
        mp_from_bf16(rounded, made, n);
    tap_ok(t, good && equal(made, right, n, n), "%s: in bf16 that is wrong, done in f32", what);
    mp_matmul_close(v);
    free(left), free(up), free(rounded), free(a), free(b), free(right), free(made);
}

static void test_matrices(struct tap *t, struct mp_ctx *c, struct heard *h)
{
    const struct mp_matmul_dims plain = { .m = 6, .n = 7, .k = 9, .lda = 9, .ldb = 7, .ldc = 8 };
    struct mp_matmul_dims d = plain;
    test_matmul(t, c, h, &d, "rows apart");
    d.add = true;
    test_matmul(t, c, h, &d, "added to");
    d = plain;
    d.ta = true;
    d.lda = 6;
    test_matmul(t, c, h, &d, "the first turned");
    d = plain;
    d.tb = d.round = true;
    d.ldb = 9;
    test_matmul(t, c, h, &d, "the second turned, rounded");
    d.add = true;
    test_matmul(t, c, h, &d, "the second turned, rounded and added to");
}

/* The library's numbers of instructions, as its header has them. */
static void test_versions(struct tap *t)
{
#ifdef __x86_64__
    const int sse41 = 0x1, avx2 = 0x7, bf16 = 0xe7, fp16 = 0x1ef, amx_2 = 0x3e7, amx = 0xfef;
    static const struct { int isa; const char *name; } names[] = {
        { 0, "portable" }, { 0x1, "SSE4.1" }, { 0x3, "AVX" }, { 0x7, "AVX2" }, { 0xf, "AVX2-VNNI" },
        { 0x27, "AVX-512" }, { 0xe7, "AVX-512 BF16" }, { 0x1ef, "AVX-512 FP16" },
        { 0x3e7, "AVX-512 AMX" }, { 0xfef, "AVX-512 AMX" }, { 0x1fef, "AVX-512 AMX" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        tap_ok(t, strcmp(mp_dnn_isa_name(names[i].isa), names[i].name) == 0, "%#x is %s",
               (unsigned)names[i].isa, names[i].name);
    tap_ok(t, mp_dnn_doubtful(2, 6, 3, amx_2) && mp_dnn_doubtful(3, 7, 2, amx) &&
                  mp_dnn_doubtful(3, 6, 9, amx), "before 3.7.3 products with AMX are doubted");
    tap_ok(t, !mp_dnn_doubtful(3, 7, 3, amx) && !mp_dnn_doubtful(3, 10, 0, amx) &&
                  !mp_dnn_doubtful(4, 0, 0, amx), "from 3.7.3 on they are not");
    tap_ok(t, !mp_dnn_doubtful(3, 7, 2, sse41) && !mp_dnn_doubtful(3, 7, 2, avx2) &&
                  !mp_dnn_doubtful(3, 7, 2, bf16) && !mp_dnn_doubtful(3, 7, 2, fp16),
           "without AMX they are not");
    tap_ok(t, mp_dnn_bf16_pays(amx_2, false) && mp_dnn_bf16_pays(amx, false) &&
                  mp_dnn_bf16_pays(bf16, true),
           "bf16 is faster with AMX, and with AMD's AVX512_BF16");
    tap_ok(t, !mp_dnn_bf16_pays(bf16, false) && !mp_dnn_bf16_pays(fp16, false) &&
                  !mp_dnn_bf16_pays(0x27, true) && !mp_dnn_bf16_pays(avx2, true),
           "f32 is with Intel's, and where there is none");
#elif defined __aarch64__
    tap_ok(t, strcmp(mp_dnn_isa_name(0x1), "ASIMD") == 0 &&
                  strcmp(mp_dnn_isa_name(0x1f), "SVE") == 0,
           "instructions of arm64 have their own names");
    tap_ok(t, !mp_dnn_has_bf16() && !mp_dnn_bf16_pays(0xfff, false) &&
                  !mp_dnn_doubtful(3, 7, 2, 0xfff), "and no AMX");
#else
    tap_ok(t, strcmp(mp_dnn_isa_name(0xfff), "portable") == 0, "no instructions have a name here");
#endif
}

int main(void)
{
    struct tap t = { 0 };
    struct heard h = { 0 };
    struct mp_run run = { .threads = 1, .warnings = { hear, &h } };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    test_versions(&t);
    test_conv_shapes(&t, &c);
    test_refused(&t, &c, &h, MP_F32, always, "a library that is always wrong");
    test_matrices(&t, &c, &h);
    if (mp_dnn_has_bf16()) {
        test_form(&t, &c, &h, NULL, NULL, "a library without a fault");
        test_form(&t, &c, &h, odd_channels, "gives wrong numbers in bf16 for 10 filters of 5 x 5 "
                  "px on 8 x 7 x 3: done in bf16 with one input channel more", "odd channels lost");
        test_form(&t, &c, &h, in_bf16, "on 8 x 7 x 3: done in f32", "all bf16 wrong");
        test_refused(&t, &c, &h, MP_BF16, always, "always wrong, in bf16");
    }
    mp_ctx_free(&c);
    return tap_end(&t);
}
