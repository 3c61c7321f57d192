/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layer.h - what a layer of a net is: all that the author of a layer needs to read.
 *
 * One layer lives in one file under models/net/.  The file defines one object,
 * MP_LAYER(<name>), where <name> is the file's own name; the build finds it.
 *
 * The trainer cuts a batch into items of a fixed number of rows; items go through
 * the layers side by side, each on one thread, and their gradients are added in
 * the order of the items.  So results do not depend on the number of threads.
 * Rows are packed as in stage.h: height, width, channels (channels last).
 *
 * Every pointer that a layer gets is aligned to 64 bytes and belongs to the
 * trainer.  A layer starts no threads. */
#ifndef MP_LAYER_H
#define MP_LAYER_H
#include "core/bfloat.h"
#include "core/learner.h"

enum { MP_LAYER_WEIGHTS = 4 };

/* How a tensor begins. */
enum mp_init {
    MP_INIT_ZERO,
    MP_INIT_ONE,
    MP_INIT_FAN,        /* the net's init=: He or Glorot, from fan_in and fan_out */
    MP_INIT_ORTHOGONAL, /* matrices of fan_in x fan_out one after another; in each,
                           orthogonal matrices of fan_in x fan_in side by side */
};

struct mp_weight {
    const char *name;       /* "weights", "bias" */
    size_t size;            /* floats */
    size_t fan_in, fan_out; /* connections of one output / of one input */
    enum mp_init init;
    bool decay;             /* weight decay counts */
    bool fixed;             /* not trained by gradients: backward() writes a statistic of the
                               item's rows to dw, and the tensor moves by `blend` of the way
                               towards its mean over the batch's items */
    double blend;
    bool outer;             /* fan_in x fan_out; its gradient is the sum over the rows of x' dy,
                               the layer's input and what backward() leaves in dy: the net makes
                               it for a whole batch, and dw is NULL */
};

/* One item's way through one layer.  Pointers that do not apply are NULL. */
struct mp_pass {
    struct mp_ctx *c;
    const void *params;
    void *plan;                          /* what open() made; shared by all items */
    struct mp_shape in, out;             /* of one row */
    size_t n;                            /* rows of this item */
    bool training;
    enum mp_precision precision;         /* what large products should read */
    const float *w[MP_LAYER_WEIGHTS];    /* weights, in the order of weights() */
    const mp_bf16 *wb[MP_LAYER_WEIGHTS]; /* the same, rounded; NULL with precision MP_F32 */
    float *dw[MP_LAYER_WEIGHTS];         /* gradients, summed over this item's rows: written;
                                            NULL for `outer` tensors */
    float *saved;                        /* n * saved() floats: kept from forward to backward */
    uint64_t key;                        /* random bits of this item, layer and step */
};

/* What a layer takes the rows of its input for. */
enum mp_reads { MP_READS_VALUES, MP_READS_ROWS, MP_READS_STEPS };

struct mp_layer {
    const char *brief, *doc, *example;   /* as of a stage */
    enum mp_reads reads;                 /* rows of an image, steps of a sequence, or nothing */
    const struct mp_param *params;
    size_t params_size;

    /* As of a stage; NULL: unchanged. */
    int (*shape)(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out);

    /* Lists the tensors in w[0 .. MP_LAYER_WEIGHTS - 1] and returns how many; NULL: none. */
    int (*weights)(const void *params, struct mp_shape in, struct mp_shape out,
                   struct mp_weight *w);

    /* Floats to keep for backward(), for each row; NULL: none. */
    size_t (*saved)(const void *params, struct mp_shape in, struct mp_shape out);

    /* Multiply-adds of a forward pass of one row; NULL: too few to count. */
    double (*work)(const void *params, struct mp_shape in, struct mp_shape out);

    /* How many times fewer multiply-adds than that its passes make; NULL: as many. */
    double (*spares)(const void *params, struct mp_shape in, struct mp_shape out,
                     enum mp_precision precision);

