/* SPDX-License-Identifier: GPL-3.0-or-later */
/* maxpool_kernel.h - the loops of max pooling, for values of any type: the file that
 * includes it says which.
 *
 *     VALUE        the type
 *     NAME(x)      what a function is called for that type
 *     LARGER(a, b) a or b; a where they are equal, and what is not a number stays
 *     WHERE(x, y, g)  g where x is y, otherwise 0
 *     LESS(g, hit) g without what has been given away
 *     MORE(d, hit) d and what is given on top
 *
 * Values are taken row after row.  With few channels a loop over the channels of one
 * window would be too short for vectors: then the largest of `size` neighbours is found
 * for every position, also between windows, and the windows' are picked out. */

enum { NAME(FEW) = 16 };

MP_CLONES static void NAME(pool)(const struct pooling *q, const VALUE *restrict x,
                                 VALUE *restrict y, VALUE *restrict tall, VALUE *restrict wide)
{
    const size_t c = q->c, row = q->row;

    for (size_t v = 0; v < q->out_h; v++) {
        const VALUE *top = x + v * q->stride * row;
        memcpy(tall, top, row * sizeof *tall);
        for (size_t i = 1; i < q->size; i++)
            for (size_t k = 0; k < row; k++)
                tall[k] = LARGER(tall[k], top[i * row + k]);
        if (c < NAME(FEW)) {
            memcpy(wide, tall, row * sizeof *wide);
            for (size_t j = 1; j < q->size; j++)
                for (size_t k = 0; k < row - j * c; k++)
                    wide[k] = LARGER(wide[k], tall[k + j * c]);
            for (size_t u = 0; u < q->out_w; u++, y += c)
                for (size_t k = 0; k < c; k++)
                    y[k] = wide[u * q->stride * c + k];
            continue;
        }
        for (size_t u = 0; u < q->out_w; u++, y += c) {
            memcpy(y, tall + u * q->stride * c, c * sizeof *y);
            for (size_t j = 1; j < q->size; j++)
                for (size_t k = 0; k < c; k++)
                    y[k] = LARGER(y[k], tall[(u * q->stride + j) * c + k]);
        }
    }
}

/* What a value has received is taken out of dy, so the next equal one gets nothing.
 * Windows that lie side by side and fill the image write each gradient once. */
MP_CLONES static void NAME(unpool)(const struct pooling *q, const VALUE *restrict x,
                                   VALUE *restrict dx, const VALUE *restrict y,
                                   VALUE *restrict dy)
{
    const size_t c = q->c;

    if (!q->once)
        memset(dx, 0, q->in_h * q->row * sizeof *dx);
    for (size_t v = 0; v < q->out_h; v++)
        for (size_t u = 0; u < q->out_w; u++, y += c, dy += c)
            for (size_t i = 0; i < q->size; i++)
                for (size_t j = 0; j < q->size; j++) {
                    const size_t at = (v * q->stride + i) * q->row + (u * q->stride + j) * c;
                    for (size_t k = 0; k < c && q->once; k++) {
                        dx[at + k] = WHERE(x[at + k], y[k], dy[k]);
                        dy[k] = LESS(dy[k], dx[at + k]);
                    }
                    for (size_t k = 0; k < c && !q->once; k++) {
                        const VALUE hit = WHERE(x[at + k], y[k], dy[k]);
                        dx[at + k] = MORE(dx[at + k], hit);
                        dy[k] = LESS(dy[k], hit);
                    }
                }
}

/* The same with few channels: what came of a window, and what it gives, is laid where the
 * window begins, with gradients of 0 between, so that loops run over whole rows. */
MP_CLONES static void NAME(unpool_few)(const struct pooling *q, const VALUE *restrict x,
                                       VALUE *restrict dx, const VALUE *restrict y,
                                       const VALUE *restrict dy, VALUE *restrict largest,
                                       VALUE *restrict left)
{
    const size_t c = q->c;

    memset(dx, 0, q->in_h * q->row * sizeof *dx);
    memset(largest, 0, q->row * sizeof *largest);
    memset(left, 0, q->row * sizeof *left);
    for (size_t v = 0; v < q->out_h; v++) {
        for (size_t u = 0; u < q->out_w; u++, y += c, dy += c)
            for (size_t k = 0; k < c; k++) {
                largest[u * q->stride * c + k] = y[k];
                left[u * q->stride * c + k] = dy[k];
            }
        for (size_t i = 0; i < q->size; i++)
            for (size_t j = 0; j < q->size; j++) {
                const size_t at = (v * q->stride + i) * q->row + j * c;
                for (size_t k = 0; k < q->row - j * c; k++) {
                    const VALUE hit = WHERE(x[at + k], largest[k], left[k]);
                    dx[at + k] = MORE(dx[at + k], hit);
                    left[k] = LESS(left[k], hit);
                }
            }
    }
}

static int NAME(pool_all)(struct mp_pass *p, const VALUE *x, VALUE *y)
{
    const struct pooling q = pooling_of(p);
    const size_t len = mp_len(p->in), d = mp_len(p->out);
    VALUE *tall = (VALUE *)mp_scratch(p->c, q.row), *wide = (VALUE *)mp_scratch(p->c, q.row);

    if (tall == NULL || wide == NULL)
        return -1;
    for (size_t i = 0; i < p->n; i++)
        NAME(pool)(&q, x + i * len, y + i * d, tall, wide);
    return MP_OK;
}

static int NAME(unpool_all)(struct mp_pass *p, const VALUE *x, const VALUE *y, VALUE *dy,
                            VALUE *dx)
{
    const struct pooling q = pooling_of(p);
    const size_t len = mp_len(p->in), d = mp_len(p->out);
    VALUE *a = (VALUE *)mp_scratch(p->c, q.row), *b = (VALUE *)mp_scratch(p->c, q.row);

    if (a == NULL || b == NULL)
        return -1;
    for (size_t i = 0; dx != NULL && i < p->n; i++)
        if (q.c < NAME(FEW))
            NAME(unpool_few)(&q, x + i * len, dx + i * len, y + i * d, dy + i * d, a, b);
        else
            NAME(unpool)(&q, x + i * len, dx + i * len, y + i * d, dy + i * d);
    return MP_OK;
}

#undef VALUE
#undef NAME
#undef LARGER
#undef WHERE
#undef LESS
#undef MORE
