/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.c - jobs side by side, on this machine (crew.h) and by other ranks (away.h).
 *
 * Nobody waits for ever.  This process never waits for a claim: while another process has it,
 * the run stands back and others go on.  A child may wait, though only for a state that another
 * process computes (cache.h), and every child ends by itself, its claims with it. */
#include "core/progress.h"
#include "core/ranks.h"
#include "study/away.h"
#include "study/crew.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What belongs to a job while it is at work. */
struct task {
    struct mp_key key;
    struct mp_claim claim;
};

struct pool {
    const struct mp_experiment *x;
    struct mp_job *jobs;
    struct task *task; /* of each */
    int n, left;       /* left: of the jobs, those that are not done */
    int most;          /* so many at a time, here and away; 0: as many as there is room for */
    struct mp_crew crew;
    struct mp_away *away;
};

static int at_work(const struct pool *p)
{
    return p->crew.running + mp_away_all(p->away);
}

static void narrow(struct mp_ctx *c, struct pool *p)
{
    const int waiting = p->left - at_work(p);
    mp_crew_narrow(c, &p->crew, p->crew.running + waiting);
    mp_away_narrow(p->away, waiting);
}

/* The rank that the next job goes to: of those that have a place the one that has the fewest
 * jobs; -1: none has. */
static int find_place(const struct mp_ctx *c, const struct pool *p)
{
    int best = p->crew.running < p->crew.width ? 0 : -1, fewest = p->crew.running;
    if (p->most > 0 && at_work(p) >= p->most)
        return -1;
    for (int r = 1; r < mp_ranks(c); r++) {
        const int running = mp_away_running(p->away, r);
        if (running < mp_away_width(p->away, r) && (best < 0 || running < fewest)) {
            best = r;
            fewest = running;
        }
    }
    return best;
}

/* Bytes that a run takes: the program with its libraries, the rows and parts of them, and what
 * its stages read again and again. */
static size_t need(const struct mp_job *j, const struct mp_experiment *x)
{
    const size_t program = (size_t)128 << 20, rows = x->train.n + x->test.n;
    return program + 2 * rows * mp_len(x->train.shape) + x->train.n * j->row_bytes;
}

static void keep_warning(void *arg, const char *text)
{
    mp_keep(arg, text);
}

/* What is done for a job has a context of its own, and what is remarked there waits: it is said in
 * the order of the jobs. */
static struct mp_warnings enter(struct mp_ctx *own, struct mp_run *run, struct mp_job *j)
{
    const struct mp_warnings was = run->warnings;
    mp_ctx_init(own, run);
    run->warnings = (struct mp_warnings){ keep_warning, &j->warnings };
    return was;
}

static void leave(struct mp_ctx *own, struct mp_warnings was)
{
    own->run->warnings = was;
    mp_ctx_free(own);
}

/* The job at hand has a result, or an error. */
static int settle(struct mp_ctx *c, struct mp_ctx *own, struct pool *p, struct mp_job *j, int rc)
{
    if (rc < 0 && mp_stopped(c))
        rc = mp_fail(c, "interrupted");
    else if (rc < 0)
        rc = mp_job_error(c, j, own->msg);
    mp_cache_release(&p->task[j - p->jobs].claim);
    j->done = true;
    p->left--;
    narrow(c, p);
    return rc;
}

/* Rank r begins it, or rank 0, which this is: 1 if it may later, when others have ended. */
static int set_off(struct mp_ctx *own, struct pool *p, struct mp_job *j, int r)
{
    const int job = (int)(j - p->jobs);
    struct mp_args args;
    if (r > 0)
        return mp_away_give(own, p->away, r, job, j, need(j, p->x));
    const int rc = mp_job_args(own, j, &args) < 0
                       ? -1 : mp_crew_start(own, &p->crew, job, &args, need(j, p->x));
    mp_args_free(&args);
    return rc;
}

/* Takes the run from the cache, or has rank r compute it.  It stays as it was where it has to
 * wait: for another process that computes the same, or for those that run. */
static int begin(struct mp_ctx *c, struct pool *p, struct mp_job *j, int r)
{
    struct mp_cache *s = c->run->cache;
    struct task *t = &p->task[j - p->jobs];
    struct mp_ctx own;
    const struct mp_warnings was = enter(&own, c->run, j);
    bool free_to_run = true;
    if (s != NULL)
        t->key = mp_job_key(c, j, p->x);
    int had = mp_job_cached(&own, j, &t->key), rc = MP_OK;
    if (had == 0 && s != NULL && (free_to_run = mp_cache_try(s, &t->key, &t->claim)))
        had = mp_job_cached(&own, j, &t->key);
    if (had == 0 && free_to_run) {
        rc = set_off(&own, p, j, r);
        j->begun = rc == MP_OK;
        if (rc > 0)
            mp_crew_narrow(c, &p->crew, p->crew.running);
    }
    if (had > 0)
        rc = mp_job_take(&own, j, p->x, NULL);
    if (!j->begun)
        mp_cache_release(&t->claim);
    if (had != 0 || rc < 0)
        rc = settle(c, &own, p, j, had < 0 ? -1 : rc);
    leave(&own, was);
    return rc < 0 ? -1 : MP_OK;
}

/* Its run has ended: what it leaves is the job's result. */
static int end(struct mp_ctx *c, struct mp_ctx *own, struct pool *p, struct mp_job *j, int rc)
{
    if (rc == MP_OK)
        rc = mp_job_take(own, j, p->x, c->run->cache != NULL ? &p->task[j - p->jobs].key : NULL);
    return settle(c, own, p, j, rc);
}