    /* For people to look at, where that is more than y: its shape, and n rows of it from what
     * forward() has saved.  NULL: y. */
    struct mp_shape (*seen)(const void *params, struct mp_shape in, struct mp_shape out);
    void (*watch)(const struct mp_pass *p, float *to);

    /* As of a stage, of a layer that is the first; w as of mp_pass.  NULL: none. */
    int (*pictures)(struct mp_ctx *c, const void *params, struct mp_shape image,
                    struct mp_shape out, const float *const *w, const struct mp_viewer *v);

    /* Makes what passes of n rows need (primitives of a library), without `training` forward
     * passes alone; called on one thread, once for every n that occurs.  NULL: nothing. */
    int (*open)(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape out,
                size_t n, enum mp_precision precision, bool training, void **plan);
    void (*close)(void *plan);

    /* y = f(x); x and y are n rows of `in` and of `out`, never the same memory. */
    int (*forward)(struct mp_pass *p, const float *x, float *y);

    /* dx (NULL: nobody needs it) and dw from dy; x and y as in forward(); dy may be
     * overwritten. */
    int (*backward)(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx);

    /* The same with precision MP_BF16, which halves the way over memory.  NULL: the net
     * gives floats and rounds where the next layer wants it. */
    int (*forward_bf16)(struct mp_pass *p, const mp_bf16 *x, mp_bf16 *y);
    int (*backward_bf16)(struct mp_pass *p, const mp_bf16 *x, const mp_bf16 *y, mp_bf16 *dy,
                         mp_bf16 *dx);
};

/* How many of n rows, or steps, one call of a library takes that cannot be stopped: of the
 * divisors of n the largest whose work, so many multiply-adds each, takes well under a second. */
size_t mp_at_once(size_t n, double work);

/* Room for n values in scratch, and n values rounded there; NULL after an mp_fail(). */
static inline mp_bf16 *mp_bf16_scratch(struct mp_ctx *c, size_t n)
{
    return (mp_bf16 *)mp_scratch(c, (n + 1) / 2);
}

static inline mp_bf16 *mp_rounded(struct mp_ctx *c, const float *x, size_t n)
{
    mp_bf16 *y = mp_bf16_scratch(c, n);
    if (y != NULL)
        mp_to_bf16(x, y, n);
    return y;
}

#define MP_LAYER(name) const struct mp_layer mp_layer_##name

/* A layer of a pipeline: the line's name and its parameters. */
struct mp_layer_line {
    const char *name;
    const struct mp_layer *layer;
    void *params;
    int line;   /* in the pipeline file */
    char *text; /* as written */
};

struct mp_layer_entry {
    const char *name;
    const struct mp_layer *layer;
};
extern const struct mp_layer_entry mp_layers_found[]; /* ends with a NULL name */

/* Errors of a layer begin with its own line and name: mp_layer_where() says so and
 * gives back what stood before, for mp_where_restore(). */
struct mp_where {
    char text[512];
};
struct mp_where mp_layer_where(struct mp_ctx *c, int line, const char *name);
void mp_where_restore(struct mp_ctx *c, const struct mp_where *before);

/* ------------------------------------------------------------ activations */

/* Choices of a parameter `act`; the same order as enum mp_act. */
#define MP_ACTS "none|relu|leaky|tanh|sigmoid|gelu"
enum mp_act { MP_ACT_NONE, MP_ACT_RELU, MP_ACT_LEAKY, MP_ACT_TANH, MP_ACT_SIGMOID, MP_ACT_GELU };

/* n values in place.  gelu needs its input again: it is kept in `saved` (n floats),
 * which the others do not touch. */
void mp_act_forward(enum mp_act act, float *y, size_t n, float *saved);

/* dy becomes the gradient before the activation. */
void mp_act_backward(enum mp_act act, const float *y, const float *saved, float *dy, size_t n);

void mp_act_forward_bf16(enum mp_act act, mp_bf16 *y, size_t n, float *saved);
void mp_act_backward_bf16(enum mp_act act, const mp_bf16 *y, const float *saved, mp_bf16 *dy,
                          size_t n);

#endif
