/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - rows from a file: which format it is, and the labels beside it.
 *
 * Method: the content decides, never the name: formats are asked in turn how it looks to them.
 * What is gzip is judged by what is inside.
 * Cost: that of the format, and 0.04 s for the CRC of 47 MB.
 */
#include "formats/read.h"
#include "core/ctx.h"
#include "formats/format.h"
#include "formats/input.h"
#include "formats/levels.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int neither(struct mp_input *in, const char *names)
{
    const uint8_t *p = in->buf + in->at;
    const size_t n = in->n - in->at;
    char hex[3 * 8 + 1] = "";
    if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0)
        return mp_fail(in->c, "%s: is a zip archive; unpack it and give the CSV file in it",
                       in->name);
    for (size_t i = 0; i < n && i < 8; i++)
        snprintf(hex + 3 * i, sizeof hex - 3 * i, " %02x", p[i]);
    return mp_fail(in->c, "%s: starts with%s, expected %s, plain or gzip", in->name, hex, names);
}

/* *found: the format, once it is known. */
static int read_rows(struct mp_input *in, const struct mp_form *form, struct mp_data *d,
                     const struct mp_format_entry **found)
{
    char names[MP_FORMAT_NAMES];
    if (mp_input_fill(in, MP_SNIFF) < 0)
        return -1;
    const uint8_t *p = in->buf + in->at;
    const size_t n = in->n - in->at;
    mp_format_names(false, names, sizeof names);
    if (n == 0)
        return mp_fail(in->c, "%s: is empty, expected %s", in->name, names);
    *found = mp_format_of(p, n);
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) /* UTF-8 byte order mark */
        in->at += 3;
    return *found != NULL ? (*found)->format->read(in, form, d) : neither(in, names);
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

/* The file that has word[1] in its name where `file` has word[0], if it is there, with or
 * without ".gz".  *name: NULL if not, and otherwise the caller's to free. */
static int beside(struct mp_ctx *c, const char *file, const char *const word[2], char **name)
{
    const char *slash = strrchr(file, '/');
    const char *at = strstr(slash != NULL ? slash : file, word[0]);
    const size_t size = strlen(file) + strlen(word[1]) + sizeof ".gz";
    *name = NULL;
    if (at == NULL)
        return MP_OK;
    char *s = mp_alloc(c, size, 1);
    if (s == NULL)
        return -1;
    const size_t len = (size_t)snprintf(s, size, "%.*s%s%s", (int)(at - file), file, word[1],
                                        at + strlen(word[0]));
    if (access(s, F_OK) == 0) {
        *name = s;
        return MP_OK;
    }
    if (len > 3 && strcmp(s + len - 3, ".gz") == 0)
        s[len - 3] = '\0';
    else
        memcpy(s + len, ".gz", sizeof ".gz");
    if (access(s, F_OK) == 0)
        *name = s;
    else
        free(s);
    return MP_OK;
}

static int read_labels(struct mp_ctx *c, const struct mp_format *f, const char *file,
                       struct mp_data *d)
{
    struct mp_input in;
    if (mp_input_open(c, &in, file) < 0)
        return -1;
    d->file_bytes += in.file_bytes;
    const int rc = f->labels(&in, d);
    mp_input_close(&in);
    return rc;
}

/* A file that holds its labels itself, and another that the user named for them. */
static int not_beside(struct mp_ctx *c, const struct mp_format_entry *e, const char *labels_file,
                      const struct mp_data *d)
{
    char title[32], names[MP_FORMAT_NAMES];
    mp_format_title(e, title, sizeof title);
    mp_format_names(true, names, sizeof names);
    return mp_fail(c, "%s: is a %s file, which holds its labels itself; a labels file (%s) "
                   "goes with %s images only", d->name, title, labels_file, names);
}

static int find_labels(struct mp_ctx *c, const struct mp_format_entry *e, const char *labels_file,
                       struct mp_data *d)
{
    const struct mp_format *f = e->format;
    if (f->labels == NULL)
        return labels_file == NULL ? MP_OK : not_beside(c, e, labels_file, d);
    if (labels_file != NULL)
        return read_labels(c, f, labels_file, d);
    char *name = NULL;
    int rc = MP_OK;
    for (int i = 0; i < MP_BESIDE && f->beside[i][0] != NULL && name == NULL && rc == MP_OK; i++)
        rc = beside(c, d->name, f->beside[i], &name);
    if (name != NULL)
        rc = read_labels(c, f, name, d);
    free(name);
    return rc;
}

int mp_data_read(struct mp_ctx *c, const char *file, const char *labels_file,
                 const struct mp_form *form, struct mp_data *d)
{
    const struct mp_format_entry *found = NULL;
    struct mp_input in;
    memset(d, 0, sizeof *d);
    if (check_form(c, form) < 0 || mp_input_open(c, &in, file) < 0)
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
    if (check_form(c, form) < 0 || mp_input_open(c, &in, file) < 0)
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
