/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cgroup.c - limits of control groups.
 *
 * Method: /proc/self/cgroup names the process's group in each hierarchy, /proc/self/mountinfo
 * where that is mounted, and which of its groups stands there as the root.  From the own group
 * up to that root each folder has a limit, and the least counts.  Version 2 has one hierarchy
 * (memory.max, cpu.max), version 1 one for each controller (memory.limit_in_bytes,
 * cpu.cfs_quota_us); where both are mounted, either may have a limit.
 * Reference: cgroups(7); Linux, Documentation/admin-guide/cgroup-v2.rst. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strchrnul() */
#endif
#include "core/cgroup.h"
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one folder of a hierarchy allows; INFINITY: all. */
typedef double limit_of(const char *folder);

/* Numbers in the first line of a file; how many.  "max" is none. */
static int numbers_in(const char *folder, const char *file, double n[2])
{
    char path[PATH_MAX];
    FILE *f = snprintf(path, sizeof path, "%s/%s", folder, file) < (int)sizeof path
                  ? fopen(path, "re") : NULL;
    const int found = f != NULL ? fscanf(f, "%lf %lf", &n[0], &n[1]) : 0;
    if (f != NULL)
        fclose(f);
    return found > 0 ? found : 0;
}

static double memory_v2(const char *folder)
{
    double n[2];
    return numbers_in(folder, "memory.max", n) > 0 ? n[0] : INFINITY;
}

/* No limit is a number there, too: 2^63 less a page. */
static double memory_v1(const char *folder)
{
    double n[2];
    return numbers_in(folder, "memory.limit_in_bytes", n) > 0 ? n[0] : INFINITY;
}

/* Microseconds of processors' time in so many by the clock. */
static double processors_v2(const char *folder)
{
    double n[2];
    return numbers_in(folder, "cpu.max", n) == 2 && n[1] > 0 ? n[0] / n[1] : INFINITY;
}

static double processors_v1(const char *folder)
{
    double quota[2], period[2];
    return numbers_in(folder, "cpu.cfs_quota_us", quota) > 0 && quota[0] > 0 &&
                   numbers_in(folder, "cpu.cfs_period_us", period) > 0 && period[0] > 0
               ? quota[0] / period[0] : INFINITY;
}

/* Whether `word` is one of those in `list` that commas part. */
static bool has_word(const char *list, const char *word)
{
    for (;;) {
        const char *end = strchrnul(list, ',');
        if ((size_t)(end - list) == strlen(word) && strncmp(list, word, strlen(word)) == 0)
            return true;
        if (*end == '\0')
            return false;
        list = end + 1;
    }
}

/* The process's group in the hierarchy of a controller, or with "" in that of version 2:
 * from a line "4:memory:/a/b" or "0::/a/b". */
static bool own_group(const char *root, const char *controller, char *group, size_t size)
{
    char path[PATH_MAX], line[PATH_MAX + 256];
    bool found = false;
    FILE *f = snprintf(path, sizeof path, "%s/proc/self/cgroup", root) < (int)sizeof path
                  ? fopen(path, "re") : NULL;
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        char *list = strchr(line, ':'), *name = list != NULL ? strchr(list + 1, ':') : NULL;
        if (name == NULL)
            continue;
        *name++ = '\0';
        name[strcspn(name, "\n")] = '\0';
        found = has_word(list + 1, controller) &&
                snprintf(group, size, "%s", strcmp(name, "/") == 0 ? "" : name) < (int)size;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

/* A line of mountinfo: "34 31 0:31 ROOT FOLDER OPTIONS ... - TYPE SOURCE SUPER-OPTIONS". */
struct mount {
    char root[PATH_MAX], at[PATH_MAX];
};

static bool is_mount(const char *line, const char *controller, struct mount *m)
{
    char type[32], options[512];
    const char *rest = strstr(line, " - ");
    if (rest == NULL || sscanf(rest, " - %31s %*s %511s", type, options) != 2 ||
        sscanf(line, "%*s %*s %*s %4095s %4095s", m->root, m->at) != 2)
        return false;
    return *controller == '\0' ? strcmp(type, "cgroup2") == 0
                               : strcmp(type, "cgroup") == 0 && has_word(options, controller);
}

static bool find_mount(const char *root, const char *controller, struct mount *m)
{
    char path[PATH_MAX], *line = NULL;
    size_t size = 0;
    bool found = false;
    FILE *f = snprintf(path, sizeof path, "%s/proc/self/mountinfo", root) < (int)sizeof path
                  ? fopen(path, "re") : NULL;
    while (f != NULL && !found && getline(&line, &size, f) > 0)
        found = is_mount(line, controller, m);
    free(line);
    if (f != NULL)
        fclose(f);
    return found;
}

/* The group as seen from what is mounted: a container has its own group for root, while the
 * process may have its name from outside. */
static const char *below(const char *group, const char *root)
{
    const size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
    const bool inside = strncmp(group, root, n) == 0 && (group[n] == '/' || group[n] == '\0');
    return inside && strstr(group, "/..") == NULL ? group + n : "";
}

/* From the own group up to the root of what is mounted. */
static double least(const char *root, const char *controller, limit_of *limit)
{
    char group[PATH_MAX], folder[3 * PATH_MAX];
    struct mount m;
    double allowed = INFINITY;
    if (!own_group(root, controller, group, sizeof group) || !find_mount(root, controller, &m))
        return INFINITY;
    const size_t top = strlen(root) + strlen(m.at);
    if (snprintf(folder, sizeof folder, "%s%s%s", root, m.at, below(group, m.root)) >=
        (int)sizeof folder)
        return INFINITY;
    for (;;) {
        allowed = fmin(allowed, limit(folder));
        char *slash = strrchr(folder, '/');
        if (slash == NULL || (size_t)(slash - folder) < top)
            return allowed;
        *slash = '\0';
    }
}

size_t mp_cgroup_memory(const char *root)
{
    const double n = fmin(least(root, "", memory_v2), least(root, "memory", memory_v1));
    return n < 0x1p62 ? (size_t)n : SIZE_MAX;
}

int mp_cgroup_processors(const char *root)
{
    const double n = ceil(fmin(least(root, "", processors_v2), least(root, "cpu", processors_v1)));
    return n >= INT_MAX ? INT_MAX : n < 1 ? 1 : (int)n;
}
