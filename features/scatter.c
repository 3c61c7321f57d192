/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scatter.c - the scattering transform: sizes of waves, and sizes of waves of these.
 *
 * Method: the image is convolved with Morlet wavelets of `scales` scales, each twice the last one,
 * and `directions` directions over half a turn.  What is taken is their size: U1 = |x * psi|.
 * Order 1 is the mean of that under a Gaussian, on a grid; order 2 does the same again with U1 and
 * wider waves, which says how the first are spread.  A wave's size hardly changes as a stroke is
 * shifted or bent.  J. Bruna and S. Mallat, "Invariant scattering convolution networks" (2013).
 *
 * Sixteen images go side by side (image/spectrum.h).  Convolutions are products of spectra; what a
 * wave of scale j answers is kept at each 2^j-th pixel only, and the mean is a sum of pixels.
 *
 * Cost: about 1 + directions (2 scales - 1) + directions^2 scales (scales - 1) / 2 transforms of
 * the image, those of wide waves of a smaller one.
 */
#include "image/describe.h"
#include "image/spectrum.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NONE, L1SQRT }; /* order of .choices below */
enum { MOST_SCALES = 5, MOST_DIRECTIONS = 16, MOST_SIDE = 512 };

struct params {
    double floor;
    int scales, directions, orders, norm;
};

static const struct mp_param table[] = {
    MP_PARAM(scales, .def = "2", .min = 1, .max = MOST_SCALES,
             .doc = "of waves, each twice as long as the last; means are taken each 2^scales px"),
    MP_PARAM(directions, .def = "6", .min = 1, .max = MOST_DIRECTIONS,
             .doc = "of the waves of each scale, evenly over half a turn"),
    MP_PARAM(orders, .def = "2", .min = 0, .max = 2,
             .doc = "0: the smoothed image alone; 1: and sizes of waves; 2: and sizes of waves of "
                    "these"),
    MP_PARAM(norm, .def = "none", .choices = "none|l1sqrt",
             .doc = "l1sqrt: the values of each place over their sum, and the root of that"),
    MP_PARAM(floor, .def = "0.05", .min = 1e-6, .max = 1000,
             .doc = "of l1sqrt: of the mean sum of all places, added to that of each, which keeps "
                    "empty places quiet"),
    MP_END
};

/* The frame of paper that a side of `from` pixels lies in: the means are about the pixels
 * 2^scales (k + 1) of it, k < means, which are the middle of the image. */
struct side {
    int from, at, means;
    struct mp_line line[MOST_SCALES]; /* the frame, and each 2^r-th pixel of it */
    float *mean[MOST_SCALES];         /* means x line[r].n weights */
};

struct work {
    const struct params *p;
    struct mp_shape s;
    float *memory; /* all that the pointers below point into; NULL: it is counted how much */
    size_t taken;
    struct side down, across;
    float *wave[MOST_SCALES][MOST_SCALES]; /* [r][j]: spectra of all directions of scale j, at
                                              each 2^r-th pixel */
    mp_vector *re, *im;         /* the image's spectrum */
    mp_vector *re1, *im1;       /* that of U1 */
    mp_vector *fold, *fold_im;  /* what a wave answers */
    mp_vector *room, *half, *y; /* transforms' room; means along one side; along both */
};

static size_t paths_of(const struct params *p)
{
    const size_t j = (size_t)p->scales, l = (size_t)p->directions;
    return 1 + (p->orders > 0 ? j * l : 0) + (p->orders > 1 ? l * l * j * (j - 1) / 2 : 0);
}

static size_t means_of(const struct params *p, int n)
{
    const int step = 1 << p->scales;
    return (size_t)((n + step - 1) / step);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    if (in.h > MOST_SIDE || in.w > MOST_SIDE)
        return mp_fail(c, "an image of %dx%d is too large for this: at most %dx%d; resize it "
                       "first", in.h, in.w, MOST_SIDE, MOST_SIDE);
    return mp_described(c, in, (double)paths_of(p) * (double)means_of(p, in.h) *
                               (double)means_of(p, in.w), out);
}

