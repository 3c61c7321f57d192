/* SPDX-License-Identifier: GPL-3.0-or-later */
/* experiment.c - a pipeline with its data. */
#include "sources/experiment.h"
#include "core/clock.h"
#include "data/class_map.h"
#include "data/join.h"
#include "data/split.h"
#include "files/near_file.h"
#include "files/shipped.h"
#include "formats/read.h"
#include "pipeline/options.h"
#include "sources/datasets.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void mp_experiment_free(struct mp_experiment *x)
{
    mp_plan_free(&x->plan);
    mp_script_free(&x->script);
    if (x->test.x != x->train.x)
        mp_data_free(&x->test);
    mp_data_free(&x->train);
    free(x->train_path);
    free(x->test_path);
    free(x->test_left);
    free(x->train_y);
    free(x->test_y);
    mp_names_free(&x->classes);
    memset(x, 0, sizeof *x);
}

/* ----------------------------------------------------------------- files */

/* $MNISTPIPE_DATA has the first word on where the sample lies. */
static bool sample_path(const char *part, char *path, size_t size)
{
    char name[64];
    const char *folder = getenv("MNISTPIPE_DATA");
    if (folder != NULL && *folder != '\0') {
        snprintf(path, size, "%s/%s.csv.gz", folder, part);
        return access(path, R_OK) == 0;
    }
    snprintf(name, sizeof name, "data/%.40s.csv.gz", part);
    return mp_shipped(name, path, size);
}

