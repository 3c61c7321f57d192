/* SPDX-License-Identifier: GPL-3.0-or-later */
/* random_projection.c - random projections keep squared lengths in the mean, and are off by as
 * much as their law says; of sparse ones as many numbers are 0 as were asked for. */
#include "../direct.h"
#include "../tap.h"
#include "pipeline/pipeline.h"

enum { DRAWS = 200, VALUES = 64, COMPONENTS = 20 };

/* What the stage makes of one row, with a seed. */
static bool project(const char *text, const float *row, uint64_t seed, float *to)
{
    struct mp_run run = { .seed = seed, .threads = 1 };
    struct mp_script s = { 0 };
    struct mp_plan p = { 0 };
    struct mp_ctx c;
    float x[VALUES];
    memcpy(x, row, sizeof x);
    const struct rows r = { 1, { 1, VALUES, 1 }, x, NULL, NULL };
    mp_ctx_init(&c, &run);
    c.place = 1;
    bool good = mp_script_parse(&c, "test", text, &s) == MP_OK &&
                mp_plan_build(&c, &s, &p) == MP_OK;
    if (good) {
        const struct mp_stage *stage = p.nodes[0].entry->stage;
        void *state = direct_fit(&c, stage, p.nodes[0].params, &r, 1, 0);
        const struct mp_shape out = { 1, COMPONENTS, 1 };
        float *y = c.msg[0] != '\0' ? NULL
                                    : direct_apply(&c, stage, p.nodes[0].params, state, &r, out,
                                                   (struct how){ 0 });
        good = y != NULL;
        if (good)
            memcpy(to, y, COMPONENTS * sizeof *to);
        free(y);
        direct_clear(stage, state);
    }
    if (!good)
        tap_note("%s", c.msg);
    mp_plan_free(&p);
    mp_script_free(&s);
    mp_ctx_free(&c);
    return good;
}

/* Of normal numbers |y|^2 / |x|^2 has mean 1 and variance 2 / components; of numbers +-size at a
 * share `density` of places (2 + (1 / density - 3) sum x^4 / |x|^4) / components. */
static void test_lengths(struct tap *t, const char *kind, double density)
{
    char text[128];
    float x[VALUES], y[COMPONENTS];
    double size = 0, fourth = 0, mean = 0, square = 0;
    bool good = true;
    for (size_t i = 0; i < VALUES; i++) {
        x[i] = (float)(i % 7) - 2;
        size += (double)(x[i] * x[i]);
        fourth += pow((double)x[i], 4);
    }
    snprintf(text, sizeof text, "random_projection components=%d %s", COMPONENTS, kind);
    for (uint64_t seed = 1; seed <= DRAWS && good; seed++) {
        double sum = 0;
        good = project(text, x, seed, y);
        for (size_t j = 0; j < COMPONENTS; j++)
            sum += (double)(y[j] * y[j]) / size;
        mean += sum / DRAWS;
        square += (sum - 1) * (sum - 1) / DRAWS;
    }
    const double excess = density > 0 ? (1 / density - 3) * fourth / size / size : 0;
    const double law = (2 + excess) / COMPONENTS;
    tap_ok(t, good && fabs(mean - 1) < 4 * sqrt(law / DRAWS), "%s: squared lengths are kept "
           "in the mean (%.3g)", text, mean);
    tap_ok(t, good && fabs(square / law - 1) < 0.5, "%s: and are off by their law (%.3g of it)",
           text, square / law);
}

static void test_zeros(struct tap *t)
{
    float x[VALUES] = { 0 }, y[COMPONENTS];
    size_t zeros = 0;
    bool good = true;
    x[5] = 1;
    for (uint64_t seed = 1; seed <= DRAWS && good; seed++) {
        good = project("random_projection components=20 kind=sparse", x, seed, y);
        for (size_t j = 0; j < COMPONENTS; j++)
            zeros += fabsf(y[j]) > 0 ? 0 : 1;
    }
    const double share = (double)zeros / (DRAWS * COMPONENTS), law = 1 - 1 / sqrt(VALUES);
    tap_ok(t, good && fabs(share - law) < 4 * sqrt(law * (1 - law) / (DRAWS * COMPONENTS)),
           "sparse: %.3f of the numbers are 0, by law %.3f", share, law);
}

int main(void)
{
    struct tap t = { 0 };
    test_lengths(&t, "", 0);
    test_lengths(&t, "kind=sparse", 1 / sqrt(VALUES));
    test_lengths(&t, "kind=sparse density=1", 1);
    test_zeros(&t);
    return tap_end(&t);
}
