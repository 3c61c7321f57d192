/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sizenorm.c - brings digits to one size and place.
 *
 * The ink's extent is measured, its sides are given their lengths in the new image, and each
 * axis is mapped by itself, so that the extent comes to lie in the middle:
 *
 *   box        the extent is that of the pixels above `level`: linear
 *   moment     it is the centre of mass +- 2 sigma of the ink's projection: linear
 *   bimoment   sigma is that of either side by itself, which a quadratic of x maps to
 *              -1/2 and 1/2, and the centre of mass to 0
 *
 * The longer side becomes `size` px, the shorter r2 times as many, where r1 is the ratio of the
 * two before: r2 = r1, sqrt(sin(pi r1 / 2)) or 1.  A new pixel is the sum of the old ones that
 * a triangle reaches from the place it is mapped from, as wide as new pixels lie apart there and
 * at least one to either side (Pillow's BILINEAR), with paper all around.
 *
 * References: C.-L. Liu, K. Nakashima, H. Sako and H. Fujisawa, "Handwritten digit recognition:
 * investigation of normalization and feature extraction techniques", Pattern Recognition 37
 * (2004) 265-279; bimoment: C.-L. Liu, H. Sako and H. Fujisawa, "Handwritten Chinese character
 * recognition: alternatives to nonlinear normalization", ICDAR 2003, 524-528.
 */
#include "image/axis.h"
#include "image/planes.h"
#include <math.h>

enum { BOX, MOMENT, BIMOMENT }; /* order of .choices below */
enum { KEEP, SINE, FILL };

struct params {
    int extent, aspect, size, side;
    double level;
};

static const struct mp_param table[] = {
    MP_PARAM(extent, .def = "box", .choices = "box|moment|bimoment",
             .doc = "what is brought to a size: the box around the ink, or two standard deviations "
                    "to either side of the centre of mass, both alike or each by itself"),
    MP_PARAM(aspect, .def = "keep", .choices = "keep|sine|fill",
             .doc = "the new ratio r2 of the shorter side to the longer: the old one r1, "
                    "sqrt(sin(pi r1 / 2)), or 1"),
    MP_PARAM(size, .def = "20", .min = 1, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "what the longer side of the extent becomes"),
    MP_PARAM(side, .def = "28", .min = 1, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "width and height of the new image"),
    MP_PARAM(level, .def = "0.2", .min = 0, .max = 1,
             .doc = "with extent=box, pixels above this are ink"),
    MP_END
};

/* How far the ink reaches along an axis, px: `low` before `centre` and `high` behind it. */
struct extent {
    double centre, low, high;
};

/* The ink's projections on both axes, and room for the weights of one position. */
struct work {
    const struct params *p;
    double *down, *across, *weights;
};

static double *reals(struct mp_ctx *c, int n)
{
    return (double *)(void *)mp_scratch(c, (size_t)n * (sizeof(double) / sizeof(float)));
}

/* With extent=box the projections are of which rows and columns have ink at all. */
static void project(const struct work *w, const float *ink, int h, int width, float level)
{
    const bool box = w->p->extent == BOX;

    for (int x = 0; x < width; x++)
        w->across[x] = 0;
    for (int y = 0; y < h; y++, ink += width) {
        double sum = 0;
        for (int x = 0; x < width; x++) {
            const double v = box ? ink[x] > level : ink[x] > 0 ? ink[x] : 0;
            w->across[x] += v;
            sum += v;
        }
        w->down[y] = sum;
    }
}

static struct extent box_of(const double *f, int n)
{
    int first = 0, last = n - 1;
    while (first < last && f[first] <= 0)
        first++;
    while (last > first && f[last] <= 0)
        last--;
    const double half = (last - first + 1) / 2.0;
    return (struct extent){ (first + last) / 2.0, half, half };
}

/* Two sigmas to either side, where there are any, but half a pixel at least.  The quadratic
 * through three points folds if one side is more than three times the other. */
static struct extent spread_of(const double *f, int n, bool apart)
{
    double mass = 0, first = 0, m[2] = { 0, 0 }, s[2] = { 0, 0 };

    for (int i = 0; i < n; i++) {
        mass += f[i];
        first += f[i] * i;
    }
    const double centre = first / mass;
    for (int i = 0; i < n; i++) {
        const double d = i - centre;
        m[d > 0] += f[i];
        s[d > 0] += f[i] * d * d;
    }
    const double both = 2 * sqrt((s[0] + s[1]) / mass);
    double low = !apart ? both : m[0] > 0 ? 2 * sqrt(s[0] / m[0]) : 0;
    double high = !apart ? both : m[1] > 0 ? 2 * sqrt(s[1] / m[1]) : 0;
    low = fmax(fmax(low, high / 3), 0.5);
    high = fmax(fmax(high, low / 3), 0.5);
    return (struct extent){ centre, low, high };
}

/* An image without ink is an extent as a whole. */
static struct extent measure(const struct work *w, const double *f, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += f[i];
    if (!(sum > 0))
        return (struct extent){ (n - 1) / 2.0, n / 2.0, n / 2.0 };
    return w->p->extent == BOX ? box_of(f, n) : spread_of(f, n, w->p->extent == BIMOMENT);
}

/* Where v of the new extent comes from, -1/2 .. 1/2 being all of it; beyond the turning point of
 * the quadratic b t + a t^2 = v nothing does. */
static double source(struct extent e, double v)
{
    const double both = e.low + e.high;
    const double b = (e.low * e.low + e.high * e.high) / (2 * e.low * e.high * both);
    const double a = (e.high - e.low) * -1 / (2 * e.low * e.high * both), root = b * b + 4 * a * v;

    return root < 0 ? HUGE_VAL : e.centre + 2 * v / (b + sqrt(root));
}

/* Position i of the new axis is what lies around `at`; new pixels lie `apart` there. */
static void weigh(struct mp_axis *axis, int i, double at, double apart, double *weights)
{
    const double r = fmax(1, apart);
    double sum = 0;
    int first = 0, n = 0;

    if (at > -r && at < axis->from - 1 + r)
        for (int k = (int)ceil(at - r); k <= at + r; k++) {
            const double weight = 1 - fabs(k - at) / r;
            sum += weight;
            if (k < 0 || k >= axis->from)
                continue;
            first = n == 0 ? k : first;
            weights[n++] = weight;
        }
    for (int k = 0; k < n; k++)
        weights[k] /= sum;
    weights[0] = n > 0 ? weights[0] : 0;
    mp_axis_set(axis, i, first, n > 0 ? n : 1, weights, MP_ZERO);
}

/* The map of one axis, whose extent becomes `length` px in the middle. */
static void map(const struct work *w, struct mp_axis *axis, struct extent e, double length)
{
    for (int i = 0; i < axis->to; i++) {
        const double v = (i - (axis->to - 1) / 2.0) / length, half = 0.5 / length;
        const double apart = source(e, v + half) - source(e, v - half);
        weigh(axis, i, source(e, v), isfinite(apart) ? apart : 1, w->weights);
    }
}

static void fit(const struct work *w, struct mp_axes *m)
{
    const struct extent down = measure(w, w->down, m->down.from);
    const struct extent across = measure(w, w->across, m->across.from);
    const double high = down.low + down.high, wide = across.low + across.high;
    const double r1 = fmin(high, wide) / fmax(high, wide), longer = w->p->size;
    const double r2 = w->p->aspect == KEEP ? r1 : w->p->aspect == FILL ? 1 : sqrt(sin(M_PI_2 * r1));

    map(w, &m->down, down, high < wide ? longer * r2 : longer);
    map(w, &m->across, across, high < wide ? longer : longer * r2);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;

    if (p->size > p->side)
        return mp_fail(c, "size=%d does not fit into side=%d", p->size, p->side);
    *out = (struct mp_shape){ p->side, p->side, in.c };
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_shape s = in->shape, t = out->shape;
    const size_t channels = (size_t)s.c, n = mp_len(s) / channels;
    struct mp_axes m = { .channels = channels };
    const struct work w = { .p = params, .down = reals(c, s.h), .across = reals(c, s.w),
                            .weights = reals(c, s.h > s.w ? s.h : s.w) };
    float *room = mp_scratch(c, n);
    (void)state;

    if (w.down == NULL || w.across == NULL || w.weights == NULL || room == NULL ||
        mp_axis_new(c, &m.down, s.h, t.h, s.h) < 0 ||
        mp_axis_new(c, &m.across, s.w, t.w, s.w) < 0 || mp_axes_room(c, &m) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * mp_len(s);
        project(&w, mp_plane_sum(x, n, channels, room), s.h, s.w, (float)(w.p->level * s.c));
        fit(&w, &m);
        mp_axes_map(&m, x, out->x + i * mp_len(t));
    }
    return MP_OK;
}

MP_STAGE(sizenorm) = {
    .brief = "Bring digits to one size and place",
    .doc = "Scales each image so that its ink gets the size asked for, and puts it into the\n"
           "middle of a new image of side x side pixels.  extent=box aspect=keep is how MNIST\n"
           "was made: into a box of 20 x 20 with proportions kept; center below it then moves\n"
           "the centre of mass to the middle, by whole pixels.  aspect=sine is aspect ratio\n"
           "adaptive normalization: slim digits get wider, but stay slim.  extent=moment\n"
           "normalizes by moments, so that a long tail moves and shrinks the rest less, and\n"
           "bimoment does so for left and right, top and bottom apart, up to three to one\n"
           "(Liu and others, 2003 and 2004).  Ink may reach beyond such an extent; beyond the\n"
           "new image it is lost.  Pixels are interpolated linearly and averaged where digits\n"
           "shrink, as by Pillow's BILINEAR.  An image without ink is scaled as a whole.\n"
           "Colour images are measured by the sum of their channels, which are scaled alike.",
    .example = "sizenorm extent=moment aspect=sine size=24",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
