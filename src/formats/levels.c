/* SPDX-License-Identifier: GPL-3.0-or-later */
/* levels.c - numbers of any kind as grey levels 0..255.
 *
 * Method: one pass finds the least and the largest value and whether all are whole; of these
 * the range follows; a second pass scales and rounds.
 */
#include "formats/levels.h"
#include "core/ctx.h"
#include "core/simd.h"
#include <math.h>
#include <string.h>

enum { BLOCK = 512 }; /* rows between two looks at what can be let go */

/* ------------------------------------------------------------------ looking */

struct seen {
    float low, high;
    bool whole, finite;
};

static struct seen look_at(const float *x, size_t n)
{
    float low = INFINITY, high = -INFINITY;
    int broken = 0, strange = 0;
    for (size_t i = 0; i < n; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
        broken |= x[i] != rintf(x[i]);
        strange |= !(x[i] - x[i] == 0);
    }
    return (struct seen){ low, high, !broken, !strange };
}

static struct seen look(const struct mp_ctx *c, const float *x, size_t rows, size_t len)
{
    const size_t blocks = (rows + BLOCK - 1) / BLOCK;
    const int threads = mp_threads(c);
    float low = INFINITY, high = -INFINITY;
    bool whole = true, finite = true;
#pragma omp parallel for num_threads(threads) reduction(min : low) reduction(max : high) \
    reduction(&& : whole, finite)
    for (size_t b = 0; b < blocks; b++) {
        const size_t end = (b + 1) * BLOCK < rows ? (b + 1) * BLOCK : rows;
        const struct seen s = look_at(x + b * BLOCK * len, (end - b * BLOCK) * len);
        low = s.low < low ? s.low : low;
        high = s.high > high ? s.high : high;
        whole = whole && s.whole;
        finite = finite && s.finite;
    }
    return (struct seen){ low, high, whole, finite };
}

/* ------------------------------------------------------------------ errors */

static bool beyond(double v, struct mp_range r)
{
    return !isfinite(v) || (r.low < r.high && (v < (float)r.low || v > (float)r.high));
}

static int wrong_value(struct mp_ctx *c, const struct mp_data *d, size_t at, double v,
                       struct mp_range r)
{
    const size_t len = mp_len(d->shape);
    char row[64], range[64];
    mp_data_row_name(d, at / len, row, sizeof row);
    mp_range_text(r, range, sizeof range);
    if (!isfinite(v))
        return mp_fail(c, "%s: %s: pixel %zu is %g, expected a finite number", d->name, row,
                       at % len, v);
    return mp_fail(c, "%s: %s: a pixel has the value %.6g, %s range=%s", d->name, row, v,
                   v < r.low ? "below" : "above", range);
}

/* The first value that is not finite, or beyond the range where there is one. */
static int find_wrong(struct mp_ctx *c, const struct mp_data *d, const float *x, struct mp_range r)
{
    size_t i = 0;
    while (i + 1 < d->n * mp_len(d->shape) && !beyond((double)x[i], r))
        i++;
    return wrong_value(c, d, i, (double)x[i], r);
}

static int no_range(struct mp_ctx *c, const struct mp_data *d, struct seen s)
{
    char range[64];
    mp_range_text((struct mp_range){ s.low > 0 ? 0 : s.low, s.high }, range, sizeof range);
    if (s.whole && s.low >= 0 && s.high <= 65535)
        return mp_fail(c, "%s: whole numbers up to %.6g: what is full ink? range=%s or "
                       "range=0..65535 says it", d->name, (double)s.high, range);
    return mp_fail(c, "%s: values from %.6g to %.6g: which are paper and full ink? range=LOW..HIGH "
                   "says it; range=%s takes these", d->name, (double)s.low, (double)s.high, range);
}

/* ------------------------------------------------------------------- range */

