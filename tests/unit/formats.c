/* SPDX-License-Identifier: GPL-3.0-or-later */
/* formats.c - the promises that every format of data sets makes, checked on every format.
 *
 * Runs over what the build found, so that a new format is covered the moment its file exists.
 * What its files hold to the byte, tests/formats/NAME.test says, which must be there:
 *
 *   write TABLE ...     a table of this file is written: images or vectors; `bytes`: pixels as
 *                       whole numbers, `blind`: without labels, `packed`: as NAME.gz
 *   file SUFFIX         and then the file STEM + SUFFIX holds, unpacked,
 *   "TEXT" x 3          this text, three times, with \n \" \\ and \xNN
 *   read images bytes   of a format that is only read: what the files described hold is that table
 *   counts FILE BYTES   so many bytes at the front of file 0, or 1, say what is in it: a change
 *                       of any of them is found
 *   open end            rows are not counted: what is cut off between two rows is whole
 *   whole lines         of these, a row without the end of its line is refused
 *
 * Prints TAP; given names of formats, of these alone.  SOURCE: the folder of the sources
 * (default .).  Works in a folder of its own under $TMPDIR.
 */
#include "../labels.h"
#include "../tap.h"
#include "core/ctx.h"
#include "core/random.h"
#include "formats/format.h"
#include "formats/read.h"
#include "formats/write.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct probe {
    struct tap tap;
    bool good;                      /* so far, of the test at hand */
    char folder[200];
    const struct mp_format_entry *e;
    int word;                       /* of --format */
    const char *name;
    bool packed, open_end, whole_lines;
    size_t counts[MP_TABLE_FILES];
};

static bool expect(struct probe *p, bool good, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool expect(struct probe *p, bool good, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!good && p->good)
        tap_note("%s: %s", p->name, text);
    p->good = p->good && good;
    return good;
}

static void done(struct probe *p, const char *what)
{
    tap_ok(&p->tap, p->good, "%s: %s", p->name, what);
    p->good = true;
}

/* ------------------------------------------------------------------- files */

struct bytes {
    uint8_t *at;
    size_t n;
};

static void add(struct bytes *b, const void *more, size_t n)
{
    b->at = realloc(b->at, b->n + n + 1);
    if (b->at == NULL)
        abort();
    memcpy(b->at + b->n, more, n);
    b->n += n;
    b->at[b->n] = '\0';
}

/* A file's content, unpacked if asked for. */
static struct bytes load(const char *path, bool unpack)
{
    struct bytes b = { NULL, 0 };
    char block[4096];
    int n;
    gzFile z = unpack ? gzopen(path, "rb") : NULL;
    FILE *f = unpack ? NULL : fopen(path, "rb");
    while ((n = z != NULL   ? gzread(z, block, sizeof block)
                : f != NULL ? (int)fread(block, 1, sizeof block, f) : 0) > 0)
        add(&b, block, (size_t)n);
    if (z != NULL)
        gzclose(z);
    if (f != NULL)
        fclose(f);
    return b;
}

/* A new file each time: file systems write out at once what replaces the content of an old one. */
static void save(const char *path, const void *bytes, size_t n)
{
    remove(path);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
}

/* Entries of a folder, temporary files included; they go if asked to. */
static int entries(const char *folder, bool remove_them)
{
    DIR *d = opendir(folder);
    int n = 0;
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char path[512];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        n++;
        if (remove_them)
            remove(path);
    }
    if (d != NULL)
        closedir(d);
    return n;
}

/* ------------------------------------------------------------------ tables */

static void pixel_name(const void *arg, size_t i, char *text, size_t size)
{
    (void)arg;
    snprintf(text, size, "pixel%zu", i);
}

static void odd_name(const void *arg, size_t i, char *text, size_t size)
{
    static const char *const names[] = { "hog[y=0,b=1]", "say \"x\"", "it's" };
    (void)arg;
    snprintf(text, size, "%s", names[i % 3]);
}

static const char *const classes[] = { "0", "7", "9" };
static const float pixels[] = { 0, 1, 0.5f, 0.25f, 1, 0, 0, 0.2f };
static const int pixel_classes[] = { 1, 0 };
static const float features[] = { 0, -1.5f, 1e-12f, 3, 0, 0, 0, 0, 0 };
static const int feature_classes[] = { 2, 0, 1 };

