/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ablation.c - what each stage of a pipeline buys.
 *
 * The whole pipeline and the one without a stage see the same test rows, so the difference of
 * their accuracies is judged as that of any two runs: Tango's interval, McNemar's exact test,
 * and Holm's correction for the number of rows. */
#include "study/ablation.h"
#include "config.h"
#include "core/text.h"
#include "report/report.h"
#include "report/statistics.h"
#include "study/comparison.h"
#include "text/json.h"
#include "text/layout.h"
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------- cuts */

static int add_cut(struct mp_ctx *c, struct mp_cut **cuts, int *n, const struct mp_line *a,
                   const struct mp_line *b)
{
    struct mp_cut *more = realloc(*cuts, (size_t)(*n + 1) * sizeof *more);
    if (more == NULL)
        return mp_fail(c, "no memory for what is left out");
    *cuts = more;
    more[(*n)++] = (struct mp_cut){ { a, b }, b != NULL ? 2 : 1 };
    return MP_OK;
}

static bool is_fork(const struct mp_line *l)
{
    return l->n_children > 0 && strcmp(l->children[0].name, "branch") == 0;
}

/* The lines below `at`.  A branch of a single line is left out as a branch. */
static int find_below(struct mp_ctx *c, const struct mp_line *at, bool layers,
                      struct mp_cut **cuts, int *n)
{
    const bool in_branch = strcmp(at->name != NULL ? at->name : "", "branch") == 0;
    for (int i = 0; i < at->n_children; i++) {
        const struct mp_line *l = &at->children[i];
        const struct mp_entry *e = mp_find_stage(l->name);
        const bool net = mp_needs(e, MP_LAYERS);
        const bool model = e != NULL && mp_is_model(e) && !mp_needs(e, MP_HELD);
        const bool branch = strcmp(l->name, "branch") == 0;
        if ((branch || (e != NULL && !model && !(in_branch && at->n_children == 1))) &&
            add_cut(c, cuts, n, l, NULL) < 0)
            return -1;
        if ((branch || is_fork(l)) && find_below(c, l, layers, cuts, n) < 0)
            return -1;
        for (int k = 0; k < l->n_children && net && layers; k++)
            if (add_cut(c, cuts, n, &l->children[k], NULL) < 0)
                return -1;
    }
    return MP_OK;
}

static bool within(const struct mp_line *at, const struct mp_line *l)
{
    for (int i = 0; i < at->n_children; i++)
        if (&at->children[i] == l || within(&at->children[i], l))
            return true;
    return false;
}

/* Whether a and b are all that a branch has: that branch is a line of its own. */
static bool whole_branch(const struct mp_line *at, const struct mp_line *a,
                         const struct mp_line *b)
{
    const struct mp_line *l = at->children;
    bool found = at->name != NULL && strcmp(at->name, "branch") == 0 && at->n_children == 2 &&
                 a == &l[0] && b == &l[1];
    for (int i = 0; i < at->n_children && !found; i++)
        found = whole_branch(&l[i], a, b);
    return found;
}

int mp_cuts_find(struct mp_ctx *c, const struct mp_script *s, bool layers, bool pairs,
                 struct mp_cut **cuts, int *n)
{
    *cuts = NULL;
    *n = 0;
    int rc = find_below(c, &s->root, layers, cuts, n);
    const int single = *n;
    for (int i = 0; i < single && pairs; i++)
        for (int j = i + 1; j < single && rc == MP_OK; j++) {
            const struct mp_line *a = (*cuts)[i].lines[0], *b = (*cuts)[j].lines[0];
            if (!within(a, b) && !whole_branch(&s->root, a, b)) /* b stands below, never around a */
                rc = add_cut(c, cuts, n, a, b);
        }
    return rc;
}

/* "deskew", "branch#1"; for people also what is in a branch: "branch#1 (pixels, pca)",
 * "branch#2 (hog ... calibrate)". */
static void put_name(FILE *f, const struct mp_script *s, const struct mp_line *l, bool people)
{
    char name[96];
    const bool branch = people && l->n_children > 0;
    mp_script_name(s, l, name, sizeof name);
    fputs(name, f);
    if (!branch)
        return;
    fprintf(f, " (%s", l->children[0].name);
    if (l->n_children > 1)
        fprintf(f, "%s %s", l->n_children > 2 ? " ..." : ",", l->children[l->n_children - 1].name);
    fputc(')', f);
}

static char *names(struct mp_ctx *c, const struct mp_script *s, const struct mp_cut *cut,
                   const char *between, bool people)
{
    struct mp_text t;
    if (mp_text_open(c, &t) < 0)
        return NULL;
    for (int i = 0; i < cut->n; i++) {
        fputs(i > 0 ? between : "", t.f);
        put_name(t.f, s, cut->lines[i], people);
    }
    return mp_text_end(c, &t);
}

char *mp_cut_names(struct mp_ctx *c, const struct mp_script *s, const struct mp_cut *cut)
{
    return names(c, s, cut, "\n", false);
}

/* ---------------------------------------------------------------- document */

