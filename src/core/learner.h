/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learner.h - what models, stages made of others, and trainers say besides stage.h.
 *
 * A stage adds .learner = MP_LEARNER(.scores = MP_LOGITS, .pictures = pictures, ...); what is
 * not said is zero. */
#ifndef MP_LEARNER_H
#define MP_LEARNER_H
#include "core/stage.h"

/* How a stage learns. */
enum mp_learns {
    MP_IN_SHARDS, /* as stage.h says: fit() for shards of rows, which merge() joins */
    MP_IN_ORDER,  /* fit() gets all rows in order, many at a time, which all threads have
                     prepared, and may use mp_parallel_for(); there is no merge() */
    MP_IN_EPOCHS, /* no fit(): done() trains a net, and fetches its rows by mp_pull() */
    MP_IN_PASSES  /* no fit(): done() reads the rows of one epoch several times, and each time
                     finds the same: by mp_pull(), or where mp_pull_keep() says */
};

/* What a stage needs around its line.  Where that is a struct, its params begin with it. */
enum mp_needs {
    MP_NOTHING,
    MP_DATA,     /* the data set's own rows: it stands first, or first in a branch */
    MP_LAYERS,   /* struct mp_layers: the lines indented below it are layers (layer.h) */
    MP_BRANCHES, /* struct mp_branches: they are branches, whose scores it takes side by side */
    MP_FURTHER,  /* struct mp_further: its first parameter is a word that says which others there
                    are */
    MP_STACKED,  /* struct mp_stack: the same, and it learns from scores of rows that the
                    branches have not seen */
    MP_HELD      /* struct mp_held: it takes the scores of the model that it stands after, and
                    learns from those of rows held back from it */
};

/* What a model's scores mean.  In all of them the highest is the model's choice. */
enum mp_scores {
    MP_MARGINS,      /* no more than that */
    MP_LOGITS,       /* their softmax are the probabilities that training aimed at */
    MP_PROBABILITIES /* 0..1, the sum is 1 */
};

/* Takes the pictures that a stage or a layer has of what it learned: h x w values, `step`
 * floats from one to the next, and what they are, "class 3" or "kernel 12". */
struct mp_viewer {
    int (*see)(struct mp_ctx *c, void *arg, const char *name, const float *x, int h, int w,
               size_t step);
    void *arg;
};

/* Parameters that are found when the program runs, such as those of an operation of a library. */
struct mp_further {
    struct mp_param *table; /* a stage's own rows, then these; ends with MP_END; free() it */
    size_t size;            /* of params */
    const char *brief;      /* what the word stands for */
};

/* Shows an image to a viewer: value i of its mp_len(image) values is x[i * step].  Each channel
 * of several is a picture of its own, "class 3, red". */
int mp_see(struct mp_ctx *c, const struct mp_viewer *v, const char *name, const float *x,
           struct mp_shape image, size_t step);

/* A place inside a model where people can watch rows go by: its name, such as "conv2", the
 * shape of what is to be seen there of each row, and the part, as inside() numbers them. */
struct mp_view {
    char name[64];
    struct mp_shape shape;
    int part;
};

struct mp_learner {
    enum mp_learns learns;
    enum mp_needs needs;
    enum mp_scores scores; /* of a model */

    /* Before any rows are read: loads the libraries that learning takes (library.h), so that
     * one that cannot be loaded loses no work.  c may be NULL.  NULL: none. */
    int (*prepare)(struct mp_ctx *c);

    /* Of a stage that needs MP_FURTHER: shows its words in order, each with what it stands for;
     * and what there is for one of them. */
    int (*words)(struct mp_ctx *c, void (*see)(void *arg, const char *word, const char *brief),
                 void *arg);
    int (*further)(struct mp_ctx *c, const char *word, struct mp_further *f);

    /* Then with the parameters: warns of what will not do what was asked for, and loads what only
     * that takes.  NULL: nothing. */
    int (*heed)(struct mp_ctx *c, const void *params);

