/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ablation_html.c - the page of an ablation: the answer in words, what each stage bought as
 * dots with their intervals, the table, and the rows that a stage made right or wrong. */
#include "core/ctx.h"
#include "pages/plot.h"
#include "pages/report_gallery.h"
#include "pages/runs_html.h"
#include "pages/words.h"
#include "study/ablation.h"
#include "study/comparison.h"
#include "text/json.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct page {
    const struct mp_ablation *a;
    const json_t *o, *whole, *rows;
    size_t good; /* rows with a result come first */
};

static const json_t *row_at(const struct page *p, size_t i)
{
    return json_array_get(p->rows, i);
}

static double end_of(const json_t *row, const char *key, size_t i)
{
    return 100 * json_number_value(json_array_get(json_object_get(row, key), i));
}

/* ------------------------------------------------------------- the answer */

/* The rows of which that is said, as a list; NULL: there are none.  g_free() it.
 * *first: the one that bought most. */
static char *those(const struct page *p, const char *better, size_t *n, const json_t **first)
{
    const char **names = g_new(const char *, p->good);
    *n = 0;
    for (size_t i = 0; i < p->good; i++) {
        const json_t *row = row_at(p, i);
        if (strcmp(mp_string(row, "better"), better) != 0)
            continue;
        if (*n == 0)
            *first = row;
        names[(*n)++] = mp_string(row, "name");
    }
    char *list = *n > 0 ? mp_runs_list(names, *n) : NULL;
    g_free(names);
    return list;
}

static void answer(FILE *f, const struct page *p)
{
    size_t n_with, n_without, n_none;
    const json_t *best = NULL, *other;
    char *with = those(p, "with", &n_with, &best);
    char *without = those(p, "without", &n_without, &other);
    char *none = those(p, "", &n_none, &other);
    if (with != NULL) {
        fputs("<p><strong>", f);
        mp_html_printf(f, "%s %s", with, n_with == 1 ? "earns its place" : "earn their places");
        fputs("</strong>", f);
        mp_html_printf(f, ".  %s buys%s %.2f points of accuracy (95 %% interval %.2f .. %.2f): "
                          "%.0f errors fixed and %.0f made.",
                       n_with == 1 ? "It" : mp_string(best, "name"), n_with == 1 ? "" : " most,",
                       100 * mp_real(best, "bought"),
                       end_of(best, "bought_interval", 0), end_of(best, "bought_interval", 1),
                       mp_real(best, "fixed"), mp_real(best, "made"));
        fputs("</p>\n", f);
    }
    if (without != NULL) {
        fputs("<p><strong>", f);
        mp_html_printf(f, "It is better without %s", without);
        fputs("</strong>.</p>\n", f);
    }
    if (none != NULL)
        mp_html_p(f, "For %s no difference is shown: on these rows %s may buy a little, or "
                     "nothing.", none, n_none == 1 ? "it" : "each");
    if (p->good < json_array_size(p->rows))
        mp_html_p(f, "%zu of %zu cannot be left out; the table says why.",
                  json_array_size(p->rows) - p->good, json_array_size(p->rows));
    g_free(with);
    g_free(without);
    g_free(none);
}

static void header(FILE *f, const struct page *p)
{
    const json_t *o = p->o, *w = p->whole;
    fputs("<dl class=\"facts\">\n", f);
    fprintf(f, "<div class=\"main\"><dt>accuracy of the whole</dt><dd>%.2f %%</dd></div>\n",
            100 * mp_real(w, "accuracy"));
    mp_html_fact(f, "95 % interval", "%.2f .. %.2f %%", end_of(w, "accuracy_interval", 0),
                 end_of(w, "accuracy_interval", 1));
    mp_html_fact(f, "errors", "%.0f of %.0f rows", mp_real(w, "errors"), mp_real(o, "test_rows"));
    mp_html_fact(f, "seconds to train", "%.2f", mp_real(w, "train_seconds"));
    mp_html_fact(f, "seed", "%.0f", mp_real(o, "seed"));
    fputs("</dl>\n", f);
    answer(f, p);
    mp_html_p(f, "%.0f training rows of %s; tested on %.0f rows of %s.", mp_real(o, "train_rows"),
              mp_string(o, "train"), mp_real(o, "test_rows"), mp_string(o, "test"));
}

