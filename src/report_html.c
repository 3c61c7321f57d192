/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_html.c - the page of a run: its header, its pipeline, and where it comes from. */
#include "report_html.h"
#include "config.h"
#include "ctx.h"
#include "glossary.h"
#include "text.h"
#include "versions.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

void mp_pipeline_name(const char *file, char *name, size_t size)
{
    const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(base, '.');
    const size_t n = dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base);
    snprintf(name, size, "%.*s", n > 200 ? 200 : (int)n, base);
}

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
    mp_html_p(f, "%zu training rows of %s%s; tested on %zu rows of %s (%s).%s", r->x->train.n,
              r->x->plan.source.train, more, r->x->test.n, mp_test_name(r->x), mp_split_name(r->x),
              m == NULL ? "  The test has no labels: predictions are written, nothing is scored."
                        : "  The interval is Wilson\xe2\x80\x99s.");
    mp_words_html(f, m == NULL     ? "row|seed"
                     : r->cross != NULL ? "accuracy|errors|folds|interval|macro F1|seed|"
                                          "standard deviation"
                                        : "accuracy|errors|interval|macro F1|row|seed");
    for (int i = 0; i < r->n_warnings; i++) {
        fputs("<p class=\"warning\"><strong>Warning:</strong> ", f);
        mp_html_text(f, r->warnings[i]);
        fputs("</p>\n", f);
    }
}

/* -------------------------------------------------------------- pipeline */

void mp_report_shape(char *text, size_t size, struct mp_shape s, bool image)
{
    if (!image)
        snprintf(text, size, "%zu", mp_len(s));
    else if (s.c == 1)
        snprintf(text, size, "%d \xc3\x97 %d", s.h, s.w);
    else
        snprintf(text, size, "%d \xc3\x97 %d \xc3\x97 %d", s.h, s.w, s.c);
}

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
        if (n->entry == NULL || n->entry->stage->describe == NULL)
            continue;
        if (mp_text_open(c, &t) < 0)
            return -1;
        rc = n->entry->stage->describe(c, n->params, n->in, t.f);
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

int mp_report_pipeline(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
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

static void data_row(struct mp_html_table *t, const char *part, const struct mp_data *d,
                     const char *name)
{
    mp_html_cell(t, "%s", part);
    mp_html_cell(t, "%s", name);
    mp_html_cell(t, "%s", d->name);
    mp_html_cell(t, "%zu", d->n);
    mp_html_cell(t, "%d \xc3\x97 %d", d->shape.h, d->shape.w);
    mp_html_cell(t, "%08x", d->crc);
}

void mp_report_data(FILE *f, const struct mp_experiment *x)
{
    static const struct mp_column column[] = {
        { "part", false }, { "data", false }, { "file", false }, { "rows", true },
        { "image", true }, { "CRC-32", true },
    };
    struct mp_html_table t;
    mp_html_table(&t, f, "The rows.  The checksum is of pixels and labels.", column, 6);
    data_row(&t, "train", &x->train, x->plan.source.train);
    if (x->test.n > 0) /* a search reads none */
        data_row(&t, "test", &x->test, mp_test_name(x));
    mp_html_table_end(&t);
}

/* "AMD EPYC 9B14", as Linux tells it; "" where it does not. */
static void processor(char *text, size_t size)
{
    char line[512], *colon;
    FILE *f = fopen("/proc/cpuinfo", "r");
    *text = '\0';
    while (f != NULL && *text == '\0' && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "model name", 10) == 0 && (colon = strchr(line, ':')) != NULL)
            snprintf(text, size, "%s", g_strstrip(colon + 1));
    if (f != NULL)
        fclose(f);
}

void mp_report_machine(FILE *f, const struct mp_ctx *c, uint64_t peak)
{
    struct utsname u;
    char model[512], version[128], memory[64] = "";
    const char *name;
    processor(model, sizeof model);
    if (uname(&u) != 0)
        memset(&u, 0, sizeof u);
    if (peak > 0)
        snprintf(memory, sizeof memory, "; peak memory %.1f MiB", (double)peak / (1 << 20));
    mp_html_p(f, "Machine: %s%s%s %s, %d thread%s%s.", model, *model != '\0' ? ", " : "", u.sysname,
              u.machine, c->run->threads, c->run->threads == 1 ? "" : "s", memory);
    fputs("<p>Made by ", f);
    mp_html_printf(f, "mnistpipe %s", PACKAGE_VERSION);
    for (int i = 0; (name = mp_library_used(i, version, sizeof version)) != NULL; i++)
        mp_html_printf(f, "%s%s %s", i == 0 ? " with " : ", ", name, version);
    fputs(".</p>\n", f);
}

void mp_report_command(FILE *f, const struct mp_ctx *c)
{
    GString *text = g_string_new("mnistpipe");
    for (int i = 1; i < c->run->argc; i++) {
        const char *word = c->run->argv[i];
        const bool plain = *word != '\0' &&
                           strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789_-+=:,./@%") == strlen(word);
        char *quoted = plain ? g_strdup(word) : g_shell_quote(word);
        g_string_append_printf(text, " %s", quoted);
        g_free(quoted);
    }
    if (c->run->argc > 1) {
        mp_html_p(f, "The command, which gives the same predictions from the same data:");
        mp_html_code(f, text->str);
    }
    g_string_free(text, TRUE);
}

int mp_report_origin(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
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
    if (mp_report_pipeline(c, h, r) < 0 || mp_report_digits(c, h, r) < 0)
        return -1;
    mp_report_confusion(h, r);
    folds(h, r);
    mp_report_learning(h, r);
    if (mp_report_confidence(c, h, r) < 0 || mp_report_mistakes(c, h, r) < 0 ||
        mp_report_inside(c, h, r) < 0 || mp_report_learned(c, h, r) < 0)
        return -1;
    return mp_report_origin(c, h, r);
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
