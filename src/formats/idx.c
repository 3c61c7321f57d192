/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idx.c - the IDX files that MNIST and its relatives come in.
 *
 * Form: two zero bytes, element type, number of dimensions, each dimension as
 * 32 bits big-endian, then the elements, high byte first (Y. LeCun, "The MNIST database").
 * Images and labels are files of their own.
 * Read: all six types; array.h tells which dimensions.
 * Written: bytes or floats; labels as bytes, or as 32 bits where some is none.  Classes without
 * numbers for their names are numbered, see STEM.classes.txt.  Files are named as MNIST's are,
 * so that readers find the labels: STEM-images-idx3-ubyte, STEM-labels-idx1-ubyte; for floats
 * "float" in place of "ubyte", for feature rows STEM-features-idx2-float.
 */
#include "formats/array.h"
#include "formats/format.h"
#include "formats/input.h"
#include <string.h>

enum { BYTES = 0x08, INTS = 0x0c, FLOATS = 0x0d };

static uint32_t big32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool type_of(uint8_t code, struct mp_array *a)
{
    static const struct { uint8_t code; char kind; uint8_t size; } all[] = {
        { BYTES, 'u', 1 }, { 0x09, 'i', 1 },   { 0x0b, 'i', 2 },
        { 0x0c, 'i', 4 },  { FLOATS, 'f', 4 }, { 0x0e, 'f', 8 },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].code == code) {
            a->kind = all[i].kind;
            a->size = all[i].size;
            return true;
        }
    return false;
}

/* Leaves the input at the first element. */
static int read_header(struct mp_input *in, struct mp_array *a)
{
    if (mp_input_fill(in, 4) < 0)
        return -1;
    const size_t have = in->n - in->at;
    const uint32_t magic = have >= 4 ? big32(in->buf + in->at) : 0;
    *a = (struct mp_array){ .high = true, .n_dims = (int)(magic & 0xff) };
    if (have >= 4 && magic >> 16 != 0)
        return mp_fail(in->c, "%s: found magic 0x%08x, expected 0x0000 and then a type of element "
                       "and the number of dimensions (IDX)", in->name, magic);
    if (have >= 4 && !type_of((uint8_t)(magic >> 8), a))
        return mp_fail(in->c, "%s: found magic 0x%08x (element type 0x%02x), expected type 0x08, "
                       "0x09, 0x0b, 0x0c, 0x0d or 0x0e (IDX)", in->name, magic, magic >> 8);
    if (have >= 4 && (a->n_dims < 1 || a->n_dims > MP_ARRAY_DIMS))
        return mp_fail(in->c, "%s: found magic 0x%08x (%d dimensions), expected 1..%d (IDX)",
                       in->name, magic, a->n_dims, MP_ARRAY_DIMS);
    const size_t bytes = have < 4 ? 8 : 4 + 4 * (size_t)a->n_dims;
    if (mp_input_fill(in, bytes) < 0)
        return -1;
    if (in->n - in->at < bytes)
        return mp_fail(in->c, "%s: found %zu bytes, expected an IDX header of %zu bytes", in->name,
                       in->n - in->at, bytes);
    for (int i = 0; i < a->n_dims; i++)
        a->dim[i] = big32(in->buf + in->at + 4 + 4 * i);
    in->at += bytes;
    return MP_OK;
}

/* No text begins so. */
static enum mp_look sniff(const uint8_t *p, size_t n)
{
    return n >= 2 && p[0] == 0 && p[1] == 0 ? MP_LOOK_IS : MP_LOOK_OTHER;
}

static int read_images(struct mp_input *in, const struct mp_form *form, struct mp_data *d)
{
    struct mp_array a;
    if (read_header(in, &a) < 0)
        return -1;
    if (a.n_dims == 1)
        return mp_fail(in->c, "%s: found IDX labels, expected IDX images", in->name);
    return mp_array_images(in, &a, form, d);
}

static int read_labels(struct mp_input *in, struct mp_data *d)
{
    struct mp_array a;
    if (read_header(in, &a) < 0)
        return -1;
    if (a.n_dims > 2)
        return mp_fail(in->c, "%s: found IDX images, expected IDX labels", in->name);
    return mp_array_labels(in, &a, d);
}

