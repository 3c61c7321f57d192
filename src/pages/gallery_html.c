/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gallery_html.c - the page of all stages: a table in several orders, what each bought as dots
 * with their intervals, and every stage with what it makes of the same digits.
 *
 * The orders are tables of which one is shown, chosen by buttons and style alone: the page runs
 * no script, and without style all are there. */
#include "core/ctx.h"
#include "core/layer.h"
#include "pages/bars.h"
#include "pages/plot.h"
#include "pages/report_gallery.h"
#include "pages/report_parts.h"
#include "pages/runs_html.h"
#include "pages/words.h"
#include "study/comparison.h"
#include "study/gallery.h"
#include "text/json.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LDQUO "\xe2\x80\x9c"
#define RDQUO "\xe2\x80\x9d"
#define RSQUO "\xe2\x80\x99"

struct page {
    struct mp_gallery *g;
    const json_t *o, *rows, *bases;
    bool costs, gains;
};

static const json_t *of_base(const json_t *row, int b, const char *what)
{
    char key[MP_GALLERY_KEY];
    mp_gallery_key(key, b, what);
    return json_object_get(row, key);
}

/* Whether the stage was added to that base, and scored. */
static bool has_gain(const json_t *row, int b)
{
    return of_base(row, b, "bought") != NULL;
}

static double bought(const json_t *row, int b)
{
    return json_number_value(of_base(row, b, "bought"));
}

/* "+1.23", "+0.98 .. +1.51", "1.2e-05": one cell, as tables have it. */
static void base_cell(const json_t *row, int b, const char *what, char kind, char *cell)
{
    char key[MP_GALLERY_KEY];
    mp_gallery_key(key, b, what);
    const struct mp_form_column column = { "", key, kind, false };
    mp_form_cell(row, &column, cell);
}

/* ------------------------------------------------------------------ header */

static size_t count(const json_t *rows, const char *key, const char *value)
{
    const json_t *row;
    size_t n = 0, i;
    json_array_foreach(rows, i, row)
        n += strcmp(mp_string(row, key), value) == 0;
    return n;
}

static void header(FILE *f, const struct page *p)
{
    const json_t *base;
    size_t i;
    fputs("<dl class=\"facts\">\n", f);
    mp_html_fact(f, "filters", "%zu", count(p->rows, "kind", "filter"));
    mp_html_fact(f, "features", "%zu", count(p->rows, "kind", "feature"));
    json_array_foreach(p->bases, i, base)
        if (!mp_form_failed(base))
            mp_html_fact(f, mp_string(base, "name"), "%.2f %%", 100 * mp_real(base, "accuracy"));
    mp_html_fact(f, "rows", "%.0f", mp_real(p->o, "train_rows"));
    fputs("</dl>\n", f);
    mp_html_p(f, "%s of mnistpipe with the same digits, each by its default values; where it needs "
                 "some, or does nothing to these digits without, as in its own example.%s%s",
              *p->g->ask.only == '\0' ? "Every filter and feature" : "Stages",
              p->costs ? "  Costs are microseconds an image." : "",
              p->gains ? "  Gains are points of accuracy on held-out training rows." : "");
    json_array_foreach(p->bases, i, base)
        if (mp_form_failed(base))
            mp_html_p(f, "%s failed: %s", mp_string(base, "name"), mp_string(base, "error"));
}

/* ------------------------------------------------------------------- orders */

enum { BY_NAME, BY_COST, BY_GAIN };
struct order {
    const char *id, *label;
    int by, base;
};

/* What is sorted by, least first; what there is not comes last. */
static double sort_key(const json_t *row, const struct order *k)
{
    const json_t *v = k->by == BY_COST ? json_object_get(row, "microseconds")
                                       : of_base(row, k->base, "bought");
    return v == NULL ? INFINITY : k->by == BY_COST ? json_number_value(v) : -json_number_value(v);
}

static bool comes_before(const json_t *a, const json_t *b, const struct order *k)
{
    const double x = k->by != BY_NAME ? sort_key(a, k) : 0, y = k->by != BY_NAME ? sort_key(b, k)
                                                                                 : 0;
    return x < y || (!(y < x) && strcmp(mp_string(a, "name"), mp_string(b, "name")) < 0);
}

/* free() it. */
static const json_t **in_order(struct mp_ctx *c, const struct page *p, const struct order *k)
{
    const size_t n = json_array_size(p->rows);
    const json_t **list = mp_alloc(c, n + 1, sizeof *list);
    for (size_t i = 0; i < n && list != NULL; i++) {
        const json_t *row = json_array_get(p->rows, i);
        size_t to = i;
        for (; to > 0 && comes_before(row, list[to - 1], k); to--)
            list[to] = list[to - 1];
        list[to] = row;
    }
    return list;
}

