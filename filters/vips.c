/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vips.c - any operation of libvips that takes one image and gives one.
 *
 * An image is handed over as a picture of its kind would be: 0..255, grey or sRGB, as bytes, for
 * which libvips has its fastest and best tried code, or as floats.  What comes back is divided
 * by 255, whatever its type.  Operations that make each value of the one at its place are given
 * a whole chunk as one image, others one image after the other, of which setting up the operation
 * is most of the cost.  The thread that asks computes it, in one piece, without any of libvips.
 */
#include "core/finite.h"
#include "core/param.h"
#include "image/operation.h"
#include "image/planes.h"
#include <stdlib.h>
#include <string.h>

struct params {
    struct mp_further further;
    char *op;
    int pixels;
};

enum { BYTES, FLOATS }; /* order of .choices */

static const struct mp_param table[] = {
    MP_PARAM(op, .unit = "operation", .doc = "which operation; its arguments are parameters, too"),
    MP_PARAM(pixels, .def = "bytes", .choices = "bytes|floats",
             .doc = "what the operation is given: grey levels, to which pixels are rounded, or "
                    "floats 0..255"),
    MP_END
};

static int further(struct mp_ctx *c, const char *word, struct mp_further *f)
{
    return mp_operation_params(c, word, table, sizeof(struct params), f);
}

/* ---------------------------------------------------------- what is known to be wrong */

static double value_of(const struct params *p, const char *name)
{
    const struct mp_param *row = mp_param_find(p->further.table, name);
    return row != NULL && row->type == MP_INT ? *(const int *)(const void *)((const char *)p +
                                                                             row->offset) : 0;
}

/* Of bytes, windows of more than ten pixels are ranked by their histogram, and that is wrong
 * between the least and the greatest. */
static bool ranks_wrongly(const struct params *p)
{
    const double n = value_of(p, "width") * value_of(p, "height"), i = value_of(p, "index");
    return p->pixels == BYTES && n > 10 && i > 0 && i < n - 1;
}

static bool always(const struct params *p)
{
    (void)p;
    return true;
}

/* findings/vips-rank.sh and findings/vips-fill-nearest.sh show it. */
static int heed(struct mp_ctx *c, const void *params)
{
    static const struct {
        const char *op;
        int version[3]; /* the last one that was seen to be wrong */
        bool (*met)(const struct params *p);
        const char *what;
    } all[] = {
        { "rank", { 8, 16, 1 }, ranks_wrongly,
          "is wrong for windows of more than 10 pixels; pixels=floats is right" },
        { "fill_nearest", { 8, 16, 1 }, always,
          "changes pixels that are set, too, where others of another value are near" },
    };
    const struct params *p = params;
    struct mp_vips v;
    if (mp_vips_open(c, &v) < 0)
        return -1;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int order = 0;
        for (int k = 0; k < 3 && order == 0; k++)
            order = v.version(k) - all[i].version[k];
        if (strcmp(all[i].op, p->op) == 0 && order <= 0 && all[i].met(p))
            mp_warn(c, "op=%s: in libvips %s, as in others up to 8.16.1, it %s", p->op,
                    v.version_string(), all[i].what);
    }
    return MP_OK;
}

/* ------------------------------------------------------------------------------ pixels */

/* Images one below the other, as libvips sees them; the memory stays the caller's. */
static VipsImage *picture(struct mp_ctx *c, const struct mp_vips *v, const struct params *p,
                          struct mp_shape s, size_t n, const void *at)
{
    const bool bytes = p->pixels == BYTES;
    const size_t size = n * mp_len(s) * (bytes ? 1 : sizeof(float));
    VipsImage *image = v->image_new_from_memory(at, size, s.w, (int)n * s.h, s.c,
                                                bytes ? VIPS_FORMAT_UCHAR : VIPS_FORMAT_FLOAT);
    if (image == NULL) {
        mp_vips_fail(c, v, "libvips takes no image");
        return NULL;
    }
    v->object_set(image, "interpretation", s.c == 1 ? VIPS_INTERPRETATION_B_W
                  : s.c == 3 ? VIPS_INTERPRETATION_sRGB : VIPS_INTERPRETATION_MULTIBAND, NULL);
    return image;
}

/* What comes back is of numbers. */
static int check_type(struct mp_ctx *c, const struct params *p, const VipsImage *image)
{
    const bool complex = image->BandFmt == VIPS_FORMAT_COMPLEX ||
                         image->BandFmt == VIPS_FORMAT_DPCOMPLEX;
    if (!complex && image->Coding == VIPS_CODING_NONE)
        return MP_OK;
    return mp_fail(c, "op=%s: gives %s numbers (%d x %d x %d), and pixels are plain ones", p->op,
                   complex ? "complex" : "packed", image->Ysize, image->Xsize, image->Bands);
}

/* One row of pixels, divided by 255. */
static void take_row(VipsBandFormat type, const void *from, size_t n, float *to)
{
#define TAKE(format, ctype)                                                                    \
    case format:                                                                               \
        for (size_t i = 0; i < n; i++)                                                         \
            to[i] = (float)((const ctype *)from)[i] / 255.0f;                                  \
        break
    switch (type) {
        TAKE(VIPS_FORMAT_UCHAR, uint8_t);
        TAKE(VIPS_FORMAT_CHAR, int8_t);
        TAKE(VIPS_FORMAT_USHORT, uint16_t);
        TAKE(VIPS_FORMAT_SHORT, int16_t);
        TAKE(VIPS_FORMAT_UINT, uint32_t);
        TAKE(VIPS_FORMAT_INT, int32_t);
        TAKE(VIPS_FORMAT_FLOAT, float);
        TAKE(VIPS_FORMAT_DOUBLE, double);
    default:
        break;
    }
#undef TAKE
}

