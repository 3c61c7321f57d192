/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear_model.h - linear models: rows in, one weight vector per class out.
 *
 * One against the rest: a row's score for a class is w . x + b, and the classes
 * are independent problems.  Crammer and Singer's machine and multinomial regression
 * train all classes in one.  Two solvers of the same objectives: dense_solver.h takes
 * rows of floats and all classes at once; liblinear takes the values that are not zero
 * and trains classes side by side.  The functions are a stage's hooks; a model adds its
 * solvers and its text.
 * liblinear: Fan, Chang, Hsieh, Wang, Lin 2008, "LIBLINEAR: a library for large
 * linear classification". */
#ifndef MP_LINEAR_MODEL_H
#define MP_LINEAR_MODEL_H
#include "linear/class_weights.h"
#include "linear/loss.h"
#include "linear/passes.h"

struct mp_linear_params {
    int solver; /* order of the model's .choices */
    double C, tolerance, bias;
    char *weights;
};

/* The rows that all linear models share, after `solver`. */
#define MP_LINEAR_PARAMS                                                                    \
    MP_PARAM_OF(struct mp_linear_params, C, .def = "1", .min = 1e-9, .max = 1e9,            \
                .doc = "weight of the errors against the size of the weights"),             \
    MP_PARAM_OF(struct mp_linear_params, tolerance, .def = "0", .min = 0, .max = 10,        \
                .doc = "when to stop; 0 takes the solver's own: 0.001 for the dense one "   \
                       "and for multinomial, 0.1 for liblinear's dual ones, 0.01 for the "  \
                       "others"),                                                           \
    MP_PARAM_OF(struct mp_linear_params, bias, .def = "1", .min = -1, .max = 1e6,           \
                .doc = "value of a constant feature; below 0 there is no offset"),          \
    MP_CLASS_WEIGHTS(struct mp_linear_params, "C of rows")

/* The state of a linear model. */
struct mp_linear {
    uint64_t features;
    uint64_t columns;                    /* weight vectors: classes, or 1 when there are two */
    uint64_t classes;
    double bias;                         /* value of the constant feature; below 0: none */
    double *w;                           /* columns x (features + 1): weights, then the offset */
};

/* What a name among a model's solvers stands for. */
struct mp_linear_solver {
    enum { MP_LINEAR_LIBLINEAR, MP_LINEAR_DENSE, MP_LINEAR_AUTO } method;
    enum mp_loss_kind loss;  /* of the dense solver */
    int liblinear;           /* liblinear's number (L2R_L2LOSS_SVC ...); of the dense solver
                                that of a model file of its kind */
};

/* Loads what training takes unless it is there.  Negative after an mp_fail(). */
int mp_linear_prepare(struct mp_ctx *c);

/* liblinear's version of the build; whether it is loaded. */
bool mp_linear_version(char *text, size_t size);

/* Refuses parameters that no rows can fit; any rows fit. */
int mp_linear_shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                    struct mp_shape *out);

/* For done(): trains from these rows, most often mp_passes_of().  liblinear is given a copy of
 * 16 bytes per value that is not zero.  MP_LINEAR_AUTO takes the dense solver where that is
 * faster: for rows of many values that are not mostly zeros. */
int mp_linear_train(struct mp_ctx *c, const void *params, void *state,
                    const struct mp_linear_solver *solver, const struct mp_passes *rows);

/* Scores are decision values, summed in double, rounded to float. */
int mp_linear_apply(struct mp_ctx *c, const void *params, const void *state,
                    const struct mp_chunk *in, struct mp_chunk *out);

int mp_linear_io(struct mp_io *io, void *state);
void mp_linear_clear(void *state);

/* For pictures(): the weights of each class. */
int mp_linear_pictures(struct mp_ctx *c, const void *params, const void *state,
                       struct mp_shape image, const struct mp_viewer *v);

/* For native(): a model file that liblinear-predict reads. */
int mp_linear_save(struct mp_ctx *c, const void *state, int solver, const char *path);

#endif
