/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folds.c - folds are fair, and what is held out leaves no trace.
 *
 * No leak: an outlier that only fold f has must not show in what the stages learn for fold f:
 * their states are, byte for byte, those of a fit that has never had that row.  Nothing to
 * learn: with the sample's labels shuffled, out-of-fold scores are right one time in ten. */
#include "../tap.h"
#include "core/ctx.h"
#include "engine/engine.h"
#include "sources/experiment.h"
#include "engine/folds.h"
#include "engine/metrics.h"
#include "core/random.h"
#include "core/state.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 6, CLASSES = 3, ROWS = 307, FOLDS = 5, STAGES = 3 };
static const char *const labels[10] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };

static void no_warning(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

static struct mp_run make_run(int threads, int classes)
{
    return (struct mp_run){ .seed = 1, .threads = threads, .n_classes = classes, .classes = labels,
                            .warnings = { .hear = no_warning } };
}

/* ---------------------------------------------------------------- assigning */

/* The largest difference between folds in the rows of one class (-1: of all). */
static size_t spread(const int *y, const int *fold, size_t n, int k, int class)
{
    size_t count[16] = { 0 }, low = SIZE_MAX, high = 0;
    for (size_t i = 0; i < n; i++)
        count[fold[i]] += class < 0 || y[i] == class;
    for (int f = 0; f < k; f++) {
        low = count[f] < low ? count[f] : low;
        high = count[f] > high ? count[f] : high;
    }
    return high - low;
}

static void test_fair(struct tap *t)
{
    static const int ks[] = { 2, 3, 5, 10 };
    struct mp_run run = make_run(1, CLASSES);
    struct mp_ctx c;
    int y[ROWS], fold[ROWS], again[ROWS], other[ROWS];
    mp_ctx_init(&c, &run);
    for (int i = 0; i < ROWS; i++)
        y[i] = i % 7 == 0 ? 0 : i % 3 == 0 ? 1 : 2;
    for (size_t j = 0; j < sizeof ks / sizeof *ks; j++) {
        const int k = ks[j];
        bool good = mp_folds_assign(&c, y, ROWS, CLASSES, k, 1, fold) == MP_OK;
        for (int class = -1; class < CLASSES; class++)
            good = good && spread(y, fold, ROWS, k, class) <= 1;
        tap_ok(t, good, "%d folds: of one size, and so is each class in them", k);
    }
    mp_folds_assign(&c, y, ROWS, CLASSES, FOLDS, 1, fold);
    mp_folds_assign(&c, y, ROWS, CLASSES, FOLDS, 1, again);
    mp_folds_assign(&c, y, ROWS, CLASSES, FOLDS, 2, other);
    tap_ok(t, memcmp(fold, again, sizeof fold) == 0, "the same seed: the same folds");
    tap_ok(t, memcmp(fold, other, sizeof fold) != 0, "another seed: other folds");
    mp_ctx_free(&c);
}

static void refused(struct tap *t, const int *y, size_t n, int k, const char *text)
{
    struct mp_run run = make_run(1, CLASSES);
    struct mp_ctx c;
    int fold[8];
    mp_ctx_init(&c, &run);
    const int rc = mp_folds_assign(&c, y, n, CLASSES, k, 1, fold);
    if (!tap_ok(t, rc < 0 && strcmp(c.msg, text) == 0, "refused: %s", text))
        tap_note("found %s", c.msg);
    mp_ctx_free(&c);
}

static void test_refused(struct tap *t)
{
    refused(t, (const int[]){ 0, 1, 0, 1 }, 4, 1, "1 folds: expected 2 or more");
    refused(t, (const int[]){ 0, 1, 0, 1 }, 4, 5, "5 folds need at least as many rows, found 4");
    refused(t, (const int[]){ 1, 1, 1, 1 }, 4, 2,
            "all rows have the same label; to learn from them takes two");
    refused(t, (const int[]){ 0, 0, 2, 1, 1 }, 5, 5,
            "5 folds need at least as many rows of labels that have two, one to learn from while the "
            "other is held out; found 4");
    struct mp_ctx c;
    int fold[5];
    mp_ctx_init(&c, NULL);
    tap_ok(t, mp_folds_assign(&c, (const int[]){ 0, 0, 2, 1, 1 }, 5, 3, 2, 1, fold) == MP_OK &&
                  fold[2] == MP_NO_FOLD && fold[0] + fold[1] == 1 && fold[3] + fold[4] == 1,
           "a class of one row: no fold tests it");
    mp_ctx_free(&c);
    refused(t, (const int[]){ 0, 3, 0, 1 }, 4, 2, "row 1 has class 3, expected 0..2");
}

/* ------------------------------------------------------------------- leaks */

static void make_data(struct mp_data *d, int *y)
{
    const size_t len = SIDE * SIDE;
    *d = (struct mp_data){ .name = (char *)(uintptr_t) "made", .n = ROWS,
                           .shape = { SIDE, SIDE, 1 }, .x = malloc(ROWS * len) };
    for (size_t i = 0; i < ROWS; i++) {
        y[i] = (int)(i % CLASSES);
        for (size_t j = 0; j < len; j++)
            d->x[i * len + j] = (uint8_t)((mp_random_at(1, i, j, 0) >> 58) +
                                          (j % CLASSES == (size_t)y[i] ? 40 : 0));
    }
}

/* The states of all stages that learn, fold by fold. */
struct states {
    struct mp_io io[FOLDS][STAGES];
    int n[FOLDS];
};

static int keep(struct mp_ctx *c, void *arg, int f, const struct mp_plan *p)
{
    struct states *s = arg;
    for (int k = 0; k < p->n_nodes; k++)
        if (p->nodes[k].entry->stage->io != NULL &&
            mp_state_save(c, p->nodes[k].entry->stage, p->nodes[k].state,
                          &s->io[f][s->n[f]++]) < 0)
            return -1;
    return MP_OK;
}

static void states_free(struct states *s)
{
    for (int f = 0; f < FOLDS; f++)
        for (int k = 0; k < s->n[f]; k++)
            free(s->io[f][k].buf);
}

static bool same_states(const struct states *a, int f, const struct states *b, int g)
{
    bool same = a->n[f] == STAGES && b->n[g] == STAGES;
    for (int k = 0; k < STAGES && same; k++)
        same = a->io[f][k].len == b->io[g][k].len &&
               memcmp(a->io[f][k].buf, b->io[g][k].buf, a->io[f][k].len) == 0;
    return same;
}

static const char learns[] = "pixels\nstandardize\npca components=4\nsvm C=0.1\n";

static bool cross(struct mp_ctx *c, const struct mp_data *d, const int *y, struct states *s,
                  struct mp_out_of_fold *out)
{
    struct mp_script script = { 0 };
    *out = (struct mp_out_of_fold){ .fitted = s != NULL ? keep : NULL, .arg = s };
    const bool good = mp_script_parse(c, "test", learns, &script) == MP_OK &&
                      mp_out_of_fold(c, &script, d, y, FOLDS, 7, out) == MP_OK;
    if (!good)
        tap_note("%s", c->msg);
    mp_script_free(&script);
    return good;
}

/* A plan fitted directly on these rows: no folds in sight. */
static bool direct(struct mp_ctx *c, const struct mp_data *d, const int *y, const size_t *row,
                   size_t n, struct states *s)
{
    struct mp_script script = { 0 };
    struct mp_plan p = { 0 };
    struct mp_data part = { 0 };
    int own[ROWS];
    for (size_t i = 0; i < n; i++)
        own[i] = y[row[i]];
    const bool good = mp_script_parse(c, "test", learns, &script) == MP_OK &&
                      mp_plan_build(c, &script, &p) == MP_OK &&
                      mp_data_pick(c, d, row, n, &part) == MP_OK &&
                      mp_plan_shape(c, &p, d->shape) == MP_OK &&
                      mp_engine_fit(c, &p, &part, own, p.n_nodes - 1) == MP_OK &&
                      keep(c, s, 0, &p) == MP_OK;
    mp_data_free(&part);
    mp_plan_free(&p);
    mp_script_free(&script);
    return good;
}

static void test_leak(struct tap *t)
{
    struct mp_run run = make_run(2, CLASSES);
    struct mp_ctx c;
    struct mp_data d;
    struct mp_out_of_fold plain, out;
    struct states before = { 0 }, after = { 0 }, alone = { 0 };
    const size_t outlier = 100;
    int y[ROWS];
    size_t row[ROWS], n = 0;
    mp_ctx_init(&c, &run);
    make_data(&d, y);
    bool good = cross(&c, &d, y, &before, &plain);
    memset(d.x + outlier * SIDE * SIDE, 255, SIDE * SIDE);
    good = cross(&c, &d, y, &after, &out) && good;
    const int held = good ? out.fold[outlier] : 0;
    for (size_t i = 0; i < ROWS && good; i++)
        if (out.fold[i] != held)
            row[n++] = i; /* without the outlier */
    good = good && direct(&c, &d, y, row, n, &alone);
    tap_ok(t, good && same_states(&after, held, &alone, 0),
           "standardize, pca and svm: a fold's states are those of a fit on the other folds alone");
    tap_ok(t, good && same_states(&after, held, &before, held),
           "an outlier that is held out leaves no trace in them");
    bool seen = good;
    for (int f = 0; f < FOLDS && good; f++)
        seen = seen && (f == held || !same_states(&after, f, &before, f));
    tap_ok(t, seen, "it shows in the states of every other fold");
    mp_out_of_fold_free(&plain);
    mp_out_of_fold_free(&out);
    states_free(&before);
    states_free(&after);
    states_free(&alone);
    free(d.x);
    mp_ctx_free(&c);
}

static void test_threads(struct tap *t)
{
    struct mp_out_of_fold out[2] = { 0 };
    struct mp_data d;
    int y[ROWS];
    bool good = true;
    make_data(&d, y);
    for (int k = 0; k < 2; k++) {
        struct mp_run run = make_run(k == 0 ? 1 : 3, CLASSES);
        struct mp_ctx c;
        mp_ctx_init(&c, &run);
        good = cross(&c, &d, y, NULL, &out[k]) && good;
        mp_ctx_free(&c);
    }
    good = good && memcmp(out[0].p.scores, out[1].p.scores,
                          ROWS * CLASSES * sizeof *out[0].p.scores) == 0;
    tap_ok(t, good, "one thread and three give the same scores");
    size_t hits = 0;
    for (size_t i = 0; i < ROWS && good; i++)
        hits += out[0].p.predicted[i] == y[i] &&
                mp_argmax(out[0].p.scores + i * CLASSES, CLASSES) == y[i];
    tap_ok(t, hits == ROWS, "scores stand in the order of the rows: %zu of %d right", hits, ROWS);
    for (int k = 0; k < 2; k++)
        mp_out_of_fold_free(&out[k]);
    free(d.x);
}

/* --------------------------------------------------------- nothing to learn */

static void shuffle(int *y, size_t n, uint64_t seed)
{
    for (size_t i = n; i > 1; i--) {
        const size_t j = mp_random_at(seed, 1, i, 0) % i;
        const int own = y[i - 1];
        y[i - 1] = y[j];
        y[j] = own;
    }
}

static void test_permuted(struct tap *t)
{
    struct mp_run run = make_run(2, 10);
    struct mp_ctx c;
    struct mp_data d = { 0 };
    struct mp_script s = { 0 };
    struct mp_out_of_fold out = { 0 };
    struct mp_names names = { .n = 0 };
    int *y = NULL;
    uint64_t hits = 0;
    double low = 1, high = 0;
    mp_ctx_init(&c, &run);
    bool good = mp_rows_read(&c, "sample:train", "", &(struct mp_form){ .label = NULL }, "", &d) == 0 &&
                mp_class_numbers(&c, &d, &names, &y) == 0;
    if (good)
        shuffle(y, d.n, 1);
    good = good && mp_script_parse(&c, "test", "resize width=7 height=7\npixels\n"
                                               "svm C=0.01 solver=l2loss_primal\n", &s) == 0 &&
           mp_out_of_fold(&c, &s, &d, y, FOLDS, 1, &out) == 0;
    for (size_t i = 0; i < out.p.n && good; i++)
        hits += out.p.predicted[i] == y[i];
    if (good)
        mp_wilson(hits, out.p.n, &low, &high);
    else
        tap_note("%s", c.msg);
    tap_ok(t, low <= 0.1 && high >= 0.1,
           "the sample, its labels shuffled: %llu of %zu right, %.2f .. %.2f %% has 10 %% in it",
           (unsigned long long)hits, out.p.n, 100 * low, 100 * high);
    mp_out_of_fold_free(&out);
    mp_script_free(&s);
    mp_data_free(&d);
    mp_names_free(&names);
    free(y);
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------- fold by fold */

static void test_cross(struct tap *t)
{
    static const double v[] = { 0.5, 0.75, 0.75, 1 };
    static const int y[] = { 0, 0, 1, 1, 2 };
    int fold[] = { 0, 1, 0, 1, 1 }, predicted[] = { 0, 1, 1, 1, 2 };
    struct mp_out_of_fold o = { .k = 2, .fold = fold, .p = { .n = 5, .predicted = predicted } };
    struct mp_cross x;
    struct mp_ctx c;
    double mean, deviation;
    mp_ctx_init(&c, NULL);
    mp_spread(v, 4, &mean, &deviation);
    tap_ok(t, fabs(mean - 0.75) < 1e-15 && fabs(deviation - 0.20412414523193151) < 1e-15,
           "mean and sample standard deviation");
    mp_spread(v, 1, &mean, &deviation);
    tap_ok(t, mean >= 0.5 && mean <= 0.5 && isnan(deviation), "one number has no deviation");
    tap_ok(t, mp_cross_score(&c, &o, y, &x) == MP_OK && x.fold[0].rows == 2 &&
                  x.fold[0].errors == 0 && x.fold[1].rows == 3 && x.fold[1].errors == 1 &&
                  fabs(x.mean - 5.0 / 6) < 1e-15 && fabs(x.deviation - sqrt(2) / 6) < 1e-15,
           "rows and errors fold by fold");
    mp_cross_free(&x);
}

int main(void)
{
    struct tap t = { 0 };
    test_fair(&t);
    test_refused(&t);
    test_leak(&t);
    test_threads(&t);
    test_permuted(&t);
    test_cross(&t);
    return tap_end(&t);
}