char *mp_data_path(struct mp_ctx *c, const char *name)
{
    char path[PATH_MAX], set[64];
    int used = 0;
    const char *colon = strchr(name, ':');
    if (strcmp(name, "-") == 0) {
        snprintf(path, sizeof path, "/dev/stdin");
    } else if (mp_data_part(name) > 0) {
        snprintf(path, sizeof path, "%s", name);
    } else if (access(name, F_OK) == 0 || colon == NULL ||
               sscanf(name, "%63[a-z0-9_]%n", set, &used) != 1 ||
               name + used != colon) {
        if (access(name, R_OK) != 0) {
            const int error = errno;
            char near[300] = "";
            if (error == ENOENT)
                mp_near_file(name, false, near, sizeof near);
            mp_fail(c, "%s: cannot read: %s%s", name, strerror(error), near);
            return NULL;
        }
        snprintf(path, sizeof path, "%s", name);
    } else if (strcmp(set, "sample") == 0) {
        if (strcmp(colon + 1, "train") != 0 && strcmp(colon + 1, "test") != 0) {
            mp_fail(c, "%s: the sample has sample:train and sample:test", name);
            return NULL;
        }
        if (!sample_path(colon + 1, path, sizeof path)) {
            mp_fail(c, "%s: the sample is not installed; MNISTPIPE_DATA=FOLDER says where "
                       "%s.csv.gz lies", name, colon + 1);
            return NULL;
        }
    } else if (mp_dataset_path(c, set, colon + 1, path, sizeof path) < 0) {
        return NULL;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        mp_no_memory(c, "%s", name);
    return copy;
}

/* The labels of "lab:train" are "lab:train_labels", where the set has such a part;
 * otherwise they are found beside the images, by name.  NULL: not named. */
static char *labels_path(struct mp_ctx *c, const char *name, const char *labels)
{
    char part[128];
    struct mp_ctx quiet;
    if (*labels != '\0' && strchr(labels, ':') != NULL)
        return mp_data_path(c, labels);
    if (*labels != '\0')
        return strdup(labels); /* the reader says what is wrong with it */
    if (strchr(name, ':') == NULL || strncmp(name, "sample:", 7) == 0 || access(name, F_OK) == 0 ||
        mp_data_part(name) > 0 ||
        snprintf(part, sizeof part, "%s_labels", name) >= (int)sizeof part)
        return NULL;
    mp_ctx_init(&quiet, c->run); /* a set without labels is no failure */
    char *path = mp_data_path(&quiet, part);
    mp_ctx_free(&quiet);
    return path;
}

/* Of a square the size is found from the file, so that an error can name both; pictures are
 * brought to it. */
static struct mp_form any_square(const struct mp_form *form)
{
    struct mp_form f = *form;
    if (f.beside.h == 0)
        f.beside = (struct mp_shape){ f.size.h, f.size.w, 0 };
    if (f.size.h == f.size.w && f.size.c == 1)
        f.size = (struct mp_shape){ 0, 0, 0 };
    return f;
}

static const char *colour_advice(int channels)
{
    return channels > 1 ? "; export writes them in grey after a pipeline of the one line `grey`"
                        : "";
}

int mp_rows_read(struct mp_ctx *c, const char *name, const char *labels,
                 const struct mp_form *form, const char *why, struct mp_data *d)
{
    const struct mp_shape want = form->size;
    struct mp_form found = any_square(form);
    if (found.part == NULL)
        found.part = "test";
    char *path = mp_data_path(c, name),
         *beside = path != NULL ? labels_path(c, name, labels) : NULL;
    int rc = path == NULL || c->msg[0] != '\0' ? -1 : MP_OK;
    if (rc == MP_OK)
        rc = mp_data_read(c, path, beside, &found, d);
    free(path);
    free(beside);
    if (rc == MP_OK && want.h > 0 && (d->shape.h != want.h || d->shape.w != want.w ||
                                      (why != NULL && d->shape.c != want.c))) {
        char own[MP_SHAPE_TEXT], other[MP_SHAPE_TEXT];
        rc = mp_fail(c, "%s: images are %s, but %s %s%s", d->name, mp_shape_text(d->shape, own),
                     why != NULL ? why : "size says", mp_shape_text(want, other),
                     d->shape.c != want.c ? colour_advice(d->shape.c) : "");
    }
    return rc;
}

/* Another file has other labels, unless they are named as well. */
static int override_file(struct mp_ctx *c, struct mp_script *s, const char *key, const char *file,
                         const char *labels)
{
    char labels_key[32];
    snprintf(labels_key, sizeof labels_key, "%s_labels", key);
    if (*file != '\0' &&
        (mp_script_set_data(c, s, key, file) < 0 || mp_script_set_data(c, s, labels_key, "") < 0))
        return -1;
    return *labels != '\0' ? mp_script_set_data(c, s, labels_key, labels) : MP_OK;
}

/* A name a line becomes what the data line has, parted by bars. */
static int add_more(struct mp_ctx *c, struct mp_script *s, const char *names)
{
    if (*names == '\0')
        return MP_OK;
    char *text = strdup(names);
    if (text == NULL)
        return mp_no_memory(c, "names");
    for (char *at = text; *at != '\0'; at++)
        *at = *at == '\n' ? '|' : *at;
    const int rc = mp_script_set_data(c, s, "more", text);
    free(text);
    return rc;
}

static int apply_options(struct mp_ctx *c, struct mp_script *s)
{
    const struct mp_asked *a = c->run->command.asked;
    if (override_file(c, s, "train", a->train, a->train_labels) < 0 ||
        override_file(c, s, "test", a->test, a->test_labels) < 0 ||
        add_more(c, s, a->more) < 0 ||
        (*a->seed != '\0' && mp_script_set_data(c, s, "seed", a->seed) < 0))
        return -1;
    for (const char *at = a->set; at != NULL && *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        char *one = strndup(at, n);
        const int rc = one != NULL ? mp_script_set(c, s, one) : mp_no_memory(c, "settings");
        free(one);
        if (rc < 0)
            return -1;
        at += n + (at[n] == '\n');
    }
    return mp_script_drop(c, s, a->drop); /* last: they are named as they stand in the file */
}

static char *data_value(const struct mp_script *s, const char *key)
{
    const struct mp_setting *v = mp_script_data(s, key);
    return strdup(v != NULL ? v->value : "");
}

/* Other training rows take the pipeline's test rows with them, which would judge a model of
 * somebody else's rows; folds leave them alone anyhow. */
static int overrides(struct mp_ctx *c, struct mp_experiment *x)
{
    struct mp_script *s = &x->script;
    if (c->run->command.asked == NULL)
        return MP_OK;
    char *train = data_value(s, "train"), *test = data_value(s, "test");
    if (train == NULL || test == NULL || apply_options(c, s) < 0) {
        free(train);
        free(test);
        return c->msg[0] != '\0' ? -1 : mp_fail(c, "no memory");
    }
    const struct mp_setting *now = mp_script_data(s, "train"), *asked = mp_script_data(s, "test"),
                            *folds = mp_script_data(s, "folds");
    int rc = MP_OK;
    if (*test != '\0' && !asked->override && now != NULL && now->override &&
        strcmp(now->value, train) != 0) {
        if (folds == NULL || atoi(folds->value) == 0)
            x->test_left = strdup(test);
        rc = mp_script_set_data(c, s, "test", "") < 0 ||
                     mp_script_set_data(c, s, "test_labels", "") < 0 ? -1 : MP_OK;
    }
    free(train);
    free(test);
    return rc;
}

const char *mp_experiment_pipe(const struct mp_experiment *x)
{
    const char *const paths[] = { x->train_path, x->test_path };
    struct stat st;
    for (int i = 0; i < 2; i++)
        if (paths[i] != NULL && stat(paths[i], &st) == 0 && !S_ISREG(st.st_mode) &&
            !S_ISDIR(st.st_mode))
            return paths[i];
    return NULL;
}

/* Both files' image sizes and every stage's shapes, from the files' beginnings:
 * mistakes in them show before anything large is read. */
static int check_shapes(struct mp_ctx *c, struct mp_experiment *x, const struct mp_form *form)
{
    struct mp_shape a, b;
    struct mp_form other = *form;
    if (mp_experiment_pipe(x) != NULL) /* its shape shows later */
        return MP_OK;
    if (mp_data_shape(c, x->train_path, form, &a) < 0)
        return -1;
    other.size = other.beside = a;
    other.part = "test";
    other = any_square(&other);
    if (x->test_path != NULL && mp_data_shape(c, x->test_path, &other, &b) < 0)
        return -1;
    if (x->test_path != NULL && (a.h != b.h || a.w != b.w || a.c != b.c)) {
        char test[MP_SHAPE_TEXT], train[MP_SHAPE_TEXT];
        return mp_fail(c, "%s: images are %s, but those of %s are %s", x->test_path,
                       mp_shape_text(b, test), x->train_path, mp_shape_text(a, train));
    }
    return mp_plan_shape(c, &x->plan, a);
}

int mp_experiment_script(struct mp_ctx *c, const char *file, struct mp_experiment *x)
{
    char path[PATH_MAX];
    memset(x, 0, sizeof *x);
    /* A pipeline that is not here may be one that ships. */
    if (access(file, F_OK) != 0 && *file != '/' && *file != '\0' &&
        mp_shipped(file, path, sizeof path))
        file = path;
    return mp_script_read(c, file, &x->script) < 0 ? -1 : overrides(c, x);
}

static void name_split(struct mp_experiment *x)
{
    if (x->plan.source.folds > 0)
        snprintf(x->split, sizeof x->split, "%d-fold cross-validation", x->plan.source.folds);
    else
        snprintf(x->split, sizeof x->split, "%s", x->test_path != NULL
                     ? "test file" : "stratified holdout of the training rows");
}

static int set_part(struct mp_ctx *c, struct mp_script *s, const char *file, const char *part)
{
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s:%s", file, part);
    return mp_script_set_data(c, s, part, name);
}

/* One file that holds training and test rows is both, where no test is named. */
static int take_both(struct mp_ctx *c, struct mp_script *s)
{
    char *train = data_value(s, "train"), *test = data_value(s, "test"),
         *folds = data_value(s, "folds");
    int rc = train != NULL && test != NULL && folds != NULL ? MP_OK : mp_no_memory(c, "settings");
    if (rc == MP_OK && *train != '\0' && *test == '\0' && atoi(folds) == 0 &&
        mp_data_both(c, train)) {
        mp_warn(c, "%s: holds training and test rows: both are taken (folds=10 or %s:train leave "
                "the test out)", train, train);
        rc = set_part(c, s, train, "train") < 0 || set_part(c, s, train, "test") < 0 ? -1 : MP_OK;
    }
    free(train);
    free(test);
    free(folds);
    return rc;
}

/* From here on the plan has the names themselves, for all rows and for the bundle. */
static int read_class_names(struct mp_ctx *c, struct mp_source *s)
{
    if (*s->form.classes == '\0')
        return MP_OK;
    char *map = mp_class_map(c, s->form.classes);
    if (map == NULL)
        return -1;
    free(s->form.classes);
    s->form.classes = map;
    return MP_OK;
}

int mp_experiment_build(struct mp_ctx *c, struct mp_experiment *x)
{
    struct mp_form form;
    if (take_both(c, &x->script) < 0 || mp_plan_build(c, &x->script, &x->plan) < 0)
        return -1;
    const struct mp_source *s = &x->plan.source;
    c->run->seed = (uint64_t)s->seed;
    mp_ctx_where(c, "%s: data: ", x->script.file);
    if (*s->train == '\0')
        return mp_fail(c, "no training rows: write data train=FILE in it, or give --train FILE");
    if (read_class_names(c, &x->plan.source) < 0 || mp_form_parse(c, &s->form, &form) < 0 ||
        (x->train_path = mp_data_path(c, s->train)) == NULL)
        return -1;
    if (*s->test != '\0' && s->folds == 0 && (x->test_path = mp_data_path(c, s->test)) == NULL)
        return -1;
    form.part = "train";
    mp_ctx_where(c, "%s", "");
    name_split(x);
    return check_shapes(c, x, &form);
}

int mp_experiment_plan(struct mp_ctx *c, const char *file, struct mp_experiment *x)
{
    return mp_experiment_script(c, file, x) < 0 ? -1 : mp_experiment_build(c, x);
}

/* --------------------------------------------------------------- classes */

/* One class alone teaches nothing; it is what a column taken for the label looks like. */
static int find_classes(struct mp_ctx *c, struct mp_experiment *x)
{
    if (mp_class_numbers(c, &x->train, &x->classes, &x->train_y) < 0)
        return -1;
    x->n_classes = c->run->n_classes = (int)x->classes.n;
    c->run->classes = mp_names_all(&x->classes);
    if (x->n_classes > 1 || !x->plan.has_model)
        return MP_OK;
    return mp_fail(c, "%s: every row has the label %s; a model needs rows of two classes at least"
                      "%s", x->train.name, mp_names_at(&x->classes, 0), x->train.is_csv
                      ? " (label=last and the like say which column is the label)" : "");
}

int mp_class_numbers(struct mp_ctx *c, const struct mp_data *d, struct mp_names *classes, int **y)
{
    const bool those_of_run = c->run != NULL && c->run->classes == mp_names_all(classes);
    int *number = mp_alloc(c, d->classes.n, sizeof *number);
    int rc = number != NULL && (*y = mp_alloc(c, d->n, sizeof **y)) != NULL ? MP_OK : -1;
    for (size_t k = 0; k < d->classes.n && rc == MP_OK; k++) {
        const char *name = mp_names_at(&d->classes, k);
        rc = (number[k] = mp_names_add(c, classes, name, strlen(name))) < 0 ? -1 : MP_OK;
    }
    for (size_t i = 0; i < d->n && rc == MP_OK; i++)
        (*y)[i] = number[d->label[i]];
    if (those_of_run)
        c->run->classes = mp_names_all(classes); /* more of them may lie elsewhere */
    free(number);
    return rc;
}

void mp_class_warn(struct mp_ctx *c, const struct mp_data *d, const struct mp_names *classes,
                   int n, const int *y)
{
    enum { NAMED = 5 };
    const size_t more = classes->n - (size_t)n;
    char names[NAMED * (MP_NAME_SIZE + 2)] = "";
    size_t rows = 0, used = 0;
    for (size_t i = 0; i < d->n; i++)
        rows += y[i] >= n;
    if (rows == 0)
        return;
    for (size_t k = 0; k < more && k < NAMED; k++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", k > 0 ? ", " : "",
                                 mp_names_at(classes, (size_t)n + k));
    mp_warn(c, "%s: %zu row%s %s label%s %s%s that no training row had; %s wrong", d->name, rows,
            rows == 1 ? " has" : "s have", more == 1 ? "the" : "one of the", more == 1 ? "" : "s",
            names, more > NAMED ? " ..." : "", rows == 1 ? "it counts as" : "they count as");
}

/* --------------------------------------------------------------- holdout */

static int split_holdout(struct mp_ctx *c, struct mp_experiment *x)
{
    struct mp_data all = x->train;
    int *y = x->train_y;
    struct mp_subset train = { 0 }, test = { 0 };
    bool *out = mp_alloc(c, all.n, sizeof *out);
    int rc = out == NULL ? -1 : mp_split_mark(c, y, all.n, x->plan.source.holdout, 0, out);
    if (rc == MP_OK)
        rc = mp_split_pick(c, &all, y, out, false, &train);
    if (rc == MP_OK)
        rc = mp_split_pick(c, &all, y, out, true, &test);
    x->train = train.d;
    x->train_y = train.y;
    x->test = test.d;
    x->test_y = test.y;
    free(out);
    free(y);
    mp_data_free(&all);
    return rc;
}

/* --------------------------------------------------------------- reading */

/* All training rows but those that are alone in their class, which no fold can hold out. */
static int test_by_folds(struct mp_ctx *c, struct mp_experiment *x)
{
    const size_t n = x->train.n;
    struct mp_subset part;
    size_t *rows = mp_alloc(c, x->classes.n, sizeof *rows), alone = 0;
    bool *tested = mp_alloc(c, n, sizeof *tested);
    int rc = rows != NULL && tested != NULL ? MP_OK : -1;
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        rows[x->train_y[i]]++;
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        alone += !(tested[i] = rows[x->train_y[i]] > 1);
    if (rc == MP_OK && (alone == 0 || alone == n)) {
        x->test = x->train;
    } else if (rc == MP_OK &&
               (rc = mp_split_pick(c, &x->train, x->train_y, tested, true, &part)) == MP_OK) {
        x->test = part.d;
        x->test_y = part.y;
    }
    free(rows);
    free(tested);
    return rc;
}

static int read_test(struct mp_ctx *c, struct mp_experiment *x, const struct mp_form *form)
{
    const struct mp_source *s = &x->plan.source;
    if (s->folds > 0)
        return test_by_folds(c, x);
    if (x->test_path == NULL)
        return split_holdout(c, x);
    struct mp_form same = *form;
    same.size = same.beside = x->train.shape;
    same.part = "test";
    return mp_rows_read(c, s->test, s->test_labels, &same, "the training rows are", &x->test);
}

static int read_train(struct mp_ctx *c, struct mp_experiment *x, const struct mp_form *form)
{
    const struct mp_source *s = &x->plan.source;
    char *labels = labels_path(c, s->train, s->train_labels);
    struct mp_form f = *form;
    f.part = "train";
    const int rc = c->msg[0] != '\0' ? -1 : mp_data_read(c, x->train_path, labels, &f, &x->train);
    free(labels);
    return rc;
}

static int read_further(struct mp_ctx *c, struct mp_experiment *x, const char *name,
                        const struct mp_form *form)
{
    struct mp_form same = *form;
    struct mp_data d = { .n = 0 };
    const char *const names[] = { x->plan.source.train, name };
    const size_t before = x->train.n;
    same.size = same.beside = x->train.shape;
    same.part = "train";
    int rc = mp_rows_read(c, name, "", &same, "the training rows are", &d);
    if (rc == MP_OK && d.label == NULL)
        rc = mp_fail(c, "%s: has no labels; rows to train on besides need them", name);
    if (rc == MP_OK)
        rc = mp_data_join(c, &x->train, &d, names);
    if (rc == MP_OK)
        mp_remark(c, "%zu rows to train on besides, of %s, behind %zu others", d.n, name, before);
    mp_data_free(&d);
    return rc;
}

static int read_more(struct mp_ctx *c, struct mp_experiment *x, const struct mp_form *form)
{
    for (const char *at = x->plan.source.more; *at != '\0';) {
        const size_t n = strcspn(at, "|");
        char *name = strndup(at, n);
        const int rc = name != NULL ? read_further(c, x, name, form) : mp_no_memory(c, "names");
        free(name);
        if (rc < 0)
            return -1;
        at += n + (at[n] == '|');
    }
    return MP_OK;
}

/* A class of one row cannot be on both sides. */
static int warn_of_holdout(struct mp_ctx *c, const struct mp_experiment *x)
{
    if (x->test_path != NULL || x->plan.source.folds > 0)
        return MP_OK;
    bool *tested = mp_alloc(c, (size_t)x->n_classes, sizeof *tested);
    if (tested == NULL)
        return -1;
    for (size_t i = 0; i < x->test.n; i++)
        tested[x->test_y[i]] = true;
    for (int k = 0; k < x->n_classes; k++)
        if (!tested[k])
            mp_warn(c, "label %s has one row: the holdout tests none of it",
                    mp_names_at(&x->classes, (size_t)k));
    free(tested);
    return MP_OK;
}

/* What one look tells, said before the long work. */
static int warn_of_rows(struct mp_ctx *c, struct mp_experiment *x)
{
    struct mp_glance test;
    if (x->test_left != NULL)
        mp_warn(c, "other training rows than the pipeline's: its test, %s, is left out "
                   "(--test FILE names one)", x->test_left);
    if (mp_glance(c, &x->train, &x->glance) < 0)
        return -1;
    mp_glance_warn(c, &x->glance, x->plan.source.train, &x->plan);
    if (x->test_path == NULL)
        return MP_OK;
    if (mp_glance(c, &x->test, &test) < 0)
        return -1;
    mp_glance_warn_new(c, &x->glance, &test, x->plan.source.test);
    return MP_OK;
}

static int no_labels(struct mp_ctx *c, const struct mp_experiment *x)
{
    char name[256];
    mp_data_labels_name(c, x->train_path, name, sizeof name);
    if (x->train.is_csv)
        return mp_fail(c, "%s: has no labels; training rows need a label in the first column",
                       x->train.name);
    return mp_fail(c, "%s: has no labels, and none lie beside it%s%s%s; --train-labels FILE names "
                   "them", x->train.name, *name != '\0' ? " (" : "", name,
                   *name != '\0' ? ")" : "");
}

/* Unless the test's classes are those of the training rows, of which it is a part. */
static int number_test(struct mp_ctx *c, struct mp_experiment *x)
{
    if (x->test.label == NULL || x->test_y != NULL)
        return MP_OK;
    if (mp_class_numbers(c, &x->test, &x->classes, &x->test_y) < 0)
        return -1;
    mp_class_warn(c, &x->test, &x->classes, x->n_classes, x->test_y);
    return MP_OK;
}

int mp_experiment_read(struct mp_ctx *c, struct mp_experiment *x)
{
    const struct mp_source *s = &x->plan.source;
    const double start = mp_seconds();
    struct mp_form form;
    if (mp_form_parse(c, &s->form, &form) < 0 || read_train(c, x, &form) < 0)
        return -1;
    if (x->train.label == NULL)
        return no_labels(c, x);
    if (read_more(c, x, &form) < 0)
        return -1;
    if (find_classes(c, x) < 0 || mp_plan_shape(c, &x->plan, x->train.shape) < 0 ||
        read_test(c, x, &form) < 0 || number_test(c, x) < 0)
        return -1;
    if (warn_of_rows(c, x) < 0 || warn_of_holdout(c, x) < 0)
        return -1;
    x->read_seconds = mp_seconds() - start;
    return MP_OK;
}
