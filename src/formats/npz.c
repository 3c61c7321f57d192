/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npz.c - several NumPy arrays in one zip archive.
 *
 * Members x (float32, or uint8 for whole pixels), y (as in npy.c) and columns (the
 * names of the values), stored without compression as np.savez does: features
 * hardly shrink.  Sizes are known beforehand; a member's checksum is written
 * into its header once the member is out.  Archives and members of 4 GiB and
 * more use zip64.  Reference: PKWARE APPNOTE.TXT 6.3, 4.3 and 4.5.3.
 */
#include "core/ctx.h"
#include "formats/format.h"
#include "formats/npy_head.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MEMBERS = 3, CRC_AT = 14, VERSION = 20, VERSION_64 = 45, DATE = 33 };

struct member {
    const char *name;
    uint64_t at, size; /* of its header in the file; of its content */
    uint32_t crc;
};

struct state {
    struct member members[MAX_MEMBERS];
    int n;
    uint64_t place;    /* bytes of the archive so far */
    int *label;        /* kept until x is out */
};

/* Numbers in a zip are low byte first. */
static unsigned char *le(unsigned char *at, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (unsigned char)(v >> 8 * i);
    return at;
}

static uint32_t at_most_32(uint64_t v)
{
    return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static int put(struct mp_ctx *c, struct mp_table_writer *w, const void *data, size_t n)
{
    struct state *s = w->state;
    s->place += n;
    return mp_sink_put(c, &w->sink[0], data, n);
}

/* Opens a member whose content is an array's head and then `size` bytes. */
static int open_member(struct mp_ctx *c, struct mp_table_writer *w, const char *name,
                       const char *type, const uint64_t *dims, int n_dims, uint64_t size)
{
    struct state *s = w->state;
    struct mp_sink *sink = &w->sink[0];
    unsigned char head[MP_NPY_HEAD], text[128], *at = text;
    const size_t n_head = mp_npy_head(head, type, dims, n_dims);
    struct member *m = &s->members[s->n++];

    *m = (struct member){.name = name, .at = s->place, .size = n_head + size};
    const bool big = m->size >= UINT32_MAX;
    at = le(at, 0x04034b50, 4);
    at = le(at, big ? VERSION_64 : VERSION, 2);
    at = le(at, 0, 6);            /* no flags, stored, midnight */
    at = le(at, DATE, 2);         /* 1 January 1980: the same data give the same file */
    at = le(at, 0, 4);            /* checksum: later */
    at = le(at, at_most_32(m->size), 4);
    at = le(at, at_most_32(m->size), 4);
    at = le(at, strlen(name), 2);
    at = le(at, big ? 20 : 0, 2);
    memcpy(at, name, strlen(name));
    at += strlen(name);
    if (big) {
        at = le(at, 1, 2);
        at = le(at, 16, 2);
        at = le(at, m->size, 8);
        at = le(at, m->size, 8);
    }
    if (put(c, w, text, (size_t)(at - text)) < 0 || mp_sink_drain(c, sink) < 0)
        return -1;
    sink->sum = true;
    sink->crc = 0;
    return put(c, w, head, n_head);
}

static int close_member(struct mp_ctx *c, struct mp_table_writer *w)
{
    struct state *s = w->state;
    struct mp_sink *sink = &w->sink[0];
    struct member *m = &s->members[s->n - 1];
    unsigned char crc[4];

    if (mp_sink_drain(c, sink) < 0)
        return -1;
    sink->sum = false;
    m->crc = sink->crc;
    le(crc, m->crc, 4);
    if (fseeko(sink->out.f, (off_t)m->at + CRC_AT, SEEK_SET) != 0 ||
        fwrite(crc, sizeof crc, 1, sink->out.f) != 1 || fseeko(sink->out.f, 0, SEEK_END) != 0)
        return mp_fail(c, "%s: cannot write: %s", w->path[0], strerror(errno));
    return MP_OK;
}

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    struct state *s = w->state;
    uint64_t dims[4];
    const int n = mp_table_dims(w, dims);

    if (w->t.labels && (s->label = mp_alloc(c, w->t.rows, sizeof *s->label)) == NULL)
        return -1;
    if (mp_table_sink(c, w, ".npz") < 0)
        return -1;
    return open_member(c, w, "x.npy", w->t.bytes ? "u1" : "f4", dims, n,
                       w->t.rows * w->d * (w->t.bytes ? 1 : sizeof(float)));
}

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    struct state *s = w->state;
    if (r->label != NULL)
        memcpy(s->label + w->row, r->label, r->n * sizeof *r->label);
    if (r->x != NULL)
        return put(c, w, r->x, r->n * w->d * sizeof *r->x);
    return put(c, w, r->b, r->n * w->d);
}

