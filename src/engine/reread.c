/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reread.c - rows that are read again and again: kept in memory, in files, in the cache. */
#include "engine/reread.h"
#include "core/clock.h"
#include "core/progress.h"
#include "core/ranks.h"
#include "core/short_row.h"
#include "engine/room.h"
#include <math.h>
#include <omp.h>
#include <string.h>

void mp_reread_borrow(struct mp_work *e, int k)
{
    if (e->reuse == NULL || k < 0 || e->kept[k] != NULL)
        return;
    if (mp_room_steady(e->p, k) && (e->kept[k] = mp_reuse_rows(e->reuse, k)) != NULL) {
        e->lent[k] = true;
        return;
    }
    for (int j = 0; j < e->p->nodes[k].n_inputs; j++)
        mp_reread_borrow(e, e->p->nodes[k].inputs[j]);
}

/* Seconds that a row costs up to node k, by the clock: of the fastest of some trials with the
 * first chunk, as the first finds cold memory, and others may have to wait for a processor. */
static double row_seconds(struct mp_work *e, int k)
{
    const struct mp_span s = { .n = mp_work_left(0, e->d->n, mp_work_rows(e->p, k)) };
    double least = INFINITY;
    for (int i = 0; i < 4; i++) {
        const double start = mp_seconds();
        if (mp_work_chunk(e, &e->workers[0], s) < 0)
            return 0; /* all rows will fail the same way, and say so */
        least = fmin(least, mp_seconds() - start);
    }
    return least / (double)s.n / e->threads;
}

void mp_reread_begin(struct mp_work *e, int k)
{
    e->save = NULL;
    if (e->reuse != NULL && k >= 0 && e->kept[k] == NULL && mp_room_steady(e->p, k) &&
        mp_reuse_worth(e->reuse, k, row_seconds(e, k)))
        e->save = mp_reuse_begin(e->reuse, k);
}

void mp_reread_end(struct mp_work *e, int k, bool good, double seconds)
{
    if (e->save != NULL && good)
        mp_reuse_keep(e->reuse, k, e->save, seconds);
    else
        mp_cache_abandon(e->save);
    e->save = NULL;
}

/* Room for rows that are read again and again, in `to`.  For how many: each pass makes the
 * others. */
static size_t room_for(struct mp_ctx *c, struct mp_work *e, const struct mp_room *r,
                       struct mp_rows *to)
{
    const size_t rows = r->rows;
    size_t size, free, some = 0;
    char kept[80];
    const bool small = mp_room_fits(r, &size, &free);
    const double gib = ldexp((double)size, -30), free_gib = ldexp((double)free, -30);
    some = small ? 0 : mp_room_some(r, free);
    if (!small && some == rows && mp_rows_hold(to, size))
        return rows;
    if ((small || mp_room_slow(r, row_seconds(e, r->k))) && mp_rows_resize(to, size)) {
        if (!small)
            mp_remark(c, "%zu rows take %.1f GiB, and %.1f GiB of memory are free for them: %s",
                      rows, gib, free_gib,
                      to->file != 0 ? "they lie on disk"
                                    : "they are there, for want of a place for files");
        return rows;
    }
    if (some == rows || (some > 0 && !mp_rows_hold(to, some * mp_room_each(r))))
        some = 0;
    snprintf(kept, sizeof kept, "%zu are kept there, and ", some);
    mp_remark(c, "%zu rows take %.1f GiB, and %.1f GiB of memory are free for them: %seach pass "
              "makes %s again", rows, gib, free_gib, some > 0 ? kept : "",
              some > 0 ? "the others" : "them");
    return some;
}

/* How many rows a thread makes at a time: those of several huge pages, where two threads in one
 * page would both have the system clear it, but enough shares for all threads. */
static size_t share_of(const struct mp_work *e, size_t rows, size_t row, size_t step)
{
    const size_t pages = ((size_t)8 << 20) / row, even = rows / (4 * (size_t)e->threads);
    const size_t most = pages < even ? pages : even;
    return most > step ? most / step * step : step;
}

/* Rows that are made once, of those of all passes: where, and as what, they are kept. */
struct making {
    const struct mp_room *r;
    size_t begin, last;         /* rows [begin, last) */
    const struct mp_rows *room;
};

/* The chunk that a thread has made of rows from number `from` on. */
static void put_rows(struct mp_work *e, const struct making *m, const struct mp_worker *w,
                     size_t from)
{
    const int k = m->r->k;
    const size_t row = mp_room_each(m->r);
    const struct mp_chunk *v = &w->view[k + 1];
    char *to = (char *)m->room->at + (from - m->begin) * row;
    if (m->r->rounded)
        mp_short_from(v->x, v->n, mp_len(v->shape), (int16_t *)(void *)to);
    else
        memcpy(to, v->b != NULL ? (void *)v->b : (void *)v->x, v->n * row);
    mp_rows_let_go(m->room, to, to + v->n * row);
    if (e->save != NULL && m->r->rounded)
        mp_cache_write(e->save, from * mp_room_row(e->p, k), v->x, v->n * mp_room_row(e->p, k));
}

static int make_rows(struct mp_ctx *c, struct mp_work *e, const struct making *m)
{
    const size_t begin = m->begin, last = m->last, step = mp_work_rows(e->p, m->r->k);
    const size_t share = share_of(e, last - begin, mp_room_each(m->r), step);
    int failed = 0;
    mp_bar_begin(c->run->bar, "prepare rows", (double)(last - begin), "rows");
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t at = begin; at < last; at += share) {
        struct mp_worker *w = &e->workers[omp_get_thread_num()];
        const size_t end = at + mp_work_left(at, last, share);
        bool good = true;
        for (size_t from = at; from < end && good;) {
            const struct mp_span s = mp_work_span(e, from, end, step);
            good = mp_work_chunk(e, w, s) == MP_OK;
            if (good)
                put_rows(e, m, w, from);
            from += s.n;
        }
#pragma omp critical(mp_keep_node)
        if (!good && !failed) {
            failed = 1;
            mp_ctx_take(c, &w->c);
        }
        mp_bar_add(c->run->bar, (double)(end - at));
    }
    return failed ? -1 : MP_OK;
}

