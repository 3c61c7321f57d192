/* SPDX-License-Identifier: GPL-3.0-or-later */
/* away.c - jobs that other ranks do. */
#include "study/away.h"
#include "core/ranks.h"
#include "study/crew.h"
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- what is written
 *
 * A letter is a list of entries, each behind its kind, up to THAT_IS_ALL. */

enum entry { THAT_IS_ALL, WIDTH, ORDER, OUTCOME, OVER };
enum { LONGEST = 1 << 20 }; /* of a text */

struct order {
    uint64_t job, need;
    char *folder, *model;
    unsigned char *args; /* one after the other, each with its 0 */
    size_t size;
};

static int order_io(struct mp_io *io, struct order *o)
{
    return mp_io_u64(io, "job", &o->job) < 0 || mp_io_u64(io, "need", &o->need) < 0 ||
                   mp_io_text(io, "folder", &o->folder, LONGEST) < 0 ||
                   mp_io_text(io, "model", &o->model, LONGEST) < 0 ||
                   mp_io_bytes(io, "args", &o->args, &o->size) < 0
               ? -1 : MP_OK;
}

static void order_free(struct order *o)
{
    free(o->folder);
    free(o->model);
    free(o->args);
    *o = (struct order){ .job = 0 };
}

static int outcome_io(struct mp_io *io, struct mp_outcome *o)
{
    return mp_io_u64(io, "job", &o->job) < 0 || mp_io_u64(io, "back", &o->back) < 0 ||
                   mp_io_text(io, "why", &o->why, LONGEST) < 0 ||
                   mp_io_bytes(io, "files", &o->files, &o->size) < 0
               ? -1 : MP_OK;
}

static int put_kind(struct mp_io *io, enum entry kind)
{
    uint64_t v = (uint64_t)kind;
    return mp_io_u64(io, "entry", &v);
}

static int put_width(struct mp_io *io, int width)
{
    uint64_t v = (uint64_t)width;
    return put_kind(io, WIDTH) < 0 ? -1 : mp_io_u64(io, "width", &v);
}

static int next_kind(struct mp_io *io, uint64_t *kind)
{
    *kind = THAT_IS_ALL;
    return io->len == 0 ? MP_OK : mp_io_u64(io, "entry", kind);
}

static int next_width(struct mp_io *io, int *width)
{
    uint64_t v = 0;
    const int rc = mp_io_u64(io, "width", &v);
    *width = v > 0 && v < MP_MOST_CHILDREN ? (int)v : MP_MOST_CHILDREN;
    return rc;
}

/* -------------------------------------------------------------- who gives */

struct place {
    struct mp_io letter; /* what it will get */
    int width, running;
};

struct mp_away {
    struct place *place; /* of each rank; that of rank 0, which gives, is empty */
    struct mp_letter *give, *get;
    int n;
};

/* Each says how many it can run. */
static int greet(struct mp_ctx *c, struct mp_away *a, int left)
{
    int rc = mp_ranks_mail(c, MP_OK, a->give, a->get);
    for (int r = 1; r < a->n && rc == MP_OK; r++) {
        struct mp_io io = { .c = c, .loading = true, .buf = a->get[r].bytes,
                            .len = a->get[r].size };
        const int fair = (left + a->n - 1) / a->n;
        uint64_t kind;
        rc = next_kind(&io, &kind) < 0 ? -1 : next_width(&io, &a->place[r].width);
        if (fair < a->place[r].width)
            a->place[r].width = fair;
    }
    mp_letters_free(c, a->get);
    return rc;
}

