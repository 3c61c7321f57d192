/* SPDX-License-Identifier: GPL-3.0-or-later */
/* experiment.h - a pipeline with its data: what `run`, `check` and `export` begin with. */
#ifndef MP_EXPERIMENT_H
#define MP_EXPERIMENT_H
#include "data/data.h"
#include "pipeline/pipeline.h"
#include "sources/glance.h"

struct mp_experiment {
    struct mp_script script;
    struct mp_plan plan;
    char *train_path, *test_path; /* test_path NULL: a holdout of the training rows, or folds */
    struct mp_data train, test;   /* with folds the test is the training rows, not copied */
    char *test_left;              /* the pipeline's test, which is not of these rows; or NULL */
    struct mp_glance glance;      /* at the training rows */
    double lead;                  /* by which the best score leads on them; 0: not known */
    int *train_y, *test_y;        /* class numbers; test_y NULL: the test has no labels */
    struct mp_names classes;      /* those of the training rows in order, then those that only
                                     the test has, which are never predicted */
    int n_classes;                /* of the training rows */
    double read_seconds;
    char split[64];               /* how the test rows come to be, in words */
};

/* Reads the pipeline, applies the command line's overrides, builds the plan,
 * finds the files and checks all shapes; of the data only the beginning is read.
 * Sets the run's seed. */
int mp_experiment_plan(struct mp_ctx *c, const char *file, struct mp_experiment *x);

/* The two halves of that: x->script alone, and all that is made of it. */
int mp_experiment_script(struct mp_ctx *c, const char *file, struct mp_experiment *x);
int mp_experiment_build(struct mp_ctx *c, struct mp_experiment *x);

/* Reads the data, splits off the holdout, numbers the classes, works out shapes. */
int mp_experiment_read(struct mp_ctx *c, struct mp_experiment *x);

/* A pipe or the like among its files, which can be read only once; NULL: none is. */
const char *mp_experiment_pipe(const struct mp_experiment *x);

void mp_experiment_free(struct mp_experiment *x);

/* Class numbers of a data set's labels; those that are not among the classes are added. */
int mp_class_numbers(struct mp_ctx *c, const struct mp_data *d, struct mp_names *classes, int **y);

/* Warns of rows whose class is not among the first n, so that they cannot be right. */
void mp_class_warn(struct mp_ctx *c, const struct mp_data *d, const struct mp_names *classes,
                   int n, const int *y);

/* Where "sample:train", "mnist:test" or a path lies; free() the result. */
char *mp_data_path(struct mp_ctx *c, const char *name);

/* Reads the rows of that name; `labels` names their labels, or is "".  The form's size, unless
 * {0, 0, 0}, is the shape of images to insist on, for the reason `why` ("the bundle
 * was trained on"); NULL: it is the size that the user gave, in any colour. */
int mp_rows_read(struct mp_ctx *c, const char *name, const char *labels,
                 const struct mp_form *form, const char *why, struct mp_data *d);
#endif
