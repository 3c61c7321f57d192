/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ranks.c - the processes that share a run's work.
 *
 * Before anything is exchanged, each rank says whether it has failed, and how much it is about to
 * exchange: so a rank that fails anywhere says it in its next exchange, or at the end, and the
 * others hear of it where they are; and ranks that are not at the same work do not wait for
 * each other for ever, or take one thing for another.  Cost: some bytes for each exchange. */
#include "core/ranks.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/mpi.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct host {
    char name[64];
};

/* What each rank says before an exchange. */
struct word {
    uint64_t failed, kind, size, value;
};

enum kind { AGREE, SAME, TELL, GATHER, TURN, MAIL, END };

struct account {
    double seconds, waited, worked; /* worked: of processors, not those of waiting */
    uint64_t sent, exchanges;
};

struct mp_ranks {
    struct mp_mpi mpi;
    struct host *host;  /* of each */
    struct word *word;  /* of each, in the exchange at hand */
    struct account *account; /* of each, at the end */
    size_t *row, *col;  /* where shares begin: n + 1 each */
    double start;
    uint64_t exchanges; /* so far */
    bool parted;        /* each works alone */
    bool over;          /* all know that one has failed */
};

/* ------------------------------------------------------------------ the launcher */

/* The whole number that a variable begins with; -1: none. */
static int variable(const char *name)
{
    const char *text = getenv(name);
    const long n = text != NULL && *text >= '0' && *text <= '9' ? strtol(text, NULL, 10) : -1;
    return n < 1 << 24 ? (int)n : -1;
}

/* How many, which one, how many here: Open MPI; MPICH and what starts as it does; PMIx, as
 * `srun --mpi=pmix` has it. */
enum { LAUNCHERS = 3, SAID = 3 };
static const char *const left[LAUNCHERS][SAID] = {
    { "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE" },
    { "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS" },
    { "SLURM_STEP_NUM_TASKS", "PMIX_RANK", "SLURM_STEP_TASKS_PER_NODE" },
};

bool mp_launch_left(const char *text)
{
    bool found = false;
    for (size_t i = 0; i < LAUNCHERS * SAID && !found; i++) {
        const char *name = left[i / SAID][i % SAID];
        found = strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == '=';
    }
    return found;
}

struct mp_launch mp_launched(void)
{
    for (size_t i = 0; i < LAUNCHERS; i++) {
        struct mp_launch l = { variable(left[i][0]), variable(left[i][1]), variable(left[i][2]) };
        l.here = l.here > 0 && l.here < l.n ? l.here : l.n;
        if (l.n > 0 && l.mine >= 0 && l.mine < l.n)
            return l;
    }
    return (struct mp_launch){ 1, 0, 1 };
}

/* ------------------------------------------------------------------- a beginning */

static void ranks_free(struct mp_ranks *r)
{
    if (r == NULL)
        return;
    free(r->host);
    free(r->word);
    free(r->account);
    free(r->row);
    free(r->col);
    free(r);
}

static int meet(struct mp_ctx *c, struct mp_ranks *r, int expected)
{
    struct host own = { { 0 } };
    mp_mpi_begin(&r->mpi);
    const size_t n = (size_t)r->mpi.n;
    r->host = mp_alloc(c, n, sizeof *r->host);
    r->word = mp_alloc(c, n, sizeof *r->word);
    r->account = mp_alloc(c, n, sizeof *r->account);
    r->row = mp_alloc(c, n + 1, sizeof *r->row);
    r->col = mp_alloc(c, n + 1, sizeof *r->col);
    if (r->host == NULL || r->word == NULL || r->account == NULL || r->row == NULL ||
        r->col == NULL)
        return -1;
    if (r->mpi.n != expected)
        return mp_fail(c, "of %d processes that were started MPI has found %d: it is another MPI "
                          "than that of mpirun", expected, r->mpi.n);
    gethostname(own.name, sizeof own.name - 1);
    mp_mpi_all(&r->mpi, &own, r->host, sizeof own);
    return MP_OK;
}

