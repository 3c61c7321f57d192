/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - a CSV file read by several threads, and with wide instructions, is the file that
 * one thread reads from beginning to end: the same rows, the same words for the same
 * mistake.  What comes as gzip is read in order, so the same bytes packed are the oracle. */
#include "../tap.h"
#include "formats/csv_rows.h"
#include "core/ctx.h"
#include "core/random.h"
#include "formats/read.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SIDE = 8, PIXELS = SIDE * SIDE, ROWS = 400 };

struct text {
    char at[1 << 18];
    size_t n;
};

static void add(struct text *t, const char *s)
{
    const size_t n = strlen(s);
    if (t->n + n + 1 > sizeof t->at)
        abort();
    memcpy(t->at + t->n, s, n + 1);
    t->n += n;
}

/* The value of a pixel: paper, or anything from 0 to 255. */
static unsigned ink(uint64_t seed, size_t i)
{
    const uint64_t r = mp_random_at(seed, 0, i, 0);
    return (r & 3) != 0 ? 0 : (unsigned)(r >> 8 & 255);
}

/* A file of which line `line` (from 1; 0: none) has `wrong` in place of column `column`. */
static void make(struct text *t, uint64_t seed, const char *end, size_t line, size_t column,
                 const char *wrong)
{
    char cell[32];
    t->n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j <= PIXELS; j++) {
            snprintf(cell, sizeof cell, "%s%u", j > 0 ? "," : "",
                     j == 0 ? (unsigned)(i % 10) : ink(seed, i * PIXELS + j));
            add(t, i + 1 == line && j + 1 == column ? wrong : cell);
        }
        add(t, end);
    }
}

static size_t pack(const struct text *t, uint8_t *to, size_t size)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    z.next_in = (Bytef *)(uintptr_t)t->at;
    z.avail_in = (uInt)t->n;
    z.next_out = to;
    z.avail_out = (uInt)size;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    deflateEnd(&z);
    return z.total_out;
}

static int read_with(int threads, const void *bytes, size_t n, struct mp_data *d, char *msg,
                     size_t size)
{
    struct mp_run run = { .threads = threads, .quiet = true };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    const int rc = mp_data_read_memory(&c, "file", bytes, n, &(struct mp_form){ .label = NULL }, d);
    snprintf(msg, size, "%s", c.msg);
    mp_ctx_free(&c);
    return rc;
}

static bool same(const struct mp_data *a, const struct mp_data *b)
{
    return a->n == b->n && a->line0 == b->line0 && a->crc == b->crc &&
           (a->label != NULL) == (b->label != NULL) &&
           memcmp(a->x, b->x, a->n * mp_len(a->shape)) == 0 &&
           (a->label == NULL || memcmp(a->label, b->label, a->n * sizeof *a->label) == 0);
}

/* Several threads against the bytes in order; *says gets what was found wrong, or "". */
static void compare(struct tap *tap, const struct text *t, const char *what, char *says,
                    size_t size)
{
    static const int threads[] = { 1, 2, 3, 7 };
    static uint8_t packed[1 << 18];
    struct mp_data d, in_order;
    char msg[1024];
    const int rc = read_with(1, packed, pack(t, packed, sizeof packed), &in_order, says, size);
    bool good = true;
    for (size_t i = 0; i < sizeof threads / sizeof *threads && good; i++) {
        good = read_with(threads[i], t->at, t->n, &d, msg, sizeof msg) == rc &&
               strcmp(msg, says) == 0 && (rc < 0 || same(&d, &in_order));
        mp_data_free(&d);
    }
    tap_ok(tap, good, "%s: %s%s%s", what, says, good ? "" : " against ", good ? "" : msg);
    mp_data_free(&in_order);
}

static void test_forms(struct tap *tap)
{
    static struct text t;
    char says[1024];
    make(&t, 1, "\n", 0, 0, "");
    compare(tap, &t, "lines", says, sizeof says);
    tap_ok(tap, says[0] == '\0', "and nothing is wrong");
    t.at[--t.n] = '\0';
    compare(tap, &t, "no end of the last line", says, sizeof says);
    tap_ok(tap, says[0] == '\0', "and nothing is wrong");
    add(&t, "\n\n\r\n\n");
    compare(tap, &t, "empty lines at the end", says, sizeof says);
    tap_ok(tap, says[0] == '\0', "and nothing is wrong");
    make(&t, 2, "\r\n", 0, 0, "");
    compare(tap, &t, "lines that end in \\r\\n", says, sizeof says);
    tap_ok(tap, says[0] == '\0', "and nothing is wrong");
}

