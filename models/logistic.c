/* logistic.c - logistic regression.
 *
 * Minimises 1/2 |w|^2 + C sum log(1 + exp(-y w.x)), or with the 1-norm |w|, one
 * problem for each class against the rest, by liblinear.  Cost: the primal
 * solver passes over the rows a few dozen times; unlike the hinge, every row
 * counts in every pass. */
#include "linear_model.h"
#include <linear.h>

static const struct mp_param table[] = {
    MP_PARAM_OF(struct mp_linear_params, solver, .def = "primal", .choices = "primal|dual|l1reg",
                .doc = "penalty and method; liblinear's -s 0, 7 and 6"),
    MP_LINEAR_PARAMS,
    MP_END
};

static int solver_number(const struct mp_linear_params *p)
{
    static const int numbers[] = { L2R_LR, L2R_LR_DUAL, L1R_LR };
    return numbers[p->solver];
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    return mp_linear_train(c, params, state, solver_number(params));
}

static int native(struct mp_ctx *c, const void *params, const void *state, const char *path)
{
    return mp_linear_save(c, state, solver_number(params), path);
}

MP_STAGE(logistic) = {
    .brief = "Separate the classes by logistic regression",
    .doc = "One logistic model for each class against the rest, found by liblinear; the\n"
           "classes are trained side by side.  A score is the log odds w.x + b.  A\n"
           "little less accurate than svm on digits, and slower.  Memory while training:\n"
           "16 bytes for each value that is not zero.\n"
           "Reference: Fan and others 2008, LIBLINEAR.",
    .example = "logistic C=0.1",
    .params = table,
    .params_size = sizeof(struct mp_linear_params),
    .state_size = sizeof(struct mp_linear),
    .fit = mp_linear_fit, .merge = mp_linear_merge, .done = done,
    .io = mp_linear_io, .clear = mp_linear_clear,
    .apply = mp_linear_apply,
    .pictures = mp_linear_pictures,
    .native_suffix = ".liblinear",
    .native = native,
};