    /* Once after done() or after loading, before apply(): makes what is no part of
     * the saved state, such as a library's handles; clear() releases it. */
    int (*ready)(struct mp_ctx *c, const void *params, void *state, struct mp_shape in);

    /* What learning depends on besides parameters and rows, such as a file's content, is
     * written to f: where it is the same, so is the state.  NULL: nothing. */
    int (*depends)(struct mp_ctx *c, const void *params, FILE *f);

    /* Of an MP_TRAIN_ONLY stage with a parameter `copies`: its value.  Above 0, stages
     * after it see the training rows as they are, then so many times changed. */
    int (*copies)(const void *params);

    /* Of a stage with merge() that takes no classes: it learns from one in so many of `rows`, so
     * that those between need not be made.  NULL: from all. */
    size_t (*every)(const void *params, size_t rows);

    /* Of a stage with merge(): saves and loads, as io() does, what a shard has learned, before
     * done(), so that ranks (ranks.h) share the shards.  NULL: each learns all of them. */
    int (*shard)(struct mp_io *io, void *state);

    /* Of a stage that learns MP_IN_ORDER: how many of so many rows of d values are a part.  Of n
     * ranks, r then gets parts r, r + n, r + 2n ... alone, or once a chunk without rows, and what
     * they have summed they join in fit() and done().  NULL: each gets all rows. */
    size_t (*part)(size_t rows, size_t d);

    /* Of what learns MP_IN_PASSES: whether it asks for 16 bits a value where these will do. */
    bool (*rounds)(const void *params);

    /* How many real numbers it has learned, once ready() was called; NULL: those in the arrays
     * of reals that io() visits. */
    int (*values)(struct mp_ctx *c, const void *state, uint64_t *values);

    /* For a model made of parts whose values can serve as features.  inside(): which part
     * `name` names ("": the one that the scores are made of), as a number from 0 on, and
     * the shape of what it gives; reveal() gives that for rows, once ready() was called.
     * Other models: both NULL. */
    int (*inside)(struct mp_ctx *c, const void *params, struct mp_shape in, const char *name,
                  struct mp_shape *out);
    int (*reveal)(struct mp_ctx *c, const void *params, const void *state, int part,
                  const struct mp_chunk *in, struct mp_chunk *out);

    /* Of the same models, and of stages that hold one, what to look at: view() tells of place i,
     * from 0 on, in the order of work, and returns 1, or 0 where there are no more; state is NULL
     * before anything is learned.  watch() gives what rows are there. */
    int (*view)(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in, int i,
                struct mp_view *view);
    int (*watch)(struct mp_ctx *c, const void *params, const void *state, int i,
                 const struct mp_chunk *in, struct mp_chunk *out);

