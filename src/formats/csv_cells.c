/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_cells.c - the dialect of a table in text, and a line of it cell by cell.
 *
 * Method: what separates values stands in every line equally often.  The first line may be a
 * header with a cell less or more, so the lines below it decide.
 */
#include "formats/csv_cells.h"
#include "core/ctx.h"
#include "formats/format.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------- cells */

static bool blank(const struct mp_dialect *s, uint8_t b)
{
    return b == ' ' || (b == '\t' && s->sep != '\t');
}

struct mp_cells mp_cells_of(const struct mp_dialect *s, const uint8_t *line, const uint8_t *end)
{
    while (s->sep == ' ' && end > line && blank(s, end[-1]))
        end--;
    return (struct mp_cells){ s, line, end };
}

/* Behind a cell and its separator; NULL: nothing follows. */
static const uint8_t *behind(const struct mp_cells *s, const uint8_t *stop)
{
    if (stop == s->end)
        return NULL;
    if (s->s->sep == ' ')
        return stop;
    stop++;
    return stop == s->end && s->s->trailing ? NULL : stop;
}

/* Where a quoted text ends: at a quote that no other follows. */
static const uint8_t *quote_end(const uint8_t *p, const uint8_t *end)
{
    for (; p < end; p++) {
        if (*p == '"' && (p + 1 == end || p[1] != '"'))
            return p;
        p += *p == '"';
    }
    return end;
}

bool mp_cells_next(struct mp_cells *s, struct mp_cell *cell)
{
    const uint8_t *p = s->at;
    if (p == NULL)
        return false;
    while (p < s->end && blank(s->s, *p))
        p++;
    const bool quoted = p < s->end && *p == '"';
    const uint8_t *first = quoted ? p + 1 : p, *last = quoted ? quote_end(first, s->end) : p;
    const uint8_t *stop = last;
    while (stop < s->end && !(s->s->sep == ' ' ? blank(s->s, *stop) : *stop == s->s->sep))
        stop++;
    if (!quoted)
        for (last = stop; last > first && blank(s->s, last[-1]);)
            last--;
    *cell = (struct mp_cell){ first, (size_t)(last - first) };
    s->at = behind(s, stop);
    return true;
}

size_t mp_cells_count(struct mp_cells s)
{
    struct mp_cell cell;
    size_t n = 0;
    while (mp_cells_next(&s, &cell))
        n++;
    return n;
}

bool mp_cell_is(const struct mp_cell *cell, const char *word)
{
    return cell->n == strlen(word) && strncasecmp((const char *)cell->at, word, cell->n) == 0;
}

bool mp_cell_number(const struct mp_cell *cell, char point, float *x)
{
    return cell->n > 0 && mp_float_read(cell->at, point, x) == cell->at + cell->n;
}

bool mp_cell_whole(const struct mp_cell *cell, uint64_t *v)
{
    *v = 0;
    for (size_t i = 0; i < cell->n; i++) {
        if (cell->at[i] < '0' || cell->at[i] > '9')
            return false;
        *v = 10 * *v + cell->at[i] - '0';
    }
    return cell->n > 0 && cell->n <= 18;
}

/* --------------------------------------------------------------------- top */

static int endless(struct mp_input *in, uint64_t line, size_t have)
{
    char names[MP_FORMAT_NAMES];
    mp_format_names(false, names, sizeof names);
    return mp_fail(in->c, "%s: line %llu does not end within %zu bytes, expected %s", in->name,
                   (unsigned long long)line, have, names);
}

const uint8_t *mp_csv_line_end(const struct mp_input *in, const uint8_t *p, const uint8_t **next)
{
    const uint8_t *end = in->buf + in->n, *stop = memchr(p, '\n', (size_t)(end - p));
    if (stop == NULL && !in->end)
        return NULL;
    *next = stop != NULL ? stop + 1 : end;
    stop = stop != NULL ? stop : end;
    return stop > p && stop[-1] == '\r' ? stop - 1 : stop;
}

int mp_csv_whole_line(struct mp_input *in, uint64_t number, size_t *len)
{
    const uint8_t *p, *end = NULL, *next;
    for (size_t want = in->size; end == NULL; want *= 2) {
        if (mp_input_fill(in, want) < 0)
            return -1;
        p = in->buf + in->at;
        end = mp_csv_line_end(in, p, &next);
        const size_t have = in->n - in->at;
        if (end == NULL && (want >= MP_LINE_MOST || memchr(p, '\0', have) != NULL))
            return endless(in, number, have);
    }
    *len = (size_t)(end - p);
    if (memchr(p, '\r', *len) != NULL)
        return mp_fail(in->c, "%s: line %llu: found a carriage return without a line feed, "
                       "expected lines that end in \\n or \\r\\n", in->name,
                       (unsigned long long)number);
    return MP_OK;
}