/* A table, and all its rows: as floats or as bytes. */
struct content {
    struct mp_table t;
    const float *x;
    const uint8_t *b;
    const int *y;               /* class numbers */
};

static const struct content images = {
    { .rows = 2, .shape = { 2, 2, 1 }, .labels = true, .name = "two", .classes = classes,
      .n_classes = 3, .column = pixel_name },
    pixels, NULL, pixel_classes
};
static const struct content vectors = {
    { .rows = 3, .shape = { 1, 3, 1 }, .labels = true, .name = "don't", .classes = classes,
      .n_classes = 3, .column = odd_name },
    features, NULL, feature_classes
};

struct files {
    int n;
    char path[MP_TABLE_FILES][300];
};

/* Writes `k` in blocks of so many rows as format `word`. */
static int write_table(struct probe *p, struct mp_ctx *c, int word, const struct content *k,
                       size_t block, struct files *files)
{
    const size_t d = mp_len(k->t.shape);
    const char *path;
    char stem[256];
    snprintf(stem, sizeof stem, "%s/rows", p->folder);
    struct mp_table_writer *w = mp_table_open(c, word, stem, &k->t);
    int rc = w != NULL ? MP_OK : -1;
    for (size_t i = 0; rc == MP_OK && i < k->t.rows; i += block) {
        const size_t n = k->t.rows - i < block ? k->t.rows - i : block;
        struct mp_chunk in = { .n = n, .shape = k->t.shape, .row0 = i };
        if (k->x != NULL)
            in.x = (float *)(uintptr_t)(k->x + i * d);
        else
            in.b = (uint8_t *)(uintptr_t)(k->b + i * d);
        rc = mp_table_rows(c, w, &in, k->t.labels ? k->y + i : NULL);
    }
    files->n = 0;
    for (int i = 0; rc == MP_OK && (path = mp_table_file(w, i)) != NULL; i++)
        snprintf(files->path[files->n++], sizeof *files->path, "%s", path);
    if (rc == MP_OK)
        rc = mp_table_commit(c, &w, 1);
    mp_table_close(w);
    return rc;
}

/* The same where it must succeed, in an empty folder; what is there then are its files. */
static bool writes(struct probe *p, int word, const struct content *k, size_t block,
                   struct files *files)
{
    struct mp_ctx c;
    mp_ctx_init(&c, &(struct mp_run){ .quiet = true });
    entries(p->folder, true);
    const int rc = write_table(p, &c, word, k, block, files);
    const int there = entries(p->folder, false);
    expect(p, rc == MP_OK, "cannot be written: %s", c.msg);
    expect(p, there == files->n, "%d files are there, expected %d", there, files->n);
    mp_ctx_free(&c);
    return p->good;
}

/* -------------------------------------------------------- what files must hold */

/* A case of NAME.test that is being read. */
struct reading {
    struct content k;
    struct files files;
    int line, checked, cases;   /* files of this case; cases so far */
    bool given;                 /* files are made of what is described, and read */
    char suffix[100];           /* "": no file is being described */
    struct bytes expected;
};

static void end_file(struct probe *p, struct reading *r)
{
    char path[400];
    if (*r->suffix == '\0')
        return;
    snprintf(path, sizeof path, "%s/rows%s", p->folder, r->suffix);
    if (r->given && expect(p, r->files.n < MP_TABLE_FILES, "line %d: another file", r->line)) {
        save(path, r->expected.at, r->expected.n);
        snprintf(r->files.path[r->files.n++], sizeof *r->files.path, "%.299s", path);
    }
    struct bytes found = load(path, true);
    size_t at = 0;
    while (at < found.n && at < r->expected.n && found.at[at] == r->expected.at[at])
        at++;
    expect(p, found.n == r->expected.n && at == found.n,
           "line %d: %s has %zu bytes, expected %zu; the first other one is byte %zu", r->line,
           r->suffix, found.n, r->expected.n, at);
    r->checked++;
    *r->suffix = '\0';
    free(found.at);
    free(r->expected.at);
    r->expected = (struct bytes){ NULL, 0 };
}

