/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fourier.c - random cosines have the kernel as their mean, are as far from it as
 * scikit-learn's (tests/oracle/fourier.py), and their cosine is a cosine. */
#include "../tap.h"
#include "../direct.h"
#include "../oracle/fourier.h"
#include "linear/cosine.h"
#include "data/data.h"
#include "formats/read.h"
#include "engine/engine.h"
#include "pipeline/pipeline.h"
#include "core/random.h"

enum { DRAWS = 30 };

static void test_cosine(struct tap *t)
{
    const double turn = 2 * 3.14159265358979323846;
    double worst = 0;
    bool bounded = true;
    for (uint64_t i = 0; i < 2000000; i++) {
        const double reach = exp2((double)(i % 24) - 4); /* 1/16 to half a million turns */
        const float x = (float)(((double)(mp_random_at(1, 0, 0, i) >> 11) * 0x1p-52 - 1) * reach);
        const double y = (double)mp_cos_turns(x), exact = cos(turn * fmod((double)x, 1));
        worst = fmax(worst, fabs(y - exact));
    }
    for (int e = 20; e < 128; e++)
        for (int sign = -1; sign <= 1; sign += 2)
            bounded = bounded && fabsf(mp_cos_turns((float)sign * 1.37f * exp2f((float)e))) <
                                     1.000001f;
    tap_ok(t, worst <= 2.5e-7, "the cosine is off by at most 2.5e-7 (%.2g)", worst);
    tap_ok(t, bounded, "of any angle it is one of -1 .. 1");
    tap_ok(t, isnan(mp_cos_turns(NAN)), "of what is no number it is none");
}

struct made {
    float *x;
    size_t d, n;
};

static int take(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    struct made *r = arg;
    (void)c;
    r->d = mp_len(out->shape);
    r->x = realloc(r->x, (r->n + out->n) * r->d * sizeof *r->x);
    memcpy(r->x + r->n * r->d, out->x, out->n * r->d * sizeof *r->x);
    r->n += out->n;
    return MP_OK;
}

static void keep_remark(void *arg, const char *text)
{
    snprintf(arg, 64, "%s", text);
}

/* What a pipeline makes of the first digits of the sample, with a seed; `remark` gets what
 * it says. */
static bool transform(const char *text, uint64_t seed, struct made *r, char *remark)
{
    static const char *const labels[] = { "0", "1" };
    struct mp_run run = { .seed = seed, .threads = 2, .n_classes = 2, .classes = labels,
                          .diary = { .remark = keep_remark, .arg = remark } };
    struct mp_ctx c;
    struct mp_script s = { 0 };
    struct mp_plan p = { 0 };
    struct mp_data all = { 0 }, d = { 0 };
    const struct mp_form any = { .label = NULL };
    size_t rows[ORACLE_ROWS];
    char path[4096];
    for (size_t i = 0; i < ORACLE_ROWS; i++)
        rows[i] = i;
    *r = (struct made){ 0 };
    mp_ctx_init(&c, &run);
    snprintf(path, sizeof path, "%s/train.csv.gz", getenv("MNISTPIPE_DATA"));
    const bool good = mp_data_read(&c, path, NULL, &any, &all) == MP_OK &&
                      mp_data_pick(&c, &all, rows, ORACLE_ROWS, &d) == MP_OK &&
                      mp_script_parse(&c, "test", text, &s) == MP_OK &&
                      mp_plan_build(&c, &s, &p) == MP_OK &&
                      mp_plan_shape(&c, &p, d.shape) == MP_OK &&
                      mp_engine_fit(&c, &p, &d, NULL, p.n_nodes - 1) == MP_OK &&
                      mp_engine_apply(&c, &p, &d, p.n_nodes - 1, "test", take, r) == MP_OK;
    if (!good)
        tap_note("%s", c.msg);
    mp_plan_free(&p);
    mp_script_free(&s);
    mp_data_free(&all);
    mp_data_free(&d);
    mp_ctx_free(&c);
    return good;
}

static double inner(const struct made *r, size_t i, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < r->d; k++)
        sum += (double)r->x[i * r->d + k] * (double)r->x[j * r->d + k];
    return sum;
}

/* Of a pair the variance of one draw is at most 1.5 / components. */
static void test_kernel(struct tap *t)
{
    enum { PAIRS = ORACLE_ROWS * (ORACLE_ROWS - 1) / 2 };
    double mean[PAIRS] = { 0 }, squares = 0, worst = 0, norm = 0;
    char text[96], remark[64];
    bool good = true;
    snprintf(text, sizeof text, "fourier components=%d gamma=%g\n", ORACLE_COMPONENTS,
             oracle_gamma);
    for (uint64_t seed = 1; seed <= DRAWS && good; seed++) {
        struct made r;
        good = transform(text, seed, &r, remark) && r.n == ORACLE_ROWS;
        size_t pair = 0;
        for (size_t i = 0; good && i < ORACLE_ROWS; i++) {
            norm += (inner(&r, i, i) - 1) / ORACLE_ROWS / DRAWS;
            for (size_t j = i + 1; j < ORACLE_ROWS; j++, pair++) {
                const double off = inner(&r, i, j) - oracle_kernel[pair];
                mean[pair] += off / DRAWS;
                squares += off * off / PAIRS / DRAWS;
            }
        }
        free(r.x);
    }
    for (size_t k = 0; k < PAIRS; k++)
        worst = fmax(worst, fabs(mean[k]));
    const double sigma = sqrt(1.5 / ORACLE_COMPONENTS / DRAWS);
    tap_ok(t, good && worst < 4 * sigma, "the mean of all draws is the kernel, of each of %d "
           "pairs: %.2g off, of 4 sigma = %.2g", PAIRS, worst, 4 * sigma);
    tap_ok(t, good && fabs(norm) < 4 * sigma, "a row with itself: 1 (%.2g off)", norm);
    tap_ok(t, good && fabs(sqrt(squares) / oracle_error - 1) < 0.05, "one draw is as far from it "
           "as RBFSampler's: %.4g, %.4g", sqrt(squares), oracle_error);
}

static void test_scale(struct tap *t)
{
    struct made a, b;
    char remark[64] = "", want[64], text[96];
    bool good = transform("fourier components=50 scale=1\n", 1, &a, remark);
    snprintf(want, sizeof want, "gamma is %.6g", oracle_scale);
    tap_ok(t, good && strcmp(remark, want) == 0, "scale=1 is gamma=\"scale\": \"%s\", \"%s\"",
           remark, want);
    snprintf(text, sizeof text, "fourier components=50 gamma=%.17g\n", oracle_scale);
    good = transform(text, 1, &b, remark) && good;
    double worst = 0;
    for (size_t i = 0; good && i < a.n * a.d; i++)
        worst = fmax(worst, fabs((double)a.x[i] - (double)b.x[i]));
    tap_ok(t, good && worst < 1e-5, "and gives the same as that gamma (%.2g off)", worst);
    free(b.x);
    good = transform("fourier components=50 scale=1\n", 2, &b, remark) && good;
    tap_ok(t, good && memcmp(a.x, b.x, a.n * a.d * sizeof *a.x) != 0, "another seed, other draws");
    free(a.x);
    free(b.x);
}

int main(void)
{
    struct tap t = { 0 };
    test_cosine(&t);
    test_kernel(&t);
    test_scale(&t);
    return tap_end(&t);
}
