/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exemplars.c - training images that a bundle keeps. */
#include "engine/exemplars.h"
#include <stdlib.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many each of k classes gives of n in all: what one has too few for, the others do. */
static void share_out(const size_t *count, size_t *quota, size_t k, size_t n)
{
    for (size_t open = k; open > 0 && n > 0;) {
        const size_t each = n / open > 0 ? n / open : 1;
        open = 0;
        for (size_t i = 0; i < k; i++) {
            const size_t take = least(least(each, count[i] - quota[i]), n);
            quota[i] += take;
            n -= take;
            open += quota[i] < count[i];
        }
    }
}

/* The rows' numbers; returns how many.  Of a class's rows 0, 1 ... those are taken at which its
 * quota's share of what has passed reaches the next whole number. */
static size_t choose(const int *y, size_t n, const size_t *count, const size_t *quota,
                     size_t *passed, size_t *rows)
{
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t k = (size_t)y[i], r = passed[k]++;
        if ((r + 1) * quota[k] / count[k] > r * quota[k] / count[k])
            rows[taken++] = i;
    }
    return taken;
}

static int copy(struct mp_ctx *c, const struct mp_data *d, const int *y, const size_t *rows,
                struct mp_exemplars *e)
{
    const size_t room = e->n * MP_EXEMPLAR_NAME + 1;
    size_t used = 0;
    e->x = mp_alloc(c, mp_product(e->n, e->len), 1);
    e->class = mp_alloc(c, e->n, 2);
    e->called = mp_alloc(c, room, 1);
    if (e->x == NULL || e->class == NULL || e->called == NULL)
        return -1;
    for (size_t i = 0; i < e->n; i++) {
        char name[MP_EXEMPLAR_NAME - 1];
        memcpy(e->x + i * e->len, d->x + rows[i] * e->len, e->len);
        e->class[2 * i] = (unsigned char)(y[rows[i]] & 255);
        e->class[2 * i + 1] = (unsigned char)(y[rows[i]] >> 8);
        mp_data_row_name(d, rows[i], name, sizeof name);
        used += (size_t)snprintf(e->called + used, room - used, "%s\n", name);
    }
    return MP_OK;
}

int mp_exemplars_pick(struct mp_ctx *c, const struct mp_data *d, const int *y, int n_classes,
                      size_t n, struct mp_exemplars *e)
{
    const size_t k = (size_t)n_classes;
    size_t *count = mp_alloc(c, 3 * k, sizeof *count), *quota = count + k, *passed = quota + k;
    size_t *rows = mp_alloc(c, d->n, sizeof *rows);
    int rc = count != NULL && rows != NULL ? MP_OK : -1;
    *e = (struct mp_exemplars){ .len = mp_len(d->shape) };
    if (rc == MP_OK) {
        for (size_t i = 0; i < d->n; i++)
            count[y[i]]++;
        share_out(count, quota, k, least(n, d->n));
        e->n = choose(y, d->n, count, quota, passed, rows);
        rc = copy(c, d, y, rows, e);
    }
    free(count);
    free(rows);
    return rc;
}

/* Where the lines begin. */
static int find_lines(struct mp_ctx *c, struct mp_exemplars *e)
{
    size_t n = 0, at = 0;
    if ((e->line = mp_alloc(c, e->n + 1, sizeof *e->line)) == NULL)
        return -1;
    for (; e->called[at] != '\0' && n < e->n; n++) {
        const size_t length = strcspn(e->called + at, "\n");
        if (length >= MP_EXEMPLAR_NAME || e->called[at + length] != '\n')
            break;
        at += length + 1;
        e->line[n + 1] = at;
    }
    return n == e->n && e->called[at] == '\0'
               ? MP_OK
               : mp_fail(c, "the bundle keeps %zu images whose rows have other names than a line "
                            "each", e->n);
}

static int check(struct mp_ctx *c, struct mp_exemplars *e, size_t pixels, size_t classes,
                 int n_classes)
{
    e->n = pixels / e->len;
    if (e->n == 0 || pixels % e->len != 0 || classes / 2 != e->n || classes % 2 != 0)
        return mp_fail(c, "the bundle keeps images of %zu bytes, and %zu bytes of classes; "
                          "expected %zu and 2 for each", pixels, classes, e->len);
    for (size_t i = 0; i < e->n; i++)
        if (mp_exemplars_class(e, i) >= n_classes)
            return mp_fail(c, "the bundle keeps an image of class %d of %d",
                           mp_exemplars_class(e, i) + 1, n_classes);
    return find_lines(c, e);
}

int mp_exemplars_io(struct mp_io *io, struct mp_exemplars *e, size_t len, int n_classes)
{
    size_t pixels = e->n * e->len, classes = 2 * e->n;
    e->len = len;
    if (mp_io_bytes(io, "images", &e->x, &pixels) < 0 ||
        mp_io_bytes(io, "classes", &e->class, &classes) < 0 ||
        mp_io_text(io, "rows", &e->called, pixels / len * MP_EXEMPLAR_NAME) < 0)
        return -1;
    return mp_io_loading(io) ? check(mp_io_ctx(io), e, pixels, classes, n_classes) : MP_OK;
}

void mp_exemplars_free(struct mp_exemplars *e)
{
    free(e->x);
    free(e->class);
    free(e->called);
    free(e->line);
    *e = (struct mp_exemplars){ .n = 0 };
}

int mp_exemplars_class(const struct mp_exemplars *e, size_t i)
{
    return e->class[2 * i] | e->class[2 * i + 1] << 8;
}

void mp_exemplars_name(const struct mp_exemplars *e, size_t i, char text[MP_EXEMPLAR_NAME])
{
    snprintf(text, MP_EXEMPLAR_NAME, "%.*s", (int)(e->line[i + 1] - e->line[i] - 1),
             e->called + e->line[i]);
}
