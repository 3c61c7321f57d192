/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ablation.h - what each stage of a pipeline buys: the pipeline without it, learned anew on
 * the same rows with the same seed.
 *
 * The whole of it is one JSON document, as with comparison.h; docs/report.md lists its keys. */
#ifndef MP_ABLATION_H
#define MP_ABLATION_H
#include "study/forms.h"
#include "study/job.h"

/* What is left out together: one line, or two. */
struct mp_cut {
    const struct mp_line *lines[2];
    int n;
};

/* Every line of the pipeline that can be left out, one at a time and, if `pairs`, two at a
 * time: filters, features, what takes a model's scores, and branches; layers of nets only if
 * `layers`.  They point into the script.  free() *cuts. */
int mp_cuts_find(struct mp_ctx *c, const struct mp_script *s, bool layers, bool pairs,
                 struct mp_cut **cuts, int *n);

/* Their names, as mp_script_drop() wants them; free() it. */
char *mp_cut_names(struct mp_ctx *c, const struct mp_script *s, const struct mp_cut *cut);

/* jobs[0] is the whole pipeline, jobs[1 + i] that without cuts[i].  json_decref() it;
 * NULL: mp_fail() said why. */
struct mp_ablation {
    const struct mp_script *script;
    const struct mp_cut *cuts;
    int n;
    const struct mp_job *jobs; /* n + 1 */
    const struct mp_experiment *x;
};
json_t *mp_ablation_json(struct mp_ctx *c, const struct mp_ablation *a);

/* The forms, in the order of MP_FORMATS. */
void mp_ablation_write(FILE *f, const json_t *document, int format);

/* The columns of the table, the first *head of which a failed row has, too. */
const struct mp_form_column *mp_ablation_columns(int *n, int *head);

/* The page (ablation_html.c). */
struct mp_ablated {
    const json_t *document;
    const struct mp_ablation *ablation;
};
int mp_ablation_html(struct mp_ctx *c, const struct mp_ablated *k, FILE *to);
#endif
