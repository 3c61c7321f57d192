/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gallery_report.c - what the gallery found: as JSON, and from that as text, CSV and Markdown.
 *
 * Every gain is tested by McNemar's exact test on the same held-out rows, and Holm's correction
 * is for all of them, on both bases: the more stages are tried, the more would seem to help. */
#include "config.h"
#include "core/ctx.h"
#include "report/report.h"
#include "report/statistics.h"
#include "study/comparison.h"
#include "study/gallery.h"
#include "text/json.h"
#include "text/layout.h"
#include <stdlib.h>
#include <string.h>

void mp_gallery_key(char key[MP_GALLERY_KEY], int b, const char *what)
{
    snprintf(key, MP_GALLERY_KEY, "%s_%s", mp_gallery_bases[b].feature, what);
}

/* -------------------------------------------------------------------- JSON */

static void set(json_t *o, int b, const char *what, json_t *value)
{
    char key[MP_GALLERY_KEY];
    mp_gallery_key(key, b, what);
    json_object_set_new(o, key, value);
}

static json_t *text_or_null(const char *text)
{
    return text != NULL ? mp_name_json(text) : json_null();
}

/* With its lines; NULL: nothing was added. */
static json_t *pipeline_json(struct mp_ctx *c, const struct mp_exhibit *e, int b)
{
    char *text = mp_gallery_text(c, e, b);
    json_t *o = text != NULL ? mp_text_json(text) : json_null();
    free(text);
    return o;
}

static size_t errors_of(const struct mp_gallery *g, const int *predicted)
{
    size_t n = 0;
    for (size_t i = 0; i < g->scored; i++)
        n += predicted[i] != g->truth[i];
    return n;
}

static void add_gain(json_t *o, const struct mp_gallery *g, const struct mp_exhibit *e, int b)
{
    const struct mp_gain *k = &e->gain[b];
    const char *why = k->error != NULL ? k->error : g->base[b].error;
    set(o, b, "error", text_or_null(why));
    if (k->within || why != NULL)
        return;
    const struct mp_pair q =
        mp_pair_count(g->scored, g->truth, k->predicted, g->base[b].predicted);
    const struct mp_comparison m = mp_compare(q);
    set(o, b, "errors", json_integer((json_int_t)errors_of(g, k->predicted)));
    set(o, b, "bought", json_real(m.difference));
    set(o, b, "bought_interval", json_pack("[f, f]", m.low, m.high));
    set(o, b, "fixed", json_integer((json_int_t)q.only_a));
    set(o, b, "made", json_integer((json_int_t)q.only_b));
    set(o, b, "p", json_real(m.p));
}

static json_t *warnings_json(const struct mp_kept *k)
{
    json_t *list = json_array();
    for (int i = 0; i < mp_kept_count(k); i++)
        json_array_append_new(list, mp_name_json(mp_kept_at(k, i)));
    return list;
}

static json_t *row_json(struct mp_ctx *c, const struct mp_gallery *g, int i)
{
    const struct mp_exhibit *e = &g->at[i];
    json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:b, s:o}", "name", e->entry->name, "kind",
                          mp_is_filter(e->entry) ? "filter" : "feature", "brief",
                          e->entry->stage->brief, "line", text_or_null(e->line), "example",
                          e->example, "error", text_or_null(e->error));
    if (e->error == NULL)
        json_object_set_new(o, "gives", mp_shape_json(e->plan.nodes[e->plan.n_nodes - 1].out));
    if (e->error == NULL && g->ask.costs) {
        json_object_set_new(o, "microseconds", json_real(e->cost));
        json_object_set_new(o, "microseconds_range", json_pack("[f, f]", e->low, e->high));
    }
    for (int b = 0; b < MP_GALLERY_BASES && g->ask.gains && e->error == NULL; b++) {
        set(o, b, "pipeline", pipeline_json(c, e, b));
        add_gain(o, g, e, b);
    }
    json_object_set_new(o, "warnings", warnings_json(&e->warnings));
    return o;
}

static json_t *base_json(struct mp_ctx *c, const struct mp_gallery *g, int b)
{
    const struct mp_gain *k = &g->base[b];
    json_t *o = json_pack("{s:s, s:o, s:o}", "name", mp_gallery_bases[b].title, "pipeline",
                          pipeline_json(c, NULL, b), "error", text_or_null(k->error));
    if (k->error != NULL)
        return o;
    const size_t errors = errors_of(g, k->predicted);
    double low, high;
    mp_wilson(g->scored - errors, g->scored, &low, &high);
    json_object_set_new(o, "errors", json_integer((json_int_t)errors));
    json_object_set_new(o, "accuracy", json_real(1 - (double)errors / (double)g->scored));
    json_object_set_new(o, "accuracy_interval", json_pack("[f, f]", low, high));
    return o;
}

