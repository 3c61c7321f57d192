/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predict.c - `mnistpipe predict`: a fitted pipeline on new rows. */
#include "core/clock.h"
#include "core/ctx.h"
#include "engine/bundle.h"
#include "engine/lying.h"
#include "engine/metrics.h"
#include "engine/predictions.h"
#include "pipeline/options.h"
#include "sources/experiment.h"
#include "text/layout.h"
#include <stdlib.h>
#include <string.h>

struct params {
    char *output, *labels;
    struct mp_form_text form;
    bool submission;
};

static const struct mp_param table[] = {
    MP_PARAM(output, .def = "predictions.csv", .unit = "FILE",
             .doc = "file to write; - is standard output"),
    MP_PARAM(labels, .def = "", .unit = "FILE", .doc = "labels of the images, to score them"),
    MP_FORM_PARAMS(offsetof(struct params, form)),
    MP_PARAM(submission, .def = "no", .doc = "writes Kaggle's form: ImageId,Label"),
    MP_END
};

/* As the bundle reads rows, unless the command line says otherwise. */
static int read_rows(struct mp_ctx *c, const struct params *o, const struct mp_bundle *b,
                     const char *file, struct mp_data *d)
{
    struct mp_form form;
    struct mp_glance g;
    if (mp_bundle_form(c, b, &o->form, &form) < 0 ||
        mp_rows_read(c, file, o->labels, &form, "the bundle was trained on", d) < 0)
        return -1;
    mp_glance(c, d, &g);
    mp_glance_warn_new(c, &b->glance, &g, file);
    return MP_OK;
}

/* Whether they lie as the training rows did, which labels tell best. */
static int warn_of_lying(struct mp_ctx *c, struct mp_bundle *b, const struct mp_data *d,
                         const char *file)
{
    int *y = NULL, rc = MP_OK;
    if (d->label != NULL)
        rc = mp_class_numbers(c, d, &b->classes, &y);
    if (rc == MP_OK)
        rc = mp_lying_warn(c, &b->plan, d, y, b->lead, file);
    free(y);
    return rc;
}

/* How good the predictions are, if the rows have labels. */
static int score(struct mp_ctx *c, struct mp_bundle *b, const struct mp_data *d,
                 const struct mp_predictions *p, struct mp_metrics *m)
{
    int *y = NULL, rc = MP_OK;
    if (d->label == NULL)
        return MP_OK;
    rc = mp_class_numbers(c, d, &b->classes, &y);
    if (rc == MP_OK) {
        mp_class_warn(c, d, &b->classes, b->n_classes, y);
        rc = mp_metrics_compute(c, (int)b->classes.n, d->n, y, p->predicted, m);
    }
    free(y);
    return rc;
}

/* Results on stdout leave it to stderr to say how good they are. */
static void say(const struct mp_ctx *c, const struct params *o, const char *name,
                double read_seconds, const struct mp_predictions *p, const struct mp_metrics *m)
{
    const bool to_stdout = strcmp(o->output, "-") == 0;
    FILE *f = to_stdout ? stderr : stdout;
    if (c->run->quiet)
        return;
    if (!to_stdout)
        mp_say(f, "", 0, "%zu rows of %s, read in %.2f s, predicted in %.2f s, written to %s", p->n,
               name, read_seconds, p->seconds, o->output);
    if (m->k > 0) {
        const int at = fprintf(f, "accuracy %.2f %%   ", 100 * m->accuracy);
        mp_fill(f, at, 9, "95 %% interval %.2f .. %.2f (Wilson), %llu errors in %llu rows",
                100 * m->low, 100 * m->high, (unsigned long long)m->errors,
                (unsigned long long)m->rows);
        fputc('\n', f);
    }
}

static int write_file(struct mp_ctx *c, const struct params *o, const struct mp_bundle *b,
                      const struct mp_predictions *p)
{
    struct mp_output out;
    if (mp_output_open(c, &out, o->output) < 0)
        return -1;
    if (o->submission)
        mp_submission_write(p, &b->classes, &out);
    else
        mp_predictions_write(p, &b->classes, &out);
    return mp_output_commit(c, &out);
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    struct mp_bundle b;
    struct mp_data d = { 0 };
    struct mp_predictions p = { 0 };
    struct mp_metrics m = { 0 };
    if (n != 2)
        return mp_usage(c, "predict: expected a bundle and a file of rows, found %d argument%s", n,
                        n == 1 ? "" : "s");
    if (mp_output_apart(c, o->output, args[0]) < 0 || mp_output_apart(c, o->output, args[1]) < 0 ||
        mp_output_ending(c, o->output, "csv|txt", "CSV") < 0 ||
        mp_bundle_read(c, args[0], &b) < 0)
        return -1;
    const double start = mp_seconds();
    int rc = mp_output_check(c, o->output);
    if (rc == MP_OK)
        rc = read_rows(c, o, &b, args[1], &d);
    const double read_seconds = mp_seconds() - start;
    if (rc == MP_OK)
        rc = warn_of_lying(c, &b, &d, args[1]);
    if (rc == MP_OK)
        rc = mp_predict(c, &b.plan, &d, &p);
    if (rc == MP_OK)
        rc = score(c, &b, &d, &p, &m);
    if (rc == MP_OK)
        rc = write_file(c, o, &b, &p);
    if (rc == MP_OK)
        say(c, o, args[1], read_seconds, &p, &m);
    mp_metrics_free(&m);
    mp_predictions_free(&p);
    mp_data_free(&d);
    mp_bundle_free(&b);
    return rc;
}

MP_COMMAND(predict) = {
    .order = 3,
    .brief = "Predict new rows with a fitted pipeline",
    .usage = "BUNDLE FILE",
    .doc = "BUNDLE is bundle.mnp of a run; FILE has rows in any form that `run` reads, with\n"
           "or without labels.  The same rows get the same bytes as in the run, on a processor\n"
           "with the same vector instructions; another sums in another order, which shows in the\n"
           "last digits of scores.",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
