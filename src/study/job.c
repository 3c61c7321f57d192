/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.c - one of several pipelines on the same rows.
 *
 * A whole run in the cache is the files of its folder, one after the other, each with its
 * name; its key has the folder and the file's name as well, because the report does. */
#include "study/job.h"
#include "cache/cache.h"
#include "cache/reuse.h"
#include "core/memory.h"
#include "core/progress.h"
#include "core/state.h"
#include "engine/room.h"
#include "files/child.h"
#include "files/output.h"
#include "pipeline/name.h"
#include "pipeline/options.h"
#include "report/report.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FILES = 8, MAX_PATH = 4096 };

/* ---------------------------------------------------------------- planning */

static int set_error(struct mp_ctx *c, struct mp_job *j, const char *text)
{
    free(j->error);
    j->error = strdup(text);
    return j->error != NULL ? MP_OK : mp_no_memory(c, "a message");
}

/* "pipelines/hog_svm.txt" -> "hog_svm"; of what is left out: "without_hog-2_svm". */
static char *base_name(const struct mp_job *j, const char *file)
{
    if (j->drop != NULL) {
        const size_t size = sizeof "without_" + strlen(j->drop);
        char *name = malloc(size);
        if (name != NULL)
            snprintf(name, size, "without_%s", j->drop);
        for (char *at = name; at != NULL && *at != '\0'; at++)
            *at = *at == '#' ? '-' : *at == '\n' ? '_' : *at;
        return name;
    }
    return mp_plain_name(file);
}

/* A number follows if a job before has that name. */
static int set_names(struct mp_ctx *c, struct mp_job *jobs, int i, const char *file,
                     const char *folder)
{
    struct mp_job *j = &jobs[i];
    char *base = base_name(j, file);
    const size_t size = (base != NULL ? strlen(base) : 0) + 16, path = strlen(folder) + size + 1;
    j->file = strdup(file);
    j->name = mp_alloc(c, size, 1);
    j->folder = mp_alloc(c, path, 1);
    if (base == NULL || j->file == NULL || j->name == NULL || j->folder == NULL) {
        free(base);
        return mp_no_memory(c, "a run");
    }
    for (int k = 1, taken = 1; taken; k++) {
        snprintf(j->name, size, k > 1 ? "%s-%d" : "%s", base, k);
        taken = 0;
        for (int other = 0; other < i; other++)
            taken = taken || strcmp(jobs[other].name, j->name) == 0;
    }
    snprintf(j->folder, path, "%s/%s", folder, j->name);
    free(base);
    return MP_OK;
}

static int set_key(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x)
{
    struct mp_digest d;
    const char *text = j->text = mp_script_text(c, &x->script, true);
    if (text == NULL)
        return -1;
    j->seed = c->run->seed;
    mp_digest_begin(&d);
    mp_digest_text(&d, j->file);
    mp_digest_text(&d, j->folder);
    mp_digest_text(&d, text);
    mp_digest_number(&d, (uint64_t)c->run->threads);
    mp_digest_number(&d, c->run->seed);
    const int rc = mp_digest_plan(c, &d, &x->plan);
    for (int k = 0; k < x->plan.n_nodes; k++)
        mp_digest_number(&d, (uint64_t)x->plan.nodes[k].line);
    j->key = mp_digest_end(&d);
    return rc;
}

/* As the command line says, and without what the job leaves out. */
static int plan_without(struct mp_ctx *c, const struct mp_job *j, struct mp_experiment *x)
{
    const struct mp_asked *said = c->run->command.asked;
    struct mp_asked asked = *said;
    if (j->drop == NULL)
        return mp_experiment_plan(c, j->file, x);
    const size_t size = strlen(said->drop) + strlen(j->drop) + 2;
    if ((asked.drop = mp_alloc(c, size, 1)) == NULL)
        return -1;
    snprintf(asked.drop, size, "%s%s%s", said->drop, *said->drop != '\0' ? "\n" : "", j->drop);
    c->run->command.asked = &asked;
    const int rc = mp_experiment_plan(c, j->file, x);
    c->run->command.asked = said;
    free(asked.drop);
    return rc;
}

/* Of what the stages read again and again, for each training row. */
static size_t row_bytes(const struct mp_plan *p)
{
    size_t sum = 0;
    for (int f = 0; f < p->n_nodes; f++)
        for (int k = 0; k < f; k++)
            if (mp_room_wanted(p, f, k))
                sum += mp_room_row(p, k) * p->nodes[k].passes;
    return sum;
}

