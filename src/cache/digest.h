/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest.h - what a result depends on, as one SHA-256.
 *
 * Every piece is hashed with its kind and its length in front, so that no two lists
 * of pieces give the same bytes: "ab", "c" is not "a", "bc". */
#ifndef MP_DIGEST_H
#define MP_DIGEST_H
#include "core/stage.h"

struct mp_key {
    char hex[65]; /* 64 hexadecimal digits */
};

struct mp_digest {
    void *sum;
};

void mp_digest_begin(struct mp_digest *d);
void mp_digest_bytes(struct mp_digest *d, const void *bytes, size_t n);
void mp_digest_text(struct mp_digest *d, const char *text);
void mp_digest_number(struct mp_digest *d, uint64_t v);
void mp_digest_key(struct mp_digest *d, const struct mp_key *key);
struct mp_key mp_digest_end(struct mp_digest *d);

/* What computes: the bytes of this program, its libraries (versions, files, and the
 * instructions that they chose), the processor.  Two programs of the same digest give
 * the same results.  libvips, which makes pictures and no results, counts once it is
 * loaded: to be called before the first picture.  Cost: reading the program once, 25 ms
 * for 10 MB. */
struct mp_key mp_program_digest(void);
#endif
