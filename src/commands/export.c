/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export.c - the command `mnistpipe export`: the rows that a model would see,
 * for other programs. */
#include "engine/bundle.h"
#include "engine/engine.h"
#include "files/output.h"
#include "formats/write.h"
#include "pipeline/options.h"
#include "sources/experiment.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct params {
    int format;
    char *output;
    bool bytes;
};

static const struct mp_param table[] = {
    MP_PARAM(format, .def = "csv.gz", .choice = mp_table_format,
             .doc = "what to write"),
    MP_PARAM(output, .def = "", .unit = "FOLDER",
             .doc = "where to write; made if missing; required"),
    MP_PARAM(bytes, .def = "no",
             .doc = "pixels as whole numbers 0..255, in place of 0..1; for images only"),
    MP_END
};

enum { PARTS = 2 };

/* One data set on its way into one table. */
struct part {
    const char *name; /* "train" */
    const struct mp_data *d;
    bool training; /* as the model sees them while it learns */
    int *y; /* class numbers, or NULL */
    struct mp_table_writer *w;
    char title[256];
};

struct job {
    struct mp_plan *plan;
    int last; /* the node whose output is written; -1: the images as they were read */
    struct mp_names *classes; /* of all parts */
    struct part parts[PARTS];
    int n_parts;
};

static void add_part(struct job *j, const char *name, const struct mp_data *d)
{
    j->parts[j->n_parts++] = (struct part){ .name = name, .d = d };
}

static void set_plan(struct job *j, struct mp_plan *p, struct mp_names *classes)
{
    j->plan = p;
    j->last = p->has_model ? p->nodes[p->model].inputs[0] : p->n_nodes - 1;
    j->classes = classes;
}

/* -------------------------------------------------------------- one table */

/* Rows of the table: with copies, more than there are in the data. */
static size_t rows_of(const struct job *j, const struct part *part)
{
    return part->d->n * (part->training ? mp_plan_passes(j->plan, j->last) : 1);
}

static void column(const void *arg, size_t i, char *text, size_t size)
{
    const struct job *j = arg;
    mp_plan_label(j->plan, j->last, i, text, size);
}

static int take(struct mp_ctx *c, void *arg, const struct mp_chunk *rows)
{
    const struct part *part = arg;
    return mp_table_rows(c, part->w, rows, part->y != NULL ? part->y + rows->row0 : NULL);
}

static int write_part(struct mp_ctx *c, struct job *j, struct part *part, const struct params *p)
{
    const struct mp_shape shape = j->last < 0 ? j->plan->shape : j->plan->nodes[j->last].out;
    const struct mp_table t = {
        .rows = rows_of(j, part), .shape = shape, .labels = part->d->label != NULL,
        .bytes = p->bytes,
        .name = part->title, .classes = mp_names_all(j->classes),
        .n_classes = (int)j->classes->n,
        .column = column, .arg = j,
    };
    const size_t size = strlen(p->output) + strlen(part->name) + 2;
    char *stem = mp_alloc(c, size, 1);
    if (stem == NULL)
        return -1;
    snprintf(stem, size, "%s/%s", p->output, part->name);
    snprintf(part->title, sizeof part->title, "%s, %s", j->plan->file, part->name);
    part->w = mp_table_open(c, p->format, stem, &t);
    free(stem);
    if (part->w == NULL)
        return -1;
    const char *file;
    for (int k = 0; (file = mp_table_file(part->w, k)) != NULL; k++)
        for (int i = 0; i < j->n_parts; i++)
            if (mp_output_apart(c, file, j->parts[i].d->name) < 0)
                return -1;
    return part->training
               ? mp_engine_apply_training(c, j->plan, part->d, j->last, part->name, take, part)
               : mp_engine_apply(c, j->plan, part->d, j->last, part->name, take, part);
}

static void report(const struct mp_ctx *c, const struct job *j)
{
    if (c->run->quiet)
        return;
    for (int i = 0; i < j->n_parts; i++) {
        const struct part *part = &j->parts[i];
        const size_t d = mp_len(j->last < 0 ? j->plan->shape : j->plan->nodes[j->last].out);
        const char *file;
        for (int k = 0; (file = mp_table_file(part->w, k)) != NULL; k++)
            if (k == 0)
                printf("%s: %zu rows of %zu values%s\n", file, rows_of(j, part), d,
                       part->d->label != NULL ? ", labelled" : "");
            else
                printf("%s: %s\n", file, mp_table_names_classes(part->w, k)
                       ? "which number is which class" : "their labels");
    }
}

/* All files get their names together, or none does. */
static int write_all(struct mp_ctx *c, struct job *j, const struct params *p)
{
    struct mp_table_writer *w[PARTS];
    struct mp_folder held;
    int rc = mp_folder_hold(c, &held, p->output);

    /* take() runs inside the engine's loop and compresses with threads of its own. */
    omp_set_max_active_levels(2);
    for (int i = 0; i < j->n_parts && rc == MP_OK; i++)
        if (j->parts[i].d->label != NULL)
            rc = mp_class_numbers(c, j->parts[i].d, j->classes, &j->parts[i].y);
    for (int i = 0; i < j->n_parts && rc == MP_OK; i++) {
        rc = write_part(c, j, &j->parts[i], p);
        w[i] = j->parts[i].w;
    }
    if (rc == MP_OK)
        rc = mp_table_commit(c, w, (size_t)j->n_parts);
    if (rc == MP_OK)
        report(c, j);
    for (int i = 0; i < j->n_parts; i++) {
        mp_table_close(j->parts[i].w);
        free(j->parts[i].y);
    }
    mp_folder_release(&held);
    return rc;
}

