/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idx.c - the IDX files that MNIST and its relatives come in.
 *
 * Form: two zero bytes, element type, number of dimensions, each dimension as
 * 32 bits big-endian, then the elements (Y. LeCun, "The MNIST database").  Images
 * and labels are files of their own.
 * Read: images of bytes.  Memory grows with what has been read, never with what the header
 * claims, so a lying header costs nothing.  Cost: one copy, 0.04 s for 47 MB.
 * Written: bytes or floats, also high byte first.  Files are named as MNIST's are, so that
 * readers find the labels: STEM-images-idx3-ubyte, STEM-labels-idx1-ubyte; for floats "float"
 * in place of "ubyte", for feature rows STEM-features-idx2-float.
 */
#include "formats/format.h"
#include "formats/input.h"
#include <string.h>

enum { FIRST_PIECE = 1 << 20 };
enum { IMAGES = 0x803, LABELS = 0x801, BYTES = 0x08, FLOATS = 0x0d };

static uint32_t big32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int wrong_magic(struct mp_input *in, uint32_t magic, uint32_t want)
{
    const char *file = in->name;
    const char *kind = want == IMAGES ? "images" : "labels";
    const int dims = want == IMAGES ? 3 : 1;
    if (magic == IMAGES || magic == LABELS)
        return mp_fail(in->c, "%s: found IDX %s, expected IDX %s", file,
                       magic == IMAGES ? "images" : "labels", kind);
    if (magic >> 16 != 0)
        return mp_fail(in->c, "%s: found magic 0x%08x, expected 0x%08x (IDX %s)", file, magic,
                       want, kind);
    if (magic >> 8 != BYTES)
        return mp_fail(in->c, "%s: found magic 0x%08x (element type 0x%02x), expected 0x%08x "
                       "(IDX %s: element type 0x08, bytes)", file, magic, magic >> 8, want, kind);
    return mp_fail(in->c, "%s: found magic 0x%08x (%u dimensions), expected 0x%08x "
                   "(IDX %s: %d dimension%s)", file, magic, magic & 0xff, want, kind, dims,
                   dims > 1 ? "s" : "");
}

/* The `dims` sizes behind the magic; leaves the input at the first element. */
static int read_header(struct mp_input *in, uint32_t want, uint32_t *sizes)
{
    const size_t dims = want & 0xff, bytes = 4 + 4 * dims;
    if (mp_input_fill(in, bytes) < 0)
        return -1;
    const size_t have = in->n - in->at;
    if (have >= 4 && big32(in->buf + in->at) != want)
        return wrong_magic(in, big32(in->buf + in->at), want);
    if (have < bytes)
        return mp_fail(in->c, "%s: found %zu bytes, expected an IDX header of %zu bytes",
                       in->name, have, bytes);
    for (size_t i = 0; i < dims; i++)
        sizes[i] = big32(in->buf + in->at + 4 + 4 * i);
    in->at += bytes;
    return MP_OK;
}

/* All bytes up to the end of the file into d's images or labels, at most `want` of them;
 * *found counts them all. */
static int read_all(struct mp_input *in, uint64_t want, struct mp_data *d, bool images,
                    uint64_t *found)
{
    uint64_t room = 0;
    *found = 0;
    for (;;) {
        if (mp_input_fill(in, 1) < 0)
            return -1;
        const size_t have = in->n - in->at;
        if (have == 0)
            return MP_OK;
        if (*found < want) {
            const uint64_t rest = want - *found;
            const size_t k = have < rest ? have : (size_t)rest;
            if (*found + k > room) {
                room = room == 0 ? FIRST_PIECE : 2 * room;
                room = room < *found + k ? *found + k : room;
                room = room > want ? want : room;
                const size_t size = room < SIZE_MAX ? (size_t)room : SIZE_MAX;
                if ((images ? mp_data_room(in->c, d, size, 1)
                            : mp_input_grow(in, &d->label, size, 1)) < 0)
                    return -1;
            }
            memcpy((images ? d->x : d->label) + *found, in->buf + in->at, k);
            if (images)
                mp_rows_let_go(&d->store, d->x + *found, d->x + *found + k);
        }
        *found += have;
        in->at += have;
    }
}

/* No text begins so. */
static enum mp_look sniff(const uint8_t *p, size_t n)
{
    return n >= 2 && p[0] == 0 && p[1] == 0 ? MP_LOOK_IS : MP_LOOK_OTHER;
}

static int read_images(struct mp_input *in, const struct mp_form *form, struct mp_data *d)
{
    const struct mp_shape size = form->size;
    uint32_t s[3] = { 0 };
    uint64_t found = 0;
    if (read_header(in, IMAGES, s) < 0)
        return -1;
    if (s[0] == 0)
        return mp_fail(in->c, "%s: found 0 images, expected at least 1", in->name);
    if (s[1] < 1 || s[1] > MP_IMAGE_SIDE || s[2] < 1 || s[2] > MP_IMAGE_SIDE)
        return mp_fail(in->c, "%s: found images of %ux%u, expected 1..%d each way", in->name, s[1],
                       s[2], MP_IMAGE_SIDE);
    d->shape = (struct mp_shape){ (int)s[1], (int)s[2], 1 };
    if (size.h != 0 && (size.h != d->shape.h || size.w != d->shape.w))
        return mp_fail(in->c, "%s: found images of %ux%u, expected %dx%d (size)", in->name, s[1],
                       s[2], size.h, size.w);
    if (in->shape_only)
        return MP_OK;
    const uint64_t want = (uint64_t)s[0] * s[1] * s[2]; /* below 2^56 */
    if (read_all(in, want, d, true, &found) < 0)
        return -1;
    if (found != want)
        return mp_fail(in->c, "%s: found %llu bytes of pixels, expected %llu (%u images of %ux%u)",
                       in->name, (unsigned long long)found, (unsigned long long)want, s[0], s[1],
                       s[2]);
    d->n = s[0];
    d->line0 = 0;
    d->is_csv = false;
    return MP_OK;
}

static int read_labels(struct mp_input *in, struct mp_data *d)
{
    uint32_t n = 0;
    uint64_t found = 0;
    if (read_header(in, LABELS, &n) < 0)
        return -1;
    if (n != d->n)
        return mp_fail(in->c, "%s: found %u labels, expected %zu, as many as images in %s",
                       in->name, n, d->n, d->name);
    if (read_all(in, n, d, false, &found) < 0)
        return -1;
    if (found != n)
        return mp_fail(in->c, "%s: found %llu bytes of labels, expected %u", in->name,
                       (unsigned long long)found, n);
    return MP_OK;
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
    if (mp_table_sink(c, w, "-labels-idx1-ubyte") < 0)
        return -1;
    return head(c, &w->sink[1], BYTES, dims, 1);
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

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    const size_t n = r->n * w->d;
    if (r->x != NULL ? put_floats(c, &w->sink[0], r->x, n) < 0
                     : mp_sink_put(c, &w->sink[0], r->b, n) < 0)
        return -1;
    return r->label == NULL ? MP_OK : mp_sink_put(c, &w->sink[1], r->label, r->n);
}

MP_FORMAT(idx) = {
    .rank = 6,
    .doc = "MNIST's own: train-images-idx3-ubyte, train-labels-idx1-ubyte; floats\n"
           "have float in place of ubyte, features train-features-idx2-float",
    .sniff = sniff, .read = read_images, .labels = read_labels,
    .beside = { { "images-idx3", "labels-idx1" }, { "images.idx3", "labels.idx1" } },
    .begin = begin, .rows = rows,
};