static struct mp_range guess(struct seen s, bool real)
{
    if (s.low >= 0 && s.high <= 1 && (real || !s.whole))
        return (struct mp_range){ 0, 1 };
    if (s.low >= 0 && s.high <= 255)
        return (struct mp_range){ 0, 255 };
    if (s.low >= -1 && s.high <= 1)
        return (struct mp_range){ -1, 1 };
    if (s.whole && s.low >= 0 && s.high > 32767 && s.high <= 65535)
        return (struct mp_range){ 0, 65535 };
    return (struct mp_range){ 0, 0 };
}

static void say(struct mp_ctx *c, const struct mp_data *d, struct mp_range r, struct seen s)
{
    char range[64];
    mp_range_text(r, range, sizeof range);
    if (r.low == 0 && r.high == 255) {
        if (!s.whole)
            mp_warn(c, "%s: values are not whole numbers: rounded to levels 0..255", d->name);
    } else {
        mp_warn(c, "%s: values from %.6g to %.6g were read as %s, paper to full ink (range=%s)",
                d->name, (double)s.low, (double)s.high, range, range);
    }
}

/* ----------------------------------------------------------------- scaling */

/* Of values that are not below the range; what is cut off is then the floor. */
static uint8_t level(double v, struct mp_range r)
{
    return (uint8_t)(int)(255 * (v - r.low) / (r.high - r.low) + 0.5);
}

MP_CLONES static void levels(uint8_t *to, const float *x, size_t n, struct mp_range r)
{
    for (size_t i = 0; i < n; i++)
        to[i] = level((double)x[i], r);
}

static void scale(const struct mp_ctx *c, struct mp_data *d, const float *x)
{
    const size_t len = mp_len(d->shape), blocks = (d->n + BLOCK - 1) / BLOCK;
    const int threads = mp_threads(c);
#pragma omp parallel for num_threads(threads)
    for (size_t b = 0; b < blocks; b++) {
        const size_t from = b * BLOCK * len,
                     to = ((b + 1) * BLOCK < d->n ? (b + 1) * BLOCK : d->n) * len;
        levels(d->x + from, x + from, to - from, d->range);
        mp_rows_let_go(&d->store, d->x + from, d->x + to);
    }
}

int mp_levels_bytes(struct mp_ctx *c, const struct mp_form *form, struct mp_data *d,
                    const float *x, bool real)
{
    const struct seen s = look(c, x, d->n, mp_len(d->shape));
    const bool given = form->range.low < form->range.high;
    struct mp_range r = given || !s.finite ? form->range : guess(s, real);
    if (!s.finite || (given && (beyond((double)s.low, r) || beyond((double)s.high, r))))
        return find_wrong(c, d, x, r);
    if (r.low >= r.high)
        return no_range(c, d, s);
    if (mp_data_room(c, d, d->n, mp_len(d->shape)) < 0)
        return -1;
    if (!given)
        say(c, d, r, s);
    d->range = r;
    scale(c, d, x);
    if (!given && r.low == 0 && r.high == 255)
        d->range = (struct mp_range){ 0, 0 };
    return MP_OK;
}

bool mp_levels_scales(const struct mp_form *form)
{
    const struct mp_range r = form->range;
    return r.low < r.high && (r.low != 0 || r.high != 255);
}

int mp_levels_scale(struct mp_ctx *c, const struct mp_form *form, struct mp_data *d)
{
    const size_t len = mp_len(d->shape);
    const struct mp_range r = form->range;
    uint8_t table[256] = { 0 };
    if (!mp_levels_scales(form))
        return MP_OK;
    for (int v = 0; v < 256; v++)
        table[v] = beyond(v, r) ? 0 : level(v, r);
    for (size_t i = 0; i < d->n; i++) {
        uint8_t *x = d->x + i * len;
        for (size_t j = 0; j < len; j++) {
            if (beyond(x[j], r))
                return wrong_value(c, d, i * len + j, x[j], r);
            x[j] = table[x[j]];
        }
        mp_rows_let_go(&d->store, x, x + len);
    }
    d->range = r;
    return MP_OK;
}
