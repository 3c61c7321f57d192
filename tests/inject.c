/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inject.c - to be loaded before the program (LD_PRELOAD): one of its allocations is refused, or a
 * signal comes at a bad moment.
 *
 *   INJECT_AT=N      the N-th allocation, counted from 1, gets no memory; 0: none
 *   INJECT_FROM=own  counts those of the program, of libc and of jansson on its behalf; `glib`
 *                    those of GLib, which ends a program by design; `other` all others
 *   INJECT_LOG=FILE  gets, at the end, how many there were
 *   INJECT_SIGNAL=N  signal N comes just before the first read() of a pipe
 *
 * Only the first process of a tree is meant: its children run without. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is behind malloc() and the others; dlsym() would allocate. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long count;
static long wanted;
static char from[8] = "own";
static bool ready;
static int record = -1;
static __thread bool inside;
static atomic_int number; /* of the signal that is still to come */

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("INJECT_AT"), *kind = getenv("INJECT_FROM");
    const char *file = getenv("INJECT_LOG"), *comes = getenv("INJECT_SIGNAL");
    number = comes != NULL ? atoi(comes) : 0;
    if (at != NULL || comes != NULL)
        unsetenv("LD_PRELOAD");
    if (at == NULL)
        return;
    wanted = atol(at);
    if (kind != NULL)
        snprintf(from, sizeof from, "%s", kind);
    if (file != NULL)
        record = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    ready = true;
}

__attribute__((destructor)) static void end(void)
{
    char line[32];
    const int n = snprintf(line, sizeof line, "%ld\n", (long)count);
    if (record >= 0 && write(record, line, (size_t)n) != n)
        _exit(99);
}

/* The library that calls, by its file's name; the program's own has no ".so". */
static const char *kind_of(const void *caller)
{
    Dl_info info;
    if (dladdr(caller, &info) == 0 || info.dli_fname == NULL)
        return "other";
    const char *slash = strrchr(info.dli_fname, '/'), *name = slash != NULL ? slash + 1
                                                                            : info.dli_fname;
    if (strstr(name, ".so") == NULL || strncmp(name, "libc.so", 7) == 0 ||
        strncmp(name, "libjansson", 10) == 0)
        return "own";
    return strncmp(name, "libglib", 7) == 0 ? "glib" : "other";
}

static bool refused(const void *caller)
{
    if (!ready || inside)
        return false;
    inside = true;
    const bool hit = strcmp(kind_of(caller), from) == 0 && ++count == wanted;
    inside = false;
    if (hit)
        errno = ENOMEM;
    return hit;
}

#define REFUSED() refused(__builtin_return_address(0))

void *malloc(size_t size)
{
    return REFUSED() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return REFUSED() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return REFUSED() ? NULL : __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return REFUSED() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
    *p = REFUSED() ? NULL : __libc_memalign(alignment, size);
    return *p != NULL ? 0 : ENOMEM;
}

ssize_t read(int fd, void *to, size_t n)
{
    static ssize_t (*next)(int, void *, size_t);
    struct stat st;
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "read");
    if (number != 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
        raise(atomic_exchange(&number, 0));
    return next(fd, to, n);
}