/* Taken for the format at hand, and read as the images that `write images bytes` writes. */
static void check_given(struct probe *p, const struct reading *r)
{
    const size_t n = images.t.rows, len = mp_len(images.t.shape);
    const struct mp_form form = { .size = images.t.shape };
    struct bytes b = load(r->files.path[0], true);
    struct mp_ctx c;
    struct mp_data d;
    mp_ctx_init(&c, &(struct mp_run){ .quiet = true });
    expect(p, mp_format_of(b.at, b.n) == p->e, "line %d: is not recognised", r->line);
    const bool good = mp_data_read(&c, r->files.path[0], NULL, &form, &d) == MP_OK;
    if (expect(p, good, "line %d: %s", r->line, c.msg) &&
        expect(p, d.n == n && mp_len(d.shape) == len, "line %d: another shape", r->line)) {
        for (size_t i = 0; i < n * len; i++)
            expect(p, d.x[i] == (int)(255 * images.x[i] + 0.5f), "line %d: value %zu", r->line, i);
        expect(p, d.label == NULL || (label_of(&d, 0) == 7 && label_of(&d, 1) == 0),
               "line %d: other labels", r->line);
    }
    mp_data_free(&d);
    mp_ctx_free(&c);
    free(b.at);
}

static void end_case(struct probe *p, struct reading *r)
{
    end_file(p, r);
    expect(p, r->checked == r->files.n, "line %d: %d files are described, %d were written",
           r->line, r->checked, r->files.n);
    if (r->given && r->files.n > 0)
        check_given(p, r);
    r->checked = r->files.n = 0;
    r->given = false;
}

/* The word of --format that is the format at hand, or it packed. */
static int word_of(const struct probe *p, bool packed)
{
    const char *name;
    for (int i = 0; (name = mp_table_format(i)) != NULL; i++)
        if (strcmp(name, packed ? p->e->packed : p->e->name) == 0)
            return i;
    return -1;
}

static void begin_case(struct probe *p, struct reading *r, const char *line)
{
    end_case(p, r);
    r->k = strstr(line, "vectors") != NULL ? vectors : images;
    r->k.t.bytes = strstr(line, "bytes") != NULL;
    r->k.t.labels = strstr(line, "blind") == NULL;
    r->cases++;
    writes(p, word_of(p, strstr(line, "packed") != NULL), &r->k, 2, &r->files);
}

/* "TEXT", or "TEXT" x N */
static bool add_text(struct reading *r, const char *line)
{
    struct bytes text = { NULL, 0 };
    const char *at = line + 1;
    long times = 1;
    for (; *at != '"' && *at != '\0'; at++) {
        char b = *at;
        if (b == '\\' && *++at == 'x') {
            const char hex[] = { at[1], at[2], '\0' };
            b = (char)strtol(hex, NULL, 16);
            at += 2;
        } else if (b == '\\') {
            b = *at == 'n' ? '\n' : *at;
        }
        add(&text, &b, 1);
    }
    const bool good = *at == '"' && text.n > 0 &&
                      (at[1] == '\n' || sscanf(at + 1, " x %ld", &times) == 1);
    for (; good && times > 0; times--)
        add(&r->expected, text.at, text.n);
    free(text.at);
    return good;
}

static bool take_line(struct probe *p, struct reading *r, const char *line)
{
    int file;
    size_t bytes;
    if (*line == '#' || *line == '\n')
        return true;
    if (*line == '"')
        return *r->suffix != '\0' && add_text(r, line);
    if (strcmp(line, "open end\n") == 0)
        return p->open_end = true;
    if (strcmp(line, "whole lines\n") == 0)
        return p->whole_lines = true;
    if (sscanf(line, "counts %d %zu", &file, &bytes) == 2 && file >= 0 && file < MP_TABLE_FILES) {
        p->counts[file] = bytes;
        return true;
    }
    if (strcmp(line, "read images bytes\n") == 0) {
        end_case(p, r);
        entries(p->folder, true);
        r->cases++;
        return r->given = true;
    }
    if (strncmp(line, "write ", 6) == 0) {
        begin_case(p, r, line);
        return true;
    }
    end_file(p, r);
    return sscanf(line, "file %99s", r->suffix) == 1;
}

