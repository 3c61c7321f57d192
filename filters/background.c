/* SPDX-License-Identifier: GPL-3.0-or-later */
/* background.c - takes uneven paper out.
 *
 * Around each pixel, in a window that strokes fill only in part, the paper's level is that of the
 * pixel which `share` of the others are lighter than; a mean over as large a window makes a smooth
 * surface of it.  Windows end at the image's edge.  With paper p at a pixel x
 *
 *     (x - p) / (1 - p),  cut to 0 .. 1
 *
 * is left: in lightness, 1 - x, what is lost on the way to the paper's.  Light that falls off
 * multiplies both, so it cancels.  Ranks are counted over 256 grey levels in a histogram that
 * moves along a row (T. S. Huang, G. J. Yang and G. Y. Tang, IEEE ASSP 27, 1979, 13-18).  Cost:
 * 4 radius + 2 counts a pixel, and a walk over as many levels as the rank moves.
 */
#include "core/pixel.h"
#include "image/planes.h"

struct params {
    int radius;
    double share;
};

static const struct mp_param table[] = {
    MP_PARAM(radius, .def = "7", .min = 1, .max = 200, .unit = "px",
             .doc = "half width of the windows, their centre not counted: a few times the width of "
                    "strokes"),
    MP_PARAM(share, .def = "0.3", .min = 0, .max = 1,
             .doc = "what part of a window's pixels is lighter than its paper is taken to be; 0.5 "
                    "is the median, 0 the lightest"),
    MP_END
};

struct work {
    const struct params *p;
    int h, w;
    uint8_t *levels;
    float *paper;
    double *sums; /* above and left of each corner of pixels */
};

/* A histogram, and a level of it with how many pixels are below. */
struct ranks {
    int count[MP_LEVELS], n, at, below;
};

static void count_column(struct ranks *r, const struct work *k, int x, int top, int bottom, int by)
{
    for (int y = top; y <= bottom; y++) {
        const int v = k->levels[(size_t)y * (size_t)k->w + (size_t)x];
        r->count[v] += by;
        r->below += v < r->at ? by : 0;
    }
    r->n += by * (bottom - top + 1);
}

static int find_rank(struct ranks *r, double share)
{
    const int want = (int)(share * (r->n - 1));
    while (r->below > want)
        r->below -= r->count[--r->at];
    while (r->below + r->count[r->at] <= want)
        r->below += r->count[r->at++];
    return r->at;
}

static void rank_row(const struct work *k, int y)
{
    const int reach = k->p->radius, top = y > reach ? y - reach : 0;
    const int bottom = y + reach < k->h ? y + reach : k->h - 1;
    struct ranks r = { .n = 0 };

    for (int x = 0; x < reach && x < k->w; x++)
        count_column(&r, k, x, top, bottom, 1);
    for (int x = 0; x < k->w; x++) {
        if (x + reach < k->w)
            count_column(&r, k, x + reach, top, bottom, 1);
        if (x > reach)
            count_column(&r, k, x - reach - 1, top, bottom, -1);
        k->paper[(size_t)y * (size_t)k->w + (size_t)x] =
            (float)find_rank(&r, k->p->share) / (MP_LEVELS - 1);
    }
}

static void sum_up(const struct work *k)
{
    const size_t w = (size_t)k->w + 1;
    for (size_t x = 0; x < w; x++)
        k->sums[x] = 0;
    for (size_t y = 0; y < (size_t)k->h; y++) {
        double row = 0;
        k->sums[(y + 1) * w] = 0;
        for (size_t x = 0; x < (size_t)k->w; x++) {
            row += (double)k->paper[y * (size_t)k->w + x];
            k->sums[(y + 1) * w + x + 1] = k->sums[y * w + x + 1] + row;
        }
    }
}

static double mean_around(const struct work *k, int y, int x)
{
    const int reach = k->p->radius;
    const size_t w = (size_t)k->w + 1, top = (size_t)(y > reach ? y - reach : 0);
    const size_t left = (size_t)(x > reach ? x - reach : 0);
    const size_t bottom = (size_t)(y + reach < k->h ? y + reach + 1 : k->h);
    const size_t right = (size_t)(x + reach < k->w ? x + reach + 1 : k->w);
    const double sum = k->sums[bottom * w + right] - k->sums[top * w + right] -
                       k->sums[bottom * w + left] + k->sums[top * w + left];

    return sum / (double)((bottom - top) * (right - left));
}

static void take_out(void *arg, const float *plane, float *to)
{
    const struct work *k = arg;

    mp_to_levels(plane, (size_t)k->h * (size_t)k->w, k->levels);
    for (int y = 0; y < k->h; y++)
        rank_row(k, y);
    sum_up(k);
    for (int y = 0; y < k->h; y++)
        for (int x = 0; x < k->w; x++, plane++, to++) {
            const double paper = mean_around(k, y, x), light = 1 - paper;
            *to = light < 0.5 / (MP_LEVELS - 1) ? 0
                                                : mp_cut((float)(((double)*plane - paper) / light));
        }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t h = (size_t)in->shape.h, w = (size_t)in->shape.w;
    struct work k = { .p = params, .h = in->shape.h, .w = in->shape.w };
    (void)state;

    k.paper = mp_scratch(c, h * w);
    k.levels = (uint8_t *)(void *)mp_scratch(c, (h * w + sizeof(float) - 1) / sizeof(float));
    k.sums = (double *)(void *)mp_scratch(c, (h + 1) * (w + 1) * (sizeof(double) / sizeof(float)));
    if (k.paper == NULL || k.levels == NULL || k.sums == NULL)
        return -1;
    return mp_each_plane(c, in, out, take_out, &k);
}

MP_STAGE(background) = {
    .brief = "Take uneven paper out of photos",
    .doc = "The level of the paper around each pixel is that of the pixel which a share of those\n"
           "in a window are lighter than, smoothed by a mean over as large a window.  What is\n"
           "left is how much of the paper's lightness a pixel has lost, 0 paper to 1 black:\n"
           "light that falls off over the page, shadows and grey paper go.  The window has to be\n"
           "wider than strokes, so that it has more paper than ink, and narrower than what makes\n"
           "the light uneven.  Ink is dark: `polarity` comes first where it may not be.  Each\n"
           "channel of a colour image has its own paper.  `contrast` after it makes faint ink\n"
           "full.",
    .example = "background radius=5",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
