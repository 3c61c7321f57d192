/* SPDX-License-Identifier: GPL-3.0-or-later */
/* panel.h - products of rows of floats with sixteen vectors at a time.
 *
 * A panel holds MP_PANEL vectors of d + 1 values side by side: value j of all vectors, then
 * value j + 1.  Its last line multiplies a constant feature, `bias`, that rows do not
 * store; where that is 0, the line is not looked at.  Rows lie anywhere: they are given by
 * pointers, so that some can be left out. Private to linear/. */
#ifndef MP_PANEL_H
#define MP_PANEL_H
#include <stddef.h>

enum { MP_PANEL = 16 };

/* Where the panels of d + 1 values begin, one after the other: number b. */
static inline size_t mp_panel_at(size_t b, size_t d)
{
    return b * (d + 1) * MP_PANEL;
}

/* z[i * stride + v] = rows[i] . vector v.  Values are added in the order of j whatever n
 * is, so a row gives the same bits in any company. */
void mp_panel_scores(const float *const *rows, size_t n, size_t d, float bias, const float *w,
                     float *z, size_t stride);

/* The same with sums in double; MP_PANEL values a row. */
void mp_panel_scores_exact(const float *const *rows, size_t n, size_t d, float bias,
                           const float *w, double *z);

/* Adds r[i * stride + v] rows[i] to vector v of g, for all i and v: in the order of i, so that
 * rows give the same bits in one call as in many. */
void mp_panel_add(const float *const *rows, size_t n, size_t d, float bias, const float *r,
                  size_t stride, float *g);

/* out = add (or 0, if NULL) + parts[0] + ... + parts[n-1], which lie `size` apart; sums are
 * double, in that order.  Values [from, to) of them. */
void mp_panel_join(const float *add, const float *parts, size_t n, size_t size, size_t from,
                   size_t to, float *out);

/* sum[v] += sum over j of a b of vector v, in double: n lines of a panel. */
void mp_panel_dot(const float *a, const float *b, size_t n, double *sum);
#endif
