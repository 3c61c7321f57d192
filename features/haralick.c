/* SPDX-License-Identifier: GPL-3.0-or-later */
/* haralick.c - Haralick's thirteen measures of texture.
 *
 * Method: R. M. Haralick, K. Shanmugam and I. Dinstein, "Textural features for image
 * classification", IEEE Transactions on Systems, Man and Cybernetics 3 (1973) 610-621: how often
 * two grey levels lie beside each other, in either order, along each of four directions, and
 * what such a table is like.  Both sums of logarithms that measure correlation, HXY1 and HXY2,
 * are the sum of the two margins' entropies, which are one another's, the table being the same
 * both ways.
 *
 * Cost: a count for each pixel and direction; some twenty flops for each pair of levels.
 */
#include "core/pixel.h"
#include "core/stage.h"
#include "image/describe.h"
#include <math.h>
#include <string.h>

enum { MEASURES = 13, DIRECTIONS = 4, MOST_LEVELS = 64 };

struct params {
    int levels, distance;
    bool each;
};

static const struct mp_param table[] = {
    MP_PARAM(levels, .def = "8", .min = 2, .max = MOST_LEVELS,
             .doc = "grey levels told apart, even parts of 0 to 1"),
    MP_PARAM(distance, .def = "1", .min = 1, .max = 64, .unit = "px",
             .doc = "between the pixels of a pair, along each axis"),
    MP_PARAM(each, .def = "no", .doc = "each direction by itself; otherwise their mean"),
    MP_END
};

struct work {
    struct mp_shape s;
    const struct params *p;
    uint8_t *grey;   /* h x w */
    uint32_t *pairs; /* levels x levels */
};

static const char *const names[MEASURES] = {
    "energy", "contrast", "correlation", "variance", "homogeneity", "sum_average",
    "sum_variance", "sum_entropy", "entropy", "difference_variance", "difference_entropy",
    "information1", "information2"
};

static size_t each_of(const void *params)
{
    return ((const struct params *)params)->each ? MEASURES * DIRECTIONS : MEASURES;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)state;
    return mp_described(c, in, (double)each_of(params), out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    static const int degrees[DIRECTIONS] = { 0, 45, 90, 135 };
    const struct mp_described d = mp_which(i, each_of(params));
    if (((const struct params *)params)->each)
        mp_describe_name(text, size, in, d.channel, "haralick[%s,%d", names[d.i % MEASURES],
                         degrees[d.i / MEASURES]);
    else
        mp_describe_name(text, size, in, d.channel, "haralick[%s", names[d.i]);
}

/* Pairs of pixels that lie dy and dx apart, in both orders; how many. */
static double count(const struct work *k, int dy, int dx)
{
    const int h = k->s.h, w = k->s.w, levels = k->p->levels;
    const int from = dx < 0 ? -dx : 0, to = dx > 0 ? w - dx : w;
    double n = 0;

    memset(k->pairs, 0, (size_t)(levels * levels) * sizeof *k->pairs);
    for (int y = 0; y + dy < h; y++) {
        const uint8_t *a = k->grey + (size_t)y * (size_t)w, *b = a + dy * w + dx;
        for (int x = from; x < to; x++)
            k->pairs[a[x] * levels + b[x]]++;
        n += to > from ? 2 * (to - from) : 0;
    }
    for (int i = 0; i < levels; i++)
        for (int j = 0; j <= i; j++) {
            const uint32_t both = k->pairs[i * levels + j] + k->pairs[j * levels + i];
            k->pairs[i * levels + j] = k->pairs[j * levels + i] = both;
        }
    return n;
}

/* In nats. */
static double entropy(const double *p, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum -= p[i] > 0 ? p[i] * log(p[i]) : 0;
    return sum;
}

/* Of shares of the values 0 .. n - 1. */
static void moments(const double *p, int n, double *mean, double *variance)
{
    *mean = *variance = 0;
    for (int i = 0; i < n; i++)
        *mean += p[i] * i;
    for (int i = 0; i < n; i++)
        *variance += p[i] * (i - *mean) * (i - *mean);
}

