/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - rows of whole numbers 0..255 separated by commas: Kaggle's form.
 *
 * Method: the first line says what the columns are; csv_rows.c takes the rows, of a
 * file on all threads.  Where it stops, rows are taken one by one, and only a line
 * that cannot be taken is read again, byte by byte, to say what is wrong: so what is
 * said does not depend on threads.
 * Form: RFC 4180 (quotes in the header only).
 */
#include "csv.h"
#include "csv_rows.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_SIDE = 4096,
    MAX_LINE = 1 << 28, /* a header for 4096 x 4096 pixels fits */
    SHOWN = 20          /* characters of a wrong value that are shown */
};

struct table {
    struct mp_input *in;
    struct mp_data *d;
    uint8_t *header;    /* the line that names the columns, or NULL */
    size_t header_len;
    size_t columns;
    bool labelled;      /* column 0 holds labels */
    size_t room;        /* rows that fit into d->x and d->label */
    uint64_t line;      /* number of the line that comes next */
};

/* ------------------------------------------------------------------- header */

/* End of the cell that begins at p: its comma, or the end of the line. */
static const uint8_t *cell_end(const uint8_t *p, const uint8_t *end)
{
    bool quoted = false;
    for (; p < end && (quoted || *p != ','); p++)
        if (*p == '"')
            quoted = !quoted;
    return p;
}

/* Takes the quotes off; returns the length. */
static size_t unquote(const uint8_t **p, size_t n)
{
    if (n < 2 || (*p)[0] != '"' || (*p)[n - 1] != '"')
        return n;
    *p += 1;
    return n - 2;
}

/* Column i of a line, or NULL; *n is its length without quotes. */
static const uint8_t *cell(const uint8_t *p, size_t len, size_t i, size_t *n)
{
    const uint8_t *end = p + len, *stop = cell_end(p, end);
    for (; i > 0; i--) {
        if (stop == end)
            return NULL;
        p = stop + 1;
        stop = cell_end(p, end);
    }
    *n = unquote(&p, (size_t)(stop - p));
    return p;
}

static bool is_label(const uint8_t *p, size_t n)
{
    return p != NULL && n == 5 && strncasecmp((const char *)p, "label", 5) == 0;
}

static bool is_number(const uint8_t *p, size_t n)
{
    bool digit = false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\0' || strchr("0123456789+-.eE", p[i]) == NULL)
            return false;
        digit = digit || (p[i] >= '0' && p[i] <= '9');
    }
    return digit && p[0] != 'e' && p[0] != 'E';
}

/* A line is a header if the first cell that is not empty is not a number. */
static bool is_header(const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;
    for (;;) {
        const uint8_t *stop = cell_end(p, end), *text = p;
        const size_t n = unquote(&text, (size_t)(stop - p));
        if (n > 0)
            return !is_number(text, n);
        if (stop == end)
            return false;
        p = stop + 1;
    }
}

static size_t count_columns(const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;
    size_t n = 1;
    for (p = cell_end(p, end); p < end; p = cell_end(p + 1, end))
        n++;
    return n;
}

/* ----------------------------------------------------------------- messages */

/* At most SHOWN characters, what is not printable as \xNN. */
static void show(char *to, size_t size, const uint8_t *text, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len && i < SHOWN; i++) {
        const uint8_t b = text[i];
        const bool plain = b >= 32 && b <= 126;
        const char *fmt = b == '\r' ? "\\r" : b == '\t' ? "\\t" : plain ? "%c" : "\\x%02x";
        at += (size_t)snprintf(to + at, size - at, fmt, b);
    }
    snprintf(to + at, size - at, "%s", len > SHOWN ? "..." : "");
}

enum { SHOWN_SIZE = 4 * SHOWN + 4 };

static void column_name(const struct table *t, size_t i, char *text, size_t size)
{
    size_t n;
    if (t->header == NULL && t->labelled && i == 0)
        snprintf(text, size, "label");
    else if (t->header == NULL)
        snprintf(text, size, "pixel%zu", i - t->labelled);
    else {
        const uint8_t *name = cell(t->header, t->header_len, i, &n);
        show(text, size, name != NULL ? name : t->header, name != NULL ? n : 0);
    }
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

static int inspect(struct mp_input *in, struct findings *f)
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
        if (f->bad == 0 && wrong(text, len)) {
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
    struct findings f;
    if (inspect(t->in, &f) < 0 || (t->in->gzip && mp_input_drain(t->in) < 0))
        return -1;
    if (f.columns != t->columns)
        return mp_fail(c, "%s: line %llu: found %zu value%s, expected %zu as in line 1%s", file,
                       line, f.columns, f.columns == 1 ? "" : "s", t->columns,
                       f.ended ? "" : "; it is the last line and has no end: "
                                      "the file may be cut off");
    char name[SHOWN_SIZE], found[SHOWN_SIZE + 2] = "nothing", text[SHOWN_SIZE];
    column_name(t, f.bad - 1, name, sizeof name);
    show(text, sizeof text, f.text, f.len);
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
                           t->in->name, (unsigned long long)t->line, t->columns);
    }
}

