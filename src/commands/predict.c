/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predict.c - `mnistpipe predict`: a fitted pipeline on new rows. */
#include "core/clock.h"
#include "core/ctx.h"
#include "core/ranks.h"
#include "engine/bundle.h"
#include "engine/lying.h"
#include "engine/metrics.h"
#include "engine/predictions.h"
#include "pages/wrong.h"
#include "pipeline/options.h"
#include "report/predicted.h"
#include "sources/experiment.h"
#include "text/layout.h"
#include <stdlib.h>
#include <string.h>

struct params {
    char *output, *labels, *submission, *wrong;
    struct mp_form_text form;
    double threshold;
    bool json;
};

static const struct mp_param table[] = {
    MP_PARAM(output, .def = "", .unit = "FILE",
             .doc = "file to write; - is standard output; none: predictions.csv, with --json "
                    "standard output"),
    MP_PARAM(labels, .def = "", .unit = "FILE", .doc = "labels of the images, to score them"),
    MP_FORM_PARAMS(offsetof(struct params, form)),
    MP_PARAM(threshold, .def = "0", .min = 0, .max = 1e9,
             .doc = "writes `unsure` for rows whose highest probability is below this; for a model "
                    "of margins, where the first leads the second by less"),
    MP_PARAM(wrong, .def = "", .unit = "FOLDER",
             .doc = "writes the images there that were taken for another class, as "
                    "TRUTH_as_PREDICTION_line_17.png"),
    MP_PARAM(json, .def = "no", .doc = "writes rows and score as JSON, in place of CSV"),
    MP_PARAM(submission, .def = "", .alone = "yes", .unit = "HEADER",
             .doc = "writes a submission: the rows' ids, or numbers from 1, and the predictions, "
                    "under a header such as id,label; none: ImageId,Label as in Kaggle's, and "
                    "id,label where rows have ids"),
    MP_END
};

/* One input, and what becomes of it. */
struct part {
    struct mp_data d;
    struct mp_predictions p;
    int *y;              /* class numbers, or NULL */
    double read_seconds;
};

struct job {
    const struct params *o;
    bool writes;               /* others only compute with it */
    struct mp_bundle b;
    struct part *parts;
    struct mp_predicted *in;
    size_t n;
    const char *output;
    struct mp_prediction_form form;
    struct mp_metrics metrics; /* k 0: nothing is scored */
    size_t rows, unsure, sure_rows, sure_right; /* the latter two of those with labels */
    size_t wrong;        /* pictures written */
};

/* As the bundle reads rows, unless the command line says otherwise. */
static int read_rows(struct mp_ctx *c, struct job *j, const char *file, struct part *part)
{
    const double start = mp_seconds();
    struct mp_form form;
    struct mp_glance g;
    if (mp_bundle_form(c, &j->b, &j->o->form, &form) < 0)
        return -1;
    if (mp_rows_read(c, file, j->o->labels, &form, "the bundle was trained on", &part->d) < 0)
        return -1;
    if (mp_glance(c, &part->d, &g) < 0)
        return -1;
    mp_glance_warn_new(c, &j->b.glance, &g, file);
    part->read_seconds = mp_seconds() - start;
    return MP_OK;
}

/* Reads one input, looks whether it is like the training rows, and predicts it. */
static int predict(struct mp_ctx *c, struct job *j, size_t i, const char *file)
{
    struct part *part = &j->parts[i];
    if (read_rows(c, j, file, part) < 0)
        return -1;
    if (part->d.label != NULL) {
        if (mp_class_numbers(c, &part->d, &j->b.classes, &part->y) < 0)
            return -1;
        mp_class_warn(c, &part->d, &j->b.classes, j->b.n_classes, part->y);
    }
    j->in[i] = (struct mp_predicted){ file, &part->d, &part->p };
    if (mp_lying_warn(c, &j->b.plan, &part->d, part->y, j->b.lead, file) < 0)
        return -1;
    return mp_predict(c, &j->b.plan, &part->d, &part->p);
}

