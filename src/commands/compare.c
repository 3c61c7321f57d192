/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.c - `mnistpipe compare`: any number of pipelines on the same rows.
 *
 * Each pipeline runs in a process of its own: so its memory can be told, its libraries
 * start as in a plain run, and what kills one leaves the others. */
#include "cache/cache.h"
#include "core/ranks.h"
#include "files/child.h"
#include "files/output.h"
#include "pipeline/name.h"
#include "pipeline/options.h"
#include "study/comparison.h"
#include <stdlib.h>
#include <string.h>

struct params {
    int format, jobs;
    char *output;
};

static const struct mp_param table[] = {
    MP_PARAM(format, .def = "text", .choices = MP_FORMATS, .doc = "what to print"),
    MP_PARAM(jobs, .def = "0", .min = 0, .max = MP_MOST_CHILDREN, .unit = "runs",
             .doc = "runs side by side at most; 0: as many as there are threads"),
    MP_PARAM(output, .def = "", .unit = "FOLDER",
             .doc = "folder, in place of runs/NAME+NAME-compare, of the comparison; each run gets "
                    "one in it"),
    MP_END
};

static int page(struct mp_ctx *c, void *arg, FILE *f)
{
    return mp_comparison_html(c, arg, f);
}

static int compare(struct mp_ctx *c, struct mp_job *jobs, int n, const struct mp_experiment *x,
                   const struct params *p)
{
    if (mp_jobs_run(c, "compare", jobs, n, p->jobs, x) < 0)
        return -1;
    json_t *o = mp_comparison_json(c, jobs, n, x);
    if (o == NULL)
        return -1;
    struct mp_compared k = { o, jobs, n, x };
    const struct mp_forms forms = { "compare", o, mp_comparison_write, page, &k };
    int failed = 0, rc = mp_forms_show(c, p->output, &forms, p->format);
    json_decref(o);
    for (int i = 0; i < n; i++)
        failed += jobs[i].error != NULL;
    if (rc == MP_OK && failed > 0)
        rc = mp_fail(c, "compare: %d of %d pipelines failed", failed, n);
    return rc;
}

static int run_in(struct mp_ctx *c, const struct params *p, int n, char **args)
{
    const struct mp_asked *a = c->run->command.asked;
    struct mp_experiment x = { .n_classes = 0 };
    if (n == 0)
        return mp_usage(c, "compare: expected pipeline files, found none");
    if (mp_rank(c) > 0)
        return mp_jobs_serve(c);
    struct mp_job *jobs = mp_alloc(c, (size_t)n, sizeof *jobs);
    if (jobs == NULL)
        return -1;
    struct mp_folder held = { .path = NULL };
    int rc = mp_check_folder(c, p->output);
    mp_ranks_part(c); /* others read no rows */
    if (rc == MP_OK)
        rc = mp_jobs_plan(c, args, n, p->output, jobs, &x);
    mp_ranks_join(c);
    if (rc == MP_OK)
        rc = mp_folder_hold(c, &held, p->output);
    if (rc == MP_OK && !a->no_cache)
        c->run->cache = mp_cache_open(c, a->cache);
    if (rc == MP_OK)
        rc = compare(c, jobs, n, &x, p);
    mp_cache_close(c->run->cache);
    c->run->cache = NULL;
    for (int i = 0; i < n; i++)
        mp_job_free(&jobs[i]);
    free(jobs);
    mp_experiment_free(&x);
    mp_folder_release(&held);
    return rc;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    struct params p = *(const struct params *)options;
    char *folder = *p.output == '\0' ? mp_run_folder(c, args, n, "-compare") : NULL;
    if (*p.output == '\0')
        p.output = folder;
    const int rc = p.output != NULL ? run_in(c, &p, n, args) : -1;
    free(folder);
    return rc;
}

MP_COMMAND(compare) = {
    .order = 2,
    .brief = "Run several pipelines on the same rows and say which is better",
    .usage = "PIPELINE...",
    .doc =
        "Runs each pipeline as `run` does, in a process of its own, several side by side, and "
        "prints one table, best first: accuracy on the test rows with its 95 % interval (Wilson), "
        "errors, macro F1, seconds to train, images a second in prediction, sizes of the bundle, "
        "the model's parameters and the memory at its peak; pipelines with a net in them, as model "
        "or as features, are marked as deep, all others as classical. A pipeline that fails says "
        "why in its row, and the others go on; the exit status is then 1.\n"
        "\n"
        "Below, every pair is tested by McNemar's exact test on the same test rows, with Holm's "
        "correction for the number of pairs: one pipeline is called better than another only "
        "where the chance of such a difference between equals is below 5 %.\n"
        "\n"
        "All pipelines have to name the same rows; --train and --test set them for all. The "
        "folder, runs/NAME+NAME-compare, gets the table as compare.txt, .json, .csv and .md, "
        "compare.html to look at, and a folder for each run.\n"
        "\n"
        "As many run side by side as there are threads, where memory allows it, and share the "
        "threads; those that are left in the end have them all. Results are the same bytes, but "
        "each takes longer than alone: where times are to be compared, --jobs 1 runs one after "
        "another.\n"
        "\n"
        "Built by ./configure --with-mpi and started by mpirun, the first process gives pipelines "
        "to all, as many to each as it has threads; what they have done comes back, and the first "
        "writes all folders and the cache.\n"
        "\n"
        "What is computed is kept in the cache (`mnistpipe help cache`): a pipeline of which "
        "nothing has changed is not run again, and one that has changed begins where it differs. "
        "Times are those that the work took when it was done.\n",
    .options = table,
    .options_size = sizeof(struct params),
    .pipeline = true,
    .cache = true,
    .ranks = true,
    .run = run,
};
