/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glance.h - what one look at rows tells: their grey levels, and whether they can be right. */
#ifndef MP_GLANCE_H
#define MP_GLANCE_H
#include "data/data.h"
#include "pipeline/pipeline.h"

struct mp_glance {
    uint64_t rows;       /* 0: nobody has looked */
    uint64_t low, high;  /* smallest and largest value, 0..255 */
    double mean;         /* of all values */
    double border;       /* of the outermost pixels */
    bool same;           /* all rows are the same image */
    bool colour;         /* there is no ink and no paper */
};

/* Cost: one pass over the rows on all threads, 5 ms for 60 000 of 28 x 28 on two; of several ranks
 * (ranks.h), which all have them, each looks at its share. */
int mp_glance(struct mp_ctx *c, const struct mp_data *d, struct mp_glance *g);

/* "no value is above 16 ...": what looks wrong about the rows of that name, one remark a call
 * from i = 0 on; false after the last. */
bool mp_glance_remark(const struct mp_glance *g, const char *name, int i, char *text, size_t size);

/* The same about new rows beside those that a model has learned from. */
bool mp_glance_differs(const struct mp_glance *learned, const struct mp_glance *g,
                       const char *name, int i, char *text, size_t size);

/* Warns of training rows, but not of what a stage of the plan (NULL: none is known) makes good;
 * of new rows, if `learned` tells what they are to be like, otherwise as of training rows. */
void mp_glance_warn(struct mp_ctx *c, const struct mp_glance *g, const char *name,
                    const struct mp_plan *p);
void mp_glance_warn_new(struct mp_ctx *c, const struct mp_glance *learned,
                        const struct mp_glance *g, const char *name);
#endif
