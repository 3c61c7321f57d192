/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_labels.c - labels in a table of their own.
 *
 * Words are as good labels as numbers, so whether the first line is a header is told by how
 * many lines there are.
 */
#include "formats/csv_labels.h"
#include "core/ctx.h"
#include "formats/csv_header.h"
#include <stdlib.h>
#include <string.h>

struct labels {
    struct mp_csv h;
    struct mp_data *d;
    size_t lines, column;  /* of rows; the column with the labels, or the first of a class */
    bool one_hot;
};

/* The whole file into memory; counts the lines that are not empty. */
static int count_lines(struct labels *l)
{
    struct mp_input *in = l->h.in;
    const uint8_t *next;
    for (size_t want = in->size; !in->end; want *= 2)
        if (mp_input_fill(in, want) < 0)
            return -1;
    for (const uint8_t *p = in->buf + in->at; p < in->buf + in->n; p = next)
        l->lines += mp_csv_line_end(in, p, &next) > p;
    return MP_OK;
}

static int wrong_count(const struct labels *l, size_t n)
{
    return mp_fail(l->h.in->c, "%s: found %zu label%s, expected %zu as there are rows in %s",
                   l->h.in->name, n, n == 1 ? "" : "s", l->d->n, l->d->name);
}

/* Takes the first line as a header if there is one line more than rows. */
static int take_header(struct labels *l, const struct mp_csv_top *top)
{
    struct mp_csv *h = &l->h;
    const size_t at = h->in->at;
    if (mp_csv_header(h, top) < 0)
        return -1;
    h->in->at = at;
    if (l->lines == l->d->n) {
        free(h->name);
        h->name = NULL;
        h->kind = MP_CSV_NONE;
        h->first = h->number;
        return MP_OK;
    }
    if (l->lines != l->d->n + 1)
        return wrong_count(l, l->lines - (h->kind != MP_CSV_NONE));
    const uint8_t *next;
    mp_csv_line_end(h->in, h->in->buf + at, &next);
    h->in->at = (size_t)(next - h->in->buf);
    h->first = h->number + 1;
    return MP_OK;
}

static int find_column(struct labels *l)
{
    enum { QMNIST = 8 };
    struct mp_csv *h = &l->h;
    for (l->column = 0; h->name != NULL && l->column < h->columns; l->column++)
        if (mp_csv_names_label(&h->name[l->column]))
            return MP_OK;
    l->column = 0;
    if (mp_csv_evidence(h) < 0)
        return -1;
    l->one_hot = h->columns > 1 && mp_evidence_one_hot(&h->e, 0, h->columns);
    if (h->columns == 2 && (h->name != NULL || mp_evidence_counts(&h->e, 0)))
        l->column = 1;
    else if (h->columns > 1 && !l->one_hot && (h->columns != QMNIST || h->name != NULL))
        return mp_fail(h->in->c, "%s: found %zu columns, expected one of labels, or one that is "
                       "called label", h->in->name, h->columns);
    if (h->columns > 1)
        mp_csv_say(h, l->one_hot ? "columns with a single 1 in each row were taken for labels 0 to "
                                   "%zu" : "column %zu was taken for the label",
                   l->one_hot ? h->columns - 1 : l->column + 1);
    return MP_OK;
}

/* The label of a line; at NULL and n too large: there is none. */
static struct mp_cell label_of(const struct labels *l, struct mp_cells s)
{
    struct mp_cell cell, found = { NULL, SIZE_MAX };
    float x;
    for (size_t i = 0; mp_cells_next(&s, &cell); i++) {
        if (!l->one_hot && i == l->column && cell.n > 0)
            found = cell;
        if (l->one_hot && mp_cell_number(&cell, s.s->point, &x) && x == 1)
            found = (struct mp_cell){ NULL, i };
    }
    return found;
}

static int take_labels(struct labels *l)
{
    struct mp_input *in = l->h.in;
    const uint8_t *next;
    uint64_t line = l->h.first;
    size_t row = 0;
    for (const uint8_t *p = in->buf + in->at; p < in->buf + in->n; p = next, line++) {
        const uint8_t *end = mp_csv_line_end(in, p, &next);
        if (end == p)
            continue;
        const struct mp_cell cell = label_of(l, mp_cells_of(&l->h.s, p, end));
        if (cell.at == NULL && cell.n == SIZE_MAX)
            return mp_fail(in->c, "%s: line %llu: found no label in column %zu", in->name,
                           (unsigned long long)line, l->column + 1);
        if (mp_line_label(in, l->d, row++, &cell, '"') < 0)
            return -1;
    }
    return MP_OK;
}

int mp_csv_labels(struct mp_input *in, struct mp_data *d)
{
    const struct mp_form none = { .label = "" };
    struct labels l = { .h = { .in = in, .form = &none }, .d = d };
    struct mp_csv_top top = { .line = 1 };
    int rc = mp_csv_top(in, &top);
    l.h.s = top.s;
    if (rc == MP_OK)
        rc = count_lines(&l);
    if (rc == MP_OK)
        rc = take_header(&l, &top);
    if (rc == MP_OK)
        rc = find_column(&l);
    if (rc == MP_OK)
        rc = take_labels(&l);
    free(top.comment);
    mp_csv_close(&l.h);
    return rc;
}