/* The i-th gain of all rows and bases that there is. */
static json_t *gain_at(const json_t *rows, size_t i, int *b, double *p)
{
    char key[MP_GALLERY_KEY];
    json_t *row = json_array_get(rows, i / MP_GALLERY_BASES);
    *b = (int)(i % MP_GALLERY_BASES);
    mp_gallery_key(key, *b, "p");
    *p = mp_real(row, key);
    return json_object_get(row, key) != NULL ? row : NULL;
}

/* Holm's probabilities and what they tell; *tried: how many there are. */
static int judge(struct mp_ctx *c, json_t *rows, size_t *tried)
{
    const size_t all = MP_GALLERY_BASES * json_array_size(rows);
    double *p = mp_alloc(c, 2 * all + 1, sizeof *p), one;
    size_t m = 0;
    int b;
    if (p == NULL)
        return -1;
    for (size_t i = 0; i < all; i++)
        if (gain_at(rows, i, &b, &one) != NULL)
            p[m++] = one;
    const int rc = mp_holm(c, p, m, p + m);
    *tried = m;
    for (size_t i = 0, k = m; i < all && rc == MP_OK; i++) {
        char key[MP_GALLERY_KEY];
        json_t *row = gain_at(rows, i, &b, &one);
        if (row == NULL)
            continue;
        mp_gallery_key(key, b, "bought");
        set(row, b, "p_holm", json_real(p[k]));
        set(row, b, "better", p[k] >= MP_LEVEL          ? json_null()
                              : mp_real(row, key) > 0 ? json_string("with")
                                                        : json_string("without"));
        k++;
    }
    free(p);
    return rc;
}

json_t *mp_gallery_json(struct mp_ctx *c, const struct mp_gallery *g)
{
    char crc[16], split[64] = "none";
    size_t tried = 0;
    json_t *rows = json_array(), *bases = json_array();
    for (int i = 0; i < g->n; i++)
        json_array_append_new(rows, row_json(c, g, i));
    for (int b = 0; b < MP_GALLERY_BASES && g->ask.gains; b++)
        json_array_append_new(bases, base_json(c, g, b));
    if (judge(c, rows, &tried) < 0) {
        json_decref(rows);
        json_decref(bases);
        return NULL;
    }
    snprintf(crc, sizeof crc, "%08x", g->d.crc);
    if (g->ask.gains && g->ask.holdout > 0)
        snprintf(split, sizeof split, "%zu rows", g->scored);
    else if (g->ask.gains)
        snprintf(split, sizeof split, "%d folds", g->k);
    json_t *o = json_pack("{s:s, s:o, s:I, s:s, s:I, s:s, s:I, s:i, s:f, s:I, s:[s, s], s:o, s:o}",
                          "mnistpipe", PACKAGE_VERSION, "train", mp_name_json(g->ask.train),
                          "train_rows", (json_int_t)g->d.n, "crc32", crc, "seed",
                          (json_int_t)c->run->seed, "held_out", split, "scored_rows",
                          (json_int_t)g->scored, "threads", c->run->threads, "level", MP_LEVEL,
                          "tried", (json_int_t)tried, "scale", mp_gallery_scale[0],
                          mp_gallery_scale[1], "bases", bases, "rows", rows);
    if (o == NULL || mp_json_refused()) { /* what was left out would look like nothing to tell */
        json_decref(o);
        mp_no_memory(c, "the gallery");
        return NULL;
    }
    return o;
}

/* ------------------------------------------------------------------- forms */

static const struct mp_form_column stage_columns[] = {
    { "stage", "name", 't', true },
    { "kind", "kind", 't', true },
    { "us/image", "microseconds", 's', false },
};
static const struct mp_form_column gain_columns[] = {
    { "pixels + svm", "pixels_bought", '+', false },
    { "95 % interval", "pixels_bought_interval", 'I', false },
    { "p, Holm", "pixels_p_holm", 'p', false },
    { "better", "pixels_better", 't', true },
    { "hog + svm", "hog_bought", '+', false },
    { "95 % interval", "hog_bought_interval", 'I', false },
    { "p, Holm", "hog_p_holm", 'p', false },
    { "better", "hog_better", 't', true },
};
enum { STAGE_COLUMNS = sizeof stage_columns / sizeof *stage_columns,
       GAIN_COLUMNS = sizeof gain_columns / sizeof *gain_columns, HEAD = 2 };

static bool has_costs(const json_t *o)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(o, "rows"), i, row)
        if (json_object_get(row, "microseconds") != NULL)
            return true;
    return false;
}

static int columns_of(const json_t *o, struct mp_form_column *to)
{
    const int stage = has_costs(o) ? STAGE_COLUMNS : HEAD;
    const int gains = json_array_size(json_object_get(o, "bases")) > 0 ? GAIN_COLUMNS : 0;
    memcpy(to, stage_columns, (size_t)stage * sizeof *to);
    memcpy(to + stage, gain_columns, (size_t)gains * sizeof *to);
    return stage + gains;
}

#define GAINS                                                                                      \
    "Gains are points of accuracy on rows held out, by adding the stage to that pipeline. Better " \
    "with it or without it, by McNemar's exact test at 5 %% after Holm's correction for the %.0f " \
    "differences that were tried."

