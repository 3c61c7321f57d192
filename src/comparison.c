/* comparison.c - runs side by side.
 *
 * Every pair of runs is tested by McNemar's exact test on the same test rows.  With many
 * pairs some would differ by chance, so the probabilities are corrected by Holm's step-down
 * method (1979): at 5 %, in 95 of 100 comparisons no "better" is said wrongly. */
#include "comparison.h"
#include "cells.h"
#include "config.h"
#include "report.h"
#include "statistics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 0.05

/* -------------------------------------------------------------------- runs */

static json_t *at(const json_t *o, const char *group, const char *key)
{
    json_t *v = json_object_get(json_object_get(o, group), key);
    return v != NULL ? json_incref(v) : json_null();
}

static double real(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

/* Real numbers that the model has learned. */
static json_int_t parameters(const json_t *report)
{
    json_int_t sum = 0;
    size_t i;
    json_t *stage;
    json_array_foreach(json_object_get(report, "stages"), i, stage) {
        const char *group = json_string_value(json_object_get(stage, "group"));
        if (group != NULL && strcmp(group, "models") == 0)
            sum += json_integer_value(json_object_get(json_object_get(stage, "fit"),
                                                      "parameters"));
    }
    return sum;
}

static void add_results(json_t *o, const struct mp_job *j)
{
    const json_t *r = j->report, *test = json_object_get(r, "test");
    const double seconds = real(json_object_get(r, "seconds"), "predict");
    json_object_set_new(o, "accuracy", at(r, "test", "accuracy"));
    json_object_set_new(o, "accuracy_interval", at(r, "test", "accuracy_interval"));
    json_object_set_new(o, "errors", at(r, "test", "errors"));
    json_object_set_new(o, "macro_f1", at(r, "test", "macro_f1"));
    json_object_set_new(o, "train_seconds", at(r, "seconds", "fit"));
    json_object_set_new(o, "predict_seconds", json_real(seconds));
    json_object_set_new(o, "images_per_second",
                        seconds > 0 ? json_real(real(test, "rows") / seconds) : json_null());
    json_object_set_new(o, "bundle_bytes", at(r, "bundle", "bytes"));
    json_object_set_new(o, "parameters", json_integer(parameters(r)));
    json_object_set_new(o, "peak_bytes", at(r, "memory", "peak_bytes"));
    json_object_set(o, "warnings", json_object_get(r, "warnings"));
}

static json_t *run_json(const struct mp_job *j, int rank)
{
    json_t *o = json_object();
    json_object_set_new(o, "rank", rank > 0 ? json_integer(rank) : json_null());
    json_object_set_new(o, "name", mp_text_json(j->name));
    json_object_set_new(o, "pipeline", mp_text_json(j->file));
    json_object_set_new(o, "model", j->model != NULL ? json_string(j->model) : json_null());
    json_object_set_new(o, "kind", j->model == NULL ? json_null()
                                                    : json_string(j->deep ? "deep" : "classical"));
    json_object_set_new(o, "error", j->error != NULL ? mp_text_json(j->error) : json_null());
    json_object_set_new(o, "folder", j->report != NULL ? mp_text_json(j->folder) : json_null());
    json_object_set_new(o, "from_cache", json_boolean(j->from_cache));
    if (j->error == NULL)
        add_results(o, j);
    return o;
}

/* -------------------------------------------------------------------- pairs */

struct pair {
    int a, b; /* jobs, the better one of the table first */
    struct mp_pair count;
    struct mp_comparison test;
    double holm;
};

static int by_p(const void *a, const void *b)
{
    const struct pair *p = *(struct pair *const *)a, *q = *(struct pair *const *)b;
    if (p->test.p != q->test.p)
        return p->test.p < q->test.p ? -1 : 1;
    return p < q ? -1 : p > q;
}

/* Holm: the i-th smallest of m counts m - i times, and never less than those before. */
static int correct(struct mp_ctx *c, struct pair *pairs, size_t m)
{
    struct pair **sorted = mp_alloc(c, m, sizeof *sorted);
    double least = 0;
    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < m; i++)
        sorted[i] = &pairs[i];
    qsort(sorted, m, sizeof *sorted, by_p);
    for (size_t i = 0; i < m; i++) {
        least = fmax(least, fmin(1, (double)(m - i) * sorted[i]->test.p));
        sorted[i]->holm = least;
    }
    free(sorted);
    return MP_OK;
}

