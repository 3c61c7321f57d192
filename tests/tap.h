/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tap.h - what a test program says, in the Test Anything Protocol.
 *
 *   struct tap t = { 0 };
 *   tap_ok(&t, 1 + 1 == 2, "%s adds", "plus");     ok 1 - plus adds
 *   return tap_end(&t);                            1..1
 *
 * The plan is counted, not written by hand, and comes last: a program that dies
 * on the way prints none, which the driver reports. */
#ifndef MP_TAP_H
#define MP_TAP_H
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct tap {
    int n, failed;
};

/* One test; its name is printf-like.  Gives back `good`. */
__attribute__((format(printf, 3, 4))) static inline bool tap_ok(struct tap *t, bool good,
                                                                const char *name, ...)
{
    va_list ap;
    printf("%s %d - ", good ? "ok" : "not ok", ++t->n);
    va_start(ap, name);
    vprintf(name, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout); /* a crash in the next test must not take this line along */
    t->failed += !good;
    return good;
}

/* A test that cannot be made here, and why. */
static inline void tap_skip(struct tap *t, const char *name, const char *why)
{
    printf("ok %d - %s # SKIP %s\n", ++t->n, name, why);
    fflush(stdout);
}

/* A remark for whoever reads the log; may have several lines. */
__attribute__((format(printf, 1, 2))) static inline void tap_note(const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (const char *at = text; *at != '\0';) {
        int n = 0;
        while (at[n] != '\0' && at[n] != '\n')
            n++;
        printf("# %.*s\n", n, at);
        at += n + (at[n] == '\n');
    }
    fflush(stdout);
}

/* Prints the plan; the value is main()'s. */
static inline int tap_end(const struct tap *t)
{
    printf("1..%d\n", t->n);
    if (t->failed > 0)
        printf("# %d of %d failed\n", t->failed, t->n);
    return t->failed > 0;
}
#endif