/* "hog cell=4"; of a branch "branch: hog cell=4, pca". */
static void line_text(FILE *f, const struct mp_line *l)
{
    fputs(l->name, f);
    for (int i = 0; i < l->n_settings; i++)
        fprintf(f, " %s=%s", l->settings[i].name, l->settings[i].value);
    for (int i = 0; i < l->n_children; i++) {
        fputs(i == 0 ? ": " : ", ", f);
        line_text(f, &l->children[i]);
    }
}

static json_t *lines_json(struct mp_ctx *c, const struct mp_script *s, const struct mp_cut *cut)
{
    json_t *list = json_array();
    for (int i = 0; i < cut->n; i++) {
        char name[96], *text;
        struct mp_text t;
        if (mp_text_open(c, &t) < 0)
            break;
        line_text(t.f, cut->lines[i]);
        if ((text = mp_text_end(c, &t)) == NULL)
            break;
        mp_script_name(s, cut->lines[i], name, sizeof name);
        json_array_append_new(list, json_pack("{s:s, s:i, s:o}", "name", name, "line",
                                              cut->lines[i]->number, "text", mp_name_json(text)));
        free(text);
    }
    return list;
}

static double seconds(const struct mp_job *j, const char *key)
{
    return mp_real(json_object_get(j->report, "seconds"), key);
}

static void add_change(json_t *o, const struct mp_ablation *a, const struct mp_job *j)
{
    const struct mp_job *whole = &a->jobs[0];
    const struct mp_pair q =
        mp_pair_count(a->x->test.n, a->x->test_y, whole->predicted, j->predicted);
    const struct mp_comparison m = mp_compare(q);
    json_object_set_new(o, "bought", json_real(m.difference));
    json_object_set_new(o, "bought_interval", json_pack("[f, f]", m.low, m.high));
    json_object_set_new(o, "fixed", json_integer((json_int_t)q.only_a));
    json_object_set_new(o, "made", json_integer((json_int_t)q.only_b));
    json_object_set_new(o, "p", json_real(m.p));
    json_object_set_new(o, "train_seconds_saved",
                        json_real(seconds(whole, "fit") - seconds(j, "fit")));
    json_object_set_new(o, "predict_seconds_saved",
                        json_real(seconds(whole, "predict") - seconds(j, "predict")));
}

static json_t *row_json(struct mp_ctx *c, const struct mp_ablation *a, int i)
{
    const struct mp_job *j = &a->jobs[i + 1];
    char *name = names(c, a->script, &a->cuts[i], " + ", true);
    json_t *o = mp_run_json(j, 0);
    json_object_set_new(o, "name", mp_name_json(name != NULL ? name : ""));
    json_object_set_new(o, "dropped", lines_json(c, a->script, &a->cuts[i]));
    json_object_set_new(o, "run", mp_name_json(j->name));
    json_object_del(o, "rank");
    if (j->error == NULL)
        add_change(o, a, j);
    free(name);
    return o;
}

/* Holm's probabilities, and what they tell. */
static int judge(struct mp_ctx *c, json_t *rows)
{
    const size_t n = json_array_size(rows);
    double *p = mp_alloc(c, 2 * n, sizeof *p);
    size_t m = 0, i;
    json_t *row;
    if (p == NULL)
        return -1;
    json_array_foreach(rows, i, row)
        if (!mp_form_failed(row))
            p[m++] = mp_real(row, "p");
    const int rc = mp_holm(c, p, m, p + n);
    m = n;
    json_array_foreach(rows, i, row) {
        if (mp_form_failed(row) || rc < 0)
            continue;
        const bool told = p[m] < MP_LEVEL, with = mp_real(row, "bought") > 0;
        json_object_set_new(row, "p_holm", json_real(p[m++]));
        json_object_set_new(row, "better",
                            told ? json_string(with ? "with" : "without") : json_null());
    }
    free(p);
    return rc;
}

/* What buys most first, of equals as in the file; what failed last. */
static json_t *sorted(json_t *rows)
{
    json_t *list = json_array(), *row;
    size_t i;
    json_array_foreach(rows, i, row) {
        size_t to = json_array_size(list);
        while (to > 0 && !mp_form_failed(row)) {
            const json_t *before = json_array_get(list, to - 1);
            if (!mp_form_failed(before) &&
                mp_real(before, "bought") >= mp_real(row, "bought"))
                break;
            to--;
        }
        json_array_insert(list, to, row);
    }
    json_decref(rows);
    return list;
}

json_t *mp_ablation_json(struct mp_ctx *c, const struct mp_ablation *a)
{
    const struct mp_source *s = &a->x->plan.source;
    json_t *rows = json_array(), *whole = mp_run_json(&a->jobs[0], 0), *o;
    for (int i = 0; i < a->n; i++)
        json_array_append_new(rows, row_json(c, a, i));
    if (judge(c, rows) < 0) {
        json_decref(rows);
        json_decref(whole);
        return NULL;
    }
    json_object_del(whole, "rank");
    o = json_pack("{s:s, s:o, s:I, s:o, s:I, s:I, s:i, s:f, s:o, s:o}", "mnistpipe",
                  PACKAGE_VERSION, "train", mp_name_json(s->train), "train_rows",
                  (json_int_t)a->x->train.n, "test", mp_scored_json(a->x), "test_rows",
                  (json_int_t)a->x->test.n, "seed", (json_int_t)c->run->seed,
                  "threads", c->run->threads, "level", MP_LEVEL, "whole", whole, "rows",
                  sorted(rows));
    if (o == NULL)
        mp_fail(c, "no memory for the ablation");
    return o;
}

