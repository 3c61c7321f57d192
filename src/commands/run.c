/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - `mnistpipe run`: fit a pipeline, score it, report. */
#include "cache/cache.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/param.h"
#include "core/ranks.h"
#include "core/text.h"
#include "data/duplicates.h"
#include "engine/bundle.h"
#include "engine/engine.h"
#include "engine/fit.h"
#include "engine/folds.h"
#include "engine/lying.h"
#include "pages/report_html.h"
#include "pipeline/name.h"
#include "report/report.h"
#include "sources/experiment.h"
#include "text/json.h"
#include <dirent.h>
#include <glib.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

struct params {
    char *output, *cache, *keep;
    bool json, resume, verbose;
};

static const struct mp_param table[] = {
    MP_PARAM(output, .def = "", .unit = "FOLDER",
             .doc = "folder of the run, in place of runs/NAME or, of a changed pipeline, "
                    "runs/NAME,CHANGE"),
    MP_PARAM(cache, .def = "", .unit = "FOLDER",
             .doc = "takes from this cache what other runs have learned, and adds to it"),
    MP_PARAM(keep, .def = "", .unit = "N",
             .doc = "the bundle keeps N training images, for `serve` to show the nearest ones, as "
                    "keep=N in the data line does"),
    MP_PARAM(json, .def = "no", .doc = "prints the report as JSON"),
    MP_PARAM(verbose, .def = "no",
             .doc = "prints all of report.txt: how solvers ended, layers' speed, versions"),
    MP_PARAM(resume, .def = "no",
             .doc = "goes on from the folder's checkpoint, if a run was stopped while training"),
    MP_END
};

/* Remarks of the run: shown at once, and kept for the report. */
struct remarks {
    struct mp_kept kept;
    bool quiet;
};

static void keep_warning(void *arg, const char *text)
{
    struct remarks *w = arg;
#pragma omp critical(mp_remarks)
    if (mp_keep(&w->kept, text) && !w->quiet)
        fprintf(stderr, "warning: %s\n", text);
}

/* One more value of a model's series. */
static void keep_value(void *arg, const char *series, double value)
{
    const struct mp_report *r = arg;
    json_t *values = json_object_get(r->curves, series);
    if (values == NULL)
        json_object_set_new(r->curves, series, values = json_array());
    json_array_append_new(values, json_real(value));
}

static void keep_part(void *arg, const struct mp_part *p)
{
    const struct mp_report *r = arg;
    json_array_append_new(r->parts, json_pack("{s:i, s:s, s:f, s:f, s:f, s:f}", "line", p->line,
                                              "layer", p->name, "forward_seconds", p->forward,
                                              "backward_seconds", p->backward,
                                              "forward_multiply_adds", p->work,
                                              "backward_multiply_adds", p->back_work));
}

/* Two nets in one pipeline make the same remark; it is said once. */
static void keep_remark(void *arg, const char *text)
{
    const struct mp_report *r = arg;
    json_t *remark = json_string(text), *known;
    size_t i;
    json_array_foreach(r->remarks, i, known)
        if (json_equal(known, remark)) {
            json_decref(remark);
            return;
        }
    json_array_append_new(r->remarks, remark);
}

/* What stages tell while they learn goes into the report. */
static void listen(struct mp_run *run, struct mp_report *r)
{
    r->curves = json_object();
    r->parts = json_array();
    r->remarks = json_array();
    run->diary = (struct mp_diary){ keep_value, keep_part, keep_remark, r };
}

/* All that a run makes, while it makes it. */
struct job {
    const struct params *o;
    bool writes; /* others only compute with it */
    char *folder, *checkpoint, *identity;
    struct mp_folder held;
    struct mp_experiment x;
    struct mp_predictions predictions;
    struct mp_metrics metrics;
    struct mp_shared shared;
    struct mp_cross cross;
    struct remarks remarks;
    struct mp_report report;
    json_t *json;
    struct mp_output out[8];
    size_t n_out;
};

