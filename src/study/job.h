/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.h - one of several pipelines on the same rows: run in a process of its own, or,
 * where nothing that it depends on has changed, taken whole from the cache. */
#ifndef MP_JOB_H
#define MP_JOB_H
#include "cache/digest.h"
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

/* Runs one, or takes it from run->cache; what it cannot do is its error.  Negative:
 * the user has asked to stop, or there is no memory. */
int mp_job_run(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x);
void mp_job_free(struct mp_job *j);

/* All, one after another; the bar shows `what`. */
int mp_jobs_run(struct mp_ctx *c, const char *what, struct mp_job *jobs, int n,
                const struct mp_experiment *x);
#endif
