/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check.c - `mnistpipe check`: is the pipeline right, and what will it cost? */
#include "core/ctx.h"
#include "engine/engine.h"
#include "engine/fit.h"
#include "engine/room.h"
#include "sources/experiment.h"
#include "text/layout.h"
#include <math.h>
#include <string.h>

enum { TRIAL_ROWS = 1024, FEWEST_ROWS = 128 };

/* How often the last stage sees each training row. */
static size_t passes(const struct mp_experiment *x)
{
    return mp_plan_passes(&x->plan, x->plan.n_nodes - 1);
}

/* Learns from the first rows only, so that costs can be told; copies count as rows. */
static int trial(struct mp_ctx *c, struct mp_experiment *x, struct mp_data *part)
{
    const size_t share = TRIAL_ROWS / passes(x), most = share > FEWEST_ROWS ? share : FEWEST_ROWS;
    size_t rows[TRIAL_ROWS], n = 0;
    while (n < most && n < x->train.n) {
        rows[n] = n;
        n++;
    }
    return mp_data_pick(c, &x->train, rows, n, part) < 0
               ? -1
               : mp_fit(c, &x->plan, part, x->train_y);
}

static int nothing(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    (void)c;
    (void)arg;
    (void)out;
    return MP_OK;
}

static void no_warning(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

/* To two digits: a guess has no more. */
static double rounded(double x)
{
    const double digit = x > 0 ? pow(10, floor(log10(x)) - 1) : 1;
    return round(x / digit) * digit;
}

/* A trial is short, other processes are there, and solvers take as many steps as the rows
 * need: no more than a range can be told. */
static void say_time(double seconds, size_t trial_rows)
{
    mp_say(stdout, "", 0, "about %.10g to %.10g s in all, reading included: a guess from a trial "
           "on %zu rows", rounded(seconds / 2), rounded(seconds * 2), trial_rows);
}

static void print_table(const struct mp_ctx *c, const struct mp_experiment *x, size_t trial_rows)
{
    static const struct mp_tabular_column column[] = {
        { "line", 'l' }, { "stage", 'w' }, { "takes", 'r' }, { "gives", 'r' },
        { "all rows MB", 'r' }, { "about s", 'r' }
    };
    const double n = (double)x->train.n, threads = c->run->threads, scale = n / (double)trial_rows;
    const double share = c->run->trial.share > 0 ? c->run->trial.share : 1;
    double total = 0;
    struct mp_tabular t;
    mp_tabular_open(&t, column, sizeof column / sizeof *column, 2);
    for (int i = 0; i < x->plan.n_nodes; i++) {
        const struct mp_node *k = &x->plan.nodes[i];
        const double row = k->cost.apply_rows > 0 ? k->cost.apply / (double)k->cost.apply_rows : 0;
        const double learned = n * (double)k->passes;
        const bool sums = k->entry != NULL && (k->entry->stage->flags & MP_SUMS);
        const double fixed = fmin(c->run->trial.fixed, k->cost.done);
        const double done = sums ? k->cost.done
                                 : (scale * (k->cost.done - fixed) + fixed) / share;
        const double seconds = row * (learned + (double)x->test.n) / threads +
                               scale * k->cost.fit / threads + done;
        total += seconds * (x->plan.source.folds > 0 ? x->plan.source.folds : 1);
        mp_tabular_cell(&t, "%d", k->line);
        mp_tabular_cell(&t, "%s", k->text);
        mp_tabular_cell(&t, "%dx%dx%d", k->in.h, k->in.w, k->in.c);
        mp_tabular_cell(&t, "%dx%dx%d", k->out.h, k->out.w, k->out.c);
        mp_tabular_cell(&t, "%.1f", 1e-6 * learned * (double)mp_len(k->out) *
                                        (k->bytes ? 1 : sizeof(float)));
        mp_tabular_cell(&t, "%.10g", rounded(seconds));
    }
    mp_tabular_print(&t, stdout, &mp_plain);
    char copies[64] = "";
    if (passes(x) > 1)
        snprintf(copies, sizeof copies, " (%zu with copies)", x->train.n * passes(x));
    putchar('\n');
    mp_say(stdout, "", 0, "%zu training rows%s, %zu test rows, %d classes, seed %llu, %d threads",
           x->train.n, copies, x->test.n, x->n_classes, (unsigned long long)c->run->seed,
           c->run->threads);
    say_time(total + x->read_seconds, trial_rows);
}

/* Seconds that a row takes up to node k, by the clock, as the trial went. */
static double row_seconds(const struct mp_ctx *c, const struct mp_plan *p, int k)
{
    double sum = 0;
    for (int j = 0; j <= k; j++) {
        const struct mp_cost *cost = &p->nodes[j].cost;
        if (cost->apply_rows > 0 && mp_room_depends(p, k, j))
            sum += cost->apply / (double)cost->apply_rows;
    }
    return sum / c->run->threads;
}

/* Where the rows that node f reads again and again would lie. */
static void say_rows(const struct mp_ctx *c, const struct mp_experiment *x, int f)
{
    const struct mp_plan *p = &x->plan;
    for (int k = 0; k < f; k++) {
        size_t size, free;
        char some[80] = "";
        if (!mp_room_wanted(p, f, k))
            continue;
        const size_t each = x->train.n, rows = mp_learns(p->nodes[f].entry, MP_IN_PASSES)
                                                   ? each * p->nodes[k].passes : each;
        const struct mp_room room = mp_room_plan(p, f, k, rows);
        const bool fits = mp_room_fits(&room, &size, &free);
        const bool slow = !fits && mp_room_slow(&room, row_seconds(c, p, k));
        const size_t kept = fits ? rows : mp_room_some(&room, free);
        if (kept > 0)
            snprintf(some, sizeof some, "%zu are kept there, and each pass makes the others again",
                     kept);
        mp_say(stdout, "", 0, "line %d reads %zu rows of line %d again and again, %.1f MB%s; %.1f "
               "GB of memory are free for rows: %s", p->nodes[f].line, rows, p->nodes[k].line,
               1e-6 * (double)size, room.rounded ? " at 16 bits a value" : "", 1e-9 * (double)free,
               kept == rows ? "they are kept there"
               : slow ? "they lie on disk, as they take longer to make than to read"
               : kept > 0 ? some
                      : "each pass makes them again");
    }
}

static int check(struct mp_ctx *c, struct mp_experiment *x, struct mp_data *part)
{
    c->run->trial.on = true;
    c->run->trial.share = 1;
    if (mp_plan_prepare(c, &x->plan) < 0 || mp_experiment_read(c, x) < 0)
        return -1;
    c->run->warnings.hear = no_warning; /* what the trial rows cause is no remark on the pipeline */
    if (trial(c, x, part) < 0 ||
        (x->plan.n_nodes > 0 &&
         mp_engine_apply(c, &x->plan, part, x->plan.n_nodes - 1, "check", nothing, NULL) < 0))
        return -1;
    print_table(c, x, part->n);
    for (int f = 0; f < x->plan.n_nodes; f++)
        say_rows(c, x, f);
    for (int i = 0; i < x->plan.n_nodes; i++) {
        const struct mp_node *k = &x->plan.nodes[i];
        if (mp_learner(k->entry)->describe == NULL)
            continue;
        mp_say(stdout, "\n", 0, "%s", k->text);
        mp_plan_where(c, &x->plan, i);
        if (mp_learner(k->entry)->describe(c, k->params, k->in, stdout) < 0)
            return -1;
    }
    return MP_OK;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    struct mp_experiment x;
    struct mp_data part = { 0 };
    (void)options;
    if (n != 1)
        return mp_usage(c, "check: expected one pipeline file, found %d argument%s", n,
                        n == 1 ? "" : "s");
    int rc = mp_experiment_plan(c, args[0], &x);
    if (rc == MP_OK)
        rc = check(c, &x, &part);
    mp_data_free(&part);
    mp_experiment_free(&x);
    return rc;
}

MP_COMMAND(check) = {
    .order = 2,
    .brief = "Check a pipeline and show shapes, memory and time",
    .usage = "PIPELINE",
    .doc = "Finds mistakes in the pipeline and in the data without running the experiment,\n"
           "and shows the shape of a row after every stage, the memory that all training\n"
           "rows would take there, and a guess of the time, from a trial on 1024 rows. Of rows\n"
           "that a stage reads again and again it says whether memory has room for them.",
    .pipeline = true,
    .run = run,
};