/* The path of such a number: how many waves, and their scales and directions. */
static int path(const struct params *p, size_t i, int scale[2], int direction[2])
{
    const size_t l = (size_t)p->directions, first = (size_t)p->scales * l;
    if (i == 0)
        return 0;
    if (i <= first) {
        scale[0] = (int)((i - 1) / l);
        direction[0] = (int)((i - 1) % l);
        return 1;
    }
    size_t at = (i - 1 - first) / (l * l), in = (i - 1 - first) % (l * l);
    for (scale[0] = 0; at >= (size_t)(p->scales - 1 - scale[0]); scale[0]++)
        at -= (size_t)(p->scales - 1 - scale[0]);
    scale[1] = scale[0] + 1 + (int)at;
    direction[0] = (int)(in / l);
    direction[1] = (int)(in % l);
    return 2;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const size_t wide = means_of(p, in.w), means = means_of(p, in.h) * wide;
    const struct mp_described d = mp_which(i, paths_of(p) * means);
    int s[2], l[2];
    const int n = path(p, d.i / means, s, l);
    const size_t y = d.i % means / wide, x = d.i % wide;
    if (n == 0)
        mp_describe_name(text, size, in, d.channel, "scatter[y=%zu,x=%zu", y, x);
    else if (n == 1)
        mp_describe_name(text, size, in, d.channel, "scatter[s=%d,d=%d,y=%zu,x=%zu", s[0], l[0],
                         y, x);
    else
        mp_describe_name(text, size, in, d.channel, "scatter[s=%d:%d,d=%d:%d,y=%zu,x=%zu", s[0],
                         s[1], l[0], l[1], y, x);
}

/* ------------------------------------------------------------------ before the first image */

/* Of each mean the weights of the pixels: a Gaussian on the ring that the frame is. */
static void weigh(const struct params *p, struct side *s, int r)
{
    const int n = s->line[r].n, far = s->line[0].n;
    const double sigma = 0.8 * (1 << (p->scales - 1));
    for (int k = 0; k < s->means; k++) {
        double sum = 0;
        float *w = s->mean[r] + k * n;
        for (int i = 0; i < n; i++) {
            const int gap = abs((i << r) - ((k + 1) << p->scales)) % far;
            const double d = gap < far - gap ? gap : far - gap;
            sum += exp(-0.5 * d * d / (sigma * sigma));
        }
        for (int i = 0; i < n; i++) {
            const int gap = abs((i << r) - ((k + 1) << p->scales)) % far;
            const double d = gap < far - gap ? gap : far - gap;
            const double v = exp(-0.5 * d * d / (sigma * sigma)) / sum;
            w[i] = v > 1e-6 ? (float)v : 0;
        }
    }
}

/* n floats of the memory; whole vectors. */
static float *room_for(struct work *k, size_t n)
{
    float *at = k->memory == NULL ? NULL : k->memory + k->taken;
    k->taken += (n + MP_LANES - 1) / MP_LANES * MP_LANES;
    return at;
}

static mp_vector *vectors_for(struct work *k, size_t n)
{
    return (mp_vector *)(void *)room_for(k, n * MP_LANES);
}

static void prepare_side(struct work *k, int from, struct side *s)
{
    const struct params *p = k->p;
    const int step = 1 << p->scales;
    s->from = from;
    s->means = (int)means_of(p, from);
    s->at = step - (from - 1 - (s->means - 1) * step) / 2;
    const int n = mp_line_length(from + step, step);
    for (int r = 0; r < p->scales; r++) {
        float *turn = room_for(k, 2 * (size_t)(n >> r));
        s->mean[r] = room_for(k, (size_t)s->means * (size_t)(n >> r));
        s->line[r].n = n >> r;
        if (k->memory == NULL)
            continue;
        mp_line_of(n >> r, turn, &s->line[r]);
        weigh(p, s, r);
    }
}

/* A Gaussian under a wave of rate xi, in its own axes: sigma times the cosine and the sine of the
 * wave's direction. */
struct bell {
    double sigma, slant, co, si;
};

