/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arff_read.c - rows of an ARFF file: its attributes are the columns of a table (csv_table.h). */
#include "formats/arff_read.h"
#include "core/ctx.h"
#include "formats/csv_columns.h"
#include "formats/csv_header.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Texts are at `at` in arff.text, n bytes long. */
struct attribute {
    size_t at, n;          /* the name */
    size_t first_at, first_n; /* nominal: the value that a sparse row leaves out */
    bool nominal;
};

struct arff {
    struct mp_csv h;
    struct mp_form form;   /* the user's, with the class for its label */
    struct attribute *attribute;
    size_t room, text_n, text_room;
    uint8_t *text;
    uint64_t line;         /* number of the line at hand */
    struct mp_cell first;  /* the class's first value */
    bool unlabelled;
    size_t len;            /* pixels of a row */
};

/* ------------------------------------------------------------------- cells */

static const uint8_t *skip(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* A word or quoted text at p, that ends before any of `stops`; returns what follows, or NULL: a
 * quote is open. */
static const uint8_t *take_word(const uint8_t *p, const uint8_t *end, const char *stops,
                                struct mp_cell *cell)
{
    p = skip(p, end);
    const uint8_t quote = p < end && (*p == '\'' || *p == '"') ? *p : 0;
    cell->at = p + (quote != 0);
    if (quote != 0) {
        for (p++; p < end && *p != quote; p++)
            p += *p == '\\' && p + 1 < end;
        cell->n = (size_t)(p - cell->at);
        return p < end ? skip(p + 1, end) : NULL;
    }
    while (p < end && strchr(stops, *p) == NULL)
        p++;
    const uint8_t *last = p;
    while (last > cell->at && (last[-1] == ' ' || last[-1] == '\t'))
        last--;
    cell->n = (size_t)(last - cell->at);
    return skip(p, end);
}

static bool missing(const struct mp_cell *cell)
{
    return cell->n == 1 && *cell->at == '?';
}

/* What is wrong with a row: what a cell holds, and the column; what NULL: nothing. */
struct fault {
    const char *what;
    struct mp_cell cell;
    size_t column, found;
};

static struct fault take_value(const struct arff *a, size_t column, const struct mp_cell *cell,
                               struct mp_line_row *row)
{
    const struct mp_csv *h = &a->h;
    const struct fault wrong = { "expected a number", *cell, column, 0 };
    const int32_t to = h->to[column];
    if (to == MP_COLUMN_LABEL && !a->unlabelled && (missing(cell) || cell->n == 0))
        return (struct fault){ "expected a class", *cell, column, 0 };
    if (to == MP_COLUMN_LABEL)
        row->label = *cell;
    if (to == MP_COLUMN_ID)
        row->id = *cell;
    if (to < 0)
        return (struct fault){ .what = NULL };
    const uint8_t *end = cell->n > 0 ? mp_line_value(cell->at, '.', row, &row->x[to]) : NULL;
    return end == cell->at + cell->n && end != NULL ? (struct fault){ .what = NULL } : wrong;
}

static struct fault take_dense(const struct arff *a, const uint8_t *p, const uint8_t *end,
                               struct mp_line_row *row)
{
    struct mp_cell cell;
    struct fault f = { .what = NULL };
    for (size_t i = 0;; i++, p++) {
        const uint8_t *stop = take_word(p, end, ",", &cell);
        if (stop == NULL || (stop < end && *stop != ','))
            return (struct fault){ "expected a comma behind a quoted value", cell, i, 0 };
        if (i < a->h.columns && f.what == NULL)
            f = take_value(a, i, &cell, row);
        p = stop;
        if (p < end)
            continue;
        return i + 1 == a->h.columns ? f : (struct fault){ "count", cell, 0, i + 1 };
    }
}

/* "{1 0.5, 64 seven}": what is not there is zero, and the class its first value. */
static struct fault take_sparse(const struct arff *a, const uint8_t *p, const uint8_t *end,
                                struct mp_line_row *row)
{
    const struct mp_csv *h = &a->h;
    memset(row->x, 0, a->len * sizeof *row->x);
    row->label = a->first;
    while (*p != '}') {
        struct mp_cell index, cell;
        uint64_t column;
        p = take_word(p + 1, end, " \t,}", &index);
        if (p != NULL && index.n == 0 && p < end && *p == '}')
            break;
        if (p == NULL || !mp_cell_whole(&index, &column) || column >= h->columns)
            return (struct fault){ "expected the number of an attribute, from 0 on", index, 0, 0 };
        p = take_word(p, end, ",}", &cell);
        if (p == NULL || p == end || (*p != ',' && *p != '}'))
            return (struct fault){ "expected , or } behind a value", cell, (size_t)column, 0 };
        const struct fault f = take_value(a, (size_t)column, &cell, row);
        if (f.what != NULL)
            return f;
    }
    return (struct fault){ .what = NULL };
}

static struct fault take_row(const struct arff *a, const uint8_t *line, const uint8_t *end,
                             struct mp_line_row *row)
{
    const uint8_t *p = skip(line, end);
    return *p == '{' ? take_sparse(a, p, end, row) : take_dense(a, p, end, row);
}

static enum mp_line take(const void *arg, const uint8_t *line, const uint8_t *end,
                         struct mp_line_row *row)
{
    const uint8_t *p = skip(line, end);
    if (p == end || *p == '%')
        return MP_LINE_NONE;
    return take_row(arg, line, end, row).what == NULL ? MP_LINE_ROW : MP_LINE_WRONG;
}

/* ---------------------------------------------------------------- messages */

static int refuse(const struct mp_lines *l, const uint8_t *line, const uint8_t *end, bool ended)
{
    const struct arff *a = l->arg;
    char name[MP_CELL_TEXT], text[MP_CELL_TEXT];
    const unsigned long long number = l->line;
    struct mp_line_row row = { .x = mp_alloc(l->in->c, a->h.columns, sizeof *row.x) };
    if (row.x == NULL)
        return -1;
    const struct fault f = take_row(a, line, end, &row);
    free(row.x);
    if (!ended)
        return mp_fail(l->in->c, "%s: line %llu, the last, has no end: the file may be cut off (a "
                       "line feed behind it says that it is whole)", l->in->name, number);
    if (strcmp(f.what, "count") == 0)
        return mp_fail(l->in->c, "%s: line %llu: found %zu value%s, expected %zu, as many as "
                       "attributes", l->in->name, number, f.found, f.found == 1 ? "" : "s",
                       a->h.columns);
    mp_csv_column_name(&a->h, f.column, name);
    return mp_fail(l->in->c, "%s: line %llu, column %zu (%s): found \"%s\"%s, %s", l->in->name,
                   number, f.column + 1, name, mp_cell_show(text, &f.cell),
                   f.cell.n == 1 && *f.cell.at == '?' ? ", a missing value" : "", f.what);
}

/* --------------------------------------------------------------- attributes */

static int bad_header(const struct arff *a, const char *expected)
{
    return mp_fail(a->h.in->c, "%s: line %llu: expected %s", a->h.in->name,
                   (unsigned long long)a->line, expected);
}

/* Keeps a text of the header. */
static int keep(struct arff *a, const struct mp_cell *cell, size_t *at, size_t *n)
{
    *at = a->text_n;
    *n = cell->n;
    if (a->text_n + cell->n + MP_INPUT_PAD > a->text_room) {
        a->text_room = 2 * (a->text_n + cell->n + MP_INPUT_PAD);
        if (mp_input_grow(a->h.in, &a->text, a->text_room, 1) < 0)
            return -1;
    }
    memcpy(a->text + a->text_n, cell->at, cell->n);
    a->text[a->text_n + cell->n] = '\0';
    a->text_n += cell->n + 1;
    return MP_OK;
}

/* "@attribute NAME TYPE", or "@attribute NAME {a,b}", behind the first word. */
static int take_attribute(struct arff *a, const uint8_t *p, const uint8_t *end)
{
    struct mp_cell cell;
    if (a->h.columns == a->room) {
        uint8_t *more = (uint8_t *)a->attribute;
        a->room = a->room == 0 ? 1024 : 2 * a->room;
        if (mp_input_grow(a->h.in, &more, a->room, sizeof *a->attribute) < 0)
            return -1;
        a->attribute = (struct attribute *)(void *)more;
    }
    struct attribute *one = &a->attribute[a->h.columns++];
    *one = (struct attribute){ .nominal = false };
    p = take_word(p, end, " \t{", &cell);
    if (p == NULL || p == end || cell.n == 0)
        return bad_header(a, "@attribute NAME TYPE");
    if (keep(a, &cell, &one->at, &one->n) < 0)
        return -1;
    one->nominal = *p == '{';
    if (!one->nominal)
        return MP_OK;
    if (take_word(p + 1, end, ",}", &cell) == NULL)
        return bad_header(a, "values in braces, {a,b}");
    return keep(a, &cell, &one->first_at, &one->first_n);
}

static bool begins(const uint8_t *p, const uint8_t *end, const char *word)
{
    const size_t n = strlen(word);
    return (size_t)(end - p) >= n && strncasecmp((const char *)p, word, n) == 0 &&
           (p + n == end || isspace(p[n]));
}

/* 1: the rows begin behind this line. */
static int take_header_line(struct arff *a, const uint8_t *line, const uint8_t *end)
{
    static const char word[] = "@attribute";
    const uint8_t *p = skip(line, end);
    if (p == end || *p == '%' || begins(p, end, "@relation"))
        return 0;
    if (begins(p, end, word))
        return take_attribute(a, p + sizeof word - 1, end);
    return begins(p, end, "@data") ? 1 : bad_header(a, "@attribute or @data");
}

static int take_header(struct arff *a)
{
    struct mp_input *in = a->h.in;
    const uint8_t *next = NULL;
    size_t len;
    int rc = 0;
    for (; rc == 0; a->line++) {
        if (mp_csv_whole_line(in, a->line, &len) < 0)
            return -1;
        const uint8_t *p = in->buf + in->at;
        mp_csv_line_end(in, p, &next);
        if (next == p)
            return bad_header(a, "@data");
        rc = take_header_line(a, p, p + len);
        in->at = (size_t)(next - in->buf);
    }
    if (rc > 0 && a->h.columns == 0)
        return bad_header(a, "attributes above @data");
    return rc < 0 ? -1 : MP_OK;
}

/* ------------------------------------------------------------------- table */

/* Whether the first row, if it is dense, has a ? for its class. */
static bool first_is_missing(const struct arff *a)
{
    const struct mp_input *in = a->h.in;
    struct mp_cell cell;
    const uint8_t *next, *end;
    for (const uint8_t *p = in->buf + in->at; p < in->buf + in->n; p = next) {
        if ((end = mp_csv_line_end(in, p, &next)) == NULL)
            return false;
        p = skip(p, end);
        if (p == end || *p == '%')
            continue;
        for (size_t i = 0; p != NULL && p < end && *p != '{' && i < a->h.label; i++) {
            p = take_word(p, end, ",", &cell);
            if (p != NULL && p < end)
                p++;
        }
        return p != NULL && p < end && *p != '{' && take_word(p, end, ",", &cell) != NULL &&
               missing(&cell);
    }
    return false;
}

/* The attributes as columns of a table; the class is its label. */
static int make_table(struct arff *a, struct mp_shape *shape)
{
    enum { ROWS_AT_HAND = 1 << 20 };
    struct mp_csv *h = &a->h;
    const size_t last = h->columns - 1;
    bool named = a->form.label != NULL && *a->form.label != '\0';
    h->name = mp_alloc(h->in->c, h->columns, sizeof *h->name);
    if (h->name == NULL || mp_input_fill(h->in, ROWS_AT_HAND) < 0)
        return -1;
    for (size_t i = 0; i < h->columns; i++) {
        h->name[i] = (struct mp_cell){ a->text + a->attribute[i].at, a->attribute[i].n };
        named = named || (i < last && mp_csv_names_label(&h->name[i]));
    }
    if (!named && a->attribute[last].nominal)
        a->form.label = (const char *)a->text + a->attribute[last].at;
    h->kind = MP_CSV_NAMES;
    h->number = a->line - 1;
    if (mp_csv_find_columns(h, shape) < 0)
        return -1;
    if (h->label < h->columns) {
        const struct attribute *one = &a->attribute[h->label];
        a->first = (struct mp_cell){ a->text + one->first_at, one->nominal ? one->first_n : 0 };
        a->unlabelled = first_is_missing(a);
    }
    return MP_OK;
}

static int strange(const struct mp_lines *l, size_t pixel, float v, size_t others)
{
    const struct arff *a = l->arg;
    return mp_csv_strange(l, &a->h, pixel, v, others);
}

int mp_arff_read(struct mp_input *in, const struct mp_form *form, struct mp_data *d)
{
    struct arff a = { .h = { .in = in, .s = { .sep = ',', .point = '.' } }, .form = *form,
                      .line = 1 };
    a.h.form = &a.form;
    int rc = take_header(&a);
    if (rc == MP_OK)
        rc = make_table(&a, &d->shape);
    a.len = mp_len(d->shape);
    d->line0 = a.line;
    d->is_csv = true;
    struct mp_lines l = { .in = in, .form = form, .d = d, .line = a.line, .arg = &a,
                          .labels = a.h.label < a.h.columns && !a.unlabelled, .must_end = true,
                          .escape = '\\', .take = take, .refuse = refuse, .strange = strange };
    if (rc == MP_OK && !in->shape_only)
        rc = mp_lines_read(&l);
    if (rc == MP_OK && !in->shape_only && d->n == 0)
        rc = mp_fail(in->c, "%s: found no row below @data", in->name);
    mp_csv_close(&a.h);
    free(a.attribute);
    free(a.text);
    return rc;
}