/* What is wrong with the pipeline is the job's error. */
static int plan_one(struct mp_ctx *c, struct mp_job *j, struct mp_experiment *x)
{
    struct mp_ctx own;
    mp_ctx_init(&own, c->run);
    int rc = plan_without(&own, j, x);
    const struct mp_node *model = rc == MP_OK && x->plan.has_model ? &x->plan.nodes[x->plan.model]
                                                                   : NULL;
    if (rc == MP_OK && model == NULL)
        rc = mp_fail(&own, "%s: has no model to train", j->file);
    if (rc == MP_OK)
        rc = set_key(&own, j, x);
    if (rc == MP_OK) {
        j->row_bytes = row_bytes(&x->plan);
        for (int k = 0; k < x->plan.n_nodes; k++) /* a vote's branches have models, too */
            j->deep = j->deep || mp_learns(x->plan.nodes[k].entry, MP_IN_EPOCHS);
        j->model = strdup(model->entry->name);
        rc = j->model != NULL ? MP_OK : mp_no_memory(&own, "a run");
    }
    if (rc < 0) {
        rc = own.no_memory ? mp_fail(c, "%s: %s", j->file, own.msg) : set_error(c, j, own.msg);
        mp_experiment_free(x);
    }
    mp_ctx_free(&own);
    return rc;
}

static void source_text(const struct mp_source *s, char *text, size_t size)
{
    int n = snprintf(text, size, "train=%s", s->train);
    if (s->folds > 0)
        snprintf(text + n, size - (size_t)n, " folds=%d seed=%d", s->folds, s->seed);
    else if (*s->test != '\0')
        snprintf(text + n, size - (size_t)n, " test=%s", s->test);
    else
        snprintf(text + n, size - (size_t)n, " holdout=%g seed=%d", s->holdout, s->seed);
}

/* Whether both read the same rows and hold out the same ones. */
static bool same_rows(const struct mp_source *a, const struct mp_source *b)
{
    const bool train = strcmp(a->train, b->train) == 0 && mp_form_same(&a->form, &b->form) &&
                       strcmp(a->train_labels, b->train_labels) == 0 && a->folds == b->folds;
    if (!train || a->folds > 0) /* folds leave the test alone */
        return train && a->seed == b->seed;
    return strcmp(a->test, b->test) == 0 && strcmp(a->test_labels, b->test_labels) == 0 &&
           (*a->test != '\0' || (a->holdout == b->holdout && a->seed == b->seed));
}

static int other_rows(struct mp_ctx *c, const struct mp_experiment *x,
                      const struct mp_experiment *y)
{
    char a[400], b[400];
    source_text(&x->plan.source, a, sizeof a);
    source_text(&y->plan.source, b, sizeof b);
    return mp_fail(c, "%s: its rows are %s, but those of %s are %s; only the same rows can be "
                      "compared: --train FILE --test FILE sets them for all", y->plan.file, b,
                   x->plan.file, a);
}

/* Each run reads the rows for itself, and so does the comparison. */
static int check_pipes(struct mp_ctx *c, const struct mp_experiment *x)
{
    const char *pipe = mp_experiment_pipe(x);
    if (pipe == NULL)
        return MP_OK;
    return mp_fail(c, "%s: is no file; a comparison reads its rows more than once, which a pipe "
                      "does not allow", pipe);
}

int mp_jobs_plan(struct mp_ctx *c, char **files, int n, const char *folder, struct mp_job *jobs,
                 struct mp_experiment *x)
{
    uint64_t seed = 0;
    bool found = false;
    int rc = MP_OK;
    memset(x, 0, sizeof *x);
    for (int i = 0; i < n && rc == MP_OK; i++) {
        struct mp_experiment one = { .n_classes = 0 };
        if (set_names(c, jobs, i, files[i], folder) < 0 || plan_one(c, &jobs[i], &one) < 0)
            return -1;
        if (jobs[i].error != NULL)
            continue;
        if (found && !same_rows(&x->plan.source, &one.plan.source))
            rc = other_rows(c, x, &one);
        if (found) {
            mp_experiment_free(&one);
            continue;
        }
        *x = one;
        seed = c->run->seed;
        found = true;
    }
    if (rc < 0)
        return -1;
    if (!found)
        return mp_fail(c, "%s%s", jobs[0].error, n > 1 ? " (the other pipelines fail, too)" : "");
    c->run->seed = seed;
    return check_pipes(c, x) < 0 ? -1 : mp_experiment_read(c, x);
}

