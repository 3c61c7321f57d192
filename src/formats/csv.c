/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - tables in text: comma separated values and their kin.
 *
 * Form: RFC 4180, and what programs make of it: other separators, quotes, blanks, comments,
 * numbers with a point (csv_cells.h).
 * Read: the first lines say what the columns are (csv_columns.h).  Kaggle's form of MNIST, whole
 * numbers 0..255 between commas, goes through csv_rows.c, of a file on all threads.  What that
 * does not take, from the first such line on, goes through lines.c, which takes any number,
 * on all threads, too.
 * Written: a header, then "label,v,v,..." a row; without labels only the values.  Names with
 * commas or quotes are quoted.  Lines end in LF.
 */
#include "core/ctx.h"
#include "formats/csv_columns.h"
#include "formats/csv_labels.h"
#include "formats/csv_rows.h"
#include "formats/format.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------- Kaggle's form */

struct plain {
    struct mp_input *in;
    struct mp_data *d;
    struct mp_columns q;
    uint8_t *values;    /* room for those of a line */
    uint8_t *label;     /* of the rows, or NULL */
    size_t room;        /* rows that fit into d->x and label */
};

/* Room for one row more: twice as many, beginning with about 1 MB. */
static int make_room(struct plain *t)
{
    struct mp_data *d = t->d;
    const size_t len = mp_len(d->shape);
    if (d->n < t->room)
        return MP_OK;
    t->room = t->room == 0 ? (1 << 20) / len + 1 : 2 * t->room;
    if (mp_data_room(t->in->c, d, t->room, len) < 0)
        return -1;
    return t->q.label < t->q.n ? mp_input_grow(t->in, &t->label, t->room, 1) : MP_OK;
}

/* Rows up to the first line that is none of this form. */
static int take_plain(struct plain *t)
{
    struct mp_input *in = t->in;
    struct mp_data *d = t->d;
    const size_t len = mp_len(d->shape), longest = mp_csv_longest(t->q.n);
    if (mp_csv_rows(in, d, &t->q, &t->label, &t->room) < 0 ||
        mp_input_grow(in, &t->values, t->q.n, 1) < 0)
        return -1;
    for (;; d->n++) {
        if (mp_input_fill(in, longest) < 0)
            return -1;
        const uint8_t *p = in->buf + in->at, *end = in->buf + in->n;
        if (p == end)
            return MP_OK;
        if (make_room(t) < 0)
            return -1;
        p = mp_csv_line(p, end, &t->q, t->values, t->label != NULL ? t->label + d->n : NULL,
                        d->x + d->n * len, false);
        if (p == NULL)
            return MP_OK;
        in->at = (size_t)(p - in->buf);
    }
}

/* Whether a line is one label at most and pixels, between commas. */
static bool is_plain(const struct mp_csv *h)
{
    bool plain = h->s.sep == ',' && !h->s.trailing;
    for (size_t i = 0; i < h->columns && plain; i++)
        plain = h->to[i] >= 0 || h->to[i] == MP_COLUMN_LABEL;
    return plain;
}

static int plain_rows(const struct mp_csv *h, struct mp_data *d)
{
    const size_t pixels = mp_len(d->shape);
    struct plain t = { .in = h->in, .d = d, .q = { .n = h->columns, .label = h->label } };
    if ((t.q.pixel = mp_alloc(h->in->c, pixels, sizeof *t.q.pixel)) == NULL)
        return -1;
    t.q.order = h->label > 0 && h->label < h->columns;
    for (size_t i = 0, k = 0; i < h->columns; i++) {
        if (h->to[i] < 0)
            continue;
        t.q.order = t.q.order || (size_t)h->to[i] != k++;
        t.q.pixel[h->to[i]] = (uint32_t)i;
    }
    int rc = take_plain(&t);
    if (rc == MP_OK && t.label != NULL)
        rc = mp_data_label_bytes(h->in->c, d, t.label);
    free(t.label);
    free(t.q.pixel);
    free(t.values);
    return rc;
}

/* --------------------------------------------------------------- any form */

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end, bool tabs)
{
    while (p < end && (*p == ' ' || (tabs && *p == '\t')))
        p++;
    return p;
}

/* A number, in quotes or not, with blanks about it; returns what follows, or NULL. */
static const uint8_t *take_number(const struct mp_csv *h, const uint8_t *p, const uint8_t *end,
                                  struct mp_line_row *row, float *x)
{
    const bool tabs = h->s.sep != '\t';
    p = skip_blanks(p, end, tabs);
    const bool quoted = *p == '"';
    p = mp_line_value(p + quoted, h->s.point, row, x);
    if (p == NULL || (quoted && *p++ != '"'))
        return NULL;
    return h->s.sep == ' ' ? p : skip_blanks(p, end, tabs);
}

