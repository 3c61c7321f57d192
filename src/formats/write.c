/* SPDX-License-Identifier: GPL-3.0-or-later */
/* write.c - what all formats share that are written: checks, conversion, files. */
#include "formats/write.h"
#include "core/pixel.h"
#include "formats/format.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What word i of the option means; NULL: there are not so many. */
static const struct mp_format_entry *find(int i, bool *gzip)
{
    const struct mp_format_entry *e = NULL;
    if (i < 0)
        return NULL;
    while ((e = mp_format_next(e)) != NULL)
        for (int packed = 0; packed <= e->format->gzip; packed++)
            if (e->format->begin != NULL && i-- == 0) {
                *gzip = packed;
                return e;
            }
    return NULL;
}

const char *mp_table_format(int i)
{
    bool gzip;
    const struct mp_format_entry *e = find(i, &gzip);
    return e == NULL ? NULL : gzip ? e->packed : e->name;
}

/* "csv, csv.gz" */
static int words_of(const struct mp_format_entry *e, char text[64])
{
    return snprintf(text, 64, "%s%s%s", e->name, e->format->gzip ? ", " : "",
                    e->format->gzip ? e->packed : "");
}

void mp_table_list(FILE *f)
{
    const struct mp_format_entry *e;
    char words[64];
    int widest = 0;
    for (e = NULL; (e = mp_format_next(e)) != NULL;)
        if (e->format->begin != NULL && words_of(e, words) > widest)
            widest = words_of(e, words);
    for (e = NULL; (e = mp_format_next(e)) != NULL;) {
        if (e->format->begin == NULL)
            continue;
        words_of(e, words);
        fprintf(f, "    %-*s  ", widest, words);
        for (const char *at = e->format->doc; *at != '\0'; at++) {
            fputc(*at, f);
            if (*at == '\n')
                fprintf(f, "%*s", widest + 6, "");
        }
        fputc('\n', f);
    }
}

static bool all_numbers(const struct mp_table *t)
{
    int64_t v;
    for (int k = 0; k < t->n_classes; k++)
        if (!mp_whole_text(t->classes[k], &v) || v < INT32_MIN || v > INT32_MAX)
            return false;
    return true;
}

int mp_table_classes(struct mp_ctx *c, struct mp_table_writer *w)
{
    if (!w->t.labels || w->numbered)
        return MP_OK;
    struct mp_sink *s = &w->sink[w->n_files];
    int rc = mp_table_sink(c, w, ".classes.txt");
    for (int k = 0; k < w->t.n_classes && rc == MP_OK; k++) {
        char line[MP_NAME_SIZE + 16];
        snprintf(line, sizeof line, "%d %s\n", k, w->t.classes[k]);
        rc = mp_sink_text(c, s, line);
    }
    w->named = true;
    return rc;
}

bool mp_table_names_classes(const struct mp_table_writer *w, int i)
{
    return w->named && i == w->n_files - 1;
}

int64_t mp_table_label(const struct mp_table_writer *w, int label)
{
    int64_t v = label;
    if (w->numbered)
        mp_whole_text(w->t.classes[label], &v);
    return v;
}

static int check(struct mp_ctx *c, const char *stem, const struct mp_table *t)
{
    const struct mp_shape s = t->shape;
    if (s.h < 1 || s.w < 1 || s.c < 1 || s.h > 1 << 20 || s.w > 1 << 20 || s.c > 1 << 20 ||
        mp_len(s) > 1 << 30)
        return mp_fail(c, "%s: rows of %d x %d x %d values; expected 1 to 2^30 values", stem, s.h,
                       s.w, s.c);
    if (t->rows > (uint64_t)1 << 48 || t->rows > INT64_MAX / 8 / mp_len(s))
        return mp_fail(c, "%s: %llu rows of %zu values are too many", stem,
                       (unsigned long long)t->rows, mp_len(s));
    return MP_OK;
}

struct mp_table_writer *mp_table_open(struct mp_ctx *c, int format, const char *stem,
                                      const struct mp_table *t)
{
    bool gzip;
    const struct mp_format_entry *e = find(format, &gzip);
    if (e == NULL) {
        mp_fail(c, "format %d: no such format", format);
        return NULL;
    }
    struct mp_table_writer *w = mp_alloc(c, 1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->format = e->format;
    w->gzip = gzip;
    w->t = *t;
    w->d = mp_len(t->shape);
    w->numbered = all_numbers(t);
    w->stem = mp_alloc(c, strlen(stem) + 1, 1);
    w->state = mp_alloc(c, 1, w->format->state_size);
    if (w->stem != NULL)
        memcpy(w->stem, stem, strlen(stem));
    if (w->stem == NULL || w->state == NULL || check(c, stem, t) < 0 ||
        w->format->begin(c, w) < 0) {
        mp_table_close(w);
        return NULL;
    }
    return w;
}

static bool all_finite(const float *x, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bad |= (bits & 0x7f800000) == 0x7f800000;
    }
    return bad == 0;
}