/* ---------------------------------------------------------- in the cache */

/* The files of a run; the last is the model in its library's own form, if it has one. */
static int file_names(const struct mp_job *j, char names[MAX_FILES][160])
{
    const struct mp_entry *e = mp_find_stage(j->model);
    int n = 0;
    for (; mp_run_files[n] != NULL; n++)
        snprintf(names[n], sizeof names[0], "%s", mp_run_files[n]);
    if (mp_learner(e)->native_suffix != NULL)
        snprintf(names[n++], sizeof names[0], "%s%s", j->model, mp_learner(e)->native_suffix);
    return n;
}

static int read_file(struct mp_ctx *c, const char *path, unsigned char **bytes, size_t *size)
{
    struct stat st;
    FILE *f = fopen(path, "rbe");
    *bytes = NULL;
    if (f == NULL || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        if (f != NULL)
            fclose(f);
        return mp_fail(c, "%s: cannot read: %s", path, strerror(errno));
    }
    *size = (size_t)st.st_size;
    *bytes = mp_alloc(c, *size + 1, 1);
    const bool good = *bytes != NULL && fread(*bytes, 1, *size, f) == *size;
    fclose(f);
    return good ? MP_OK : mp_fail(c, "%s: cannot read", path);
}

static int path_of(struct mp_ctx *c, const struct mp_job *j, const char *name, char *path)
{
    return snprintf(path, MAX_PATH, "%s/%s", j->folder, name) < MAX_PATH
               ? MP_OK
               : mp_fail(c, "%s: this folder's name is too long", j->folder);
}

static void keep(struct mp_ctx *c, const struct mp_job *j, const struct mp_key *key, double seconds)
{
    char names[MAX_FILES][160], path[MAX_PATH];
    struct mp_cache_about about = { .kind = "run", .seconds = seconds };
    struct mp_ctx own;
    const int n = file_names(j, names);
    mp_ctx_init(&own, c->run);
    struct mp_io io = { .c = &own };
    int rc = MP_OK;
    for (int i = 0; i < n && rc == MP_OK; i++) {
        unsigned char *bytes;
        size_t size = 0;
        rc = path_of(&own, j, names[i], path);
        if (rc == MP_OK && (rc = read_file(&own, path, &bytes, &size)) == MP_OK)
            rc = mp_io_bytes(&io, names[i], &bytes, &size);
        free(rc == MP_OK ? bytes : NULL);
    }
    snprintf(about.text, sizeof about.text, "%s", j->file);
    if (rc == MP_OK)
        mp_cache_put(c->run->cache, key, &about, io.buf, io.len);
    free(io.buf);
    mp_ctx_free(&own);
}

/* A folder that is used again keeps no model of another run. */
static void forget_other_models(const struct mp_job *j)
{
    char path[MAX_PATH];
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        if (mp_learner(e)->native_suffix != NULL && strcmp(e->name, j->model) != 0 &&
            snprintf(path, sizeof path, "%s/%s%s", j->folder, e->name,
                     mp_learner(e)->native_suffix) < MAX_PATH)
            unlink(path);
}

/* Puts the run's files into its folder: all of them, or none. */
static int restore(struct mp_ctx *c, const struct mp_job *j, const struct mp_lent *e)
{
    char names[MAX_FILES][160], path[MAX_PATH];
    struct mp_output out[MAX_FILES];
    const int n = file_names(j, names);
    struct mp_io io = { .c = c, .loading = true, .buf = (unsigned char *)(uintptr_t)e->bytes,
                        .len = e->size };
    struct mp_folder held;
    int rc = mp_folder_hold(c, &held, j->folder), n_out = 0;
    while (rc == MP_OK && n_out < n) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        rc = path_of(c, j, names[n_out], path);
        if (rc == MP_OK && (rc = mp_io_bytes(&io, names[n_out], &bytes, &size)) == MP_OK &&
            (rc = mp_output_open(c, &out[n_out], path)) == MP_OK)
            fwrite(bytes, 1, size, out[n_out++].f);
        free(bytes);
    }
    if (rc == MP_OK) {
        forget_other_models(j);
        rc = mp_output_commit_all(c, out, (size_t)n_out);
        n_out = 0;
    }
    for (int i = 0; i < n_out; i++)
        mp_output_discard(&out[i]);
    mp_folder_release(&held);
    return rc;
}

