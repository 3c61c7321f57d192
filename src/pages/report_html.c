/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_html.c - the page of a run: its header, its pipeline, and where it comes from. */
#include "pages/report_html.h"
#include "cache/versions.h"
#include "config.h"
#include "core/ctx.h"
#include "core/text.h"
#include "pages/report_charts.h"
#include "pages/report_gallery.h"
#include "pages/report_parts.h"
#include "pages/words.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* ---------------------------------------------------------------- header */

static void header(struct mp_html *h, const struct mp_ctx *c, const struct mp_report *r)
{
    const struct mp_metrics *m = r->metrics;
    FILE *f = h->head;
    char more[64] = "";
    fputs("<dl class=\"facts\">\n", f);
    if (m != NULL) {
        fprintf(f, "<div class=\"main\"><dt>accuracy</dt><dd>%.2f %%</dd></div>\n",
                100 * m->accuracy);
        mp_html_fact(f, "95 % interval", "%.2f .. %.2f %%", 100 * m->low, 100 * m->high);
        mp_html_fact(f, "errors", "%llu of %llu rows", (unsigned long long)m->errors,
                     (unsigned long long)m->rows);
        if (m->tested < m->k)
            mp_html_fact(f, "macro F1", "%.4f, rows of %d of %d classes", m->macro_f1, m->tested,
                         m->k);
        else
            mp_html_fact(f, "macro F1", "%.4f", m->macro_f1);
        mp_html_fact(f, "balanced accuracy", "%.2f %%", 100 * m->balanced);
        for (int i = 0, k; (k = mp_first(i, r->predictions->k)) > 0; i++) {
            char name[16];
            snprintf(name, sizeof name, "top %d", k);
            mp_html_fact(f, name, "%.2f %%", 100 * mp_report_first(r, k));
        }
        for (int b = 0; r->branches.of != NULL && b < r->branches.of->n; b++) {
            const struct mp_branch *at = &r->branches.of->at[b];
            char name[80];
            snprintf(name, sizeof name, "%s of line %d alone", at->name, at->line);
            mp_html_fact(f, name, "%.2f %%", 100 * (1 - (double)r->branches.errors[b] /
                                                             (double)r->branches.n));
        }
        if (r->cross != NULL)
            mp_html_fact(f, "mean of the folds", "%.2f %%, standard deviation %.2f",
                         100 * r->cross->mean, 100 * r->cross->deviation);
    } else {
        mp_html_fact(f, "predicted", "%zu rows", r->predictions->n);
    }
    mp_html_fact(f, "time", "%.2f s", r->total_seconds);
    mp_html_fact(f, "seed", "%llu", (unsigned long long)c->run->seed);
    fputs("</dl>\n", f);
    const size_t copies = mp_plan_passes(&r->x->plan, r->x->plan.n_nodes - 1) - 1;
    if (copies > 0)
        snprintf(more, sizeof more, " and %zu distorted copies of each", copies);
    mp_html_p(f, "%zu training rows of %s%s%s; tested on %zu rows of %s (%s).%s", r->x->train.n,
              r->x->plan.source.train, *r->x->plan.source.more != '\0' ? " and more" : "", more,
              r->x->test.n, mp_test_name(r->x), mp_split_name(r->x),
              m == NULL ? "  The test has no labels: predictions are written, nothing is scored."
                        : "  The interval is Wilson\xe2\x80\x99s.");
    mp_words_html(f, m == NULL     ? "row|seed"
                     : r->cross != NULL ? "accuracy|balanced accuracy|errors|folds|interval|"
                                          "macro F1|seed|standard deviation|top k"
                                        : "accuracy|balanced accuracy|errors|interval|macro F1|"
                                          "row|seed|top k");
    for (int i = 0; i < mp_kept_count(r->warnings); i++) {
        fputs("<p class=\"warning\"><strong>Warning:</strong> ", f);
        mp_html_text(f, mp_kept_at(r->warnings, i));
        fputs("</p>\n", f);
    }
}

/* -------------------------------------------------------------- pipeline */

/* The node (or -1, the data) that all inputs of node k come from. */
static int stem(const struct mp_plan *p, int k)
{
    const struct mp_node *n = &p->nodes[k];
    int a = n->inputs[0];
    for (int j = 1; j < n->n_inputs; j++)
        for (int b = n->inputs[j]; a != b;) {
            /* The later of two nodes cannot be what the other comes from. */
            if (a > b)
                a = stem(p, a);
            else
                b = stem(p, b);
        }
    return a;
}

