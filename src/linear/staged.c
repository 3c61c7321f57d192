/* SPDX-License-Identifier: GPL-3.0-or-later */
/* staged.c - values into another form and back. */
#include "linear/staged.h"

static bool is_staged(const struct mp_staged *s)
{
    return s->d[0] != s->d[1] || s->precision[0] != s->precision[1];
}

static size_t size_of(enum mp_precision precision)
{
    return precision == MP_BF16 ? sizeof(mp_bf16) : sizeof(float);
}

/* From form `from` to the other one; what only that has is 0. */
static void restage(const struct mp_staged *s, int from, const void *x, void *y)
{
    const int to = 1 - from;
    const enum mp_precision has = s->precision[from], wants = s->precision[to];
    const size_t n = s->d[from] < s->d[to] ? s->d[from] : s->d[to];
    for (size_t i = 0; i < s->n; i++) {
        const void *a = (const char *)x + i * s->step[from] * size_of(has);
        void *b = (char *)y + i * s->step[to] * size_of(wants);
        if (has == wants)
            memcpy(b, a, n * size_of(has));
        else if (wants == MP_BF16)
            mp_to_bf16(a, b, n);
        else
            mp_from_bf16(a, b, n);
        memset((char *)b + n * size_of(wants), 0, (s->d[to] - n) * size_of(wants));
    }
}

struct mp_staged mp_staged_rows(size_t n, size_t asked, size_t done, enum mp_precision was,
                                enum mp_precision is)
{
    return (struct mp_staged){ n, { asked, done }, { asked, done }, { was, is } };
}

size_t mp_staged_bytes(const struct mp_staged *s)
{
    return ((s->n - 1) * s->step[1] + s->d[1]) * size_of(s->precision[1]);
}

void *mp_staged_room(struct mp_ctx *c, const struct mp_staged *s, void *y)
{
    return is_staged(s) ? mp_scratch(c, s->n * s->step[1]) : y;
}

const void *mp_staged_give(struct mp_ctx *c, const struct mp_staged *s, const void *x)
{
    void *room = mp_staged_room(c, s, (void *)(uintptr_t)x);
    if (room != NULL && room != x)
        restage(s, 0, x, room);
    return room;
}

void mp_staged_take(const struct mp_staged *s, const void *made, void *y)
{
    if (made != y)
        restage(s, 1, made, y);
}