static int from_cache(struct mp_ctx *c, struct mp_job *j, const struct mp_key *key)
{
    struct mp_lent e;
    if (c->run->cache == NULL || !mp_cache_get(c->run->cache, key, &e))
        return 0;
    const int rc = restore(c, j, &e);
    mp_cache_return(&e);
    j->from_cache = rc == MP_OK;
    return rc < 0 ? -1 : 1;
}

/* ----------------------------------------------------------------- results */

/* Cell k of a line of a CSV, "" behind the last. */
static void take_cell(const char *line, int k, char *text, size_t size)
{
    size_t n = 0;
    bool quoted = false;
    for (; k >= 0 && *line != '\0' && *line != '\n'; line++) {
        if (*line == '"' && quoted && line[1] == '"')
            line++;
        else if (*line == '"') {
            quoted = !quoted;
            continue;
        }
        if (*line == ',' && !quoted)
            k--;
        else if (k == 0 && n + 1 < size)
            text[n++] = *line;
    }
    text[n] = '\0';
}

/* The number of the cell with that text; -1: there is none up to an empty one. */
static int find_cell(const char *line, const char *wanted)
{
    char text[MP_NAME_SIZE];
    for (int k = 0; ; k++) {
        take_cell(line, k, text, sizeof text);
        if (*text == '\0' || strcmp(text, wanted) == 0)
            return *text != '\0' ? k : -1;
    }
}

/* The column `predicted` of predictions.csv, as class numbers. */
static int read_predictions(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x)
{
    char path[MAX_PATH], *line = NULL, name[MP_NAME_SIZE];
    size_t room = 0, n = 0;
    if (path_of(c, j, "predictions.csv", path) < 0)
        return -1;
    FILE *f = fopen(path, "re");
    j->predicted = mp_alloc(c, x->test.n, sizeof *j->predicted);
    bool good = f != NULL && j->predicted != NULL && getline(&line, &room, f) > 0;
    const int column = good ? find_cell(line, "predicted") : -1;
    good = good && column >= 0;
    while (good && n < x->test.n && getline(&line, &room, f) > 0) {
        take_cell(line, column, name, sizeof name);
        const int k = mp_names_find(&x->classes, name);
        good = k >= 0 && k < x->n_classes;
        j->predicted[n++] = k;
    }
    free(line);
    if (f != NULL)
        fclose(f);
    return good && n == x->test.n ? MP_OK : mp_fail(c, "%s: is no list of %zu predictions", path,
                                                    x->test.n);
}

static bool same_text(const json_t *o, const char *key, const char *text)
{
    json_t *want = mp_text_json(text);
    const bool same = want != NULL && json_equal(json_object_get(o, key), want);
    json_decref(want);
    return same;
}

static bool same_data(const json_t *o, const struct mp_data *d)
{
    char crc[16];
    snprintf(crc, sizeof crc, "%08x", d->crc);
    return same_text(o, "crc32", crc);
}

static size_t errors(const struct mp_job *j, const struct mp_experiment *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->test.n && x->test_y != NULL; i++)
        n += j->predicted[i] != x->test_y[i];
    return n;
}

/* Whether what lies in the folder is this run's: somebody else may have written there. */
static bool ours(const struct mp_job *j, const struct mp_experiment *x)
{
    const json_t *r = j->report, *test = json_object_get(r, "test");
    return same_text(json_object_get(r, "pipeline"), "text", j->text) &&
           (uint64_t)json_integer_value(json_object_get(r, "seed")) == j->seed &&
           same_data(json_object_get(r, "train"), &x->train) && same_data(test, &x->test) &&
           (size_t)json_integer_value(json_object_get(test, "errors")) == errors(j, x);
}

static int read_results(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x)
{
    char path[MAX_PATH];
    json_error_t e;
    if (path_of(c, j, "report.json", path) < 0)
        return -1;
    if ((j->report = json_load_file(path, 0, &e)) == NULL)
        return mp_fail(c, "%s: %s", path, e.text);
    if (read_predictions(c, j, x) < 0)
        return -1;
    return ours(j, x) ? MP_OK
                      : mp_fail(c, "%s: is of another run; another mnistpipe has written into this "
                                   "folder", path);
}

