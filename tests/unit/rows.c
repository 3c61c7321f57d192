/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c - room for rows: plain memory, a file, and the way from one to the other. */
#include "../tap.h"
#include "core/rows.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void fill(struct mp_rows *r, size_t from)
{
    uint8_t *x = r->at;
    for (size_t i = from; i < r->size; i++)
        x[i] = (uint8_t)(i * 31 >> 3);
}

static bool holds(const struct mp_rows *r, size_t n)
{
    const uint8_t *x = r->at;
    bool good = true;
    for (size_t i = 0; i < n; i++)
        good = good && x[i] == (uint8_t)(i * 31 >> 3);
    return good;
}

/* What a process may have decides what is large; 0: no limit.  Whether it is kept: qemu takes limits
 * of memory and forgets them. */
static bool allow(size_t bytes)
{
    struct rlimit l, now;
    getrlimit(RLIMIT_DATA, &l);
    l.rlim_cur = bytes > 0 ? bytes : l.rlim_max;
    return setrlimit(RLIMIT_DATA, &l) == 0 && getrlimit(RLIMIT_DATA, &now) == 0 &&
           now.rlim_cur == l.rlim_cur;
}

static void test_memory(struct tap *t)
{
    struct mp_rows r = { .at = NULL };
    tap_ok(t, mp_rows_resize(&r, 1000) && r.file == 0 && r.size == 1000, "a small block is memory");
    fill(&r, 0);
    tap_ok(t, mp_rows_resize(&r, 100000) && r.file == 0 && holds(&r, 1000),
           "it grows and keeps what it has");
    tap_ok(t, mp_rows_resize(&r, 10) && holds(&r, 10), "it shrinks");
    tap_ok(t, !mp_rows_resize(&r, SIZE_MAX) && holds(&r, 10), "more than there is: as it was");
    mp_rows_free(&r);
    tap_ok(t, r.at == NULL && r.size == 0, "freed");
}

static void test_file(struct tap *t, size_t limit)
{
    struct mp_rows r = { .at = NULL };
    struct stat s;
    tap_ok(t, mp_rows_resize(&r, limit - 1) && r.file == 0, "below the limit a block is memory");
    fill(&r, 0);
    tap_ok(t, mp_rows_resize(&r, limit + 5) && r.file > 2, "from the limit on it is a file");
    tap_ok(t, holds(&r, limit - 1), "which has what was in memory");
    tap_ok(t, fstat(r.file, &s) == 0 && s.st_nlink == 0, "and no name");
    fill(&r, limit - 1);
    tap_ok(t, mp_rows_resize(&r, 3 * limit) && holds(&r, limit + 5),
           "it grows and keeps what it has");
    fill(&r, limit + 5);
    tap_ok(t, fstat(r.file, &s) == 0 && (uint64_t)s.st_blocks * 512 >= 3 * limit,
       "its space on disk is reserved");
    tap_ok(t, mp_rows_resize(&r, 2 * limit) && holds(&r, 2 * limit), "it shrinks");
    const int file = r.file;
    mp_rows_free(&r);
    tap_ok(t, r.at == NULL && fstat(file, &s) < 0, "freed, and closed");
}

/* Bytes of files that this process holds in memory. */
static size_t held(void)
{
    size_t all, resident, shared = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%zu %zu %zu", &all, &resident, &shared) != 3)
        shared = 0;
    if (f != NULL)
        fclose(f);
    return shared * (size_t)sysconf(_SC_PAGESIZE);
}

static void test_append(struct tap *t)
{
    enum { PART = 3000001, PARTS = 6 };
    struct mp_rows r = { .at = NULL }, whole = { .at = NULL };
    bool good = mp_rows_resize(&whole, (size_t)PART * PARTS);
    fill(&whole, 0);
    for (size_t i = 0; i < PARTS && good; i++)
        good = mp_rows_append(&r, (char *)whole.at + i * PART, PART);
    tap_ok(t, good && r.file > 2 && r.size == whole.size, "what is appended is in a file");
    const size_t before = held();
    tap_ok(t, holds(&r, r.size), "in order");
    const size_t touched = held();
    tap_ok(t, touched >= before + r.size / 2, "a look at it takes memory");
    mp_rows_let_go(&whole, whole.at, (char *)whole.at + whole.size);
    tap_ok(t, holds(&whole, whole.size), "plain memory is not let go");
    mp_rows_let_go(&r, whole.at, (char *)whole.at + 1000);
    tap_ok(t, held() > touched - r.size / 2, "nor what belongs to another block");
    mp_rows_let_go(&r, r.at, (char *)r.at + r.size);
    tap_ok(t, held() < touched - r.size / 2, "what is let go takes none");
    tap_ok(t, holds(&r, r.size), "and is there when it is looked at again");
    tap_ok(t, !mp_rows_append(&r, whole.at, SIZE_MAX) && holds(&r, r.size),
           "more than there is: as it was");
    mp_rows_free(&r);
    mp_rows_free(&whole);
}

static void test_no_folder(struct tap *t, size_t limit)
{
    struct mp_rows r = { .at = NULL };
    char *old = getenv("TMPDIR");
    old = old != NULL ? strdup(old) : NULL;
    setenv("TMPDIR", "/nowhere", 1);
    tap_ok(t, mp_rows_resize(&r, limit) && r.file == 0, "without a place for files it is memory");
    fill(&r, 0);
    const uint8_t more[100] = { 1, 2, 3 };
    tap_ok(t, mp_rows_append(&r, more, sizeof more) && r.file == 0 && holds(&r, limit) &&
              memcmp((char *)r.at + limit, more, sizeof more) == 0, "and what is appended, too");
    mp_rows_free(&r);
    if (old != NULL)
        setenv("TMPDIR", old, 1);
    else
        unsetenv("TMPDIR");
    free(old);
}

int main(void)
{
    struct tap t = { 0 };
    const size_t whole = mp_rows_limit();
    const size_t all = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    tap_ok(&t, whole > 0 && whole <= all / 2, "at most half of the machine's memory");
    test_memory(&t);
    test_append(&t);
#ifdef __SANITIZE_ADDRESS__
    tap_skip(&t, "files", "the sanitizer's own memory counts against the limit");
#else
    if (!allow((size_t)256 << 20)) {
        tap_skip(&t, "files", "limits of memory are not kept here");
        return tap_end(&t);
    }
    const size_t limit = mp_rows_limit();
    tap_ok(&t, limit <= (size_t)128 << 20 && limit <= whole, "half of what it may have");
    test_file(&t, limit);
    test_no_folder(&t, limit);
    allow(0);
    tap_ok(&t, mp_rows_limit() > limit, "and more again without that limit");
#endif
    return tap_end(&t);
}
