/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_evidence.h - the first rows of a table, which tell what its columns are.
 * Private to formats/. */
#ifndef MP_CSV_EVIDENCE_H
#define MP_CSV_EVIDENCE_H
#include "formats/csv_cells.h"

struct mp_evidence {
    size_t rows, columns;
    float *v;      /* rows x columns; NAN: a word; -NAN: nothing */
    bool all;      /* these are all rows of the file */
};

/* Looks at lines of so many cells in the input's buffer, from `p` on. */
int mp_evidence_look(const struct mp_input *in, const uint8_t *p, const struct mp_dialect *s,
                     size_t columns, struct mp_evidence *e);
void mp_evidence_free(struct mp_evidence *e);

/* What a column holds. */
struct mp_seen {
    size_t n, most;    /* how many values there are; rows of the most frequent */
    float low, high;
    bool whole;        /* all are numbers, and whole */
    size_t words;      /* rows with one */
};
struct mp_seen mp_evidence_of(const struct mp_evidence *e, size_t column);

/* Whether a column has a word in every row. */
bool mp_evidence_words(const struct mp_evidence *e, size_t column);

/* Whether a column counts the rows by one, in so many of them that it can be no other's. */
bool mp_evidence_counts(const struct mp_evidence *e, size_t column);

/* Whether labels stand there, with a column of pixels beside it; the more the later. */
enum mp_like {
    MP_LIKE_PIXEL,   /* hardly: one value nearly everywhere, or those of its neighbour */
    MP_LIKE_SPREAD,  /* few of many numbers, as levels are and classes seldom */
    MP_LIKE_EITHER,
    MP_LIKE_LABEL    /* words, or few whole numbers, close together, each more than once */
};
enum mp_like mp_evidence_like(const struct mp_evidence *e, size_t column, size_t beside);

/* Whether columns from .. from + n - 1 hold a single 1 and zeros, in another place in some. */
bool mp_evidence_one_hot(const struct mp_evidence *e, size_t from, size_t n);
#endif
