/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsvm.c - "LABEL INDEX:VALUE ...", sparse, indices from 1.
 *
 * Zeros are left out, which on pixels makes the file a third as long.  Classes without numbers
 * for their names are numbered, see STEM.classes.txt.  Rows without labels get the label 0, as
 * the predicting programs of LIBSVM and liblinear expect.
 * Reference: https://www.csie.ntu.edu.tw/~cjlin/libsvm/
 *
 * Read: how many values a row has, the file does not say if the last are zero.  The next square
 * is taken if pixels are most like those one row of it further on; otherwise a size is needed.
 * Some programs count from 0: the first rows tell, if they have an index 0.
 * Written: the first row has its last value, zero or not, so that readers see the width.
 */
#include "core/ctx.h"
#include "core/text.h"
#include "formats/format.h"
#include "formats/lines.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_TEXT = 10 }; /* of 2^30 values at most */

/* ----------------------------------------------------------------- reading */

struct sparse {
    struct mp_shape shape;
    size_t len;
    unsigned base;      /* the first index, 0 or 1 */
};

/* Why a line is wrong: the text, and what is the matter with it. */
struct fault {
    const uint8_t *at;
    size_t n;
    const char *what;   /* NULL: nothing */
    uint64_t index;     /* one that is too large or too small */
};

static const uint8_t *skip(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

static const uint8_t *word_end(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p != ' ' && *p != '\t')
        p++;
    return p;
}

/* "12:0.5" at p; returns what follows, or NULL. */
static const uint8_t *take_pair(const uint8_t *p, const uint8_t *end, uint64_t *index,
                                struct mp_line_row *row, float *v)
{
    enum { DIGITS = 10 };
    const uint8_t *digits = p;
    *index = 0;
    for (; p < end && isdigit(*p) && p - digits < DIGITS; p++)
        *index = 10 * *index + (unsigned)(*p - '0');
    if (p == digits || p == end || *p != ':')
        return NULL;
    p = mp_line_value(p + 1, '.', row, v);
    return p != NULL && p <= end && (p == end || *p == ' ' || *p == '\t') ? p : NULL;
}

/* What is not INDEX:VALUE but may stand there: a query's number; a comment ends the line. */
static bool passes(const uint8_t *p, const uint8_t *end)
{
    return end - p > 4 && memcmp(p, "qid:", 4) == 0;
}

/* The pairs of a line; with `s` into row->x, without only the least and largest index. */
static struct fault take_pairs(const struct sparse *s, const uint8_t *p, const uint8_t *end,
                               struct mp_line_row *row, uint64_t range[2])
{
    uint64_t index;
    float v;
    for (p = skip(p, end); p < end && *p != '#'; p = skip(p, end)) {
        const uint8_t *stop = word_end(p, end);
        const struct fault here = { p, (size_t)(stop - p), "expected INDEX:VALUE", 0 };
        if (passes(p, stop)) {
            p = stop;
            continue;
        }
        if ((p = take_pair(p, stop, &index, row, &v)) == NULL)
            return here;
        if (s == NULL) {
            range[0] = index < range[0] ? index : range[0];
            range[1] = index > range[1] ? index : range[1];
        } else if (index < s->base || index - s->base >= s->len) {
            return (struct fault){ here.at, here.n, "beyond", index };
        } else {
            row->x[index - s->base] = v;
        }
    }
    return (struct fault){ p, 0, NULL, 0 };
}

static struct fault take_line(const struct sparse *s, const uint8_t *line, const uint8_t *end,
                              struct mp_line_row *row, uint64_t range[2])
{
    const uint8_t *p = skip(line, end), *stop = word_end(p, end);
    float label;
    row->label = (struct mp_cell){ p, (size_t)(stop - p) };
    if (mp_float_read(p, '.', &label) != stop || label != rintf(label))
        return (struct fault){ p, row->label.n, "expected a label, a whole number", 0 };
    return take_pairs(s, stop, end, row, range);
}

static bool no_row(const uint8_t *line, const uint8_t *end)
{
    const uint8_t *p = skip(line, end);
    return p == end || *p == '#';
}

static enum mp_line take(const void *arg, const uint8_t *line, const uint8_t *end,
                         struct mp_line_row *row)
{
    const struct sparse *s = arg;
    if (no_row(line, end))
        return MP_LINE_NONE;
    memset(row->x, 0, s->len * sizeof *row->x);
    return take_line(s, line, end, row, NULL).what == NULL ? MP_LINE_ROW : MP_LINE_WRONG;
}

