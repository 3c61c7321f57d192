/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stack.c - what stacks models learns from scores out of fold, and from nothing else. */
#include "../tap.h"
#include "../direct.h"
#include "../labels.h"
#include "engine/fit.h"
#include "engine/folds.h"
#include "pipeline/pipeline.h"
#include "engine/predictions.h"
#include "data/split.h"
#include "core/state.h"
#include "formats/read.h"

enum { K = 10, FOLDS = 3, MODELS = 2, ROWS = 600 };

/* Solvers that draw nothing: the order of the stages does not matter to them. */
static const char *const models[MODELS] = {
    "pixels\nstandardize\nsvm C=0.001 solver=l2loss_primal\ncalibrate share=0.2\n",
    "logistic C=0.01\n",
};
static const char stacked[] = "stack folds=3 C=0.1\n"
                              "  branch\n"
                              "    pixels\n"
                              "    standardize\n"
                              "    svm C=0.001 solver=l2loss_primal\n"
                              "    calibrate share=0.2\n"
                              "  branch\n"
                              "    logistic C=0.01\n";

static void no_warning(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

static const char *const ten[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };

struct bench {
    struct tap *t;
    struct mp_run run;
    struct mp_ctx c;
    struct mp_data d;
    int *y;
};

static bool open_bench(struct bench *b, struct tap *t, int threads)
{
    struct mp_data all = { 0 };
    size_t rows[ROWS];
    const struct mp_form any = { .label = NULL };
    memset(b, 0, sizeof *b);
    b->t = t;
    b->run = (struct mp_run){ .seed = 1, .threads = threads, .n_classes = K, .classes = ten,
                              .warnings = { .hear = no_warning } };
    char path[4096];
    for (size_t i = 0; i < ROWS; i++)
        rows[i] = i;
    mp_ctx_init(&b->c, &b->run);
    snprintf(path, sizeof path, "%s/train.csv.gz", getenv("MNISTPIPE_DATA"));
    b->y = direct_memory(ROWS, sizeof *b->y);
    const bool good = mp_data_read(&b->c, path, NULL, &any, &all) == MP_OK &&
                      mp_data_pick(&b->c, &all, rows, ROWS, &b->d) == MP_OK;
    for (size_t i = 0; i < ROWS && good; i++)
        b->y[i] = (int)label_of(&b->d, i);
    mp_data_free(&all);
    return good;
}

static void close_bench(struct bench *b)
{
    mp_data_free(&b->d);
    free(b->y);
    mp_ctx_free(&b->c);
}

static bool build(struct bench *b, const char *text, struct mp_plan *p)
{
    struct mp_script s;
    memset(p, 0, sizeof *p);
    if (mp_script_parse(&b->c, "test", text, &s) < 0)
        return false;
    const bool good = mp_plan_build(&b->c, &s, p) == MP_OK &&
                      mp_plan_shape(&b->c, p, b->d.shape) == MP_OK;
    mp_script_free(&s);
    return good;
}

static bool same_state(struct bench *b, const struct mp_node *m, const struct mp_node *n)
{
    struct mp_io one = { .buf = NULL }, two = { .buf = NULL };
    const bool same = mp_state_save(&b->c, m->entry->stage, m->state, &one) == MP_OK &&
                      mp_state_save(&b->c, n->entry->stage, n->state, &two) == MP_OK &&
                      one.len == two.len && memcmp(one.buf, two.buf, one.len) == 0;
    free(one.buf);
    free(two.buf);
    return same;
}

/* Model m's scores of rows of the fold, by a pipeline of its own, into x: columns m. */
static bool score(struct bench *b, const struct mp_fold *part, int m, float *x)
{
    struct mp_plan q;
    struct mp_predictions p = { .n = 0 };
    const bool good = build(b, models[m], &q) &&
                      mp_fit(&b->c, &q, &part->train, part->train_y) == MP_OK &&
                      mp_predict(&b->c, &q, &part->held, &p) == MP_OK;
    for (size_t i = 0; i < p.n && good; i++)
        memcpy(x + (part->held_row[i] * MODELS + (size_t)m) * K, p.scores + i * K,
               K * sizeof *x);
    mp_predictions_free(&p);
    mp_plan_free(&q);
    return good;
}

static void test_out_of_fold(struct bench *b, const struct mp_plan *p)
{
    const struct mp_node *n = &p->nodes[p->n_nodes - 1];
    struct rows r = { ROWS, { 1, K * MODELS, 1 },
                      direct_memory(ROWS * K * MODELS, sizeof(float)), NULL, b->y };
    int fold[ROWS];
    bool good = mp_folds_assign(&b->c, b->y, ROWS, K, FOLDS, 1, fold) == MP_OK;
    for (int f = 0; f < FOLDS && good; f++) {
        struct mp_fold part;
        good = mp_fold_open(&b->c, &b->d, b->y, fold, f, &part) == MP_OK;
        for (int m = 0; m < MODELS && good; m++)
            good = score(b, &part, m, r.x);
        mp_fold_close(&part);
    }
    struct mp_node own = *n;
    own.state = good ? direct_fit(&b->c, own.entry->stage, own.params, &r, 1, 0) : NULL;
    tap_ok(b->t, good && same_state(b, &own, n),
           "it has learned from what models of the other folds say of each row");
    direct_clear(own.entry->stage, own.state);
    free(r.x);
}

/* The branches that stay have learned from all rows, as if they stood alone. */
static void test_branches(struct bench *b, const struct mp_plan *p)
{
    int at = 0;
    for (int m = 0; m < MODELS; m++) {
        struct mp_plan q;
        bool good = build(b, models[m], &q) && mp_fit(&b->c, &q, &b->d, b->y) == MP_OK;
        for (int k = 0; k < q.n_nodes && good; k++, at++)
            good = p->nodes[at].entry == q.nodes[k].entry &&
                   (q.nodes[k].entry->stage->io == NULL ||
                    same_state(b, &p->nodes[at], &q.nodes[k]));
        tap_ok(b->t, good, "branch %d is what it is alone, on all rows", m + 1);
        mp_plan_free(&q);
    }
}

int main(void)
{
    struct tap t = { 0 };
    struct bench b, serial;
    struct mp_plan p, q;
    if (!tap_ok(&t, open_bench(&b, &t, 3) && build(&b, stacked, &p) &&
                        mp_fit(&b.c, &p, &b.d, b.y) == MP_OK, "models are stacked"))
        tap_note("%s", b.c.msg);
    test_out_of_fold(&b, &p);
    test_branches(&b, &p);
    const bool good = open_bench(&serial, &t, 1) && build(&serial, stacked, &q) &&
                      mp_fit(&serial.c, &q, &serial.d, serial.y) == MP_OK;
    tap_ok(&t, good && same_state(&b, &p.nodes[p.n_nodes - 1], &q.nodes[q.n_nodes - 1]),
           "one thread and three give the same state");
    mp_plan_free(&p);
    mp_plan_free(&q);
    close_bench(&b);
    close_bench(&serial);
    return tap_end(&t);
}
