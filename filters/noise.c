/* SPDX-License-Identifier: GPL-3.0-or-later */
/* noise.c - adds noise to the training images, afresh every epoch.
 *
 * Normal noise by G. E. P. Box and M. E. Muller ("A note on the generation of random normal
 * deviates", Ann. Math. Stat. 29, 1958, 610-611): 64 random bits make two.  Then impulses: a
 * share of the pixels becomes paper or ink, with a draw of their own for each.
 *
 * Every draw is keyed by the row, the epoch and the pixel, so that one parameter's value does not
 * change what the other draws.  Cost for an image of 28 x 28: 8 us.
 */
#include "core/pixel.h"
#include "core/random.h"
#include "core/stage.h"
#include <math.h>

struct params {
    double sigma, impulse;
};

static const struct mp_param table[] = {
    MP_PARAM(sigma, .def = "0.1", .min = 0, .max = 10,
             .doc = "standard deviation of the normal noise that is added"),
    MP_PARAM(impulse, .def = "0", .min = 0, .max = 1,
             .doc = "share of the pixels that become paper or full ink, as many the one as the "
                    "other"),
    MP_END
};

static const uint64_t IMPULSES = UINT64_C(1) << 32; /* their draws come after those of pixels */

/* n normal values, one a pixel. */
static void normals(uint64_t key, float sigma, size_t n, float *to)
{
    for (size_t i = 0; i < n; i += 2) {
        const uint64_t bits = mp_mix(key ^ i);
        const float u = ((float)(bits >> 40) + 1) * 0x1p-24f;
        const float angle = (float)(bits & 0xffffff) * (float)(2 * M_PI * 0x1p-24);
        const float r = sigma * sqrtf(-2 * logf(u));
        to[i] = r * cosf(angle);
        if (i + 1 < n)
            to[i + 1] = r * sinf(angle);
    }
}

/* Adds what was drawn for a pixel to all of its channels; to may be x. */
static void add(const float *x, const float *noise, size_t n, size_t channels, float *to)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < channels; k++)
            to[i * channels + k] = mp_cut(x[i * channels + k] + noise[i]);
}

static void strike(uint64_t key, double share, size_t n, size_t channels, float *to)
{
    for (size_t i = 0; i < n && share > 0; i++) {
        const uint64_t bits = mp_mix(key ^ (IMPULSES + i));
        const bool struck = (double)(bits >> 11) * 0x1p-53 < share;
        for (size_t k = 0; k < channels && struck; k++)
            to[i * channels + k] = (float)(bits & 1);
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    float *noise = mp_scratch(c, n);
    (void)state;

    if (noise == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        const uint64_t key = mp_random(c, mp_row(in, i), in->epoch);
        normals(key, (float)p->sigma, n, noise);
        add(in->x + i * len, noise, n, channels, out->x + i * len);
        strike(key, p->impulse, n, channels, out->x + i * len);
    }
    return MP_OK;
}

MP_STAGE(noise) = {
    .brief = "Add noise to training images, afresh every epoch",
    .doc = "Adds normal noise of standard deviation sigma to every pixel and cuts the sum to\n"
           "0..1; then a share of the pixels, impulse, becomes paper or full ink (salt and\n"
           "pepper).  All channels of a pixel get the same.  Only training rows get noise, in\n"
           "every epoch another, as augment distorts them: what learns from them has to tell\n"
           "digits from it.  Rows that are tested or predicted pass unchanged.  What is drawn\n"
           "depends on the seed, the row's number and the epoch alone.",
    .example = "noise sigma=0.2 impulse=0.01",
    .flags = MP_INPLACE | MP_TRAIN_ONLY,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
