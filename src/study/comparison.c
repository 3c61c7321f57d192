/* SPDX-License-Identifier: GPL-3.0-or-later */
/* comparison.c - runs side by side.
 *
 * Every pair of runs is tested by McNemar's exact test on the same test rows.  With many
 * pairs some would differ by chance, so the probabilities are corrected by Holm's step-down
 * method (1979): at 5 %, in 95 of 100 comparisons no "better" is said wrongly. */
#include "study/comparison.h"
#include "config.h"
#include "report/report.h"
#include "report/statistics.h"
#include "text/cells.h"
#include "text/json.h"
#include "text/layout.h"
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------- runs */

static json_t *at(const json_t *o, const char *group, const char *key)
{
    json_t *v = json_object_get(json_object_get(o, group), key);
    return v != NULL ? json_incref(v) : json_null();
}

/* Real numbers that the models have learned, those of embedded nets with them. */
static json_int_t parameters(const json_t *report)
{
    json_int_t sum = 0;
    size_t i;
    json_t *stage;
    json_array_foreach(json_object_get(report, "stages"), i, stage) {
        const struct mp_entry *e = mp_find_stage(mp_string(stage, "stage"));
        if (e != NULL && (mp_is_model(e) || mp_learns(e, MP_IN_EPOCHS)))
            sum += json_integer_value(json_object_get(json_object_get(stage, "fit"),
                                                      "parameters"));
    }
    return sum;
}

static void add_results(json_t *o, const struct mp_job *j)
{
    const json_t *r = j->report, *test = json_object_get(r, "test");
    const double seconds = mp_real(json_object_get(r, "seconds"), "predict");
    json_object_set_new(o, "accuracy", at(r, "test", "accuracy"));
    json_object_set_new(o, "accuracy_interval", at(r, "test", "accuracy_interval"));
    json_object_set_new(o, "errors", at(r, "test", "errors"));
    json_object_set_new(o, "macro_f1", at(r, "test", "macro_f1"));
    json_object_set(o, "threads", json_object_get(r, "threads"));
    json_object_set_new(o, "train_seconds", at(r, "seconds", "fit"));
    json_object_set_new(o, "predict_seconds", json_real(seconds));
    json_object_set_new(o, "images_per_second",
                        seconds > 0 ? json_real(mp_real(test, "rows") / seconds) : json_null());
    json_object_set_new(o, "bundle_bytes", at(r, "bundle", "bytes"));
    json_object_set_new(o, "parameters", json_integer(parameters(r)));
    json_object_set_new(o, "peak_bytes", at(r, "memory", "peak_bytes"));
    json_object_set(o, "warnings", json_object_get(r, "warnings"));
}

json_t *mp_run_json(const struct mp_job *j, int rank)
{
    json_t *o = json_object();
    json_object_set_new(o, "rank", rank > 0 ? json_integer(rank) : json_null());
    json_object_set_new(o, "name", mp_name_json(j->name));
    json_object_set_new(o, "pipeline", mp_name_json(j->file));
    json_object_set_new(o, "model", j->model != NULL ? json_string(j->model) : json_null());
    json_object_set_new(o, "kind", j->model == NULL ? json_null()
                                                    : json_string(j->deep ? "deep" : "classical"));
    json_object_set_new(o, "error", j->error != NULL ? mp_name_json(j->error) : json_null());
    json_object_set_new(o, "folder", j->report != NULL ? mp_name_json(j->folder) : json_null());
    json_object_set_new(o, "from_cache", json_boolean(j->from_cache));
    if (j->error == NULL)
        add_results(o, j);
    return o;
}

size_t mp_runs_beside(const json_t *runs, const json_t *document)
{
    size_t n = 0, i;
    const json_t *run;
    json_array_foreach(runs, i, run)
        n += !mp_form_failed(run) && mp_real(run, "threads") < mp_real(document, "threads");
    return n;
}

/* -------------------------------------------------------------------- pairs */

