/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library.c - loading: the table, what is said of failures, threads and the environment. */
#include "../../src/core/library.h"
#include "linear/blas.h"
#include "core/ctx.h"
#include "../tap.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ZLIB_FUNCTIONS(F) F(, zlibVersion) F(, crc32)
#define NO_FUNCTIONS(F) F(, crc32) F(, mp_library_load)
#define MISSING(F) F(, crc32)

static int threads(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *d; tasks != NULL && (d = readdir(tasks)) != NULL;)
        n += d->d_name[0] != '.';
    if (tasks != NULL)
        closedir(tasks);
    return n;
}

static bool is(const char *found, const char *expected)
{
    return (found == NULL) == (expected == NULL) &&
           (found == NULL || strcmp(found, expected) == 0);
}

static void test_table(struct tap *t)
{
    struct { ZLIB_FUNCTIONS(MP_LIBRARY_MEMBER) } zlib;
    struct mp_library l = { MP_LIBRARY("zlib", "libz.so.1", ZLIB_FUNCTIONS, zlib) };
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    tap_ok(t, !mp_library_loaded(&l) && mp_library_load(&c, &l, "tests") == MP_OK &&
                  mp_library_loaded(&l), "a library is loaded");
    tap_ok(t, zlib.zlibVersion() == zlibVersion() && zlib.crc32 == crc32,
           "its functions stand where they are called");
    l.file = "no such file";
    tap_ok(t, mp_library_load(&c, &l, "tests") == MP_OK, "once is enough");
    mp_ctx_free(&c);
}

static void test_failures(struct tap *t)
{
    struct { NO_FUNCTIONS(MP_LIBRARY_MEMBER) } table;
    struct { MISSING(MP_LIBRARY_MEMBER) } one;
    struct mp_library other = { MP_LIBRARY("zlib", "libz.so.1", NO_FUNCTIONS, table) };
    struct mp_library none = { MP_LIBRARY("Nothing", "libnothing.so.0", MISSING, one) };
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    tap_ok(t, mp_library_load(&c, &none, "tests") < 0 && !mp_library_loaded(&none) &&
                  strncmp(c.msg, "tests need Nothing, which cannot be loaded: libnothing.so.0: ",
                          61) == 0, "no such library: %s", c.msg);
    mp_ctx_free(&c);
    mp_ctx_init(&c, NULL);
    tap_ok(t, mp_library_load(&c, &other, "tests") < 0 && !mp_library_loaded(&other) &&
                  strstr(c.msg, "undefined symbol: mp_library_load") != NULL,
           "no such function: %s", c.msg);
    tap_ok(t, mp_library_load(NULL, &other, "tests") < 0, "nobody is told");
    mp_ctx_free(&c);
}

static void test_blas(struct tap *t)
{
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    const int before = threads();
    setenv("OPENBLAS_NUM_THREADS", "7", 1);
    tap_ok(t, mp_blas_load(&c) == MP_OK, "OpenBLAS is loaded");
    tap_ok(t, threads() == before, "and starts no thread");
    tap_ok(t, is(getenv("OPENBLAS_NUM_THREADS"), "7"), "the environment is as it was");
    unsetenv("OPENBLAS_NUM_THREADS");
    struct { MISSING(MP_LIBRARY_MEMBER) } one;
    struct mp_library z = { MP_LIBRARY("zlib", "libz.so.1", MISSING, one) };
    tap_ok(t, mp_library_load(&c, &z, "tests") == MP_OK &&
                  getenv("OPENBLAS_NUM_THREADS") == NULL, "nothing is left in it");
    mp_ctx_free(&c);
}

int main(void)
{
    struct tap t = { 0 };
    test_table(&t);
    test_failures(&t);
    test_blas(&t);
    return tap_end(&t);
}
