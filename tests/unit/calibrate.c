/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calibrate.c - scores as probabilities: the numbers against SciPy and scikit-learn
 * (tests/oracle/calibrate.py), what no calibration may change, and that what learns from
 * rows held back learns from them alone. */
#include "../tap.h"
#include "../direct.h"
#include "../labels.h"
#include "../oracle/calibrate.h"
#include "data/data.h"
#include "formats/read.h"
#include "engine/engine.h"
#include "engine/fit.h"
#include "engine/metrics.h"
#include "pipeline/pipeline.h"
#include "data/split.h"
#include "core/state.h"

enum { K = ORACLE_CLASSES };

/* What the program says, kept. */
struct says {
    char text[512];
};

static void keep_warning(void *arg, const char *text)
{
    snprintf(((struct says *)arg)->text, sizeof(struct says), "%s", text);
}

static const char *const ten[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };

struct bench {
    struct tap *t;
    struct says says;
    struct mp_run run;
    struct mp_ctx c;
};

static void open_bench(struct bench *b, struct tap *t)
{
    *b = (struct bench){ .t = t, .run = { .seed = 1, .threads = 2, .n_classes = K } };
    b->run.classes = ten;
    b->run.warnings = (struct mp_warnings){ keep_warning, &b->says };
    mp_ctx_init(&b->c, &b->run);
}

static bool build(struct bench *b, const char *text, struct mp_shape shape, struct mp_plan *p)
{
    struct mp_script s;
    memset(p, 0, sizeof *p);
    if (mp_script_parse(&b->c, "test", text, &s) < 0)
        return false;
    const bool good = mp_plan_build(&b->c, &s, p) == MP_OK &&
                      mp_plan_shape(&b->c, p, shape) == MP_OK;
    mp_script_free(&s);
    return good;
}

/* ------------------------------------------------------------ given scores */

static struct rows given(size_t n, const float *scores, const int *y)
{
    return (struct rows){ n, { 1, K, 1 }, direct_copy(scores, n * K, sizeof *scores), NULL,
                          direct_copy(y, n, sizeof *y) };
}

/* Calibrated on `rows`, the probabilities of `of`; NULL after a failure. */
static float *calibrated(struct bench *b, const char *line, const struct rows *rows,
                         const struct rows *of)
{
    struct mp_plan p;
    char text[128];
    float *out = NULL;
    snprintf(text, sizeof text, "svm\n%s\n", line);
    if (build(b, text, (struct mp_shape){ 28, 28, 1 }, &p)) {
        const struct mp_node *n = &p.nodes[1];
        void *state = direct_fit(&b->c, n->entry->stage, n->params, rows, 3, 7);
        if (b->c.msg[0] == '\0')
            out = direct_apply(&b->c, n->entry->stage, n->params, state, of, of->shape,
                               (struct how){ .fill = 0xff });
        direct_clear(n->entry->stage, state);
    }
    if (out == NULL)
        tap_note("%s", b->c.msg);
    mp_plan_free(&p);
    return out;
}

static bool near_all(const float *got, const double *expected, size_t n, double tolerance)
{
    double worst = got == NULL;
    for (size_t i = 0; i < n && got != NULL; i++)
        worst = fmax(worst, fabs((double)got[i] - expected[i]));
    if (worst > tolerance)
        tap_note("differs by up to %g", worst);
    return worst <= tolerance;
}

/* The temperature that made p of x. */
static double temperature_of(const float *x, const float *p)
{
    int low = 0, high = 0;
    for (int j = 1; j < K; j++) {
        high = x[j] > x[high] ? j : high;
        low = p[j] > 1e-30f && x[j] < x[low] ? j : low;
    }
    return ((double)x[high] - (double)x[low]) / log((double)p[high] / (double)p[low]);
}

