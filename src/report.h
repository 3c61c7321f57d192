/* report.h - what a run found, as JSON for programs and as text for people. */
#ifndef MP_REPORT_H
#define MP_REPORT_H
#include "experiment.h"
#include "metrics.h"
#include "predictions.h"
#include <jansson.h>

struct mp_report {
    struct mp_experiment *x;
    const struct mp_predictions *predictions;
    const struct mp_metrics *metrics;        /* NULL: the test has no labels */
    double fit_seconds, total_seconds;
    json_t *curves;                          /* series that models recorded: name -> values */
    json_t *parts;                           /* what parts of a model cost, such as layers */
    json_t *remarks;                         /* facts that stages found worth telling */
    uint64_t bundle_bytes;
    const char *folder;
    const char *const *warnings;
    int n_warnings;
};

/* docs/report.md lists the keys; NULL: mp_fail() said why.  json_decref() it. */
json_t *mp_report_json(struct mp_ctx *c, const struct mp_report *r);

/* The table for people; colour: with escape sequences for a terminal. */
void mp_report_text(FILE *f, const struct mp_ctx *c, const struct mp_report *r, bool colour);

/* "test file" or how the test rows came to be; the test rows as the pipeline names them. */
const char *mp_split_name(const struct mp_experiment *x);
const char *mp_test_name(const struct mp_experiment *x);

/* The largest size this process has had, in bytes. */
uint64_t mp_peak_memory(void);
#endif
