/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_rows.h - rows of values in a CSV file, as fast as they come.
 * Private to formats/. */
#ifndef MP_CSV_ROWS_H
#define MP_CSV_ROWS_H
#include "data/data.h"
#include "formats/input.h"

/* Bytes of the longest line that is right, its end and some more included. */
static inline size_t mp_csv_longest(size_t columns)
{
    return 4 * columns + 64;
}

/* A line: the label, unless `label` is NULL, and n values; returns the next line, or NULL
 * if something is wrong.  May look MP_INPUT_PAD bytes past `end`, never past 4 bytes a
 * value. */
const uint8_t *mp_csv_row(const uint8_t *p, const uint8_t *end, uint8_t *label, uint8_t *out,
                          size_t n);

/* The same with the vector instructions that mp_csv_has_wide() tells of: AVX-512 VBMI2.  It
 * refuses more: lines that end in \r\n, and the last if nothing ends it.  What lies
 * MP_INPUT_PAD bytes before p and past `end` can be read. */
bool mp_csv_has_wide(void);
const uint8_t *mp_csv_row_wide(const uint8_t *p, const uint8_t *end, uint8_t *label, uint8_t *out,
                               size_t n);

/* What the values of a line are. */
struct mp_columns {
    size_t n;        /* values in a line, at least one of them a pixel */
    size_t label;    /* the value that is the label; n: none is */
    uint32_t *pixel; /* the value that each pixel has */
    bool order;      /* they are not simply all behind the label, or all there are */
};

/* A line of the values of which `q` tells; `line` has room for them.  Wide or not, as above. */
const uint8_t *mp_csv_line(const uint8_t *p, const uint8_t *end, const struct mp_columns *q,
                           uint8_t *line, uint8_t *label, uint8_t *out, bool wide);

/* Takes rows from the input's position on, on all threads, up to the first line that is
 * not right, the last one if nothing ends it, or the end; the input stands there then.
 * d->shape is known; fills d->x, *label and d->n, with *room rows in memory.  Takes
 * nothing from what is no file, or a small one. */
int mp_csv_rows(struct mp_input *in, struct mp_data *d, const struct mp_columns *q,
                uint8_t **label, size_t *room);

#endif