static void node_box(FILE *f, const struct mp_plan *p, int k)
{
    const struct mp_node *n = &p->nodes[k];
    const bool join = n->entry == NULL, learns = n->cost.fit_rows > 0;
    const char *name = join ? n->text : n->entry->name;
    const double seconds = n->cost.fit + n->cost.done + n->cost.apply;
    char shape[64];
    mp_report_shape(shape, sizeof shape, n->out, n->image);
    fprintf(f, "<li class=\"node%s\"><strong>", learns ? " learns" : "");
    mp_html_text(f, name);
    fputs("</strong>", f);
    const size_t skip = join ? strlen(n->text) : strlen(name);
    if (strlen(n->text) > skip) {
        const char *end = strchr(n->text, '\n'); /* layers come below */
        const int length = end != NULL ? (int)(end - n->text) : (int)strlen(n->text);
        fputs(" <span class=\"params\">", f);
        mp_html_printf(f, "%.*s", length - (int)skip, n->text + skip);
        fputs("</span>", f);
    }
    fprintf(f, "<span class=\"cost\">%s%.3f s</span><span class=\"gives\">",
            learns ? "learns, " : "", seconds);
    mp_html_printf(f, "gives %s", shape);
    fputs("</span></li>\n", f);
}

/* The way from node `from` (not itself) to node k. */
static void way(FILE *f, const struct mp_plan *p, int from, int k)
{
    if (k <= from)
        return;
    const struct mp_node *n = &p->nodes[k];
    const int before = stem(p, k);
    way(f, p, from, before);
    if (n->n_inputs > 1) {
        fputs("<li class=\"fork\"><ul>\n", f);
        for (int j = 0; j < n->n_inputs; j++) {
            fputs("<li><ol class=\"flow\">\n", f);
            if (n->inputs[j] == before)
                fputs("<li class=\"node\">as it is</li>\n", f);
            way(f, p, before, n->inputs[j]);
            fputs("</ol></li>\n", f);
        }
        fputs("</ul></li>\n", f);
    }
    node_box(f, p, k);
}

/* A dash for what does not apply. */
static void cost_cell(struct mp_html_table *t, int digits, double v)
{
    if (isfinite(v))
        mp_html_cell(t, "%.*f", digits, v);
    else
        mp_html_cell(t, "\xe2\x80\x93");
}

static void costs(FILE *f, const struct mp_plan *p)
{
    static const struct mp_column column[] = {
        { "stage", false }, { "gives", true }, { "learn, s", true }, { "train, s", true },
        { "apply, \xc2\xb5s a row", true }, { "rows a second", true },
    };
    struct mp_html_table t;
    mp_html_table(&t, f, "What each stage cost.  Learn: passes over rows, summed over threads; "
                         "train: by the clock; apply: on one thread.", column, 6);
    for (int i = 0; i < p->n_nodes; i++) {
        const struct mp_node *n = &p->nodes[i];
        const double rows = (double)n->cost.apply_rows;
        char shape[64];
        mp_report_shape(shape, sizeof shape, n->out, n->image);
        mp_html_cell(&t, "%.*s", (int)strcspn(n->text, "\n"), n->text);
        mp_html_cell(&t, "%s", shape);
        cost_cell(&t, 3, n->cost.fit_rows > 0 ? n->cost.fit : NAN);
        cost_cell(&t, 3, n->cost.fit_rows > 0 ? n->cost.done : NAN);
        cost_cell(&t, 2, 1e6 * n->cost.apply / rows);
        cost_cell(&t, 0, rows / n->cost.apply);
    }
    mp_html_table_end(&t);
}

/* Stages with an inside: the layers of a net. */
static int insides(struct mp_ctx *c, FILE *f, const struct mp_plan *p)
{
    int rc = MP_OK;
    for (int i = 0; i < p->n_nodes && rc == MP_OK; i++) {
        const struct mp_node *n = &p->nodes[i];
        struct mp_text t;
        if (mp_learner(n->entry)->describe == NULL)
            continue;
        if (mp_text_open(c, &t) < 0)
            return -1;
        mp_plan_where(c, p, i);
        rc = mp_learner(n->entry)->describe(c, n->params, n->in, t.f);
        char *text = mp_text_end(c, &t);
        if (text == NULL)
            return -1;
        mp_html_fold(f, "Layers of %s, their shapes and weights", n->entry->name);
        mp_html_code(f, text);
        mp_html_unfold(f);
        free(text);
    }
    return rc;
}

