/* SPDX-License-Identifier: GPL-3.0-or-later */
/* utf16.c - text of two bytes a character as UTF-8 (RFC 2781, RFC 3629). */
#include "formats/utf16.h"

enum { MARK = 0xfeff, LOST = 0xfffd };

static unsigned unit(enum mp_utf16 order, const uint8_t *p)
{
    return order == MP_UTF16_BE ? (unsigned)(p[0] << 8 | p[1]) : (unsigned)(p[1] << 8 | p[0]);
}

enum mp_utf16 mp_utf16_is(const uint8_t *p, size_t n)
{
    enum { ENOUGH = 4 };
    for (enum mp_utf16 order = MP_UTF16_LE; order <= MP_UTF16_BE; order++) {
        size_t ascii = 0;
        if (n >= 2 && unit(order, p) == MARK)
            return order;
        for (size_t i = 0; i < ENOUGH && 2 * i + 1 < n; i++) {
            const unsigned u = unit(order, p + 2 * i);
            ascii += (u >= ' ' && u < 127) || u == '\t' || u == '\r' || u == '\n';
        }
        if (ascii == ENOUGH)
            return order;
    }
    return MP_UTF16_NONE;
}

static uint8_t *put(uint8_t *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (uint8_t)c;
        return to;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *to++ = (uint8_t)((0xff00u >> (more + 1) & 0xff) | c >> 6 * more);
    for (int i = more - 1; i >= 0; i--)
        *to++ = (uint8_t)(0x80 | (c >> 6 * i & 0x3f));
    return to;
}

size_t mp_utf16_text(enum mp_utf16 order, const uint8_t *p, size_t units, uint16_t *lead,
                     uint8_t *to)
{
    uint8_t *at = to;
    for (size_t i = 0; i < units; i++) {
        const unsigned u = unit(order, p + 2 * i), half = u >> 10;
        const bool second = half == 0xdc00 >> 10;
        if (*lead != 0)
            at = put(at, second ? 0x10000 + ((*lead & 0x3ffu) << 10 | (u & 0x3ff)) : LOST);
        else if (second)
            at = put(at, LOST);
        *lead = half == 0xd800 >> 10 ? (uint16_t)u : 0;
        if (*lead == 0 && !second && u != MARK)
            at = put(at, u);
    }
    return (size_t)(at - to);
}
