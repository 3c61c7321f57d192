/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.h - one job in its parts: how it is started, what it leaves.  Private to study/. */
#ifndef MP_PARTS_H
#define MP_PARTS_H
#include "cache/cache.h"
#include "core/state.h"
#include "study/job.h"

/* Arguments, owned; at[n] is NULL. */
struct mp_args {
    char **at;
    size_t n;
    bool failed; /* there was no memory for one */
};
void mp_args_add(struct mp_args *a, const char *text, size_t n);
void mp_args_free(struct mp_args *a);

/* What follows `mnistpipe run` to do this job, but for the threads. */
int mp_job_args(struct mp_ctx *c, const struct mp_job *j, struct mp_args *a);

/* In the cache: of all that the run depends on. */
struct mp_key mp_job_key(const struct mp_ctx *c, const struct mp_job *j,
                         const struct mp_experiment *x);

/* 1: its folder is as the cache has it; 0: the cache has it not; negative: failed. */
int mp_job_cached(struct mp_ctx *c, struct mp_job *j, const struct mp_key *key);

/* What is in its folder now becomes the job's results, and, unless key is NULL, an entry of the
 * cache, while nobody else writes there. */
int mp_job_take(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x,
                const struct mp_key *key);

/* The files of its folder in one piece, io->buf, which is the caller's to free; a page that could
 * not be made is none of them.  Only folder and model of the job are asked. */
int mp_job_pack(struct mp_ctx *c, const struct mp_job *j, struct mp_io *io);

/* Puts them back: all of them, or none. */
int mp_job_unpack(struct mp_ctx *c, const struct mp_job *j, const unsigned char *packed,
                  size_t packed_size);
#endif
