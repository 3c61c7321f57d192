/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rectangles.c - how much more ink one part of a rectangle has than the rest of it.
 *
 * Method: P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple
 * features" (2001): two halves, the middle third against the outer ones, or the quarters of a
 * chessboard, at any place and of any size, from sums of all pixels above and to the left (F. C.
 * Crow 1984, "Summed-area tables for texture mapping").  Of the many that there are `count` are
 * drawn, each form, then each size of its parts, then each place being as likely.
 * Pixels are taken as whole numbers, in steps of 1 / (2^24 - 1), so that sums are exact: a blank
 * rectangle is 0, wherever it lies.
 *
 * Cost: two additions a pixel and twelve for each filter.
 */
#include "core/learner.h"
#include "image/describe.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILTERS = 1 << 20, STEPS = (1 << 24) - 1 };
enum { HALVES_ACROSS, HALVES_DOWN, THIRDS_ACROSS, THIRDS_DOWN, CHESS, FORMS };
enum { FORM, Y, X, HIGH, WIDE, FIELDS }; /* of a filter; HIGH, WIDE: of a part of it */

/* How many parts a form has, downwards and to the right. */
static const struct {
    int down, across;
    const char *name;
} form[FORMS] = {
    { 1, 2, "halves across" }, { 2, 1, "halves down" }, { 1, 3, "thirds across" },
    { 3, 1, "thirds down" }, { 2, 2, "chess" },
};

struct params {
    int count;
};

static const struct mp_param table[] = {
    MP_PARAM(count, .def = "1000", .min = 1, .max = MAX_FILTERS, .unit = "filters",
             .doc = "how many are drawn for each channel"),
    MP_END
};

struct state {
    struct mp_shape image; /* until done() */
    uint64_t h, w, k;      /* of the image; filters */
    float *filter;         /* k x FIELDS whole numbers */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)state;
    if (in.h < 2 && in.w < 2)
        return mp_fail(c, "an image of one pixel has no parts; needs 2 in a row at least");
    return mp_described(c, in, ((const struct params *)params)->count, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct mp_described d = mp_which(i, (size_t)((const struct params *)params)->count);
    mp_describe_name(text, size, in, d.channel, "rectangles[%zu", d.i);
}

/* All that is learned is how large images are. */
static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    (void)c, (void)params;
    ((struct state *)state)->image = in->shape;
    return MP_OK;
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *a = into;
    const struct state *b = from;
    (void)c;
    a->image = a->image.h != 0 ? a->image : b->image;
    return MP_OK;
}

/* A whole number 0 .. n-1 for number `field` of filter i. */
static int one_of(struct mp_ctx *c, size_t i, size_t field, int n)
{
    return (int)(mp_random(c, i, field) % (uint64_t)n);
}

static void draw(struct mp_ctx *c, struct mp_shape s, size_t i, float *to)
{
    int f = one_of(c, i, FORM, FORMS);
    while (form[f].down > s.h || form[f].across > s.w)
        f = (f + 1) % FORMS;
    const int high = 1 + one_of(c, i, HIGH, s.h / form[f].down);
    const int wide = 1 + one_of(c, i, WIDE, s.w / form[f].across);
    to[FORM] = (float)f;
    to[HIGH] = (float)high;
    to[WIDE] = (float)wide;
    to[Y] = (float)one_of(c, i, Y, s.h - high * form[f].down + 1);
    to[X] = (float)one_of(c, i, X, s.w - wide * form[f].across + 1);
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    struct state *s = state;
    if (s->image.h == 0)
        return mp_fail(c, "no rows to learn from");
    s->h = (uint64_t)s->image.h;
    s->w = (uint64_t)s->image.w;
    s->k = (uint64_t)((const struct params *)params)->count;
    s->filter = mp_alloc(c, s->k * FIELDS, sizeof *s->filter);
    for (size_t i = 0; i < s->k && s->filter != NULL; i++)
        draw(c, s->image, i, s->filter + i * FIELDS);
    return s->filter != NULL ? MP_OK : -1;
}

/* Whole numbers of a filter that lies in the image. */
static bool lies_within(const struct state *s, const float *f)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (!(f[i] >= 0 && f[i] <= MP_IMAGE_SIDE && f[i] == floorf(f[i])))
            return false;
    return f[FORM] < FORMS && f[HIGH] >= 1 && f[WIDE] >= 1 &&
           (double)f[Y] + (double)f[HIGH] * form[(int)f[FORM]].down <= (double)s->h &&
           (double)f[X] + (double)f[WIDE] * form[(int)f[FORM]].across <= (double)s->w;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "height", &s->h) < 0 || mp_io_u64(io, "width", &s->w) < 0 ||
        mp_io_u64(io, "filters", &s->k) < 0)
        return -1;
    if (s->k > MAX_FILTERS)
        return mp_fail(mp_io_ctx(io), "%llu filters: damaged", (unsigned long long)s->k);
    if (mp_io_f32s(io, "filter", &s->filter, s->k * FIELDS) < 0)
        return -1;
    for (size_t i = 0; i < s->k && mp_io_loading(io); i++)
        if (!lies_within(s, s->filter + i * FIELDS))
            return mp_fail(mp_io_ctx(io), "filter %zu does not lie in the image: damaged", i);
    return MP_OK;
}

