/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zernike.c - sizes of Zernike moments, which turns leave as they are.
 *
 * Method: A. Khotanzad and Y. H. Hong, "Invariant image recognition by Zernike moments", IEEE
 * Transactions on Pattern Analysis and Machine Intelligence 12 (1990) 489-497, with the ink's
 * centre of mass in the middle of the disc.  A polynomial of degree n that turns l times is a
 * sum of r^l, r^(l+2) .. r^n times that turn, so only sums of ink times powers of the place are
 * taken over pixels, two multiplications each, and put together for the image as a whole.
 *
 * Cost: about degree^2 / 4 complex multiply-adds for each pixel with ink, in double.
 */
#include "core/stage.h"
#include "image/describe.h"
#include <math.h>
#include <string.h>

/* Less is none: values below 0, which some filters make, may cancel what ink there is. */
static const double least_ink = 1e-6;
enum { MOST = 20 }; /* degree: beyond, the polynomials' terms cancel too much */

struct params {
    double radius;
    int degree;
};

static const struct mp_param table[] = {
    MP_PARAM(degree, .def = "8", .min = 0, .max = MOST, .doc = "highest degree of a polynomial"),
    MP_PARAM(radius, .def = "0", .min = 0, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "of the disc; ink outside does not count; 0: half of the longer side"),
    MP_END
};

struct work {
    struct mp_shape s;
    double radius;
    int degree;
};

static size_t each(int degree)
{
    return ((size_t)degree / 2 + 1) * (((size_t)degree + 1) / 2 + 1);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)state;
    return mp_described(c, in, (double)each(((const struct params *)params)->degree), out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct mp_described d = mp_which(i, each(((const struct params *)params)->degree));
    size_t n = 0, k = d.i;
    for (; k > n / 2; n++)
        k -= n / 2 + 1;
    mp_describe_name(text, size, in, d.channel, "zernike[n=%zu,l=%zu", n, n % 2 + 2 * k);
}

/* By l and j: the sum of ink times (x - iy)^l (x^2 + y^2)^j, places in radii. */
struct sums {
    double ink, re[MOST + 1][MOST / 2 + 1], im[MOST + 1][MOST / 2 + 1];
};

static void add(struct sums *s, int degree, double ink, double y, double x)
{
    double re = ink, im = 0;
    s->ink += ink;
    for (int l = 0; l <= degree; l++) {
        double power = 1;
        for (int j = 0; l + 2 * j <= degree; j++, power *= x * x + y * y) {
            s->re[l][j] += re * power;
            s->im[l][j] += im * power;
        }
        const double next = re * x + im * y;
        im = im * x - re * y;
        re = next;
    }
}

/* The size of the moment of degree n that turns l times. */
static double moment(const struct sums *s, int n, int l)
{
    const int a = (n + l) / 2, b = (n - l) / 2;
    double term = 1, re = 0, im = 0;

    for (int i = 1; i <= b; i++) /* n over b */
        term = term * (n - b + i) / i;
    for (int i = 0; i <= b; i++) {
        if (i > 0)
            term *= -(double)((a - i + 1) * (b - i + 1)) / (i * (n - i + 1));
        re += term * s->re[l][b - i];
        im += term * s->im[l][b - i];
    }
    return (n + 1) / M_PI * hypot(re, im) / s->ink;
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int h = k->s.h, w = k->s.w;
    double ink = 0, my = 0, mx = 0;
    struct sums s;

    memset(&s, 0, sizeof s);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const double f = (double)plane[y * w + x];
            ink += f;
            my += f * y;
            mx += f * x;
        }
    for (int y = 0; y < h && ink > least_ink; y++)
        for (int x = 0; x < w; x++) {
            const double f = (double)plane[y * w + x];
            const double dy = (y - my / ink) / k->radius, dx = (x - mx / ink) / k->radius;
            if (f != 0 && dy * dy + dx * dx <= 1)
                add(&s, k->degree, f, dy, dx);
        }
    for (int n = 0; n <= k->degree; n++)
        for (int l = n % 2; l <= n; l += 2)
            *to++ = (float)(s.ink > least_ink ? moment(&s, n, l) : 0);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const int longer = in->shape.h > in->shape.w ? in->shape.h : in->shape.w;
    struct work k = { in->shape, p->radius > 0 ? p->radius : longer / 2.0, p->degree };
    (void)c;
    (void)state;
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(zernike) = {
    .brief = "Take the sizes of Zernike moments",
    .doc = "How much ink lies as each of the polynomials does that are orthogonal on a disc,\n"
           "whichever way it is turned: the disc has the ink's centre of mass in its middle, so\n"
           "that neither shifts nor turns matter, and all is divided by the ink within it\n"
           "(Khotanzad and Hong 1990, \"Invariant image recognition by Zernike moments\").\n"
           "Value (n, l) is the absolute value of the moment of degree n that goes l times\n"
           "round; n - l is even, and degree=8 gives 25, degree by degree, as mahotas'\n"
           "zernike_moments does.  The first is 1 / pi wherever there is ink.  Without, all\n"
           "are 0.  Each channel of a colour image has moments of its own, one channel after\n"
           "another.",
    .example = "zernike degree=12 radius=12",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
