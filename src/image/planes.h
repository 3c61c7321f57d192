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
int mp_each_plane(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                  void (*work)(void *arg, const float *plane, float *to), void *arg);

/* The same for what works on grey levels 0..255: floats are rounded to the nearest level, and the
 * levels made become floats again.  The chunks may hold bytes. */
int mp_each_plane_bytes(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                        void (*work)(void *arg, const uint8_t *plane, uint8_t *to), void *arg);

/* n pixels as levels, and back. */
void mp_to_levels(const float *x, size_t n, uint8_t *b);
void mp_from_levels(const uint8_t *b, size_t n, float *x);
#endif
