/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stagetest.c - what each stage means: runs tests/stages/NAME.test.
 *
 *   stagetest FILE.test ...
 *   stagetest FOLDER          all of its *.test; each stage must have one
 *
 * A file has groups of lines, parted by blank lines; '#' begins a comment line.
 * A group begins with one of these, and a line that begins with a blank goes on
 * with the line before:
 *
 *   run    STAGES             what the stages make of `in` is `out`; stages that
 *   in                        learn learn from `in` (with `labels 0 1 1 ...`)
 *   ROWS
 *   out
 *   ROWS
 *   same   STAGES             both make the same of 64 digits of the sample
 *   as     STAGES
 *   fails  STAGES             refused, and with this text; `shape H x W x C` or
 *   error  TEXT               `in` say of what, if it is not a digit of 28 x 28
 *   oracle FILE               numbers of another program, see below
 *
 * STAGES is `blur sigma=1 | hog`, the stages of a pipeline parted by bars.  ROWS
 * is a picture ('.' is 0, '#' is 1, a digit n is n/10) or, if any of its lines has
 * a blank or another letter, decimal numbers: one row of an image a line.  So 12 is
 * two pixels, and the number is written 12.0.  Images are parted by a line `--`.
 * `near T` allows a difference of T times the larger of 1 and the value; 1e-6 if
 * not given.  `channels 3` makes images of three channels: of `in` and `out` values go
 * side by side, and of the sample, image i is made of digits i, i + 1 and i + 2.
 *
 * An oracle file, named relative to the folder above the .test file, holds:
 *
 *   case   STAGES
 *   fit    500                learned from the first 500 rows of train.csv.gz
 *   rows   0 3                run on 3 rows of it from row 0 on
 *   near   1e-5
 *   sign   free               a column may have its sign turned throughout
 *   shape  1 1296 1           of an output row; then the numbers, a row a line
 *
 * $MNISTPIPE_DATA is the folder of train.csv.gz; without it, data/. */
#include "data/data.h"
#include "direct.h"
#include "formats/read.h"
#include "labels.h"
#include "pipeline/pipeline.h"
#include "tap.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <unistd.h>

enum { MAX_ENTRIES = 12, MAX_ORACLES = 256, DIGITS = 64, CLASSES = 10 };

/* One line of a group with the lines that go on with it. */
struct entry {
    int line;
    char *key, *value;
};

struct group {
    const char *file;
    struct entry entries[MAX_ENTRIES];
    int n;
    char wrong[1200]; /* the first thing wrong; "" if none */
    char *picture;    /* expected and got, side by side; owned */
};

struct suite {
    struct tap tap;
    struct mp_data data; /* train.csv.gz, read when it is first wanted */
    char *oracles[MAX_ORACLES];
    int n_oracles;
};

static const char *const class_labels[CLASSES] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };

__attribute__((format(printf, 2, 3))) static int wrong(struct group *g, const char *fmt, ...)
{
    va_list ap;
    if (g->wrong[0] != '\0')
        return -1;
    va_start(ap, fmt);
    vsnprintf(g->wrong, sizeof g->wrong, fmt, ap);
    va_end(ap);
    return -1;
}

/* ------------------------------------------------------------ reading files */

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0;
    if (f == NULL)
        return NULL;
    if (getdelim(&text, &size, '\0', f) < 0) {
        free(text);
        text = direct_memory(1, 1);
    }
    fclose(f);
    return text;
}

/* A row of a picture, blanks around it aside: then '#' begins no comment. */
static bool is_picture(const char *line)
{
    line += strspn(line, " \t");
    const size_t n = strspn(line, ".#123456789");
    return n > 0 && line[n + strspn(line + n, " \t\r")] == '\0';
}

static bool begins_group(const char *key)
{
    return strcmp(key, "run") == 0 || strcmp(key, "same") == 0 || strcmp(key, "fails") == 0 ||
           strcmp(key, "oracle") == 0 || strcmp(key, "case") == 0;
}

static void append(char **text, const char *line)
{
    const size_t had = strlen(*text), more = strlen(line);
    *text = realloc(*text, had + more + 2);
    if (*text == NULL)
        abort();
    (*text)[had] = '\n';
    memcpy(*text + had + 1, line, more + 1);
}

static void add_entry(struct group *g, const char *line, int number)
{
    const size_t n = strcspn(line, " \t\r");
    if (g->n == MAX_ENTRIES) {
        wrong(g, "%s:%d: more than %d lines in a group", g->file, number, MAX_ENTRIES);
        return;
    }
    struct entry *e = &g->entries[g->n++];
    e->line = number;
    e->key = direct_copy(line, n + 1, 1);
    e->key[n] = '\0';
    e->value = direct_copy(line + n + strspn(line + n, " \t"), 1 + strlen(line + n +
                           strspn(line + n, " \t")), 1);
}

