/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gallery.c - every filter and feature on the same rows.
 *
 * A filter is put before a base's feature.  A feature of images, or of the data's own rows, is
 * put beside it, in a union, and brought to one scale for all: scores of the same worth come in
 * sizes from 0.01 to 1000, and a linear model with one C for all values hears only the loud ones.
 * A feature that takes any rows follows the base's.
 *
 * Pipelines are taken one after another, each on all threads, as a search does it; predictions
 * are kept in the cache, so that a gallery that was stopped goes on where it was. */
#include "study/gallery.h"
#include "cache/cache.h"
#include "cache/reuse.h"
#include "core/clock.h"
#include "core/param.h"
#include "core/progress.h"
#include "core/text.h"
#include "engine/engine.h"
#include "engine/folds.h"
#include "pipeline/name.h"
#include "sources/experiment.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct mp_gallery_base mp_gallery_bases[MP_GALLERY_BASES] = {
    { "pixels", "normalize", "svm", "pixels + svm" },
    { "hog", "", "svm", "hog + svm" }, /* its blocks have one length each */
};
const char *const mp_gallery_scale[2] = { "standardize floor=0.01", "normalize" };

/* ------------------------------------------------------------------ stages */

static bool is_shown(const struct mp_entry *e)
{
    return e->name != NULL && !mp_is_model(e);
}

/* Name i of what can be shown, for mp_nearest(). */
static const char *shown_name(const void *unused, int i)
{
    (void)unused;
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        if (is_shown(e) && i-- == 0)
            return e->name;
    return NULL;
}

static int no_stage(struct mp_ctx *c, const char *name)
{
    const struct mp_entry *e = mp_find_stage(name);
    const char *near = e == NULL ? mp_nearest(name, shown_name, NULL) : NULL;
    if (e != NULL)
        return mp_usage(c, "--only: %s is a model; the gallery shows filters and features", name);
    if (*name == '\0')
        return mp_usage(c, "--only: expected names of stages with commas between them");
    return mp_usage(c, "--only: no filter or feature \"%s\"%s%s%s", name,
                    near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                    near != NULL ? "\"?" : "");
}

/* Whether the list names it; *from: where a name begins that has to be looked at next. */
static bool is_named(const char *list, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1
                                                                        : NULL)
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

static int check_names(struct mp_ctx *c, const char *list)
{
    for (const char *at = list; *list != '\0' && at != NULL;) {
        char name[64];
        const char *comma = strchr(at, ',');
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
        const struct mp_entry *e = mp_find_stage(name);
        if (e == NULL || !is_shown(e))
            return no_stage(c, name);
        at = comma != NULL ? comma + 1 : NULL;
    }
    return MP_OK;
}

int mp_gallery_open(struct mp_ctx *c, const struct mp_gallery_ask *ask, struct mp_gallery *g)
{
    int n = 0;
    memset(g, 0, sizeof *g);
    g->ask = *ask;
    if (check_names(c, ask->only) < 0)
        return -1;
    while (mp_registry[n].name != NULL)
        n++;
    if ((g->at = mp_alloc(c, (size_t)n, sizeof *g->at)) == NULL)
        return -1;
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        if (is_shown(e) && (*ask->only == '\0' || is_named(ask->only, e->name)))
            g->at[g->n++].entry = e;
    return MP_OK;
}

/* -------------------------------------------------------------- pipelines */

static bool is_base(const struct mp_entry *e)
{
    bool is = false;
    for (int b = 0; b < MP_GALLERY_BASES; b++)
        is = is || strcmp(e->name, mp_gallery_bases[b].feature) == 0;
    return is;
}

/* Whether it takes images or the data themselves, so that it can stand beside another. */
static bool stands_beside(const struct mp_entry *e)
{
    return (e->stage->flags & MP_IMAGES) || mp_needs(e, MP_DATA) || is_base(e);
}

