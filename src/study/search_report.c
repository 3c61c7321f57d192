/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search_report.c - what a search found: as JSON, and from that as text, CSV and Markdown. */
#include "config.h"
#include "report/report.h"
#include "study/forms.h"
#include "study/search.h"
#include "text/cells.h"
#include "text/json.h"
#include "text/layout.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------- JSON */

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *settings_json(const struct mp_grid *g, uint64_t i)
{
    json_t *o = json_object();
    int *which = calloc((size_t)g->n, sizeof *which);
    if (which != NULL)
        mp_grid_values(g, i, which);
    for (int k = 0; k < g->n && which != NULL; k++)
        json_object_set_new(o, g->sets[k].name, mp_name_json(g->sets[k].values[which[k]]));
    free(which);
    return o;
}

static json_t *words_json(const struct mp_grid *g, uint64_t i)
{
    char text[4096];
    mp_grid_text(g, i, "--set ", text, sizeof text);
    return mp_name_json(text);
}

static void add_scores(json_t *o, const struct mp_search *s, const struct mp_trial *t)
{
    json_t *folds = json_array(), *means = json_array();
    for (int r = 0; r <= t->rung; r++)
        json_array_append_new(means, json_real(t->means[r]));
    for (int f = 0; f < s->k; f++)
        json_array_append_new(folds, json_pack("{s:I, s:I, s:f}", "rows",
                                               (json_int_t)t->fold[f].rows, "errors",
                                               (json_int_t)t->fold[f].errors, "accuracy",
                                               t->fold[f].accuracy));
    json_object_set_new(o, "mean", json_real(t->mean));
    json_object_set_new(o, "deviation", number(t->deviation));
    json_object_set_new(o, "standard_error", number(t->standard_error));
    json_object_set_new(o, "accuracy_interval", json_pack("[f, f]", t->low, t->high));
    json_object_set_new(o, "rows", json_integer((json_int_t)t->rows));
    json_object_set_new(o, "errors", json_integer((json_int_t)t->errors));
    json_object_set_new(o, "values", json_integer((json_int_t)t->values));
    json_object_set_new(o, "folds", folds);
    json_object_set_new(o, "means", means);
}

static json_t *trial_json(const struct mp_search *s, int i)
{
    const struct mp_trial *t = &s->trials[s->order[i]];
    json_t *o = json_object(), *warnings = json_array();
    json_object_set_new(o, "rank", t->error == NULL ? json_integer(i + 1) : json_null());
    json_object_set_new(o, "settings", settings_json(&s->grid, t->index));
    json_object_set_new(o, "set", words_json(&s->grid, t->index));
    json_object_set_new(o, "error", t->error != NULL ? mp_name_json(t->error) : json_null());
    json_object_set_new(o, "rung", t->rung >= 0 ? json_integer(t->rung + 1) : json_null());
    json_object_set_new(o, "budget", t->rung >= 0 ? json_integer((json_int_t)t->budget)
                                                  : json_null());
    if (t->error == NULL)
        add_scores(o, s, t);
    json_object_set_new(o, "seconds", json_real(t->seconds));
    for (int k = 0; k < mp_kept_count(&t->warnings); k++)
        json_array_append_new(warnings, mp_name_json(mp_kept_at(&t->warnings, k)));
    json_object_set_new(o, "warnings", warnings);
    return o;
}

static json_t *sets_json(const struct mp_grid *g)
{
    json_t *sets = json_array();
    for (int k = 0; k < g->n; k++) {
        json_t *values = json_array();
        for (int i = 0; i < g->sets[k].n; i++)
            json_array_append_new(values, mp_name_json(g->sets[k].values[i]));
        json_array_append_new(sets, json_pack("{s:o, s:o}", "name", mp_name_json(g->sets[k].name),
                                              "values", values));
    }
    return sets;
}

/* What the last run found. */
static json_t *final_json(const struct mp_search *s)
{
    static const char *const keys[] = { "rows", "accuracy", "accuracy_interval", "errors",
                                        "split" };
    const json_t *test = json_object_get(s->final.report, "test");
    json_t *o = json_object();
    json_object_set_new(o, "folder", mp_name_json(s->final.folder != NULL ? s->final.folder : ""));
    json_object_set_new(o, "error", s->final.error != NULL ? mp_name_json(s->final.error)
                                                           : json_null());
    json_object_set_new(o, "test", s->has_test ? mp_name_json(s->x.plan.source.test)
                                               : json_null());
    for (size_t i = 0; i < sizeof keys / sizeof *keys && test != NULL; i++) {
        json_t *v = json_object_get(test, keys[i]);
        json_object_set_new(o, keys[i], v != NULL ? json_incref(v) : json_null());
    }
    return o;
}

