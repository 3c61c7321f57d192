/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.h - room for rows, of which there may be more than memory holds.
 *
 * A block is plain memory while there is enough of it.  Larger ones are a temporary file
 * without a name, mapped: the system may write its pages out and take their memory whenever
 * others need it, so that what the process itself holds does not grow with the rows. */
#ifndef MP_ROWS_H
#define MP_ROWS_H
#include <stdbool.h>
#include <stddef.h>

struct mp_rows {      /* zeroed: empty */
    void *at;         /* for rows of any type: aligned to 16 bytes at least */
    size_t size;
    int file;         /* 0: plain memory */
};

/* Bytes from which on a block is a file: half of those that the process may still take
 * (memory.h); others may want some, too. */
size_t mp_rows_limit(void);

/* Makes the block `size` bytes; what is in it stays, what comes new is not zeroed.  False:
 * there is no room, neither on disk nor in memory, and the block is as it was. */
bool mp_rows_resize(struct mp_rows *r, size_t size);
void mp_rows_free(struct mp_rows *r);

/* Puts `size` bytes behind the block's end, into a file wherever there is a place for one,
 * whatever the block's size, and without the process holding them.  False: there is no room. */
bool mp_rows_append(struct mp_rows *r, const void *bytes, size_t size);

/* What lies from `from` to `to` is not looked at again soon: as far as it is this block's
 * and in its file, the process holds it no more.  It stays, and can be looked at again. */
void mp_rows_let_go(const struct mp_rows *r, const void *from, const void *to);

#endif