static void test_oracle(struct bench *b)
{
    struct rows all = given(ORACLE_ROWS, oracle_scores, oracle_classes), right = { 0 };
    const size_t n = (size_t)ORACLE_APPLIED * K;
    float *soft = calibrated(b, "calibrate", &all, &all);
    tap_ok(b->t, near_all(soft, oracle_softmax, n, 2e-7) &&
                     fabs(temperature_of(all.x, soft) - oracle_temperature) < 1e-6,
           "temperature: SciPy's");
    float *sigmoid = calibrated(b, "calibrate method=platt", &all, &all);
    tap_ok(b->t, near_all(sigmoid, oracle_shares, n, 2e-7), "Platt: SciPy's");
    tap_ok(b->t, b->says.text[0] == '\0', "nothing to remark");
    right = given(ORACLE_ROWS, oracle_scores, oracle_classes);
    right.n = 0;
    for (size_t i = 0; i < ORACLE_ROWS; i++)
        if (mp_argmax(all.x + i * K, K) == all.y[i]) {
            memcpy(right.x + right.n * K, all.x + i * K, K * sizeof *right.x);
            right.y[right.n++] = all.y[i];
        }
    float *sure = calibrated(b, "calibrate", &right, &right);
    tap_ok(b->t, sure != NULL && fabs(temperature_of(right.x, sure) - oracle_right) < 1e-6,
           "where all rows are right: on Platt's targets");
    tap_ok(b->t, strcmp(b->says.text, "calibrate: all 46 rows held back are right, which tells "
                        "little of how sure to be; a larger share would tell more") == 0,
           "and it says so");
    b->says.text[0] = '\0';
    free(soft);
    free(sigmoid);
    free(sure);
    direct_free(&all);
    direct_free(&right);
}

/* A temperature changes no prediction, be scores a last bit apart; sums are 1; scores of
 * any size will do. */
static void test_winner(struct bench *b)
{
    enum { N = 400 };
    const float scales[] = { 1e-20f, 1, 1e4f, 1e30f };
    float x[N * K];
    int y[N];
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
        bool same = true, whole = true;
        for (size_t i = 0; i < N; i++) {
            y[i] = (int)(i % K);
            for (size_t j = 0; j < K; j++) {
                const float noise = (float)((i * 7919 + j * 104729) % 1009) / 1009;
                x[i * K + j] = scales[s] * (noise + (j == (size_t)y[i] ? 0.5f : 0));
            }
            if (i % 3 == 0) /* the highest by one bit, and not the first */
                x[i * K + 8] = nextafterf(x[i * K + 2] = 2 * scales[s], INFINITY);
        }
        struct rows r = given(N, x, y);
        float *p = calibrated(b, "calibrate", &r, &r);
        for (size_t i = 0; i < N && p != NULL; i++) {
            double sum = 0;
            for (size_t j = 0; j < K; j++)
                sum += (double)p[i * K + j];
            same = same && mp_argmax(p + i * K, K) == mp_argmax(x + i * K, K);
            whole = whole && fabs(sum - 1) < 1e-6;
        }
        tap_ok(b->t, p != NULL && same && whole,
               "scores of size %g: the same predictions, sums of 1", (double)scales[s]);
        free(p);
        direct_free(&r);
    }
}

/* Scores that tell nothing, or the contrary of the truth: nearly equal shares. */
static void test_nothing(struct bench *b)
{
    enum { N = 40 };
    float x[N * K] = { 0 };
    int y[N];
    for (size_t i = 0; i < N; i++)
        y[i] = (int)(i % K);
    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < N && kind == 1; i++)
            x[i * K + i % K] = -5;
        struct rows r = given(N, x, y);
        float *p = calibrated(b, "calibrate", &r, &r), *q = calibrated(b, "calibrate method=platt",
                                                                      &r, &r);
        double most = 0, least = 1;
        for (size_t i = 0; i < N * K && p != NULL; i++) {
            most = fmax(most, (double)p[i]);
            least = fmin(least, (double)p[i]);
        }
        tap_ok(b->t, p != NULL && most < 0.1002 && least > 0.0998, "%s scores: nearly equal shares",
               kind == 0 ? "equal" : "contrary");
        tap_ok(b->t, q != NULL && (kind == 0 ? fabs((double)q[0] - 0.1) < 1e-6 : q[0] > 0.7f),
               "%s scores: what sigmoids make of them", kind == 0 ? "equal" : "contrary");
        free(p);
        free(q);
        direct_free(&r);
    }
    tap_ok(b->t, strcmp(b->says.text, "calibrate: the scores of the 40 rows held back tell nothing "
                        "of their classes") == 0, "and it says so");
    b->says.text[0] = '\0';
}

/* -------------------------------------------------------------- held back */

static bool saved(struct bench *b, const struct mp_node *n, struct mp_io *io)
{
    memset(io, 0, sizeof *io);
    return mp_state_save(&b->c, n->entry->stage, n->state, io) == MP_OK;
}

