/* SPDX-License-Identifier: GPL-3.0-or-later */
/* comparison.h - runs side by side: best first, and which differences are real.
 *
 * The whole of it is one JSON document; the other forms are made from that, so they
 * cannot disagree.  docs/report.md lists its keys. */
#ifndef MP_COMPARISON_H
#define MP_COMPARISON_H
#include "study/forms.h"
#include "study/job.h"

/* Below this probability a difference is called real. */
#define MP_LEVEL 0.05

/* json_decref() it; NULL: mp_fail() said why. */
json_t *mp_comparison_json(struct mp_ctx *c, const struct mp_job *jobs, int n,
                           const struct mp_experiment *x);

/* One run as a row: what it is, how well and how fast it does, or why it failed. */
json_t *mp_run_json(const struct mp_job *j, int rank);

/* What the runs are scored on: the name of the test, a holdout or folds. */
json_t *mp_scored_json(const struct mp_experiment *x);

/* How many ran side by side, each with a part of the document's threads, and how that is said: of
 * so many. */
size_t mp_runs_beside(const json_t *runs, const json_t *document);
#define MP_BESIDE \
    "%zu of %zu ran side by side, with a part of the threads each: their times are longer than " \
    "alone (--jobs 1)"

/* The forms, in the order of MP_FORMATS. */
void mp_comparison_write(FILE *f, const json_t *comparison, int format);

/* The columns of the table, the first *head of which a failed run has, too. */
const struct mp_form_column *mp_comparison_columns(int *n, int *head);

/* The page (compare_html.c): what the document says, with pictures of rows and the way
 * to the page of each run, which lies below the page's folder. */
struct mp_compared {
    const json_t *document;
    const struct mp_job *jobs;
    int n;
    const struct mp_experiment *x;
};
int mp_comparison_html(struct mp_ctx *c, const struct mp_compared *k, FILE *to);
#endif