struct mp_away *mp_away_open(struct mp_ctx *c, int left)
{
    const size_t n = (size_t)mp_ranks(c);
    struct mp_away *a = mp_alloc(c, 1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->n = (int)n;
    a->place = mp_alloc(c, n, sizeof *a->place);
    a->give = mp_alloc(c, n, sizeof *a->give);
    a->get = mp_alloc(c, n, sizeof *a->get);
    if (a->place != NULL && a->give != NULL && a->get != NULL && greet(c, a, left) == MP_OK)
        return a;
    mp_away_close(a);
    return NULL;
}

void mp_away_close(struct mp_away *a)
{
    for (int r = 0; a != NULL && r < a->n && a->place != NULL; r++)
        free(a->place[r].letter.buf);
    if (a != NULL) {
        free(a->place);
        free(a->give);
        free(a->get);
    }
    free(a);
}

int mp_away_running(const struct mp_away *a, int r)
{
    return a->place[r].running;
}

int mp_away_width(const struct mp_away *a, int r)
{
    return a->place[r].width;
}

int mp_away_all(const struct mp_away *a)
{
    int n = 0;
    for (int r = 1; r < a->n; r++)
        n += a->place[r].running;
    return n;
}

void mp_away_narrow(struct mp_away *a, int waiting)
{
    for (int r = 1; r < a->n; r++)
        if (a->place[r].running + waiting < a->place[r].width)
            a->place[r].width = a->place[r].running + waiting;
}

int mp_away_give(struct mp_ctx *c, struct mp_away *a, int r, int job, const struct mp_job *j,
                 size_t need)
{
    struct place *p = &a->place[r];
    struct mp_args args;
    struct order o = { .job = (uint64_t)job, .need = need, .folder = j->folder,
                       .model = j->model };
    int rc = mp_job_args(c, j, &args);
    for (size_t i = 0; i < args.n; i++)
        o.size += strlen(args.at[i]) + 1;
    if (rc == MP_OK && (o.args = mp_alloc(c, o.size, 1)) == NULL)
        rc = -1;
    for (size_t i = 0, at = 0; i < args.n && rc == MP_OK; at += strlen(args.at[i]) + 1, i++)
        memcpy(o.args + at, args.at[i], strlen(args.at[i]) + 1);
    p->letter.c = c;
    if (rc == MP_OK)
        rc = put_kind(&p->letter, ORDER) < 0 ? -1 : order_io(&p->letter, &o);
    p->running += rc == MP_OK;
    free(o.args);
    mp_args_free(&args);
    return rc;
}

/* What goes to rank r. */
static int close_letter(struct mp_ctx *c, struct mp_away *a, int r, bool over)
{
    struct place *p = &a->place[r];
    p->letter.c = c;
    if (put_width(&p->letter, p->width) < 0 || (over && put_kind(&p->letter, OVER) < 0) ||
        put_kind(&p->letter, THAT_IS_ALL) < 0)
        return -1;
    a->give[r] = (struct mp_letter){ p->letter.buf, p->letter.len };
    return MP_OK;
}

static int read_outcome(struct mp_ctx *c, struct mp_away *a, struct mp_io *io, int r,
                        int (*take)(struct mp_ctx *c, void *arg, const struct mp_outcome *o),
                        void *arg)
{
    struct place *p = &a->place[r];
    struct mp_outcome o = { .by = r };
    int rc = outcome_io(io, &o);
    if (rc == MP_OK)
        p->running--;
    if (rc == MP_OK && o.back && p->running < p->width) /* what it runs is all it has room for */
        p->width = p->running > 0 ? p->running : 1;
    if (rc == MP_OK)
        rc = take(c, arg, &o);
    free(o.why);
    free(o.files);
    return rc;
}

int mp_away_round(struct mp_ctx *c, struct mp_away *a, bool over,
                  int (*take)(struct mp_ctx *c, void *arg, const struct mp_outcome *o), void *arg)
{
    int rc = MP_OK;
    for (int r = 1; r < a->n && rc == MP_OK; r++)
        rc = close_letter(c, a, r, over);
    rc = mp_ranks_mail(c, rc, a->give, a->get);
    for (int r = 1; r < a->n; r++) {
        free(a->place[r].letter.buf);
        a->place[r].letter = (struct mp_io){ .c = c };
    }
    for (int r = 1; r < a->n && rc == MP_OK; r++) {
        struct mp_io io = { .c = c, .loading = true, .buf = a->get[r].bytes,
                            .len = a->get[r].size };
        uint64_t kind;
        while (rc == MP_OK && (rc = next_kind(&io, &kind)) == MP_OK && kind == OUTCOME)
            rc = read_outcome(c, a, &io, r, take, arg);
    }
    mp_letters_free(c, a->get);
    return rc;
}

/* ---------------------------------------------------------------- who serves */

/* A rank that does what it is given. */
struct server {
    struct mp_crew crew;
    struct mp_io letter;     /* to rank 0 */
    struct mp_letter *give, *get;
    struct order *orders;    /* those at work */
    int n;
    bool over;
};

static struct order *find_order(struct server *s, int job)
{
    for (int i = 0; i < s->n; i++)
        if (s->orders[i].job == (uint64_t)job)
            return &s->orders[i];
    return NULL;
}

static int report(struct mp_ctx *c, struct server *s, struct mp_outcome *o)
{
    s->letter.c = c;
    return put_kind(&s->letter, OUTCOME) < 0 ? -1 : outcome_io(&s->letter, o);
}

/* A job that is not begun, or failed: `own` says why. */
static int report_failure(struct mp_ctx *c, struct server *s, uint64_t job, bool back,
                          struct mp_ctx *own)
{
    struct mp_outcome o = { .job = job, .back = back, .why = own->msg };
    if (own->no_memory)
        return mp_no_memory(c, "a run");
    return report(c, s, &o);
}

/* The files of the run that has ended, or why there are none. */
static int report_end(struct mp_ctx *c, struct server *s, int i)
{
    struct order *o = find_order(s, s->crew.job[i]);
    struct mp_job job = { .folder = o->folder, .model = o->model };
    struct mp_io files = { .c = c };
    struct mp_ctx own;
    mp_ctx_init(&own, c->run);
    int rc = mp_crew_end(&own, &s->crew, i);
    if (rc == MP_OK)
        rc = mp_job_pack(&own, &job, &files);
    struct mp_outcome done = { .job = o->job, .why = (char[]){ "" }, .files = files.buf,
                               .size = files.len };
    if (mp_stopped(c))
        rc = mp_fail(c, "interrupted");
    else
        rc = rc < 0 ? report_failure(c, s, o->job, false, &own) : report(c, s, &done);
    free(files.buf);
    mp_ctx_free(&own);
    order_free(o);
    *o = s->orders[--s->n];
    return rc;
}

static int keep_order(struct mp_ctx *c, struct server *s, const struct order *o)
{
    struct order *more = realloc(s->orders, (size_t)(s->n + 1) * sizeof *more);
    if (more == NULL)
        return mp_no_memory(c, "a run");
    s->orders = more;
    s->orders[s->n++] = *o;
    return MP_OK;
}

static int obey(struct mp_ctx *c, struct server *s, struct mp_io *io)
{
    struct order o = { .job = 0 };
    struct mp_args args = { .n = 0 };
    struct mp_ctx own;
    mp_ctx_init(&own, c->run);
    int rc = order_io(io, &o), begun = -1;
    for (size_t at = 0; rc == MP_OK && at < o.size; at += strlen((char *)o.args + at) + 1)
        mp_args_add(&args, (char *)o.args + at, strlen((char *)o.args + at));
    if (rc == MP_OK && args.failed)
        rc = mp_no_memory(c, "a run");
    if (rc == MP_OK && (begun = mp_crew_start(&own, &s->crew, (int)o.job, &args, o.need)) == MP_OK)
        rc = keep_order(c, s, &o);
    else if (rc == MP_OK)
        rc = report_failure(c, s, o.job, begun > 0, &own);
    if (rc < 0 || begun != MP_OK)
        order_free(&o);
    mp_args_free(&args);
    mp_ctx_free(&own);
    return rc;
}

static int read_letter(struct mp_ctx *c, struct server *s)
{
    struct mp_io io = { .c = c, .loading = true, .buf = s->get[0].bytes, .len = s->get[0].size };
    uint64_t kind;
    int rc, width;
    while ((rc = next_kind(&io, &kind)) == MP_OK && kind != THAT_IS_ALL && rc == MP_OK) {
        s->over = s->over || kind == OVER;
        if (kind == WIDTH && (rc = next_width(&io, &width)) == MP_OK)
            mp_crew_narrow(c, &s->crew, width);
        else if (kind == ORDER)
            rc = obey(c, s, &io);
        if (rc < 0)
            break;
    }
    return rc;
}

static int round_of(struct mp_ctx *c, struct server *s, int rc)
{
    s->letter.c = c;
    if (rc == MP_OK)
        rc = put_kind(&s->letter, THAT_IS_ALL);
    s->give[0] = (struct mp_letter){ s->letter.buf, s->letter.len };
    rc = mp_ranks_mail(c, rc, s->give, s->get);
    free(s->letter.buf);
    s->letter = (struct mp_io){ .c = c };
    if (rc == MP_OK)
        rc = read_letter(c, s);
    mp_letters_free(c, s->get);
    return rc;
}

static int serve(struct mp_ctx *c, struct server *s)
{
    s->letter.c = c;
    int rc = put_width(&s->letter, s->crew.width);
    while (!s->over && (rc = round_of(c, s, rc)) == MP_OK) {
        if (s->crew.running > 0)
            mp_children_hear(c, s->crew.child, s->crew.running);
        if (mp_stopped(c))
            rc = mp_fail(c, "interrupted");
        for (int i = 0; i < s->crew.running && rc == MP_OK;) {
            if (s->crew.child[i].ended)
                rc = report_end(c, s, i);
            else
                i++;
        }
    }
    return rc;
}

int mp_jobs_serve(struct mp_ctx *c)
{
    const size_t n = (size_t)mp_ranks(c);
    struct server *s = mp_alloc(c, 1, sizeof *s);
    int rc = -1;
    if (s == NULL)
        return -1;
    mp_crew_open(c, &s->crew);
    s->give = mp_alloc(c, n, sizeof *s->give);
    s->get = mp_alloc(c, n, sizeof *s->get);
    if (s->give != NULL && s->get != NULL)
        rc = serve(c, s);
    mp_crew_stop(c, &s->crew);
    for (int i = 0; i < s->n; i++)
        order_free(&s->orders[i]);
    free(s->letter.buf);
    free(s->orders);
    free(s->give);
    free(s->get);
    free(s);
    return rc;
}