static void plain_cell(struct mp_html_table *t, const char *cell)
{
    mp_html_cell(t, "%s", strcmp(cell, "-") == 0 ? "\xe2\x80\x93" : cell);
}

static void gain_cells(struct mp_html_table *t, const json_t *row, int b)
{
    char cell[MP_CELL];
    const json_t *better = of_base(row, b, "better");
    base_cell(row, b, "bought", '+', cell);
    if (json_is_string(better)) {
        mp_html_cell_begin(t, "");
        fputs("<strong>", t->f);
        mp_html_text(t->f, cell);
        fputs("</strong>", t->f);
        mp_html_cell_end(t);
    } else {
        plain_cell(t, cell);
    }
    base_cell(row, b, "bought_interval", 'I', cell);
    plain_cell(t, cell);
    base_cell(row, b, "p_holm", 'p', cell);
    plain_cell(t, cell);
}

static void table_row(struct mp_html_table *t, const struct page *p, const json_t *row)
{
    static const struct mp_form_column cost = { "", "microseconds", 's', false };
    const char *name = mp_string(row, "name");
    char cell[MP_CELL];
    mp_html_cell_begin(t, "");
    fprintf(t->f, "<a href=\"#stage-%s\">%s</a>", name, name);
    mp_html_cell_end(t);
    mp_html_cell(t, "%s", mp_string(row, "kind"));
    if (mp_form_failed(row)) {
        mp_html_cell_rest(t, "failed: %s", mp_string(row, "error"));
        return;
    }
    mp_form_cell(row, &cost, cell);
    if (p->costs)
        plain_cell(t, cell);
    for (int b = 0; b < MP_GALLERY_BASES && p->gains; b++)
        gain_cells(t, row, b);
}

static int one_table(struct mp_ctx *c, FILE *f, const struct page *p, const struct order *k)
{
    static const struct mp_column all[] = {
        { "stage", false }, { "kind", false }, { "\xc2\xb5s", true },
        { "pixels + svm", true }, { "95 % interval", true }, { "p, Holm", true },
        { "hog + svm", true }, { "95 % interval", true }, { "p, Holm", true },
    };
    struct mp_column column[sizeof all / sizeof *all];
    struct mp_html_table t;
    const json_t **list = in_order(c, p, k);
    int n = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (i < 2 || (i == 2 ? p->costs : p->gains))
            column[n++] = all[i];
    if (list == NULL)
        return -1;
    char *caption = g_strdup_printf("All stages, %s", k->label);
    mp_html_table(&t, f, caption, column, n);
    for (size_t i = 0; i < json_array_size(p->rows); i++)
        table_row(&t, p, list[i]);
    mp_html_table_end(&t);
    g_free(caption);
    free(list);
    return MP_OK;
}

static int tables(struct mp_ctx *c, FILE *f, const struct page *p)
{
    static const struct order all[] = {
        { "by-name", "by name", BY_NAME, 0 },
        { "by-cost", "by cost", BY_COST, 0 },
        { "by-pixels", "by gain with pixels + svm", BY_GAIN, 0 },
        { "by-hog", "by gain with hog + svm", BY_GAIN, 1 },
    };
    struct order k[sizeof all / sizeof *all];
    int n = 0, rc = MP_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].by == BY_NAME || (all[i].by == BY_COST ? p->costs : p->gains))
            k[n++] = all[i];
    fputs("<div class=\"order\" role=\"group\" aria-label=\"Order of the table\">\n", f);
    for (int i = 0; i < n && n > 1; i++)
        fprintf(f, "<input type=\"radio\" name=\"order\" id=\"%s\"%s />&#160;<label for=\"%s\">%s"
                   "</label>\n", k[i].id, i == 0 ? " checked=\"checked\"" : "", k[i].id,
                k[i].label);
    if (n == 1) /* nothing to choose */
        fputs("<input type=\"radio\" hidden=\"hidden\" checked=\"checked\" />\n", f);
    for (int i = 0; i < n && rc == MP_OK; i++)
        rc = one_table(c, f, p, &k[i]);
    fputs("</div>\n", f);
    return rc;
}

