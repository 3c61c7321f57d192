/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c - the writers of data sets: large tables, and what is said of failures.
 *
 * Prints TAP.  Works in a folder of its own under $TMPDIR.  What every format promises,
 * formats.c tests; that other programs read the files, tests/cli/export.sh.
 */
#include "../tap.h"
#include "core/ctx.h"
#include "core/random.h"
#include "formats/write.h"
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

enum { CSV, CSV_GZ, LIBSVM, NPY, NPZ, ARFF, IDX, FORMATS };

struct test {
    struct tap tap;
    char folder[256];
};

static void ok(struct test *t, bool good, const char *name)
{
    tap_ok(&t->tap, good, "%s", name);
}

/* ------------------------------------------------------------------ tables */

static void pixel_name(const void *arg, size_t i, char *text, size_t size)
{
    (void)arg;
    snprintf(text, size, "pixel%zu", i);
}

static void odd_name(const void *arg, size_t i, char *text, size_t size)
{
    static const char *const names[] = {"hog[y=0,b=1]", "say \"x\"", "it's"};
    (void)arg;
    snprintf(text, size, "%s", names[i % 3]);
}

static const char *const classes[] = {"0", "7", "9"};

/* Three rows of three features. */
static const float features[] = {0, -1.5f, 1e-12f, 3, 0, 0, 0, 0, 0};
static const int feature_labels[] = {2, 0, 1};

static const struct mp_table vectors = {
    .rows = 3, .shape = {1, 3, 1}, .labels = true, .name = "don't",
    .classes = classes, .n_classes = 3, .column = odd_name,
};

/* Writes in blocks of `block` rows. */
static int write_table(struct mp_ctx *c, int format, const char *stem, const struct mp_table *m,
                       const float *x, const int *label, size_t block)
{
    struct mp_table_writer *w = mp_table_open(c, format, stem, m);
    const size_t d = mp_len(m->shape);
    int rc = w != NULL ? MP_OK : -1;

    for (size_t i = 0; rc == MP_OK && i < m->rows; i += block) {
        const size_t n = m->rows - i < block ? m->rows - i : block;
        const struct mp_chunk in = {.n = n, .shape = m->shape, .row0 = i,
                                    .x = (float *)(uintptr_t)(x + i * d)};
        rc = mp_table_rows(c, w, &in, label != NULL ? label + i : NULL);
    }
    if (rc == MP_OK)
        rc = mp_table_commit(c, &w, 1);
    mp_table_close(w);
    return rc;
}

/* A file's content, read through zlib where `gz`; free() it. */
static char *content(const char *stem, const char *suffix, size_t *size)
{
    char path[512];
    char *text = NULL;
    size_t n = 0, got = 0;

    snprintf(path, sizeof path, "%s%s", stem, suffix);
    gzFile f = gzopen(path, "rb");
    *size = 0;
    if (f == NULL)
        return NULL;
    do {
        n += got;
        char *more = realloc(text, n + (1 << 16) + 1);
        if (more == NULL)
            break;
        text = more;
        const int rc = gzread(f, text + n, 1 << 16);
        got = rc > 0 ? (size_t)rc : 0;
        if (rc < 0)
            n = 0;
    } while (got > 0);
    gzclose(f);
    if (text != NULL)
        text[n] = '\0';
    *size = n;
    return text;
}

static bool holds(const char *stem, const char *suffix, const void *expected, size_t n)
{
    size_t size;
    char *text = content(stem, suffix, &size);
    const bool same = text != NULL && size == n && memcmp(text, expected, n) == 0;
    if (!same)
        tap_note("%s%s holds %zu bytes, expected %zu: %.300s", stem, suffix, size, n,
                 text != NULL ? text : "(none)");
    free(text);
    return same;
}

static void stem_of(const struct test *t, const char *name, char stem[300])
{
    snprintf(stem, 300, "%s/%s", t->folder, name);
}

