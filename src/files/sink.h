/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink.h - a file written piece by piece, gzip or plain. */
#ifndef MP_SINK_H
#define MP_SINK_H
#include "files/output.h"

enum { MP_SINK_PIECES = 8 };

struct mp_sink {
    struct mp_output out;
    bool gzip, sum;          /* sum: keep the checksum of what is put */
    unsigned char *buf, *packed;
    size_t used, cap, packed_size[MP_SINK_PIECES];
    uint32_t crc;            /* CRC-32 and length of what left the buffer, */
    uint64_t length;         /* before compression */
};

/* Opens PATH under a temporary name.  All that may fail says why by mp_fail(). */
int mp_sink_open(struct mp_ctx *c, struct mp_sink *s, const char *path, bool gzip);

/* Room for n bytes of text, a mebibyte at most; mp_sink_used() then tells
 * how many they became.  NULL: failed. */
char *mp_sink_room(struct mp_ctx *c, struct mp_sink *s, size_t n);
void mp_sink_used(struct mp_sink *s, size_t n);

int mp_sink_put(struct mp_ctx *c, struct mp_sink *s, const void *data, size_t n);
int mp_sink_text(struct mp_ctx *c, struct mp_sink *s, const char *text);

/* Empties the buffer into the file. */
int mp_sink_drain(struct mp_ctx *c, struct mp_sink *s);

/* Writes what is still missing.  The file gets its name from
 * mp_output_commit(&s->out) later. */
int mp_sink_end(struct mp_ctx *c, struct mp_sink *s);

/* Frees, and removes the temporary file unless it has been committed. */
void mp_sink_close(struct mp_sink *s);

#endif