static int put_labels(struct mp_ctx *c, struct mp_table_writer *w)
{
    struct state *s = w->state;
    char type[16];
    const size_t size = mp_npy_label_type(w, type);
    if (open_member(c, w, "y.npy", type, &w->t.rows, 1, w->t.rows * size) < 0)
        return -1;
    for (uint64_t i = 0; i < w->t.rows; i++) {
        uint32_t item[MP_NPY_LABEL];
        mp_npy_label(w, s->label[i], item);
        if (put(c, w, item, size) < 0)
            return -1;
    }
    return close_member(c, w);
}

/* Names as UCS-4, padded with zeros to the longest. */
static int put_columns(struct mp_ctx *c, struct mp_table_writer *w)
{
    const uint64_t dims[1] = {w->d};
    char name[MP_TABLE_NAME], type[16];
    size_t longest = 1;

    for (size_t i = 0; i < w->d; i++) {
        w->t.column(w->t.arg, i, name, sizeof name);
        longest = strlen(name) > longest ? strlen(name) : longest;
    }
    snprintf(type, sizeof type, "U%zu", longest);
    if (open_member(c, w, "columns.npy", type, dims, 1, w->d * longest * sizeof(uint32_t)) < 0)
        return -1;
    for (size_t i = 0; i < w->d; i++) {
        uint32_t wide[MP_TABLE_NAME];
        w->t.column(w->t.arg, i, name, sizeof name);
        mp_npy_text(name, wide, longest);
        if (put(c, w, wide, longest * sizeof *wide) < 0)
            return -1;
    }
    return close_member(c, w);
}

/* A member's line in the directory at the end. */
static int put_entry(struct mp_ctx *c, struct mp_table_writer *w, const struct member *m)
{
    unsigned char text[160], *at = text;
    const bool big_size = m->size >= UINT32_MAX, big_at = m->at >= UINT32_MAX;
    const unsigned extra = (big_size ? 16u : 0) + (big_at ? 8u : 0);
    const int version = extra > 0 ? VERSION_64 : VERSION;

    at = le(at, 0x02014b50, 4);
    at = le(at, (uint64_t)version | 3 << 8, 2); /* made on Unix */
    at = le(at, (uint64_t)version, 2);
    at = le(at, 0, 6);
    at = le(at, DATE, 2);
    at = le(at, m->crc, 4);
    at = le(at, at_most_32(m->size), 4);
    at = le(at, at_most_32(m->size), 4);
    at = le(at, strlen(m->name), 2);
    at = le(at, extra > 0 ? extra + 4 : 0, 2);
    at = le(at, 0, 6);               /* no comment, first disk, binary */
    at = le(at, 0100644u << 16, 4);  /* file mode */
    at = le(at, at_most_32(m->at), 4);
    memcpy(at, m->name, strlen(m->name));
    at += strlen(m->name);
    if (extra > 0) {
        at = le(at, 1, 2);
        at = le(at, extra, 2);
        at = big_size ? le(le(at, m->size, 8), m->size, 8) : at;
        at = big_at ? le(at, m->at, 8) : at;
    }
    return put(c, w, text, (size_t)(at - text));
}

static int put_directory(struct mp_ctx *c, struct mp_table_writer *w)
{
    struct state *s = w->state;
    const uint64_t from = s->place, n = (uint64_t)s->n;
    unsigned char text[128], *at = text;

    for (int i = 0; i < s->n; i++)
        if (put_entry(c, w, &s->members[i]) < 0)
            return -1;
    const uint64_t to = s->place, size = to - from;
    if (from >= UINT32_MAX) {
        at = le(at, 0x06064b50, 4);
        at = le(at, 44, 8);
        at = le(at, VERSION_64 | 3 << 8, 2);
        at = le(at, VERSION_64, 2);
        at = le(at, 0, 8);
        at = le(le(at, n, 8), n, 8);
        at = le(le(at, size, 8), from, 8);
        at = le(at, 0x07064b50, 4);
        at = le(at, 0, 4);
        at = le(at, to, 8);
        at = le(at, 1, 4);
    }
    at = le(at, 0x06054b50, 4);
    at = le(at, 0, 4);
    at = le(le(at, n, 2), n, 2);
    at = le(le(at, size, 4), at_most_32(from), 4);
    at = le(at, 0, 2);
    return put(c, w, text, (size_t)(at - text));
}

static int end(struct mp_ctx *c, struct mp_table_writer *w)
{
    if (close_member(c, w) < 0 || (w->t.labels && put_labels(c, w) < 0) ||
        put_columns(c, w) < 0)
        return -1;
    return put_directory(c, w);
}

static void clear(void *state)
{
    free(((struct state *)state)->label);
}

MP_FORMAT(npz) = {
    .rank = 4,
    .doc = "NumPy: arrays x, y and columns (the names) in train.npz",
    .state_size = sizeof(struct state), .begin = begin, .rows = rows, .end = end, .clear = clear,
};
