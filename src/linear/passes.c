/* SPDX-License-Identifier: GPL-3.0-or-later */
/* passes.c - the rows of a solver that reads them several times. */
#include "linear/passes.h"
#include "core/finite.h"

struct mp_passes mp_passes_of(struct mp_ctx *c)
{
    struct mp_passes p = { .d = mp_len(mp_pull_shape(c)), .x = mp_pull_kept(c) };
    p.n = mp_pull_rows(c, &p.y);
    return p;
}

int mp_passes_take(struct mp_ctx *c, const struct mp_passes *p, const size_t *rows, size_t n,
                   float *room, const float **at)
{
    if (p->x == NULL && n > 0 && mp_pull(c, rows, n, true, 0, room) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        at[i] = p->x != NULL ? p->x + rows[i] * p->d : room + i * p->d;
    return MP_OK;
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
    *room = p->x == NULL ? mp_alloc(c, mp_product(n, p->d), sizeof **room) : NULL;
    return p->x != NULL || *room != NULL ? MP_OK : -1;
}
