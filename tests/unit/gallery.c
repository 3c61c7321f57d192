/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gallery.c - what the gallery computes: pipelines put together, gains that are those of folds
 * scored by hand, from the cache too, and stages that stand by their defaults or their examples. */
#include "../tap.h"
#include "cache/cache.h"
#include "core/ctx.h"
#include "engine/folds.h"
#include "formats/read.h"
#include "study/gallery.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 300, FOLDS = 3 };

static void no_warning(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

struct bench {
    struct mp_run run;
    struct mp_ctx c;
    struct mp_gallery g;
};

static int open_bench(struct bench *b, const char *only, int threads)
{
    const struct mp_gallery_ask ask = { only, "sample:train", FOLDS, 0, true, true };
    const struct mp_form any = { .label = NULL };
    struct mp_data all = { 0 };
    size_t rows[ROWS];
    char path[4096];
    memset(b, 0, sizeof *b);
    b->run = (struct mp_run){ .seed = 1, .threads = threads, .warnings = { .hear = no_warning } };
    mp_ctx_init(&b->c, &b->run);
    for (size_t i = 0; i < ROWS; i++)
        rows[i] = i;
    snprintf(path, sizeof path, "%s/train.csv.gz", getenv("MNISTPIPE_DATA"));
    int rc = mp_gallery_open(&b->c, &ask, &b->g);
    if (rc == MP_OK)
        rc = mp_data_read(&b->c, path, NULL, &any, &all);
    if (rc == MP_OK)
        rc = mp_data_pick(&b->c, &all, rows, ROWS, &b->g.d);
    mp_data_free(&all);
    return rc;
}

static void close_bench(struct bench *b)
{
    mp_gallery_free(&b->g);
    mp_ctx_free(&b->c);
}

/* -------------------------------------------------------------- pipelines */

static bool gives(struct mp_ctx *c, const char *name, const char *line, int base, const char *text)
{
    struct mp_exhibit e = { .entry = mp_find_stage(name), .line = (char[64]){ "" } };
    snprintf(e.line, 64, "%s", line);
    char *found = mp_gallery_text(c, &e, base);
    const bool good = text == NULL ? found == NULL : found != NULL && strcmp(found, text) == 0;
    if (!good)
        tap_note("found %s", found != NULL ? found : "nothing");
    free(found);
    return good;
}

static void test_text(struct tap *t)
{
    struct mp_run run = { .seed = 1 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    char *bare = mp_gallery_text(&c, NULL, 0);
    tap_ok(t, strcmp(bare, "pixels\nnormalize\nsvm\n") == 0, "a base");
    free(bare);
    tap_ok(t, gives(&c, "blur", "blur sigma=2", 0, "blur sigma=2\npixels\nnormalize\nsvm\n") &&
                  gives(&c, "blur", "blur", 1, "blur\nhog\nsvm\n"), "a filter comes before");
    tap_ok(t, gives(&c, "lbp", "lbp", 0, "union\n  branch\n    pixels\n    normalize\n  branch\n"
                                         "    lbp\n    standardize floor=0.01\n    normalize\n"
                                         "svm\n"), "a feature of images stands beside");
    tap_ok(t, gives(&c, "pixels", "pixels", 1, "union\n  branch\n    hog\n  branch\n    pixels\n"
                                               "    standardize floor=0.01\n    normalize\nsvm\n"),
           "so does a base's own feature with another base");
    tap_ok(t, gives(&c, "pixels", "pixels", 0, NULL) && gives(&c, "hog", "hog", 1, NULL),
           "with its own there is nothing to add");
    tap_ok(t, gives(&c, "pca", "pca", 1, "hog\npca\nsvm\n"), "what takes any rows follows");
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------------- gains */

/* Predictions out of fold, fold by fold. */
static bool same_as_folds(struct bench *b, const char *text, const struct mp_gain *gain)
{
    struct mp_gallery *g = &b->g;
    int *fold = calloc(g->d.n, sizeof *fold);
    bool good = fold != NULL && gain->predicted != NULL &&
                mp_folds_assign(&b->c, g->y, g->d.n, b->run.n_classes, FOLDS, 1, fold) == MP_OK;
    for (int f = 0; f < FOLDS && good; f++) {
        struct mp_script s = { .file = NULL };
        struct mp_plan plan = { .n_nodes = 0 };
        struct mp_predictions p = { .n = 0 };
        struct mp_fold part;
        double seconds = 0;
        good = mp_script_parse(&b->c, "test", text, &s) == MP_OK &&
               mp_plan_build(&b->c, &s, &plan) == MP_OK &&
               mp_fold_open(&b->c, &g->d, g->y, fold, f, &part) == MP_OK &&
               mp_fold_score(&b->c, &plan, &part, &p, &seconds) == MP_OK;
        for (size_t i = 0; i < p.n && good; i++)
            good = p.predicted[i] == gain->predicted[part.held_row[i]];
        mp_predictions_free(&p);
        mp_fold_close(&part);
        mp_plan_free(&plan);
        mp_script_free(&s);
    }
    free(fold);
    return good;
}

/* Some are wrong, or nothing is tested. */
static bool mistaken(const struct mp_gallery *g, const struct mp_gain *k)
{
    for (size_t i = 0; i < g->d.n; i++)
        if (k->predicted[i] != g->y[i])
            return true;
    return false;
}

static bool same_gains(const struct mp_gallery *a, const struct mp_gallery *b)
{
    bool same = a->n == b->n;
    for (int i = 0; i < a->n && same; i++)
        for (int k = 0; k < MP_GALLERY_BASES && same; k++) {
            const int *p = a->at[i].gain[k].predicted, *q = b->at[i].gain[k].predicted;
            same = (p == NULL) == (q == NULL) &&
                   (p == NULL || memcmp(p, q, a->d.n * sizeof *p) == 0);
        }
    return same;
}

static void test_gains(struct tap *t)
{
    struct bench a, b;
    const char *some = "deskew,hog,holes,pca";
    const bool run = open_bench(&a, some, 2) == MP_OK && mp_gallery_run(&a.c, &a.g) == MP_OK;
    if (!tap_ok(t, run, "four stages %s", a.c.msg))
        return;
    tap_ok(t, same_as_folds(&a, "pixels\nnormalize\nsvm\n", &a.g.base[0]) &&
                  mistaken(&a.g, &a.g.base[0]), "a base's predictions are out of fold");
    tap_ok(t, same_as_folds(&a, "deskew\nhog\nsvm\n", &a.g.at[0].gain[1]), "so are a filter's");
    tap_ok(t, strcmp(a.g.at[1].entry->name, "hog") == 0 && a.g.at[1].gain[1].within &&
                  !a.g.at[1].gain[0].within, "hog is in hog + svm");
    tap_ok(t, open_bench(&b, some, 1) == MP_OK && mp_gallery_run(&b.c, &b.g) == MP_OK &&
                  same_gains(&a.g, &b.g), "one thread: the same");
    close_bench(&b);

    char folder[] = "/tmp/gallery-XXXXXX", command[64];
    bool good = mkdtemp(folder) != NULL;
    for (int round = 0; round < 2 && good; round++) {
        good = open_bench(&b, some, 2) == MP_OK;
        b.run.cache = mp_cache_open(&b.c, folder);
        good = good && b.run.cache != NULL && mp_gallery_run(&b.c, &b.g) == MP_OK &&
               same_gains(&a.g, &b.g);
        mp_cache_close(b.run.cache);
        b.run.cache = NULL;
        close_bench(&b);
    }
    tap_ok(t, good, "into the cache and out of it: the same");
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0)
        tap_note("%s is left", folder);
    close_bench(&a);
}

/* ------------------------------------------------------------------- stages */

static void test_lines(struct tap *t)
{
    struct bench b;
    bool good = open_bench(&b, "grey,resize,shift,deskew,hog", 1) == MP_OK;
    b.g.ask.gains = false;
    good = good && mp_gallery_run(&b.c, &b.g) == MP_OK;
    tap_ok(t, good, "stages alone");
    for (int i = 0; i < b.g.n && good; i++) {
        const struct mp_exhibit *e = &b.g.at[i];
        const char *name = e->entry->name;
        const bool example = strcmp(name, "resize") == 0 || strcmp(name, "shift") == 0;
        tap_ok(t, e->error == NULL && e->example == example &&
                      strcmp(e->line, example ? e->entry->stage->example : name) == 0 &&
                      e->cost > 0 && e->low <= e->cost && e->cost <= e->high &&
                      e->gain[0].predicted == NULL, "%s stands as \"%s\"", name, e->line);
    }
    tap_ok(t, b.run.threads == 1 && b.g.n_shown == 10, "ten digits");
    close_bench(&b);
}

/* A probability that underflows is no certainty. */
static void test_cell(struct tap *t)
{
    static const struct mp_form_column p = { "p", "p", 'p', false };
    char cell[MP_CELL], other[MP_CELL];
    json_t *none = json_pack("{s:f}", "p", 0.0), *some = json_pack("{s:f}", "p", 8.8e-141);
    mp_form_cell(none, &p, cell);
    mp_form_cell(some, &p, other);
    tap_ok(t, strcmp(cell, "<1e-300") == 0 && strcmp(other, "8.8e-141") == 0, "p of 0: %s", cell);
    json_decref(none);
    json_decref(some);
}

int main(void)
{
    struct tap t = { 0 };
    test_cell(&t);
    test_text(&t);
    test_gains(&t);
    test_lines(&t);
    return tap_end(&t);
}