/* Every format has its file, and the file holds. */
static void check_exact(struct probe *p, const char *source)
{
    struct reading r = { .line = 0 };
    char path[512], line[512];
    snprintf(path, sizeof path, "%s/tests/formats/%s.test", source, p->e->name);
    FILE *f = fopen(path, "r");
    if (expect(p, f != NULL, "has no %s", path)) {
        while (fgets(line, sizeof line, f) != NULL) {
            r.line++;
            expect(p, take_line(p, &r, line), "%s:%d: not understood: %s", path, r.line, line);
        }
        fclose(f);
        end_case(p, &r);
        expect(p, r.cases > 0, "%s describes no file", path);
    }
    done(p, "its files hold what they must, to the byte");
}

/* -------------------------------------------------- what is written, read back */

enum { H = 3, W = 4, LEN = H * W, ROWS = 7 };

/* Rows of which no two are alike.  The last value is one digit, so that of a text nothing can
 * be cut off that leaves another number in its place. */
struct truth {
    size_t n, len;
    uint8_t *x, *label;
    int *y;                     /* the same: class numbers */
    float *levels;
    struct content k;
};

static struct truth make_truth(size_t n, struct mp_shape shape)
{
    static const char *const ten[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
    struct truth t = { .n = n, .len = mp_len(shape) };
    t.x = malloc(n * t.len);
    t.label = calloc(n, 1);
    t.y = calloc(n, sizeof *t.y);
    t.levels = malloc(n * t.len * sizeof *t.levels);
    if (t.x == NULL || t.label == NULL || t.y == NULL || t.levels == NULL)
        abort();
    for (size_t i = 0; i < n * t.len; i++) {
        const uint64_t r = mp_random_at(5, 0, 0, i);
        t.x[i] = (i + 1) % t.len == 0 ? (uint8_t)(r % 10) : r % 3 == 0 ? 0 : (uint8_t)(r >> 40);
        t.levels[i] = (float)t.x[i] / 255;
        t.y[i / t.len] = (int)((3 * (i / t.len) + 1) % 10);
        t.label[i / t.len] = (uint8_t)t.y[i / t.len];
    }
    t.k = images;
    t.k.t.rows = n;
    t.k.t.shape = shape;
    t.k.t.bytes = true;
    t.k.x = NULL;
    t.k.b = t.x;
    t.k.y = t.y;
    t.k.t.classes = ten;
    t.k.t.n_classes = 10;
    return t;
}

static void free_truth(struct truth *t)
{
    free(t->x);
    free(t->label);
    free(t->y);
    free(t->levels);
}

/* Whether d is the first d->n rows of the truth. */
static bool same(const struct mp_data *d, const struct truth *t, bool labels)
{
    return d->n > 0 && d->n <= t->n && mp_len(d->shape) == t->len &&
           d->shape.h == t->k.t.shape.h && memcmp(d->x, t->x, d->n * t->len) == 0 &&
           (d->label != NULL) == labels && (!labels || labels_are(d, t->label, d->n));
}

static int read_back(struct mp_ctx *c, const char *file, const struct truth *t, struct mp_data *d)
{
    const struct mp_form form = { .size = t->k.t.shape };
    return mp_data_read(c, file, NULL, &form, d);
}

/* Written in blocks of so many rows, everything comes back. */
static void check_returns(struct probe *p, const struct truth *t, const struct content *k,
                          size_t block, const char *how)
{
    struct mp_run run = { .threads = 2, .quiet = true };
    struct mp_ctx c;
    struct mp_data d;
    struct files files;
    mp_ctx_init(&c, &run);
    if (writes(p, p->word, k, block, &files)) {
        const int rc = read_back(&c, files.path[0], t, &d);
        expect(p, rc == MP_OK, "%s: %s", how, c.msg);
        if (rc == MP_OK)
            expect(p, d.n == t->n && same(&d, t, k->t.labels), "%s: other rows come back", how);
        mp_data_free(&d);
    }
    mp_ctx_free(&c);
}

static void check_round_trip(struct probe *p)
{
    enum { MANY = 4000 };
    struct truth few = make_truth(ROWS, (struct mp_shape){ H, W, 1 });
    struct truth one = make_truth(1, (struct mp_shape){ 2, 1, 1 });
    struct truth many = make_truth(MANY, (struct mp_shape){ 28, 28, 1 });
    struct content blind = few.k, floats = few.k;
    blind.t.labels = false;
    floats.b = NULL;
    floats.x = few.levels;
    check_returns(p, &few, &few.k, 1, "row by row");
    check_returns(p, &few, &few.k, 3, "three rows at a time");
    check_returns(p, &few, &blind, ROWS, "without labels");
    check_returns(p, &few, &floats, ROWS, "from levels 0 .. 1");
    check_returns(p, &one, &one.k, 1, "one row of two pixels");
    check_returns(p, &many, &many.k, 256, "many rows");
    done(p, "what was written is read back");
    free_truth(&few);
    free_truth(&one);
    free_truth(&many);
}

/* ---------------------------------------------------------- files that are wrong */

static int open_files(void)
{
    return entries("/proc/self/fd", false);
}

/* Reads rows[0]; `wrong` is the file that is not right.  It must be refused in one line that
 * begins with its name, with nothing left over; or be read as the first rows, where `partly`
 * allows that.  Returns how many rows those are. */
static size_t check_refused(struct probe *p, const struct files *files, int wrong,
                            const struct truth *t, bool partly, const char *what, size_t at)
{
    const char *name = files->path[wrong];
    struct mp_ctx c;
    struct mp_data d;
    const int before = open_files();
    size_t n = 0;
    mp_ctx_init(&c, &(struct mp_run){ .quiet = true });
    if (read_back(&c, files->path[0], t, &d) == MP_OK) {
        n = d.n;
        expect(p, partly, "%s %zu: %s is accepted", what, at, name);
        expect(p, !partly || same(&d, t, true), "%s %zu: %s: other rows are read", what, at, name);
    } else {
        expect(p, strncmp(c.msg, name, strlen(name)) == 0 && strchr(c.msg, '\n') == NULL,
               "%s %zu: %s", what, at, c.msg);
        expect(p, d.x == NULL && d.label == NULL, "%s %zu: rows are left over", what, at);
    }
    mp_data_free(&d);
    mp_ctx_free(&c);
    expect(p, open_files() == before, "%s %zu: a file is left open", what, at);
    return n;
}

/* Cut at every length. */
static void check_cut(struct probe *p, const struct files *files, const struct truth *t)
{
    const bool open_end = p->open_end && !p->packed;
    for (int k = 0; k < files->n; k++) {
        struct bytes whole = load(files->path[k], false);
        size_t ends = 0;
        for (size_t n = 0; n < whole.n; n++) {
            save(files->path[k], whole.at, n);
            ends += check_refused(p, files, k, t, open_end, "cut to", n) > 0;
        }
        /* behind each row and its end, but for the end of the last */
        const size_t places = p->whole_lines ? ROWS - 1 : 2 * ROWS - 1;
        expect(p, !open_end || ends == places, "cut: rows end at %zu places", ends);
        save(files->path[k], whole.at, whole.n);
        free(whole.at);
    }
    done(p, "cut at every length: an error with the file's name, or the rows before");
}

/* Other numbers where the file says what is in it: in front, or in the eight bytes behind what
 * is packed; and more than it says.  Numbers of another type may be the same numbers. */
static void check_lies(struct probe *p, const struct files *files, const struct truth *t)
{
    for (int k = 0; k < files->n; k++) {
        struct bytes b = load(files->path[k], false);
        const size_t from = p->packed ? b.n - 8 : 0, to = p->packed ? b.n : p->counts[k];
        for (size_t i = from; i < to; i++) {
            const uint8_t was = b.at[i];
            for (unsigned v = 0; v < 256; v++) {
                b.at[i] = (uint8_t)v;
                save(files->path[k], b.at, b.n);
                const size_t n = v != was ? check_refused(p, files, k, t, true, "byte", i) : 0;
                expect(p, n == 0 || n == ROWS, "a lie in byte %zu: %zu rows", i, n);
            }
            b.at[i] = was;
        }
        save(files->path[k], b.at, b.n);
        add(&b, "0", 1);
        save(files->path[k], b.at, b.n);
        check_refused(p, files, k, t, false, "more than is said, byte", b.n - 1);
        save(files->path[k], b.at, b.n - 1);
        free(b.at);
    }
    done(p, "what lies about its size is refused, with its name");
}

/* Labels in a file of their own, of another table: one row less, and one more. */
static void check_strangers(struct probe *p, const struct files *files, const struct truth *t)
{
    struct bytes rows = load(files->path[0], false);
    for (size_t n = ROWS - 1; n <= ROWS + 1 && files->n > 1; n += 2) {
        struct truth other = make_truth(n, t->k.t.shape);
        struct files there;
        if (writes(p, p->word, &other.k, n, &there)) {
            save(files->path[0], rows.at, rows.n);
            check_refused(p, files, 1, t, false, "labels of other rows, number", n);
        }
        free_truth(&other);
    }
    free(rows.at);
    done(p, "labels of other rows are refused, with their file's name");
}

/* Any byte may be anything: it is read, or there is an error. */
static void check_noise(struct probe *p, const struct files *files, const struct truth *t)
{
    for (int k = 0; k < files->n; k++) {
        struct bytes b = load(files->path[k], false);
        for (size_t i = 0; i < 4 * b.n; i++) {
            struct mp_ctx c;
            struct mp_data d;
            const uint8_t was = b.at[i / 4];
            mp_ctx_init(&c, &(struct mp_run){ .quiet = true });
            b.at[i / 4] = (uint8_t)mp_random_at(6, 0, 0, i);
            save(files->path[k], b.at, b.n);
            const int rc = read_back(&c, files->path[0], t, &d);
            expect(p, rc < 0 ? d.x == NULL && strstr(c.msg, p->folder) == c.msg
                             : d.n > 0 && mp_len(d.shape) == t->len,
                   "noise in byte %zu: %s", i / 4, c.msg);
            mp_data_free(&d);
            mp_ctx_free(&c);
            b.at[i / 4] = was;
        }
        save(files->path[k], b.at, b.n);
        free(b.at);
    }
    done(p, "noise is read or refused");
}

/* Every allocation that mp_alloc() or mp_input_grow() makes for reading fails in turn. */
static void check_no_memory(struct probe *p, const struct files *files, const struct truth *t)
{
    int rc = -1;
    for (long k = 1; rc < 0 && k < 100; k++) {
        struct mp_ctx c;
        struct mp_data d;
        mp_ctx_init(&c, &(struct mp_run){ .quiet = true });
        c.fail_at = k;
        rc = read_back(&c, files->path[0], t, &d);
        expect(p, rc == MP_OK || (c.msg[0] != '\0' && d.x == NULL && d.label == NULL),
               "allocation %ld for reading: %s", k, c.msg);
        mp_data_free(&d);
        mp_ctx_free(&c);
    }
    expect(p, rc == MP_OK, "is never read");
    done(p, "reading without memory fails, and nothing is left");
}

static void check_reading(struct probe *p)
{
    struct truth t = make_truth(ROWS, (struct mp_shape){ H, W, 1 });
    struct files files;
    check_round_trip(p);
    if (writes(p, p->word, &t.k, 2, &files)) {
        check_cut(p, &files, &t);
        check_lies(p, &files, &t);
        check_noise(p, &files, &t);
        check_no_memory(p, &files, &t);
        check_strangers(p, &files, &t);
    }
    free_truth(&t);
}

/* ----------------------------------------------------------------- writing */

/* The same bytes in whatever blocks rows come. */
static void check_blocks(struct probe *p)
{
    enum { N = 600 };
    struct truth t = make_truth(N, (struct mp_shape){ 1, 500, 1 });
    static const size_t sizes[] = { 1, 7, 256 };
    struct content k = t.k;
    struct files files;
    struct bytes first[MP_TABLE_FILES] = { { NULL, 0 } };
    k.t.bytes = false;
    k.b = NULL;
    k.x = t.levels;
    bool good = writes(p, p->word, &k, N, &files);
    for (int i = 0; i < files.n && good; i++)
        first[i] = load(files.path[i], false);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes && good; s++) {
        good = writes(p, p->word, &k, sizes[s], &files);
        for (int i = 0; i < files.n && good; i++) {
            struct bytes b = load(files.path[i], false);
            good = expect(p, b.n == first[i].n && memcmp(b.at, first[i].at, b.n) == 0,
                          "%s is another in blocks of %zu rows", files.path[i], sizes[s]);
            free(b.at);
        }
    }
    for (int i = 0; i < MP_TABLE_FILES; i++)
        free(first[i].at);
    free_truth(&t);
    done(p, "the same bytes in whatever blocks rows come");
}

