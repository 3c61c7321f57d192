/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zip_stored.h - where in a zip archive a member lies that is not packed. */
#ifndef MP_ZIP_STORED_H
#define MP_ZIP_STORED_H
#include <stdbool.h>
#include <stdint.h>

struct mp_stored {
    uint64_t at, size; /* in the file */
    uint32_t crc;      /* CRC-32 of its bytes */
};

/* Looks for the only member of that name.  False: there is none or several, it is packed or
 * encrypted, or the archive is not as it should be, which who unpacks it will say. */
bool mp_zip_stored(int fd, const char *name, struct mp_stored *s);
#endif
