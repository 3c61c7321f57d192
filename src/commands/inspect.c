/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect.c - `mnistpipe inspect`: what is in a file of rows? */
#include "study/inspect.h"
#include "core/ctx.h"
#include "files/output.h"
#include "pipeline/options.h"
#include "sources/experiment.h"
#include <string.h>

struct params {
    char *output, *labels, *test_labels, *pipeline;
    struct mp_form_text form;
    int folds, list, seed;
    double near;
    bool json, quick;
};

static const struct mp_param table[] = {
    MP_PARAM(output, .def = "", .unit = "FILE.html",
             .doc = "also writes a page with the pictures of what was found"),
    MP_PARAM(json, .def = "no", .doc = "prints all that was found as JSON"),
    MP_PARAM(list, .def = "10", .min = 0, .max = 1000000, .unit = "rows",
             .doc = "how many rows a list shows; JSON has them all"),
    MP_PARAM(near, .def = "0.12", .min = 0, .max = 0.5,
             .doc = "the largest difference of near duplicates; 0 does not look for them"),
    MP_PARAM(quick, .def = "no", .doc = "does not check labels, which takes a fit for each fold"),
    MP_PARAM(folds, .def = "5", .min = 2, .max = 100, .unit = "folds",
             .doc = "for checking labels: a row is scored by a model of the other folds"),
    MP_PARAM(pipeline, .def = "", .unit = "FILE",
             .doc = "checks labels, in place of gradient histograms and a linear SVM"),
    MP_PARAM(seed, .def = "1", .min = 0, .max = 2147483647,
             .doc = "seed of everything drawn at random"),
    MP_PARAM(labels, .def = "", .unit = "FILE", .doc = "labels of the images of TRAIN"),
    MP_PARAM(test_labels, .def = "", .unit = "FILE", .doc = "labels of the images of TEST"),
    MP_FORM_PARAMS(offsetof(struct params, form)),
    MP_END
};

static int read_rows(struct mp_ctx *c, const struct params *o, struct mp_inspection *in)
{
    struct mp_form form;
    if (mp_form_parse(c, &o->form, &form) < 0)
        return -1;
    form.part = "train";
    if (mp_rows_read(c, in->given[0], o->labels, &form, NULL, &in->data[0]) < 0)
        return -1;
    form.size = form.beside = in->data[0].shape;
    form.part = "test";
    return in->n < 2 ? MP_OK
                     : mp_rows_read(c, in->given[1], o->test_labels, &form,
                                    "those of the first file are", &in->data[1]);
}

static int write_page(struct mp_ctx *c, const struct params *o, const struct mp_inspection *in)
{
    struct mp_output out;
    if (mp_output_open(c, &out, o->output) < 0)
        return -1;
    if (mp_inspect_html(c, in, out.f) == MP_OK)
        return mp_output_commit(c, &out);
    mp_output_discard(&out);
    return -1;
}

static int show(struct mp_ctx *c, const struct params *o, const struct mp_inspection *in)
{
    if (!o->json) {
        mp_inspect_text(stdout, in, (size_t)o->list);
        return MP_OK;
    }
    json_t *json = mp_inspect_json(c, in);
    if (json == NULL)
        return -1;
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(json);
    return MP_OK;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    struct mp_inspection in = {
        .o = { o->folds, o->seed, o->near, o->quick, o->pipeline }, .n = n,
    };
    if (n != 1 && n != 2)
        return mp_usage(c, "inspect: expected a file of rows, or training and test rows, found %d "
                           "arguments", n);
    for (int k = 0; k < n; k++) {
        in.given[k] = args[k];
        if (*o->output != '\0' && mp_output_apart(c, o->output, args[k]) < 0)
            return -1;
    }
    if (mp_output_ending(c, o->output, "html|htm", "a page") < 0 ||
        (*o->output != '\0' && mp_output_check(c, o->output) < 0))
        return -1;
    int rc = read_rows(c, o, &in);
    if (rc == MP_OK)
        rc = mp_inspect(c, &in);
    if (rc == MP_OK)
        rc = show(c, o, &in);
    if (rc == MP_OK && *o->output != '\0')
        rc = write_page(c, o, &in);
    mp_inspect_free(&in);
    return rc;
}

MP_COMMAND(inspect) = {
    .order = 6,
    .brief = "Tell what is in a file of rows, and what is wrong with it",
    .usage = "TRAIN [TEST]",
    .doc = "TRAIN and TEST are files of rows in any form that `run` reads, or mnist:train and\n"
           "the like.  Counts rows, classes and values; finds constant pixels, blank images,\n"
           "equal and nearly equal images, training images that are also in the test file,\n"
           "and labels that are probably wrong.\n"
           "\n"
           "Near duplicates: each image is scaled to length 1, so that brightness does not\n"
           "count; the difference is the distance of the two, the smallest over shifts of up\n"
           "to 1 px.  All pairs within the limit are found.\n"
           "\n"
           "Labels of TRAIN are checked out of fold: every row is scored by a pipeline fitted\n"
           "on the other folds alone.  A row is suspect if another class leads its label by as\n"
           "much as that class usually leads all others, on nine in ten of its own rows, or on\n"
           "half of them where it is harder to tell; a class that is mostly missed accuses none\n"
           "(after Northcutt, Jiang, Chuang 2021).  Suspicion is no proof: look at the rows.",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
