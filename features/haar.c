/* SPDX-License-Identifier: GPL-3.0-or-later */
/* haar.c - the two-dimensional Haar wavelet transform.
 *
 * Method: A. Haar, "Zur Theorie der orthogonalen Funktionensysteme", Mathematische Annalen 69
 * (1910); by squares of four pixels, the sums of which are the next level's image (Mallat 1989).
 * Equal to pywt.wavedec2(wavelet="haar") of PyWavelets.
 *
 * Cost: 11 flops for each square, one and a third of a square for each four pixels.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/describe.h"
#include <string.h>

struct params {
    int levels;
};

static const struct mp_param table[] = {
    MP_PARAM(levels, .def = "2", .min = 1, .max = 12,
             .doc = "how often the image is halved; both sides must divide by 2^levels"),
    MP_END
};

struct work {
    struct mp_shape s;
    int levels;
    float *sums, *next; /* of a level, and of the one after it */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const int levels = ((const struct params *)params)->levels, side = 1 << levels;
    (void)state;
    if (in.h % side != 0 || in.w % side != 0)
        return mp_fail(c, "levels=%d: an image of %dx%d is not made of squares of %d px; use fewer "
                       "levels, or bring it to another size by pad, crop or resize", levels, in.h,
                       in.w, side);
    return mp_described(c, in, (double)in.h * in.w, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct mp_described d = mp_which(i, (size_t)in.h * (size_t)in.w);
    int level = ((const struct params *)params)->levels;
    size_t w = (size_t)in.w >> level, n = ((size_t)in.h >> level) * w, at = d.i;
    char band = 'A';
    for (; at >= n; band = band == 'A' || band == 'D' ? 'H' : band == 'H' ? 'V' : 'D') {
        at -= n;
        if (band == 'D') {
            level--;
            w *= 2;
            n *= 4;
        }
    }
    mp_describe_name(text, size, in, d.channel, "haar[%c%d,y=%zu,x=%zu", band, level, at / w,
                     at % w);
}

/* Squares of a row pair, whose w / 2 sums and details go to a, and to d and as far on again. */
MP_CLONES static void squares(const float *restrict top, const float *restrict low, int w,
                              float *restrict a, float *restrict d, size_t on)
{
    for (int x = 0; x < w / 2; x++) {
        const float p = top[2 * x], q = top[2 * x + 1], r = low[2 * x], s = low[2 * x + 1];
        a[x] = 0.5f * ((p + q) + (r + s));
        d[x] = 0.5f * ((p + q) - (r + s));
        d[on + (size_t)x] = 0.5f * ((p - q) + (r - s));
        d[2 * on + (size_t)x] = 0.5f * ((p - q) - (r - s));
    }
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const float *from = plane;
    int h = k->s.h, w = k->s.w;
    float *sums = k->sums, *next = k->next;

    for (int level = 1; level <= k->levels; level++, h /= 2, w /= 2) {
        const size_t quarter = (size_t)(h / 2) * (size_t)(w / 2);
        float *a = level == k->levels ? to : sums;
        for (int y = 0; y < h / 2; y++) {
            const size_t row = (size_t)y * (size_t)(w / 2);
            squares(from + (size_t)(2 * y) * (size_t)w, from + (size_t)(2 * y + 1) * (size_t)w, w,
                    a + row, to + quarter + row, quarter); /* the coarser come before */
        }
        from = a;
        sums = next;
        next = a;
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t n = mp_len(in->shape) / (size_t)in->shape.c;
    struct work k = { in->shape, ((const struct params *)params)->levels, mp_scratch(c, n),
                      mp_scratch(c, n) };
    (void)state;
    return k.sums == NULL || k.next == NULL ? -1 : mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(haar) = {
    .brief = "Take the Haar wavelet transform",
    .doc = "The image at a coarse scale, and what each finer scale adds to it: of each square\n"
           "of four pixels half their sum, A, and half the differences between its rows, H,\n"
           "its columns, V, and its diagonals, D; then again of the image of the sums.  The\n"
           "values, as many as pixels, begin with the sums of the last level, then its H, V\n"
           "and D, then those of the level before, each row by row.  They are those of\n"
           "PyWavelets' wavedec2 with wavelet=\"haar\"; distances between images stay what they\n"
           "were.  Each channel of a colour image is transformed by itself, one channel after\n"
           "another.",
    .example = "haar levels=1",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