static void free_group(struct group *g)
{
    for (int i = 0; i < g->n; i++) {
        free(g->entries[i].key);
        free(g->entries[i].value);
    }
    free(g->picture);
    memset(g, 0, sizeof *g);
}

/* Takes one group off *at; false at the end of the text. */
static bool next_group(const char *file, char **at, int *number, struct group *g)
{
    *g = (struct group){ .file = file };
    while (*at != NULL && **at != '\0') {
        char *line = *at, *end = strchr(line, '\n');
        const bool block = g->n > 0 && (strcmp(g->entries[g->n - 1].key, "in") == 0 ||
                                        strcmp(g->entries[g->n - 1].key, "out") == 0);
        const size_t key = strcspn(line, " \t\r\n");
        char word[16] = "";
        if (key < sizeof word)
            memcpy(word, line, key);
        if (g->n > 0 && begins_group(word))
            return true;
        if (end != NULL)
            *end = '\0';
        *at = end != NULL ? end + 1 : NULL;
        ++*number;
        if (line[strspn(line, " \t\r")] == '\0') {
            if (g->n > 0)
                return true;
        } else if (*line == '#' && !(block && is_picture(line))) {
            continue;
        } else if (islower((unsigned char)*line)) {
            add_entry(g, line, *number);
        } else if (g->n == 0) {
            wrong(g, "%s:%d: belongs to no line above", file, *number);
            return true;
        } else {
            append(&g->entries[g->n - 1].value, line);
        }
    }
    return g->n > 0;
}

static const struct entry *find(const struct group *g, const char *key)
{
    for (int i = 0; i < g->n; i++)
        if (strcmp(g->entries[i].key, key) == 0)
            return &g->entries[i];
    return NULL;
}

/* Every line of the group has a key that is known, and only once. */
static void check_keys(struct group *g, const char *known)
{
    for (int i = 0; i < g->n; i++) {
        const struct entry *e = &g->entries[i];
        char word[32];
        snprintf(word, sizeof word, " %.20s ", e->key);
        if (strstr(known, word) == NULL)
            wrong(g, "%s:%d: \"%s\": expected one of%s", g->file, e->line, e->key, known);
        else if (find(g, e->key) != e)
            wrong(g, "%s:%d: \"%s\" is given twice", g->file, e->line, e->key);
    }
}

static const struct entry *want(struct group *g, const char *key)
{
    const struct entry *e = find(g, key);
    if (e == NULL)
        wrong(g, "%s:%d: \"%s\" without \"%s\"", g->file, g->entries[0].line, g->entries[0].key,
              key);
    return e;
}

/* Up to `most` numbers at the start of a value; how many there are. */
static int numbers(const char *at, double *v, int most)
{
    int n = 0;
    for (char *end; n < most; n++, at = end) {
        at += strspn(at, " \tx\n\r");
        v[n] = strtod(at, &end);
        if (end == at)
            break;
    }
    return n;
}

static double near_of(struct group *g)
{
    const struct entry *e = find(g, "near");
    double v = 1e-6;
    if (e != NULL && (numbers(e->value, &v, 1) != 1 || v < 0))
        wrong(g, "%s:%d: near: expected a number", g->file, e->line);
    return v;
}

static int channels_of(struct group *g)
{
    const struct entry *e = find(g, "channels");
    double v = 1;
    if (e != NULL && (numbers(e->value, &v, 1) != 1 || v < 1 || v > 16))
        wrong(g, "%s:%d: channels: expected a number of 1 to 16", g->file, e->line);
    return (int)v;
}

/* ----------------------------------------------------------- rows as written */

/* Appends one row of an image to r->x; how many values, or -1. */
static int row_values(struct rows *r, size_t *used, const char *line, bool picture)
{
    int n = 0;
    for (const char *at = line + strspn(line, " \t"); *at != '\0' && *at != '\r'; n++) {
        float v = 0;
        if (picture) {
            if (*at == ' ' || *at == '\t')
                break;
            v = *at == '.' ? 0 : *at == '#' ? 1 : (float)(*at - '0') / 10.0f;
            at++;
        } else {
            char *end;
            v = strtof(at, &end);
            if (end == at)
                return -1;
            at = end + strspn(end, " \t");
        }
        if ((*used & (*used - 1)) == 0 || r->x == NULL) { /* full at each power of two */
            r->x = realloc(r->x, (*used > 0 ? 2 * *used : 1) * sizeof *r->x);
            if (r->x == NULL)
                abort();
        }
        r->x[(*used)++] = v;
    }
    return n;
}

/* Looks at the lines up to the next `--` (all: up to the end) for whether each is
 * a picture's, and whether there is a '#'. */
