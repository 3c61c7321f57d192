/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.c - data sets: room, labels, row names, parts, checksum. */
#include "data/data.h"
#include "core/ctx.h"
#include "core/random.h"
#include "core/ranks.h"
#include "text/decimal.h"
#include <glib.h>
#include <libdeflate.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Of labels 0..255 the bytes, of others the text and its closing zero; *size: how many. */
static uint32_t crc_labels(const struct mp_data *d, size_t *size)
{
    uint8_t block[4096];
    size_t used = 0;
    uint32_t crc = 0;
    *size = 0;
    for (size_t i = 0; i < d->n; i++) {
        const char *name = mp_data_class(d, i);
        int64_t v = 0;
        if (used + MP_NAME_SIZE > sizeof block) {
            crc = (uint32_t)crc32_z(crc, block, used);
            *size += used;
            used = 0;
        }
        if (mp_whole_text(name, &v) && v >= 0 && v <= 255)
            block[used++] = (uint8_t)v;
        else
            used += (size_t)snprintf((char *)block + used, MP_NAME_SIZE, "%s", name) + 1;
    }
    *size += used;
    return (uint32_t)crc32_z(crc, block, used);
}

/* The blocks' checksums on all threads; combined they are that of the whole. */
enum { BLOCK = 1 << 20, SAMPLE = 32 };

static size_t block_size(size_t all, size_t k)
{
    return all - k * BLOCK < BLOCK ? all - k * BLOCK : BLOCK;
}

/* Of the blocks from .. to - 1 of n, and, if `some`, of every 32nd. */
static void sum_blocks(const struct mp_ctx *c, const struct mp_data *d, size_t n, size_t from,
                       size_t to, bool some, uint32_t *crc)
{
    const size_t all = d->n * mp_len(d->shape);
    const int threads = mp_threads(c);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (n > 1)
    for (size_t k = 0; k < n; k++) {
        const uint8_t *x = d->x + k * BLOCK;
        if ((k < from || k >= to) && (!some || k % SAMPLE != 0))
            continue;
        crc[k] = libdeflate_crc32(0, x, block_size(all, k));
        mp_rows_let_go(&d->store, x, x + block_size(all, k));
    }
}

/* And of what follows them. */
struct labels {
    uint32_t crc;
    size_t size;
};

static struct labels sum_labels(const struct mp_data *d)
{
    struct labels l = { 0, 0 };
    if (d->label != NULL)
        l.crc = crc_labels(d, &l.size);
    return l;
}

static uint32_t join_blocks(const struct mp_data *d, size_t n, size_t step, const uint32_t *crc,
                            struct labels l)
{
    const size_t all = d->n * mp_len(d->shape);
    uLong whole = 0;
    for (size_t k = 0; k < n; k += step)
        whole = crc32_combine(whole, crc[k], (z_off_t)block_size(all, k));
    return (uint32_t)crc32_combine(whole, l.crc, (z_off_t)l.size);
}

int mp_data_seal(struct mp_ctx *c, struct mp_data *d)
{
    const size_t n = (d->n * mp_len(d->shape) + BLOCK - 1) / BLOCK;
    uint32_t *crc = mp_alloc(c, n, sizeof *crc);
    if (crc == NULL)
        return -1;
    sum_blocks(c, d, n, 0, n, false, crc);
    d->crc = join_blocks(d, n, 1, crc, sum_labels(d));
    free(crc);
    return MP_OK;
}

/* What ranks need to know is the same for all: the size, the labels, and some of the rows, as
 * none sees all of them. */
int mp_data_seal_shared(struct mp_ctx *c, struct mp_data *d)
{
    const size_t n = (d->n * mp_len(d->shape) + BLOCK - 1) / BLOCK;
    const size_t from = mp_share(c, n, mp_rank(c)), to = mp_share(c, n, mp_rank(c) + 1);
    uint32_t *crc = mp_alloc(c, n, sizeof *crc);
    int rc = crc != NULL ? MP_OK : -1;
    struct labels labels = { 0, 0 };
    uint64_t some = 0;
    if (rc == MP_OK) {
        sum_blocks(c, d, n, from, to, mp_ranks(c) > 1, crc);
        labels = sum_labels(d);
        some = mp_mix(d->n) ^ mp_mix(mp_len(d->shape) + 1) ^
               join_blocks(d, n, SAMPLE, crc, labels);
    }
    rc = mp_ranks_same(c, rc, some, "the rows");
    rc = mp_ranks_collect(c, rc, crc, sizeof *crc, n, n);
    if (rc == MP_OK)
        d->crc = join_blocks(d, n, 1, crc, labels);
    free(crc);
    return rc;
}