json_t *mp_search_json(struct mp_ctx *c, const struct mp_search *s, const char *folder)
{
    static const char *const budgets[] = { "no", "rows", "epochs" };
    const struct mp_trial *simplest = &s->trials[s->simplest];
    json_t *trials = json_array(), *scoring = json_object();
    for (int i = 0; i < s->n; i++)
        json_array_append_new(trials, trial_json(s, i));
    if (s->ask.holdout > 0)
        json_object_set_new(scoring, "holdout", json_real(s->ask.holdout));
    else
        json_object_set_new(scoring, "folds", json_integer(s->k));
    int simplest_rank = 0;
    while (s->order[simplest_rank] != s->simplest)
        simplest_rank++;
    json_t *o = json_pack(
        "{s:s, s:o, s:o, s:I, s:I, s:i, s:o, s:o, s:I, s:b, s:s, s:i, s:f, s:o, s:o, s:{s:o, s:i}, "
        "s:o, s:o}",
        "mnistpipe", PACKAGE_VERSION, "pipeline", mp_name_json(s->ask.file), "train",
        mp_name_json(s->x.plan.source.train), "train_rows", (json_int_t)s->x.train.n, "seed",
        (json_int_t)c->run->seed, "threads", c->run->threads, "scoring", scoring, "sets",
        sets_json(&s->grid), "combinations", (json_int_t)s->grid.total, "random",
        (uint64_t)s->n < s->grid.total, "halving", budgets[s->ask.halving], "rungs", s->rungs,
        "seconds", s->seconds, "trials", trials, "best",
        words_json(&s->grid, s->trials[s->order[0]].index), "one_standard_error", "set",
        words_json(&s->grid, simplest->index), "rank", simplest_rank + 1, "final", final_json(s),
        "folder", mp_name_json(folder));
    if (o == NULL)
        mp_fail(c, "no memory for the search");
    return o;
}

/* --------------------------------------------------------------- columns */

enum { CELL = 160 };

/* What follows the sets' own columns. */
struct column {
    const char *title, *key;
    char kind; /* % share, + plus and minus, i interval, n number, s seconds */
};

