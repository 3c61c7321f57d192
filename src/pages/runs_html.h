/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runs_html.h - what the pages of several runs have in common. Private to pages/. */
#ifndef MP_RUNS_HTML_H
#define MP_RUNS_HTML_H
#include "pages/html.h"
#include "study/forms.h"
#include "study/job.h"

/* The table of runs: a failed one says why in its row; column `link` leads to the run's
 * own page, in a folder beside this page. */
void mp_runs_table(FILE *f, const char *caption, const json_t *rows,
                   const struct mp_form_column *columns, int n, int head, int link);

/* The job that a row is about; NULL: there is none. */
const struct mp_job *mp_runs_job(const struct mp_job *jobs, int n, const char *name);

/* A gallery of test rows, and what each of the jobs took them for; the first are shown, the
 * next folded away. */
struct mp_seen {
    const struct mp_experiment *x;
    const struct mp_job *const *jobs;
    int n;
};
int mp_runs_gallery(struct mp_ctx *c, FILE *f, const struct mp_seen *seen, const size_t *rows,
                    size_t n);

/* "a, b and c", of strings; g_free() it. */
char *mp_runs_list(const char *const *names, size_t n);

/* "hog_svm" as long as a plot has room for; at least MP_PLOT_NAME bytes. */
enum { MP_PLOT_NAME = 32 };
void mp_runs_short(const char *name, char *text);

/* Where it comes from: the last section. */
void mp_runs_origin(struct mp_ctx *c, struct mp_html *h, const struct mp_experiment *x);
#endif
