/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sheet.c - chunks as libvips images: packing, border rules, evaluation.
 *
 * Method: see sheet.h.  Cost, without the operation itself: one copy in, of
 * (h + 2 margin) (w + 2 margin) pixels an image, and one copy out. */
#include "image/axis.h"
#include "sheet.h"
#include <math.h>
#include <string.h>

/* Plugins, for file formats that no test reads, would be looked for below
 * $VIPSHOME; loading them takes 20 to 45 ms. */
int mp_sheet_start(struct mp_ctx *c)
{
    g_setenv("VIPSHOME", "/nonexistent", FALSE);
    if (VIPS_INIT("mnistpipe") != 0) {
        char *text = vips_error_buffer_copy();
        mp_fail(c, "libvips cannot start: %s", g_strchomp(text));
        g_free(text);
        return -1;
    }
    vips_cache_set_max(0);
    vips_concurrency_set(1);
    return MP_OK;
}

void mp_sheet_stop(void)
{
    vips_shutdown();
}

/* libvips' own words, in one line. */
static int fail_vips(struct mp_ctx *c)
{
    char *text = vips_error_buffer_copy();
    g_strdelimit(g_strchomp(text), "\n", ';');
    mp_fail(c, "libvips: %s", text);
    g_free(text);
    return -1;
}

/* ---------------------------------------------------------------- packing */

static size_t element_size(const struct mp_chunk *k)
{
    return k->b != NULL ? sizeof *k->b : sizeof *k->x;
}

static char *pixels(const struct mp_chunk *k)
{
    return k->b != NULL ? (char *)k->b : (char *)k->x;
}

/* ------------------------------------------------------------- evaluation */

/* What the images are pulled out of; `scope` owns every step of the pipeline. */
struct pipe {
    VipsImage *scope, *in, *out;
    VipsRegion *region;
};

static void close_pipe(struct pipe *p)
{
    VIPS_UNREF(p->region);
    VIPS_UNREF(p->out);
    VIPS_UNREF(p->scope);
    VIPS_UNREF(p->in);
}

/* Builds the pipeline over an image in memory and checks what comes out of it:
 * w x h pixels with as many bands and the same element type as went in. */
static int open_pipe(struct mp_ctx *c, struct pipe *p, VipsImage *in, mp_sheet_op op,
                     const void *arg, int w, int h)
{
    p->in = in;
    if (in == NULL)
        return fail_vips(c);
    p->scope = vips_image_new();
    if (op(VIPS_OBJECT(p->scope), in, &p->out, arg) != 0)
        return fail_vips(c);
    if (p->out->Xsize != w || p->out->Ysize != h || p->out->Bands != in->Bands ||
        p->out->BandFmt != in->BandFmt)
        return mp_fail(c, "libvips gave %dx%d pixels, %d bands of type %d; expected %dx%d, %d, %d",
                       p->out->Xsize, p->out->Ysize, p->out->Bands, (int)p->out->BandFmt, w, h,
                       in->Bands, (int)in->BandFmt);
    p->region = vips_region_new(p->out);
    return p->region != NULL ? MP_OK : fail_vips(c);
}

/* Computes w x h pixels from (x, y) on and copies them to `to`, packed. */
static int pull(struct mp_ctx *c, struct pipe *p, int x, int y, int w, int h, char *to)
{
    const VipsRect want = { .left = x, .top = y, .width = w, .height = h };
    const size_t pixel = (size_t)p->out->Bands * vips_format_sizeof(p->out->BandFmt);
    const size_t line = (size_t)w * pixel;

    if (vips_region_prepare(p->region, &want) != 0)
        return fail_vips(c);
    const VipsRect *got = &p->region->valid; /* may be more than was asked for */
    const size_t skip = (size_t)VIPS_REGION_LSKIP(p->region);
    const char *from = (const char *)p->region->data + (size_t)(y - got->top) * skip +
                       (size_t)(x - got->left) * pixel;
    for (int i = 0; i < h; i++)
        memcpy(to + (size_t)i * line, from + (size_t)i * skip, line);
    return MP_OK;
}

