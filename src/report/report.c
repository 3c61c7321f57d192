/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.c - what a run found. */
#include "report/report.h"
#include "cache/versions.h"
#include "config.h"
#include "core/state.h"
#include "pipeline/name.h"
#include "report/confusion.h"
#include "text/decimal.h"
#include "report/statistics.h"
#include "text/layout.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const mp_run_files[] = { "report.json", "report.txt", "report.html",
                                     "predictions.csv", "bundle.mnp", NULL };

/* ------------------------------------------------------------------ JSON */

/* NAN, a share of nothing, becomes null. */
static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

/* File names may be no UTF-8, which JSON has to be: what is not gets replaced. */
json_t *mp_text_json(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    json_t *o = json_string(valid);
    g_free(valid);
    return o;
}

json_t *mp_class_json(const char *name)
{
    int64_t v = 0;
    return mp_whole_text(name, &v) ? json_integer((json_int_t)v) : json_string(name);
}

json_t *mp_name_json(const char *text)
{
    const size_t size = 4 * strlen(text) + 6;
    char *shown = g_malloc(size);
    mp_printable(shown, size, text);
    json_t *o = mp_text_json(shown);
    g_free(shown);
    return o;
}

static json_t *shape_json(struct mp_shape s)
{
    return json_pack("[i, i, i]", s.h, s.w, s.c);
}

static json_t *cost_json(uint64_t rows, double seconds)
{
    return json_pack("{s:I, s:f, s:o, s:o}", "rows", (json_int_t)rows, "seconds", seconds,
                     "microseconds_per_row", number(1e6 * seconds / (double)rows),
                     "rows_per_second", number((double)rows / seconds));
}

static json_t *stage_json(struct mp_ctx *c, const struct mp_node *n)
{
    json_t *o = json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:I}", "stage",
                          n->entry != NULL ? n->entry->name : "union", "group",
                          n->entry != NULL ? n->entry->group : "language", "line", n->line, "text",
                          mp_text_json(n->text), "shape_in", shape_json(n->in), "shape_out",
                          shape_json(n->out), "values_out", (json_int_t)mp_len(n->out));
    json_t *fit = json_null();
    uint64_t values = 0;
    if (n->cost.fit_rows > 0) {
        mp_plan_values(c, n, &values); /* for want of memory the report fails */
        fit = cost_json(n->cost.fit_rows, n->cost.fit);
        json_object_set_new(fit, "training_seconds", json_real(n->cost.done));
        json_object_set_new(fit, "parameters", json_integer((json_int_t)values));
    }
    json_object_set_new(o, "fit", fit);
    json_object_set_new(o, "apply", cost_json(n->cost.apply_rows, n->cost.apply));
    return o;
}

enum { MOST_PAIRED = 256 }; /* classes of which report.json has all pairs */

