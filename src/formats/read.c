/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - rows from a file: which format it is, and the labels beside it.
 *
 * Method: the content decides, never the name: formats are asked in turn how it looks to them.
 * What is packed is judged by what is inside; of an archive members.h finds what is meant.
 * Cost: that of the format, and 0.01 s for the CRC of 47 MB.
 */
#include "formats/read.h"
#include "core/ctx.h"
#include "core/text.h"
#include "data/class_map.h"
#include "files/archive.h"
#include "formats/beside.h"
#include "formats/foreign.h"
#include "formats/format.h"
#include "formats/input.h"
#include "formats/levels.h"
#include "formats/members.h"
#include "pictures/pictures.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int neither(struct mp_input *in)
{
    const uint8_t *p = in->buf + in->at;
    const size_t n = in->n - in->at;
    char hex[3 * 8 + 1] = "", names[MP_FORMAT_NAMES], text[1024];
    if (mp_foreign(p, n, in->name, text, sizeof text))
        return mp_fail(in->c, "%s: %s", in->name, text);
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
    char text[1024];
    *e = mp_foreign(p, n, in->name, text, sizeof text) ? NULL : mp_format_of(p, n);
    in->at += mp_text_mark((const char *)p, n);
    return MP_OK;
}

size_t mp_data_part(const char *name)
{
    const char *colon = access(name, F_OK) != 0 ? strchr(name, ':') : NULL;
    for (; colon != NULL; colon = strchr(colon + 1, ':')) {
        char *file = strndup(name, (size_t)(colon - name));
        struct stat st;
        const bool there = file != NULL && stat(file, &st) == 0 &&
                           (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
        free(file);
        if (there && colon[1] != '\0')
            return (size_t)(colon - name);
    }
    return 0;
}

/* A file, or a part of one. */
struct source {
    struct mp_input in;
    char *file;
    struct mp_want want; /* of an archive */
    bool pictures;       /* which src/pictures/ opens */
    bool chosen;         /* of a folder of files */
};

static void close_source(struct source *s)
{
    if (!s->pictures)
        mp_input_close(&s->in);
    free(s->file);
}

/* How a source is opened. */
enum way { TO_READ, TO_LOOK /* nothing is said of a choice */, FOR_LABELS };

static bool is_folder(const char *file)
{
    struct stat st;
    return stat(file, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A folder of files, such as MNIST's four: s->file becomes the one of them that is wanted. */
static int into_folder(struct mp_ctx *c, struct source *s, enum way way)
{
    if (!is_folder(s->file) || mp_pictures_are(s->file))
        return MP_OK;
    char *path = mp_members_path(c, s->file, &s->want, way == FOR_LABELS, way == TO_LOOK);
    if (path == NULL)
        return -1;
    free(s->file);
    s->file = path;
    s->want.named = NULL;
    s->chosen = true;
    return MP_OK;
}

static int open_source(struct mp_ctx *c, const char *name, const char *usual, enum way way,
                       struct source *s)
{
    const size_t n = mp_data_part(name);
    *s = (struct source){ .want = { n > 0 ? name + n + 1 : NULL, usual } };
    s->file = mp_data_name(c, name);
    if (s->file != NULL && n > 0)
        s->file[n] = '\0';
    int rc = s->file != NULL ? into_folder(c, s, way) : -1;
    s->pictures = rc == MP_OK && mp_pictures_are(s->file);
    if (rc == MP_OK && !s->pictures)
        rc = mp_input_open(c, &s->in, s->file);
    if (rc < 0)
        free(s->file);
    return rc < 0 ? -1 : MP_OK;
}

static int fill_archive(struct source *s, bool *archive)
{
    struct mp_input *in = &s->in;
    if (mp_input_fill(in, MP_PACKING_SNIFF) < 0)
        return -1;
    *archive = mp_packing(in->buf + in->at, in->n - in->at, NULL) == MP_PACKED_MEMBERS;
    if (!*archive && s->want.named != NULL)
        return mp_fail(in->c, "%s: is no archive, of which \"%s\" could be a part", s->file,
                       s->want.named);
    return MP_OK;
}

/* *found: the format, once it is known, of an archive that of the member. */
static int read_rows(struct source *s, const struct mp_form *form, struct mp_data *d,
                     const struct mp_format_entry **found)
{
    bool archive = false;
    *found = NULL;
    if (fill_archive(s, &archive) < 0)
        return -1;
    if (archive)
        return mp_members_read(&s->in, &s->want, form, d, found);
    if (find_format(&s->in, found) < 0)
        return -1;
    return *found != NULL ? (*found)->format->read(&s->in, form, d) : neither(&s->in);
}

static int check_form(struct mp_ctx *c, const struct mp_form *form)
{
    const struct mp_shape size = form->size;
    if (size.h == 0 && size.w == 0)
        return MP_OK;
    if (size.h < 1 || size.h > MP_IMAGE_SIDE || size.w < 1 || size.w > MP_IMAGE_SIDE ||
        (size.c != 1 && size.c != 3))
        return mp_fail(c, "size=%dx%dx%d: out of range (1..%d px each way, 1 or 3 channels)",
                       size.h, size.w, size.c, MP_IMAGE_SIDE);
    return MP_OK;
}

/* After reading: the values, the order of classes and the checksum, or nothing left. */
static int finish(struct mp_ctx *c, const struct mp_form *form, struct mp_data *d, int rc)
{
    if (rc == MP_OK && d->range.low >= d->range.high)
        rc = mp_levels_scale(c, form, d);
    if (rc == MP_OK)
        rc = mp_data_order_classes(c, d);
    if (rc == MP_OK && form->classes != NULL && *form->classes != '\0')
        rc = mp_class_rename(c, form->classes, d);
    if (rc == MP_OK)
        rc = mp_data_seal_shared(c, d);
    if (rc < 0)
        mp_data_free(d);
    return rc;
}

/* A file that cannot hold labels. */
static int no_labels(struct mp_input *in, const struct mp_format_entry *e)
{
    char title[32], names[MP_FORMAT_NAMES];
    mp_format_names(true, names, sizeof names);
    if (e == NULL)
        return neither(in);
    mp_format_title(e, title, sizeof title);
    return mp_fail(in->c, "%s: is a %s file; labels can be a file of %s", in->name, title, names);
}

static int read_labels_of(struct source *s, struct mp_data *d)
{
    const struct mp_format_entry *e = NULL;
    bool archive = false;
    if (fill_archive(s, &archive) < 0)
        return -1;
    if (archive)
        return mp_members_labels(&s->in, &s->want, d);
    if (find_format(&s->in, &e) < 0)
        return -1;
    return e == NULL || e->format->labels == NULL ? no_labels(&s->in, e)
                                                  : e->format->labels(&s->in, d);
}

/* Any format's labels go with any format's images. */
static int read_labels(struct mp_ctx *c, const char *file, const char *usual, struct mp_data *d)
{
    struct source s;
    if (open_source(c, file, usual, FOR_LABELS, &s) < 0)
        return -1;
    d->file_bytes += s.in.file_bytes;
    const int rc = s.pictures ? mp_fail(c, "%s: is pictures, expected labels", file)
                              : read_labels_of(&s, d);
    close_source(&s);
    return rc;
}

/* `e` is NULL where nothing can lie beside. */
static int find_labels(struct mp_ctx *c, const struct mp_format_entry *e, const char *labels_file,
                       const char *usual, struct mp_data *d)
{
    char *name = NULL;
    if (labels_file != NULL && d->label != NULL)
        return mp_fail(c, "%s: holds its labels itself; leave out the labels file %s, or say "
                       "label=none", d->name, labels_file);
    if (labels_file != NULL)
        return read_labels(c, labels_file, usual, d);
    int rc = d->label == NULL && e != NULL ? mp_beside_find(c, e->format, d->name, &name) : MP_OK;
    if (name != NULL)
        rc = read_labels(c, name, usual, d);
    free(name);
    return rc;
}

void mp_data_labels_name(struct mp_ctx *c, const char *file, char *text, size_t size)
{
    const struct mp_format_entry *e = NULL;
    const char *slash = strrchr(file, '/');
    struct mp_ctx quiet;
    struct source s;
    struct stat st;
    bool archive = false;
    *text = '\0';
    if (stat(file, &st) != 0 || !S_ISREG(st.st_mode)) /* a pipe would wait for more */
        return;
    mp_ctx_init(&quiet, c->run);
    if (open_source(&quiet, file, NULL, TO_LOOK, &s) == MP_OK) {
        if (!s.pictures && fill_archive(&s, &archive) == MP_OK && !archive)
            find_format(&s.in, &e);
        close_source(&s);
    }
    if (e == NULL || !mp_beside_pattern(e->format, slash != NULL ? slash + 1 : file, 0, text, size))
        *text = '\0';
    mp_ctx_free(&quiet);
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
static int read_pictures(struct mp_ctx *c, const struct source *s, const struct mp_form *form,
                         struct mp_form *scale, struct mp_data *d)
{
    if (mp_pictures_read(c, s->file, s->want.named, form, d) < 0)
        return -1;
    if (form->beside.h > 0 && form->range.high <= 1 && above_one(d))
        scale->range = (struct mp_range){ 0, 0 };
    return MP_OK;
}

int mp_data_read(struct mp_ctx *c, const char *file, const char *labels_file,
                 const struct mp_form *form, struct mp_data *d)
{
    const struct mp_format_entry *found = NULL;
    struct mp_form scale = *form;
    struct source s;
    memset(d, 0, sizeof *d);
    if (check_form(c, form) < 0 || open_source(c, file, form->part, TO_READ, &s) < 0)
        return -1;
    d->file_bytes = s.in.file_bytes;
    d->name = mp_data_name(c, s.chosen ? s.file : file);
    int rc = d->name == NULL ? -1
             : s.pictures    ? read_pictures(c, &s, form, &scale, d)
                             : read_rows(&s, form, d, &found);
    close_source(&s);
    if (rc == MP_OK)
        rc = find_labels(c, found, labels_file, form->part, d);
    return finish(c, &scale, d, rc);
}

int mp_data_shape(struct mp_ctx *c, const char *file, const struct mp_form *form,
                  struct mp_shape *shape)
{
    const struct mp_format_entry *found = NULL;
    struct source s;
    struct mp_data d = { 0 };
    if (check_form(c, form) < 0 || open_source(c, file, form->part, TO_LOOK, &s) < 0)
        return -1;
    s.in.shape_only = true;
    const int rc = s.pictures ? mp_pictures_shape(c, s.file, s.want.named, form, &d.shape)
                            : read_rows(&s, form, &d, &found);
    *shape = d.shape;
    close_source(&s);
    mp_data_free(&d);
    return rc;
}

bool mp_data_both(struct mp_ctx *c, const char *file)
{
    struct source s;
    struct mp_ctx quiet;
    bool archive = false, both = false;
    struct stat st;
    if (stat(file, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
        return false;
    mp_ctx_init(&quiet, c->run); /* what is wrong with it is said when it is read */
    if (is_folder(file)) {
        both = mp_pictures_are(file) ? mp_pictures_both(&quiet, file)
                                     : mp_members_both_in(&quiet, file);
    } else if (open_source(&quiet, file, NULL, TO_LOOK, &s) == MP_OK) {
        if (s.pictures)
            both = mp_pictures_both(&quiet, s.file);
        else if (fill_archive(&s, &archive) == MP_OK && archive)
            mp_members_both(&s.in, &both);
        close_source(&s);
    }
    mp_ctx_free(&quiet);
    return both;
}

int mp_data_read_memory(struct mp_ctx *c, const char *name, const void *bytes, size_t n,
                        const struct mp_form *form, struct mp_data *d)
{
    const struct mp_format_entry *found = NULL;
    struct source s = { .want = { NULL, form->part } };
    memset(d, 0, sizeof *d);
    if (check_form(c, form) < 0 || mp_input_open_memory(c, &s.in, name, bytes, n) < 0)
        return -1;
    d->file_bytes = n;
    d->name = mp_data_name(c, name);
    const int rc = d->name != NULL ? read_rows(&s, form, d, &found) : -1;
    mp_input_close(&s.in);
    return finish(c, form, d, rc);
}
