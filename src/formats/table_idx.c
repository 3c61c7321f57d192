/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_idx.c - IDX, the format in which MNIST was published.
 *
 * 0 0 TYPE DIMENSIONS, each dimension as 32 bits, then the values; all numbers
 * high byte first.  Type 8 is a byte, 13 a float.  Files are named as MNIST's
 * are, so that readers find the labels: STEM-images-idx3-ubyte,
 * STEM-labels-idx1-ubyte; for floats "float" in place of "ubyte", for feature
 * rows STEM-features-idx2-float.
 */
#include "formats/table_format.h"

enum { IDX_UBYTE = 8, IDX_FLOAT = 13 };

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
    if (mp_table_sink(c, w, suffix, false) < 0 ||
        head(c, &w->sink[0], w->t.bytes ? IDX_UBYTE : IDX_FLOAT, dims, n) < 0)
        return -1;
    if (!w->t.labels)
        return MP_OK;
    if (mp_table_sink(c, w, "-labels-idx1-ubyte", false) < 0)
        return -1;
    return head(c, &w->sink[1], IDX_UBYTE, dims, 1);
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

const struct mp_table_format mp_table_idx = {.name = "idx", .begin = begin, .rows = rows};
