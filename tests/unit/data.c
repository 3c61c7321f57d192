/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.c - reading data sets: every form gives the same rows, every mistake its
 * exact text.  The files are written into a temporary folder. */
#include "../labels.h"
#include "../tap.h"
#include "core/ctx.h"
#include "data/data.h"
#include "formats/format.h"
#include "formats/read.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* ------------------------------------------------------------------ files */

/* A file in memory that grows. */
struct text {
    char *at;
    size_t n, room;
};

static void add(struct text *t, const void *bytes, size_t n)
{
    while (t->n + n + 1 > t->room) {
        t->room = t->room > 0 ? 2 * t->room : 256;
        t->at = realloc(t->at, t->room);
        if (t->at == NULL)
            abort();
    }
    memcpy(t->at + t->n, bytes, n);
    t->n += n;
    t->at[t->n] = '\0';
}

static void add_text(struct text *t, const char *s)
{
    add(t, s, strlen(s));
}

static void save(const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(name, "wb");
    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
}

/* Appends one gzip member. */
static void add_gzip(struct text *to, const void *bytes, size_t n)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    const uLong most = deflateBound(&z, (uLong)n);
    Bytef *out = malloc(most);
    z.next_in = (Bytef *)bytes;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)most;
    if (out == NULL || deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    add(to, out, z.total_out);
    deflateEnd(&z);
    free(out);
}

static void save_gzip(const char *name, const void *bytes, size_t n)
{
    struct text t = { 0 };
    add_gzip(&t, bytes, n);
    save(name, t.at, t.n);
    free(t.at);
}

static void add_idx(struct text *t, uint32_t magic, const uint32_t *sizes, int dims,
                    const void *bytes, size_t n)
{
    for (int i = -1; i < dims; i++) {
        const uint32_t v = i < 0 ? magic : sizes[i];
        const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                               (uint8_t)v };
        add(t, b, 4);
    }
    add(t, bytes, n);
}

static void save_idx(const char *name, bool gzip, uint32_t magic, const uint32_t *sizes, int dims,
                     const void *bytes, size_t n)
{
    struct text t = { 0 };
    add_idx(&t, magic, sizes, dims, bytes, n);
    (gzip ? save_gzip : save)(name, t.at, t.n);
    free(t.at);
}

/* ------------------------------------------------------- what rows must be */

enum { ROWS = 1500, H = 20, W = 20, LEN = H * W };

struct truth {
    uint8_t x[ROWS][LEN], label[ROWS];
    uint32_t crc;
};

/* Runs of paper between ink, as in digits; all 256 values; labels 0..9. */
static struct truth *make_truth(void)
{
    struct truth *t = calloc(1, sizeof *t);
    uint32_t r = 1;
    if (t == NULL)
        abort();
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < LEN; j++) {
            r = r * 1664525u + 1013904223u;
            t->x[i][j] = (r >> 28) < 11 ? 0 : (uint8_t)(r >> 18);
        }
        t->label[i] = (uint8_t)(i % 10);
    }
    t->crc = (uint32_t)crc32_z(crc32_z(0, &t->x[0][0], sizeof t->x), t->label, ROWS);
    return t;
}

enum form { HEADER = 1, QUOTED = 2, LABELS = 4, CRLF = 8, NO_END = 16, BLANKS = 32, BOM = 64 };

static struct text make_csv(const struct truth *t, size_t rows, unsigned form)
{
    struct text s = { 0 };
    const char *end = form & CRLF ? "\r\n" : "\n";
    char cell[64];
    const int l = form & LABELS ? 1 : 0;
    if (form & BOM)
        add_text(&s, "\xef\xbb\xbf");
    for (int j = 0; j < LEN + l && form & HEADER; j++) {
        const char *q = form & QUOTED ? "\"" : "";
        if (j < l)
            snprintf(cell, sizeof cell, "%slabel%s", q, q);
        else
            snprintf(cell, sizeof cell, "%s%spixel%d%s", j > 0 ? "," : "", q, j - l, q);
        add_text(&s, cell);
    }
    if (form & HEADER)
        add_text(&s, end);
    for (size_t i = 0; i < rows; i++) {
        for (int j = 0; j < LEN + l; j++) {
            snprintf(cell, sizeof cell, "%s%u", j > 0 ? "," : "",
                     j < l ? t->label[i] : t->x[i][j - l]);
            add_text(&s, cell);
        }
        if (i + 1 < rows || !(form & NO_END))
            add_text(&s, end);
    }
    if (form & BLANKS) {
        add_text(&s, end);
        add_text(&s, end);
    }
    return s;
}

static bool same(const struct mp_data *d, const struct truth *t, size_t rows, bool labels)
{
    return d->n == rows && d->shape.h == H && d->shape.w == W && d->shape.c == 1 &&
           memcmp(d->x, t->x, rows * LEN) == 0 && (d->label != NULL) == labels &&
           (!labels || labels_are(d, t->label, rows));
}

