/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_order.c - which pixel a column is.
 *
 * Where names have numbers, "pixel12", "3x14", these say where a pixel belongs: a file that a
 * program has put into the order of the alphabet has pixel10 behind pixel1.
 */
#include "formats/csv_order.h"
#include "core/ctx.h"
#include <stdlib.h>
#include <string.h>

struct name {
    uint64_t number[2];
    uint32_t column;
};

static bool digit(uint8_t b)
{
    return b >= '0' && b <= '9';
}

bool mp_csv_same_words(const struct mp_cell *p, const struct mp_cell *q)
{
    const uint8_t *a = p->at, *b = q->at;
    const size_t n = p->n, m = q->n, longest = 18;
    size_t i = 0, j = 0;
    while (i < n || j < m) {
        size_t di = i, dj = j;
        while (di < n && digit(a[di]))
            di++;
        while (dj < m && digit(b[dj]))
            dj++;
        if ((di > i) != (dj > j) || di - i > longest || dj - j > longest)
            return false;
        if (di > i) {
            i = di;
            j = dj;
        } else if (i == n || j == m || a[i++] != b[j++]) {
            return false;
        }
    }
    return true;
}

/* One or two numbers; false: there are none, or more. */
static bool numbers(const struct mp_cell *cell, struct name *to)
{
    int k = 0;
    to->number[0] = to->number[1] = 0;
    for (size_t i = 0; i < cell->n;) {
        size_t stop = i;
        while (stop < cell->n && digit(cell->at[stop]))
            stop++;
        const struct mp_cell number = { cell->at + i, stop - i };
        if (stop > i && (k == 2 || !mp_cell_whole(&number, &to->number[k++])))
            return false;
        i = stop > i ? stop : i + 1;
    }
    return k > 0;
}

static int by_number(const void *a, const void *b)
{
    const struct name *p = a, *q = b;
    for (int k = 0; k < 2; k++)
        if (p->number[k] != q->number[k])
            return p->number[k] < q->number[k] ? -1 : 1;
    return p->column < q->column ? -1 : p->column > q->column;
}

static int by_second(const struct name *p, const struct name *q)
{
    const struct name a = { { p->number[1], p->number[0] }, 0 };
    const struct name b = { { q->number[1], q->number[0] }, 0 };
    return by_number(&a, &b);
}

/* The names of the pixels' columns; false: they say nothing about order. */
static bool read_names(const struct mp_csv *h, struct name *names)
{
    const struct mp_cell *one = NULL;
    size_t k = 0;
    for (size_t i = 0; i < h->columns; i++) {
        if (h->to[i] < 0)
            continue;
        one = one != NULL ? one : &h->name[i];
        if (!mp_csv_same_words(one, &h->name[i]) || !numbers(&h->name[i], &names[k]))
            return false;
        names[k++].column = (uint32_t)i;
    }
    return true;
}

/* Puts them into order; `wrong` is one whose number is below that of the name before. */
static int put_right(struct mp_csv *h, struct name *names, size_t pixels, size_t wrong)
{
    char text[2][MP_CELL_TEXT];
    for (size_t k = 0; k < 2; k++)
        mp_cell_show(text[k], &h->name[names[wrong - 1 + k].column]);
    qsort(names, pixels, sizeof *names, by_number);
    for (size_t i = 1; i < pixels; i++)
        if (memcmp(names[i].number, names[i - 1].number, sizeof names->number) == 0)
            return mp_fail(h->in->c, "%s: line %llu: columns are not in the order of their names "
                           "(%s comes before %s), and some have the same number", h->in->name,
                           (unsigned long long)h->number, text[0], text[1]);
    for (size_t i = 0; i < pixels; i++)
        h->to[names[i].column] = (int32_t)i;
    mp_csv_say(h, "line %llu has %s before %s: columns were put into the order of their numbers",
               (unsigned long long)h->number, text[0], text[1]);
    return MP_OK;
}

int mp_csv_order(struct mp_csv *h, size_t pixels)
{
    bool rising = true, down = true;
    size_t wrong = 0;
    for (size_t i = 0, k = 0; i < h->columns; i++)
        if (h->to[i] >= 0)
            h->to[i] = (int32_t)k++;
    if (h->name == NULL)
        return MP_OK;
    struct name *names = mp_alloc(h->in->c, pixels, sizeof *names);
    if (names == NULL)
        return -1;
    const bool any = read_names(h, names);
    for (size_t i = 1; any && i < pixels; i++) {
        if (rising && by_number(&names[i - 1], &names[i]) > 0)
            wrong = i;
        rising = rising && by_number(&names[i - 1], &names[i]) < 0;
        down = down && by_second(&names[i - 1], &names[i]) < 0; /* named by x and y */
    }
    const int rc = any && !rising && !down && wrong > 0 ? put_right(h, names, pixels, wrong)
                                                        : MP_OK;
    free(names);
    return rc;
}
