/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fourier_descriptor.c - the outline of the largest piece of ink, as frequencies.
 *
 * Method: the outer border of the piece is followed once round (Suzuki and Abe 1985,
 * "Topological structural analysis of digitized binary images by border following"), so that
 * the points are those of cv2.findContours() with CHAIN_APPROX_NONE.  As complex numbers, y
 * upwards, they have a discrete Fourier transform, whose sizes do not depend on where the border
 * begins nor on how it is turned; divided by that of the first frequency they do not on its size
 * either (Zahn and Roskies 1972; Persoon and Fu 1977).
 *
 * Cost: a flood of the image, and 2 x frequencies complex multiply-adds for each point.
 */
#include "core/stage.h"
#include "image/describe.h"
#include <math.h>
#include <string.h>

enum { MOST = 128 };

struct params {
    double level;
    int frequencies;
};

static const struct mp_param table[] = {
    MP_PARAM(frequencies, .def = "10", .min = 1, .max = MOST,
             .doc = "highest frequency, in waves along the outline"),
    MP_LEVEL_PARAM,
    MP_END
};

struct work {
    struct mp_shape s;
    const struct params *p;
    uint8_t *ink;
    int32_t *stack; /* of a flood: pixels in their frame */
};

/* Of -1, 2, -2, 3, -3 .. the i-th. */
static int frequency(size_t i)
{
    return i == 0 ? -1 : i % 2 == 1 ? (int)(i + 3) / 2 : -(int)(i + 2) / 2;
}

static size_t each(const void *params)
{
    return 2 * (size_t)((const struct params *)params)->frequencies - 1;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)state;
    return mp_described(c, in, (double)each(params), out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct mp_described d = mp_which(i, each(params));
    mp_describe_name(text, size, in, d.channel, "fourier_descriptor[f=%d", frequency(d.i));
}

/* The pixels around one, against the clock from the right. */
static void ring(ptrdiff_t wide, ptrdiff_t way[8])
{
    const ptrdiff_t all[8] = { 1, 1 - wide, -wide, -wide - 1, -1, wide - 1, wide, wide + 1 };
    memcpy(way, all, sizeof all);
}

/* Marks the piece of ink at `start` as seen, 2; how many pixels it has. */
static int flood(const struct work *k, int start)
{
    ptrdiff_t way[8];
    int n = 1, pixels = 0;
    ring(k->s.w + 2, way);
    k->stack[0] = start;
    k->ink[start] = 2;
    while (n > 0) {
        const int at = k->stack[--n];
        pixels++;
        for (int i = 0; i < 8; i++)
            if (k->ink[at + way[i]] == 1) {
                k->ink[at + way[i]] = 2;
                k->stack[n++] = (int)(at + way[i]);
            }
    }
    return pixels;
}

/* The first pixel, line by line, of the largest piece, the first of equals; -1: no ink. */
static int largest(const struct work *k)
{
    const int wide = k->s.w + 2, n = wide * (k->s.h + 2);
    int best = -1, most = 0;
    for (int i = 0; i < n; i++)
        if (k->ink[i] == 1) {
            const int pixels = flood(k, i);
            if (pixels > most) {
                most = pixels;
                best = i;
            }
        }
    return best;
}

/* One step along a border: the next pixel of ink around the one at `at`, against the clock from
 * direction `back`, which becomes the way back. */
static int step(const uint8_t *ink, const ptrdiff_t way[8], int at, int *back)
{
    for (int i = 1; i <= 8; i++) {
        const int d = (*back + i) % 8;
        if (ink[at + way[d]] != 0) {
            *back = (d + 4) % 8;
            return (int)(at + way[d]);
        }
    }
    return at;
}

/* As if one had come by the first ink that there is clockwise from the paper on the left. */
static int first_back(const uint8_t *ink, const ptrdiff_t way[8], int start)
{
    for (int i = 0; i < 8; i++) {
        const int d = (12 - i) % 8;
        if (ink[start + way[d]] != 0)
            return d;
    }
    return 4;
}

/* Goes round the piece whose first pixel is `start`: how many points its border has.  With that
 * known, `sums` gets its transform at frequencies 1, -1, 2, -2 .., unless NULL. */
static int follow(const struct work *k, int start, int points, double *sums)
{
    const int wide = k->s.w + 2, n = 2 * k->p->frequencies;
    double turn[2 * MOST][2], step_by[2 * MOST][2];
    ptrdiff_t way[8];
    int at = start, count = 0;
    ring(wide, way);
    const int first = first_back(k->ink, way, start);
    int back = first;

    for (int i = 0; sums != NULL && i < n; i++) {
        const double angle = -2 * M_PI * (i / 2 + 1) * (i % 2 ? -1 : 1) / points;
        turn[i][0] = 1;
        turn[i][1] = 0;
        step_by[i][0] = cos(angle);
        step_by[i][1] = sin(angle);
        sums[2 * i] = sums[2 * i + 1] = 0;
    }
    for (;;) {
        const double x = at % wide - start % wide, y = start / wide - at / wide;
        for (int i = 0; sums != NULL && i < n; i++) {
            const double re = turn[i][0], im = turn[i][1];
            sums[2 * i] += x * re - y * im;
            sums[2 * i + 1] += x * im + y * re;
            turn[i][0] = re * step_by[i][0] - im * step_by[i][1];
            turn[i][1] = re * step_by[i][1] + im * step_by[i][0];
        }
        count++;
        const int next = step(k->ink, way, at, &back);
        /* Alone; or at the start again, and about to leave it as at first. */
        if (next == at || (next == start && at == start + way[first]))
            return count;
        at = next;
    }
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int n = 2 * k->p->frequencies;
    double sums[4 * MOST];

    memset(to, 0, (size_t)(n - 1) * sizeof *to);
    mp_ink(plane, k->s.h, k->s.w, k->p->level, k->ink);
    const int start = largest(k);
    const int points = start < 0 ? 0 : follow(k, start, 0, NULL);
    if (points < 2)
        return;
    follow(k, start, points, sums);
    const double first = hypot(sums[0], sums[1]);
    for (int i = 1; i < n && first > 1e-9 * points; i++)
        if (2 * (i / 2 + 1) <= points) /* what has fewer points has no such frequency */
            to[i - 1] = (float)(hypot(sums[2 * i], sums[2 * i + 1]) / first);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { in->shape, params, mp_ink_room(c, in->shape), NULL };
    (void)state;
    k.stack = (int32_t *)mp_scratch(c, (size_t)in->shape.h * (size_t)in->shape.w);
    return k.ink == NULL || k.stack == NULL ? -1 : mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(fourier_descriptor) = {
    .brief = "Describe the outline of the ink by its frequencies",
    .doc = "Goes once round the largest piece of ink, takes the points of its outer border as\n"
           "complex numbers, and gives the sizes of their Fourier transform at frequencies -1,\n"
           "2, -2, 3, -3 .. divided by that at 1: what the outline has beside an ellipse.  Where\n"
           "the ink lies, how large it is, how it is turned does not matter, so a 6 and a 9 are\n"
           "alike; holes are not seen.  Points are those of OpenCV's findContours with\n"
           "CHAIN_APPROX_NONE, transformed by NumPy's fft.  A frequency beyond half of the\n"
           "points is 0, and so are all without ink, and of a single pixel.  Outside of the\n"
           "image is paper.  Each channel of a colour image has an outline of its own, one\n"
           "channel after another.  Reference: Zahn and Roskies 1972, \"Fourier descriptors for\n"
           "plane closed curves\".",
    .example = "fourier_descriptor frequencies=6 level=0.3",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
