/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grid.h - the sets of values in a pipeline, `svm C={0.1,0.3,1}`, and their combinations.
 *
 * Combinations are numbered as they are read: the first set of the file changes slowest,
 * the last one fastest; so neighbours share as many stages from the front as can be. */
#ifndef MP_GRID_H
#define MP_GRID_H
#include "pipeline/pipeline.h"

struct mp_grid_set {
    struct mp_line *line;  /* and which of its settings */
    int setting;
    char *name;            /* as --set takes it: "svm.C", "conv#2.filters" */
    char **values;
    int n;
};

struct mp_grid {
    struct mp_grid_set *sets;
    int n;
    uint64_t total;        /* combinations */
};

/* Finds the sets; the script must outlive the grid, and get no lines in between.  Without
 * any set, or with one that is wrong: mp_fail(). */
int mp_grid_open(struct mp_ctx *c, struct mp_script *s, struct mp_grid *g);
void mp_grid_close(struct mp_grid *g);

/* Which value of each set combination i has: g->n numbers. */
void mp_grid_values(const struct mp_grid *g, uint64_t i, int *which);

/* Puts the values of combination i into the script. */
int mp_grid_choose(struct mp_ctx *c, struct mp_grid *g, uint64_t i);

/* "--set hog.cell=7 --set svm.C=0.1", or with another word in front of each, or none. */
void mp_grid_text(const struct mp_grid *g, uint64_t i, const char *word, char *text, size_t size);

/* n different combinations drawn by the seed, in ascending order; n <= g->total. */
int mp_grid_draw(struct mp_ctx *c, const struct mp_grid *g, int n, uint64_t seed, uint64_t *out);
#endif
