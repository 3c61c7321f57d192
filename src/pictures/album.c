/* SPDX-License-Identifier: GPL-3.0-or-later */
/* album.c - which files are pictures of a data set. */
#include "pictures/album.h"
#include "core/ctx.h"
#include "files/archive.h"
#include "pictures/bitmap.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* ----------------------------------------------------------------- files */

int mp_album_add(struct mp_ctx *c, struct mp_album *a, const char *name, const char *label)
{
    if (a->n == a->room) {
        const size_t room = a->room == 0 ? 1024 : 2 * a->room;
        struct mp_album_file *more = realloc(a->file, room * sizeof *more);
        if (more == NULL)
            return mp_no_memory(c, "the names of pictures");
        a->file = more;
        a->room = room;
    }
    struct mp_album_file *f = &a->file[a->n];
    *f = (struct mp_album_file){ .name = strdup(name),
                                 .label = label != NULL ? strdup(label) : NULL };
    a->n++;
    return f->name != NULL && (label == NULL || f->label != NULL)
               ? MP_OK
               : mp_no_memory(c, "the names of pictures");
}

static void clear(struct mp_album_file *f)
{
    free(f->name);
    free(f->label);
}

void mp_album_close(struct mp_album *a)
{
    for (size_t i = 0; i < a->n; i++)
        clear(&a->file[i]);
    free(a->file);
    mp_rows_free(&a->packed);
    if (a->folder >= 0)
        close(a->folder);
    memset(a, 0, sizeof *a);
    a->folder = AT_FDCWD;
}

void mp_album_pass(struct mp_album *a, const char *name)
{
    if (a->strangers++ == 0 || strcmp(name, a->stranger) < 0)
        snprintf(a->stranger, sizeof a->stranger, "%s", name);
}

static int by_name(const void *a, const void *b)
{
    const struct mp_album_file *p = a, *q = b;
    return strcmp(p->name, q->name);
}

bool mp_album_names(const char *name)
{
    static const char *const endings[] = { "png", "jpg", "jpeg", "jpe",  "jfif", "tif", "tiff",
                                           "bmp", "dib", "gif",  "webp", "pnm",  "pbm", "pgm",
                                           "ppm" };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

long mp_album_head(int folder, const char *name, char *head, size_t n)
{
    const int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t got = -1;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        got = pread(fd, head, n, 0);
    if (fd >= 0)
        close(fd);
    return got;
}

/* ----------------------------------------------------------------- parts */

enum part { NO_PART, TRAIN, TEST, VAL };

/* Which part of a data set a folder is called like. */
static enum part part_of(const char *name, size_t n)
{
    static const char *const names[] = { "train", "training", "test", "testing",
                                         "val",   "valid",    "validation" };
    static const enum part parts[] = { TRAIN, TRAIN, TEST, TEST, VAL, VAL, VAL };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && strncasecmp(name, names[i], n) == 0)
            return parts[i];
    return NO_PART;
}

/* The first folder of picture i's name, behind what all share. */
static const char *first_folder(const struct mp_album *a, size_t i, size_t *n)
{
    const char *at = a->file[i].name + a->skip;
    *n = strcspn(at, "/");
    return at[*n] == '/' ? at : NULL;
}

/* What is packed is often one folder with all that matters in it. */
static bool share_folder(const struct mp_album *a)
{
    size_t n, first;
    const char *one = first_folder(a, 0, &first);
    for (size_t i = 0; i < a->n; i++) {
        const char *at = first_folder(a, i, &n);
        if (at == NULL || n != first || strncmp(at, one, n) != 0 || strchr(at + n + 1, '/') == NULL)
            return false;
    }
    return true;
}

static bool are_parts(const struct mp_album *a)
{
    size_t n;
    for (size_t i = 0; i < a->n; i++) {
        const char *at = first_folder(a, i, &n);
        if (at == NULL || part_of(at, n) == NO_PART)
            return false;
    }
    return a->n > 0;
}

/* Whether picture i is in the part of that name: train for training, or a folder's own. */
static bool is_in(const struct mp_album *a, size_t i, const char *part)
{
    size_t n;
    const char *at = first_folder(a, i, &n);
    const enum part of = part_of(part, strlen(part));
    return at != NULL && ((n == strlen(part) && strncmp(at, part, n) == 0) ||
                          (of != NO_PART && of == part_of(at, n)));
}

