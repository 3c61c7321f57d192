/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_table.c - what is known of a table in text, and what is said of it. */
#include "formats/csv_table.h"
#include "core/ctx.h"
#include <stdlib.h>

enum { NOTE = 512 };

void mp_csv_say(const struct mp_csv *h, const char *fmt, ...)
{
    char text[NOTE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!h->in->shape_only)
        mp_warn(h->in->c, "%s: %s", h->in->name, text);
}

void mp_csv_column_name(const struct mp_csv *h, size_t i, char text[MP_CELL_TEXT])
{
    if (i < h->columns && h->name != NULL && h->kind == MP_CSV_NAMES)
        mp_cell_show(text, &h->name[i]);
    else if (i < h->columns && h->to[i] < 0)
        snprintf(text, MP_CELL_TEXT, "%s", i == h->label ? "label" : "no pixel");
    else
        snprintf(text, MP_CELL_TEXT, "pixel%zu", i < h->columns ? (size_t)h->to[i] : i);
}

int mp_csv_strange(const struct mp_lines *l, const struct mp_csv *h, size_t pixel, float v,
                   size_t others)
{
    char name[MP_CELL_TEXT], more[MP_OTHERS_TEXT];
    size_t i = 0;
    while (h->to[i] != (int32_t)pixel)
        i++;
    mp_csv_column_name(h, i, name);
    return mp_fail(l->in->c, "%s: line %llu, column %zu (%s): found %g, expected 0..255 as %s are; "
                   "range=LOW..HIGH says otherwise", l->in->name, (unsigned long long)l->line,
                   i + 1, name, (double)v, mp_line_others(more, others));
}

void mp_csv_close(struct mp_csv *h)
{
    mp_evidence_free(&h->e);
    free(h->line);
    free(h->name);
    free(h->to);
    free(h->hot);
}
