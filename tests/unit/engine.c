/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine.c - what the engine promises of any plan: the cut into chunks, the kept
 * rows, unions and the number of threads do not show in the result. */
#include "../tap.h"
#include "core/ctx.h"
#include "engine/engine.h"
#include "core/random.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8, CLASSES = 3 };

/* n rows, of which each lies so many further on than the one before. */
static void make_data(struct mp_data *d, int *y, size_t n, size_t apart)
{
    *d = (struct mp_data){ .n = n, .shape = { SIDE, SIDE, 1 }, .x = malloc(n * SIDE * SIDE) };
    for (size_t i = 0; i < n; i++) {
        y[i] = (int)(i * apart % CLASSES);
        for (size_t j = 0; j < SIDE * SIDE; j++)
            d->x[i * SIDE * SIDE + j] = (uint8_t)((mp_random_at(1, i * apart, j, 0) >> 57) +
                                                  (j % CLASSES == (size_t)y[i] ? 100 : 0));
    }
}

struct rows {
    float *x;
    size_t width, n, of; /* `of` are in the data */
    bool in_order;
};

static int take(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    struct rows *r = arg;
    (void)c;
    r->in_order = r->in_order && out->row0 == r->n % r->of;
    r->width = mp_len(out->shape);
    r->x = realloc(r->x, (r->n + out->n) * r->width * sizeof *r->x);
    for (size_t i = 0; i < out->n * r->width; i++)
        r->x[r->n * r->width + i] = out->b != NULL ? (float)out->b[i] / 255.0f : out->x[i];
    r->n += out->n;
    return MP_OK;
}

