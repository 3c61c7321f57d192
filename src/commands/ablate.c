/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ablate.c - `mnistpipe ablate`: what each stage of a pipeline buys.
 *
 * The whole pipeline and each one with a stage left out are jobs like those of `compare`,
 * with the same cache: what stands before the stage is computed once. */
#include "cache/cache.h"
#include "core/ranks.h"
#include "files/child.h"
#include "files/output.h"
#include "pipeline/name.h"
#include "pipeline/options.h"
#include "study/ablation.h"
#include <stdlib.h>

struct params {
    bool pairs, layers;
    int format, jobs;
    char *output;
};

static const struct mp_param table[] = {
    MP_PARAM(pairs, .def = "no", .doc = "also leaves out every two stages together"),
    MP_PARAM(layers, .def = "no", .doc = "also leaves out the layers of nets"),
    MP_PARAM(format, .def = "text", .choices = MP_FORMATS, .doc = "what to print"),
    MP_PARAM(jobs, .def = "0", .min = 0, .max = MP_MOST_CHILDREN, .unit = "runs",
             .doc = "runs side by side at most; 0: as many as there are threads"),
    MP_PARAM(output, .def = "", .unit = "FOLDER",
             .doc = "folder, in place of runs/NAME-ablate, of the ablation; each run gets one in "
                    "it"),
    MP_END
};

static int page(struct mp_ctx *c, void *arg, FILE *f)
{
    return mp_ablation_html(c, arg, f);
}

static int write_results(struct mp_ctx *c, const struct mp_ablation *a, const struct params *p)
{
    json_t *o = mp_ablation_json(c, a);
    if (o == NULL)
        return -1;
    struct mp_ablated k = { o, a };
    const struct mp_forms forms = { "ablate", o, mp_ablation_write, page, &k };
    const int rc = mp_forms_show(c, p->output, &forms, p->format);
    json_decref(o);
    return rc;
}

/* A stage that cannot be left out is a result; a run that breaks down is a failure. */
static int run_all(struct mp_ctx *c, const struct mp_ablation *a, struct mp_job *jobs,
                   const struct params *p)
{
    int wrong = 0, failed = 0;
    for (int i = 0; i <= a->n; i++)
        wrong += jobs[i].error != NULL;
    if (mp_jobs_run(c, "ablate", jobs, a->n + 1, p->jobs, a->x) < 0)
        return -1;
    if (jobs[0].error != NULL)
        return mp_fail(c, "%s", jobs[0].error);
    if (write_results(c, a, p) < 0)
        return -1;
    for (int i = 0; i <= a->n; i++)
        failed += jobs[i].error != NULL;
    return failed > wrong ? mp_fail(c, "ablate: %d of %d runs failed", failed - wrong,
                                    a->n + 1 - wrong)
                          : MP_OK;
}

/* The whole pipeline first, then without each cut. */
static int plan(struct mp_ctx *c, const struct mp_ablation *a, char *file, struct mp_job *jobs,
                const char *folder, struct mp_experiment *x)
{
    char **files = mp_alloc(c, (size_t)a->n + 1, sizeof *files);
    int rc = files != NULL ? MP_OK : -1;
    for (int i = 0; i <= a->n && rc == MP_OK; i++) {
        files[i] = file;
        if (i > 0 && (jobs[i].drop = mp_cut_names(c, a->script, &a->cuts[i - 1])) == NULL)
            rc = -1;
    }
    if (rc == MP_OK)
        rc = mp_jobs_plan(c, files, a->n + 1, folder, jobs, x);
    free(files);
    if (rc == MP_OK && x->test_y == NULL)
        rc = mp_fail(c, "%s: has no labels; without them nothing tells what a stage buys",
                     x->plan.source.test);
    return rc;
}