/* A cell that is no pixel; a column of a class has a 1 or not. */
static bool take_other(const struct mp_csv *h, size_t column, const struct mp_cell *cell,
                       struct mp_line_row *row)
{
    const int32_t to = h->to[column];
    float x;
    if (to == MP_COLUMN_LABEL)
        row->label = *cell;
    if (to == MP_COLUMN_ID || to == MP_COLUMN_COUNT)
        row->id = *cell;
    if (to > MP_COLUMN_HOT) /* a label is a word, or a whole number */
        return to != MP_COLUMN_LABEL ||
               (cell->n > 0 && (!mp_cell_number(cell, h->s.point, &x) || x == rintf(x)));
    if (!mp_cell_number(cell, h->s.point, &x) || (x != 0 && x != 1))
        return false;
    if (x == 1) {
        row->label = h->hot[MP_COLUMN_HOT - to];
        row->ones++;
    }
    return true;
}

/* The header once more, as where files were put behind each other. */
static bool is_header(const struct mp_csv *h, const uint8_t *line, const uint8_t *end)
{
    return h->kind != MP_CSV_NONE && h->first > h->number && (size_t)(end - line) == h->len &&
           memcmp(line, h->line, h->len) == 0;
}

/* Behind a cell: where the next begins, or `end` where none does; NULL: something is wrong. */
static const uint8_t *next_value(const struct mp_csv *h, const uint8_t *p, const uint8_t *end,
                                 bool last)
{
    if (h->s.sep == ' ') {
        const uint8_t *next = skip_blanks(p, end, true);
        return last ? (next == end ? end : NULL) : next > p && next < end ? next : NULL;
    }
    if (last && !h->s.trailing)
        return p == end ? end : NULL;
    if (p == end)
        return last ? end : NULL;
    if (*p++ != h->s.sep)
        return NULL;
    return !last || skip_blanks(p, end, true) == end ? p : NULL;
}

static enum mp_line take(const void *arg, const uint8_t *line, const uint8_t *end,
                         struct mp_line_row *row)
{
    const struct mp_csv *h = arg;
    const uint8_t *p = line;
    if (p == end || *p == '#' || skip_blanks(p, end, true) == end)
        return MP_LINE_NONE;
    if (is_header(h, line, end))
        return MP_LINE_LEFT;
    for (size_t i = 0; i < h->columns; i++) {
        if (h->to[i] >= 0) {
            p = take_number(h, p, end, row, &row->x[h->to[i]]);
        } else {
            struct mp_cell cell;
            struct mp_cells s = { &h->s, p, end };
            if (!mp_cells_next(&s, &cell) || !take_other(h, i, &cell, row))
                return MP_LINE_WRONG;
            p = s.at == NULL ? end : s.at - (h->s.sep != ' ' && s.at[-1] == h->s.sep);
        }
        if (p == NULL || (p = next_value(h, p, end, i + 1 == h->columns)) == NULL)
            return MP_LINE_WRONG;
    }
    return h->n_hot > 0 && row->ones != 1 ? MP_LINE_WRONG : MP_LINE_ROW;
}

/* --------------------------------------------------------------- messages */

static int wrong_count(const struct mp_lines *l, const struct mp_csv *h, size_t found, bool ended)
{
    return mp_fail(l->in->c, "%s: line %llu: found %zu value%s, expected %zu as in line %llu%s",
                   l->in->name, (unsigned long long)l->line, found, found == 1 ? "" : "s",
                   h->columns, (unsigned long long)h->number,
                   ended ? "" : "; it is the last line and has no end: the file may be cut off");
}

/* Whether it is a number that no float holds. */
static bool too_large(const struct mp_cell *cell)
{
    char *end;
    const double v = strtod((const char *)cell->at, &end);
    return fabs(v) > (double)FLT_MAX && (const uint8_t *)end == cell->at + cell->n;
}

static int wrong_cell(const struct mp_lines *l, const struct mp_csv *h, size_t i,
                      const struct mp_cell *cell)
{
    char name[MP_CELL_TEXT], text[MP_CELL_TEXT], found[MP_CELL_TEXT + 2] = "nothing";
    const char *expected = h->to[i] == MP_COLUMN_LABEL ? "a whole number or a word"
                           : h->to[i] <= MP_COLUMN_HOT ? "0 or 1"
                           : too_large(cell) ? "a smaller number" : "a number";
    if (cell->n > 0)
        snprintf(found, sizeof found, "\"%s\"", mp_cell_show(text, cell));
    mp_csv_column_name(h, i, name);
    return mp_fail(l->in->c, "%s: line %llu, column %zu (%s): found %s, expected %s", l->in->name,
                   (unsigned long long)l->line, i + 1, name, found, expected);
}

