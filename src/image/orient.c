/* SPDX-License-Identifier: GPL-3.0-or-later */
/* orient.c - the eight ways in which a page can lie: the symmetries of the square. */
#include "image/orient.h"
#include <string.h>

static const struct {
    struct mp_way way;
    const char *text;
} ways[MP_WAYS] = {
    { { 0, 0, 0 }, "" },
    { { 1, 0, 1 }, "turn=90" },
    { { 1, 1, 0 }, "turn=180" },
    { { 0, 1, 1 }, "turn=270" },
    { { 0, 1, 0 }, "flip=horizontal" },
    { { 1, 0, 0 }, "flip=vertical" },
    { { 0, 0, 1 }, "transpose=yes" },
    { { 1, 1, 1 }, "transpose=yes turn=180" },
};

struct mp_way mp_way_at(int i)
{
    return ways[i].way;
}

const char *mp_way_text(int i)
{
    return ways[i].text;
}

/* Where the first one has transposed, what the second does down is done across. */
struct mp_way mp_way_then(struct mp_way a, struct mp_way b)
{
    return (struct mp_way){ .down = a.down ^ (a.transpose ? b.across : b.down),
                            .across = a.across ^ (a.transpose ? b.down : b.across),
                            .transpose = a.transpose ^ b.transpose };
}

/* A line of n pixels that lie `step` bytes apart.  Calls name the size, so that each is a
 * loop of its own. */
static inline void line(char *to, const char *from, int n, size_t size, ptrdiff_t step)
{
    for (int i = 0; i < n; i++, to += size, from += step)
        memcpy(to, from, size);
}

void mp_orient(void *to, const void *from, int h, int w, size_t size, struct mp_way way)
{
    const ptrdiff_t row = (ptrdiff_t)size * w, down = way.down ? -row : row;
    const ptrdiff_t across = way.across ? -(ptrdiff_t)size : (ptrdiff_t)size;
    const ptrdiff_t lines = way.transpose ? across : down, step = way.transpose ? down : across;
    const int out_h = way.transpose ? w : h, out_w = way.transpose ? h : w;
    const char *at = (const char *)from + (way.down ? row * (h - 1) : 0) +
                     (way.across ? (ptrdiff_t)size * (w - 1) : 0);
    char *out = to;
    for (int y = 0; y < out_h; y++, at += lines, out += size * (size_t)out_w) {
        if (step == (ptrdiff_t)size)
            memcpy(out, at, size * (size_t)out_w);
        else if (size == 1)
            line(out, at, out_w, 1, step);
        else if (size == 3)
            line(out, at, out_w, 3, step);
        else if (size == 4)
            line(out, at, out_w, 4, step);
        else
            line(out, at, out_w, size, step);
    }
}