static int shard(struct mp_io *io, void *state)
{
    struct mp_shape *s = &((struct state *)state)->image;
    uint64_t h = (uint64_t)s->h, w = (uint64_t)s->w;
    if (mp_io_u64(io, "height", &h) < 0 || mp_io_u64(io, "width", &w) < 0)
        return -1;
    s->h = (int)h;
    s->w = (int)w;
    return MP_OK;
}

static void clear(void *state)
{
    free(((struct state *)state)->filter);
}

/* ------------------------------------------------------------------ what filters say of a row */

struct work {
    const struct state *s;
    int64_t *sum; /* (h + 1) x (w + 1): of all pixels above and to the left */
};

/* So large are pixels at most that sums have room in 64 bits. */
static int64_t steps(float pixel)
{
    return (int64_t)llrintf(fmaxf(-8192, fminf(8192, pixel)) * (float)STEPS);
}

static void add_up(const struct work *k, const float *plane)
{
    const size_t h = k->s->h, w = k->s->w, wide = w + 1;
    memset(k->sum, 0, wide * sizeof *k->sum);
    for (size_t y = 0; y < h; y++) {
        const int64_t *above = k->sum + y * wide;
        int64_t *own = k->sum + (y + 1) * wide, row = 0;
        own[0] = 0;
        for (size_t x = 0; x < w; x++) {
            row += steps(plane[y * w + x]);
            own[x + 1] = above[x + 1] + row;
        }
    }
}

static int64_t within(const struct work *k, int y, int x, int high, int wide)
{
    const size_t step = k->s->w + 1;
    const int64_t *top = k->sum + (size_t)y * step + (size_t)x;
    const int64_t *low = top + (size_t)high * step;
    return low[wide] - low[0] - top[wide] + top[0];
}

/* The mean of the parts that count, less that of the others. */
static float answer(const struct work *k, const float *f)
{
    const int kind = (int)f[FORM], y = (int)f[Y], x = (int)f[X];
    const int high = (int)f[HIGH], wide = (int)f[WIDE];
    const int down = form[kind].down, across = form[kind].across;
    const int own = kind == CHESS ? 2 : 1, other = down * across - own;
    const int64_t all = within(k, y, x, high * down, wide * across);
    int64_t sum = within(k, down == 3 ? y + high : y, across == 3 ? x + wide : x, high, wide);
    if (kind == CHESS)
        sum += within(k, y + high, x + wide, high, wide);
    const double part = (double)high * wide * STEPS;
    return (float)(((double)sum / own - (double)(all - sum) / other) / part);
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    add_up(k, plane);
    for (size_t i = 0; i < k->s->k; i++)
        to[i] = answer(k, k->s->filter + i * FIELDS);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t n = (size_t)(s->h + 1) * (size_t)(s->w + 1);
    (void)params;
    if ((uint64_t)in->shape.h != s->h || (uint64_t)in->shape.w != s->w ||
        mp_len(out->shape) != mp_product(s->k, (size_t)in->shape.c))
        return mp_fail(c, "drew filters for images of %zux%zu, got %dx%d", (size_t)s->h,
                       (size_t)s->w, in->shape.h, in->shape.w);
    struct work k = { s, mp_alloc(c, n, sizeof *k.sum) };
    const int rc = k.sum == NULL ? -1 : mp_describe_planes(c, in, out, describe, &k);
    free(k.sum);
    return rc;
}

MP_STAGE(rectangles) = {
    .brief = "Compare the ink of neighbouring rectangles, at places drawn",
    .doc = "What Viola and Jones find faces by: the mean ink of one part of a rectangle less\n"
           "that of the rest of it, which tells of edges, strokes and corners of any size.\n"
           "\n"
           "`count` filters are drawn, each of one of five forms: the left half against the\n"
           "right, the upper half against the lower, the middle third against the outer ones,\n"
           "across or down, and two quarters of a chessboard against the other two; with parts of\n"
           "any size, at any place where they fit.  A value is the mean of the parts that come\n"
           "first, or lie in the middle, less that of the others.  Made for models that choose\n"
           "among many values, such as boost; which are drawn depends on the seed.  Of a colour\n"
           "image each channel is asked by the same filters, one channel after another.\n"
           "Reference: Viola, Jones 2001, Rapid object detection using a boosted cascade of\n"
           "simple features; Crow 1984, Summed-area tables for texture mapping.",
    .example = "rectangles count=200",
    .flags = MP_IMAGES | MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.shard = shard),
};
