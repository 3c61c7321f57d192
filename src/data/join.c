/* SPDX-License-Identifier: GPL-3.0-or-later */
/* join.c - rows of several files as one data set. */
#include "data/join.h"
#include <string.h>

/* The row's file is number `first` of *to, or one of those behind it. */
static int join_row(struct mp_ctx *c, struct mp_data *to, size_t at, const struct mp_data *from,
                    size_t i, size_t first, bool ids)
{
    const char *class = mp_data_class(from, i);
    to->number[at] = mp_data_number(from, i);
    to->from[at] = (uint32_t)first + (from->from != NULL ? from->from[i] : 0);
    if (mp_data_label_text(c, to, at, class, strlen(class)) < 0)
        return -1;
    if (!ids)
        return MP_OK;
    char name[64];
    if (from->id == NULL)
        mp_data_row_name(from, i, name, sizeof name);
    const char *id = from->id != NULL ? from->id[i] : name;
    return mp_data_id_text(c, to, at, id, strlen(id));
}

static bool pictures(const struct mp_data *d)
{
    return d->id != NULL && !d->is_csv;
}

static int join(struct mp_ctx *c, const struct mp_data *const from[2], const char *const name[2],
                struct mp_data *to)
{
    const size_t len = mp_len(to->shape);
    const bool ids = (from[0]->id != NULL && from[1]->id != NULL) || pictures(from[0]) ||
                     pictures(from[1]);
    size_t at = 0;
    to->name = mp_data_name(c, from[0]->name);
    to->number = mp_alloc(c, to->n, sizeof *to->number);
    to->from = mp_alloc(c, to->n, sizeof *to->from);
    if (to->name == NULL || to->number == NULL || to->from == NULL ||
        mp_data_room(c, to, to->n, len) < 0)
        return -1;
    for (int k = 0; k < 2; k++) {
        const size_t first = to->n_origins;
        if (mp_data_origins(c, from[k], name[k], to) < 0)
            return -1;
        memcpy(to->x + at * len, from[k]->x, from[k]->n * len);
        for (size_t i = 0; i < from[k]->n; i++, at++)
            if (join_row(c, to, at, from[k], i, first, ids) < 0)
                return -1;
    }
    if (mp_data_order_classes(c, to) < 0)
        return -1;
    return mp_data_seal(c, to);
}

int mp_data_join(struct mp_ctx *c, struct mp_data *d, const struct mp_data *more,
                 const char *const name[2])
{
    const struct mp_data *const from[2] = { d, more };
    struct mp_data all = { .n = d->n + more->n, .shape = d->shape, .line0 = d->line0,
                           .is_csv = d->is_csv && more->is_csv, .range = d->range,
                           .file_bytes = d->file_bytes + more->file_bytes };
    const int rc = join(c, from, name, &all);
    if (rc < 0) {
        mp_data_free(&all);
        return -1;
    }
    mp_data_free(d);
    *d = all;
    return MP_OK;
}
