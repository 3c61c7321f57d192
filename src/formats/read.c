/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - rows from a file: which format it is, and the labels beside it.
 *
 * Method: the content decides, never the name: formats are asked in turn how it looks to them.
 * What is gzip is judged by what is inside.
 * Cost: that of the format, and 0.04 s for the CRC of 47 MB.
 */
#include "formats/read.h"
#include "core/ctx.h"
#include "formats/beside.h"
#include "formats/format.h"
#include "formats/input.h"
#include "formats/levels.h"
#include "pictures/pictures.h"
#include <stdlib.h>
#include <string.h>

static int neither(struct mp_input *in)
{
    const uint8_t *p = in->buf + in->at;
    const size_t n = in->n - in->at;
    char hex[3 * 8 + 1] = "", names[MP_FORMAT_NAMES];
    mp_format_names(false, names, sizeof names);
    for (size_t i = 0; i < n && i < 8; i++)
        snprintf(hex + 3 * i, sizeof hex - 3 * i, " %02x", p[i]);
    return mp_fail(in->c, "%s: starts with%s, expected %s, plain or packed", in->name, hex, names);
}

/* *e: the format that content looks like, or NULL; leaves the input behind a byte order mark. */
static int find_format(struct mp_input *in, const struct mp_format_entry **e)
{
    char names[MP_FORMAT_NAMES];
    if (mp_input_fill(in, MP_SNIFF) < 0)
        return -1;
    const uint8_t *p = in->buf + in->at;
    const size_t n = in->n - in->at;
    mp_format_names(false, names, sizeof names);
    if (n == 0)
        return mp_fail(in->c, "%s: is empty, expected %s", in->name, names);
    *e = mp_format_of(p, n);
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) /* UTF-8 byte order mark */
        in->at += 3;
    return MP_OK;
}

/* *found: the format, once it is known. */
static int read_rows(struct mp_input *in, const struct mp_form *form, struct mp_data *d,
                     const struct mp_format_entry **found)
{
    if (find_format(in, found) < 0)
        return -1;
    return *found != NULL ? (*found)->format->read(in, form, d) : neither(in);
}

static int check_form(struct mp_ctx *c, const struct mp_form *form)
{
    const struct mp_shape size = form->size;
    if (size.h == 0 && size.w == 0)
        return MP_OK;
    if (size.h < 1 || size.h > MP_IMAGE_SIDE || size.w < 1 || size.w > MP_IMAGE_SIDE || size.c != 1)
        return mp_fail(c, "size=%dx%d: out of range (1..%d each way, 1 channel)", size.h, size.w,
                       MP_IMAGE_SIDE);
    return MP_OK;
}

/* After reading: the checksum, or nothing left. */
static int finish(struct mp_ctx *c, const struct mp_form *form, struct mp_data *d, int rc)
{
    if (rc == MP_OK && d->range.low >= d->range.high)
        rc = mp_levels_scale(c, form, d);
    if (rc == MP_OK)
        mp_data_seal(d);
    else
        mp_data_free(d);
    return rc;
}

/* A file that cannot hold labels. */
static int no_labels(struct mp_input *in, const struct mp_format_entry *e)
{
    char title[32], names[MP_FORMAT_NAMES];
    mp_format_names(true, names, sizeof names);
    if (e == NULL)
        return mp_fail(in->c, "%s: found no labels, expected those of %s", in->name, names);
    mp_format_title(e, title, sizeof title);
    return mp_fail(in->c, "%s: is a %s file; labels can be a file of %s", in->name, title, names);
}

/* Any format's labels go with any format's images. */
static int read_labels(struct mp_ctx *c, const char *file, struct mp_data *d)
{
    const struct mp_format_entry *e = NULL;
    struct mp_input in;
    if (mp_input_open(c, &in, file) < 0)
        return -1;
    d->file_bytes += in.file_bytes;
    int rc = find_format(&in, &e);
    if (rc == MP_OK)
        rc = e == NULL || e->format->labels == NULL ? no_labels(&in, e)
                                                    : e->format->labels(&in, d);
    mp_input_close(&in);
    return rc;
}

