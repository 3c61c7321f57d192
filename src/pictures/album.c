/* SPDX-License-Identifier: GPL-3.0-or-later */
/* album.c - which files are pictures of a data set. */
#include "pictures/album.h"
#include "core/ctx.h"
#include "pictures/bitmap.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST_HEAD = 4096 };

/* ---------------------------------------------------------------- names */

int mp_album_add(struct mp_ctx *c, struct mp_album *a, const char *name, const char *label)
{
    if (a->n == a->room) {
        const size_t room = a->room == 0 ? 1024 : 2 * a->room;
        char **names = realloc(a->name, room * sizeof *names);
        if (names != NULL)
            a->name = names;
        char **labels = label != NULL ? realloc(a->label, room * sizeof *labels) : NULL;
        if (labels != NULL)
            a->label = labels;
        if (names == NULL || (label != NULL && labels == NULL))
            return mp_no_memory(c, "the names of pictures");
        a->room = room;
    }
    char *copy = strdup(name), *other = label != NULL ? strdup(label) : NULL;
    if (copy == NULL || (label != NULL && other == NULL)) {
        free(copy);
        free(other);
        return mp_no_memory(c, "the names of pictures");
    }
    a->name[a->n] = copy;
    if (label != NULL)
        a->label[a->n] = other;
    a->n++;
    return MP_OK;
}

void mp_album_close(struct mp_album *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->name[i]);
        if (a->label != NULL)
            free(a->label[i]);
    }
    free(a->name);
    free(a->label);
    if (a->folder >= 0)
        close(a->folder);
    memset(a, 0, sizeof *a);
    a->folder = AT_FDCWD;
}

/* Where labels stand in names. */
enum { NOWHERE, FOLDER, PREFIX };

const char *mp_album_label(const struct mp_album *a, size_t i, size_t *n)
{
    if (a->label != NULL) {
        *n = strlen(a->label[i]);
        return a->label[i];
    }
    const char *name = a->name[i], *slash = strrchr(name, '/');
    if (a->at == PREFIX && slash != NULL)
        name = slash + 1;
    *n = strcspn(name, a->at == PREFIX ? "_-" : "/");
    return name;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What people and systems leave in folders beside their files. */
static bool is_hidden(const char *name)
{
    static const char *const known[] = { "__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini" };
    bool is = name[0] == '.';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        is = is || strcasecmp(name, known[i]) == 0;
    return is;
}

static bool named_a_picture(const char *name)
{
    static const char *const endings[] = { "png",  "jpg", "jpeg", "jpe", "jfif", "tif", "tiff", "bmp",
                                           "dib",  "gif", "webp", "pnm", "pbm",  "pgm", "ppm" };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

static ssize_t head_of(int folder, const char *name, char *head, size_t n)
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

/* By its name, or else by its first bytes. */
static bool is_picture(int folder, const char *name)
{
    char head[MP_PICTURE_HEAD];
    if (named_a_picture(name))
        return true;
    const ssize_t n = head_of(folder, name, head, sizeof head);
    return n > 0 && mp_bitmap_known((const uint8_t *)head, (size_t)n);
}

/* --------------------------------------------------------------- folders */

/* A folder within another, up to the first: a link back to one of them is not followed. */
struct level {
    dev_t dev;
    ino_t ino;
    const struct level *up;
};

static bool seen(const struct level *l, const struct stat *st)
{
    while (l != NULL && (l->dev != st->st_dev || l->ino != st->st_ino))
        l = l->up;
    return l != NULL;
}

static void pass_over(struct mp_album *a, const char *name)
{
    if (a->strangers++ == 0 || strcmp(name, a->stranger) < 0)
        snprintf(a->stranger, sizeof a->stranger, "%s", name);
}

static int walk(struct mp_ctx *c, struct mp_album *a, int folder, const char *path,
                const struct level *up);

/* A folder, a file, or a link to either. */
static int visit(struct mp_ctx *c, struct mp_album *a, int folder, const char *name,
                 const char *path, unsigned char type, const struct level *up)
{
    struct stat st;
    if (type != DT_REG && type != DT_DIR) {
        if (fstatat(folder, name, &st, 0) != 0)
            return mp_fail(c, "%s/%s: cannot read: %s", a->place, path, strerror(errno));
        type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
    }
    if (type == DT_REG && is_picture(folder, name))
        return mp_album_add(c, a, path, NULL);
    if (type != DT_DIR) {
        pass_over(a, path);
        return MP_OK;
    }
    const int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (inner < 0)
        return mp_fail(c, "%s/%s: cannot read: %s", a->place, path, strerror(errno));
    if (fstat(inner, &st) == 0 && !seen(up, &st))
        return walk(c, a, inner, path, up);
    close(inner);
    return MP_OK;
}

/* "path/name", and "name" where there is no path. */
static char *join(struct mp_ctx *c, const char *path, const char *name)
{
    const size_t n = strlen(path) + strlen(name) + 2;
    char *both = mp_alloc(c, n, 1);
    if (both != NULL)
        snprintf(both, n, "%s%s%s", path, *path != '\0' ? "/" : "", name);
    return both;
}

/* Takes `folder` over. */
static int walk(struct mp_ctx *c, struct mp_album *a, int folder, const char *path,
                const struct level *up)
{
    enum { DEEPEST = 64 };
    struct level here = { .up = up };
    struct stat st;
    int rc = MP_OK, depth = 0;
    DIR *d = fdopendir(folder);
    if (d == NULL || fstat(folder, &st) != 0) {
        close(folder);
        return mp_fail(c, "%s/%s: cannot read: %s", a->place, path, strerror(errno));
    }
    here.dev = st.st_dev;
    here.ino = st.st_ino;
    for (const struct level *l = up; l != NULL; l = l->up)
        depth++;
    if (depth > DEEPEST)
        rc = mp_fail(c, "%s/%s: more than %d folders, one within another", a->place, path, DEEPEST);
    for (const struct dirent *e; rc == MP_OK && (errno = 0, e = readdir(d)) != NULL;) {
        char *inner = NULL;
        if (is_hidden(e->d_name))
            continue;
        if (mp_stopped(c))
            rc = mp_fail(c, "interrupted");
        else if ((inner = join(c, path, e->d_name)) == NULL)
            rc = -1;
        else
            rc = visit(c, a, folder, e->d_name, inner, e->d_type, &here);
        free(inner);
    }
    if (rc == MP_OK && errno != 0)
        rc = mp_fail(c, "%s/%s: cannot read: %s", a->place, path, strerror(errno));
    closedir(d);
    return rc;
}

/* Whether a folder is called like a part of a data set. */
static bool is_part(const char *name, size_t n)
{
    static const char *const parts[] = { "train", "training", "test", "testing", "val", "valid",
                                         "validation" };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strlen(parts[i]) == n && strncasecmp(name, parts[i], n) == 0)
            return true;
    return false;
}

/* Folders are classes if all pictures lie in one, and not all of them are called like parts. */
static int label_by_folder(struct mp_ctx *c, struct mp_album *a)
{
    size_t inside = 0, parts = 0, top = 0, n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const bool in = strchr(a->name[i], '/') != NULL;
        inside += in;
        top = in ? top : i;
        parts += in && is_part(a->name[i], strcspn(a->name[i], "/"));
    }
    if (inside > 0 && inside < a->n)
        return mp_fail(c, "%s: has pictures (%s) beside folders of pictures; a folder for each class "
                       "has none, and label=none reads them all without labels", a->place,
                       a->name[top]);
    if (inside > 0 && parts == a->n) {
        mp_album_label(a, a->n - 1, &n);
        return mp_fail(c, "%s: its folders are parts of a data set, not classes; give %s/%.*s",
                       a->place, a->place, (int)strcspn(a->name[0], "/"), a->name[0]);
    }
    a->labelled = inside > 0;
    a->at = inside > 0 ? FOLDER : NOWHERE;
    return MP_OK;
}

