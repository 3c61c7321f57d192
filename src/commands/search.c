/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search.c - `mnistpipe search`: which values of a pipeline's sets are best? */
#include "study/search.h"
#include "cache/cache.h"
#include "core/ranks.h"
#include "files/output.h"
#include "pipeline/name.h"
#include "pipeline/options.h"
#include "study/forms.h"
#include <stdlib.h>
#include <string.h>

struct params {
    char *output;
    int format, folds, trials, halving;
    double holdout;
};

static const struct mp_param table[] = {
    MP_PARAM(output, .def = "", .unit = "FOLDER",
             .doc = "folder of the search, in place of runs/NAME-search"),
    MP_PARAM(format, .def = "text", .choices = MP_SEARCH_FORMATS, .doc = "what to print"),
    MP_PARAM(folds, .def = "0", .min = 0, .max = 100, .unit = "folds",
             .doc = "scores by so many folds; 0: as the data line says, or 5"),
    MP_PARAM(holdout, .def = "0", .min = 0, .max = 0.9,
             .doc = "scores on this share of the training rows, in place of folds"),
    MP_PARAM(trials, .def = "0", .min = 0, .max = MP_SEARCH_MOST, .unit = "combinations",
             .doc = "tries so many, drawn at random by the seed; 0: all"),
    MP_PARAM(halving, .def = "no", .choices = MP_SEARCH_HALVING,
             .doc = "successive halving: the better third goes on with three times the rows, or "
                    "epochs"),
    MP_END
};

struct found {
    const struct mp_search *search;
    const json_t *document;
};

static int page(struct mp_ctx *c, void *arg, FILE *f)
{
    const struct found *found = arg;
    return mp_search_html(c, found->search, found->document, f);
}

static int report(struct mp_ctx *c, const struct mp_search *s, const struct params *p,
                  const char *folder)
{
    int failed = 0;
    json_t *o = mp_search_json(c, s, folder);
    if (o == NULL)
        return -1;
    struct found found = { s, o };
    const struct mp_forms forms = { "search", o, mp_search_write, page, &found };
    int rc = mp_forms_write(c, folder, &forms);
    if (rc == MP_OK)
        mp_search_write(stdout, o, p->format);
    json_decref(o);
    for (int i = 0; i < s->n; i++)
        failed += s->trials[i].error != NULL;
    if (rc == MP_OK && s->final.error != NULL)
        rc = mp_fail(c, "search: the last run failed: %s", s->final.error);
    if (rc == MP_OK && failed > 0)
        rc = mp_fail(c, "search: %d of %d combinations failed", failed, s->n);
    return rc;
}

static int search(struct mp_ctx *c, const struct params *p, const char *file, const char *folder)
{
    const struct mp_asked *a = c->run->command.asked;
    const struct mp_search_ask ask = { file, p->folds, p->holdout, p->trials,
                                       (enum mp_halving)p->halving };
    struct mp_search s = { .n = 0 };
    struct mp_folder held = { .path = NULL };
    const bool writes = mp_rank(c) == 0;
    int rc = writes ? mp_check_folder(c, folder) : MP_OK;
    if (rc == MP_OK)
        rc = mp_search_open(c, &ask, &s);
    if (rc == MP_OK && writes)
        rc = mp_folder_hold(c, &held, folder);
    if (rc == MP_OK && !a->no_cache)
        c->run->cache = mp_cache_open(c, a->cache);
    if (rc == MP_OK)
        rc = mp_search_run(c, &s);
    mp_ranks_part(c);
    if (rc == MP_OK && writes)
        rc = mp_search_final(c, &s, folder);
    if (rc == MP_OK && writes)
        rc = report(c, &s, p, folder);
    mp_cache_close(c->run->cache);
    c->run->cache = NULL;
    mp_search_free(&s);
    mp_folder_release(&held);
    return rc;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *p = options;
    if (n != 1)
        return mp_usage(c, "search: expected one pipeline file, found %d argument%s", n,
                        n == 1 ? "" : "s");
    if (p->folds == 1)
        return mp_usage(c, "--folds=1: one fold leaves nothing to learn from; take 2 to 100");
    if (p->folds > 0 && p->holdout > 0)
        return mp_usage(c, "--folds=%d and --holdout=%g: rows are scored by one or the other",
                        p->folds, p->holdout);
    char *folder = *p->output != '\0' ? strdup(p->output)
                                          : mp_run_folder(c, args, 1, "-search");
    if (folder == NULL)
        return c->msg[0] != '\0' ? -1 : mp_fail(c, "no memory");
    const int rc = search(c, p, args[0], folder);
    free(folder);
    return rc;
}

MP_COMMAND(search) = {
    .order = 2,
    .brief = "Try sets of values in a pipeline and say which are best",
    .usage = "PIPELINE",
    .doc =
        "Sets of values stand in the pipeline, as in `svm C={0.1,0.3,1}`, or on the command line, "
        "--set svm.C={0.1,0.3,1}. Every combination is scored on training rows that it has not "
        "learned from, by cross-validation (5 folds, every stage fitted anew in each) or on a "
        "holdout; the test rows are not looked at. --trials N tries N combinations drawn at "
        "random. A combination that fails says why in its row, and the others go on; the exit "
        "status is then 1.\n"
        "\n"
        "The best mean accuracy wins; of equals the pipeline that keeps fewer numbers, then the "
        "one whose values stand first. A second is named by the one-standard-error rule: the "
        "simplest whose mean is within one standard error of the best. So write sets from the "
        "simplest value to the most complex.\n"
        "\n"
        "The best is fitted on all training rows and scored once on the test rows, if there are "
        "any. Without a test file nothing is held out of this last fit. The folder, "
        "runs/NAME-search, gets the table as search.txt, .json, .csv and .md, a page search.html "
        "with a plot, the winner as a pipeline, best.txt, and its run in best/.\n"
        "\n"
        "--halving rows begins with all combinations on a part of each fold's training rows, "
        "--halving epochs on a part of the epochs. The better third goes on with three times as "
        "much, until three or fewer are left, which get all. The first part is never less than "
        "20 rows a class, or one epoch.\n"
        "\n"
        "Built by ./configure --with-mpi and started by mpirun, every process fits its part of the "
        "folds of the combinations; the first one runs the best.\n"
        "\n"
        "What is computed is kept in the cache (`mnistpipe help cache`): stages that combinations "
        "have in common are computed once for each fold, and a search that was stopped goes on "
        "where it was.\n",
    .options = table,
    .options_size = sizeof(struct params),
    .pipeline = true,
    .cache = true,
    .ranks = true,
    .run = run,
};
