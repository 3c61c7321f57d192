/* SPDX-License-Identifier: GPL-3.0-or-later */
/* legendre.c - Legendre moments.
 *
 * Method: M. R. Teague, "Image analysis via the general theory of moments", Journal of the
 * Optical Society of America 70 (1980) 920-930.  The image lies on the square from -1 to 1, each
 * pixel's value in its middle.  Polynomials come by Bonnet's recursion; both axes are maps of
 * axis.h.
 *
 * Cost: order + 1 multiply-adds a pixel, and as many for each of its rows' moments.
 */
#include "core/stage.h"
#include "image/axis.h"
#include "image/describe.h"

struct params {
    int order;
};

static const struct mp_param table[] = {
    MP_PARAM(order, .def = "8", .min = 0, .max = 64,
             .doc = "highest sum of the degrees along both axes"),
    MP_END
};

struct work {
    int order;
    struct mp_axes axes;
    float *all; /* (order + 1) x (order + 1) */
};

static size_t each(int order)
{
    return ((size_t)order + 1) * ((size_t)order + 2) / 2;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)state;
    return mp_described(c, in, (double)each(((const struct params *)params)->order), out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const int order = ((const struct params *)params)->order;
    const struct mp_described d = mp_which(i, each(order));
    size_t y = 0, x = d.i;
    for (; x > (size_t)order - y; y++)
        x -= (size_t)order - y + 1;
    mp_describe_name(text, size, in, d.channel, "legendre[y=%zu,x=%zu", y, x);
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    mp_axes_map(&k->axes, plane, k->all);
    for (int y = 0; y <= k->order; y++)
        for (int x = 0; x <= k->order - y; x++)
            *to++ = k->all[y * (k->order + 1) + x];
}

/* Row i of the map: (2 i + 1) / n times the polynomial of degree i in the middles of n pixels. */
static int polynomials(struct mp_ctx *c, struct mp_axis *a, int n, int order)
{
    const size_t size = (size_t)n * (sizeof(double) / sizeof(float));

    if (mp_axis_new(c, a, n, order + 1, n) < 0)
        return -1;
    const int mark = mp_scratch_mark(c);
    double *now = (double *)mp_scratch(c, size), *before = (double *)mp_scratch(c, size);
    double *w = (double *)mp_scratch(c, size);
    if (now == NULL || before == NULL || w == NULL)
        return -1;
    for (int i = 0; i <= order; i++) {
        for (int j = 0; j < n; j++) {
            const double x = (2 * j + 1.0) / n - 1;
            const double next = i == 0 ? 1 : i == 1 ? x
                              : ((2 * i - 1) * x * now[j] - (i - 1) * before[j]) / i;
            before[j] = now[j];
            now[j] = next;
            w[j] = next * (2 * i + 1) / n;
        }
        mp_axis_set(a, i, 0, n, w, MP_ZERO);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t side = (size_t)p->order + 1;
    struct work k = { .order = p->order, .axes.channels = 1, .all = mp_scratch(c, side * side) };
    (void)state;

    if (k.all == NULL || polynomials(c, &k.axes.down, in->shape.h, p->order) < 0 ||
        polynomials(c, &k.axes.across, in->shape.w, p->order) < 0 || mp_axes_room(c, &k.axes) < 0)
        return -1;
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(legendre) = {
    .brief = "Take Legendre moments",
    .doc = "The coefficients of the polynomial of two variables that comes nearest to the\n"
           "image: value (y, x) is (2 y + 1) (2 x + 1) / (h w) times the sum over all pixels\n"
           "of ink times the Legendre polynomials of degrees y and x, of the pixel's place in\n"
           "an image that goes from -1 to 1 (Teague 1980, \"Image analysis via the general\n"
           "theory of moments\").  All (y, x) whose sum is at most `order` are given, y by y:\n"
           "(order + 1) (order + 2) / 2 values.  The first is the mean ink.  They tell where\n"
           "ink lies, so center and deskew before help.  Each channel of a colour image has\n"
           "moments of its own, one channel after another.",
    .example = "legendre order=10",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
