/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.c - files that are either whole or not there. */
#include "config.h"
#include "files/output.h"
#include "core/ctx.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* -------------------------------------------------------------- temporary files */

static const char temp_name[] = ".mnistpipe.";

/* Waits for the lock; where there are none, nobody sweeps either. */
static void lock(int fd)
{
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
        continue;
}

bool mp_still_named(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

bool mp_remove_unused(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const bool gone = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && unlink(path) == 0;
    if (fd >= 0)
        close(fd);
    return gone;
}

int mp_temp_open(const char *folder, char **path)
{
    const size_t size = strlen(folder) + sizeof "/" + sizeof temp_name + sizeof "XXXXXX";
    const mode_t mask = umask(0);
    enum { TRIES = 100 };
    umask(mask);
    if ((*path = malloc(size)) == NULL)
        return -1;
    int fd = -1;
    errno = 0;
    for (int i = 0; i < TRIES && errno == 0; i++) {
        snprintf(*path, size, "%s/%sXXXXXX", folder, temp_name);
        if ((fd = mkostemp(*path, O_CLOEXEC)) < 0)
            break;
        lock(fd);
        errno = 0;
        if (mp_still_named(fd, *path)) {
            fchmod(fd, 0666 & ~mask);
            return fd;
        }
        const int error = errno != ENOENT ? errno : 0; /* swept before it had its lock */
        unlink(*path);
        close(fd);
        errno = error;
    }
    free(*path);
    *path = NULL;
    return -1;
}

void mp_temp_sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    for (const struct dirent *f; dir != NULL && (f = readdir(dir)) != NULL;) {
        const size_t n = strlen(f->d_name), size = strlen(folder) + n + 2;
        char *path = strncmp(f->d_name, temp_name, sizeof temp_name - 1) == 0 &&
                             n == sizeof temp_name - 1 + 6 ? malloc(size) : NULL;
        if (path == NULL)
            continue;
        snprintf(path, size, "%s/%s", folder, f->d_name);
        mp_remove_unused(path);
        free(path);
    }
    if (dir != NULL)
        closedir(dir);
}

/* ---------------------------------------------------------------------- a file */

char *mp_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? strdup(".")
                         : strndup(path, slash > path ? (size_t)(slash - path) : 1);
}