static int take(struct mp_ctx *c, const struct mp_vips *v, const struct params *p,
                VipsImage *image, struct mp_shape s, float *to)
{
    const size_t line = (size_t)s.w * (size_t)s.c;
    VipsRegion *r = v->region_new(image);
    const VipsRect all = { .width = s.w, .height = s.h };
    char what[64];
    snprintf(what, sizeof what, "op=%.40s", p->op);
    if (r == NULL || v->region_prepare(r, &all) != 0) {
        if (r != NULL)
            v->object_unref(r);
        return mp_vips_fail(c, v, what);
    }
    for (int y = 0; y < s.h; y++)
        take_row(image->BandFmt, r->data + (size_t)y * (size_t)r->bpl, line, to + (size_t)y * line);
    v->object_unref(r);
    return mp_all_finite(to, (size_t)s.h * line)
               ? MP_OK : mp_fail(c, "op=%s: gives values that are infinite or no numbers", p->op);
}

/* n images, or one, from `at` to `to`. */
static int work(struct mp_ctx *c, const struct mp_vips *v, const struct params *p, size_t n,
                struct mp_shape in, const void *at, struct mp_shape out, float *to)
{
    VipsImage *image = picture(c, v, p, in, n, at), *made;
    if (image == NULL)
        return -1;
    int rc = -1;
    if ((made = mp_operation_run(c, v, p->op, p->further.table, p, image)) != NULL) {
        struct mp_shape got = { made->Ysize, made->Xsize, made->Bands };
        out.h *= (int)n;
        if (got.h != out.h || got.w != out.w || got.c != out.c)
            mp_fail(c, "op=%s: gives %d x %d x %d of one image, and %d x %d x %d of a blank one; "
                       "all have to be alike", p->op, got.h, got.w, got.c, out.h, out.w, out.c);
        else if (check_type(c, p, made) == MP_OK)
            rc = take(c, v, p, made, out, to);
        v->object_unref(made);
    }
    v->object_unref(image);
    return rc;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t from = mp_len(in->shape), to = mp_len(out->shape), n = in->n * from;
    const size_t size = p->pixels == BYTES ? 1 : sizeof(float);
    float *room = mp_scratch(c, n * size / sizeof(float) + 1);
    struct mp_vips v;
    (void)state;

    if (room == NULL || mp_vips_open(c, &v) < 0)
        return -1;
    if (p->pixels == BYTES)
        mp_to_levels(in->x, n, (uint8_t *)room);
    for (size_t i = 0; i < n && p->pixels == FLOATS; i++)
        room[i] = in->x[i] * 255.0f;
    const size_t step = mp_operation_pointwise(&v, p->op) ? in->n : 1;
    for (size_t i = 0; i < in->n; i += step)
        if (work(c, &v, p, step, in->shape, (const char *)room + i * from * size, out->shape,
                 out->x + i * to) < 0)
            return -1;
    return MP_OK;
}

/* By what it would make of a blank image, of which no pixel is computed. */
static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    struct mp_vips v;
    (void)state;
    if (mp_vips_open(c, &v) < 0)
        return -1;
    float *blank = mp_alloc(c, mp_len(in), sizeof *blank);
    VipsImage *image = blank != NULL ? picture(c, &v, p, in, 1, blank) : NULL, *made = NULL;
    int rc = -1;
    if (image != NULL)
        made = mp_operation_run(c, &v, p->op, p->further.table, p, image);
    if (made != NULL && (rc = check_type(c, p, made)) == MP_OK)
        *out = (struct mp_shape){ made->Ysize, made->Xsize, made->Bands };
    if (rc == MP_OK && out->c > MP_IMAGE_SIDE)
        rc = mp_fail(c, "op=%s: gives %d values a pixel; 1..%d are possible", p->op, out->c,
                     MP_IMAGE_SIDE);
    if (made != NULL)
        v.object_unref(made);
    if (image != NULL)
        v.object_unref(image);
    free(blank);
    return rc;
}

static int depends(struct mp_ctx *c, const void *params, FILE *f)
{
    struct mp_vips v;
    (void)params;
    if (mp_vips_open(c, &v) < 0)
        return -1;
    fputs(v.version_string(), f);
    return MP_OK;
}

MP_STAGE(vips) = {
    .brief = "Do any operation of libvips that makes an image of an image",
    .doc = "By its own name and arguments, as `vips --help` and the documentation of libvips have\n"
           "them: vips op=gaussblur sigma=0.8.  `mnistpipe help vips` lists the operations of the\n"
           "version that is there, `mnistpipe help vips:gaussblur` tells what one takes.\n"
           "\n"
           "The image is given as a PNG of it would be read: grey or sRGB, bytes 0..255, ink\n"
           "being 255.  What comes back, of whatever type and size, is divided by 255.  So\n"
           "op=invert is 255 - x; with pixels=floats nothing is rounded, but some operations mean\n"
           "something else (op=invert is -x then) or take bytes all the same.  An argument that\n"
           "is given its default is not given.  Refused are complex numbers, and images of which\n"
           "some get another size than others; so are operations that take a second image, a\n"
           "file or text.  Pixels are those of VIPS_NOVECTOR=1, the same on every processor.\n"
           "\n"
           "Known to be wrong, with a warning: op=rank on bytes in windows of more than 10 pixels\n"
           "(the median, say; least and greatest are right) up to 8.16.1; 8.17.3 is right.  And\n"
           "op=fill_nearest up to 8.16.1.  Stages of the same use, such as blur, median or canny,\n"
           "are faster on small images.",
    .example = "vips op=gaussblur sigma=0.8",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
    .learner = MP_LEARNER(.needs = MP_FURTHER, .words = mp_operations, .further = further,
                          .heed = heed, .depends = depends),
};
