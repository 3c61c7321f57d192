/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dialects.c - one table written in every way that programs write tables is one table. */
#include "../tap.h"
#include "core/ctx.h"
#include "core/random.h"
#include "formats/read.h"
#include "formats/utf16.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 5, PIXELS = SIDE * SIDE, ROWS = 90 };

/* How a table is written. */
struct way {
    const char *name;
    const char *sep;     /* "," */
    const char *number;  /* of a printf */
    const char *top;     /* lines above it */
    const char *end;     /* of a line */
    bool header, quoted; /* quoted: numbers, too */
    double scale;        /* values are those of bytes times this */
    char point;
    int wide;            /* 0: UTF-8; 1, 2: UTF-16, low byte first, high byte first */
    const char *said;    /* what is to be said of it */
};

struct text {
    char at[1 << 19];
    size_t n;
};

static void add(struct text *t, const char *s)
{
    const size_t n = strlen(s);
    if (t->n + n >= sizeof t->at)
        abort();
    memcpy(t->at + t->n, s, n + 1);
    t->n += n;
}

static unsigned ink(size_t i, size_t j)
{
    const uint64_t r = mp_random_at(5, 0, i, j);
    return i == 0 && j < 2 ? (unsigned)(255 * j) : (r & 3) != 0 ? 0 : (unsigned)(r >> 8 & 255);
}

static void put_cell(struct text *t, const struct way *w, double v, bool number)
{
    char cell[64];
    snprintf(cell, sizeof cell, number ? w->number : "%.0f", v);
    char *point = strchr(cell, '.');
    if (point != NULL)
        *point = w->point;
    add(t, w->quoted ? "\"" : "");
    add(t, cell);
    add(t, w->quoted ? "\"" : "");
}

static void widen(struct text *t, int way, bool mark)
{
    static char narrow[1 << 19];
    const size_t n = t->n;
    if (2 * n + 2 > sizeof t->at)
        abort();
    memcpy(narrow, t->at, n);
    t->n = 0;
    if (mark) {
        t->at[t->n++] = way == 1 ? '\xff' : '\xfe';
        t->at[t->n++] = way == 1 ? '\xfe' : '\xff';
    }
    for (size_t i = 0; i < n; i++) {
        t->at[t->n++] = way == 1 ? narrow[i] : '\0';
        t->at[t->n++] = way == 1 ? '\0' : narrow[i];
    }
}

static void write_table(struct text *t, const struct way *w, bool mark)
{
    char name[32];
    t->n = 0;
    add(t, w->top);
    for (size_t j = 0; w->header && j <= PIXELS; j++) {
        snprintf(name, sizeof name, j == 0 ? "label" : "pixel%zu", j - 1);
        add(t, name);
        add(t, j < PIXELS ? w->sep : w->end);
    }
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j <= PIXELS; j++) {
            put_cell(t, w, j == 0 ? (double)(i % 10) : w->scale * ink(i, j - 1), j > 0);
            add(t, j < PIXELS ? w->sep : w->end);
        }
    if (w->wide)
        widen(t, w->wide, mark);
}

static void keep(void *arg, const char *text)
{
    char *said = arg;
    snprintf(said + strlen(said), 512 - strlen(said), "%s\n", text);
}

static int read_table(const struct text *t, struct mp_data *d, char *msg, char *said)
{
    struct mp_run run = { .threads = 2, .warnings = { keep, said } };
    struct mp_ctx c;
    *said = '\0';
    mp_ctx_init(&c, &run);
    const int rc = mp_data_read_memory(&c, "f", t->at, t->n, &(struct mp_form){ .label = "" }, d);
    snprintf(msg, 1024, "%s", c.msg);
    mp_ctx_free(&c);
    return rc;
}

static bool right(const struct mp_data *d)
{
    size_t wrong = d->n != ROWS || mp_len(d->shape) != PIXELS || d->label == NULL;
    for (size_t i = 0; wrong == 0 && i < ROWS; i++) {
        wrong += d->label[i] != i % 10;
        for (size_t j = 0; j < PIXELS; j++)
            wrong += d->x[i * PIXELS + j] != ink(i, j);
    }
    return wrong == 0;
}

static void check(struct tap *tap, const struct way *w, bool mark)
{
    static struct text t;
    char msg[1024], said[512];
    struct mp_data d;
    write_table(&t, w, mark);
    const int rc = read_table(&t, &d, msg, said);
    const char *expected = w->said != NULL ? w->said : "";
    if (!tap_ok(tap, rc == MP_OK && right(&d) && strcmp(said, expected) == 0, "%s%s", w->name,
                w->wide && !mark ? ", without a mark" : ""))
        printf("# %s\n# said %s# expected %s", rc < 0 ? msg : "other rows", said, expected);
    mp_data_free(&d);
}

#define SHARES "f: values from 0 to 1 were read as 0..1, paper to full ink (range=0..1)\n"

