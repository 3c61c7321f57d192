/* SPDX-License-Identifier: GPL-3.0-or-later */
/* levels.c - tests: numbers of any kind as grey levels, and what is said of it. */
#include "../tap.h"
#include "core/ctx.h"
#include "formats/levels.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N = 4 };

static void hear(void *arg, const char *text)
{
    snprintf(arg, 512, "; %s", text);
}

/* What comes out of four values, two rows of two: "0 128 255 0 (0..1)", then what was said. */
static void take(const float x[N], bool real, const char *range, char *text, size_t size)
{
    char said[512] = "";
    struct mp_run run = { .threads = 2, .warnings = { hear, said } };
    struct mp_ctx c;
    struct mp_data d = { .name = (char *)(uintptr_t)"f", .n = 2, .shape = { 1, 2, 1 },
                         .line0 = 2, .is_csv = true };
    struct mp_form form;
    mp_ctx_init(&c, &run);
    const struct mp_form_text asked = { .range = (char *)(uintptr_t)range };
    int rc = mp_form_parse(&c, &asked, &form);
    if (rc == MP_OK)
        rc = mp_levels_bytes(&c, &form, &d, x, real);
    if (rc < 0)
        snprintf(text, size, "%s", c.msg);
    else
        snprintf(text, size, "%d %d %d %d (%g..%g)%s", d.x[0], d.x[1], d.x[2], d.x[3],
                 d.range.low, d.range.high, said);
    d.name = NULL;
    mp_data_free(&d);
    mp_ctx_free(&c);
}

static void guesses(struct tap *t)
{
    const struct {
        const char *what, *range, *right;
        float x[N];
        bool real;
    } cases[] = {
        { "whole numbers 0..255 stay", "", "0 7 255 128 (0..0)", { 0, 7, 255, 128 }, true },
        { "whole 0 and 1 may be any two levels", "", "0 1 1 0 (0..0)", { 0, 1, 1, 0 }, false },
        { "but written as reals they are shares", "", "0 255 255 0 (0..1); f: values from 0 to 1 "
          "were read as 0..1, paper to full ink (range=0..1)", { 0, 1, 1, 0 }, true },
        { "shares", "auto", "0 128 64 255 (0..1); f: values from 0 to 1 were read as 0..1, paper to "
          "full ink (range=0..1)", { 0, 0.5f, 0.25f, 1 }, false },
        { "shares of half the range", "", "0 51 102 128 (0..1); f: values from 0 to 0.5 were read "
          "as 0..1, paper to full ink (range=0..1)", { 0, 0.2f, 0.4f, 0.5f }, true },
        { "from -1 on", "", "0 128 255 64 (-1..1); f: values from -1 to 1 were read as -1..1, paper "
          "to full ink (range=-1..1)", { -1, 0, 1, -0.5f }, true },
        { "means of levels", "", "0 128 255 13 (0..0); f: values are not whole numbers: rounded to "
          "levels 0..255", { 0, 127.5f, 255, 12.75f }, true },
        { "16 bits", "", "0 255 128 1 (0..65535); f: values from 0 to 65535 were read as 0..65535, "
          "paper to full ink (range=0..65535)", { 0, 65535, 32768, 257 }, false },
        { "10 bits or 16", "", "f: whole numbers up to 1023: what is full ink? range=0..1023 or "
          "range=0..65535 says it", { 0, 1023, 512, 1 }, false },
        { "no image", "", "f: values from -3.5 to 900: which are paper and full ink? range=LOW..HIGH "
          "says it; range=-3.5..900 takes these", { 0, 900, -3.5f, 1 }, true },
        { "its advice", "-3.5..900", "1 255 0 1 (-3.5..900)", { 0, 900, -3.5f, 1 }, true },
        { "16 levels", "16", "0 128 255 16 (0..16)", { 0, 8, 16, 1 }, false },
        { "ink below paper is no range", "9..3", "range=9..3: expected auto, LOW..HIGH with LOW below "
          "HIGH such as 0..1 or -1..1, or HIGH alone such as 16", { 0 }, false },
        { "beyond the range", "0..16", "f: line 3: a pixel has the value 17, above range=0..16",
          { 0, 8, 16, 17 }, false },
        { "below the range", "0..16", "f: line 2: a pixel has the value -1, below range=0..16",
          { 0, -1, 16, 3 }, false },
        { "infinite", "", "f: line 3: pixel 1 is inf, expected a finite number",
          { 0, 0, 0, INFINITY }, true },
        { "no number", "0..1", "f: line 2: pixel 0 is nan, expected a finite number",
          { NAN, 0, 0, 1 }, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        take(cases[i].x, cases[i].real, cases[i].range, text, sizeof text);
        tap_ok(t, strcmp(text, cases[i].right) == 0, "%s", cases[i].what);
        if (strcmp(text, cases[i].right) != 0)
            printf("# %s\n# %s\n", text, cases[i].right);
    }
}

/* Whatever was divided by 255, or by 65 535 after times 257, comes back. */
static void round_trips(struct tap *t)
{
    char said[512] = "";
    struct mp_run run = { .threads = 2, .warnings = { hear, said } };
    float shares[256], wide[256];
    for (int v = 0; v < 256; v++) {
        shares[v] = (float)v / 255;
        wide[v] = (float)(257 * v);
    }
    const float *x[] = { shares, wide };
    for (int k = 0; k < 2; k++) {
        struct mp_ctx c;
        struct mp_data d = { .n = 16, .shape = { 4, 4, 1 } };
        const struct mp_form any = { .label = NULL };
        mp_ctx_init(&c, &run);
        bool same = mp_levels_bytes(&c, &any, &d, x[k], k == 0) == MP_OK;
        for (int v = 0; v < 256 && same; v++)
            same = d.x[v] == v;
        tap_ok(t, same, "%s of 0..255 come back", k == 0 ? "shares" : "16 bits");
        mp_data_free(&d);
        mp_ctx_free(&c);
    }
}

int main(void)
{
    struct tap t = { 0 };
    guesses(&t);
    round_trips(&t);
    return tap_end(&t);
}
