/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zip_member.c - where in a zip archive a member lies, and what it is, at once.
 *
 * For speed: what np.savez() stores is read like a plain file, by all threads, to where it stays;
 * what np.savez_compressed() packs is inflated by libdeflate, which takes and gives whole members
 * and so is twice as fast as zlib behind libarchive.
 * Method: the directory at the end of the file names each member's header, behind which its
 * bytes lie.  What is not as it should be is left to libarchive, which says what is wrong.
 * Reference: PKWARE APPNOTE.TXT 6.3, 4.3 and 4.5.3. */
#include "files/zip_member.h"
#include "files/archive.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END = 22, LOCATOR = 20, END_64 = 56, ENTRY = 46, HEADER = 30, COMMENT = 65535 };
enum { MOST = 1 << 26 /* bytes of a directory */ };
enum { STORED = 0, DEFLATED = 8 /* methods */ };
enum { HARMLESS = 0x806 /* flags: how well it is packed, a name in UTF-8 */ };
enum { LONGEST = 1024 /* header with its name that is looked at */ };

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

/* Where the directory lies: right before its end record `p`, at `end` of the file.  Where it
 * does not, something stands before the archive, such as another one. */
static bool find_directory(int fd, const uint8_t *p, uint64_t end, uint64_t *from, uint64_t *size)
{
    uint8_t locator[LOCATOR], more[END_64];
    *size = le(p + 12, 4);
    *from = le(p + 16, 4);
    if (*from != UINT32_MAX && *size != UINT32_MAX)
        return *size <= end && *from == end - *size;
    if (end < LOCATOR || !read_at(fd, end - LOCATOR, locator, LOCATOR) ||
        memcmp(locator, "PK\6\7", 4) != 0 || !read_at(fd, le(locator + 8, 8), more, END_64) ||
        memcmp(more, "PK\6\6", 4) != 0)
        return false;
    end = le(locator + 8, 8);
    *size = le(more + 40, 8);
    *from = le(more + 48, 8);
    return *size <= end && *from == end - *size;
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
    if (!found || d->size > MOST)
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

/* From the header at `at` of the file, behind which the member lies.  False: it does not say what
 * the directory does, or that sizes stand behind the member. */
static bool take_header(int fd, uint64_t at, const uint8_t *entry, struct mp_zip_member *m)
{
    uint8_t local[LONGEST];
    const size_t name = le(entry + 28, 2);
    if (!read_at(fd, at, local, HEADER) || memcmp(local, "PK\3\4", 4) != 0)
        return false;
    const size_t more = le(local + 28, 2), n = HEADER + name + more;
    if (memcmp(local + 6, entry + 8, 4) != 0 /* flags, method */ || le(local + 14, 4) != m->crc ||
        le(local + 26, 2) != name || n > sizeof local || !read_at(fd, at, local, n) ||
        memcmp(local + HEADER, entry + ENTRY, name) != 0)
        return false;
    const uint8_t *stop = local + n, *extra = find_extra(local + HEADER + name, stop, &stop);
    uint64_t packed = le(local + 18, 4), size = le(local + 22, 4);
    m->at = at + n;
    return wide(&size, &extra, stop) && wide(&packed, &extra, stop) && size == m->size &&
           packed == m->packed;
}

/* From an entry whose name and extra field are whole. */
static bool take_entry(int fd, const uint8_t *p, uint64_t file, struct mp_zip_member *m)
{
    const size_t name = le(p + 28, 2), more = le(p + 30, 2);
    const uint64_t method = le(p + 10, 2);
    const uint8_t *end = p + ENTRY + name + more, *stop = end;
    const uint8_t *extra = find_extra(p + ENTRY + name, end, &stop);
    uint64_t header = le(p + 42, 4);
    *m = (struct mp_zip_member){ .packed = le(p + 20, 4), .size = le(p + 24, 4),
                                 .crc = (uint32_t)le(p + 16, 4), .deflated = method == DEFLATED };
    if ((le(p + 8, 2) & ~(uint64_t)HARMLESS) != 0 || (method != STORED && method != DEFLATED) ||
        !wide(&m->size, &extra, stop) || !wide(&m->packed, &extra, stop) ||
        !wide(&header, &extra, stop) || (method == STORED && m->packed != m->size) ||
        header > file || !take_header(fd, header, p, m))
        return false;
    return m->size > 0 && m->at <= file && m->packed <= file - m->at;
}

bool mp_zip_find(int fd, const char *name, struct mp_zip_member *m)
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
            good = ++found == 1 && take_entry(fd, p, d.file, m);
        i += size;
    }
    free(d.at);
    return good && found == 1;
}

bool mp_zip_inflate(int fd, const struct mp_zip_member *m, struct mp_rows *to)
{
    const size_t most = mp_rows_limit();
    struct mp_rows packed = { .at = NULL };
    size_t used = 0;
    if (!m->deflated || m->size >= most || m->packed >= most ||
        mp_archive_far(m->size, m->packed))
        return false;
    struct libdeflate_decompressor *z = libdeflate_alloc_decompressor();
    const bool good = z != NULL && mp_rows_resize(&packed, m->packed) &&
                      mp_rows_resize(to, m->size) &&
                      read_at(fd, m->at, packed.at, m->packed) &&
                      libdeflate_deflate_decompress_ex(z, packed.at, m->packed, to->at, m->size,
                                                       &used, NULL) == LIBDEFLATE_SUCCESS &&
                      used == m->packed && libdeflate_crc32(0, to->at, m->size) == m->crc;
    libdeflate_free_decompressor(z);
    mp_rows_free(&packed);
    if (!good)
        mp_rows_free(to);
    return good;
}
