/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gallery.c - `mnistpipe gallery`: a page of every filter and feature. */
#include "study/gallery.h"
#include "cache/cache.h"
#include "core/ctx.h"
#include "files/output.h"
#include "pipeline/options.h"
#include "sources/experiment.h"
#include <string.h>

struct params {
    char *output, *train, *train_labels, *only;
    struct mp_form_text form;
    int format, folds, seed;
    double holdout;
    bool no_gains, no_costs;
};

static const struct mp_param table[] = {
    MP_PARAM(output, .def = "gallery.html", .unit = "FILE.html",
             .doc = "the page; - is standard output, which then has nothing else"),
    MP_PARAM(format, .def = "text", .choices = MP_FORMATS, .doc = "what to print"),
    MP_PARAM(only, .def = "", .unit = "STAGE,...", .doc = "shows these filters and features alone"),
    MP_PARAM(no_gains, .def = "no",
             .doc = "leaves out what each stage buys, which takes two pipelines for each"),
    MP_PARAM(no_costs, .def = "no", .doc = "leaves out times, which are others in every run"),
    MP_PARAM(folds, .def = "5", .min = 2, .max = 100, .unit = "folds",
             .doc = "of the training rows; each is scored by a pipeline that has not seen it"),
    MP_PARAM(holdout, .def = "0", .min = 0, .max = 0.9,
             .doc = "scores on this share of the rows, in place of folds"),
    MP_PARAM(seed, .def = "1", .min = 0, .max = 2147483647,
             .doc = "seed of everything drawn at random"),
    MP_PARAM(train, .def = "sample:train", .unit = "FILE", .doc = "the rows"),
    MP_PARAM(train_labels, .def = "", .unit = "FILE",
             .doc = "labels of the images, if not found beside them"),
    MP_FORM_PARAMS(offsetof(struct params, form)),
    MP_END
};

static int read_rows(struct mp_ctx *c, const struct params *o, struct mp_gallery *g)
{
    struct mp_form form;
    if (mp_form_parse(c, &o->form, &form) < 0)
        return -1;
    form.part = "train";
    c->run->seed = (uint64_t)o->seed;
    return mp_rows_read(c, o->train, o->train_labels, &form, NULL, &g->d);
}

static int write_page(struct mp_ctx *c, const struct params *o, struct mp_gallery *g,
                      const json_t *document)
{
    struct mp_output out;
    if (mp_output_open(c, &out, o->output) < 0)
        return -1;
    if (mp_gallery_html(c, g, document, out.f) == MP_OK)
        return mp_output_commit(c, &out);
    mp_output_discard(&out);
    return -1;
}

static int show(struct mp_ctx *c, const struct params *o, struct mp_gallery *g)
{
    json_t *document = mp_gallery_json(c, g);
    if (document == NULL)
        return -1;
    const bool printed = strcmp(o->output, "-") != 0;
    const int rc = write_page(c, o, g, document);
    if (rc == MP_OK && printed)
        mp_gallery_write(stdout, document, o->format);
    if (rc == MP_OK && printed && o->format == 0 && !c->run->quiet)
        printf("\nlook at  %s\n", o->output);
    json_decref(document);
    return rc;
}

static int check_output(struct mp_ctx *c, const struct params *o)
{
    if (mp_output_ending(c, o->output, "html|htm", "a page") < 0 ||
        mp_output_apart(c, o->output, o->train) < 0)
        return -1;
    return mp_output_check(c, o->output);
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    const struct mp_asked *asked = c->run->command.asked;
    const struct mp_gallery_ask ask = { o->only, o->train, o->folds, o->holdout, !o->no_costs,
                                        !o->no_gains };
    struct mp_gallery g = { .n = 0 };
    if (n > 0)
        return mp_usage(c, "gallery: takes no arguments, found \"%s\"; --train names the rows",
                        args[0]);
    int rc = check_output(c, o);
    if (rc == MP_OK)
        rc = mp_gallery_open(c, &ask, &g);
    if (rc == MP_OK)
        rc = read_rows(c, o, &g);
    if (rc == MP_OK && !asked->no_cache && ask.gains)
        c->run->cache = mp_cache_open(c, asked->cache);
    if (rc == MP_OK)
        rc = mp_gallery_run(c, &g);
    mp_cache_close(c->run->cache);
    c->run->cache = NULL;
    if (rc == MP_OK)
        rc = show(c, o, &g);
    c->run->n_classes = 0;
    c->run->classes = NULL;
    mp_gallery_free(&g);
    return rc;
}

MP_COMMAND(gallery) = {
    .order = 6,
    .brief = "Show every filter and feature, what it costs and what it buys",
    .usage = "",
    .doc =
        "Writes a page, gallery.html, of all filters and features: each with the same ten digits, "
        "one of each class, after the stage; with the microseconds that an image takes on one "
        "thread; and with what adding it buys. Stages have their default values; where a stage "
        "needs some, or does nothing to these digits without, it stands as in its own example.\n"
        "\n"
        "Each stage is added to two pipelines, pixels, normalize, svm and hog, svm. A filter "
        "stands before the feature. A feature of images stands beside it, in a union, and goes "
        "through standardize floor=0.01 and normalize, so that all weigh the same; one that takes "
        "any rows follows it. All are scored on training rows held out from them, by folds or "
        "once, by --holdout; no test row is read. A gain is a difference of accuracy with its 95 % "
        "interval (Tango), tested by McNemar's exact test with Holm's correction for all "
        "differences that were tried. C is not chosen anew, and no values are: a gain is what the "
        "stage gives by itself, not the most that it can give.\n"
        "\n"
        "--no-gains leaves that out, and the page is there at once. On the whole set, --train "
        "mnist:train, gains take long; --holdout 0.15 takes one fit in place of five for each "
        "pipeline. What is predicted is kept in the cache (`mnistpipe help cache`), and a gallery "
        "that was stopped goes on where it was. A stage that cannot work on these rows, or would "
        "give the model more than 65536 values, says so in its place.\n",
    .options = table,
    .options_size = sizeof(struct params),
    .cache = true,
    .run = run,
};
