/* engine.c - what the engine promises of any plan: the cut into chunks, the kept
 * rows, unions and the number of threads do not show in the result. */
#include "../tap.h"
#include "ctx.h"
#include "engine.h"
#include "random.h"
#include "sheet.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8, CLASSES = 3 };

static void make_data(struct mp_data *d, int *y, size_t n)
{
    *d = (struct mp_data){ .n = n, .shape = { SIDE, SIDE, 1 }, .x = malloc(n * SIDE * SIDE) };
    for (size_t i = 0; i < n; i++) {
        y[i] = (int)(i % CLASSES);
        for (size_t j = 0; j < SIDE * SIDE; j++)
            d->x[i * SIDE * SIDE + j] = (uint8_t)((mp_random_at(1, i, j, 0) >> 57) +
                                                  (j % CLASSES == (size_t)y[i] ? 100 : 0));
    }
}

struct rows {
    float *x;
    size_t width, n;
    bool in_order;
};

static int take(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    struct rows *r = arg;
    (void)c;
    r->in_order = r->in_order && out->row0 == r->n;
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

/* Fits and applies a pipeline on n rows; false after a failure, noted. */
static bool run(const char *text, size_t n, int threads, struct rows *out)
{
    static const int labels[CLASSES] = { 0, 1, 2 };
    struct mp_run shared = { .seed = 1, .threads = threads, .n_classes = CLASSES, .labels = labels,
                             .warning = no_warning };
    struct mp_ctx c;
    struct mp_script s = { 0 };
    struct mp_plan p = { 0 };
    struct mp_data d;
    int *y = malloc(n * sizeof *y);
    mp_ctx_init(&c, &shared);
    make_data(&d, y, n);
    *out = (struct rows){ .in_order = true };
    const bool good = mp_script_parse(&c, "test", text, &s) == MP_OK &&
                      mp_plan_build(&c, &s, &p) == MP_OK &&
                      mp_plan_shape(&c, &p, d.shape) == MP_OK &&
                      mp_engine_fit(&c, &p, &d, y, p.n_nodes - 1) == MP_OK &&
                      mp_engine_apply(&c, &p, &d, p.n_nodes - 1, "test", take, out) == MP_OK;
    if (!good)
        tap_note("%s", c.msg);
    mp_plan_free(&p);
    mp_script_free(&s);
    mp_ctx_free(&c);
    free(d.x);
    free(y);
    return good;
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

int main(void)
{
    struct tap t = { 0 };
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    tap_ok(&t, mp_sheet_start(&c) == MP_OK, "libvips starts");
    test_threads(&t);
    test_union(&t);
    mp_sheet_stop();
    return tap_end(&t);
}
