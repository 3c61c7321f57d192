/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_npy.c - NumPy's array file, one array a file.
 *
 * STEM.npy holds the values (float32, or uint8 for whole pixels) in C order,
 * STEM.labels.npy the labels (int64).  Both can be mapped by
 * np.load(mmap_mode="r").  Reference: numpy.lib.format, version 1.0.
 */
#include "formats/table_format.h"
#include <string.h>

size_t mp_npy_head(unsigned char head[MP_NPY_HEAD], const char *type, const uint64_t *dims,
                   int n_dims)
{
    const char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    char *text = (char *)head + 10;
    const size_t size = MP_NPY_HEAD - 10;
    int n = snprintf(text, size, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                     strcmp(type, "u1") == 0 ? '|' : order, type);
    for (int i = 0; i < n_dims; i++)
        n += snprintf(text + n, size - (size_t)n, i == 0 ? "%llu," : i == 1 ? " %llu" : ", %llu",
                      (unsigned long long)dims[i]);
    n += snprintf(text + n, size - (size_t)n, "), }");

    const size_t whole = (10 + (size_t)n + 1 + 63) / 64 * 64;
    memset(text + n, ' ', whole - 10 - (size_t)n);
    head[whole - 1] = '\n';
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = (unsigned char)(whole - 10);
    head[9] = (unsigned char)((whole - 10) >> 8);
    return whole;
}

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    unsigned char head[MP_NPY_HEAD];
    uint64_t dims[4];
    const int n = mp_table_dims(w, dims);

    if (mp_table_sink(c, w, ".npy", false) < 0 ||
        mp_sink_put(c, &w->sink[0], head, mp_npy_head(head, w->t.bytes ? "u1" : "f4", dims, n)) < 0)
        return -1;
    if (!w->t.labels)
        return MP_OK;
    if (mp_table_sink(c, w, ".labels.npy", false) < 0)
        return -1;
    return mp_sink_put(c, &w->sink[1], head, mp_npy_head(head, "i8", dims, 1));
}

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    const void *values = r->x != NULL ? (const void *)r->x : r->b;
    if (mp_sink_put(c, &w->sink[0], values, r->n * w->d * (r->x != NULL ? sizeof *r->x : 1)) < 0)
        return -1;
    for (size_t i = 0; r->label != NULL && i < r->n; i++) {
        const int64_t y = r->label[i];
        if (mp_sink_put(c, &w->sink[1], &y, sizeof y) < 0)
            return -1;
    }
    return MP_OK;
}

const struct mp_table_format mp_table_npy = {.name = "npy", .begin = begin, .rows = rows};
