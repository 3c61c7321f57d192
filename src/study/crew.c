/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crew.c - the jobs that run side by side on this machine. */
#include "study/crew.h"
#include "core/memory.h"
#include <stdlib.h>
#include <string.h>

void mp_crew_open(struct mp_ctx *c, struct mp_crew *w)
{
    const int threads = mp_threads(c);
    memset(w, 0, sizeof *w);
    w->width = threads < MP_MOST_CHILDREN ? threads : MP_MOST_CHILDREN;
}

/* Of the threads, what the run at place i has.  All shares together are all threads; and a run
 * whose place falls, or whose crew becomes narrower, never has fewer than before. */
static int share(const struct mp_run *run, const struct mp_crew *w, int i)
{
    return (run->threads - i + w->width - 1) / w->width;
}

void mp_crew_narrow(struct mp_ctx *c, struct mp_crew *w, int width)
{
    if (width < w->width && width > 0)
        w->width = width;
    for (int i = 0; i < w->running; i++)
        mp_child_threads(&w->child[i], share(c->run, w, i));
}

/* Whether there is memory for one more, with as much again to spare; alone it always runs, and
 * keeps its rows elsewhere if it has to. */
static bool has_room(const struct mp_crew *w, size_t more)
{
    return w->running == 0 || w->taken + more < mp_memory_free() / 2;
}

static int start(struct mp_ctx *c, struct mp_child *k, const struct mp_args *args, int threads)
{
    char number[16];
    struct mp_args all = { .n = 0 };
    snprintf(number, sizeof number, "%d", threads);
    const char *const first[] = { "run", "--threads", number };
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        mp_args_add(&all, first[i], strlen(first[i]));
    for (size_t i = 0; i < args->n; i++)
        mp_args_add(&all, args->at[i], strlen(args->at[i]));
    const int rc = all.failed ? mp_no_memory(c, "a run")
                              : mp_child_start(c, k, all.at, threads < c->run->threads);
    mp_args_free(&all);
    return rc;
}

int mp_crew_start(struct mp_ctx *c, struct mp_crew *w, int job, const struct mp_args *args,
                  size_t need)
{
    const int at = w->running;
    if (at >= w->width || !has_room(w, need))
        return 1;
    if (start(c, &w->child[at], args, share(c->run, w, at)) < 0)
        return at > 0 && !c->no_memory ? 1 : -1; /* a system that refuses one more */
    w->job[at] = job;
    w->need[at] = need;
    w->taken += need;
    w->running++;
    return MP_OK;
}

int mp_crew_end(struct mp_ctx *c, struct mp_crew *w, int i)
{
    int rc = mp_child_end(c, &w->child[i]);
    if (rc > 0)
        rc = mp_fail(c, "%s", w->child[i].why);
    w->taken -= w->need[i];
    const size_t behind = (size_t)(--w->running - i);
    memmove(&w->child[i], &w->child[i + 1], behind * sizeof *w->child);
    memmove(&w->job[i], &w->job[i + 1], behind * sizeof *w->job);
    memmove(&w->need[i], &w->need[i + 1], behind * sizeof *w->need);
    return rc;
}

void mp_crew_stop(struct mp_ctx *c, struct mp_crew *w)
{
    struct mp_ctx own;
    mp_ctx_init(&own, c->run);
    while (w->running > 0) {
        for (int i = 0; i < w->running; i++)
            mp_child_stop(&w->child[i]);
        mp_children_hear(&own, w->child, w->running);
        for (int i = w->running - 1; i >= 0; i--)
            if (w->child[i].ended)
                mp_crew_end(&own, w, i);
    }
    mp_ctx_free(&own);
}
