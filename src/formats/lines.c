/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lines.c - text whose lines are rows of numbers, taken apart on all threads.
 *
 * Method: some MB of whole lines at a time, each line by one thread into the place of its row.
 * Values are bytes as long as all are whole and 0..255; at the first that is not, what there
 * is becomes floats, and the lines at hand are taken once more.
 * Cost: that of the numbers, see decimal.h, and a byte or a float a value.
 */
#include "formats/lines.h"
#include "core/ctx.h"
#include "core/simd.h"
#include "formats/levels.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1 << 22 };

struct batch {
    const uint8_t **line; /* n of them, and where the next begins */
    uint8_t *what;        /* enum mp_line */
    struct mp_line_row *row;
    size_t n, room;
};

struct work {
    struct mp_lines *l;
    struct batch b;
    size_t len, room;     /* values in a row; rows for which there is room */
    size_t numbers;       /* rows for which d->number has room */
    uint64_t first;       /* id of row 0, where ids count */
    struct mp_rows x;     /* values as floats; empty: they are bytes, in d->x */
    bool floats, real;
    float *own;           /* a row for each thread */
    int threads;
};

/* ------------------------------------------------------------------- lines */

const char *mp_cell_show(char to[MP_CELL_TEXT], const struct mp_cell *cell)
{
    size_t at = 0;
    for (size_t i = 0; i < cell->n && i < MP_CELL_SHOWN; i++) {
        const uint8_t b = cell->at[i];
        const bool plain = b >= 32 && b <= 126;
        const char *fmt = b == '\r' ? "\\r" : b == '\t' ? "\\t" : plain ? "%c" : "\\x%02x";
        at += (size_t)snprintf(to + at, MP_CELL_TEXT - at, fmt, b);
    }
    snprintf(to + at, MP_CELL_TEXT - at, "%s", cell->n > MP_CELL_SHOWN ? "..." : "");
    return to;
}

const char *mp_line_others(char to[MP_OTHERS_TEXT], size_t others)
{
    snprintf(to, MP_OTHERS_TEXT, others > 0 ? "all others but %zu" : "all others", others);
    return to;
}

static int batch_room(struct mp_input *in, struct batch *b)
{
    if (b->n + 1 < b->room)
        return MP_OK;
    b->room = b->room == 0 ? 1024 : 2 * b->room;
    uint8_t *line = (uint8_t *)b->line, *row = (uint8_t *)b->row;
    const int rc = mp_input_grow(in, &line, b->room, sizeof *b->line) < 0 ||
                   mp_input_grow(in, &row, b->room, sizeof *b->row) < 0 ||
                   mp_input_grow(in, &b->what, b->room, 1) < 0 ? -1 : MP_OK;
    b->line = (const uint8_t **)line;
    b->row = (struct mp_line_row *)row;
    return rc;
}

/* Whole lines from the input's position on; none at the end. */
static int find_lines(struct mp_input *in, struct batch *b)
{
    b->n = 0;
    for (size_t want = BATCH; b->n == 0; want *= 2) {
        if (mp_input_fill(in, want) < 0)
            return -1;
        const uint8_t *p = in->buf + in->at, *end = in->buf + in->n;
        while (p < end) {
            const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));
            if (stop == NULL && !in->end)
                break;
            if (batch_room(in, b) < 0)
                return -1;
            b->line[b->n++] = p;
            p = stop != NULL ? stop + 1 : end;
            b->line[b->n] = p;
        }
        if (in->at == in->n && in->end)
            return MP_OK;
        if (b->n == 0 && want >= MP_LINE_MOST)
            return mp_fail(in->c, "%s: a line does not end within %zu bytes", in->name, want);
    }
    return MP_OK;
}

/* Where line i ends, its own end left out. */
static const uint8_t *line_end(const struct batch *b, size_t i, bool *ended)
{
    const uint8_t *end = b->line[i + 1];
    *ended = end > b->line[i] && end[-1] == '\n';
    end -= *ended;
    return end - (end > b->line[i] && end[-1] == '\r');
}

/* -------------------------------------------------------------------- rows */

/* Values as bytes; false: one is not whole, or none of 0..255. */
MP_CLONES static bool to_bytes(const float *x, uint8_t *b, size_t n)
{
    int other = 0;
    for (size_t i = 0; i < n; i++) {
        const float v = x[i] >= 0 && x[i] <= 255 ? x[i] : 0;
        const int whole = (int)v;
        b[i] = (uint8_t)whole;
        other |= (float)whole != x[i];
    }
    return !other;
}

static int no_room(const struct work *w, size_t rows)
{
    w->l->in->c->no_memory = true;
    return mp_fail(w->l->in->c, "%s: no memory for %zu rows of %zu values", w->l->in->name, rows,
                   w->len);
}