static int open_folder(struct mp_ctx *c, const char *path, const char *label, struct mp_album *a)
{
    a->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int fd = a->folder >= 0 ? fcntl(a->folder, F_DUPFD_CLOEXEC, 0) : -1;
    if (fd < 0)
        return mp_fail(c, "%s: cannot open: %s", path, strerror(errno));
    if (walk(c, a, fd, "", NULL) < 0)
        return -1;
    if (a->n == 0)
        return mp_fail(c, "%s: is a folder without pictures (PNG, JPEG, TIFF, BMP, GIF, WebP, PNM); "
                       "expected some, or a folder of them for each class, or a file of rows%s%s", path,
                       a->strangers > 0 ? "; found " : "", a->stranger);
    qsort(a->name, a->n, sizeof *a->name, by_name);
    return *label == '\0' ? label_by_folder(c, a) : MP_OK;
}

enum mp_album_kind mp_album_at(const char *path)
{
    struct stat st;
    char head[LIST_HEAD];
    if (stat(path, &st) != 0)
        return MP_ALBUM_NONE;
    if (S_ISDIR(st.st_mode))
        return MP_ALBUM_FOLDER;
    const ssize_t n = S_ISREG(st.st_mode) ? head_of(AT_FDCWD, path, head, sizeof head) : -1;
    if (n <= 0)
        return MP_ALBUM_NONE;
    return mp_bitmap_known((const uint8_t *)head, (size_t)n) ? MP_ALBUM_PICTURE
           : mp_list_is(head, (size_t)n)                     ? MP_ALBUM_LIST
                                                             : MP_ALBUM_NONE;
}

static bool is_prefix(const struct mp_album *a, size_t i)
{
    const char *slash = strrchr(a->name[i], '/'), *base = slash != NULL ? slash + 1 : a->name[i];
    return strcspn(base, "_-") > 0 && base[strcspn(base, "_-")] != '\0';
}

int mp_album_open(struct mp_ctx *c, const char *path, const char *label, struct mp_album *a)
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
    int rc = kind == MP_ALBUM_FOLDER ? open_folder(c, path, how, a)
             : kind == MP_ALBUM_LIST ? mp_list_read(c, path, how, a)
                                     : mp_album_add(c, a, path, NULL);
    for (size_t i = 0; i < a->n && prefix && rc == MP_OK; i++)
        if (!is_prefix(a, i))
            rc = mp_fail(c, "%s: %s: label=prefix: its name has no _ or - behind a label", path,
                         a->name[i]);
    if (prefix && rc == MP_OK) {
        a->labelled = true;
        a->at = PREFIX;
    }
    if (rc < 0)
        mp_album_close(a);
    return rc;
}