/* ----------------------------------------------------------------- running */

/* Arguments of a command, owned. */
struct args {
    char **at;
    size_t n;
    bool failed;
};

static void add(struct args *a, const char *text, size_t n)
{
    char **more = realloc(a->at, (a->n + 2) * sizeof *more);
    if (more != NULL)
        a->at = more;
    if (more == NULL || (a->at[a->n] = strndup(text, n)) == NULL) {
        a->failed = true;
        return;
    }
    a->at[++a->n] = NULL;
}

static void add_option(struct args *a, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    add(a, name, strlen(name));
    add(a, value, strlen(value));
}

/* Each line of the value is one that was given. */
static void add_options(struct args *a, const char *name, const char *value)
{
    while (*value != '\0') {
        const size_t n = strcspn(value, "\n");
        add(a, name, strlen(name));
        add(a, value, n);
        value += n + (value[n] == '\n');
    }
}

/* The command line of `mnistpipe run` that does this job. */
static void run_args(const struct mp_run *run, const struct mp_job *j, int n_threads,
                     struct args *a)
{
    char threads[16];
    snprintf(threads, sizeof threads, "%d", n_threads);
    add(a, "run", 3);
    add_option(a, "--output", j->folder);
    add_option(a, "--threads", threads);
    add_option(a, "--train", run->command.asked->train);
    add_option(a, "--train-labels", run->command.asked->train_labels);
    add_option(a, "--test", run->command.asked->test);
    add_option(a, "--test-labels", run->command.asked->test_labels);
    add_options(a, "--set", run->command.asked->set);
    add_options(a, "--drop", run->command.asked->drop);
    add_options(a, "--drop", j->drop != NULL ? j->drop : "");
    add_option(a, "--seed", run->command.asked->seed);
    if (run->cache != NULL)
        add_option(a, "--cache", mp_cache_folder(run->cache));
    add(a, "--", 2);
    add(a, j->file, strlen(j->file));
}

static int start(struct mp_ctx *c, const struct mp_job *j, int threads, struct mp_child *k)
{
    struct args a = { .n = 0 };
    run_args(c->run, j, threads, &a);
    const int rc = a.failed ? mp_no_memory(c, "a run")
                            : mp_child_start(c, k, a.at, threads < c->run->threads);
    for (size_t i = 0; i < a.n; i++)
        free(a.at[i]);
    free(a.at);
    return rc;
}

static struct mp_key run_key(const struct mp_ctx *c, const struct mp_job *j,
                             const struct mp_experiment *x)
{
    struct mp_digest d;
    mp_digest_begin(&d);
    mp_digest_text(&d, "run");
    mp_digest_key(&d, mp_cache_program(c->run->cache));
    mp_digest_key(&d, &j->key);
    mp_digest_data(&d, &x->train);
    mp_digest_data(&d, &x->test);
    return mp_digest_end(&d);
}

/* Whether the run's folder is complete: a page that could not be made may be made next time. */
static bool whole(const struct mp_job *j)
{
    return json_object_get(j->report, "page") == NULL;
}

/* What is in the folder now, read and kept while nobody else writes there. */
static int take_results(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x,
                        const struct mp_key *key)
{
    struct mp_folder held;
    if (mp_folder_hold(c, &held, j->folder) < 0)
        return -1;
    const int rc = read_results(c, j, x);
    if (rc == MP_OK && !whole(j))
        mp_warn(c, "%s: report.html: %s; the warnings in its report.txt say why", j->folder,
                json_string_value(json_object_get(j->report, "page")));
    if (rc == MP_OK && key != NULL && whole(j)) {
        const json_t *seconds = json_object_get(j->report, "seconds");
        keep(c, j, key, json_real_value(json_object_get(seconds, "total")));
    }
    mp_folder_release(&held);
    return rc;
}

/* ------------------------------------------------------------ side by side
 *
 * Small runs do not keep many threads busy, so several share them: at first as many runs as
 * there are threads, each with one, or all runs with a part of the threads each.  When none
 * waits any more, those that are still at work share what the others leave, so that the last
 * one has all, be it short or long: nothing needs to be known of how long a run will take.
 *
 * Nobody waits for ever.  This process never waits for a claim: while another process has it,
 * the run stands back and others go on.  A child may wait, though only for a state that another
 * process computes (cache.h), and every child ends by itself, its claims with it. */

