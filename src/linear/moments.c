/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moments.c - means and sums of squares about them. */
#include "linear/moments.h"
#include "core/simd.h"
#include "linear/class_weights.h"
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

/* ---------------------------------------------------------------- of classes */

static int open_classes(struct mp_ctx *c, struct mp_class_moments *m, size_t d)
{
    if (m->of != NULL)
        return m->d == d ? MP_OK : mp_fail(c, "rows of %zu values after rows of %zu", d,
                                           (size_t)m->d);
    m->classes = (uint64_t)mp_classes(c, NULL);
    m->d = d;
    m->of = mp_alloc(c, m->classes, sizeof *m->of);
    return m->of != NULL ? MP_OK : -1;
}

int mp_class_moments_add(struct mp_ctx *c, struct mp_class_moments *m, const struct mp_chunk *in)
{
    const size_t d = mp_len(in->shape);
    if (in->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (open_classes(c, m, d) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        const struct mp_chunk row = { .n = 1, .shape = in->shape, .x = in->x + i * d };
        if (mp_moments_add(c, &m->of[in->y[i]], &row) < 0)
            return -1;
    }
    return MP_OK;
}

int mp_class_moments_join(struct mp_ctx *c, struct mp_class_moments *into,
                          const struct mp_class_moments *from)
{
    if (from->of == NULL)
        return MP_OK;
    if (open_classes(c, into, from->d) < 0)
        return -1;
    for (size_t k = 0; k < into->classes; k++)
        if (mp_moments_join(c, &into->of[k], &from->of[k]) < 0)
            return -1;
    return MP_OK;
}

int mp_class_moments_io(struct mp_io *io, struct mp_class_moments *m)
{
    if (mp_io_u64(io, "classes", &m->classes) < 0 || mp_io_u64(io, "values", &m->d) < 0)
        return -1;
    if (mp_io_loading(io) && m->classes > 0) {
        if (m->classes > MP_MOST_CLASSES)
            return mp_fail(mp_io_ctx(io), "%llu classes", (unsigned long long)m->classes);
        m->of = mp_alloc(mp_io_ctx(io), m->classes, sizeof *m->of);
        if (m->of == NULL)
            return -1;
    }
    for (size_t k = 0; k < m->classes; k++)
        if (mp_moments_io(io, &m->of[k], "spread") < 0)
            return -1;
    return MP_OK;
}

void mp_class_moments_free(struct mp_class_moments *m)
{
    for (size_t k = 0; k < m->classes && m->of != NULL; k++)
        mp_moments_free(&m->of[k]);
    free(m->of);
    *m = (struct mp_class_moments){ 0 };
}

int mp_class_moments_all(struct mp_ctx *c, const struct mp_class_moments *m,
                         struct mp_moments *all)
{
    for (size_t k = 0; k < m->classes && m->of != NULL; k++)
        if (mp_moments_join(c, all, &m->of[k]) < 0)
            return -1;
    return all->rows > 0 ? MP_OK : mp_fail(c, "no rows to learn from");
}

int mp_class_moments_counts(struct mp_ctx *c, const struct mp_class_moments *m,
                            const char *weights, double *count)
{
    uint64_t *rows = mp_alloc(c, m->classes, sizeof *rows);
    for (size_t k = 0; k < m->classes && rows != NULL; k++)
        rows[k] = m->of[k].rows;
    const int rc = rows != NULL ? mp_class_weights_counted(c, weights, rows, count) : -1;
    for (size_t k = 0; k < m->classes && rc == MP_OK; k++)
        count[k] *= (double)rows[k];
    free(rows);
    return rc;
}
