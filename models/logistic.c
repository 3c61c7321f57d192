/* SPDX-License-Identifier: GPL-3.0-or-later */
/* logistic.c - logistic regression.
 *
 * Minimises 1/2 |w|^2 + C sum log(1 + exp(-y w.x)), or with the 1-norm |w|, one
 * problem for each class against the rest, by the dense solver (dense_solver.c) or by
 * liblinear; or the multinomial loss of all classes, by the dense solver.  Cost: the
 * primal solver passes over the rows a few dozen times; unlike the hinge, every row
 * counts in every pass. */
#include "linear/linear_model.h"
#include <linear.h>

static const struct mp_param table[] = {
    MP_PARAM_OF(struct mp_linear_params, solver, .def = "auto",
                .choices = "auto|dense|multinomial|primal|dual|l1reg",
                .doc = "loss, penalty and method; the last three are liblinear's -s 0, 7 and 6; "
                       "auto is dense, or primal where that is faster"),
    MP_LINEAR_PARAMS,
    MP_END
};

static const struct mp_linear_solver solvers[] = {
    { MP_LINEAR_AUTO, MP_LOGISTIC, L2R_LR },
    { MP_LINEAR_DENSE, MP_LOGISTIC, L2R_LR },
    /* liblinear has no such model; a file of Crammer and Singer's has one vector for each
     * class, too, and is used the same way. */
    { MP_LINEAR_DENSE, MP_MULTINOMIAL, MCSVM_CS },
    { .liblinear = L2R_LR }, { .liblinear = L2R_LR_DUAL }, { .liblinear = L1R_LR },
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

MP_STAGE(logistic) = {
    .brief = "Separate the classes by logistic regression",
    .doc = "A weighted sum of the values for each class, whose weights are chosen so that\n"
           "the right class gets a high probability.\n"
           "\n"
           "One logistic model for each class against the rest, or with multinomial one\n"
           "model of all classes, whose scores are logits.  A score is the log odds w.x + b.\n"
           "A little less accurate than svm on digits.  dense and multinomial take rows of\n"
           "floats and all classes at once, by truncated Newton steps, and stop when a step\n"
           "was to lower the objective by no more than the share `tolerance`; dense\n"
           "minimises what primal and dual of liblinear do.  auto is dense but where rows\n"
           "are few or mostly zeros; the report tells which solver ran.  Memory while\n"
           "training: of the dense solver 2 bytes for each value, or 4 where rows are few or\n"
           "16 bits might cost more than a tenth of `tolerance`, told by a sample of them\n"
           "(large C, features of very unlike size); each pass makes rows again that have\n"
           "no room, and 0.2 GiB will do; of liblinear 16 for each that is not zero.\n"
           "Reference: Fan and others 2008, LIBLINEAR; Lin, Weng, Keerthi 2008, Trust region\n"
           "Newton method for large-scale logistic regression.",
    .example = "logistic C=0.1",
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
