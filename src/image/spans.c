/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spans.c - the connected parts of a plane. */
#include "image/spans.h"

int mp_spans_new(struct mp_ctx *c, struct mp_spans *s, int h, int w)
{
    const size_t most = (size_t)h * (size_t)((w + 1) / 2), words = sizeof *s->at / sizeof(float);

    *s = (struct mp_spans){ .h = h, .w = w,
                            .at = (struct mp_span *)(void *)mp_scratch(c, most * words) };
    return s->at == NULL ? -1 : MP_OK;
}

static int root(struct mp_span *at, int i)
{
    while (at[i].part != i) {
        at[i].part = at[at[i].part].part;
        i = at[i].part;
    }
    return i;
}

/* The earlier span stands for both parts. */
static void join(struct mp_span *at, int i, int k)
{
    i = root(at, i);
    k = root(at, k);
    if (i < k)
        at[k].part = i;
    else
        at[i].part = k;
}

/* Joins the spans `row` .. n - 1 of a row to those of the row before, above .. row - 1, that they
 * touch. */
static void join_rows(struct mp_spans *s, int above, int row, int reach)
{
    struct mp_span *at = s->at;

    for (int i = above, k = row; i < row && k < s->n;) {
        if (at[i].from < at[k].to + reach && at[k].from < at[i].to + reach)
            join(at, i, k);
        if (at[i].to < at[k].to)
            i++;
        else
            k++;
    }
}

void mp_spans_find(struct mp_spans *s, const float *plane, float level, bool above, bool corners)
{
    int last = 0;

    s->n = 0;
    for (int y = 0; y < s->h; y++, plane += s->w) {
        const int row = s->n;
        for (int x = 0; x < s->w; x++) {
            if ((plane[x] > level) != above)
                continue;
            const int from = x;
            while (x < s->w && (plane[x] > level) == above)
                x++;
            s->at[s->n] = (struct mp_span){ .y = y, .from = from, .to = x, .part = s->n };
            s->n++;
        }
        join_rows(s, last, row, corners);
        last = row;
    }
    for (int i = 0; i < s->n; i++)
        s->at[i].part = root(s->at, i);
}