int mp_ranks_open(struct mp_ctx *c, bool shares)
{
    const struct mp_launch l = mp_launched();
    if (l.n == 1)
        return MP_OK;
    if (!shares)
        return mp_usage(c, "%d processes were started, among which this command shares nothing: "
                           "each would do all of it; start it without mpirun or srun", l.n);
    if (!mp_mpi_built())
        return mp_fail(c, "%d processes were started, and this program was built without MPI: each "
                          "would do all of the work; ./configure --with-mpi builds one that "
                          "shares it", l.n);
    struct mp_ranks *r = mp_alloc(c, 1, sizeof *r);
    if (r == NULL)
        return -1;
    r->start = mp_seconds();
    if (meet(c, r, l.n) < 0) {
        mp_mpi_end();
        ranks_free(r);
        return -1;
    }
    c->run->ranks = r;
    return MP_OK;
}

/* ---------------------------------------------------------------------- an exchange */

static struct mp_ranks *ranks_of(const struct mp_ctx *c)
{
    struct mp_ranks *r = c->run != NULL ? c->run->ranks : NULL;
    return r != NULL && !r->parted ? r : NULL;
}

int mp_ranks(const struct mp_ctx *c)
{
    const struct mp_ranks *r = ranks_of(c);
    return r != NULL ? r->mpi.n : 1;
}

int mp_rank(const struct mp_ctx *c)
{
    const struct mp_ranks *r = ranks_of(c);
    return r != NULL ? r->mpi.mine : 0;
}

const char *mp_ranks_elsewhere(const struct mp_ctx *c, int r)
{
    const struct mp_ranks *all = ranks_of(c);
    const char *host = all != NULL ? all->host[r].name : NULL;
    return host != NULL && strcmp(host, all->host[all->mpi.mine].name) != 0 ? host : NULL;
}

void mp_ranks_part(struct mp_ctx *c)
{
    if (c->run != NULL && c->run->ranks != NULL)
        c->run->ranks->parted = true;
}

void mp_ranks_join(struct mp_ctx *c)
{
    if (c->run != NULL && c->run->ranks != NULL)
        c->run->ranks->parted = false;
}

size_t mp_share(const struct mp_ctx *c, size_t n, int r)
{
    const size_t all = (size_t)mp_ranks(c);
    return n / all * (size_t)r + n % all * (size_t)r / all;
}

/* All ranks fail with what the first that has failed has to say.  Which one that is says nothing
 * where all have, for then they have failed alike, nor where it is rank 0, which writes the files
 * and prints. */
static int fail_all(struct mp_ctx *c, struct mp_ranks *r, int from)
{
    bool alone = false;
    struct { char text[sizeof c->msg]; bool usage, no_memory; } said = { { 0 }, false, false };
    memcpy(said.text, c->msg, sizeof said.text);
    said.usage = c->usage;
    said.no_memory = c->no_memory;
    mp_mpi_tell(&r->mpi, &said, sizeof said, from);
    r->over = true;
    c->usage = said.usage;
    c->no_memory = said.no_memory;
    for (int k = 0; k < r->mpi.n; k++)
        alone = alone || !r->word[k].failed;
    if (alone && from > 0)
        snprintf(c->msg, sizeof c->msg, "rank %d on %s: %.900s", from, r->host[from].name,
                 said.text);
    else
        memcpy(c->msg, said.text, sizeof c->msg);
    return -1;
}

/* The words before an exchange; MP_OK: all ranks are ready for it. */
static int ready(struct mp_ctx *c, struct mp_ranks *r, int rc, enum kind kind, size_t size,
                 uint64_t value)
{
    const struct word own = { rc < 0, (uint64_t)kind, size, value };
    if (r->over)
        return mp_fail(c, "another rank has failed");
    mp_mpi_all(&r->mpi, &own, r->word, sizeof own);
    r->exchanges++;
    for (int k = 0; k < r->mpi.n; k++)
        if (r->word[k].failed)
            return fail_all(c, r, k);
    for (int k = 1; k < r->mpi.n; k++)
        if (r->word[k].kind != r->word[0].kind || r->word[k].size != r->word[0].size) {
            r->over = true;
            return mp_fail(c, "rank %d on %s is not at the work that rank 0 on %s is at: the ranks "
                              "need the same program, the same files and processors of one kind",
                           k, r->host[k].name, r->host[0].name);
        }
    return MP_OK;
}