/* 3000 rows of 500 random values, of which a third are zero: 10 MB of text. */
static float *many(struct mp_table *m)
{
    *m = vectors;
    m->rows = 3000;
    m->shape = (struct mp_shape){1, 500, 1};
    m->column = pixel_name;
    const size_t n = m->rows * 500;
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; x != NULL && i < n; i++) {
        const uint64_t r = mp_random_at(2, 0, 0, i);
        x[i] = r % 3 == 0 ? 0 : (float)(r >> 40) / (float)(1 << 24);
    }
    return x;
}

/* Whether the csv's values are x. */
static bool csv_equals(char *text, const float *x, size_t rows, size_t d)
{
    char *at = text != NULL ? strchr(text, '\n') : NULL;
    for (size_t i = 0; at != NULL && i < rows * d; i++) {
        char *end;
        if (strtof(at + 1, &end) != x[i] || end == at + 1)
            return false;
        at = end;
    }
    return at != NULL && strcmp(at, "\n") == 0;
}

static void large(struct test *t)
{
    struct mp_run one = {.threads = 1}, two = {.threads = 2};
    struct mp_ctx a, b;
    struct mp_table m;
    float *x = many(&m);
    char stem[300], other[300];
    size_t n;

    m.labels = false;
    mp_ctx_init(&a, &one);
    mp_ctx_init(&b, &two);
    stem_of(t, "large", stem);
    stem_of(t, "other", other);
    ok(t, x != NULL && write_table(&a, CSV, stem, &m, x, NULL, 256) == MP_OK, "a large csv");
    char *text = content(stem, ".csv", &n);
    ok(t, csv_equals(text, x, m.rows, 500), "reads back as the same floats");
    ok(t, text != NULL && write_table(&a, CSV_GZ, stem, &m, x, NULL, 256) == MP_OK &&
       write_table(&b, CSV_GZ, other, &m, x, NULL, 7) == MP_OK &&
       holds(stem, ".csv.gz", text, n), "a large csv.gz unpacks to it");
    char command[700];
    snprintf(command, sizeof command, "cmp '%s.csv.gz' '%s.csv.gz'", stem, other);
    ok(t, system(command) == 0, "same bytes for any number of threads and any blocks");
    snprintf(command, sizeof command, "gzip -t '%s.csv.gz'", stem);
    ok(t, system(command) == 0, "gzip -t accepts it");
    free(text);
    free(x);
    mp_ctx_free(&a);
    mp_ctx_free(&b);
}

/* ---------------------------------------------------------------- failures */

static int files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;
    if (dir == NULL)
        return -1;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void empty(const struct test *t)
{
    char command[400];
    snprintf(command, sizeof command, "rm -f '%s'/*", t->folder);
    if (system(command) != 0)
        tap_note("cannot empty %s", t->folder);
}

/* Writing must fail with `text` at the message's end and leave no file. */
static void refuses(struct test *t, int format, const struct mp_table *m, const float *x,
                    const int *label, const char *text)
{
    char stem[300];
    struct mp_ctx c;

    mp_ctx_init(&c, NULL);
    empty(t);
    stem_of(t, "bad", stem);
    const int rc = write_table(&c, format, stem, m, x, label, 2);
    const size_t n = strlen(c.msg), k = strlen(text);
    const bool said = rc < 0 && n >= k && strcmp(c.msg + n - k, text) == 0;
    if (!said)
        tap_note("rc %d: %s", rc, c.msg);
    tap_ok(&t->tap, said && files_in(t->folder) == 0, "refused: %s", text);
    mp_ctx_free(&c);
}