static bool all_pictures(const char *text, bool all, bool *ink)
{
    char line[4096];
    bool good = true;
    *ink = false;
    for (size_t n; *text != '\0'; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
        if (strncmp(line + strspn(line, " \t"), "--", 2) == 0) {
            if (!all)
                break;
        } else if (line[strspn(line, " \t\r")] != '\0') {
            good = good && is_picture(line);
            *ink = *ink || strchr(line, '#') != NULL;
        }
    }
    return good;
}

/* Whether the image at `from` is a picture.  "12" is two pixels, unless some other
 * image below the same `in` or `out` can only be numbers. */
static bool picture_begins(const char *block, const char *from)
{
    bool ink, other;
    return all_pictures(from, false, &ink) && (ink || all_pictures(block, true, &other));
}

/* The rows below `in` or `out`: images of equal size. */
static int read_rows(struct group *g, const struct entry *e, struct rows *r)
{
    char *copy = direct_copy(e->value, strlen(e->value) + 1, 1);
    bool picture = picture_begins(e->value, e->value);
    size_t used = 0;
    int h = 0, number = e->line, rc = MP_OK;
    memset(r, 0, sizeof *r);
    for (char *l = copy, *next; l != NULL && rc == MP_OK; l = next, number++) {
        next = strchr(l, '\n');
        if (next != NULL)
            *next++ = '\0';
        l += strspn(l, " \t");
        const bool part = strncmp(l, "--", 2) == 0 && l[2 + strspn(l + 2, " \t\r")] == '\0';
        if (*l != '\0' && !part) {
            const int w = row_values(r, &used, l, picture);
            if (w < 0 || (r->shape.w != 0 && w != r->shape.w))
                rc = wrong(g, "%s:%d: expected a row of %d values", g->file, number, r->shape.w);
            r->shape.w = w;
            h++;
        }
        if ((part || next == NULL) && rc == MP_OK && h > 0) {
            if (r->n > 0 && h != r->shape.h)
                rc = wrong(g, "%s:%d: an image of %d rows after one of %d", g->file, number, h,
                           r->shape.h);
            r->shape.h = h;
            r->n++;
            h = 0;
            picture = next != NULL && picture_begins(e->value, e->value + (next - copy));
        }
    }
    free(copy);
    r->shape.c = 1;
    return rc == MP_OK && r->n == 0 ? wrong(g, "%s:%d: no rows", g->file, e->line) : rc;
}

/* Those below `in`, whose values may be those of several channels. */
static int read_images(struct group *g, const struct entry *e, struct rows *r)
{
    const int rc = read_rows(g, e, r), channels = channels_of(g);
    if (rc == MP_OK && r->shape.w % channels != 0)
        return wrong(g, "%s:%d: rows of %d values are no pixels of %d channels", g->file, e->line,
                     r->shape.w, channels);
    r->shape.w /= channels;
    r->shape.c = channels;
    return rc;
}

static int read_labels(struct group *g, struct rows *r, struct mp_run *run)
{
    const struct entry *e = find(g, "labels");
    double *v = direct_memory(r->n + 1, sizeof *v);
    int most = 0;
    if (e != NULL) {
        r->y = direct_memory(r->n, sizeof *r->y);
        if ((size_t)numbers(e->value, v, (int)r->n + 1) != r->n)
            wrong(g, "%s:%d: labels: expected %zu numbers, one an image", g->file, e->line, r->n);
        for (size_t i = 0; i < r->n; i++) {
            r->y[i] = v[i] >= 0 && v[i] < CLASSES ? (int)v[i] : 0;
            most = r->y[i] > most ? r->y[i] : most;
        }
        run->n_classes = most > 0 ? most + 1 : 2;
    }
    free(v);
    return g->wrong[0] == '\0' ? MP_OK : -1;
}

/* ------------------------------------------------------------- running stages */

/* "a x=1 | b" as the text of a pipeline. */
static char *pipeline_text(const char *stages)
{
    char *text = direct_memory(strlen(stages) + 1, 1), *to = text;
    bool quoted = false;
    for (const char *at = stages; *at != '\0'; at++) {
        quoted ^= *at == '"';
        *to++ = *at == '|' && !quoted ? '\n' : *at;
        if (*at == '|' && !quoted)
            at += strspn(at + 1, " \t");
    }
    return text;
}

static int build(struct mp_ctx *c, const char *stages, struct mp_plan *p)
{
    struct mp_script script;
    char *text = pipeline_text(stages);
    memset(p, 0, sizeof *p);
    int rc = mp_script_parse(c, "test", text, &script);
    free(text);
    if (rc < 0)
        return -1;
    rc = mp_plan_build(c, &script, p);
    mp_script_free(&script);
    if (rc >= 0 && p->n_nodes == 0)
        rc = mp_fail(c, "no stages");
    return rc;
}

