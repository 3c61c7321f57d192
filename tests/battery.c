/* SPDX-License-Identifier: GPL-3.0-or-later */
/* battery.c - the promises that every stage makes, checked on every stage.
 *
 *   battery [STAGE ...]
 *
 * Runs over the registry, so a new stage is covered the moment its file exists;
 * after GSL's rng/test.c, which runs one battery over all its generators.  What
 * a stage means is the business of its own tests/stages/NAME.test; here stands
 * what holds for all: the parameter table, shapes, chunks, shards, saving,
 * threads, running out of memory.  Each stage is taken with the parameters of
 * its example and again with its defaults, then on images of three channels. */
#include "core/param.h"
#include "core/random.h"
#include "core/state.h"
#include "data/data.h"
#include "direct.h"
#include "pipeline/pipeline.h"
#include "tap.h"
#include <ctype.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIT_ROWS = 120, EXTRA_ROWS = 3, CLASSES = 10 };

/* One stage with one set of parameters under test. */
struct probe {
    struct tap *tap;
    const struct mp_entry *e;
    const struct mp_stage *s;
    char form[160];          /* "hog cell=4", "hog (defaults)" or "hog cell=4 (colour)" */
    int channels;            /* of the images that it is tried on */
    struct mp_run run;
    struct mp_plan plan;     /* owns the parameters */
    const void *params;
    struct rows rows, pages; /* to learn from; to work on: those and a few extremes */
    struct mp_shape out;
    void *state;
    bool good;               /* nothing wrong in this group so far */
    int told;
};

__attribute__((format(printf, 3, 4))) static bool expect(struct probe *p, bool good,
                                                         const char *fmt, ...)
{
    char text[1400];
    va_list ap;
    if (good)
        return true;
    p->good = false;
    if (p->told++ < 6) {
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        tap_note("%s: %s", p->form, text);
    }
    return false;
}

static void group(struct probe *p, const char *what, void (*check)(struct probe *p))
{
    p->good = true;
    p->told = 0;
    check(p);
    tap_ok(p->tap, p->good, "%s: %s", p->form, what);
}

