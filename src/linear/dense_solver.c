/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense_solver.c - truncated Newton for all classes at once.
 *
 * Method: a Newton step solves H p = -g, H = I + X'DX, by a few steps of conjugate gradients
 * with one preconditioner for all classes.  Every vector has its own step lengths but shares
 * the reads of X.  Rows without curvature, outside all margins, are left out of the
 * products with H; those that together have less than a hundredth of it, too.  Where there
 * are many more rows than features, it begins with a sample of them, whose solution is
 * the start for four times as many.  Cost: a pass over the rows for each Newton step, over
 * the rows that count for each product, and for the preconditioner (preconditioner.h).
 *
 * Rows may be more than memory holds: those in a file are let go when a pass has left them
 * behind.  What a row needs in memory are two scores a vector and a few numbers.
 *
 * Rows are cut into parts whose number depends on the problem alone and whose sums are
 * added in order.  Reference: Lin, Weng, Keerthi 2008, "Trust region Newton method for
 * large-scale logistic regression"; Keerthi, DeCoste 2005, "A modified finite Newton
 * method for fast solution of large scale linear SVMs". */
#include "linear/dense_solver.h"
#include "linear/panel.h"
#include "linear/preconditioner.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTS = 16,       /* of rows and of sums */
    MAX_ROWS = 128,   /* at a time */
    MAX_STEPS = 200,  /* of Newton */
    MAX_PRODUCTS = 40, /* in one of them */
    LET_GO = 16 << 20, /* bytes that a pass leaves behind at a time */
    LEVEL_BITS = 2    /* a sample is a 2^LEVEL_BITS-th of the next larger one */
};

/* Scores are f32: differences of the objective below this share of it are noise. */
static const double noise = 2e-7;

/* The tolerance on a sample: its solution is a start, no more. */
static const double rough = 0.2;

/* The rows in hand, and what is known of them at the current weights and at the next. */
struct rows {
    const float **x;
    int *y;
    size_t n;
    float *z, *next_z;
    struct mp_rows z_room, next_room; /* where those lie */
    float *weight;                    /* of a row's curvature in all */
};

/* Of these the rows that have curvature. */
struct active {
    const float **x;
    int *y;
    float *h;
    struct mp_rows h_room;
    size_t n, room;
};

struct solver {
    const struct mp_dense_problem *p;
    struct mp_loss loss;
    struct mp_preconditioner inverse;
    struct mp_dense_result *result;
    size_t lanes, blocks, size;       /* size: floats in a set of panels */
    float bias;
    double C;                         /* for the rows in hand */
    float *own, *rest, *live;         /* by lane */
    float *w, *step, *g, *residual, *direction, *product, *solved, *next_w, *next_g;
    float *parts;                     /* PARTS sets of panels */
    double *sums;                     /* PARTS x lanes */
    double *f, *next_f, *drop, *t;    /* by lane: objectives, decrease foreseen, step length */
    double *spare;                    /* SPARE times lanes, for who needs them within a call */
    struct rows rows;
    struct active active;
    double progress, share;           /* of the bar: done, and of this level */
};

enum { SPARE = 7 };

static bool coupled(const struct solver *s)
{
    return s->loss.kind == MP_MULTINOMIAL;
}

/* ------------------------------------------------------ sums by lane */

/* A coupled problem is one: all lanes have the sum. */
static void couple(const struct solver *s, double *v)
{
    double sum = 0;
    if (!coupled(s))
        return;
    for (size_t k = 0; k < s->lanes; k++)
        sum += v[k];
    for (size_t k = 0; k < s->lanes; k++)
        v[k] = sum;
}

static void dot(const struct solver *s, const float *a, const float *b, double *sum)
{
    memset(sum, 0, s->lanes * sizeof *sum);
    for (size_t i = 0; i < s->blocks; i++) {
        const size_t at = mp_panel_at(i, s->p->d);
        mp_panel_dot(a + at, b + at, s->p->d + 1, sum + i * MP_PANEL);
    }
    couple(s, sum);
}

