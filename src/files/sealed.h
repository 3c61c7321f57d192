/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealed.h - a file of our own with a header that tells whether it is whole.
 *
 *   bytes 0..7    eight bytes that name the kind: not text, and damaged by tools that
 *                 take it for text
 *   8..11         version of the form
 *   12..15        0x01020304 as this machine writes it
 *   16..23        length of what follows the header
 *   24..27        its CRC-32
 *   28..31        CRC-32 of bytes 0..27 */
#ifndef MP_SEALED_H
#define MP_SEALED_H
#include "files/output.h"

struct mp_seal {
    const char *kind;       /* "bundle", in errors */
    unsigned char magic[8];
    uint32_t oldest, version; /* the forms that are read; the one that is written */
    /* Which program wrote these bytes, of a form that is not known: "mnistpipe 3.1", or "".
     * NULL: they do not say. */
    void (*writer)(const unsigned char *bytes, size_t size, char *text, size_t room);
};

/* A write that fails shows when the output is committed. */
void mp_sealed_write(struct mp_output *o, const struct mp_seal *seal, const unsigned char *bytes,
                     size_t size);

/* What follows a header in order; free() it.  NULL: mp_fail() said what is wrong. */
unsigned char *mp_sealed_read(struct mp_ctx *c, const char *file, const struct mp_seal *seal,
                              size_t *size);
#endif
