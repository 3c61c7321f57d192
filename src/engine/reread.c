/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reread.c - rows that are read again and again: kept in memory, in files, in the cache. */
#include "engine/reread.h"
#include "core/clock.h"
#include "core/progress.h"
#include "core/ranks.h"
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

/* Room for rows that node f reads again and again.  For how many: each pass makes the others. */
static size_t room_for(struct mp_ctx *c, struct mp_work *e, int f, int k, size_t rows)
{
    size_t size, free, some = 0;
    char kept[80];
    const bool small = mp_room_fits(e->p, k, rows, &size, &free);
    const double gib = ldexp((double)size, -30), free_gib = ldexp((double)free, -30);
    some = small ? 0 : mp_room_some(e->p, f, k, rows, free);
    if (!small && some == rows && mp_rows_hold(&e->room[k], size))
        return rows;
    if ((small || mp_room_slow(e->p, k, row_seconds(e, k))) && mp_rows_resize(&e->room[k], size)) {
        if (!small)
            mp_remark(c, "%zu rows take %.1f GiB, and %.1f GiB of memory are free for them: %s",
                      rows, gib, free_gib,
                      e->room[k].file != 0 ? "they lie on disk"
                                           : "they are there, for want of a place for files");
        return rows;
    }
    if (some == rows || (some > 0 && !mp_rows_hold(&e->room[k], some * mp_room_row(e->p, k))))
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

/* Runs rows [begin, last), of those of all passes, once up to node k; its output goes to `all`. */
static int make_rows(struct mp_ctx *c, struct mp_work *e, int k, size_t begin, size_t last,
                     char *all)
{
    const struct mp_node *n = &e->p->nodes[k];
    const size_t row = mp_room_row(e->p, k), step = mp_work_rows(e->p, k);
    const size_t share = share_of(e, last - begin, row, step);
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
            const struct mp_chunk *v = &w->view[k + 1];
            if (good) {
                char *to = all + (from - begin) * row;
                memcpy(to, n->bytes ? (void *)v->b : (void *)v->x, s.n * row);
                mp_rows_let_go(&e->room[k], to, to + s.n * row);
            }
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

/* Keeps the output of node k for `rows` rows, those of all passes, or some of them, as far as there
 * is room. */
static int keep_node(struct mp_ctx *c, struct mp_work *e, int f, int k, size_t rows)
{
    const size_t size = mp_product(rows, mp_room_row(e->p, k));
    mp_reread_borrow(e, k);
    mp_work_need(e, k);
    const size_t kept = e->kept[k] != NULL ? 0 : room_for(c, e, f, k, rows);
    if (kept == 0)
        return MP_OK;
    char *all = e->room[k].at;
    const double start = mp_seconds();
    if (make_rows(c, e, k, 0, kept, all) < 0)
        return -1;
    if (kept < rows) {
        e->own = (struct mp_own_rows){ e->room[k].at, 0, kept };
        return MP_OK;
    }
    e->kept[k] = all;
    const double seconds = mp_seconds() - start;
    if (rows == e->d->n && mp_reuse_worth(e->reuse, k, seconds / (double)rows) &&
        (e->save = mp_reuse_begin(e->reuse, k)) != NULL) {
        mp_cache_write(e->save, 0, all, size);
        mp_reread_end(e, k, true, seconds);
    }
    return MP_OK;
}

/* Of several ranks each keeps the rows that it reads in every pass. */
static int keep_share(struct mp_ctx *c, struct mp_work *e, int f, int k, size_t rows)
{
    const int r = mp_rank(c);
    const size_t parts = MP_PASS_PARTS, from = rows * mp_share(c, parts, r) / parts;
    const size_t to = rows * mp_share(c, parts, r + 1) / parts;
    mp_work_need(e, k);
    const size_t kept = e->kept[k] != NULL || e->p->nodes[k].bytes || from == to
                            ? 0 : room_for(c, e, f, k, to - from);
    if (kept == 0)
        return MP_OK;
    e->own = (struct mp_own_rows){ e->room[k].at, from, from + kept };
    return make_rows(c, e, k, from, from + kept, e->room[k].at);
}

void mp_reread_drop(struct mp_work *e)
{
    for (int k = 0; k < e->p->n_nodes; k++)
        if (e->own.at != NULL && e->room[k].at == e->own.at)
            mp_rows_free(&e->room[k]);
    e->own = (struct mp_own_rows){ .at = NULL };
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
    const bool shared = passes && mp_ranks(c) > 1;
    if (!passes)
        drop_unsteady(e);
    for (int k = 0; k < f; k++)
        if (mp_room_wanted(e->p, f, k) &&
            (shared ? keep_share(c, e, f, k, rows) : keep_node(c, e, f, k, rows)) < 0)
            return -1;
    mp_work_need(e, e->p->nodes[f].inputs[0]);
    e->workers[0].cost[f].fit_rows += mp_rank(c) == 0 ? rows : 0;
    return MP_OK;
}
