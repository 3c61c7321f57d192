#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# FANN 2.2.0 (Debian 12 and 13): fann_data.h says that FANN_SIN is y = sin(x * s) / 2 + 0.5 and
# that training goes by its derivative d = s * cos(x * s) / 2, s being the steepness; likewise for
# FANN_COS, FANN_GAUSSIAN and their symmetric kin.
# Expected: back-propagation moves a weight by the learning rate x the error x the input x d.
# What happens: s is multiplied in twice, d = s * cos(x * s * s) / 2.  That is right for s = 1 only,
# and 0.5 is what every new net has.  Sine and cosine then have another function's derivative, of
# the wrong sign where x is between pi and 2 pi, so that training goes uphill; Gaussians learn at
# half the rate (s * s of it for any s).  Sigmoids, Elliot and linear neurons are right.  Nothing is
# reported: nets with these functions just learn badly.
. "$(dirname "$0")/unpack.bash"

cat >"$here/derivative.c" <<'END'
#include <fann.h>
#include <stdio.h>

/* One neuron, one input of 1 and no bias: the slope that a step of training went by, and that of
   what the neuron gives. */
static void look(enum fann_activationfunc_enum function, float steepness, float weight)
{
    const float step = 0.01F, error = 0.25F;
    fann_type one = 1, out[3];
    struct fann *net = fann_create_standard(2, 1, 1);
    fann_set_activation_function_output(net, function);
    if (steepness != fann_get_activation_steepness(net, 1, 0))
        fann_set_activation_steepness_output(net, steepness);
    fann_set_training_algorithm(net, FANN_TRAIN_INCREMENTAL);
    fann_set_train_error_function(net, FANN_ERRORFUNC_LINEAR);
    fann_set_learning_rate(net, step);
    for (int i = 0; i < 3; i++) {
        struct fann_connection at[2] = { { 0, 2, weight + step * (float)(i - 1) }, { 1, 2, 0 } };
        fann_set_weight_array(net, at, 2);
        out[i] = *fann_run(net, &one);
    }
    struct fann_connection given[2] = { { 0, 2, weight }, { 1, 2, 0 } }, learned[2];
    fann_set_weight_array(net, given, 2);
    fann_type wanted = out[1] + error;
    fann_train(net, &one, &wanted);
    fann_get_connection_array(net, learned);
    printf("%-13s steepness %.1f  x %.1f  slope %6.3f  trained by %6.3f\n",
           FANN_ACTIVATIONFUNC_NAMES[function], steepness, weight, (out[2] - out[0]) / (2 * step),
           (learned[0].weight - weight) / (step * error));
    fann_destroy(net);
}

int main(void)
{
    static const enum fann_activationfunc_enum functions[] = { FANN_SIGMOID, FANN_ELLIOT,
                                                               FANN_GAUSSIAN, FANN_SIN, FANN_COS };
    for (int i = 0; i < 5; i++) {
        look(functions[i], 0.5F, 1);
        look(functions[i], 0.5F, 4);
        look(functions[i], 1, 2);
    }
    return 0;
}
END
unpack bookworm libfann-dev=2.2.0+ds-8
gcc -idirafter "$root/usr/include" "$here/derivative.c" -o "$here/derivative" -lm \
    "$(find "$root" -name 'libfann.so')"
inside "$here/derivative" >"$here/seen"
unpack trixie libfann2=2.2.0+ds-8+b3
inside "$here/derivative" >>"$here/seen"
as_before_on 'FANN_SIGMOID  steepness 0.5  x 1.0  slope  0.197  trained by  0.197' \
    'FANN_SIGMOID  steepness 0.5  x 1.0  slope  0.197  trained by  0.197' <<'END'
FANN_SIGMOID  steepness 0.5  x 4.0  slope  0.018  trained by  0.018
FANN_SIGMOID  steepness 1.0  x 2.0  slope  0.035  trained by  0.035
FANN_ELLIOT   steepness 0.5  x 1.0  slope  0.111  trained by  0.111
FANN_ELLIOT   steepness 0.5  x 4.0  slope  0.028  trained by  0.028
FANN_ELLIOT   steepness 1.0  x 2.0  slope  0.056  trained by  0.056
FANN_GAUSSIAN steepness 0.5  x 1.0  slope -0.389  trained by -0.195
FANN_GAUSSIAN steepness 0.5  x 4.0  slope -0.037  trained by -0.018
FANN_GAUSSIAN steepness 1.0  x 2.0  slope -0.073  trained by -0.073
FANN_SIN      steepness 0.5  x 1.0  slope  0.219  trained by  0.242
FANN_SIN      steepness 0.5  x 4.0  slope -0.104  trained by  0.135
FANN_SIN      steepness 1.0  x 2.0  slope -0.208  trained by -0.208
FANN_COS      steepness 0.5  x 1.0  slope -0.120  trained by -0.062
FANN_COS      steepness 0.5  x 4.0  slope -0.227  trained by -0.210
FANN_COS      steepness 1.0  x 2.0  slope -0.455  trained by -0.455
END