/* y = x + k z, with a factor for each lane. */
static void add(const struct solver *s, const float *x, const double *k, const float *z, float *y)
{
    for (size_t i = 0; i < s->blocks; i++) {
        float factor[MP_PANEL];
        const size_t at = mp_panel_at(i, s->p->d), end = mp_panel_at(i + 1, s->p->d);
        for (size_t v = 0; v < MP_PANEL; v++)
            factor[v] = (float)k[i * MP_PANEL + v];
        for (size_t j = at; j < end; j += MP_PANEL)
            for (size_t v = 0; v < MP_PANEL; v++)
                y[j + v] = x[j + v] + factor[v] * z[j + v];
    }
}

/* -------------------------------------------------- passes over rows */

/* Rows at a time: as many as stay in a core's cache until they are used again. */
static size_t rows_at_once(size_t d)
{
    const size_t fit = ((size_t)1 << 17) / (d + 1) / 8 * 8;
    return fit < 8 ? 8 : fit > MAX_ROWS ? MAX_ROWS : fit;
}

static void scores(const struct solver *s, const float *const *x, size_t n, const float *w,
                   float *z)
{
    for (size_t b = 0; b < s->blocks; b++)
        mp_panel_scores(x, n, s->p->d, s->bias, w + mp_panel_at(b, s->p->d), z + b * MP_PANEL,
                        s->lanes);
}

static void add_rows(const struct solver *s, const float *const *x, size_t n, const float *r,
                     float *g)
{
    for (size_t b = 0; b < s->blocks; b++)
        mp_panel_add(x, n, s->p->d, s->bias, r + b * MP_PANEL, s->lanes,
                     g + mp_panel_at(b, s->p->d));
}

/* Bytes from the first of n rows to the last: if they lie in a file, those between them that
 * are not in hand are read along. */
static size_t reach(const struct solver *s, const float *const *x, size_t n)
{
    return (uintptr_t)(x[n - 1] + s->p->d) - (uintptr_t)x[0];
}

static bool in_file(const struct solver *s)
{
    return s->p->file != NULL && s->p->file->file != 0;
}

/* How many of the next n rows to take at a time. */
static size_t together(const struct solver *s, const float *const *x, size_t n, size_t most)
{
    n = n < most ? n : most;
    while (in_file(s) && n > 1 && reach(s, x, n) > LET_GO)
        n /= 2;
    return n;
}

/* A pass has read rows [*from, to) of x: once they reach over `least` bytes, the process lets
 * them go. */
static void let_go(const struct solver *s, const float *const *x, size_t *from, size_t to,
                   size_t least)
{
    if (!in_file(s) || to == *from || reach(s, x + *from, to - *from) < least)
        return;
    mp_rows_let_go(s->p->file, x[*from], x[to - 1] + s->p->d);
    *from = to;
}

/* The same of the scores of part i. */
static void let_scores_go(const struct solver *s, size_t i)
{
    const struct rows *r = &s->rows;
    const size_t from = r->n * i / PARTS * s->lanes, to = r->n * (i + 1) / PARTS * s->lanes;
    mp_rows_let_go(&r->z_room, r->z + from, r->z + to);
    mp_rows_let_go(&r->next_room, r->next_z + from, r->next_z + to);
}

/* Part i of the loss and its gradient at next_w: rows on the right side of all margins
 * have no slope and are left out. */
static int look_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct rows *r = &s->rows;
    const size_t most = rows_at_once(s->p->d), to = r->n * (i + 1) / PARTS;
    float *g = s->parts + i * s->size, *slope = mp_scratch(c, MAX_ROWS * s->lanes);
    double *sum = s->sums + i * s->lanes;
    size_t begin = r->n * i / PARTS;
    if (slope == NULL)
        return -1;
    memset(g, 0, s->size * sizeof *g);
    memset(sum, 0, s->lanes * sizeof *sum);
    for (size_t at = begin, n; at < to; at += n) {
        const float *x[MAX_ROWS];
        size_t kept = 0;
        float *z = r->next_z + at * s->lanes;
        n = together(s, r->x + at, to - at, most);
        scores(s, r->x + at, n, s->next_w, z);
        mp_loss_rows(&s->loss, z, r->y + at, n, sum, slope, NULL);
        for (size_t q = 0; q < n; q++) {
            float some = 0, *to_row = slope + kept * s->lanes;
            for (size_t k = 0; k < s->lanes; k++) {
                to_row[k] = slope[q * s->lanes + k] * s->live[k];
                some += fabsf(to_row[k]);
            }
            x[kept] = r->x[at + q];
            kept += some > 0;
        }
        if (kept > 0)
            add_rows(s, x, kept, slope, g);
        let_go(s, r->x, &begin, at + n, LET_GO);
    }
    let_go(s, r->x, &begin, to, 0);
    let_scores_go(s, i);
    return mp_stopped(c) ? mp_fail(c, "interrupted") : MP_OK;
}

