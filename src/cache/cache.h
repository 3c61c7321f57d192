/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cache.h - results of earlier work in a folder, found by what they depend on.
 *
 * An entry is a file whose name is the key: the SHA-256 of all that its bytes depend
 * on.  So an entry is never out of date, only unused, and is never changed:
 *
 *   written   under a temporary name, flushed, renamed: whole, or not there
 *   read      through a map of the file; header and checksum are looked at first, and
 *             what is damaged, cut short or of another form is removed: not there
 *   bounded   the entries used longest ago go first, but none that someone reads
 *
 * Any number of processes may work in one folder at once; nothing but the file
 * system's rename keeps results right.  Locks only save work: of two runs that
 * need the same entry, one computes it, the other waits.  The kernel releases the
 * lock of a process that dies.
 *
 * A cache that cannot be written is one warning; the work goes on without. */
#ifndef MP_CACHE_H
#define MP_CACHE_H
#include "cache/digest.h"
#include "core/ctx.h"

enum { MP_CACHE_TEXT = 1024, MP_CACHE_KIND = 16 };

/* An open cache; one thread at a time uses it, but for mp_cache_write(). */
struct mp_cache;

/* `folder`: "" is the place by default, stages/ in the folder of data sets.  NULL: it
 * cannot be used, and a warning said why. */
struct mp_cache *mp_cache_open(struct mp_ctx *c, const char *folder);
void mp_cache_close(struct mp_cache *s);
const char *mp_cache_folder(const struct mp_cache *s);
/* Of the program; a part of every key. */
const struct mp_key *mp_cache_program(const struct mp_cache *s);

/* ----------------------------------------------------------------- reading */

struct mp_lent {
    const unsigned char *bytes; /* a page's beginning */
    size_t size;
    double seconds;             /* that it took to compute */
    void *map;                  /* all of the file */
    size_t map_size;
    int fd;                     /* shared lock: in use */
};

/* Whether there is such an entry; lent until mp_cache_return(). */
bool mp_cache_get(struct mp_cache *s, const struct mp_key *key, struct mp_lent *e);
void mp_cache_return(struct mp_lent *e);

/* ----------------------------------------------------------------- writing */

/* What is said of an entry in the list. */
struct mp_cache_about {
    char kind[MP_CACHE_KIND]; /* "state", "rows", "run" */
    char text[MP_CACHE_TEXT]; /* "deskew | hog cell=4 | svm" */
    double seconds;           /* that it took to compute */
};

/* Writes an entry whole; what fails is one warning, no failure. */
void mp_cache_put(struct mp_cache *s, const struct mp_key *key, const struct mp_cache_about *about,
                  const void *bytes, size_t size);

/* Or piece by piece: `size` bytes, in any order, by any number of threads.  NULL: not
 * possible, or larger than the cache may grow. */
struct mp_cache_writer;
struct mp_cache_writer *mp_cache_begin(struct mp_cache *s, const struct mp_key *key, size_t size);
void mp_cache_write(struct mp_cache_writer *w, size_t at, const void *bytes, size_t n);
/* Every byte has been written: the entry gets its name.  Releases w. */
void mp_cache_commit(struct mp_cache_writer *w, const struct mp_cache_about *about);
void mp_cache_abandon(struct mp_cache_writer *w);

/* ------------------------------------------------------------------- locks */

struct mp_claim {
    int fd; /* -1: none */
    char *path;
};

/* Waits until no other process computes this entry.  Look for it again afterwards.
 * Whoever holds a claim may claim only what the entry is computed from: so of those who wait
 * for one another none holds what the first one wants. */
void mp_cache_claim(struct mp_cache *s, struct mp_ctx *c, const struct mp_key *key,
                    struct mp_claim *claim);
/* The same without waiting, whatever claims one holds.  False: another computes it. */
bool mp_cache_try(struct mp_cache *s, const struct mp_key *key, struct mp_claim *claim);
void mp_cache_release(struct mp_claim *claim);

/* -------------------------------------------------------------- upkeep */

struct mp_cache_entry {
    char name[65];
    struct mp_cache_about about;
    uint64_t bytes;
    int64_t made, used; /* seconds since 1970 */
    bool ours;          /* made by this very program; others can use none of it */
};

/* All entries, the one used last first; free() them. */
int mp_cache_list(struct mp_ctx *c, struct mp_cache *s, struct mp_cache_entry **entries, size_t *n);

/* Bytes that the entries may take together: as set, or else 4 GiB, or less where the
 * disk is nearly full: a quarter of what is free. */
uint64_t mp_cache_limit(const struct mp_cache *s, bool *set);
int mp_cache_set_limit(struct mp_ctx *c, struct mp_cache *s, uint64_t bytes);

/* Removes what was used longest ago until `limit` bytes are left at most, and what
 * killed writers left; *entries and *bytes, unless NULL, tell what went. */
void mp_cache_trim(struct mp_cache *s, uint64_t limit, size_t *entries, uint64_t *bytes);
#endif
