/* SPDX-License-Identifier: GPL-3.0-or-later */
/* archive.h - what others have packed: the members of a zip or tar archive, one after another,
 * and single files packed by bzip2, xz, zstd or lz4.
 *
 * Nothing is ever written to disk.  What cannot be meant well is refused with a line that names
 * file and member: names that lead out of their folder, links, more than MP_ARCHIVE_RATIO times
 * what is packed, more than MP_ARCHIVE_MOST bytes.  Encrypted members are named.
 *
 *     struct mp_archive *a;
 *     struct mp_member m;
 *     int rc = mp_archive_open(c, file, -1, NULL, 0, &a);
 *     while (rc >= 0 && (rc = mp_archive_next(a, &m)) > 0)
 *         rc = mp_archive_read(a, bytes, room, &got);
 *     mp_archive_close(a);
 */
#ifndef MP_ARCHIVE_H
#define MP_ARCHIVE_H
#include "core/stage.h"

enum mp_packing {
    MP_UNPACKED,
    MP_PACKED_FILE,    /* one file: bzip2, xz, zstd, lz4; gzip is input.c's own */
    MP_PACKED_MEMBERS, /* zip, tar */
};

enum { MP_PACKING_SNIFF = 512, /* bytes from which packing is told */
       MP_ARCHIVE_RATIO = 200, MP_ARCHIVE_FREE_MIB = 256 /* up to which any ratio is fine */ };
#define MP_ARCHIVE_MOST ((uint64_t)1 << 36)

/* Whether `size` bytes are more than anybody packs into `packed`: a bomb. */
bool mp_archive_far(uint64_t size, uint64_t packed);

/* What content is that begins so.  *name, unless NULL: "zip", "bzip2" ... */
enum mp_packing mp_packing(const uint8_t *p, size_t n, const char **name);

/* One member.  `name` is UTF-8 where the archive tells, and stays until the next. */
struct mp_member {
    const char *name;
    uint64_t size;   /* as the archive says, which may lie; UINT64_MAX: it does not */
    uint64_t number; /* from 0; what is passed over is counted, too */
};

struct mp_archive;

/* Opens a zip or tar, the latter packed or not (.tar.gz, .tar.xz), for its members: FILE, or,
 * where fd >= 0, what that holds from its beginning (a plain file, which stays the caller's), or
 * n bytes in memory.  `file` names it in messages, and has to stay.  Negative: mp_fail() said
 * why, and *a is NULL. */
int mp_archive_open(struct mp_ctx *c, const char *file, int fd, const void *memory, size_t n,
                    struct mp_archive **a);

/* Opens a file packed for itself; `read` gives its bytes: *got of them, 0 at the end, negative
 * after an mp_fail().  It has one member. */
int mp_archive_unpack(struct mp_ctx *c, const char *file,
                      int (*read)(void *arg, const uint8_t **bytes, size_t *got), void *arg,
                      struct mp_archive **a);

/* The next member: 1, or 0 behind the last.  Folders, and what macOS and editors hide beside
 * files (names that begin with a dot, __MACOSX), are passed over. */
int mp_archive_next(struct mp_archive *a, struct mp_member *m);

/* Up to n bytes of the member at hand, fewer only at its end. */
int mp_archive_read(struct mp_archive *a, void *to, size_t n, size_t *got);

void mp_archive_close(struct mp_archive *a);

/* The version of libarchive that runs; false before it is loaded: then that of the build. */
bool mp_archive_version(char *text, size_t size);
#endif