/* Part i of X'DX direction. */
static int curve_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct active *a = &s->active;
    const size_t most = rows_at_once(s->p->d), to = a->n * (i + 1) / PARTS;
    float *g = s->parts + i * s->size, *v = mp_scratch(c, MAX_ROWS * s->lanes);
    size_t begin = a->n * i / PARTS;
    if (v == NULL)
        return -1;
    memset(g, 0, s->size * sizeof *g);
    for (size_t at = begin, n; at < to; at += n) {
        n = together(s, a->x + at, to - at, most);
        scores(s, a->x + at, n, s->direction, v);
        mp_loss_curve(&s->loss, a->h + at * s->lanes, a->y + at, n, v);
        add_rows(s, a->x + at, n, v, g);
        let_go(s, a->x, &begin, at + n, LET_GO);
    }
    let_go(s, a->x, &begin, to, 0);
    mp_rows_let_go(&a->h_room, a->h + a->n * i / PARTS * s->lanes, a->h + to * s->lanes);
    return mp_stopped(c) ? mp_fail(c, "interrupted") : MP_OK;
}

struct join {
    const struct solver *s;
    const float *add;
    float *out;
};

static int join_part(struct mp_ctx *c, void *arg, size_t i)
{
    const struct join *j = arg;
    const size_t size = j->s->size;
    (void)c;
    mp_panel_join(j->add, j->s->parts, PARTS, size, size * i / PARTS, size * (i + 1) / PARTS,
                  j->out);
    return MP_OK;
}

/* out = x + the parts' sums. */
static int join(struct mp_ctx *c, const struct solver *s, const float *x, float *out)
{
    struct join j = { s, x, out };
    return mp_parallel_for(c, PARTS, join_part, &j);
}

/* f = |w|^2 / 2 + the losses that the parts found. */
static void objective(struct solver *s, const float *w, double *f)
{
    double *loss = s->spare; /* find_step() has the others */
    dot(s, w, w, f);
    memset(loss, 0, s->lanes * sizeof *loss);
    for (size_t i = 0; i < PARTS; i++)
        for (size_t k = 0; k < s->lanes; k++)
            loss[k] += s->sums[i * s->lanes + k];
    couple(s, loss);
    for (size_t k = 0; k < s->lanes; k++)
        f[k] = f[k] / 2 + loss[k];
}

/* Objective and gradient at next_w. */
static int look(struct mp_ctx *c, struct solver *s)
{
    if (mp_parallel_for(c, PARTS, look_part, s) < 0 || join(c, s, s->next_w, s->next_g) < 0)
        return -1;
    objective(s, s->next_w, s->next_f);
    return MP_OK;
}

/* What was next is now. */
static void move(struct solver *s)
{
#define SWAP(type, a, b) do { type was = a; a = b; b = was; } while (0)
    SWAP(float *, s->w, s->next_w);
    SWAP(float *, s->g, s->next_g);
    SWAP(float *, s->rows.z, s->rows.next_z);
    SWAP(struct mp_rows, s->rows.z_room, s->rows.next_room);
    SWAP(double *, s->f, s->next_f);
#undef SWAP
}

/* -------------------------------------------------------- Newton's step */

/* Part i of the rows' weights.  Curvature is worked out again where it is needed: kept for
 * all rows it would take more memory than their scores. */
static int weigh_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct rows *r = &s->rows;
    const size_t to = r->n * (i + 1) / PARTS;
    float *h = mp_scratch(c, s->lanes);
    double *unused = (double *)(void *)mp_scratch(c, 2 * s->lanes);
    if (h == NULL || unused == NULL)
        return -1;
    memset(unused, 0, s->lanes * sizeof *unused);
    for (size_t at = r->n * i / PARTS; at < to; at++) {
        mp_loss_rows(&s->loss, r->z + at * s->lanes, r->y + at, 1, unused, NULL, h);
        r->weight[at] = mp_loss_weight(&s->loss, h, r->y[at], s->live);
    }
    let_scores_go(s, i);
    return MP_OK;
}

