/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.h - several pipelines on the same rows: each run in a process of its own, as many at a time
 * as there are threads, or, where nothing that it depends on has changed, taken whole from the
 * cache.  Of several ranks (ranks.h) rank 0 has the jobs, and gives them to all. */
#ifndef MP_JOB_H
#define MP_JOB_H
#include "cache/digest.h"
#include "core/kept.h"
#include "sources/experiment.h"
#include <jansson.h>

struct mp_job {
    char *file;         /* of the pipeline, as given */
    char *drop;         /* stages to leave out, as mp_script_drop() wants them, or NULL */
    char *name;         /* "hog_svm"; "hog_svm-2" when there are two; "without_deskew" */
    char *folder;       /* of the run */
    bool deep;          /* a net is in it, as its model or as features */
    char *model;        /* "svm" */
    char *text;         /* of the pipeline, as it is run */
    uint64_t seed;
    size_t row_bytes;   /* what its stages keep of each training row, in memory or not */
    bool begun, done;   /* it was started; it has a result or an error */
    struct mp_kept warnings; /* of this process: of its files, of the cache */
    char *error;        /* why there is no result; NULL: there is one, or it is to be run */
    struct mp_key key;  /* of all that the run depends on but the data */
    bool from_cache;    /* the whole run */
    json_t *report;     /* report.json of the run */
    int *predicted;     /* class numbers of the test rows */
};

/* Plans all pipelines, each without what its job's `drop` says; one that is wrong gets an
 * error, and the others go on.  All must be on the same rows, or mp_fail() says which are
 * not.  *x becomes the experiment of the first good one, its data read.  `folder` will hold a
 * folder for each. */
int mp_jobs_plan(struct mp_ctx *c, char **files, int n, const char *folder, struct mp_job *jobs,
                 struct mp_experiment *x);

/* Runs all, or takes them from run->cache, at most `most` side by side (0: as many as there are
 * threads, those of other ranks with them); what one cannot do is its error.  The bar shows
 * `what`.  Negative: the user has asked to stop, or there is no memory; no process is left. */
int mp_jobs_run(struct mp_ctx *c, const char *what, struct mp_job *jobs, int n, int most,
                const struct mp_experiment *x);

/* What other ranks than 0 do meanwhile: all that they are given. */
int mp_jobs_serve(struct mp_ctx *c);

/* The job's error is `text`. */
int mp_job_error(struct mp_ctx *c, struct mp_job *j, const char *text);
void mp_job_free(struct mp_job *j);
#endif