static int pipeline_section(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
{
    const struct mp_plan *p = &r->x->plan;
    char *text = mp_script_text(c, &r->x->script, true), shape[64];
    if (text == NULL)
        return -1;
    mp_html_section(h, "pipeline", "The pipeline");
    mp_report_shape(shape, sizeof shape, p->shape, true);
    fputs("<ol class=\"flow\" aria-label=\"Stages, in the order of work\">\n"
          "<li class=\"node\"><strong>data</strong><span class=\"gives\">", h->f);
    mp_html_printf(h->f, "gives %s", shape);
    fputs("</span></li>\n", h->f);
    way(h->f, p, -1, p->n_nodes - 1);
    fputs("</ol>\n", h->f);
    mp_html_note(h->f, "Times of a stage are all that it took, learning and applying, summed over "
                       "threads where it worked on rows.");
    mp_html_code(h->f, text);
    free(text);
    costs(h->f, p);
    mp_words_html(h->f, "apply|feature|filter|fit|gives|model|pipeline|stage");
    return insides(c, h->f, p);
}

/* ---------------------------------------------------------------- origin */

static int origin_section(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
{
    mp_html_section(h, "origin", "Where it comes from");
    mp_report_command(h->f, c);
    mp_report_data(h->f, r->x);
    mp_report_machine(h->f, c, r->peak_bytes);
    mp_html_p(h->f, "Seconds: %.2f in all; read %.2f, fit %.2f, predict %.2f.", r->total_seconds,
              r->x->read_seconds, r->fit_seconds, r->predictions->seconds);
    return MP_OK;
}

/* ------------------------------------------------------------------ folds */

static void folds(struct mp_html *h, const struct mp_report *r)
{
    static const struct mp_column column[] = {
        { "fold", false }, { "rows", true }, { "errors", true }, { "accuracy", true },
        { "95 % interval", true },
    };
    struct mp_html_table t;
    if (r->cross == NULL)
        return;
    mp_html_section(h, "folds", "Fold by fold");
    mp_html_p(h->f, "Each row was predicted by a pipeline fitted on the other folds alone, every "
                    "stage of it.  The bundle, the pictures of what was learned and the times of "
                    "the stages are those of a last fit, on all rows.");
    mp_html_table(&t, h->f, "Accuracy of each fold", column, 5);
    for (int f = 0; f < r->cross->k; f++) {
        const struct mp_cross_fold *q = &r->cross->fold[f];
        mp_html_cell(&t, "%d", f + 1);
        mp_html_cell(&t, "%llu", (unsigned long long)q->rows);
        mp_html_cell(&t, "%llu", (unsigned long long)q->errors);
        mp_html_cell(&t, "%.2f %%", 100 * q->accuracy);
        mp_html_cell(&t, "%.2f .. %.2f", 100 * q->low, 100 * q->high);
    }
    mp_html_table_end(&t);
}

/* -------------------------------------------------------------- the page */

static int sections(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
{
    if (pipeline_section(c, h, r) < 0 || mp_report_digits(c, h, r) < 0)
        return -1;
    mp_report_confusion(h, r);
    folds(h, r);
    mp_report_learning(h, r);
    if (mp_report_confidence(c, h, r) < 0 || mp_report_mistakes(c, h, r) < 0 ||
        mp_report_inside(c, h, r) < 0 || mp_report_learned(c, h, r) < 0)
        return -1;
    return origin_section(c, h, r);
}

int mp_report_html(struct mp_ctx *c, const struct mp_report *r, FILE *to)
{
    struct mp_html h;
    struct mp_plan *p = &r->x->plan;
    char name[1024], changes[512];
    struct mp_cost *cost = mp_alloc(c, (size_t)p->n_nodes, sizeof *cost);
    if (cost == NULL || mp_html_open(c, &h) < 0) {
        free(cost);
        return -1;
    }
    for (int i = 0; i < p->n_nodes; i++)
        cost[i] = p->nodes[i].cost;
    header(&h, c, r);
    mp_pipeline_name(p->file, name, 256);
    mp_report_changes(c, changes, sizeof changes);
    snprintf(name + strlen(name), sizeof name - strlen(name), "%s", changes);
    int rc = sections(c, &h, r);
    /* Digits were shown by the stages themselves, which is no part of the run. */
    for (int i = 0; i < p->n_nodes; i++)
        p->nodes[i].cost = cost[i];
    if (rc == MP_OK)
        rc = mp_html_write(c, &h, "a run of mnistpipe", name, to);
    mp_html_close(&h);
    free(cost);
    return rc;
}
