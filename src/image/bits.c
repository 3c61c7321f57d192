/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bits.c - planes of bits, from pixels and to pixels. */
#include "image/bits.h"
#include "core/simd.h"
#include <string.h>

enum { BITS = 32 };

int mp_bits_new(struct mp_ctx *c, struct mp_bits *b, int h, int w)
{
    const size_t pitch = (size_t)w / BITS + 1, n = (size_t)h * pitch, all = n + 2 * pitch + 2;
    uint32_t *words = (uint32_t *)(void *)mp_scratch(c, all);

    if (words == NULL)
        return -1;
    memset(words, 0, all * sizeof *words);
    *b = (struct mp_bits){ .h = h, .w = w, .pitch = pitch, .n = n, .words = words + pitch + 1 };
    return MP_OK;
}

MP_CLONES void mp_bits_pack(struct mp_bits *b, const float *plane, float level)
{
    uint32_t *to = b->words;

    for (int y = 0; y < b->h; y++)
        for (int x = 0; x <= b->w; x += BITS, to++) {
            const int n = b->w - x < BITS ? b->w - x : BITS;
            uint32_t word = 0;
            for (int i = 0; i < n; i++)
                word |= (uint32_t)(plane[i] > level) << i;
            plane += n;
            *to = word;
        }
}

MP_CLONES void mp_bits_unpack(const struct mp_bits *b, float *plane)
{
    const uint32_t *from = b->words;

    for (int y = 0; y < b->h; y++)
        for (int x = 0; x <= b->w; x += BITS, from++) {
            const int n = b->w - x < BITS ? b->w - x : BITS;
            for (int i = 0; i < n; i++)
                plane[i] = (float)(*from >> i & 1);
            plane += n;
        }
}
