/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contact.h - rows of a data set after every stage, as pictures side by side.
 *
 * Images are drawn as they are, in colour where they have three channels; other channels are
 * tiles.  A vector is folded: where
 * the names of its values tell places ("hog[y=2,x=3,b=5]"), into an image of channels;
 * where it has as many values as the rows before it, as those are ("pixels"); otherwise
 * into a rectangle, row after row.
 *
 * An image's ink runs from 0 (white) to 1 (black).  A vector's values run from the 1st to
 * the 99th percentile of those collected, so that one outlier does not hide the rest; where
 * both signs occur, 0 is the grey in the middle. */
#ifndef MP_CONTACT_H
#define MP_CONTACT_H
#include "data/data.h"
#include "image/picture.h"
#include "pipeline/pipeline.h"

/* What there is to collect. */
struct mp_contact_ask {
    struct mp_plan *plan;      /* fitted up to node `last` */
    int last;                  /* the last node to show; -1: the rows as they were read */
    const struct mp_data *d;
    const size_t *rows;        /* which rows of d, in the order shown */
    size_t n;
    bool training;             /* d are the training rows: stages that change only those do so */
    int epochs;                /* then, how many draws of them to show */
    bool layers;               /* in place of a model's scores, what is to be seen inside it */
    bool alone;                /* then, of the stages no more than that, and the data */
    int views;                 /* then, how many places of node `last`; 0: all */
    int channels;              /* of a picture with more, draw so many; 0: all */
};

/* Whether node k has places inside to look at; place i of them, as view() of learner.h. */
bool mp_contact_inside(const struct mp_plan *p, int k);
int mp_contact_view(struct mp_ctx *c, const struct mp_plan *p, int k, int i, struct mp_view *v);

/* A stage, or one epoch of a stage that gives other rows every epoch. */
struct mp_contact_column {
    int node;                  /* -1: the rows as they were read */
    int view;                  /* which place inside it; -1: what it gives */
    int epoch;                 /* 1, 2 ...; 0: the same every time */
    bool copy;                 /* epoch counts copies, which a stage makes, and no epochs */
    char name[64];             /* "data", "deskew" */
    struct mp_shape shape;
    bool image;                /* values lie in places, by rows and columns */
    bool folded;               /* they lie in none, and are folded into lines to be drawn */
    bool colour;               /* its three channels are one picture, red, green and blue */
    int h, w, channels;        /* the picture in its own pixels; channels are tiles */
    int tile_h, tile_w, shown; /* of one channel; how many of them are drawn */
    float low, high;           /* values drawn white and black */
    float *x;                  /* n * mp_len(shape) values */
};

enum { MP_CONTACT_LETTERS = 12, MP_CONTACT_LABEL = 4 * MP_CONTACT_LETTERS + 1 };

struct mp_contact_row {
    uint64_t number;           /* of the row in its file: a CSV's line, or an item */
    char label[MP_CONTACT_LABEL]; /* the first letters of its class's name; "": none */
};

struct mp_contact {
    size_t n;
    struct mp_contact_row *rows;
    const char *word;          /* what the numbers count: "line" or "item" */
    struct mp_contact_column *columns;
    int n_columns;
};

/* Of a picture that shows them: 3, or 1 where there is no colour. */
int mp_contact_bands(const struct mp_contact *k);

/* The last node, up to ask->last, whose pictures a sheet still holds; -1: the data alone; -2: not
 * even that. */
int mp_contact_last(struct mp_ctx *c, const struct mp_contact_ask *ask);

/* Fails where mp_contact_collect() would for want of room: to be asked before long work. */
int mp_contact_check(struct mp_ctx *c, const struct mp_contact_ask *ask);

/* The column of the data, then those of nodes 0 .. last.  Negative: mp_fail() said why,
 * and there is nothing to free. */
int mp_contact_collect(struct mp_ctx *c, const struct mp_contact_ask *ask, struct mp_contact *k);
void mp_contact_free(struct mp_contact *k);

/* Up to `most` rows that stand for all: the first of each class, in the order of classes;
 * without labels the first rows.  Returns how many. */
size_t mp_contact_typical(const struct mp_data *d, size_t *rows, size_t most);

/* Whether a node up to `last` gives other training rows every epoch. */
bool mp_contact_draws(const struct mp_plan *p, int last);

/* Size of a column's pictures within most_h x most_w pixels: enlarged a whole number of
 * times, or shrunk by averaging. */
void mp_contact_size(const struct mp_contact_column *col, int most_h, int most_w, int *h, int *w);

/* Row i of a column, in a size of mp_contact_size(), with its corner at (top, left). */
int mp_contact_draw(struct mp_ctx *c, const struct mp_contact_column *col, size_t i, int h, int w,
                    struct mp_picture *p, int top, int left);

/* What stands over a column: its name; "28x28", "28x28x3", or "1152" for a vector; "epoch
 * 1" or "copy 1", or "". */
enum { MP_CAPTION_NAME, MP_CAPTION_SHAPE, MP_CAPTION_EPOCH, MP_CAPTIONS, MP_CAPTION_SIZE = 64 };
void mp_contact_captions(const struct mp_contact_column *col,
                         char text[MP_CAPTIONS][MP_CAPTION_SIZE]);

/* A sheet: rows [row0, row1) and columns [column0, column1), with captions. */
struct mp_contact_part {
    size_t row0, row1;
    int column0, column1;
    int side;                  /* height of the pictures, px; wide ones may have twice the width */
    int letters;               /* how many pixels a dot of a letter has */
};
void mp_contact_sheet_size(const struct mp_contact *k, const struct mp_contact_part *part, int *h,
                           int *w);
int mp_contact_sheet(struct mp_ctx *c, const struct mp_contact *k,
                     const struct mp_contact_part *part, struct mp_picture *p);

/* All of it on one sheet, in the size for paper. */
struct mp_contact_part mp_contact_all(const struct mp_contact *k);

/* All of it in a terminal's width, in one sheet if it fits, otherwise in several. */
struct mp_terminal;
int mp_contact_show(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                    const struct mp_terminal *t);
#endif
