/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernelmap.c - values whose inner products are kernels of histograms.
 *
 * Method: additive kernels k(x, y) = sum sqrt(xy) K(log(x / y)), such as chi2, 2xy / (x + y), have
 * a spectrum: of chi2 1 / cosh(pi s), of the intersection min(x, y) 2 / pi / (1 + 4 s^2), of Jensen
 * and Shannon's 2 / log 4 / cosh(pi s) / (1 + 4 s^2).  Sampled at steps of `interval`, each value x
 * gives sqrt(x) times cosine and sine of s log(x), weighed by the root of the spectrum: A. Vedaldi
 * and A. Zisserman, "Efficient additive kernels via explicit feature maps" (2012).  kernel=chi2 is
 * scikit-learn's AdditiveChi2Sampler.
 *
 * Cost: a root and, for each further sample, a logarithm, a cosine and a sine, in vectors.
 */
#include "core/log.h"
#include "core/simd.h"
#include "core/stage.h"
#include "linear/cosine.h"
#include <math.h>

enum { HELLINGER, CHI2, INTERSECTION, JENSEN_SHANNON }; /* order of .choices below */
enum { MOST = 10 };

static const double pi = 3.14159265358979323846;

struct params {
    double interval;
    int kernel, samples;
};

static const struct mp_param table[] = {
    MP_PARAM(kernel, .def = "chi2", .choices = "hellinger|chi2|intersection|jensen_shannon",
             .doc = "whose inner products; hellinger is the root of each value, exactly"),
    MP_PARAM(samples, .def = "2", .min = 1, .max = MOST,
             .doc = "of the kernel's spectrum; each value becomes 2 samples - 1"),
    MP_PARAM(interval, .def = "0", .min = 0, .max = 100,
             .doc = "between samples; 0: 0.8 for one, 0.5 for two, 0.4 for three, less for more"),
    MP_END
};

static size_t each(const struct params *p)
{
    return p->kernel == HELLINGER ? 1 : 2 * (size_t)p->samples - 1;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const size_t n = mp_product(mp_len(in), each(params));
    (void)state;
    if (n > 1 << 24)
        return mp_fail(c, "makes %zu values; at most %d: fewer samples, or of fewer values", n,
                       1 << 24);
    *out = (struct mp_shape){ 1, (int)n, 1 };
    return MP_OK;
}

/* Value i: of all values the first sample, then for each next the cosines and the sines. */
static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const size_t d = mp_len(in), part = i / d;
    (void)params;
    if (part == 0)
        snprintf(text, size, "kernelmap[%zu]", i);
    else
        snprintf(text, size, "kernelmap[%zu,%s=%zu]", i % d, part % 2 == 1 ? "cos" : "sin",
                 (part + 1) / 2);
}

static double interval_of(const struct params *p)
{
    static const double few[] = { 0.8, 0.5, 0.4 };
    if (p->interval > 0)
        return p->interval;
    return p->samples <= 3 ? few[p->samples - 1] : 0.4 * sqrt(3.0 / p->samples);
}

static double spectrum(int kernel, double s)
{
    const double bell = 1 / cosh(pi * s), hill = 1 / (1 + 4 * s * s);
    return kernel == CHI2 ? bell : kernel == INTERSECTION ? 2 / pi * hill
                                                          : 2 / log(4) * bell * hill;
}

/* What one call works with: the roots of the samples' weights, and turns for each e-fold. */
struct weights {
    int samples;
    float first, next[MOST], turn;
};

static struct weights weights_of(const struct params *p)
{
    const double step = interval_of(p);
    struct weights w = { .samples = p->kernel == HELLINGER ? 1 : p->samples, .first = 1,
                         .turn = (float)(step / (2 * pi)) };
    for (int j = 1; j < w.samples; j++)
        w.next[j] = (float)sqrt(2 * step * spectrum(p->kernel, j * step));
    if (p->kernel != HELLINGER)
        w.first = (float)sqrt(step * spectrum(p->kernel, 0));
    return w;
}

/* One row of d values.  A value below 0 gives the opposite of what its size gives. */
MP_CLONES static void map(const struct weights *w, const float *restrict x, size_t d,
                          float *restrict to)
{
    for (size_t i = 0; i < d; i++) {
        const float root = sqrtf(fabsf(x[i]));
        to[i] = w->first * (x[i] < 0 ? -root : root);
    }
    for (int j = 1; j < w->samples; j++) {
        float *co = to + (size_t)(2 * j - 1) * d, *si = co + d;
        const float scale = w->next[j], turn = w->turn * (float)j;
        for (size_t i = 0; i < d; i++) {
            const float root = sqrtf(fabsf(x[i])), a = turn * mp_log(fabsf(x[i]));
            const float weight = scale * (x[i] < 0 ? -root : root);
            co[i] = weight * mp_cos_turns(a);
            si[i] = weight * mp_cos_turns(a - 0.25f);
        }
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t d = mp_len(in->shape), made = mp_len(out->shape);
    const struct weights w = weights_of(params);
    (void)c, (void)state;
    for (size_t i = 0; i < in->n; i++)
        map(&w, in->x + i * d, d, out->x + i * made);
    return MP_OK;
}

MP_STAGE(kernelmap) = {
    .brief = "Map values so that inner products are kernels of histograms",
    .doc = "A linear model behind it, such as svm, is one with an additive kernel, that of chi2,\n"
           "of the intersection of histograms, of Jensen and Shannon, or of Hellinger.\n"
           "\n"
           "hellinger takes the root of each value.  The others are approached: each value x\n"
           "becomes 2 samples - 1, roots of x times cosines and sines of log(x); the more, the\n"
           "nearer.  First come the first samples of all values, then all cosines of the second,\n"
           "all its sines, and so on.  kernel=chi2 equals scikit-learn's AdditiveChi2Sampler.\n"
           "Values below 0, which histograms do not have, give the opposite of what their size\n"
           "gives.  hog norm=l1sqrt has taken its root already: norm=l1 goes before this.\n"
           "Reference: Vedaldi and Zisserman 2012, Efficient additive kernels via explicit\n"
           "feature maps.",
    .example = "kernelmap kernel=intersection samples=3",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
