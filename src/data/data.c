/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.c - data sets: room, row names, parts, checksum. */
#include "data/data.h"
#include "core/ctx.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void mp_data_seal(struct mp_data *d)
{
    const size_t all = d->n * mp_len(d->shape), most = 1 << 24;
    d->crc = 0;
    for (size_t at = 0; at < all; at += most) {
        const uint8_t *x = d->x + at, *end = x + (all - at < most ? all - at : most);
        d->crc = (uint32_t)crc32_z(d->crc, x, (size_t)(end - x));
        mp_rows_let_go(&d->store, x, end);
    }
    if (d->label != NULL)
        d->crc = (uint32_t)crc32_z(d->crc, d->label, d->n);
}

void mp_data_free(struct mp_data *d)
{
    free(d->name);
    if (d->store.at != NULL)
        mp_rows_free(&d->store);
    else
        free(d->x);
    free(d->label);
    free(d->number);
    memset(d, 0, sizeof *d);
}

int mp_data_room(struct mp_ctx *c, struct mp_data *d, size_t n, size_t len)
{
    const size_t size = mp_product(n, len);
    if (++c->n_alloc == c->fail_at || !mp_rows_resize(&d->store, size))
        return mp_fail(c, "%s: no memory for %zu x %zu bytes",
                       d->name != NULL ? d->name : "rows", n, len);
    d->x = d->store.at;
    return MP_OK;
}

char *mp_data_name(struct mp_ctx *c, const char *name)
{
    const size_t n = strlen(name) + 1;
    char *copy = mp_alloc(c, n, 1);
    return copy != NULL ? memcpy(copy, name, n) : NULL;
}

static uint64_t number(const struct mp_data *d, size_t i)
{
    return d->number != NULL ? d->number[i] : d->line0 + i;
}

void mp_data_row_name(const struct mp_data *d, size_t i, char *text, size_t size)
{
    snprintf(text, size, "%s %llu", d->is_csv ? "line" : "item",
             (unsigned long long)number(d, i));
}

int mp_data_pick(struct mp_ctx *c, const struct mp_data *d, const size_t *rows, size_t n,
                 struct mp_data *part)
{
    const size_t len = mp_len(d->shape);
    *part = *d;
    part->n = n;
    part->label = NULL;
    part->x = NULL;
    part->store = (struct mp_rows){ .at = NULL };
    part->name = mp_data_name(c, d->name);
    part->number = mp_alloc(c, n, sizeof *part->number);
    if (d->label != NULL)
        part->label = mp_alloc(c, n, 1);
    if (part->name == NULL || part->number == NULL || mp_data_room(c, part, n, len) < 0 ||
        (d->label != NULL && part->label == NULL)) {
        mp_data_free(part);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= d->n) {
            mp_data_free(part);
            return mp_fail(c, "%s: no row %zu, expected 0..%zu", d->name, rows[i], d->n - 1);
        }
        memcpy(part->x + i * len, d->x + rows[i] * len, len);
        if (d->label != NULL)
            part->label[i] = d->label[rows[i]];
        part->number[i] = number(d, rows[i]);
    }
    mp_data_seal(part);
    return MP_OK;
}
