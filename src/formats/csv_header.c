/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_header.c - the first line of a table: a row, or names of columns. */
#include "formats/csv_header.h"
#include "core/ctx.h"
#include <stdlib.h>
#include <string.h>

enum { FEWEST = 9 }; /* images smaller than 3 x 3 may well count their columns */

static struct mp_cells cells_of_line(const struct mp_csv *h)
{
    return mp_cells_of(&h->s, h->line, h->line + h->len);
}

bool mp_csv_names_label(const struct mp_cell *name)
{
    static const char *const usual[] = { "label", "labels", "class", "target", "digit", "y",
                                         "output" };
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (mp_cell_is(name, usual[i]))
            return true;
    return false;
}

int mp_csv_evidence(struct mp_csv *h)
{
    return h->e.v != NULL
               ? MP_OK
               : mp_evidence_look(h->in, h->in->buf + h->in->at, &h->s, h->columns, &h->e);
}

/* ----------------------------------------------------- numbers as a header */

/* Whether each of n numbers from `low` on is there once. */
static bool permutes(const struct mp_csv *h, size_t n, uint64_t low)
{
    bool *there = mp_alloc(h->in->c, n, sizeof *there), good = there != NULL;
    struct mp_cell cell;
    uint64_t v;
    for (struct mp_cells s = cells_of_line(h); good && mp_cells_next(&s, &cell);) {
        if (!mp_cell_whole(&cell, &v))
            continue;
        good = v >= low && v - low < n && !there[v - low];
        if (good)
            there[v - low] = true;
    }
    free(there);
    return good;
}

/* Whether the line numbers its columns, from 0 or 1 on, in whatever order; a first and a last
 * cell may have names instead. */
static bool numbers_columns(const struct mp_csv *h)
{
    struct mp_cell cell;
    size_t columns = 0, numbers = 0;
    uint64_t v, low = 1;
    bool ended = false; /* by a name */
    for (struct mp_cells s = cells_of_line(h); mp_cells_next(&s, &cell); columns++) {
        const bool number = mp_cell_whole(&cell, &v);
        if (ended || (!number && numbers == 0 && columns > 0))
            return false;
        ended = !number && numbers > 0;
        low = number && v < low ? v : low;
        numbers += number;
    }
    return numbers >= FEWEST && permutes(h, numbers, low);
}

/* The value and the repetition in "0.12", which may have an X before it. */
static bool repeated(const struct mp_cell *cell, uint64_t *v, uint64_t *again)
{
    const bool x = cell->n > 0 && *cell->at == 'X';
    struct mp_cell whole = { cell->at + x, cell->n - x }, part;
    const uint8_t *point = memchr(whole.at, '.', whole.n);
    part = point != NULL
               ? (struct mp_cell){ point + 1, (size_t)(whole.at + whole.n - point - 1) }
               : (struct mp_cell){ whole.at + whole.n, 0 };
    whole.n -= part.n + (point != NULL);
    *again = 0;
    return mp_cell_whole(&whole, v) && (point == NULL || mp_cell_whole(&part, again));
}

/* pandas and R make names of values different by a number behind each that was there. */
static bool values_made_names(const struct mp_csv *h)
{
    enum { VALUES = 256, FEW = 3 };
    uint64_t count[VALUES] = { 0 }, v, again;
    size_t more = 0, columns = 0;
    struct mp_cell cell;
    for (struct mp_cells s = cells_of_line(h); mp_cells_next(&s, &cell); columns++) {
        if (columns == 0 && cell.n == 0) /* the column of an index */
            continue;
        if (!repeated(&cell, &v, &again) || v >= VALUES || count[v]++ != again)
            return false;
        more += again > 0;
    }
    return more >= FEW;
}

/* ------------------------------------------------------------------- names */

/* Whether words of the line stand above numbers; below words they may be a row's own. */
static int above_numbers(struct mp_csv *h, bool *names)
{
    const uint8_t *next;
    struct mp_evidence e;
    struct mp_cell cell;
    size_t column = 0, words = 0;
    float x;
    mp_csv_line_end(h->in, h->in->buf + h->in->at, &next);
    if (mp_evidence_look(h->in, next, &h->s, h->columns, &e) < 0)
        return -1;
    *names = e.rows == 0;
    for (struct mp_cells s = cells_of_line(h); mp_cells_next(&s, &cell); column++) {
        const bool word = cell.n > 0 && !mp_cell_number(&cell, h->s.point, &x);
        words += word;
        if (word && e.rows > 0 && mp_evidence_of(&e, column).words < e.rows)
            *names = true;
    }
    *names = *names || 2 * words > h->columns;
    mp_evidence_free(&e);
    return MP_OK;
}