/* -------------------------------------------------------------------- shape */

/* The side of a square of `pixels`, or 0. */
static int side(size_t pixels)
{
    size_t s = 1;
    while (s < MAX_SIDE && s * s < pixels)
        s++;
    return s * s == pixels ? (int)s : 0;
}

static int wrong_shape(struct table *t, struct mp_shape size)
{
    char found[160], expected[160];
    size_t n = 0;
    const uint8_t *name = t->header != NULL ? cell(t->header, t->header_len, 0, &n) : NULL;
    if (t->labelled)
        snprintf(found, sizeof found, "label and %zu pixels", t->columns - 1);
    else if (name != NULL) {
        char text[SHOWN_SIZE];
        show(text, sizeof text, name, n);
        snprintf(found, sizeof found, "%zu pixels (column 1 is \"%s\", not label)", t->columns,
                 text);
    } else
        snprintf(found, sizeof found, "%zu column%s", t->columns, t->columns > 1 ? "s" : "");
    const size_t want = mp_len(size);
    if (size.h == 0)
        snprintf(expected, sizeof expected, "a square number such as 784%s; "
                 "for other images give size=HxW", name != NULL ? "" : ", or one more with labels");
    else if (name != NULL)
        snprintf(expected, sizeof expected, "%zu (size=%dx%d)", want, size.h, size.w);
    else
        snprintf(expected, sizeof expected, "%zu, or %zu with labels (size=%dx%d)", want, want + 1,
                 size.h, size.w);
    return mp_fail(t->in->c, "%s: line 1: found %s, expected %s", t->in->name, found, expected);
}

static int find_shape(struct table *t, struct mp_shape size)
{
    size_t n = 0;
    if (t->header != NULL) {
        const uint8_t *p = t->header, *end = p + t->header_len;
        const uint8_t *name = cell(p, t->header_len, 0, &n);
        t->labelled = is_label(name, n);
        for (size_t i = 1; !t->labelled; i++) {
            const uint8_t *stop = cell_end(p, end);
            const size_t len = unquote(&p, (size_t)(stop - p));
            if (is_label(p, len))
                return mp_fail(t->in->c, "%s: line 1: found label in column %zu, expected it in "
                               "column 1", t->in->name, i);
            if (stop == end)
                break;
            p = stop + 1;
        }
    } else if (size.h != 0)
        t->labelled = t->columns == mp_len(size) + 1;
    else
        t->labelled = side(t->columns) == 0 && side(t->columns - 1) > 0;

    const size_t pixels = t->columns - t->labelled;
    const int s = side(pixels);
    t->d->shape = size.h != 0 ? size : (struct mp_shape){ s, s, 1 };
    return pixels > 0 && pixels == mp_len(t->d->shape) ? MP_OK : wrong_shape(t, size);
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
            return mp_fail(in->c, "%s: line 1 does not end within %zu bytes, expected CSV or IDX",
                           in->name, have);
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

static int begin(struct table *t, struct mp_shape size)
{
    struct mp_input *in = t->in;
    size_t len = 0;
    if (first_line(in, &len) < 0)
        return -1;
    const uint8_t *p = in->buf + in->at;
    t->line = 1;
    t->columns = count_columns(p, len);
    if (is_header(p, len)) {
        if (mp_input_grow(in, &t->header, len, 1) < 0)
            return -1;
        memcpy(t->header, p, len);
        t->header_len = len;
        in->at += len;
        if (in->at < in->n && in->buf[in->at] == '\r')
            in->at++;
        if (in->at < in->n)
            in->at++;
        t->line = 2;
    }
    t->d->line0 = t->line;
    t->d->is_csv = true;
    return find_shape(t, size);
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
    return t->labelled ? mp_input_grow(t->in, &d->label, t->room, 1) : MP_OK;
}

static int rows(struct table *t)
{
    struct mp_input *in = t->in;
    struct mp_data *d = t->d;
    const size_t len = mp_len(d->shape), longest = mp_csv_longest(t->columns);
    if (mp_csv_rows(in, d, t->labelled, &t->room) < 0)
        return -1;
    for (t->line += d->n;; d->n++, t->line++) {
        if (mp_input_fill(in, longest) < 0)
            return -1;
        const uint8_t *p = in->buf + in->at, *end = in->buf + in->n;
        if (p == end)
            return MP_OK;
        if (make_room(t) < 0)
            return -1;
        p = mp_csv_row(p, end, t->labelled ? d->label + d->n : NULL, d->x + d->n * len, len);
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

int mp_csv_read(struct mp_input *in, struct mp_shape size, struct mp_data *d)
{
    struct table t = { .in = in, .d = d };
    int rc = begin(&t, size);
    if (rc == MP_OK && !in->shape_only) {
        rc = rows(&t);
        if (rc == MP_OK && d->n == 0)
            rc = mp_fail(in->c, "%s: found only a header, expected rows of values below it",
                         in->name);
        if (rc == MP_OK)
            trim(d);
    }
    free(t.header);
    return rc;
}
