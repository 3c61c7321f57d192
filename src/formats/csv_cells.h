/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_cells.h - the dialect of a table in text, and a line of it cell by cell.
 * Private to formats/. */
#ifndef MP_CSV_CELLS_H
#define MP_CSV_CELLS_H
#include "formats/lines.h"

struct mp_dialect {
    uint8_t sep;    /* ',', ';', a tab, or ' ' for one blank or more, tabs included */
    char point;     /* before a fraction: a comma may stand there where it separates nothing */
    bool trailing;  /* a separator ends each line, and no value follows it */
};

/* The cells of a line, one after another, without quotes and the blanks around them. */
struct mp_cells {
    const struct mp_dialect *s;
    const uint8_t *at, *end; /* at NULL: that was the last */
};
struct mp_cells mp_cells_of(const struct mp_dialect *s, const uint8_t *line, const uint8_t *end);
bool mp_cells_next(struct mp_cells *s, struct mp_cell *cell);
size_t mp_cells_count(struct mp_cells s);

/* Whether the cell is that word, in whatever case. */
bool mp_cell_is(const struct mp_cell *cell, const char *word);

/* Whether all of it is a number, or a whole one of at most 18 digits. */
bool mp_cell_number(const struct mp_cell *cell, char point, float *x);
bool mp_cell_whole(const struct mp_cell *cell, uint64_t *v);

/* What stands above the rows and their header. */
struct mp_csv_top {
    struct mp_dialect s;
    uint64_t line;       /* number of the line that comes next */
    uint8_t *comment;    /* the last line of comment, without #; the caller's to free */
    size_t comment_len;
};

/* Leaves out what stands on top: empty lines, comments, "sep=;".  The input stands at the
 * first line then, all of it in its buffer and some more, by which the dialect is told. */
int mp_csv_top(struct mp_input *in, struct mp_csv_top *t);

/* Brings the whole line at the input's position into the buffer; its length without its end. */
int mp_csv_whole_line(struct mp_input *in, uint64_t number, size_t *len);

/* Where the line ends that stands at p, or NULL: not in the buffer.  *next: the next line. */
const uint8_t *mp_csv_line_end(const struct mp_input *in, const uint8_t *p, const uint8_t **next);
#endif