/* Names, if the first cell that is not empty is no number. */
static int find_kind(struct mp_csv *h)
{
    struct mp_cell cell = { NULL, 0 };
    struct mp_cells s = cells_of_line(h);
    float x;
    size_t words = 0;
    bool names = false;
    h->kind = MP_CSV_NONE;
    if (numbers_columns(h))
        h->kind = MP_CSV_NUMBERS;
    else if (values_made_names(h))
        h->kind = MP_CSV_LOST;
    while (cell.n == 0 && mp_cells_next(&s, &cell))
        ;
    if (h->kind != MP_CSV_NONE || cell.n == 0 || mp_cell_number(&cell, h->s.point, &x))
        return MP_OK;
    do
        words += !mp_cell_number(&cell, h->s.point, &x);
    while (mp_cells_next(&s, &cell));
    if (words == h->columns)
        names = true;
    else if (above_numbers(h, &names) < 0)
        return -1;
    h->kind = names ? MP_CSV_NAMES : MP_CSV_NONE;
    return MP_OK;
}

/* How many cells the line at *p has, which then is the next; 0: there is none. */
static size_t cells_at(const struct mp_csv *h, const uint8_t **p)
{
    const uint8_t *line = *p, *last = h->in->buf + h->in->n,
                  *end = line < last ? mp_csv_line_end(h->in, line, p) : NULL;
    return end == NULL || end == line ? 0 : mp_cells_count(mp_cells_of(&h->s, line, end));
}

/* The names of columns.  R leaves out that of its row names in every row, and a separator may
 * end a header that ends no row. */
static int take_names(struct mp_csv *h)
{
    struct mp_cell cell;
    const uint8_t *p = h->in->buf + h->in->at;
    const size_t names = h->columns, below = cells_at(h, &p), next = cells_at(h, &p);
    size_t n = 0, skip = below == names + 1 && next != names;
    for (struct mp_cells s = cells_of_line(h); mp_cells_next(&s, &cell);)
        n++;
    if (skip || (below > 1 && below + 1 == names && cell.n == 0))
        h->columns = below;
    h->name = mp_alloc(h->in->c, h->columns + 1, sizeof *h->name);
    if (h->name == NULL)
        return -1;
    h->name[0] = (struct mp_cell){ h->line, 0 };
    n = skip;
    for (struct mp_cells s = cells_of_line(h); n < h->columns && mp_cells_next(&s, &h->name[n]);)
        n++;
    return MP_OK;
}

static int keep_line(struct mp_csv *h, const uint8_t *p, size_t n)
{
    free(h->line);
    h->line = mp_alloc(h->in->c, n + MP_INPUT_PAD, 1);
    if (h->line == NULL)
        return -1;
    memcpy(h->line, p, n);
    h->len = n;
    h->columns = mp_cells_count(cells_of_line(h));
    return MP_OK;
}

/* A header may do without the separator that ends each row; where the first line is a row
 * itself and does without, a value is missing behind that of the others. */
static void check_trailing(struct mp_csv *h)
{
    if (h->kind == MP_CSV_NONE && (h->len == 0 || h->line[h->len - 1] != h->s.sep))
        h->s.trailing = false;
}

/* numpy.savetxt() writes its header as a comment: it is one, if it has a name a column. */
static int named_above(struct mp_csv *h, const struct mp_csv_top *top)
{
    const size_t columns = h->columns;
    const uint8_t *p = top->comment;
    if (h->kind != MP_CSV_NONE || p == NULL || columns < 2 ||
        mp_cells_count(mp_cells_of(&h->s, p, p + top->comment_len)) != columns)
        return MP_OK;
    h->kind = MP_CSV_NAMES;
    return keep_line(h, p, top->comment_len) < 0 ? -1 : take_names(h);
}

int mp_csv_header(struct mp_csv *h, const struct mp_csv_top *top)
{
    struct mp_input *in = h->in;
    const uint8_t *p = in->buf + in->at, *next = p, *end = mp_csv_line_end(in, p, &next);
    h->number = h->first = top->line;
    if (keep_line(h, p, (size_t)(end - p)) < 0 || find_kind(h) < 0)
        return -1;
    check_trailing(h);
    if (h->kind == MP_CSV_NONE)
        return named_above(h, top);
    in->at = (size_t)(next - in->buf);
    h->first++;
    return h->kind == MP_CSV_LOST ? MP_OK : take_names(h);
}
