/* SPDX-License-Identifier: GPL-3.0-or-later */
/* median.c - median of a square window.
 *
 * Windows of 3x3: every column of three pixels is sorted once, for the three windows
 * that it is in.  The median of the window is that of three: the largest of its columns'
 * smallest, the median of their medians, the smallest of their largest (J. L. Smith,
 * "Implementing median filters in XC4000E FPGAs", XCELL 23, 1996).  Cost: 18 vector
 * minima and maxima for LANES pixels.
 *
 * Larger ones: the windows of LANES neighbouring pixels are laid side by side and sorted
 * together, by compare-exchanges of whole vectors, whose order does not depend on
 * the values: Batcher's merge exchange (Knuth, vol. 3, 5.2.2, algorithm M).  Cost
 * for a window of n pixels: about n (log2 n)^2 / 4 vector exchanges for LANES pixels.
 *
 * Not libvips: from 5x5 on, version 8.14 takes a running histogram for bytes, which
 * gives wrong values, and its other way is slower.  28x28, us an image:
 *
 *                        libvips (bytes as 16 bit)    here
 *                            floats   bytes       floats  bytes
 *              radius 1         24      22        0.8     0.5
 *              radius 2        102      87          8       6
 *              radius 3        181     162         19      13
 *
 * Defined by scipy.ndimage.median_filter(size=2*radius+1), which it equals.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/border.h"
#include <string.h>

enum { LANES = 32 };

struct params {
    int radius, border;
};

static const struct mp_param table[] = {
    MP_PARAM(radius, .def = "1", .min = 1, .max = 10, .unit = "px",
             .doc = "half width of the window, its centre not counted"),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

/* Elements of a row that is worked on in whole vectors, together with its neighbours. */
static size_t row_room(size_t line, size_t step)
{
    return (line + 2 * LANES - 1) / LANES * LANES + (2 * step + LANES - 1) / LANES * LANES;
}

/* Sorts n vectors, lane by lane. */
#define SORT(T, name)                                                         \
    MP_CLONES static void name(void *vectors, int n)                          \
    {                                                                         \
        T *v = vectors;                                                       \
        int top = 1;                                                          \
        while (2 * top < n)                                                   \
            top *= 2;                                                         \
        for (int p = top; p > 0; p /= 2)                                      \
            for (int q = top, r = 0, d = p; ; d = q - p, q /= 2, r = p) {     \
                for (int i = 0; i < n - d; i++) {                             \
                    T *a = v + i * LANES, *b = v + (i + d) * LANES;           \
                    if ((i & p) != r)                                         \
                        continue;                                             \
                    for (int k = 0; k < LANES; k++) {                         \
                        const T low = a[k] < b[k] ? a[k] : b[k];              \
                        const T high = a[k] < b[k] ? b[k] : a[k];             \
                        a[k] = low;                                           \
                        b[k] = high;                                          \
                    }                                                         \
                }                                                             \
                if (q == p)                                                   \
                    break;                                                    \
            }                                                                 \
    }
SORT(float, sort_floats)
SORT(uint8_t, sort_bytes)

#define LOW(a, b) ((a) < (b) ? (a) : (b))
#define HIGH(a, b) ((a) < (b) ? (b) : (a))

/* Two steps of medians of 3x3, over n elements in whole vectors.  SORT_3: every three that
 * lie one below the other.  MEDIANS_3: of windows, from their columns; the neighbours of an
 * element are `step` and 2 `step` elements on. */
#define SORT_3(T, name)                                                              \
    MP_CLONES static void name(const void *rows, size_t line, size_t n, void *low,   \
                               void *middle, void *high)                             \
    {                                                                                \
        const T *x = rows, *y = x + line, *z = y + line;                             \
        T *first = low, *second = middle, *third = high;                             \
        for (size_t from = 0; from < n; from += LANES)                               \
            _Pragma("omp simd")                                                      \
            for (size_t i = from; i < from + LANES; i++) {                           \
                const T a = x[i], b = y[i], c = z[i];                                \
                const T less = LOW(a, b), more = HIGH(a, b), rest = LOW(more, c);    \
                first[i] = LOW(less, c);                                             \
                second[i] = HIGH(less, rest);                                        \
                third[i] = HIGH(more, c);                                            \
            }                                                                        \
    }
SORT_3(float, sort_3_floats)
SORT_3(uint8_t, sort_3_bytes)

