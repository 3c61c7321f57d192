/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vips.c - filters of our own beside libvips doing the same: what bench/vips.py runs.
 *
 *     vips SIDE IMAGES ROWS
 *
 * Images of SIDE x SIDE, tiled with the first ROWS of 28 x 28.  Prints for each filter its line,
 * microseconds an image here and in libvips, each the median of PASSES passes in turns on
 * one thread, and the mean absolute difference of the results.  Both take images as the
 * filter does, bytes or floats, and give the same.  Small images go through libvips many at a
 * time (tests/sheet.h), large ones one by one, as libvips itself divides them. */
#include "../tests/sheet.h"
#include "image/axis.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "data/data.h"
#include "formats/read.h"
#include "pipeline/pipeline.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES = 5, SMALL = 64, TOGETHER = 256 };

/* A filter here and there. */
struct filter {
    const char *line;
    mp_sheet_op op;
    const void *arg;
    int margin;
    enum { WINDOW, SIZE, TURN } kind; /* how small images go through libvips together */
};

/* What both sides work on and give. */
struct bench {
    struct mp_ctx c;
    const struct filter *f;
    struct mp_plan plan;
    struct mp_chunk in, own, other; /* n images; x or b */
};

static size_t element(const struct mp_chunk *k)
{
    return k->b != NULL ? 1 : sizeof(float);
}

static char *bytes_of(const struct mp_chunk *k)
{
    return k->b != NULL ? (char *)k->b : (char *)k->x;
}

/* Images from `at` on, n of them. */
static struct mp_chunk part(const struct mp_chunk *k, size_t at, size_t n)
{
    struct mp_chunk p = *k;
    p.n = n;
    p.row0 = at;
    p.b = k->b != NULL ? k->b + at * mp_len(k->shape) : NULL;
    p.x = k->b == NULL ? k->x + at * mp_len(k->shape) : NULL;
    return p;
}

static int by_stage(struct bench *b, const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_node *n = &b->plan.nodes[0];
    mp_ctx_reuse(&b->c);
    return n->entry->stage->apply(&b->c, n->params, NULL, in, out);
}

/* One image as libvips evaluates it by itself. */
static int by_vips_alone(struct bench *b, const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_shape s = in->shape, t = out->shape;
    const int m = b->f->margin, h = s.h + 2 * m, w = s.w + 2 * m;
    const size_t size = (size_t)h * (size_t)w * element(in);
    char *room = malloc(size);
    VipsImage *image = NULL, *scope = vips_image_new(), *made = NULL, *cut = NULL;
    size_t got = 0;
    void *pixels = NULL;
    if (room != NULL) {
        mp_pack(room, bytes_of(in), s.h, s.w, element(in), m, MP_NEAREST);
        image = vips_image_new_from_memory(room, size, w, h, 1, in->b != NULL ? VIPS_FORMAT_UCHAR
                                                                              : VIPS_FORMAT_FLOAT);
    }
    if (image != NULL && b->f->op(VIPS_OBJECT(scope), image, &made, b->f->arg) == 0 &&
        vips_crop(made, &cut, m, m, t.w, t.h, NULL) == 0)
        pixels = vips_image_write_to_memory(cut, &got);
    const bool good = pixels != NULL && got == mp_len(t) * element(out);
    if (good)
        memcpy(bytes_of(out), pixels, got);
    g_free(pixels);
    VIPS_UNREF(cut);
    VIPS_UNREF(made);
    VIPS_UNREF(scope);
    VIPS_UNREF(image);
    free(room);
    return good ? MP_OK : mp_fail(&b->c, "libvips: %s", vips_error_buffer());
}

static int by_vips(struct bench *b, const struct mp_chunk *in, struct mp_chunk *out)
{
    mp_ctx_reuse(&b->c);
    if (in->shape.w > SMALL)
        return by_vips_alone(b, in, out);
    if (b->f->kind == TURN)
        return mp_sheet_turn(&b->c, in, out);
    return b->f->kind == SIZE ? mp_sheet_bands(&b->c, in, out, b->f->op, b->f->arg)
                              : mp_sheet_filter(&b->c, in, out, b->f->margin, MP_NEAREST,
                                                b->f->op, b->f->arg);
}

