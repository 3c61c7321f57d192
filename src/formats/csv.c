/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - comma separated values, plain or gzip.
 *
 * Form: RFC 4180.
 * Read: rows of whole numbers 0..255, Kaggle's form of MNIST; quotes in the header only.  The
 * first line says what the columns are; csv_rows.c takes the rows, of a file on all threads.
 * Where it stops, rows are taken one by one, and only a line that cannot be taken is read
 * again, byte by byte, to say what is wrong: so what is said does not depend on threads.
 * Written: a header, then "label,v,v,..." a row; without labels only the values.  Names with
 * commas or quotes are quoted.  Lines end in LF.
 */
#include "formats/csv_columns.h"
#include "formats/format.h"
#include "formats/input.h"
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LINE = 1 << 28, /* a header for 4096 x 4096 pixels fits */
    SHOWN = MP_CSV_SHOWN
};

struct table {
    struct mp_input *in;
    struct mp_data *d;
    uint8_t *header;    /* the line that names the columns, or NULL */
    size_t header_len;
    struct mp_columns q;
    uint8_t *values;    /* room for those of a line */
    uint64_t index0;    /* the number of row 0, where rows have numbers */
    size_t room;        /* rows that fit into d->x and d->label */
    uint64_t line;      /* number of the line that comes next */
};

/* ----------------------------------------------------------------- messages */

/* Column i of the line, the row's number included. */
static void column_name(const struct table *t, size_t i, char text[MP_CSV_SHOWN_SIZE])
{
    size_t n;
    const uint8_t *name = t->header != NULL ? mp_csv_cell(t->header, t->header_len, i, &n) : NULL;
    const size_t value = i - t->q.index;
    if (name != NULL)
        mp_csv_show(text, name, n);
    else if (value == t->q.label)
        snprintf(text, MP_CSV_SHOWN_SIZE, "label");
    else
        snprintf(text, MP_CSV_SHOWN_SIZE, "pixel%zu", value - (value > t->q.label));
}

/* What reading a line byte by byte found. */
struct findings {
    size_t columns, bad;       /* bad: first wrong column, from 1; 0: none */
    uint8_t text[SHOWN + 1];   /* of the wrong value, or as much as is shown */
    size_t len;
    bool ended;                /* by a newline, not by the end of the file */
};

/* Whether a field is wrong; the row parser's rule. */
static bool wrong(const uint8_t *text, size_t len)
{
    unsigned v = 0;
    for (size_t i = 0; i < len && i < 4; i++) {
        if (text[i] < '0' || text[i] > '9')
            return true;
        v = 10 * v + text[i] - '0';
    }
    return len < 1 || len > 3 || v > 255;
}

/* The first `skip` columns may hold anything. */
static int inspect(struct mp_input *in, size_t skip, struct findings *f)
{
    uint8_t text[SHOWN + 1];
    size_t len = 0;
    memset(f, 0, sizeof *f);
    for (;;) {
        const int b = mp_input_byte(in);
        if (b == -2)
            return -1;
        if (b != ',' && b != '\n' && b != -1) {
            if (len < sizeof text)
                text[len] = (uint8_t)b;
            len++;
            continue;
        }
        if (b != ',' && len > 0 && len <= sizeof text && text[len - 1] == '\r')
            len--;
        if (b == -1 && len == 0) /* cut off behind a comma: that value is missing, not empty */
            return MP_OK;
        f->columns++;
        if (f->bad == 0 && f->columns > skip && wrong(text, len)) {
            f->bad = f->columns;
            f->len = len;
            memcpy(f->text, text, len < sizeof text ? len : sizeof text);
        }
        len = 0;
        f->ended = b == '\n';
        if (b != ',')
            return MP_OK;
    }
}

/* Says why row() refused the line at hand; damaged gzip data explains it best. */
static int refuse(struct table *t)
{
    struct mp_ctx *c = t->in->c;
    const char *file = t->in->name;
    const unsigned long long line = t->line;
    const size_t columns = t->q.n + t->q.index;
    struct findings f;
    if (inspect(t->in, t->q.index, &f) < 0 || (t->in->gzip && mp_input_drain(t->in) < 0))
        return -1;
    if (f.columns != columns)
        return mp_fail(c, "%s: line %llu: found %zu value%s, expected %zu as in line 1%s", file,
                       line, f.columns, f.columns == 1 ? "" : "s", columns,
                       f.ended ? "" : "; it is the last line and has no end: "
                                      "the file may be cut off");
    if (f.bad == 0)
        return mp_fail(c, "%s: line %llu: column 1 counted the rows up to here, where %llu was "
                       "expected; label=first says that it is the label", file, line,
                       (unsigned long long)(t->index0 + t->d->n));
    char name[MP_CSV_SHOWN_SIZE], found[MP_CSV_SHOWN_SIZE + 2] = "nothing";
    char text[MP_CSV_SHOWN_SIZE];
    column_name(t, f.bad - 1, name);
    mp_csv_show(text, f.text, f.len);
    if (f.len > 0)
        snprintf(found, sizeof found, "\"%s\"", text);
    bool zeros = f.len > 3 && f.len <= SHOWN; /* 0007: whole, but in nobody's file */
    for (size_t i = 0; zeros && i < f.len; i++)
        zeros = i + 3 < f.len ? f.text[i] == '0' : f.text[i] >= '0' && f.text[i] <= '9';
    return mp_fail(c, "%s: line %llu, column %zu (%s): found %s, expected a whole number 0..255%s",
                   file, line, f.bad, name, found, zeros ? " of at most three digits" : "");
}