/* A run at work; its child has the same place in the pool. */
struct task {
    struct mp_job *job;
    struct mp_key key;
    struct mp_claim claim;
    size_t need;        /* bytes */
};

struct pool {
    const struct mp_experiment *x;
    struct mp_child child[MP_MOST_CHILDREN];
    struct task task[MP_MOST_CHILDREN]; /* what began first stands first */
    int running, left;  /* left: of the jobs, those that are not done */
    int width;          /* so many may run; falls, but never rises */
    size_t need;        /* of all that run */
};

/* Of the threads, what the run at place i has.  All shares together are all threads; and a run
 * whose place falls, or whose pool becomes narrower, never has fewer than before. */
static int share(const struct mp_run *run, const struct pool *p, int i)
{
    return (run->threads - i + p->width - 1) / p->width;
}

static void narrow(struct mp_ctx *c, struct pool *p, int width)
{
    if (width < p->width && width > 0)
        p->width = width;
    for (int i = 0; i < p->running; i++)
        mp_child_threads(&p->child[i], share(c->run, p, i));
}

/* Bytes that a run takes: the program with its libraries, the rows and parts of them, and what
 * its stages read again and again. */
static size_t need(const struct mp_job *j, const struct mp_experiment *x)
{
    const size_t program = (size_t)128 << 20, rows = x->train.n + x->test.n;
    return program + 2 * rows * mp_len(x->train.shape) + x->train.n * j->row_bytes;
}

/* Whether there is memory for one more, with as much again to spare; alone it always runs, and
 * keeps its rows elsewhere if it has to. */
static bool has_room(const struct pool *p, size_t more)
{
    return p->running == 0 || p->need + more < mp_memory_free() / 2;
}

static void keep_warning(void *arg, const char *text)
{
    mp_keep(arg, text);
}

/* What is done for a job has a context of its own, and what is remarked there waits: it is said in
 * the order of the jobs. */
static void enter(struct mp_ctx *own, struct mp_run *run, struct mp_job *j)
{
    mp_ctx_init(own, run);
    run->warnings = (struct mp_warnings){ keep_warning, &j->warnings };
}

/* The job at hand has a result, or an error. */
static int settle(struct mp_ctx *c, struct mp_ctx *own, struct pool *p, struct mp_job *j, int rc)
{
    if (rc < 0 && mp_stopped(c))
        rc = mp_fail(c, "interrupted");
    else if (rc < 0)
        rc = set_error(c, j, own->msg);
    j->done = true;
    narrow(c, p, --p->left);
    return rc;
}

/* What has just begun to compute, or could not: 1 if it may later, when others have ended. */
static int set_off(struct mp_ctx *own, struct pool *p, struct task *t)
{
    const int at = p->running;
    t->need = need(t->job, p->x);
    if (!has_room(p, t->need))
        return 1;
    if (start(own, t->job, share(own->run, p, at), &p->child[at]) < 0)
        return at > 0 && !own->no_memory ? 1 : -1; /* a system that refuses one more */
    p->task[p->running++] = *t;
    p->need += t->need;
    t->job->begun = true;
    return MP_OK;
}

/* Takes the run from the cache or begins to compute it.  It stays as it was where it has to
 * wait: for another process that computes the same, or for those that run. */
static int begin(struct mp_ctx *c, struct pool *p, struct mp_job *j)
{
    struct mp_cache *s = c->run->cache;
    struct task t = { .job = j, .claim = { .fd = -1 } };
    const struct mp_warnings was = c->run->warnings;
    struct mp_ctx own;
    bool free_to_run = true;
    enter(&own, c->run, j);
    if (s != NULL)
        t.key = run_key(c, j, p->x);
    int had = from_cache(&own, j, &t.key), rc = MP_OK;
    if (had == 0 && s != NULL && (free_to_run = mp_cache_try(s, &t.key, &t.claim)))
        had = from_cache(&own, j, &t.key);
    if (had == 0 && free_to_run && (rc = set_off(&own, p, &t)) > 0)
        narrow(c, p, p->running);
    if (had > 0)
        rc = take_results(&own, j, p->x, NULL);
    if (had != 0 || rc != 0)
        mp_cache_release(&t.claim);
    if (had != 0 || rc < 0)
        rc = settle(c, &own, p, j, had < 0 ? -1 : rc);
    mp_ctx_free(&own);
    c->run->warnings = was;
    return rc < 0 ? -1 : MP_OK;
}

