/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe.c - features that tell of an image a channel at a time. */
#include "image/describe.h"
#include "core/simd.h"
#include "image/planes.h"
#include <limits.h>
#include <stdarg.h>
#include <string.h>

int mp_described(struct mp_ctx *c, struct mp_shape in, double each, struct mp_shape *out)
{
    if (each * in.c > INT_MAX)
        return mp_fail(c, "%.0f values of an image of %dx%dx%d: at most %d; make it smaller first",
                       each * in.c, in.h, in.w, in.c, INT_MAX);
    *out = (struct mp_shape){ 1, (int)(each * in.c), 1 };
    return MP_OK;
}

int mp_describe_planes(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                       mp_describe *describe, void *work)
{
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    const size_t each = mp_len(out->shape) / channels;
    float *room = mp_scratch(c, n);

    if (room == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        for (size_t k = 0; k < channels; k++)
            describe(work, mp_plane_out(in->x + i * len, n, channels, k, room),
                     out->x + (i * channels + k) * each);
    return MP_OK;
}

void mp_describe_name(char *text, size_t size, struct mp_shape in, size_t channel,
                      const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, size, fmt, ap);
    va_end(ap);
    const size_t used = strlen(text);
    if (in.c > 1)
        snprintf(text + used, size - used, ",c=%zu]", channel);
    else
        snprintf(text + used, size - used, "]");
}

MP_CLONES void mp_ink(const float *plane, int h, int w, double level, uint8_t *to)
{
    const float least = (float)level;
    const size_t wide = (size_t)w + 2;

    memset(to, 0, wide);
    memset(to + ((size_t)h + 1) * wide, 0, wide);
    for (int y = 0; y < h; y++, plane += w) {
        to += wide;
        to[0] = to[w + 1] = 0;
        for (int x = 0; x < w; x++)
            to[x + 1] = plane[x] > least;
    }
}

uint8_t *mp_ink_room(struct mp_ctx *c, struct mp_shape s)
{
    return (uint8_t *)mp_scratch(c, mp_ink_size(s) / sizeof(float) + 1);
}
