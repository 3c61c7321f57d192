/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grid.c - sets of values: found, numbered, put in place, drawn. */
#include "../tap.h"
#include "core/ctx.h"
#include "pipeline/grid.h"
#include <stdlib.h>
#include <string.h>

static const char text[] = "data train=a.csv\n"
                           "hog cell={4, 7} norm=\"{l2,x}\"\n"
                           "net epochs=3\n"
                           "  conv filters=8\n"
                           "  conv filters={8,16} kernel={3,5,7}\n"
                           "  dense units=10\n";

static bool open(struct mp_ctx *c, const char *from, struct mp_script *s, struct mp_grid *g)
{
    c->msg[0] = '\0';
    mp_ctx_where(c, "%s", "");
    return mp_script_parse(c, "p.txt", from, s) == MP_OK && mp_grid_open(c, s, g) == MP_OK;
}

static void test_order(struct tap *t)
{
    struct mp_ctx c;
    struct mp_script s;
    struct mp_grid g;
    char words[256];
    int which[3];
    bool good = true;
    mp_ctx_init(&c, NULL);
    tap_ok(t, open(&c, text, &s, &g) && g.n == 3 && g.total == 12, "three sets, 12 combinations");
    tap_ok(t, strcmp(g.sets[0].name, "hog.cell") == 0 &&
                  strcmp(g.sets[1].name, "conv#2.filters") == 0 &&
                  strcmp(g.sets[2].name, "conv#2.kernel") == 0,
           "named as --set names them; a value in quotes is no set");
    for (int i = 0, n = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            for (int k = 0; k < 3; k++, n++) {
                mp_grid_values(&g, (uint64_t)n, which);
                good = good && which[0] == i && which[1] == j && which[2] == k;
            }
    tap_ok(t, good, "in the order of nested loops, the last set fastest");
    mp_grid_text(&g, 7, "--set ", words, sizeof words);
    tap_ok(t, strcmp(words, "--set hog.cell=7 --set conv#2.filters=8 --set conv#2.kernel=5") == 0,
           "in words: %s", words);
    mp_grid_text(&g, 7, "--set ", words, 20);
    tap_ok(t, strcmp(words, "--set hog.cell=7 --") == 0, "cut where there is no room");
    mp_grid_choose(&c, &g, 11);
    mp_grid_choose(&c, &g, 7);
    char *now = mp_script_text(&c, &s, false);
    tap_ok(t, now != NULL && strcmp(now, "hog cell=7 norm=\"{l2,x}\"\nnet epochs=3\n"
                                         "  conv filters=8\n  conv filters=8 kernel=5\n"
                                         "  dense units=10\n") == 0, "in the pipeline");
    free(now);
    mp_grid_close(&g);
    mp_script_free(&s);
}

/* A combination put into a script is what --set makes of it. */
static void test_settings(struct tap *t)
{
    struct mp_ctx c;
    struct mp_script a, b;
    struct mp_grid g;
    bool good = true;
    mp_ctx_init(&c, NULL);
    open(&c, text, &a, &g);
    for (uint64_t i = 0; i < g.total; i++) {
        char words[256], *x, *y, *rest = words;
        mp_grid_text(&g, i, "", words, sizeof words);
        mp_script_parse(&c, "p.txt", text, &b);
        for (char *one; (one = strtok_r(rest, " ", &rest)) != NULL;)
            good = mp_script_set(&c, &b, one) == MP_OK && good;
        good = mp_grid_choose(&c, &g, i) == MP_OK && good;
        x = mp_script_text(&c, &a, true);
        y = mp_script_text(&c, &b, true);
        good = good && x != NULL && y != NULL && strcmp(x, y) == 0;
        free(x);
        free(y);
        mp_script_free(&b);
    }
    tap_ok(t, good, "every combination is what its words make of the pipeline");
    mp_grid_close(&g);
    mp_script_free(&a);
}

static void test_refused(struct tap *t)
{
    static const struct { const char *text, *why; } bad[] = {
        { "svm C=1\n", "p.txt: has no set of values to try; write one in it, such as svm "
                       "C={0.1,0.3,1}, or give --set svm.C={0.1,0.3,1}" },
        { "svm C={}\n", "p.txt:1: svm: C={}: an empty set; expected values between the braces, "
                        "such as {0.1,0.3,1}" },
        { "svm C={ }\n", "p.txt:1: svm: C={ }: an empty set; expected values between the braces, "
                         "such as {0.1,0.3,1}" },
        { "pixels\nsvm C={1,,2}\n", "p.txt:2: svm: C={1,,2}: has an empty value; expected values "
                                    "with commas between, such as {0.1,0.3,1}" },
        { "svm C={1,2, }\n", "p.txt:1: svm: C={1,2, }: has an empty value; expected values with "
                             "commas between, such as {0.1,0.3,1}" },
        { "svm C={1,2,1}\n", "p.txt:1: svm: C={1,2,1}: has the value 1 twice" },
        { "data seed={1,2}\nsvm\n", "p.txt:1: data: seed={1,2}: all combinations are scored on the "
                                    "same rows; a set of values belongs to a stage" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mp_ctx c;
        struct mp_script s;
        struct mp_grid g;
        mp_ctx_init(&c, NULL);
        tap_ok(t, !open(&c, bad[i].text, &s, &g) && strcmp(c.msg, bad[i].why) == 0, "%s", c.msg);
        mp_script_free(&s);
    }
}

/* 2^54 combinations. */
static void test_too_many(struct tap *t)
{
    struct mp_ctx c;
    struct mp_script s;
    struct mp_grid g;
    char many[4096] = "";
    for (int i = 0; i < 54; i++)
        strcat(many, "blur sigma={1,2}\n");
    mp_ctx_init(&c, NULL);
    tap_ok(t, !open(&c, many, &s, &g) &&
                  strcmp(c.msg, "p.txt:54: blur: sigma={1,2}: with this set there are more "
                                "combinations than can be numbered") == 0, "%s", c.msg);
    mp_script_free(&s);
}

enum { TOTAL = 12, DRAWN = 4, SEEDS = 3000 };

static void test_draw(struct tap *t)
{
    struct mp_ctx c;
    struct mp_script s;
    struct mp_grid g;
    uint64_t a[TOTAL], b[TOTAL];
    int count[TOTAL] = { 0 };
    bool sound = true, even = true, all = true;
    mp_ctx_init(&c, NULL);
    open(&c, text, &s, &g);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sound = mp_grid_draw(&c, &g, DRAWN, seed, a) == MP_OK && sound;
        for (int i = 0; i < DRAWN; i++) {
            sound = sound && a[i] < TOTAL && (i == 0 || a[i] > a[i - 1]);
            count[a[i] % TOTAL]++;
        }
    }
    tap_ok(t, sound, "different combinations, in ascending order");
    /* 1000 times each, give or take 26: five standard deviations. */
    for (int i = 0; i < TOTAL; i++)
        even = even && abs(count[i] - SEEDS * DRAWN / TOTAL) < 130;
    tap_ok(t, even, "each is drawn as often as any other");
    mp_grid_draw(&c, &g, DRAWN, 7, a);
    mp_grid_draw(&c, &g, DRAWN, 7, b);
    tap_ok(t, memcmp(a, b, DRAWN * sizeof *a) == 0, "the same seed draws the same");
    mp_grid_draw(&c, &g, TOTAL, 3, a);
    for (int i = 0; i < TOTAL; i++)
        all = all && a[i] == (uint64_t)i;
    tap_ok(t, all, "as many as there are: all");
    tap_ok(t, mp_grid_draw(&c, &g, TOTAL + 1, 3, b) < 0 &&
                  strcmp(c.msg, "13 of 12 combinations cannot be drawn") == 0, "%s", c.msg);
    mp_grid_close(&g);
    mp_script_free(&s);
}

int main(void)
{
    struct tap t = { 0 };
    test_order(&t);
    test_settings(&t);
    test_refused(&t);
    test_too_many(&t);
    test_draw(&t);
    return tap_end(&t);
}