static bool reads(const char *file, const char *labels_file, struct mp_form form,
                  const struct truth *t, size_t rows, bool labels)
{
    struct mp_ctx c;
    struct mp_data d;
    mp_ctx_init(&c, NULL);
    const int rc = mp_data_read(&c, file, labels_file, &form, &d);
    if (rc < 0)
        tap_note("%s", c.msg);
    const bool good = rc == MP_OK && same(&d, t, rows, labels) && strcmp(d.name, file) == 0 &&
                      (!labels || rows < ROWS || d.crc == t->crc) && d.file_bytes > 0;
    mp_data_free(&d);
    mp_ctx_free(&c);
    return good;
}

static const struct mp_form any = { .label = NULL }, right = { .size = { H, W, 1 } };

static void test_csv_forms(struct tap *tap, const struct truth *t)
{
    static const struct {
        const char *name;
        unsigned form;
    } forms[] = {
        { "header and labels", HEADER | LABELS },
        { "header, no labels", HEADER },
        { "labels, no header", LABELS },
        { "neither header nor labels", 0 },
        { "CRLF", HEADER | LABELS | CRLF },
        { "no newline at the end", HEADER | LABELS | NO_END },
        { "CRLF, none at the end", LABELS | CRLF | NO_END },
        { "quoted header", HEADER | QUOTED | LABELS },
        { "byte order mark before a header", HEADER | LABELS | BOM },
        { "byte order mark before values", LABELS | BOM },
        { "byte order mark, quoted header, CRLF", HEADER | QUOTED | LABELS | BOM | CRLF },
        { "empty lines at the end", HEADER | LABELS | BLANKS },
        { "empty CRLF lines at the end", LABELS | CRLF | BLANKS },
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const bool labels = forms[i].form & LABELS;
        struct text s = make_csv(t, ROWS, forms[i].form);
        save("a.csv", s.at, s.n);
        tap_ok(tap, reads("a.csv", NULL, any, t, ROWS, labels), "CSV: %s", forms[i].name);
        tap_ok(tap, reads("a.csv", NULL, right, t, ROWS, labels), "CSV: %s, size given",
               forms[i].name);
        save_gzip("named.csv", s.at, s.n);
        tap_ok(tap, reads("named.csv", NULL, any, t, ROWS, labels), "CSV: %s, gzip",
               forms[i].name);
        free(s.at);
    }
}

static void test_gzip_forms(struct tap *tap, const struct truth *t)
{
    struct text s = make_csv(t, ROWS, HEADER | LABELS), z = { 0 };
    add_gzip(&z, s.at, 1000);
    add_gzip(&z, "", 0);
    add_gzip(&z, s.at + 1000, s.n - 1000);
    save("many.csv.gz", z.at, z.n);
    tap_ok(tap, reads("many.csv.gz", NULL, any, t, ROWS, true), "gzip of three members");
    for (size_t zeros = 1; zeros < 5000; zeros = 7 * zeros + 3) {
        const size_t n = z.n;
        for (size_t i = 0; i < zeros; i++)
            add(&z, "", 1);
        save("padded.csv.gz", z.at, z.n);
        tap_ok(tap, reads("padded.csv.gz", NULL, any, t, ROWS, true), "gzip, then %zu zeros",
               zeros);
        z.n = n;
    }
    free(z.at);
    free(s.at);
    s = make_csv(t, 1, LABELS | NO_END);
    save("one.csv", s.at, s.n);
    tap_ok(tap, reads("one.csv", NULL, any, t, 1, true), "one row, no header, no newline");
    free(s.at);
}

static bool reads_memory(const struct text *s, const struct truth *t, bool labels)
{
    struct mp_ctx c;
    struct mp_data d;
    mp_ctx_init(&c, NULL);
    const int rc = mp_data_read_memory(&c, "memory", s->at, s->n, &any, &d);
    if (rc < 0)
        tap_note("%s", c.msg);
    const bool good = rc == MP_OK && same(&d, t, ROWS, labels) && d.file_bytes == s->n;
    mp_data_free(&d);
    mp_ctx_free(&c);
    return good;
}

/* Memory is read in small blocks: rows, header and gzip data across many borders. */
static void test_blocks(struct tap *tap, const struct truth *t)
{
    const uint32_t sizes[] = { ROWS, H, W };
    struct text s = make_csv(t, ROWS, HEADER | QUOTED | LABELS | CRLF), z = { 0 };
    tap_ok(tap, reads_memory(&s, t, true), "CSV in small blocks");
    add_gzip(&z, s.at, s.n);
    tap_ok(tap, reads_memory(&z, t, true), "CSV in small blocks, gzip");
    s.n = z.n = 0;
    add_idx(&s, 0x803, sizes, 3, t->x, sizeof t->x);
    tap_ok(tap, reads_memory(&s, t, false), "IDX in small blocks");
    add_gzip(&z, s.at, s.n);
    tap_ok(tap, reads_memory(&z, t, false), "IDX in small blocks, gzip");
    free(s.at);
    free(z.at);
}