/* What node k reads: the output of one node, or those of several side by side. */
static struct rows input_of(const struct mp_plan *p, int k, const struct rows *data,
                            const struct rows *outputs)
{
    const struct mp_node *n = &p->nodes[k];
    struct rows r = n->inputs[0] >= 0 ? outputs[n->inputs[0]] : *data;
    r.shape = n->in;
    const size_t d = mp_len(n->in);
    float *x = direct_memory(r.n * d, sizeof *x);
    size_t from = 0;
    for (int j = 0; j < n->n_inputs; j++) {
        const struct rows *in = n->inputs[j] >= 0 ? &outputs[n->inputs[j]] : data;
        const size_t own = mp_len(in->shape);
        for (size_t i = 0; i < r.n; i++)
            memcpy(x + i * d + from, in->x + i * own, own * sizeof *x);
        from += own;
    }
    r.x = x;
    return r;
}

/* One node over all rows; learns first if `learn`. */
static int run_node(struct mp_ctx *c, struct mp_plan *p, int k, const struct rows *in, bool learn,
                    struct rows *out)
{
    struct mp_node *n = &p->nodes[k];
    const struct mp_stage *s = n->entry != NULL ? n->entry->stage : NULL;
    *out = *in;
    out->shape = n->out;
    out->x = NULL;
    if (s == NULL) {
        out->x = direct_copy(in->x, in->n * mp_len(in->shape), sizeof *in->x);
        return MP_OK;
    }
    mp_plan_where(c, p, k);
    if (learn && (s->fit != NULL || s->done != NULL)) {
        free(n->state);
        n->state = direct_fit(c, s, n->params, in, 1, 256);
        if (c->msg[0] != '\0')
            return -1;
        n->fitted = true;
        if (mp_plan_shape(c, p, p->shape) < 0)
            return -1;
        out->shape = n->out;
        mp_plan_where(c, p, k);
    }
    out->x = direct_apply(c, s, n->params, n->state, in, n->out, (struct how){ .fill = 0xff });
    return out->x != NULL ? MP_OK : -1;
}

/* Takes rows through the plan; *out is the last node's output, whose x is the
 * caller's.  Learns from the rows on the way if `learn`. */
static int run(struct mp_ctx *c, struct mp_plan *p, const struct rows *data, bool learn,
               struct rows *out)
{
    struct rows *outputs = direct_memory((size_t)p->n_nodes, sizeof *outputs);
    int rc = mp_plan_shape(c, p, data->shape);
    for (int k = 0; k < p->n_nodes && rc >= 0; k++) {
        struct rows in = input_of(p, k, data, outputs);
        rc = run_node(c, p, k, &in, learn, &outputs[k]);
        free(in.x);
    }
    memset(out, 0, sizeof *out);
    for (int k = 0; k < p->n_nodes; k++)
        if (rc >= 0 && k == p->n_nodes - 1)
            *out = outputs[k];
        else
            free(outputs[k].x);
    out->b = NULL;
    out->y = NULL;
    free(outputs);
    return rc;
}

/* Builds, learns from `data` and runs on it. */
static int run_stages(struct group *g, const struct entry *e, struct mp_run *settings,
                      const struct rows *data, struct rows *out)
{
    struct mp_plan plan;
    struct mp_ctx c;
    mp_ctx_init(&c, settings);
    if (build(&c, e->value, &plan) < 0 || run(&c, &plan, data, true, out) < 0)
        wrong(g, "%s:%d: %s", g->file, e->line, c.msg);
    mp_plan_free(&plan);
    mp_ctx_free(&c);
    return g->wrong[0] == '\0' ? MP_OK : -1;
}

/* Rows of the sample, as images of floats with labels. */
static int sample_rows(struct suite *s, struct group *g, size_t from, size_t n, struct rows *r)
{
    const char *folder = getenv("MNISTPIPE_DATA");
    if (s->data.n == 0) {
        char path[4096];
        struct mp_ctx c;
        snprintf(path, sizeof path, "%s/train.csv.gz", folder != NULL ? folder : "data");
        if (access(path, R_OK) != 0) {
            printf("Bail out! %s is not there; MNISTPIPE_DATA names the folder of train.csv.gz\n",
                   path);
            exit(1);
        }
        mp_ctx_init(&c, NULL);
        const int rc = mp_data_read(&c, path, NULL, &(struct mp_form){ .label = NULL }, &s->data);
        mp_ctx_free(&c);
        if (rc < 0 || s->data.label == NULL)
            return wrong(g, "%s", rc < 0 ? c.msg : "train.csv.gz has no labels");
    }
    const size_t d = mp_len(s->data.shape), channels = (size_t)channels_of(g);
    if (n == 0 || from > s->data.n || n + channels - 1 > s->data.n - from)
        return wrong(g, "%s: rows %zu to %zu of a sample of %zu", g->file, from,
                     from + n + channels - 1, s->data.n);
    *r = (struct rows){ n, s->data.shape, direct_memory(n * d * channels, sizeof *r->x), NULL,
                        direct_memory(n, sizeof *r->y) };
    r->shape.c = (int)channels;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d * channels; j++)
            r->x[i * d * channels + j] =
                (float)s->data.x[(from + i + j % channels) * d + j / channels] / 255.0f;
    for (size_t i = 0; i < n; i++)
        r->y[i] = (int)label_of(&s->data, from + i);
    return MP_OK;
}