int mp_ranks_agree(struct mp_ctx *c, int rc)
{
    struct mp_ranks *r = ranks_of(c);
    return r == NULL ? rc : ready(c, r, rc, AGREE, 0, 0);
}

int mp_ranks_same(struct mp_ctx *c, int rc, uint64_t value, const char *what)
{
    struct mp_ranks *r = ranks_of(c);
    if (r == NULL)
        return rc;
    if (ready(c, r, rc, SAME, 0, value) < 0)
        return -1;
    for (int k = 1; k < r->mpi.n; k++)
        if (r->word[k].value != r->word[0].value) {
            r->over = true;
            return mp_fail(c, "%s are not the same for rank %d on %s as for rank 0 on %s", what, k,
                           r->host[k].name, r->host[0].name);
        }
    return MP_OK;
}

int mp_ranks_tell(struct mp_ctx *c, int rc, void *at, size_t size)
{
    struct mp_ranks *r = ranks_of(c);
    if (r == NULL)
        return rc;
    if (ready(c, r, rc, TELL, size, 0) < 0)
        return -1;
    mp_mpi_tell(&r->mpi, at, size, 0);
    return MP_OK;
}

int mp_ranks_gather(struct mp_ctx *c, int rc, void *at, size_t size, const size_t *cut)
{
    struct mp_ranks *r = ranks_of(c);
    if (r == NULL)
        return rc;
    if (rc == MP_OK && (size > INT32_MAX || cut[r->mpi.n] > INT32_MAX))
        rc = mp_fail(c, "%zu pieces of %zu bytes are too many for MPI", cut[r->mpi.n], size);
    if (ready(c, r, rc, GATHER, size * cut[r->mpi.n], 0) < 0)
        return -1;
    mp_mpi_gather(&r->mpi, at, size, cut);
    return MP_OK;
}

static void cut_parts(const struct mp_ctx *c, size_t n, size_t parts, size_t *cut)
{
    for (int k = 0; k <= mp_ranks(c); k++)
        cut[k] = n * mp_share(c, parts, k) / parts;
}

int mp_ranks_collect(struct mp_ctx *c, int rc, void *at, size_t size, size_t n, size_t parts)
{
    struct mp_ranks *r = ranks_of(c);
    if (r == NULL)
        return rc;
    cut_parts(c, n, parts, r->row);
    return mp_ranks_gather(c, rc, at, size, r->row);
}

int mp_ranks_turn(struct mp_ctx *c, int rc, float *at, size_t rows, size_t step,
                  const size_t *cut)
{
    struct mp_ranks *r = ranks_of(c);
    if (r == NULL)
        return rc;
    if (rc == MP_OK && (rows > INT32_MAX || step > INT32_MAX))
        rc = mp_fail(c, "%zu rows of %zu values are too many for MPI", rows, step);
    if (ready(c, r, rc, TURN, rows * step, 0) < 0)
        return -1;
    cut_parts(c, rows, rows, r->row);
    cut_parts(c, step, step, r->col);
    mp_mpi_turn(&r->mpi, at, step, r->row, cut != NULL ? cut : r->col);
    return MP_OK;
}

void mp_ranks_follow(struct mp_ctx *c, float *at, size_t n)
{
    struct mp_ranks *r = ranks_of(c);
    if (r == NULL)
        return;
    cut_parts(c, n, n, r->row);
    mp_mpi_gather(&r->mpi, at, sizeof *at, r->row);
}

/* ------------------------------------------------------------------------- letters */

/* What travels with them: sizes, and where they lie. */
struct post {
    size_t *given, *got, *all; /* all: of each rank, those for each */
    void **give, **get;
};

static void post_free(struct post *p)
{
    free(p->given);
    free(p->got);
    free(p->all);
    free(p->give);
    free(p->get);
}

