/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.c - several pipelines on the same rows are planned. */
#include "study/job.h"
#include "cache/reuse.h"
#include "engine/room.h"
#include "pipeline/name.h"
#include "pipeline/options.h"
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- planning */

int mp_job_error(struct mp_ctx *c, struct mp_job *j, const char *text)
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
            if (mp_room_wanted(p, f, k)) {
                const struct mp_room one = mp_room_plan(p, f, k, 1);
                sum += mp_room_each(&one) * p->nodes[k].passes;
            }
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
        rc = own.no_memory ? mp_fail(c, "%s: %s", j->file, own.msg) : mp_job_error(c, j, own.msg);
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
    const bool train = strcmp(a->train, b->train) == 0 && strcmp(a->more, b->more) == 0 &&
                       mp_form_same(&a->form, &b->form) &&
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

