/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stage.h - what a stage is: all that the author of a stage needs to read.
 *
 * One stage lives in one file under filters/, features/ or models/.  The file
 * defines one object, MP_STAGE(<name>), where <name> is the file's own name
 * without ".c".  Nothing else has to be edited: the build finds the file.
 *
 *   filters/    image -> image
 *   features/   rows -> rows
 *   models/     rows -> one score per class
 *
 * A stage owns three kinds of memory, and they are never mixed:
 *
 *   params   what the user asked for.  Filled from the table, then const.
 *   state    what fit() learned from training rows.  Written by fit(), merge()
 *            and done() only; const while apply() runs.  io() saves and loads it.
 *   scratch  a thread's working memory, taken with mp_scratch().
 *
 * So apply() may run on any rows, on any thread, in any order, and a stage has
 * no variables at file scope, starts no threads and opens no files.
 */
#ifndef MP_STAGE_H
#define MP_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ------------------------------------------------------------- parameters */

enum mp_type { MP_INT, MP_REAL, MP_BOOL, MP_TEXT };

struct mp_param {
    const char *name;    /* = the field's name; set by MP_PARAM */
    enum mp_type type;   /* = the field's type; set by MP_PARAM */
    size_t offset, size; /* = the field's place; set by MP_PARAM */
    const char *def;     /* default, as the user would type it; NULL: required */
    double min, max;     /* inclusive range of MP_INT and MP_REAL */
    const char *choices; /* "clamp|zero": an int field that takes a word, 0, 1 ... */
    const char *(*choice)(int i); /* or word i, NULL after the last, where the build finds them */
    const char *unit;    /* "px", "degrees", "bins" ... or NULL: a plain number */
    const char *doc;     /* what it does: one sentence, no full stop */
    bool repeat;         /* a text that may be given again; values are joined by newlines */
};

/* One row of the table.  Name, type and place are taken from the field itself,
 * so they cannot disagree with it; an unsupported field type does not compile. */
#define MP_PARAM(field, ...) MP_PARAM_OF(struct params, field, __VA_ARGS__)
#define MP_PARAM_OF(type_, field, ...)                                     \
    {                                                                      \
        .name = #field,                                                    \
        .type = _Generic(((type_ *)0)->field,                              \
            int: MP_INT, double: MP_REAL, bool: MP_BOOL, char *: MP_TEXT), \
        .offset = offsetof(type_, field),                                  \
        .size = sizeof((type_ *)0)->field,                                 \
        __VA_ARGS__                                                        \
    }
#define MP_END { .name = NULL }

/* ------------------------------------------------------------------- data */

struct mp_shape {
    int h, w, c; /* one row: height, width, channels; a feature vector is 1 x d x 1 */
};

static inline size_t mp_len(struct mp_shape s)
{
    return (size_t)s.h * (size_t)s.w * (size_t)s.c;
}

/* a * b, or SIZE_MAX where that overflows: for sizes that come from a file. */
static inline size_t mp_product(size_t a, size_t b)
{
    size_t ab;
    return __builtin_mul_overflow(a, b, &ab) ? SIZE_MAX : ab;
}

/* Consecutive rows on their way through the stages.  Values lie packed, row
 * after row, in exactly one of x and b; the engine decides in which. */
struct mp_chunk {
    size_t n;              /* rows */
    struct mp_shape shape; /* of one row */
    float *x;              /* n * mp_len(shape) floats; pixels are 0 (paper) .. 1 (ink) */
    uint8_t *b;            /* or as many bytes, 0..255; given to MP_BYTES stages only */
    const int *y;          /* n class numbers 0 .. mp_classes() - 1, or NULL */
    size_t row0;           /* number of the first row in the whole data set */
    const size_t *rows;    /* or the number of each row, when they are not consecutive */
    size_t epoch;          /* which time training sees these rows; 0 elsewhere.  Of rows with
                              copies: 0 the rows themselves, then the copy's number */
};

/* Number of the chunk's row i in the whole data set: what a random draw is keyed by. */
static inline size_t mp_row(const struct mp_chunk *k, size_t i)
{
    return k->rows != NULL ? k->rows[i] : k->row0 + i;
}

/* ---------------------------------------------------------------- context */

struct mp_io;  /* saves or loads a state: see below */
struct mp_ctx; /* the engine's side of a call: errors, memory, threads */

/* Says what is wrong, and what would be right; the engine adds file, line and
 * stage in front.  The first failure is the one shown.  Always returns -1. */
