/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sheet.h - the bridge from chunks to libvips: one pipeline for all images of a
 * chunk, never one for each.  Filters have kernels of their own; unit/kernels.c holds
 * them to libvips through this bridge.
 *
 * Two forms:
 *
 *   sheet   the chunk's images lie one below the other in one tall image, each
 *           with `margin` pixels around it that the border rule has filled, so
 *           that no image sees its neighbour.  For windows: blur, sharpen, edge.
 *   bands   pixel (y, x) of image i becomes band i of one image of the chunk's
 *           shape, so that positions are those of a single image.  For changes
 *           of size.
 *
 * The result is pulled with a VipsRegion on the calling thread, image by image:
 * libvips then starts no thread of its own and the margins are never computed.
 * Measured, 256 images of 28x28 float, one thread, us an image (libvips 8.14.1):
 *
 *                                     blur r=4   max 3x3   copy
 *   vips_image_write_to_memory()        16.8       13.7     4.6
 *   region, the sheet at once           24.5        3.4     0.5
 *   region, image by image              10.9        3.6     0.9
 *   bands, region, to be transposed      8.0        2.8     0.2  (+ 0.4)
 *
 * Building a pipeline takes 0.2 to 0.6 ms, 1 to 2 us an image in a full chunk and
 * included above; an image alone pays all of it. */
#ifndef MP_SHEET_H
#define MP_SHEET_H
#include "core/stage.h"
#include "image/border.h"
#include <vips/vips.h>

/* Starts and stops libvips, with which the test is linked: no cache, no threads of its own. */
int mp_sheet_start(struct mp_ctx *c);
void mp_sheet_stop(void);

/* Names libvips operations: from `in` to *out, which the caller releases.
 * Steps between the two belong to `scope`:
 *     VipsImage **t = (VipsImage **)vips_object_local_array(scope, 2);
 * and are released with it, after a failure too.  Nonzero: libvips failed. */
typedef int (*mp_sheet_op)(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);

/* Puts the chunk through `op`, which keeps sizes and element type, as a sheet.
 * `margin`: how far from a pixel its result may look.  Bytes or floats, any
 * number of channels; out may be in. */
int mp_sheet_filter(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                    int margin, enum mp_border border, mp_sheet_op op, const void *arg);

/* Puts the chunk's floats through `op` as bands; *out has the new shape. */
int mp_sheet_bands(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                   mp_sheet_op op, const void *arg);

/* Puts the chunk, bytes or floats, through a quarter turn clockwise, as a sheet that turns as a
 * whole: its images then stand beside each other, the last one first. */
int mp_sheet_turn(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out);

/* Filters, as such operations.  arg: sigma, a double; sharpen adds what a blur takes away. */
int mp_sheet_blur(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);
int mp_sheet_sharpen(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);

/* arg: three weights along the edge, doubles whose sum is 1. */
int mp_sheet_edge(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);

/* Of 3 x 3 pixels; no arg. */
int mp_sheet_median(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);
int mp_sheet_dilate(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);

/* A quarter turn clockwise, left and right in each other's place; no arg. */
int mp_sheet_rot(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);
int mp_sheet_flip(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);

/* A change of size, for mp_sheet_bands(). */
struct mp_sheet_size {
    const char *kernel;  /* interpolator, when growing; NULL: it shrinks */
    VipsKernel reduce;   /* when shrinking */
    struct mp_shape from;
    double down, across; /* new size over old */
};
int mp_sheet_resize(VipsObject *scope, VipsImage *in, VipsImage **out, const void *arg);

#endif