static struct mp_output *open_output(struct mp_ctx *c, struct job *j, const char *name)
{
    char path[4096];
    struct mp_output *o = &j->out[j->n_out];
    if (snprintf(path, sizeof path, "%s/%s", j->folder, name) >= (int)sizeof path) {
        mp_fail(c, "%s: this folder's name is too long", j->folder);
        return NULL;
    }
    if (mp_output_open(c, o, path) < 0)
        return NULL;
    j->n_out++;
    return o;
}

/* A number for what the stages depend on besides text and rows. */
static int digest_depends(struct mp_ctx *c, const struct mp_plan *p, uint32_t *crc)
{
    struct mp_text t;
    if (mp_text_open(c, &t) < 0)
        return -1;
    const int rc = mp_plan_depends(c, p, p->n_nodes - 1, t.f);
    char *bytes = mp_text_end(c, &t);
    if (bytes == NULL)
        return -1;
    *crc = (uint32_t)crc32_z(0, (const unsigned char *)bytes, t.n);
    free(bytes);
    return rc;
}

/* Where training may leave a checkpoint, and what it then is of. */
static int allow_checkpoint(struct mp_ctx *c, struct job *j)
{
    char *text = mp_script_text(c, &j->x.script, true);
    const size_t size = strlen(j->folder) + sizeof "/checkpoint.mnp";
    const size_t long_enough = (text != NULL ? strlen(text) : 0) + 64;
    uint32_t crc = 0;
    if (digest_depends(c, &j->x.plan, &crc) < 0) {
        free(text);
        return -1;
    }
    j->checkpoint = mp_alloc(c, size, 1);
    j->identity = mp_alloc(c, long_enough, 1);
    if (text != NULL && j->checkpoint != NULL && j->identity != NULL) {
        snprintf(j->checkpoint, size, "%s/checkpoint.mnp", j->folder);
        snprintf(j->identity, long_enough, "%s%08x %zu %08x\n", text, j->x.train.crc,
                 j->x.train.n, crc);
        c->run->checkpoint.file = j->checkpoint;
        c->run->checkpoint.identity = j->identity;
        c->run->checkpoint.resume = j->o->resume;
    }
    free(text);
    return c->run->checkpoint.identity != NULL ? MP_OK : -1;
}

/* Those that no fold tests are none of the test's rows, either. */
static void leave_untested_out(struct mp_out_of_fold *o)
{
    const size_t k = (size_t)o->p.k;
    size_t n = 0;
    for (size_t i = 0; i < o->p.n; i++) {
        if (o->fold[i] == MP_NO_FOLD)
            continue;
        memmove(o->p.scores + n * k, o->p.scores + i * k, k * sizeof *o->p.scores);
        o->p.predicted[n++] = o->p.predicted[i];
    }
    o->p.n = n;
}

/* Scores the training rows out of fold.  What stages tell of a fold's training is not of the
 * model that stays. */
static int cross_validate(struct mp_ctx *c, struct job *j)
{
    struct mp_run *run = c->run;
    const struct mp_run was = *run;
    struct mp_experiment *x = &j->x;
    const int k = x->plan.source.folds;
    struct mp_out_of_fold o = { .k = k };
    run->diary = (struct mp_diary){ .arg = NULL };
    int rc = mp_folds_warn(c, x->train_y, x->train.n, x->n_classes, k);
    if (rc == MP_OK)
        rc = mp_out_of_fold(c, &x->script, &x->train, x->train_y, k, run->seed, &o);
    if (rc == MP_OK)
        rc = mp_cross_score(c, &o, x->train_y, &j->cross);
    run->diary = was.diary;
    if (rc == MP_OK) {
        leave_untested_out(&o);
        j->predictions = o.p;
        o.p = (struct mp_predictions){ .n = 0 };
        j->report.cross = &j->cross;
    }
    mp_out_of_fold_free(&o);
    return rc;
}