/* For a number in every lane of n rows. */
static int make_room(struct mp_ctx *c, const struct solver *s, size_t n, struct mp_rows *room)
{
    const size_t size = mp_product(mp_product(n, s->lanes), sizeof(float));
    return mp_rows_resize(room, size) ? MP_OK
                                      : mp_fail(c, "no memory for the scores of %zu rows", n);
}

/* Room for n active rows: as many as there were at most, which are few of all. */
static int make_active(struct mp_ctx *c, struct solver *s, size_t n)
{
    struct active *a = &s->active;
    if (n <= a->room)
        return MP_OK;
    free(a->x);
    free(a->y);
    a->room = n;
    a->x = mp_alloc(c, n, sizeof *a->x);
    a->y = mp_alloc(c, n, sizeof *a->y);
    if (a->x == NULL || a->y == NULL || make_room(c, s, n, &a->h_room) < 0)
        return -1;
    a->h = a->h_room.at;
    return MP_OK;
}

/* Rows whose curvature counts: together the others have less than a hundredth. */
static int find_active(struct mp_ctx *c, struct solver *s)
{
    const struct rows *r = &s->rows;
    struct active *a = &s->active;
    double sum = 0, *unused = s->spare;
    size_t n = 0;
    if (mp_parallel_for(c, PARTS, weigh_part, s) < 0)
        return -1;
    for (size_t i = 0; i < r->n; i++)
        sum += (double)r->weight[i];
    const float least = fmaxf((float)(0.01 * sum / (double)r->n), FLT_TRUE_MIN);
    for (size_t i = 0; i < r->n; i++)
        n += r->weight[i] >= least;
    if (make_active(c, s, n) < 0)
        return -1;
    a->n = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (!(r->weight[i] >= least))
            continue;
        a->x[a->n] = r->x[i];
        a->y[a->n] = r->y[i];
        mp_loss_rows(&s->loss, r->z + i * s->lanes, r->y + i, 1, unused, NULL,
                     a->h + a->n * s->lanes);
        a->n++;
    }
    mp_rows_let_go(&r->z_room, r->z, r->z + r->n * s->lanes);
    return MP_OK;
}

/* product = H direction. */
static int multiply(struct mp_ctx *c, struct solver *s)
{
    s->result->products++;
    if (mp_parallel_for(c, PARTS, curve_part, s) < 0)
        return -1;
    return join(c, s, s->direction, s->product);
}

/* step = -H^-1 gradient, nearly; drop: what it lowers the quadratic model by. */
static int find_step(struct mp_ctx *c, struct solver *s)
{
    const size_t lanes = s->lanes;
    double *rz = s->spare + lanes, *next = rz + lanes, *first = next + lanes,
           *slope = first + lanes, *minus = slope + lanes, *k = minus + lanes;
    for (size_t l = 0; l < lanes; l++)
        minus[l] = -(double)s->live[l];
    memset(s->step, 0, s->size * sizeof *s->step);
    add(s, s->step, minus, s->g, s->residual);
    if (mp_preconditioner_apply(c, &s->inverse, s->residual, s->direction) < 0)
        return -1;
    dot(s, s->residual, s->direction, rz);
    memcpy(first, rz, lanes * sizeof *rz);
    for (int i = 0; i < MAX_PRODUCTS; i++) {
        bool again = false;
        if (multiply(c, s) < 0)
            return -1;
        dot(s, s->direction, s->product, slope);
        for (size_t l = 0; l < lanes; l++)
            k[l] = slope[l] > 0 ? rz[l] / slope[l] : 0;
        add(s, s->step, k, s->direction, s->step);
        for (size_t l = 0; l < lanes; l++)
            k[l] = -k[l];
        add(s, s->residual, k, s->product, s->residual);
        if (mp_preconditioner_apply(c, &s->inverse, s->residual, s->solved) < 0)
            return -1;
        dot(s, s->residual, s->solved, next);
        for (size_t l = 0; l < lanes; l++) {
            const bool more = next[l] > 0.09 * first[l] && rz[l] > 0;
            again = again || more;
            k[l] = more ? next[l] / rz[l] : 0;
            rz[l] = next[l];
        }
        if (!again)
            break;
        add(s, s->solved, k, s->direction, s->direction);
        /* A lane that is done moves no more. */
        for (size_t l = 0; l < lanes; l++)
            if (k[l] == 0)
                rz[l] = 0;
    }
    dot(s, s->step, s->residual, next);
    dot(s, s->step, s->g, slope);
    for (size_t l = 0; l < lanes; l++)
        s->drop[l] = (next[l] - slope[l]) / 2;
    return MP_OK;
}

