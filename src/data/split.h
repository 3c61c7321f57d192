/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split.h - which rows are held out. */
#ifndef MP_SPLIT_H
#define MP_SPLIT_H
#include "data/data.h"

/* Some rows of a data set, copied, with their class numbers. */
struct mp_subset {
    struct mp_data d;
    int *y; /* NULL if the whole has none */
};

/* Marks, class by class, round(share * rows) of the n rows, at least one and never all;
 * which ones, seed and place say.  class: numbers of any kind.  Cost: a sort of n numbers. */
int mp_split_mark(struct mp_ctx *c, const int *class, size_t n, double share, uint64_t place,
                  bool *out);

/* The rows that are marked so, in their order; not one: an mp_fail(). */
int mp_split_pick(struct mp_ctx *c, const struct mp_data *d, const int *y, const bool *marks,
                  bool mark, struct mp_subset *part);
void mp_subset_free(struct mp_subset *part);
#endif
