/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fetch.h - downloads that end up whole and checked, or not at all. */
#ifndef MP_FETCH_H
#define MP_FETCH_H
#include "sources/datasets.h"

enum { MP_FETCHED = 1 };

/* Makes sure that file i of the set is in `folder`.  MP_OK: it was there and
 * its checksum is right.  MP_FETCHED: it is now.  Negative: mp_fail() said why;
 * what a broken connection has left in FILE.part is used by the next call. */
int mp_fetch(struct mp_ctx *c, const struct mp_dataset *d, int i, const char *folder);

/* The version of libcurl that runs; false before it is loaded: then that of the build. */
bool mp_fetch_version(char *text, size_t size);

#endif