/* ------------------------------------------------------------ the two ways */

static int check_bytes(struct mp_ctx *c, const struct job *j, const struct params *p)
{
    if (!p->bytes || j->last < 0 || j->plan->nodes[j->last].image)
        return MP_OK;
    mp_plan_where(c, j->plan, j->last);
    return mp_fail(c, "gives features, and --bytes writes pixels; leave --bytes out, or the "
                      "stages that are no filters");
}

/* Whether the model sees other training rows in every epoch, so that none are its own. */
static bool draws_by_epoch(const struct mp_plan *p)
{
    return p->has_model && mp_learns(p->nodes[p->model].entry, MP_IN_EPOCHS);
}

static int export_pipeline(struct mp_ctx *c, const char *file, const struct params *p)
{
    struct mp_experiment x;
    struct job j = { .n_parts = 0 };
    int rc = mp_experiment_plan(c, file, &x);

    if (rc == MP_OK && x.plan.source.folds > 0)
        rc = mp_fail(c, "%s: data: folds=%d: in every fold the stages learn other features; export "
                        "takes one split (--set data.folds=0)", file, x.plan.source.folds);
    if (rc == MP_OK)
        rc = mp_plan_prepare(c, &x.plan);
    if (rc == MP_OK)
        rc = mp_experiment_read(c, &x);
    if (rc == MP_OK) {
        set_plan(&j, &x.plan, &x.classes);
        add_part(&j, "train", &x.train);
        j.parts[0].training = !draws_by_epoch(&x.plan);
        add_part(&j, "test", &x.test);
        rc = check_bytes(c, &j, p);
    }
    if (rc == MP_OK)
        rc = mp_engine_fit(c, &x.plan, &x.train, x.train_y, j.last);
    if (rc == MP_OK)
        rc = write_all(c, &j, p);
    mp_experiment_free(&x);
    return rc;
}

/* Reads the rows that --train or --test names; none named: adds no part. */
static int read_part(struct mp_ctx *c, struct job *j, const struct mp_bundle *b, const char *name,
                     const char *file, const char *labels, struct mp_data *d)
{
    struct mp_form form;
    struct mp_glance g;
    if (*file == '\0')
        return MP_OK;
    if (mp_bundle_form(c, b, NULL, &form) < 0 ||
        mp_rows_read(c, file, labels, &form, "the bundle was trained on", d) < 0)
        return -1;
    mp_glance(c, d, &g);
    mp_glance_warn_new(c, &b->glance, &g, file);
    add_part(j, name, d);
    return MP_OK;
}

static int export_bundle(struct mp_ctx *c, const char *file, const struct params *p)
{
    const struct mp_asked *a = c->run->command.asked;
    struct mp_bundle b;
    struct mp_data train = { .n = 0 }, test = { .n = 0 };
    struct job j = { .n_parts = 0 };

    if (mp_bundle_read(c, file, &b) < 0)
        return -1;
    set_plan(&j, &b.plan, &b.classes);
    int rc = check_bytes(c, &j, p);
    if (rc == MP_OK && a != NULL && (*a->set != '\0' || *a->seed != '\0'))
        rc = mp_usage(c, "export: a bundle has learned already; --set and --seed go with a "
                         "pipeline");
    if (rc == MP_OK && a != NULL)
        rc = read_part(c, &j, &b, "train", a->train, a->train_labels, &train);
    if (rc == MP_OK && a != NULL)
        rc = read_part(c, &j, &b, "test", a->test, a->test_labels, &test);
    if (rc == MP_OK && j.n_parts == 0)
        rc = mp_fail(c, "%s: a bundle holds no rows; name some with --train FILE or --test FILE",
                     file);
    if (rc == MP_OK)
        rc = write_all(c, &j, p);
    mp_data_free(&train);
    mp_data_free(&test);
    mp_bundle_free(&b);
    return rc;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *p = options;

    if (n != 1)
        return mp_usage(c, "export: expected one pipeline or bundle, found %d argument%s", n,
                        n == 1 ? "" : "s");
    if (*p->output == '\0')
        return mp_usage(c, "export: --output is required: the folder to write into (-o FOLDER)");
    if (mp_check_folder(c, p->output) < 0)
        return -1;
    return mp_is_bundle(args[0]) ? export_bundle(c, args[0], p) : export_pipeline(c, args[0], p);
}

MP_COMMAND(export) = {
    .order = 4,
    .brief = "Write the rows that the model would see, for other programs",
    .usage = "PIPELINE|BUNDLE",
    .doc =
        "Takes the training and the test rows through all stages before the model and writes them "
        "as FOLDER/train and FOLDER/test, with the format's ending. Stages that learn do so on "
        "the training rows alone. Without test rows, the rows held out are the test. A bundle has "
        "learned already: it transforms the rows that --train and --test name.\n"
        "\n",
    .list = mp_table_list,
    .more =
        "\n"
        "Behind augment the training rows are those that the model learns from: distorted, and "
        "with augment's copies=N first all rows as they are, then N times all rows distorted. In "
        "front of a net, which sees others in every epoch, and from a bundle they are not "
        "distorted.\n"
        "\n"
        "Values are floats that read back exactly; pixels lie in 0 (paper) .. 1 (ink). With "
        "--bytes pixels are whole numbers 0..255: csv is then Kaggle's form of MNIST. "
        "csv, libsvm, npy, npz and idx can be read by mnistpipe again.\n"
        "\n"
        "Rows without labels have label 0 in libsvm, ? in arff, and none elsewhere. Files get "
        "their names when all are whole; nothing is left behind by a failure.\n",
    .options = table,
    .options_size = sizeof(struct params),
    .pipeline = true,
    .run = run,
};