struct pair {
    int a, b; /* jobs, the better one of the table first */
    struct mp_pair count;
    struct mp_comparison test;
    double holm;
};

/* Holm's probabilities, into the pairs. */
static int correct(struct mp_ctx *c, struct pair *pairs, size_t m)
{
    double *p = mp_alloc(c, 2 * m, sizeof *p);
    int rc = p != NULL ? MP_OK : -1;
    for (size_t i = 0; i < m && rc == MP_OK; i++)
        p[i] = pairs[i].test.p;
    if (rc == MP_OK)
        rc = mp_holm(c, p, m, p + m);
    for (size_t i = 0; i < m && rc == MP_OK; i++)
        pairs[i].holm = p[m + i];
    free(p);
    return rc;
}

static json_t *pair_json(const struct mp_job *jobs, const struct pair *p)
{
    const bool told = p->holm < MP_LEVEL;
    const struct mp_job *better = &jobs[p->test.difference > 0 ? p->a : p->b];
    const struct mp_pair *q = &p->count;
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:f, s:[f, f], s:f, s:f, s:o}", "a",
                     mp_name_json(jobs[p->a].name), "b", mp_name_json(jobs[p->b].name),
                     "both_right", (json_int_t)q->both, "only_a_right", (json_int_t)q->only_a,
                     "only_b_right", (json_int_t)q->only_b, "neither_right",
                     (json_int_t)q->neither, "difference", p->test.difference,
                     "difference_interval", p->test.low, p->test.high, "p", p->test.p, "p_holm",
                     p->holm, "better", told ? mp_name_json(better->name) : json_null());
}

static json_t *pairs_json(struct mp_ctx *c, const struct mp_job *jobs, const int *order, int n,
                          const struct mp_experiment *x)
{
    const size_t m = (size_t)n * (size_t)(n > 0 ? n - 1 : 0) / 2;
    struct pair *pairs = mp_alloc(c, m, sizeof *pairs);
    json_t *list = json_array();
    size_t k = 0;
    for (int i = 0; i < n && pairs != NULL && x->test_y != NULL; i++)
        for (int j = i + 1; j < n; j++, k++) {
            pairs[k] = (struct pair){ .a = order[i], .b = order[j] };
            pairs[k].count = mp_pair_count(x->test.n, x->test_y, jobs[order[i]].predicted,
                                           jobs[order[j]].predicted);
            pairs[k].test = mp_compare(pairs[k].count);
        }
    if (pairs == NULL || correct(c, pairs, k) < 0) {
        json_decref(list);
        list = NULL;
    }
    for (size_t i = 0; list != NULL && i < k; i++)
        json_array_append_new(list, pair_json(jobs, &pairs[i]));
    free(pairs);
    return list;
}

/* ----------------------------------------------------------------- document */

/* Best first; of equals the one that was named first; without labels, as named. */
static int sort_jobs(const struct mp_job *jobs, int n, int *order)
{
    int m = 0;
    for (int i = 0; i < n; i++) {
        int to = m;
        if (jobs[i].error != NULL)
            continue;
        const double errors = mp_real(json_object_get(jobs[i].report, "test"), "errors");
        for (; to > 0; to--) {
            const json_t *test = json_object_get(jobs[order[to - 1]].report, "test");
            if (mp_real(test, "errors") <= errors)
                break;
            order[to] = order[to - 1];
        }
        order[to] = i;
        m++;
    }
    return m;
}

json_t *mp_scored_json(const struct mp_experiment *x)
{
    const struct mp_source *s = &x->plan.source;
    char split[64] = "holdout of the training rows";
    if (s->folds > 0)
        snprintf(split, sizeof split, "%d-fold cross-validation of the training rows", s->folds);
    return mp_name_json(x->test_path != NULL ? s->test : split);
}