/* How good the predictions are, of the rows that have labels. */
static int score(struct mp_ctx *c, struct job *j)
{
    size_t n = 0, most = 0;
    for (size_t k = 0; k < j->n; k++)
        most += j->parts[k].d.n;
    int *truth = mp_alloc(c, most, sizeof *truth), *got = mp_alloc(c, most, sizeof *got);
    int rc = truth != NULL && got != NULL ? MP_OK : -1;
    for (size_t k = 0; k < j->n && rc == MP_OK; k++) {
        const struct part *p = &j->parts[k];
        for (size_t i = 0; i < p->d.n; i++) {
            const bool unsure = mp_unsure(&p->p, i, j->form.threshold);
            j->rows++;
            j->unsure += unsure;
            if (p->y == NULL)
                continue;
            truth[n] = p->y[i];
            got[n] = p->p.predicted[i];
            j->sure_rows += !unsure;
            j->sure_right += !unsure && truth[n] == got[n];
            n++;
        }
    }
    if (rc == MP_OK && n > 0)
        rc = mp_metrics_compute(c, (int)j->b.classes.n, n, truth, got, &j->metrics);
    free(truth);
    free(got);
    return rc;
}

/* -------------------------------------------------------------------- output */

static void say_score(FILE *f, const struct job *j)
{
    const struct mp_metrics *m = &j->metrics;
    const int at = fprintf(f, "accuracy %.2f %%   ", 100 * m->accuracy);
    mp_fill(f, at, 9, "95 %% interval %.2f .. %.2f (Wilson), %llu errors in %llu rows",
            100 * m->low, 100 * m->high, (unsigned long long)m->errors,
            (unsigned long long)m->rows);
    fputc('\n', f);
    if (j->form.threshold > 0 && j->sure_rows > 0)
        mp_say(f, "sure", 9, "%.2f %% right of %zu rows above the threshold of %g",
               100 * (double)j->sure_right / (double)j->sure_rows, j->sure_rows,
               j->form.threshold);
}

/* Results on stdout leave it to stderr to say how good they are. */
static void say(const struct mp_ctx *c, const struct job *j)
{
    const bool to_stdout = strcmp(j->output, "-") == 0;
    FILE *f = to_stdout ? stderr : stdout;
    if (c->run->quiet)
        return;
    for (size_t k = 0; k < j->n && !to_stdout; k++)
        mp_say(f, "", 0, "%zu rows of %s, read in %.2f s, predicted in %.2f s, written to %s",
               j->parts[k].p.n, j->in[k].input, j->parts[k].read_seconds, j->parts[k].p.seconds,
               j->output);
    if (j->form.threshold > 0)
        mp_say(f, "unsure", 9, "%zu of %zu rows, below the threshold of %g", j->unsure, j->rows,
               j->form.threshold);
    if (j->metrics.k > 0)
        say_score(f, j);
    if (*j->o->wrong != '\0')
        mp_say(f, "wrong", 9, "%zu image%s written to %s", j->wrong, j->wrong == 1 ? "" : "s",
               j->o->wrong);
}

static int write_json(struct mp_ctx *c, const struct job *j, struct mp_output *out)
{
    json_t *o = mp_predicted_json(j->in, j->n, &j->form, j->metrics.k > 0 ? &j->metrics : NULL);
    if (o == NULL)
        return mp_fail(c, "no memory for the report");
    json_dumpf(o, out->f, JSON_REAL_PRECISION(9));
    fputc('\n', out->f);
    json_decref(o);
    return MP_OK;
}

static int write_file(struct mp_ctx *c, const struct job *j)
{
    struct mp_output out;
    int rc = MP_OK;
    if (mp_output_open(c, &out, j->output) < 0)
        return -1;
    if (j->o->json)
        rc = write_json(c, j, &out);
    else if (*j->o->submission != '\0')
        mp_submission_write(j->in, j->n, &j->form, &out);
    else
        mp_predictions_write(j->in, j->n, &j->form, &out);
    if (rc < 0)
        mp_output_discard(&out);
    return rc < 0 ? -1 : mp_output_commit(c, &out);
}

static int write_wrong(struct mp_ctx *c, struct job *j)
{
    if (*j->o->wrong == '\0')
        return MP_OK;
    return mp_wrong_pictures(c, j->o->wrong, j->in, j->n, &j->b.classes, &j->wrong);
}

/* ----------------------------------------------------------------- the whole */

