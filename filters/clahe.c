/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clahe.c - spreads grey levels evenly within tiles, with a limit.
 *
 * Contrast limited adaptive histogram equalization (K. Zuiderveld, Graphics Gems IV, 1994,
 * 474-485): each tile's counts of levels are cut at the limit, what was cut is dealt out to all
 * levels alike, and the sums of the counts up to a level say what it becomes.  A pixel takes that
 * from the four tiles whose centres lie around it, interpolated linearly.
 *
 * Defined by OpenCV's createCLAHE, byte for byte: where the image does not part into tiles, it is
 * mirrored beyond its right and lower border, also along an axis that would part; what cannot be
 * dealt out evenly goes to every so-manieth level; sums are single precision, halves go to even.
 */
#include "core/pixel.h"
#include "core/simd.h"
#include "image/border.h"
#include "image/planes.h"
#include <math.h>
#include <string.h>

struct params {
    int tiles;
    double clip;
};

static const struct mp_param table[] = {
    MP_PARAM(tiles, .def = "2", .min = 1, .max = 64, .doc = "tiles along each axis"),
    MP_PARAM(clip, .def = "4", .min = 0, .max = 1000,
             .doc = "the most that a level may count, where all levels alike would count 1; 0: no "
                    "limit"),
    MP_END
};

/* An axis of n pixels in tiles of `size`: of each pixel, the two tiles and the second's part; of
 * each place in a tile, the pixel that lies there. */
struct axis {
    int n, size;
    int *low, *high, *pixel;
    float *part;
};

struct work {
    const struct params *p;
    struct axis down, across;
    float *maps; /* tiles x tiles x levels: what they become, whole numbers */
};

static int prepare(struct mp_ctx *c, struct axis *a, int n, int padded, int tiles)
{
    a->n = n;
    a->size = padded / tiles;
    a->low = (int *)(void *)mp_scratch(c, (size_t)n);
    a->high = (int *)(void *)mp_scratch(c, (size_t)n);
    a->pixel = (int *)(void *)mp_scratch(c, (size_t)padded);
    a->part = mp_scratch(c, (size_t)n);
    if (a->low == NULL || a->high == NULL || a->pixel == NULL || a->part == NULL)
        return -1;
    for (int i = 0; i < padded; i++)
        a->pixel[i] = mp_outside(i, n, MP_MIRROR);
    const float scale = 1.0f / (float)a->size;
    for (int i = 0; i < n; i++) {
        const float at = (float)i * scale - 0.5f;
        const int first = (int)floorf(at);
        a->low[i] = first > 0 ? first : 0;
        a->high[i] = first + 1 < tiles ? first + 1 : tiles - 1;
        a->part[i] = at - (float)first;
    }
    return MP_OK;
}

/* The counts of the tile at (y, x), whose pixels may lie beyond the border.  Several of each
 * level, in turns: one would have to wait for itself where neighbours are alike. */
MP_CLONES static void tally(const struct work *w, const uint8_t *plane, int y, int x,
                            int *restrict count)
{
    enum { TURNS = 4 };
    const struct axis *d = &w->down, *a = &w->across;
    const int *at = a->pixel + x * a->size, n = a->size;
    int some[TURNS][MP_LEVELS] = { { 0 } };

    for (int i = y * d->size; i < (y + 1) * d->size; i++) {
        const uint8_t *row = plane + (size_t)d->pixel[i] * (size_t)a->n;
        int k = 0;
        for (; k + TURNS <= n; k += TURNS)
            for (int t = 0; t < TURNS; t++)
                some[t][row[at[k + t]]]++;
        for (; k < n; k++)
            some[k % TURNS][row[at[k]]]++;
    }
    for (int k = 0; k < MP_LEVELS; k++)
        count[k] = some[0][k] + some[1][k] + some[2][k] + some[3][k];
}

