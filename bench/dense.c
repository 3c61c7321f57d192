/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense.c - trains a linear model on features from a file: what bench/dense.py runs.
 *
 *   dense FEATURES.npy LABELS ROWS THREADS OUT 'svm C=0.3 solver=dense'
 *   dense FEATURES.npy LABELS ROWS THREADS OUT 'liblinear 1 0.3'
 *
 * The second is liblinear's own train(), -s 1 -c 0.3 -B 1.
 *
 * Features are float32 as `mnistpipe export --format npy` writes them, labels a byte each.
 * Rows go from the file into memory when the solver asks for them to be kept, in 16 bits a value if it
 * does, or where that has no room for all of them some do and the others are read in each pass, so the
 * process's peak is the solver's.  Prints the seconds of training, those of rounding and of the passes'
 * reading with them, but not those of reading what is kept; OUT gets the weights, class by class in
 * double, the offset last. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pread() */
#endif
#include "core/clock.h"
#include "core/ctx.h"
#include "core/rows.h"
#include "core/short_row.h"
#include "linear/linear_model.h"
#include "pipeline/pipeline.h"
#include <linear.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct input {
    FILE *f;
    const unsigned char *label;
    size_t rows, d;
    off_t begin;     /* of the first row */
    struct mp_rows room; /* of those in memory */
    int threads;
    double seconds;
};

static bool next(struct input *in, float *x, size_t rows)
{
    return fread(x, sizeof *x * in->d, rows, in->f) == rows;
}

/* Rows that follow one another in one call. */
static bool read_runs(const struct input *in, const size_t *rows, size_t n, float *x)
{
    const size_t row = in->d * sizeof *x;
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && rows[i + run] == rows[i] + run; run++)
            ;
        if (pread(fileno(in->f), x + i * in->d, run * row,
                  in->begin + (off_t)(rows[i] * row)) != (ssize_t)(run * row))
            return false;
    }
    return true;
}

/* Rows by number from the file, on all threads: what the engine does where memory has no room for
 * all. */
static int pull(struct mp_ctx *c, void *arg, const size_t *rows, size_t n, bool training,
                size_t epoch, float *x)
{
    enum { SOME = 64 };
    const struct input *in = arg;
    bool good = true;
    (void)training, (void)epoch;
#pragma omp parallel for num_threads(in->threads) reduction(&& : good)
    for (size_t i = 0; i < n; i += SOME)
        good = read_runs(in, rows + i, n - i < SOME ? n - i : SOME, x + i * in->d) && good;
    return good ? MP_OK : mp_fail(c, "the features end early");
}

/* The next rows, rounded on all threads. */
static bool next_rounded(struct input *in, char *to, size_t rows)
{
    enum { MOST = 4096 };
    const size_t row = mp_pass_row(in->d, true);
    float *x = malloc(MOST * in->d * sizeof *x);
    bool good = x != NULL;
    for (size_t at = 0, some; at < rows && good; at += some) {
        const double start = mp_seconds();
        some = rows - at < MOST ? rows - at : MOST;
        good = next(in, x, some);
        in->seconds -= mp_seconds() - start;
#pragma omp parallel for num_threads(in->threads)
        for (size_t i = 0; i < some; i++)
            mp_short_from(x + i * in->d, 1, in->d, (int16_t *)(void *)(to + (at + i) * row));
    }
    free(x);
    return good;
}

/* All rows in memory, if there is room, or some. */
static int keep(struct mp_ctx *c, void *arg, bool rounded, struct mp_kept_rows *kept)
{
    struct input *in = arg;
    const size_t row = mp_pass_row(in->d, rounded), limit = mp_rows_limit();
    const size_t some = in->rows * row < limit ? in->rows
                                               : mp_pass_keeps(in->rows, in->d, rounded, limit);
    *kept = (struct mp_kept_rows){ .behind = in->rows - some, .rounded = rounded };
    if (some == 0)
        return MP_OK;
    const double start = mp_seconds();
    bool good = mp_rows_hold(&in->room, some * row) && fseeko(in->f, in->begin, SEEK_SET) == 0;
    if (good && rounded)
        good = next_rounded(in, in->room.at, some);
    else if (good && (good = next(in, in->room.at, some)))
        in->seconds -= mp_seconds() - start;
    kept->at = in->room.at;
    return good ? MP_OK : mp_fail(c, "cannot read %zu rows", some);
}

