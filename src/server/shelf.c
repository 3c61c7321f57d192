/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shelf.c - bundles under names, at work for several threads at once. */
#include "server/shelf.h"
#include "text/json.h"
#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* Rows for which a desk keeps its memory. */
enum { FEW_ROWS = 256 };

/* "runs/hog_svm/bundle.mnp" is called hog_svm, "letters.mnp" letters. */
static char *own_name(struct mp_ctx *c, const char *file)
{
    const char *end = file + strlen(file), *from = end;
    while (from > file && from[-1] != '/')
        from--;
    if (strcmp(from, "bundle.mnp") == 0 && from > file + 1) {
        end = from - 1;
        for (from = end; from > file && from[-1] != '/';)
            from--;
    }
    const char *dot = memchr(from, '.', (size_t)(end - from));
    if (dot != NULL && dot > from)
        end = dot;
    char *name = mp_alloc(c, (size_t)(end - from) + 1, 1);
    if (name != NULL)
        memcpy(name, from, (size_t)(end - from));
    return name;
}

/* ----------------------------------------------------------------- desks */

static void desk_free(struct mp_desk *d)
{
    mp_scorer_close(d->scorer);
    mp_scorer_close(d->looks);
    mp_ctx_free(&d->c);
    free(d->scores);
    free(d->shares);
    free(d);
}

static struct mp_desk *desk_new(struct mp_served *h)
{
    struct mp_desk *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    mp_ctx_init(&d->c, &h->run);
    d->scorer = mp_scorer_open(&d->c, &h->b.plan, h->b.plan.n_nodes - 1);
    d->shares = mp_alloc(&d->c, (size_t)h->b.n_classes, sizeof *d->shares);
    if (d->scorer == NULL || d->shares == NULL) {
        desk_free(d);
        return NULL;
    }
    return d;
}

struct mp_desk *mp_desk_take(struct mp_served *h)
{
    pthread_mutex_lock(&h->lock);
    struct mp_desk *d = h->idle;
    if (d != NULL)
        h->idle = d->next;
    pthread_mutex_unlock(&h->lock);
    return d != NULL ? d : desk_new(h);
}

/* What one large request took is not kept. */
void mp_desk_back(struct mp_served *h, struct mp_desk *d)
{
    if (d->room > FEW_ROWS) {
        free(d->scores);
        d->scores = NULL;
        d->room = 0;
    }
    d->c.msg[0] = '\0';
    d->c.no_memory = d->c.usage = false;
    mp_ctx_reuse(&d->c);
    pthread_mutex_lock(&h->lock);
    d->next = h->idle;
    h->idle = d;
    pthread_mutex_unlock(&h->lock);
}

int mp_desk_score(struct mp_served *h, struct mp_desk *d, const uint8_t *rows, size_t n)
{
    if (n > d->room) {
        const size_t room = n < FEW_ROWS ? FEW_ROWS : n;
        free(d->scores);
        d->scores = malloc(mp_product(room, (size_t)h->b.n_classes * sizeof *d->scores));
        d->room = d->scores != NULL ? room : 0;
        if (d->scores == NULL)
            return mp_no_memory(&d->c, "%zu images", n);
    }
    return mp_scorer_apply(&d->c, d->scorer, rows, n, d->scores);
}

/* --------------------------------------------------------------- bundles */

/* "\"7\"": made once, written in every answer. */
static int make_keys(struct mp_ctx *c, struct mp_served *h)
{
    const int n = h->b.n_classes;
    if ((h->key = mp_alloc(c, (size_t)n, sizeof *h->key)) == NULL)
        return -1;
    for (int k = 0; k < n; k++) {
        json_t *text = json_string(mp_names_at(&h->b.classes, (size_t)k));
        h->key[k] = text != NULL ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
        json_decref(text);
        if (h->key[k] == NULL)
            return mp_no_memory(c, "the names of classes");
    }
    return MP_OK;
}

