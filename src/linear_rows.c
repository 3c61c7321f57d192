/* linear_rows.c - training rows of a linear model, kept once: floats, in blocks.
 *
 * A block has room for more rows than a chunk has, so that it spans whole huge pages, which
 * the system is asked for: fresh memory costs a fault a page, and rows are read many
 * times.  What is not filled is never touched and takes no memory. */
#include "linear_rows.h"
#include "simd.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ROOM = 1024, ROOM_VALUES = 1 << 21, HUGE = 2 << 20 };

void mp_linear_rows_free(struct mp_linear_rows *r)
{
    while (r != NULL) {
        struct mp_linear_rows *next = r->next;
        free(r->x);
        free(r->y);
        free(r);
        r = next;
    }
}

static struct mp_linear_rows *block(struct mp_ctx *c, size_t room, size_t d)
{
    struct mp_linear_rows *r = mp_alloc(c, 1, sizeof *r);
    if (r == NULL)
        return NULL;
    const size_t size = mp_product(mp_product(room, d), sizeof *r->x);
    r->room = room;
    r->d = d;
    r->y = mp_alloc(c, room, sizeof *r->y);
    if (size < SIZE_MAX - HUGE)
        r->x = aligned_alloc(size < HUGE ? 64 : HUGE, (size + HUGE - 1) / HUGE * HUGE);
    if (r->y == NULL || r->x == NULL) {
        if (r->y != NULL)
            mp_fail(c, "no memory for %zu rows of %zu values", room, d);
        mp_linear_rows_free(r);
        return NULL;
    }
    /* Not the last part of a page: what is not used shall not be touched. */
    if (size >= HUGE)
        madvise(r->x, size / HUGE * HUGE, MADV_HUGEPAGE);
    return r;
}

MP_CLONES static size_t count(const float *x, size_t n)
{
    size_t some = 0;
    for (size_t i = 0; i < n; i++)
        some += x[i] != 0;
    return some;
}

int mp_linear_rows_add(struct mp_ctx *c, struct mp_linear_rows **first,
                       struct mp_linear_rows **last, const struct mp_chunk *in)
{
    const size_t d = mp_len(in->shape);
    struct mp_linear_rows *r = *last;
    if (r == NULL || r->room - r->n < in->n) {
        const size_t room = ROOM_VALUES / (d + 1) < ROOM ? ROOM_VALUES / (d + 1) : ROOM;
        if ((r = block(c, in->n > room ? in->n : room, d)) == NULL)
            return -1;
        *(*last != NULL ? &(*last)->next : first) = r;
        *last = r;
    }
    memcpy(r->x + r->n * d, in->x, in->n * d * sizeof *r->x);
    memcpy(r->y + r->n, in->y, in->n * sizeof *r->y);
    r->values += count(in->x, in->n * d);
    r->n += in->n;
    return MP_OK;
}