static int refuse(const struct mp_lines *l, const uint8_t *line, const uint8_t *end, bool ended)
{
    const struct sparse *s = l->arg;
    struct mp_line_row row = { .x = mp_alloc(l->in->c, s->len, sizeof *row.x) };
    char text[MP_CELL_TEXT];
    if (row.x == NULL)
        return -1;
    const struct fault f = take_line(s, line, end, &row, NULL);
    const unsigned long long number = l->line;
    const struct mp_cell cell = { f.at, f.n };
    free(row.x);
    if (!ended)
        return mp_fail(l->in->c, "%s: line %llu, the last, has no end: the file may be cut off (a "
                       "line feed behind it says that it is whole)", l->in->name, number);
    if (strcmp(f.what, "beyond") != 0)
        return mp_fail(l->in->c, "%s: line %llu: found \"%s\", %s", l->in->name, number,
                       mp_cell_show(text, &cell), f.what);
    return mp_fail(l->in->c, "%s: line %llu: found index %llu, expected %u..%zu as images are "
                   "%d x %d; size=HxW says otherwise", l->in->name, number,
                   (unsigned long long)f.index, s->base, s->len - 1 + s->base, s->shape.h,
                   s->shape.w);
}

static int strange(const struct mp_lines *l, size_t i, float v, size_t others)
{
    const struct sparse *s = l->arg;
    char more[MP_OTHERS_TEXT];
    return mp_fail(l->in->c, "%s: line %llu: found %zu:%g, expected 0..255 as %s are; "
                   "range=LOW..HIGH says otherwise", l->in->name, (unsigned long long)l->line,
                   i + s->base, (double)v, mp_line_others(more, others));
}

/* ------------------------------------------------------------------- width */

/* Calls see() with each line at hand that is a row and right. */
static void each_line(const struct mp_input *in, void (*see)(void *arg, const uint8_t *line,
                                                             const uint8_t *end), void *arg)
{
    const uint8_t *last = in->buf + in->n;
    for (const uint8_t *p = in->buf + in->at, *stop; p < last; p = stop + 1) {
        stop = memchr(p, '\n', (size_t)(last - p));
        if (stop == NULL && !in->end)
            return;
        stop = stop != NULL ? stop : last;
        const uint8_t *end = stop > p && stop[-1] == '\r' ? stop - 1 : stop;
        if (!no_row(p, end))
            see(arg, p, end);
    }
}

static void see_range(void *arg, const uint8_t *line, const uint8_t *end)
{
    struct mp_line_row row = { .x = NULL };
    take_line(NULL, line, end, &row, arg);
}

/* Products of pixels with those `lag` further on, summed over rows. */
enum { FROM = -3, LAGS = 7 };

struct likeness {
    struct sparse s;
    int side;
    double sum[LAGS];
    float *x;
    size_t left; /* values that are looked at yet */
};

static void see_likeness(void *arg, const uint8_t *line, const uint8_t *end)
{
    struct likeness *k = arg;
    struct mp_line_row row = { .x = k->x };
    if (k->left < k->s.len)
        return;
    k->left -= k->s.len;
    memset(k->x, 0, k->s.len * sizeof *k->x);
    if (take_line(&k->s, line, end, &row, NULL).what != NULL)
        return;
    for (int j = 0; j < LAGS; j++) {
        const int lag = k->side + FROM + j;
        for (size_t i = 0; lag > k->side / 2 && i + (size_t)lag < k->s.len; i++)
            k->sum[j] += (double)(k->x[i] * k->x[i + (size_t)lag]);
    }
}

/* Whether an image of that side is most like itself a row further on. */
static int looks_square(struct mp_input *in, const struct sparse *s, int side, bool *looks)
{
    enum { VALUES = 1 << 20 };
    struct likeness k = { .s = *s, .side = side, .left = VALUES };
    if ((k.x = mp_alloc(in->c, s->len, sizeof *k.x)) == NULL)
        return -1;
    each_line(in, see_likeness, &k);
    free(k.x);
    *looks = true;
    for (int j = 0; j < LAGS; j++)
        *looks = *looks && (j == -FROM || k.sum[j] < k.sum[-FROM]);
    return MP_OK;
}

/* The size of images whose largest index is known, as far as the lines at hand go. */
static int find_size(struct mp_input *in, const struct mp_form *form, size_t width,
                     struct sparse *s)
{
    int side = 1;
    bool looks = false;
    while (side < MP_IMAGE_SIDE && (size_t)side * (size_t)side < width)
        side++;
    s->shape = (struct mp_shape){ side, side, 1 };
    if (form->beside.h > 0 && mp_len(form->beside) >= width)
        s->shape = form->beside;
    s->len = mp_len(s->shape);
    if (s->len == width || form->beside.h > 0)
        return MP_OK;
    if (looks_square(in, s, side, &looks) < 0)
        return -1;
    if (!looks)
        return mp_fail(in->c, "%s: indices reach %zu, and zeros at the end are not written: "
                       "size=HxW says what images they are of", in->name, width - 1 + s->base);
    if (!in->shape_only)
        mp_warn(in->c, "%s: indices reach %zu: rows were taken for images of %d x %d with a blank "
                "end; size=HxW says otherwise", in->name, width - 1 + s->base, side, side);
    return MP_OK;
}

