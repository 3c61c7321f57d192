/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stats.c - what the pixels of an image are like, wherever they lie.
 *
 * Cost: two passes over the pixels in double, and a count of levels.
 */
#include "core/pixel.h"
#include "core/stage.h"
#include "image/describe.h"
#include <math.h>

enum { MEAN, DEVIATION, SKEWNESS, KURTOSIS, LEAST, MOST, INK, ENTROPY, VALUES };

struct params {
    double level;
};

static const struct mp_param table[] = {
    MP_LEVEL_PARAM,
    MP_END
};

struct work {
    size_t n;
    float level;
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
    static const char *const names[VALUES] = { "mean",  "deviation", "skewness", "kurtosis",
                                               "least", "most",      "ink",      "entropy" };
    const struct mp_described d = mp_which(i, VALUES);
    (void)params;
    mp_describe_name(text, size, in, d.channel, "stats[%s", names[d.i]);
}

/* In bits, of the 256 grey levels. */
static double entropy(const float *x, size_t n)
{
    uint32_t count[MP_LEVELS] = { 0 };
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        count[mp_level(x[i])]++;
    for (int k = 0; k < MP_LEVELS; k++)
        if (count[k] > 0)
            sum -= count[k] * log2(count[k] / (double)n);
    return sum / (double)n;
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const double n = (double)k->n;
    double sum = 0, m2 = 0, m3 = 0, m4 = 0;
    size_t ink = 0;

    to[LEAST] = to[MOST] = plane[0];
    for (size_t i = 0; i < k->n; i++) {
        sum += (double)plane[i];
        ink += plane[i] > k->level;
        to[LEAST] = plane[i] < to[LEAST] ? plane[i] : to[LEAST];
        to[MOST] = plane[i] > to[MOST] ? plane[i] : to[MOST];
    }
    for (size_t i = 0; i < k->n; i++) {
        const double far = (double)plane[i] - sum / n, square = far * far;
        m2 += square;
        m3 += square * far;
        m4 += square * square;
    }
    to[MEAN] = (float)(sum / n);
    to[DEVIATION] = (float)sqrt(m2 / n);
    to[SKEWNESS] = to[KURTOSIS] = 0;
    if (to[MOST] > to[LEAST]) {
        to[SKEWNESS] = (float)(m3 / n / pow(m2 / n, 1.5));
        to[KURTOSIS] = (float)(m4 / n / (m2 / n * (m2 / n)) - 3);
    }
    to[INK] = (float)((double)ink / n);
    to[ENTROPY] = (float)entropy(plane, k->n);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    struct work k = { mp_len(in->shape) / (size_t)in->shape.c, (float)p->level };
    (void)state;
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(stats) = {
    .brief = "Take mean, spread, skewness, entropy and the like of the pixels",
    .doc = "Eight values of the whole image: its pixels' mean, standard deviation (divided by\n"
           "n), skewness and kurtosis (that of a normal distribution being 0) as SciPy's skew\n"
           "and kurtosis give them, least and greatest value, the share of pixels above the\n"
           "level, and the entropy of the 256 grey levels in bits, scikit-image's\n"
           "shannon_entropy.  Where all pixels are alike, skewness and kurtosis are 0.  Each\n"
           "channel of a colour image has eight of its own, one channel after another.",
    .example = "stats level=0.3",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