MP_CLONES static void clip(int *count, int limit)
{
    int cut = 0;

    for (int k = 0; k < MP_LEVELS; k++) {
        const int over = count[k] - limit;
        cut += over > 0 ? over : 0;
        count[k] = over > 0 ? limit : count[k];
    }
    int rest = cut % MP_LEVELS;
    const int step = rest > 0 ? MP_LEVELS / rest : 1;
    for (int k = 0; k < MP_LEVELS; k++)
        count[k] += cut / MP_LEVELS;
    for (int k = 0; k < MP_LEVELS && rest > 0; k += step, rest--)
        count[k]++;
}

/* What levels become, from the sums of the counts. */
MP_CLONES static void scale_sums(int *restrict count, float scale, float *restrict to)
{
    for (int k = 1; k < MP_LEVELS; k++)
        count[k] += count[k - 1];
    for (int k = 0; k < MP_LEVELS; k++)
        to[k] = rintf((float)count[k] * scale);
}

static void map_tile(const struct work *w, const uint8_t *plane, int y, int x, float *to)
{
    const int area = w->down.size * w->across.size, limit = (int)(w->p->clip * area / MP_LEVELS);
    int count[MP_LEVELS];

    tally(w, plane, y, x, count);
    if (w->p->clip > 0)
        clip(count, limit > 1 ? limit : 1);
    scale_sums(count, 255.0f / (float)area, to);
}

/* 0..255, halves to even: the sum has no bits behind the point. */
static inline uint8_t rounded(float v)
{
    return (uint8_t)(int)(v + 0x1.8p23f - 0x1.8p23f);
}

/* Products and sums must be rounded one by one, as OpenCV's are, so this is no place for clones,
 * which may do both at once. */
static void spread(void *arg, const uint8_t *plane, uint8_t *to)
{
    const struct work *w = arg;
    const struct axis *d = &w->down, *a = &w->across;
    const size_t tiles = (size_t)w->p->tiles;
    const int *low = a->low, *high = a->high, n = a->n;

    for (size_t i = 0; i < tiles * tiles; i++)
        map_tile(w, plane, (int)(i / tiles), (int)(i % tiles), w->maps + i * MP_LEVELS);
    for (int y = 0; y < d->n; y++, plane += n, to += n) {
        const float *upper = w->maps + (size_t)d->low[y] * tiles * MP_LEVELS;
        const float *lower = w->maps + (size_t)d->high[y] * tiles * MP_LEVELS;
        const float py = d->part[y], *part = a->part;
        for (int x = 0; x < n; x++) {
            const int left = low[x] * MP_LEVELS + plane[x], right = high[x] * MP_LEVELS + plane[x];
            const float px = part[x];
            to[x] = rounded((upper[left] * (1 - px) + upper[right] * px) * (1 - py) +
                            (lower[left] * (1 - px) + lower[right] * px) * py);
        }
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const int h = in->shape.h, w = in->shape.w, t = p->tiles;
    const bool parts = h % t == 0 && w % t == 0;
    struct work work = { .p = p };
    (void)state;

    work.maps = mp_scratch(c, (size_t)t * (size_t)t * MP_LEVELS);
    if (work.maps == NULL || prepare(c, &work.down, h, parts ? h : h + t - h % t, t) < 0 ||
        prepare(c, &work.across, w, parts ? w : w + t - w % t, t) < 0)
        return -1;
    return mp_each_plane_bytes(c, in, out, spread, &work);
}

MP_STAGE(clahe) = {
    .brief = "Spread grey levels evenly within tiles, with a limit",
    .doc = "Contrast limited adaptive histogram equalization (Zuiderveld 1994): levels are\n"
           "spread evenly over the pixels of each tile, but none more steeply than clip allows,\n"
           "and pixels between tiles take their mean.  Faint strokes come out where the whole\n"
           "image has dark ones, too.  Paper becomes somewhat grey, for its level counts clip at\n"
           "most; contrast method=stretch below makes it paper again.  Equals OpenCV's\n"
           "createCLAHE byte for byte, whose defaults are 8 tiles and clip 40; skimage's\n"
           "equalize_adapthist cuts and parts otherwise.  Pixels are rounded to 256 levels.\n"
           "Each channel of a colour image is spread by itself.",
    .example = "clahe tiles=4 clip=10",
    .flags = MP_INPLACE | MP_BYTES,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
