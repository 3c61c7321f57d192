/* SPDX-License-Identifier: GPL-3.0-or-later */
/* liblinear.c - what liblinear is asked for, by the header of version 2.41 and newer, which may
 * not be the one here.
 *
 * There `struct parameter` has a field regularize_bias that is 1 in the library's own program;
 * 0, as a field left out is, makes dual solvers refuse and primal ones give other weights.  So
 * linear_model.c is compiled here with that header, and a library that notes what it is given. */
#include "config.h"
#define _LIBLINEAR_H /* in place of what the system has */
#define LIBLINEAR_VERSION 250
#undef HAVE_STRUCT_PARAMETER_REGULARIZE_BIAS
#define HAVE_STRUCT_PARAMETER_REGULARIZE_BIAS 1
#include "../tap.h"
#include "core/ctx.h"

struct feature_node {
    int index;
    double value;
};

struct problem {
    int l, n;
    double *y;
    struct feature_node **x;
    double bias;
};

enum {
    L2R_LR, L2R_L2LOSS_SVC_DUAL, L2R_L2LOSS_SVC, L2R_L1LOSS_SVC_DUAL, MCSVM_CS, L1R_L2LOSS_SVC,
    L1R_LR, L2R_LR_DUAL
};

struct parameter {
    int solver_type;
    double eps, C;
    int nr_weight, *weight_label;
    double *weight, p, nu, *init_sol;
    int regularize_bias;
    bool w_recalc;
};

struct model {
    struct parameter param;
    int nr_class, nr_feature;
    double *w;
    int *label;
    double bias, rho;
};

/* Declared for their types; the program calls what its table has. */
const char *check_parameter(const struct problem *problem, const struct parameter *p);
void free_and_destroy_model(struct model **model);
int save_model(const char *path, const struct model *model);
void set_print_string_function(void (*print)(const char *));
struct model *train(const struct problem *problem, const struct parameter *p);

#include "../../src/linear/linear_model.c"

static struct parameter given;

/* It says no, so that nothing is trained. */
static const char *note(const struct problem *problem, const struct parameter *p)
{
    (void)problem;
    given = *p;
    return "noted";
}

int main(void)
{
    static const int solvers[] = { L2R_LR, L2R_L2LOSS_SVC_DUAL, L2R_L2LOSS_SVC,
                                   L2R_L1LOSS_SVC_DUAL, MCSVM_CS, L1R_L2LOSS_SVC, L1R_LR,
                                   L2R_LR_DUAL };
    struct tap t = { 0 };
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    linear.check_parameter = note;
    mp_ctx_init(&c, &run);
    for (size_t i = 0; i < sizeof solvers / sizeof *solvers; i++) {
        struct mp_linear m = { .features = 3, .columns = 1, .bias = 1 };
        const struct mp_linear_params p = { .C = 0.25 };
        double share = 0, y[2] = { 1, -1 };
        const struct mp_passes rows = { .n = 2, .d = 3 };
        struct job j = { .m = &m, .p = &p, .rows = rows, .solver = solvers[i],
                         .shares = &share };
        given.regularize_bias = -1;
        const bool noted = train_one(&c, &j, 0, y, 0, NULL, NULL) == NULL &&
                           strcmp(c.msg, "liblinear: noted") == 0;
        tap_ok(&t, noted && given.solver_type == solvers[i] && given.C == 0.25 &&
                       given.regularize_bias == 1 && !given.w_recalc,
               "-s %d: the constant is regularized", solvers[i]);
        c.msg[0] = '\0';
    }
    mp_ctx_free(&c);
    return tap_end(&t);
}