    /* Of a stage that passes some of the values that come in, once it has learned: which of them
     * value i is, so that it keeps its name.  NULL: values have names of their own. */
    size_t (*origin)(const void *state, size_t i);

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
#define MP_LEARNER(...) (&(const struct mp_learner){ __VA_ARGS__ })

/* ------------------------------------------------------------------ beside and below a line */

/* The layers indented below a stage's line; layer.h tells what they are. */
struct mp_layer_line;
struct mp_layers {
    struct mp_layer_line *at;
    int n;
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

/* ------------------------------------------------------------------ for done() */

/* `part` of `whole` is finished; moves the bar. */
void mp_progress(struct mp_ctx *c, double part, double whole);

/* Once a checkpoint is loaded: `part` of `whole` was done before this run, in so many seconds. */
void mp_resumed(struct mp_ctx *c, double part, double whole, double seconds);

/* Whether this is a trial, to see what training costs: a part of it will do, if mp_progress()
 * was told how large a part. */
bool mp_trial(const struct mp_ctx *c);

/* In a trial: so many of the seconds that done() took would be the same with more rows. */
void mp_trial_fixed(struct mp_ctx *c, double seconds);

/* What the bar says it is about: "epoch 3 of 8, loss 0.041". */
void mp_progress_label(struct mp_ctx *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* For what learns MP_IN_EPOCHS or MP_IN_PASSES, and in fit() of what learns MP_IN_ORDER: how many
 * training rows there are, each once, but for MP_IN_PASSES each copy of them, too; their class
 * numbers; the shape of a row. */
size_t mp_pull_rows(struct mp_ctx *c, const int **y);
struct mp_shape mp_pull_shape(struct mp_ctx *c);

/* In fit() of what learns MP_IN_ORDER: how many rows there are for it, each copy counted. */
size_t mp_fit_rows(struct mp_ctx *c);

/* The same: which stage gives these rows, if they are vectors; NULL: they are images. */
const char *mp_pull_from(struct mp_ctx *c);

/* In any done(): what value i of the rows is called, "hog[y=2,x=3,b=5]". */
void mp_pull_name(struct mp_ctx *c, size_t i, char *text, size_t size);

/* Rows rows[0 .. n-1] of the training rows, in that order, as the stages before give
 * them, on the engine's threads: n * mp_len(shape) floats in x.  training: stages
 * that change training rows only do so, drawn by `epoch`. */
int mp_pull(struct mp_ctx *c, const size_t *rows, size_t n, bool training, size_t epoch, float *x);

/* For what learns MP_IN_PASSES: has rows kept, so that they need not be made again in each pass, in
 * 16 bits a value (short_row.h) if so asked.  They lie one after the other, but for some before and
 * behind them, for which memory has no room: mp_pull() makes these.  at is NULL where there is room
 * for none.  Of several ranks (ranks.h) each keeps of its own share of MP_PASS_PARTS equal parts
 * alone. */
struct mp_kept_rows {
    const void *at;
    size_t before, behind;
    bool rounded;     /* to 16 bits, as asked for: rows of bytes are not, wherever they lie */
};
enum { MP_PASS_PARTS = 16, MP_PASS_VALUES = 1 << 25 };
int mp_pull_keep(struct mp_ctx *c, bool rounded, struct mp_kept_rows *kept);

/* Bytes of a row of d values that is kept. */
size_t mp_pass_row(size_t d, bool rounded);

/* Of rows of d values that are made again it holds so many at a time, and a fourth as many more for
 * the pass at work: as many as can be read fast again and again, but some for each value. */
static inline size_t mp_pass_rows(size_t d)
{
    const size_t fast = MP_PASS_VALUES / (d + 1), least = 4 * d;
    return fast > least ? fast : least;
}

/* Of so many rows of d values, which do not fit into the `free` bytes that memory has for rows: how
 * many may be kept all the same, beside what the stage needs for itself: all, where it needs
 * little. */
size_t mp_pass_keeps(size_t rows, size_t d, bool rounded, size_t free);

/* Saves how far training has come, so that a stopped run can go on; a disk that is full is one
 * warning, and the checkpoint of before stays.  `io` visits what there is to save. */
int mp_checkpoint_save(struct mp_ctx *c, int (*io)(struct mp_io *io, void *arg), void *arg);

/* At the beginning: 1 if the run is to go on and `io` has loaded from
 * where; 0 if it begins anew; negative: the checkpoint is of another run. */
int mp_checkpoint_load(struct mp_ctx *c, int (*io)(struct mp_io *io, void *arg), void *arg);

/* One more value of a series for the report: "loss", "validation accuracy" ... */
void mp_record(struct mp_ctx *c, const char *series, double value);

/* What a part of the stage, such as a layer of a net, has cost so far. */
struct mp_part {
    const char *name;
    int line;                  /* in the pipeline; 0: not written there */
    double forward, backward;  /* seconds, summed over threads */
    double work, back_work;    /* multiply-adds of both */
};
void mp_record_part(struct mp_ctx *c, const struct mp_part *part);

#endif
