/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cgroup.c - limits as kernels of both versions write them, below a folder that stands for /. */
#include "core/cgroup.h"
#include "../tap.h"
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/mnistpipe-cgroup-XXXXXX";

/* Writes a file below the root, and the folders to it. */
static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *f = fopen(path, "w");
    if (f != NULL && fputs(text, f) >= 0 && fclose(f) == 0)
        return;
    perror(path);
    exit(1);
}

static void clear(void)
{
    char command[PATH_MAX];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    if (system(command) != 0 || mkdir(root, 0777) != 0)
        exit(1);
}

static void allows(struct tap *t, int processors, size_t memory, const char *name)
{
    const int p = mp_cgroup_processors(root);
    const size_t m = mp_cgroup_memory(root);
    if (!tap_ok(t, p == processors && m == memory, "%s", name))
        tap_note("found %d processors, %zu bytes\nexpected %d and %zu", p, m, processors, memory);
}

static const char two[] = "22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
                          "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 "
                          "rw,nsdelegate,memory_recursiveprot\n";

static void test_version_2(struct tap *t)
{
    clear();
    allows(t, INT_MAX, SIZE_MAX, "no cgroups at all");
    put("proc/self/mountinfo", two);
    put("proc/self/cgroup", "0::/system.slice/job.service\n");
    allows(t, INT_MAX, SIZE_MAX, "v2: no controllers");
    put("sys/fs/cgroup/system.slice/job.service/cpu.max", "max 100000\n");
    put("sys/fs/cgroup/system.slice/job.service/memory.max", "max\n");
    allows(t, INT_MAX, SIZE_MAX, "v2: max");
    put("sys/fs/cgroup/system.slice/job.service/cpu.max", "200000 100000\n");
    put("sys/fs/cgroup/system.slice/job.service/memory.max", "536870912\n");
    allows(t, 2, 536870912, "v2: limits of the own group");
    put("sys/fs/cgroup/system.slice/cpu.max", "60000 50000\n");
    put("sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
    allows(t, 2, 536870912, "v2: 1.2 processors around it are rounded up");
    put("sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
    put("sys/fs/cgroup/system.slice/memory.max", "268435456\n");
    allows(t, 1, 268435456, "v2: half a processor is one; the group around has less");
    put("sys/fs/cgroup/system.slice/cpu.max", "150000 100000\n");
    put("sys/fs/cgroup/memory.max", "1048576\n");
    allows(t, 2, 1048576, "v2: 1.5 are two; the root counts, which is a container's group");
    put("proc/self/cgroup", "0::/\n");
    allows(t, INT_MAX, 1048576, "v2: in the root");
    put("proc/self/cgroup", "0::/../elsewhere\n");
    allows(t, INT_MAX, 1048576, "v2: a group outside of what is mounted");
    put("proc/self/cgroup", "no line\n:\n");
    allows(t, INT_MAX, SIZE_MAX, "v2: what is no line");
}

static void test_version_1(struct tap *t)
{
    clear();
    put("proc/self/mountinfo",
        "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
        "33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n");
    put("proc/self/cgroup", "9:name=systemd:/\n4:memory:/a/b\n3:cpuset:/\n2:cpu,cpuacct:/a\n0::/\n");
    put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    allows(t, INT_MAX, SIZE_MAX, "v1: no limits");
    put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "250000\n");
    put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "2147483648\n");
    allows(t, 3, 2147483648, "v1: 2.5 processors are three; memory of the own group");
    put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    allows(t, 1, 1073741824, "v1: less around it");
    put("sys/fs/cgroup/unified/cpu.max", "70000 100000\n");
    put("sys/fs/cgroup/unified/memory.max", "4096\n");
    allows(t, 1, 4096, "both versions mounted: the least");
}

/* A container without a name space of cgroups sees its group by its outer name. */
static void test_container(struct tap *t)
{
    clear();
    put("proc/self/mountinfo",
        "33 31 0:29 /docker/0af3 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        "35 31 0:32 /docker/0af3 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    put("proc/self/cgroup", "4:memory:/docker/0af3\n2:cpu:/docker/0af3/job\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "8192\n");
    allows(t, 4, 8192, "v1: the container's own group is the root of what is mounted");
    put("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "100\n");
    put("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    allows(t, 1, 8192, "v1: a group within it");
    put("proc/self/cgroup", "4:memory:/docker/0af35\n2:cpu:/docker/0af35\n");
    allows(t, 4, 8192, "v1: a name that only begins alike is elsewhere");
}

int main(void)
{
    struct tap t = { 0 };
    if (mkdtemp(root) == NULL)
        return 1;
    test_version_2(&t);
    test_version_1(&t);
    test_container(&t);
    clear();
    rmdir(root);
    return tap_end(&t);
}
