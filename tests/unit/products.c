/* SPDX-License-Identifier: GPL-3.0-or-later */
/* products.c - matrix products: a row has the same bits wherever it stands among the rows of an
 * item of a net, or of what a stage multiplies at a time. */
#include "../tap.h"
#include "../direct.h"
#include "linear/dnn.h"
#include "linear/matmul.h"

static const size_t widths[] = { 1, 2, 5, 10, 16, 17, 32, 33, 64, 100, 256 };
static const size_t depths[] = { 1, 3, 8, 16, 20, 25, 49, 64, 100, 144, 784 };
enum { WIDTHS = sizeof widths / sizeof *widths, DEPTHS = sizeof depths / sizeof *depths };

static float draw(uint64_t i)
{
    return (float)(i * 2654435761u % 1000003) / 1000003 - 0.4f;
}

/* Rows of a product of m equal rows that differ from the first; -1: it failed. */
static int differing(struct mp_ctx *c, size_t m, size_t n, size_t k, bool matmul)
{
    float *x = direct_memory(m * k, sizeof *x), *w = direct_memory(k * n, sizeof *w);
    float *y = direct_memory(m * n, sizeof *y);
    int rc = -1, differ = 0;
    for (size_t i = 0; i < m * k; i++)
        x[i] = draw(i % k);
    for (size_t i = 0; i < k * n; i++)
        w[i] = draw(i + 7);
    if (matmul) {
        struct mp_matmul *v = mp_matmul_open(c, &(struct mp_matmul_dims){
            .m = m, .n = n, .k = k, .lda = k, .ldb = n, .ldc = n });
        rc = v != NULL ? mp_matmul_run(c, v, x, w, y) : -1;
        mp_matmul_close(v);
    } else {
        rc = mp_gemm(false, false, m, n, k, 1, x, k, w, n, 0, y, n);
    }
    double exact = 0;
    for (size_t j = 0; j < k; j++)
        exact += (double)x[j] * (double)w[j * n];
    if (fabs(exact - (double)y[0]) > 1e-4 * sqrt((double)k))
        rc = -1;
    for (size_t i = 1; i < m; i++)
        differ += memcmp(y, y + i * n, n * sizeof *y) != 0;
    free(x);
    free(w);
    free(y);
    return rc < 0 ? -1 : differ;
}

static void test_rows(struct tap *t, struct mp_ctx *c, size_t m, bool matmul, const char *what)
{
    int worst = 0;
    size_t n = 0, k = 0;
    for (int i = 0; i < WIDTHS; i++)
        for (int j = 0; j < DEPTHS; j++) {
            const int differ = differing(c, m, widths[i], depths[j], matmul);
            if (differ != 0 && worst == 0) {
                worst = differ;
                n = widths[i];
                k = depths[j];
            }
        }
    tap_ok(t, worst == 0, "%s, %zu equal rows (%d differ with %zu x %zu)", what, m, worst, k, n);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    test_rows(&t, &c, 32, true, "mp_matmul, an item of a net");
    test_rows(&t, &c, 96, false, "mp_gemm, what fourier takes");
    mp_ctx_free(&c);
    return tap_end(&t);
}
