/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.h - files that are either whole or not there. */
#ifndef MP_OUTPUT_H
#define MP_OUTPUT_H
#include "stage.h"

/* A file being written under a temporary name beside its target. */
struct mp_output {
    FILE *f;
    char *path;   /* as the user named it; NULL: stdout */
    char *target; /* what the name leads to, links followed */
    char *temp;   /* beside the target; "": written straight into a pipe or device */
};

/* Opens; "-" is stdout.  Negative: mp_fail() said why. */
int mp_output_open(struct mp_ctx *c, struct mp_output *o, const char *path);

/* Flushes to disk and renames over the target.  On failure (a full disk, say)
 * the temporary file is removed and an old target stays as it was. */
int mp_output_commit(struct mp_ctx *c, struct mp_output *o);

/* Commits n outputs together: all are flushed before the first is renamed. */
int mp_output_commit_all(struct mp_ctx *c, struct mp_output *o, size_t n);

/* Removes the temporary file; does nothing after a commit. */
void mp_output_discard(struct mp_output *o);

/* Fails if `path` is the file that is read as `input`, however they are named. */
int mp_output_apart(struct mp_ctx *c, const char *path, const char *input);

/* Creates a folder and those above it. */
int mp_make_folder(struct mp_ctx *c, const char *path);

/* Fails where mp_make_folder() or a write into the folder would: to be asked
 * before long work.  Creates nothing. */
int mp_check_folder(struct mp_ctx *c, const char *path);

#endif
