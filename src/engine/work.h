/* SPDX-License-Identifier: GPL-3.0-or-later */
/* work.h - what a plan is worked on with: threads' places, rows that are kept, and a chunk's way
 * through the nodes.
 * Private to engine/. */
#ifndef MP_WORK_H
#define MP_WORK_H
#include "cache/reuse.h"
#include "data/data.h"
#include "pipeline/pipeline.h"

/* engine.h says what for. */
enum {
    MP_CHUNK_ROWS = 256, MP_SHARD_ROWS = 1024, MP_SHARDS = 64, MP_ORDER_ROWS = 2048,
    MP_CHUNK_VALUES = 1 << 25
};

struct mp_block {
    void *at;
    size_t size;
};

/* One thread's place of work; node -1, the data, has index 0 in the arrays. */
struct mp_worker {
    struct mp_ctx c;
    struct mp_chunk *view;         /* each node's output for the chunk in hand */
    struct mp_block *out, *floats; /* memory of outputs, and of bytes made floats */
    bool *converted;               /* floats holds this chunk's output of that node */
    size_t from, to;               /* the rows of that chunk, until they are let go */
    struct mp_cost *cost;
};

/* Rows [from, to) of a node's output, for the stage at work alone: what there is room for, or one
 * of several ranks keeps, or all of them in 16 bits a value. */
struct mp_own_rows {
    struct mp_rows room; /* empty: none are kept */
    size_t from, to;
};

/* A plan at work on rows. */
struct mp_work {
    double keeping;              /* seconds that it took to keep rows while a stage was in done() */
    bool training;               /* stages that change training rows only do so */
    bool fresh;                  /* they may, in this fit */
    int puller;                  /* the node whose done() may pull */
    struct mp_plan *p;
    const struct mp_data *d;
    const int *y;
    bool *needed;                /* nodes to run in this pass */
    bool *source;                /* kept nodes that these read */
    void **kept;                 /* a node's output for all rows, or NULL */
    struct mp_rows *room;        /* where that lies, if it is ours */
    bool *lent;                  /* it is the cache's, not ours */
    struct mp_own_rows own;      /* of what the stage at work reads in passes */
    struct mp_reuse *reuse;      /* NULL: no cache */
    struct mp_cache_writer *save; /* the cache's copy of the rows that a fit reads, or NULL */
    struct mp_worker *workers;
    int threads;
};

/* Which rows a chunk has: n from row0 on, or those listed. */
struct mp_span {
    size_t row0, n;
    const size_t *rows;
    size_t epoch; /* of a model that pulls; 0 for others */
    size_t pass;  /* where rows have copies: 0 the rows themselves, then each copy */
};

/* p, d and, where stages learn, y are set; whatever else is zero. */
int mp_work_open(struct mp_ctx *c, struct mp_work *e);

/* Adds what the threads have cost to the plan's nodes. */
void mp_work_close(struct mp_work *e);

/* Marks what must run so that `target` has an output, and what that reads. */
void mp_work_need(struct mp_work *e, int target);

/* Takes these rows through all needed nodes. */
int mp_work_chunk(struct mp_work *e, struct mp_worker *w, struct mp_span s);

/* The output of node k as floats; bytes are converted once per chunk. */
int mp_work_floats(struct mp_worker *w, int k, struct mp_chunk *in);

/* Rows from `from` to `to`, of the data and of what was kept, are done with for now: there may
 * be more of them than memory holds. */
void mp_work_let_go(const struct mp_work *e, size_t from, size_t to);

/* What node k keys its draws by: before copies are made, all passes are the same. */
size_t mp_work_epoch(const struct mp_work *e, int k, const struct mp_span *s);

/* Rows of a chunk that goes through nodes 0 .. last. */
size_t mp_work_rows(const struct mp_plan *p, int last);

/* How many rows node f learns from. */
size_t mp_work_learned(const struct mp_work *e, int f);

/* From row `at` of all that pass a node with copies, and before `end`: one pass's rows. */
struct mp_span mp_work_span(const struct mp_work *e, size_t at, size_t end, size_t most);

static inline size_t mp_work_left(size_t row0, size_t end, size_t most)
{
    return end - row0 < most ? end - row0 : most;
}
#endif
