/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_weights.c - how much rows of each class count in training. */
#include "linear/class_weights.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_weights(struct mp_ctx *c, const char *text, const char *const *names, int k,
                        double *weight)
{
    for (int i = 0; i < k; i++)
        weight[i] = 1;
    for (const char *at = text; *at != '\0';) {
        const size_t n = strcspn(at, ":");
        int used = 0, i = 0;
        double value;
        if (n < 1 || sscanf(at + n, ":%lf%n", &value, &used) != 1 || !(value > 0) || value > 1e9 ||
            (at[n + (size_t)used] != ',' && at[n + (size_t)used] != '\0'))
            return mp_fail(c, "weights=%s: expected balanced or LABEL:WEIGHT,... with weights "
                           "above 0", text);
        while (i < k && (strncmp(names[i], at, n) != 0 || names[i][n] != '\0'))
            i++;
        if (i == k)
            return mp_fail(c, "weights=%s: label %.*s does not occur in the training rows", text,
                           (int)n, at);
        weight[i] = value;
        at += n + (size_t)used;
        at += *at == ',';
    }
    return MP_OK;
}

static int balance(struct mp_ctx *c, const int *y, size_t n, size_t k, double *weight)
{
    size_t *rows = mp_alloc(c, k, sizeof *rows), there = 0;
    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        there += rows[y[i]]++ == 0;
    for (size_t j = 0; j < k; j++)
        weight[j] = rows[j] > 0 ? (double)n / ((double)there * (double)rows[j]) : 1;
    free(rows);
    return MP_OK;
}

int mp_class_weights(struct mp_ctx *c, const char *text, const int *y, size_t n, double *weight)
{
    const char *const *names;
    const int k = mp_classes(c, &names);
    return strcmp(text, "balanced") == 0 ? balance(c, y, n, (size_t)k, weight)
                                         : read_weights(c, text, names, k, weight);
}
