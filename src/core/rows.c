/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c - room for rows, of which there may be more than memory holds.
 *
 * The file lies in $TMPDIR or /var/tmp, not in /tmp, which is memory itself on many systems.
 * Its space is reserved before anything is written: a full disk is found here, where plain
 * memory can take its place, and not by a signal later.  What was there before is open for
 * reading alone, so that nothing here can change or cut it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_TMPFILE, mremap() */
#endif
#include "core/rows.h"
#include "core/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Linux maps what lies around a page that is looked at along with it: 64 KiB, and where its cache
 * has a file in larger pieces, as it reads them, up to 2 MiB. */
enum { WINDOW = 1 << 21 };

size_t mp_rows_limit(void)
{
    return mp_memory_free() / 2;
}

/* ------------------------------------------------------------------ files */

/* A file without a name; 0: none.  Never descriptor 0 itself, which may be free. */
static int open_nameless(void)
{
    const char *folder = getenv("TMPDIR");
    folder = folder != NULL && *folder != '\0' ? folder : "/var/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) { /* not every file system has O_TMPFILE */
        char path[4096];
        if (snprintf(path, sizeof path, "%s/mnistpipe-XXXXXX", folder) >= (int)sizeof path)
            return 0;
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd == 0) {
        fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
        close(0);
    }
    return fd > 0 ? fd : 0;
}

static bool grow_file(struct mp_rows *r, size_t size)
{
    if (size > r->size &&
        posix_fallocate(r->file, (off_t)r->size, (off_t)(size - r->size)) != 0)
        return false;
    void *at = mremap(r->at, r->size, size, MREMAP_MAYMOVE);
    if (at == MAP_FAILED)
        return false;
    if (size < r->size && ftruncate(r->file, (off_t)size) != 0) {
        /* The file is longer than the block: only disk is lost. */
    }
    r->at = at;
    r->size = size;
    return true;
}

/* From plain memory into a file. */
static bool move_to_file(struct mp_rows *r, size_t size)
{
    struct mp_rows file = { .file = open_nameless(), .size = size };
    if (file.file == 0)
        return false;
    file.at = posix_fallocate(file.file, 0, (off_t)size) != 0 ? MAP_FAILED :
              mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.file, 0);
    if (file.at == MAP_FAILED) {
        close(file.file);
        return false;
    }
    if (r->at != NULL)
        memcpy(file.at, r->at, r->size < size ? r->size : size);
    mp_rows_free(r);
    *r = file;
    return true;
}

/* ----------------------------------------------------------------- blocks */

/* Plain memory; in pages of 2 MB where there are, as each page costs a fault when it is
 * first written to. */
static void *allocate(size_t size)
{
    const size_t page = (size_t)2 << 20;
    if (size < 4 * page || size > PTRDIFF_MAX - page)
        return malloc(size);
    void *at = aligned_alloc(page, (size + page - 1) / page * page);
    if (at != NULL)
        madvise(at, size, MADV_HUGEPAGE);
    return at;
}

bool mp_rows_resize(struct mp_rows *r, size_t size)
{
    if (size > PTRDIFF_MAX)
        return false;
    size = size > 0 ? size : 1;
    if (r->file != 0)
        return grow_file(r, size);
    /* What the block has is among what it may have. */
    if (size > r->size && size >= mp_rows_limit() + r->size / 2 && move_to_file(r, size))
        return true;
    void *at = r->at != NULL ? realloc(r->at, size) : allocate(size);
    if (at == NULL)
        return false;
    r->at = at;
    r->size = size;
    return true;
}

bool mp_rows_hold(struct mp_rows *r, size_t size)
{
    void *at = size <= PTRDIFF_MAX ? allocate(size) : NULL;
    if (at != NULL)
        *r = (struct mp_rows){ .at = at, .size = size };
    return at != NULL;
}

static uintptr_t page_size(void)
{
    return (uintptr_t)sysconf(_SC_PAGESIZE);
}

bool mp_rows_map(struct mp_rows *r, int file, uint64_t at, size_t size)
{
    const size_t before = (size_t)(at % page_size());
    if (size == 0 || size > PTRDIFF_MAX - before)
        return false;
    const int own = fcntl(file, F_DUPFD_CLOEXEC, 3);
    void *map = own < 0 ? MAP_FAILED : mmap(NULL, before + size, PROT_READ, MAP_SHARED, own,
                                            (off_t)(at - before));
    if (map == MAP_FAILED) {
        if (own >= 0)
            close(own);
        return false;
    }
    *r = (struct mp_rows){ .at = (char *)map + before, .size = size, .file = own };
    return true;
}

void mp_rows_free(struct mp_rows *r)
{
    if (r->file != 0) {
        const size_t before = (uintptr_t)r->at % page_size();
        munmap((char *)r->at - before, before + r->size);
        close(r->file);
    } else {
        free(r->at);
    }
    *r = (struct mp_rows){ .at = NULL };
}

static bool write_at(int file, const char *bytes, size_t size, size_t at)
{
    while (size > 0) {
        const ssize_t n = pwrite(file, bytes, size, (off_t)at);
        if (n <= 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool mp_rows_append(struct mp_rows *r, const void *bytes, size_t size)
{
    const size_t end = r->size;
    if (size > PTRDIFF_MAX - end)
        return false;
    const bool moved = r->file == 0 && move_to_file(r, end + size);
    if (!moved && !mp_rows_resize(r, end + size))
        return false;
    if (r->file == 0)
        memcpy((char *)r->at + end, bytes, size);
    if (r->file == 0 || write_at(r->file, bytes, size, end))
        return true;
    if (end == 0)
        mp_rows_free(r);
    else
        mp_rows_resize(r, end);
    return false;
}

void mp_rows_let_go(const struct mp_rows *r, const void *from, const void *to)
{
    const uintptr_t page = WINDOW > page_size() ? WINDOW : page_size();
    const uintptr_t begin = (uintptr_t)r->at / page_size() * page_size();
    uintptr_t a = (uintptr_t)from, b = (uintptr_t)to;
    if (r->file == 0)
        return;
    const uintptr_t end = (uintptr_t)r->at + r->size;
    a = a / page * page;
    b = (b + page - 1) / page * page;
    a = a > begin ? a : begin;
    b = b < end ? b : end;
    if (a < b)
        madvise((void *)a, b - a, MADV_DONTNEED); /* of a shared file: they stay in it */
}
