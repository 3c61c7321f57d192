/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - rows from a file: which format it is, and the labels beside it.
 *
 * Method: the content decides, never the name.  IDX begins with two zero bytes,
 * which no text does; text is a CSV; what is gzip is judged by what is inside.
 * Cost: that of csv.c or idx.c, and 0.04 s for the CRC of 47 MB.
 */
#include "formats/read.h"
#include "core/ctx.h"
#include "formats/csv.h"
#include "formats/idx.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SIDE = 4096, LOOKED_AT = 512 };

/* Text has next to no control characters; other files have one byte in nine. */
static bool is_text(const uint8_t *p, size_t n)
{
    size_t control = 0;
    n = n < LOOKED_AT ? n : LOOKED_AT;
    for (size_t i = 0; i < n; i++)
        control += p[i] == 127 || (p[i] < 32 && p[i] != '\n' && p[i] != '\r' && p[i] != '\t');
    return control <= n / 16;
}

static int neither(struct mp_input *in)
{
    const uint8_t *p = in->buf + in->at;
    const size_t n = in->n - in->at;
    char hex[3 * 8 + 1] = "";
    if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0)
        return mp_fail(in->c, "%s: is a zip archive; unpack it and give the CSV file in it",
                       in->name);
    for (size_t i = 0; i < n && i < 8; i++)
        snprintf(hex + 3 * i, sizeof hex - 3 * i, " %02x", p[i]);
    return mp_fail(in->c, "%s: starts with%s, expected CSV or IDX, plain or gzip", in->name, hex);
}

static int read_images(struct mp_input *in, const struct mp_form *form, struct mp_data *d)
{
    if (mp_input_fill(in, LOOKED_AT) < 0)
        return -1;
    const uint8_t *p = in->buf + in->at;
    const size_t n = in->n - in->at;
    if (n == 0)
        return mp_fail(in->c, "%s: is empty, expected CSV or IDX", in->name);
    if (n >= 2 && p[0] == 0 && p[1] == 0)
        return mp_idx_read_images(in, form->size, d);
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) /* UTF-8 byte order mark */
        in->at += 3;
    if (!is_text(p, n))
        return neither(in);
    return mp_csv_read(in, form, d);
}

static int check_form(struct mp_ctx *c, const struct mp_form *form)
{
    const struct mp_shape size = form->size;
    if (form->range < 0 || form->range > 255)
        return mp_fail(c, "range=%d: out of range (1..255)", form->range);
    if (size.h == 0 && size.w == 0)
        return MP_OK;
    if (size.h < 1 || size.h > MAX_SIDE || size.w < 1 || size.w > MAX_SIDE || size.c != 1)
        return mp_fail(c, "size=%dx%d: out of range (1..%d each way, 1 channel)", size.h, size.w,
                       MAX_SIDE);
    return MP_OK;
}

/* Values up to `range` become values up to 255. */
static int scale(struct mp_ctx *c, struct mp_data *d, int range)
{
    const size_t len = mp_len(d->shape);
    uint8_t level[256];
    for (int v = 0; v <= range; v++)
        level[v] = (uint8_t)((510 * v + range) / (2 * range));
    for (size_t i = 0; i < d->n; i++) {
        uint8_t *x = d->x + i * len;
        for (size_t j = 0; j < len; j++) {
            char row[64];
            if (x[j] <= range) {
                x[j] = level[x[j]];
                continue;
            }
            mp_data_row_name(d, i, row, sizeof row);
            return mp_fail(c, "%s: %s: a pixel has the value %d, above range=%d", d->name, row,
                           x[j], range);
        }
        mp_rows_let_go(&d->store, x, x + len);
    }
    return MP_OK;
}

/* After reading: the checksum, or nothing left. */
static int finish(struct mp_ctx *c, const struct mp_form *form, struct mp_data *d, int rc)
{
    if (rc == MP_OK && form->range > 0 && form->range < 255)
        rc = scale(c, d, form->range);
    if (rc == MP_OK)
        mp_data_seal(d);
    else
        mp_data_free(d);
    return rc;
}