static void left_nothing(struct probe *p, struct mp_ctx *c, int rc, const char *what, long k)
{
    const int there = entries(p->folder, true);
    expect(p, rc < 0 && c->msg[0] != '\0', "%s %ld: succeeds", what, k);
    expect(p, there == 0, "%s %ld: %d files are left", what, k, there);
}

/* Rows that are too few, too many or not finite, and each allocation that fails: an error,
 * and no file, temporary ones included. */
static void check_failures(struct probe *p)
{
    float x[sizeof features / sizeof *features];
    struct content few = vectors, many = vectors, nan = vectors;
    struct files files;
    int rc = -1;
    memcpy(x, features, sizeof x);
    x[7] = (float)strtod("nan", NULL);
    nan.x = x;
    for (int k = 0; k < 3; k++) {
        struct mp_ctx c;
        struct mp_table_writer *w;
        char stem[256];
        const struct content *what = k == 2 ? &nan : k == 1 ? &many : &few;
        struct mp_table t = what->t;
        t.rows += k == 0 ? 1 : k == 1 ? (uint64_t)-1 : 0;
        snprintf(stem, sizeof stem, "%s/rows", p->folder);
        entries(p->folder, true);
        mp_ctx_init(&c, &(struct mp_run){ .quiet = true });
        const struct mp_chunk in = { .n = 3, .shape = t.shape,
                                     .x = (float *)(uintptr_t)what->x };
        rc = (w = mp_table_open(&c, p->word, stem, &t)) != NULL ? MP_OK : -1;
        rc = rc == MP_OK ? mp_table_rows(&c, w, &in, what->y) : rc;
        rc = rc == MP_OK ? mp_table_commit(&c, &w, 1) : rc;
        mp_table_close(w);
        expect(p, strncmp(c.msg, stem, strlen(stem)) == 0, "%s", c.msg);
        left_nothing(p, &c, rc, "wrong rows", k);
        mp_ctx_free(&c);
    }
    rc = -1;
    for (long k = 1; rc < 0 && k < 100; k++) {
        struct mp_ctx c;
        mp_ctx_init(&c, &(struct mp_run){ .quiet = true });
        c.fail_at = k;
        rc = write_table(p, &c, p->word, &vectors, 2, &files);
        if (rc < 0)
            left_nothing(p, &c, rc, "allocation", k);
        mp_ctx_free(&c);
    }
    expect(p, rc == MP_OK, "is never written");
    done(p, "failures of writing are said, and leave no file");
}