/* The cache gets rows that are worth it: `all` of them, or, where that is NULL, as they are
 * made. */
static void save_rows(struct mp_work *e, const struct mp_room *r, const void *all, double seconds)
{
    if (r->rows != e->d->n || !mp_reuse_worth(e->reuse, r->k, seconds / (double)r->rows) ||
        (e->save = mp_reuse_begin(e->reuse, r->k)) == NULL || all == NULL)
        return;
    mp_cache_write(e->save, 0, all, mp_product(r->rows, mp_room_row(e->p, r->k)));
    mp_reread_end(e, r->k, true, seconds);
}

/* Keeps the output of a node for all rows, those of all passes, or for some, as far as there is
 * room. */
static int keep_node(struct mp_ctx *c, struct mp_work *e, const struct mp_room *r)
{
    const int k = r->k;
    mp_reread_borrow(e, k);
    mp_work_need(e, k);
    if (e->kept[k] != NULL && !r->rounded)
        return MP_OK;
    struct mp_rows room = { .at = NULL };
    const size_t kept = room_for(c, e, r, &room);
    if (kept == 0)
        return MP_OK;
    const struct making m = { r, 0, kept, &room };
    const double start = mp_seconds();
    if (r->rounded && kept == r->rows && e->reuse != NULL && e->kept[k] == NULL)
        save_rows(e, r, NULL, row_seconds(e, k) * (double)r->rows);
    const int rc = make_rows(c, e, &m);
    const double seconds = mp_seconds() - start;
    mp_reread_end(e, k, rc == MP_OK, seconds);
    if (rc == MP_OK && kept == r->rows && !r->rounded) {
        e->room[k] = room;
        e->kept[k] = room.at;
        save_rows(e, r, room.at, seconds);
    } else {
        e->own = (struct mp_own_rows){ room, 0, kept };
    }
    return rc;
}

/* Of several ranks each keeps the rows that it reads in every pass. */
static int keep_share(struct mp_ctx *c, struct mp_work *e, struct mp_room all)
{
    const int rank = mp_rank(c);
    const size_t parts = MP_PASS_PARTS, from = all.rows * mp_share(c, parts, rank) / parts;
    const size_t to = all.rows * mp_share(c, parts, rank + 1) / parts;
    struct mp_room r = all;
    r.rows = to - from;
    mp_work_need(e, r.k);
    const size_t kept = (e->kept[r.k] != NULL && !r.rounded) || e->p->nodes[r.k].bytes ||
                        from == to ? 0 : room_for(c, e, &r, &e->own.room);
    if (kept == 0)
        return MP_OK;
    const struct making m = { &r, from, from + kept, &e->own.room };
    e->own.from = from;
    e->own.to = from + kept;
    return make_rows(c, e, &m);
}

int mp_reread_keep(struct mp_ctx *c, void *arg, bool rounded, struct mp_kept_rows *kept)
{
    struct mp_work *e = arg;
    const struct mp_node *n = &e->p->nodes[e->puller];
    const struct mp_room r = { e->p, e->puller, n->inputs[0], mp_work_learned(e, e->puller),
                               rounded && mp_room_rounds(e->p, n->inputs[0]) };
    const double start = mp_seconds();
    char what[80];
    kept->rounded = r.rounded;
    mp_reread_drop(e);
    if (r.k < 0)
        return MP_OK;
    e->training = e->fresh;
    const int rc = mp_ranks(c) > 1 ? keep_share(c, e, r) : keep_node(c, e, &r);
    mp_work_need(e, r.k);
    if (e->own.room.at != NULL) {
        kept->at = e->own.room.at;
        kept->before = e->own.from;
        kept->behind = r.rows - e->own.to;
    } else if (!r.rounded && !e->p->nodes[r.k].bytes) {
        kept->at = e->kept[r.k];
    }
    snprintf(what, sizeof what, "train %s", n->entry->name);
    mp_bar_begin(c->run->bar, what, 100, "%");
    e->keeping += mp_seconds() - start;
    return rc;
}

void mp_reread_drop(struct mp_work *e)
{
    mp_rows_free(&e->own.room);
    e->own.from = e->own.to = 0;
}

/* Of what was kept for stages that learn in one pass: what changes with the epoch. */
static void drop_unsteady(struct mp_work *e)
{
    for (int k = 0; k < e->p->n_nodes; k++)
        if (e->kept[k] != NULL && !mp_room_steady(e->p, k)) {
            mp_rows_free(&e->room[k]);
            e->kept[k] = NULL;
        }
}

int mp_reread_prepare(struct mp_ctx *c, struct mp_work *e, int f)
{
    const bool passes = mp_learns(e->p->nodes[f].entry, MP_IN_PASSES);
    const size_t rows = passes ? mp_work_learned(e, f) : e->d->n;
    if (!passes)
        drop_unsteady(e);
    for (int k = 0; k < f && !passes; k++) {
        const struct mp_room r = { e->p, f, k, rows, false };
        if (mp_room_wanted(e->p, f, k) && keep_node(c, e, &r) < 0)
            return -1;
    }
    mp_work_need(e, e->p->nodes[f].inputs[0]);
    e->workers[0].cost[f].fit_rows += mp_rank(c) == 0 ? rows : 0;
    return MP_OK;
}