void mp_data_free(struct mp_data *d)
{
    free(d->name);
    if (d->store.at != NULL)
        mp_rows_free(&d->store);
    else
        free(d->x);
    free(d->label);
    mp_names_free(&d->classes);
    for (size_t i = 0; i < d->ids; i++)
        free(d->id[i]);
    free(d->id);
    free(d->number);
    for (size_t i = 0; i < d->n_origins; i++)
        free(d->origin[i].name);
    free(d->origin);
    free(d->from);
    memset(d, 0, sizeof *d);
}

int mp_data_room(struct mp_ctx *c, struct mp_data *d, size_t n, size_t len)
{
    const size_t size = mp_product(n, len);
    if (++c->n_alloc == c->fail_at || !mp_rows_resize(&d->store, size))
        return mp_fail(c, "%s: no memory for %zu x %zu bytes",
                       d->name != NULL ? d->name : "rows", n, len);
    d->x = d->store.at;
    return MP_OK;
}

char *mp_data_name(struct mp_ctx *c, const char *name)
{
    const size_t n = strlen(name) + 1;
    char *copy = mp_alloc(c, n, 1);
    return copy != NULL ? memcpy(copy, name, n) : NULL;
}

/* ------------------------------------------------------------------ labels */

/* Room for row `row`: as much as the least power of two that holds it. */
static int room_for(struct mp_ctx *c, size_t row, size_t size, void *at)
{
    void *memory, **to = at;
    if (*to != NULL && (row & (row - 1)) != 0)
        return MP_OK;
    memory = ++c->n_alloc == c->fail_at
                 ? NULL : realloc(*to, mp_product(row > 0 ? 2 * row : 1, size));
    if (memory == NULL)
        return mp_no_memory(c, "%zu labels", row + 1);
    *to = memory;
    return MP_OK;
}

static int set_label(struct mp_ctx *c, struct mp_data *d, size_t row, const char *name, size_t n)
{
    const int k = mp_names_add(c, &d->classes, name, n);
    if (k < 0 || room_for(c, row, sizeof *d->label, &d->label) < 0)
        return -1;
    if (k >= MP_MOST_CLASSES) {
        char text[64];
        mp_data_row_name(d, row, text, sizeof text);
        return mp_fail(c, "%s: %s: label %s is one more than the %d different labels that are "
                       "possible", d->name, text, name, MP_MOST_CLASSES);
    }
    d->label[row] = (uint16_t)k;
    return MP_OK;
}

int mp_data_label_number(struct mp_ctx *c, struct mp_data *d, size_t row, int64_t label)
{
    char name[32];
    const int n = snprintf(name, sizeof name, "%lld", (long long)label);
    return set_label(c, d, row, name, (size_t)n);
}

int mp_data_label_bytes(struct mp_ctx *c, struct mp_data *d, const uint8_t *label)
{
    size_t room = 1;
    int number[256];
    bool seen[256] = { false };
    for (size_t i = 0; i < d->n; i++)
        seen[label[i]] = true;
    for (int v = 0; v < 256; v++) {
        char name[4];
        number[v] = 0;
        if (seen[v] && (number[v] = mp_names_add(c, &d->classes, name, (size_t)snprintf(
                                        name, sizeof name, "%d", v))) < 0)
            return -1;
    }
    while (room < d->n)
        room *= 2;
    uint16_t *to = mp_alloc(c, room, sizeof *to);
    if (to == NULL)
        return -1;
    free(d->label);
    d->label = to;
    for (size_t i = 0; i < d->n; i++)
        to[i] = (uint16_t)number[label[i]];
    return MP_OK;
}

/* Whether a text is a whole number in any of the ways in which files write one.  "1e3" is
 * none: names look so, numbers that programs write have a dot or a sign. */
static bool whole(const char *text, int64_t *value)
{
    char *end;
    const size_t n = strlen(text), e = strcspn(text, "eE");
    if (strspn(text, "+-.0123456789eE") != n || n > 32 || strcspn(text, "0123456789") == n ||
        (e < n && text[e + 1] != '+' && text[e + 1] != '-' && memchr(text, '.', e) == NULL))
        return false;
    const double v = strtod(text, &end);
    *value = fabs(v) < 0x1p53 ? (int64_t)v : 0;
    return *end == '\0' && fabs(v) < 0x1p53 && (double)*value == v;
}