/* Its spectrum at rates w when only each 2^r-th pixel is kept: rates beyond come back, and those
 * farther than two turns off are nothing. */
static double ring(const struct bell *g, double xi, const double w[2], int r)
{
    const double turn = 2 * M_PI / (1 << r);
    double sum = 0;
    for (int i = -2; i <= 1; i++)
        for (int j = -2; j <= 1; j++) {
            const double x = w[0] + i * turn, y = w[1] + j * turn;
            const double a = g->co * x + g->si * y - g->sigma * xi;
            const double b = (g->co * y - g->si * x) / g->slant, far = a * a + b * b;
            sum += far < 80 ? exp(-0.5 * far) : 0;
        }
    return sum;
}

/* Morlet's wave: less as much of the Gaussian as makes its mean 0. */
static void make_wave(const struct work *k, int r, int j, int direction, float *to)
{
    const int h = k->down.line[r].n, w = k->across.line[r].n;
    const double sigma = 0.8 * (1 << j), xi = 0.75 * M_PI / (1 << j);
    const double angle = M_PI * direction / k->p->directions, still[2] = { 0, 0 };
    const struct bell g = { sigma, 4.0 / (k->p->directions > 4 ? k->p->directions : 4),
                            sigma * cos(angle), sigma * sin(angle) };
    const double share = ring(&g, xi, still, r) / ring(&g, 0, still, r);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const double rate[2] = { 2 * M_PI * x / w / (1 << r), 2 * M_PI * y / h / (1 << r) };
            const double v = ring(&g, xi, rate, r) - share * ring(&g, 0, rate, r);
            to[y * w + x] = (float)(fabs(v) < 1e-6 ? 0 : v);
        }
}

static void make_waves(struct work *k)
{
    for (int r = 0; r < k->p->scales; r++)
        for (int j = r; j < k->p->scales; j++) {
            const size_t n = (size_t)k->down.line[r].n * (size_t)k->across.line[r].n;
            if (k->p->orders == 0 || (r > 0 && (r == j || k->p->orders < 2)))
                continue;
            k->wave[r][j] = room_for(k, n * (size_t)k->p->directions);
            for (int d = 0; d < k->p->directions && k->memory != NULL; d++)
                make_wave(k, r, j, d, k->wave[r][j] + (size_t)d * n);
        }
}

static void prepare(struct work *k)
{
    k->taken = 0;
    prepare_side(k, k->s.h, &k->down);
    prepare_side(k, k->s.w, &k->across);
    make_waves(k);
    const size_t h = (size_t)k->down.line[0].n, w = (size_t)k->across.line[0].n;
    k->re = vectors_for(k, h * w);
    k->im = vectors_for(k, h * w);
    k->re1 = vectors_for(k, h * w);
    k->im1 = vectors_for(k, h * w);
    k->fold = vectors_for(k, h * w);
    k->fold_im = vectors_for(k, h * w);
    k->room = vectors_for(k, 4 * (h > w ? h : w));
    k->half = vectors_for(k, h * (size_t)k->across.means);
    k->y = vectors_for(k, (size_t)(k->down.means * k->across.means));
}

/* ------------------------------------------------------------------ sixteen images */

/* The means of x, given at each 2^r-th pixel. */
MP_CLONES static void average(const struct work *k, int r, const mp_vector *x)
{
    const int h = k->down.line[r].n, w = k->across.line[r].n, wide = k->across.means;
    for (int y = 0; y < h; y++)
        for (int b = 0; b < wide; b++) {
            const float *weight = k->across.mean[r] + b * w;
            mp_vector sum = { 0 };
            for (int i = 0; i < w; i++)
                if (weight[i] > 0)
                    sum += weight[i] * x[y * w + i];
            k->half[y * wide + b] = sum;
        }
    for (int a = 0; a < k->down.means; a++)
        for (int b = 0; b < wide; b++) {
            const float *weight = k->down.mean[r] + a * h;
            mp_vector sum = { 0 };
            for (int i = 0; i < h; i++)
                if (weight[i] > 0)
                    sum += weight[i] * k->half[i * wide + b];
            k->y[a * wide + b] = sum;
        }
}

