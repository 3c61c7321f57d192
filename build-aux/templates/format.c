/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mine.c - values with blanks between them, a row a line. FILL IN: its words.
 *
 * Labels come first, where rows have them.  FILL IN: reference.
 * Written only.  FILL IN: what is read, too, has sniff() and read(): idx.c is the example.
 */
#include "formats/format.h"

/* FILL IN: opens the file, or two, and writes what stands before the rows; w->t tells of them. */
static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    return mp_table_sink(c, w, ".mine");
}

/* Row i of a block.  FILL IN: values are r->x or r->b; mp_table_value() makes text of either. */
static int row(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r, size_t i)
{
    char text[MP_FLOAT_TEXT + 1];

    if (r->label != NULL && (mp_sink_text(c, &w->sink[0], w->t.classes[r->label[i]]) < 0 ||
                             mp_sink_text(c, &w->sink[0], " ") < 0))
        return -1;
    for (size_t j = 0; j < w->d; j++) {
        size_t n = mp_table_value(text, r, i * w->d + j);
        text[n++] = j + 1 < w->d ? ' ' : '\n';
        if (mp_sink_put(c, &w->sink[0], text, n) < 0)
            return -1;
    }
    return MP_OK;
}

/* Rows come in blocks of any size. */
static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (row(c, w, r, i) < 0)
            return -1;
    return MP_OK;
}

MP_FORMAT(mine) = {
    .rank = 9, /* FILL IN: its place among the words of --format */
    .doc = "LABEL VALUE ..., a row a line", /* FILL IN: what is written, for `help export` */
    .begin = begin, .rows = rows, /* FILL IN: and .end, if something stands behind the rows */
};