static int post_open(struct mp_ctx *c, struct post *p, const struct mp_ranks *r,
                     const struct mp_letter *give)
{
    const size_t n = (size_t)r->mpi.n;
    *p = (struct post){ mp_alloc(c, n, sizeof *p->given), mp_alloc(c, n, sizeof *p->got),
                        mp_alloc(c, n * n, sizeof *p->all), mp_alloc(c, n, sizeof *p->give),
                        mp_alloc(c, n, sizeof *p->get) };
    if (p->given == NULL || p->got == NULL || p->all == NULL || p->give == NULL || p->get == NULL)
        return -1;
    for (size_t k = 0; k < n; k++) {
        p->given[k] = k != (size_t)r->mpi.mine ? give[k].size : 0;
        p->give[k] = give[k].bytes;
    }
    return MP_OK;
}

static int deliver(struct mp_ctx *c, struct mp_ranks *r, struct post *p, struct mp_letter *get)
{
    const size_t n = (size_t)r->mpi.n, mine = (size_t)r->mpi.mine;
    int rc = MP_OK;
    mp_mpi_all(&r->mpi, p->given, p->all, n * sizeof *p->given);
    for (size_t k = 0; k < n && rc == MP_OK; k++) {
        p->got[k] = get[k].size = p->all[k * n + mine];
        if (get[k].size > 0 && (p->get[k] = get[k].bytes = mp_alloc(c, get[k].size, 1)) == NULL)
            rc = -1;
    }
    if (ready(c, r, rc, MAIL, 1, 0) < 0)
        return -1;
    mp_mpi_mail(&r->mpi, p->give, p->given, p->get, p->got);
    return MP_OK;
}

int mp_ranks_mail(struct mp_ctx *c, int rc, const struct mp_letter *give, struct mp_letter *get)
{
    struct mp_ranks *r = ranks_of(c);
    struct post p = { NULL };
    memset(get, 0, (size_t)mp_ranks(c) * sizeof *get);
    if (r == NULL)
        return rc;
    if (rc == MP_OK)
        rc = post_open(c, &p, r, give);
    rc = ready(c, r, rc, MAIL, 0, 0);
    if (rc == MP_OK)
        rc = deliver(c, r, &p, get);
    post_free(&p);
    if (rc < 0)
        mp_letters_free(c, get);
    return rc;
}

void mp_letters_free(const struct mp_ctx *c, struct mp_letter *letters)
{
    for (int k = 0; k < mp_ranks(c) && letters != NULL; k++) {
        free(letters[k].bytes);
        letters[k] = (struct mp_letter){ NULL, 0 };
    }
}

/* --------------------------------------------------------------------------- the end */

/* Seconds of processors for processes that it has started. */
static double children_worked(void)
{
    struct rusage u;
    return getrusage(RUSAGE_CHILDREN, &u) < 0
               ? 0 : (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                     1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* What each rank has spent its time with. */
static void say_accounts(const struct mp_ctx *c, struct mp_ranks *r)
{
    const struct account own = { mp_seconds() - r->start, r->mpi.waited,
                                 mp_work_seconds() - r->mpi.looked + children_worked(),
                                 r->mpi.sent, r->exchanges };
    mp_mpi_all(&r->mpi, &own, r->account, sizeof own);
    for (int k = 0; k < r->mpi.n && r->mpi.mine == 0 && !c->run->quiet; k++)
        fprintf(stderr, "rank %d on %s: %.1f s, %.1f of them waiting; %.2f s of processors; "
                "%.1f MB sent in %llu exchanges\n", k, r->host[k].name, r->account[k].seconds,
                r->account[k].waited, r->account[k].worked, 1e-6 * (double)r->account[k].sent,
                (unsigned long long)r->account[k].exchanges);
}

int mp_ranks_close(struct mp_ctx *c, int rc)
{
    struct mp_ranks *r = c->run->ranks;
    if (r == NULL)
        return rc;
    r->parted = false;
    if (!r->over && (rc = ready(c, r, rc, END, 0, 0)) == MP_OK)
        say_accounts(c, r);
    return rc;
}

void mp_ranks_leave(struct mp_ctx *c)
{
    struct mp_ranks *r = c->run->ranks;
    if (r == NULL)
        return;
    mp_mpi_end();
    c->run->ranks = NULL;
    ranks_free(r);
}