/* ------------------------------------------------------------------- forms */

static const struct mp_form_column columns[] = {
    { "without", "name", 't', true },
    { "accuracy", "accuracy", '%', false },
    { "bought", "bought", '+', false },
    { "95 % interval", "bought_interval", 'I', false },
    { "fixed", "fixed", 'n', false },
    { "made", "made", 'n', false },
    { "p", "p", 'p', false },
    { "p, Holm", "p_holm", 'p', false },
    { "better", "better", 't', true },
    { "saves s", "train_seconds_saved", 'S', false },
};
enum { COLUMNS = sizeof columns / sizeof *columns, HEAD = 1 };

const struct mp_form_column *mp_ablation_columns(int *n, int *head)
{
    *n = COLUMNS;
    *head = HEAD;
    return columns;
}

/* All rows of which that is said: "with", "without" or nothing. */
static void say(FILE *f, const json_t *rows, const char *better, const char *lead)
{
    struct mp_flow w = { f, 0, 24 };
    const json_t *row;
    size_t i;
    bool any = false;
    json_array_foreach(rows, i, row) {
        char word[MP_CELL + 32];
        if (mp_form_failed(row) || strcmp(mp_string(row, "better"), better) != 0)
            continue;
        if (any)
            w.column += fprintf(f, ",");
        else
            w.column += fprintf(f, "  %-22s", lead);
        const char *name = mp_string(row, "name");
        snprintf(word, sizeof word, "%.*s (p %.2g)", mp_form_whole(name, 120), name,
                 mp_real(row, "p_holm"));
        mp_flow(&w, word);
        any = true;
    }
    fputs(any ? "\n" : "", f);
}

static void ablation_text(FILE *f, const json_t *o)
{
    const json_t *rows = json_object_get(o, "rows"), *whole = json_object_get(o, "whole"), *row;
    size_t i, reused = json_is_true(json_object_get(whole, "from_cache"));
    json_array_foreach(rows, i, row)
        reused += json_is_true(json_object_get(row, "from_cache"));
    mp_say(f, "train", 8, "%.0f rows of %s", mp_real(o, "train_rows"),
           mp_string(o, "train"));
    mp_say(f, "test", 8, "%.0f rows of %s", mp_real(o, "test_rows"),
           mp_string(o, "test"));
    mp_say(f, "whole", 8, "%.2f %%, %.0f errors, %.2f s to train: %s",
           100 * mp_real(whole, "accuracy"), mp_real(whole, "errors"),
           mp_real(whole, "train_seconds"), mp_string(whole, "pipeline"));
    fputc('\n', f);
    mp_form_text(f, rows, columns, COLUMNS, HEAD);
    fputc('\n', f);
    mp_say(f, "", 0, "bought: points of accuracy; fixed, made: errors; saves: seconds of training, "
                     "without it");
    fputc('\n', f);
    mp_say(f, "", 0, "by McNemar's exact test of every row, at 5 %% after Holm's correction:");
    say(f, rows, "with", "better with");
    say(f, rows, "without", "better without");
    say(f, rows, "", "no difference shown");
    const size_t beside = mp_runs_beside(rows, o);
    if (beside > 0)
        mp_say(f, "\n", 0, MP_BESIDE, beside, json_array_size(rows));
    if (reused > 0)
        mp_say(f, "\n", 0, "%zu of %zu from the cache, with the times that they took then", reused,
               json_array_size(rows) + 1);
}

static void ablation_csv(FILE *f, const json_t *o)
{
    static const struct mp_csv_column all[] = {
        { "without", "name", 0 }, { "accuracy", "accuracy", 0 }, { "errors", "errors", 0 },
        { "bought", "bought", 0 }, { "low", "bought_interval", 0 },
        { "high", "bought_interval", 1 }, { "fixed", "fixed", 0 }, { "made", "made", 0 },
        { "p", "p", 0 }, { "p_holm", "p_holm", 0 }, { "better", "better", 0 },
        { "train_seconds", "train_seconds", 0 },
        { "train_seconds_saved", "train_seconds_saved", 0 },
        { "predict_seconds_saved", "predict_seconds_saved", 0 },
        { "from_cache", "from_cache", 0 }, { "error", "error", 0 },
    };
    mp_form_csv(f, json_object_get(o, "rows"), all, sizeof all / sizeof *all);
}

void mp_ablation_write(FILE *f, const json_t *document, int format)
{
    switch (format) {
    case 0:
        ablation_text(f, document);
        break;
    case 1:
        mp_form_json(f, document);
        break;
    case 2:
        ablation_csv(f, document);
        break;
    default:
        mp_form_markdown(f, json_object_get(document, "rows"), columns, COLUMNS, HEAD);
    }
}
