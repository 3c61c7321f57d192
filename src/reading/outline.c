/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outline.c - the paper among what a photo shows around it. */
#include "reading/outline.h"
#include <stdlib.h>
#include <string.h>

/* At an edge the lightest level around is so many times the darkest; a sheet has as much of the
 * picture, and loses so many squares all round, of which the first is table, the next a part of
 * each. */
static const float step = 1.4f;
static const double least_share = 0.25;
enum { EDGE = 1, MARGIN = 2 };

/* Squares of its convex hull that it has; and how long a picture is at most that is looked at, as
 * the hull takes the cube of that. */
static const double least_convex = 0.92;
enum { MOST_ROWS = 400 };

struct field {
    int rows, columns, used;
    int *stack;   /* squares whose neighbours are to be looked at */
    bool *seen, *edge;
};

static void find_edges(struct field *f, const float *level)
{
    for (int y = 0; y < f->rows; y++)
        for (int x = 0; x < f->columns; x++) {
            float low = level[y * f->columns + x], high = low;
            for (int i = y > 0 ? y - 1 : y; i <= y + 1 && i < f->rows; i++)
                for (int j = x > 0 ? x - 1 : x; j <= x + 1 && j < f->columns; j++) {
                    const float v = level[i * f->columns + j];
                    low = v < low ? v : low;
                    high = v > high ? v : high;
                }
            f->edge[y * f->columns + x] = high > step * low;
        }
}

static void put(struct field *f, int at)
{
    f->seen[at] = true;
    f->stack[f->used++] = at;
}

/* All that hangs together with what is on the stack, up to edges or with them. */
static int spread(struct field *f, bool edges)
{
    static const int down[4] = { -1, 0, 0, 1 }, right[4] = { 0, -1, 1, 0 };
    int n = 0;
    while (f->used > 0) {
        const int at = f->stack[--f->used], y = at / f->columns, x = at % f->columns;
        n++;
        for (int k = 0; k < 4; k++) {
            const int i = y + down[k], j = x + right[k], to = i * f->columns + j;
            if (i < 0 || i >= f->rows || j < 0 || j >= f->columns || f->seen[to])
                continue;
            if (edges || !f->edge[to])
                put(f, to);
        }
    }
    return n;
}

static bool at_border(const struct field *f, int at)
{
    const int y = at / f->columns, x = at % f->columns;
    return y == 0 || x == 0 || y == f->rows - 1 || x == f->columns - 1;
}

/* The largest piece of what has not been seen becomes the sheet; returns its size. */
static int largest(struct field *f, bool *sheet)
{
    const int n = f->rows * f->columns;
    const size_t bytes = (size_t)f->rows * (size_t)f->columns * sizeof *sheet;
    int most = 0, first = -1;
    bool *was = sheet; /* what the border's surfaces have */
    memcpy(was, f->seen, bytes);
    for (int i = 0; i < n; i++) {
        if (f->seen[i])
            continue;
        put(f, i);
        const int size = spread(f, true);
        first = size > most ? i : first;
        most = size > most ? size : most;
    }
    memcpy(f->seen, was, bytes);
    if (first >= 0) {
        put(f, first);
        spread(f, true);
    }
    for (int i = 0; i < n; i++)
        sheet[i] = f->seen[i] && !was[i];
    return most;
}

/* Of the line from `from[a]` in row a to `from[b]` in row b, what it has in row y. */
static double along(const int *from, int a, int b, int y)
{
    return a == b ? from[a] : from[a] + (double)(from[b] - from[a]) * (y - a) / (b - a);
}

/* What part of the squares of its convex hull the sheet has; left, right: room for its ends. */
static double convex(const struct field *f, const bool *sheet, int *left, int *right)
{
    double area = 0, hull = 0;
    int top = f->rows, bottom = -1;
    for (int y = 0; y < f->rows; y++) {
        left[y] = f->columns;
        for (int x = 0; x < f->columns; x++) {
            if (!sheet[y * f->columns + x])
                continue;
            area++;
            left[y] = x < left[y] ? x : left[y];
            right[y] = x;
            top = y < top ? y : top;
            bottom = y;
        }
    }
    for (int y = top; y <= bottom; y++) {
        double low = f->columns, high = -1;
        for (int a = top; a <= y; a++)
            for (int b = y; b <= bottom && left[a] < f->columns; b++) {
                if (left[b] == f->columns)
                    continue;
                const double from = along(left, a, b, y), to = along(right, a, b, y);
                low = from < low ? from : low;
                high = to > high ? to : high;
            }
        hull += high - low + 1;
    }
    return hull > 0 ? area / hull : 0;
}

/* All neighbours are marked, too; outside the picture there are none. */
static bool is_within(const struct field *f, const bool *marks, int at)
{
    const int y = at / f->columns, x = at % f->columns;
    for (int i = y - 1; i <= y + 1; i++)
        for (int j = x - 1; j <= x + 1; j++)
            if (i < 0 || i >= f->rows || j < 0 || j >= f->columns || !marks[i * f->columns + j])
                return false;
    return true;
}

static void shrink(const struct field *f, bool *marks, int by)
{
    const int n = f->rows * f->columns;
    for (; by > 0; by--) {
        for (int i = 0; i < n; i++)
            f->seen[i] = is_within(f, marks, i);
        memcpy(marks, f->seen, (size_t)n * sizeof *marks);
    }
}

int mp_outline(struct mp_ctx *c, const float *level, int rows, int columns, bool *sheet,
               bool *within, bool *found)
{
    const int n = rows * columns;
    struct field f = { .rows = rows, .columns = columns };
    f.stack = mp_alloc(c, (size_t)n, sizeof *f.stack);
    f.seen = mp_alloc(c, (size_t)n, sizeof *f.seen);
    f.edge = mp_alloc(c, (size_t)n, sizeof *f.edge);
    int *ends = mp_alloc(c, 2 * (size_t)rows, sizeof *ends);
    const bool room = f.stack != NULL && f.seen != NULL && f.edge != NULL && ends != NULL;
    *found = false;
    if (room && rows <= MOST_ROWS) {
        find_edges(&f, level);
        for (int i = 0; i < n; i++)
            if (at_border(&f, i))
                put(&f, i);
        spread(&f, false);
        *found = largest(&f, sheet) >= least_share * n;
        shrink(&f, sheet, EDGE);
        memcpy(within, sheet, (size_t)n * sizeof *within);
        shrink(&f, within, MARGIN - EDGE); /* shadows' edges, which hung on the sheet's, are gone */
        *found = *found && convex(&f, within, ends, ends + rows) >= least_convex;
    }
    free(f.edge);
    free(ends);
    free(f.stack);
    free(f.seen);
    return room ? MP_OK : -1;
}