/* Adds `weight` times the measures of the table of n pairs. */
static void measure(const struct work *k, double n, double weight, float *to)
{
    const int levels = k->p->levels;
    double one[MOST_LEVELS] = { 0 }, sum[2 * MOST_LEVELS] = { 0 }, gap[MOST_LEVELS] = { 0 };
    double v[MEASURES] = { 0 }, all = 0, mean, variance, product = 0, gaps;

    for (int i = 0; i < levels; i++)
        for (int j = 0; j < levels; j++) {
            const double p = k->pairs[i * levels + j] / n;
            if (!(p > 0))
                continue;
            one[i] += p;
            sum[i + j] += p;
            gap[i > j ? i - j : j - i] += p;
            v[0] += p * p;
            v[1] += p * (i - j) * (i - j);
            v[4] += p / (1 + (i - j) * (i - j));
            product += p * i * j;
            all -= p * log(p);
        }
    moments(one, levels, &mean, &variance);
    const double margin = entropy(one, levels);
    v[2] = variance > 1e-12 ? (product - mean * mean) / variance : 1;
    v[3] = variance;
    moments(sum, 2 * levels - 1, &v[5], &v[6]);
    v[7] = entropy(sum, 2 * levels - 1) / M_LN2;
    v[8] = all / M_LN2;
    moments(gap, levels, &gaps, &v[9]);
    v[10] = entropy(gap, levels) / M_LN2;
    v[11] = margin > 1e-12 ? (all - 2 * margin) / margin : 0;
    v[12] = sqrt(fmax(0, 1 - exp(2 * (all - 2 * margin))));
    for (int i = 0; i < MEASURES; i++)
        to[i] += (float)(weight * v[i]);
}

static void describe(void *work, const float *plane, float *to)
{
    static const int way[DIRECTIONS][2] = { { 0, 1 }, { 1, 1 }, { 1, 0 }, { 1, -1 } };
    const struct work *k = work;
    const size_t n = (size_t)k->s.h * (size_t)k->s.w;
    const int levels = k->p->levels, d = k->p->distance;

    memset(to, 0, each_of(k->p) * sizeof *to);
    for (size_t i = 0; i < n; i++) {
        const int level = (int)(mp_cut(plane[i]) * (float)levels);
        k->grey[i] = (uint8_t)(level < levels ? level : levels - 1);
    }
    for (int i = 0; i < DIRECTIONS; i++) {
        const double pairs = count(k, d * way[i][0], d * way[i][1]);
        if (pairs > 0)
            measure(k, pairs, k->p->each ? 1 : 1.0 / DIRECTIONS, to);
        to += k->p->each ? MEASURES : 0;
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { .s = in->shape, .p = params };
    const size_t n = (size_t)k.s.h * (size_t)k.s.w;
    (void)state;
    k.grey = (uint8_t *)mp_scratch(c, n / sizeof(float) + 1);
    k.pairs = (uint32_t *)mp_scratch(c, (size_t)(k.p->levels * k.p->levels));
    return k.grey == NULL || k.pairs == NULL ? -1 : mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(haralick) = {
    .brief = "Measure texture by pairs of grey levels (Haralick)",
    .doc = "How often which two grey levels lie beside each other, and thirteen measures of\n"
           "that table: energy (angular second moment), contrast, correlation, variance,\n"
           "homogeneity (inverse difference moment), mean, variance and entropy of the pairs'\n"
           "sum, entropy, variance and entropy of their difference, two measures of\n"
           "correlation by information (Haralick, Shanmugam and Dinstein 1973, \"Textural\n"
           "features for image classification\").\n"
           "\n"
           "Pairs are counted in both orders along 0, 45, 90 and 135 degrees, (0, 1), (1, 1),\n"
           "(1, 0) and (1, -1) down and right; the measures of the four are averaged, or stand\n"
           "one direction after another (each=yes).  Levels count from 0, entropies are in bits.\n"
           "The table is scikit-image's graycomatrix, the measures are graycoprops', where it\n"
           "has them, and mahotas' haralick but for the variance of the difference, its own\n"
           "here, not that of its shares, and the second information, which is in nats as in\n"
           "the paper.  Where all is one level the correlation is 1; an image without pairs in\n"
           "a direction has 0 there.  Each channel of a colour image is measured by itself, one\n"
           "channel after another.",
    .example = "haralick levels=4 distance=2 each=yes",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
