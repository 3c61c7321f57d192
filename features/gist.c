/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gist.c - what a bank of Gabor filters sees in each part of an image.
 *
 * Method: A. Oliva and A. Torralba, "Modeling the shape of the scene: a holistic representation
 * of the spatial envelope", International Journal of Computer Vision 42 (2001) 145-175, with the
 * filters and the levelling of contrast that the authors' program has.
 *
 * Filters are products with the image's spectrum.  Images are small and of any size, and of
 * each filter's answer only the part within the margin is wanted, so transforms are sums over
 * tables of cosines: inner loops run over a vector of pixels.  The Gaussian that levels contrast is
 * a product of one along each axis, so a map of axis.h does it without a spectrum.
 *
 * Cost: for each filter some 16 n^3 flops, n being the side with its margin: 512 times as many
 * for images of 8 times the side.
 */
#include "core/pixel.h"
#include "core/simd.h"
#include "core/stage.h"
#include "image/axis.h"
#include "image/describe.h"
#include <math.h>
#include <string.h>

enum { MOST_SIDE = 256, FRAME = 5 }; /* FRAME: px around the image while contrast is levelled */

struct params {
    double contrast;
    int scales, directions, grid;
};

static const struct mp_param table[] = {
    MP_PARAM(scales, .def = "3", .min = 1, .max = 8,
             .doc = "the finest has its middle at 0.3 waves a px, each next at 1 / 1.85 of it"),
    MP_PARAM(directions, .def = "8", .min = 1, .max = 32, .doc = "of the filters of each scale"),
    MP_PARAM(grid, .def = "4", .min = 1, .max = 64,
             .doc = "parts from top to bottom and from left to right"),
    MP_PARAM(contrast, .def = "4", .min = 0, .max = 64,
             .doc = "contrast is levelled over areas of the longer side over this; 0: not at all"),
    MP_END
};

/* An axis of n pixels of the image, `all` with the margin, and the table of its waves: of
 * frequency f (all of them) the cosine, then the sine, at the n pixels. */
struct axis {
    int n, margin, all;
    float *cosine, *sine;
};

struct work {
    struct mp_shape s;
    const struct params *p;
    struct axis down, across;
    struct mp_axes smooth;
    float *framed, *low; /* the image in its frame, and what is smooth of it */
    float *level;        /* the image when its contrast is level, with its margin */
    float *re, *im;      /* its spectrum */
    float *filters;      /* all of them, as large as the spectrum */
    int wide;            /* the image's width in whole vectors */
    float *back;         /* of frequency f across, cosine and sine at the image's pixels: `wide` */
    float *half;         /* what is transformed along rows only, real and imaginary parts */
    float *row;          /* `wide` */
};

static size_t filters_of(const struct params *p)
{
    return (size_t)(p->scales * p->directions);
}

