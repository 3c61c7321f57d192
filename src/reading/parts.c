/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.c - the connected parts of a page's ink, each with its spans in the order of rows. */
#include "reading/sheet.h"
#include "core/ctx.h"
#include "image/spans.h"
#include <stdlib.h>
#include <string.h>

static void grow(struct mp_blob *p, const struct mp_span *a)
{
    p->left = a->from < p->left ? a->from : p->left;
    p->right = a->to > p->right ? a->to : p->right;
    p->top = a->y < p->top ? a->y : p->top;
    p->bottom = a->y + 1 > p->bottom ? a->y + 1 : p->bottom;
    p->area += (size_t)(a->to - a->from);
    p->n++;
}

/* Parts are numbered by their first span; number[] says which is which. */
static int sort(struct mp_ctx *c, const struct mp_spans *s, struct mp_parts *p)
{
    size_t *number = mp_alloc(c, (size_t)s->n, sizeof *number), first = 0;
    p->run = mp_alloc(c, (size_t)s->n, sizeof *p->run);
    for (int i = 0; i < s->n; i++)
        p->n += s->at[i].part == i;
    p->at = mp_alloc(c, p->n, sizeof *p->at);
    if (number == NULL || p->run == NULL || p->at == NULL) {
        free(number);
        return -1;
    }
    p->n = 0;
    for (int i = 0; i < s->n; i++) {
        const struct mp_span *a = &s->at[i];
        if (a->part == i) {
            number[i] = p->n;
            p->at[p->n++] = (struct mp_blob){ .left = a->from, .right = a->to, .top = a->y,
                                              .bottom = a->y + 1 };
        }
        grow(&p->at[number[a->part]], a);
    }
    for (size_t k = 0; k < p->n; k++) {
        p->at[k].first = first;
        first += p->at[k].n;
        p->at[k].n = 0;
    }
    for (int i = 0; i < s->n; i++) {
        struct mp_blob *own = &p->at[number[s->at[i].part]];
        p->run[own->first + own->n++] = (struct mp_stretch){ s->at[i].y, s->at[i].from,
                                                            s->at[i].to };
    }
    free(number);
    return MP_OK;
}

int mp_parts_find(struct mp_ctx *c, const struct mp_sheet *s, struct mp_parts *p)
{
    const size_t n = (size_t)s->h * (size_t)s->w;
    const int mark = mp_scratch_mark(c);
    struct mp_spans spans;
    float *plane = mp_scratch(c, n);
    *p = (struct mp_parts){ .n = 0 };
    int rc = plane != NULL ? mp_spans_new(c, &spans, s->h, s->w) : -1;
    if (rc == MP_OK) {
        for (size_t i = 0; i < n; i++)
            plane[i] = s->ink[i];
        mp_spans_find(&spans, plane, (float)s->level, true, true);
        rc = sort(c, &spans, p);
    }
    mp_scratch_release(c, mark);
    if (rc < 0)
        mp_parts_free(p);
    return rc;
}

void mp_parts_free(struct mp_parts *p)
{
    free(p->at);
    free(p->run);
    *p = (struct mp_parts){ .n = 0 };
}