/* The product of a spectrum and a wave's, of each 2^r-th pixel, at each 2^j-th: frequencies that
 * look alike there are added up. */
MP_CLONES static void product(const struct work *k, int r, int j, const float *wave,
                              const mp_vector *re, const mp_vector *im)
{
    const int h = k->down.line[r].n, w = k->across.line[r].n;
    const int small_h = k->down.line[j].n, small_w = k->across.line[j].n;
    const float scale = 1 / (float)(h * w);
    memset(k->fold, 0, (size_t)(small_h * small_w) * sizeof *k->fold);
    memset(k->fold_im, 0, (size_t)(small_h * small_w) * sizeof *k->fold_im);
    for (int y = 0; y < h; y++) {
        const int to = y % small_h * small_w;
        for (int x0 = 0; x0 < w; x0 += small_w)
            for (int x = 0; x < small_w; x++) {
                const int at = y * w + x0 + x;
                const float v = wave[at] * scale;
                if (!(v > 0 || v < 0)) /* as in most places of wide waves */
                    continue;
                k->fold[to + x] += v * re[at];
                k->fold_im[to + x] += v * im[at];
            }
    }
}

MP_CLONES static void sizes(float *re, const float *im, size_t n)
{
    for (size_t i = 0; i < n; i++)
        re[i] = sqrtf(re[i] * re[i] + im[i] * im[i]);
}

/* The size of what the wave answers, at each 2^j-th pixel, in `fold`. */
static void size_of(const struct work *k, int r, int j, int direction, const mp_vector *re,
                    const mp_vector *im)
{
    const size_t n = (size_t)k->down.line[r].n * (size_t)k->across.line[r].n;
    product(k, r, j, k->wave[r][j] + (size_t)direction * n, re, im);
    mp_spectrum(&k->down.line[j], &k->across.line[j], true, k->fold, k->fold_im, k->room);
    sizes((float *)k->fold, (const float *)k->fold_im,
          MP_LANES * (size_t)k->down.line[j].n * (size_t)k->across.line[j].n);
}

/* Where the values of each plane go. */
struct target {
    float *at[MP_LANES];
    size_t n;
};

static void put(const struct work *k, const struct target *t, size_t path)
{
    const size_t n = (size_t)(k->down.means * k->across.means);
    for (size_t l = 0; l < t->n; l++)
        for (size_t i = 0; i < n; i++)
            t->at[l][path * n + i] = k->y[i][l];
}

/* All of order 2 that begin with a wave of scale j in a direction, whose sizes lie in `fold`. */
static void second(const struct work *k, int j, int direction, const struct target *t)
{
    const size_t l = (size_t)k->p->directions, n = (size_t)k->down.line[j].n *
                                                   (size_t)k->across.line[j].n;
    size_t at = 1 + (size_t)k->p->scales * l;
    for (int i = 0; i < j; i++)
        at += (size_t)(k->p->scales - 1 - i) * l * l;
    memcpy(k->re1, k->fold, n * sizeof *k->re1);
    memset(k->im1, 0, n * sizeof *k->im1);
    mp_spectrum(&k->down.line[j], &k->across.line[j], false, k->re1, k->im1, k->room);
    for (int j2 = j + 1; j2 < k->p->scales; j2++)
        for (int d = 0; d < k->p->directions; d++) {
            size_of(k, j, j2, d, k->re1, k->im1);
            average(k, j2, k->fold);
            put(k, t, at + ((size_t)(j2 - j - 1) * l + (size_t)direction) * l + (size_t)d);
        }
}

static void transform(const struct work *k, const struct target *t)
{
    const size_t n = (size_t)k->down.line[0].n * (size_t)k->across.line[0].n;
    average(k, 0, k->re);
    put(k, t, 0);
    if (k->p->orders == 0)
        return;
    memset(k->im, 0, n * sizeof *k->im);
    mp_spectrum(&k->down.line[0], &k->across.line[0], false, k->re, k->im, k->room);
    for (int j = 0; j < k->p->scales; j++)
        for (int d = 0; d < k->p->directions; d++) {
            size_of(k, 0, j, d, k->re, k->im);
            average(k, j, k->fold);
            put(k, t, 1 + (size_t)(j * k->p->directions + d));
            if (k->p->orders > 1)
                second(k, j, d, t);
        }
}

