/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fold.h - rows in k folds, every class spread over all of them. */
#ifndef MP_FOLD_H
#define MP_FOLD_H
#include "data/data.h"

enum { MP_NO_FOLD = -1 }; /* of a row that all folds learn from and none tests */

/* Gives each of n rows a fold 0 .. k-1, and MP_NO_FOLD where a class has one row only.  Folds
 * differ by at most one row, and by at most one row of any class, so none lacks a class that has
 * two rows; which rows go where, the seed alone says.  Fails where k folds cannot be made: fewer
 * rows than folds, a single class.  Cost: a sort of n numbers. */
int mp_folds_assign(struct mp_ctx *c, const int *y, size_t n, int n_classes, int k, uint64_t seed,
                    int *fold);

/* Warns if a class has fewer rows than there are folds: some folds, or all of them, then test none
 * of it. */
int mp_folds_warn(struct mp_ctx *c, const int *y, size_t n, int n_classes, int k);

/* Training rows cut in two: those of fold f, and all others.  Both are copies. */
struct mp_fold {
    struct mp_data train, held;
    int *train_y, *held_y;
    size_t *held_row;      /* where the rows of `held` stand among all rows */
};

int mp_fold_open(struct mp_ctx *c, const struct mp_data *d, const int *y, const int *fold, int f,
                 struct mp_fold *out);
void mp_fold_close(struct mp_fold *out);
#endif
