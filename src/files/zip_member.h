/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zip_member.h - where in a zip archive a member lies, and what it is, at once.
 *
 * The ways round archive.h, for members that are as most are.  False: this one is not, and who
 * unpacks it by archive.h learns why. */
#ifndef MP_ZIP_MEMBER_H
#define MP_ZIP_MEMBER_H
#include "core/rows.h"
#include <stdint.h>

struct mp_zip_member {
    uint64_t at, packed; /* bytes in the file */
    uint64_t size;       /* unpacked, as the directory says */
    uint32_t crc;        /* CRC-32 of what is unpacked, as it says */
    bool deflated;       /* otherwise stored: packed is size */
};

/* Looks for the only member of that name in the zip file.  False: there is none or several, it is
 * encrypted or packed otherwise, its sizes stand behind it, as what is written to a pipe has
 * them, or the archive is not as it should be. */
bool mp_zip_find(int fd, const char *name, struct mp_zip_member *m);

/* What a deflated member is, `size` bytes, into `to`, which is empty: as many as the directory
 * says, of that checksum.  False, and nothing in `to`: it is not that, or so large that it is
 * read piece by piece (rows.h has the limit). */
bool mp_zip_inflate(int fd, const struct mp_zip_member *m, struct mp_rows *to);
#endif