static void test_idx(struct tap *tap, const struct truth *t)
{
    const uint32_t sizes[] = { ROWS, H, W };
    save_idx("t-images-idx3-ubyte", false, 0x803, sizes, 3, t->x, sizeof t->x);
    save_idx("t-images-idx3-ubyte.gz", true, 0x803, sizes, 3, t->x, sizeof t->x);
    save_idx("t-images.idx3-ubyte", false, 0x803, sizes, 3, t->x, sizeof t->x);
    save_idx("plain.bin", false, 0x803, sizes, 3, t->x, sizeof t->x);
    tap_ok(tap, reads("plain.bin", NULL, any, t, ROWS, false), "IDX without labels");
    tap_ok(tap, reads("plain.bin", NULL, right, t, ROWS, false), "IDX, size given");
    tap_ok(tap, reads("t-images-idx3-ubyte", NULL, any, t, ROWS, false), "IDX, no sibling there");
    save_idx("t-labels-idx1-ubyte.gz", true, 0x801, sizes, 1, t->label, ROWS);
    tap_ok(tap, reads("t-images-idx3-ubyte", NULL, any, t, ROWS, true), "IDX, sibling is gzip");
    tap_ok(tap, reads("./t-images-idx3-ubyte.gz", NULL, any, t, ROWS, true), "IDX, both gzip");
    tap_ok(tap, reads("plain.bin", "t-labels-idx1-ubyte.gz", any, t, ROWS, true),
           "IDX, labels named apart");
    remove("t-labels-idx1-ubyte.gz");
    save_idx("t-labels-idx1-ubyte", false, 0x801, sizes, 1, t->label, ROWS);
    tap_ok(tap, reads("t-images-idx3-ubyte.gz", NULL, any, t, ROWS, true), "IDX, sibling is plain");
    save_idx("t-labels.idx1-ubyte", false, 0x801, sizes, 1, t->label, ROWS);
    tap_ok(tap, reads("t-images.idx3-ubyte", NULL, any, t, ROWS, true), "IDX, names with a dot");
    remove("t-labels.idx1-ubyte");
    remove("t-labels-idx1-ubyte");
}