/* A few rows do not let every solver converge; that is not what is tested. */
static void no_warning(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

/* Fits a pipeline on n rows and applies it to them, as to any rows or as to those that a
 * model learns from; fit_rows, unless NULL, gets how many each stage learned from.  False
 * after a failure, noted. */
static bool run_apart(const char *text, size_t n, size_t apart, int threads, bool training,
                      struct rows *out, size_t *fit_rows)
{
    static const char *const labels[CLASSES] = { "0", "1", "2" };
    struct mp_run shared = { .seed = 1, .threads = threads, .n_classes = CLASSES, .classes = labels,
                             .warnings = { .hear = no_warning } };
    struct mp_ctx c;
    struct mp_script s = { 0 };
    struct mp_plan p = { 0 };
    struct mp_data d;
    int *y = malloc(n * sizeof *y);
    mp_ctx_init(&c, &shared);
    make_data(&d, y, n, apart);
    *out = (struct rows){ .of = n, .in_order = true };
    const bool good = mp_script_parse(&c, "test", text, &s) == MP_OK &&
                      mp_plan_build(&c, &s, &p) == MP_OK &&
                      mp_plan_shape(&c, &p, d.shape) == MP_OK &&
                      mp_engine_fit(&c, &p, &d, y, p.n_nodes - 1) == MP_OK &&
                      (training ? mp_engine_apply_training : mp_engine_apply)(
                          &c, &p, &d, p.n_nodes - 1, "test", take, out) == MP_OK;
    if (!good)
        tap_note("%s", c.msg);
    for (int k = 0; k < p.n_nodes && fit_rows != NULL; k++)
        fit_rows[k] = (size_t)p.nodes[k].cost.fit_rows;
    mp_plan_free(&p);
    mp_script_free(&s);
    mp_ctx_free(&c);
    free(d.x);
    free(y);
    return good;
}

static bool run_as(const char *text, size_t n, int threads, bool training, struct rows *out,
                   size_t *fit_rows)
{
    return run_apart(text, n, 1, threads, training, out, fit_rows);
}

static bool run(const char *text, size_t n, int threads, struct rows *out)
{
    return run_as(text, n, threads, false, out, NULL);
}

static bool same(const struct rows *a, const struct rows *b)
{
    return a->n == b->n && a->width == b->width &&
           memcmp(a->x, b->x, a->n * a->width * sizeof *a->x) == 0;
}

static const char *const pipelines[] = {
    "median\n",
    "blur\nmedian\npixels\nstandardize\npca components=5\nsvm\n",
    "union\n  branch\n    hog cell=4 block=1\n  branch\n    pixels\n    pca components=4\n"
    "standardize\nlogistic\n",
    "morphology op=open\nunion\n  branch\n    pixels\n  branch\n    invert\n    pixels\n"
    "normalize\nsvm\n",
    "blur\naugment copies=3\npixels\nstandardize\npca components=5\nsvm\n",
    "union\n  branch\n    pixels\n    standardize\n  branch\n    augment copies=2\n    pixels\n"
    "normalize\nlogistic\n",
    "median\nridge ridge=0.01\n",
    "pixels\npca components=8\nfourier components=300\nridge\ncalibrate\n",
    "augment copies=2\npixels\nfourier components=70\nridge precision=auto weights=balanced\n",
    "vote by=majority\n  branch\n    fourier components=70\n    ridge\n  branch\n    svm\n",
};

static void test_threads(struct tap *t)
{
    static const size_t sizes[] = { 1, 255, 256, 257, 1023, 1024, 1025, 3000 };
    for (size_t k = 0; k < sizeof pipelines / sizeof *pipelines; k++)
        for (size_t i = k == 0 ? 0 : 1; i < sizeof sizes / sizeof *sizes; i++) {
            struct rows one, two, four;
            bool good = run(pipelines[k], sizes[i], 1, &one);
            good = run(pipelines[k], sizes[i], 2, &two) && good;
            good = run(pipelines[k], sizes[i], 4, &four) && good;
            tap_ok(t, good && one.n == sizes[i] && one.in_order && two.in_order && four.in_order &&
                          same(&one, &two) && same(&one, &four),
                   "pipeline %zu, %zu rows: 1, 2 and 4 threads give the same bytes, in order", k,
                   sizes[i]);
            free(one.x);
            free(two.x);
            free(four.x);
        }
}

/* A union's output is its branches' outputs side by side. */
static void test_union(struct tap *t)
{
    struct rows both, left, right;
    bool good = run("blur\nunion\n  branch\n    pixels\n    standardize\n  branch\n    hog cell=4 "
                    "block=1\n", 700, 2, &both);
    good = run("blur\npixels\nstandardize\n", 700, 2, &left) && good;
    good = run("blur\nhog cell=4 block=1\n", 700, 2, &right) && good;
    tap_ok(t, good && both.width == left.width + right.width, "union: widths add up");
    for (size_t i = 0; good && i < both.n; i++)
        good = memcmp(both.x + i * both.width, left.x + i * left.width,
                      left.width * sizeof(float)) == 0 &&
               memcmp(both.x + i * both.width + left.width, right.x + i * right.width,
                      right.width * sizeof(float)) == 0;
    tap_ok(t, good, "union: values are those of the branches");
    free(both.x);
    free(left.x);
    free(right.x);
}

/* n rows of x from row `from` on, against those of y from row `to` on. */
static bool same_part(const struct rows *x, size_t from, const struct rows *y, size_t to, size_t n)
{
    return x->width == y->width && from + n <= x->n && to + n <= y->n &&
           memcmp(x->x + from * x->width, y->x + to * y->width, n * x->width * sizeof *x->x) == 0;
}

/* The rows as they are, then each copy, drawn by its number alone. */
static void test_copies(struct tap *t)
{
    enum { N = 1300 };
    struct rows plain, three, five, test;
    bool good = run("pixels\n", N, 2, &plain), differ = true;
    good = run_as("augment copies=3\n", N, 2, true, &three, NULL) && good;
    good = run_as("augment copies=5\n", N, 4, true, &five, NULL) && good;
    good = run("augment copies=5\n", N, 2, &test) && good;
    tap_ok(t, good && three.n == 4 * N && five.n == 6 * N && three.in_order && five.in_order,
           "copies: 1 + 3 times and 1 + 5 times the rows, in order");
    tap_ok(t, good && same_part(&three, 0, &plain, 0, N), "copies: first, the rows as they are");
    tap_ok(t, good && same_part(&three, 0, &five, 0, 4 * N), "copies: more leave the others alone");
    for (size_t i = 0; good && i < 6 * N; i++)
        for (size_t j = i % N; j < i; j += N)
            differ = differ && !same_part(&five, i, &five, j, 1);
    tap_ok(t, good && differ, "copies: of each row, no two are equal");
    tap_ok(t, good && same(&test, &plain), "copies: rows that do not learn pass once, unchanged");
    free(plain.x);
    free(three.x);
    free(five.x);
    free(test.x);
}

/* A stage before all copies draws once for all of them. */
static void test_copies_in_turn(struct tap *t)
{
    enum { N = 300 };
    struct rows once, all;
    bool good = run_as("augment\n", N, 2, true, &once, NULL);
    good = run_as("augment\naugment copies=2 shift=0 rotate=0 zoom=0 shear=0 elastic=0\n", N, 2,
                  true, &all, NULL) && good;
    tap_ok(t, good && all.n == 3 * N && same_part(&all, 0, &once, 0, N) &&
                  same_part(&all, N, &once, 0, N) && same_part(&all, 2 * N, &once, 0, N),
           "copies: what is drawn before them is drawn once");
    free(once.x);
    free(all.x);
}

/* Standardized and rotated rows have mean 0 over just the rows that were learned from: all
 * copies, be their rows kept for the next stage or made again. */
static void test_copies_learned(struct tap *t)
{
    enum { N = 1300 };
    static const char text[] = "augment copies=3\npixels\nstandardize\npca components=5\n";
    struct rows r;
    size_t learned[8] = { 0 };
    const bool good = run_as(text, N, 2, true, &r, learned);
    double worst = 0;
    for (size_t j = 0; good && j < r.width; j++) {
        double sum = 0;
        for (size_t i = 0; i < r.n; i++)
            sum += (double)r.x[i * r.width + j];
        sum /= (double)r.n;
        worst = sum > worst ? sum : -sum > worst ? -sum : worst;
    }
    tap_ok(t, good && learned[2] == 4 * N && learned[3] == 4 * N,
           "copies: stages behind them learn from all");
    tap_ok(t, good && worst < 1e-5, "copies: their mean is 0 (%.2g)", worst);
    free(r.x);
}

/* A stage that is given many rows at a time learns from all copies, too. */
static void test_copies_team(struct tap *t)
{
    enum { N = 1300 };
    struct rows r;
    size_t learned[8] = { 0 };
    const bool good = run_as("augment copies=3\npixels\nridge\n", N, 2, false, &r, learned);
    tap_ok(t, good && learned[2] == 4 * N, "copies: a stage of all threads learns from all");
    free(r.x);
}

/* In the other branch of a union nothing is distorted, and every row is learned from once. */
static void test_copies_beside(struct tap *t)
{
    enum { N = 700 };
    struct rows both, alone;
    size_t learned[8] = { 0 };
    bool good = run("pixels\nstandardize\n", N, 2, &alone);
    good = run_as("union\n  branch\n    pixels\n    standardize\n  branch\n    augment copies=2\n"
                  "    pixels\nstandardize\n", N, 2, true, &both, learned) && good;
    tap_ok(t, good && learned[1] == N && learned[5] == 3 * N,
           "copies: a stage beside them learns from each row once");
    free(both.x);
    good = run_as("union\n  branch\n    pixels\n    standardize\n  branch\n    augment copies=2\n"
                  "    pixels\n", N, 2, true, &both, NULL) && good;
    for (size_t i = 0; good && i < both.n; i++)
        good = memcmp(both.x + i * both.width, alone.x + i % N * alone.width,
                      alone.width * sizeof(float)) == 0;
    tap_ok(t, good && both.n == 3 * N, "copies: and gives the same beside each");
    free(both.x);
    free(alone.x);
}

/* A stage that learns from some rows learns what it would without the others, whether these are
 * made for who comes later, as for pca before svm, or not. */
static void test_every(struct tap *t)
{
    enum { N = 8000, APART = 4 };
    static const char *const text[] = {
        "median\npixels\npca components=5 every=4\n",
        "median\npixels\npca components=5 rows=2100\n",
        "pixels\nunion\n  branch\n    pca components=5 rows=2000\n  branch\n    standardize\n",
    };
    static const char *const plain[] = {
        "median\npixels\npca components=5\n",
        "median\npixels\npca components=5\n",
        "pixels\nunion\n  branch\n    pca components=5\n  branch\n    normalize\n",
    };
    for (size_t k = 0; k < sizeof text / sizeof *text; k++) {
        struct rows some, alone;
        bool good = run(text[k], N, 2, &some);
        good = run_apart(plain[k], N / APART, APART, 1, false, &alone, NULL) && good;
        for (size_t i = 0; good && i < alone.n; i++)
            good = memcmp(some.x + i * APART * some.width, alone.x + i * alone.width,
                          5 * sizeof *alone.x) == 0;
        tap_ok(t, good, "every: as if there were only the rows that are learned from, %zu", k);
        free(some.x);
        free(alone.x);
    }
}

int main(void)
{
    struct tap t = { 0 };
    test_threads(&t);
    test_union(&t);
    test_copies(&t);
    test_copies_in_turn(&t);
    test_copies_learned(&t);
    test_copies_team(&t);
    test_copies_beside(&t);
    test_every(&t);
    return tap_end(&t);
}