static int room_for(struct work *w, size_t rows)
{
    struct mp_data *d = w->l->d;
    if (rows <= w->room)
        return MP_OK;
    const size_t least = (1 << 20) / w->len + 1, twice = mp_product(2, w->room);
    w->room = rows > twice ? rows : twice;
    w->room = w->room > least ? w->room : least;
    if (!w->floats)
        return mp_data_room(w->l->in->c, d, w->room, w->len);
    const size_t size = mp_product(mp_product(w->room, w->len), sizeof(float));
    return mp_rows_resize(&w->x, size) ? MP_OK : no_room(w, w->room);
}

/* Rows so far become floats. */
static int to_floats(struct work *w)
{
    struct mp_data *d = w->l->d;
    const size_t n = d->n * w->len, size = mp_product(mp_product(w->room, w->len), sizeof(float));
    if (!mp_rows_resize(&w->x, size))
        return no_room(w, w->room);
    float *x = w->x.at;
    for (size_t i = 0; i < n; i++)
        x[i] = d->x[i];
    mp_rows_free(&d->store);
    d->store = (struct mp_rows){ .at = NULL };
    d->x = NULL;
    w->floats = true;
    return MP_OK;
}

/* All lines at hand, to where their rows go; *other: there are values that are no bytes. */
static size_t take_lines(struct work *w, bool *other)
{
    const struct mp_lines *l = w->l;
    struct batch *b = &w->b;
    size_t wrong = b->n;
    int floats = 0;
#pragma omp parallel for schedule(static) num_threads(w->threads) reduction(min : wrong) \
    reduction(| : floats)
    for (size_t i = 0; i < b->n; i++) {
        const size_t at = (l->d->n + i) * w->len;
        bool ended;
        const uint8_t *end = line_end(b, i, &ended);
        struct mp_line_row *row = &b->row[i];
        *row = (struct mp_line_row){ .x = w->floats ? (float *)w->x.at + at
                                             : w->own + (size_t)omp_get_thread_num() * w->len };
        b->what[i] = !ended && l->must_end ? MP_LINE_WRONG
                                           : (uint8_t)l->take(l->arg, b->line[i], end, row);
        if (b->what[i] == MP_LINE_WRONG)
            wrong = i < wrong ? i : wrong;
        else if (b->what[i] == MP_LINE_ROW && !w->floats)
            floats |= !to_bytes(row->x, l->d->x + at, w->len);
    }
    *other = floats;
    return wrong;
}

/* Damaged gzip data explain a wrong line best. */
static int refuse(struct work *w, size_t i)
{
    struct mp_lines *l = w->l;
    bool ended;
    const uint8_t *line = w->b.line[i];
    const size_t n = (size_t)(line_end(&w->b, i, &ended) - line);
    uint8_t *copy = mp_alloc(l->in->c, n + MP_INPUT_PAD, 1);
    if (copy == NULL)
        return -1;
    memcpy(copy, line, n);
    l->line += i;
    if (!l->in->gzip || mp_input_drain(l->in) == MP_OK)
        l->refuse(l, copy, copy + n, ended);
    free(copy);
    return -1;
}

/* ------------------------------------------------------------------ labels */

/* The text of a cell without what stands before bytes that are meant; what is longer than a
 * name can be is left as it is. */
static struct mp_cell plain(const struct mp_cell *cell, uint8_t escape, uint8_t text[MP_NAME_SIZE])
{
    struct mp_cell to = { text, 0 };
    if (escape == 0 || cell->n > MP_NAME_SIZE || memchr(cell->at, escape, cell->n) == NULL)
        return *cell;
    for (size_t i = 0; i < cell->n; i++) {
        i += cell->at[i] == escape && i + 1 < cell->n;
        text[to.n++] = cell->at[i];
    }
    return to;
}

int mp_line_label(struct mp_input *in, struct mp_data *d, size_t row, const struct mp_cell *cell,
                  uint8_t escape)
{
    uint8_t text[MP_NAME_SIZE];
    if (cell->at == NULL)
        return mp_data_label_number(in->c, d, row, (int64_t)cell->n);
    const struct mp_cell name = plain(cell, escape, text);
    return mp_data_label_text(in->c, d, row, (const char *)name.at, name.n);
}

/* What a row is called, unless that is its number. */
static int keep_id(struct mp_lines *l, const struct mp_cell *cell)
{
    uint8_t text[MP_NAME_SIZE];
    if (cell->at == NULL || l->counts)
        return MP_OK;
    const struct mp_cell name = plain(cell, l->escape, text);
    return mp_data_id_text(l->in->c, l->d, l->d->n, (const char *)name.at, name.n);
}

/* Once a line was none, rows no longer have the numbers that they had. */
static int keep_number(struct work *w)
{
    struct mp_lines *l = w->l;
    struct mp_data *d = l->d;
    if (d->number == NULL && l->line == d->line0 + d->n)
        return MP_OK;
    if (d->number == NULL || d->n == w->numbers) {
        uint8_t *number = (uint8_t *)d->number;
        if (mp_input_grow(l->in, &number, w->room, sizeof *d->number) < 0)
            return -1;
        for (size_t i = 0; d->number == NULL && i < d->n; i++)
            ((uint64_t *)number)[i] = d->line0 + i;
        d->number = (uint64_t *)number;
        w->numbers = w->room;
    }
    d->number[d->n] = l->line;
    return MP_OK;
}

