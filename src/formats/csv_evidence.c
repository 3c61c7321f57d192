/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_evidence.c - the first rows of a table, which tell what its columns are. */
#include "formats/csv_evidence.h"
#include "core/ctx.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 256, VALUES = 1 << 22 };

/* Values of a line; false: it has more or fewer. */
static bool take_row(struct mp_cells s, float *v, size_t columns)
{
    struct mp_cell cell;
    size_t n = 0;
    for (; mp_cells_next(&s, &cell); n++) {
        if (n == columns)
            return false;
        if (!mp_cell_number(&cell, s.s->point, &v[n]))
            v[n] = cell.n > 0 ? NAN : -NAN;
    }
    return n == columns;
}

/* An empty cell is no word: it is missing from a column of numbers rather. */
static bool is_word(float x)
{
    return isnan(x) && !signbit(x);
}

int mp_evidence_look(const struct mp_input *in, const uint8_t *p, const struct mp_dialect *s,
                     size_t columns, struct mp_evidence *e)
{
    const uint8_t *last = in->buf + in->n, *next = p;
    const size_t fit = VALUES / columns, most = fit < 1 ? 1 : fit < ROWS ? fit : ROWS;
    *e = (struct mp_evidence){ .columns = columns };
    e->v = mp_alloc(in->c, mp_product(most, columns), sizeof *e->v);
    if (e->v == NULL)
        return -1;
    for (; e->rows < most && p < last; p = next) {
        const uint8_t *end = mp_csv_line_end(in, p, &next);
        if (end == NULL)
            break;
        if (end > p && !take_row(mp_cells_of(s, p, end), e->v + e->rows * columns, columns))
            break;
        e->rows += end > p;
    }
    e->all = p == last && in->end;
    return MP_OK;
}

void mp_evidence_free(struct mp_evidence *e)
{
    free(e->v);
    e->v = NULL;
}

static int rising(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

struct mp_seen mp_evidence_of(const struct mp_evidence *e, size_t column)
{
    float v[ROWS];
    struct mp_seen s = { .whole = true };
    size_t n = 0, same = 0;
    for (size_t i = 0; i < e->rows; i++) {
        const float x = e->v[i * e->columns + column];
        s.words += is_word(x);
        s.whole = s.whole && x == rintf(x);
        if (x == x)
            v[n++] = x;
    }
    qsort(v, n, sizeof *v, rising);
    for (size_t i = 0; i < n; i++) {
        same = i > 0 && v[i] == v[i - 1] ? same + 1 : 1;
        s.n += same == 1;
        s.most = same > s.most ? same : s.most;
    }
    s.low = n > 0 ? v[0] : 0;
    s.high = n > 0 ? v[n - 1] : 0;
    return s;
}

bool mp_evidence_words(const struct mp_evidence *e, size_t column)
{
    size_t i = 0;
    while (i < e->rows && is_word(e->v[i * e->columns + column]))
        i++;
    return e->rows > 0 && i == e->rows;
}

/* Labels in order may count as well, up to the last class: a few rows prove nothing unless
 * they are all. */
bool mp_evidence_counts(const struct mp_evidence *e, size_t column)
{
    enum { FEW = 3, MANY = 64 };
    if (e->rows < (e->all ? FEW : MANY))
        return false;
    const float first = e->v[column];
    for (size_t i = 0; i < e->rows; i++) {
        const float x = e->v[i * e->columns + column];
        if (x != first + (float)i || x != rintf(x))
            return false;
    }
    return true;
}

enum mp_like mp_evidence_like(const struct mp_evidence *e, size_t column, size_t beside)
{
    enum { MOST = 64, ENOUGH = 3, WIDE = 4 };
    const struct mp_seen s = mp_evidence_of(e, column), p = mp_evidence_of(e, beside);
    const bool same = s.n == p.n && s.low == p.low && s.high == p.high;
    if (s.words > 0 && s.words == e->rows)
        return MP_LIKE_LABEL;
    if (e->rows >= ENOUGH && (s.n < 2 || same || !s.whole || 5 * s.most > 4 * e->rows))
        return MP_LIKE_PIXEL;
    const bool few = s.n >= 2 && s.n <= MOST && s.high - s.low < 2 * (float)s.n;
    if (s.whole && few && !same && e->rows >= 2 * s.n)
        return MP_LIKE_LABEL;
    return s.high - s.low >= WIDE * (float)s.n ? MP_LIKE_SPREAD : MP_LIKE_EITHER;
}

bool mp_evidence_one_hot(const struct mp_evidence *e, size_t from, size_t n)
{
    enum { FEW = 5 };
    size_t first = n, other = 0;
    for (size_t i = 0; i < e->rows; i++) {
        size_t ones = 0, at = 0;
        for (size_t j = 0; j < n; j++) {
            const float x = e->v[i * e->columns + from + j];
            if (x != 0 && x != 1)
                return false;
            ones += x == 1;
            at = x == 1 ? j : at;
        }
        if (ones != 1)
            return false;
        first = i == 0 ? at : first;
        other += at != first;
    }
    return e->rows >= FEW && other > 0;
}