json_t *mp_comparison_json(struct mp_ctx *c, const struct mp_job *jobs, int n,
                           const struct mp_experiment *x)
{
    const struct mp_source *s = &x->plan.source;
    int *order = mp_alloc(c, (size_t)n, sizeof *order);
    if (order == NULL)
        return NULL;
    const int good = sort_jobs(jobs, n, order);
    json_t *runs = json_array(), *pairs = pairs_json(c, jobs, order, good, x), *o = NULL;
    for (int i = 0; i < good; i++)
        json_array_append_new(runs, mp_run_json(&jobs[order[i]], i + 1));
    for (int i = 0; i < n; i++)
        if (jobs[i].error != NULL)
            json_array_append_new(runs, mp_run_json(&jobs[i], 0));
    if (pairs != NULL)
        o = json_pack("{s:s, s:o, s:I, s:o, s:I, s:b, s:i, s:f, s:o, s:o}", "mnistpipe",
                      PACKAGE_VERSION, "train", mp_name_json(s->train), "train_rows",
                      (json_int_t)x->train.n, "test", mp_scored_json(x), "test_rows",
                      (json_int_t)x->test.n, "scored", x->test_y != NULL, "threads",
                      c->run->threads, "level", MP_LEVEL, "runs", runs, "pairs", pairs);
    else
        json_decref(runs);
    free(order);
    if (o == NULL)
        mp_fail(c, "no memory for the comparison");
    return o;
}

/* ------------------------------------------------------------------- forms */

static const struct mp_form_column columns[] = {
    { "#", "rank", 'n', false },
    { "pipeline", "name", 't', true },
    { "kind", "kind", 't', true },
    { "accuracy", "accuracy", '%', false },
    { "95 % interval", "accuracy_interval", 'i', false },
    { "errors", "errors", 'n', false },
    { "F1", "macro_f1", 'f', false },
    { "train s", "train_seconds", 's', false },
    { "images/s", "images_per_second", 'q', false },
    { "bundle", "bundle_bytes", 'b', false },
    { "params", "parameters", 'q', false },
    { "memory", "peak_bytes", 'b', false },
};
enum { COLUMNS = sizeof columns / sizeof *columns, HEAD = 2 };

const struct mp_form_column *mp_comparison_columns(int *n, int *head)
{
    *n = COLUMNS;
    *head = HEAD;
    return columns;
}

/* Those that `run` is better than; or those after it that it is not told apart from. */
static bool list_pairs(struct mp_flow *w, const json_t *o, const char *run, bool better,
                       const char *lead)
{
    const json_t *pair;
    size_t i;
    bool any = false;
    json_array_foreach(json_object_get(o, "pairs"), i, pair) {
        char word[MP_CELL + 32];
        const bool first = strcmp(mp_string(pair, "a"), run) == 0;
        const bool told = *mp_string(pair, "better") != '\0';
        if (better ? strcmp(mp_string(pair, "better"), run) != 0 : told || !first)
            continue;
        if (any)
            w->column += fprintf(w->f, ",");
        else
            mp_flow(w, lead);
        const char *other = mp_string(pair, first ? "b" : "a");
        snprintf(word, sizeof word, "%.*s (p %.2g)", mp_form_whole(other, 100), other,
                 mp_real(pair, "p_holm"));
        mp_flow(w, word);
        any = true;
    }
    return any;
}

static void pairs_text(FILE *f, const json_t *o, int width)
{
    const json_t *run;
    size_t i;
    if (json_array_size(json_object_get(o, "pairs")) == 0)
        return;
    fputc('\n', f);
    mp_say(f, "", 0, "by McNemar's exact test of every pair, at 5 %% after Holm's correction:");
    const int room = mp_measure(f) / 3, indent = width < room ? width : room;
    json_array_foreach(json_object_get(o, "runs"), i, run) {
        const char *name = mp_string(run, "name");
        struct mp_flow w = { f, 2 + mp_text_columns(name), 2 + indent };
        if (json_is_null(json_object_get(run, "rank")))
            continue;
        fprintf(f, "  %s", name);
        for (; w.column < w.indent; w.column++)
            fputc(' ', f);
        const bool better = list_pairs(&w, o, name, true, "better than");
        if (!better)
            mp_flow(&w, "better than none");
        list_pairs(&w, o, name, false, "- not told apart from");
        fputc('\n', f);
    }
}