static void silent(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

static void begin(struct probe *p, struct mp_ctx *c)
{
    mp_ctx_init(c, &p->run);
    c->place = 1;
}

/* ------------------------------------------------------------------- rows */

/* Ink at one pixel: a bar through the page at the angle of its class, with soft
 * edges, somewhat shifted from row to row, on slightly dirty paper. */
static uint8_t bar(struct mp_shape s, size_t i, int class, int y, int x, int k)
{
    const uint64_t at = mp_random_at(7, i, 0, 0), bits = mp_random_at(7, i, 1,
                        (uint64_t)((y * s.w + x) * s.c + k));
    const double angle = 3.14159265 * class / CLASSES;
    const double dy = y - (s.h - 1) / 2.0 + (double)(at % 3) - 1;
    const double dx = x - (s.w - 1) / 2.0 + (double)(at / 3 % 3) - 1;
    const double across = fabs(dy * cos(angle) - dx * sin(angle));
    const double along = fabs(dx * cos(angle) + dy * sin(angle));
    const double half = 0.35 * (s.h < s.w ? s.h : s.w);
    double ink = across < 1 ? 255 : across < 2 ? 255 * (2 - across) : 0;
    if (along > half)
        ink = 0;
    if (bits % 5 == 0)
        ink += (double)(bits / 5 % 60);
    return (uint8_t)(ink > 255 ? 255 : ink);
}

enum { BARS, FULL, CORNER, DOT, BLANK, MIDDLE, FULL_BUT_ONE };

static uint8_t pixel(struct mp_shape s, int kind, size_t i, int class, int y, int x, int k)
{
    switch (kind) {
    case BLANK:
        return 0;
    case FULL:
        return 255;
    case FULL_BUT_ONE:
        return x == 0 ? 0 : 255;
    case CORNER:
        return y == 0 && x == 0 ? 255 : 0;
    case DOT:
        return y == s.h - 1 && x == s.w - 1 && x > 0 ? 255 : 0;
    case MIDDLE:
        return y == s.h / 2 && x == s.w / 2 && x > 0 ? 200 : 0;
    default: /* as in MNIST, some pixels are blank in all training rows */
        return x == 0 && s.w > 1 ? 0 : bar(s, i, class, y, x, k);
    }
}

/* n rows: ordinary ones, among them a blank, a full and two one-pixel pages, and
 * after those `extra` that no training row is like.  What is no filter is given
 * vectors (1 x d x 1) of any values; images have bytes. */
static struct rows make_rows(const struct probe *p, struct mp_shape s, size_t n, size_t extra,
                             int classes)
{
    const size_t d = mp_len(s), all = n + extra;
    const bool vector = !mp_is_filter(p->e) && s.h == 1 && s.c == 1 && s.w > 1;
    struct rows r = { all, s, direct_memory(all * d, sizeof *r.x),
                      direct_memory(all * d, sizeof *r.b), direct_memory(all, sizeof *r.y) };
    for (size_t i = 0; i < all; i++) {
        const int class = r.y[i] = (int)(i % (size_t)classes);
        const int kind = i == 5 ? BLANK : i == 6 ? FULL_BUT_ONE : i == 7 ? MIDDLE : i == 8 ? DOT
                         : i == n ? FULL : i == n + 1 ? CORNER : BARS;
        for (size_t j = 0; j < d; j++) {
            const int k = (int)(j % (size_t)s.c), x = (int)(j / (size_t)s.c % (size_t)s.w);
            r.b[i * d + j] = pixel(s, kind, i, class, (int)(j / (size_t)(s.c * s.w)), x, k);
            r.x[i * d + j] = (float)r.b[i * d + j] / 255.0f;
            if (vector && kind == BARS && x > 0)
                r.x[i * d + j] += (float)(mp_random_at(9, i, j, 0) >> 40) / 4194304.0f - 2;
            if ((mp_needs(p->e, MP_HELD) || mp_has_branches(p->e)) &&
                (int)j % classes == class) /* scores of a fair model */
                r.x[i * d + j] += 2;
        }
    }
    if (vector) {
        free(r.b);
        r.b = NULL;
    }
    return r;
}

/* ------------------------------------------------------- what is written down */

static bool is_sentence(const char *text, size_t most)
{
    const size_t n = text != NULL ? strlen(text) : 0;
    return n > 0 && n <= most && text[n - 1] != '.' && !isspace((unsigned char)text[n - 1]) &&
           !isspace((unsigned char)text[0]) && strpbrk(text, "\n\r\t") == NULL;
}

static void check_words(struct probe *p)
{
    const struct mp_stage *s = p->s;
    const size_t n = strlen(p->e->name);
    expect(p, is_sentence(s->brief, 70), "brief: one line of 1 to 70 letters, no full stop");
    expect(p, s->doc != NULL && *s->doc != '\0', "doc: missing");
    if (expect(p, s->example != NULL, "example: missing"))
        expect(p, strncmp(s->example, p->e->name, n) == 0 && (s->example[n] == '\0' ||
               isspace((unsigned char)s->example[n])), "example \"%s\": must begin with the name",
               s->example);
    for (const struct mp_param *q = s->params; q != NULL && q->name != NULL; q++)
        expect(p, is_sentence(q->doc, 200), "%s: doc missing, too long, or with a full stop",
               q->name);
}

static bool learns(const struct mp_entry *e)
{
    return e->stage->fit != NULL || e->stage->done != NULL;
}

static void check_members(struct probe *p)
{
    const struct mp_stage *s = p->s;
    const struct mp_learner *l = mp_learner(p->e);
    const bool model = mp_is_model(p->e);
    expect(p, s->apply != NULL, "has no apply()");
    expect(p, (s->flags & ~(unsigned)(MP_INPLACE | MP_BYTES | MP_IMAGES | MP_PIXELWISE | MP_SUMS |
                             MP_TRAIN_ONLY | MP_INVERTS | MP_STRETCHES)) == 0,
           "unknown flags");
    expect(p, (s->params == NULL || s->params->name == NULL) == (s->params_size == 0) ||
           s->params_size == 1, "params and params_size do not go together");
    if (!learns(p->e))
        expect(p, !s->merge && !s->done && !s->io && !s->clear && !l->ready &&
               s->state_size == 0 && l->learns == MP_IN_SHARDS, "learns nothing, yet has merge(), "
               "done(), io(), clear(), ready(), a state or says how it .learns");
    else
        expect(p, s->io != NULL && s->state_size > 0, "what learns has io() and state_size");
    const bool pulls = l->learns == MP_IN_EPOCHS || l->learns == MP_IN_PASSES;
    expect(p, !pulls || (s->fit == NULL && s->done != NULL),
           "what learns MP_IN_EPOCHS or MP_IN_PASSES has done() and no fit()");
    expect(p, s->fit == NULL || (s->merge != NULL) == (l->learns == MP_IN_SHARDS),
           "what learns MP_IN_SHARDS has merge(), and nothing else has");
    expect(p, !model || learns(p->e) || mp_has_branches(p->e), "a model that learns nothing");
    expect(p, !model || (s->label == NULL && !(s->flags & (MP_INPLACE | MP_BYTES))),
           "a model's output is scores: no label(), no MP_INPLACE, no MP_BYTES");
    expect(p, (l->inside == NULL) == (l->reveal == NULL) && (l->inside == NULL || model),
           "inside() and reveal() go together, in a model");
    expect(p, (l->view == NULL) == (l->watch == NULL) &&
           (l->view == NULL || l->inside != NULL || l->learns == MP_IN_EPOCHS),
           "view() and watch() go together, in a model with an inside() or in what holds one");
    expect(p, l->pictures == NULL || learns(p->e), "learns nothing, yet has pictures() of it");
    expect(p, l->depends == NULL || learns(p->e) || mp_needs(p->e, MP_FURTHER),
           "learns nothing, yet depends()");
    expect(p, (l->further != NULL) == mp_needs(p->e, MP_FURTHER) &&
           (l->words != NULL) == (l->further != NULL),
           "words(), further() and MP_FURTHER go together");
    expect(p, l->origin == NULL || learns(p->e), "learns nothing, yet has an origin()");
    expect(p, (l->native == NULL) == (l->native_suffix == NULL) &&
           (l->native == NULL || l->native_suffix[0] == '.'), "native() and native_suffix (\".x\") "
           "go together");
}

/* ------------------------------------------------------------- parameters */

static bool takes(struct probe *p, void *params, const struct mp_param *q, const char *value)
{
    struct mp_ctx c;
    begin(p, &c);
    const bool good = mp_params_set(&c, p->s->params, params, q->name, value) >= 0;
    expect(p, good || strstr(c.msg, q->name) != NULL, "%s=%s: refused without naming it: %s",
           q->name, value, c.msg);
    mp_ctx_free(&c);
    return good;
}

static void check_number(struct probe *p, void *params, const struct mp_param *q)
{
    char text[64];
    if (!expect(p, q->min < q->max && isfinite(q->min) && isfinite(q->max),
                "%s: a number needs a range", q->name))
        return;
    const double beyond[] = { q->min, q->max };
    for (int i = 0; i < 2; i++) {
        const double step = q->type == MP_INT ? 1 : fabs(beyond[i]) * 0.01 + 1e-9;
        snprintf(text, sizeof text, "%.17g", beyond[i] + (i == 0 ? -step : step));
        expect(p, !takes(p, params, q, text), "%s=%s: taken, though out of range", q->name, text);
        snprintf(text, sizeof text, "%.17g", beyond[i]);
        expect(p, takes(p, params, q, text), "%s=%s: refused, though in range", q->name, text);
    }
    const char *const bad[] = { "", "nan", "inf", "x", "1x", q->type == MP_INT ? "1.5" : "1..5" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(p, !takes(p, params, q, bad[i]), "%s=%s: taken as a number", q->name, bad[i]);
}

static void check_choices(struct probe *p, void *params, const struct mp_param *q)
{
    expect(p, q->type == MP_INT, "%s: choices need an int field", q->name);
    for (const char *at = q->choices; *at != '\0'; at += strspn(at, "|")) {
        char word[64];
        const int n = (int)strcspn(at, "|");
        snprintf(word, sizeof word, "%.*s", n, at);
        expect(p, takes(p, params, q, word), "%s=%s: refused, though a choice", q->name, word);
        at += n;
    }
    expect(p, !takes(p, params, q, "nosuch"), "%s=nosuch: taken", q->name);
    expect(p, !takes(p, params, q, "0"), "%s=0: taken, though it takes words", q->name);
}

/* A default reads, and what it reads as is written the same way again. */
static void check_default(struct probe *p, void *params, const struct mp_param *q)
{
    char text[256], again[256];
    if (!expect(p, takes(p, params, q, q->def), "%s=%s: the default is refused", q->name, q->def))
        return;
    if (q->repeat)
        return;
    mp_param_text(q, params, text, sizeof text);
    expect(p, takes(p, params, q, text), "%s=%s: refused, though written by the table", q->name,
           text);
    mp_param_text(q, params, again, sizeof again);
    expect(p, strcmp(text, again) == 0, "%s: written as %s, then as %s", q->name, text, again);
}

/* Every byte of the struct is some row's, but for padding.  (A field without a
 * row in a place where padding would be is not told from padding.) */
static void check_bytes_covered(struct probe *p)
{
    const size_t size = p->s->params_size;
    uint8_t *owner = direct_memory(size, 1); /* alignment of the field there; 0: none */
    size_t align = 1, free_bytes = 0;
    if (mp_needs(p->e, MP_LAYERS)) /* the layers stand before the rows of the table */
        memset(owner, _Alignof(struct mp_layers), sizeof(struct mp_layers));
    if (mp_needs(p->e, MP_FURTHER))
        memset(owner, _Alignof(struct mp_further), sizeof(struct mp_further));
    if (mp_needs(p->e, MP_HELD)) /* what pads the end of a struct within is no gap */
        memset(owner, _Alignof(struct mp_held), sizeof(struct mp_held));
    if (mp_has_branches(p->e)) {
        align = _Alignof(struct mp_branches);
        memset(owner, (int)align, sizeof(struct mp_branches));
    }
    for (const struct mp_param *q = p->s->params; q != NULL && q->name != NULL; q++) {
        if (!expect(p, q->offset + q->size <= size, "%s: lies outside of params_size", q->name))
            continue;
        memset(owner + q->offset, (int)q->size, q->size);
        align = q->size > align ? q->size : align;
    }
    for (size_t i = 0; i <= size; i++) {
        const size_t next = i < size ? owner[i] : align;
        if (next == 0) {
            free_bytes++;
            continue;
        }
        expect(p, free_bytes < next, "struct params: %zu bytes before byte %zu have no row in "
               "the table", free_bytes, i);
        free_bytes = 0;
    }
    free(owner);
}

static void check_parameters(struct probe *p)
{
    const struct mp_param *table = p->s->params;
    void *params = direct_memory(1, p->s->params_size);
    struct mp_ctx c;
    check_bytes_covered(p);
    for (const struct mp_param *q = table; q != NULL && q->name != NULL; q++) {
        expect(p, mp_param_find(table, q->name) == q, "%s: stands twice in the table", q->name);
        if (q->choices != NULL)
            check_choices(p, params, q);
        else if (q->type == MP_INT || q->type == MP_REAL)
            check_number(p, params, q);
        else if (q->type == MP_BOOL)
            expect(p, !takes(p, params, q, "maybe"), "%s=maybe: taken", q->name);
        if (q->def != NULL)
            check_default(p, params, q);
    }
    mp_params_free(table, params);
    begin(p, &c);
    expect(p, mp_params_set(&c, table, params, "nosuch", "1") < 0 && strstr(c.msg, "nosuch"),
           "nosuch=1: an unknown parameter is taken");
    mp_ctx_free(&c);
    free(params);
}

/* ---------------------------------------------------------- learn and work */

static void *learn(struct probe *p, struct mp_ctx *c, size_t shards, size_t step)
{
    return direct_fit(c, p->s, p->params, &p->rows, shards, step);
}

static float *work(struct probe *p, struct mp_ctx *c, const void *state, struct how how)
{
    if (c->msg[0] != '\0')
        return NULL;
    how.fill = how.fill != 0 ? how.fill : 0xff; /* as a float: not a number */
    return direct_apply(c, p->s, p->params, state, &p->pages, p->out, how);
}

/* Whether two outputs agree within `most` of the larger of 1 and the value; 0: to the bit. */
static void agree(struct probe *p, const struct mp_ctx *c, const float *a, const float *b,
                  double most, const char *what)
{
    const size_t m = mp_len(p->out), n = p->pages.n * m;
    double worst = 0;
    size_t at = n;
    if (!expect(p, a != NULL && b != NULL, "%s: %s", what, c->msg))
        return;
    for (size_t i = 0; i < n; i++) {
        const double gap = fabs((double)a[i] - (double)b[i]) / fmax(1, fabs((double)a[i]));
        if (memcmp(&a[i], &b[i], sizeof a[i]) != 0 && (at == n || gap > worst)) {
            at = i;
            worst = gap;
        }
    }
    if (at < n)
        expect(p, most > 0 && worst <= most, "%s: row %zu, value %zu: %.9g against %.9g", what,
               at / m, at % m, (double)a[at], (double)b[at]);
}

static void check_finite(struct probe *p, const struct mp_ctx *c, const float *y, size_t rows,
                         struct mp_shape out, const char *what)
{
    const size_t m = mp_len(out);
    if (!expect(p, y != NULL, "%s: %s", what, c->msg))
        return;
    for (size_t i = 0; i < rows * m; i++)
        if (!expect(p, isfinite(y[i]), "%s: row %zu, value %zu is unset, infinite or not a number",
                    what, i / m, i % m))
            return;
}

static void check_refusal(struct probe *p, const struct mp_ctx *c, const char *what)
{
    expect(p, strpbrk(c->msg, "0123456789") != NULL && strpbrk(c->msg, "\n\r") == NULL,
           "%s: refused, but not in one line with the sizes: \"%s\"", what, c->msg);
}

/* ----------------------------------------------------------------- shapes */

static const struct mp_shape sizes[] = { { 28, 28, 1 }, { 5, 7, 1 },   { 16, 16, 1 }, { 64, 48, 1 },
                                         { 1, 1, 1 },   { 1, 40, 1 },  { 12, 10, 3 }, { 40, 1, 1 },
                                         { 2, 3, 1 } };

static void check_size(struct probe *p, struct mp_shape size)
{
    char what[64];
    struct mp_shape out;
    struct mp_ctx c;
    begin(p, &c);
    snprintf(what, sizeof what, "%d x %d x %d", size.h, size.w, size.c);
    if (direct_shape(&c, p->e, p->params, NULL, size, &out) < 0) {
        check_refusal(p, &c, what);
        mp_ctx_free(&c);
        return;
    }
    if (expect(p, out.h > 0 && out.w > 0 && out.c > 0 && mp_len(out) < 1 << 24,
               "%s: makes rows of %d x %d x %d", what, out.h, out.w, out.c)) {
        struct rows rows = make_rows(p, size, 40, 0, CLASSES);
        struct rows pages = make_rows(p, size, 11, EXTRA_ROWS, CLASSES);
        void *state = direct_fit(&c, p->s, p->params, &rows, 1, 0);
        if (c.msg[0] != '\0') {
            check_refusal(p, &c, what);
        } else {
            float *y = direct_apply(&c, p->s, p->params, state, &pages, out,
                                    (struct how){ .fill = 0xff });
            check_finite(p, &c, y, pages.n, out, what);
            free(y);
        }
        direct_clear(p->s, state);
        direct_free(&rows);
        direct_free(&pages);
    }
    mp_ctx_free(&c);
}

static void check_sizes(struct probe *p)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_size(p, sizes[i]);
}

/* A model leaves the shape alone; the engine puts the classes in. */
static void check_model_shape(struct probe *p)
{
    struct mp_shape in = p->rows.shape, out = in;
    struct mp_ctx c;
    begin(p, &c);
    if (p->s->shape != NULL && p->s->shape(&c, p->params, NULL, in, &out) >= 0)
        expect(p, out.h == in.h && out.w == in.w && out.c == in.c, "shape() of a model made "
               "%d x %d x %d of %d x %d x %d", out.h, out.w, out.c, in.h, in.w, in.c);
    mp_ctx_free(&c);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every value has a name of its own. */
static void check_labels(struct probe *p)
{
    const size_t m = mp_len(p->out);
    char text[128], **all;
    if (mp_is_model(p->e)) {
        check_model_shape(p);
        return;
    }
    if (p->s->label == NULL) {
        expect(p, mp_is_filter(p->e) || m == mp_len(p->rows.shape), "makes %zu values of %zu and "
               "has no label()", m, mp_len(p->rows.shape));
        return;
    }
    all = direct_memory(m, sizeof *all);
    for (size_t i = 0; i < m; i++) {
        memset(text, 0, sizeof text);
        p->s->label(p->params, p->rows.shape, i, text, sizeof text);
        expect(p, text[0] != '\0' && strpbrk(text, "\n\r\"") == NULL, "label %zu: \"%s\"", i, text);
        all[i] = direct_copy(text, strlen(text) + 1, 1);
        char small[8] = "1234567";
        p->s->label(p->params, p->rows.shape, i, small, 4);
        expect(p, memchr(small, '\0', 4) != NULL && strcmp(small + 4, "567") == 0,
               "label %zu: wrote past the size it was given", i);
    }
    qsort(all, m, sizeof *all, by_text);
    for (size_t i = 0; i + 1 < m; i++)
        expect(p, strcmp(all[i], all[i + 1]) != 0, "two values are labelled %s", all[i]);
    for (size_t i = 0; i < m; i++)
        free(all[i]);
    free(all);
}

/* ---------------------------------------------------- apply(): rows are rows */

static void check_chunks(struct probe *p)
{
    static const size_t steps[] = { 37, 7, 1 };
    struct mp_ctx c;
    begin(p, &c);
    float *whole = work(p, &c, p->state, (struct how){ .step = 256 });
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char what[64];
        snprintf(what, sizeof what, "in chunks of %zu rows", steps[i]);
        float *y = work(p, &c, p->state, (struct how){ .step = steps[i] });
        agree(p, &c, whole, y, 0, what);
        free(y);
    }
    free(whole);
    mp_ctx_free(&c);
}

/* Fills a thread's scratch memory, whose content is nobody's to rely on. */
static void spoil(struct mp_ctx *c, float value)
{
    for (int i = 0; i < MP_SCRATCH_SLOTS; i++)
        for (size_t j = 0; c->scratch[i].at != NULL && j < c->scratch[i].size; j++)
            c->scratch[i].at[j] = value;
}

/* As the engine loads: the state, then what it needs to be applied. */
static int load_state(struct probe *p, struct mp_ctx *c, void *state, const void *buf, size_t len)
{
    const int rc = direct_said(c, "io", mp_state_load(c, p->s, state, buf, len));
    return rc < 0 ? rc : direct_ready(c, p->s, p->params, state, p->rows.shape);
}

static int save(struct probe *p, struct mp_ctx *c, void *state, struct mp_io *io)
{
    memset(io, 0, sizeof *io);
    return learns(p->e) ? direct_said(c, "io", mp_state_save(c, p->s, state, io)) : MP_OK;
}

static bool same_bytes(const struct mp_io *a, const struct mp_io *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->buf, b->buf, a->len) == 0);
}