/* Part i of the losses on the way from z to next_z, at t of each lane. */
static int line_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct rows *r = &s->rows;
    const size_t to = r->n * (i + 1) / PARTS, lanes = s->lanes;
    float *z = mp_scratch(c, lanes);
    double *sum = s->sums + i * lanes;
    if (z == NULL)
        return -1;
    memset(sum, 0, lanes * sizeof *sum);
    for (size_t at = r->n * i / PARTS; at < to; at++) {
        const float *from = r->z + at * lanes, *end = r->next_z + at * lanes;
        for (size_t k = 0; k < lanes; k++)
            z[k] = from[k] + (float)s->t[k] * (end[k] - from[k]);
        mp_loss_rows(&s->loss, z, r->y + at, 1, sum, NULL, NULL);
    }
    let_scores_go(s, i);
    return MP_OK;
}

/* Whether the lane's objective fell enough: by a ten-thousandth of what was foreseen. */
static bool fell(const struct solver *s, size_t k, double f)
{
    return f <= s->f[k] - 1e-4 * s->t[k] * s->drop[k] + noise * fabs(s->f[k]);
}

/* Halves steps until every lane's objective falls; 0 where none does, which is where f32
 * ends.  next_w and all that belongs to it follow. */
static int shorten(struct mp_ctx *c, struct solver *s)
{
    bool bad = false;
    for (size_t k = 0; k < s->lanes; k++) {
        s->t[k] = 1;
        bad = bad || !fell(s, k, s->next_f[k]);
    }
    if (!bad)
        return MP_OK;
    for (int i = 0; i < 20 && bad; i++) {
        bad = false;
        for (size_t k = 0; k < s->lanes; k++)
            if (!fell(s, k, s->next_f[k])) {
                s->t[k] = i < 19 ? s->t[k] / 2 : 0;
                bad = true;
            }
        add(s, s->w, s->t, s->step, s->next_w);
        if (mp_parallel_for(c, PARTS, line_part, s) < 0)
            return -1;
        objective(s, s->next_w, s->next_f);
    }
    return look(c, s);
}

/* --------------------------------------------------------------- levels */

/* Lanes whose step was to lower the objective by no more than a share of it are done; how
 * far the others are. */
static double settle(struct solver *s, double tolerance)
{
    double worst = 0;
    for (size_t k = 0; k < s->loss.vectors; k++) {
        const double share = s->drop[k] / (fabs(s->f[k]) + 1e-300);
        if (s->t[k] == 0 || !(share > tolerance))
            s->live[k] = 0;
        else if (s->live[k] > 0 && share > worst)
            worst = share;
    }
    return worst;
}

static int solve_level(struct mp_ctx *c, struct solver *s, double tolerance)
{
    double worst = 1, first = 0;
    for (size_t k = 0; k < s->lanes; k++)
        s->live[k] = k < s->loss.vectors;
    memcpy(s->next_w, s->w, s->size * sizeof *s->w);
    if (look(c, s) < 0)
        return -1;
    move(s);
    for (int i = 0; worst > 0; i++) {
        if (i == MAX_STEPS) {
            s->result->gave_up = true;
            break;
        }
        s->result->steps++;
        if (find_active(c, s) < 0 || find_step(c, s) < 0)
            return -1;
        for (size_t k = 0; k < s->lanes; k++)
            s->t[k] = 1;
        add(s, s->w, s->t, s->step, s->next_w);
        if (look(c, s) < 0 || shorten(c, s) < 0)
            return -1;
        move(s);
        worst = settle(s, tolerance);
        first = first > worst ? first : worst;
        if (worst > 0 && first > tolerance)
            mp_progress(c, s->progress + s->share * log(first / worst) / log(first / tolerance),
                        1);
    }
    s->progress += s->share;
    mp_progress(c, s->progress, 1);
    return MP_OK;
}