/* The values of each place over their sum, and the root; `sum` has room for all places. */
MP_CLONES static void normalise(float *x, size_t paths, size_t places, float floor, float *sum)
{
    float mean = 0;
    memset(sum, 0, places * sizeof *sum);
    for (size_t k = 0; k < paths; k++)
        for (size_t i = 0; i < places; i++)
            sum[i] += x[k * places + i];
    for (size_t i = 0; i < places; i++)
        mean += sum[i] / (float)places;
    for (size_t i = 0; i < places; i++)
        sum[i] = mean > 0 ? 1 / (sum[i] + floor * mean) : 0;
    for (size_t k = 0; k < paths; k++)
        for (size_t i = 0; i < places; i++) {
            const float v = x[k * places + i] * sum[i];
            x[k * places + i] = v > 0 ? sqrtf(v) : 0;
        }
}

/* A plane into a lane of the frame. */
static void load(const struct work *k, const float *image, size_t channel, size_t lane)
{
    const size_t wide = (size_t)k->across.line[0].n, c = (size_t)k->s.c;
    mp_vector *to = k->re + (size_t)k->down.at * wide + (size_t)k->across.at;
    for (int y = 0; y < k->s.h; y++, to += wide)
        for (int x = 0; x < k->s.w; x++, image += c)
            to[x][lane] = image[channel];
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { .p = params, .s = in->shape };
    const size_t channels = (size_t)in->shape.c, planes = in->n * channels;
    const size_t each = mp_len(out->shape) / channels, paths = paths_of(params);
    (void)state;
    prepare(&k);
    k.memory = mp_scratch(c, k.taken);
    if (k.memory == NULL)
        return -1;
    prepare(&k);
    const size_t n = (size_t)k.down.line[0].n * (size_t)k.across.line[0].n;
    for (size_t i = 0; i < planes; i += MP_LANES) {
        struct target t = { .n = planes - i < MP_LANES ? planes - i : MP_LANES };
        memset(k.re, 0, n * sizeof *k.re);
        for (size_t l = 0; l < t.n; l++) {
            load(&k, in->x + (i + l) / channels * mp_len(in->shape), (i + l) % channels, l);
            t.at[l] = out->x + (i + l) * each;
        }
        transform(&k, &t);
        for (size_t l = 0; l < t.n && k.p->norm == L1SQRT; l++)
            normalise(t.at[l], paths, each / paths, (float)k.p->floor, (float *)k.half);
    }
    return MP_OK;
}

MP_STAGE(scatter) = {
    .brief = "Describe images by sizes of waves, and of waves of these (scattering)",
    .doc = "How strong waves of each length and direction are in each part of an image, and how\n"
           "that is spread: values that hardly change as strokes are shifted or bent a little.\n"
           "\n"
           "The scattering transform.  Order 0 is the image smoothed by a Gaussian of\n"
           "0.4 x 2^scales px, at each 2^scales-th pixel; order 1 the same of the size of what\n"
           "each Morlet wave answers, of lengths 2.7 x 2^s px and evenly spaced directions, the\n"
           "first to the right; order 2 the same of the size of what each longer wave answers\n"
           "to those sizes.  Path by path, places row by row: with 2 scales and 6 directions 49\n"
           "paths, 7x7 places of an image of 28x28.  Around the image is paper, 2^scales px from\n"
           "one side to the other or somewhat more.  What a wave of scale s answers is kept at\n"
           "each 2^s-th pixel.  norm=l1sqrt takes the contrast out of each place, as it does in\n"
           "hog.  Each channel is described by itself, one after another.\n"
           "Reference: Bruna and Mallat 2013, Invariant scattering convolution networks.",
    .example = "scatter scales=2 directions=4",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
