/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planes.h - the channels of an image, apart from each other and together again.
 *
 * A pixel's channels lie side by side.  What works on one channel at a time takes each out as
 * a plane, one value a pixel, and puts it back; an image of one channel is its own plane, and
 * nothing is copied.  n: pixels; c: channels; `room` has space for a plane. */
#ifndef MP_PLANES_H
#define MP_PLANES_H
#include <stddef.h>
#include <stdint.h>

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
#endif