static json_t *pair_json(const struct mp_job *jobs, const struct pair *p)
{
    const bool told = p->holm < LEVEL;
    const struct mp_job *better = &jobs[p->test.difference > 0 ? p->a : p->b];
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:f, s:[f, f], s:f, s:f, s:o}", "a",
                     mp_text_json(jobs[p->a].name), "b", mp_text_json(jobs[p->b].name),
                     "both_right", (json_int_t)p->count.both, "only_a_right", (json_int_t)p->count.only_a,
                     "only_b_right", (json_int_t)p->count.only_b, "neither_right",
                     (json_int_t)p->count.neither, "difference", p->test.difference,
                     "difference_interval", p->test.low, p->test.high, "p", p->test.p, "p_holm",
                     p->holm, "better", told ? mp_text_json(better->name) : json_null());
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
        const double errors = real(json_object_get(jobs[i].report, "test"), "errors");
        for (; to > 0; to--) {
            const json_t *test = json_object_get(jobs[order[to - 1]].report, "test");
            if (real(test, "errors") <= errors)
                break;
            order[to] = order[to - 1];
        }
        order[to] = i;
        m++;
    }
    return m;
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
    char split[64] = "holdout of the training rows";
    if (s->folds > 0)
        snprintf(split, sizeof split, "%d-fold cross-validation of the training rows", s->folds);
    for (int i = 0; i < good; i++)
        json_array_append_new(runs, run_json(&jobs[order[i]], i + 1));
    for (int i = 0; i < n; i++)
        if (jobs[i].error != NULL)
            json_array_append_new(runs, run_json(&jobs[i], 0));
    if (pairs != NULL)
        o = json_pack("{s:s, s:o, s:I, s:o, s:I, s:b, s:i, s:f, s:o, s:o}", "mnistpipe",
                      PACKAGE_VERSION, "train", mp_text_json(s->train), "train_rows",
                      (json_int_t)x->train.n, "test",
                      mp_text_json(x->test_path != NULL ? s->test : split),
                      "test_rows", (json_int_t)x->test.n, "scored", x->test_y != NULL, "threads",
                      c->run->threads, "level", LEVEL, "runs", runs, "pairs", pairs);
    else
        json_decref(runs);
    free(order);
    if (o == NULL)
        mp_fail(c, "no memory for the comparison");
    return o;
}

/* --------------------------------------------------------------- cells */

enum { CELL = 160 };

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

/* "94.2K", "128M": at most five letters. */
static void short_size(double n, char *cell)
{
    static const char units[] = "KMGT";
    int u = 0;
    for (n /= 1024; n >= 999.5 && u < 3; u++)
        n /= 1024;
    snprintf(cell, CELL, n < 99.95 ? "%.1f%c" : "%.0f%c", n, units[u]);
}

/* "7850", "12.9k", "1.20M". */
static void short_number(double n, char *cell)
{
    if (n < 9999.5)
        snprintf(cell, CELL, "%.0f", n);
    else if (n < 999950)
        snprintf(cell, CELL, n < 99950 ? "%.1fk" : "%.0fk", n / 1e3);
    else
        snprintf(cell, CELL, n < 99.95e6 ? "%.2fM" : "%.0fM", n / 1e6);
}

/* One column of the table: for people, and what programs read. */
struct column {
    const char *title, *key;
    char kind; /* t text, % share, i interval, n number, f fraction, s seconds, b bytes, q large */
    bool left;
};