static char *copy_name(struct mp_ctx *c, const char *name)
{
    const size_t n = strlen(name) + 1;
    char *copy = mp_alloc(c, n, 1);
    return copy != NULL ? memcpy(copy, name, n) : NULL;
}

/* The labels that belong to an images file, if they are there:
 * "train-images-idx3-ubyte.gz" has "train-labels-idx1-ubyte", with or without
 * ".gz"; a dot may stand for the hyphen before "idx".  *name: NULL if none. */
static int sibling(struct mp_ctx *c, const char *file, char **name)
{
    static const char *const forms[][2] = { { "images-idx3", "labels-idx1" },
                                            { "images.idx3", "labels.idx1" } };
    const size_t len = strlen(file);
    const char *slash = strrchr(file, '/');
    char *s = mp_alloc(c, len + sizeof ".gz", 1);
    if (s == NULL)
        return -1;
    *name = s;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *at = strstr(slash != NULL ? slash : file, forms[i][0]);
        if (at == NULL)
            continue;
        memcpy(s, file, len + 1);
        memcpy(s + (at - file), forms[i][1], strlen(forms[i][1]));
        if (access(s, F_OK) == 0)
            return MP_OK;
        if (len > 3 && strcmp(s + len - 3, ".gz") == 0)
            s[len - 3] = '\0';
        else
            memcpy(s + len, ".gz", sizeof ".gz");
        if (access(s, F_OK) == 0)
            return MP_OK;
    }
    free(s);
    *name = NULL;
    return MP_OK;
}

static int read_labels(struct mp_ctx *c, const char *file, struct mp_data *d)
{
    struct mp_input in;
    if (mp_input_open(c, &in, file) < 0)
        return -1;
    d->file_bytes += in.file_bytes;
    const int rc = mp_idx_read_labels(&in, d);
    mp_input_close(&in);
    return rc;
}

static int find_labels(struct mp_ctx *c, const char *labels_file, struct mp_data *d)
{
    if (d->is_csv && labels_file == NULL)
        return MP_OK;
    if (d->is_csv)
        return mp_fail(c, "%s: is a CSV file, which holds its labels itself; a labels file (%s) "
                       "goes with IDX images only", d->name, labels_file);
    if (labels_file != NULL)
        return read_labels(c, labels_file, d);
    char *beside = NULL;
    int rc = sibling(c, d->name, &beside);
    if (beside != NULL)
        rc = read_labels(c, beside, d);
    free(beside);
    return rc;
}

int mp_data_read(struct mp_ctx *c, const char *file, const char *labels_file,
                 const struct mp_form *form, struct mp_data *d)
{
    struct mp_input in;
    memset(d, 0, sizeof *d);
    if (check_form(c, form) < 0 || mp_input_open(c, &in, file) < 0)
        return -1;
    d->file_bytes = in.file_bytes;
    d->name = copy_name(c, file);
    int rc = d->name != NULL ? read_images(&in, form, d) : -1;
    mp_input_close(&in);
    if (rc == MP_OK)
        rc = find_labels(c, labels_file, d);
    return finish(c, form, d, rc);
}

int mp_data_shape(struct mp_ctx *c, const char *file, const struct mp_form *form,
                  struct mp_shape *shape)
{
    struct mp_input in;
    struct mp_data d = { 0 };
    if (check_form(c, form) < 0 || mp_input_open(c, &in, file) < 0)
        return -1;
    in.shape_only = true;
    const int rc = read_images(&in, form, &d);
    *shape = d.shape;
    mp_input_close(&in);
    mp_data_free(&d);
    return rc;
}

int mp_data_read_memory(struct mp_ctx *c, const char *name, const void *bytes, size_t n,
                        const struct mp_form *form, struct mp_data *d)
{
    struct mp_input in;
    memset(d, 0, sizeof *d);
    if (check_form(c, form) < 0 || mp_input_open_memory(c, &in, name, bytes, n) < 0)
        return -1;
    d->file_bytes = n;
    d->name = copy_name(c, name);
    const int rc = d->name != NULL ? read_images(&in, form, d) : -1;
    mp_input_close(&in);
    return finish(c, form, d, rc);
}
