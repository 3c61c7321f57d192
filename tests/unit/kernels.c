/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernels.c - filters with kernels of their own give what libvips gives: every border, sizes
 * below, at and above whole vectors, one channel and three. */
#include "image/axis.h"
#include "core/ctx.h"
#include "pipeline/pipeline.h"
#include "core/random.h"
#include "../sheet.h"
#include "../tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 3 };

static const struct mp_shape shapes[] = {
    { 1, 1, 1 },   { 1, 9, 1 },   { 5, 3, 3 },  { 16, 17, 1 },
    { 28, 28, 1 }, { 20, 15, 3 }, { 33, 70, 1 },
};
enum { SHAPES = sizeof shapes / sizeof *shapes };
static const char *const borders[] = { "zero", "nearest", "reflect", "mirror" };

/* One comparison: a stage's line, and the same in libvips. */
struct test {
    struct tap *tap;
    struct mp_ctx c;
    char line[80];
    mp_sheet_op op;
    const void *arg;
    int margin;
    enum mp_border border;
    double near;
};

/* Images of noise, of grey levels as bytes have them. */
static struct mp_chunk noise(struct mp_shape s)
{
    struct mp_chunk k = { .n = IMAGES, .shape = s };
    k.x = malloc(IMAGES * mp_len(s) * sizeof *k.x);
    for (size_t i = 0; i < IMAGES * mp_len(s); i++)
        k.x[i] = (float)(mp_random_at(3, mp_len(s), i, 0) % 256) / 255.0f;
    return k;
}

/* The rows after the stage; k.x is NULL after a failure. */
static struct mp_chunk staged(struct test *t, const struct mp_chunk *in)
{
    struct mp_chunk out = *in;
    struct mp_script script;
    struct mp_plan plan;

    out.x = NULL;
    if (mp_script_parse(&t->c, "test", t->line, &script) < 0)
        return out;
    if (mp_plan_build(&t->c, &script, &plan) == MP_OK) {
        if (mp_plan_shape(&t->c, &plan, in->shape) == MP_OK) {
            const struct mp_node *n = &plan.nodes[0];
            out.shape = n->out;
            out.x = malloc(IMAGES * mp_len(out.shape) * sizeof *out.x);
            mp_ctx_reuse(&t->c);
            if (n->entry->stage->apply(&t->c, n->params, NULL, in, &out) < 0) {
                free(out.x);
                out.x = NULL;
            }
        }
        mp_plan_free(&plan);
    }
    mp_script_free(&script);
    return out;
}

static double farthest(const struct mp_chunk *a, const struct mp_chunk *b)
{
    double worst = 0;
    for (size_t i = 0; i < a->n * mp_len(a->shape); i++)
        worst = fmax(worst, fabs((double)a->x[i] - (double)b->x[i]));
    return worst;
}

/* bands: op changes the size. */
static void compare(struct test *t, struct mp_shape s, bool bands)
{
    struct mp_chunk in = noise(s), own = staged(t, &in), other = own;
    int rc = own.x != NULL ? MP_OK : -1;

    other.x = calloc(IMAGES * mp_len(own.shape), sizeof *other.x);
    mp_ctx_reuse(&t->c);
    if (rc == MP_OK)
        rc = bands ? mp_sheet_bands(&t->c, &in, &other, t->op, t->arg)
                   : mp_sheet_filter(&t->c, &in, &other, t->margin, t->border, t->op, t->arg);
    for (size_t i = 0; i < IMAGES * mp_len(own.shape); i++)
        other.x[i] = fminf(fmaxf(other.x[i], 0), 1);
    const double far = rc == MP_OK ? farthest(&own, &other) : INFINITY;
    tap_ok(t->tap, far <= t->near, "%s of %dx%dx%d: %.2g from libvips", t->line, s.h, s.w, s.c,
           far);
    if (rc != MP_OK)
        tap_note("%s", t->c.msg);
    free(in.x);
    free(own.x);
    free(other.x);
}

/* `format` has a place for the border's name. */
static void compare_borders(struct test *t, const char *format)
{
    for (int b = 0; b < 4; b++)
        for (int k = 0; k < SHAPES; k++) {
            snprintf(t->line, sizeof t->line, "%s border=%s", format, borders[b]);
            t->border = (enum mp_border)b;
            compare(t, shapes[k], false);
        }
}

/* ------------------------------------------------------------- the filters */

static void filters(struct test *t)
{
    static const double sobel[] = { 0.25, 0.5, 0.25 }, scharr[] = { 0.1875, 0.625, 0.1875 };
    static const double sigmas[] = { 0.6, 2.3, 10 };
    t->near = 2e-6;
    t->op = mp_sheet_blur;
    for (size_t i = 0; i < sizeof sigmas / sizeof *sigmas; i++) {
        char line[40];
        snprintf(line, sizeof line, "blur sigma=%g", sigmas[i]);
        t->arg = &sigmas[i];
        t->margin = mp_gauss_radius(sigmas[i]);
        compare_borders(t, line);
    }
    t->op = mp_sheet_sharpen;
    t->arg = &sigmas[0];
    t->margin = mp_gauss_radius(sigmas[0]);
    compare_borders(t, "sharpen sigma=0.6 amount=1");
    t->margin = 1;
    t->op = mp_sheet_edge;
    t->arg = sobel;
    compare_borders(t, "edge op=sobel");
    t->arg = scharr;
    compare_borders(t, "edge op=scharr");
    t->op = mp_sheet_median;
    t->near = 0;
    compare_borders(t, "median radius=1");
}