static int ablate(struct mp_ctx *c, char *file, struct mp_ablation *a, const struct params *p)
{
    struct mp_experiment x = { .n_classes = 0 };
    const struct mp_asked *asked = c->run->command.asked;
    struct mp_job *jobs = mp_alloc(c, (size_t)a->n + 1, sizeof *jobs);
    if (jobs == NULL)
        return -1;
    struct mp_folder held = { .path = NULL };
    mp_ranks_part(c); /* others read no rows */
    int rc = plan(c, a, file, jobs, p->output, &x);
    mp_ranks_join(c);
    if (rc == MP_OK)
        rc = mp_folder_hold(c, &held, p->output);
    if (rc == MP_OK && !asked->no_cache)
        c->run->cache = mp_cache_open(c, asked->cache);
    a->jobs = jobs;
    a->x = &x;
    if (rc == MP_OK)
        rc = run_all(c, a, jobs, p);
    mp_cache_close(c->run->cache);
    c->run->cache = NULL;
    for (int i = 0; i <= a->n; i++)
        mp_job_free(&jobs[i]);
    free(jobs);
    mp_experiment_free(&x);
    mp_folder_release(&held);
    return rc;
}

static int run_in(struct mp_ctx *c, const struct params *p, int n, char **args)
{
    struct mp_experiment x = { .n_classes = 0 };
    struct mp_ablation a = { .script = &x.script };
    struct mp_cut *cuts = NULL;
    if (n != 1)
        return mp_usage(c, "ablate: expected one pipeline file, found %d", n);
    if (mp_rank(c) > 0)
        return mp_jobs_serve(c);
    int rc = mp_check_folder(c, p->output);
    if (rc == MP_OK)
        rc = mp_experiment_plan(c, args[0], &x);
    if (rc == MP_OK && !x.plan.has_model)
        rc = mp_fail(c, "%s: has no model to train", args[0]);
    if (rc == MP_OK)
        rc = mp_cuts_find(c, &x.script, p->layers, p->pairs, &cuts, &a.n);
    if (rc == MP_OK && a.n == 0)
        rc = mp_fail(c, "%s: has no stage to leave out, only a model%s", args[0],
                     p->layers ? "" : "; --layers leaves out layers of nets");
    a.cuts = cuts;
    if (rc == MP_OK)
        rc = ablate(c, args[0], &a, p);
    free(cuts);
    mp_experiment_free(&x);
    return rc;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    struct params p = *(const struct params *)options;
    char *folder = *p.output == '\0' ? mp_run_folder(c, args, n, "-ablate") : NULL;
    if (*p.output == '\0')
        p.output = folder;
    const int rc = p.output != NULL ? run_in(c, &p, n, args) : -1;
    free(folder);
    return rc;
}

MP_COMMAND(ablate) = {
    .order = 2,
    .brief = "Say what each stage of a pipeline buys, by leaving it out",
    .usage = "PIPELINE",
    .doc =
        "Runs the pipeline, then without each of its stages in turn, learned anew on the same rows "
        "with the same seed, and prints what the stage bought: points of accuracy with their 95 % "
        "interval (Tango, the rows being the same), the errors that it fixed and those that it "
        "made, McNemar's exact test with Holm's correction for the number of rows, and the "
        "training time that is saved without it. A stage is called better with or without only "
        "where the chance of such a difference between equals is below 5 %.\n"
        "\n"
        "Left out are filters, features, `calibrate`, and each branch of a union or a vote; where "
        "one branch is left, its stages stand alone. The model stays. --layers leaves out each "
        "layer of a net, too; --pairs also every two together, which shows stages that only make "
        "up for one another. Where the rest does not fit together, the row says why.\n"
        "\n"
        "Runs share the threads, side by side, as those of `compare` do; --jobs 1 runs one after "
        "another, and then the seconds that are saved mean most. Processes that mpirun starts get "
        "their share of them, as those of `compare` do.\n"
        "\n"
        "`run PIPELINE --drop STAGE` is the run of one row. The folder, runs/NAME-ablate, gets the "
        "table as ablate.txt, .json, .csv and .md, ablate.html to look at, and a folder for each "
        "run. What is computed is kept in the cache (`mnistpipe help cache`).\n",
    .options = table,
    .options_size = sizeof(struct params),
    .pipeline = true,
    .cache = true,
    .ranks = true,
    .run = run,
};
