/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neighbours.c - nearest rows, by comparing with all.
 *
 * A training row is read once for all of the rows that look for neighbours, so the cost is
 * that of the subtractions. */
#include "data/neighbours.h"
#include "core/ctx.h"
#include "linear/nearest.h"
#include <string.h>

/* best[0 .. k-1] ascending, of which `have` are filled. */
static void insert(struct mp_neighbour *best, size_t k, size_t have, struct mp_neighbour found)
{
    size_t at = have < k ? have : k - 1;
    while (at > 0 && best[at - 1].square > found.square) {
        best[at] = best[at - 1];
        at--;
    }
    best[at] = found;
}

static void search(const uint8_t *x, const struct mp_data *among, size_t from, size_t to,
                   size_t len, size_t k, struct mp_neighbour *best)
{
    for (size_t i = from; i < to; i++) {
        const uint64_t square = mp_square_gap(x, among->x + i * len, len);
        if (i < k || square < best[k - 1].square)
            insert(best, k, i, (struct mp_neighbour){ i, square });
    }
}

int mp_neighbours(struct mp_ctx *c, const struct mp_data *d, const size_t *rows, size_t n,
                  const struct mp_data *among, size_t k, struct mp_neighbour *nearest)
{
    enum { TOGETHER = 256 }; /* rows that stay in the cache while all look at them */
    const size_t len = mp_len(d->shape);
    if (len != mp_len(among->shape) || k > among->n)
        return mp_fail(c, "%s: %zu rows of %zu pixels cannot have %zu neighbours of %zu pixels",
                       among->name, among->n, mp_len(among->shape), k, len);
#pragma omp parallel num_threads(mp_threads(c))
    for (size_t from = 0; from < among->n; from += TOGETHER) {
        const size_t to = among->n - from < TOGETHER ? among->n : from + TOGETHER;
#pragma omp for schedule(static) nowait
        for (size_t j = 0; j < n; j++)
            search(d->x + rows[j] * len, among, from, to, len, k, nearest + j * k);
        mp_rows_let_go(&among->store, among->x + from * len, among->x + to * len);
    }
    return MP_OK;
}