/* Microseconds an image; negative: it failed. */
static double pass(struct bench *b, struct mp_chunk *out,
                   int (*work)(struct bench *b, const struct mp_chunk *in, struct mp_chunk *out))
{
    const size_t step = b->in.shape.w > SMALL ? 1 : TOGETHER;
    const double start = mp_seconds();
    for (size_t at = 0; at < b->in.n; at += step) {
        const size_t n = b->in.n - at < step ? b->in.n - at : step;
        const struct mp_chunk from = part(&b->in, at, n);
        struct mp_chunk to = part(out, at, n);
        if (work(b, &from, &to) < 0)
            return -1;
    }
    return 1e6 * (mp_seconds() - start) / (double)b->in.n;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double difference(const struct mp_chunk *a, const struct mp_chunk *b)
{
    const size_t all = a->n * mp_len(a->shape);
    double sum = 0;
    for (size_t i = 0; i < all; i++)
        sum += a->b != NULL ? abs(a->b[i] - b->b[i]) / 255.0
                            : fabs((double)a->x[i] - fmin(fmax((double)b->x[i], 0), 1));
    return sum / (double)all;
}

static int measure(struct bench *b)
{
    double own[PASSES], other[PASSES];
    for (int i = -1; i < PASSES; i++) { /* the first is for nothing */
        const double here = pass(b, &b->own, by_stage), there = pass(b, &b->other, by_vips);
        if (here < 0 || there < 0)
            return -1;
        own[i < 0 ? 0 : i] = here;
        other[i < 0 ? 0 : i] = there;
    }
    qsort(own, PASSES, sizeof *own, by_size);
    qsort(other, PASSES, sizeof *other, by_size);
    printf("%s\t%.4f\t%.4f\t%.3g\n", b->f->line, own[PASSES / 2], other[PASSES / 2],
           difference(&b->own, &b->other));
    return MP_OK;
}

/* Memory for the images that a chunk of this shape has, in its form. */
static bool make_room(struct mp_chunk *k, bool bytes)
{
    void *at = aligned_alloc(64, (k->n * mp_len(k->shape) * sizeof(float) + 63) / 64 * 64);
    k->b = bytes ? at : NULL;
    k->x = bytes ? NULL : at;
    return at != NULL;
}

/* The images, tiled with those of the file. */
static void tile(const struct mp_data *d, struct mp_chunk *k)
{
    const struct mp_shape s = k->shape, small = d->shape;
    const size_t across = ((size_t)s.w + (size_t)small.w - 1) / (size_t)small.w;
    for (size_t i = 0; i < k->n; i++)
        for (size_t y = 0; y < (size_t)s.h; y++)
            for (size_t x = 0; x < (size_t)s.w; x++) {
                const size_t which = i + y / (size_t)small.h * across + x / (size_t)small.w;
                const uint8_t v = d->x[which % d->n * mp_len(small) +
                                       y % (size_t)small.h * (size_t)small.w +
                                       x % (size_t)small.w];
                const size_t at = (i * (size_t)s.h + y) * (size_t)s.w + x;
                if (k->b != NULL)
                    k->b[at] = v;
                else
                    k->x[at] = (float)v / 255;
            }
}

static int run(struct bench *b, const struct mp_data *d, struct mp_shape shape, size_t n)
{
    struct mp_script script;
    if (mp_script_parse(&b->c, "bench", b->f->line, &script) < 0)
        return -1;
    int rc = mp_plan_build(&b->c, &script, &b->plan);
    if (rc == MP_OK) {
        rc = mp_plan_shape(&b->c, &b->plan, shape);
        const bool bytes = b->plan.nodes[0].bytes;
        b->in = (struct mp_chunk){ .n = n, .shape = shape };
        b->own = b->other = (struct mp_chunk){ .n = n, .shape = b->plan.nodes[0].out };
        if (rc == MP_OK && !(make_room(&b->in, bytes) & make_room(&b->own, bytes) &
                             make_room(&b->other, bytes)))
            rc = mp_fail(&b->c, "no memory for %zu images", n);
        if (rc == MP_OK) {
            tile(d, &b->in);
            rc = measure(b);
        }
        free(bytes_of(&b->in));
        free(bytes_of(&b->own));
        free(bytes_of(&b->other));
        mp_plan_free(&b->plan);
    }
    mp_script_free(&script);
    return rc;
}

static int run_all(struct bench *b, const struct mp_data *d, int side, size_t n)
{
    static const double one = 1, three = 3, sobel[] = { 0.25, 0.5, 0.25 };
    const struct mp_shape shape = { side, side, 1 };
    const struct mp_sheet_size twice = { "bilinear", VIPS_KERNEL_LINEAR, shape, 2, 2 },
                               half = { NULL, VIPS_KERNEL_LINEAR, shape, 0.5, 0.5 };
    char grow[80], shrink[80];
    snprintf(grow, sizeof grow, "resize width=%d height=%d kernel=linear", 2 * side, 2 * side);
    snprintf(shrink, sizeof shrink, "resize width=%d height=%d kernel=linear", side / 2, side / 2);
    const struct filter filters[] = {
        { "blur sigma=1 border=nearest", mp_sheet_blur, &one, mp_gauss_radius(1), WINDOW },
        { "blur sigma=3 border=nearest", mp_sheet_blur, &three, mp_gauss_radius(3), WINDOW },
        { "sharpen sigma=1 amount=1 border=nearest", mp_sheet_sharpen, &one, mp_gauss_radius(1),
          WINDOW },
        { "edge op=sobel border=nearest", mp_sheet_edge, sobel, 1, WINDOW },
        { "median radius=1 border=nearest", mp_sheet_median, NULL, 1, WINDOW },
        { "morphology op=dilate radius=1", mp_sheet_dilate, NULL, 1, WINDOW },
        { "orient turn=90", mp_sheet_rot, NULL, 0, TURN },
        { "orient flip=horizontal", mp_sheet_flip, NULL, 0, WINDOW },
        { shrink, mp_sheet_resize, &half, 0, SIZE },
        { grow, mp_sheet_resize, &twice, 0, SIZE },
    };
    size_t count = sizeof filters / sizeof *filters;
    int rc = MP_OK;
    if (side > 512) /* four times as many pixels are more than a row may have */
        count--;
    for (size_t i = 0; i < count && rc == MP_OK; i++) {
        b->f = &filters[i];
        rc = run(b, d, shape, n);
    }
    return rc;
}

int main(int argc, char **argv)
{
    const struct mp_form any = { .label = NULL };
    const int side = argc == 4 ? atoi(argv[1]) : 0, rows = argc == 4 ? atoi(argv[3]) : 0;
    struct mp_run options = { .threads = 1, .quiet = true };
    struct bench b;
    struct mp_data d;
    if (side < 2 || side > 4096 || rows < 1) {
        fputs("usage: vips SIDE IMAGES ROWS\n", stderr);
        return 2;
    }
    mp_ctx_init(&b.c, &options);
    int rc = mp_sheet_start(&b.c);
    if (rc == MP_OK)
        rc = mp_data_read(&b.c, argv[2], NULL, &any, &d);
    if (rc == MP_OK) {
        const size_t pixels = (size_t)side * (size_t)side, many = (size_t)rows * 784 / pixels;
        rc = run_all(&b, &d, side, many > 0 ? many : 1);
        mp_data_free(&d);
    }
    if (rc < 0)
        fprintf(stderr, "vips: %s\n", b.c.msg);
    mp_sheet_stop();
    mp_ctx_free(&b.c);
    return rc < 0 ? 1 : 0;
}