/* Sizes that are no square, one pixel, a size that decides about labels. */
static void test_sizes(struct tap *tap)
{
    static const struct {
        const char *text;
        struct mp_shape size;
        int h, w;
        size_t n;
        bool labels;
        const char *name;
    } cases[] = {
        { "label,a,b,c,d,e,f\n1,2,3,4,5,6,7\n", { 2, 3, 1 }, 2, 3, 1, true, "2x3 with header" },
        { "1,2,3,4,5,6,7\n1,2,3,4,5,6,7\n", { 3, 2, 1 }, 3, 2, 2, true, "3x2 with labels" },
        { "1,2,3,4,5,6\n", { 3, 2, 1 }, 3, 2, 1, false, "3x2 without labels" },
        { "1,2,3,4,5\n", { 1, 5, 1 }, 1, 5, 1, false, "1x5: the size outweighs the square" },
        { "1,2,3,4,5\n", { 0, 0, 0 }, 2, 2, 1, true, "2x2 with labels" },
        { "255\n0\n", { 0, 0, 0 }, 1, 1, 2, false, "1x1 without labels" },
        { "255,0", { 0, 0, 0 }, 1, 1, 1, true, "1x1 with labels" },
        { "LABEL,p\r\n007,00", { 0, 0, 0 }, 1, 1, 1, true, "label in capitals, leading zeros" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mp_ctx c;
        struct mp_data d;
        mp_ctx_init(&c, NULL);
        const struct mp_form form = { .size = cases[i].size };
        save("s.csv", cases[i].text, strlen(cases[i].text));
        const int rc = mp_data_read(&c, "s.csv", NULL, &form, &d);
        if (rc < 0)
            tap_note("%s", c.msg);
        tap_ok(tap, rc == MP_OK && d.n == cases[i].n && d.shape.h == cases[i].h &&
               d.shape.w == cases[i].w && (d.label != NULL) == cases[i].labels, "size: %s",
               cases[i].name);
        mp_data_free(&d);
        mp_ctx_free(&c);
    }
}

/* ------------------------------------------------------------------- errors */

/* FORMATS and LABELS in a text are the names of formats that are read, or read labels. */
static void with_names(const char *text, char *to, size_t size)
{
    const char *formats = strstr(text, "FORMATS"), *labels = strstr(text, "LABELS");
    const char *at = formats != NULL ? formats : labels;
    char names[MP_FORMAT_NAMES] = "";
    if (at != NULL)
        mp_format_names(at == labels, names, sizeof names);
    snprintf(to, size, "%.*s%s%s", at != NULL ? (int)(at - text) : (int)strlen(text), text, names,
             at == NULL ? "" : at + (at == formats ? 7 : 6));
}

static void fails(struct tap *tap, const char *file, const char *labels_file, struct mp_form form,
                  const char *text)
{
    struct mp_ctx c;
    struct mp_data d;
    char want[1024];
    with_names(text, want, sizeof want);
    mp_ctx_init(&c, NULL);
    const int rc = mp_data_read(&c, file, labels_file, &form, &d);
    const bool good = rc < 0 && strcmp(c.msg, want) == 0 && d.x == NULL && d.name == NULL;
    tap_ok(tap, good, "fails: %s", want);
    if (!good)
        tap_note("found: %s", c.msg);
    mp_data_free(&d);
    mp_ctx_free(&c);
}

#define TEXT(s) s, sizeof s - 1

static const struct {
    const char *text;
    size_t n;
    struct mp_shape size;
    const char *error;
} csv_errors[] = {
    { TEXT(""), { 0 }, "f: is empty, expected FORMATS" },
    { TEXT("\xef\xbb\xbf"), { 0 }, "f: found no row, expected a header or values" },
    { TEXT("\n\n"), { 0 }, "f: found no row, expected a header or values" },
    { TEXT("label,p0,p1,p2,p3\n"), { 0 },
      "f: found only a header, expected rows of values below it" },
    { TEXT("label,p0,p1,p2,p3"), { 0 },
      "f: found only a header, expected rows of values below it" },
    { TEXT("label,p0,p1,p2,p3\n\n\n"), { 0 },
      "f: found only a header, expected rows of values below it" },
    { TEXT("1,2,3,4,5\n1,2,3,4\n"), { 0 },
      "f: line 2: found 4 values, expected 5 as in line 1" },
    { TEXT("1,2,3,4,5\n1,2,3,4,5,6\n"), { 0 },
      "f: line 2: found 6 values, expected 5 as in line 1" },
    { TEXT("1,2,3,4,5\n1,2,3,4,5,\n"), { 0 },
      "f: line 2: found 6 values, expected 5 as in line 1" },
    { TEXT("label,a,b,c,d\n1,2,3,4,5,6\n1,2,3,4,5\n"), { 0 },
      "f: line 2: found 6 values, expected 5 as in line 1" },
    { TEXT("label,a,b,c,d\n1,2,3,4,5\n1,2,3,4,5,6\n"), { 0 },
      "f: line 3: found 6 values, expected 5 as in line 1" },
    { TEXT("1,2,3,4,5\n7\n1,2,3,4,5\n"), { 0 },
      "f: line 2: found 1 value, expected 5 as in line 1" },
    { TEXT("1,2,3,4,5\n1,2,3"), { 0 },
      "f: line 2: found 3 values, expected 5 as in line 1; it is the last line and has no end: "
      "the file may be cut off" },
    { TEXT("1,2,3,4,5\n1,2,3,4,"), { 0 },
      "f: line 2: found 4 values, expected 5 as in line 1; it is the last line and has no end: "
      "the file may be cut off" },
    { TEXT("1,2,3,4,5\n1,2,3,4,\n1,2,3,4,5\n"), { 0 },
      "f: line 2, column 5 (pixel3): found nothing, expected a number" },
    { TEXT("1,2,3,4,5\n1,2,256,4,5\n"), { 0 },
      "f: line 2, column 3 (pixel1): found 256, expected 0..255 as all others are; "
      "range=LOW..HIGH says otherwise" },
    { TEXT("1,2,3,4,5\n1,2,3,4,256\n"), { 0 },
      "f: line 2, column 5 (pixel3): found 256, expected 0..255 as all others are; "
      "range=LOW..HIGH says otherwise" },
    { TEXT("label,a,b,\"c,d\",e\r\n1,2,3,-1,5\r\n"), { 0 },
      "f: line 2, column 4 (c,d): found -1, expected 0..255 as all others are; "
      "range=LOW..HIGH says otherwise" },
    { TEXT("label,a,b,c,d\n1,2,abc,4,5\n"), { 0 },
      "f: line 2, column 3 (b): found \"abc\", expected a number" },
    { TEXT("label,a,b,c,d\n1,2,abc,4,5\n1,2,def,4,5\n"), { 0 },
      "f: line 2, column 3 (b): found \"abc\", expected a number" },
    { TEXT("1,2,abc,4,5\n"), { 0 },
      "f: line 1, column 3 (pixel1): found \"abc\", expected a number" },
    { TEXT("1,2,3,4,5\n1,2,3,4,abc\n"), { 0 },
      "f: line 2, column 5 (pixel3): found \"abc\", expected a number" },
    { TEXT("1,,3,4,5\n"), { 0 },
      "f: line 1, column 2 (pixel0): found nothing, expected a number" },
    { TEXT("1,2,1000,4,5\n"), { 0 },
      "f: line 1, column 3 (pixel1): found 1000, expected 0..255 as all others are; "
      "range=LOW..HIGH says otherwise" },
    { TEXT("1,2,1e40,4,5\n"), { 0 },
      "f: line 1, column 3 (pixel1): found \"1e40\", expected a smaller number" },
    { TEXT("1,2,256,4,5\n1,2,3,256,5\n"), { 0 },
      "f: whole numbers up to 256: what is full ink? range=0..256 or range=0..65535 says it" },
    { TEXT("label,a,b,c,d\n1,2,3,4,abcdefghijklmnopqrstuvwxyz\n"), { 0 },
      "f: line 2, column 5 (d): found \"abcdefghijklmnopqrst...\", expected a number" },
    { TEXT("1,2,3\0,4,5\n1,2,3,4,5\n"), { 0 },
      "f: line 1, column 3 (pixel1): found \"3\\x00\", expected a number" },
    { TEXT("1,2,3,4,5\n1,2,3,4,5\0"), { 0 },
      "f: line 2, column 5 (pixel3): found \"5\\x00\", expected a number" },
    { TEXT("1,2,3,4,5\n1,2,\t\xc3\xa9\r3,4,5\n"), { 0 },
      "f: line 2, column 3 (pixel1): found \"\\xc3\\xa9\\r3\", expected a number" },
    { TEXT("label,a,b,c,d\n,2,3,4,5\n"), { 0 },
      "f: line 2, column 1 (label): found nothing, expected a whole number or a word" },
    { TEXT("label,a,b,c,d\n1.5,2,3,4,5\n"), { 0 },
      "f: line 2, column 1 (label): found \"1.5\", expected a whole number or a word" },
    { TEXT(",2,3,4,5\n"), { 0 },
      "f: line 1, column 1 (label): found nothing, expected a whole number or a word" },
    { TEXT(",,,,\n"), { 0 },
      "f: line 1, column 1 (pixel0): found nothing, expected a number" },
    { TEXT("1,2,3,4,5\r1,2,3,4,5\r"), { 0 },
      "f: line 1: found a carriage return without a line feed, expected lines that end in \\n or "
      "\\r\\n" },
    { TEXT("1,2,3\n"), { 0 },
      "f: line 1: found 3 columns, expected a square number such as 784, or one more with labels; "
      "for other images give size=HxW" },
    { TEXT("label,a,b,c\n1,2,3,4\n"), { 0 },
      "f: line 1: found label and 3 pixels, expected a square number such as 784; for other "
      "images give size=HxW" },
    { TEXT("label\n1\n"), { 0 },
      "f: line 1: found label and 0 pixels, expected a square number such as 784; for other "
      "images give size=HxW" },
    { TEXT("kind,a,b,c,d\n1,2,3,4,5\n"), { 0 },
      "f: line 1: found 5 pixels (column 1 is \"kind\", not label), expected 4 and a label; "
      "label=NAME or label=NUMBER says which column that is" },
    { TEXT("1,2,3,4,5\n"), { 2, 3, 1 },
      "f: line 1: found 5 columns, expected 6, or 7 with labels (size=2x3)" },
    { TEXT("label,a,b,c,d\n1,2,3,4,5\n"), { 2, 3, 1 },
      "f: line 1: found label and 4 pixels, expected 6 (size=2x3)" },
    { TEXT("1,2,3,4,5\n"), { 0, 3, 1 },
      "size=0x3x1: out of range (1..4096 px each way, 1 or 3 channels)" },
    { TEXT("1,2,3,4,5\n"), { 5000, 3, 1 },
      "size=5000x3x1: out of range (1..4096 px each way, 1 or 3 channels)" },
    { TEXT("PK\3\4\x14\0\0\0\x08\0"), { 0 },
      "f: cannot be unpacked, damaged or cut off (Truncated ZIP file header)" },
    { TEXT("\xff\xfel\0a\0"), { 0 },
      "f: found only a header, expected rows of values below it" },
    { TEXT("\0"), { 0 }, "f: starts with 00, expected FORMATS, plain or packed" },
};

static void test_csv_errors(struct tap *tap)
{
    for (size_t i = 0; i < sizeof csv_errors / sizeof csv_errors[0]; i++) {
        const struct mp_form form = { .size = csv_errors[i].size };
        save("f", csv_errors[i].text, csv_errors[i].n);
        fails(tap, "f", NULL, form, csv_errors[i].error);
        if (csv_errors[i].n > 0) {
            save_gzip("f", csv_errors[i].text, csv_errors[i].n);
            fails(tap, "f", NULL, form, csv_errors[i].error);
        }
    }
}

/* Lines far longer than any block, and far longer than they should be. */
static void test_long_lines(struct tap *tap)
{
    struct text s = { 0 };
    add_text(&s, "1,2,3,4,5\n1,2,3,4,5");
    for (int i = 0; i < 2000000; i++)
        add_text(&s, ",0");
    save("f", s.at, s.n);
    fails(tap, "f", NULL, any, "f: line 2: found 2000005 values, expected 5 as in line 1; it is "
          "the last line and has no end: the file may be cut off");
    s.n = 0;
    add_text(&s, "1,2,3,4,5\n1,2,");
    for (int i = 0; i < 3000000; i++)
        add_text(&s, "7");
    add_text(&s, ",4,5\n");
    save("f", s.at, s.n);
    fails(tap, "f", NULL, any, "f: line 2, column 3 (pixel1): found \"77777777777777777777...\", "
          "expected a smaller number");
    s.n = 0;
    for (int i = 0; i < 3000000; i++)
        add_text(&s, "x");
    save("f", s.at, s.n);
    fails(tap, "f", NULL, any, "f: found only a header, expected rows of values below it");
    s.at[1500000] = '\0';
    save("f", s.at, s.n);
    fails(tap, "f", NULL, any,
          "f: line 1 does not end within 2097152 bytes, expected FORMATS");
    free(s.at);
}

static void test_gzip_errors(struct tap *tap, const struct truth *t)
{
    struct text s = make_csv(t, 20, HEADER | LABELS), z = { 0 };
    char want[200];
    add_gzip(&z, s.at, s.n);
    save("f.gz", z.at, z.n - 100);
    snprintf(want, sizeof want, "f.gz: gzip data ends too early, after %zu bytes; the file is cut "
             "off", z.n - 100);
    fails(tap, "f.gz", NULL, any, want);
    save("f.gz", z.at, 5);
    fails(tap, "f.gz", NULL, any,
          "f.gz: gzip data ends too early, after 5 bytes; the file is cut off");
    z.at[z.n - 8] ^= 1;
    save("f.gz", z.at, z.n);
    fails(tap, "f.gz", NULL, any, "f.gz: the gzip checksum does not match; the file is damaged");
    z.at[z.n - 8] ^= 1;
    z.at[z.n - 4] ^= 1;
    save("f.gz", z.at, z.n);
    fails(tap, "f.gz", NULL, any, "f.gz: the gzip checksum does not match; the file is damaged");
    z.at[z.n - 4] ^= 1;
    add_text(&z, "junk");
    save("f.gz", z.at, z.n);
    snprintf(want, sizeof want, "f.gz: found a byte 0x6a after the gzip data, at byte %zu; "
             "expected the end or more gzip data", z.n - 4);
    fails(tap, "f.gz", NULL, any, want);
    save("f.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff\xff", 14);
    fails(tap, "f.gz", NULL, any, "f.gz: gzip data damaged near byte 11 (invalid block type)");
    z.n = 0;
    add_gzip(&z, s.at, s.n);
    for (int times = 2; times <= 4; times++) { /* gzip within gzip */
        s.n = 0;
        add_gzip(&s, z.at, z.n);
        save("f.gz", s.at, s.n);
        z.n = 0;
        add(&z, s.at, s.n);
        if (times < 4)
            tap_ok(tap, reads("f.gz", NULL, any, t, 20, true), "gzip, %d times over", times);
    }
    fails(tap, "f.gz", NULL, any, "f.gz: is packed more than 3 times over; unpack it once");
    save_gzip("f.gz", "", 0);
    fails(tap, "f.gz", NULL, any, "f.gz: is empty, expected FORMATS");
    /* The checksum tells more than the wrong value that the damage made. */
    z.n = 0;
    add_gzip(&z, "1,2,3,4,x\n", 10);
    z.at[z.n - 8] ^= 1;
    save("f.gz", z.at, z.n);
    fails(tap, "f.gz", NULL, any, "f.gz: the gzip checksum does not match; the file is damaged");
    free(z.at);
    free(s.at);
}

static void test_idx_errors(struct tap *tap)
{
    static const struct {
        uint32_t magic, sizes[4];
        int dims;
        size_t n;
        const char *error;
    } cases[] = {
        { 0x803, { 2, 2, 3 }, 3, 11, "f: found 11 bytes of pixels, expected 12 (2 images of 2x3)" },
        { 0x803, { 2, 2, 3 }, 3, 14, "f: found 14 bytes of pixels, expected 12 (2 images of 2x3)" },
        { 0x803, { 0xffffffff, 4096, 4096 }, 3, 12,
          "f: found 12 bytes of pixels, expected 72057594021150720 (4294967295 images of "
          "4096x4096)" },
        { 0x803, { 2, 1000000000, 1000000000 }, 3, 12,
          "f: found images of 1000000000x1000000000, expected 1..4096 each way" },
        { 0x803, { 2, 0, 3 }, 3, 0, "f: found images of 0x3, expected 1..4096 each way" },
        { 0x803, { 0, 2, 3 }, 3, 0, "f: found 0 images, expected at least 1" },
        { 0x803, { 2, 2 }, 2, 0, "f: found 12 bytes, expected an IDX header of 16 bytes" },
        { 0x801, { 2 }, 1, 2, "f: found IDX labels, expected IDX images" },
        { 0x802, { 2, 2 }, 2, 4,
          "f: found rows of 2 values, expected a square number such as 784; for other images give "
          "size=HxW" },
        { 0x802, { 2, 3072 }, 2, 4,
          "f: rows of 3072 values may be colour, by pixels or by planes; save it with four "
          "dimensions: x.reshape(-1, h, w, 3) or x.reshape(-1, 3, h, w)" },
        { 0xd03, { 2, 2, 3 }, 3, 47,
          "f: found 47 bytes of pixels, expected 48 (2 images of 2x3, 4 bytes a value)" },
        { 0xf03, { 2, 2, 3 }, 3, 48,
          "f: found magic 0x00000f03 (element type 0x0f), expected type 0x08, 0x09, 0x0b, 0x0c, "
          "0x0d or 0x0e (IDX)" },
        { 0x807, { 2, 2, 3 }, 3, 48,
          "f: found magic 0x00000807 (7 dimensions), expected 1..6 (IDX)" },
        { 0x804, { 2, 2, 2, 2 }, 4, 16,
          "f: found 2 x 2 x 2 x 2 of u1, expected 1 or 3 channels in the last dimension, or in "
          "the second" },
    };
    const uint8_t bytes[64] = { 1, 2, 3 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int gzip = 0; gzip < 2; gzip++) {
            save_idx("f", gzip, cases[i].magic, cases[i].sizes, cases[i].dims, bytes, cases[i].n);
            fails(tap, "f", NULL, any, cases[i].error);
        }
    const uint32_t sizes[] = { 2, 2, 3 };
    save_idx("f", false, 0x803, sizes, 3, bytes, 12);
    fails(tap, "f", NULL, right, "f: found images of 2x3, expected 20x20 (size)");
    save("f", "\0\0\x08", 3);
    fails(tap, "f", NULL, any, "f: found 3 bytes, expected an IDX header of 8 bytes");
}

static void test_label_errors(struct tap *tap)
{
    const uint8_t bytes[64] = { 1, 2, 3 };
    const uint32_t sizes[] = { 4, 2, 3 }, three = 3;
    save_idx("f", false, 0x803, sizes, 3, bytes, 24);
    save_idx("l", false, 0x801, &three, 1, bytes, 3);
    fails(tap, "f", "l", any, "l: found 3 labels, expected 4, as many as images in f");
    save_idx("l", false, 0x801, sizes, 1, bytes, 5);
    fails(tap, "f", "l", any, "l: found 5 bytes of labels, expected 4");
    save_idx("l", true, 0x801, sizes, 1, bytes, 3);
    fails(tap, "f", "l", any, "l: found 3 bytes of labels, expected 4");
    fails(tap, "f", "f", any, "f: found IDX images, expected IDX labels");
    fails(tap, "l", "f", any, "l: found IDX labels, expected IDX images");
    save("l", "label\n1\n", 8);
    fails(tap, "f", "l", any, "l: found 1 label, expected 4 as there are rows in f");
    save("l", "1 1:2 4:3\n", 10);
    fails(tap, "f", "l", any, "l: is a LIBSVM file; labels can be a file of LABELS");
    save("l", "", 0);
    fails(tap, "f", "l", any, "l: is empty, expected FORMATS");
    fails(tap, "f", "none", any, "none: no such file");
    save("l", "1,2,3,4,5\n", 10);
    fails(tap, "l", "f", any, "l: holds its labels itself; leave out the labels file f, or say "
          "label=none");
    save_idx("q-images-idx3", false, 0x803, sizes, 3, bytes, 24);
    save_idx("q-labels-idx1", false, 0x801, &three, 1, bytes, 3);
    fails(tap, "q-images-idx3", NULL, any,
          "q-labels-idx1: found 3 labels, expected 4, as many as images in q-images-idx3");
    remove("q-images-idx3");
    remove("q-labels-idx1");
}

static void test_file_errors(struct tap *tap)
{
    fails(tap, "nowhere.csv", NULL, any, "nowhere.csv: no such file");
    mkdir("folder", 0777);
    fails(tap, "folder", NULL, any,
          "folder: is a folder without pictures (PNG, JPEG, TIFF, BMP, GIF, WebP, PNM); expected some, "
          "or a folder of them for each class, or a file of rows");
    rmdir("folder");
    save("f", "1,2", 3);
    fails(tap, "f/g", NULL, any, "f/g: cannot open: Not a directory");
    if (geteuid() != 0) {
        chmod("f", 0);
        fails(tap, "f", NULL, any, "f: no permission to read it");
        chmod("f", 0600);
    } else
        tap_skip(tap, "no permission", "the superuser has it");
}

/* ------------------------------------------------------------- the rest of it */

/* Whichever allocation fails, the reader says so and leaks nothing. */
static void test_no_memory(struct tap *tap, const struct truth *t)
{
    static const char *const files[] = { "a.csv", "a.csv.gz", "n-images-idx3" };
    struct text s = make_csv(t, ROWS, HEADER | LABELS);
    const uint32_t sizes[] = { ROWS, H, W };
    save("a.csv", s.at, s.n);
    save_gzip("a.csv.gz", s.at, s.n);
    save_idx("n-images-idx3", false, 0x803, sizes, 3, t->x, sizeof t->x);
    save_idx("n-labels-idx1", false, 0x801, sizes, 1, t->label, ROWS);
    free(s.at);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        int rc = -1;
        bool said = true;
        long k = 1;
        for (; rc < 0 && k < 100; k++) {
            struct mp_ctx c;
            struct mp_data d;
            mp_ctx_init(&c, NULL);
            c.fail_at = k;
            rc = mp_data_read(&c, files[i], NULL, &any, &d);
            said = said && (rc == MP_OK || strstr(c.msg, "no memory for ") != NULL);
            mp_data_free(&d);
            mp_ctx_free(&c);
        }
        tap_ok(tap, rc == MP_OK && said && k > 4, "%s: each of %ld allocations may fail", files[i],
               k - 2);
    }
    remove("n-images-idx3");
    remove("n-labels-idx1");
}

