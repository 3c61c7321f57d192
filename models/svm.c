/* SPDX-License-Identifier: GPL-3.0-or-later */
/* svm.c - linear support vector machine.
 *
 * Minimises 1/2 |w|^2 + C sum max(0, 1 - y w.x)^p, or with the 1-norm |w|, one
 * problem for each class against the rest, by the dense solver (dense_solver.c) or by
 * liblinear's coordinate descent (dual) or trust-region Newton method (primal).  Cost
 * of the dual: passes over the rows until the tolerance is reached, each pass one
 * multiply-add per value that is not zero and class; more passes the larger C is. */
#include "linear/linear_model.h"
#include <linear.h>

static const struct mp_param table[] = {
    MP_PARAM_OF(struct mp_linear_params, solver, .def = "auto",
                .choices = "auto|dense|l2loss_dual|l2loss_primal|l1loss_dual|crammer_singer|l1reg",
                .doc = "loss, penalty and method; the last five are liblinear's -s 1, 2, 3, 4 "
                       "and 5; auto is dense, or l2loss_dual where that is faster"),
    MP_LINEAR_PARAMS,
    MP_END
};

static const struct mp_linear_solver solvers[] = {
    { MP_LINEAR_AUTO, MP_SQUARED_HINGE, L2R_L2LOSS_SVC_DUAL },
    { MP_LINEAR_DENSE, MP_SQUARED_HINGE, L2R_L2LOSS_SVC },
    { .liblinear = L2R_L2LOSS_SVC_DUAL }, { .liblinear = L2R_L2LOSS_SVC },
    { .liblinear = L2R_L1LOSS_SVC_DUAL }, { .liblinear = MCSVM_CS },
    { .liblinear = L1R_L2LOSS_SVC },
};

static const struct mp_linear_solver *solver(const struct mp_linear_params *p)
{
    return &solvers[p->solver];
}

static bool rounds(const void *params)
{
    return solver(params)->method != MP_LINEAR_LIBLINEAR;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct mp_passes rows = mp_passes_of(c);
    return mp_linear_train(c, params, state, solver(params), &rows);
}

static int native(struct mp_ctx *c, const void *params, const void *state, const char *path)
{
    return mp_linear_save(c, state, solver(params)->liblinear, path);
}

MP_STAGE(svm) = {
    .brief = "Separate the classes by a linear support vector machine",
    .doc = "A weighted sum of the values for each class, whose weights are chosen so that\n"
           "rows of the class lie on one side, at a distance, and all others on the other.\n"
           "\n"
           "One hyperplane for each class against the rest.  A score is the decision value\n"
           "w.x + b.  Features of very different sizes should be standardized first.  C is\n"
           "best chosen on held-out training rows.  The dense solver takes rows of floats\n"
           "and all classes at once, by truncated Newton steps; it minimises what\n"
           "l2loss_primal and l2loss_dual of liblinear do and stops when a step was to\n"
           "lower the objective by no more than the share `tolerance`.  auto takes it but\n"
           "where rows are few or mostly zeros; the report tells which solver ran.  Of\n"
           "liblinear's, dual ones slow down as C grows, and l2loss_primal is then the\n"
           "better choice; l1reg sets most weights to zero.  Memory while training: of the\n"
           "dense solver 2 bytes for each value, or 4 where rows are few or 16 bits might\n"
           "cost more than a tenth of `tolerance`, told by a sample of them (large C,\n"
           "features of very unlike size); each pass makes rows again that have no room,\n"
           "and 0.2 GiB will do; of liblinear 16 for each that is not zero.\n"
           "Reference: Fan and others 2008, LIBLINEAR; Keerthi, DeCoste 2005, A modified\n"
           "finite Newton method for fast solution of large scale linear SVMs.",
    .example = "svm C=0.1",
    .params = table,
    .params_size = sizeof(struct mp_linear_params),
    .state_size = sizeof(struct mp_linear),
    .shape = mp_linear_shape,
    .done = done,
    .io = mp_linear_io, .clear = mp_linear_clear,
    .apply = mp_linear_apply,
    .learner = MP_LEARNER(.learns = MP_IN_PASSES, .rounds = rounds, .prepare = mp_linear_prepare,
                          .pictures = mp_linear_pictures,
                          .native_suffix = ".liblinear", .native = native),
};
