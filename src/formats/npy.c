/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy.c - NumPy's array file, one array a file.
 *
 * STEM.npy holds the values (float32, or uint8 for whole pixels) in C order,
 * STEM.labels.npy the labels (int64).  Both can be mapped by
 * np.load(mmap_mode="r").  Reference: numpy.lib.format, version 1.0.
 */
#include "formats/format.h"
#include "formats/npy_head.h"

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    unsigned char head[MP_NPY_HEAD];
    uint64_t dims[4];
    const int n = mp_table_dims(w, dims);

    if (mp_table_sink(c, w, ".npy") < 0 ||
        mp_sink_put(c, &w->sink[0], head, mp_npy_head(head, w->t.bytes ? "u1" : "f4", dims, n)) < 0)
        return -1;
    if (!w->t.labels)
        return MP_OK;
    if (mp_table_sink(c, w, ".labels.npy") < 0)
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

MP_FORMAT(npy) = {
    .rank = 3,
    .doc = "NumPy: train.npy, train.labels.npy",
    .begin = begin, .rows = rows,
};