static int keep_comment(struct mp_input *in, struct mp_csv_top *t, const uint8_t *p, size_t len)
{
    while (len > 0 && (*p == '#' || *p == ' ')) {
        p++;
        len--;
    }
    if (mp_input_grow(in, &t->comment, len + MP_INPUT_PAD, 1) < 0)
        return -1;
    memcpy(t->comment, p, len);
    memset(t->comment + len, 0, MP_INPUT_PAD);
    t->comment_len = len;
    return MP_OK;
}

/* 1: the line at hand is none of the table. */
static int above(struct mp_input *in, struct mp_csv_top *t, size_t len)
{
    const uint8_t *p = in->buf + in->at;
    if (len > 0 && *p == '#')
        return keep_comment(in, t, p, len) < 0 ? -1 : 1;
    if (len != 5 || strncasecmp((const char *)p, "sep=", 4) != 0)
        return len == 0;
    t->s.sep = p[4];
    return 1;
}

/* ----------------------------------------------------------------- dialect */

enum { SAMPLE = 8 };

/* The first lines, which say what the dialect is. */
struct sample {
    const uint8_t *line[SAMPLE], *end[SAMPLE];
    size_t n;
};

static void take_sample(const struct mp_input *in, struct sample *s)
{
    const uint8_t *p = in->buf + in->at, *next = p;
    s->n = 0;
    for (; s->n < SAMPLE && p < in->buf + in->n; p = next) {
        const uint8_t *end = mp_csv_line_end(in, p, &next);
        if (end == NULL)
            break;
        s->line[s->n] = p;
        s->end[s->n] = end;
        s->n += end > p;
    }
}

/* Whether it separates equally many cells in every line; the first may be a header. */
static bool separates(const struct sample *s, uint8_t sep)
{
    const struct mp_dialect d = { .sep = sep };
    const size_t first = s->n > 1;
    if (mp_cells_count(mp_cells_of(&d, s->line[0], s->end[0])) < 2)
        return false;
    const size_t n = mp_cells_count(mp_cells_of(&d, s->line[first], s->end[first]));
    for (size_t i = first; i < s->n; i++)
        if (mp_cells_count(mp_cells_of(&d, s->line[i], s->end[i])) != n)
            return false;
    return n > 1;
}

/* Where no character does, the one that the first line has. */
static uint8_t find_separator(const struct sample *s)
{
    static const uint8_t known[] = { '\t', ';', ',', ' ' }, usual[] = { ',', ';', '\t', ' ' };
    for (size_t i = 0; i < sizeof known; i++)
        if (separates(s, known[i]))
            return known[i];
    for (size_t i = 0; i < sizeof usual; i++) {
        const struct mp_dialect d = { .sep = usual[i] };
        if (mp_cells_count(mp_cells_of(&d, s->line[0], s->end[0])) > 1)
            return usual[i];
    }
    return ',';
}

/* "0,5" between semicolons is a half. */
static char find_point(const struct sample *s, const struct mp_dialect *d)
{
    struct mp_cell cell;
    float x;
    for (size_t i = 0; d->sep != ',' && i < s->n; i++)
        for (struct mp_cells k = mp_cells_of(d, s->line[i], s->end[i]); mp_cells_next(&k, &cell);)
            if (mp_cell_number(&cell, ',', &x) && memchr(cell.at, ',', cell.n) != NULL)
                return ',';
    return '.';
}

static bool find_trailing(const struct sample *s, uint8_t sep)
{
    const size_t first = s->n > 1;
    for (size_t i = first; i < s->n; i++)
        if (s->end[i] - s->line[i] < 2 || s->end[i][-1] != sep)
            return false;
    return sep != ' ';
}

int mp_csv_top(struct mp_input *in, struct mp_csv_top *t)
{
    enum { ROWS = 64, MOST = 1 << 22 };
    struct sample s;
    size_t len = 0;
    int rc;
    for (t->line = 1;; t->line++) {
        const uint8_t *next = in->buf;
        if (mp_csv_whole_line(in, t->line, &len) < 0 || (rc = above(in, t, len)) < 0)
            return -1;
        if (rc == 0)
            break;
        mp_csv_line_end(in, in->buf + in->at, &next);
        in->at = (size_t)(next - in->buf);
        if (in->at == in->n && in->end)
            return mp_fail(in->c, "%s: found no row, expected a header or values", in->name);
    }
    if (mp_input_fill(in, len < MOST / ROWS ? ROWS * len : MOST) < 0)
        return -1;
    take_sample(in, &s);
    if (t->s.sep == 0)
        t->s.sep = find_separator(&s);
    t->s.point = find_point(&s, &t->s);
    t->s.trailing = find_trailing(&s, t->s.sep);
    return MP_OK;
}
