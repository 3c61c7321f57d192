/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names.c - texts, each once: a hash table with open addressing (FNV-1a). */
#include "data/names.h"
#include "text/decimal.h"
#include <stdlib.h>
#include <string.h>

static size_t hash(const char *text, size_t n)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

/* The slot of the text, or the free one where it would be. */
static size_t find(const struct mp_names *s, const char *text, size_t n)
{
    size_t i = hash(text, n) & (s->slots - 1);
    for (; s->slot[i] != 0; i = (i + 1) & (s->slots - 1)) {
        const char *at = s->at[s->slot[i] - 1];
        if (strncmp(at, text, n) == 0 && at[n] == '\0')
            break;
    }
    return i;
}

/* Room for twice as many. */
static int grow(struct mp_ctx *c, struct mp_names *s)
{
    const size_t slots = s->slots > 0 ? 2 * s->slots : 32;
    uint32_t *slot = mp_alloc(c, slots, sizeof *slot);
    char **at = slot != NULL ? mp_alloc(c, slots / 2, sizeof *at) : NULL;
    if (at == NULL) {
        free(slot);
        return -1;
    }
    if (s->n > 0)
        memcpy(at, s->at, s->n * sizeof *at);
    free(s->at);
    free(s->slot);
    *s = (struct mp_names){ .n = s->n, .at = at, .slot = slot, .slots = slots };
    for (size_t i = 0; i < s->n; i++)
        slot[find(s, at[i], strlen(at[i]))] = (uint32_t)i + 1;
    return MP_OK;
}

int mp_names_add(struct mp_ctx *c, struct mp_names *s, const char *text, size_t n)
{
    if (s->n >= s->slots / 2 && grow(c, s) < 0)
        return -1;
    const size_t i = find(s, text, n);
    if (s->slot[i] != 0)
        return (int)s->slot[i] - 1;
    char *copy = mp_alloc(c, n + 1, 1);
    if (copy == NULL)
        return -1;
    s->at[s->n] = memcpy(copy, text, n);
    s->slot[i] = (uint32_t)++s->n;
    return (int)s->n - 1;
}

int mp_names_find(const struct mp_names *s, const char *text)
{
    return s->slots > 0 ? (int)s->slot[find(s, text, strlen(text))] - 1 : -1;
}

const char *mp_names_at(const struct mp_names *s, size_t i)
{
    return s->at[i];
}

const char *const *mp_names_all(const struct mp_names *s)
{
    return (const char *const *)s->at;
}

int mp_names_copy(struct mp_ctx *c, const struct mp_names *from, struct mp_names *to)
{
    *to = (struct mp_names){ .n = 0 };
    for (size_t i = 0; i < from->n; i++)
        if (mp_names_add(c, to, from->at[i], strlen(from->at[i])) < 0)
            return -1;
    return MP_OK;
}

static int by_order(const void *a, const void *b)
{
    return mp_names_compare(*(char *const *)a, *(char *const *)b);
}

int mp_names_merge(struct mp_ctx *c, struct mp_names *s, const struct mp_names *from)
{
    for (size_t i = 0; i < from->n; i++)
        if (mp_names_add(c, s, from->at[i], strlen(from->at[i])) < 0)
            return -1;
    if (s->n == 0)
        return MP_OK;
    qsort(s->at, s->n, sizeof *s->at, by_order);
    memset(s->slot, 0, s->slots * sizeof *s->slot);
    for (size_t i = 0; i < s->n; i++)
        s->slot[find(s, s->at[i], strlen(s->at[i]))] = (uint32_t)i + 1;
    return MP_OK;
}

void mp_names_free(struct mp_names *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->at[i]);
    free(s->at);
    free(s->slot);
    *s = (struct mp_names){ .n = 0 };
}

int mp_names_compare(const char *a, const char *b)
{
    int64_t p = 0, q = 0;
    const bool number = mp_whole_text(a, &p), other = mp_whole_text(b, &q);
    if (number != other)
        return number ? -1 : 1;
    return number ? (p > q) - (p < q) : strcmp(a, b);
}