static int learn(struct mp_ctx *c, struct job *j)
{
    struct mp_experiment *x = &j->x;
    const bool folds = x->plan.source.folds > 0;
    double start = mp_seconds();
    if (folds && cross_validate(c, j) < 0)
        return -1;
    if (allow_checkpoint(c, j) < 0)
        return -1;
    if (mp_fit(c, &x->plan, &x->train, x->train_y) < 0)
        return -1;
    j->report.fit_seconds = mp_seconds() - start - j->predictions.seconds + c->run->reused.seconds;
    if (mp_lying_learn(c, &x->plan, &x->train, &x->lead) < 0 ||
        (x->test_path != NULL && mp_lying_warn(c, &x->plan, &x->test, x->test_y, x->lead,
                                               x->plan.source.test) < 0))
        return -1;
    if (!folds && mp_branches_predict(c, &x->plan, &x->test, x->test_y, &j->predictions,
                                      &j->report.branches) < 0)
        return -1; /* with folds, the branches of the predictions are gone */
    if (x->test_y == NULL)
        return MP_OK;
    j->report.metrics = &j->metrics;
    if (mp_metrics_compute(c, (int)x->classes.n, x->test.n, x->test_y, j->predictions.predicted,
                           &j->metrics) < 0)
        return -1;
    mp_branches_warn(c, &j->report.branches, j->metrics.errors);
    return MP_OK;
}

/* The model as its own library writes it, for that library's tools. */
static int write_native(struct mp_ctx *c, struct job *j)
{
    const struct mp_plan *p = &j->x.plan;
    const struct mp_node *model = &p->nodes[p->model];
    const struct mp_learner *s = mp_learner(model->entry);
    char name[128];
    if (s->native == NULL)
        return MP_OK;
    snprintf(name, sizeof name, "%s%s", model->entry->name, s->native_suffix);
    struct mp_output *o = open_output(c, j, name);
    if (o == NULL)
        return -1;
    mp_ctx_where(c, "%s: ", o->path);
    const int rc = s->native(c, model->params, model->state,
                             o->temp != NULL ? o->temp : o->path);
    mp_ctx_where(c, "%s", "");
    return rc;
}

/* What the run has learned; the report tells how large the bundle is. */
static int write_results(struct mp_ctx *c, struct job *j)
{
    struct mp_output *o;
    if ((o = open_output(c, j, "bundle.mnp")) == NULL || mp_bundle_write(c, o, &j->x) < 0)
        return -1;
    const long bytes = ftell(o->f);
    if (bytes < 0)
        return mp_fail(c, "bundle.mnp: cannot write: %s", strerror(errno));
    j->report.bundle_bytes = (uint64_t)bytes;
    if ((o = open_output(c, j, "predictions.csv")) == NULL)
        return -1;
    const struct mp_prediction_form form = { .classes = &j->x.classes };
    const struct mp_predicted test = { mp_test_name(&j->x), &j->x.test, &j->predictions };
    mp_predictions_write(&test, 1, &form, o);
    return write_native(c, j);
}

/* A folder that is used again keeps no model of the run before. */
static void forget_other_models(const struct job *j)
{
    const struct mp_plan *p = &j->x.plan;
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++) {
        char path[4096];
        if (mp_learner(e)->native_suffix == NULL || e == p->nodes[p->model].entry)
            continue;
        snprintf(path, sizeof path, "%s/%s%s", j->folder, e->name, mp_learner(e)->native_suffix);
        unlink(path);
    }
}

/* checkpoint.mnp, checkpoint-2.mnp of what stage 2 embeds, and with .held behind it, once or
 * again, those of rehearsals (fit.c). */
