/* rows.c - room for rows: plain memory, a file, and the way from one to the other. */
#include "../tap.h"
#include "rows.h"
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

/* What a process may have decides what is large; 0: no limit. */
static void allow(size_t bytes)
{
    struct rlimit l;
    getrlimit(RLIMIT_DATA, &l);
    l.rlim_cur = bytes > 0 ? bytes : l.rlim_max;
    setrlimit(RLIMIT_DATA, &l);
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

static void test_no_folder(struct tap *t, size_t limit)
{
    struct mp_rows r = { .at = NULL };
    char *old = getenv("TMPDIR");
    old = old != NULL ? strdup(old) : NULL;
    setenv("TMPDIR", "/nowhere", 1);
    tap_ok(t, mp_rows_resize(&r, limit) && r.file == 0, "without a place for files it is memory");
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
    tap_ok(&t, whole > 0 && whole <= (size_t)512 << 20, "at most 512 MiB");
    test_memory(&t);
#ifdef __SANITIZE_ADDRESS__
    tap_skip(&t, "files", "the sanitizer's own memory counts against the limit");
#else
    allow((size_t)256 << 20);
    const size_t limit = mp_rows_limit();
    tap_ok(&t, limit <= (size_t)32 << 20 && limit <= whole, "an eighth of what it may have");
    test_file(&t, limit);
    test_no_folder(&t, limit);
    allow(0);
    tap_ok(&t, mp_rows_limit() == whole, "and no more than before without that limit");
#endif
    return tap_end(&t);
}
