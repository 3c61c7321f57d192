/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear_rows.c - training rows of a linear model, kept once: floats, in blocks.
 *
 * A block has room for more rows than a chunk has, so that it spans whole huge pages, which
 * the system is asked for: fresh memory costs a fault a page, and rows are read many
 * times.  What is not filled is never touched and takes no memory.
 *
 * Shards of rows are merged in order, and it is then that a block goes to the file. */
#include "linear/linear_rows.h"
#include "core/finite.h"
#include "core/simd.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ROOM = 1024, ROOM_VALUES = 1 << 21, PAGE = 4096, HUGE = 2 << 20 };

/* Bytes of a block: whole pages. */
static size_t block_size(size_t room, size_t d)
{
    const size_t size = mp_product(mp_product(room, d), sizeof(float));
    return size > PTRDIFF_MAX - HUGE ? SIZE_MAX : (size + PAGE - 1) / PAGE * PAGE;
}

/* Large blocks come from the system itself and go back to it: free() would keep what comes
 * and goes by the hundred.  NULL: no memory. */
static float *take_pages(size_t size)
{
    if (size > PTRDIFF_MAX - 2 * HUGE)
        return NULL;
    if (size < HUGE)
        return aligned_alloc(PAGE, size);
    char *all = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    char *at = all + (HUGE - (uintptr_t)all % HUGE) % HUGE;
    if (at > all)
        munmap(all, (size_t)(at - all));
    if (at < all + HUGE)
        munmap(at + size, (size_t)(all + HUGE - at));
    /* Not the last part of a huge page: what is not used shall not be touched. */
    madvise(at, size / HUGE * HUGE, MADV_HUGEPAGE);
    return (float *)(void *)at;
}

static void give_pages(float *x, size_t size)
{
    if (x != NULL && size >= HUGE)
        munmap(x, size);
    else
        free(x);
}

static void free_block(struct mp_linear_block *b)
{
    if (!b->filed)
        give_pages(b->x, b->size);
    free(b->y);
    free(b);
}

void mp_linear_rows_drop(struct mp_linear_rows *r)
{
    struct mp_linear_block *b = r->first;
    r->first = b->next;
    if (r->first == NULL)
        r->last = NULL;
    free_block(b);
}

void mp_linear_rows_free(struct mp_linear_rows *r)
{
    while (r->first != NULL)
        mp_linear_rows_drop(r);
    mp_rows_free(&r->file);
    *r = (struct mp_linear_rows){ .first = NULL };
}

static struct mp_linear_block *make_block(struct mp_ctx *c, size_t room, size_t d)
{
    struct mp_linear_block *b = mp_alloc(c, 1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->room = room;
    b->size = block_size(room, d);
    b->y = mp_alloc(c, room, sizeof *b->y);
    b->x = take_pages(b->size);
    if (b->y == NULL || b->x == NULL) {
        if (b->y != NULL)
            mp_fail(c, "no memory for %zu rows of %zu values", room, d);
        free_block(b);
        return NULL;
    }
    return b;
}

static void append(struct mp_linear_rows *r, struct mp_linear_block *b)
{
    *(r->last != NULL ? &r->last->next : &r->first) = b;
    r->last = b;
    b->next = NULL;
}

MP_CLONES static size_t count(const float *x, size_t n)
{
    size_t some = 0;
    for (size_t i = 0; i < n; i++)
        some += x[i] != 0;
    return some;
}

/* All rows have `d` values. */
static int settle(struct mp_ctx *c, struct mp_linear_rows *r, size_t d)
{
    if (r->n != 0 && r->d != d)
        return mp_fail(c, "rows of %zu values after rows of %zu", d, r->d);
    r->d = d;
    return MP_OK;
}

int mp_linear_rows_add(struct mp_ctx *c, struct mp_linear_rows *r, const struct mp_chunk *in)
{
    const size_t d = mp_len(in->shape);
    struct mp_linear_block *b = r->last;
    if (settle(c, r, d) < 0)
        return -1;
    if (!mp_all_finite(in->x, in->n * d)) /* with these a solver would never come to an end */
        return mp_fail(c, "a value of the rows is no finite number; look at the stages before, and "
                          "at what they were given");
    if (b == NULL || b->filed || b->room - b->n < in->n) {
        const size_t room = ROOM_VALUES / (d + 1) < ROOM ? ROOM_VALUES / (d + 1) : ROOM;
        if ((b = make_block(c, in->n > room ? in->n : room, d)) == NULL)
            return -1;
        append(r, b);
    }
    const size_t values = count(in->x, in->n * d);
    memcpy(b->x + b->n * d, in->x, in->n * d * sizeof *b->x);
    memcpy(b->y + b->n, in->y, in->n * sizeof *b->y);
    b->n += in->n;
    b->values += values;
    r->n += in->n;
    r->values += values;
    r->memory += in->n * d * sizeof *b->x;
    return MP_OK;
}

/* Whether the block could be put there. */
static bool to_file(struct mp_linear_rows *r, struct mp_linear_block *b)
{
    const size_t at = r->file.size;
    if (!mp_rows_append(&r->file, b->x, b->n * r->d * sizeof *b->x))
        return false;
    give_pages(b->x, b->size);
    b->x = NULL;
    b->at = at;
    b->filed = true;
    return true;
}

int mp_linear_rows_merge(struct mp_ctx *c, struct mp_linear_rows *into,
                         struct mp_linear_rows *from)
{
    if (from->n == 0)
        return MP_OK;
    if (settle(c, into, from->d) < 0)
        return -1;
    if (into->most == 0)
        into->most = mp_rows_limit();
    while (from->first != NULL) {
        struct mp_linear_block *b = from->first;
        const size_t size = b->n * from->d * sizeof *b->x;
        from->first = b->next;
        append(into, b);
        if (into->memory + size <= into->most || !to_file(into, b))
            into->memory += size;
        into->n += b->n;
        into->values += b->values;
    }
    *from = (struct mp_linear_rows){ .first = NULL };
    return MP_OK;
}

void mp_linear_rows_find(struct mp_linear_rows *r)
{
    for (struct mp_linear_block *b = r->first; b != NULL; b = b->next)
        if (b->filed)
            b->x = (float *)(void *)((char *)r->file.at + b->at);
}
