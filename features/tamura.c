/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tamura.c - coarseness, contrast and directionality of an image.
 *
 * Method: H. Tamura, S. Mori and T. Yamawaki, "Textural features corresponding to visual
 * perception", IEEE Transactions on Systems, Man and Cybernetics 8 (1978) 460-473.  Means of
 * squares come from a table of sums over all that lies up left of a pixel (Crow 1984); in double
 * such sums of pixels are exact, so that of equal differences none wins by rounding.
 *
 * Cost: for each scale four sums of a square a pixel; an arctangent for each pixel at an edge.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/describe.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COARSENESS, CONTRAST, DIRECTIONALITY, VALUES };
enum { BINS = 16, MOST_SCALES = 6 };

struct params {
    double edge;
    int scales;
};

static const struct mp_param table[] = {
    MP_PARAM(scales, .def = "3", .min = 1, .max = MOST_SCALES,
             .doc = "sides of squares that are tried: 2, 4, 8 .. px"),
    MP_PARAM(edge, .def = "0.05", .min = 0.001, .max = 3,
             .doc = "least change of ink across a pixel whose direction counts"),
    MP_END
};

struct work {
    struct mp_shape s;
    const struct params *p;
    int margin;            /* of paper around the sums */
    double *sums;          /* (h + 2 margin + 1) x (w + 2 margin + 1) */
    double *best, *change; /* of a row: the largest change so far, that of a scale */
    float *size, *framed;  /* the squares' side at the largest; the plane in a frame */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)params;
    (void)state;
    return mp_described(c, in, VALUES, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    static const char *const names[VALUES] = { "coarseness", "contrast", "directionality" };
    const struct mp_described d = mp_which(i, VALUES);
    (void)params;
    mp_describe_name(text, size, in, d.channel, "tamura[%s", names[d.i]);
}

static void add_up(const struct work *k, const float *plane)
{
    const int m = k->margin, h = k->s.h, w = k->s.w;
    const size_t wide = (size_t)(w + 2 * m + 1);
    memset(k->sums, 0, wide * sizeof *k->sums);
    for (int y = 1; y <= h + 2 * m; y++) {
        double *row = k->sums + (size_t)y * wide, sum = 0;
        const bool inside = y > m && y <= m + h;
        row[0] = 0;
        for (int x = 1; x <= w + 2 * m; x++) {
            if (inside && x > m && x <= m + w)
                sum += (double)plane[(y - m - 1) * w + x - m - 1];
            row[x] = (row - wide)[x] + sum;
        }
    }
}

/* change[x] = the larger of the differences between the squares of `side` px left and right, and
 * above and below, of w pixels; `at` is where the sums up left of the first pixel are. */
MP_CLONES static void changes(const double *at, ptrdiff_t wide, int side, int w,
                              double *restrict change)
{
    const ptrdiff_t half = side / 2, up = half * wide, all = side * wide;
    const double n = (double)side * side;
    for (int x = 0; x < w; x++) {
        const double *c = at + x; /* squares begin half a side up left of their middle */
        const double right = c[up + side] - c[side - up] - c[up] + c[-up];
        const double left = c[up] - c[-up] - c[up - side] + c[-up - side];
        const double low = c[all + half] - c[half] - c[all - half] + c[-half];
        const double top = c[half] - c[half - all] - c[-half] + c[-half - all];
        const double across = fabs(right - left) / n, down = fabs(low - top) / n;
        change[x] = across > down ? across : down;
    }
}

static double coarseness(const struct work *k, const float *plane)
{
    const int h = k->s.h, w = k->s.w;
    const ptrdiff_t wide = w + 2 * k->margin + 1;
    double sum = 0;

    add_up(k, plane);
    for (int y = 0; y < h; y++) {
        const double *at = k->sums + (k->margin + y) * wide + k->margin;
        for (int x = 0; x < w; x++) {
            k->best[x] = -1;
            k->size[x] = 0;
        }
        for (int side = 2; side <= 1 << k->p->scales; side *= 2) {
            changes(at, wide, side, w, k->change);
            for (int x = 0; x < w; x++)
                if (k->change[x] > k->best[x]) {
                    k->best[x] = k->change[x];
                    k->size[x] = (float)side;
                }
        }
        for (int x = 0; x < w; x++)
            sum += (double)k->size[x];
    }
    return sum / ((double)h * w);
}

/* The deviation over the fourth root of the kurtosis. */
static double contrast(const float *x, size_t n)
{
    double sum = 0, m2 = 0, m4 = 0;
    bool alike = true;
    for (size_t i = 0; i < n; i++) {
        sum += (double)x[i];
        alike = alike && x[i] == x[0];
    }
    for (size_t i = 0; i < n; i++) {
        const double far = (double)x[i] - sum / (double)n;
        m2 += far * far / (double)n;
        m4 += far * far * far * far / (double)n;
    }
    return alike ? 0 : sqrt(m2) / pow(m4 / (m2 * m2), 0.25);
}