/* A value that is written otherwise, wherever it lies, is the same value. */
static void test_other_forms(struct tap *tap)
{
    static const char *const forms[] = {
        ",0007", ", 7", ",7 ", ",7.0", ",\"7\"", ", \"7\" ", ",+7", ",7e0", ",0.7e+01",
        ",00000000000000000000000000000000000000000000000000000000000000000007",
    };
    static struct text t;
    char says[1024], what[80];
    struct mp_data d, plain;
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        const size_t line = 2 + mp_random_at(8, k, 0, 0) % (ROWS - 2);
        const size_t column = 2 + mp_random_at(8, k, 1, 0) % PIXELS;
        make(&t, k, k & 1 ? "\r\n" : "\n", line, column, ",7");
        read_with(2, t.at, t.n, &plain, says, sizeof says);
        make(&t, k, k & 1 ? "\r\n" : "\n", line, column, forms[k]);
        snprintf(what, sizeof what, "the value%s", forms[k]);
        compare(tap, &t, what, says, sizeof says);
        const int rc = read_with(2, t.at, t.n, &d, says, sizeof says);
        tap_ok(tap, rc == MP_OK && same(&d, &plain), "is 7");
        mp_data_free(&d);
        mp_data_free(&plain);
    }
}

/* Every kind of mistake, wherever it lies beside the borders of pieces. */
static void test_mistakes(struct tap *tap)
{
    static const char *const wrongs[] = {
        ",256", ",", ",x", ",0x7", ",-1", ",1\n", ",1,2", "\n,3", ",\n\n3", ", 7 7", ",999", ",1\r",
        ",300", ",2560", ",1e40",
    };
    static struct text t;
    char says[1024], what[80];
    for (size_t k = 0; k < sizeof wrongs / sizeof *wrongs; k++) {
        const size_t line = 2 + mp_random_at(7, k, 0, 0) % (ROWS - 2);
        make(&t, k, "\n", line, 2 + mp_random_at(7, k, 1, 0) % PIXELS, wrongs[k]);
        snprintf(what, sizeof what, "mistake %zu", k);
        compare(tap, &t, what, says, sizeof says);
        tap_ok(tap, says[0] != '\0', "and it is found");
    }
    make(&t, 3, "\n", 398, 5, ",x");
    memcpy(strchr(t.at + t.n / 2, '\n') - 1, "y", 1);
    compare(tap, &t, "the first of two mistakes", says, sizeof says);
    tap_ok(tap, strstr(says, "y\"") != NULL, "is the one that is told");
    make(&t, 3, "\n", 0, 0, "");
    t.n /= 2;
    while (t.at[t.n - 1] != ',')
        t.n--;
    compare(tap, &t, "cut off", says, sizeof says);
    tap_ok(tap, strstr(says, "may be cut off") != NULL, "is told");
}

/* Single lines, all of them: whatever the wide instructions take is what is taken without
 * them, and they take every line that is right and ends in \n. */
static void test_wide(struct tap *tap)
{
    enum { VALUES = 50, FRONT = MP_INPUT_PAD };
    static const char odd[] = "0123456789,,\n\r x/:";
    char line[FRONT + 1024];
    uint8_t a[VALUES + 1], b[VALUES + 1];
    size_t right = 0, wrong = 0, bad = 0;
    for (uint64_t k = 0; k < 200000 && mp_csv_has_wide(); k++) {
        size_t n = FRONT;
        memset(line, (int)(k % 10 + '0'), sizeof line);
        for (size_t j = 0; j < VALUES; j++)
            n += (size_t)snprintf(line + n, sizeof line - n, "%s%u", j > 0 ? "," : "",
                                  k % 3 == 0 ? (unsigned)(mp_random_at(k, 1, j, 0) & 255)
                                             : ink(k, j));
        line[n++] = '\n';
        memset(line + n, k & 1 ? '5' : '\0', sizeof line - n);
        if (k % 2 == 1)
            line[FRONT + mp_random_at(k, 2, 0, 0) % (n - FRONT)] =
                odd[mp_random_at(k, 2, 1, 0) % (sizeof odd - 1)];
        const uint8_t *p = (uint8_t *)line + FRONT, *end = (uint8_t *)line + n;
        a[VALUES] = b[VALUES] = 77;
        const uint8_t *one = mp_csv_row(p, end, NULL, a, VALUES);
        const uint8_t *two = mp_csv_row_wide(p, end, NULL, b, VALUES);
        const bool expected = one != NULL && one[-1] == '\n' && one[-2] != '\r';
        right += expected;
        wrong += !expected;
        bad += expected ? two != one || memcmp(a, b, VALUES) != 0 : two != NULL;
        bad += b[VALUES] != 77;
    }
    tap_ok(tap, bad == 0, "wide instructions: %zu lines taken, %zu refused, %zu otherwise than "
           "without", right, wrong, bad);
}

int main(void)
{
    struct tap tap = { 0 };
    test_forms(&tap);
    test_other_forms(&tap);
    test_mistakes(&tap);
    test_wide(&tap);
    return tap_end(&tap);
}
