/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory.c - how much memory there is for rows.
 *
 * Reference: proc_meminfo(5), proc_pid_status(5), getrlimit(2). */
#include "core/memory.h"
#include "core/cgroup.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

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
