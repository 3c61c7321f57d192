/* SPDX-License-Identifier: GPL-3.0-or-later */
/* operation.h - the operations of libvips that take one image and give one.
 *
 * Which there are, what they take, and within which limits, the library itself is asked when the
 * program runs: another version has others.  What they take besides images are numbers, words
 * and lists of numbers, so that none of them reads or writes a file. */
#ifndef MP_OPERATION_H
#define MP_OPERATION_H
#include "core/learner.h"
#include "image/vips.h"

/* Shows them in order of their names, with libvips's words for what each does. */
int mp_operations(struct mp_ctx *c, void (*see)(void *arg, const char *name, const char *brief),
                  void *arg);

/* The parameters of one: *f gets the rows of `own`, then a row for each argument, whose field
 * lies behind `size` bytes.  Fails for one that cannot be used here, with the reason. */
int mp_operation_params(struct mp_ctx *c, const char *name, const struct mp_param *own,
                        size_t size, struct mp_further *f);

/* What the operation makes of an image, to be released with v->object_unref(); its pixels have
 * not been computed yet.  Arguments are those of `table` that `params` has set to something
 * else than the default.  NULL after an mp_fail(). */
VipsImage *mp_operation_run(struct mp_ctx *c, const struct mp_vips *v, const char *name,
                            const struct mp_param *table, const void *params, VipsImage *in);

/* Whether each value that it gives is made of the one value that stands at its place. */
bool mp_operation_pointwise(const struct mp_vips *v, const char *name);
#endif
