/* SPDX-License-Identifier: GPL-3.0-or-later */
/* small.h - what fuzzers share: a data set so small that each input can have a fit of its
 * own, a folder for hostile files, and laws that stop the fuzzer where they are broken. */
#ifndef SMALL_H
#define SMALL_H
#include "core/ctx.h"
#include "data/data.h"
#include "pipeline/pipeline.h"

enum { SMALL_ROWS = 48, SMALL_SIDE = 6, SMALL_CLASSES = 3 };

/* The door that the driver or libFuzzer knocks at. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many times as long as a plain parser's an input takes: the driver makes so many
 * fewer of them. */
extern const unsigned fuzz_cost;

/* One thread, no word on stderr. */
void small_run(struct mp_run *run);

/* Rows and their classes: 6 x 6 stripes with noise. */
struct small_data {
    struct mp_data d;
    int y[SMALL_ROWS];
    uint8_t x[SMALL_ROWS * SMALL_SIDE * SMALL_SIDE];
    uint16_t label[SMALL_ROWS];
};
void small_data(struct small_data *s);

/* The pipeline of that text with shapes, before it learns. */
int small_plan(struct mp_ctx *c, const char *text, struct mp_plan *p);

/* It learns the rows and scores them. */
struct small_scores {
    float at[SMALL_ROWS * SMALL_CLASSES];
};
int small_fit(struct mp_ctx *c, const char *text, struct small_scores *scores);

/* Aborts unless it is so. */
void small_law(bool kept, const char *law);
/* A failure was said, in one line. */
void small_failed(const struct mp_ctx *c);

/* A new folder in $TMPDIR, removed at the end. */
const char *small_folder(void);
/* A file of `head`, then `bytes`. */
void small_write(const char *path, const void *head, size_t n_head, const void *bytes, size_t n);
/* All of a file; free() it. */
uint8_t *small_read(const char *path, size_t *n);

/* Where a fuzzer is to leave its seeds, made by the program as it is: $FUZZ_SEEDS, or NULL. */
const char *small_seeds(void);

#endif