int mp_sheet_filter(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                    int margin, enum mp_border border, mp_sheet_op op, const void *arg)
{
    const struct mp_shape s = in->shape;
    const double height = (double)in->n * (s.h + 2.0 * margin), width = s.w + 2.0 * margin;
    const size_t image = mp_len(s) * element_size(in);
    struct pipe p = { 0 };

    if (in->n == 0)
        return MP_OK;
    if (height > VIPS_MAX_COORD || width > VIPS_MAX_COORD)
        return mp_fail(c, "%zu images of %dx%d pixels do not fit a sheet; its sides may have %d",
                       in->n, s.h, s.w, VIPS_MAX_COORD);
    const int ph = s.h + 2 * margin, pw = s.w + 2 * margin, n = (int)in->n;
    const size_t bytes = in->n * (size_t)ph * (size_t)pw * (size_t)s.c * element_size(in);
    char *sheet = (char *)mp_scratch(c, bytes / sizeof(float) + 1);
    if (sheet == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        mp_pack(sheet + i * (bytes / in->n), pixels(in) + i * image, s.h, s.w,
                (size_t)s.c * element_size(in), margin, border);

    int status = open_pipe(c, &p, vips_image_new_from_memory(sheet, bytes, pw, n * ph, s.c,
                           in->b != NULL ? VIPS_FORMAT_UCHAR : VIPS_FORMAT_FLOAT),
                           op, arg, pw, n * ph);
    for (int i = 0; i < n && status == MP_OK; i++)
        status = pull(c, &p, margin, i * ph + margin, s.w, s.h, pixels(out) + (size_t)i * image);
    close_pipe(&p);
    return status;
}

int mp_sheet_turn(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_shape s = in->shape;
    const size_t image = mp_len(s) * element_size(in);
    struct pipe p = { 0 };

    if (in->n * (size_t)s.h > (size_t)VIPS_MAX_COORD)
        return mp_fail(c, "%zu images of %dx%d pixels do not fit a sheet", in->n, s.h, s.w);
    const int n = (int)in->n;
    int status = open_pipe(c, &p, vips_image_new_from_memory(pixels(in), in->n * image, s.w,
                           n * s.h, s.c, in->b != NULL ? VIPS_FORMAT_UCHAR : VIPS_FORMAT_FLOAT),
                           mp_sheet_rot, NULL, n * s.h, s.w);
    for (int i = 0; i < n && status == MP_OK; i++)
        status = pull(c, &p, (n - 1 - i) * s.h, 0, s.h, s.w, pixels(out) + (size_t)i * image);
    close_pipe(&p);
    return status;
}

/* ------------------------------------------------------------------ bands */

/* to[j][i] = from[i][j], values of c floats, in blocks that stay in the cache. */
static void transpose(float *to, const float *from, size_t rows, size_t cols, size_t c)
{
    enum { BLOCK = 16 };
    for (size_t i0 = 0; i0 < rows; i0 += BLOCK)
        for (size_t j0 = 0; j0 < cols; j0 += BLOCK)
            for (size_t i = i0; i < rows && i < i0 + BLOCK; i++)
                for (size_t j = j0; j < cols && j < j0 + BLOCK; j++)
                    for (size_t k = 0; k < c; k++)
                        to[(j * rows + i) * c + k] = from[(i * cols + j) * c + k];
}

int mp_sheet_bands(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                   mp_sheet_op op, const void *arg)
{
    const struct mp_shape s = in->shape, t = out->shape;
    const size_t bands = in->n * (size_t)s.c, n_in = in->n * mp_len(s);
    struct pipe p = { 0 };

    if (in->n == 0)
        return MP_OK;
    if (bands > (size_t)VIPS_MAX_COORD)
        return mp_fail(c, "%zu images of %d channels are too many at once", in->n, s.c);
    float *from = mp_scratch(c, n_in), *to = mp_scratch(c, out->n * mp_len(t));
    if (from == NULL || to == NULL)
        return -1;
    transpose(from, in->x, in->n, (size_t)s.h * (size_t)s.w, (size_t)s.c);

    int status = open_pipe(c, &p, vips_image_new_from_memory(from, n_in * sizeof *from, s.w, s.h,
                           (int)bands, VIPS_FORMAT_FLOAT), op, arg, t.w, t.h);
    if (status == MP_OK)
        status = pull(c, &p, 0, 0, t.w, t.h, (char *)to);
    if (status == MP_OK)
        transpose(out->x, to, (size_t)t.h * (size_t)t.w, out->n, (size_t)s.c);
    close_pipe(&p);
    return status;
}

/* ---------------------------------------------------------------- filters */

int mp_sheet_blur(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    const double sigma = *(const double *)arg;
    double kernel[2 * MP_GAUSS_MOST + 1];
    const int side = 2 * mp_gauss_radius(sigma) + 1;
    VipsImage **t = (VipsImage **)vips_object_local_array(scope, 1);

    mp_gauss(sigma, kernel);
    t[0] = vips_image_new_matrix_from_array(side, 1, kernel, side);
    return vips_convsep(in, out, t[0], "precision", VIPS_PRECISION_FLOAT, NULL);
}

int mp_sheet_sharpen(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    VipsImage **t = (VipsImage **)vips_object_local_array(scope, 3);

    if (mp_sheet_blur(scope, in, &t[0], arg) != 0 || vips_linear1(t[0], &t[1], -1.0, 0, NULL) != 0 ||
        vips_linear1(in, &t[2], 2.0, 0, NULL) != 0)
        return -1;
    return vips_add(t[1], t[2], out, NULL);
}

int mp_sheet_edge(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    const double *w = arg;
    double across[9] = { 0 }, down[9] = { 0 };
    VipsImage **t = (VipsImage **)vips_object_local_array(scope, 5);

    for (int i = 0; i < 3; i++) {
        across[3 * i + 2] = down[6 + i] = w[i] * M_SQRT1_2;
        across[3 * i] = down[i] = -w[i] * M_SQRT1_2;
    }
    t[0] = vips_image_new_matrix_from_array(3, 3, across, 9);
    t[1] = vips_image_new_matrix_from_array(3, 3, down, 9);
    if (vips_conv(in, &t[2], t[0], "precision", VIPS_PRECISION_FLOAT, NULL) != 0 ||
        vips_conv(in, &t[3], t[1], "precision", VIPS_PRECISION_FLOAT, NULL) != 0 ||
        vips_complexform(t[2], t[3], &t[4], NULL) != 0)
        return -1;
    return vips_abs(t[4], out, NULL);
}

int mp_sheet_median(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    (void)scope, (void)arg;
    return vips_rank(in, out, 3, 3, 4, NULL);
}

int mp_sheet_dilate(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    (void)scope, (void)arg;
    return vips_rank(in, out, 3, 3, 8, NULL);
}

int mp_sheet_rot(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    (void)scope, (void)arg;
    return vips_rot(in, out, VIPS_ANGLE_D90, NULL);
}

int mp_sheet_flip(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    (void)scope, (void)arg;
    return vips_flip(in, out, VIPS_DIRECTION_HORIZONTAL, NULL);
}

static int shrink(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    const struct mp_sheet_size *s = arg;
    VipsImage **t = (VipsImage **)vips_object_local_array(scope, 1);

    if (vips_reducev(in, &t[0], 1 / s->down, "kernel", s->reduce, NULL) != 0)
        return -1;
    return vips_reduceh(t[0], out, 1 / s->across, "kernel", s->reduce, NULL);
}

/* Pixel x of the new image shows position (x + 1/2) / scale - 1/2. */
static int grow(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    const struct mp_sheet_size *s = arg;
    VipsInterpolate *interpolate = vips_interpolate_new(s->kernel);
    VipsArrayInt *area = vips_array_int_newv(4, 0, 0, (int)lrint(s->from.w * s->across),
                                             (int)lrint(s->from.h * s->down));
    vips_object_local(scope, interpolate);
    const int rc = vips_affine(in, out, s->across, 0.0, 0.0, s->down, "interpolate", interpolate,
                               "idx", 0.5 - 0.5 / s->across, "idy", 0.5 - 0.5 / s->down,
                               "oarea", area, "extend", VIPS_EXTEND_COPY, NULL);
    vips_area_unref(VIPS_AREA(area));
    return rc;
}

int mp_sheet_resize(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg)
{
    const struct mp_sheet_size *s = arg;
    return s->kernel != NULL ? grow(scope, in, out, arg) : shrink(scope, in, out, arg);
}