static void test_stop(struct tap *tap)
{
    const int stopped = 1;
    struct mp_run run = { .stopped = &stopped };
    struct mp_ctx c;
    struct mp_data d;
    mp_ctx_init(&c, &run);
    const int rc = mp_data_read(&c, "a.csv", NULL, &any, &d);
    tap_ok(tap, rc < 0 && strcmp(c.msg, "interrupted") == 0, "stops when asked to");
    mp_ctx_free(&c);
}

static void test_pick(struct tap *tap, const struct truth *t)
{
    struct mp_ctx c;
    struct mp_data d, part, again;
    char name[40];
    mp_ctx_init(&c, NULL);
    const size_t rows[] = { 7, 2, 7 }, outside[] = { 0, ROWS }, one[] = { 1 };
    bool good = mp_data_read(&c, "a.csv", NULL, &any, &d) == MP_OK &&
                mp_data_pick(&c, &d, rows, 3, &part) == MP_OK;
    tap_ok(tap, good && part.n == 3 && memcmp(part.x, t->x[7], LEN) == 0 &&
           memcmp(part.x + LEN, t->x[2], LEN) == 0 && label_of(&part, 1) == t->label[2] &&
           part.crc != d.crc, "pick: rows and labels");
    mp_data_row_name(&d, 7, name, sizeof name);
    tap_ok(tap, strcmp(name, "line 9") == 0, "row name under a header: %s", name);
    mp_data_row_name(&part, 1, name, sizeof name);
    tap_ok(tap, strcmp(name, "line 4") == 0, "row name of a part: %s", name);
    good = mp_data_pick(&c, &part, one, 1, &again) == MP_OK;
    mp_data_row_name(&again, 0, name, sizeof name);
    tap_ok(tap, good && strcmp(name, "line 4") == 0, "row name of a part of a part: %s", name);
    mp_data_free(&again);
    tap_ok(tap, mp_data_pick(&c, &d, outside, 2, &again) < 0 && again.x == NULL &&
           strcmp(c.msg, "a.csv: no row 1500, expected 0..1499") == 0, "pick: %s", c.msg);
    mp_data_free(&part);
    mp_data_free(&d);
    const uint32_t sizes[] = { ROWS, H, W };
    save_idx("f", false, 0x803, sizes, 3, t->x, sizeof t->x);
    c.msg[0] = '\0';
    good = mp_data_read(&c, "f", NULL, &any, &d) == MP_OK;
    mp_data_row_name(&d, 7, name, sizeof name);
    tap_ok(tap, good && strcmp(name, "item 7") == 0, "row name of IDX: %s", name);
    tap_ok(tap, good && mp_data_pick(&c, &d, rows, 3, &part) == MP_OK && part.label == NULL,
           "pick: no labels");
    mp_data_free(&part);
    mp_data_free(&d);
    mp_ctx_free(&c);
}