static int no_part(struct mp_ctx *c, const struct mp_album *a)
{
    size_t n;
    const char *one = first_folder(a, 0, &n);
    return mp_fail(c, "%s: its folders are parts of a data set, not classes; give %s%c%.*s",
                   a->place, a->place, a->packed.at != NULL ? ':' : '/', (int)n, one);
}

/* Leaves the pictures of one part, where folders are parts. */
static int choose_part(struct mp_ctx *c, struct mp_album *a, const struct mp_album_part *part)
{
    size_t n = 0, left = 0;
    while (a->packed.at != NULL && a->n > 0 && share_folder(a)) {
        first_folder(a, 0, &n);
        a->skip += n + 1;
    }
    const bool parts = are_parts(a);
    const char *want = part->named != NULL ? part->named : parts ? part->usual : NULL;
    if (parts && want == NULL)
        return no_part(c, a);
    if (want == NULL)
        return MP_OK;
    for (size_t i = 0; i < a->n; i++) {
        if (is_in(a, i, want))
            a->file[left++] = a->file[i];
        else
            clear(&a->file[i]);
    }
    a->n = left;
    if (left == 0)
        return mp_fail(c, "%s: has no pictures in a folder %s", a->place, want);
    first_folder(a, 0, &n);
    a->skip += n + 1;
    return MP_OK;
}

/* Whether a look at the folder alone speaks for it. */
static bool may_have_both(const char *path)
{
    bool seen[VAL + 1] = { false };
    DIR *d = opendir(path);
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        seen[part_of(e->d_name, strlen(e->d_name))] = true;
    if (d != NULL)
        closedir(d);
    return seen[TRAIN] && seen[TEST];
}

static bool has_part(struct mp_ctx *c, const char *path, const char *part)
{
    const struct mp_album_part wanted = { part, NULL };
    struct mp_album a;
    const bool has = mp_album_open(c, path, "none", &wanted, &a) == MP_OK;
    if (has)
        mp_album_close(&a);
    return has;
}

bool mp_album_both(struct mp_ctx *c, const char *path)
{
    const enum mp_album_kind kind = mp_album_at(path);
    struct mp_ctx quiet;
    mp_ctx_init(&quiet, c->run); /* what is wrong with them is said when they are read */
    const bool both = (kind == MP_ALBUM_PACKED ||
                       (kind == MP_ALBUM_FOLDER && may_have_both(path))) &&
                      has_part(&quiet, path, "train") && has_part(&quiet, path, "test");
    mp_ctx_free(&quiet);
    return both;
}

/* ---------------------------------------------------------------- labels */

/* Where labels stand in names. */
enum { NOWHERE, FOLDER, PREFIX };

const char *mp_album_label(const struct mp_album *a, size_t i, size_t *n)
{
    const struct mp_album_file *f = &a->file[i];
    const char *slash = strrchr(f->name, '/');
    const char *text = f->label != NULL                       ? f->label
                       : a->at == PREFIX && slash != NULL ? slash + 1
                                                              : f->name + a->skip;
    *n = f->label != NULL ? strlen(text) : strcspn(text, a->at == PREFIX ? "_-" : "/");
    return text;
}

/* Folders are classes if all pictures lie in one. */
static int label_by_folder(struct mp_ctx *c, struct mp_album *a)
{
    size_t inside = 0, top = 0, n;
    for (size_t i = 0; i < a->n; i++) {
        const bool in = first_folder(a, i, &n) != NULL;
        inside += in;
        top = in ? top : i;
    }
    if (inside > 0 && inside < a->n)
        return mp_fail(c, "%s: has pictures (%s) beside folders of pictures; a folder for each "
                       "class has none, and label=none reads them all without labels", a->place,
                       a->file[top].name);
    a->labelled = inside > 0;
    a->at = inside > 0 ? FOLDER : NOWHERE;
    return MP_OK;
}

