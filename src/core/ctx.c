/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ctx.c - errors, memory and randomness as stages see them. */
#include "core/ctx.h"
#include "core/layer.h"
#include "core/progress.h"
#include "core/random.h"
#include "core/short_row.h"
#include <omp.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

void mp_ctx_init(struct mp_ctx *c, struct mp_run *run)
{
    memset(c, 0, sizeof *c);
    c->run = run;
}

void mp_ctx_free(struct mp_ctx *c)
{
    for (int i = 0; i < MP_SCRATCH_SLOTS; i++)
        free(c->scratch[i].at);
    memset(c->scratch, 0, sizeof c->scratch);
    for (int t = 0; t < c->n_team; t++)
        mp_ctx_free(&c->team[t]);
    free(c->team);
    c->team = NULL;
    c->n_team = 0;
}

int mp_threads(const struct mp_ctx *c)
{
    const int own = c->run != NULL && c->run->threads > 0 ? c->run->threads : 1;
    const int more = c->run != NULL && c->run->more != NULL ? atomic_load(c->run->more) : 0;
    return more > own ? more : own;
}

void mp_ctx_where(struct mp_ctx *c, const char *fmt, ...)
{
    char text[sizeof c->where]; /* the arguments may include c->where itself */
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(c->where, text, sizeof text);
}

void mp_ctx_reuse(struct mp_ctx *c)
{
    c->used = 0;
}

int mp_scratch_mark(const struct mp_ctx *c)
{
    return c->used;
}

void mp_scratch_release(struct mp_ctx *c, int mark)
{
    c->used = mark;
}

/* "file:3: net: " becomes "file:7: conv: ". */
struct mp_where mp_layer_where(struct mp_ctx *c, int line, const char *name)
{
    struct mp_where before;
    memcpy(before.text, c->where, sizeof before.text);
    const char *colon = strchr(c->where, ':');
    const int n = colon != NULL ? (int)(colon - c->where) : 0;
    mp_ctx_where(c, "%.*s:%d: %s: ", n, before.text, line, name);
    return before;
}

void mp_where_restore(struct mp_ctx *c, const struct mp_where *before)
{
    memcpy(c->where, before->text, sizeof c->where);
}

void mp_ctx_take(struct mp_ctx *c, const struct mp_ctx *from)
{
    if (c->msg[0] != '\0')
        return;
    memcpy(c->msg, from->msg, sizeof c->msg);
    c->no_memory = from->no_memory;
}

void mp_printable(char *to, size_t size, const char *text)
{
    size_t n = 0;
    for (; *text != '\0' && n + 5 < size; text++) {
        const unsigned char b = (unsigned char)*text;
        if (b < 32 || b == 127)
            n += (size_t)snprintf(to + n, size - n, "\\x%02x", b);
        else
            to[n++] = *text;
    }
    to[n] = '\0';
}

static int fail(struct mp_ctx *c, const char *fmt, va_list ap)
{
    if (c->msg[0] != '\0')
        return -1;
    char text[sizeof c->msg];
    const int n = snprintf(text, sizeof text, "%s", c->where);
    vsnprintf(text + n, sizeof text - (size_t)n, fmt, ap);
    mp_printable(c->msg, sizeof c->msg, text);
    return -1;
}

int mp_fail(struct mp_ctx *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail(c, fmt, ap);
    va_end(ap);
    return -1;
}

int mp_no_memory(struct mp_ctx *c, const char *fmt, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    c->no_memory = c->no_memory || c->msg[0] == '\0';
    return mp_fail(c, "no memory for %s", what);
}

int mp_usage(struct mp_ctx *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail(c, fmt, ap);
    va_end(ap);
    c->usage = true;
    return -1;
}

void mp_warn(struct mp_ctx *c, const char *fmt, ...)
{
    char said[1024], text[sizeof said];
    const int n = snprintf(said, sizeof said, "%s", c->where);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(said + n, sizeof said - (size_t)n, fmt, ap);
    va_end(ap);
    mp_printable(text, sizeof text, said);
    if (c->run != NULL && c->run->warnings.hear != NULL)
        c->run->warnings.hear(c->run->warnings.arg, text);
    else if (c->run == NULL || !c->run->quiet)
        fprintf(stderr, "warning: %s\n", text);
}

