/* SPDX-License-Identifier: GPL-3.0-or-later */
/* deskew.c - straightens slanted writing.
 *
 * This is the stage to read, and to copy, before writing one: it is short, it
 * has every part that a stage without learning needs, in the order that all
 * stages keep, and its comments say why each part is there.  A stage that learns
 * is features/standardize.c.
 *
 * Method.  With image moments about the centre of mass (mx, my),
 *
 *     mu11 = sum (x - mx) (y - my) I(x, y)      mu02 = sum (y - my)^2 I(x, y)
 *
 * the slant mu11 / mu02 is by how many pixels the ink moves to the right from one
 * row to the next: the slope of the least-squares line x(y) through the ink.
 * Every row is pushed back by its share, with linear interpolation:
 *
 *     out(x, y) = in(x + slant * (y - origin), y)
 *
 * After that mu11 is zero but for what interpolation and the border change.  The channels
 * of an image are measured by their sum and pushed alike.
 *
 * Reference: deskew() of OpenCV's samples/python/digits.py, which is origin=center.
 * It gives the same images, but for its interpolation, which OpenCV rounds to
 * 1/32 px.  Cost: 0.4 us for an image of 28 x 28 on one core; three
 * multiply-adds a pixel to measure and one to push.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/planes.h"
#include <string.h>

/* 1. Parameters: what the user may ask for.  A field that takes a word is an int;
 * the enum repeats the order of its .choices. */
enum { CENTER, MASS };

struct params {
    int origin;
};

/* Parsing, range errors, help and the manual all come from this table. */
static const struct mp_param table[] = {
    MP_PARAM(origin, .def = "center", .choices = "center|mass",
             .doc = "the row that stays where it is: the image's middle row, height / 2, or "
                    "the ink's centre of mass"),
    MP_END
};

/* 2. State: what was learned.  This stage learns nothing, so it has no struct state
 * and no fit(), merge(), done(), io() and clear(). */

/* 3. Helpers.  Both kernels work on `spread`, a copy of the image whose rows lie
 * `wide` values after a gap of `wide` zeros, where `wide` is the width rounded up to
 * whole vector registers.  So a row pushed by up to its own width still reads
 * paper, the inner loops have neither tests nor rests, and the output may be the
 * input.  The last row needs a gap behind it too, and one value more. */
static size_t spread_len(int h, int wide)
{
    return (2 * (size_t)h + 1) * (size_t)wide + MP_LANES;
}

struct line {
    double slant;  /* px to the right per row down */
    double origin; /* y of the centre of mass */
};

static void put(float *spread, const float *x, int h, int w, int wide)
{
    for (int y = 0; y < h; y++, x += w)
        memcpy(spread + (2 * (size_t)y + 1) * (size_t)wide, x, (size_t)w * sizeof *x);
}

/* Measures the ink's slant.  Sums run down the columns (`sums`: three times `wide`
 * values), so that the lanes of a register never have to be added to each other
 * in the loop; y counts from the middle row, which keeps float sums accurate.
 * Where there is no ink, or all of it in one row, the slant is 0. */
MP_CLONES
static struct line measure(const float *spread, int h, int wide, float *sums)
{
    float *s0 = sums, *s1 = sums + wide, *s2 = sums + 2 * wide;
    double m00 = 0, m10 = 0, m01 = 0, m11 = 0, m02 = 0;

    memset(sums, 0, 3 * (size_t)wide * sizeof *sums);
    for (int i = 0; i < h; i++) {
        const float *row = spread + (2 * (size_t)i + 1) * (size_t)wide;
        const float y = (float)(i - h / 2), y2 = y * y;
#pragma omp simd
        for (int x = 0; x < wide; x++) {
            s0[x] += row[x];
            s1[x] += row[x] * y;
            s2[x] += row[x] * y2;
        }
    }
    for (int x = 0; x < wide; x++) {
        m00 += s0[x];
        m10 += s0[x] * (double)x;
        m01 += s1[x];
        m11 += s1[x] * (double)x;
        m02 += s2[x];
    }
    /* 1e-3: a variance of 1/1000 px^2 is rounding, or a speck beside one row. */
    if (!(m00 > 0 && m02 - m01 * m01 / m00 > 1e-3 * m00))
        return (struct line){0, h / 2};
    return (struct line){(m11 - m10 * m01 / m00) / (m02 - m01 * m01 / m00), h / 2 + m01 / m00};
}

/* Writes the rows of `spread`, each pushed by its share of the slant, to dst. */
MP_CLONES
static void shear(const float *spread, int h, int w, int wide, struct line l, float *dst)
{
    for (int y = 0; y < h; y++, dst += w) {
        double from = wide + l.slant * (y - l.origin); /* counts from the row's gap */
        from = from > 0 ? from : 0;
        from = from < 2 * wide ? from : 2 * wide;
        const int whole = (int)from;
        const float part = (float)(from - whole);
        const float *a = spread + 2 * (size_t)y * (size_t)wide + whole;
#pragma omp simd
        for (int x = 0; x < w; x++)
            dst[x] = a[x] + part * (a[x + 1] - a[x]);
    }
}

/* 4. The shape of the output is the input's, so there is no shape(); that is also the place to
 * refuse an input, before any data are read. */

/* 5. The work, on any rows, on any thread.  Memory comes from mp_scratch(), which
 * costs nothing after a thread's first chunk; its content is left from other use. */
static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const int h = in->shape.h, w = in->shape.w, wide = mp_lanes(w);
    const size_t len = mp_len(in->shape), n = (size_t)h * (size_t)w, channels = len / n;
    float *spread = mp_scratch(c, spread_len(h, wide)), *sums = mp_scratch(c, 3 * (size_t)wide);
    float *room = mp_scratch(c, n);
    (void)state;

    if (spread == NULL || sums == NULL || room == NULL)
        return -1;
    memset(spread, 0, spread_len(h, wide) * sizeof *spread);
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * len;
        float *y = out->x + i * len;
        put(spread, mp_plane_sum(x, n, channels, room), h, w, wide);
        struct line l = measure(spread, h, wide, sums);
        if (p->origin == CENTER)
            l.origin = h / 2.0;
        for (size_t k = 0; k < channels; k++) {
            if (channels > 1)
                put(spread, mp_plane_out(x, n, channels, k, room), h, w, wide);
            shear(spread, h, w, wide, l, mp_plane_for(y, channels, room));
            mp_plane_in(y, n, channels, k, room);
        }
    }
    return MP_OK;
}

/* 6. The stage.  The name is the file's; the build finds it by that.  What is not
 * said is zero: no state, no fit, and the names of the values pass through.
 * MP_INPLACE: apply() may be given the same memory for input and output. */
MP_STAGE(deskew) = {
    .brief = "Straighten slanted writing",
    .doc = "Measures the slant of the ink with image moments, mu11 / mu02 about the centre\n"
           "of mass, and pushes every row back sideways, interpolating linearly.  Images\n"
           "without ink, or with all of it in one row, stay as they are.  Ink pushed over\n"
           "the border is lost: pad first if strokes come near it.\n"
           "origin=center is what deskew() of OpenCV's digits.py does; it may move a digit\n"
           "sideways that does not lie in the middle.  origin=mass does not.\n"
           "Colour images are measured by the sum of their channels, which are pushed alike.",
    .example = "deskew origin=mass",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