static void explain(FILE *f, const struct page *p)
{
    const json_t *scale = json_object_get(p->o, "scale");
    if (p->costs)
        mp_html_p(f, "\xc2\xb5s: microseconds an image on one thread, the stage alone; the median "
                     "of %d rounds over %zu rows, or over fewer if it is slow.",
                  MP_GALLERY_ROUNDS, p->g->few.n);
    if (!p->gains)
        return;
    mp_html_p(f, "The other columns: what adding the stage buys, in points of accuracy. "
                 LDQUO "pixels + svm" RDQUO " is pixels, normalize, svm; " LDQUO "hog + svm" RDQUO
                 " is hog, svm. A filter stands before the feature. A feature of images stands "
                 "beside it, in a union, and goes through %s and %s, the same for all, so that "
                 "none is louder than another. A feature that takes any rows follows it.",
              json_string_value(json_array_get(scale, 0)),
              json_string_value(json_array_get(scale, 1)));
    mp_html_p(f, "Scored are %.0f training rows, by fits on others (%s held out), the same for all "
                 "pipelines; no test row is read. The interval is "
                 "Tango" RSQUO "s. p is that of McNemar" RSQUO "s exact test with Holm" RSQUO "s "
                 "correction for all %.0f differences that were tried; gains in bold remain at "
                 "5 %%. How else the fits might have gone by chance, with other rows to learn "
                 "from, the test does not say. Neither C nor a stage" RSQUO "s own values were "
                 "chosen: a gain is what the stage gives by itself, not the most that it can "
                 "give.",
              mp_real(p->o, "scored_rows"), mp_string(p->o, "held_out"), mp_real(p->o, "tried"));
}

static int stages(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    mp_html_section(h, "stages", "All stages");
    explain(h->f, p);
    const int rc = tables(c, h->f, p);
    mp_words_html(h->f, p->gains ? "accuracy|filter|feature|folds|Holm's correction|interval|"
                                   "McNemar's test|p|stage" : "filter|feature|stage");
    return rc;
}

/* -------------------------------------------------------------------- gains */

static void fill_bar(struct mp_bar *bar, const json_t *row, int b, char *value)
{
    const json_t *ends = of_base(row, b, "bought_interval");
    const char *better = json_string_value(of_base(row, b, "better"));
    base_cell(row, b, "bought", '+', value);
    *bar = (struct mp_bar){ mp_string(row, "name"), value, 100 * bought(row, b),
                            100 * json_number_value(json_array_get(ends, 0)),
                            100 * json_number_value(json_array_get(ends, 1)),
                            better == NULL                 ? MP_MUTED
                            : strcmp(better, "with") == 0 ? MP_BLUE
                                                           : MP_ORANGE };
}

static int dots(struct mp_ctx *c, FILE *f, const struct page *p, int b)
{
    const struct order order = { "", "", BY_GAIN, b };
    const size_t n = json_array_size(p->rows);
    const json_t **list = in_order(c, p, &order);
    struct mp_bar *bars = mp_alloc(c, n + 1, sizeof *bars);
    char(*values)[MP_CELL] = mp_alloc(c, n + 1, sizeof *values);
    const bool good = list != NULL && bars != NULL && values != NULL;
    int m = 0;
    for (size_t i = 0; i < n && good; i++)
        if (has_gain(list[i], b)) {
            fill_bar(&bars[m], list[i], b, values[m]);
            m++;
        }
    if (good && m > 0) {
        char *title = g_strdup_printf("Bought with %s, most first", mp_gallery_bases[b].title);
        mp_html_figure(f);
        mp_plot_intervals(f, title, "One row a stage that was added; the table above has the "
                                    "figures.", bars, m, "points of accuracy");
        mp_html_caption(f, "Added to %s: points of accuracy with 95 %% intervals.  Blue: better "
                           "with the stage; orange: better without it; grey: no difference "
                           "remains.", mp_gallery_bases[b].title);
        g_free(title);
    }
    free(list);
    free(bars);
    free(values);
    return good ? MP_OK : -1;
}

static int gains(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    int rc = MP_OK;
    if (mp_real(p->o, "tried") < 1)
        return MP_OK;
    mp_html_section(h, "gains", "What adding it buys");
    fputs("<div class=\"pair\">\n", h->f);
    for (int b = 0; b < MP_GALLERY_BASES && rc == MP_OK; b++)
        rc = dots(c, h->f, p, b);
    fputs("</div>\n", h->f);
    return rc;
}

/* ------------------------------------------------------------------- cards */

