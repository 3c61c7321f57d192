/* SPDX-License-Identifier: GPL-3.0-or-later */
/* branches.h - how good the branches of a vote or a stack are, each by itself. */
#ifndef MP_BRANCHES_H
#define MP_BRANCHES_H
#include "data/data.h"
#include "engine/predictions.h"
#include "pipeline/pipeline.h"

struct mp_branch_scores {
    const struct mp_branches *of; /* NULL: the pipeline has no branches that end in scores */
    const char *stage;            /* that joins them: "vote" */
    size_t n;                     /* rows */
    size_t *errors;               /* of each branch; mp_branch_scores_free() */
};

/* mp_predict() of rows of classes y, NULL: unknown; where they are known, what the branches of the
 * fitted plan's last stage that joins some say of them is counted on the way. */
int mp_branches_predict(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                        struct mp_predictions *out, struct mp_branch_scores *scores);

/* Warns where the branch that is best makes fewer errors than all together. */
void mp_branches_warn(struct mp_ctx *c, const struct mp_branch_scores *s, size_t errors);

void mp_branch_scores_free(struct mp_branch_scores *s);
#endif
