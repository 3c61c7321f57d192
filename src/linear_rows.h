/* linear_rows.h - training rows of a linear model, kept once: floats, in blocks. */
#ifndef MP_LINEAR_ROWS_H
#define MP_LINEAR_ROWS_H
#include "stage.h"

struct mp_linear_rows {
    struct mp_linear_rows *next;
    size_t n, room;  /* rows here, and for how many there is room */
    size_t d, values; /* values of a row; how many of all are not zero */
    float *x;
    int *y;
};

/* Appends the chunk's rows to the list that ends in *last. */
int mp_linear_rows_add(struct mp_ctx *c, struct mp_linear_rows **first,
                       struct mp_linear_rows **last, const struct mp_chunk *in);
void mp_linear_rows_free(struct mp_linear_rows *r);
#endif
