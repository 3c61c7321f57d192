/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input.h - a file read in blocks, inflated on the way if it is gzip.
 * Private to formats/. */
#ifndef MP_INPUT_H
#define MP_INPUT_H
#include "core/stage.h"
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

    int fd;                /* -1: the bytes come from `memory` */
    const uint8_t *memory; /* all of them */
    size_t block;          /* bytes read at a time */
    uint64_t taken;        /* bytes taken from the file so far */
    bool gzip, in_member;  /* in_member: the end is not allowed here */
    z_stream z;
    uint8_t *raw;          /* gzip: the block being inflated */
    int fills;             /* how often the buffer has been refilled */
    struct mp_ahead *ahead; /* the thread that inflates ahead of the reader, or NULL */
};

/* Opens FILE and reads its first block.  Negative: mp_fail() said why, and
 * there is nothing to close. */
int mp_input_open(struct mp_ctx *c, struct mp_input *in, const char *file);

/* The same for bytes in memory, in small blocks: for tests. */
int mp_input_open_memory(struct mp_ctx *c, struct mp_input *in, const char *name,
                         const void *bytes, size_t n);
void mp_input_close(struct mp_input *in);

/* Sees to it that `want` bytes are unread in buf, or all there are if these are
 * fewer.  What was unread may move. */
int mp_input_fill(struct mp_input *in, size_t want);

/* The next byte; -1 at the end; -2 after an mp_fail(). */
int mp_input_byte(struct mp_input *in);

/* Reads on to the end, so that damage further down is found. */
int mp_input_drain(struct mp_input *in);

/* A plain file can be read anywhere: how many bytes it has; 0 of what cannot. */
uint64_t mp_input_whole(const struct mp_input *in);

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
