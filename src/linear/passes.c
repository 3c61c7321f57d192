/* SPDX-License-Identifier: GPL-3.0-or-later */
/* passes.c - the rows of a solver that reads them several times. */
#include "linear/passes.h"
#include "core/finite.h"
#include <stdlib.h>

struct mp_passes mp_passes_of(struct mp_ctx *c)
{
    struct mp_passes p = { .d = mp_len(mp_pull_shape(c)) };
    p.x = mp_pull_kept(c, &p.before, &p.behind);
    p.n = mp_pull_rows(c, &p.y);
    return p;
}

/* Where a row lies in memory; NULL: it does not. */
static const float *kept_row(const struct mp_passes *p, size_t row)
{
    return p->x != NULL && row >= p->before && row < p->n - p->behind
               ? p->x + (row - p->before) * p->d : NULL;
}

/* Those that do not lie in memory, in `room`. */
static int make_missing(struct mp_ctx *c, const struct mp_passes *p, const size_t *rows, size_t n,
                        float *room, const float **at)
{
    size_t missing = 0;
    size_t *row = mp_alloc(c, n, sizeof *row);
    if (row == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (at[i] == NULL) {
            at[i] = room + missing * p->d;
            row[missing++] = rows[i];
        }
    const int rc = missing > 0 ? mp_pull(c, row, missing, true, 0, room) : MP_OK;
    free(row);
    return rc;
}

int mp_passes_take(struct mp_ctx *c, const struct mp_passes *p, const size_t *rows, size_t n,
                   float *room, const float **at)
{
    for (size_t i = 0; i < n; i++)
        at[i] = kept_row(p, rows[i]);
    return mp_passes_kept(p) ? MP_OK : make_missing(c, p, rows, n, room, at);
}

int mp_passes_check(struct mp_ctx *c, const struct mp_passes *p, const float *const *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!mp_all_finite(at[i], p->d))
            return mp_fail(c, "a value of the rows is no finite number; look at the stages before, "
                              "and at what they were given");
    return MP_OK;
}

int mp_passes_room(struct mp_ctx *c, const struct mp_passes *p, size_t n, float **room)
{
    const size_t missing = p->x != NULL ? p->before + p->behind : n;
    *room = missing == 0 ? NULL
                         : mp_alloc(c, mp_product(missing < n ? missing : n, p->d), sizeof **room);
    return missing == 0 || *room != NULL ? MP_OK : -1;
}