/* --------------------------------------------------------------- all of them */

/* How many formats say of these bytes that they are theirs. */
static int claims(const void *bytes, size_t n)
{
    int k = 0;
    for (const struct mp_format_entry *e = mp_formats_found; e->name != NULL; e++)
        k += e->format->sniff != NULL &&
             e->format->sniff(bytes, n < MP_SNIFF ? n : MP_SNIFF) == MP_LOOK_IS;
    return k;
}

/* What is written is taken for its own format, if that can be read, and claimed by no other. */
static void check_look(struct probe *p, const struct truth *t)
{
    struct files files;
    if (writes(p, p->word, &t->k, t->n, &files)) {
        struct bytes b = load(files.path[0], true);
        const struct mp_format_entry *taken = mp_format_of(b.at, b.n);
        expect(p, claims(b.at, b.n) <= 1, "%d formats claim it", claims(b.at, b.n));
        expect(p, p->e->format->sniff == NULL || taken == p->e, "is taken for %s",
               taken != NULL ? taken->name : "nothing");
        free(b.at);
    }
}

/* Of images whose values are letters, too, which look like text. */
static void check_sniff(struct probe *p)
{
    struct truth t = make_truth(ROWS, (struct mp_shape){ H, W, 1 });
    struct truth letters = make_truth(ROWS, (struct mp_shape){ 28, 28, 1 });
    for (size_t i = 0; i < letters.n * letters.len; i++)
        letters.x[i] = (uint8_t)('A' + letters.x[i] % 26);
    check_look(p, &t);
    check_look(p, &letters);
    free_truth(&t);
    free_truth(&letters);
    done(p, "is recognised, and by no other format");
}

