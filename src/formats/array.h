/* SPDX-License-Identifier: GPL-3.0-or-later */
/* array.h - arrays of numbers, as IDX and NumPy have them: images of one, and labels.
 * Private to formats/. */
#ifndef MP_ARRAY_H
#define MP_ARRAY_H
#include "data/data.h"

struct mp_input; /* formats/input.h */

enum { MP_ARRAY_DIMS = 6 };

struct mp_array {
    char kind;    /* of the values: 'u', 'i', 'f' numbers, 'b' true or false, 'S' text of bytes,
                     'U' text of UCS-4 */
    size_t size;  /* bytes of one */
    bool high;    /* the high byte comes first */
    bool fortran; /* the first index runs fastest */
    int n_dims;
    uint64_t dim[MP_ARRAY_DIMS];
};

/* Images from an array whose values come next, into x, n, shape and range of d:
 *
 *     n x h x w              grey
 *     n x h x w x c          c values a pixel, 1 or 3
 *     n x c x h x w          the same by planes, where c is 1 or 3 and the last is not; it is said
 *     n x d                  rows of the form's size, or square
 *
 * Bytes go where they belong in one copy; true is full ink; of other numbers levels.h finds the
 * range.  Of an in->shape_only the shape alone.  Memory grows with what has been read, never
 * with what `a` claims.  0.02 s for 47 MB of bytes. */
int mp_array_images(struct mp_input *in, const struct mp_array *a, const struct mp_form *form,
                    struct mp_data *d);

/* d->n labels from an array of n, n x 1, or n x k: whole numbers of any type, or text.  Of k
 * columns with one 1 in each row it is the number of that column; otherwise, as in QMNIST, the
 * first is taken; both are said.  Rows with several labels fail. */
int mp_array_labels(struct mp_input *in, const struct mp_array *a, struct mp_data *d);

/* "n x 28 x 28 of f4": for messages. */
void mp_array_text(const struct mp_array *a, char *text, size_t size);
#endif