/* The same bytes are looked at that are read. */
static int read_bundle(struct mp_ctx *c, struct mp_served *h)
{
    size_t size = 0;
    unsigned char *bytes = mp_bundle_bytes(&h->c, h->file, &size);
    int rc = bytes != NULL ? mp_bundle_parse(&h->c, h->file, bytes, size, &h->b) : -1;
    if (rc == MP_OK) {
        char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, size);
        snprintf(h->digest, sizeof h->digest, "%.16s", sum);
        g_free(sum);
        h->kind = mp_plan_scores(&h->b.plan);
        rc = make_keys(&h->c, h);
    }
    free(bytes);
    if (rc < 0)
        mp_ctx_take(c, &h->c);
    return rc;
}

/* No request works with the plan yet, so all threads may. */
static int look_at_kept(struct mp_ctx *c, struct mp_served *h)
{
    h->run.threads = c->run->threads;
    mp_ctx_where(&h->c, "%s: ", h->file);
    const int rc = mp_kin_open(&h->c, &h->b, &h->kin);
    mp_ctx_where(&h->c, "%s", "");
    h->run.threads = 1;
    if (rc < 0)
        mp_ctx_take(c, &h->c);
    return rc;
}

static int hold(struct mp_ctx *c, struct mp_served *h, const char *name, const char *file)
{
    h->run = (struct mp_run){ .threads = 1, .quiet = true, .warnings = c->run->warnings };
    mp_ctx_init(&h->c, &h->run);
    pthread_mutex_init(&h->lock, NULL);
    pthread_mutex_init(&h->whole, NULL);
    h->file = strdup(file);
    h->name = name != NULL ? strdup(name) : own_name(c, file);
    if (h->file == NULL || h->name == NULL)
        return mp_no_memory(c, "%s", file);
    if (read_bundle(c, h) < 0 || look_at_kept(c, h) < 0)
        return -1;
    struct mp_desk *d = mp_desk_take(h); /* what cannot work shows now */
    if (d == NULL)
        return mp_no_memory(c, "%s", file);
    mp_desk_back(h, d);
    return MP_OK;
}

static void let_go(struct mp_served *h)
{
    for (struct mp_desk *d = h->idle, *next; d != NULL; d = next) {
        next = d->next;
        desk_free(d);
    }
    for (int k = 0; h->key != NULL && k < h->b.n_classes; k++)
        free(h->key[k]);
    free(h->key);
    mp_kin_close(&h->kin);
    mp_bundle_free(&h->b);
    mp_ctx_free(&h->c);
    pthread_mutex_destroy(&h->lock);
    pthread_mutex_destroy(&h->whole);
    free(h->name);
    free(h->file);
}

void mp_shelf_free(struct mp_shelf *s)
{
    for (size_t i = 0; s != NULL && i < s->n; i++)
        let_go(&s->held[i]);
    if (s != NULL)
        free(s->held);
    free(s);
}

struct mp_shelf *mp_shelf_read(struct mp_ctx *c, char *const *names, char *const *files, size_t n)
{
    struct mp_shelf *s = mp_alloc(c, 1, sizeof *s);
    int rc = s != NULL && (s->held = mp_alloc(c, n, sizeof *s->held)) != NULL ? MP_OK : -1;
    for (size_t i = 0; i < n && rc == MP_OK; i++) {
        s->n = i + 1;
        rc = hold(c, &s->held[i], names[i], files[i]);
        for (size_t j = 0; j < i && rc == MP_OK; j++)
            if (strcmp(s->held[j].name, s->held[i].name) == 0)
                rc = mp_fail(c, "%s and %s are both called %s; NAME=FILE gives another name",
                             s->held[j].file, files[i], s->held[i].name);
    }
    if (rc == MP_OK)
        return s;
    mp_shelf_free(s);
    return NULL;
}

struct mp_served *mp_shelf_find(struct mp_shelf *s, const char *name)
{
    if (name == NULL)
        return &s->held[0];
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->held[i].name, name) == 0)
            return &s->held[i];
    return NULL;
}