static int by_stage(struct mp_ctx *c, struct input *in, const char *line, FILE *out)
{
    struct mp_script script = { 0 };
    struct mp_plan plan = { 0 };
    if (mp_script_parse(c, "bench", line, &script) < 0 || mp_plan_build(c, &script, &plan) < 0)
        return -1;
    const struct mp_node *n = &plan.nodes[plan.n_nodes - 1];
    const struct mp_stage *s = n->entry->stage;
    struct mp_linear all = { 0 };
    int *y = mp_alloc(c, in->rows, sizeof *y);
    if (s->state_size != sizeof all)
        return mp_fail(c, "%s: expected a linear model", line);
    if (y == NULL)
        return -1;
    for (size_t i = 0; i < in->rows; i++)
        y[i] = in->label[i];
    const struct mp_puller puller = { .n = in->rows, .y = y, .shape = { 1, (int)in->d, 1 },
                                      .pull = pull, .keep = keep, .arg = in };
    const double start = mp_seconds();
    c->puller = &puller;
    if (s->done(c, n->params, &all) < 0)
        return -1;
    in->seconds += mp_seconds() - start;
    fwrite(all.w, sizeof *all.w, all.columns * (all.features + 1), out);
    s->clear(&all);
    mp_rows_free(&in->room);
    free(y);
    mp_plan_free(&plan);
    mp_script_free(&script);
    return MP_OK;
}

static void silent(const char *text)
{
    (void)text;
}

static int by_liblinear(struct mp_ctx *c, struct input *in, int solver, double C, FILE *out)
{
    float *x = mp_alloc(c, in->d, sizeof *x);
    struct feature_node **rows = mp_alloc(c, in->rows, sizeof *rows);
    double *y = mp_alloc(c, in->rows, sizeof *y);
    if (x == NULL || rows == NULL || y == NULL)
        return -1;
    for (size_t i = 0; i < in->rows; i++) {
        if (!next(in, x, 1))
            return mp_fail(c, "the features end before row %zu", i);
        const double start = mp_seconds();
        size_t some = 2, at = 0;
        for (size_t j = 0; j < in->d; j++)
            some += x[j] != 0;
        if ((rows[i] = malloc(some * sizeof **rows)) == NULL)
            return mp_fail(c, "no memory for row %zu", i);
        for (size_t j = 0; j < in->d; j++)
            if (x[j] != 0)
                rows[i][at++] = (struct feature_node){ (int)j + 1, (double)x[j] };
        rows[i][at++] = (struct feature_node){ (int)in->d + 1, 1 };
        rows[i][at] = (struct feature_node){ -1, 0 };
        y[i] = in->label[i];
        in->seconds += mp_seconds() - start;
    }
    const struct problem problem = { .l = (int)in->rows, .n = (int)in->d + 1, .y = y, .x = rows,
                                     .bias = 1 };
    const struct parameter how = { .solver_type = solver, .C = C,
                                   .eps = solver == L2R_L2LOSS_SVC_DUAL ? 0.1 : 0.01 };
    set_print_string_function(silent);
    const double start = mp_seconds();
    struct model *m = train(&problem, &how);
    in->seconds += mp_seconds() - start;
    for (int class = 0; class < m->nr_class; class++)
        for (int k = 0; k < m->nr_class; k++)
            for (size_t j = 0; j <= in->d && m->label[k] == class; j++)
                fwrite(&m->w[j * (size_t)m->nr_class + (size_t)k], sizeof(double), 1, out);
    return MP_OK;
}

/* Behind the header of version 1: its length stands in bytes 8 and 9. */
static bool open_npy(struct input *in, const char *path)
{
    unsigned char head[10];
    char text[65536] = "";
    const char *shape;
    in->f = fopen(path, "rb");
    if (in->f == NULL || fread(head, 1, 10, in->f) != 10 || memcmp(head, "\x93NUMPY\1", 7) != 0)
        return false;
    const size_t length = head[8] + 256u * head[9];
    return length < sizeof text && fread(text, 1, length, in->f) == length &&
           strstr(text, "'<f4'") != NULL && (shape = strstr(text, "'shape': (")) != NULL &&
           sscanf(shape + 10, "%*u, %zu", &in->d) == 1 && (in->begin = ftello(in->f)) > 0;
}

int main(int argc, char **argv)
{
    static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
    int solver, rc = -1;
    double C;
    struct input in = { 0 };
    struct mp_run run = { .seed = 1, .n_classes = 10, .classes = digits };
    struct mp_ctx c;
    if (argc != 7)
        return 2;
    in.rows = strtoul(argv[3], NULL, 10);
    in.threads = run.threads = atoi(argv[4]);
    mp_ctx_init(&c, &run);
    unsigned char *y = mp_alloc(&c, in.rows, 1);
    FILE *f = fopen(argv[2], "rb"), *out = fopen(argv[5], "wb");
    if (y == NULL || f == NULL || out == NULL || fread(y, 1, in.rows, f) != in.rows ||
        !open_npy(&in, argv[1]))
        mp_fail(&c, "cannot read %s or %s, or write %s", argv[1], argv[2], argv[5]);
    else {
        in.label = y;
        rc = sscanf(argv[6], "liblinear %d %lf", &solver, &C) == 2
                 ? by_liblinear(&c, &in, solver, C, out)
                 : by_stage(&c, &in, argv[6], out);
    }
    if (rc < 0 || fclose(out) != 0) {
        fprintf(stderr, "dense: %s\n", c.msg);
        return 1;
    }
    printf("%.4f\n", in.seconds);
    return 0;
}