/* Whatever a file begins with, at most one format claims it. */
static void check_rivals(struct probe *p)
{
    static const uint8_t some[] = { 0, 0, 1, 8, ',', '\n', 'a', 'P', 0x93, 0xef, 0xff, '0' };
    uint8_t bytes[MP_SNIFF];
    p->name = "formats";
    for (uint64_t i = 0; i < 200000; i++) {
        const uint64_t r = mp_random_at(7, 0, 0, i);
        const size_t n = r % (i % 2 == 0 ? 8 : 80);
        for (size_t k = 0; k < n; k++) {
            const uint64_t b = mp_random_at(8, 0, i, k);
            bytes[k] = k < 4 || b % 16 == 0 ? some[b / 16 % sizeof some] : 'x';
        }
        expect(p, claims(bytes, n) <= 1, "%zu bytes are claimed by several", n);
    }
    done(p, "at most one claims what a file begins with");
}

/* By rank, every format comes once, and no test is for a format that is not there. */
static void check_registry(struct probe *p, const char *source)
{
    const struct mp_format_entry *e = NULL;
    int found = 0, ranked = 0, tests = 0;
    char folder[512];
    p->name = "formats";
    for (e = mp_formats_found; e->name != NULL; e++, found++) {
        const struct mp_format *f = e->format;
        expect(p, f->begin != NULL || f->read != NULL, "%s is neither read nor written", e->name);
        expect(p, (f->sniff == NULL) == (f->read == NULL), "%s: sniff without read", e->name);
        expect(p, (f->begin == NULL) == (f->rows == NULL), "%s: begin without rows", e->name);
        expect(p, (f->begin == NULL) == (f->doc == NULL), "%s: begin without doc", e->name);
    }
    for (e = NULL; (e = mp_format_next(e)) != NULL && ranked <= found;)
        ranked++;
    expect(p, ranked == found, "%d of %d are reached by rank", ranked, found);
    snprintf(folder, sizeof folder, "%s/tests/formats", source);
    tests = entries(folder, false);
    expect(p, tests == found, "%d tests, %d formats", tests, found);
    done(p, "each is reached, and has a test");
}