/* What text and bytes say of a row cannot be its name. */
static int no_name(struct mp_ctx *c, const struct mp_data *d, size_t row, const char *what,
                   const char *why)
{
    char name[64];
    mp_data_row_name(d, row, name, sizeof name);
    return mp_fail(c, "%s: %s: %s %s", d->name, name, what, why);
}

/* n bytes as UTF-8 without blanks around them. */
static int clean(struct mp_ctx *c, const struct mp_data *d, size_t row, const char *what,
                 const char *text, size_t n, char name[MP_NAME_SIZE])
{
    const bool utf8 = g_utf8_validate(text, (gssize)n, NULL);
    size_t used = 0;
    for (; n > 0 && (*text == ' ' || *text == '\t'); n--)
        text++;
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    for (size_t i = 0; i < n; i++) {
        const unsigned char b = (unsigned char)text[i];
        if (b < 32 || b == 127)
            return no_name(c, d, row, what, "has a control character in it");
        if (used + 3 > MP_NAME_SIZE)
            return no_name(c, d, row, what, "is longer than 254 bytes");
        if (b >= 128 && !utf8)
            name[used++] = (char)(0xc0 | b >> 6);
        name[used++] = (char)(b >= 128 && !utf8 ? 0x80 | (b & 0x3f) : b);
    }
    name[used] = '\0';
    return used > 0 ? MP_OK : no_name(c, d, row, what, "is empty");
}

int mp_data_label_text(struct mp_ctx *c, struct mp_data *d, size_t row, const char *text, size_t n)
{
    char name[MP_NAME_SIZE];
    int64_t v = 0;
    if (clean(c, d, row, "the label", text, n, name) < 0)
        return -1;
    return whole(name, &v) ? mp_data_label_number(c, d, row, v)
                           : set_label(c, d, row, name, strlen(name));
}

int mp_data_id_text(struct mp_ctx *c, struct mp_data *d, size_t row, const char *text, size_t n)
{
    if (room_for(c, row, sizeof *d->id, &d->id) < 0)
        return -1;
    char *id = mp_alloc(c, n + 1, 1);
    if (id == NULL)
        return -1;
    d->id[row] = memcpy(id, text, n);
    d->ids = row + 1;
    return MP_OK;
}

struct class {
    const char *name;
    size_t number;
};

static int by_name(const void *a, const void *b)
{
    const struct class *p = a, *q = b;
    return mp_names_compare(p->name, q->name);
}

int mp_data_order_classes(struct mp_ctx *c, struct mp_data *d)
{
    struct mp_names ordered = { .n = 0 };
    size_t n = 0;
    if (d->label == NULL)
        return MP_OK;
    size_t *to = mp_alloc(c, d->classes.n, sizeof *to);
    struct class *class = mp_alloc(c, d->classes.n, sizeof *class);
    int rc = to != NULL && class != NULL ? MP_OK : -1;
    for (size_t i = 0; i < d->n && rc == MP_OK; i++)
        to[d->label[i]] = 1;
    for (size_t k = 0; k < d->classes.n && rc == MP_OK; k++)
        if (to[k] > 0)
            class[n++] = (struct class){ d->classes.at[k], k };
    if (rc == MP_OK)
        qsort(class, n, sizeof *class, by_name);
    for (size_t k = 0; k < n && rc == MP_OK; k++) {
        to[class[k].number] = k;
        rc = mp_names_add(c, &ordered, class[k].name, strlen(class[k].name)) < 0 ? -1 : MP_OK;
    }
    for (size_t i = 0; i < d->n && rc == MP_OK; i++)
        d->label[i] = (uint16_t)to[d->label[i]];
    free(class);
    free(to);
    if (rc == MP_OK) {
        mp_names_free(&d->classes);
        d->classes = ordered;
    } else {
        mp_names_free(&ordered);
    }
    return rc;
}

const char *mp_data_class(const struct mp_data *d, size_t i)
{
    return d->label != NULL ? mp_names_at(&d->classes, d->label[i]) : NULL;
}

/* -------------------------------------------------------------------- parts */

uint64_t mp_data_number(const struct mp_data *d, size_t i)
{
    return d->number != NULL ? d->number[i] : d->line0 + i;
}

const char *mp_shape_text(struct mp_shape s, char text[MP_SHAPE_TEXT])
{
    const int n = snprintf(text, MP_SHAPE_TEXT, "%d x %d", s.h, s.w);
    if (s.c != 1)
        snprintf(text + n, MP_SHAPE_TEXT - (size_t)n, " x %d", s.c);
    return text;
}

