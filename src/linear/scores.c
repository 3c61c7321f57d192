/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scores.c - what models that compare classes one by one give as scores. */
#include "linear/scores.h"
#include <math.h>
#include <stdlib.h>

/* Floats hold more; twice that, less one, is still one. */
static const double least = -1e37;

void mp_class_scores(const double *s, size_t classes, float *out)
{
    double low = 0;
    for (size_t j = 0; j < classes; j++)
        if (!isinf(s[j]))
            low = fmin(low, s[j]);
    low = fmax(low, least);
    for (size_t j = 0; j < classes; j++)
        out[j] = (float)(isinf(s[j]) ? 2 * low - 1 : fmax(s[j], least));
}

void mp_log_probabilities(double *s, size_t classes, float *out)
{
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < classes; j++)
        top = fmax(top, s[j]);
    for (size_t j = 0; j < classes; j++)
        sum += exp(s[j] - top);
    for (size_t j = 0; j < classes; j++)
        s[j] = fmin(0, s[j] - top - log(sum));
    mp_class_scores(s, classes, out);
}

int mp_class_pictures(struct mp_ctx *c, const double *values, size_t classes, size_t d,
                      struct mp_shape image, const struct mp_viewer *v)
{
    const char *const *names;
    if (mp_len(image) != d || (size_t)mp_classes(c, &names) != classes)
        return MP_OK;
    float *x = mp_alloc(c, d, sizeof *x);
    int rc = x != NULL ? MP_OK : -1;
    for (size_t k = 0; k < classes && rc == MP_OK; k++) {
        char name[600];
        for (size_t j = 0; j < d; j++)
            x[j] = (float)values[k * d + j];
        snprintf(name, sizeof name, "class %s", names[k]);
        rc = mp_see(c, v, name, x, image, 1);
    }
    free(x);
    return rc;
}