/* How many edges have each direction, bin 0 being about "darker to the right" or the left. */
static double directions(const struct work *k, const float *plane, double count[BINS])
{
    const int h = k->s.h, w = k->s.w, wide = w + 2;
    double n = 0;

    memset(count, 0, BINS * sizeof *count);
    for (int y = 0; y < h; y++)
        memcpy(k->framed + (size_t)(y + 1) * (size_t)wide + 1, plane + (size_t)y * (size_t)w,
               (size_t)w * sizeof *plane);
    for (int y = 0; y < h; y++) {
        const float *a = k->framed + (size_t)y * (size_t)wide, *b = a + wide, *c = b + wide;
        for (int x = 0; x < w; x++, a++, b++, c++) {
            const double dx = (double)a[2] + (double)b[2] + (double)c[2] - (double)a[0] -
                              (double)b[0] - (double)c[0];
            const double dy = (double)c[0] + (double)c[1] + (double)c[2] - (double)a[0] -
                              (double)a[1] - (double)a[2];
            if ((fabs(dx) + fabs(dy)) / 2 < k->p->edge)
                continue;
            /* Bins have their middle at multiples of a sixteenth of half a turn. */
            const int bin = (int)floor(atan2(dy, dx) / M_PI * BINS + 0.5);
            count[((bin % BINS) + BINS) % BINS]++;
            n++;
        }
    }
    return n;
}

/* The mean square distance of directions from bin `peak`, as a share of the largest there is. */
static double spread(const double count[BINS], double n, int peak)
{
    double sum = 0;
    for (int i = 0; i < BINS; i++) {
        const int off = abs(i - peak), far = off < BINS - off ? off : BINS - off;
        sum += far * far * count[i];
    }
    return sum / n / (BINS / 2 * BINS / 2);
}

/* About the fullest bin; of equally full ones, that about which there is least spread. */
static double directionality(const struct work *k, const float *plane)
{
    double count[BINS], most = 0, least = 1;
    const double n = directions(k, plane, count);

    for (int i = 0; i < BINS; i++)
        most = fmax(most, count[i]);
    for (int i = 0; i < BINS && n > 0; i++)
        if (count[i] == most)
            least = fmin(least, spread(count, n, i));
    return n > 0 ? 1 - least : 0;
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    to[COARSENESS] = (float)coarseness(k, plane);
    to[CONTRAST] = (float)contrast(plane, (size_t)k->s.h * (size_t)k->s.w);
    to[DIRECTIONALITY] = (float)directionality(k, plane);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    struct work k = { .s = in->shape, .p = p, .margin = (3 << p->scales) / 2 };
    const size_t h = (size_t)k.s.h, w = (size_t)k.s.w, m = 2 * (size_t)k.margin + 1, two = 2;
    (void)state;

    k.sums = (double *)mp_scratch(c, two * (h + m) * (w + m));
    k.best = (double *)mp_scratch(c, two * w);
    k.change = (double *)mp_scratch(c, two * w);
    k.size = mp_scratch(c, w);
    k.framed = mp_scratch(c, (h + 2) * (w + 2));
    if (k.sums == NULL || k.best == NULL || k.change == NULL || k.size == NULL || k.framed == NULL)
        return -1;
    memset(k.framed, 0, (h + 2) * (w + 2) * sizeof *k.framed);
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(tamura) = {
    .brief = "Measure coarseness, contrast and directionality (Tamura)",
    .doc = "Three measures that go with what people see in textures (Tamura, Mori and Yamawaki\n"
           "1978, \"Textural features corresponding to visual perception\").\n"
           "\n"
           "Coarseness: around each pixel, squares of 2, 4, 8 .. px that touch in it are\n"
           "compared, left with right and upper with lower; the mean of the side that differs\n"
           "most, the smaller of equals.  Contrast: the pixels' deviation over the fourth root\n"
           "of their kurtosis; 0 where all are alike.  Directionality: Prewitt's gradient, where\n"
           "half the sum of both parts' sizes is at least `edge`, is counted in 16 directions of\n"
           "half a turn; 1 less the mean square distance from the fullest one, as a share of the\n"
           "largest there is: 1 where all edges run one way.  0 where there are none.  Tamura\n"
           "looks at several peaks there.  Outside of the image is paper.  Each channel of a\n"
           "colour image has measures of its own, one channel after another.",
    .example = "tamura scales=4 edge=0.2",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
