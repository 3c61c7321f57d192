/* SPDX-License-Identifier: GPL-3.0-or-later */
/* duplicates.h - rows that are the same, value for value, in one data set or across two.
 *
 * Rows are counted through: those of the first set, then those of the second. */
#ifndef MP_DUPLICATES_H
#define MP_DUPLICATES_H
#include "data/data.h"

/* Groups of equal rows, two or more in each: group g is row[start[g] .. start[g + 1] - 1],
 * ascending; groups are in order of their first rows. */
struct mp_groups {
    size_t n;
    size_t *start, *row;
};

/* b may be NULL; images of a and b have one size.  Cost: one pass over the pixels (60 000
 * rows: 10 ms), a sort of the hashes, 24 bytes a row.  Hashes only bring together what is
 * then compared. */
int mp_duplicates_find(struct mp_ctx *c, const struct mp_data *a, const struct mp_data *b,
                       struct mp_groups *g);
void mp_groups_free(struct mp_groups *g);

/* Test rows that are training rows too.  Where the labels of the two agree, remembering the
 * training row answers the test row. */
struct mp_shared {
    size_t rows, agree;     /* of the test; agree: some equal training row has the same label */
    size_t *twin;           /* of each test row: the first equal training row, or SIZE_MAX */
};
/* Cost: one pass over the training rows on all threads; of several ranks (ranks.h), which all have
 * them, each looks at its share. */
int mp_shared_find(struct mp_ctx *c, const struct mp_data *train, const struct mp_data *test,
                   struct mp_shared *s);
/* The same, of groups that have been found already. */
int mp_shared_of(struct mp_ctx *c, const struct mp_groups *g, const struct mp_data *train,
                 const struct mp_data *test, struct mp_shared *s);
void mp_shared_free(struct mp_shared *s);

/* Says in one or two sentences, without a full stop, what that does to the test's score. */
void mp_shared_text(const struct mp_shared *s, const struct mp_data *test, char *text,
                    size_t size);
#endif