/* ------------------------------------------------------------------- sizes */

/* libvips rounds positions to 1/64 px, but for linear when growing. */
static void sizes(struct test *t)
{
    static const struct {
        const char *line;
        struct mp_sheet_size size;
        double near;
    } all[] = {
        { "resize width=56 height=56 kernel=linear",
          { "bilinear", 0, { 28, 28, 1 }, 2, 2 }, 2e-6 },
        { "resize width=33 height=30 kernel=linear",
          { "bilinear", 0, { 20, 11, 3 }, 1.5, 3 }, 2e-6 },
        { "resize width=56 height=84 kernel=cubic",
          { "bicubic", 0, { 28, 28, 1 }, 3, 2 }, 0.02 },
        { "resize width=14 height=7 kernel=linear",
          { NULL, VIPS_KERNEL_LINEAR, { 28, 28, 1 }, 0.25, 0.5 }, 2e-6 },
        { "resize width=20 height=24 kernel=linear",
          { NULL, VIPS_KERNEL_LINEAR, { 28, 28, 1 }, 24 / 28.0, 20 / 28.0 }, 0.02 },
        { "resize width=20 height=20 kernel=cubic",
          { NULL, VIPS_KERNEL_CUBIC, { 40, 25, 3 }, 0.5, 0.8 }, 0.02 },
        { "resize width=20 height=20 kernel=lanczos",
          { NULL, VIPS_KERNEL_LANCZOS3, { 28, 28, 1 }, 20 / 28.0, 20 / 28.0 }, 0.02 },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        snprintf(t->line, sizeof t->line, "%s", all[i].line);
        t->op = mp_sheet_resize;
        t->arg = &all[i].size;
        t->near = all[i].near;
        compare(t, all[i].size.from, true);
    }
}

/* Each image by itself: of a sheet of them, turns would change the order. */
static bool lies_as(const struct mp_chunk *in, const struct mp_chunk *out, int angle, int direction)
{
    const struct mp_shape s = in->shape;
    const size_t size = mp_len(s) * sizeof *in->x;
    bool good = out->x != NULL;
    for (size_t i = 0; i < IMAGES && good; i++) {
        VipsImage *image = vips_image_new_from_memory(in->x + i * mp_len(s), size, s.w, s.h, s.c,
                                                      VIPS_FORMAT_FLOAT);
        VipsImage *made = NULL;
        size_t got = 0;
        const int rc = direction < 0 ? vips_rot(image, &made, (VipsAngle)angle, NULL)
                                     : vips_flip(image, &made, (VipsDirection)direction, NULL);
        void *px = rc == 0 ? vips_image_write_to_memory(made, &got) : NULL;
        good = px != NULL && got == size && made->Xsize == out->shape.w &&
               memcmp(px, out->x + i * mp_len(s), size) == 0;
        g_free(px);
        g_object_unref(image);
        if (made != NULL)
            g_object_unref(made);
    }
    return good;
}

static void ways(struct test *t)
{
    static const struct {
        const char *line;
        int angle, direction;
    } way[] = {
        { "orient turn=90", VIPS_ANGLE_D90, -1 },
        { "orient turn=180", VIPS_ANGLE_D180, -1 },
        { "orient turn=270", VIPS_ANGLE_D270, -1 },
        { "orient flip=horizontal", 0, VIPS_DIRECTION_HORIZONTAL },
        { "orient flip=vertical", 0, VIPS_DIRECTION_VERTICAL },
    };
    for (size_t k = 0; k < sizeof way / sizeof *way; k++) {
        bool good = true;
        snprintf(t->line, sizeof t->line, "%s", way[k].line);
        for (size_t i = 0; i < SHAPES; i++) {
            struct mp_chunk in = noise(shapes[i]), out = staged(t, &in);
            good = good && lies_as(&in, &out, way[k].angle, way[k].direction);
            free(in.x);
            free(out.x);
        }
        tap_ok(t->tap, good, "%s: the pixels of libvips", way[k].line);
    }
}

int main(void)
{
    struct tap tap = { 0 };
    struct test t = { .tap = &tap };
    struct mp_run run = { .threads = 1 };
    mp_ctx_init(&t.c, &run);
    if (tap_ok(&tap, mp_sheet_start(&t.c) == MP_OK, "libvips starts")) {
        filters(&t);
        sizes(&t);
        ways(&t);
    }
    mp_sheet_stop();
    mp_ctx_free(&t.c);
    return tap_end(&tap);
}