/* ------------------------------------------------------------------ comparing */

static char glyph(float v)
{
    if (!(v > -0.05f && v < 1.05f))
        return '?';
    const int tenths = (int)lrintf(v * 10);
    return tenths == 0 ? '.' : tenths == 10 ? '#' : (char)('0' + tenths);
}

static void write_row(FILE *f, const float *x, int w, bool picture)
{
    if (picture) {
        for (int i = 0; i < w; i++)
            fputc(glyph(x[i]), f);
        return;
    }
    for (int i = 0; i < w && i < 8; i++)
        fprintf(f, "%s%.7g", i > 0 ? " " : "", (double)x[i]);
    fputs(w > 8 ? " ..." : "", f);
}

/* Both images beside each other: pictures where they are small pages of 0 .. 1. */
static void draw(struct group *g, const float *a, const float *b, int h, int w)
{
    size_t size;
    FILE *f = open_memstream(&g->picture, &size);
    bool picture = h > 1 && w <= 40;
    for (int i = 0; i < h * w && picture; i++)
        picture = glyph(a[i]) != '?' && glyph(b[i]) != '?';
    if (f == NULL)
        return;
    fprintf(f, picture ? "%-*s  got\n" : "%.*sexpected, and below it got\n", picture ? w : 0,
            picture ? "expected" : "");
    for (int y = 0; y < h && y < 64; y++) {
        write_row(f, a + y * w, w, picture);
        fprintf(f, picture ? "%*s" : "%*s\n", picture ? (w < 8 ? 10 - w : 2) : 0, "");
        write_row(f, b + y * w, w, picture);
        fputc('\n', f);
    }
    fclose(f);
}

/* Compares n rows of h x w values; `line` is where the expected ones stand. */
static int compare(struct group *g, int line, const float *expected, const float *got, size_t n,
                   int h, int w, double near)
{
    const size_t d = (size_t)h * (size_t)w;
    size_t differ = 0, first = 0;
    double worst = 0;
    for (size_t i = 0; i < n * d; i++) {
        const double gap = fabs((double)expected[i] - (double)got[i]);
        const double most = near * fmax(1, fabs((double)expected[i]));
        if (gap <= most)
            continue;
        first = differ++ == 0 ? i : first;
        worst = fmax(worst, gap);
    }
    if (differ == 0)
        return MP_OK;
    const size_t row = first / d, at = first % d;
    draw(g, expected + row * d, got + row * d, h, w);
    return wrong(g, "%s:%d: row %zu, value %zu (y=%zu, x=%zu): expected %.7g, got %.7g; near %g; "
                 "%zu of %zu values differ, by up to %.3g", g->file, line, row, at,
                 at / (size_t)w, at % (size_t)w, (double)expected[first], (double)got[first],
                 near, differ, n * d, worst);
}

/* --------------------------------------------------------------------- groups */

static void remark(void *arg, const char *text)
{
    (void)arg;
    tap_note("warning: %s", text);
}

static struct mp_run plain_run(void)
{
    return (struct mp_run){ .seed = 1, .threads = 1, .n_classes = CLASSES,
                            .classes = class_labels, .warnings = { .hear = remark } };
}

static void check_run(struct group *g)
{
    const struct entry *in = want(g, "in"), *out = want(g, "out");
    struct mp_run settings = plain_run();
    struct rows data = { 0 }, expected = { 0 }, got = { 0 };
    check_keys(g, " run in out near labels channels ");
    if (g->wrong[0] == '\0' && read_images(g, in, &data) >= 0 && read_rows(g, out, &expected) >= 0 &&
        read_labels(g, &data, &settings) >= 0 &&
        run_stages(g, &g->entries[0], &settings, &data, &got) >= 0) {
        const struct mp_shape a = expected.shape, b = got.shape;
        if (a.h != b.h || a.w != b.w * b.c || expected.n != got.n)
            wrong(g, "%s:%d: expected %zu of %d x %d, got %zu of %d x %d x %d", g->file, out->line,
                  expected.n, a.h, a.w, got.n, b.h, b.w, b.c);
        else
            compare(g, out->line, expected.x, got.x, got.n, a.h, a.w, near_of(g));
    }
    direct_free(&data);
    direct_free(&expected);
    direct_free(&got);
}