/* `e` is NULL where nothing can lie beside. */
static int find_labels(struct mp_ctx *c, const struct mp_format_entry *e, const char *labels_file,
                       struct mp_data *d)
{
    char *name = NULL;
    if (labels_file != NULL && d->label != NULL)
        return mp_fail(c, "%s: holds its labels itself; leave out the labels file %s, or say "
                       "label=none", d->name, labels_file);
    if (labels_file != NULL)
        return read_labels(c, labels_file, d);
    int rc = d->label == NULL && e != NULL ? mp_beside_find(c, e->format, d->name, &name) : MP_OK;
    if (name != NULL)
        rc = read_labels(c, name, d);
    free(name);
    return rc;
}

void mp_data_labels_name(const char *file, char *text, size_t size)
{
    const struct mp_format_entry *e = NULL;
    const char *slash = strrchr(file, '/');
    *text = '\0';
    while ((e = mp_format_next(e)) != NULL)
        if (mp_beside_pattern(e->format, slash != NULL ? slash + 1 : file, 0, text, size))
            return;
}

static bool above_one(const struct mp_data *d)
{
    const size_t n = d->n * mp_len(d->shape);
    size_t i = 0;
    while (i < n && d->x[i] <= 1)
        i++;
    return i < n;
}

/* The range of a bundle that learned from numbers up to 1 is none of pictures. */
static int read_pictures(struct mp_ctx *c, const char *path, const char *labels_file,
                         const struct mp_form *form, struct mp_data *d)
{
    struct mp_form same = *form;
    d->name = mp_data_name(c, path);
    int rc = d->name != NULL ? mp_pictures_read(c, path, form, d) : -1;
    if (rc == MP_OK)
        rc = find_labels(c, NULL, labels_file, d);
    if (rc == MP_OK && form->beside.h > 0 && form->range.high <= 1 && above_one(d))
        same.range = (struct mp_range){ 0, 0 };
    return finish(c, &same, d, rc);
}

int mp_data_read(struct mp_ctx *c, const char *file, const char *labels_file,
                 const struct mp_form *form, struct mp_data *d)
{
    const struct mp_format_entry *found = NULL;
    struct mp_input in;
    memset(d, 0, sizeof *d);
    if (check_form(c, form) < 0)
        return -1;
    if (mp_pictures_are(file))
        return read_pictures(c, file, labels_file, form, d);
    if (mp_input_open(c, &in, file) < 0)
        return -1;
    d->file_bytes = in.file_bytes;
    d->name = mp_data_name(c, file);
    int rc = d->name != NULL ? read_rows(&in, form, d, &found) : -1;
    mp_input_close(&in);
    if (rc == MP_OK)
        rc = find_labels(c, found, labels_file, d);
    return finish(c, form, d, rc);
}

int mp_data_shape(struct mp_ctx *c, const char *file, const struct mp_form *form,
                  struct mp_shape *shape)
{
    const struct mp_format_entry *found = NULL;
    struct mp_input in;
    struct mp_data d = { 0 };
    if (check_form(c, form) < 0)
        return -1;
    if (mp_pictures_are(file))
        return mp_pictures_shape(c, file, form, shape);
    if (mp_input_open(c, &in, file) < 0)
        return -1;
    in.shape_only = true;
    const int rc = read_rows(&in, form, &d, &found);
    *shape = d.shape;
    mp_input_close(&in);
    mp_data_free(&d);
    return rc;
}

int mp_data_read_memory(struct mp_ctx *c, const char *name, const void *bytes, size_t n,
                        const struct mp_form *form, struct mp_data *d)
{
    const struct mp_format_entry *found = NULL;
    struct mp_input in;
    memset(d, 0, sizeof *d);
    if (check_form(c, form) < 0 || mp_input_open_memory(c, &in, name, bytes, n) < 0)
        return -1;
    d->file_bytes = n;
    d->name = mp_data_name(c, name);
    const int rc = d->name != NULL ? read_rows(&in, form, d, &found) : -1;
    mp_input_close(&in);
    return finish(c, form, d, rc);
}