/* All pairs, or null where a list of those that occur tells as much. */
static json_t *confusion_json(const struct mp_metrics *m)
{
    const struct mp_confused *q = m->confused, *end = q + m->n_confused;
    json_t *rows = json_array();
    if (m->k > MOST_PAIRED) {
        json_decref(rows);
        return json_null();
    }
    for (int i = 0; i < m->k; i++) {
        json_t *row = json_array();
        for (int j = 0; j < m->k; j++) {
            const bool there = q < end && q->truth == i && q->predicted == j;
            json_array_append_new(row, json_integer(there ? (json_int_t)q++->rows : 0));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *mistakes_json(const struct mp_metrics *m, const char *const *names)
{
    json_t *all = json_array();
    for (size_t i = 0; i < m->n_confused; i++) {
        const struct mp_confused *q = &m->confused[i];
        if (q->truth != q->predicted)
            json_array_append_new(all, json_pack("{s:o, s:o, s:I}", "truth",
                                                 mp_class_json(names[q->truth]), "predicted",
                                                 mp_class_json(names[q->predicted]), "rows",
                                                 (json_int_t)q->rows));
    }
    return all;
}

json_t *mp_metrics_json(const struct mp_metrics *m, const char *const *names)
{
    json_t *o = json_pack("{s:f, s:I, s:[f, f], s:s, s:o}", "accuracy", m->accuracy, "errors",
                          (json_int_t)m->errors, "accuracy_interval", m->low, m->high, "interval",
                          "Wilson, 95 %", "macro_f1", number(m->macro_f1));
    json_object_set_new(o, "balanced_accuracy", number(m->balanced));
    json_object_set_new(o, "tested_classes", json_integer(m->tested));
    json_t *classes = json_array();
    for (int i = 0; i < m->k; i++) {
        const struct mp_class_metrics *q = &m->class[i];
        json_array_append_new(
            classes, json_pack("{s:o, s:I, s:I, s:o, s:o, s:o}", "label", mp_class_json(names[i]),
                               "rows", (json_int_t)q->rows, "predicted", (json_int_t)q->predicted,
                               "precision", number(q->precision), "recall", number(q->recall), "f1",
                               number(q->f1)));
    }
    json_object_set_new(o, "confusion", confusion_json(m));
    json_object_set_new(o, "mistakes", mistakes_json(m, names));
    json_object_set_new(o, "classes", classes);
    return o;
}

double mp_report_first(const struct mp_report *r, int first)
{
    const struct mp_predictions *p = r->predictions;
    return p->n > 0 ? (double)mp_among_first(p->n, p->k, p->scores, r->x->test_y, first) /
                          (double)p->n : NAN;
}

/* How often the class is among the first 2, 3 ... */
static json_t *first_json(const struct mp_report *r)
{
    json_t *all = json_array();
    for (int i = 0, k; (k = mp_first(i, r->predictions->k)) > 0; i++)
        json_array_append_new(all, json_pack("{s:i, s:o}", "k", k, "accuracy",
                                             number(mp_report_first(r, k))));
    return all;
}

/* How much the probabilities are to be believed; NULL: margins tell of none. */
static json_t *calibration_json(const struct mp_report *r)
{
    const struct mp_predictions *p = r->predictions;
    struct mp_calibration m;
    if (!mp_calibration(p->kind, p->n, p->k, p->scores, r->x->test_y, &m))
        return NULL;
    json_t *bins = json_array();
    for (int i = 0; i < MP_BINS; i++)
        json_array_append_new(bins, json_pack("{s:I, s:o, s:o}", "rows",
                                              (json_int_t)m.bins[i].rows, "confidence",
                                              number(m.bins[i].confidence), "accuracy",
                                              number(m.bins[i].accuracy)));
    return json_pack("{s:o, s:o, s:o, s:o}", "log_loss", number(m.nll), "brier", number(m.brier),
                     "expected_error", number(m.ece), "bins", bins);
}

json_t *mp_shape_json(struct mp_shape s)
{
    return s.c == 1 ? json_pack("[i, i]", s.h, s.w) : json_pack("[i, i, i]", s.h, s.w, s.c);
}

static json_t *data_json(const struct mp_data *d, const char *given)
{
    char crc[16];
    snprintf(crc, sizeof crc, "%08x", d->crc);
    return json_pack("{s:o, s:o, s:I, s:o, s:s}", "data", mp_name_json(given), "file",
                     mp_name_json(d->name), "rows", (json_int_t)d->n, "image",
                     mp_shape_json(d->shape), "crc32", crc);
}

json_t *mp_libraries_json(void)
{
    json_t *o = json_object();
    const char *name;
    char version[128];
    for (int i = 0; (name = mp_library_used(i, version, sizeof version)) != NULL; i++)
        json_object_set_new(o, name, json_string(version));
    return o;
}

const char *mp_split_name(const struct mp_experiment *x)
{
    return x->split;
}

const char *mp_test_name(const struct mp_experiment *x)
{
    return x->test_path != NULL ? x->plan.source.test : x->plan.source.train;
}

/* What the score is where nothing can be remembered: without the shared rows. */
static double unseen_accuracy(const struct mp_report *r)
{
    size_t rows = 0, hits = 0;
    for (size_t i = 0; i < r->x->test.n; i++) {
        rows += r->shared->twin[i] == SIZE_MAX;
        hits += r->shared->twin[i] == SIZE_MAX && r->predictions->predicted[i] == r->x->test_y[i];
    }
    return rows > 0 ? (double)hits / (double)rows : NAN;
}

static json_t *branches_json(const struct mp_branch_scores *s)
{
    json_t *all = json_array();
    for (int b = 0; b < s->of->n; b++)
        json_array_append_new(all, json_pack("{s:i, s:s, s:I, s:o}", "line", s->of->at[b].line,
                                             "stage", s->of->at[b].name, "errors",
                                             (json_int_t)s->errors[b], "accuracy",
                                             number(1 - (double)s->errors[b] / (double)s->n)));
    return all;
}

static json_t *test_json(const struct mp_report *r)
{
    const struct mp_experiment *x = r->x;
    const struct mp_source *s = &x->plan.source;
    json_t *test = data_json(&x->test, mp_test_name(x));
    if (r->shared != NULL)
        json_object_set_new(test, "in_training", json_integer((json_int_t)r->shared->rows));
    if (r->shared != NULL && r->shared->rows > 0 && r->metrics != NULL)
        json_object_set_new(test, "accuracy_without_them", number(unseen_accuracy(r)));
    json_object_set_new(test, "split", json_string(mp_split_name(x)));
    if (r->cross != NULL)
        json_object_set_new(test, "folds", json_integer(r->cross->k));
    else if (x->test_path == NULL)
        json_object_set_new(test, "holdout", json_real(s->holdout));
    if (r->metrics != NULL) {
        json_t *m = mp_metrics_json(r->metrics, mp_names_all(&x->classes));
        json_object_update(test, m);
        json_decref(m);
        json_object_set_new(test, "top", first_json(r));
        json_t *calibration = calibration_json(r);
        if (calibration != NULL)
            json_object_set_new(test, "calibration", calibration);
        if (r->branches.of != NULL)
            json_object_set_new(test, "branches", branches_json(&r->branches));
    }
    return test;
}

static json_t *cross_json(const struct mp_cross *x)
{
    json_t *folds = json_array();
    for (int f = 0; f < x->k; f++) {
        const struct mp_cross_fold *q = &x->fold[f];
        json_array_append_new(folds, json_pack("{s:I, s:I, s:f, s:[f, f]}", "rows",
                                               (json_int_t)q->rows, "errors",
                                               (json_int_t)q->errors, "accuracy", q->accuracy,
                                               "accuracy_interval", q->low, q->high));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "mean", number(x->mean), "deviation",
                     number(x->deviation), "fit_seconds", number(x->fit_seconds), "folds", folds);
}

/* How many changed copies of each training row the model saw. */
static size_t copies(const struct mp_experiment *x)
{
    return mp_plan_passes(&x->plan, x->plan.n_nodes - 1) - 1;
}

json_t *mp_report_json(struct mp_ctx *c, const struct mp_report *r)
{
    const struct mp_experiment *x = r->x;
    json_t *train = data_json(&x->train, x->plan.source.train);
    json_t *labels = json_array(), *stages = json_array(), *warnings = json_array();
    for (int i = 0; i < x->n_classes; i++)
        json_array_append_new(labels, mp_class_json(mp_names_at(&x->classes, (size_t)i)));
    for (int i = 0; i < x->plan.n_nodes; i++)
        json_array_append_new(stages, stage_json(c, &x->plan.nodes[i]));
    for (int i = 0; i < mp_kept_count(r->warnings); i++)
        json_array_append_new(warnings, json_string(mp_kept_at(r->warnings, i)));
    char *text = mp_script_text(c, &x->script, true);
    json_object_set_new(train, "copies", json_integer((json_int_t)copies(x)));
    json_t *changes = json_array();
    char change[1024];
    for (int i = 0; mp_change(c->run->command.asked, i, change, sizeof change); i++)
        json_array_append_new(changes, mp_text_json(change));
    json_t *o = json_pack(
        "{s:s, s:{s:o, s:o, s:o}, s:I, s:i, s:o, s:o, s:o, s:{s:f, s:f, s:f, s:f}, s:o, s:{s:I}, "
        "s:{s:s, s:I}, s:o, s:o}",
        "mnistpipe", PACKAGE_VERSION, "pipeline", "file", mp_name_json(x->plan.file), "text",
        mp_text_json(text != NULL ? text : ""), "changes", changes, "seed",
        (json_int_t)c->run->seed, "threads", c->run->threads, "labels", labels, "train", train,
        "test", test_json(r),
        "seconds", "total", r->total_seconds, "read", x->read_seconds, "fit",
        r->fit_seconds, "predict", r->predictions->seconds, "stages", stages, "memory",
        "peak_bytes", (json_int_t)r->peak_bytes, "bundle", "file", "bundle.mnp", "bytes",
        (json_int_t)r->bundle_bytes, "libraries", json_incref(r->libraries), "warnings", warnings);
    if (mp_threads(c) > c->run->threads)
        json_object_set_new(o, "threads_at_the_end", json_integer(mp_threads(c)));
    free(text);
    if (o != NULL)
        json_object_set_new(o, "scores", json_string(mp_scores_name(r->predictions->kind)));
    if (o != NULL && c->run->reused.earlier > 0)
        json_object_set_new(json_object_get(o, "seconds"), "earlier",
                            json_real(c->run->reused.earlier));
    if (o != NULL && c->run->reused.entries > 0)
        json_object_set_new(json_object_get(o, "seconds"), "reused",
                            json_real(fmax(0, c->run->reused.seconds - c->run->reused.earlier)));
    if (o != NULL && r->cross != NULL)
        json_object_set_new(o, "cross_validation", cross_json(r->cross));
    if (o != NULL && r->page != NULL)
        json_object_set_new(o, "page", json_string(r->page));
    if (o != NULL && json_object_size(r->curves) > 0)
        json_object_set(o, "training", r->curves);
    if (o != NULL && json_array_size(r->parts) > 0)
        json_object_set(o, "layers", r->parts);
    if (o != NULL && json_array_size(r->remarks) > 0)
        json_object_set(o, "remarks", r->remarks);
    if (o == NULL)
        mp_no_memory(c, "the report");
    if (c->msg[0] == '\0')
        return o;
    json_decref(o);
    return NULL;
}

/* ------------------------------------------------------------------ text */

void mp_bytes_text(char *text, size_t size, uint64_t n)
{
    if (n >= 1u << 30)
        snprintf(text, size, "%.2f GiB", (double)n / (1u << 30));
    else if (n >= 1u << 20)
        snprintf(text, size, "%.1f MiB", (double)n / (1u << 20));
    else
        snprintf(text, size, "%.1f KiB", (double)n / 1024);
}

static void rate_text(char *text, size_t size, uint64_t rows, double seconds)
{
    const double rate = seconds > 0 ? (double)rows / seconds : INFINITY;
    if (rows == 0)
        snprintf(text, size, "-");
    else if (rate >= 9.995e5)
        snprintf(text, size, "%.1fM/s", rate / 1e6);
    else if (rate >= 999.5)
        snprintf(text, size, rate >= 1e4 ? "%.0fk/s" : "%.1fk/s", rate / 1e3);
    else
        snprintf(text, size, "%.0f/s", rate);
}

static void shape_text(char *text, size_t size, const struct mp_node *n)
{
    if (n->image)
        snprintf(text, size, "%d x %d", n->out.h, n->out.w);
    else
        snprintf(text, size, "%zu", mp_len(n->out));
}

static void stages_text(FILE *f, const struct mp_report *r, const struct mp_paint *p, bool whole)
{
    static const struct mp_tabular_column column[] = {
        { "stage", 'w' }, { "gives", 'r' }, { "learn s", 'r' }, { "train s", 'r' },
        { "apply", 'r' }, { "us/row", 'r' }
    };
    const struct mp_plan *plan = &r->x->plan;
    struct mp_tabular g;
    mp_tabular_open(&g, column, sizeof column / sizeof *column, 1);
    for (int i = 0; i < plan->n_nodes; i++) {
        const struct mp_node *n = &plan->nodes[i];
        char shape[32], rate[32];
        const bool learns = n->cost.fit_rows > 0;
        shape_text(shape, sizeof shape, n);
        rate_text(rate, sizeof rate, n->cost.apply_rows, n->cost.apply);
        mp_tabular_cell(&g, "%s", n->text);
        mp_tabular_cell(&g, "%s", shape);
        mp_tabular_cell(&g, learns ? "%.3f" : "-", n->cost.fit);
        mp_tabular_cell(&g, learns ? "%.3f" : "-", n->cost.done);
        mp_tabular_cell(&g, "%s", rate);
        mp_tabular_cell(&g, "%.2f", n->cost.apply_rows > 0
                                     ? 1e6 * n->cost.apply / (double)n->cost.apply_rows : 0);
    }
    fputc('\n', f);
    mp_tabular_print(&g, f, p);
    if (!whole)
        return;
    fputs(p->dim, f);
    mp_say(f, "", 0, "learn: passes over rows, summed over threads; train: by the clock; apply: "
                     "rows a second on one thread");
    fputs(p->off, f);
}

/* Where the text of a line begins, after its label. */
enum { LABEL = 9 };

static void calibration_text(FILE *f, const struct mp_report *r)
{
    const struct mp_predictions *p = r->predictions;
    struct mp_calibration m;
    if (!mp_calibration(p->kind, p->n, p->k, p->scores, r->x->test_y, &m))
        return;
    const int at = fprintf(f, "%s   ", p->kind == MP_LOGITS ? "softmax of scores"
                                                            : "probabilities");
    mp_fill(f, at, LABEL, "log loss %.4f, Brier score %.4f, expected calibration error %.2f %% "
                          "(%d bins)", m.nll, m.brier, 100 * m.ece, MP_BINS);
    fputc('\n', f);
}

static void cross_text(FILE *f, const struct mp_cross *x, bool test)
{
    GString *all = g_string_new(NULL);
    for (int i = 0; i < x->k; i++)
        g_string_append_printf(all, " %.2f", 100 * x->fold[i].accuracy);
    mp_say(f, "fold by fold, %: ", LABEL, "%s", all->str);
    g_string_free(all, TRUE);
    mp_say(f, "", 0, "mean %.2f %%, standard deviation %.2f; every stage was fitted anew for each "
                     "fold", 100 * x->mean, 100 * x->deviation);
    mp_say(f, "", 0, "the bundle is fitted on all rows, to predict with; the scores are those of "
                     "the folds");
    if (test)
        mp_say(f, "", 0, "cross-validation leaves the test file alone; folds=0 scores its rows");
}

bool mp_report_one_value(const char *series)
{
    return g_str_has_suffix(series, "kept_epoch");
}

json_t *mp_report_nets(json_t *curves)
{
    json_t *nets = json_object(), *values;
    const char *series;
    json_object_foreach(curves, series, values) {
        const char *dot = strrchr(series, '.');
        char *net = g_strndup(series, dot != NULL ? (size_t)(dot - series) : 0);
        if (json_object_get(nets, net) == NULL)
            json_object_set_new(nets, net, json_object());
        json_object_set(json_object_get(nets, net), dot != NULL ? dot + 1 : series, values);
        g_free(net);
    }
    return nets;
}

/* What models recorded, epoch by epoch; of long series the last that fit in a line. */
static void curves_text(FILE *f, json_t *curves, const struct mp_paint *p)
{
    enum { DOTS = 6, VALUE = 7, FEWEST = 2 };
    const char *name;
    json_t *values, *v;
    int wide = 0;
    json_object_foreach(curves, name, values)
        wide = (int)strlen(name) > wide ? (int)strlen(name) : wide;
    const int room = (mp_measure(f) - wide - DOTS) / VALUE;
    const size_t shown = room > FEWEST ? (size_t)room : FEWEST;
    fprintf(f, "\n%sepoch by epoch%s\n", p->dim, p->off);
    json_object_foreach(curves, name, values) {
        const size_t n = json_array_size(values), from = n > shown ? n - shown : 0;
        fprintf(f, "%s%-*s%s%s", p->dim, wide, name, p->off, from > 0 ? "  ..." : "");
        for (size_t i = from; i < n && (v = json_array_get(values, i)) != NULL; i++)
            fprintf(f, mp_report_one_value(name) ? " %.0f" : " %.4f", json_real_value(v));
        fputc('\n', f);
    }
}

/* Where training went: what the layers cost, forward and backward. */
static void parts_text(FILE *f, json_t *parts, const struct mp_paint *p)
{
    static const struct mp_tabular_column column[] = {
        { "line", 'l' }, { "layer", 'l' }, { "forward s", 'r' }, { "backward s", 'r' },
        { "GFLOP/s", 'r' }, { "GFLOP/s", 'r' }
    };
    struct mp_tabular g;
    size_t i;
    json_t *part;
    fputc('\n', f);
    mp_tabular_open(&g, column, sizeof column / sizeof *column, 2);
    json_array_foreach(parts, i, part) {
        const char *name = "";
        int line = 0;
        double s[2] = { 0, 0 }, work[2] = { 0, 0 };
        json_unpack(part, "{s:s, s:i, s:f, s:f, s:f, s:f}", "layer", &name, "line", &line,
                    "forward_seconds", &s[0], "backward_seconds", &s[1], "forward_multiply_adds",
                    &work[0], "backward_multiply_adds", &work[1]);
        mp_tabular_cell(&g, "%d", line);
        mp_tabular_cell(&g, "%s", name);
        for (int k = 0; k < 2; k++)
            mp_tabular_cell(&g, "%.3f", s[k]);
        for (int k = 0; k < 2; k++)
            mp_tabular_cell(&g, work[k] > 0 && s[k] > 0 ? "%.0f" : "-", 2e-9 * work[k] / s[k]);
    }
    mp_tabular_print(&g, f, p);
    mp_say(f, "", 0, "%sseconds of training, summed over threads; GFLOP/s forward and backward on "
                     "one thread%s", p->dim, p->off);
}

static void libraries_text(FILE *f, const struct mp_report *r, const struct mp_paint *p)
{
    const char *name;
    json_t *version;
    GString *all = g_string_new("mnistpipe " PACKAGE_VERSION);
    json_object_foreach(r->libraries, name, version)
        g_string_append_printf(all, ", %s %s", name, json_string_value(version));
    fputs(p->dim, f);
    mp_say(f, "with", LABEL, "%s", all->str);
    fputs(p->off, f);
    g_string_free(all, TRUE);
}

/* What each of them has alone. */
static void branches_text(FILE *f, const struct mp_branch_scores *s)
{
    GString *all = g_string_new(NULL);
    for (int b = 0; s->of != NULL && b < s->of->n; b++)
        g_string_append_printf(all, "%s%.2f %% (%s, line %d)", b > 0 ? ", " : "",
                               100 * (1 - (double)s->errors[b] / (double)s->n), s->of->at[b].name,
                               s->of->at[b].line);
    if (s->of != NULL)
        mp_say(f, "branches", LABEL, "each alone: %s", all->str);
    g_string_free(all, TRUE);
}

/* What tells more where classes are of unequal size, or several answers are shown. */
static void balance_text(FILE *f, const struct mp_report *r)
{
    GString *all = g_string_new(NULL);
    for (int i = 0, k; (k = mp_first(i, r->predictions->k)) > 0; i++)
        g_string_append_printf(all, ", top %d %.2f %%", k, 100 * mp_report_first(r, k));
    mp_say(f, "balanced", LABEL, "accuracy %.2f %%%s", 100 * r->metrics->balanced, all->str);
    g_string_free(all, TRUE);
}

/* What everybody looks for first. */
static void accuracy_text(FILE *f, const struct mp_report *r, const struct mp_paint *p, bool whole)
{
    const struct mp_metrics *m = r->metrics;
    if (m == NULL) {
        mp_say(f, "scores", LABEL, "none: the test has no labels; predictions are written, nothing "
                                   "is scored");
        return;
    }
    fputs(p->bold, f);
    const int at = fprintf(f, "accuracy %.2f %%", 100 * m->accuracy) + 3;
    fprintf(f, "%s   ", p->off);
    char tested[64] = "";
    if (m->tested < m->k)
        snprintf(tested, sizeof tested, " (rows of %d of %d classes)", m->tested, m->k);
    mp_fill(f, at, LABEL, "95 %% interval %.2f .. %.2f (Wilson), %llu errors in %llu rows, macro "
                          "F1 %.4f%s", 100 * m->low, 100 * m->high, (unsigned long long)m->errors,
            (unsigned long long)m->rows, m->macro_f1, tested);
    fputc('\n', f);
    if (r->cross != NULL)
        cross_text(f, r->cross, *r->x->plan.source.test != '\0');
    if (r->shared != NULL && r->shared->rows > 0 && r->shared->rows == r->x->test.n)
        mp_say(f, "", 0, "without the test rows that training has too no test row is left");
    else if (r->shared != NULL && r->shared->rows > 0)
        mp_say(f, "", 0, "without the %zu test row%s that training has too: accuracy %.2f %%",
               r->shared->rows, r->shared->rows == 1 ? "" : "s", 100 * unseen_accuracy(r));
    branches_text(f, &r->branches);
    if (whole)
        balance_text(f, r);
    calibration_text(f, r);
}

/* A name as a terminal can be given it. */
enum { SHOWN = 1024 };
static const char *shown(const char *name, char to[SHOWN])
{
    mp_printable(to, SHOWN, name);
    return to;
}

void mp_report_changes(const struct mp_ctx *c, char *text, size_t size)
{
    char one[256];
    size_t n = 0;
    *text = '\0';
    for (int i = 0; n + 1 < size && mp_change(c->run->command.asked, i, one, sizeof one); i++)
        n += (size_t)snprintf(text + n, size - n, ", %s", one);
}

/* What ran, on which rows. */
static void origin_text(FILE *f, const struct mp_ctx *c, const struct mp_report *r)
{
    const struct mp_experiment *x = r->x;
    char more[64] = "", name[SHOWN];
    if (copies(x) > 0)
        snprintf(more, sizeof more, " and %zu distorted copies of each", copies(x));
    char changes[1024];
    mp_report_changes(c, changes, sizeof changes);
    mp_say(f, "pipeline", LABEL, "%s%s", shown(x->plan.file, name), changes);
    mp_say(f, "train", LABEL, "%zu rows of %s%s%s, %d classes", x->train.n,
           shown(x->plan.source.train, name), *x->plan.source.more != '\0' ? " and more" : "", more,
           x->n_classes);
    mp_say(f, "test", LABEL, "%zu rows of %s (%s), seed %llu", x->test.n,
           shown(mp_test_name(x), name), mp_split_name(x), (unsigned long long)c->run->seed);
}

void mp_threads_text(const struct mp_ctx *c, char *text, size_t size)
{
    const int first = c->run->threads, last = mp_threads(c);
    if (last > first)
        snprintf(text, size, "%d to %d threads", first, last);
    else
        snprintf(text, size, "%d thread%s", first, first == 1 ? "" : "s");
}

/* What it cost, and where the rest is. */
static void end_text(FILE *f, const struct mp_ctx *c, const struct mp_report *r)
{
    const struct mp_experiment *x = r->x;
    const struct mp_entry *model = x->plan.nodes[x->plan.model].entry;
    const char *suffix = mp_learner(model)->native_suffix;
    char size[32], memory[32], threads[48], folder[SHOWN];
    shown(r->folder, folder);
    mp_bytes_text(size, sizeof size, r->bundle_bytes);
    mp_bytes_text(memory, sizeof memory, r->peak_bytes);
    mp_threads_text(c, threads, sizeof threads);
    mp_say(f, "seconds", LABEL, "%.2f: read %.2f, fit %.2f, predict %.2f (%s); peak memory %s",
           r->total_seconds, x->read_seconds, r->fit_seconds, r->predictions->seconds, threads,
           memory);
    if (c->run->reused.entries > 0)
        mp_say(f, "cache", LABEL, "%.2f of the seconds of fit are of earlier runs",
               fmax(0, c->run->reused.seconds - c->run->reused.earlier));
    if (c->run->reused.earlier > 0)
        mp_say(f, "resumed", LABEL, "%.2f of the seconds of fit were spent before the run was "
               "stopped", c->run->reused.earlier);
    mp_say(f, "written", LABEL, "%s/: report.json, report.txt, predictions.csv, bundle.mnp (%s)"
           "%s%s%s", folder, size, suffix != NULL ? ", " : "", suffix != NULL ? model->name : "",
           suffix != NULL ? suffix : "");
    if (r->page == NULL || strcmp(r->page, "none") != 0)
        mp_say(f, "look at", LABEL, "%s/report.html", folder);
}

void mp_report_text(FILE *f, const struct mp_ctx *c, const struct mp_report *r,
                    const struct mp_paint *p, bool whole)
{
    size_t i;
    json_t *remark;
    accuracy_text(f, r, p, whole);
    origin_text(f, c, r);
    for (int k = 0; k < mp_kept_count(r->warnings); k++)
        mp_say(f, "warning", LABEL, "%s", mp_kept_at(r->warnings, k));
    if (r->metrics != NULL) {
        fputc('\n', f);
        mp_confusion_text(f, r->metrics, mp_names_all(&r->x->classes), p, whole);
    }
    stages_text(f, r, p, whole);
    if (json_object_size(r->curves) > 0)
        curves_text(f, r->curves, p);
    if (json_array_size(r->parts) > 0 && whole)
        parts_text(f, r->parts, p);
    fputc('\n', f);
    end_text(f, c, r);
    if (!whole)
        return;
    libraries_text(f, r, p);
    json_array_foreach(r->remarks, i, remark)
        mp_say(f, "note", LABEL, "%s", json_string_value(remark));
}
