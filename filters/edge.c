/* edge.c - strength of the gradient.
 *
 * Two 3x3 convolutions, the differences across and down, each smoothed along the
 * edge; out = sqrt((gx^2 + gy^2) / 2).  Weights sum to 1 on either side of the
 * edge, so |gx|, |gy| and the result stay in 0 .. 1.  Cost: 20 us for 28x28.
 * Defined by skimage.filters.sobel, prewitt and scharr with border=reflect,
 * which it equals to 1e-6.
 */
#include "sheet.h"
#include <math.h>

struct params {
    int op, border;
};

static const struct mp_param table[] = {
    MP_PARAM(op, .def = "sobel", .choices = "sobel|prewitt|scharr",
             .doc = "smoothing along the edge: 1 2 1, 1 1 1 or 3 10 3"),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

/* Order of .choices above. */
static const double smooth[][3] = { { 1, 2, 1 }, { 1, 1, 1 }, { 3, 10, 3 } };

static int gradient(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    const struct params *p = arg;
    const double *s = smooth[p->op], scale = M_SQRT1_2 / (s[0] + s[1] + s[2]);
    double across[9], down[9];
    VipsImage **t = (VipsImage **)vips_object_local_array(scope, 5);

    for (int i = 0; i < 3; i++)
        for (int side = -1; side <= 1; side++) {
            across[3 * i + side + 1] = side * s[i] * scale;
            down[3 * (side + 1) + i] = side * s[i] * scale;
        }
    t[0] = vips_image_new_matrix_from_array(3, 3, across, 9);
    t[1] = vips_image_new_matrix_from_array(3, 3, down, 9);
    if (t[0] == NULL || t[1] == NULL ||
        vips_conv(in, &t[2], t[0], "precision", VIPS_PRECISION_FLOAT, NULL) != 0 ||
        vips_conv(in, &t[3], t[1], "precision", VIPS_PRECISION_FLOAT, NULL) != 0 ||
        vips_complexform(t[2], t[3], &t[4], NULL) != 0)
        return -1;
    return vips_abs(t[4], out, NULL);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    (void)state;
    return mp_sheet_filter(c, in, out, 1, (enum mp_border)p->border, gradient, p);
}

MP_STAGE(edge) = {
    .brief = "Keep the strength of the edges",
    .doc = "Each pixel becomes sqrt((gx^2 + gy^2) / 2), where gx and gy are the\n"
           "differences between its right and left, lower and upper neighbours,\n"
           "smoothed along the edge by weights that sum to 1: flat parts become 0,\n"
           "and nothing exceeds 1.  With border=reflect it equals\n"
           "skimage.filters.sobel, prewitt and scharr.",
    .example = "edge op=sobel",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
