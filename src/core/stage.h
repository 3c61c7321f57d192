/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stage.h - what a stage is: all that the author of a filter or of a feature needs to read.
 *
 * One stage lives in one file, which defines one object, MP_STAGE(<name>), where <name> is the
 * file's own name.  Nothing else has to be edited: the build finds the file.
 *
 *   filters/    image -> image
 *   features/   rows -> rows
 *   models/     rows -> one score per class; what else they have to say is in learner.h
 *
 * A stage owns three kinds of memory, and they are never mixed: its params, what the user asked
 * for, filled from the table, then const; its state, what fit(), merge() and done() learned from
 * training rows, const while apply() runs; and scratch, a thread's working memory.  So apply()
 * may run on any rows, on any thread, in any order, and a stage has no variables at file scope,
 * starts no threads and opens no files. */
#ifndef MP_STAGE_H
#define MP_STAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A row of the table of parameters, MP_PARAM(radius, .def = "1", .doc = ...) of a field of
 * struct params, an int, a double, a bool or a char *.  The table ends with MP_END. */
enum mp_type { MP_INT, MP_REAL, MP_BOOL, MP_TEXT };
struct mp_param {
    const char *name;    /* the field's own, and so are type and place: set by MP_PARAM */
    enum mp_type type;
    size_t offset, size;
    const char *def;     /* default, as the user would type it; NULL: required */
    double min, max;     /* inclusive range of MP_INT and MP_REAL */
    const char *choices; /* "clamp|zero": an int field that takes a word, 0, 1 ... */
    const char *(*choice)(int i); /* or word i, NULL after the last, where the build finds them */
    const char *unit;    /* "px", "degrees", "bins" ... or NULL: a plain number */
    const char *doc;     /* what it does: one sentence, no full stop */
    bool repeat;         /* a text that may be given again; values are joined by newlines */
    const char *alone;   /* an option's: the value of one that has none; NULL: it needs one */
};
#define MP_PARAM(field, ...) MP_PARAM_OF(struct params, field, __VA_ARGS__)
#define MP_END { .name = NULL }

struct mp_shape {
    int h, w, c; /* one row: height, width, channels; a feature vector is 1 x d x 1 */
};
enum { MP_IMAGE_SIDE = 4096 }; /* pixels that an image has at most, each way */
static inline size_t mp_len(struct mp_shape s) { return (size_t)s.h * (size_t)s.w * (size_t)s.c; }

/* Consecutive rows: values lie packed, row after row, in exactly one of x and b. */
struct mp_chunk {
    size_t n;              /* rows */
    struct mp_shape shape; /* of one row */
    float *x;              /* n * mp_len(shape) floats; pixels are 0 (paper) .. 1 (ink) */
    uint8_t *b;            /* or as many bytes, 0..255; given to MP_BYTES stages only */
    const int *y;          /* n class numbers 0 .. mp_classes() - 1, or NULL */
    size_t row0;           /* number of the first row in the whole data set */
    const size_t *rows;    /* or the number of each row, when they are not consecutive */
    size_t epoch;          /* which time training sees these rows, or which copy; else 0 */
};

struct mp_ctx; /* the engine's side of a call: errors, memory, random numbers */

/* Functions return MP_OK or a negative number: mp_fail(), which says what is wrong, and what
 * would be right.  The engine adds file, line and stage; the first failure is the one shown. */
