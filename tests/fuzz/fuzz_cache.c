/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_cache.c - a fit whose cache holds a hostile entry: a state with all that was said
 * while it was learned, or rows.
 *
 * Input: a pipeline's number, an entry's number (by kind, stages and size), and how the
 * rest is that entry: 0 its content, header and checksum being right; 1 what follows the
 * header of the true one; 2 the file.
 * What the cache refuses is computed: the same scores and words as without a cache. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cache/cache.h"
#include "cache/reuse.h"
#include "engine/engine.h"
#include "engine/fit.h"
#include "small.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

const unsigned fuzz_cost = 80;

enum { MOST_ENTRIES = 32, PATH = 1200 };
enum { CONTENT, BEHIND_HEADER, FILE_ITSELF };

static const char *const texts[] = {
    "standardize\npca components=4\nlogistic\n",
    "blur\nnet epochs=2 batch=8 patience=1 validation=0.3\n  conv filters=2 kernel=3\n"
    "  batchnorm\n  dense units=3\n",
    "vote\n  branch\n    pixels\n    ridge\n    calibrate share=0.5\n"
    "  branch\n    hog cell=3 block=1\n    svm\n    calibrate share=0.5 refit=yes\n",
    "pixels\nfourier components=12\nnormalize\nridge\n",
    "union\n  branch\n    pixels\n  branch\n    hog cell=3 block=1\nstandardize\nsvm\n",
    "stack folds=2\n  branch\n    pixels\n    svm\n  branch\n    hog cell=3 block=1\n    ridge\n",
    "augment copies=1\ndeskew\nhog cell=2 block=2\nsvm\n",
};
enum { PIPELINES = sizeof texts / sizeof *texts };

struct entry {
    struct mp_cache_entry is;
    struct mp_key key;
    uint8_t *file;
    size_t n, head; /* bytes of the file, and of its header */
};

/* A pipeline with all that its cache may hold, and what comes of it. */
struct subject {
    struct mp_run run; /* the cache's own */
    struct mp_cache *cache;
    struct small_scores scores;
    uint32_t said;
    struct entry entry[MOST_ENTRIES];
    size_t n;
};

/* --------------------------------------------------------------- one fit */

static void hear(void *arg, const char *text)
{
    uint32_t *said = arg;
    *said = (uint32_t)crc32_z(*said, (const uint8_t *)text, strlen(text) + 1);
}

static void hear_value(void *arg, const char *series, double value)
{
    uint32_t *said = arg;
    hear(said, series);
    *said = (uint32_t)crc32_z(*said, (const uint8_t *)&value, sizeof value);
}

/* Times are said as well, but no two are the same. */
static void hear_part(void *arg, const struct mp_part *part)
{
    hear(arg, part->name);
}

static int fit(const char *text, struct mp_cache *cache, struct small_scores *scores,
               uint32_t *said)
{
    struct mp_run run;
    struct mp_ctx c;
    small_run(&run);
    *said = 0;
    run.cache = cache;
    run.warnings = (struct mp_warnings){ hear, said };
    run.diary = (struct mp_diary){ hear_value, hear_part, hear, said };
    mp_ctx_init(&c, &run);
    const int rc = small_fit(&c, text, scores);
    if (rc < 0)
        small_failed(&c);
    mp_ctx_free(&c);
    return rc;
}

/* -------------------------------------------------------------- true entries */

static void path_of(const struct subject *s, const char *name, char *path)
{
    snprintf(path, PATH, "%s/%s", mp_cache_folder(s->cache), name);
}

static void empty(const struct subject *s)
{
    char path[PATH];
    DIR *folder = opendir(mp_cache_folder(s->cache));
    for (const struct dirent *f; folder != NULL && (f = readdir(folder)) != NULL;) {
        path_of(s, f->d_name, path);
        unlink(path);
    }
    if (folder != NULL)
        closedir(folder);
}

struct rows {
    struct mp_cache_writer *w;
    size_t at;
    bool bytes;
};

static int put_rows(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    struct rows *r = arg;
    const size_t n = out->n * mp_len(out->shape) * (r->bytes ? 1 : sizeof(float));
    (void)c;
    mp_cache_write(r->w, r->at, r->bytes ? (const void *)out->b : (const void *)out->x, n);
    r->at += n;
    return MP_OK;
}

/* Rows get into the cache where they took long, which here they never do. */
static void add_rows(const char *text, struct mp_cache *cache)
{
    struct mp_run run;
    struct mp_ctx c;
    struct mp_plan learned, fresh;
    struct small_data s;
    small_run(&run);
    small_data(&s);
    run.cache = cache;
    mp_ctx_init(&c, &run);
    small_law(small_plan(&c, text, &learned) == MP_OK && mp_fit(&c, &learned, &s.d, s.y) == MP_OK &&
              small_plan(&c, text, &fresh) == MP_OK, "the pipeline learns");
    struct mp_reuse *r = mp_reuse_open(&c, &fresh, &s.d, s.y, true);
    for (int k = 0; k + 1 < fresh.n_nodes; k++) {
        struct rows to = { mp_reuse_begin(r, k), 0, fresh.nodes[k].bytes };
        if (to.w == NULL || learned.nodes[k].bytes != to.bytes)
            mp_cache_abandon(to.w);
        else if (mp_engine_apply(&c, &learned, &s.d, k, "rows", put_rows, &to) == MP_OK)
            mp_reuse_keep(r, k, to.w, 1);
    }
    mp_reuse_close(r);
    mp_plan_free(&learned);
    mp_plan_free(&fresh);
    mp_ctx_free(&c);
}