/* Whether the nodes have learned the very same. */
static bool same_state(struct bench *b, const struct mp_node *m, const struct mp_node *n)
{
    struct mp_io one, two;
    bool same = saved(b, m, &one);
    same = saved(b, n, &two) && same && one.len == two.len &&
           memcmp(one.buf, two.buf, one.len) == 0;
    free(one.buf);
    free(two.buf);
    return same;
}

static bool read_sample(struct bench *b, size_t n, struct mp_subset *part)
{
    struct mp_data all;
    char path[4096];
    const struct mp_form any = { .label = NULL };
    bool marks[8000] = { false };
    snprintf(path, sizeof path, "%s/train.csv.gz", getenv("MNISTPIPE_DATA"));
    memset(part, 0, sizeof *part);
    if (mp_data_read(&b->c, path, NULL, &any, &all) < 0)
        return false;
    int *y = direct_memory(all.n, sizeof *y);
    for (size_t i = 0; i < all.n && i < 8000; i++) {
        y[i] = (int)label_of(&all, i);
        marks[i] = i < n;
    }
    const bool good = mp_split_pick(&b->c, &all, y, marks, true, part) == MP_OK;
    free(y);
    mp_data_free(&all);
    return good;
}

/* Keeps scores chunk by chunk. */
static int take(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    struct rows *r = arg;
    (void)c;
    memcpy(r->x + out->row0 * K, out->x, out->n * K * sizeof *out->x);
    return MP_OK;
}

/* refit=no: the stages before learn from the rows not held back, calibrate from the
 * scores that they give the others, as if those were a test: nothing else. */
static void test_held(struct bench *b, const struct mp_subset *all)
{
    static const char *const before = "augment shift=2\npixels\nstandardize\nsvm C=0.001\n";
    char text[256];
    struct mp_plan p, q;
    struct mp_subset most, few;
    bool marks[1000];
    size_t held = 0;
    snprintf(text, sizeof text, "%scalibrate share=0.2 refit=no\n", before);
    const int *y = all->y;
    bool good = build(b, text, all->d.shape, &p) && build(b, before, all->d.shape, &q) &&
                mp_fit(&b->c, &p, &all->d, y) == MP_OK &&
                mp_fit_held(&b->c, &p, &all->d, y, marks) == MP_OK &&
                mp_split_pick(&b->c, &all->d, y, marks, false, &most) == MP_OK &&
                mp_split_pick(&b->c, &all->d, y, marks, true, &few) == MP_OK &&
                mp_engine_fit(&b->c, &q, &most.d, most.y, q.n_nodes - 1) == MP_OK;
    for (size_t i = 0; i < all->d.n; i++)
        held += marks[i];
    tap_ok(b->t, good && held == few.d.n && held > 180 && held < 220, "a fifth is held back");
    if (!good)
        tap_note("%s", b->c.msg);
    for (int i = 0; i < q.n_nodes && good; i++)
        if (q.nodes[i].entry->stage->io != NULL)
            tap_ok(b->t, same_state(b, &p.nodes[i], &q.nodes[i]), "%s has not seen it",
                   q.nodes[i].entry->name);
    struct rows scores = { few.d.n, { 1, K, 1 }, direct_memory(few.d.n * K, sizeof(float)), NULL,
                           few.y };
    struct mp_node own = p.nodes[p.n_nodes - 1];
    good = good && mp_engine_apply(&b->c, &q, &few.d, q.n_nodes - 1, "t", take, &scores) == MP_OK;
    own.state = direct_fit(&b->c, own.entry->stage, own.params, &scores, 1, 0);
    tap_ok(b->t, good && same_state(b, &own, &p.nodes[p.n_nodes - 1]),
           "calibrate has learned from it alone, not augmented");
    direct_clear(own.entry->stage, own.state);
    free(scores.x);
    mp_subset_free(&most);
    mp_subset_free(&few);
    mp_plan_free(&p);
    mp_plan_free(&q);
}

/* refit=yes: in the end all other stages are what they are without the line; the same
 * for any number of threads, and when learned anew. */
