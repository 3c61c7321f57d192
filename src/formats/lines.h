/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lines.h - text whose lines are rows of numbers, taken apart on all threads.
 * Private to formats/. */
#ifndef MP_LINES_H
#define MP_LINES_H
#include "data/data.h"
#include "formats/input.h"
#include "text/decimal.h"

/* A piece of a line. */
struct mp_cell {
    const uint8_t *at; /* NULL: none; of a label: it is the number n */
    size_t n;
};

/* A few characters of it for an error, what is not printable as \xNN. */
enum { MP_CELL_SHOWN = 20, MP_CELL_TEXT = 4 * MP_CELL_SHOWN + 4 };
const char *mp_cell_show(char to[MP_CELL_TEXT], const struct mp_cell *cell);

/* How many values are not like one that was found: "all others", "all others but 2". */
enum { MP_OTHERS_TEXT = 48 };
const char *mp_line_others(char to[MP_OTHERS_TEXT], size_t others);

enum mp_line {
    MP_LINE_ROW,
    MP_LINE_NONE,  /* nothing that is a row: empty, a comment */
    MP_LINE_LEFT,  /* no row either, and something to tell of */
    MP_LINE_WRONG
};

struct mp_line_row {
    float *x;                 /* room for the row's values */
    bool real;                /* a 0 or a 1 is written as a real number: 1.0 */
    struct mp_cell label, id; /* in the line, without quotes; zeroed at first */
    size_t ones;              /* of columns one a class */
};

struct mp_lines {
    struct mp_input *in;
    const struct mp_form *form;
    struct mp_data *d;        /* its shape is known; rows that it has stay */
    uint64_t line;            /* number of the line that comes next */
    bool labels;              /* rows have labels */
    bool counts;              /* their ids count them */
    uint8_t escape;           /* stands before a byte of a label or an id that is meant; 0: none */
    bool must_end;            /* a line without an end may be cut off, and still look right */
    uint64_t left_out;        /* number of the first MP_LINE_LEFT; 0: there is none */
    const void *arg;

    /* Takes a line apart, on any thread.  `end` is without the line's end, and what stands
     * there, or a zero byte, belongs to no number. */
    enum mp_line (*take)(const void *arg, const uint8_t *line, const uint8_t *end,
                         struct mp_line_row *row);

    /* Says why a line was wrong; `ended`: by a line feed, not by the file. */
    int (*refuse)(const struct mp_lines *l, const uint8_t *line, const uint8_t *end, bool ended);

    /* Says that value `i` of the row is none of 0..255, as all others but `others` are. */
    int (*strange)(const struct mp_lines *l, size_t i, float v, size_t others);

    /* Says that an id does not go on counting; may be NULL if none counts. */
    int (*stopped_counting)(const struct mp_lines *l, uint64_t expected);
};

/* Takes all lines from the input's position on.  Whole values 0..255 go into d->x as they
 * are; of others mp_levels_bytes() makes bytes.  l->line is that of a line that was refused. */
int mp_lines_read(struct mp_lines *l);

/* A number of the row; NULL: there is none at `p`. */
static inline const uint8_t *mp_line_value(const uint8_t *p, char point, struct mp_line_row *row,
                                           float *x)
{
    const uint8_t *end = mp_float_read(p, point, x);
    row->real |= end != NULL && end - p > 1 && (p[1] < '0' || p[1] > '9');
    return end;
}

/* Gives a row the label that a cell holds, with `escape` as above; rows come in their order. */
int mp_line_label(struct mp_input *in, struct mp_data *d, size_t row, const struct mp_cell *cell,
                  uint8_t escape);

/* The longest line that is read: a header for 4096 x 4096 pixels fits. */
enum { MP_LINE_MOST = 1 << 28 };
#endif