static const struct column columns[] = {
    { "accuracy", "mean", '%' },    { "s.e.", "standard_error", '+' },
    { "95 % interval", "accuracy_interval", 'i' }, { "errors", "errors", 'n' },
    { "values", "values", 'n' },    { "seconds", "seconds", 's' },
    { "budget", "budget", 'n' }, /* only where there are several */
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static int columns_of(const json_t *o)
{
    return mp_real(o, "rungs") > 1 ? COLUMNS : COLUMNS - 1;
}

static void cell_text(const json_t *trial, const struct column *k, char *cell)
{
    const json_t *v = json_object_get(trial, k->key);
    const double x = json_number_value(v);
    snprintf(cell, CELL, "-");
    if (v == NULL || json_is_null(v))
        return;
    if (k->kind == '%')
        snprintf(cell, CELL, "%.2f %%", 100 * x);
    else if (k->kind == '+')
        snprintf(cell, CELL, "%.2f", 100 * x);
    else if (k->kind == 'i')
        snprintf(cell, CELL, "%.2f .. %.2f", 100 * json_number_value(json_array_get(v, 0)),
                 100 * json_number_value(json_array_get(v, 1)));
    else
        snprintf(cell, CELL, k->kind == 's' ? "%.2f" : "%.0f", x);
}

/* Cell `at` of a row: rank, values of the sets, results; trial NULL: the titles. */
static void any_cell(const json_t *o, const json_t *trial, size_t at, char *cell)
{
    const json_t *sets = json_object_get(o, "sets");
    const size_t n = json_array_size(sets);
    if (at == 0 && trial == NULL)
        snprintf(cell, CELL, "#");
    else if (at == 0 && mp_form_failed(trial))
        snprintf(cell, CELL, "-");
    else if (at == 0)
        snprintf(cell, CELL, "%.0f", mp_real(trial, "rank"));
    else if (at <= n && trial == NULL)
        snprintf(cell, CELL, "%s", mp_string(json_array_get(sets, at - 1), "name"));
    else if (at <= n)
        snprintf(cell, CELL, "%s", mp_string(json_object_get(trial, "settings"),
                                        mp_string(json_array_get(sets, at - 1), "name")));
    else if (trial == NULL)
        snprintf(cell, CELL, "%s", columns[at - n - 1].title);
    else
        cell_text(trial, &columns[at - n - 1], cell);
}

/* -------------------------------------------------------------------- text */

/* "5-fold cross-validation", "a holdout of 20 %": how combinations were scored. */
static void scoring_text(const json_t *o, char *to, size_t size)
{
    const json_t *scoring = json_object_get(o, "scoring");
    if (json_object_get(scoring, "folds") != NULL)
        snprintf(to, size, "%.0f-fold cross-validation", mp_real(scoring, "folds"));
    else
        snprintf(to, size, "a holdout of %g %%", 100 * mp_real(scoring, "holdout"));
}

static void table_text(FILE *f, const json_t *o)
{
    const json_t *trials = json_object_get(o, "trials"), *trial;
    const size_t sets = json_array_size(json_object_get(o, "sets"));
    const size_t n = 1 + sets + (size_t)columns_of(o);
    struct mp_tabular_column *column = g_new0(struct mp_tabular_column, n);
    char *title = g_malloc0(n * CELL), cell[CELL];
    struct mp_tabular t;
    size_t i;
    for (size_t k = 0; k < n; k++) {
        any_cell(o, NULL, k, title + k * CELL);
        column[k] = (struct mp_tabular_column){ title + k * CELL, 'r' };
    }
    mp_tabular_open(&t, column, (int)n, 1 + (int)sets);
    json_array_foreach(trials, i, trial) {
        for (size_t k = 0; k < (mp_form_failed(trial) ? 1 + sets : n); k++) {
            any_cell(o, trial, k, cell);
            mp_tabular_cell(&t, "%s", cell);
        }
        if (mp_form_failed(trial))
            mp_tabular_rest(&t, "failed: %s", mp_string(trial, "error"));
    }
    mp_tabular_print(&t, f, &mp_plain);
    g_free(column);
    g_free(title);
}

/* Where the text of a line begins, after its label. */
enum { LABEL = 9 };

static void head_text(FILE *f, const json_t *o)
{
    const double n = (double)json_array_size(json_object_get(o, "trials"));
    char scoring[64], halving[64] = "";
    scoring_text(o, scoring, sizeof scoring);
    fprintf(f, "%s\n", mp_string(o, "pipeline"));
    mp_say(f, "train", LABEL, "%.0f rows of %s, scored by %s, seed %.0f", mp_real(o, "train_rows"),
           mp_string(o, "train"), scoring, mp_real(o, "seed"));
    if (mp_real(o, "rungs") > 1)
        snprintf(halving, sizeof halving, ", successive halving by %s in %.0f rungs",
                 mp_string(o, "halving"), mp_real(o, "rungs"));
    mp_say(f, "tried", LABEL, "%.0f of %.0f combinations%s%s", n, mp_real(o, "combinations"),
           json_is_true(json_object_get(o, "random")) ? ", drawn at random" : "", halving);
    fputc('\n', f);
}

/* How good the best is on test rows, of which nothing was chosen. */
static void final_text(FILE *f, const json_t *final)
{
    const json_t *ends = json_object_get(final, "accuracy_interval");
    const bool scored = json_is_number(json_object_get(final, "accuracy"));
    const bool test = !json_is_null(json_object_get(final, "test"));
    if (mp_form_failed(final))
        mp_say(f, "test", LABEL, "failed: %s", mp_string(final, "error"));
    else if (!test)
        mp_say(f, "test", LABEL, "no test rows: the best was fitted on all training rows, and its "
                                 "score is that of the table");
    else if (!scored)
        mp_say(f, "test", LABEL, "%.0f rows of %s, without labels: predicted by the best, not "
                                 "scored", mp_real(final, "rows"), mp_string(final, "test"));
    else
        mp_say(f, "test", LABEL, "the best, fitted on all training rows: accuracy %.2f %%, 95 %% "
               "interval %.2f .. %.2f, %.0f errors in %.0f rows of %s, looked at once",
               100 * mp_real(final, "accuracy"), 100 * json_number_value(json_array_get(ends, 0)),
               100 * json_number_value(json_array_get(ends, 1)), mp_real(final, "errors"),
               mp_real(final, "rows"), mp_string(final, "test"));
}

static void warnings_text(FILE *f, const json_t *o)
{
    const json_t *trial, *warning;
    size_t i, k;
    json_array_foreach(json_object_get(o, "trials"), i, trial)
        json_array_foreach(json_object_get(trial, "warnings"), k, warning)
            if (k == 0)
                mp_say(f, "warning", LABEL, "%s: %s", mp_string(trial, "set"),
                       json_string_value(warning));
}

static void search_text(FILE *f, const json_t *o)
{
    const json_t *simple = json_object_get(o, "one_standard_error");
    head_text(f, o);
    table_text(f, o);
    fputc('\n', f);
    mp_say(f, "best", LABEL, "%s", mp_string(o, "best"));
    final_text(f, json_object_get(o, "final"));
    if (mp_real(simple, "rank") > 1)
        mp_say(f, "simpler", LABEL, "%s: number %.0f of the table, which keeps no more numbers "
               "and lies within one standard error of the best; it was not fitted on all rows",
               mp_string(simple, "set"), mp_real(simple, "rank"));
    else
        mp_say(f, "simpler", LABEL, "none is within one standard error of the best");
    mp_say(f, "seconds", LABEL, "%.2f for the search, before the last run", mp_real(o, "seconds"));
    mp_say(f, "written", LABEL, "%s/: search.txt, .json, .csv, .md, best.txt, best/bundle.mnp",
           mp_string(o, "folder"));
    mp_say(f, "look at", LABEL, "%s/search.html", mp_string(o, "folder"));
    warnings_text(f, o);
}

/* ----------------------------------------------------------- CSV, Markdown */

/* Full numbers, for programs; what there is not is empty. */
static void search_csv(FILE *f, const json_t *o)
{
    static const char *const keys[] = { "mean", "deviation", "standard_error", "low", "high",
                                        "rows", "errors", "values", "rung", "budget", "seconds",
                                        "error" };
    enum { KEYS = sizeof keys / sizeof *keys };
    const json_t *set, *trial;
    size_t i, k;
    fputs("rank", f);
    json_array_foreach(json_object_get(o, "sets"), k, set) {
        fputc(',', f);
        mp_csv_text(f, mp_string(set, "name"));
    }
    for (k = 0; k < KEYS; k++)
        fprintf(f, ",%s", keys[k]);
    json_array_foreach(json_object_get(o, "trials"), i, trial) {
        const json_t *ends = json_object_get(trial, "accuracy_interval");
        fputc('\n', f);
        mp_csv_value(f, json_object_get(trial, "rank"));
        json_array_foreach(json_object_get(o, "sets"), k, set) {
            fputc(',', f);
            mp_csv_text(f, mp_string(json_object_get(trial, "settings"), mp_string(set, "name")));
        }
        for (k = 0; k < KEYS; k++) {
            fputc(',', f);
            mp_csv_value(f, strcmp(keys[k], "low") == 0    ? json_array_get(ends, 0)
                            : strcmp(keys[k], "high") == 0 ? json_array_get(ends, 1)
                                                           : json_object_get(trial, keys[k]));
        }
    }
    fputc('\n', f);
}

static void search_markdown(FILE *f, const json_t *o)
{
    const size_t n = 1 + json_array_size(json_object_get(o, "sets")) + (size_t)columns_of(o);
    const json_t *trial;
    char cell[CELL];
    size_t i;
    for (size_t k = 0; k < n; k++) {
        any_cell(o, NULL, k, cell);
        mp_markdown_cell(f, cell);
    }
    fputs("|\n", f);
    for (size_t k = 0; k < n; k++)
        fputs("|--:", f);
    fputs("|\n", f);
    json_array_foreach(json_object_get(o, "trials"), i, trial) {
        for (size_t k = 0; k < n; k++) {
            any_cell(o, trial, k, cell);
            mp_markdown_cell(f, cell);
        }
        fputs("|\n", f);
    }
    fprintf(f, "\nbest: `%s`\n", mp_string(o, "best"));
    json_array_foreach(json_object_get(o, "trials"), i, trial)
        if (mp_form_failed(trial))
            fprintf(f, "\n`%s` failed: %s\n", mp_string(trial, "set"), mp_string(trial, "error"));
}

void mp_search_write(FILE *f, const json_t *search, int format)
{
    switch (format) {
    case 0:
        search_text(f, search);
        break;
    case 1:
        json_dumpf(search, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        fputc('\n', f);
        break;
    case 2:
        search_csv(f, search);
        break;
    default:
        search_markdown(f, search);
    }
}