/* Empty lines are welcome at the end of the file, and nowhere else. */
static int skip_empty_lines(struct table *t)
{
    for (;;) {
        const int b = mp_input_byte(t->in);
        if (b == -2)
            return -1;
        if (b == -1)
            return MP_OK;
        if (b != '\n' && b != '\r')
            return mp_fail(t->in->c, "%s: line %llu: found an empty line, expected %zu values",
                           t->in->name, (unsigned long long)t->line, t->q.n + t->q.index);
    }
}

/* ------------------------------------------------------------------ columns */

static int endless(struct mp_input *in, size_t have)
{
    char names[MP_FORMAT_NAMES];
    mp_format_names(false, names, sizeof names);
    return mp_fail(in->c, "%s: line 1 does not end within %zu bytes, expected %s", in->name, have,
                   names);
}

/* Brings the whole first line into the buffer; *len is without its end. */
static int first_line(struct mp_input *in, size_t *len)
{
    for (size_t want = in->size;; want *= 2) {
        if (mp_input_fill(in, want) < 0)
            return -1;
        const uint8_t *p = in->buf + in->at;
        const size_t have = in->n - in->at;
        const uint8_t *stop = memchr(p, '\n', have);
        if (stop != NULL || in->end) {
            *len = stop != NULL ? (size_t)(stop - p) : have;
            break;
        }
        if (want >= MAX_LINE || memchr(p, '\0', have) != NULL)
            return endless(in, have);
    }
    const uint8_t *p = in->buf + in->at;
    if (*len > 0 && p[*len - 1] == '\r')
        --*len;
    if (*len == 0)
        return mp_fail(in->c, "%s: line 1: found an empty line, expected a header or values",
                       in->name);
    if (memchr(p, '\r', *len) != NULL)
        return mp_fail(in->c, "%s: line 1: found a carriage return without a line feed, expected "
                       "lines that end in \\n or \\r\\n", in->name);
    if (memchr(p, ',', *len) == NULL && strcspn((const char *)p, ";\t\n") < *len)
        return mp_fail(in->c, "%s: line 1: found no comma, expected values separated by commas",
                       in->name);
    return MP_OK;
}

static int begin(struct table *t, const struct mp_form *form)
{
    struct mp_input *in = t->in;
    size_t len = 0;
    if (first_line(in, &len) < 0)
        return -1;
    const uint8_t *p = in->buf + in->at;
    struct mp_csv_head head = { in, p, len, mp_csv_header_kind(p, len), form };
    t->line = 1;
    if (mp_input_grow(in, &t->header, len, 1) < 0)
        return -1;
    head.line = memcpy(t->header, p, len);
    t->header_len = len;
    if (head.kind != MP_CSV_NONE) {
        in->at += len;
        if (in->at < in->n && in->buf[in->at] == '\r')
            in->at++;
        if (in->at < in->n)
            in->at++;
        t->line = 2;
    }
    t->d->line0 = t->line;
    t->d->is_csv = true;
    const int rc = mp_csv_columns(&head, &t->q, &t->d->shape);
    if (head.kind != MP_CSV_NAMES) {
        free(t->header);
        t->header = NULL;
    }
    return rc;
}

/* --------------------------------------------------------------------- rows */

/* Room for one row more: twice as many, beginning with about 1 MB. */
static int make_room(struct table *t)
{
    struct mp_data *d = t->d;
    const size_t len = mp_len(d->shape);
    if (d->n < t->room)
        return MP_OK;
    t->room = t->room == 0 ? (1 << 20) / len + 1 : 2 * t->room;
    if (mp_data_room(t->in->c, d, t->room, len) < 0)
        return -1;
    return t->q.label < t->q.n ? mp_input_grow(t->in, &d->label, t->room, 1) : MP_OK;
}