static void check_same(struct suite *s, struct group *g)
{
    const struct entry *as = want(g, "as");
    struct mp_run settings = plain_run();
    struct rows data = { 0 }, one = { 0 }, other = { 0 };
    check_keys(g, " same as near channels ");
    if (g->wrong[0] == '\0' && sample_rows(s, g, 0, DIGITS, &data) >= 0 &&
        run_stages(g, &g->entries[0], &settings, &data, &one) >= 0 &&
        run_stages(g, as, &settings, &data, &other) >= 0) {
        const struct mp_shape a = other.shape, b = one.shape;
        if (mp_len(a) != mp_len(b))
            wrong(g, "%s:%d: expected rows of %d x %d x %d, got %d x %d x %d", g->file, as->line,
                  a.h, a.w, a.c, b.h, b.w, b.c);
        else
            compare(g, as->line, other.x, one.x, one.n, a.h, a.w * a.c, near_of(g));
    }
    direct_free(&data);
    direct_free(&one);
    direct_free(&other);
}

/* A failure's text without "test:LINE: STAGE: ". */
static const char *bare(const char *msg)
{
    int used = 0;
    if (sscanf(msg, "test:%*d: %n", &used) == 0 && used > 0) {
        msg += used;
        const size_t n = strspn(msg, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (n > 0 && strncmp(msg + n, ": ", 2) == 0)
            msg += n + 2;
    }
    return msg;
}

static void check_fails(struct group *g)
{
    const struct entry *error = want(g, "error"), *shape = find(g, "shape"), *in = find(g, "in");
    struct mp_run settings = plain_run();
    struct rows data = { 0 }, out = { 0 };
    struct mp_plan plan = { 0 };
    struct mp_ctx c;
    double v[3] = { 28, 28, 1 };
    check_keys(g, " fails error shape in labels channels ");
    if (shape != NULL && numbers(shape->value, v, 3) < 2)
        wrong(g, "%s:%d: shape: expected H x W x C", g->file, shape->line);
    if (g->wrong[0] == '\0' && in != NULL && read_images(g, in, &data) >= 0)
        read_labels(g, &data, &settings);
    if (g->wrong[0] != '\0') {
        direct_free(&data);
        return;
    }
    mp_ctx_init(&c, &settings);
    if (build(&c, g->entries[0].value, &plan) >= 0) {
        if (in != NULL)
            run(&c, &plan, &data, true, &out);
        else
            mp_plan_shape(&c, &plan, (struct mp_shape){ (int)v[0], (int)v[1], (int)v[2] });
    }
    if (c.msg[0] == '\0')
        wrong(g, "%s:%d: expected to fail, did not", g->file, g->entries[0].line);
    else if (strcmp(bare(c.msg), error->value) != 0)
        wrong(g, "%s:%d: expected: %s\ngot:      %s", g->file, error->line, error->value,
              bare(c.msg));
    direct_free(&data);
    direct_free(&out);
    mp_plan_free(&plan);
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------------- oracles */

/* Each column of `got` turns its sign if it then lies nearer to the expected one. */
static void turn_signs(const float *expected, float *got, size_t n, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        double dot = 0;
        for (size_t i = 0; i < n; i++)
            dot += (double)expected[i * d + j] * (double)got[i * d + j];
        for (size_t i = 0; i < n && dot < 0; i++)
            got[i * d + j] = -got[i * d + j];
    }
}

/* The numbers after the shape's own three. */
static float *oracle_numbers(struct group *g, const struct entry *shape, size_t n)
{
    double *v = direct_memory(n + 4, sizeof *v);
    float *x = direct_memory(n, sizeof *x);
    const int found = numbers(shape->value, v, (int)n + 4) - 3;
    if (found < 0 || (size_t)found != n)
        wrong(g, "%s:%d: expected %zu numbers below, found %d%s", g->file, shape->line, n, found,
              found > (int)n ? " or more" : "");
    for (size_t i = 0; i < n; i++)
        x[i] = (float)v[i + 3];
    free(v);
    return x;
}

static int learn_and_run(struct suite *s, struct group *g, double fit, const double *rows,
                         struct rows *out)
{
    struct rows train = { 0 }, data = { 0 }, fitted = { 0 };
    struct mp_run settings = plain_run();
    struct mp_plan plan = { 0 };
    struct mp_ctx c;
    mp_ctx_init(&c, &settings);
    int rc = sample_rows(s, g, (size_t)rows[0], (size_t)rows[1], &data);
    if (rc >= 0 && fit > 0)
        rc = sample_rows(s, g, 0, (size_t)fit, &train);
    if (rc >= 0 && (build(&c, g->entries[0].value, &plan) < 0 ||
                    (fit > 0 && run(&c, &plan, &train, true, &fitted) < 0) ||
                    run(&c, &plan, &data, false, out) < 0))
        rc = wrong(g, "%s:%d: %s", g->file, g->entries[0].line, c.msg);
    direct_free(&train);
    direct_free(&data);
    direct_free(&fitted);
    mp_plan_free(&plan);
    mp_ctx_free(&c);
    return rc;
}

static void check_case(struct suite *s, struct group *g)
{
    const struct entry *fit = find(g, "fit"), *rows = want(g, "rows"), *shape = want(g, "shape"),
                       *sign = find(g, "sign");
    double learned = 0, from[2] = { 0 }, v[3] = { 0 };
    struct rows got = { 0 };
    check_keys(g, " case fit rows near sign shape channels ");
    if (g->wrong[0] != '\0')
        return;
    if ((fit != NULL && numbers(fit->value, &learned, 1) != 1) || learned < 0 ||
        numbers(rows->value, from, 2) != 2 || from[0] < 0 || from[1] < 1 ||
        numbers(shape->value, v, 3) != 3 || v[0] < 1 || v[1] < 1 || v[2] < 1 ||
        v[0] * v[1] * v[2] * from[1] > 1e6) {
        wrong(g, "%s:%d: expected `fit N`, `rows FIRST COUNT`, `shape H W C`", g->file,
              shape->line);
        return;
    }
    const int h = (int)v[0], w = (int)v[1] * (int)v[2];
    float *expected = oracle_numbers(g, shape, (size_t)from[1] * (size_t)(h * w));
    if (g->wrong[0] == '\0' && learn_and_run(s, g, learned, from, &got) >= 0) {
        if (got.shape.h != h || got.shape.w != (int)v[1] || got.shape.c != (int)v[2])
            wrong(g, "%s:%d: expected rows of %d x %d x %d, got %d x %d x %d", g->file,
                  shape->line, h, (int)v[1], (int)v[2], got.shape.h, got.shape.w, got.shape.c);
        if (sign != NULL && g->wrong[0] == '\0')
            turn_signs(expected, got.x, got.n, (size_t)(h * w));
        compare(g, shape->line, expected, got.x, g->wrong[0] == '\0' ? got.n : 0, h, w,
                near_of(g));
    }
    free(expected);
    direct_free(&got);
}

/* ---------------------------------------------------------------------- files */

static void report(struct suite *s, struct group *g)
{
    const char *name = strrchr(g->file, '/'), *value = g->n > 0 ? g->entries[0].value : "";
    const int line = g->n > 0 ? g->entries[0].line : 0;
    tap_ok(&s->tap, g->wrong[0] == '\0', "%s:%d: %s %.*s", name != NULL ? name + 1 : g->file, line,
           g->n > 0 ? g->entries[0].key : "", (int)strcspn(value, "\n#"), value);
    if (g->wrong[0] != '\0')
        tap_note("%s", g->wrong);
    if (g->picture != NULL)
        tap_note("%s", g->picture);
}

static int run_groups(struct suite *s, const char *path, const char *stage, bool oracle);

/* FILE relative to the folder above the one the .test file is in. */
static void check_oracle(struct suite *s, struct group *g)
{
    char path[4096], *copy = direct_copy(g->file, strlen(g->file) + 1, 1);
    const char *folder = dirname(copy), *name = g->entries[0].value;
    snprintf(path, sizeof path, "%s/../%.*s", folder, (int)strcspn(name, " \t\r#"), name);
    free(copy);
    check_keys(g, " oracle ");
    char *real = realpath(path, NULL);
    if (real == NULL)
        wrong(g, "%s:%d: %s: %s", g->file, g->entries[0].line, path, strerror(errno));
    else if (run_groups(s, path, NULL, true) == 0)
        wrong(g, "%s:%d: %s has no case", g->file, g->entries[0].line, path);
    if (real != NULL && s->n_oracles < MAX_ORACLES)
        s->oracles[s->n_oracles++] = real;
    else
        free(real);
}

static void check_group(struct suite *s, struct group *g, bool oracle)
{
    const char *key = g->n > 0 ? g->entries[0].key : "";
    if (g->wrong[0] != '\0')
        return;
    if (oracle && strcmp(key, "case") == 0)
        check_case(s, g);
    else if (!oracle && strcmp(key, "run") == 0)
        check_run(g);
    else if (!oracle && strcmp(key, "same") == 0)
        check_same(s, g);
    else if (!oracle && strcmp(key, "fails") == 0)
        check_fails(g);
    else if (!oracle && strcmp(key, "oracle") == 0)
        check_oracle(s, g);
    else
        wrong(g, "%s:%d: \"%s\": a group begins with %s", g->file, g->entries[0].line, key,
              oracle ? "case" : "run, same, fails or oracle");
}

/* All groups of one file; how many there are.  `stage`: must be named somewhere. */
static int run_groups(struct suite *s, const char *path, const char *stage, bool oracle)
{
    char *text = read_text(path), *at = text;
    struct group g;
    int n = 0, number = 0;
    bool named = stage == NULL;
    if (text == NULL) {
        tap_ok(&s->tap, false, "%s: %s", path, strerror(errno));
        return 0;
    }
    for (; next_group(path, &at, &number, &g) || g.wrong[0] != '\0'; n++) {
        check_group(s, &g, oracle);
        named = named || (g.n > 0 && (strstr(g.entries[0].value, stage) != NULL ||
                                      strcmp(g.entries[0].key, "oracle") == 0));
        report(s, &g);
        free_group(&g);
    }
    if (!oracle && (n == 0 || !named))
        tap_ok(&s->tap, false, "%s: %s", path, n == 0 ? "has no groups" : "never runs its stage");
    free(text);
    return n;
}

/* ------------------------------------------------------------------- folders */

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

static int is_test(const struct dirent *d)
{
    return d->d_name[0] != '.' && ends_with(d->d_name, ".test");
}

static int is_numbers(const struct dirent *d)
{
    return d->d_name[0] != '.' && ends_with(d->d_name, ".txt");
}

static void check_file(struct suite *s, const char *path)
{
    char *copy = direct_copy(path, strlen(path) + 1, 1), *name = basename(copy);
    if (ends_with(name, ".test"))
        name[strlen(name) - 5] = '\0';
    run_groups(s, path, name, false);
    free(copy);
}

/* Every stage has its file, and every file its stage. */
static void check_complete(struct suite *s, struct dirent **files, int n)
{
    bool good = true;
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++) {
        bool found = false;
        for (int i = 0; i < n; i++)
            found = found || (strncmp(files[i]->d_name, e->name, strlen(e->name)) == 0 &&
                              strcmp(files[i]->d_name + strlen(e->name), ".test") == 0);
        good = good && found;
        if (!found)
            tap_note("%s has no test: write tests/stages/%s.test", e->name, e->name);
    }
    for (int i = 0; i < n; i++) {
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)strlen(files[i]->d_name) - 5, files[i]->d_name);
        const bool found = mp_find_stage(name) != NULL;
        good = good && found;
        if (!found)
            tap_note("tests/stages/%s: there is no stage of this name", files[i]->d_name);
    }
    tap_ok(&s->tap, good, "every stage has its test, every test its stage");
}

