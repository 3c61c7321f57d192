/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder.c - the pictures in a folder and the folders within it. */
#include "core/ctx.h"
#include "pictures/album.h"
#include "pictures/bitmap.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* What people and systems leave in folders beside their files. */
static bool is_hidden(const char *name)
{
    static const char *const known[] = { "__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini" };
    bool is = name[0] == '.';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        is = is || strcasecmp(name, known[i]) == 0;
    return is;
}

/* By its name, or else by its first bytes. */
static bool is_picture(int folder, const char *name)
{
    char head[MP_PICTURE_HEAD];
    if (mp_album_names(name))
        return true;
    const long n = mp_album_head(folder, name, head, sizeof head);
    return n > 0 && mp_bitmap_known((const uint8_t *)head, (size_t)n);
}

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
        mp_album_pass(a, path);
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

int mp_folder_read(struct mp_ctx *c, const char *path, struct mp_album *a)
{
    a->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int fd = a->folder >= 0 ? fcntl(a->folder, F_DUPFD_CLOEXEC, 0) : -1;
    return fd >= 0 ? walk(c, a, fd, "", NULL)
                   : mp_fail(c, "%s: cannot open: %s", path, strerror(errno));
}

bool mp_folder_holds_files(const char *path)
{
    DIR *d = opendir(path);
    size_t files = 0;
    bool others = d == NULL;
    for (const struct dirent *e; !others && (e = readdir(d)) != NULL;) {
        struct stat st;
        if (is_hidden(e->d_name))
            continue;
        others = fstatat(dirfd(d), e->d_name, &st, 0) != 0 || !S_ISREG(st.st_mode) ||
                 is_picture(dirfd(d), e->d_name);
        files++;
    }
    if (d != NULL)
        closedir(d);
    return !others && files > 0;
}