static void test_refit(struct bench *b, const struct mp_subset *all)
{
    static const char *const lines[] = { "pixels\npca components=20\nsvm C=0.1\n",
                                         "net epochs=1\n  dense units=8\n" };
    for (size_t i = 0; i < 2; i++) {
        struct mp_plan plain, p[3];
        char text[256];
        snprintf(text, sizeof text, "%scalibrate\n", lines[i]);
        bool good = build(b, lines[i], all->d.shape, &plain) &&
                    mp_fit(&b->c, &plain, &all->d, all->y) == MP_OK;
        for (int k = 0; k < 3; k++) {
            b->run.threads = k + 1;
            good = build(b, text, all->d.shape, &p[k]) && good &&
                   mp_fit(&b->c, &p[k], &all->d, all->y) == MP_OK;
        }
        good = good && mp_fit(&b->c, &p[2], &all->d, all->y) == MP_OK;
        for (int k = 0; k < p[0].n_nodes && good; k++)
            if (p[0].nodes[k].entry->stage->io != NULL)
                good = (k == plain.n_nodes || same_state(b, &plain.nodes[k], &p[0].nodes[k])) &&
                       same_state(b, &p[0].nodes[k], &p[1].nodes[k]) &&
                       same_state(b, &p[0].nodes[k], &p[2].nodes[k]);
        if (!tap_ok(b->t, good, "refit: %s is the same as without calibrate, for any threads",
                    plain.nodes[plain.model].entry->name))
            tap_note("%s", b->c.msg);
        mp_plan_free(&plain);
        for (int k = 0; k < 3; k++)
            mp_plan_free(&p[k]);
    }
}

/* Branches learn apart: what one keeps for itself is not what another reads. */
static void test_branches(struct bench *b, const struct mp_subset *all)
{
    static const char *const lines[] = {
        "deskew\nvote\n  branch\n    net epochs=1\n      dense units=8\n  branch\n    pixels\n"
        "    standardize\n    logistic\n    calibrate refit=no\n  branch\n    net epochs=1\n"
        "      dense units=8\n",
        "deskew\nnet epochs=1\n  dense units=8\n",
        "deskew\npixels\nstandardize\nlogistic\ncalibrate refit=no\n",
    };
    struct mp_plan p[3] = { 0 };
    struct mp_subset most;
    bool marks[1000], good = true;
    for (int i = 0; i < 3; i++)
        good = build(b, lines[i], all->d.shape, &p[i]) && good;
    good = good && mp_fit_held(&b->c, &p[0], &all->d, all->y, marks) == MP_OK &&
           mp_split_pick(&b->c, &all->d, all->y, marks, false, &most) == MP_OK &&
           mp_fit(&b->c, &p[0], &all->d, all->y) == MP_OK &&
           mp_fit(&b->c, &p[1], &most.d, most.y) == MP_OK &&
           mp_fit(&b->c, &p[2], &all->d, all->y) == MP_OK;
    if (!tap_ok(b->t, good, "a vote learns"))
        tap_note("%s", b->c.msg);
    tap_ok(b->t, good && same_state(b, &p[0].nodes[1], &p[1].nodes[1]),
           "its net has learned as if it were alone");
    for (int k = 2; k <= 4 && good; k++)
        tap_ok(b->t, same_state(b, &p[0].nodes[k + 1], &p[2].nodes[k]),
               "and so has %s", p[2].nodes[k].entry->name);
    mp_subset_free(&most);
    for (int i = 0; i < 3; i++)
        mp_plan_free(&p[i]);
}

static void test_few(struct bench *b, const struct mp_subset *all)
{
    struct mp_plan p;
    struct mp_subset few = *all;
    few.d.n = 150;
    tap_ok(b->t, build(b, "svm\ncalibrate\n", all->d.shape, &p) &&
                     mp_fit(&b->c, &p, &few.d, few.y) < 0 &&
                     strcmp(b->c.msg, "test:2: calibrate: 15 rows held back are too few to learn "
                            "from, it needs 20; a larger share=, now 0.1, or more training rows")
                         == 0, "too few rows");
    mp_plan_free(&p);
}

int main(void)
{
    struct tap t = { 0 };
    struct bench b;
    struct mp_subset all;
    open_bench(&b, &t);
    test_oracle(&b);
    test_winner(&b);
    test_nothing(&b);
    if (tap_ok(&t, read_sample(&b, 1000, &all), "the sample is read")) {
        test_held(&b, &all);
        test_refit(&b, &all);
        test_branches(&b, &all);
        test_few(&b, &all);
    }
    mp_subset_free(&all);
    mp_ctx_free(&b.c);
    return tap_end(&t);
}