static void gain_note(FILE *f, const json_t *row, int b)
{
    const char *title = mp_gallery_bases[b].title;
    const char *better = json_string_value(of_base(row, b, "better")),
               *why = json_string_value(of_base(row, b, "error"));
    char cell[MP_CELL], ends[MP_CELL];
    if (why != NULL)
        mp_html_note(f, "With %s it failed: %s", title, why);
    if (!has_gain(row, b))
        return;
    base_cell(row, b, "bought", '+', cell);
    base_cell(row, b, "bought_interval", 'I', ends);
    mp_html_note(f, "With %s %s points (%s): %.0f errors fixed, %.0f made; %s.", title, cell, ends,
                 json_number_value(of_base(row, b, "fixed")),
                 json_number_value(of_base(row, b, "made")),
                 better == NULL                 ? "no difference remains"
                 : strcmp(better, "with") == 0 ? "better with it"
                                                : "better without it");
}

static void facts(FILE *f, const struct page *p, const json_t *row)
{
    const json_t *ends = json_object_get(row, "microseconds_range"), *warning;
    size_t i;
    if (json_object_get(row, "microseconds") != NULL)
        mp_html_note(f, "%.2f \xc2\xb5s an image (%.2f .. %.2f)", mp_real(row, "microseconds"),
                     json_number_value(json_array_get(ends, 0)),
                     json_number_value(json_array_get(ends, 1)));
    for (int b = 0; b < MP_GALLERY_BASES && p->gains; b++)
        gain_note(f, row, b);
    json_array_foreach(json_object_get(row, "warnings"), i, warning)
        mp_html_note(f, "Remark: %s", json_string_value(warning));
}

/* Few digits are no larger than many. */
static void begin_strip(FILE *f, size_t n)
{
    fprintf(f, "<div style=\"max-width:%.0f%%\">", 100.0 * (double)n / MP_GALLERY_DIGITS);
}

/* Vectors without places, side by side. */
static int bar_strip(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                     const struct mp_contact_column *col, const struct mp_bars *b)
{
    enum { GAP = 6 };
    struct mp_picture p;
    char alt[160];
    if (mp_picture_open(c, &p, b->h, (b->w + GAP) * (int)k->n - GAP, 1, 255) < 0)
        return -1;
    for (size_t i = 0; i < k->n; i++)
        mp_bars_draw(b, i, &p, 0, (int)i * (b->w + GAP));
    snprintf(alt, sizeof alt, "%zu digits after %s, vectors of %zu as bars", k->n, col->name,
             b->len);
    const int rc = mp_html_picture(c, f, &p, "ink strip", alt);
    mp_picture_close(&p);
    return rc;
}

static void bar_note(FILE *f, const struct mp_bars *b)
{
    if (b->d < b->len)
        fprintf(f, "%zu of its ", b->d);
    fprintf(f, "%zu values, as bars%s", b->len,
            b->each ? ", each from its least to its most among these digits" : "");
}

/* The digits after the stage: its column is the last. */
static int picture(struct mp_ctx *c, FILE *f, const struct page *p, struct mp_exhibit *e)
{
    enum { MAPS = 8 }; /* of one digit: more are too small to see */
    const struct mp_contact_ask ask = { .plan = &e->plan, .last = e->plan.n_nodes - 1,
                                        .d = &p->g->d, .rows = p->g->shown, .n = p->g->n_shown,
                                        .training = true, .epochs = 1, .channels = MAPS };
    struct mp_contact k;
    struct mp_bars bars = { .low = NULL };
    if (mp_contact_collect(c, &ask, &k) < 0)
        return -1;
    const struct mp_contact_column *col = &k.columns[k.n_columns - 1];
    int rc = col->folded ? mp_bars_open(c, &k, col, &bars) : MP_OK;
    begin_strip(f, k.n);
    if (rc == MP_OK)
        rc = col->folded ? bar_strip(c, f, &k, col, &bars) : mp_report_strip(c, f, &k, col, 72, 1);
    fputs("</div>\n", f);
    fputs("<p class=\"note\">", f);
    if (strcmp(e->line, e->entry->name) != 0)
        mp_html_printf(f, "%s: ", e->line);
    if (col->folded)
        bar_note(f, &bars);
    else
        mp_report_strip_note(f, col);
    if (e->entry->stage->flags & MP_TRAIN_ONLY)
        fputs("; it changes training rows only", f);
    fputs("</p>\n", f);
    mp_bars_close(&bars);
    mp_contact_free(&k);
    return rc;
}

/* A stage may give more than a page can hold: then it says so. */
static int digits(struct mp_ctx *c, FILE *f, const struct page *p, struct mp_exhibit *e)
{
    struct mp_ctx own;
    mp_ctx_init(&own, c->run);
    int rc = picture(&own, f, p, e);
    if (rc < 0 && (own.no_memory || mp_stopped(c))) {
        mp_ctx_take(c, &own);
    } else if (rc < 0) {
        mp_html_note(f, "No picture: %s", own.msg);
        rc = MP_OK;
    }
    mp_ctx_free(&own);
    return rc;
}

