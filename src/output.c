/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.c - files that are either whole or not there. */
#include "output.h"
#include "ctx.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new file beside the target, with the rights that a new file gets. */
static int open_temp(struct mp_output *o, size_t size)
{
    snprintf(o->temp, size, "%s.XXXXXX", o->target);
    const int fd = mkstemp(o->temp);
    const mode_t mask = umask(0);
    umask(mask);
    if (fd >= 0)
        fchmod(fd, 0666 & ~mask);
    return fd;
}

int mp_output_open(struct mp_ctx *c, struct mp_output *o, const char *path)
{
    memset(o, 0, sizeof *o);
    if (strcmp(path, "-") == 0) {
        o->f = stdout;
        return MP_OK;
    }
    struct stat st;
    const bool there = stat(path, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return mp_fail(c, "%s: is a folder; expected a file to write", path);
    /* A link stays one: what it leads to is replaced.  A pipe or a device is not
     * replaced but written. */
    const bool straight = there && !S_ISREG(st.st_mode);
    o->path = strdup(path);
    o->target = there && !straight ? realpath(path, NULL) : strdup(path);
    const size_t n = (o->target != NULL ? strlen(o->target) : 0) + sizeof ".XXXXXX";
    o->temp = calloc(n, 1);
    if (o->path == NULL || o->target == NULL || o->temp == NULL) {
        mp_output_discard(o);
        return mp_fail(c, "%s: no memory", path);
    }
    const int fd = straight ? open(path, O_WRONLY | O_CLOEXEC) : open_temp(o, n);
    if (fd < 0) {
        const int error = errno;
        o->temp[0] = '\0';
        mp_output_discard(o);
        return mp_fail(c, "%s: cannot write: %s", path, strerror(error));
    }
    o->f = fdopen(fd, "w");
    if (o->f == NULL) {
        close(fd);
        mp_output_discard(o);
        return mp_fail(c, "%s: no memory", path);
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
    if (o->path != NULL && o->temp[0] != '\0' && write(fileno(o->f), "", 1) == 1)
        errno = 0;
    return false;
}

/* Everything on disk, file closed, name not yet changed. */
static int settle(struct mp_ctx *c, struct mp_output *o)
{
    const char *path = o->path != NULL ? o->path : "standard output";
    bool bad = !flush(o);
    const int reason = bad ? errno : 0;
    if (o->path != NULL) {
        bad = bad || (o->temp[0] != '\0' && fsync(fileno(o->f)) != 0);
        bad = (fclose(o->f) != 0) || bad;
        o->f = NULL;
    }
    errno = reason != 0 ? reason : errno;
    if (bad)
        return mp_fail(c, "%s: cannot write: %s", path, errno ? strerror(errno) : "output error");
    return MP_OK;
}

int mp_output_commit_all(struct mp_ctx *c, struct mp_output *o, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (settle(c, &o[i]) < 0) {
            for (size_t j = 0; j < n; j++)
                mp_output_discard(&o[j]);
            return -1;
        }
    int rc = MP_OK;
    for (size_t i = 0; i < n; i++) {
        if (o[i].path != NULL && o[i].temp[0] != '\0' && rc == MP_OK) {
            if (rename(o[i].temp, o[i].target) == 0)
                o[i].temp[0] = '\0';
            else
                rc = mp_fail(c, "%s: cannot write: %s", o[i].path, strerror(errno));
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
    if (o->f != NULL && o->path != NULL)
        fclose(o->f);
    if (o->temp != NULL && o->temp[0] != '\0')
        unlink(o->temp);
    free(o->path);
    free(o->target);
    free(o->temp);
    memset(o, 0, sizeof *o);
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
    while (stat(at, &st) != 0 && strcmp(at, ".") != 0 && strcmp(at, "/") != 0) {
        char *slash = strrchr(at, '/');
        if (slash == NULL)
            strcpy(at, ".");
        else
            slash[slash == at] = '\0';
    }
    if (!S_ISDIR(st.st_mode))
        rc = mp_fail(c, "%s: is a file; expected a folder", at);
    else if (access(at, W_OK | X_OK) != 0)
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
