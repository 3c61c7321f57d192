/* SPDX-License-Identifier: GPL-3.0-or-later */
/* passes.c - the rows of a solver that reads them several times. */
#include "linear/passes.h"
#include "core/finite.h"
#include "core/short_row.h"
#include <stdlib.h>

/* Floats that are made at a time to be rounded: rows enough for all threads. */
enum { PIECE = 1 << 22, SHARE = 64 };

struct mp_passes mp_passes_of(struct mp_ctx *c)
{
    struct mp_passes p = { .d = mp_len(mp_pull_shape(c)) };
    p.n = mp_pull_rows(c, &p.y);
    return p;
}

int mp_passes_keep(struct mp_ctx *c, struct mp_passes *p, bool rounded)
{
    struct mp_kept_rows kept;
    if (p->x != NULL)
        return MP_OK;
    if (mp_pull_keep(c, rounded, &kept) < 0)
        return -1;
    p->x = kept.at;
    p->before = kept.before;
    p->behind = kept.behind;
    p->rounded = kept.rounded;
    return MP_OK;
}

struct piece {
    const float *x;
    size_t n, d;
    int16_t *to;
};

static int round_some(struct mp_ctx *c, void *arg, size_t i)
{
    const struct piece *p = arg;
    const size_t at = i * SHARE, n = p->n - at < SHARE ? p->n - at : SHARE;
    (void)c;
    mp_short_from(p->x + at * p->d, n, p->d, p->to + at * mp_short_row(p->d));
    return MP_OK;
}

/* Rows made one after the other in `room`. */
static int make_rounded(struct mp_ctx *c, const struct mp_passes *p, const size_t *rows, size_t n,
                        int16_t *room)
{
    const size_t fit = PIECE / p->d + 1, most = fit < n ? fit : n;
    float *x = mp_alloc(c, mp_product(most, p->d), sizeof *x);
    int rc = x != NULL ? MP_OK : -1;
    for (size_t at = 0, some; at < n && rc == MP_OK; at += some) {
        some = n - at < most ? n - at : most;
        struct piece piece = { x, some, p->d, room + at * mp_short_row(p->d) };
        rc = mp_pull(c, rows + at, some, true, 0, x);
        if (rc == MP_OK)
            rc = mp_parallel_for(c, (some + SHARE - 1) / SHARE, round_some, &piece);
    }
    free(x);
    return rc;
}

/* Those that do not lie in memory, in `room`. */
static int make_missing(struct mp_ctx *c, const struct mp_passes *p, const size_t *rows, size_t n,
                        void *room, const void **at)
{
    size_t missing = 0;
    size_t *row = mp_alloc(c, n, sizeof *row);
    if (row == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (at[i] == NULL) {
            at[i] = (char *)room + missing * mp_pass_row(p->d, p->rounded);
            row[missing++] = rows[i];
        }
    const int rc = missing == 0 ? MP_OK
                   : p->rounded ? make_rounded(c, p, row, missing, room)
                                : mp_pull(c, row, missing, true, 0, room);
    free(row);
    return rc;
}

int mp_passes_take(struct mp_ctx *c, const struct mp_passes *p, const size_t *rows, size_t n,
                   void *room, const void **at)
{
    for (size_t i = 0; i < n; i++)
        at[i] = mp_passes_row(p, rows[i]);
    return mp_passes_kept(p) ? MP_OK : make_missing(c, p, rows, n, room, at);
}

void mp_passes_see(const struct mp_passes *p, const void *const *at, size_t n, float *room,
                   const float **x)
{
    enum { AHEAD = 3 };
    for (size_t i = 0; i < n; i++) {
        x[i] = p->rounded ? room + i * p->d : at[i];
        if (p->rounded && i + AHEAD < n)
            mp_short_fetch(at[i + AHEAD], p->d);
        if (p->rounded)
            mp_short_to(at[i], p->d, room + i * p->d);
    }
}

int mp_passes_check(struct mp_ctx *c, const float *const *x, size_t n, size_t d)
{
    for (size_t i = 0; i < n; i++)
        if (!mp_all_finite(x[i], d))
            return mp_fail(c, "a value of the rows is no finite number; look at the stages before, "
                              "and at what they were given");
    return MP_OK;
}

int mp_passes_room(struct mp_ctx *c, const struct mp_passes *p, size_t n, void **room)
{
    const size_t missing = p->x != NULL ? p->before + p->behind : n;
    const size_t rows = missing < n ? missing : n;
    *room = rows == 0 ? NULL : mp_alloc(c, rows, mp_pass_row(p->d, p->rounded));
    return rows == 0 || *room != NULL ? MP_OK : -1;
}