static void check_hidden(struct probe *p)
{
    struct mp_ctx c;
    struct mp_io before, after;
    void *params = direct_copy(p->params, 1, p->s->params_size);
    begin(p, &c);
    expect(p, save(p, &c, p->state, &before) >= 0, "save: %s", c.msg);
    float *once = work(p, &c, p->state, (struct how){ .step = 64 });
    spoil(&c, NAN);
    float *twice = work(p, &c, p->state, (struct how){ .step = 64, .fill = 0x5a });
    agree(p, &c, once, twice, 0, "a second run");
    spoil(&c, 0.37f);
    float *bare = work(p, &c, p->state, (struct how){ .step = 64, .no_labels = true });
    agree(p, &c, once, bare, 0, "without labels");
    p->run.seed++;
    float *seeded = work(p, &c, p->state, (struct how){ .step = 64 });
    p->run.seed--;
    if (once != NULL && seeded != NULL &&
        memcmp(once, seeded, p->pages.n * mp_len(p->out) * sizeof *once) == 0) {
        float *later = work(p, &c, p->state, (struct how){ .step = 64, .row0 = 1000 });
        agree(p, &c, once, later, 0, "rows numbered from 1000 on, in a stage that draws nothing");
        free(later);
    }
    expect(p, p->s->params_size == 0 || memcmp(params, p->params, p->s->params_size) == 0,
           "wrote to its parameters");
    expect(p, save(p, &c, p->state, &after) >= 0 && same_bytes(&before, &after),
           "apply() wrote to its state");
    free(before.buf);
    free(after.buf);
    free(once);
    free(twice);
    free(bare);
    free(seeded);
    free(params);
    mp_ctx_free(&c);
}

