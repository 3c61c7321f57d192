/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vips.h - libvips, which writes our pictures, loaded before the first one is written.
 *
 * Not linked: it brings a hundred libraries, and most commands draw nothing.  Measured,
 * `mnistpipe --version`: 26 ms with them, 11 ms without. */
#ifndef MP_VIPS_H
#define MP_VIPS_H
#include "stage.h"
#include <vips/vips.h>

/* Functions of the library, of the types that its headers give them. */
struct mp_vips {
    __typeof__(vips_init) *init;
    __typeof__(vips_cache_set_max) *cache_set_max;
    __typeof__(vips_concurrency_set) *concurrency_set;
    __typeof__(vips_error_buffer_copy) *error_buffer_copy;
    __typeof__(vips_image_new_from_memory) *image_new_from_memory;
    __typeof__(vips_pngsave_buffer) *pngsave_buffer;
    __typeof__(g_object_unref) *object_unref;
};

/* Loads the library unless it is there, starts it with no cache and one thread of its own,
 * and fills *v.  It stays until the process ends; there is nothing to close, and to ask again
 * takes half a microsecond.  On any thread.  Negative after an mp_fail(). */
int mp_vips_open(struct mp_ctx *c, struct mp_vips *v);

/* Negative: mp_fail(c, "WHAT: TEXT") with the library's own words, in one line. */
int mp_vips_fail(struct mp_ctx *c, const struct mp_vips *v, const char *what);

#endif
