/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ctx.h - the engine's side of a stage call; stages see it only as mp_ctx. */
#ifndef MP_CTX_H
#define MP_CTX_H
#include "core/learner.h"
#include <signal.h>
#include <stdatomic.h>

enum { MP_SCRATCH_SLOTS = 16 };

/* The pipelines that a pipeline lies in, inmost first: see inner.h. */
struct mp_nest {
    const char *file;
    const struct mp_nest *outer;
};

struct mp_data;

/* Who hears warnings; hear NULL: stderr does, unless the run is quiet. */
struct mp_warnings {
    void (*hear)(void *arg, const char *text);
    void *arg;
};

/* Where what stages tell of their learning goes: mp_record(), mp_record_part(), mp_remark().
 * Each may be NULL: it is not kept. */
struct mp_diary {
    void (*record)(void *arg, const char *series, double value);
    void (*part)(void *arg, const struct mp_part *part);
    void (*remark)(void *arg, const char *text);
    void *arg;
};

/* How far training has come, on disk. */
struct mp_checkpoint {
    const char *file;     /* of mp_checkpoint_save(); NULL: none */
    const char *identity; /* what it is of: pipeline, data, seed */
    bool resume;          /* go on from it, if there is one */
    bool failed;          /* said once */
};

/* What others have computed for this run. */
struct mp_reused {
    double seconds; /* that it once took, less those that went into getting it */
    double earlier; /* those of them that a run took which was stopped */
    int entries;    /* that came from the cache */
    uint64_t peak;  /* bytes that a process needed for them at most */
};

/* What the whole run shares: read by every thread, written by one. */
struct mp_run {
    uint64_t seed;
    int threads;                       /* to begin with: see mp_threads() */
    const atomic_int *more;            /* what it has by now, if that is more; NULL: it stays so */
    int n_classes;
    const char *const *classes;        /* what they are called, in their order */
    bool quiet;                        /* no remarks on stderr */
    struct mp_bar *bar;                /* NULL: no progress shown */
    struct mp_ranks *ranks;            /* the processes that share the work; NULL: this one */
    volatile const sig_atomic_t *stopped; /* set by the signal handler; NULL: never */
    struct {
        double start;                  /* of the program, by mp_seconds() */
        int argc;                      /* as it was typed */
        char *const *argv;
        const struct mp_asked *asked;  /* its options that several commands share */
    } command;
    struct mp_warnings warnings;
    struct mp_diary diary;
    struct mp_checkpoint checkpoint;
    struct {
        bool on;                       /* long training may stop after a part of it */
        double share;                  /* what part that was, of mp_progress() */
        double fixed;                  /* seconds of it that more rows would not have changed */
    } trial;
    struct {
        const struct mp_data *whole;   /* all rows that the fit at hand has; NULL: no fit */
        const char *held_for;          /* the stage that some are held back for, or NULL */
    } fit;
    const struct mp_nest *nest;        /* NULL: the pipeline that the user named */
    struct mp_cache *cache;            /* of results; NULL: everything is computed */
    struct mp_reused reused;           /* from there, or from a checkpoint */
    int pictures_missed;               /* that could not be made, and were left out of a page */
};

/* What gives a stage its rows that learns MP_IN_EPOCHS or MP_IN_PASSES; to others it tells their
 * classes. */
struct mp_puller {
    size_t n, all;                     /* rows; with their copies, which fit() gets, too */
    const int *y;
    struct mp_shape shape;
    int (*pull)(struct mp_ctx *c, void *arg, const size_t *rows, size_t n, bool training,
                size_t epoch, float *x);
    void (*name)(void *arg, size_t i, char *text, size_t size); /* of value i; NULL: none */
    void *arg;
    const char *from;                  /* the stage whose vectors they are; NULL: images */
    int (*keep)(struct mp_ctx *c, void *arg, bool rounded, struct mp_kept_rows *kept);
                                       /* NULL: no rows are kept */
};

/* One per thread, and one for the thread that leads. */
struct mp_ctx {
    struct mp_run *run;                /* NULL in the plainest tests */
    char where[512];                   /* "pipelines/x.txt:3: blur: ", or "" */
    const char *file;                  /* the pipeline of the stage at work, or NULL */
    uint64_t place;                    /* the stage's number, keys mp_random() */
    char msg[1024];                    /* the first failure, "" if none */
    bool usage;                        /* the failure is one of the command line */
    bool no_memory;                    /* or the machine's, and says nothing of the pipeline */
    struct { float *at; size_t size; } scratch[MP_SCRATCH_SLOTS];
    int used;                          /* scratch slots given out in this call */
    struct mp_ctx *team;               /* contexts of mp_parallel_for(), one a thread */
    int n_team;
    const struct mp_puller *puller;    /* behind mp_pull(), during done(); fit() in order */
    long fail_at, n_alloc;             /* test hook: allocation fail_at (1, 2 ...) fails */
};

void mp_ctx_init(struct mp_ctx *c, struct mp_run *run);
void mp_ctx_free(struct mp_ctx *c);

/* How many threads may compute now: to be asked once for each piece of work that they share, as
 * there may be more for the next (runs side by side: child.h), though never fewer. */
int mp_threads(const struct mp_ctx *c);

/* Prefix of the failures from here on; printf-like; "" for none. */
void mp_ctx_where(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Gives back all scratch slots, keeping their memory for the next call. */
void mp_ctx_reuse(struct mp_ctx *c);

/* What came from a file, or names one, may hold control characters, which a terminal would
 * obey: each becomes \xNN. */
void mp_printable(char *to, size_t size, const char *text);

/* mp_fail() for a wrong command line: exit status 2. */
int mp_usage(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* mp_fail(c, "no memory for WHAT"), and that it is for want of memory. */
int mp_no_memory(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Takes over the failure of a thread's context, unless there is one already. */
void mp_ctx_take(struct mp_ctx *c, const struct mp_ctx *from);

/* The largest size this process has had, in bytes, or the one that computed what was
 * taken from the cache. */
uint64_t mp_peak_memory(const struct mp_run *run);
#endif