static void check_in_place(struct probe *p)
{
    struct mp_ctx c;
    if (mp_len(p->out) != mp_len(p->rows.shape))
        return;
    begin(p, &c);
    float *apart = work(p, &c, p->state, (struct how){ .step = 50 });
    float *within = work(p, &c, p->state, (struct how){ .step = 50, .in_place = true });
    agree(p, &c, apart, within, 0, "in place");
    free(apart);
    free(within);
    mp_ctx_free(&c);
}

static void check_bytes(struct probe *p)
{
    struct mp_ctx c;
    if (p->pages.b == NULL)
        return;
    begin(p, &c);
    float *floats = work(p, &c, p->state, (struct how){ .step = 50 });
    for (int fill = 1; fill < 256; fill += 254) {
        float *bytes = work(p, &c, p->state, (struct how){ .step = 50, .bytes = true,
                                                           .fill = (uint8_t)fill });
        agree(p, &c, floats, bytes, 0, "bytes");
        free(bytes);
    }
    if ((p->s->flags & MP_INPLACE) && mp_len(p->out) == mp_len(p->rows.shape)) {
        float *bytes = work(p, &c, p->state, (struct how){ .bytes = true, .in_place = true });
        agree(p, &c, floats, bytes, 0, "bytes in place");
        free(bytes);
    }
    free(floats);
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------------- colour */

/* n rows, each pixel's value in `channels` channels. */
static struct rows in_colour(const struct rows *grey, int channels)
{
    const size_t n = grey->n * mp_len(grey->shape), c = (size_t)channels;
    struct rows r = { .n = grey->n, .shape = grey->shape, .x = direct_memory(n * c, sizeof *r.x) };
    r.shape.c = channels;
    for (size_t i = 0; i < n * c; i++)
        r.x[i] = grey->x[i / c];
    return r;
}

/* What a filter makes of an image whose channels are equal is in each channel what it makes
 * of one: channels are worked on alike, and stay in register. */
static void check_register(struct probe *p)
{
    const struct mp_shape size = { p->rows.shape.h, p->rows.shape.w, 1 };
    struct rows one = make_rows(p, size, 40, EXTRA_ROWS, CLASSES);
    struct rows three = in_colour(&one, p->channels);
    struct mp_shape out;
    struct mp_ctx c;
    begin(p, &c);
    float *y = NULL, *z = NULL;
    if (direct_shape(&c, p->e, p->params, NULL, size, &out) >= 0) {
        y = direct_apply(&c, p->s, p->params, NULL, &one, out, (struct how){ .fill = 0xff });
        z = direct_apply(&c, p->s, p->params, NULL, &three, p->out, (struct how){ .fill = 0xff });
    }
    const size_t channels = (size_t)p->out.c;
    if (expect(p, y != NULL && z != NULL && mp_len(out) * channels == mp_len(p->out),
               "of one channel: %s", c.msg))
        for (size_t i = 0; i < one.n * mp_len(p->out); i++)
            if (!expect(p, fabsf(z[i] - y[i / channels]) < 1e-5f, "row %zu, value %zu: %.9g, but "
                        "%.9g of one channel", i / mp_len(p->out), i % mp_len(p->out),
                        (double)z[i], (double)y[i / channels]))
                break;
    free(y);
    free(z);
    direct_free(&one);
    direct_free(&three);
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------------ learning */

/* What joins in another order of sums cannot agree to the last bit.  Models
 * iterate from there until a tolerance of their own is met, so their scores may
 * differ by about that tolerance. */
static double shard_tolerance(const struct probe *p)
{
    return mp_is_model(p->e) ? 1e-2 : 1e-4;
}

/* Learns anew in some way and compares with p->state's output. */
static void relearn(struct probe *p, const float *whole, size_t shards, size_t step, double most,
                    const char *what)
{
    struct mp_ctx c;
    begin(p, &c);
    void *state = learn(p, &c, shards, step);
    float *y = work(p, &c, state, (struct how){ .step = 256 });
    agree(p, &c, whole, y, most, what);
    free(y);
    direct_clear(p->s, state);
    mp_ctx_free(&c);
}

static void check_shards(struct probe *p)
{
    struct mp_ctx c;
    begin(p, &c);
    float *one = work(p, &c, p->state, (struct how){ .step = 256 });
    relearn(p, one, 1, 37, 0, "one shard learned in chunks of 37 rows");
    if (p->s->merge != NULL) {
        void *state = learn(p, &c, 5, 256);
        float *five = work(p, &c, state, (struct how){ .step = 256 });
        agree(p, &c, one, five, shard_tolerance(p), "5 shards against 1");
        relearn(p, five, 5, 7, 0, "5 shards learned in chunks of 7 rows");
        free(five);
        direct_clear(p->s, state);
    }
    free(one);
    mp_ctx_free(&c);
}

/* The same seed gives the same bytes, whatever the number of threads. */
static void check_threads(struct probe *p)
{
    static const int threads[] = { 1, 2, 4 };
    struct mp_ctx c;
    struct mp_io first, again;
    begin(p, &c);
    const size_t shards = p->s->merge != NULL ? 3 : 1;
    void *state = learn(p, &c, shards, 256);
    expect(p, save(p, &c, state, &first) >= 0, "save: %s", c.msg);
    direct_clear(p->s, state);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        p->run.threads = threads[i];
        spoil(&c, NAN);
        state = learn(p, &c, shards, 256);
        expect(p, save(p, &c, state, &again) >= 0 && same_bytes(&first, &again),
               "learned with %d threads, the state differs %s", threads[i], c.msg);
        free(again.buf);
        direct_clear(p->s, state);
    }
    p->run.threads = 1;
    free(first.buf);
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------------- saving */

static void check_saved(struct probe *p)
{
    struct mp_ctx c;
    struct mp_io once, twice;
    begin(p, &c);
    expect(p, save(p, &c, p->state, &once) >= 0, "save: %s", c.msg);
    void *state = direct_memory(1, p->s->state_size);
    if (expect(p, load_state(p, &c, state, once.buf, once.len) >= 0, "load: %s", c.msg)) {
        expect(p, save(p, &c, state, &twice) >= 0 && same_bytes(&once, &twice),
               "saved, loaded and saved again, the bytes differ %s", c.msg);
        free(twice.buf);
        float *a = work(p, &c, p->state, (struct how){ .step = 64 });
        float *b = work(p, &c, state, (struct how){ .step = 64 });
        agree(p, &c, a, b, 0, "the loaded state");
        free(a);
        free(b);
    }
    direct_clear(p->s, state);
    free(once.buf);
    mp_ctx_free(&c);
}

/* Loads `len` bytes; what loads, right or not, must not make apply() crash. */
static bool loads(struct probe *p, const unsigned char *buf, size_t len)
{
    struct mp_ctx c;
    begin(p, &c);
    /* In memory of its very size, for the sanitizer's sake. */
    unsigned char *own = direct_copy(buf, len, 1);
    void *state = direct_memory(1, p->s->state_size);
    const bool good = load_state(p, &c, state, own, len) >= 0;
    expect(p, good || c.msg[0] != '\0', "io() failed without saying why");
    if (good) {
        const struct rows few = direct_part(&p->pages, 0, 3);
        free(direct_apply(&c, p->s, p->params, state, &few, p->out, (struct how){ .fill = 0xff }));
    }
    direct_clear(p->s, state);
    free(own);
    mp_ctx_free(&c);
    return good;
}

static void check_torn(struct probe *p)
{
    struct mp_ctx c;
    struct mp_io io;
    begin(p, &c);
    expect(p, save(p, &c, p->state, &io) >= 0, "save: %s", c.msg);
    mp_ctx_free(&c);
    for (size_t n = 0; n < io.len; n += n < 300 ? 1 : 1 + io.len / 150)
        expect(p, !loads(p, io.buf, n), "a state of %zu bytes loads from its first %zu", io.len, n);
    for (size_t i = 0; i < io.len; i += i < 160 ? 1 : 1 + io.len / 60) {
        static const unsigned char flips[] = { 0x01, 0x80, 0xff };
        for (size_t k = 0; k < sizeof flips; k++) {
            io.buf[i] ^= flips[k];
            loads(p, io.buf, io.len);
            io.buf[i] ^= flips[k];
        }
    }
    free(io.buf);
}

/* ------------------------------------------------------ rows nobody hopes for */

/* Learns from odd rows: a refusal with its reason, or a state that works. */
static void try_rows(struct probe *p, const struct rows *r, const char *what)
{
    struct mp_ctx c;
    begin(p, &c);
    void *state = direct_fit(&c, p->s, p->params, r, p->s->merge != NULL && r->n > 1 ? 2 : 1, 0);
    if (c.msg[0] == '\0') {
        float *y = work(p, &c, state, (struct how){ .step = 64 });
        check_finite(p, &c, y, p->pages.n, p->out, what);
        free(y);
    } else {
        expect(p, strpbrk(c.msg, "\n\r") == NULL && strstr(c.msg, "()") == NULL, "%s: %s", what,
               c.msg);
    }
    direct_clear(p->s, state);
    mp_ctx_free(&c);
}

static void check_odd_rows(struct probe *p)
{
    const size_t d = mp_len(p->rows.shape), n = 12;
    struct rows few = direct_part(&p->rows, 0, 1);
    try_rows(p, &few, "learned from one row");
    few.n = 2;
    try_rows(p, &few, "learned from two rows");
    few = make_rows(p, p->rows.shape, n, 0, CLASSES);
    for (size_t i = 1; i < n; i++)
        memcpy(few.x + i * d, few.x, d * sizeof *few.x);
    try_rows(p, &few, "learned from one row again and again");
    memset(few.x, 0, n * d * sizeof *few.x);
    try_rows(p, &few, "learned from blank rows");
    direct_free(&few);
    few = make_rows(p, p->rows.shape, n, 0, 1);
    try_rows(p, &few, "learned from rows of one class");
    free(few.y);
    few.y = NULL;
    try_rows(p, &few, "learned from rows without labels");
    direct_free(&few);
}

/* What was learned from rows of one shape meets rows of another. */
static void check_other_shape(struct probe *p)
{
    static const struct mp_shape others[] = { { 14, 12, 1 }, { 40, 36, 1 }, { 1, 900, 1 } };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct mp_ctx c;
        struct mp_shape out;
        begin(p, &c);
        if (direct_shape(&c, p->e, p->params, NULL, others[i], &out) >= 0) {
            struct rows r = make_rows(p, others[i], 3, 0, CLASSES);
            float *y = direct_apply(&c, p->s, p->params, p->state, &r, out,
                                    (struct how){ .fill = 0xff });
            if (y == NULL)
                check_refusal(p, &c, "rows of another shape");
            else
                check_finite(p, &c, y, r.n, out, "rows of another shape");
            free(y);
            direct_free(&r);
        }
        mp_ctx_free(&c);
    }
}

/* Two classes are a special case in many a library. */
static void check_two_classes(struct probe *p)
{
    static const char *const labels[] = { "3", "8" };
    const struct mp_run was = p->run;
    struct mp_ctx c;
    p->run.n_classes = 2;
    p->run.classes = labels;
    struct mp_shape out = { 1, 2, 1 };
    struct rows r = make_rows(p, mp_needs(p->e, MP_HELD) ? out : p->rows.shape, FIT_ROWS, 0, 2);
    begin(p, &c);
    void *state = direct_fit(&c, p->s, p->params, &r, 1, 0);
    if (expect(p, c.msg[0] == '\0', "fit: %s", c.msg)) {
        float *y = direct_apply(&c, p->s, p->params, state, &r, out, (struct how){ .fill = 0xff });
        check_finite(p, &c, y, r.n, out, "scores");
        size_t right = 0;
        for (size_t i = 0; i < r.n && y != NULL; i++)
            right += (y[2 * i + 1] > y[2 * i]) == (r.y[i] == 1);
        expect(p, 10 * right >= 7 * r.n, "only %zu of %zu training rows are told apart", right,
               r.n);
        free(y);
    }
    direct_clear(p->s, state);
    direct_free(&r);
    mp_ctx_free(&c);
    p->run = was;
}

static void check_native(struct probe *p, struct mp_ctx *c)
{
    char path[] = "/tmp/battery.XXXXXX";
    const int fd = mkstemp(path);
    struct stat st;
    if (!expect(p, fd >= 0, "cannot make a file in /tmp"))
        return;
    expect(p, mp_learner(p->e)->native(c, p->params, p->state, path) >= 0, "native: %s", c->msg);
    expect(p, stat(path, &st) == 0 && st.st_size > 0, "native() wrote nothing");
    close(fd);
    unlink(path);
}

/* Scores are higher for the right class: most rows it learned from are known. */
static void check_scores(struct probe *p)
{
    struct mp_ctx c;
    size_t right = 0;
    begin(p, &c);
    float *y = work(p, &c, p->state, (struct how){ .step = 256 });
    expect(p, y != NULL, "%s", c.msg);
    for (size_t i = 0; i < p->rows.n && y != NULL; i++) {
        int best = 0;
        for (int k = 1; k < CLASSES; k++)
            best = y[i * CLASSES + (size_t)k] > y[i * CLASSES + (size_t)best] ? k : best;
        right += best == p->rows.y[i];
    }
    expect(p, y == NULL || 2 * right >= p->rows.n, "only %zu of %zu training rows are recognised",
           right, p->rows.n);
    free(y);
    if (mp_learner(p->e)->native != NULL)
        check_native(p, &c);
    mp_ctx_free(&c);
}

/* ----------------------------------------------------------------- pictures */

/* What looks at pictures, and gives up after `most`. */
struct looker {
    struct probe *p;
    int n, most;
};

static int look(struct mp_ctx *c, void *arg, const char *name, const float *x, int h, int w,
                size_t step)
{
    struct looker *l = arg;
    const size_t n = (size_t)h * (size_t)w;
    bool finite = true;
    for (size_t i = 0; i < n; i++)
        finite = finite && isfinite(x[i * step]);
    expect(l->p, name != NULL && *name != '\0' && n > 0 && finite,
           "picture %d has no name, no size or values that are no numbers", l->n);
    return ++l->n > l->most ? mp_fail(c, "enough") : MP_OK;
}

/* There are some of the rows that it learned from, none of images that do not fit, and a
 * viewer that fails ends it. */
static void check_pictures(struct probe *p)
{
    const struct mp_shape in = p->rows.shape, other = { in.h + 1, in.w + 2, in.c };
    struct mp_ctx c;
    struct looker all = { p, 0, INT_MAX }, one = { p, 0, 0 }, none = { p, 0, INT_MAX };
    begin(p, &c);
    const struct mp_learner *l = mp_learner(p->e);
    int rc = l->pictures(&c, p->params, p->state, in, &(struct mp_viewer){ look, &all });
    expect(p, rc == MP_OK && all.n > 0, "%d pictures, returned %d: %s", all.n, rc, c.msg);
    rc = l->pictures(&c, p->params, p->state, other, &(struct mp_viewer){ look, &none });
    expect(p, rc == MP_OK && none.n == 0, "%d pictures of an image of another size", none.n);
    rc = l->pictures(&c, p->params, p->state, in, &(struct mp_viewer){ look, &one });
    expect(p, rc < 0 && one.n == 1, "goes on after the viewer has failed");
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------------- memory */

/* A stage's whole life on few rows. */
static int live(struct probe *p, struct mp_ctx *c)
{
    struct mp_io io = { 0 };
    void *state = learn(p, c, 2, 50), *loaded = direct_memory(1, p->s->state_size);
    const struct rows few = direct_part(&p->pages, 0, 3);
    int rc = c->msg[0] == '\0' ? MP_OK : -1;
    if (rc >= 0 && learns(p->e)) {
        rc = save(p, c, state, &io);
        if (rc >= 0)
            rc = load_state(p, c, loaded, io.buf, io.len);
    }
    if (rc >= 0) {
        float *y = direct_apply(c, p->s, p->params, loaded, &few, p->out,
                                (struct how){ .fill = 0xff });
        rc = y != NULL ? MP_OK : -1;
        free(y);
    }
    free(io.buf);
    direct_clear(p->s, state);
    direct_clear(p->s, loaded);
    return rc;
}

/* After curl's torture tests: the k-th allocation fails, for every k or, where
 * they are many, for some. */
static void check_memory(struct probe *p)
{
    const long most = learns(p->e) ? 16 : 40;
    struct mp_ctx c;
    begin(p, &c);
    expect(p, live(p, &c) >= 0, "%s", c.msg);
    const long all = c.n_alloc;
    mp_ctx_free(&c);
    for (long i = 0; i < (all < most ? all : most); i++) {
        const long k = 1 + (all <= most ? i : i * (all - 1) / (most - 1));
        begin(p, &c);
        c.fail_at = k;
        const int rc = live(p, &c);
        expect(p, c.n_alloc < k || (rc < 0 && strstr(c.msg, "no memory") != NULL),
               "allocation %ld of %ld failed: %s", k, all,
               c.msg[0] != '\0' ? c.msg : "nobody noticed");
        mp_ctx_free(&c);
    }
}

/* --------------------------------------------------------------- one stage */

/* The first shape, of those typical for its kind, that the stage takes. */
static bool choose_shape(struct probe *p, struct mp_shape *in)
{
    static const struct mp_shape for_models[] = { { 16, 16, 1 }, { 28, 28, 1 }, { 1, 40, 1 } };
    static const struct mp_shape for_others[] = { { 28, 28, 1 }, { 1, 40, 1 }, { 1, 1, 1 } };
    for (int i = 0; i < 3; i++) {
        struct mp_ctx c;
        *in = mp_is_model(p->e) ? for_models[i] : for_others[i];
        if (in->h > 1)
            in->c = p->channels;
        if (mp_needs(p->e, MP_HELD))
            *in = (struct mp_shape){ 1, CLASSES, 1 };
        if (mp_has_branches(p->e))
            *in = (struct mp_shape){ 1, CLASSES * ((const struct mp_branches *)p->params)->n, 1 };
        begin(p, &c);
        const int rc = direct_shape(&c, p->e, p->params, NULL, *in, &p->out);
        if (i == 2)
            expect(p, rc >= 0, "%s", c.msg);
        if (rc < 0 && in->c > 1)
            expect(p, strstr(c.msg, "; write grey above it") != NULL, "takes no colour, and says "
                   "no way out: %s", c.msg);
        mp_ctx_free(&c);
        if (rc >= 0)
            return true;
    }
    return false;
}

/* Scores have no colours. */
static bool takes_images(const struct mp_entry *e)
{
    return !mp_needs(e, MP_HELD) && !mp_has_branches(e);
}

/* Whether a stage has defaults for all, and its example asks for something else. */
static bool has_defaults(const struct mp_entry *e)
{
    for (const struct mp_param *q = e->stage->params; q != NULL && q->name != NULL; q++)
        if (q->def == NULL)
            return false;
    return !mp_needs(e, MP_LAYERS) && !mp_has_branches(e) &&
           strcmp(e->stage->example, e->name) != 0;
}

/* The stage's line as a pipeline; what takes scores stands below some model. */
static const char *pipeline_text(const struct probe *p, char *text, size_t size)
{
    const char *line = strstr(p->form, " (defaults)") == NULL ? p->s->example : p->e->name;
    const struct mp_entry *e = mp_registry;
    while (e->name != NULL && (!mp_is_model(e) || !has_defaults(e) || mp_needs(e, MP_HELD)))
        e++;
    snprintf(text, size, "%s\n%s", mp_needs(p->e, MP_HELD) && e->name != NULL ? e->name : "", line);
    return text;
}

/* Reads the stage's line as a pipeline, makes rows, learns from them. */
static void check_runs(struct probe *p)
{
    struct mp_script script;
    struct mp_shape in;
    struct mp_ctx c;
    char text[1024];
    begin(p, &c);
    if (mp_script_parse(&c, "example", pipeline_text(p, text, sizeof text), &script) >= 0) {
        mp_plan_build(&c, &script, &p->plan);
        mp_script_free(&script);
    }
    if (!expect(p, c.msg[0] == '\0', "%s", c.msg) ||
        !expect(p, (p->plan.n_nodes == (mp_needs(p->e, MP_HELD) ? 2 : 1) ||
                    mp_has_branches(p->e)) &&
                       p->plan.nodes[p->plan.n_nodes - 1].entry == p->e, "is no line of its own"))
        goto out;
    p->params = p->plan.nodes[p->plan.n_nodes - 1].params;
    if (!choose_shape(p, &in))
        goto out;
    p->rows = make_rows(p, in, FIT_ROWS, 0, CLASSES);
    p->pages = make_rows(p, in, FIT_ROWS, EXTRA_ROWS, CLASSES);
    p->state = learn(p, &c, 1, 256);
    if (p->state != NULL)
        direct_shape(&c, p->e, p->params, p->state, in, &p->out);
    float *y = work(p, &c, p->state, (struct how){ .step = 256 });
    check_finite(p, &c, y, p->pages.n, p->out, "output");
    free(y);
    expect(p, !(p->s->flags & MP_PIXELWISE) || mp_len(p->out) == mp_len(in),
           "MP_PIXELWISE, but gives %zu values for %zu", mp_len(p->out), mp_len(in));
out:
    mp_ctx_free(&c);
}

static void check_form(struct probe *p)
{
    group(p, "runs", check_runs);
    if (!p->good)
        return;
    group(p, "sizes of images", check_sizes);
    group(p, mp_is_model(p->e) ? "shape is left alone" : "labels", check_labels);
    group(p, "chunks", check_chunks);
    group(p, "nothing hidden", check_hidden);
    if (p->s->flags & MP_INPLACE)
        group(p, "in place", check_in_place);
    if (p->s->flags & MP_BYTES)
        group(p, "bytes equal floats", check_bytes);
    if (mp_is_filter(p->e) && p->rows.shape.c > 1)
        group(p, "channels in register", check_register);
    group(p, "out of memory", check_memory);
    if (!learns(p->e))
        return;
    group(p, p->s->merge != NULL ? "shards merge" : "chunks of training rows", check_shards);
    group(p, "seed and threads", check_threads);
    group(p, "saved and loaded", check_saved);
    group(p, "damaged states", check_torn);
    group(p, "odd training rows", check_odd_rows);
    group(p, "rows of another shape", check_other_shape);
    if (mp_learner(p->e)->pictures != NULL)
        group(p, "pictures", check_pictures);
    if (mp_is_model(p->e)) {
        group(p, "scores", check_scores);
        group(p, "two classes", check_two_classes);
    }
}

static void check_stage(struct tap *tap, const struct mp_entry *e)
{
    static const char *const labels[CLASSES] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
    struct probe p = { .tap = tap, .e = e, .s = e->stage };
    p.run = (struct mp_run){ .seed = 1, .threads = 1, .n_classes = CLASSES, .classes = labels,
                             .warnings = { .hear = silent } };
    snprintf(p.form, sizeof p.form, "%s", e->name);
    group(&p, "words", check_words);
    const bool described = p.good;
    group(&p, "members", check_members);
    group(&p, "parameters", check_parameters);
    for (int i = 0; i < 3 && described; i++) {
        if (i == 1 ? !has_defaults(e) : i == 2 && !takes_images(e))
            continue;
        struct probe q = p;
        q.channels = i == 2 ? 3 : 1;
        snprintf(q.form, sizeof q.form, "%s%s", i == 1 ? e->name : e->stage->example,
                 i == 1 ? " (defaults)" : i == 2 ? " (colour)" : "");
        for (char *at = q.form; *at != '\0'; at++)
            *at = *at == '\n' ? '/' : *at;
        check_form(&q);
        direct_clear(q.s, q.state);
        direct_free(&q.rows);
        direct_free(&q.pages);
        mp_plan_free(&q.plan);
    }
}

int main(int argc, char **argv)
{
    struct tap tap = { 0 };
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++) {
        bool wanted = argc < 2;
        for (int i = 1; i < argc; i++)
            wanted = wanted || strcmp(argv[i], e->name) == 0;
        if (wanted)
            check_stage(&tap, e);
    }
    return tap_end(&tap);
}