/* ---------------------------------------------------------- what it bought */

static void fill_bar(struct mp_bar *b, const json_t *row, char *name, char *value)
{
    static const struct mp_form_column bought = { "", "bought", '+', false };
    const char *better = mp_string(row, "better");
    mp_runs_short(mp_string(row, "name"), name);
    mp_form_cell(row, &bought, value);
    *b = (struct mp_bar){ name, value, 100 * mp_real(row, "bought"),
                          end_of(row, "bought_interval", 0), end_of(row, "bought_interval", 1),
                          strcmp(better, "with") == 0      ? MP_BLUE
                          : strcmp(better, "without") == 0 ? MP_ORANGE
                                                           : MP_MUTED };
}

static int dots(struct mp_ctx *c, FILE *f, const struct page *p)
{
    struct mp_bar *b = mp_alloc(c, p->good, sizeof *b);
    char(*names)[MP_PLOT_NAME] = mp_alloc(c, p->good, sizeof *names);
    char(*values)[MP_CELL] = mp_alloc(c, p->good, sizeof *values);
    const bool good = b != NULL && names != NULL && values != NULL;
    for (size_t i = 0; i < p->good && good; i++)
        fill_bar(&b[i], row_at(p, i), names[i], values[i]);
    if (good) {
        mp_html_figure(f);
        mp_plot_intervals(f, "Bought by each stage, most first",
                          "One row a stage that was left out; the table below has the figures.", b,
                          (int)p->good, "points of accuracy");
        mp_html_caption(f, "Accuracy of the whole pipeline less that without the stage, with 95 %% "
                           "intervals (Tango).  Blue: better with it; orange: better without it; "
                           "grey: no difference is shown (McNemar\xe2\x80\x99s exact test, at 5 "
                           "%%, after Holm\xe2\x80\x99s correction).");
    }
    free(b);
    free(names);
    free(values);
    return good ? MP_OK : -1;
}

static int bought(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    int n, head;
    const struct mp_form_column *columns = mp_ablation_columns(&n, &head);
    mp_html_section(h, "bought", "What each stage bought");
    if (p->good > 0 && dots(c, h->f, p) < 0)
        return -1;
    mp_runs_table(h->f, "The pipeline without a stage, learned anew on the same rows.  Bought: "
                        "points of accuracy; fixed and made: errors; saves: seconds of training, "
                        "without it.  Each name leads to the page of that run.", p->rows, columns,
                  n, head, 0);
    const size_t beside = mp_runs_beside(p->rows, p->o);
    if (beside > 0)
        mp_html_p(h->f, MP_BESIDE ".", beside, json_array_size(p->rows));
    mp_words_html(h->f, "ablation|accuracy|errors|Holm's correction|interval|McNemar's test|p|"
                        "stage");
    return MP_OK;
}

/* ---------------------------------------------------------------- the rows */

enum { STRIP = 12 }; /* rows side by side */

struct strip {
    const struct mp_job *right, *wrong; /* that the rows are right with, and wrong with */
    const char *what;
    size_t count;
};

static size_t strip_rows(const struct page *p, const struct strip *s, size_t *rows)
{
    const struct mp_experiment *x = p->a->x;
    size_t n = 0;
    for (size_t i = 0; i < x->test.n && n < STRIP; i++)
        if (s->right->predicted[i] == x->test_y[i] && s->wrong->predicted[i] != x->test_y[i])
            rows[n++] = i;
    return n;
}