static const struct way ways[] = {
    { "plain", ",", "%.0f", "", "\n", true, .scale = 1 },
    { "no header", ",", "%.0f", "", "\n", .scale = 1 },
    { "semicolons", ";", "%.0f", "", "\r\n", true, .scale = 1 },
    { "tabs", "\t", "%.0f", "", "\n", true, .scale = 1 },
    { "blanks", " ", "%.0f", "", "\n", true, .scale = 1 },
    { "blanks, no header", " ", "%.0f", "", "\n", .scale = 1 },
    { "columns of blanks", " ", "%5.0f", "", "\n", .scale = 1 },
    { "blanks at the ends of lines", "  ", "%.0f", "", " \n", .scale = 1 },
    { "quotes", ",", "%.0f", "", "\n", true, true, .scale = 1 },
    { "quotes between semicolons", ";", "%.0f", "", "\n", true, true, .scale = 1 },
    { "quotes between blanks", " ", "%.0f", "", "\n", true, true, .scale = 1 },
    { "blanks behind commas", ", ", "%.0f", "", "\n", true, .scale = 1 },
    { "blanks about commas", " , ", "%.0f", "", "\n", true, .scale = 1 },
    { "blanks about tabs", " \t ", "%.0f", "", "\n", true, .scale = 1 },
    { "a comma at the end", ",", "%.0f", "", ",\n", true, .scale = 1 },
    { "a semicolon at the end, no header", ";", "%.0f", "", ";\r\n", .scale = 1 },
    { "a tab at the end", "\t", "%.0f", "", "\t\n", .scale = 1 },
    { "sep=,", ",", "%.0f", "sep=,\n", "\n", true, .scale = 1 },
    { "sep=;", ";", "%.0f", "SEP=;\r\n", "\r\n", true, .scale = 1 },
    { "a comment", ",", "%.0f", "# of 5 x 5, in order; the class comes first\n", "\n", true,
      .scale = 1 },
    { "comments and empty lines", ",", "%.0f", "\n#\n# a, b, c\n\n", "\n", .scale = 1 },
    { "empty lines between", ",", "%.0f", "", "\n\n", true, .scale = 1 },
    { "a byte order mark", ",", "%.0f", "\xef\xbb\xbf", "\n", true, .scale = 1 },
    { "a byte order mark and sep=", ";", "%.0f", "\xef\xbb\xbfsep=;\n", "\n", true, .scale = 1 },
    { "UTF-16, low byte first", "\t", "%.0f", "", "\r\n", true, .scale = 1, .wide = 1 },
    { "UTF-16, high byte first", ",", "%.0f", "", "\n", true, .scale = 1, .wide = 2 },
    { "UTF-16 of quotes and reals", ";", "%.1f", "", "\n", true, true, .scale = 1, .point = ',',
      .wide = 1 },
    { "reals", ",", "%.1f", "", "\n", true, .scale = 1, .point = '.' },
    { "exponents", " ", "%.18e", "", "\n", .scale = 1, .point = '.' },
    { "a comma before the fraction", ";", "%.2f", "", "\n", true, .scale = 1, .point = ',' },
    { "the same between tabs", "\t", "%.3f", "", "\n", true, .scale = 1, .point = ',' },
    { "shares", ",", "%.6f", "", "\n", true, .scale = 1 / 255., .point = '.', .said = SHARES },
    { "shares with exponents", " ", "%.18e", "", "\n", .scale = 1 / 255., .point = '.',
      .said = SHARES },
    { "shares of nine digits", ",", "%.9g", "", "\n", true, .scale = 1 / 255., .point = '.',
      .said = SHARES },
};

/* A line with a cell less or more, or a text in it, is named in every dialect. */
static void mistakes(struct tap *tap)
{
    static struct text t;
    char msg[1024], said[512], want[160];
    struct mp_data d;
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
        struct way w = ways[k];
        if (w.wide || w.quoted)
            continue;
        write_table(&t, &w, true);
        size_t lines = 1;
        char *last = t.at;
        for (char *p = t.at; p + 1 < t.at + t.n; p++)
            if (*p == '\n') {
                lines++;
                last = p[1] != '\n' ? p + 1 : last;
            }
        const size_t at = (size_t)(last - t.at);
        lines -= strcmp(w.end, "\n\n") == 0;
        t.n = at;
        add(&t, "7");
        add(&t, w.sep);
        add(&t, "x\n");
        snprintf(want, sizeof want, "f: line %zu: found 2 values, expected 26 as in line", lines);
        const int rc = read_table(&t, &d, msg, said);
        if (!tap_ok(tap, rc < 0 && strncmp(msg, want, strlen(want)) == 0, "%s: too few", w.name))
            printf("# found    %s\n# expected %s\n", msg, want);
        mp_data_free(&d);
    }
}

/* Characters of every length, a pair that two calls share, halves alone. */
static void characters(struct tap *tap)
{
    static const uint8_t be[] = { 0xfe, 0xff, 0, 'a', 0, 0xe9, 0x20, 0xac, 0xd8, 0x3d, 0xde, 0,
                                  0xde, 0, 0xd8, 0x3d, 0, 'b' };
    static const char want[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd" "b";
    const size_t units = sizeof be / 2;
    bool good = true;
    for (size_t cut = 0; cut <= units; cut++) {
        uint8_t text[64] = "";
        uint16_t lead = 0;
        const size_t n = mp_utf16_text(MP_UTF16_BE, be, cut, &lead, text);
        mp_utf16_text(MP_UTF16_BE, be + 2 * cut, units - cut, &lead, text + n);
        good = good && strcmp((char *)text, want) == 0;
    }
    tap_ok(tap, good, "UTF-16 of every length, wherever it is cut");
}

int main(void)
{
    struct tap t = { 0 };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        check(&t, &ways[i], true);
        if (ways[i].wide)
            check(&t, &ways[i], false);
    }
    mistakes(&t);
    characters(&t);
    return tap_end(&t);
}
