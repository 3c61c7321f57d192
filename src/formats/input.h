/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input.h - a file read in blocks, unpacked on the way if it is packed, and UTF-8 if it is
 * UTF-16.
 * Private to formats/. */
#ifndef MP_INPUT_H
#define MP_INPUT_H
#include "core/rows.h"
#include "core/stage.h"
#include "formats/utf16.h"
#include "files/zip_member.h"
#include <zlib.h>

enum {
    MP_INPUT_PAD = 64 /* zero bytes that always follow the last one in memory */
};

/* The unread bytes are buf[at] .. buf[n - 1]; readers move `at` forward. */
struct mp_input {
    struct mp_ctx *c;
    const char *name;      /* the file, as the user gave it */
    uint8_t *buf;
    size_t at, n, size;
    bool end;              /* nothing comes after buf[n - 1] */
    bool shape_only;       /* the reader is to stop when it knows the shape */
    uint64_t file_bytes;   /* on disk; 0: a pipe, unknown */

    /* Where the bytes come from: the first of these that is there. */
    struct mp_archive *archive; /* the member at hand, or a file unpacked */
    bool own_archive;
    struct mp_input *below;     /* the same file, less unpacked; ours */
    int fd;                     /* -1: `memory` */
    struct mp_zip_member part;      /* of fd; size 0: all of it */
    uint32_t sum;               /* of what was taken of the part */
    const uint8_t *memory;      /* all of them */

    size_t block;          /* bytes read at a time */
    uint64_t taken;        /* bytes taken from there so far */
    bool gzip, in_member;  /* in_member: the end is not allowed here */
    bool padded;           /* only zeros may come */
    uint64_t inflated;     /* bytes that came out of gzip */
    z_stream *z;           /* in a place of its own: zlib knows it by its address */
    uint8_t *raw;          /* gzip: the block being inflated */
    struct mp_rows all;    /* all bytes, of what is read once but wanted twice */
    enum mp_utf16 utf16;   /* `below` is such a text */
    uint16_t lead;         /* the first half of a pair in it */
    int fills;             /* how often the buffer has been refilled */
    struct mp_ahead *ahead; /* the thread that inflates ahead of the reader, or NULL */
};

/* Opens FILE and reads its first block.  Negative: mp_fail() said why, and
 * there is nothing to close. */
int mp_input_open(struct mp_ctx *c, struct mp_input *in, const char *file);

/* The same for bytes in memory, in small blocks: for tests. */
int mp_input_open_memory(struct mp_ctx *c, struct mp_input *in, const char *name,
                         const void *bytes, size_t n);

/* The same for the archive's member at hand, which is called `name`; the archive stays the
 * caller's.  `look`: only the beginning is wanted. */
int mp_input_open_member(struct mp_ctx *c, struct mp_input *in, const char *name,
                         struct mp_archive *archive, bool look);

/* The same for such a part of the file fd, which stays the caller's; the part's checksum is
 * compared when its last byte is taken. */
int mp_input_open_stored(struct mp_ctx *c, struct mp_input *in, const char *name, int fd,
                         const struct mp_zip_member *part);

/* The same for bytes that become the input's own. */
int mp_input_open_rows(struct mp_ctx *c, struct mp_input *in, const char *name,
                       struct mp_rows *all);

/* Where all that is still to come is in memory of the input's own, `to`, which is empty, gets
 * that memory, without a second copy, and the input is at its end. */
bool mp_input_give(struct mp_input *in, struct mp_rows *to);

/* Where all that is still to come is the rest of a plain file, and more than there is memory for,
 * or this is one of several ranks, which look at parts of it, `to`, which is empty, gets the file
 * itself (rows.h), and the input is at its end. */
bool mp_input_map(struct mp_input *in, struct mp_rows *to);

/* The archive that a file is, whose first bytes have been looked at: from its beginning, as often
 * as it is asked for; `in` has to stay open.  What cannot be read twice, a pipe, is read to its
 * end first. */
int mp_input_archive(struct mp_input *in, struct mp_archive **archive);

void mp_input_close(struct mp_input *in);

/* Sees to it that `want` bytes are unread in buf, or all there are if these are
 * fewer.  What was unread may move. */
int mp_input_fill(struct mp_input *in, size_t want);

/* The next n bytes to `to`, fewer only at the end; many go there without a copy on the way. */
int mp_input_read(struct mp_input *in, void *to, size_t n, size_t *got);

/* The next byte; -1 at the end; -2 after an mp_fail(). */
int mp_input_byte(struct mp_input *in);

/* Reads on to the end, so that damage further down is found. */
int mp_input_drain(struct mp_input *in);

/* A plain file can be read anywhere: how many bytes it has; 0 of what cannot. */
uint64_t mp_input_whole(const struct mp_input *in);

/* How many bytes are still to come; UINT64_MAX: only reading tells. */
uint64_t mp_input_left(const struct mp_input *in);

/* Where in it the next byte stands. */
uint64_t mp_input_tell(const struct mp_input *in);

/* Up to n bytes from `offset` on, fewer at the end or where reading fails; several
 * threads may do that at once. */
size_t mp_input_peek(const struct mp_input *in, uint64_t offset, uint8_t *to, size_t n);

/* Goes on from there. */
int mp_input_seek(struct mp_input *in, uint64_t offset);

/* realloc() of *at to n * size bytes, with checks and mp_fail(). */
int mp_input_grow(struct mp_input *in, uint8_t **at, size_t n, size_t size);

#endif
