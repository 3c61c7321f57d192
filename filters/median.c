/* median.c - median of a square window.
 *
 * The windows of LANES neighbouring pixels are laid side by side and sorted
 * together, by compare-exchanges of whole vectors, whose order does not depend on
 * the values: Batcher's merge exchange (Knuth, vol. 3, 5.2.2, algorithm M).  Cost
 * for a window of n pixels: about n (log2 n)^2 / 4 vector exchanges for LANES pixels.
 *
 * Not libvips: from 5x5 on, version 8.14 takes a running histogram for bytes, which
 * gives wrong values, and its other way is slower.  28x28, us an image:
 *
 *                        libvips (bytes as 16 bit)    here
 *                            floats   bytes       floats  bytes
 *              radius 1         24      22          6       4
 *              radius 2        102      87         16       9
 *              radius 3        181     162         30      20
 *
 * Defined by scipy.ndimage.median_filter(size=2*radius+1), which it equals.
 */
#include "sheet.h"
#include "simd.h"
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

/* A row of windows: `sheet` is its upper left corner in the packed image. */
struct job {
    int side;     /* of the window */
    size_t line;  /* bytes from one line of the packed image to the next */
    size_t pixel; /* bytes of a pixel, all channels */
    size_t size;  /* bytes of an element */
    void (*sort)(void *vectors, int n);
    char *vectors;
};

/* Medians of n neighbouring windows.  LANES elements are read from every line of
 * the window, also where n is less. */
static void medians(const struct job *j, const char *sheet, char *out, size_t n)
{
    const size_t vector = LANES * j->size;
    char *v = j->vectors;

    for (int y = 0; y < j->side; y++)
        for (int x = 0; x < j->side; x++, v += vector)
            memcpy(v, sheet + (size_t)y * j->line + (size_t)x * j->pixel, vector);
    j->sort(j->vectors, j->side * j->side);
    memcpy(out, j->vectors + (size_t)(j->side * j->side / 2) * vector, n * j->size);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct mp_shape s = in->shape;
    const bool bytes = in->b != NULL;
    const size_t size = bytes ? sizeof *in->b : sizeof *in->x;
    const size_t row = (size_t)s.w * (size_t)s.c, pixel = (size_t)s.c * size;
    const size_t packed = ((size_t)s.w + 2 * (size_t)p->radius) * pixel;
    const size_t sheet_size = packed * ((size_t)s.h + 2 * (size_t)p->radius);
    const int side = 2 * p->radius + 1;
    char *sheet = (char *)mp_scratch(c, sheet_size / sizeof(float) + LANES + 1);
    char *vectors = (char *)mp_scratch(c, (size_t)(side * side) * LANES);
    const struct job j = { side, packed, pixel, size, bytes ? sort_bytes : sort_floats, vectors };
    (void)state;

    if (sheet == NULL || vectors == NULL)
        return -1;
    memset(sheet + sheet_size, 0, LANES * sizeof(float)); /* read past the last line */
    for (size_t i = 0; i < in->n; i++) {
        const char *from = bytes ? (char *)in->b : (char *)in->x;
        char *to = (bytes ? (char *)out->b : (char *)out->x) + i * mp_len(s) * size;
        mp_pack(sheet, from + i * mp_len(s) * size, s.h, s.w, pixel, p->radius,
                (enum mp_border)p->border);
        for (int y = 0; y < s.h; y++, to += row * size)
            for (size_t x = 0; x < row; x += LANES)
                medians(&j, sheet + (size_t)y * packed + x * size, to + x * size,
                        row - x < LANES ? row - x : LANES);
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
