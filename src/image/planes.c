/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planes.c - a walk over the channels of images, as floats or as levels. */
#include "image/planes.h"
#include "core/pixel.h"
#include "core/simd.h"

MP_CLONES void mp_to_levels(const float *x, size_t n, uint8_t *b)
{
    for (size_t i = 0; i < n; i++)
        b[i] = (uint8_t)mp_level(x[i]);
}

MP_CLONES void mp_from_levels(const uint8_t *b, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)b[i] / 255.0f;
}

/* The pixels of an image of either side, and the rooms of a plane of each. */
struct walk {
    size_t channels, from, to; /* values of an image */
    size_t n, m;               /* pixels */
};

static struct walk walk_of(const struct mp_chunk *in, const struct mp_chunk *out)
{
    struct walk w = { .channels = (size_t)in->shape.c, .from = mp_len(in->shape),
                      .to = mp_len(out->shape) };
    w.n = w.from / w.channels;
    w.m = w.to / w.channels;
    return w;
}

int mp_each_plane(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                  void (*work)(void *arg, const float *plane, float *to), void *arg)
{
    const struct walk w = walk_of(in, out);
    float *room = mp_scratch(c, w.n), *made = mp_scratch(c, w.m);

    if (room == NULL || made == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        for (size_t k = 0; k < w.channels; k++) {
            work(arg, mp_plane_out(in->x + i * w.from, w.n, w.channels, k, room),
                 mp_plane_for(out->x + i * w.to, w.channels, made));
            mp_plane_in(out->x + i * w.to, w.m, w.channels, k, made);
        }
    return MP_OK;
}

int mp_each_plane_bytes(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                        void (*work)(void *arg, const uint8_t *plane, uint8_t *to), void *arg)
{
    const struct walk w = walk_of(in, out);
    float *room = mp_scratch(c, w.n > w.m ? w.n : w.m);
    uint8_t *b = (uint8_t *)mp_scratch(c, w.n / sizeof(float) + 1);
    uint8_t *made = (uint8_t *)mp_scratch(c, w.m / sizeof(float) + 1);

    if (room == NULL || b == NULL || made == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        for (size_t k = 0; k < w.channels; k++)
            if (in->b != NULL) {
                work(arg, mp_plane_out_bytes(in->b + i * w.from, w.n, w.channels, k, b),
                     mp_plane_for_bytes(out->b + i * w.to, w.channels, made));
                mp_plane_in_bytes(out->b + i * w.to, w.m, w.channels, k, made);
            } else {
                mp_to_levels(mp_plane_out(in->x + i * w.from, w.n, w.channels, k, room), w.n, b);
                work(arg, b, made);
                mp_from_levels(made, w.m, mp_plane_for(out->x + i * w.to, w.channels, room));
                mp_plane_in(out->x + i * w.to, w.m, w.channels, k, room);
            }
    return MP_OK;
}