/* The rows whose random number ends in so many zero bits; costs grow accordingly. */
static void take_level(struct mp_ctx *c, struct solver *s, int bits)
{
    const struct mp_dense_problem *p = s->p;
    const uint64_t mask = ((uint64_t)1 << bits) - 1;
    s->rows.n = 0;
    for (size_t i = 0; i < p->n; i++) {
        s->rows.x[s->rows.n] = p->x[i];
        s->rows.y[s->rows.n] = p->y[i];
        s->rows.n += (mp_random(c, i, 0) & mask) == 0;
    }
    s->C = p->C * (double)p->n / (double)(s->rows.n > 0 ? s->rows.n : 1);
    for (size_t k = 0; k < s->loss.vectors; k++) {
        s->own[k] = (float)(s->C * p->factor[k]);
        s->rest[k] = (float)(s->C * (p->vectors == 1 ? p->factor[1] : 1));
    }
}

static int solve(struct mp_ctx *c, struct solver *s)
{
    const struct mp_dense_problem *p = s->p;
    int bits = 0;
    while (p->n >> (bits + LEVEL_BITS) >= 3 * (p->d + 1) && p->n >> (bits + LEVEL_BITS) >= 2048)
        bits += LEVEL_BITS;
    const size_t enough = 2 * (p->d + 1) > 4096 ? 2 * (p->d + 1) : 4096;
    int sample = 0;
    while (p->n >> (sample + 1) >= enough)
        sample++;
    take_level(c, s, sample);
    /* A twentieth of the rows lies inside a margin when it matters. */
    const double weight = (s->loss.kind == MP_SQUARED_HINGE ? 0.1 : 0.05) * s->C;
    const struct mp_sample some = { (const float *const *)s->rows.x, s->rows.n, p->d, s->bias,
                                    p->file };
    if (mp_preconditioner_open(c, &s->inverse, &some, weight, s->blocks) < 0)
        return -1;
    for (; bits >= 0; bits -= LEVEL_BITS) {
        s->share = bits > 0 ? (0.9 - s->progress) / 2 : 1 - s->progress;
        take_level(c, s, bits);
        if (solve_level(c, s, bits > 0 && p->tolerance < rough ? rough : p->tolerance) < 0)
            return -1;
    }
    return MP_OK;
}

/* ---------------------------------------------------------- the whole */

/* Part i of the losses with sums in double, whose scores lie panel after panel. */
static int exact_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct mp_dense_problem *p = s->p;
    enum { MOST = 16 };
    const size_t to = p->n * (i + 1) / PARTS;
    size_t begin = p->n * i / PARTS;
    double *z = (double *)(void *)mp_scratch(c, 2 * s->lanes);
    double *all = (double *)(void *)mp_scratch(c, 2 * MOST * s->lanes);
    if (z == NULL || all == NULL)
        return -1;
    memset(s->sums + i * s->lanes, 0, s->lanes * sizeof *s->sums);
    for (size_t at = begin; at < to; at += MOST) {
        const size_t n = to - at < MOST ? to - at : MOST;
        for (size_t b = 0; b < s->blocks; b++)
            mp_panel_scores_exact(p->x + at, n, p->d, s->bias, s->w + mp_panel_at(b, p->d),
                                  all + b * MOST * MP_PANEL);
        for (size_t q = 0; q < n; q++) {
            for (size_t k = 0; k < s->lanes; k++)
                z[k] = all[(k / MP_PANEL * MOST + q) * MP_PANEL + k % MP_PANEL];
            mp_loss_exact(&s->loss, z, p->y[at + q], s->sums + i * s->lanes);
        }
        let_go(s, p->x, &begin, at + n, LET_GO);
    }
    let_go(s, p->x, &begin, to, 0);
    return mp_stopped(c) ? mp_fail(c, "interrupted") : MP_OK;
}