static int check(struct mp_ctx *c, const struct job *j, int n, char **args)
{
    const struct params *o = j->o;
    if (n < 2)
        return mp_usage(c, "predict: expected a bundle and rows, found %d argument%s", n,
                        n == 1 ? "" : "s");
    if (*o->labels != '\0' && n > 2)
        return mp_usage(c, "predict: --labels goes with one input, found %d", n - 1);
    if (o->json && *o->submission != '\0')
        return mp_usage(c, "predict: --json and --submission: one file has one form");
    if (*j->form.header != '\0' && strchr(j->form.header, ',') == NULL)
        return mp_usage(c, "predict: --submission=%s: expected two names such as id,label",
                        j->form.header);
    for (int i = 1; i < n; i++)
        if (strcmp(args[i], "-") == 0 && mp_ranks(c) > 1)
            return mp_usage(c, "predict: -: standard input has rows for one process, and there are "
                               "%d; name a file", mp_ranks(c));
    for (int i = 0; i < n; i++)
        if (mp_output_apart(c, j->output, args[i]) < 0)
            return -1;
    return o->json ? mp_output_ending(c, j->output, "json|txt", "JSON")
                   : mp_output_ending(c, j->output, "csv|txt", "CSV");
}

/* Whether what comes of it can be written, before the rows are read. */
static int check_outputs(struct mp_ctx *c, const struct job *j)
{
    if (mp_output_check(c, j->output) < 0)
        return -1;
    return *j->o->wrong != '\0' ? mp_check_folder(c, j->o->wrong) : MP_OK;
}

static int write_all(struct mp_ctx *c, struct job *j)
{
    if (write_file(c, j) < 0 || write_wrong(c, j) < 0)
        return -1;
    say(c, j);
    return MP_OK;
}

static int predict_all(struct mp_ctx *c, struct job *j, char **files)
{
    j->parts = mp_alloc(c, j->n, sizeof *j->parts);
    j->in = mp_alloc(c, j->n, sizeof *j->in);
    int rc = j->parts != NULL && j->in != NULL ? MP_OK : -1;
    for (size_t i = 0; i < j->n && rc == MP_OK; i++)
        rc = predict(c, j, i, files[i]);
    if (rc == MP_OK)
        rc = score(c, j);
    if (rc == MP_OK && *j->o->wrong != '\0' && j->metrics.k == 0)
        rc = mp_fail(c, "--wrong: %s has no labels, so nothing tells which rows are wrong",
                     files[0]);
    rc = mp_ranks_agree(c, rc);
    mp_ranks_part(c);
    return rc == MP_OK && j->writes ? write_all(c, j) : rc;
}

static void close_job(struct job *j)
{
    for (size_t i = 0; i < j->n && j->parts != NULL; i++) {
        mp_data_free(&j->parts[i].d);
        mp_predictions_free(&j->parts[i].p);
        free(j->parts[i].y);
    }
    free(j->parts);
    free(j->in);
    mp_metrics_free(&j->metrics);
    mp_bundle_free(&j->b);
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    struct job j = { .o = o, .writes = mp_rank(c) == 0, .n = n > 0 ? (size_t)n - 1 : 0 };
    j.output = *o->output != '\0' ? o->output : o->json ? "-" : "predictions.csv";
    j.form = (struct mp_prediction_form){ .classes = &j.b.classes, .threshold = o->threshold,
                                          .header = strcmp(o->submission, "yes") == 0
                                                        ? "" : o->submission };
    if (check(c, &j, n, args) < 0 || mp_bundle_read(c, args[0], &j.b) < 0)
        return -1;
    const int rc = j.writes && check_outputs(c, &j) < 0 ? -1 : predict_all(c, &j, args + 1);
    close_job(&j);
    return rc;
}

MP_COMMAND(predict) = {
    .order = 3,
    .brief = "Predict new rows with a fitted pipeline",
    .usage = "BUNDLE FILE...",
    .doc = "BUNDLE is bundle.mnp of a run; FILE has rows in any form that `run` reads, with\n"
           "or without labels; - is standard input.  The same rows get the same bytes as in the\n"
           "run, on a processor with the same vector instructions; another sums in another\n"
           "order, which shows in the last digits of scores.",
    .options = table,
    .options_size = sizeof(struct params),
    .ranks = true,
    .run = run,
};
