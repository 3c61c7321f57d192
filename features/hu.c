/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hu.c - Hu's seven moments, which shifts, sizes and turns leave as they are.
 *
 * Method: M.-K. Hu, "Visual pattern recognition by moment invariants", IRE Transactions on
 * Information Theory 8 (1962) 179-187; moments about the ink's centre of mass, divided by powers
 * of the ink.  Equal to skimage.measure.moments_hu and cv2.HuMoments.
 *
 * Cost: two passes over the image, ten multiply-adds a pixel, in double.
 */
#include "core/stage.h"
#include "image/describe.h"
#include <float.h>
#include <math.h>

enum { MOMENTS = 7, ORDERS = 4 };

struct params {
    bool log;
};

static const struct mp_param table[] = {
    MP_PARAM(log, .def = "yes",
             .doc = "give -log10 of the size with the sign, 0 for sizes below 1e-30; they are of "
                    "most different sizes"),
    MP_END
};

struct work {
    struct mp_shape s;
    bool log;
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)params;
    (void)state;
    return mp_described(c, in, MOMENTS, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct mp_described d = mp_which(i, MOMENTS);
    (void)params;
    mp_describe_name(text, size, in, d.channel, "hu[%zu", d.i + 1);
}

/* m[p][q]: the sum of (x - cx)^p (y - cy)^q times the ink, for p + q < ORDERS. */
static void moments(const float *plane, int h, int w, double cy, double cx,
                    double m[ORDERS][ORDERS])
{
    for (int p = 0; p < ORDERS; p++)
        for (int q = 0; q < ORDERS; q++)
            m[p][q] = 0;
    for (int i = 0; i < h; i++, plane += w) {
        double row[ORDERS] = { 0 }, y = 1;
        for (int j = 0; j < w; j++) {
            const double f = (double)plane[j], x = j - cx;
            row[0] += f;
            row[1] += f * x;
            row[2] += f * x * x;
            row[3] += f * x * x * x;
        }
        for (int q = 0; q < ORDERS; q++, y *= i - cy)
            for (int p = 0; p + q < ORDERS; p++)
                m[p][q] += y * row[p];
    }
}

/* Of moments about the centre, n[p][q], divided by powers of the ink. */
static void invariants(double n[ORDERS][ORDERS], double hu[MOMENTS])
{
    const double a = n[3][0] + n[1][2], b = n[2][1] + n[0][3];
    const double c = n[3][0] - 3 * n[1][2], d = 3 * n[2][1] - n[0][3];
    const double e = n[2][0] - n[0][2];

    hu[0] = n[2][0] + n[0][2];
    hu[1] = e * e + 4 * n[1][1] * n[1][1];
    hu[2] = c * c + d * d;
    hu[3] = a * a + b * b;
    hu[4] = c * a * (a * a - 3 * b * b) + d * b * (3 * a * a - b * b);
    hu[5] = e * (a * a - b * b) + 4 * n[1][1] * a * b;
    hu[6] = d * a * (a * a - 3 * b * b) - c * b * (3 * a * a - b * b);
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    double m[ORDERS][ORDERS], hu[MOMENTS];

    moments(plane, k->s.h, k->s.w, 0, 0, m);
    /* Values below 0, which some filters make, may cancel what ink there is. */
    const double ink = m[0][0] > 1e-6 ? m[0][0] : 0;
    const double cy = ink > 0 ? m[0][1] / ink : 0, cx = ink > 0 ? m[1][0] / ink : 0;
    moments(plane, k->s.h, k->s.w, cy, cx, m);
    for (int p = 0; p < ORDERS; p++)
        for (int q = 0; p + q < ORDERS; q++)
            m[p][q] = ink > 0 ? m[p][q] / pow(ink, (p + q) / 2.0 + 1) : 0;
    invariants(m, hu);
    for (int i = 0; i < MOMENTS; i++)
        to[i] = (float)(!k->log ? fmax(-FLT_MAX, fmin(hu[i], FLT_MAX)) : fabs(hu[i]) < 1e-30 ? 0
                        : log10(fabs(hu[i])) * (hu[i] < 0 ? 1 : -1));
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    struct work k = { in->shape, p->log };
    (void)state;
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(hu) = {
    .brief = "Take Hu's seven moment invariants",
    .doc = "Seven numbers of the whole image that stay as they are when it is shifted, made\n"
           "larger or turned, and the last of which has its sign turned in a mirror (Hu 1962,\n"
           "\"Visual pattern recognition by moment invariants\").  A 6 and a 9 are alike.\n"
           "\n"
           "They are of sizes from 0.1 to 1e-12, so log=yes gives -sign(v) log10 |v|, which is\n"
           "custom with OpenCV; log=no gives them as scikit-image's moments_hu and OpenCV's\n"
           "HuMoments do.  An image without ink has zeros.  Each channel of a colour image has\n"
           "seven of its own, one channel after another.",
    .example = "hu log=no",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