int mp_fail(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For calls that work in steps: gives back what mp_scratch() has given since the mark. */
int mp_scratch_mark(const struct mp_ctx *c);
void mp_scratch_release(struct mp_ctx *c, int mark);

/* A remark for the user and for the report; the run goes on. */
void mp_warn(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* n zeroed elements, owned by the caller, released with free(); NULL after an
 * mp_fail() of its own. */
void *mp_alloc(struct mp_ctx *c, size_t n, size_t size);

/* n floats of unknown content that live until apply() or fit() returns; NULL
 * after an mp_fail() of its own.  Costs nothing after a thread's first chunk. */
float *mp_scratch(struct mp_ctx *c, size_t n);

/* How many classes there are; *labels, unless NULL, gets their labels. */
int mp_classes(struct mp_ctx *c, const int **labels);

/* 64 random bits that depend on the run's seed, the stage's place in the
 * pipeline and (a, b) alone: take a and b from what is numbered in the data
 * (a row, an epoch, a class), never from threads or chunks. */
uint64_t mp_random(struct mp_ctx *c, uint64_t a, uint64_t b);

/* In done(), and in fit() where it learns MP_IN_ORDER: work(c, arg, i) for i = 0 .. n-1 on the
 * engine's threads, in any order.  Each call gets a context of its own.  Negative: the
 * failure of the lowest i. */
int mp_parallel_for(struct mp_ctx *c, size_t n,
                    int (*work)(struct mp_ctx *c, void *arg, size_t i), void *arg);

/* In done(): `part` of `whole` is finished; moves the bar. */
void mp_progress(struct mp_ctx *c, double part, double whole);

/* In done(), once a checkpoint is loaded: `part` of `whole` was done before this run, in so
 * many seconds. */
void mp_resumed(struct mp_ctx *c, double part, double whole, double seconds);

/* In done(): whether this is a trial, to see what training costs: a part of it will do,
 * if mp_progress() was told how large a part. */
bool mp_trial(const struct mp_ctx *c);

/* In done(): what the bar says it is about: "epoch 3 of 8, loss 0.041". */
void mp_progress_label(struct mp_ctx *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* In done() of what learns MP_IN_EPOCHS: how many training rows there are; their class
 * numbers; the shape of a row. */
size_t mp_pull_rows(struct mp_ctx *c, const int **y);
struct mp_shape mp_pull_shape(struct mp_ctx *c);

/* The same: which stage gives these rows, if they are vectors; NULL: they are images. */
const char *mp_pull_from(struct mp_ctx *c);

/* Rows rows[0 .. n-1] of the training rows, in that order, as the stages before give
 * them, on the engine's threads: n * mp_len(shape) floats in x.  training: stages
 * that change training rows only do so, drawn by `epoch`. */
int mp_pull(struct mp_ctx *c, const size_t *rows, size_t n, bool training, size_t epoch, float *x);

/* In done(): saves how far training has come, so that a stopped run can go on; a disk
 * that is full is one warning, and the checkpoint of before stays.  `io` visits what
 * there is to save. */
int mp_checkpoint_save(struct mp_ctx *c, int (*io)(struct mp_io *io, void *arg), void *arg);

/* At the beginning of done(): 1 if the run is to go on and `io` has loaded from
 * where; 0 if it begins anew; negative: the checkpoint is of another run. */
int mp_checkpoint_load(struct mp_ctx *c, int (*io)(struct mp_io *io, void *arg), void *arg);

/* One more value of a series for the report: "loss", "validation accuracy" ... */
void mp_record(struct mp_ctx *c, const char *series, double value);

/* In done(): what a part of the stage, such as a layer of a net, has cost so far. */
struct mp_part {
    const char *name;
    int line;                  /* in the pipeline; 0: not written there */
    double forward, backward;  /* seconds, summed over threads */
    double work, back_work;    /* multiply-adds of both */
};
void mp_record_part(struct mp_ctx *c, const struct mp_part *part);

/* A fact for the report that is no warning. */
void mp_remark(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Whether the user has asked to stop: work that may take long asks a few times a second and
 * returns mp_fail(c, "interrupted").  mp_parallel_for() asks before each i. */
bool mp_stopped(struct mp_ctx *c);

/* The layers indented below a stage's line; layer.h tells what they are. */
struct mp_layer_line;
struct mp_layers {
    struct mp_layer_line *at;
    int n;
};

/* What a model's scores mean.  In all of them the highest is the model's choice. */
enum mp_scores {
    MP_MARGINS,      /* no more than that */
    MP_LOGITS,       /* their softmax are the probabilities that training aimed at */
    MP_PROBABILITIES /* 0..1, the sum is 1 */
};

/* The branches indented below a stage's line, each a pipeline of its own that ends in a
 * model or in what takes its scores. */
struct mp_branch {
    int line;              /* of what it ends in */
    const char *name;
    enum mp_scores scores; /* what it gives */
};
struct mp_branches {
    struct mp_branch *at;
    int n;
};

/* Of a stage that needs MP_STACKED: the engine fits its branches once for each fold, on the
 * other folds, and the stage learns from the scores that each row then gets. */
struct mp_stack {
    struct mp_branches branches;
    int folds;
};
#define MP_STACK_PARAMS                                                                        \
    MP_PARAM_OF(struct mp_stack, folds, .def = "5", .min = 2, .max = 100, .unit = "folds",     \
                .doc = "of the training rows; their scores are out of fold")

/* A visitor: the same calls save and load a state, so the two cannot drift
 * apart.  Keys name the fields in the bundle.  While loading, arrays are
 * allocated at *v once their length has been checked against what is there. */
bool mp_io_loading(const struct mp_io *io);
struct mp_ctx *mp_io_ctx(struct mp_io *io);
int mp_io_u64(struct mp_io *io, const char *key, uint64_t *v);
int mp_io_f64(struct mp_io *io, const char *key, double *v);
int mp_io_f64s(struct mp_io *io, const char *key, double **v, size_t n);
int mp_io_f32s(struct mp_io *io, const char *key, float **v, size_t n);
int mp_io_bytes(struct mp_io *io, const char *key, unsigned char **v, size_t *n);

/* A stage that learns from a model's scores on rows that it knows would learn to trust it
 * too much: the engine holds training rows back for it, class by class. */
struct mp_held {
    double share;
    bool refit;
};
#define MP_HELD_PARAMS                                                                         \
    MP_PARAM_OF(struct mp_held, share, .def = "0.1", .min = 0.001, .max = 0.9,                 \
                .doc = "share of the training rows held back to learn from"),                  \
    MP_PARAM_OF(struct mp_held, refit, .def = "yes",                                           \
                .doc = "then lets all stages before learn again, from all training rows")

/* Takes the pictures that a stage or a layer has of what it learned: h x w values, `step`
 * floats from one to the next, and what they are, "class 3" or "kernel 12". */
struct mp_viewer {
    int (*see)(struct mp_ctx *c, void *arg, const char *name, const float *x, int h, int w,
               size_t step);
    void *arg;
};

/* A place inside a model where people can watch rows go by: its name, such as "conv2", and
 * the shape of what is to be seen there of each row. */
struct mp_view {
    char name[64];
    struct mp_shape shape;
};

/* ------------------------------------------------------------------ stage */

enum { MP_OK = 0 }; /* anything negative: failed */

enum { /* flags */
    MP_INPLACE = 1,    /* apply() accepts out->x == in->x (and out->b == in->b) */
    MP_BYTES = 2,      /* apply() also takes bytes and then gives bytes, the very
                          values that it gives for the same pixels as floats */
    MP_PIXELWISE = 4,  /* value i of a row stands for value i of what came in */
    MP_TRAIN_ONLY = 8, /* changes training rows, afresh every epoch; others pass unchanged */
    MP_SUMS = 16,      /* what done() takes does not grow with the rows that it learned from */
    MP_INVERTS = 32,   /* swaps ink and paper: dark paper in the data is no mistake */
    MP_STRETCHES = 64, /* gives all grey levels, however few come in */
};

/* What rows a stage takes. */
enum mp_takes {
    MP_ROWS,   /* any; filters: images */
    MP_IMAGES, /* no vectors */
    MP_DATA    /* the data set's own: it stands first, or first in a branch */
};

/* How a stage learns. */
enum mp_learns {
    MP_IN_SHARDS, /* fit() gets shards of rows, on all threads, and merge() joins them */
    MP_IN_ORDER,  /* fit() gets all rows in order, many at a time, which all threads have
                     prepared, and may use mp_parallel_for(); there is no merge() */
    MP_IN_EPOCHS  /* no fit(): done() trains a net, and fetches its rows by mp_pull() */
};

/* What a stage needs besides rows: its params begin with the struct of it. */
enum mp_needs {
    MP_NOTHING,
    MP_LAYERS,   /* struct mp_layers: the lines indented below it are layers (layer.h) */
    MP_BRANCHES, /* struct mp_branches: they are branches, whose scores it takes side by side */
    MP_STACKED,  /* struct mp_stack: the same, and it learns from scores of rows that the
                    branches have not seen */
    MP_HELD      /* struct mp_held: it takes the scores of the model that it stands after, and
                    learns from those of rows held back from it */
};

struct mp_stage {
    const char *brief;   /* one line, verb first, no full stop */
    const char *doc;     /* method, limits, reference; becomes the manual */
    const char *example; /* "blur sigma=1.5": run by `make check` */
    unsigned flags;
    enum mp_takes takes;
    enum mp_learns learns;
    enum mp_needs needs;
    enum mp_scores scores; /* of a model */

    const struct mp_param *params; /* ends with MP_END; NULL: takes none */
    size_t params_size, state_size;

    /* Rows of shape `in` become rows of shape *out, which comes in equal to
     * `in`.  The place to refuse a shape or parameters that do not fit each
     * other.  Asked before anything is read, with state NULL, and again after
     * done(): a stage whose width depends on what it learns gives its widest
     * first.  NULL: unchanged.  Models leave *out alone: it is 1 x classes x 1. */
    int (*shape)(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out);

    /* Name of output value i, such as "hog[y=2,x=3,b=5]"; NULL: the names of
     * the input pass through. */
    void (*label)(const void *params, struct mp_shape in, size_t i, char *text, size_t size);

    /* Before any rows are read: loads the libraries that learning takes (library.h), so that
     * one that cannot be loaded loses no work.  c may be NULL.  NULL: none. */
    int (*prepare)(struct mp_ctx *c);

    /* Learning; all NULL for a stage that learns nothing.  The engine gives
     * each fixed shard of rows a zeroed state, calls fit() over the shard's
     * chunks, joins the shards with merge() in row order (`from` is cleared
     * afterwards, so merge may take what it owns), and calls done() once. */
    int (*fit)(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in);
    int (*merge)(struct mp_ctx *c, void *into, void *from);
    int (*done)(struct mp_ctx *c, const void *params, void *state);
    int (*io)(struct mp_io *io, void *state); /* saves and loads */
    void (*clear)(void *state);               /* releases what the state owns */

    /* How many real numbers it has learned, once ready() was called; NULL: those in the arrays
     * of reals that io() visits. */
    int (*values)(struct mp_ctx *c, const void *state, uint64_t *values);

    /* Once after done() or after loading, before apply(): makes what is no part of
     * the saved state, such as a library's handles; clear() releases it. */
    int (*ready)(struct mp_ctx *c, const void *params, void *state, struct mp_shape in);

    /* What learning depends on besides parameters and rows, such as a file's content, is
     * written to f: where it is the same, so is the state.  NULL: nothing. */
    int (*depends)(struct mp_ctx *c, const void *params, FILE *f);

    /* The work.  out->n == in->n and out has the shape that shape() gave. */
    int (*apply)(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out);

    /* Of an MP_TRAIN_ONLY stage with a parameter `copies`: its value.  Above 0, stages
     * after it see the training rows as they are, then so many times changed. */
    int (*copies)(const void *params);

    /* For a model made of parts whose values can serve as features.  inside(): which part
     * `name` names ("": the one that the scores are made of), as a number from 0 on, and
     * the shape of what it gives; reveal() gives that for rows, once ready() was called.
     * Other models: both NULL. */
    int (*inside)(struct mp_ctx *c, const void *params, struct mp_shape in, const char *name,
                  struct mp_shape *out);
    int (*reveal)(struct mp_ctx *c, const void *params, const void *state, int part,
                  const struct mp_chunk *in, struct mp_chunk *out);

    /* Of the same models, what to look at: view() tells of place i, from 0 on, in the order of
     * work, and returns 1, or 0 where there are no more; watch() gives what rows are there. */
    int (*view)(struct mp_ctx *c, const void *params, struct mp_shape in, int i,
                struct mp_view *view);
    int (*watch)(struct mp_ctx *c, const void *params, const void *state, int i,
                 const struct mp_chunk *in, struct mp_chunk *out);

    /* What is inside, for `mnistpipe check`: a line for each part.  NULL: nothing. */
    int (*describe)(struct mp_ctx *c, const void *params, struct mp_shape in, FILE *f);

    /* What has been learned, as pictures to look at: the weights of each class, kernels.
     * `image`: of which image the values that come in are the pixels.  NULL: none. */
    int (*pictures)(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v);

    /* For a model whose library has a file format of its own: writes the
     * fitted state in that format into `path`, which exists and is empty.
     * `native_suffix` names the format: ".liblinear". */
    const char *native_suffix;
    int (*native)(struct mp_ctx *c, const void *params, const void *state, const char *path);
};

#define MP_STAGE(name) const struct mp_stage mp_stage_##name

#endif
