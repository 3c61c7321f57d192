/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planes.h - the channels of an image, apart from each other and together again.
 *
 * A pixel's channels lie side by side.  What works on one channel at a time takes each out as
 * a plane, one value a pixel, and puts it back; an image of one channel is its own plane, and
 * nothing is copied.  n: pixels; c: channels; `room` has space for a plane. */
#ifndef MP_PLANES_H
#define MP_PLANES_H
#include "core/stage.h"

/* mp_plane_out: channel k of the image.  mp_plane_for: where a channel is to be made, which
 * may be where it came from; mp_plane_in: puts it in its place then. */
#define MP_PLANE_WALK(type, suffix)                                                              \
    static inline const type *mp_plane_out##suffix(const type *image, size_t n, size_t c,        \
                                                   size_t k, type *room)                         \
    {                                                                                            \
        for (size_t i = 0; i < n && c > 1; i++)                                                  \
            room[i] = image[i * c + k];                                                          \
        return c > 1 ? room : image;                                                             \
    }                                                                                            \
    static inline type *mp_plane_for##suffix(type *image, size_t c, type *room)                  \
    {                                                                                            \
        return c > 1 ? room : image;                                                             \
    }                                                                                            \
    static inline void mp_plane_in##suffix(type *image, size_t n, size_t c, size_t k,            \
                                           const type *room)                                     \
    {                                                                                            \
        for (size_t i = 0; i < n && c > 1; i++)                                                  \
            image[i * c + k] = room[i];                                                          \
    }
MP_PLANE_WALK(float, )
MP_PLANE_WALK(uint8_t, _bytes)
#undef MP_PLANE_WALK

/* The sum over the channels: by it an image is measured whose channels move together. */
static inline const float *mp_plane_sum(const float *image, size_t n, size_t c, float *room)
{
    for (size_t i = 0; i < n && c > 1; i++) {
        room[i] = image[i * c];
        for (size_t k = 1; k < c; k++)
            room[i] += image[i * c + k];
    }
    return c > 1 ? room : image;
}

/* Every channel of every image through work(arg, plane, to); `to` may be the plane.  Channels
 * stay what they are, the size of an image may change.  Negative after an mp_fail(). */
static inline int mp_each_plane(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                                void (*work)(void *arg, const float *plane, float *to), void *arg)
{
    const size_t channels = (size_t)in->shape.c, from = mp_len(in->shape), to = mp_len(out->shape);
    const size_t n = from / channels, m = to / channels;
    float *room = mp_scratch(c, n), *made = mp_scratch(c, m);

    if (room == NULL || made == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        for (size_t k = 0; k < channels; k++) {
            work(arg, mp_plane_out(in->x + i * from, n, channels, k, room),
                 mp_plane_for(out->x + i * to, channels, made));
            mp_plane_in(out->x + i * to, m, channels, k, made);
        }
    return MP_OK;
}
#endif