/* Every file of frozen numbers is read by some test. */
static void check_oracles_used(struct suite *s, const char *folder)
{
    char path[4096], file[4400];
    struct dirent **files = NULL;
    bool good = true;
    snprintf(path, sizeof path, "%s/../oracle", folder);
    const int n = scandir(path, &files, is_numbers, alphasort);
    for (int i = 0; i < n; i++) {
        bool used = false;
        snprintf(file, sizeof file, "%s/%s", path, files[i]->d_name);
        char *real = realpath(file, NULL);
        for (int j = 0; j < s->n_oracles && real != NULL; j++)
            used = used || strcmp(real, s->oracles[j]) == 0;
        good = good && used;
        if (!used)
            tap_note("oracle/%s: no test reads it", files[i]->d_name);
        free(real);
        free(files[i]);
    }
    free(files);
    tap_ok(&s->tap, good, "every oracle is read by a test");
}

static void check_folder(struct suite *s, const char *folder)
{
    struct dirent **files = NULL;
    const int n = scandir(folder, &files, is_test, alphasort);
    if (n < 0) {
        tap_ok(&s->tap, false, "%s: %s", folder, strerror(errno));
        return;
    }
    check_complete(s, files, n);
    for (int i = 0; i < n; i++) {
        char path[4400];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
        check_file(s, path);
        free(files[i]);
    }
    free(files);
    check_oracles_used(s, folder);
}

int main(int argc, char **argv)
{
    struct suite s = { 0 };
    if (argc < 2) {
        fprintf(stderr, "usage: stagetest FILE.test ... | FOLDER\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        if (ends_with(argv[i], ".test"))
            check_file(&s, argv[i]);
        else
            check_folder(&s, argv[i]);
    for (int i = 0; i < s.n_oracles; i++)
        free(s.oracles[i]);
    mp_data_free(&s.data);
    return tap_end(&s.tap);
}