#define MEDIANS_3(T, name)                                                           \
    static inline T name##_of(T a, T b, T c)                                         \
    {                                                                                \
        const T less = LOW(a, b), more = HIGH(a, b), rest = LOW(more, c);            \
        return HIGH(less, rest);                                                     \
    }                                                                                \
    MP_CLONES static void name(const void *low, const void *middle,                  \
                               const void *high, size_t n, size_t step, void *out)   \
    {                                                                                \
        const T *x = low, *y = middle, *z = high;                                    \
        T *to = out;                                                                 \
        for (size_t from = 0; from < n; from += LANES)                               \
            _Pragma("omp simd")                                                      \
            for (size_t i = from; i < from + LANES; i++) {                           \
                const T a = x[i], b = x[i + step], c = x[i + 2 * step];              \
                const T d = y[i], e = y[i + step], f = y[i + 2 * step];              \
                const T g = z[i], h = z[i + step], k = z[i + 2 * step];              \
                const T l = HIGH(a, b), largest = HIGH(l, c);                        \
                const T s = LOW(g, h), smallest = LOW(s, k);                         \
                to[i] = name##_of(largest, name##_of(d, e, f), smallest);            \
            }                                                                        \
    }
MEDIANS_3(float, medians_3_floats)
MEDIANS_3(uint8_t, medians_3_bytes)

/* An image's windows. */
struct job {
    int side;        /* of the window */
    size_t h, row;   /* of the image; elements of a row */
    size_t line;     /* bytes from one line of the packed image to the next */
    size_t channels;
    size_t size;     /* bytes of an element */
    void (*sort)(void *vectors, int n);
    char *vectors;   /* for windows of 3x3: four rows of row_room() elements */
};

/* Medians of n neighbouring windows.  LANES elements are read from every line of
 * the window, also where n is less. */
static void medians(const struct job *j, const char *sheet, char *out, size_t n)
{
    const size_t vector = LANES * j->size;
    char *v = j->vectors;

    for (int y = 0; y < j->side; y++)
        for (int x = 0; x < j->side; x++, v += vector)
            memcpy(v, sheet + (size_t)y * j->line + (size_t)x * j->channels * j->size, vector);
    j->sort(j->vectors, j->side * j->side);
    memcpy(out, j->vectors + (size_t)(j->side * j->side / 2) * vector, n * j->size);
}

/* One packed image, windows of 3x3.  What is computed beyond a row, for the sake of whole
 * vectors, is not kept. */
static void small(const struct job *j, const char *sheet, char *out)
{
    const bool bytes = j->size == 1;
    const size_t line = j->line / j->size, room = row_room(line, j->channels) * j->size;
    char *low = j->vectors, *middle = low + room, *high = middle + room, *row = high + room;

    for (size_t y = 0; y < j->h; y++, sheet += j->line, out += j->row * j->size) {
        (bytes ? sort_3_bytes : sort_3_floats)(sheet, line, line, low, middle, high);
        (bytes ? medians_3_bytes : medians_3_floats)(low, middle, high, j->row, j->channels, row);
        memcpy(out, row, j->row * j->size);
    }
}

/* One packed image, windows of any size. */
static void large(const struct job *j, const char *sheet, char *out)
{
    for (size_t y = 0; y < j->h; y++, sheet += j->line, out += j->row * j->size)
        for (size_t x = 0; x < j->row; x += LANES)
            medians(j, sheet + x * j->size, out + x * j->size,
                    j->row - x < LANES ? j->row - x : LANES);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct mp_shape s = in->shape;
    const bool bytes = in->b != NULL;
    const size_t size = bytes ? sizeof *in->b : sizeof *in->x, channels = (size_t)s.c;
    const size_t line = ((size_t)s.w + 2 * (size_t)p->radius) * channels;
    const size_t sheet_size = line * size * ((size_t)s.h + 2 * (size_t)p->radius);
    const int side = 2 * p->radius + 1;
    char *sheet = (char *)mp_scratch(c, sheet_size / sizeof(float) + LANES + 1);
    char *vectors = (char *)mp_scratch(c, side == 3 ? 4 * row_room(line, channels)
                                                    : (size_t)(side * side) * LANES);
    const struct job j = { .side = side, .h = (size_t)s.h, .row = (size_t)s.w * channels,
                           .line = line * size, .channels = channels, .size = size,
                           .sort = bytes ? sort_bytes : sort_floats, .vectors = vectors };
    (void)state;

    if (sheet == NULL || vectors == NULL)
        return -1;
    memset(sheet + sheet_size, 0, LANES * sizeof(float)); /* read past the last line */
    for (size_t i = 0; i < in->n; i++) {
        const size_t at = i * mp_len(s) * size;
        const char *from = bytes ? (char *)in->b : (char *)in->x;
        char *to = bytes ? (char *)out->b : (char *)out->x;
        mp_pack(sheet, from + at, s.h, s.w, channels * size, p->radius,
                (enum mp_border)p->border);
        (side == 3 ? small : large)(&j, sheet, to + at);
    }
    return MP_OK;
}

MP_STAGE(median) = {
    .brief = "Replace each pixel by the median of its surroundings",
    .doc = "Removes specks and fills pinholes smaller than half the window, and keeps\n"
           "edges sharp; strokes thinner than half the window vanish too.  The window\n"
           "is 2*radius+1 pixels wide and high.  Equals scipy.ndimage.median_filter.",
    .example = "median radius=1",
    .flags = MP_INPLACE | MP_BYTES,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
