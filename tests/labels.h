/* SPDX-License-Identifier: GPL-3.0-or-later */
/* labels.h - for tests of rows whose labels are numbers. */
#ifndef LABELS_H
#define LABELS_H
#include "data/data.h"
#include <stdlib.h>

/* The label of row i; -1: its class has no number for a name. */
static inline long label_of(const struct mp_data *d, size_t i)
{
    char *end;
    const char *name = mp_data_class(d, i);
    const long v = strtol(name, &end, 10);
    return *end == '\0' ? v : -1;
}

/* Whether rows are labelled so. */
static inline bool labels_are(const struct mp_data *d, const uint8_t *label, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (label_of(d, i) != label[i])
            return false;
    return true;
}
#endif
