/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exemplars.h - training images that a bundle keeps, to be shown beside new ones.
 *
 * They are spread evenly: every class has as many, those with fewer rows all they have, and
 * within a class they stand as far apart in the file as they can.  So the same rows and number
 * give the same images. */
#ifndef MP_EXEMPLARS_H
#define MP_EXEMPLARS_H
#include "core/state.h"
#include "data/data.h"

struct mp_exemplars {
    size_t n, len;         /* images, in the order of the rows, and values of one */
    unsigned char *x;      /* n * len, as in struct mp_data */
    unsigned char *class;  /* of each a class number: two bytes, the lower first */
    char *called;          /* what the rows are called in their file, a line each */
    size_t *line;          /* where line i begins, and its end; there once they are loaded */
};

/* Copies n of the rows of d, whose class numbers are y; all, if there are not more. */
int mp_exemplars_pick(struct mp_ctx *c, const struct mp_data *d, const int *y, int n_classes,
                      size_t n, struct mp_exemplars *e);

/* Saves or loads; what does not fit to images of `len` values and so many classes is refused. */
int mp_exemplars_io(struct mp_io *io, struct mp_exemplars *e, size_t len, int n_classes);
void mp_exemplars_free(struct mp_exemplars *e);

int mp_exemplars_class(const struct mp_exemplars *e, size_t i);

/* "line 17", "item 16" or the name of a picture. */
enum { MP_EXEMPLAR_NAME = 256 };
void mp_exemplars_name(const struct mp_exemplars *e, size_t i, char text[MP_EXEMPLAR_NAME]);
#endif