static int margin_of(struct mp_shape s)
{
    const int longer = s.h > s.w ? s.h : s.w;
    return (longer + 7) / 8;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    if (in.h > MOST_SIDE || in.w > MOST_SIDE)
        return mp_fail(c, "an image of %dx%d takes too long: at most %dx%d; resize it first", in.h,
                       in.w, MOST_SIDE, MOST_SIDE);
    return mp_described(c, in, (double)filters_of(p) * p->grid * p->grid, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const size_t grid = (size_t)p->grid, directions = (size_t)p->directions;
    const struct mp_described d = mp_which(i, filters_of(p) * grid * grid);
    const size_t filter = d.i / (grid * grid), part = d.i % (grid * grid);
    mp_describe_name(text, size, in, d.channel, "gist[s=%zu,d=%zu,y=%zu,x=%zu",
                     filter / directions, filter % directions, part / grid, part % grid);
}

/* ------------------------------------------------------------------ before the first image */

static int waves(struct mp_ctx *c, struct axis *a)
{
    const size_t size = (size_t)a->all * (size_t)a->all;
    a->cosine = mp_scratch(c, 2 * size);
    if (a->cosine == NULL)
        return -1;
    a->sine = a->cosine + size;
    for (int f = 0; f < a->all; f++)
        for (int i = 0; i < a->all; i++) {
            const double angle = 2 * M_PI * ((f * i) % a->all) / a->all;
            a->cosine[f * a->all + i] = (float)cos(angle);
            a->sine[f * a->all + i] = (float)sin(angle);
        }
    return MP_OK;
}

/* The waves across again, at the image's own pixels, in whole vectors. */
static void way_back(const struct work *k)
{
    const struct axis *a = &k->across;
    float *to = k->back;
    memset(to, 0, 2 * (size_t)a->all * (size_t)k->wide * sizeof *to);
    for (int f = 0; f < a->all; f++, to += 2 * k->wide) {
        memcpy(to, a->cosine + f * a->all + a->margin, (size_t)a->n * sizeof *to);
        memcpy(to + k->wide, a->sine + f * a->all + a->margin, (size_t)a->n * sizeof *to);
    }
}

/* Frequency f of n, -n/2 .. n/2, in waves a pixel. */
static double rate(int f, int n)
{
    return (double)(2 * f < n ? f : f - n) / n;
}

/* Of the authors' program: a bell about the middle rate of a scale, another about a direction. */
static void make_filters(const struct work *k)
{
    const int directions = k->p->directions, high = k->down.all, wide = k->across.all;
    const double narrow = 16.0 * directions * directions / (32 * 32);

    for (int i = 0; i < high * wide; i++) {
        const double fy = rate(i / wide, high), fx = rate(i % wide, wide);
        const double size = hypot(fy, fx), way = atan2(fy, fx);
        for (int f = 0; f < k->p->scales * directions; f++) {
            const double far = size / (0.3 / pow(1.85, f / directions)) - 1;
            double angle = way + M_PI * (f % directions) / directions;
            angle -= angle > M_PI ? 2 * M_PI : 0;
            const double v = exp(-3.5 * far * far - 2 * M_PI * narrow * angle * angle);
            k->filters[f * high * wide + i] = (float)(v < 1e-7 ? 0 : v);
        }
    }
}

/* The circular convolution that keeps frequencies by a Gaussian, of `contrast` waves along the
 * longer of both sides at half its height. */
static int gaussian(struct mp_ctx *c, const struct params *p, int n, int longer, struct mp_axis *a)
{
    if (mp_axis_new(c, a, n, n, n) < 0)
        return -1;
    const int mark = mp_scratch_mark(c);
    double *kernel = (double *)mp_scratch(c, 4 * (size_t)n);
    if (kernel == NULL)
        return -1;
    double *w = kernel + n;
    for (int i = 0; i < n; i++) {
        kernel[i] = 0;
        for (int f = 0; f < n; f++) {
            const double far = rate(f, n) * longer / p->contrast;
            kernel[i] += exp(-M_LN2 * far * far) * cos(2 * M_PI * ((f * i) % n) / n) / n;
        }
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            w[j] = kernel[(i - j + n) % n];
        mp_axis_set(a, i, 0, n, w, MP_ZERO);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

static int prepare(struct mp_ctx *c, struct work *k)
{
    const int h = k->s.h, w = k->s.w, margin = margin_of(k->s);
    const int high = h + 2 * FRAME, wide = w + 2 * FRAME, longer = high > wide ? high : wide;
    k->down = (struct axis){ .n = h, .margin = margin, .all = h + 2 * margin };
    k->across = (struct axis){ .n = w, .margin = margin, .all = w + 2 * margin };
    const size_t all = (size_t)k->down.all * (size_t)k->across.all;
    const size_t framed = (size_t)high * (size_t)wide, row = (size_t)mp_lanes(k->across.all);

    k->wide = mp_lanes(w);
    k->smooth.channels = 1;
    if (k->p->contrast > 0 && (gaussian(c, k->p, high, longer, &k->smooth.down) < 0 ||
                               gaussian(c, k->p, wide, longer, &k->smooth.across) < 0 ||
                               mp_axes_room(c, &k->smooth) < 0))
        return -1;
    k->framed = mp_scratch(c, 2 * framed);
    k->level = mp_scratch(c, 3 * all);
    k->filters = mp_scratch(c, filters_of(k->p) * all);
    k->back = mp_scratch(c, 2 * (size_t)k->across.all * row);
    k->half = mp_scratch(c, (2 * (size_t)k->down.all + 1) * row);
    if (k->framed == NULL || k->level == NULL || k->filters == NULL || k->back == NULL ||
        k->half == NULL || waves(c, &k->down) < 0 || waves(c, &k->across) < 0)
        return -1;
    k->low = k->framed + framed;
    k->re = k->level + all;
    k->im = k->re + all;
    k->row = k->half + 2 * (size_t)k->down.all * row;
    way_back(k);
    make_filters(k);
    return MP_OK;
}

/* ------------------------------------------------------------------ an image */

/* What is left of the logarithm of grey levels when its smooth part is taken off, over its own
 * deviation nearby; in its margin, mirrored. */
static void level(const struct work *k, const float *plane)
{
    const int h = k->s.h, w = k->s.w, wide = w + 2 * FRAME, high = h + 2 * FRAME;
    const int n = high * wide, margin = k->down.margin;

    for (int y = 0; y < high; y++)
        for (int x = 0; x < wide; x++) {
            const int from = mp_outside(y - FRAME, h, MP_REFLECT) * w +
                             mp_outside(x - FRAME, w, MP_REFLECT);
            k->framed[y * wide + x] = logf(1 + 255 * mp_cut(plane[from]));
        }
    if (k->p->contrast > 0) {
        mp_axes_map(&k->smooth, k->framed, k->low);
        for (int i = 0; i < n; i++) {
            k->framed[i] -= k->low[i];
            k->low[i] = k->framed[i] * k->framed[i];
        }
        mp_axes_map(&k->smooth, k->low, k->low);
        for (int i = 0; i < n; i++)
            k->framed[i] /= 0.2f + sqrtf(fabsf(k->low[i]));
    }
    for (int y = 0; y < k->down.all; y++)
        for (int x = 0; x < k->across.all; x++)
            k->level[y * k->across.all + x] =
                k->framed[(mp_outside(y - margin, h, MP_REFLECT) + FRAME) * wide +
                          mp_outside(x - margin, w, MP_REFLECT) + FRAME];
}

/* The spectrum of the level image, along rows and then along columns. */
MP_CLONES static void transform(const struct work *k)
{
    const int h = k->down.all, w = k->across.all;
    float *a = k->half, *b = a + h * w;

    memset(a, 0, 2 * (size_t)(h * w) * sizeof *a);
    memset(k->re, 0, (size_t)(h * w) * sizeof *k->re);
    memset(k->im, 0, (size_t)(h * w) * sizeof *k->im);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const float v = k->level[y * w + x];
            const float *co = k->across.cosine + x * w, *si = k->across.sine + x * w;
            float *re = a + y * w, *im = b + y * w;
            for (int f = 0; f < w; f++) {
                re[f] += v * co[f];
                im[f] -= v * si[f];
            }
        }
    for (int f = 0; f < h; f++)
        for (int y = 0; y < h; y++) {
            const float co = k->down.cosine[f * h + y], si = k->down.sine[f * h + y];
            const float *p = a + y * w, *q = b + y * w;
            float *re = k->re + f * w, *im = k->im + f * w;
            for (int x = 0; x < w; x++) {
                re[x] += p[x] * co + q[x] * si;
                im[x] += q[x] * co - p[x] * si;
            }
        }
}

/* Sixteen pixels of what a filter lets through of row f of the spectrum, transformed back. */
static inline void row_back(const struct work *k, const float *filter, int f, int x,
                            mp_vector *re, mp_vector *im)
{
    const int all = k->across.all;
    const float *back = k->back + x;
    mp_vector p = { 0 }, q = { 0 };
    for (int g = 0; g < all; g++, back += 2 * k->wide) {
        const float v = filter[f * all + g];
        if (!(v > 0))
            continue;
        const float r = v * k->re[f * all + g], i = v * k->im[f * all + g];
        const mp_vector co = *(const mp_vector *)back, si = *(const mp_vector *)(back + k->wide);
        p += r * co - i * si;
        q += r * si + i * co;
    }
    *re = p;
    *im = q;
}

/* Adds the sizes of a filter's answer in row y to the sums of the parts of the grid there. */
static inline void add_row(const struct work *k, int y, float *to)
{
    const int grid = k->p->grid, h = k->down.n, w = k->across.n;
    for (int i = 0; i < grid; i++)
        if (y >= i * h / grid && y < (i + 1) * h / grid)
            for (int j = 0; j < grid; j++)
                for (int x = j * w / grid; x < (j + 1) * w / grid; x++)
                    to[i * grid + j] += k->row[x];
}

MP_CLONES static void respond(const struct work *k, const float *filter, float *to)
{
    const int high = k->down.all, wide = k->wide;
    float *a = k->half, *b = a + high * wide;

    for (int f = 0; f < high; f++)
        for (int x = 0; x < wide; x += MP_LANES)
            row_back(k, filter, f, x, (mp_vector *)(a + f * wide + x),
                     (mp_vector *)(b + f * wide + x));
    for (int y = 0; y < k->down.n; y++) {
        for (int x = 0; x < wide; x += MP_LANES) {
            mp_vector re = { 0 }, im = { 0 };
            for (int f = 0; f < high; f++) {
                const int at = f * high + y + k->down.margin;
                const float co = k->down.cosine[at], si = k->down.sine[at];
                const mp_vector p = *(const mp_vector *)(a + f * wide + x);
                const mp_vector q = *(const mp_vector *)(b + f * wide + x);
                re += p * co - q * si;
                im += p * si + q * co;
            }
            re = re * re + im * im;
            for (int l = 0; l < MP_LANES; l++)
                k->row[x + l] = sqrtf(re[l]);
        }
        add_row(k, y, to);
    }
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int grid = k->p->grid, h = k->s.h, w = k->s.w;
    const size_t all = (size_t)k->down.all * (size_t)k->across.all, parts = (size_t)(grid * grid);

    level(k, plane);
    transform(k);
    memset(to, 0, filters_of(k->p) * parts * sizeof *to);
    for (size_t i = 0; i < filters_of(k->p); i++, to += parts) {
        respond(k, k->filters + i * all, to);
        for (int y = 0; y < grid; y++)
            for (int x = 0; x < grid; x++) {
                const int rows = (y + 1) * h / grid - y * h / grid;
                const int columns = (x + 1) * w / grid - x * w / grid;
                const float n = (float)(rows * columns) * (float)all;
                to[y * grid + x] = n > 0 ? to[y * grid + x] / n : 0;
            }
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { .s = in->shape, .p = params };
    (void)state;
    return prepare(c, &k) < 0 ? -1 : mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(gist) = {
    .brief = "Describe images by a bank of Gabor filters (GIST)",
    .doc = "How strongly lines of each scale and direction stand in each part of the image\n"
           "(Oliva and Torralba 2001, \"Modeling the shape of the scene\").  It was made for\n"
           "scenes.\n"
           "\n"
           "First contrast is levelled: of the logarithm of 1 + 255 ink what is smooth is taken\n"
           "off, and the rest divided by 0.2 plus its own deviation nearby.  Then the image,\n"
           "mirrored at its border, goes through scales x directions Gabor filters, and the mean\n"
           "of the size of each one's answer in each of grid x grid parts is given: filter by\n"
           "filter, the finest scale first, parts row by row.  Direction 0 is \"darker to the\n"
           "right\", others turn against the clock.  Filters and levelling are those of the\n"
           "authors' LMgist, the margin is an eighth of the longer side as theirs is of images\n"
           "of 256 px.  An image of one level has zeros.  The time grows with the cube of the\n"
           "side, so images have at most 256 px a side.  Each channel of a colour image is\n"
           "described by itself, one channel after another.",
    .example = "gist scales=2 directions=4 grid=2",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