static void comparison_text(FILE *f, const json_t *o)
{
    const json_t *run, *runs = json_object_get(o, "runs");
    size_t i, reused = 0;
    json_array_foreach(runs, i, run)
        reused += json_is_true(json_object_get(run, "from_cache"));
    mp_say(f, "train", 8, "%.0f rows of %s", mp_real(o, "train_rows"), mp_string(o, "train"));
    mp_say(f, "test", 8, "%.0f rows of %s", mp_real(o, "test_rows"), mp_string(o, "test"));
    fputc('\n', f);
    pairs_text(f, o, mp_form_text(f, runs, columns, COLUMNS, HEAD));
    const size_t beside = mp_runs_beside(runs, o);
    if (beside > 0)
        mp_say(f, "\n", 0, MP_BESIDE, beside, json_array_size(runs));
    if (reused > 0)
        mp_say(f, "\n", 0, "%zu of %zu from the cache, with the times that they took then", reused,
               json_array_size(runs));
}

static void comparison_csv(FILE *f, const json_t *o)
{
    static const struct mp_csv_column all[] = {
        { "rank", "rank", 0 }, { "name", "name", 0 }, { "pipeline", "pipeline", 0 },
        { "model", "model", 0 }, { "kind", "kind", 0 }, { "accuracy", "accuracy", 0 },
        { "low", "accuracy_interval", 0 }, { "high", "accuracy_interval", 1 },
        { "errors", "errors", 0 }, { "macro_f1", "macro_f1", 0 },
        { "train_seconds", "train_seconds", 0 }, { "predict_seconds", "predict_seconds", 0 },
        { "images_per_second", "images_per_second", 0 }, { "bundle_bytes", "bundle_bytes", 0 },
        { "parameters", "parameters", 0 }, { "peak_bytes", "peak_bytes", 0 },
        { "from_cache", "from_cache", 0 }, { "error", "error", 0 },
    };
    mp_form_csv(f, json_object_get(o, "runs"), all, sizeof all / sizeof *all);
}

static void pairs_markdown(FILE *f, const json_t *o)
{
    const json_t *pair;
    size_t i;
    if (json_array_size(json_object_get(o, "pairs")) == 0)
        return;
    fputs("\n| pair | right only: first | second | difference | 95 % interval | p | p, Holm | "
          "better |\n|---|--:|--:|--:|--:|--:|--:|---|\n", f);
    json_array_foreach(json_object_get(o, "pairs"), i, pair) {
        const json_t *ends = json_object_get(pair, "difference_interval");
        char names[2 * MP_CELL];
        const char *a = mp_string(pair, "a"), *b = mp_string(pair, "b");
        snprintf(names, sizeof names, "%.*s, %.*s", mp_form_whole(a, 150), a, mp_form_whole(b, 150),
                 b);
        mp_markdown_cell(f, names);
        fprintf(f, "| %.0f | %.0f | %.2f | %.2f .. %.2f | %.2g | %.2g ",
                mp_real(pair, "only_a_right"), mp_real(pair, "only_b_right"),
                100 * mp_real(pair, "difference"),
                100 * json_real_value(json_array_get(ends, 0)),
                100 * json_real_value(json_array_get(ends, 1)), mp_real(pair, "p"),
                mp_real(pair, "p_holm"));
        mp_markdown_cell(f, *mp_string(pair, "better") != '\0' ? mp_string(pair, "better") : "-");
        fputs("|\n", f);
    }
}

void mp_comparison_write(FILE *f, const json_t *comparison, int format)
{
    switch (format) {
    case 0:
        comparison_text(f, comparison);
        break;
    case 1:
        mp_form_json(f, comparison);
        break;
    case 2:
        comparison_csv(f, comparison);
        break;
    default:
        mp_form_markdown(f, json_object_get(comparison, "runs"), columns, COLUMNS, HEAD);
        pairs_markdown(f, comparison);
    }
}