/* Rows that one has right and the other wrong, with the truth and what is wrong. */
static int strip(struct mp_ctx *c, FILE *f, const struct page *p, const struct strip *s)
{
    const struct mp_experiment *x = p->a->x;
    size_t rows[STRIP], n = strip_rows(p, s, rows);
    char alt[128];
    if (n == 0)
        return MP_OK;
    fprintf(f, "<p class=\"strip-title\"><strong>%s</strong> <span class=\"note\">%zu row%s%s"
               "</span></p>\n<div style=\"max-width:%.2f%%\">\n<div class=\"strip-names\" "
               "style=\"--n:%zu\">", s->what, s->count, s->count == 1 ? "" : "s",
            s->count > n ? ", the first of them" : "", 100.0 * (double)n / STRIP, n);
    for (size_t i = 0; i < n; i++) {
        const int got = s->wrong->predicted[rows[i]];
        fputs("<span>", f);
        mp_html_text(f, mp_data_class(&x->test, rows[i]));
        fputs("<span class=\"wrong\">", f);
        mp_html_printf(f, "\xe2\x86\x92%s", mp_names_at(&x->classes, (size_t)got));
        fputs("</span></span>", f);
    }
    fputs("</div>\n", f);
    snprintf(alt, sizeof alt, "%s: %zu test rows side by side", s->what, n);
    const int rc = mp_report_rows(c, f, &x->test, rows, n, "ink strip", alt);
    fputs("</div>\n", f);
    return rc;
}

static int rows(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    int rc = MP_OK;
    bool begun = false;
    for (size_t i = 0; i < p->good && rc == MP_OK; i++) {
        const json_t *row = row_at(p, i);
        const struct mp_job *j = mp_runs_job(p->a->jobs, p->a->n + 1, mp_string(row, "run"));
        const size_t fixed = (size_t)mp_real(row, "fixed"), made = (size_t)mp_real(row, "made");
        const struct strip strips[] = { { p->a->jobs, j, "Fixed by it", fixed },
                                        { j, p->a->jobs, "Made by it", made } };
        if (fixed + made == 0)
            continue;
        if (!begun) {
            mp_html_section(h, "rows", "Errors that a stage fixed, and that it made");
            mp_html_p(h->f, "Truth \xe2\x86\x92 what it was taken for, without the stage where the "
                            "stage fixed it, and with it where it made the error.");
        }
        begun = true;
        mp_html_fold(h->f, "%s: %zu fixed, %zu made", mp_string(row, "name"), fixed, made);
        for (int k = 0; k < 2 && rc == MP_OK; k++)
            rc = strip(c, h->f, p, &strips[k]);
        mp_html_unfold(h->f);
    }
    return rc;
}

/* -------------------------------------------------------------- the page */

static void pipeline(struct mp_html *h, const struct page *p)
{
    mp_html_section(h, "pipeline", "The whole pipeline");
    mp_html_code(h->f, mp_string(json_object_get(p->a->jobs[0].report, "pipeline"), "text"));
    fputs("<p>", h->f);
    char *path = g_strdup_printf("%s/report.html", p->a->jobs[0].name);
    mp_html_link(h->f, path, "The page of its run");
    g_free(path);
    fputs(" shows its stages, its mistakes and what it has learned.</p>\n", h->f);
}

static int sections(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    if (bought(c, h, p) < 0 || rows(c, h, p) < 0)
        return -1;
    pipeline(h, p);
    mp_runs_origin(c, h, p->a->x);
    return MP_OK;
}

int mp_ablation_html(struct mp_ctx *c, const struct mp_ablated *k, FILE *to)
{
    struct mp_html h;
    struct page p = { .a = k->ablation, .o = k->document };
    char *title = g_strdup_printf("What does each stage of %s buy?", k->ablation->jobs[0].name);
    p.whole = json_object_get(p.o, "whole");
    p.rows = json_object_get(p.o, "rows");
    while (p.good < json_array_size(p.rows) && !mp_form_failed(row_at(&p, p.good)))
        p.good++;
    int rc = mp_html_open(c, &h);
    if (rc == MP_OK) {
        header(h.head, &p);
        rc = sections(c, &h, &p);
        if (rc == MP_OK)
            rc = mp_html_write(c, &h, "an ablation by mnistpipe", title, to);
        mp_html_close(&h);
    }
    g_free(title);
    return rc;
}
