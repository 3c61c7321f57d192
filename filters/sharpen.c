/* sharpen.c - unsharp mask.
 *
 * out = in + amount (in - blurred), cut to 0 .. 1.  Cost: that of the blur, see
 * blur.c, and a few percent.  Defined by skimage.filters.unsharp_mask(radius=sigma)
 * with border=reflect, which it equals to 1e-6.
 */
#include "sheet.h"

struct params {
    double sigma, amount;
    int border;
};

static const struct mp_param table[] = {
    MP_PARAM(sigma, .def = "1.0", .min = 0.1, .max = 10, .unit = "px",
             .doc = "standard deviation of the blur that is taken away"),
    MP_PARAM(amount, .def = "1.0", .min = 0, .max = 10,
             .doc = "how strongly the difference from the blurred image is added"),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

static int unsharp(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    const struct params *p = arg;
    VipsImage **t = (VipsImage **)vips_object_local_array(scope, 3);

    if (mp_gauss(scope, in, &t[0], p->sigma) != 0 ||
        vips_linear1(t[0], &t[1], -p->amount, 0, NULL) != 0 ||
        vips_linear1(in, &t[2], 1 + p->amount, 0, NULL) != 0)
        return -1;
    return vips_add(t[1], t[2], out, NULL);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    (void)state;
    if (mp_sheet_filter(c, in, out, mp_gauss_radius(p->sigma), (enum mp_border)p->border,
                        unsharp, p) < 0)
        return -1;
    mp_clamp(out);
    return MP_OK;
}

MP_STAGE(sharpen) = {
    .brief = "Sharpen each image with an unsharp mask",
    .doc = "Adds `amount` times what a Gaussian blur takes away, so that soft edges\n"
           "get steeper; the result is cut to 0 .. 1.  amount=0 changes nothing.  With\n"
           "border=reflect it equals skimage.filters.unsharp_mask.",
    .example = "sharpen sigma=1 amount=0.5",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