/* A link that leads to nothing, or in a circle. */
static bool leads_nowhere(const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 && lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static int not_written(struct mp_ctx *c, const char *path, int error)
{
    return mp_fail(c, "%s: cannot write: %s", path, strerror(error));
}

int mp_output_check(struct mp_ctx *c, const char *path)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        return MP_OK;
    if (leads_nowhere(path))
        return mp_fail(c, "%s: is a link that leads nowhere; expected a file to write", path);
    const bool there = stat(path, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return mp_fail(c, "%s: is a folder; expected a file to write", path);
    if (there && !S_ISREG(st.st_mode))
        return access(path, W_OK) == 0 ? MP_OK : not_written(c, path, errno);
    char *target = there ? realpath(path, NULL) : strdup(path);
    char *folder = target != NULL ? mp_folder_of(target) : NULL;
    const int error = folder == NULL ? ENOMEM
                      : access(folder, W_OK | X_OK) != 0 ? errno : 0;
    free(target);
    free(folder);
    return error == 0 ? MP_OK : not_written(c, path, error);
}

/* A new file beside the target. */
static int open_temp(struct mp_output *o)
{
    char *folder = mp_folder_of(o->target);
    if (folder == NULL)
        return -1;
    mp_temp_sweep(folder);
    const int fd = mp_temp_open(folder, &o->temp);
    free(folder);
    return fd;
}

int mp_output_open(struct mp_ctx *c, struct mp_output *o, const char *path)
{
    memset(o, 0, sizeof *o);
    if (strcmp(path, "-") == 0) {
        o->f = stdout;
        return MP_OK;
    }
    if (mp_output_check(c, path) < 0)
        return -1;
    struct stat st;
    const bool there = stat(path, &st) == 0;
    /* A link stays one: what it leads to is replaced.  A pipe or a device is not
     * replaced but written. */
    const bool straight = there && !S_ISREG(st.st_mode);
    o->path = strdup(path);
    o->target = there && !straight ? realpath(path, NULL) : strdup(path);
    errno = ENOMEM;
    const int fd = o->path == NULL || o->target == NULL ? -1
                   : straight ? open(path, O_WRONLY | O_CLOEXEC) : open_temp(o);
    o->f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (o->f == NULL) {
        const int error = errno;
        if (fd >= 0)
            close(fd);
        mp_output_discard(o);
        return not_written(c, path, error);
    }
    setvbuf(o->f, NULL, _IOFBF, 1 << 20);
    return MP_OK;
}

/* Whether all that was written has arrived; if not, errno says why, or is 0. */
static bool flush(const struct mp_output *o)
{
    errno = 0;
    if (fflush(o->f) != 0)
        return false;
    if (!ferror(o->f))
        return true;
    /* A write failed long ago, and its reason is forgotten: one byte more fails for the same.
     * Not into a pipe, though, where it might arrive. */
    if (o->temp != NULL && write(fileno(o->f), "", 1) == 1)
        errno = 0;
    return false;
}

/* Everything on disk, name not yet changed.  The file stays open, for its lock: without, the
 * next writer would sweep it away. */
static int settle(struct mp_ctx *c, const struct mp_output *o)
{
    if (flush(o) && (o->temp == NULL || fsync(fileno(o->f)) == 0))
        return MP_OK;
    return mp_fail(c, "%s: cannot write: %s", o->path != NULL ? o->path : "standard output",
                   errno != 0 ? strerror(errno) : "output error");
}

int mp_output_commit_all(struct mp_ctx *c, struct mp_output *o, size_t n)
{
    int rc = MP_OK;
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        rc = settle(c, &o[i]);
    for (size_t i = 0; i < n; i++) {
        if (rc == MP_OK && o[i].temp != NULL) {
            if (rename(o[i].temp, o[i].target) == 0)
                o[i].temp[0] = '\0';
            else
                rc = not_written(c, o[i].path, errno);
        }
        mp_output_discard(&o[i]);
    }
    return rc;
}

int mp_output_commit(struct mp_ctx *c, struct mp_output *o)
{
    return mp_output_commit_all(c, o, 1);
}

void mp_output_discard(struct mp_output *o)
{
    if (o->temp != NULL && o->temp[0] != '\0')
        unlink(o->temp);
    if (o->f != NULL && o->path != NULL)
        fclose(o->f);
    free(o->path);
    free(o->target);
    free(o->temp);
    memset(o, 0, sizeof *o);
}

int mp_output_ending(struct mp_ctx *c, const char *path, const char *endings, const char *written)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    char **one = g_strsplit(endings, "|", -1), *shown = g_strjoinv(" or .", one);
    bool good = dot == NULL || dot == name || dot[1] == '\0';
    for (int i = 0; one[i] != NULL; i++)
        good = good || g_ascii_strcasecmp(one[i], dot + 1) == 0;
    const int rc = good ? MP_OK
                        : mp_usage(c, "%s: what is written is %s; a name that says so ends with "
                                      ".%s", path, written, shown);
    g_strfreev(one);
    g_free(shown);
    return rc;
}