enum { MP_OK = 0 };
int mp_fail(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A remark for the user and for the report; the run goes on. */
void mp_warn(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Memory, or NULL after an mp_fail() of its own: n zeroed elements, to be released with free();
 * n floats of unknown content that live until apply() or fit() returns, and cost nothing after a
 * thread's first chunk. */
void *mp_alloc(struct mp_ctx *c, size_t n, size_t size);
float *mp_scratch(struct mp_ctx *c, size_t n);

/* 64 random bits that depend on the run's seed, the stage's place in the pipeline and (a, b)
 * alone: a and b are what is numbered in the data (mp_row(), an epoch), never threads, chunks. */
uint64_t mp_random(struct mp_ctx *c, uint64_t a, uint64_t b);

/* How io() saves and loads: the same calls do both, so the two cannot drift apart.  While
 * loading, an array is allocated at *v once its length has been checked. */
struct mp_io;
int mp_io_u64(struct mp_io *io, const char *key, uint64_t *v);
int mp_io_f64(struct mp_io *io, const char *key, double *v);
int mp_io_f64s(struct mp_io *io, const char *key, double **v, size_t n);
int mp_io_f32s(struct mp_io *io, const char *key, float **v, size_t n);

struct mp_stage {
    const char *brief;   /* one line, verb first, no full stop */
    const char *doc;     /* method, limits, reference; becomes the manual */
    const char *example; /* "blur sigma=1.5": run by `make check` */
    unsigned flags;      /* MP_INPLACE | ...: below */

    const struct mp_param *params; /* ends with MP_END; NULL: takes none */
    size_t params_size, state_size;

    /* Rows of shape `in` become rows of shape *out, which comes in equal to `in`.  The place to
     * refuse a shape or parameters that do not fit each other.  Asked before anything is read,
     * with state NULL, and again after done(): a stage whose width depends on what it learns
     * gives its widest first.  NULL: unchanged.  Models leave *out: it is 1 x classes x 1. */
    int (*shape)(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out);

    /* Name of output value i, "hog[y=2,x=3,b=5]"; NULL: names of the input pass through. */
    void (*label)(const void *params, struct mp_shape in, size_t i, char *text, size_t size);

    /* Learning; NULL: none.  The engine gives each fixed shard of rows a zeroed state, calls
     * fit() over the shard's chunks, joins the shards with merge() in row order (`from` is cleared
     * afterwards, so merge may take what it owns), and calls done() once. */
    int (*fit)(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in);
    int (*merge)(struct mp_ctx *c, void *into, void *from);
    int (*done)(struct mp_ctx *c, const void *params, void *state);
    int (*io)(struct mp_io *io, void *state); /* saves and loads */
    void (*clear)(void *state);               /* releases what the state owns */

    /* The work.  out->n == in->n and out has the shape that shape() gave. */
    int (*apply)(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out);

    const struct mp_learner *learner; /* what few stages have to say besides: learner.h */
};
#define MP_STAGE(name) const struct mp_stage mp_stage_##name

enum { /* flags */
    MP_INPLACE = 1,   /* apply() accepts out->x == in->x (and out->b == in->b) */
    MP_BYTES = 2,     /* apply() takes bytes, too, and gives as bytes what it gives of floats */
    MP_IMAGES = 4,    /* needs images, not vectors; of filters this is understood */
    MP_PIXELWISE = 8, /* value i of a row stands for value i of what came in */
    MP_SUMS = 16,     /* what done() takes does not grow with the rows that it learned from */
};

/* ------------------------------ the rest is for those that miss something */

enum { /* flags that few have */
    MP_TRAIN_ONLY = 32, /* changes training rows, afresh every epoch; others pass unchanged */
    MP_INVERTS = 64,    /* swaps ink and paper: dark paper in the data is no mistake */
    MP_STRETCHES = 128, /* gives all grey levels, however few come in */
};

/* The row of the table for a field of another struct than struct params; a field of an
 * unsupported type does not compile. */
#define MP_PARAM_OF(type_, field, ...)                                     \
    {                                                                      \
        .name = #field,                                                    \
        .type = _Generic(((type_ *)0)->field,                              \
            int: MP_INT, double: MP_REAL, bool: MP_BOOL, char *: MP_TEXT), \
        .offset = offsetof(type_, field),                                  \
        .size = sizeof((type_ *)0)->field,                                 \
        __VA_ARGS__                                                        \
    }

/* Number of the chunk's row i in the whole data set: what a random draw is keyed by. */
static inline size_t mp_row(const struct mp_chunk *k, size_t i)
{
    return k->rows != NULL ? k->rows[i] : k->row0 + i;
}

/* a * b, or SIZE_MAX where that overflows: for sizes that come from a file. */
static inline size_t mp_product(size_t a, size_t b)
{
    size_t ab;
    return __builtin_mul_overflow(a, b, &ab) ? SIZE_MAX : ab;
}

/* For calls that work in steps: gives back what mp_scratch() has given since the mark. */
int mp_scratch_mark(const struct mp_ctx *c);
void mp_scratch_release(struct mp_ctx *c, int mark);

enum { MP_MOST_CLASSES = 65535 };

/* How many classes there are; *names, unless NULL, gets what they are called. */
int mp_classes(struct mp_ctx *c, const char *const **names);

/* A fact for the report that is no warning. */
void mp_remark(struct mp_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* In done(), and in fit() of what learns MP_IN_ORDER: work(c, arg, i) for i = 0 .. n-1 on the
 * engine's threads, in any order.  Each call gets a context of its own.  Negative: the
 * failure of the lowest i. */
int mp_parallel_for(struct mp_ctx *c, size_t n,
                    int (*work)(struct mp_ctx *c, void *arg, size_t i), void *arg);

/* Whether the user has asked to stop: work that may take long asks a few times a second and
 * returns mp_fail(c, "interrupted").  mp_parallel_for() asks before each i. */
bool mp_stopped(struct mp_ctx *c);

/* For io() with more to say than its fields. */
bool mp_io_loading(const struct mp_io *io);
struct mp_ctx *mp_io_ctx(struct mp_io *io);
int mp_io_bytes(struct mp_io *io, const char *key, unsigned char **v, size_t *n);

#endif
