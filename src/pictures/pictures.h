/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pictures.h - rows from picture files: PNG, JPEG, TIFF, BMP, GIF, WebP and PNM. */
#ifndef MP_PICTURES_H
#define MP_PICTURES_H
#include "data/data.h"

/* Whether a path is pictures: a folder (but where it has only files that are none), a list, an
 * archive of them, or one, by its first bytes. */
bool mp_pictures_are(const char *path);

/* Whether it has a folder of training and one of test pictures, so that it is both. */
bool mp_pictures_both(struct mp_ctx *c, const char *path);

/* Reads them, or of what has its pictures in train/ and test/ the `part` that the user names (NULL:
 * the one that form->part says), into x, n and shape of *d, whose name is the path, with labels if
 * they have any.  They have to be of one size, or the form says which to bring them to.  In memory
 * there are no more than the rows, and a picture for each thread; of an archive also what is in it.
 * Cost: 70 000 PNG of 28 x 28 take 1.1 s of processor time.  Negative: mp_fail() said why; *d may
 * hold a part. */
int mp_pictures_read(struct mp_ctx *c, const char *path, const char *part,
                     const struct mp_form *form, struct mp_data *d);

/* Their shape alone, from the first picture and, for the colours, some dozens. */
int mp_pictures_shape(struct mp_ctx *c, const char *path, const char *part,
                      const struct mp_form *form, struct mp_shape *shape);

/* The picture, of one or three bands, as JPEG: a tenth of the bytes that a PNG of a photo has.
 * *jpeg is for free(). */
struct mp_picture;
int mp_jpeg_encode(struct mp_ctx *c, const struct mp_picture *p, uint8_t **jpeg, size_t *n);

/* Versions of libspng and libjpeg-turbo, as in image/vips.h. */
bool mp_png_version(char *text, size_t size);
bool mp_jpeg_version(char *text, size_t size);
#endif