static int card(struct mp_ctx *c, FILE *f, const struct page *p, size_t i)
{
    struct mp_exhibit *e = &p->g->at[i];
    const json_t *row = json_array_get(p->rows, i);
    int rc = MP_OK;
    fprintf(f, "<li id=\"stage-%s\"><h3>%s</h3>\n", e->entry->name, e->entry->name);
    mp_html_p(f, "%s", e->entry->stage->brief);
    if (e->error != NULL)
        mp_html_p(f, "Failed: %s", e->error);
    else
        rc = digits(c, f, p, e);
    facts(f, p, row);
    fputs("</li>\n", f);
    return rc;
}

/* The rows as they were read, for comparison. */
static int as_read(struct mp_ctx *c, FILE *f, const struct page *p)
{
    struct mp_plan none = { .shape = p->g->d.shape };
    const struct mp_contact_ask ask = { .plan = &none, .last = -1, .d = &p->g->d,
                                        .rows = p->g->shown, .n = p->g->n_shown };
    struct mp_contact k;
    if (mp_contact_collect(c, &ask, &k) < 0)
        return -1;
    mp_html_figure(f);
    begin_strip(f, k.n);
    const int rc = mp_report_strip(c, f, &k, &k.columns[0], 72, 1);
    fputs("</div>\n", f);
    mp_html_caption(f, "The digits as they were read: %s.", p->g->y != NULL
                           ? "the first of each class" : "the first rows");
    mp_contact_free(&k);
    return rc;
}

static int cards(struct mp_ctx *c, struct mp_html *h, const struct page *p, const char *kind,
                 const char *id, const char *title)
{
    int rc = MP_OK;
    if (count(p->rows, "kind", kind) == 0)
        return MP_OK;
    mp_html_section(h, id, title);
    rc = as_read(c, h->f, p);
    fputs("<ul class=\"stages\">\n", h->f);
    for (size_t i = 0; i < json_array_size(p->rows) && rc == MP_OK; i++)
        if (strcmp(mp_string(json_array_get(p->rows, i), "kind"), kind) == 0)
            rc = card(c, h->f, p, i);
    fputs("</ul>\n", h->f);
    return rc;
}

/* -------------------------------------------------------------- the page */

static void named(FILE *f, const char *name, const char *brief)
{
    fprintf(f, "<li><h3>%s</h3>\n", name);
    mp_html_p(f, "%s", brief);
    fputs("</li>\n", f);
}

/* What is no filter and no feature, so that the list of stages is whole. */
static void models(struct mp_html *h, const struct page *p)
{
    if (*p->g->ask.only != '\0')
        return;
    mp_html_section(h, "models", "Models: rows to one score per class");
    fputs("<ul class=\"stages\">\n", h->f);
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        if (mp_is_model(e))
            named(h->f, e->name, e->stage->brief);
    fputs("</ul>\n", h->f);
    mp_html_section(h, "layers", "Layers: lines below a net");
    fputs("<ul class=\"stages\">\n", h->f);
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        named(h->f, e->name, e->layer->brief);
    fputs("</ul>\n", h->f);
}

static void origin(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    mp_html_section(h, "origin", "Where it comes from");
    mp_report_command(h->f, c);
    mp_html_p(h->f, "%.0f rows of %s, CRC-32 %s of pixels and labels; seed %.0f.",
              mp_real(p->o, "train_rows"), mp_string(p->o, "train"), mp_string(p->o, "crc32"),
              mp_real(p->o, "seed"));
    mp_report_machine(h->f, c, 0);
}

static int sections(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    if (stages(c, h, p) < 0 || gains(c, h, p) < 0 ||
        cards(c, h, p, "filter", "filters", "Filters: image to image") < 0 ||
        cards(c, h, p, "feature", "features", "Features: rows to rows") < 0)
        return -1;
    models(h, p);
    origin(c, h, p);
    return MP_OK;
}

int mp_gallery_html(struct mp_ctx *c, struct mp_gallery *g, const json_t *document, FILE *to)
{
    struct mp_html h;
    struct page p = { .g = g, .o = document, .costs = g->ask.costs, .gains = g->ask.gains };
    p.rows = json_object_get(document, "rows");
    p.bases = json_object_get(document, "bases");
    if (mp_html_open(c, &h) < 0)
        return -1;
    header(h.head, &p);
    int rc = sections(c, &h, &p);
    if (rc == MP_OK)
        rc = mp_html_write(c, &h, "a gallery by mnistpipe", "Filters and features", to);
    mp_html_close(&h);
    return rc;
}
