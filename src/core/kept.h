/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept.h - warnings kept for a report, each once; where there is no memory for one, the last says
 * that there was more. */
#ifndef MP_KEPT_H
#define MP_KEPT_H
#include <stdbool.h>

struct mp_kept {
    char **text;
    int n;
    bool lost; /* some found no memory */
};

/* Whether it was not known yet; only one thread at a time. */
bool mp_keep(struct mp_kept *k, const char *text);

int mp_kept_count(const struct mp_kept *k);
const char *mp_kept_at(const struct mp_kept *k, int i);
void mp_kept_free(struct mp_kept *k);

#endif