static bool tripped(struct mp_ctx *c)
{
    return ++c->n_alloc == c->fail_at;
}

void *mp_alloc(struct mp_ctx *c, size_t n, size_t size)
{
    void *p = tripped(c) ? NULL : calloc(n > 0 ? n : 1, size > 0 ? size : 1);
    if (p == NULL)
        mp_no_memory(c, "%zu values of %zu bytes", n, size);
    return p;
}

float *mp_scratch(struct mp_ctx *c, size_t n)
{
    if (c->used == MP_SCRATCH_SLOTS) {
        mp_fail(c, "more than %d scratch buffers", MP_SCRATCH_SLOTS);
        return NULL;
    }
    const int i = c->used++;
    if (tripped(c) || n > SIZE_MAX / 8) {
        mp_fail(c, "no memory for %zu scratch values", n);
        return NULL;
    }
    if (n > c->scratch[i].size || c->scratch[i].at == NULL) {
        free(c->scratch[i].at);
        /* 64: a cache line, and the widest vector register. */
        c->scratch[i].at = aligned_alloc(64, (n * sizeof(float) / 64 + 1) * 64);
        c->scratch[i].size = c->scratch[i].at != NULL ? n : 0;
        if (c->scratch[i].at == NULL)
            mp_fail(c, "no memory for %zu scratch values", n);
    }
    return c->scratch[i].at;
}

int mp_classes(struct mp_ctx *c, const char *const **names)
{
    if (names != NULL)
        *names = c->run->classes;
    return c->run->n_classes;
}

uint64_t mp_random(struct mp_ctx *c, uint64_t a, uint64_t b)
{
    return mp_random_at(c->run != NULL ? c->run->seed : 0, c->place, a, b);
}

void mp_progress(struct mp_ctx *c, double part, double whole)
{
    if (c->run == NULL || !(whole > 0))
        return;
    if (c->run->trial.on)
        c->run->trial.share = part / whole;
    mp_bar_set(c->run->bar, 100 * part / whole);
}

void mp_resumed(struct mp_ctx *c, double part, double whole, double seconds)
{
    if (c->run == NULL || !(whole > 0))
        return;
    c->run->reused.seconds += seconds;
    c->run->reused.earlier += seconds;
    mp_bar_from(c->run->bar, 100 * part / whole);
}

bool mp_trial(const struct mp_ctx *c)
{
    return c->run != NULL && c->run->trial.on;
}

void mp_trial_fixed(struct mp_ctx *c, double seconds)
{
    if (mp_trial(c))
        c->run->trial.fixed = seconds > 0 ? seconds : 0;
}

size_t mp_pull_rows(struct mp_ctx *c, const int **y)
{
    *y = c->puller->y;
    return c->puller->n;
}

size_t mp_fit_rows(struct mp_ctx *c)
{
    return c->puller->all;
}

struct mp_shape mp_pull_shape(struct mp_ctx *c)
{
    return c->puller->shape;
}

const char *mp_pull_from(struct mp_ctx *c)
{
    return c->puller->from;
}

void mp_pull_name(struct mp_ctx *c, size_t i, char *text, size_t size)
{
    if (c->puller->name != NULL)
        c->puller->name(c->puller->arg, i, text, size);
    else
        snprintf(text, size, "value%zu", i);
}

int mp_pull_keep(struct mp_ctx *c, bool rounded, struct mp_kept_rows *kept)
{
    *kept = (struct mp_kept_rows){ .rounded = rounded };
    return c->puller->keep != NULL ? c->puller->keep(c, c->puller->arg, rounded, kept) : MP_OK;
}

size_t mp_pass_row(size_t d, bool rounded)
{
    return rounded ? mp_short_row(d) * sizeof(int16_t) : d * sizeof(float);
}