static int not_finite(struct mp_ctx *c, const struct mp_table_writer *w, const float *x)
{
    char name[MP_TABLE_NAME];
    size_t i = 0;
    while (isfinite(x[i]))
        i++;
    w->t.column(w->t.arg, i % w->d, name, sizeof name);
    return mp_fail(c, "%s: row %llu, %s: %g cannot be written; expected a finite number",
                   w->path[0], (unsigned long long)(w->row + i / w->d + 1), name, (double)x[i]);
}

/* The block's values in the type that the table is written in. */
static int convert(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_chunk *in,
                   struct mp_table_rows *r)
{
    const size_t n = in->n * w->d, size = n * (w->t.bytes ? 1 : sizeof(float));

    *r = (struct mp_table_rows){.n = in->n};
    if (w->t.bytes && in->b != NULL)
        r->b = in->b;
    else if (!w->t.bytes && in->x != NULL)
        r->x = in->x;
    if (r->b != NULL || r->x != NULL)
        return MP_OK;
    if (size > w->converted_size) {
        free(w->converted);
        w->converted = mp_alloc(c, size, 1);
        w->converted_size = w->converted != NULL ? size : 0;
        if (w->converted == NULL)
            return -1;
    }
    if (w->t.bytes) {
        uint8_t *b = w->converted;
        for (size_t i = 0; i < n; i++)
            b[i] = (uint8_t)mp_level(in->x[i]);
        r->b = b;
    } else {
        float *x = w->converted;
        for (size_t i = 0; i < n; i++)
            x[i] = (float)in->b[i] / 255;
        r->x = x;
    }
    return MP_OK;
}

int mp_table_rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_chunk *in,
                  const int *label)
{
    struct mp_table_rows r;

    if (in->n == 0)
        return MP_OK;
    if (mp_len(in->shape) != w->d)
        return mp_fail(c, "%s: rows of %zu values, expected %zu", w->path[0], mp_len(in->shape),
                       w->d);
    if (in->n > w->t.rows - w->row)
        return mp_fail(c, "%s: more than the %llu rows announced", w->path[0],
                       (unsigned long long)w->t.rows);
    if (w->t.labels && label == NULL)
        return mp_fail(c, "%s: rows without labels, expected labels", w->path[0]);
    for (size_t i = 0; i < in->n && w->t.labels; i++)
        if (label[i] < 0 || label[i] >= w->t.n_classes)
            return mp_fail(c, "%s: row %llu: class %d is not among the %d classes", w->path[0],
                           (unsigned long long)(w->row + i + 1), label[i], w->t.n_classes);
    if (in->x != NULL && !all_finite(in->x, in->n * w->d))
        return not_finite(c, w, in->x);
    if (convert(c, w, in, &r) < 0)
        return -1;
    r.label = w->t.labels ? label : NULL;
    if (w->format->rows(c, w, &r) < 0)
        return -1;
    w->row += in->n;
    return MP_OK;
}

static int finish(struct mp_ctx *c, struct mp_table_writer *w)
{
    if (w->row != w->t.rows)
        return mp_fail(c, "%s: %llu rows, expected %llu", w->path[0], (unsigned long long)w->row,
                       (unsigned long long)w->t.rows);
    if (w->format->end != NULL && w->format->end(c, w) < 0)
        return -1;
    for (int i = 0; i < w->n_files; i++)
        if (mp_sink_end(c, &w->sink[i]) < 0)
            return -1;
    return MP_OK;
}

int mp_table_commit(struct mp_ctx *c, struct mp_table_writer **w, size_t n)
{
    struct mp_output *all = mp_alloc(c, n * MP_TABLE_FILES, sizeof *all);
    size_t files = 0;

    if (all == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (finish(c, w[i]) < 0) {
            free(all);
            return -1;
        }
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < w[i]->n_files; k++) {
            all[files++] = w[i]->sink[k].out;
            memset(&w[i]->sink[k].out, 0, sizeof w[i]->sink[k].out);
        }
    const int rc = mp_output_commit_all(c, all, files);
    free(all);
    return rc;
}

const char *mp_table_file(const struct mp_table_writer *w, int i)
{
    return i >= 0 && i < w->n_files ? w->path[i] : NULL;
}

void mp_table_close(struct mp_table_writer *w)
{
    if (w == NULL)
        return;
    for (int i = 0; i < w->n_files; i++) {
        mp_sink_close(&w->sink[i]);
        free(w->path[i]);
    }
    if (w->format->clear != NULL && w->state != NULL)
        w->format->clear(w->state);
    free(w->state);
    free(w->stem);
    free(w->converted);
    free(w);
}