static int go_on_counting(struct work *w, const struct mp_cell *id)
{
    uint64_t v = 0;
    for (size_t i = 0; i < id->n && i < 18; i++)
        v = 10 * v + (unsigned)(id->at[i] - '0');
    if (w->l->d->n == 0)
        w->first = v;
    return v == w->first + w->l->d->n ? MP_OK
                                      : w->l->stopped_counting(w->l, w->first + w->l->d->n);
}

/* The rows among the lines, one behind the other. */
static int keep_rows(struct work *w)
{
    struct mp_lines *l = w->l;
    struct mp_data *d = l->d;
    const size_t first = d->n, size = w->len * (w->floats ? sizeof(float) : 1);
    uint8_t *x = w->floats ? w->x.at : d->x;
    for (size_t i = 0; i < w->b.n; i++, l->line++) {
        const struct mp_line_row *row = &w->b.row[i];
        if (w->b.what[i] != MP_LINE_ROW) {
            if (w->b.what[i] == MP_LINE_LEFT && l->left_out == 0)
                l->left_out = l->line;
            continue;
        }
        if (d->n < first + i)
            memmove(x + d->n * size, x + (first + i) * size, size);
        w->real = w->real || row->real;
        if (keep_number(w) < 0 ||
            (l->labels && mp_line_label(l->in, d, d->n, &row->label, l->escape) < 0) ||
            keep_id(l, &row->id) < 0 || (l->counts && go_on_counting(w, &row->id) < 0))
            return -1;
        d->n++;
    }
    mp_rows_let_go(w->floats ? &w->x : &d->store, x + first * size, x + d->n * size);
    return MP_OK;
}

static int take_batch(struct work *w)
{
    struct mp_input *in = w->l->in;
    bool other = false;
    if (mp_stopped(in->c))
        return mp_fail(in->c, "interrupted");
    if (room_for(w, w->l->d->n + w->b.n) < 0)
        return -1;
    size_t wrong = take_lines(w, &other);
    if (wrong == w->b.n && other) {
        if (to_floats(w) < 0)
            return -1;
        wrong = take_lines(w, &other);
    }
    if (wrong < w->b.n)
        return refuse(w, wrong);
    in->at = (size_t)(w->b.line[w->b.n] - in->buf);
    return keep_rows(w);
}

static int take_all(struct work *w)
{
    for (;;) {
        if (find_lines(w->l->in, &w->b) < 0)
            return -1;
        if (w->b.n == 0)
            return MP_OK;
        if (take_batch(w) < 0)
            return -1;
    }
}

/* Where nearly all values are 0..255, or all but a single one, that is a mistake rather than a
 * reason for another range. */
static int find_strange(const struct work *w)
{
    enum { ONE_IN = 1000 };
    const struct mp_range r = w->l->form->range;
    const float *x = w->x.at;
    const size_t n = w->l->d->n * w->len;
    size_t strange = 0, first = n, inner = 0;
    for (size_t i = 0; i < n && r.low >= r.high; i++) {
        const bool is = x[i] < 0 || x[i] > 255;
        first = is && strange == 0 ? i : first;
        strange += is;
        inner += x[i] > 1 && !is;
    }
    if (strange == 0 || inner == 0 || (strange > 1 && strange * ONE_IN > n))
        return MP_OK;
    const struct mp_data *d = w->l->d;
    const size_t row = first / w->len;
    w->l->line = d->number != NULL ? d->number[row] : d->line0 + row;
    return w->l->strange(w->l, first % w->len, x[first], strange - 1);
}

/* Whether the values, bytes so far, are shares: written as reals, and none is above 1. */
static bool are_shares(const struct work *w)
{
    const size_t n = w->l->d->n * w->len;
    for (size_t i = 0; w->real && !w->floats && i < n; i++)
        if (w->l->d->x[i] > 1)
            return false;
    return w->real && !w->floats && n > 0;
}

int mp_lines_read(struct mp_lines *l)
{
    struct mp_ctx *c = l->in->c;
    struct work w = { .l = l, .len = mp_len(l->d->shape), .room = l->d->n,
                      .threads = mp_threads(c) };
    w.own = mp_alloc(c, mp_product((size_t)w.threads, w.len), sizeof *w.own);
    int rc = w.own != NULL ? take_all(&w) : -1;
    if (rc == MP_OK && are_shares(&w))
        rc = to_floats(&w);
    if (rc == MP_OK && w.floats)
        rc = find_strange(&w);
    if (rc == MP_OK && w.floats)
        rc = mp_levels_bytes(c, l->form, l->d, w.x.at, w.real);
    mp_rows_free(&w.x);
    free(w.own);
    free(w.b.line);
    free(w.b.what);
    free(w.b.row);
    return rc;
}
