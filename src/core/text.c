/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c - a text in memory. */
#include "core/text.h"
#include "core/ctx.h"
#include <stdlib.h>
#include <string.h>

int mp_text_open(struct mp_ctx *c, struct mp_text *t)
{
    *t = (struct mp_text){ .f = NULL };
    t->f = open_memstream(&t->at, &t->n);
    return t->f != NULL ? MP_OK : mp_no_memory(c, "a text");
}

char *mp_text_end(struct mp_ctx *c, struct mp_text *t)
{
    const bool cut = fflush(t->f) != 0 || ferror(t->f);
    char *text = NULL;
    if (fclose(t->f) == 0 && !cut)
        text = t->at;
    else
        free(t->at);
    t->f = NULL;
    t->at = NULL;
    if (text == NULL)
        mp_no_memory(c, "a text");
    return text;
}

void mp_text_discard(struct mp_text *t)
{
    if (t->f != NULL)
        fclose(t->f);
    free(t->at);
    *t = (struct mp_text){ .f = NULL };
}

size_t mp_text_mark(const char *text, size_t n)
{
    return n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}