static int label_by_prefix(struct mp_ctx *c, struct mp_album *a)
{
    a->at = PREFIX;
    a->labelled = true;
    for (size_t i = 0; i < a->n; i++) {
        size_t n;
        free(a->file[i].label);
        a->file[i].label = NULL;
        const char *text = mp_album_label(a, i, &n);
        if (n == 0 || text[n] == '\0')
            return mp_fail(c, "%s: label=prefix: the name %s has no _ or - behind a label",
                           a->place, a->file[i].name);
    }
    return MP_OK;
}

/* --------------------------------------------------------------- opening */

enum { HEAD = 4096 }; /* bytes by which a file is known */

/* Whether members may be in a file, which gzip may have packed as a whole. */
static bool may_have_members(const uint8_t *p, size_t n)
{
    uint8_t first[MP_PACKING_SNIFF];
    z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)p, .avail_in = (uInt)n, .next_out = first,
                   .avail_out = sizeof first };
    if (n < 2 || p[0] != 0x1f || p[1] != 0x8b)
        return mp_packing(p, n, NULL) != MP_UNPACKED;
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return false;
    inflate(&z, Z_SYNC_FLUSH);
    inflateEnd(&z);
    return mp_packing(first, sizeof first - z.avail_out, NULL) == MP_PACKED_MEMBERS;
}

enum mp_album_kind mp_album_at(const char *path)
{
    struct stat st;
    char head[HEAD];
    const uint8_t *bytes = (const uint8_t *)head;
    if (stat(path, &st) != 0)
        return MP_ALBUM_NONE;
    if (S_ISDIR(st.st_mode))
        return mp_folder_holds_files(path) ? MP_ALBUM_NONE : MP_ALBUM_FOLDER;
    const long n = S_ISREG(st.st_mode) ? mp_album_head(AT_FDCWD, path, head, sizeof head) : -1;
    if (n <= 0)
        return MP_ALBUM_NONE;
    if (may_have_members(bytes, (size_t)n))
        return mp_packed_is(path) ? MP_ALBUM_PACKED : MP_ALBUM_NONE;
    return mp_bitmap_known(bytes, (size_t)n) ? MP_ALBUM_PICTURE
           : mp_list_is(head, (size_t)n)     ? MP_ALBUM_LIST
                                             : MP_ALBUM_NONE;
}

static int no_pictures(struct mp_ctx *c, const struct mp_album *a)
{
    return mp_fail(c, "%s: is %s without pictures (PNG, JPEG, TIFF, BMP, GIF, WebP, PNM); expected "
                   "some, or a folder of them for each class, or a file of rows%s%s", a->place,
                   a->folder >= 0 ? "a folder" : "an archive", a->strangers > 0 ? "; found " : "",
                   a->stranger);
}

/* A folder's or an archive's. */
static int open_many(struct mp_ctx *c, const char *path, bool packed, const char *label,
                     const struct mp_album_part *part, struct mp_album *a)
{
    if ((packed ? mp_packed_read : mp_folder_read)(c, path, a) < 0)
        return -1;
    if (a->n == 0)
        return no_pictures(c, a);
    qsort(a->file, a->n, sizeof *a->file, by_name);
    if (choose_part(c, a, part) < 0)
        return -1;
    return *label == '\0' ? label_by_folder(c, a) : MP_OK;
}

int mp_album_open(struct mp_ctx *c, const char *path, const char *label,
                  const struct mp_album_part *part, struct mp_album *a)
{
    const enum mp_album_kind kind = mp_album_at(path);
    const char *how = label != NULL ? label : "";
    const bool prefix = strcmp(how, "prefix") == 0, none = strcmp(how, "none") == 0;
    memset(a, 0, sizeof *a);
    a->folder = AT_FDCWD;
    a->place = path;
    if (kind != MP_ALBUM_LIST && *how != '\0' && !prefix && !none)
        return mp_fail(c, "%s: label=%s: of pictures expected prefix (what their names have before "
                       "the first _ or -) or none; without, folders are classes", path, how);
    int rc = kind == MP_ALBUM_LIST      ? mp_list_read(c, path, how, a)
             : kind == MP_ALBUM_PICTURE ? mp_album_add(c, a, path, NULL)
                                        : open_many(c, path, kind == MP_ALBUM_PACKED, how, part, a);
    if (rc == MP_OK && prefix)
        rc = label_by_prefix(c, a);
    if (rc < 0)
        mp_album_close(a);
    return rc;
}