/* The child at place i has ended: what it leaves is the run's result. */
static int finish(struct mp_ctx *c, struct pool *p, int i)
{
    struct task t = p->task[i];
    const struct mp_warnings was = c->run->warnings;
    struct mp_ctx own;
    enter(&own, c->run, t.job);
    int rc = mp_child_end(&own, &p->child[i]);
    if (rc > 0)
        rc = mp_fail(&own, "%s", p->child[i].why);
    const size_t behind = (size_t)(--p->running - i);
    memmove(&p->task[i], &p->task[i + 1], behind * sizeof *p->task);
    memmove(&p->child[i], &p->child[i + 1], behind * sizeof *p->child);
    p->need -= t.need;
    if (rc == MP_OK)
        rc = take_results(&own, t.job, p->x, c->run->cache != NULL ? &t.key : NULL);
    mp_cache_release(&t.claim);
    rc = settle(c, &own, p, t.job, rc);
    mp_ctx_free(&own);
    c->run->warnings = was;
    return rc;
}

/* "hog_svm: train svm" of what began first: "10:44:07 train svm: 40%  ..." is what it said. */
static void label(struct mp_ctx *c, const struct pool *p)
{
    char text[256];
    const char *said = p->child[0].said + strspn(p->child[0].said, "0123456789: ");
    snprintf(text, sizeof text, "%s%s%.*s", p->task[0].job->name, *said != '\0' ? ": " : "",
             (int)strcspn(said, ":"), said);
    mp_bar_label(c->run->bar, text);
}

/* One look at those that run: who has ended is done with. */
static int look(struct mp_ctx *c, struct pool *p, int n)
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    int rc = MP_OK;
    if (p->running == 0 && p->left > 0) { /* another process computes what is left */
        nanosleep(&pause, NULL);
        rc = mp_stopped(c) ? mp_fail(c, "interrupted") : MP_OK;
    } else if (p->running > 0) {
        label(c, p);
        mp_children_hear(c, p->child, p->running);
    }
    for (int i = 0; i < p->running;) {
        if (!p->child[i].ended)
            i++;
        else if (finish(c, p, i) < 0)
            rc = -1;
    }
    mp_bar_set(c->run->bar, n - p->left);
    return rc;
}

/* What was remarked on the jobs in their order, as far as all before have ended. */
static int remark(struct mp_ctx *c, const struct mp_job *jobs, int from, int n)
{
    for (; from < n && jobs[from].done; from++)
        for (int i = 0; i < mp_kept_count(&jobs[from].warnings); i++)
            mp_warn(c, "%s", mp_kept_at(&jobs[from].warnings, i));
    return from;
}

int mp_jobs_run(struct mp_ctx *c, const char *what, struct mp_job *jobs, int n, int most,
                const struct mp_experiment *x)
{
    struct pool *p = mp_alloc(c, 1, sizeof *p);
    int rc = p != NULL ? MP_OK : -1, told = 0;
    if (p == NULL)
        return -1;
    p->x = x;
    p->width = MP_MOST_CHILDREN;
    for (int i = 0; i < n; i++) {
        jobs[i].done = jobs[i].error != NULL;
        p->left += !jobs[i].done;
    }
    narrow(c, p, p->left);
    narrow(c, p, mp_threads(c));
    narrow(c, p, most);
    mp_bar_begin(c->run->bar, what, n, "pipelines");
    while (p->left > 0 && rc == MP_OK) {
        for (int i = 0; i < n && rc == MP_OK && p->running < p->width; i++)
            if (!jobs[i].begun && !jobs[i].done)
                rc = begin(c, p, &jobs[i]);
        if (rc == MP_OK)
            rc = look(c, p, n);
        told = remark(c, jobs, told, n);
    }
    while (p->running > 0) { /* there was a failure */
        for (int i = 0; i < p->running; i++)
            mp_child_stop(&p->child[i]);
        look(c, p, n);
    }
    mp_bar_end(c->run->bar);
    free(p);
    return rc;
}

void mp_job_free(struct mp_job *j)
{
    free(j->file);
    free(j->drop);
    free(j->name);
    free(j->folder);
    free(j->model);
    free(j->text);
    free(j->error);
    free(j->predicted);
    mp_kept_free(&j->warnings);
    json_decref(j->report);
    memset(j, 0, sizeof *j);
}