static int find_shape(struct mp_input *in, const struct mp_form *form, struct sparse *s)
{
    enum { ENOUGH = 1 << 22 };
    uint64_t range[2] = { UINT64_MAX, 0 };
    if (mp_input_fill(in, ENOUGH) < 0)
        return -1;
    each_line(in, see_range, range);
    s->base = range[0] > 0;
    s->shape = form->size;
    s->len = mp_len(form->size);
    if (form->size.h > 0)
        return MP_OK;
    const uint64_t most = (uint64_t)MP_IMAGE_SIDE * MP_IMAGE_SIDE;
    if (range[1] < range[0] || range[1] - s->base >= most)
        return mp_fail(in->c, "%s: found no index of 1..%llu in the first lines; size=HxW says "
                       "what images they are of", in->name, (unsigned long long)most);
    return find_size(in, form, (size_t)(range[1] - s->base) + 1, s);
}

/* Zeros alone are no labels: they stand where there are none. */
static void no_labels(struct mp_input *in, const struct mp_form *form, struct mp_data *d)
{
    const bool said = form->label != NULL && *form->label != '\0';
    if (said || d->classes.n != 1 || strcmp(mp_names_at(&d->classes, 0), "0") != 0)
        return;
    mp_warn(in->c, "%s: every label is 0, as where there are none: rows were taken for unlabelled "
            "(label=first takes them for labels)", in->name);
    free(d->label);
    d->label = NULL;
    mp_names_free(&d->classes);
}

static int read_rows(struct mp_input *in, const struct mp_form *form, struct mp_data *d)
{
    struct sparse s = { .base = 1 };
    struct mp_lines l = { .in = in, .form = form, .d = d, .line = 1, .labels = true, .arg = &s,
                          .must_end = true, .take = take, .refuse = refuse, .strange = strange };
    if (find_shape(in, form, &s) < 0)
        return -1;
    d->shape = s.shape;
    d->line0 = 1;
    d->is_csv = true;
    if (in->shape_only)
        return MP_OK;
    if (mp_lines_read(&l) < 0)
        return -1;
    if (d->n == 0)
        return mp_fail(in->c, "%s: found no row", in->name);
    no_labels(in, form, d);
    return MP_OK;
}

/* A number, and behind it an index with a value. */
static enum mp_look sniff(const uint8_t *p, size_t n)
{
    uint8_t text[MP_SNIFF + 1] = "";
    memcpy(text, p, n);
    const uint8_t *end = text + n, *at = text + mp_text_mark((const char *)text, n);
    for (const uint8_t *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        struct mp_line_row row = { .x = NULL };
        const uint8_t *label = word_end(at, stop), *pair = skip(label, stop);
        if (passes(pair, stop))
            pair = skip(word_end(pair, stop), stop);
        uint64_t index;
        float v;
        if (no_row(at, stop) || (pair == stop && stop < end)) /* an image without ink */
            continue;
        return mp_float_read(at, '.', &v) == label && pair < stop &&
                       take_pair(pair, word_end(pair, stop), &index, &row, &v) != NULL
                   ? MP_LOOK_IS : MP_LOOK_OTHER;
    }
    return MP_LOOK_OTHER;
}

/* ----------------------------------------------------------------- writing */

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    return mp_table_sink(c, w, ".libsvm") < 0 ? -1 : mp_table_classes(c, w);
}

/* " INDEX:", backwards from `end`; returns where it begins. */
static char *put_index(char *end, size_t index)
{
    *--end = ':';
    for (; index > 0; index /= 10)
        *--end = (char)('0' + index % 10);
    *--end = ' ';
    return end;
}

static int row(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r, size_t i)
{
    struct mp_sink *s = &w->sink[0];
    char text[INDEX_TEXT + 2], label[24];

    size_t n = (size_t)snprintf(label, sizeof label, "%lld", r->label != NULL
                                ? (long long)mp_table_label(w, r->label[i]) : 0);
    if (mp_sink_put(c, s, label, n) < 0)
        return -1;
    for (size_t j = 0; j < w->d;) {
        char *const room = mp_sink_room(c, s, MP_TABLE_RUN * (sizeof text + MP_FLOAT_TEXT));
        char *at = room;
        if (room == NULL)
            return -1;
        const size_t stop = w->d - j < MP_TABLE_RUN ? w->d : j + MP_TABLE_RUN;
        for (; j < stop; j++) {
            const size_t k = i * w->d + j;
            const bool width = w->row + i == 0 && j + 1 == w->d;
            if ((r->x != NULL ? r->x[k] == 0 : r->b[k] == 0) && !width)
                continue;
            const char *from = put_index(text + sizeof text, j + 1);
            n = (size_t)(text + sizeof text - from);
            memcpy(at, from, n);
            at += n;
            at += mp_table_value(at, r, k);
        }
        mp_sink_used(s, (size_t)(at - room));
    }
    return mp_sink_put(c, s, "\n", 1);
}

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (row(c, w, r, i) < 0)
            return -1;
    return MP_OK;
}

MP_FORMAT(libsvm) = {
    .rank = 2,
    .doc = "LABEL INDEX:VALUE ..., zeros left out (LIBSVM, liblinear, XGBoost)",
    .sniff = sniff, .read = read_rows,
    .begin = begin, .rows = rows,
};
