/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names.c - names of classes: numbers of texts, their order, what is a name and what is none. */
#include "../labels.h"
#include "../tap.h"
#include "core/ctx.h"
#include "data/data.h"
#include <string.h>

static void test_names(struct tap *t)
{
    enum { MANY = 70000 };
    struct mp_names s = { .n = 0 }, copy;
    struct mp_ctx c;
    char text[32];
    bool good = true;
    mp_ctx_init(&c, NULL);
    for (int i = 0; i < MANY && good; i++)
        good = mp_names_add(&c, &s, text, (size_t)snprintf(text, sizeof text, "n%d", i)) == i;
    for (int i = 0; i < MANY && good; i += 7) {
        const int n = snprintf(text, sizeof text, "n%d", i);
        good = mp_names_add(&c, &s, text, (size_t)n) == i && mp_names_find(&s, text) == i &&
               strcmp(mp_names_at(&s, (size_t)i), text) == 0;
    }
    tap_ok(t, good && s.n == MANY && mp_names_find(&s, "n70000") == -1 &&
                  mp_names_find(&s, "n") == -1, "%d texts have their numbers, each one", MANY);
    tap_ok(t, mp_names_copy(&c, &s, &copy) == MP_OK && copy.n == MANY &&
                  mp_names_find(&copy, "n69999") == 69999, "and so has a copy");
    mp_names_free(&copy);
    mp_names_free(&s);
    tap_ok(t, mp_names_find(&s, "x") == -1, "in none nothing is found");
    mp_ctx_free(&c);
}

/* Each text stands before the next. */
static void test_order(struct tap *t)
{
    static const char *const sorted[] = { "-999999999999999999", "-12", "-1", "0", "7", "10",
                                          "123456789012345678", "", "+7", "-0", "007",
                                          "1234567890123456789", "7.5", "A", "B", "a", "aa", "b",
                                          "\xc3\xa9" };
    const size_t n = sizeof sorted / sizeof *sorted;
    bool good = true;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const int order = mp_names_compare(sorted[i], sorted[j]);
            good = good && (order < 0) == (i < j) && (order > 0) == (i > j);
        }
    tap_ok(t, good, "whole numbers ascending, then texts byte by byte");
}

static void test_labels(struct tap *t)
{
    static const struct { const char *text, *name; } cases[] = {
        { "7", "7" }, { " 7\t", "7" }, { "007", "7" }, { "+7", "7" }, { "7.0", "7" },
        { "7.", "7" }, { "1.3e+01", "13" }, { "13e+00", "13" }, { "-0", "0" }, { "-1", "-1" },
        { "70000", "70000" }, { "1e3", "1e3" }, { "4e", "4e" }, { "7.5", "7.5" }, { "-", "-" },
        { "a b", "a b" }, { "caf\xe9", "caf\xc3\xa9" }, { "caf\xc3\xa9", "caf\xc3\xa9" },
        { "12345678901234567890", "12345678901234567890" },
    };
    struct mp_data d = { .is_csv = true, .line0 = 2 };
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int rc = mp_data_label_text(&c, &d, i, cases[i].text, strlen(cases[i].text));
        if (!tap_ok(t, rc == MP_OK && strcmp(mp_data_class(&d, i), cases[i].name) == 0,
                    "label \"%s\"", cases[i].name))
            tap_note("%s", rc == MP_OK ? mp_data_class(&d, i) : c.msg);
    }
    mp_data_free(&d);
    mp_ctx_free(&c);
}

static void test_no_names(struct tap *t)
{
    char longer[256];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const struct { const char *text, *why; } cases[] = {
        { "", "f: line 3: the label is empty" }, { " \t ", "f: line 3: the label is empty" },
        { "a\nb", "f: line 3: the label has a control character in it" },
        { longer, "f: line 3: the label is longer than 254 bytes" },
    };
    static char name[] = "f";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mp_data d = { .name = name, .is_csv = true, .line0 = 2 };
        struct mp_ctx c;
        mp_ctx_init(&c, NULL);
        mp_data_label_text(&c, &d, 0, "1", 1);
        if (!tap_ok(t, mp_data_label_text(&c, &d, 1, cases[i].text, strlen(cases[i].text)) < 0 &&
                           strcmp(c.msg, cases[i].why) == 0, "no name: %s", cases[i].why))
            tap_note("%s", c.msg);
        d.name = NULL;
        mp_data_free(&d);
        mp_ctx_free(&c);
    }
}

/* Classes in order without those that no row has, and one more than there can be. */
static void test_classes(struct tap *t)
{
    static char name[] = "f";
    static const uint8_t bytes[] = { 9, 3, 9, 0 };
    struct mp_data d = { .name = name, .n = 4 };
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    bool good = mp_names_add(&c, &d.classes, "none", 4) == 0 &&
                mp_data_label_bytes(&c, &d, bytes) == MP_OK &&
                mp_data_label_text(&c, &d, 4, "b", 1) == MP_OK &&
                mp_data_label_number(&c, &d, 5, -3) == MP_OK;
    d.n = 6;
    good = good && mp_data_order_classes(&c, &d) == MP_OK && d.classes.n == 5;
    static const char *const names[] = { "-3", "0", "3", "9", "b" };
    static const uint16_t label[] = { 3, 2, 3, 1, 4, 0 };
    for (size_t k = 0; k < 5 && good; k++)
        good = strcmp(mp_names_at(&d.classes, k), names[k]) == 0;
    tap_ok(t, good && memcmp(d.label, label, sizeof label) == 0,
           "bytes, then texts and numbers: classes in order, those without rows left out");
    d.name = NULL;
    mp_data_free(&d);
    d = (struct mp_data){ .name = name };
    int rc = MP_OK;
    size_t i = 0;
    for (; i <= MP_MOST_CLASSES && rc == MP_OK; i++)
        rc = mp_data_label_number(&c, &d, i, (int64_t)i);
    tap_ok(t, rc < 0 && i == MP_MOST_CLASSES + 1 &&
                  strcmp(c.msg, "f: item 65535: label 65535 is one more than the 65535 different "
                                "labels that are possible") == 0, "65535 classes, and no more");
    d.name = NULL;
    mp_data_free(&d);
    mp_ctx_free(&c);
}

int main(void)
{
    struct tap t = { 0 };
    test_names(&t);
    test_order(&t);
    test_labels(&t);
    test_no_names(&t);
    test_classes(&t);
    return tap_end(&t);
}