/* Its lines, each so far indented. */
static void put_base(FILE *f, const struct mp_gallery_base *k, const char *indent)
{
    fprintf(f, "%s%s\n", indent, k->feature);
    if (*k->scale != '\0')
        fprintf(f, "%s%s\n", indent, k->scale);
}

static void put_union(FILE *f, const struct mp_gallery_base *k, const char *line)
{
    fputs("union\n  branch\n", f);
    put_base(f, k, "    ");
    fprintf(f, "  branch\n    %s\n    %s\n    %s\n", line, mp_gallery_scale[0],
            mp_gallery_scale[1]);
}

char *mp_gallery_text(struct mp_ctx *c, const struct mp_exhibit *e, int b)
{
    const struct mp_gallery_base *k = &mp_gallery_bases[b];
    struct mp_text t;
    if ((e != NULL && strcmp(e->entry->name, k->feature) == 0) || mp_text_open(c, &t) < 0)
        return NULL;
    const bool before = e != NULL && mp_is_filter(e->entry),
               beside = e != NULL && !before && stands_beside(e->entry);
    if (before)
        fprintf(t.f, "%s\n", e->line);
    if (beside)
        put_union(t.f, k, e->line);
    else
        put_base(t.f, k, "");
    if (e != NULL && !before && !beside)
        fprintf(t.f, "%s\n", e->line);
    fprintf(t.f, "%s\n", k->model);
    return mp_text_end(c, &t);
}

/* --------------------------------------------------------------- a failure */

/* What could not be done, unless it is no fault of the stage. */
static int take_error(struct mp_ctx *c, const struct mp_ctx *own, char **error)
{
    if (mp_stopped(c))
        return mp_fail(c, "interrupted");
    if (own->no_memory)
        return mp_no_memory(c, "the gallery");
    free(*error);
    *error = strdup(own->msg);
    return *error != NULL ? MP_OK : mp_no_memory(c, "a message");
}

/* ------------------------------------------------------- the stage by itself */

static int node_of(const struct mp_exhibit *e)
{
    return e->plan.n_nodes - 1;
}

/* Plan and state of the stage as `line` has it. */
static int fit_line(struct mp_ctx *c, const struct mp_gallery *g, struct mp_exhibit *e,
                    const char *line)
{
    char text[1024];
    const bool images = mp_is_filter(e->entry) || stands_beside(e->entry);
    snprintf(text, sizeof text, "%s%s\n", images ? "" : "pixels\n", line);
    mp_plan_free(&e->plan);
    mp_script_free(&e->script);
    free(e->line);
    if ((e->line = strdup(line)) == NULL)
        return mp_no_memory(c, "a line");
    int rc = mp_script_parse(c, "gallery", text, &e->script);
    if (rc == MP_OK)
        rc = mp_plan_build(c, &e->script, &e->plan);
    if (rc == MP_OK)
        rc = mp_plan_shape(c, &e->plan, g->d.shape);
    if (rc == MP_OK)
        rc = mp_plan_prepare(c, &e->plan);
    return rc == MP_OK ? mp_engine_fit(c, &e->plan, &g->few, g->few_y, node_of(e)) : rc;
}

/* 1: the rows that are shown come out as they went in. */
static int does_nothing(struct mp_ctx *c, const struct mp_gallery *g, struct mp_exhibit *e)
{
    const struct mp_shape in = g->d.shape, out = e->plan.nodes[node_of(e)].out;
    const size_t n = g->n_shown * mp_len(in);
    if (in.h != out.h || in.w != out.w || in.c != out.c)
        return 0;
    float *x = mp_alloc(c, 2 * n, sizeof *x);
    int rc = x != NULL ? MP_OK : -1, same = 1;
    for (int k = 0; k < 2 && rc == MP_OK; k++)
        rc = mp_engine_rows(c, &e->plan, &g->d, g->shown, g->n_shown, k == 0 ? -1 : node_of(e),
                            true, 0, x + (size_t)k * n);
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        same = same && fabsf(x[i] - x[n + i]) < 1e-6F;
    free(x);
    return rc < 0 ? -1 : same;
}