int mp_output_apart(struct mp_ctx *c, const char *path, const char *input)
{
    struct stat a, b;
    if (stat(path, &a) == 0 && stat(input, &b) == 0 && S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        return mp_fail(c, "%s: is what is read (%s); it would be overwritten", path, input);
    return MP_OK;
}

int mp_check_folder(struct mp_ctx *c, const char *path)
{
    struct stat st;
    char *at = strdup(path);
    int rc = MP_OK;
    if (at == NULL)
        return mp_fail(c, "%s: no memory", path);
    /* The nearest folder that exists is the one to be written. */
    while (rc == MP_OK && stat(at, &st) != 0) {
        const int error = errno;
        if (leads_nowhere(at))
            rc = mp_fail(c, "%s: is a link that leads nowhere; expected a folder", at);
        else if (error == ENAMETOOLONG || strcmp(at, ".") == 0 || strcmp(at, "/") == 0)
            rc = mp_fail(c, "%s: cannot make this folder: %s", at, strerror(error));
        char *slash = strrchr(at, '/');
        if (slash == NULL)
            strcpy(at, ".");
        else
            slash[slash == at] = '\0';
    }
    if (rc == MP_OK && !S_ISDIR(st.st_mode))
        rc = mp_fail(c, "%s: is a file; expected a folder", at);
    else if (rc == MP_OK && access(at, W_OK | X_OK) != 0)
        rc = mp_fail(c, "%s: cannot write into this folder: %s", at, strerror(errno));
    free(at);
    return rc;
}

int mp_make_folder(struct mp_ctx *c, const char *path)
{
    char *copy = strdup(path);
    int rc = MP_OK;
    if (copy == NULL)
        return mp_fail(c, "%s: no memory", path);
    for (char *at = copy + 1;; at++) {
        const char was = *at;
        if (was != '/' && was != '\0')
            continue;
        *at = '\0';
        struct stat st;
        if (mkdir(copy, 0777) != 0 &&
            (errno != EEXIST || stat(copy, &st) != 0 || !S_ISDIR(st.st_mode)))
            rc = errno == EEXIST
                     ? mp_fail(c, "%s: is a file; expected a folder", copy)
                     : mp_fail(c, "%s: cannot make this folder: %s", copy, strerror(errno));
        *at = was;
        if (was == '\0' || rc < 0)
            break;
    }
    free(copy);
    return rc;
}

/* ------------------------------------------------------------------- one writer */

/* How much of a path, in bytes, is there. */
static size_t length_there(const char *path)
{
    struct stat st;
    char *at = strdup(path);
    size_t n = at != NULL ? strlen(at) : 0;
    while (n > 0 && stat(at, &st) != 0) {
        while (n > 0 && at[n - 1] != '/')
            n--;
        while (n > 0 && at[n - 1] == '/')
            n--;
        at[n] = '\0';
    }
    free(at);
    return n;
}

/* 1: held; 0: it was removed meanwhile. */
static int hold(struct mp_ctx *c, struct mp_folder *f)
{
    enum { TRIES = 100 };
    const struct timespec pause = { .tv_nsec = 50000000 };
    int held;
    f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0)
        return mp_fail(c, "%s: cannot open this folder: %s", f->path, strerror(errno));
    for (int i = 0; (held = flock(f->fd, LOCK_EX | LOCK_NB)) != 0 && i < TRIES; i++) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return 1;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        nanosleep(&pause, NULL);
    }
    if (held != 0)
        return mp_fail(c, "%s: another mnistpipe is writing into this folder; wait for it to end, "
                          "or name another folder", f->path);
    return mp_still_named(f->fd, f->path);
}

int mp_folder_hold(struct mp_ctx *c, struct mp_folder *f, const char *path)
{
    int rc = 0;
    *f = (struct mp_folder){ .fd = -1, .path = strdup(path), .before = length_there(path) };
    if (f->path == NULL)
        return mp_fail(c, "%s: no memory", path);
    while (rc == 0) {
        if (f->fd >= 0)
            close(f->fd);
        f->fd = -1;
        rc = mp_make_folder(c, path);
        if (rc == MP_OK)
            rc = hold(c, f);
    }
    if (rc < 0)
        mp_folder_release(f);
    return rc < 0 ? -1 : MP_OK;
}

void mp_folder_release(struct mp_folder *f)
{
    if (f->path == NULL)
        return;
    /* rmdir() refuses a folder that something lies in. */
    for (size_t n = strlen(f->path); n > f->before;) {
        f->path[n] = '\0';
        if (rmdir(f->path) != 0)
            break;
        while (n > f->before && f->path[n - 1] != '/')
            n--;
        while (n > f->before && f->path[n - 1] == '/')
            n--;
    }
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    *f = (struct mp_folder){ .path = NULL };
}