/* Before the table: the rows, and what stages are added to. */
static void say_rows(FILE *f, const json_t *o)
{
    const json_t *base;
    size_t i;
    mp_say(f, "rows", 8, "%.0f training rows of %s", mp_real(o, "train_rows"),
           mp_string(o, "train"));
    json_array_foreach(json_object_get(o, "bases"), i, base)
        if (!mp_form_failed(base))
            mp_say(f, "base", 8, "%s: %.0f errors, %.2f %% right (%s held out, seed %.0f)",
                   mp_string(base, "name"), mp_real(base, "errors"),
                   100 * mp_real(base, "accuracy"), mp_string(o, "held_out"), mp_real(o, "seed"));
        else
            mp_say(f, "base", 8, "%s failed: %s", mp_string(base, "name"),
                   mp_string(base, "error"));
}

static void say_gains(FILE *f, const json_t *o)
{
    if (json_array_size(json_object_get(o, "bases")) == 0)
        return;
    fputc('\n', f);
    mp_say(f, "", 0, GAINS, mp_real(o, "tried"));
}

/* "pixels + svm (pixels, normalize, svm: 657 errors, 89.05 % right)" */
static void put_base(GString *s, const json_t *base)
{
    char **lines = g_strsplit(mp_string(base, "pipeline"), "\n", -1);
    char *list = g_strjoinv(", ", lines);
    g_string_append_printf(s, "%s (%.*s: %.0f errors, %.2f %% right)", mp_string(base, "name"),
                           (int)strlen(list) - 2, list, mp_real(base, "errors"),
                           100 * mp_real(base, "accuracy"));
    g_free(list);
    g_strfreev(lines);
}

/* The same as a paragraph. */
static void markdown_rows(FILE *f, const json_t *o)
{
    GString *s = g_string_new("");
    const json_t *base;
    size_t i;
    g_string_append_printf(s, "%.0f training rows of %s", mp_real(o, "train_rows"),
                           mp_string(o, "train"));
    json_array_foreach(json_object_get(o, "bases"), i, base) {
        g_string_append(s, i == 0 ? "; stages are added to " : " and to ");
        put_base(s, base);
    }
    if (i > 0)
        g_string_append_printf(s, ", %s held out, seed %.0f. " GAINS, mp_string(o, "held_out"),
                               mp_real(o, "seed"), mp_real(o, "tried"));
    mp_say(f, "", 0, "%s%s", s->str, i > 0 ? "" : ".");
    fputc('\n', f);
    g_string_free(s, TRUE);
}

static void say_failures(FILE *f, const json_t *o)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(o, "rows"), i, row)
        for (int b = 0; b < MP_GALLERY_BASES; b++) {
            char key[MP_GALLERY_KEY];
            mp_gallery_key(key, b, "error");
            const char *why = mp_string(row, key);
            if (*why != '\0')
                mp_say(f, "", 0, "%s with %s failed: %s", mp_string(row, "name"),
                       mp_gallery_bases[b].title, why);
        }
}

static void gallery_csv(FILE *f, const json_t *o)
{
    static const struct mp_csv_column all[] = {
        { "stage", "name", 0 }, { "kind", "kind", 0 }, { "line", "line", 0 },
        { "microseconds", "microseconds", 0 }, { "least", "microseconds_range", 0 },
        { "most", "microseconds_range", 1 },
        { "pixels_errors", "pixels_errors", 0 }, { "pixels_bought", "pixels_bought", 0 },
        { "pixels_low", "pixels_bought_interval", 0 },
        { "pixels_high", "pixels_bought_interval", 1 }, { "pixels_p", "pixels_p", 0 },
        { "pixels_p_holm", "pixels_p_holm", 0 }, { "pixels_better", "pixels_better", 0 },
        { "hog_errors", "hog_errors", 0 }, { "hog_bought", "hog_bought", 0 },
        { "hog_low", "hog_bought_interval", 0 }, { "hog_high", "hog_bought_interval", 1 },
        { "hog_p", "hog_p", 0 }, { "hog_p_holm", "hog_p_holm", 0 },
        { "hog_better", "hog_better", 0 }, { "error", "error", 0 },
    };
    mp_form_csv(f, json_object_get(o, "rows"), all, sizeof all / sizeof *all);
}

void mp_gallery_write(FILE *f, const json_t *o, int format)
{
    const json_t *rows = json_object_get(o, "rows");
    struct mp_form_column columns[STAGE_COLUMNS + GAIN_COLUMNS];
    const int n = columns_of(o, columns);
    switch (format) {
    case 0:
        say_rows(f, o);
        fputc('\n', f);
        mp_form_text(f, rows, columns, n, HEAD);
        say_gains(f, o);
        say_failures(f, o);
        break;
    case 1:
        mp_form_json(f, o);
        break;
    case 2:
        gallery_csv(f, o);
        break;
    default:
        markdown_rows(f, o);
        mp_form_markdown(f, rows, columns, n, HEAD);
    }
}
