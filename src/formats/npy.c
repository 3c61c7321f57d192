/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy.c - NumPy's array file, one array a file.
 *
 * Read: numbers of any type, in either order; array.h tells which shapes.  Labels are an array
 * of their own.
 * Written: STEM.npy holds the values (float32, or uint8 for whole pixels) in C order,
 * STEM.labels.npy the labels (int64, or texts where classes are no numbers).  Both can be mapped
 * by np.load(mmap_mode="r").
 * Reference: numpy.lib.format.
 */
#include "formats/format.h"
#include "formats/npy_head.h"

static enum mp_look sniff(const uint8_t *p, size_t n)
{
    return mp_npy_looks(p, n) ? MP_LOOK_IS : MP_LOOK_OTHER;
}

static int read_images(struct mp_input *in, const struct mp_form *form, struct mp_data *d)
{
    struct mp_array a;
    return mp_npy_read_head(in, &a) < 0 ? -1 : mp_array_images(in, &a, form, d);
}

static int read_labels(struct mp_input *in, struct mp_data *d)
{
    struct mp_array a;
    return mp_npy_read_head(in, &a) < 0 ? -1 : mp_array_labels(in, &a, d);
}

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    unsigned char head[MP_NPY_HEAD];
    char type[16];
    uint64_t dims[4];
    const int n = mp_table_dims(w, dims);

    if (mp_table_sink(c, w, ".npy") < 0 ||
        mp_sink_put(c, &w->sink[0], head, mp_npy_head(head, w->t.bytes ? "u1" : "f4", dims, n)) < 0)
        return -1;
    if (!w->t.labels)
        return MP_OK;
    if (mp_table_sink(c, w, ".labels.npy") < 0)
        return -1;
    mp_npy_label_type(w, type);
    return mp_sink_put(c, &w->sink[1], head, mp_npy_head(head, type, dims, 1));
}

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    const void *values = r->x != NULL ? (const void *)r->x : r->b;
    if (mp_sink_put(c, &w->sink[0], values, r->n * w->d * (r->x != NULL ? sizeof *r->x : 1)) < 0)
        return -1;
    char type[16];
    const size_t size = mp_npy_label_type(w, type);
    for (size_t i = 0; r->label != NULL && i < r->n; i++) {
        uint32_t item[MP_NPY_LABEL];
        mp_npy_label(w, r->label[i], item);
        if (mp_sink_put(c, &w->sink[1], item, size) < 0)
            return -1;
    }
    return MP_OK;
}

MP_FORMAT(npy) = {
    .rank = 3,
    .doc = "NumPy: train.npy, train.labels.npy",
    .sniff = sniff, .read = read_images, .labels = read_labels,
    .beside = { { ".npy", ".labels.npy" }, { "x_", "y_%" }, { "X_", "y_%" }, { "x.", "y.%" },
                { "X.", "y.%" }, { "images", "labels%" }, { "imgs", "labels%" } },
    .begin = begin, .rows = rows,
};