/* The child at place i of the crew has ended. */
static int end_here(struct mp_ctx *c, struct pool *p, int i)
{
    struct mp_job *j = &p->jobs[p->crew.job[i]];
    struct mp_ctx own;
    const struct mp_warnings was = enter(&own, c->run, j);
    int rc = mp_crew_end(&own, &p->crew, i);
    rc = end(c, &own, p, j, rc);
    leave(&own, was);
    return rc;
}

/* Another rank tells how a job has ended. */
static int end_away(struct mp_ctx *c, void *arg, const struct mp_outcome *o)
{
    struct pool *p = arg;
    if (o->job >= (uint64_t)p->n)
        return mp_fail(c, "rank %d tells of a job that it was not given", o->by);
    struct mp_job *j = &p->jobs[o->job];
    if (o->back) {
        mp_cache_release(&p->task[o->job].claim);
        j->begun = false;
        return MP_OK;
    }
    struct mp_ctx own;
    const struct mp_warnings was = enter(&own, c->run, j);
    const char *host = mp_ranks_elsewhere(c, o->by);
    if (*o->why != '\0' && host != NULL) /* its disk and memory may be why */
        mp_warn(&own, "%s has failed on %s", j->name, host);
    int rc = *o->why != '\0' ? mp_fail(&own, "%s", o->why)
                             : mp_job_unpack(&own, j, o->files, o->size);
    rc = end(c, &own, p, j, rc);
    leave(&own, was);
    return rc;
}

/* "hog_svm: train svm" of what began first: "10:44:07 train svm: 40%  ..." is what it said. */
static void label(struct mp_ctx *c, const struct pool *p)
{
    char text[256];
    const char *said = p->crew.child[0].said + strspn(p->crew.child[0].said, "0123456789: ");
    snprintf(text, sizeof text, "%s%s%.*s", p->jobs[p->crew.job[0]].name,
             *said != '\0' ? ": " : "", (int)strcspn(said, ":"), said);
    mp_bar_label(c->run->bar, text);
}

/* One look at those that run: who has ended is done with. */
static int look(struct mp_ctx *c, struct pool *p)
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    int rc = MP_OK;
    if (p->crew.running > 0) {
        label(c, p);
        mp_children_hear(c, p->crew.child, p->crew.running);
    } else if (at_work(p) == 0 && p->left > 0) { /* another process computes what is left */
        nanosleep(&pause, NULL);
    }
    if (p->crew.running == 0 && mp_stopped(c))
        rc = mp_fail(c, "interrupted");
    for (int i = 0; i < p->crew.running && rc == MP_OK;) {
        if (!p->crew.child[i].ended)
            i++;
        else
            rc = end_here(c, p, i);
    }
    if (rc == MP_OK && mp_ranks(c) > 1)
        rc = mp_away_round(c, p->away, false, end_away, p);
    mp_bar_set(c->run->bar, p->n - p->left);
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

static int run_all(struct mp_ctx *c, struct pool *p)
{
    int rc = MP_OK, told = 0, r;
    while (p->left > 0 && rc == MP_OK) {
        for (int i = 0; i < p->n && rc == MP_OK && (r = find_place(c, p)) >= 0; i++)
            if (!p->jobs[i].begun && !p->jobs[i].done)
                rc = begin(c, p, &p->jobs[i], r);
        if (rc == MP_OK)
            rc = look(c, p);
        told = remark(c, p->jobs, told, p->n);
    }
    if (rc == MP_OK && mp_ranks(c) > 1)
        rc = mp_away_round(c, p->away, true, end_away, p);
    return rc;
}

static int open_pool(struct mp_ctx *c, struct pool *p)
{
    if ((p->task = mp_alloc(c, (size_t)p->n, sizeof *p->task)) == NULL)
        return -1;
    for (int i = 0; i < p->n; i++) {
        p->task[i].claim.fd = -1;
        p->jobs[i].done = p->jobs[i].error != NULL;
        p->left += !p->jobs[i].done;
    }
    if ((p->away = mp_away_open(c, p->left)) == NULL)
        return -1;
    mp_crew_open(c, &p->crew);
    const int ranks = mp_ranks(c), fair = (p->left + ranks - 1) / ranks;
    if (p->left < ranks && p->left > 0)
        mp_warn(c, "%d run%s for %d processes: %d of them ha%s nothing to do", p->left,
                p->left == 1 ? "" : "s", ranks, ranks - p->left,
                ranks - p->left == 1 ? "s" : "ve");
    mp_crew_narrow(c, &p->crew, fair);
    mp_crew_narrow(c, &p->crew, p->most);
    return MP_OK;
}

int mp_jobs_run(struct mp_ctx *c, const char *what, struct mp_job *jobs, int n, int most,
                const struct mp_experiment *x)
{
    struct pool *p = mp_alloc(c, 1, sizeof *p);
    if (p == NULL)
        return -1;
    *p = (struct pool){ .x = x, .jobs = jobs, .n = n, .most = most };
    int rc = open_pool(c, p);
    mp_bar_begin(c->run->bar, what, n, "pipelines");
    if (rc == MP_OK)
        rc = run_all(c, p);
    mp_crew_stop(c, &p->crew); /* there was a failure */
    for (int i = 0; i < n && p->task != NULL; i++)
        mp_cache_release(&p->task[i].claim);
    mp_bar_end(c->run->bar);
    mp_away_close(p->away);
    free(p->task);
    free(p);
    return rc;
}