/* Behind the number of the row that comes next, if it is the one that is due. */
static const uint8_t *skip_index(struct table *t, const uint8_t *p)
{
    uint64_t v = 0;
    int digits = 0;
    for (; digits < 18 && p[digits] >= '0' && p[digits] <= '9'; digits++)
        v = 10 * v + p[digits] - '0';
    if (t->d->n == 0)
        t->index0 = v;
    return digits > 0 && p[digits] == ',' && v == t->index0 + t->d->n ? p + digits + 1 : NULL;
}

static int rows(struct table *t)
{
    struct mp_input *in = t->in;
    struct mp_data *d = t->d;
    const size_t len = mp_len(d->shape), longest = mp_csv_longest(t->q.n);
    if (mp_csv_rows(in, d, &t->q, &t->room) < 0 || mp_input_grow(in, &t->values, t->q.n, 1) < 0)
        return -1;
    for (t->line += d->n;; d->n++, t->line++) {
        if (mp_input_fill(in, longest) < 0)
            return -1;
        const uint8_t *p = in->buf + in->at, *end = in->buf + in->n;
        if (p == end)
            return MP_OK;
        if (make_room(t) < 0)
            return -1;
        if (t->q.index)
            p = skip_index(t, p);
        if (p != NULL)
            p = mp_csv_line(p, end, &t->q, t->values, d->label != NULL ? d->label + d->n : NULL,
                            d->x + d->n * len, false);
        if (p == NULL && (in->buf[in->at] == '\n' || in->buf[in->at] == '\r'))
            return skip_empty_lines(t);
        if (p == NULL)
            return refuse(t);
        in->at = (size_t)(p - in->buf);
    }
}

/* Gives back the room that was not needed. */
static void trim(struct mp_data *d)
{
    mp_rows_resize(&d->store, d->n * mp_len(d->shape));
    d->x = d->store.at;
    uint8_t *label = d->label != NULL ? realloc(d->label, d->n) : NULL;
    d->label = label != NULL ? label : d->label;
}

/* Any text: it has next to no control characters; other files have one byte in nine. */
static enum mp_look sniff(const uint8_t *p, size_t n)
{
    size_t control = 0;
    for (size_t i = 0; i < n; i++)
        control += p[i] == 127 || (p[i] < 32 && p[i] != '\n' && p[i] != '\r' && p[i] != '\t');
    return control <= n / 16 ? MP_LOOK_MAY_BE : MP_LOOK_OTHER;
}

static int read_table(struct mp_input *in, const struct mp_form *form, struct mp_data *d)
{
    struct table t = { .in = in, .d = d };
    int rc = begin(&t, form);
    if (rc == MP_OK && !in->shape_only) {
        rc = rows(&t);
        if (rc == MP_OK && d->n == 0)
            rc = mp_fail(in->c, "%s: found only a header, expected rows of values below it",
                         in->name);
        if (rc == MP_OK)
            trim(d);
    }
    free(t.header);
    free(t.values);
    free(t.q.pixel);
    return rc;
}

/* ------------------------------------------------------------------ writing */

static int put_name(struct mp_ctx *c, struct mp_sink *s, const char *name)
{
    char text[2 * MP_TABLE_NAME + 4], *at = text;
    bool quote = false;

    for (const char *p = name; *p != '\0'; p++)
        quote = quote || *p == ',' || *p == '"' || *p == '\n' || *p == '\r';
    if (quote)
        *at++ = '"';
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"')
            *at++ = '"';
        *at++ = *p;
    }
    if (quote)
        *at++ = '"';
    return mp_sink_put(c, s, text, (size_t)(at - text));
}

static int begin_writing(struct mp_ctx *c, struct mp_table_writer *w)
{
    struct mp_sink *s = &w->sink[0];
    char name[MP_TABLE_NAME];

    if (mp_table_sink(c, w, ".csv") < 0)
        return -1;
    if (w->t.labels && mp_sink_text(c, s, "label,") < 0)
        return -1;
    for (size_t i = 0; i < w->d; i++) {
        w->t.column(w->t.arg, i, name, sizeof name);
        if (put_name(c, s, name) < 0 || mp_sink_text(c, s, i + 1 < w->d ? "," : "\n") < 0)
            return -1;
    }
    return MP_OK;
}

static int write_rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->label != NULL) {
            char text[MP_BYTE_TEXT + 1];
            size_t n = mp_byte_text(text, r->label[i]);
            text[n++] = ',';
            if (mp_sink_put(c, &w->sink[0], text, n) < 0)
                return -1;
        }
        if (mp_table_line(c, &w->sink[0], r, i * w->d, w->d, "\n") < 0)
            return -1;
    }
    return MP_OK;
}

MP_FORMAT(csv) = {
    .rank = 1, .gzip = true,
    .doc = "a header with the names of the values, then a row a line, label first",
    .sniff = sniff, .read = read_table,
    .begin = begin_writing, .rows = write_rows,
};
