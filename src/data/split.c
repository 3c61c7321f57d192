/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split.c - which rows are held out: drawn class by class, so that every class has
 * its share on both sides. */
#include "data/split.h"
#include "core/ctx.h"
#include "core/random.h"
#include <stdlib.h>
#include <string.h>

struct draw {
    int class;
    uint64_t bits;
    size_t row;
};

static int by_class(const void *a, const void *b)
{
    const struct draw *p = a, *q = b;
    if (p->class != q->class)
        return p->class < q->class ? -1 : 1;
    if (p->bits != q->bits)
        return p->bits < q->bits ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

int mp_split_mark(struct mp_ctx *c, const int *class, size_t n, double share, uint64_t place,
                  bool *out)
{
    struct draw *draws = mp_alloc(c, n, sizeof *draws);
    if (draws == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        draws[i] = (struct draw){ class[i], mp_random_at(c->run->seed, place, i, 0), i };
    qsort(draws, n, sizeof *draws, by_class);
    for (size_t from = 0, m; from < n; from += m) {
        for (m = 1; from + m < n && draws[from + m].class == draws[from].class; m++)
            ;
        size_t take = (size_t)((double)m * share + 0.5);
        take = take < 1 ? 1 : take;
        for (size_t i = 0; i < take && i + 1 < m; i++)
            out[draws[from + i].row] = true;
    }
    free(draws);
    return MP_OK;
}

int mp_split_pick(struct mp_ctx *c, const struct mp_data *d, const int *y, const bool *marks,
                  bool mark, struct mp_subset *part)
{
    size_t n = 0, *rows = mp_alloc(c, d->n, sizeof *rows);
    int rc = rows != NULL ? MP_OK : -1;
    memset(part, 0, sizeof *part);
    for (size_t i = 0; i < d->n && rc == MP_OK; i++)
        if (marks[i] == mark)
            rows[n++] = i;
    if (rc == MP_OK && n == 0)
        rc = mp_fail(c, "%s: no label has two of the %zu rows, so that one could be held out; "
                        "name test rows (--test FILE)", d->name, d->n);
    if (rc == MP_OK)
        rc = mp_data_pick(c, d, rows, n, &part->d);
    if (rc == MP_OK && y != NULL && (part->y = mp_alloc(c, n, sizeof *y)) == NULL)
        rc = -1;
    for (size_t i = 0; i < n && rc == MP_OK && y != NULL; i++)
        part->y[i] = y[rows[i]];
    free(rows);
    if (rc < 0)
        mp_subset_free(part);
    return rc;
}

void mp_subset_free(struct mp_subset *part)
{
    mp_data_free(&part->d);
    free(part->y);
    memset(part, 0, sizeof *part);
}