static int by_content(const void *a, const void *b)
{
    const struct mp_cache_entry *p = a, *q = b;
    const int kind = strcmp(p->about.kind, q->about.kind);
    const int text = strcmp(p->about.text, q->about.text);
    return kind != 0 ? kind : text != 0 ? text : (p->bytes > q->bytes) - (p->bytes < q->bytes);
}

static void list(struct subject *s)
{
    struct mp_cache_entry *all;
    struct mp_ctx c;
    char path[PATH];
    size_t n;
    mp_ctx_init(&c, &s->run);
    small_law(mp_cache_list(&c, s->cache, &all, &n) == MP_OK && n > 0, "a fit leaves entries");
    qsort(all, n, sizeof *all, by_content);
    for (s->n = 0; s->n < n && s->n < MOST_ENTRIES; s->n++) {
        struct entry *e = &s->entry[s->n];
        struct mp_lent lent;
        *e = (struct entry){ .is = all[s->n] };
        memcpy(e->key.hex, e->is.name, sizeof e->key.hex);
        path_of(s, e->is.name, path);
        e->file = small_read(path, &e->n);
        small_law(mp_cache_get(s->cache, &e->key, &lent), "a true entry is there");
        e->head = e->n - lent.size;
        mp_cache_return(&lent);
    }
    free(all);
    mp_ctx_free(&c);
}

static void write_seeds(const struct subject *s, int k)
{
    char path[PATH];
    for (size_t i = 0; i < s->n && small_seeds() != NULL; i++) {
        const uint8_t head[] = { (uint8_t)k, (uint8_t)i, CONTENT };
        const struct entry *e = &s->entry[i];
        snprintf(path, sizeof path, "%s/entry-%d-%zu", small_seeds(), k, i);
        small_write(path, head, sizeof head, e->file + e->head, e->n - e->head);
    }
}

static struct subject *subject(int k)
{
    static struct subject *all[PIPELINES];
    char path[PATH];
    struct mp_ctx c;
    struct small_scores again;
    uint32_t said;
    if (all[k] != NULL)
        return all[k];
    struct subject *s = all[k] = calloc(1, sizeof *s);
    small_law(s != NULL, "there is memory");
    small_run(&s->run);
    mp_ctx_init(&c, &s->run);
    snprintf(path, sizeof path, "%s/%d", small_folder(), k);
    s->cache = mp_cache_open(&c, path);
    mp_ctx_free(&c);
    small_law(s->cache != NULL && fit(texts[k], NULL, &s->scores, &s->said) == MP_OK,
              "the pipeline learns");
    fit(texts[k], s->cache, &again, &said);
    add_rows(texts[k], s->cache);
    list(s);
    write_seeds(s, k);
    return s;
}

/* ----------------------------------------------------------- a hostile one */

/* Rows are looked for where a stage learns; so there is no state then. */
static void prepare(const struct subject *s, const struct entry *hostile)
{
    char path[PATH];
    empty(s);
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(hostile->is.about.kind, "state") == 0 &&
            strcmp(s->entry[i].is.about.kind, "state") == 0) {
            path_of(s, s->entry[i].is.name, path);
            small_write(path, "", 0, s->entry[i].file, s->entry[i].n);
        }
}

/* Whether the content is what the cache takes for good, and of rows as long as the true one. */
static bool taken(const struct subject *s, const struct entry *e, const uint8_t *bytes, size_t n)
{
    struct mp_lent lent;
    const bool good = mp_cache_get(s->cache, &e->key, &lent) && lent.size == n &&
                      memcmp(lent.bytes, bytes, n) == 0;
    const bool is_true = n == e->n - e->head && memcmp(bytes, e->file + e->head, n) == 0;
    const bool fits = strcmp(e->is.about.kind, "rows") != 0 || n == e->n - e->head;
    mp_cache_return(&lent);
    return good && fits && !is_true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct small_scores scores;
    char path[PATH];
    uint32_t said;
    if (small_seeds() != NULL)
        for (int k = 0; k < PIPELINES; k++)
            subject(k);
    if (size < 3)
        return 0;
    const char *text = texts[data[0] % PIPELINES];
    struct subject *s = subject(data[0] % PIPELINES);
    const struct entry *e = &s->entry[data[1] % s->n];
    const int how = data[2] % 3;
    const size_t n = size - 3;
    path_of(s, e->is.name, path);
    prepare(s, e);
    if (how == CONTENT)
        mp_cache_put(s->cache, &e->key, &e->is.about, data + 3, n);
    else
        small_write(path, e->file, how == BEHIND_HEADER ? e->head : 0, data + 3, n);
    const bool used = taken(s, e, data + 3, n); /* it may still be refused by what it holds */
    const int rc = fit(text, s->cache, &scores, &said);
    if (!used || !taken(s, e, data + 3, n)) {
        small_law(rc == MP_OK && memcmp(&scores, &s->scores, sizeof scores) == 0,
                  "what the cache refuses is computed");
        small_law(said == s->said, "and the same is said");
    }
    return 0;
}