/* The objective itself, of all vectors together, and how far f32 was from telling it. */
static int check(struct mp_ctx *c, struct solver *s)
{
    double *exact = s->spare + s->lanes, *f = s->f;
    struct mp_dense_result *r = s->result;
    if (mp_parallel_for(c, PARTS, exact_part, s) < 0)
        return -1;
    objective(s, s->w, exact);
    for (size_t k = 0; k < s->loss.vectors; k++) {
        /* A vector that no step improved may be as far off as its last one was to go. */
        const double left = s->t[k] == 0 ? s->drop[k] : 0;
        const double off = (fabs(exact[k] - f[k]) + left) / (exact[k] + 1e-300);
        r->doubt = off > r->doubt ? off : r->doubt;
        r->objective += coupled(s) && k > 0 ? 0 : exact[k];
    }
    return MP_OK;
}

static int open_scores(struct mp_ctx *c, struct solver *s)
{
    struct rows *r = &s->rows;
    if (make_room(c, s, s->p->n, &r->z_room) < 0 || make_room(c, s, s->p->n, &r->next_room) < 0)
        return -1;
    r->z = r->z_room.at;
    r->next_z = r->next_room.at;
    return MP_OK;
}

static int open_solver(struct mp_ctx *c, struct solver *s)
{
    const size_t n = s->p->n, lanes = s->lanes;
    float **panels[] = { &s->w, &s->step, &s->g, &s->residual, &s->direction, &s->product,
                         &s->solved, &s->next_w, &s->next_g };
    float **by_lane[] = { &s->own, &s->rest, &s->live };
    double **doubles[] = { &s->f, &s->next_f, &s->drop, &s->t };
    bool good = true;
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++)
        good = good && (*panels[i] = mp_alloc(c, s->size, sizeof(float))) != NULL;
    for (size_t i = 0; i < sizeof by_lane / sizeof *by_lane; i++)
        good = good && (*by_lane[i] = mp_alloc(c, lanes, sizeof(float))) != NULL;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        good = good && (*doubles[i] = mp_alloc(c, lanes, sizeof(double))) != NULL;
    good = good && (s->parts = mp_alloc(c, mp_product(PARTS, s->size), sizeof(float))) != NULL &&
           (s->sums = mp_alloc(c, PARTS * lanes, sizeof(double))) != NULL &&
           (s->spare = mp_alloc(c, SPARE * lanes, sizeof(double))) != NULL &&
           (s->rows.x = mp_alloc(c, n + 1, sizeof *s->rows.x)) != NULL &&
           (s->rows.y = mp_alloc(c, n + 1, sizeof *s->rows.y)) != NULL &&
           (s->rows.weight = mp_alloc(c, n + 1, sizeof *s->rows.weight)) != NULL &&
           open_scores(c, s) == MP_OK;
    s->loss.own = s->own;
    s->loss.rest = s->rest;
    return good ? MP_OK : -1;
}

static void close_solver(struct solver *s)
{
    void *all[] = { s->w, s->step, s->g, s->residual, s->direction, s->product, s->solved,
                    s->next_w, s->next_g, s->rows.weight,
                    s->own, s->rest, s->live, s->f, s->next_f, s->drop, s->t, s->parts,
                    s->sums, s->spare, s->rows.x, s->rows.y, s->active.x, s->active.y };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    mp_rows_free(&s->rows.z_room);
    mp_rows_free(&s->rows.next_room);
    mp_rows_free(&s->active.h_room);
    mp_preconditioner_close(&s->inverse);
}

int mp_dense_solve(struct mp_ctx *c, const struct mp_dense_problem *p, double *w,
                   struct mp_dense_result *r)
{
    struct solver s = { .p = p, .result = r, .bias = (float)p->bias };
    s.blocks = (p->vectors + MP_PANEL - 1) / MP_PANEL;
    s.lanes = s.blocks * MP_PANEL;
    s.size = mp_panel_at(s.blocks, p->d);
    s.loss = (struct mp_loss){ .kind = p->loss, .vectors = p->vectors, .lanes = s.lanes };
    *r = (struct mp_dense_result){ 0 };
    int rc = open_solver(c, &s);
    if (rc == MP_OK)
        rc = solve(c, &s);
    if (rc == MP_OK)
        rc = check(c, &s);
    for (size_t k = 0; k < p->vectors && rc == MP_OK; k++)
        for (size_t j = 0; j <= p->d; j++)
            w[k * (p->d + 1) + j] = (double)s.w[mp_panel_at(k / MP_PANEL, p->d) + j * MP_PANEL +
                                                k % MP_PANEL];
    close_solver(&s);
    return rc;
}
