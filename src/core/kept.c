/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept.c - warnings kept for a report. */
#include "core/kept.h"
#include <stdlib.h>
#include <string.h>

bool mp_keep(struct mp_kept *k, const char *text)
{
    for (int i = 0; i < k->n; i++)
        if (strcmp(k->text[i], text) == 0)
            return false;
    char *copy = strdup(text);
    char **more = copy != NULL ? realloc(k->text, (size_t)(k->n + 1) * sizeof *more) : NULL;
    if (more != NULL) {
        k->text = more;
        k->text[k->n++] = copy;
    } else {
        free(copy);
        k->lost = true;
    }
    return true;
}

int mp_kept_count(const struct mp_kept *k)
{
    return k->n + k->lost;
}

const char *mp_kept_at(const struct mp_kept *k, int i)
{
    return i < k->n ? k->text[i] : "there were more warnings, for which there was no memory";
}

void mp_kept_free(struct mp_kept *k)
{
    for (int i = 0; i < k->n; i++)
        free(k->text[i]);
    free(k->text);
    *k = (struct mp_kept){ .n = 0 };
}