/* By its defaults if it can be, and does something; otherwise as its own example has it. */
static int fit_stage(struct mp_ctx *c, const struct mp_gallery *g, struct mp_exhibit *e)
{
    const char *example = e->entry->stage->example;
    struct mp_ctx own;
    mp_ctx_init(&own, c->run);
    int rc = fit_line(&own, g, e, e->entry->name);
    if (rc == MP_OK && mp_is_filter(e->entry))
        rc = does_nothing(&own, g, e);
    const bool stop = own.no_memory || mp_stopped(c) || strcmp(example, e->entry->name) == 0;
    if (rc < 0 && stop)
        mp_ctx_take(c, &own);
    c->no_memory = c->no_memory || own.no_memory;
    mp_ctx_free(&own);
    if (rc == 0 || stop)
        return rc < 0 ? -1 : MP_OK;
    e->example = true;
    return fit_line(c, g, e, example);
}

/* ------------------------------------------------------------------- costs */

static int nothing(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    (void)c;
    (void)arg;
    (void)out;
    return MP_OK;
}

/* Microseconds an image, once over these rows. */
static int one_round(struct mp_ctx *c, struct mp_exhibit *e, const struct mp_data *rows, double *us)
{
    const int k = node_of(e);
    const struct mp_cost *cost = &e->plan.nodes[k].cost, before = *cost;
    const bool training = (e->entry->stage->flags & MP_TRAIN_ONLY) != 0;
    const int rc = (training ? mp_engine_apply_training : mp_engine_apply)(
        c, &e->plan, rows, k, e->entry->name, nothing, NULL);
    const uint64_t n = cost->apply_rows - before.apply_rows;
    *us = n > 0 ? 1e6 * (cost->apply - before.apply) / (double)n : 0;
    return rc;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The first round warms up, and says whether a part of the rows will do. */
static int measure(struct mp_ctx *c, const struct mp_gallery *g, struct mp_exhibit *e)
{
    enum { PART = 128 };
    const double slow = 0.2; /* seconds: then an eighth of the rows is enough */
    const size_t part_rows = (g->few.n + MP_GALLERY_ROWS / PART - 1) / (MP_GALLERY_ROWS / PART);
    double us[MP_GALLERY_ROUNDS], first;
    size_t rows[PART], n = 0;
    struct mp_data part = { .n = 0 };
    for (; n < part_rows; n++)
        rows[n] = n;
    int rc = mp_data_pick(c, &g->few, rows, n, &part);
    if (rc == MP_OK)
        rc = one_round(c, e, &part, &first);
    const bool less = rc == MP_OK && 1e-6 * first * (double)g->few.n > slow;
    for (int i = 0; i < MP_GALLERY_ROUNDS && rc == MP_OK; i++)
        rc = one_round(c, e, less ? &part : &g->few, &us[i]);
    mp_data_free(&part);
    if (rc < 0)
        return rc;
    qsort(us, MP_GALLERY_ROUNDS, sizeof *us, ascending);
    e->cost = us[MP_GALLERY_ROUNDS / 2];
    e->low = us[0];
    e->high = us[MP_GALLERY_ROUNDS - 1];
    return MP_OK;
}

static int show_stage(struct mp_ctx *c, struct mp_gallery *g, struct mp_exhibit *e)
{
    struct mp_run *run = c->run;
    const int threads = run->threads;
    struct mp_ctx own;
    mp_ctx_init(&own, run);
    int rc = fit_stage(&own, g, e);
    run->threads = 1;
    if (rc == MP_OK && g->ask.costs)
        rc = measure(&own, g, e);
    run->threads = threads;
    if (rc < 0)
        rc = take_error(c, &own, &e->error);
    mp_ctx_free(&own);
    return rc;
}

/* ------------------------------------------------------------------- gains */

static int key_of(struct mp_ctx *c, const struct mp_gallery *g, const struct mp_script *s,
                  struct mp_key *key)
{
    struct mp_plan plan = { .n_nodes = 0 };
    struct mp_digest d;
    int rc = mp_plan_build(c, s, &plan);
    if (rc == MP_OK)
        rc = mp_plan_shape(c, &plan, g->d.shape);
    mp_digest_begin(&d);
    mp_digest_text(&d, "held out");
    mp_digest_key(&d, mp_cache_program(c->run->cache));
    mp_digest_data(&d, &g->d);
    mp_digest_bytes(&d, g->fold, g->d.n * sizeof *g->fold);
    mp_digest_number(&d, c->run->seed);
    if (rc == MP_OK)
        rc = mp_digest_plan(c, &d, &plan);
    *key = mp_digest_end(&d);
    mp_plan_free(&plan);
    return rc;
}

/* Whether the cache has them, and they are class numbers. */
static bool from_cache(struct mp_ctx *c, const struct mp_gallery *g, const struct mp_key *key,
                       int *predicted)
{
    struct mp_lent e;
    if (!mp_cache_get(c->run->cache, key, &e))
        return false;
    bool good = e.size == g->scored * sizeof *predicted;
    if (good)
        memcpy(predicted, e.bytes, e.size);
    for (size_t i = 0; i < g->scored && good; i++)
        good = predicted[i] >= 0 && predicted[i] < c->run->n_classes;
    mp_cache_return(&e);
    return good;
}

/* A fresh plan learns from the other rows. */
static int score_fold(struct mp_ctx *c, const struct mp_gallery *g, const struct mp_script *s,
                      int f, int *predicted)
{
    struct mp_plan plan = { .n_nodes = 0 };
    struct mp_predictions p = { .n = 0 };
    struct mp_fold part;
    double seconds = 0;
    int rc = mp_fold_open(c, &g->d, g->y, g->fold, f, &part);
    if (rc == MP_OK)
        rc = mp_plan_build(c, s, &plan);
    if (rc == MP_OK)
        rc = mp_fold_score(c, &plan, &part, &p, &seconds);
    for (size_t i = 0, held = 0, at = 0; i < g->d.n && rc == MP_OK; i++) {
        if (g->fold[i] == f)
            predicted[at] = p.predicted[held++];
        at += g->fold[i] >= 0 && g->fold[i] < g->k;
    }
    mp_predictions_free(&p);
    mp_plan_free(&plan);
    mp_fold_close(&part);
    return rc;
}

/* Products of two of hog's 1152 values, with these, are 665 280: a table of MNIST's rows would be
 * 160 GB, and learning from it takes hours. */
enum { WIDEST = 65536 };

static int check_width(struct mp_ctx *c, const struct mp_gallery *g, const struct mp_script *s)
{
    struct mp_plan plan = { .n_nodes = 0 };
    int rc = mp_plan_build(c, s, &plan);
    if (rc == MP_OK)
        rc = mp_plan_shape(c, &plan, g->d.shape);
    for (int i = 0; i < plan.n_nodes && rc == MP_OK; i++)
        if (mp_len(plan.nodes[i].out) > WIDEST)
            rc = mp_fail(c, "gallery: rows of %zu values; a gallery takes at most %d",
                         mp_len(plan.nodes[i].out), WIDEST);
    mp_plan_free(&plan);
    return rc;
}

/* The cache keeps what was predicted, and no states and rows: of so many pipelines these would
 * drive out all else. */
static int score(struct mp_ctx *c, const struct mp_gallery *g, const struct mp_script *s,
                 const char *text, int *predicted)
{
    const double start = mp_seconds();
    struct mp_cache *cache = c->run->cache;
    struct mp_cache_about about = { .kind = "predictions" };
    struct mp_key key;
    int rc = check_width(c, g, s);
    if (rc == MP_OK && cache != NULL)
        rc = key_of(c, g, s, &key);
    if (rc < 0 || (cache != NULL && from_cache(c, g, &key, predicted)))
        return rc;
    c->run->cache = NULL;
    for (int f = 0; f < g->k && rc == MP_OK; f++)
        rc = score_fold(c, g, s, f, predicted);
    c->run->cache = cache;
    about.seconds = mp_seconds() - start;
    snprintf(about.text, sizeof about.text, "%s", text);
    if (rc == MP_OK && cache != NULL)
        mp_cache_put(cache, &key, &about, predicted, g->scored * sizeof *predicted);
    return rc;
}

/* e NULL: the base itself. */
static int gain(struct mp_ctx *c, const struct mp_gallery *g, const struct mp_exhibit *e, int b,
                struct mp_gain *to)
{
    struct mp_script s = { .file = NULL };
    struct mp_ctx own;
    char *text = mp_gallery_text(c, e, b);
    to->within = text == NULL;
    if (text == NULL)
        return c->msg[0] != '\0' ? -1 : MP_OK;
    mp_ctx_init(&own, c->run);
    to->predicted = mp_alloc(&own, g->scored, sizeof *to->predicted);
    int rc = to->predicted != NULL ? mp_script_parse(&own, "gallery", text, &s) : -1;
    if (rc == MP_OK)
        rc = score(&own, g, &s, text, to->predicted);
    if (rc < 0)
        rc = take_error(c, &own, &to->error);
    mp_ctx_free(&own);
    mp_script_free(&s);
    free(text);
    return rc;
}

/* What cannot be shown cannot be added. */
static int all_gains(struct mp_ctx *c, struct mp_gallery *g, struct mp_bar *bar)
{
    int rc = MP_OK;
    for (int b = 0; b < MP_GALLERY_BASES && rc == MP_OK; b++) {
        mp_bar_label(bar, mp_gallery_bases[b].title);
        rc = gain(c, g, NULL, b, &g->base[b]);
        mp_bar_add(bar, 1);
    }
    for (int i = 0; i < g->n * MP_GALLERY_BASES && rc == MP_OK; i++) {
        struct mp_exhibit *e = &g->at[i / MP_GALLERY_BASES];
        const int b = i % MP_GALLERY_BASES;
        g->hears = &e->warnings;
        mp_bar_label(bar, e->entry->name);
        if (e->error == NULL && g->base[b].error == NULL)
            rc = gain(c, g, e, b, &e->gain[b]);
        mp_bar_add(bar, 1);
        g->hears = NULL;
    }
    return rc;
}

/* ------------------------------------------------------------------- rows */

static int number_classes(struct mp_ctx *c, struct mp_gallery *g)
{
    if (g->d.label == NULL)
        return MP_OK;
    if (mp_class_numbers(c, &g->d, &g->classes, &g->y) < 0)
        return -1;
    c->run->n_classes = (int)g->classes.n;
    c->run->classes = mp_names_all(&g->classes);
    return MP_OK;
}

/* The rows that are shown: the first of each class, or just the first. */
static void choose_shown(struct mp_gallery *g)
{
    const size_t classes = g->y != NULL ? g->classes.n : g->d.n;
    for (size_t k = 0; k < classes && g->n_shown < MP_GALLERY_DIGITS; k++) {
        size_t i = g->y != NULL ? 0 : k;
        while (i < g->d.n && g->y != NULL && g->y[i] != (int)k)
            i++;
        if (i < g->d.n)
            g->shown[g->n_shown++] = i;
    }
}

/* Those that stages learn from, spread over all: a file may be in the order of its classes. */
static int choose_few(struct mp_ctx *c, struct mp_gallery *g)
{
    enum { VALUES = 1 << 22, FEWEST = 64 };
    const size_t room = VALUES / mp_len(g->d.shape), most = room > FEWEST ? room : FEWEST;
    size_t rows[MP_GALLERY_ROWS], n = most < MP_GALLERY_ROWS ? most : MP_GALLERY_ROWS;
    if (n > g->d.n)
        n = g->d.n;
    for (size_t i = 0; i < n; i++)
        rows[i] = i * g->d.n / n;
    if (mp_data_pick(c, &g->d, rows, n, &g->few) < 0 ||
        (g->y != NULL && (g->few_y = mp_alloc(c, n, sizeof *g->few_y)) == NULL))
        return -1;
    for (size_t i = 0; i < n && g->y != NULL; i++)
        g->few_y[i] = g->y[rows[i]];
    return MP_OK;
}

static int hold_out(struct mp_ctx *c, struct mp_gallery *g)
{
    if (g->y == NULL)
        return mp_fail(c, "%s: has no labels, without which nothing tells what a stage buys; "
                          "--no-gains leaves that out", g->d.name);
    g->k = g->ask.holdout > 0 ? 1 : g->ask.folds;
    g->fold = mp_alloc(c, g->d.n, sizeof *g->fold);
    g->truth = mp_alloc(c, g->d.n, sizeof *g->truth);
    if (g->fold == NULL || g->truth == NULL ||
        mp_hold_out(c, g->y, g->d.n, c->run->n_classes, g->k, g->ask.holdout, g->fold) < 0)
        return -1;
    for (size_t i = 0; i < g->d.n; i++)
        if (g->fold[i] >= 0 && g->fold[i] < g->k)
            g->truth[g->scored++] = g->y[i];
    return MP_OK;
}

static void keep_warning(void *arg, const char *text)
{
    struct mp_gallery *g = arg;
#pragma omp critical(mp_gallery_warnings)
    if (g->hears != NULL)
        mp_keep(g->hears, text);
}

/* The bar is the gallery's, not of what is inside a fit. */
int mp_gallery_run(struct mp_ctx *c, struct mp_gallery *g)
{
    struct mp_run *run = c->run;
    const struct mp_run was = *run;
    int rc = number_classes(c, g);
    if (rc == MP_OK) {
        choose_shown(g);
        rc = choose_few(c, g);
    }
    if (rc == MP_OK && g->ask.gains)
        rc = hold_out(c, g);
    run->bar = mp_bar_within(was.bar);
    run->warnings = (struct mp_warnings){ keep_warning, g };
    mp_bar_begin(was.bar, "stages", g->n, "stages");
    for (int i = 0; i < g->n && rc == MP_OK; i++) {
        mp_bar_label(was.bar, g->at[i].entry->name);
        rc = show_stage(c, g, &g->at[i]);
        mp_bar_add(was.bar, 1);
    }
    if (rc == MP_OK && g->ask.gains) {
        mp_bar_begin(was.bar, "gains", (g->n + 1) * MP_GALLERY_BASES, "pipelines");
        rc = all_gains(c, g, was.bar);
    }
    mp_bar_free(run->bar);
    run->bar = was.bar;
    run->warnings = was.warnings;
    mp_bar_end(was.bar);
    return rc;
}

static void gain_free(struct mp_gain *k)
{
    free(k->error);
    free(k->predicted);
}

void mp_gallery_free(struct mp_gallery *g)
{
    for (int i = 0; i < g->n; i++) {
        struct mp_exhibit *e = &g->at[i];
        mp_plan_free(&e->plan);
        mp_script_free(&e->script);
        mp_kept_free(&e->warnings);
        free(e->line);
        free(e->error);
        for (int b = 0; b < MP_GALLERY_BASES; b++)
            gain_free(&e->gain[b]);
    }
    for (int b = 0; b < MP_GALLERY_BASES; b++)
        gain_free(&g->base[b]);
    mp_data_free(&g->d);
    mp_data_free(&g->few);
    mp_names_free(&g->classes);
    free(g->y);
    free(g->few_y);
    free(g->fold);
    free(g->truth);
    free(g->at);
    memset(g, 0, sizeof *g);
}
