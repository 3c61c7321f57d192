/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moments.c - means and sums of squares about them. */
#include "linear/moments.h"
#include "core/simd.h"
#include <stdlib.h>

static int reserve(struct mp_ctx *c, struct mp_moments *m, size_t d)
{
    if (m->d == d)
        return MP_OK;
    if (m->d != 0)
        return mp_fail(c, "rows of %zu values after rows of %zu", d, (size_t)m->d);
    mp_moments_free(m);
    m->mean = mp_alloc(c, d, sizeof *m->mean);
    m->spread = mp_alloc(c, d, sizeof *m->spread);
    if (m->mean == NULL || m->spread == NULL)
        return -1;
    m->d = d;
    return MP_OK;
}

MP_CLONES static void add_row(double *restrict mean, double *restrict spread,
                              const float *restrict x, size_t d, double share)
{
    for (size_t j = 0; j < d; j++) {
        const double step = (double)x[j] - mean[j];
        mean[j] += step * share;
        spread[j] += step * ((double)x[j] - mean[j]);
    }
}

int mp_moments_add(struct mp_ctx *c, struct mp_moments *m, const struct mp_chunk *in)
{
    const size_t d = mp_len(in->shape);
    if (reserve(c, m, d) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        add_row(m->mean, m->spread, in->x + i * d, d, 1 / (double)++m->rows);
    return MP_OK;
}

int mp_moments_join(struct mp_ctx *c, struct mp_moments *into, const struct mp_moments *from)
{
    if (from->rows == 0)
        return MP_OK;
    if (reserve(c, into, from->d) < 0)
        return -1;
    const double share = (double)from->rows / (double)(into->rows + from->rows);
    for (size_t j = 0; j < into->d; j++) {
        const double gap = from->mean[j] - into->mean[j];
        into->spread[j] += from->spread[j] + gap * gap * (double)into->rows * share;
        into->mean[j] += gap * share;
    }
    into->rows += from->rows;
    return MP_OK;
}

int mp_moments_io(struct mp_io *io, struct mp_moments *m, const char *spread)
{
    if (mp_io_u64(io, "rows", &m->rows) < 0 || mp_io_u64(io, "values", &m->d) < 0 ||
        mp_io_f64s(io, "mean", &m->mean, m->d) < 0)
        return -1;
    return mp_io_f64s(io, spread, &m->spread, m->d);
}

void mp_moments_free(struct mp_moments *m)
{
    free(m->mean);
    free(m->spread);
    *m = (struct mp_moments){ 0 };
}