static void refusals(struct test *t)
{
    float x[9];
    struct mp_table m = vectors;
    static const int strange[] = {2, 3, 1};

    memcpy(x, features, sizeof x);
    x[7] = NAN;
    refuses(t, CSV, &m, x, feature_labels,
            "bad.csv: row 3, say \"x\": nan cannot be written; expected a finite number");
    x[7] = INFINITY;
    refuses(t, NPY, &m, x, feature_labels,
            "bad.npy: row 3, say \"x\": inf cannot be written; expected a finite number");
    refuses(t, ARFF, &m, features, strange,
            "bad.arff: row 2: class 3 is not among the 3 classes");
    refuses(t, CSV, &m, features, NULL, "bad.csv: rows without labels, expected labels");
    m.n_classes = 0;
    refuses(t, ARFF, &m, features, feature_labels, "bad: labels without a list of classes");
    m = vectors;
    m.shape.w = 0;
    refuses(t, CSV, &m, features, feature_labels,
            "rows of 1 x 0 x 1 values; expected 1 to 2^30 values");
    m = vectors;
    m.rows = UINT64_MAX;
    refuses(t, CSV, &m, features, feature_labels,
            "18446744073709551615 rows of 3 values are too many");
    refuses(t, FORMATS, &vectors, features, feature_labels,
            "format 7: no such format");
}

/* Fewer rows than announced. */
static void short_table(struct test *t)
{
    char stem[300];
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    empty(t);
    stem_of(t, "short", stem);
    struct mp_table_writer *w = mp_table_open(&c, NPZ, stem, &vectors);
    ok(t, w != NULL && mp_table_commit(&c, &w, 1) < 0 &&
       strstr(c.msg, "short.npz: 0 rows, expected 3") != NULL, "refused: too few rows");
    mp_table_close(w);
    mp_ctx_free(&c);
    ok(t, files_in(t->folder) == 0, "and no file is left");
}

/* A full disk, played by a limit on the size of files. */
static void full_disk(struct test *t)
{
    struct rlimit was, small = {300000, 300000};
    struct mp_table m;
    float *x = many(&m);
    char stem[300];

    int *label = calloc(m.rows, sizeof *label);

    stem_of(t, "full", stem);
    getrlimit(RLIMIT_FSIZE, &was);
    small.rlim_max = was.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    empty(t);
    bool good = x != NULL && label != NULL;
    setrlimit(RLIMIT_FSIZE, &small);
    for (int f = 0; good && f < FORMATS; f++) {
        struct mp_ctx c;
        mp_ctx_init(&c, NULL);
        good = write_table(&c, f, stem, &m, x, label, 256) < 0 &&
               strstr(c.msg, "cannot write: File too large") != NULL && files_in(t->folder) == 0;
        if (!good)
            fprintf(stderr, "# format %d: %s\n", f, c.msg);
        mp_ctx_free(&c);
    }
    setrlimit(RLIMIT_FSIZE, &was);
    ok(t, good, "a full disk is reported and leaves no file, in every format");
    free(label);
    free(x);
}

/* Tables are committed together: one incomplete, none named. */
static void together(struct test *t)
{
    char stem[300];
    struct mp_ctx c;
    struct mp_table_writer *w[2];
    const struct mp_chunk in = {.n = 3, .shape = vectors.shape,
                                .x = (float *)(uintptr_t)features};
    mp_ctx_init(&c, NULL);
    empty(t);
    stem_of(t, "train", stem);
    w[0] = mp_table_open(&c, CSV, stem, &vectors);
    stem_of(t, "test", stem);
    w[1] = mp_table_open(&c, NPY, stem, &vectors);
    bool good = w[0] != NULL && w[1] != NULL &&
                mp_table_rows(&c, w[0], &in, feature_labels) == MP_OK &&
                strstr(mp_table_file(w[1], 1), "test.labels.npy") != NULL &&
                mp_table_file(w[1], 2) == NULL && mp_table_commit(&c, w, 2) < 0;
    mp_table_close(w[0]);
    mp_table_close(w[1]);
    ok(t, good && files_in(t->folder) == 0, "tables are committed together or not at all");
    mp_ctx_free(&c);
}

int main(void)
{
    struct test t = {.tap = {0}};
    const char *tmp = getenv("TMPDIR");

    snprintf(t.folder, sizeof t.folder, "%.200s/mp-table.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(t.folder) == NULL) {
        printf("Bail out! cannot make a folder in %s\n", t.folder);
        return 1;
    }
    large(&t);
    refusals(&t);
    short_table(&t);
    full_disk(&t);
    together(&t);
    empty(&t);
    rmdir(t.folder);
    return tap_end(&t.tap);
}
