/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_weights.c - how much rows of each class count in training. */
#include "linear/class_weights.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One of "LABEL:WEIGHT,...". */
struct pair {
    const char *label;
    size_t n; /* its letters */
    double weight;
};

/* What follows ":WEIGHT" at `at`, up to a comma before another or the end; NULL: it is not so. */
static const char *read_weight(const char *at, double *weight)
{
    int used = 0;
    if (sscanf(at, ":%lf%n", weight, &used) != 1 || !(*weight > 0 && *weight <= 1e9))
        return NULL;
    const bool more = at[used] == ',' && at[used + 1] != '\0';
    return more || at[used] == '\0' ? at + used : NULL;
}

/* The next one from *at on: 1; 0: there is none.  The label may have colons. */
static int next_pair(struct mp_ctx *c, const char *text, const char **at, struct pair *p)
{
    const char *behind = NULL;
    if (**at == '\0')
        return 0;
    *p = (struct pair){ *at, strcspn(*at, ":,"), 0 };
    while (p->n > 0 && (*at)[p->n] == ':' && (behind = read_weight(*at + p->n, &p->weight)) == NULL)
        p->n += 1 + strcspn(*at + p->n + 1, ":,");
    if (behind == NULL)
        return mp_fail(c, "weights=%s: expected balanced or LABEL:WEIGHT,... with weights above 0, "
                       "1e9 at most", text);
    *at = behind + (*behind == ',');
    return 1;
}

static int read_weights(struct mp_ctx *c, const char *text, const char *const *names, int k,
                        double *weight)
{
    struct pair p;
    const char *at = text;
    int rc;
    memset(weight, 0, (size_t)k * sizeof *weight);
    while ((rc = next_pair(c, text, &at, &p)) > 0) {
        int i = 0;
        while (i < k && (strncmp(names[i], p.label, p.n) != 0 || names[i][p.n] != '\0'))
            i++;
        if (i == k)
            return mp_fail(c, "weights=%s: label %.*s does not occur in the training rows", text,
                           (int)p.n, p.label);
        if (weight[i] > 0)
            return mp_fail(c, "weights=%s: label %s is given twice", text, names[i]);
        weight[i] = p.weight;
    }
    for (int i = 0; i < k; i++)
        weight[i] = weight[i] > 0 ? weight[i] : 1;
    return rc;
}

static void balance(const uint64_t *rows, size_t k, double *weight)
{
    double n = 0, there = 0;
    for (size_t j = 0; j < k; j++) {
        n += (double)rows[j];
        there += rows[j] > 0;
    }
    for (size_t j = 0; j < k; j++)
        weight[j] = rows[j] > 0 ? n / (there * (double)rows[j]) : 1;
}

static bool balanced(const char *text)
{
    return strcmp(text, "balanced") == 0;
}

int mp_class_weights_check(struct mp_ctx *c, const char *text)
{
    struct pair p;
    int rc = 0;
    for (const char *at = text; !balanced(text) && (rc = next_pair(c, text, &at, &p)) > 0;)
        ;
    return rc;
}

int mp_class_weights_counted(struct mp_ctx *c, const char *text, const uint64_t *rows,
                             double *weight)
{
    const char *const *names;
    const int k = mp_classes(c, &names);
    if (!balanced(text))
        return read_weights(c, text, names, k, weight);
    balance(rows, (size_t)k, weight);
    return MP_OK;
}

int mp_class_weights(struct mp_ctx *c, const char *text, const int *y, size_t n, double *weight)
{
    uint64_t *rows = mp_alloc(c, (size_t)mp_classes(c, NULL), sizeof *rows);
    for (size_t i = 0; rows != NULL && i < n; i++)
        rows[y[i]]++;
    const int rc = rows != NULL ? mp_class_weights_counted(c, text, rows, weight) : -1;
    free(rows);
    return rc;
}
