/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.h - room for rows, of which there may be more than memory holds.
 *
 * A block is plain memory while there is enough of it.  Larger ones are a temporary file
 * without a name, mapped: the system may write its pages out and take their memory whenever
 * others need it, so that what the process itself holds does not grow with the rows.  Rows that lie
 * in a file as they are can stay there. */
#ifndef MP_ROWS_H
#define MP_ROWS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mp_rows {      /* zeroed: empty */
    void *at;         /* for rows of any type: aligned to 16 bytes at least, but in a file that was
                         there before, where it is as the file has it */
    size_t size;
    int file;         /* 0: plain memory */
};

/* Bytes from which on a block is a file: half of those that the process may still take
 * (memory.h); others may want some, too. */
size_t mp_rows_limit(void);

/* Makes the block `size` bytes; what is in it stays, what comes new is not zeroed.  False:
 * there is no room, neither on disk nor in memory, and the block is as it was. */
bool mp_rows_resize(struct mp_rows *r, size_t size);

/* An empty block becomes plain memory, though it be more than that: for who knows that there is
 * room for all else, too. */
bool mp_rows_hold(struct mp_rows *r, size_t size);

void mp_rows_free(struct mp_rows *r);

/* Puts `size` bytes behind the block's end, into a file wherever there is a place for one,
 * whatever the block's size, and without the process holding them.  False: there is no room. */
bool mp_rows_append(struct mp_rows *r, const void *bytes, size_t size);

/* Makes an empty block of `size` bytes of a file from `at` on, which are not to be written to:
 * nothing is read now, and nothing takes disk or memory of the process's own.  The file stays the
 * caller's.  Where it is cut while it is in use, looking at what is missing is a SIGBUS.  False: it
 * cannot be mapped. */
bool mp_rows_map(struct mp_rows *r, int file, uint64_t at, size_t size);

/* What lies from `from` to `to` is not looked at again soon: as far as it is this block's
 * and in its file, the process holds it no more.  It stays, and can be looked at again. */
void mp_rows_let_go(const struct mp_rows *r, const void *from, const void *to);

#endif
