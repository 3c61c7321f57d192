/* SPDX-License-Identifier: GPL-3.0-or-later */
/* border.c - what lies outside an image: the rules, and copies with a margin. */
#include "image/border.h"
#include <string.h>

/* Mirrored lines repeat with a period. */
int mp_outside(int i, int n, enum mp_border border)
{
    if (i >= 0 && i < n)
        return i;
    if (border == MP_ZERO)
        return -1;
    if (border == MP_NEAREST)
        return i < 0 ? 0 : n - 1;
    const int period = border == MP_REFLECT ? 2 * n : n > 1 ? 2 * n - 2 : 1;
    const int at = (i % period + period) % period;
    return at < n ? at : border == MP_REFLECT ? period - 1 - at : period - at;
}

/* A packed line: `margin` pixels, the line, `margin` pixels; a pixel has
 * `size` bytes. */
static void pack_line(char *to, const char *from, int w, int margin, size_t size,
                      enum mp_border border)
{
    char *right = to + (size_t)(margin + w) * size;
    memcpy(to + (size_t)margin * size, from, (size_t)w * size);
    if (border == MP_ZERO) {
        memset(to, 0, (size_t)margin * size);
        memset(right, 0, (size_t)margin * size);
        return;
    }
    for (int i = 0; i < margin; i++) {
        const int before = mp_outside(i - margin, w, border), after = mp_outside(w + i, w, border);
        memcpy(to + (size_t)i * size, from + (size_t)before * size, size);
        memcpy(right + (size_t)i * size, from + (size_t)after * size, size);
    }
}

void mp_pack(char *to, const char *image, int h, int w, size_t size, int margin,
             enum mp_border border)
{
    const size_t line = (size_t)w * size, packed = line + 2 * (size_t)margin * size;

    for (int y = -margin; y < h + margin; y++, to += packed) {
        const int at = mp_outside(y, h, border);
        if (at < 0)
            memset(to, 0, packed); /* zero bits are paper in both element types */
        else
            pack_line(to, image + (size_t)at * line, w, margin, size, border);
    }
}