static void clean(const char *folder)
{
    static const char *const files[] = {
        "a.csv", "a.csv.gz", "named.csv", "many.csv.gz", "one.csv", "s.csv", "f", "f.gz", "l", "padded.csv.gz",
        "plain.bin", "t-images-idx3-ubyte", "t-images-idx3-ubyte.gz", "t-images.idx3-ubyte",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        remove(files[i]);
    if (chdir("/") != 0 || rmdir(folder) != 0)
        tap_note("%s is left behind", folder);
}

int main(void)
{
    struct tap tap = { 0 };
    const char *tmp = getenv("TMPDIR");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/mnistpipe-data-XXXXXX",
             tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        printf("Bail out! no temporary folder %s\n", folder);
        return 1;
    }
    struct truth *t = make_truth();
    test_csv_forms(&tap, t);
    test_gzip_forms(&tap, t);
    test_blocks(&tap, t);
    test_idx(&tap, t);
    test_sizes(&tap);
    test_csv_errors(&tap);
    test_long_lines(&tap);
    test_gzip_errors(&tap, t);
    test_idx_errors(&tap);
    test_label_errors(&tap);
    test_file_errors(&tap);
    test_no_memory(&tap, t);
    test_stop(&tap);
    test_pick(&tap, t);
    clean(folder);
    free(t);
    return tap_end(&tap);
}
