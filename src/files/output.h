/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.h - files that are either whole or not there. */
#ifndef MP_OUTPUT_H
#define MP_OUTPUT_H
#include "core/stage.h"

/* A file being written under a temporary name beside its target. */
struct mp_output {
    FILE *f;
    char *path;   /* as the user named it; NULL: stdout */
    char *target; /* what the name leads to, links followed */
    char *temp;   /* beside the target; NULL: written straight into a pipe or device */
};

/* Fails where mp_output_open() would: to be asked before long work.  Creates nothing. */
int mp_output_check(struct mp_ctx *c, const char *path);

/* Opens; "-" is stdout.  Negative: mp_fail() said why. */
int mp_output_open(struct mp_ctx *c, struct mp_output *o, const char *path);

/* Flushes to disk and renames over the target.  On failure (a full disk, say)
 * the temporary file is removed and an old target stays as it was. */
int mp_output_commit(struct mp_ctx *c, struct mp_output *o);

/* Commits n outputs together: all are flushed before the first is renamed. */
int mp_output_commit_all(struct mp_ctx *c, struct mp_output *o, size_t n);

/* Removes the temporary file; does nothing after a commit. */
void mp_output_discard(struct mp_output *o);

/* Fails if the name ends with an ending that is none of "html|htm": what is `written` there is
 * something else.  A name without an ending, and "-", may be anything. */
int mp_output_ending(struct mp_ctx *c, const char *path, const char *endings, const char *written);

/* Fails if `path` is the file that is read as `input`, however they are named. */
int mp_output_apart(struct mp_ctx *c, const char *path, const char *input);

/* "a/b" -> "a", "b" -> "."; free() it. */
char *mp_folder_of(const char *path);

/* Creates a folder and those above it. */
int mp_make_folder(struct mp_ctx *c, const char *path);

/* Fails where mp_make_folder() or a write into the folder would: to be asked
 * before long work.  Creates nothing. */
int mp_check_folder(struct mp_ctx *c, const char *path);

/* ----------------------------------------------- one writer, and what is left over */

/* A folder that no other mnistpipe writes results into while it is held. */
struct mp_folder {
    int fd;        /* locked */
    char *path;    /* NULL: nothing is held */
    size_t before; /* so long a beginning of the path was there already */
};

/* Makes the folder and holds it; waits a little for one that is about to end.  A file system
 * without locks (some network ones) is used without. */
int mp_folder_hold(struct mp_ctx *c, struct mp_folder *f, const char *path);

/* Folders that were made for it and are still empty go again. */
void mp_folder_release(struct mp_folder *f);

/* A file under a name that sweeping knows, in a folder, locked while its fd is open, with the
 * rights of new files.  -1: errno says why.  *path: free() it. */
int mp_temp_open(const char *folder, char **path);

/* Removes the temporary files in a folder whose writers have died. */
void mp_temp_sweep(const char *folder);

/* Removes a file that nobody holds a lock on; whether it did. */
bool mp_remove_unused(const char *path);

/* Whether the file that is open is still the one of that name. */
bool mp_still_named(int fd, const char *path);

#endif