/* A file's name for people: its end, if it is long, and nothing that a terminal would obey. */
static void show_id(const char *id, char *text, size_t size)
{
    const size_t n = strlen(id);
    size_t from = n < size ? 0 : n - size + sizeof "...";
    while (from > 0 && ((unsigned char)id[from] & 0xc0) == 0x80)
        from++;
    snprintf(text, size, "%s%s", from > 0 ? "..." : "", id + from);
    const bool utf8 = g_utf8_validate(text, -1, NULL);
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f || (!utf8 && (unsigned char)*text > 0x7f))
            *text = '?';
}

void mp_data_row_name(const struct mp_data *d, size_t i, char *text, size_t size)
{
    const struct mp_origin *o = d->from != NULL ? &d->origin[d->from[i]] : NULL;
    const bool line = o != NULL ? o->is_csv : d->is_csv;
    const bool picture = o != NULL ? o->pictures : d->id != NULL && !d->is_csv;
    if (picture && d->id != NULL) {
        char *path = o != NULL ? g_strconcat(o->name, "/", d->id[i], NULL) : NULL;
        show_id(path != NULL ? path : d->id[i], text, size);
        g_free(path);
        return;
    }
    const size_t n = (size_t)snprintf(text, size, "%s %llu%s", line ? "line" : "item",
                                      (unsigned long long)mp_data_number(d, i),
                                      o != NULL ? " of " : "");
    if (o != NULL && n < size)
        show_id(o->name, text + n, size - n);
}

int mp_data_origins(struct mp_ctx *c, const struct mp_data *d, const char *name,
                    struct mp_data *to)
{
    const struct mp_origin self = { (char *)name, d->is_csv, d->id != NULL && !d->is_csv };
    const struct mp_origin *from = d->from != NULL ? d->origin : &self;
    const size_t n = d->from != NULL ? d->n_origins : 1;
    struct mp_origin *all = realloc(to->origin, (to->n_origins + n) * sizeof *all);
    if (all == NULL)
        return mp_no_memory(c, "names");
    to->origin = all;
    for (size_t i = 0; i < n; i++) {
        char *copy = mp_data_name(c, from[i].name);
        if (copy == NULL)
            return -1;
        all[to->n_origins] = from[i];
        all[to->n_origins++].name = copy;
    }
    return MP_OK;
}

/* The labels and ids of the rows listed, and the files that they are from. */
static int pick_names(struct mp_ctx *c, const struct mp_data *d, const size_t *rows,
                      struct mp_data *part)
{
    if (d->label != NULL && ((part->label = mp_alloc(c, part->n, sizeof *part->label)) == NULL ||
                             mp_names_copy(c, &d->classes, &part->classes) < 0))
        return -1;
    for (size_t i = 0; i < part->n && d->label != NULL; i++)
        part->label[i] = d->label[rows[i]];
    for (size_t i = 0; i < part->n && d->id != NULL; i++)
        if (mp_data_id_text(c, part, i, d->id[rows[i]], strlen(d->id[rows[i]])) < 0)
            return -1;
    if (d->from == NULL)
        return MP_OK;
    part->from = mp_alloc(c, part->n, sizeof *part->from);
    for (size_t i = 0; i < part->n && part->from != NULL; i++)
        part->from[i] = d->from[rows[i]];
    return part->from != NULL ? mp_data_origins(c, d, d->name, part) : -1;
}

int mp_data_pick(struct mp_ctx *c, const struct mp_data *d, const size_t *rows, size_t n,
                 struct mp_data *part)
{
    const size_t len = mp_len(d->shape);
    *part = (struct mp_data){ .n = n, .shape = d->shape, .line0 = d->line0, .is_csv = d->is_csv,
                              .range = d->range, .file_bytes = d->file_bytes };
    for (size_t i = 0; i < n; i++)
        if (rows[i] >= d->n)
            return mp_fail(c, "%s: no row %zu, expected 0..%zu", d->name, rows[i], d->n - 1);
    part->name = mp_data_name(c, d->name);
    part->number = mp_alloc(c, n, sizeof *part->number);
    if (part->name == NULL || part->number == NULL || mp_data_room(c, part, n, len) < 0 ||
        pick_names(c, d, rows, part) < 0) {
        mp_data_free(part);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(part->x + i * len, d->x + rows[i] * len, len);
        part->number[i] = mp_data_number(d, rows[i]);
    }
    if (mp_data_seal(c, part) == MP_OK)
        return MP_OK;
    mp_data_free(part);
    return -1;
}
