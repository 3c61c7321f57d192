/* logistic.c - logistic regression.
 *
 * Minimises 1/2 |w|^2 + C sum log(1 + exp(-y w.x)), or with the 1-norm |w|, one
 * problem for each class against the rest, by the dense solver (dense_solver.c) or by
 * liblinear; or the multinomial loss of all classes, by the dense solver.  Cost: the
 * primal solver passes over the rows a few dozen times; unlike the hinge, every row
 * counts in every pass. */
#include "linear_model.h"
#include <linear.h>

static const struct mp_param table[] = {
    MP_PARAM_OF(struct mp_linear_params, solver, .def = "auto",
                .choices = "auto|dense|multinomial|primal|dual|l1reg",
                .doc = "One logistic model for each class against the rest, or with multinomial one\n"
           "model of all classes, whose scores are logits.  A score is the log odds w.x + b.\n"
           "A little less accurate than svm on digits.  dense and multinomial take rows of\n"
           "floats and all classes at once, by truncated Newton steps, and stop when a step\n"
           "was to lower the objective by no more than the share `tolerance`; dense\n"
           "minimises what primal and dual of liblinear do.  auto is dense but where rows\n"
           "are few or mostly zeros; the report tells which solver ran.  Memory while\n"
           "training: 4 bytes for each value, or for liblinear 16 for each that is not zero.\n"
           "Reference: Fan and others 2008, LIBLINEAR; Lin, Weng, Keerthi 2008, Trust region\n"
           "Newton method for large-scale logistic regression.",
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
