/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory.c - how much memory there is, and how threads share it.
 *
 * Reference: proc_meminfo(5), proc_pid_status(5), getrlimit(2), mallopt(3). */
#include "core/memory.h"
#include "core/cgroup.h"
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* The number behind `name` in a file of lines such as "VmData:  1234 kB", in bytes. */
static size_t look_up(const char *path, const char *name, size_t otherwise)
{
    char line[256];
    size_t found = otherwise;
    const size_t n = strlen(name);
    FILE *f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned long long kib;
        if (strncmp(line, name, n) == 0 && sscanf(line + n, " %llu kB", &kib) == 1)
            found = (size_t)kib << 10;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

static size_t left(size_t allowed, const char *taken)
{
    const size_t used = look_up("/proc/self/status", taken, 0);
    return allowed > used ? allowed - used : 0;
}

static size_t own_limit(int what, const char *taken)
{
    struct rlimit r;
    return getrlimit((__rlimit_resource_t)what, &r) == 0 && r.rlim_cur != RLIM_INFINITY
               ? left((size_t)r.rlim_cur, taken) : SIZE_MAX;
}

size_t mp_memory_free(void)
{
    const size_t group = mp_cgroup_memory("");
    const size_t all[] = {
        look_up("/proc/meminfo", "MemAvailable:", SIZE_MAX),
        group < SIZE_MAX ? left(group, "RssAnon:") : SIZE_MAX,
        own_limit(RLIMIT_DATA, "VmData:"),
        own_limit(RLIMIT_AS, "VmSize:"),
    };
    size_t least = all[0];
    for (size_t i = 1; i < sizeof all / sizeof *all; i++)
        least = all[i] < least ? all[i] : least;
    return least;
}

bool mp_memory_has(size_t bytes, bool mapped)
{
    void *room = mmap(NULL, bytes, mapped ? PROT_NONE : PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room != MAP_FAILED)
        munmap(room, bytes);
    return room != MAP_FAILED;
}

/* A file, byte by byte, without memory or locks, which a signal handler may not ask for. */
struct bytes {
    int file;
    char at[512];
    ssize_t n, next;
};

static int next_byte(struct bytes *b)
{
    if (b->next == b->n) {
        b->n = read(b->file, b->at, sizeof b->at);
        b->next = 0;
    }
    return b->n > 0 ? (unsigned char)b->at[b->next++] : -1;
}

/* Digits up to another character, which is taken, too. */
static uintptr_t next_address(struct bytes *b)
{
    uintptr_t value = 0;
    for (int c; (c = next_byte(b)) >= 0;) {
        if (c >= '0' && c <= '9')
            value = value << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uintptr_t)(c - 'a' + 10);
        else
            break;
    }
    return value;
}

/* Lines such as "7f02a000-7f02c000 r--s 00000000 fe:00 1234   /home/me/rows". */
void mp_memory_file(const void *at, char *path, size_t size)
{
    struct bytes b = { .file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC) };
    const uintptr_t wanted = (uintptr_t)at;
    bool found = false;
    size_t n = 0;
    for (int c = 0; b.file >= 0 && c >= 0 && !found;) {
        const uintptr_t from = next_address(&b), end = next_address(&b);
        found = from <= wanted && wanted < end;
        while ((c = next_byte(&b)) >= 0 && c != '\n')
            if (found && (n > 0 || c == '/') && n + 1 < size)
                path[n++] = (char)c;
    }
    path[n] = '\0';
    if (b.file >= 0)
        close(b.file);
}

/* glibc would give every thread an arena: 64 MiB of addresses, 128 while it is made; and a thread
 * for which there are none gets a page for each malloc(), however small.  Arenas may take a
 * sixteenth of what there is; one there always is. */
void mp_memory_share(void)
{
    const rlim_t arena = 64 << 20, share = 16;
    struct rlimit r;
    if (getrlimit(RLIMIT_AS, &r) < 0 || r.rlim_cur == RLIM_INFINITY)
        return;
    const rlim_t arenas = r.rlim_cur / share / arena;
    mallopt(M_ARENA_MAX, arenas < 1 ? 1 : arenas > INT_MAX ? INT_MAX : (int)arenas);
}