/* Takes the line apart once more, cell by cell, to say what is wrong with it. */
static int refuse(const struct mp_lines *l, const uint8_t *line, const uint8_t *end, bool ended)
{
    const struct mp_csv *h = l->arg;
    struct mp_cells s = mp_cells_of(&h->s, line, end);
    struct mp_line_row row = { .x = NULL };
    struct mp_cell cell, bad = { NULL, 0 };
    size_t columns = 0, wrong = SIZE_MAX;
    float x;
    for (; mp_cells_next(&s, &cell); columns++) {
        /* cut off behind a comma: that value is missing, not empty */
        if (cell.n == 0 && s.at == NULL && !ended)
            break;
        if (columns >= h->columns || wrong < SIZE_MAX)
            continue;
        if (h->to[columns] >= 0 ? !mp_cell_number(&cell, h->s.point, &x)
                                : !take_other(h, columns, &cell, &row)) {
            wrong = columns;
            bad = cell;
        }
    }
    if (columns != h->columns)
        return wrong_count(l, h, columns, ended);
    if (wrong < SIZE_MAX)
        return wrong_cell(l, h, wrong, &bad);
    if (h->n_hot > 0 && row.ones != 1)
        return mp_fail(l->in->c, "%s: line %llu: columns %zu to %zu, one a class, have %zu ones, "
                       "expected one", l->in->name, (unsigned long long)l->line, h->hot_at + 1,
                       h->hot_at + h->n_hot, row.ones);
    return mp_fail(l->in->c, "%s: line %llu: found text behind a quoted value", l->in->name,
                   (unsigned long long)l->line);
}

static int strange(const struct mp_lines *l, size_t pixel, float v, size_t others)
{
    return mp_csv_strange(l, l->arg, pixel, v, others);
}

/* A column that counted the rows, and does no more. */
static int stopped_counting(const struct mp_lines *l, uint64_t expected)
{
    const struct mp_csv *h = l->arg;
    size_t i = 0;
    while (i + 1 < h->columns && h->to[i] != MP_COLUMN_COUNT)
        i++;
    return mp_fail(l->in->c, "%s: line %llu: column %zu counted the rows up to here, where %llu "
                   "was expected; label=first says that it is the label", l->in->name,
                   (unsigned long long)l->line, i + 1, (unsigned long long)expected);
}

static int any_rows(const struct mp_csv *h, const struct mp_form *form, struct mp_data *d)
{
    struct mp_lines l = { .in = h->in, .form = form, .d = d, .line = h->first + d->n, .arg = h,
                          .labels = h->label < h->columns || h->n_hot > 0,
                          .escape = '"', .take = take, .refuse = refuse, .strange = strange,
                          .stopped_counting = stopped_counting };
    for (size_t i = 0; i < h->columns; i++)
        l.counts = l.counts || h->to[i] == MP_COLUMN_COUNT;
    if (mp_lines_read(&l) < 0)
        return -1;
    if (l.left_out > 0)
        mp_csv_say(h, "line %llu is the header once more: it was left out",
                   (unsigned long long)l.left_out);
    return MP_OK;
}

/* Gives back the room that was not needed. */
static void trim(struct mp_data *d)
{
    mp_rows_resize(&d->store, d->n * mp_len(d->shape));
    d->x = d->store.at;
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
    struct mp_csv h = { .in = in, .form = form };
    int rc = mp_csv_open(&h, &d->shape);
    d->line0 = h.first;
    d->label_last = h.label_last;
    d->is_csv = true;
    if (rc == MP_OK && !in->shape_only) {
        rc = is_plain(&h) ? plain_rows(&h, d) : MP_OK;
        if (rc == MP_OK && (in->at < in->n || !in->end))
            rc = any_rows(&h, form, d);
        if (rc == MP_OK && d->n == 0)
            rc = mp_fail(in->c, "%s: found only a header, expected rows of values below it",
                         in->name);
        if (rc == MP_OK)
            trim(d);
    }
    mp_csv_close(&h);
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
            if (put_name(c, &w->sink[0], w->t.classes[r->label[i]]) < 0 ||
                mp_sink_put(c, &w->sink[0], ",", 1) < 0)
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
    .sniff = sniff, .read = read_table, .labels = mp_csv_labels,
    .begin = begin_writing, .rows = write_rows,
};
