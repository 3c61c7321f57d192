/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample.c - rows drawn at random from all training rows. */
#include "linear/sample.h"
#include "core/finite.h"
#include <stdlib.h>
#include <string.h>

static bool before(const struct mp_sampled *a, const struct mp_sampled *b)
{
    return a->key != b->key ? a->key < b->key : a->row < b->row;
}

static void swap(struct mp_sampled *a, struct mp_sampled *b)
{
    const struct mp_sampled was = *a;
    *a = *b;
    *b = was;
}

static void rise(struct mp_sampled *heap, size_t i)
{
    for (size_t up; i > 0 && before(&heap[up = (i - 1) / 2], &heap[i]); i = up)
        swap(&heap[up], &heap[i]);
}

static void sink(struct mp_sampled *heap, size_t n)
{
    for (size_t i = 0, k; (k = 2 * i + 1) < n; i = k) {
        if (k + 1 < n && before(&heap[k], &heap[k + 1]))
            k++;
        if (!before(&heap[i], &heap[k]))
            return;
        swap(&heap[i], &heap[k]);
    }
}

static int begin(struct mp_ctx *c, struct mp_sample *s, size_t most, size_t d)
{
    if (s->most != 0 && (s->most != most || s->d != d))
        return mp_fail(c, "rows of %zu values after rows of %zu", d, s->d);
    s->most = most;
    s->d = d;
    return MP_OK;
}

/* Room for `more` rows: there may be fewer than are wanted, and each may be large. */
static int reserve(struct mp_ctx *c, struct mp_sample *s, size_t more)
{
    const size_t least = s->most - s->n < more ? s->most : s->n + more;
    if (least <= s->room)
        return MP_OK;
    const size_t twice = s->most - s->room < s->room ? s->most : 2 * s->room;
    const size_t room = least > twice ? least : twice;
    struct mp_sampled *heap = mp_alloc(c, room, sizeof *heap);
    float *rows = heap == NULL ? NULL : mp_alloc(c, mp_product(room, s->d), sizeof *rows);
    if (rows == NULL) {
        free(heap);
        return -1;
    }
    if (s->n > 0) {
        memcpy(heap, s->heap, s->n * sizeof *heap);
        memcpy(rows, s->rows, s->n * s->d * sizeof *rows);
    }
    free(s->heap);
    free(s->rows);
    s->heap = heap;
    s->rows = rows;
    s->room = room;
    return MP_OK;
}

/* Where a row of such a number goes; NULL: nowhere. */
static float *place(struct mp_sample *s, const struct mp_sampled *row)
{
    if (s->n < s->most) {
        s->heap[s->n] = (struct mp_sampled){ row->key, row->row, s->n };
        rise(s->heap, s->n);
        return s->rows + s->n++ * s->d;
    }
    if (!before(row, &s->heap[0]))
        return NULL;
    const size_t at = s->heap[0].at;
    s->heap[0] = (struct mp_sampled){ row->key, row->row, at };
    sink(s->heap, s->n);
    return s->rows + at * s->d;
}

int mp_sample_add(struct mp_ctx *c, struct mp_sample *s, size_t most, const struct mp_chunk *in)
{
    const size_t d = mp_len(in->shape);
    if (begin(c, s, most, d) < 0 || reserve(c, s, in->n) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        /* Of copies of a row each has a number of its own. */
        const struct mp_sampled row = { mp_random(c, mp_row(in, i), in->epoch), s->seen++, 0 };
        float *to = place(s, &row);
        if (to == NULL)
            continue;
        if (!mp_all_finite(in->x + i * d, d))
            return mp_fail(c, "a value of the rows is no finite number; look at the stages "
                           "before, and at what they were given");
        memcpy(to, in->x + i * d, d * sizeof *to);
    }
    return MP_OK;
}

/* Heap sort, along with the rows: each is moved once, or is in its place. */
const float *mp_sample_end(struct mp_ctx *c, struct mp_sample *s, bool as_seen)
{
    if (s->n == 0) {
        mp_fail(c, "no rows to learn from");
        return NULL;
    }
    float *sorted = mp_alloc(c, s->n * s->d, sizeof *sorted);
    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < s->n && as_seen; i++) {
        s->heap[i].key = s->heap[i].row;
        rise(s->heap, i);
    }
    for (size_t i = s->n; i-- > 0;) {
        memcpy(sorted + i * s->d, s->rows + s->heap[0].at * s->d, s->d * sizeof *sorted);
        s->heap[0] = s->heap[i];
        sink(s->heap, i);
    }
    free(s->heap);
    free(s->rows);
    s->heap = NULL;
    s->rows = sorted;
    return sorted;
}

double mp_sample_spread(const float *x, size_t n, size_t d, double *mean)
{
    double spread = 0;
    memset(mean, 0, d * sizeof *mean);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            mean[j] += (double)x[i * d + j] / (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++) {
            const double gap = (double)x[i * d + j] - mean[j];
            spread += gap * gap / (double)n;
        }
    return spread;
}

void mp_sample_free(struct mp_sample *s)
{
    free(s->heap);
    free(s->rows);
    memset(s, 0, sizeof *s);
}
