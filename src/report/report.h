/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.h - what a run found, as JSON for programs and as text for people. */
#ifndef MP_REPORT_H
#define MP_REPORT_H
#include "core/ctx.h"
#include "core/kept.h"
#include "data/duplicates.h"
#include "engine/branches.h"
#include "engine/folds.h"
#include "engine/metrics.h"
#include "engine/predictions.h"
#include "sources/experiment.h"
#include "text/layout.h"
#include <jansson.h>

struct mp_report {
    struct mp_experiment *x;
    const struct mp_predictions *predictions;
    const struct mp_metrics *metrics;        /* NULL: the test has no labels */
    const struct mp_shared *shared;          /* test rows that training has too; NULL: unknown */
    const struct mp_cross *cross;            /* of cross-validation; NULL: none */
    struct mp_branch_scores branches;        /* on the test rows, where they have labels */
    double fit_seconds, total_seconds;
    json_t *curves;                          /* series that models recorded: name -> values */
    json_t *parts;                           /* what parts of a model cost, such as layers */
    json_t *remarks;                         /* facts that stages found worth telling */
    json_t *libraries;                       /* those that had a part in it */
    uint64_t peak_bytes;
    uint64_t bundle_bytes;
    const char *page;                        /* what it lacks: "none", "without pictures"; NULL:
                                                it is whole, or yet to be made */
    const char *folder;
    const struct mp_kept *warnings;
};

/* The files of a run's folder, besides the model in its library's own form; NULL ends. */
extern const char *const mp_run_files[];

/* docs/report.md lists the keys; NULL: mp_fail() said why.  json_decref() it. */
json_t *mp_report_json(struct mp_ctx *c, const struct mp_report *r);

/* For people, the accuracy first.  whole: also what is for those who know the program, such
 * as how solvers ended, the layers' speed, versions of libraries. */
void mp_report_text(FILE *f, const struct mp_ctx *c, const struct mp_report *r,
                    const struct mp_paint *p, bool whole);

/* The share of the test rows whose class is among so many of the highest scores. */
double mp_report_first(const struct mp_report *r, int first);

/* Accuracy, its interval, confusion, classes. */
json_t *mp_metrics_json(const struct mp_metrics *m, const char *const *names);

/* Which libraries are at work now: name -> version. */
json_t *mp_libraries_json(void);

/* [28, 28], [32, 32, 3]. */
json_t *mp_shape_json(struct mp_shape s);

/* A text that may be no UTF-8, such as a file's name, as JSON. */
json_t *mp_text_json(const char *text);
/* Of what is shown in one line, such as names: control characters become \xNN. */
json_t *mp_name_json(const char *text);

/* A class's name: a number where it is a whole one, otherwise a text. */
json_t *mp_class_json(const char *name);

/* Whether a series, "kept_epoch" or that of an embedded net, is one number and no curve. */
bool mp_report_one_value(const char *series);

/* The series of each net by their own names: of "loss" and "line 3.cnn_fast.loss" those of "" and
 * of "line 3.cnn_fast".  json_decref() it. */
json_t *mp_report_nets(json_t *curves);

/* "2 threads"; "1 to 2 threads" where there came to be more. */
void mp_threads_text(const struct mp_ctx *c, char *text, size_t size);

/* "1.5 MiB". */
void mp_bytes_text(char *text, size_t size, uint64_t n);

/* ", svm.C=10, without deskew": what the command line changed in the pipeline. */
void mp_report_changes(const struct mp_ctx *c, char *text, size_t size);

/* "test file", "5-fold cross-validation" ...: how the test rows came to be; the test rows as
 * the pipeline names them. */
const char *mp_split_name(const struct mp_experiment *x);
const char *mp_test_name(const struct mp_experiment *x);
#endif
