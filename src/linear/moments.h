/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moments.h - means and sums of squares about them of every value of a row, in one pass.
 *
 * Rows are added one by one (Welford 1962), partial sums joined (Chan, Golub, LeVeque 1979).
 * Unlike "sum of squares minus square of sum" neither cancels when a mean is large beside the
 * deviation.  Cost: four flops a value. */
#ifndef MP_MOMENTS_H
#define MP_MOMENTS_H
#include "core/stage.h"

struct mp_moments {        /* zeroed: of no rows */
    uint64_t rows, d;      /* rows seen, values of each */
    double *mean, *spread; /* d each; spread: sum of squares about the mean */
};

/* For fit(): rows of another length than before fail. */
int mp_moments_add(struct mp_ctx *c, struct mp_moments *m, const struct mp_chunk *in);

/* For merge(). */
int mp_moments_join(struct mp_ctx *c, struct mp_moments *into, const struct mp_moments *from);

/* For io() and shard(). */
int mp_moments_io(struct mp_io *io, struct mp_moments *m, const char *spread);

void mp_moments_free(struct mp_moments *m);

/* The same of each class's rows. */
struct mp_class_moments { /* zeroed: of no classes */
    uint64_t classes, d;  /* values of each row */
    struct mp_moments *of;
};

/* For fit(): rows without labels fail.  For merge(), shard(), clear(). */
int mp_class_moments_add(struct mp_ctx *c, struct mp_class_moments *m, const struct mp_chunk *in);
int mp_class_moments_join(struct mp_ctx *c, struct mp_class_moments *into,
                          const struct mp_class_moments *from);
int mp_class_moments_io(struct mp_io *io, struct mp_class_moments *m);
void mp_class_moments_free(struct mp_class_moments *m);

/* In done(): what the rows of each class count, by the text of a parameter `weights`. */
int mp_class_moments_counts(struct mp_ctx *c, const struct mp_class_moments *m,
                            const char *weights, double *count);

/* In done(): of all classes together, in their order; negative where there are no rows. */
int mp_class_moments_all(struct mp_ctx *c, const struct mp_class_moments *m,
                         struct mp_moments *all);
#endif