static bool is_checkpoint(const char *name)
{
    const size_t stem = strlen("checkpoint"), ending = strlen(".mnp"), held = strlen(".held");
    if (strncmp(name, "checkpoint", stem) != 0)
        return false;
    name += stem + strspn(name + stem, "-0123456789");
    if (strncmp(name, ".mnp", ending) != 0)
        return false;
    for (name += ending; strncmp(name, ".held", held) == 0;)
        name += held;
    return *name == '\0';
}

/* A complete run keeps none; one that stays is no harm, but is said. */
static void forget_checkpoints(struct mp_ctx *c, const struct job *j)
{
    DIR *folder = opendir(j->folder);
    int error = folder == NULL ? errno : 0;
    for (struct dirent *d; folder != NULL && (errno = 0, d = readdir(folder)) != NULL;)
        if (is_checkpoint(d->d_name) && unlinkat(dirfd(folder), d->d_name, 0) != 0)
            error = errno;
    error = error == 0 ? errno : error;
    if (error != 0)
        mp_warn(c, "%s: its checkpoints, which are of no more use, stay: %s", j->folder,
                strerror(error));
    if (folder != NULL)
        closedir(folder);
}

/* The report, and all files that are open. */
static int write_report(struct mp_ctx *c, struct job *j)
{
    struct mp_output *text, *json;
    struct mp_report *r = &j->report;
    r->warnings = &j->remarks.kept;
    json_decref(j->json);
    if ((j->json = mp_report_json(c, r)) == NULL ||
        (text = open_output(c, j, "report.txt")) == NULL ||
        (json = open_output(c, j, "report.json")) == NULL)
        return -1;
    mp_report_text(text->f, c, r, &mp_plain, true);
    if (json_dumpf(j->json, json->f, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0 ||
        mp_json_refused())
        return mp_no_memory(c, "the report");
    fputc('\n', json->f);
    const size_t n = j->n_out;
    j->n_out = 0;
    return mp_output_commit_all(c, j->out, n);
}

static int write_page(struct mp_ctx *c, struct job *j)
{
    struct mp_output *page = open_output(c, j, "report.html");
    if (page == NULL || mp_report_html(c, &j->report, page->f) < 0)
        return -1;
    j->n_out = 0;
    return mp_output_commit(c, page);
}

static void close_outputs(struct job *j)
{
    for (size_t i = 0; i < j->n_out; i++)
        mp_output_discard(&j->out[i]);
    j->n_out = 0;
}

/* Pictures decorate a run that is complete: what goes wrong with them is a warning, which the
 * report gets as well. */
static void add_page(struct mp_ctx *c, struct job *j)
{
    struct mp_ctx own;
    mp_ctx_init(&own, c->run);
    c->run->pictures_missed = 0;
    if (write_page(&own, j) < 0) {
        mp_warn(c, "no report.html: %s", own.msg);
        j->report.page = "none";
    } else if (c->run->pictures_missed > 0) {
        j->report.page = "without pictures";
    }
    close_outputs(j);
    mp_ctx_free(&own);
    mp_ctx_init(&own, c->run);
    if (j->report.page != NULL && write_report(&own, j) < 0)
        mp_warn(c, "the report does not tell of it: %s", own.msg);
    close_outputs(j);
    mp_ctx_free(&own);
}

/* All that took the training comes first: no page of another run stands beside it, and none of
 * this run can cost it. */
/* Says what run the folder held, if it was another one: its results are gone then. */
static int warn_of_replaced(struct mp_ctx *c, const struct job *j)
{
    char path[4096], when[32];
    struct stat st;
    struct tm tm;
    const char *was = NULL, *file = NULL;
    if (snprintf(path, sizeof path, "%s/report.json", j->folder) >= (int)sizeof path ||
        stat(path, &st) != 0)
        return MP_OK;
    char *text = mp_script_text(c, &j->x.script, true);
    json_t *old = json_load_file(path, 0, NULL), *changes = NULL;
    if (text != NULL &&
        json_unpack(old, "{s:{s:s, s:s, s?o}}", "pipeline", "text", &was, "file", &file, "changes",
                    &changes) == 0 &&
        strcmp(was, text) != 0 && localtime_r(&st.st_mtime, &tm) != NULL) {
        GString *list = g_string_new(file);
        const json_t *one;
        size_t i;
        json_array_foreach(changes, i, one)
            g_string_append_printf(list, ", %s", json_string_value(one));
        strftime(when, sizeof when, time(NULL) - st.st_mtime < 86400 ? "%H:%M" : "%Y-%m-%d", &tm);
        mp_warn(c, "replaces the run of %s in %s (%s)", when, j->folder, list->str);
        g_string_free(list, TRUE);
    }
    json_decref(old);
    free(text);
    return text != NULL ? MP_OK : -1;
}

static int write_folder(struct mp_ctx *c, struct job *j)
{
    char page[4096];
    struct mp_report *r = &j->report;
    if (warn_of_replaced(c, j) < 0)
        return -1;
    r->x = &j->x;
    r->predictions = &j->predictions;
    r->folder = j->folder;
    r->libraries = mp_libraries_json(); /* not what only draws the page */
    r->peak_bytes = mp_peak_memory(c->run);
    r->total_seconds = mp_seconds() - c->run->command.start;
    if (write_results(c, j) < 0 || write_report(c, j) < 0)
        return -1;
    snprintf(page, sizeof page, "%s/report.html", j->folder);
    unlink(page);
    forget_other_models(j);
    forget_checkpoints(c, j);
    add_page(c, j);
    return MP_OK;
}

/* That a file of the run cannot be written shows before the long work. */
static int check_files(struct mp_ctx *c, const struct job *j)
{
    char path[4096];
    for (int i = 0; mp_run_files[i] != NULL; i++) {
        if (snprintf(path, sizeof path, "%s/%s", j->folder, mp_run_files[i]) >= (int)sizeof path)
            return mp_fail(c, "%s: this folder's name is too long", j->folder);
        if (mp_output_check(c, path) < 0)
            return -1;
    }
    return MP_OK;
}

/* Said before the long work, so that it can be stopped. */
static int warn_of_overlap(struct mp_ctx *c, struct job *j)
{
    const struct mp_experiment *x = &j->x;
    struct mp_shared *s = &j->shared;
    char text[512];
    if (x->plan.source.folds > 0) /* each row is a test row once, and training has it otherwise */
        return MP_OK;
    if (mp_shared_find(c, &x->train, &x->test, s) < 0)
        return -1;
    mp_shared_text(s, &x->test, text, sizeof text);
    if (s->rows > 0)
        mp_warn(c, "%s (`mnistpipe inspect` shows them)", text);
    j->report.shared = s;
    return MP_OK;
}

static int hold_folder(struct mp_ctx *c, struct job *j)
{
    return mp_check_folder(c, j->folder) < 0 || mp_folder_hold(c, &j->held, j->folder) < 0
               ? -1 : check_files(c, j);
}

static int job_run(struct mp_ctx *c, struct job *j, const char *pipeline)
{
    if (mp_experiment_plan(c, pipeline, &j->x) < 0)
        return -1;
    if (*j->o->keep != '\0' &&
        mp_params_set(c, mp_source_table, &j->x.plan.source, "keep", j->o->keep) < 0)
        return -1;
    if (!j->x.plan.has_model)
        return mp_fail(c, "%s: has no model to train; its last line may be \"svm\" "
                          "(`mnistpipe export` writes features without one)", pipeline);
    if (mp_plan_prepare(c, &j->x.plan) < 0 || (j->writes && hold_folder(c, j) < 0) ||
        mp_experiment_read(c, &j->x) < 0 || warn_of_overlap(c, j) < 0 ||
        mp_ranks_agree(c, learn(c, j)) < 0 || mp_engine_add_costs(c, &j->x.plan) < 0)
        return -1;
    mp_ranks_part(c);
    return j->writes ? write_folder(c, j) : MP_OK;
}

static void job_free(struct job *j)
{
    close_outputs(j);
    mp_folder_release(&j->held);
    mp_kept_free(&j->remarks.kept);
    json_decref(j->json);
    json_decref(j->report.curves);
    json_decref(j->report.parts);
    json_decref(j->report.remarks);
    json_decref(j->report.libraries);
    mp_shared_free(&j->shared);
    mp_cross_free(&j->cross);
    mp_metrics_free(&j->metrics);
    mp_branch_scores_free(&j->report.branches);
    mp_predictions_free(&j->predictions);
    mp_experiment_free(&j->x);
    free(j->folder);
    free(j->checkpoint);
    free(j->identity);
}

static void show(struct mp_ctx *c, const struct job *j)
{
    if (j->o->json) {
        json_dumpf(j->json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
    } else {
        mp_report_text(stdout, c, &j->report, mp_stdout_paint(), j->o->verbose);
    }
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    struct job j = { .o = options, .writes = mp_rank(c) == 0 };
    if (n != 1)
        return mp_usage(c, "run: expected one pipeline file, found %d argument%s", n,
                        n == 1 ? "" : "s");
    j.folder = *j.o->output != '\0' ? strdup(j.o->output) : mp_run_folder(c, args, 1, "");
    if (j.folder == NULL)
        return c->msg[0] != '\0' ? -1 : mp_fail(c, "no memory");
    j.remarks.quiet = c->run->quiet;
    c->run->warnings = (struct mp_warnings){ keep_warning, &j.remarks };
    listen(c->run, &j.report);
    if (*j.o->cache != '\0' && mp_ranks(c) > 1)
        return mp_usage(c, "--cache: is for one process, and there are %d", mp_ranks(c));
    if (*j.o->cache != '\0')
        c->run->cache = mp_cache_open(c, j.o->cache);
    const int rc = job_run(c, &j, args[0]);
    if (rc == MP_OK && j.writes)
        show(c, &j);
    mp_cache_close(c->run->cache);
    c->run->cache = NULL;
    c->run->warnings = (struct mp_warnings){ .arg = NULL };
    c->run->diary = (struct mp_diary){ .arg = NULL };
    c->run->checkpoint = (struct mp_checkpoint){ .file = NULL };
    job_free(&j);
    return rc;
}

MP_COMMAND(run) = {
    .order = 1,
    .brief = "Run a pipeline: learn, predict, report",
    .usage = "PIPELINE",
    .doc = "Reads the data that the pipeline names, fits every stage on the training rows,\n"
           "predicts the test rows and reports.  The run's folder, runs/NAME, or of a changed\n"
           "pipeline runs/NAME,svm.C=10, holds\n"
           "report.html to look at, report.txt and report.json, predictions.csv, bundle.mnp\n"
           "(the fitted pipeline, for `mnistpipe predict`) and, for models of a library, the\n"
           "model in that library's own form.  The same seed gives the same bytes, for any\n"
           "number of threads, on processors with the same vector instructions; others sum in\n"
           "another order, which shows in the last digits of scores.\n"
           "\n"
           "With folds=5 in the data line (or --set data.folds=5) the training rows are cut\n"
           "into 5 parts, each with its share of every class; each part is predicted by the\n"
           "pipeline fitted on the others, every stage anew.  A test file is then left alone.\n"
           "The bundle is fitted on all training rows.\n"
           "\n"
           "Built by ./configure --with-mpi, the program shares a run among the processes that\n"
           "`mpirun -n 4 mnistpipe run ...` starts, on one machine or several of one kind: the\n"
           "same bytes for any number of them.  Each reads the files of the data; folds are\n"
           "fitted side by side where there are as many; the first writes the folder.  One that\n"
           "fails or dies ends the run, and --resume goes on.",
    .options = table,
    .options_size = sizeof(struct params),
    .pipeline = true,
    .ranks = true,
    .run = run,
};