/* ------------------------------------------------------------------ writing */

static int head(struct mp_ctx *c, struct mp_sink *s, int type, const uint64_t *dims, int n)
{
    unsigned char text[4 + 4 * 4] = {0, 0, (unsigned char)type, (unsigned char)n};
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 4; k++)
            text[4 + 4 * i + k] = (unsigned char)(dims[i] >> (24 - 8 * k));
    return mp_sink_put(c, s, text, 4 + 4 * (size_t)n);
}

static bool byte_labels(const struct mp_table_writer *w)
{
    for (int k = 0; k < w->t.n_classes; k++)
        if (mp_table_label(w, k) < 0 || mp_table_label(w, k) > 255)
            return false;
    return true;
}

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    uint64_t dims[4];
    const int n = mp_table_dims(w, dims);
    char suffix[64];

    if (w->t.rows > UINT32_MAX)
        return mp_fail(c, "%s: %llu rows; IDX holds at most 2^32 - 1", w->stem,
                       (unsigned long long)w->t.rows);
    snprintf(suffix, sizeof suffix, "-%s-idx%d-%s", n == 2 ? "features" : "images", n,
             w->t.bytes ? "ubyte" : "float");
    if (mp_table_sink(c, w, suffix) < 0 ||
        head(c, &w->sink[0], w->t.bytes ? BYTES : FLOATS, dims, n) < 0)
        return -1;
    if (!w->t.labels)
        return MP_OK;
    const bool bytes = byte_labels(w);
    if (mp_table_sink(c, w, bytes ? "-labels-idx1-ubyte" : "-labels-idx1-int") < 0 ||
        head(c, &w->sink[1], bytes ? BYTES : INTS, dims, 1) < 0)
        return -1;
    return mp_table_classes(c, w);
}

static int put_floats(struct mp_ctx *c, struct mp_sink *s, const float *x, size_t n)
{
    enum { RUN = 16384 };
    for (size_t i = 0; i < n;) {
        const size_t stop = n - i < RUN ? n : i + RUN, count = stop - i;
        unsigned char *at = (unsigned char *)mp_sink_room(c, s, RUN * 4);
        if (at == NULL)
            return -1;
        for (; i < stop; i++, at += 4) {
            union { float x; uint32_t bits; } v = {.x = x[i]};
            at[0] = (unsigned char)(v.bits >> 24);
            at[1] = (unsigned char)(v.bits >> 16);
            at[2] = (unsigned char)(v.bits >> 8);
            at[3] = (unsigned char)v.bits;
        }
        mp_sink_used(s, count * 4);
    }
    return MP_OK;
}

static int put_labels(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    const bool bytes = byte_labels(w);
    for (size_t i = 0; i < r->n; i++) {
        const uint32_t v = (uint32_t)mp_table_label(w, r->label[i]);
        const unsigned char text[4] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16),
                                        (unsigned char)(v >> 8), (unsigned char)v };
        if (mp_sink_put(c, &w->sink[1], bytes ? text + 3 : text, bytes ? 1 : 4) < 0)
            return -1;
    }
    return MP_OK;
}

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    const size_t n = r->n * w->d;
    if (r->x != NULL ? put_floats(c, &w->sink[0], r->x, n) < 0
                     : mp_sink_put(c, &w->sink[0], r->b, n) < 0)
        return -1;
    return r->label == NULL ? MP_OK : put_labels(c, w, r);
}

MP_FORMAT(idx) = {
    .rank = 6,
    .doc = "MNIST's own: train-images-idx3-ubyte, train-labels-idx1-ubyte; floats\n"
           "have float in place of ubyte, features train-features-idx2-float",
    .sniff = sniff, .read = read_images, .labels = read_labels,
    .beside = { { "images-idx", "labels[-.]idx[12]*" }, { "images.idx", "labels[-.]idx[12]*" },
                { "features-idx", "labels[-.]idx[12]*" } },
    .begin = begin, .rows = rows,
};
