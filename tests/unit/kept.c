/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept.c - warnings are kept once each, and it is said where there was no memory for one. */
#include "core/kept.h"
#include "../tap.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LONG = 64 << 20 };

#ifndef __SANITIZE_ADDRESS__
static void test_refused(struct tap *t, struct mp_kept *k)
{
    const char *name = "one for which there is no memory: the last says so";
    char *text = malloc(LONG);
    const struct rlimit none = { 1, 1 };
    struct rlimit now;
    if (text == NULL || setrlimit(RLIMIT_AS, &none) < 0 || getrlimit(RLIMIT_AS, &now) < 0 ||
        now.rlim_cur != none.rlim_cur) { /* qemu takes limits of memory and forgets them */
        tap_skip(t, name, "limits of memory are not kept here");
        free(text);
        return;
    }
    memset(text, 'x', LONG - 1);
    text[LONG - 1] = '\0';
    const bool again = mp_keep(k, text) && mp_keep(k, text);
    tap_ok(t, again && mp_kept_count(k) == 3 && strstr(mp_kept_at(k, 2), "more warnings"), "%s",
           name);
    free(text);
}
#endif

int main(void)
{
    struct tap t = { 0 };
    struct mp_kept k = { .n = 0 };
    const bool good = mp_keep(&k, "one") && mp_keep(&k, "two") && !mp_keep(&k, "one");
    tap_ok(&t, good && mp_kept_count(&k) == 2 && strcmp(mp_kept_at(&k, 1), "two") == 0,
           "each once, in the order in which they come");
#ifdef __SANITIZE_ADDRESS__
    tap_skip(&t, "one for which there is no memory: the last says so",
             "the sanitizer ends a process without");
#else
    test_refused(&t, &k);
#endif
    mp_kept_free(&k);
    return tap_end(&t);
}