static void check_word(struct probe *p, const char *source)
{
    const struct mp_format *f = p->e->format;
    check_exact(p, source);
    if (f->begin == NULL)
        return;
    check_sniff(p);
    check_blocks(p);
    check_failures(p);
    if (f->read != NULL)
        check_reading(p);
}

static void check_format(struct probe *p, const char *source)
{
    p->open_end = p->whole_lines = false;
    memset(p->counts, 0, sizeof p->counts);
    for (int packed = 0; packed <= p->e->format->gzip; packed++) {
        p->packed = packed;
        p->word = word_of(p, packed);
        p->name = packed ? p->e->packed : p->e->name;
        check_word(p, source);
    }
}

/* Those that the user names. */
static void check_named(struct probe *p, const char *source, const char *name)
{
    p->e = mp_formats_found;
    while (p->e->name != NULL && strcmp(p->e->name, name) != 0)
        p->e++;
    if (p->e->name != NULL)
        check_format(p, source);
    else
        tap_ok(&p->tap, false, "%s: no such format", name);
}

int main(int argc, char **argv)
{
    struct probe p = { .good = true, .name = "formats" };
    const char *tmp = getenv("TMPDIR"), *source = getenv("SOURCE");
    source = source != NULL ? source : ".";
    snprintf(p.folder, sizeof p.folder, "%.150s/mp-formats.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(p.folder) == NULL) {
        printf("Bail out! cannot make a folder in %s\n", p.folder);
        return 1;
    }
    for (int i = 1; i < argc; i++)
        check_named(&p, source, argv[i]);
    if (argc < 2) {
        check_registry(&p, source);
        check_rivals(&p);
        for (p.e = NULL; (p.e = mp_format_next(p.e)) != NULL;)
            check_format(&p, source);
    }
    entries(p.folder, true);
    rmdir(p.folder);
    return tap_end(&p.tap);
}