static const struct column columns[] = {
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
enum { COLUMNS = sizeof columns / sizeof *columns };

static void cell_text(const json_t *run, const struct column *k, char *cell)
{
    const json_t *v = json_object_get(run, k->key);
    const double x = json_number_value(v);
    snprintf(cell, CELL, "-");
    if (v == NULL || json_is_null(v))
        return;
    switch (k->kind) {
    case 't':
        snprintf(cell, CELL, "%s", json_string_value(v));
        break;
    case '%':
        snprintf(cell, CELL, "%.2f %%", 100 * x);
        break;
    case 'i':
        snprintf(cell, CELL, "%.2f .. %.2f", 100 * json_real_value(json_array_get(v, 0)),
                 100 * json_real_value(json_array_get(v, 1)));
        break;
    case 'n':
        snprintf(cell, CELL, "%.0f", x);
        break;
    case 'f':
        snprintf(cell, CELL, "%.4f", x);
        break;
    case 's':
        snprintf(cell, CELL, x < 99.95 ? "%.2f" : "%.0f", x);
        break;
    case 'b':
        short_size(x, cell);
        break;
    default:
        short_number(x, cell);
    }
}

/* -------------------------------------------------------------------- text */

/* Words in a row, broken before column 96. */
struct flow {
    FILE *f;
    int column, indent;
};

static void flow(struct flow *w, const char *word)
{
    const int n = (int)strlen(word);
    if (w->column > w->indent && w->column + 1 + n > 96) {
        fprintf(w->f, "\n%*s", w->indent, "");
        w->column = w->indent;
    }
    w->column += fprintf(w->f, " %s", word);
}

/* Those that `run` is better than; or those after it that it is not told apart from. */
static bool list_pairs(struct flow *w, const json_t *o, const char *run, bool better,
                       const char *lead)
{
    const json_t *pair;
    size_t i;
    bool any = false;
    json_array_foreach(json_object_get(o, "pairs"), i, pair) {
        char word[CELL + 32];
        const bool first = strcmp(text(pair, "a"), run) == 0;
        const bool told = *text(pair, "better") != '\0';
        if (better ? strcmp(text(pair, "better"), run) != 0 : told || !first)
            continue;
        if (any)
            w->column += fprintf(w->f, ",");
        else
            flow(w, lead);
        snprintf(word, sizeof word, "%.100s (p %.2g)", text(pair, first ? "b" : "a"),
                 real(pair, "p_holm"));
        flow(w, word);
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
    fprintf(f, "\nby McNemar's exact test of every pair, at 5 %% after Holm's correction:\n");
    json_array_foreach(json_object_get(o, "runs"), i, run) {
        struct flow w = { f, 2 + width, 2 + width };
        const char *name = text(run, "name");
        if (json_is_null(json_object_get(run, "rank")))
            continue;
        fprintf(f, "  %-*s", width, name);
        const bool better = list_pairs(&w, o, name, true, "better than");
        if (!better)
            flow(&w, "better than none");
        list_pairs(&w, o, name, false, "- not told apart from");
        fputc('\n', f);
    }
}

static void table_text(FILE *f, const json_t *o, const int *width)
{
    const json_t *run;
    size_t i;
    char cell[CELL];
    for (int k = 0; k < COLUMNS; k++)
        fprintf(f, columns[k].left ? "%s%-*s" : "%s%*s", k > 0 ? "  " : "", width[k],
                columns[k].title);
    fputc('\n', f);
    json_array_foreach(json_object_get(o, "runs"), i, run) {
        const bool failed = !json_is_null(json_object_get(run, "error"));
        for (int k = 0; k < (failed ? 2 : COLUMNS); k++) {
            cell_text(run, &columns[k], cell);
            fprintf(f, columns[k].left ? "%s%-*s" : "%s%*s", k > 0 ? "  " : "", width[k], cell);
        }
        if (failed)
            fprintf(f, "  failed: %s", text(run, "error"));
        fputc('\n', f);
    }
}

static void comparison_text(FILE *f, const json_t *o)
{
    int width[COLUMNS];
    const json_t *run;
    size_t i, reused = 0;
    char cell[CELL];
    for (int k = 0; k < COLUMNS; k++)
        width[k] = (int)strlen(columns[k].title);
    json_array_foreach(json_object_get(o, "runs"), i, run) {
        reused += json_is_true(json_object_get(run, "from_cache"));
        for (int k = 0; k < COLUMNS; k++) {
            cell_text(run, &columns[k], cell);
            width[k] = (int)strlen(cell) > width[k] ? (int)strlen(cell) : width[k];
        }
    }
    fprintf(f, "train   %.0f rows of %s\ntest    %.0f rows of %s\n\n", real(o, "train_rows"),
            text(o, "train"), real(o, "test_rows"), text(o, "test"));
    table_text(f, o, width);
    pairs_text(f, o, width[1]);
    if (reused > 0)
        fprintf(f, "\n%zu of %zu from the cache, with the times that they took then\n", reused,
                json_array_size(json_object_get(o, "runs")));
}

/* --------------------------------------------------------------- CSV, Markdown */

/* Full numbers, for programs; what there is not is empty. */
static void comparison_csv(FILE *f, const json_t *o)
{
    static const char *const keys[] = { "rank", "name", "pipeline", "model", "kind", "accuracy",
                                        "low", "high", "errors", "macro_f1", "train_seconds",
                                        "predict_seconds", "images_per_second", "bundle_bytes",
                                        "parameters", "peak_bytes", "from_cache", "error" };
    enum { KEYS = sizeof keys / sizeof *keys };
    const json_t *run;
    size_t i;
    for (int k = 0; k < KEYS; k++)
        fprintf(f, "%s%s", k > 0 ? "," : "", keys[k]);
    json_array_foreach(json_object_get(o, "runs"), i, run)
        for (int k = 0; k < KEYS; k++) {
            const json_t *ends = json_object_get(run, "accuracy_interval");
            const json_t *v = strcmp(keys[k], "low") == 0    ? json_array_get(ends, 0)
                              : strcmp(keys[k], "high") == 0 ? json_array_get(ends, 1)
                                                             : json_object_get(run, keys[k]);
            fputc(k > 0 ? ',' : '\n', f);
            mp_csv_value(f, v);
        }
    fputc('\n', f);
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
        char names[2 * CELL];
        snprintf(names, sizeof names, "%.150s, %.150s", text(pair, "a"), text(pair, "b"));
        mp_markdown_cell(f, names);
        fprintf(f, "| %.0f | %.0f | %.2f | %.2f .. %.2f | %.2g | %.2g ", real(pair, "only_a_right"),
                real(pair, "only_b_right"), 100 * real(pair, "difference"),
                100 * json_real_value(json_array_get(ends, 0)),
                100 * json_real_value(json_array_get(ends, 1)), real(pair, "p"),
                real(pair, "p_holm"));
        mp_markdown_cell(f, *text(pair, "better") != '\0' ? text(pair, "better") : "-");
        fputs("|\n", f);
    }
}

static void comparison_markdown(FILE *f, const json_t *o)
{
    const json_t *run;
    size_t i;
    char cell[CELL];
    for (int k = 0; k < COLUMNS; k++)
        mp_markdown_cell(f, columns[k].title);
    fputs("|\n", f);
    for (int k = 0; k < COLUMNS; k++)
        fputs(columns[k].left ? "|---" : "|--:", f);
    fputs("|\n", f);
    json_array_foreach(json_object_get(o, "runs"), i, run) {
        const bool failed = !json_is_null(json_object_get(run, "error"));
        for (int k = 0; k < COLUMNS; k++) {
            cell_text(run, &columns[k], cell);
            if (failed && k == 2)
                mp_markdown_cell(f, "failed");
            else
                mp_markdown_cell(f, cell);
        }
        fputs("|\n", f);
    }
    json_array_foreach(json_object_get(o, "runs"), i, run)
        if (!json_is_null(json_object_get(run, "error")))
            fprintf(f, "\n%s failed: %s\n", text(run, "name"), text(run, "error"));
    pairs_markdown(f, o);
}

void mp_comparison_write(FILE *f, const json_t *comparison, int format)
{
    switch (format) {
    case 0:
        comparison_text(f, comparison);
        break;
    case 1:
        json_dumpf(comparison, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        fputc('\n', f);
        break;
    case 2:
        comparison_csv(f, comparison);
        break;
    default:
        comparison_markdown(f, comparison);
    }
}