size_t mp_pass_keeps(size_t rows, size_t d, bool rounded, size_t free)
{
    const double row = (double)mp_pass_row(d, rounded), size = row * (double)rows;
    const double made = 1.25 * row * (double)mp_pass_rows(d); /* what it holds of rows made again */
    const double others = 80e6 + 8 * (double)d * (double)d + 32 * (double)rows; /* and knows */
    /* Where nothing is made again less is needed: tried with 60 000 rows of 1152 values under
     * limits from 300 to 400 MiB. */
    const double all = 2 * (double)free, spare = fmax(others - 40e6, 0.05 * all);
    if (size + spare <= all)
        return rows;
    /* From `free` on they would lie in a file. */
    const double most = fmin(0.9 * (double)free, size), some = all - others - made;
    return some <= 0 ? 0 : (size_t)(fmin(some, most) / row);
}

int mp_pull(struct mp_ctx *c, const size_t *rows, size_t n, bool training, size_t epoch, float *x)
{
    return c->puller->pull(c, c->puller->arg, rows, n, training, epoch, x);
}

int mp_see(struct mp_ctx *c, const struct mp_viewer *v, const char *name, const float *x,
           struct mp_shape image, size_t step)
{
    static const char *const primary[] = { "red", "green", "blue" };
    int rc = MP_OK;
    for (int k = 0; k < image.c && rc == MP_OK; k++) {
        char text[96];
        if (image.c == 1)
            snprintf(text, sizeof text, "%s", name);
        else if (image.c == 3)
            snprintf(text, sizeof text, "%s, %s", name, primary[k]);
        else
            snprintf(text, sizeof text, "%s, channel %d", name, k + 1);
        rc = v->see(c, v->arg, text, x + (size_t)k * step, image.h, image.w,
                    (size_t)image.c * step);
    }
    return rc;
}

void mp_progress_label(struct mp_ctx *c, const char *fmt, ...)
{
    char text[128];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (c->run != NULL)
        mp_bar_label(c->run->bar, text);
}

void mp_record(struct mp_ctx *c, const char *series, double value)
{
    if (c->run != NULL && c->run->diary.record != NULL)
        c->run->diary.record(c->run->diary.arg, series, value);
}

void mp_record_part(struct mp_ctx *c, const struct mp_part *part)
{
    if (c->run != NULL && c->run->diary.part != NULL)
        c->run->diary.part(c->run->diary.arg, part);
}

void mp_remark(struct mp_ctx *c, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (c->run != NULL && c->run->diary.remark != NULL)
        c->run->diary.remark(c->run->diary.arg, text);
}

bool mp_stopped(struct mp_ctx *c)
{
    return c->run != NULL && c->run->stopped != NULL && *c->run->stopped != 0;
}

/* The threads' contexts live as long as `c`: their scratch memory is used again. */
static int make_team(struct mp_ctx *c, int threads)
{
    if (c->n_team >= threads)
        return MP_OK;
    for (int t = 0; t < c->n_team; t++)
        mp_ctx_free(&c->team[t]);
    free(c->team);
    c->n_team = 0;
    if ((c->team = mp_alloc(c, (size_t)threads, sizeof *c->team)) == NULL)
        return -1;
    for (int t = 0; t < threads; t++)
        mp_ctx_init(&c->team[t], c->run);
    c->n_team = threads;
    return MP_OK;
}

int mp_parallel_for(struct mp_ctx *c, size_t n,
                    int (*work)(struct mp_ctx *c, void *arg, size_t i), void *arg)
{
    const int threads = mp_threads(c);
    size_t failed = SIZE_MAX;
    if (make_team(c, threads) < 0)
        return -1;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < n; i++) {
        struct mp_ctx *own = &c->team[omp_get_thread_num()];
        memcpy(own->where, c->where, sizeof own->where);
        own->place = c->place;
        own->msg[0] = '\0';
        mp_ctx_reuse(own);
        if (mp_stopped(own) ? mp_fail(own, "interrupted") : work(own, arg, i) < 0)
#pragma omp critical(mp_parallel_for)
            if (i < failed) {
                failed = i;
                c->msg[0] = '\0';
                mp_ctx_take(c, own);
            }
    }
    return failed == SIZE_MAX ? MP_OK : -1;
}

uint64_t mp_peak_memory(const struct mp_run *run)
{
    struct rusage u;
    const uint64_t own = getrusage(RUSAGE_SELF, &u) == 0 ? (uint64_t)u.ru_maxrss * 1024 : 0;
    return own > run->reused.peak ? own : run->reused.peak;
}
