/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contact.c - rows of a data set after every stage, as pictures side by side.
 *
 * Cost: every column runs its rows through all stages before it, which for the few rows
 * of a sheet is less than drawing them. */
#include "pages/contact.h"
#include "engine/engine.h"
#include "image/letters.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a sheet may hold: pictures, and values of all of them (1 GiB of floats). */
enum { MAX_PICTURES = 10000, MAX_VALUES = 1 << 28 };
enum { PAPER = 255, FRAME = 205, TEXT = 0, NOTE = 110 };

void mp_contact_free(struct mp_contact *k)
{
    for (int j = 0; j < k->n_columns; j++)
        free(k->columns[j].x);
    free(k->columns);
    free(k->rows);
    memset(k, 0, sizeof *k);
}

/* ---------------------------------------------------------------- collecting */

bool mp_contact_draws(const struct mp_plan *p, int last)
{
    if (last < 0)
        return false;
    const struct mp_node *n = &p->nodes[last];
    bool draws = n->entry != NULL && (n->entry->stage->flags & MP_TRAIN_ONLY);
    for (int j = 0; j < n->n_inputs && !draws; j++)
        draws = mp_contact_draws(p, n->inputs[j]);
    return draws;
}

/* The place that a value's name tells, as in "hog[y=2,x=3,b=5]". */
static bool placed(const struct mp_plan *p, int node, size_t i, int *y, int *x)
{
    char name[256];
    mp_plan_label(p, node, i, name, sizeof name);
    const char *at = strchr(name, '[');
    return at != NULL && sscanf(at, "[y=%d,x=%d", y, x) == 2;
}

/* Whether value i is where an image of that size that begins at (y0, x0) has it. */
static bool in_order(const struct mp_plan *p, int node, size_t i, struct mp_shape s, int y0, int x0)
{
    int y, x;
    const size_t pixel = i / (size_t)s.c;
    return placed(p, node, i, &y, &x) && (size_t)(y - y0) == pixel / (size_t)s.w &&
           (size_t)(x - x0) == pixel % (size_t)s.w;
}

/* Vectors whose values name places, row after row, are images of as many channels as
 * there are values in the first place.  h is 0 if there are no places, or in another order, as
 * frequencies have. */
static struct mp_shape places(const struct mp_plan *p, int node, size_t d)
{
    const struct mp_shape none = { 0, 0, 0 };
    size_t channels = 0, row = 0;
    int y0, x0, y, x;
    if (!placed(p, node, 0, &y0, &x0))
        return none;
    for (; row < d && placed(p, node, row, &y, &x) && y == y0; row++)
        channels += x == x0;
    if (row == d || channels == 0 || row % channels != 0 || d % row != 0)
        return none;
    const struct mp_shape s = { (int)(d / row), (int)(row / channels), (int)channels };
    for (size_t i = 0; i < d; i++)
        if (!in_order(p, node, i, s, y0, x0))
            return none;
    return s;
}

/* The rectangle of d values that is nearest to a square and at most twice as wide as high;
 * without one the square whose end stays empty. */
static struct mp_shape rectangle(int d)
{
    const int root = (int)sqrt(d), w = (int)ceil(sqrt(d));
    for (int h = root; 2 * h >= (d + h - 1) / h; h--)
        if (d % h == 0)
            return (struct mp_shape){ h, d / h, 1 };
    return (struct mp_shape){ (d + w - 1) / w, w, 1 };
}

/* A layer's values keep their places also where other stages take them for a vector. */
static bool has_places(struct mp_shape s)
{
    return s.h > 1 && (s.w > 1 || s.c > 1);
}

/* A sequence, h x 1 x c, is an image of its steps, one below the other. */
static struct mp_shape in_places(struct mp_shape s)
{
    return s.w == 1 ? (struct mp_shape){ s.h, s.c, 1 } : s;
}

/* As what image a node's rows are drawn; *folded: their values lie in no places. */
static struct mp_shape fold(const struct mp_plan *p, int node, bool *folded)
{
    *folded = false;
    if (node < 0)
        return p->shape;
    const struct mp_node *n = &p->nodes[node];
    if (n->image)
        return n->out;
    if (has_places(n->out))
        return in_places(n->out);
    const struct mp_shape s = places(p, node, mp_len(n->out));
    if (s.h > 0)
        return s;
    if (n->n_inputs == 1 && mp_len(n->in) == mp_len(n->out))
        return fold(p, n->inputs[0], folded);
    *folded = true;
    return rectangle((int)mp_len(n->out));
}

/* Channels lie side by side, a value's width of paper between them: how many in a row. */
static int channels_across(int channels)
{
    return rectangle(channels).w;
}

/* Where the values of one row lie in its picture; most: channels to draw, 0: all. */
static void place(struct mp_contact_column *col, struct mp_shape s, int most)
{
    const int shown = col->colour ? 1 : most > 0 && s.c > most ? most : s.c;
    const int across = channels_across(shown);
    col->channels = col->colour ? 1 : s.c;
    col->shown = shown;
    col->tile_h = s.h;
    col->tile_w = s.w;
    col->h = (s.h + 1) * ((shown + across - 1) / across) - 1;
    col->w = (s.w + 1) * across - 1;
}

static void describe_node(const struct mp_contact_ask *ask, int node,
                          struct mp_contact_column *col)
{
    const struct mp_node *n = node >= 0 ? &ask->plan->nodes[node] : NULL;
    col->node = node;
    col->view = -1;
    col->shape = n != NULL ? n->out : ask->plan->shape;
    col->image = n == NULL || n->image || has_places(n->out);
    col->colour = (n == NULL || n->image) && col->shape.c == 3;
    place(col, fold(ask->plan, node, &col->folded), ask->channels);
    snprintf(col->name, sizeof col->name, "%.*s", n != NULL ? (int)strcspn(n->text, " \n") : 4,
             n != NULL ? n->text : "data");
}

/* Few values stand in one line, such as the scores of ten classes. */
static struct mp_shape fold_view(struct mp_shape s)
{
    enum { LINE = 32 };
    const int len = (int)mp_len(s);
    if (has_places(s))
        return in_places(s);
    return len <= LINE ? (struct mp_shape){ 1, len, 1 } : rectangle(len);
}

/* Of several nets, whose layer it is: "line 5.conv". */
static void name_view(const struct mp_plan *p, int node, const char *name, char *to, size_t size)
{
    int inside = 0;
    for (int k = 0; k < p->n_nodes; k++)
        inside += mp_contact_inside(p, k);
    const int n = inside > 1 ? snprintf(to, size, "line %d.", p->nodes[node].line) : 0;
    snprintf(to + n, size - (size_t)n, "%s", name);
}

static void describe_view(const struct mp_contact_ask *ask, int node, int i,
                          const struct mp_view *v, struct mp_contact_column *col)
{
    col->node = node;
    col->view = i;
    col->shape = v->shape;
    col->image = has_places(v->shape);
    col->colour = false;
    place(col, fold_view(v->shape), ask->channels);
    name_view(ask->plan, node, v->name, col->name, sizeof col->name);
}

bool mp_contact_inside(const struct mp_plan *p, int k)
{
    return mp_learner(p->nodes[k].entry)->view != NULL;
}

int mp_contact_view(struct mp_ctx *c, const struct mp_plan *p, int k, int i, struct mp_view *v)
{
    const struct mp_node *n = &p->nodes[k];
    mp_plan_where(c, p, k);
    const int rc = mp_learner(n->entry)->view(c, n->params, n->fitted ? n->state : NULL, n->in, i,
                                              v);
    mp_ctx_where(c, "%s", "");
    return rc;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* ink: the values are pixels, 0 to 1. */
static int find_range(struct mp_ctx *c, struct mp_contact_column *col, size_t n, bool ink)
{
    const size_t all = n * mp_len(col->shape);
    col->low = 0;
    col->high = 1;
    if (ink)
        return MP_OK;
    float *sorted = mp_alloc(c, all, sizeof *sorted);
    size_t m = 0;
    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < all; i++)
        if (isfinite(col->x[i]))
            sorted[m++] = col->x[i];
    qsort(sorted, m, sizeof *sorted, by_value);
    if (m > 0) {
        col->low = sorted[(m - 1) / 100];
        col->high = sorted[m - 1 - (m - 1) / 100];
    }
    free(sorted);
    if (col->low < 0 && col->high > 0) {
        col->high = fmaxf(-col->low, col->high);
        col->low = -col->high;
    }
    return MP_OK;
}

/* How many columns a node has: of copies no more than are made.  0: its rows are the same
 * every time. */
static int epochs_of(const struct mp_contact_ask *ask, int node)
{
    if (!ask->training || !mp_contact_draws(ask->plan, node))
        return 0;
    const size_t copies = mp_plan_passes(ask->plan, node) - 1;
    return copies > 0 && copies < (size_t)ask->epochs ? (int)copies : ask->epochs;
}

/* Calls `add` with a description of every column, in order. */
static int each_column(struct mp_ctx *c, const struct mp_contact_ask *ask, void *arg,
                       int (*add)(void *arg, const struct mp_contact_column *col))
{
    int rc = MP_OK;
    for (int node = -1; node <= ask->last && rc >= 0; node++) {
        const bool inside = node >= 0 && ask->layers && mp_contact_inside(ask->plan, node);
        if (node >= 0 && ask->alone && !inside)
            continue;
        const int epochs = epochs_of(ask, node);
        for (int e = epochs > 0; e <= epochs && rc >= 0; e++) {
            struct mp_contact_column col = { .epoch = e,
                                             .copy = e > 0 && mp_plan_passes(ask->plan, node) > 1 };
            struct mp_view v;
            if (!inside) {
                describe_node(ask, node, &col);
                rc = add(arg, &col);
            }
            for (int i = 0; inside && (node < ask->last || ask->views == 0 || i < ask->views) &&
                            (rc = mp_contact_view(c, ask->plan, node, i, &v)) > 0; i++) {
                describe_view(ask, node, i, &v, &col);
                if ((rc = add(arg, &col)) < 0)
                    break;
            }
        }
    }
    return rc;
}

/* What all columns need. */
struct sum {
    double columns, values;
    size_t n;
};

static int add_size(void *arg, const struct mp_contact_column *col)
{
    struct sum *s = arg;
    s->columns++;
    s->values += (double)s->n * (double)mp_len(col->shape);
    return MP_OK;
}

static int measure(struct mp_ctx *c, const struct mp_contact_ask *ask, struct sum *s)
{
    *s = (struct sum){ .n = ask->n };
    return each_column(c, ask, s, add_size);
}

static bool fits(const struct sum *s)
{
    return s->columns * (double)s->n <= MAX_PICTURES && s->values <= MAX_VALUES;
}

int mp_contact_last(struct mp_ctx *c, const struct mp_contact_ask *ask)
{
    struct mp_contact_ask part = *ask;
    struct sum s;
    for (; part.last >= -1; part.last--)
        if (measure(c, &part, &s) == MP_OK && fits(&s))
            break;
    return part.last;
}

int mp_contact_check(struct mp_ctx *c, const struct mp_contact_ask *ask)
{
    struct sum s;
    if (measure(c, ask, &s) < 0)
        return -1;
    if (fits(&s))
        return MP_OK;
    return mp_fail(c, "%zu rows after %.0f stages and epochs are %.0f pictures of %.0f values in "
                      "all; a sheet holds %d pictures and %d values", ask->n, s.columns,
                   s.columns * (double)ask->n, s.values, MAX_PICTURES, MAX_VALUES);
}

static int add_column(void *arg, const struct mp_contact_column *col)
{
    struct mp_contact *k = arg;
    k->columns[k->n_columns++] = *col;
    return MP_OK;
}

/* The rows at a place inside a node, which come to it as its input gives them. */
static int watch(struct mp_ctx *c, const struct mp_contact_ask *ask, size_t drawn,
                 struct mp_contact_column *col)
{
    const struct mp_node *n = &ask->plan->nodes[col->node];
    float *given = mp_alloc(c, mp_product(ask->n, mp_len(n->in)), sizeof *given);
    struct mp_chunk in = { .n = ask->n, .shape = n->in, .x = given };
    struct mp_chunk out = { .n = ask->n, .shape = col->shape, .x = col->x };
    int rc = given != NULL ? MP_OK : -1;
    if (rc == MP_OK)
        rc = mp_engine_rows(c, ask->plan, ask->d, ask->rows, ask->n, n->inputs[0], ask->training,
                            drawn, given);
    if (rc == MP_OK)
        rc = mp_learner(n->entry)->watch(c, n->params, n->state, col->view, &in, &out);
    mp_ctx_reuse(c);
    free(given);
    return rc;
}

static int collect_column(struct mp_ctx *c, const struct mp_contact_ask *ask,
                          struct mp_contact_column *col)
{
    const size_t drawn = col->epoch > 0 ? (size_t)col->epoch - 1 : 0;
    col->x = mp_alloc(c, mp_product(ask->n, mp_len(col->shape)), sizeof *col->x);
    if (col->x == NULL)
        return -1;
    const int rc = col->view >= 0 ? watch(c, ask, drawn, col)
                                  : mp_engine_rows(c, ask->plan, ask->d, ask->rows, ask->n,
                                                   col->node, ask->training, drawn, col->x);
    const bool ink = col->node < 0 || (col->view < 0 && ask->plan->nodes[col->node].image);
    return rc == MP_OK ? find_range(c, col, ask->n, ink) : -1;
}

/* The first letters of a name; what is left out, a dot says. */
static void shorten(char to[MP_CONTACT_LABEL], const char *name)
{
    const char *end = name;
    int letters = 0;
    for (; *end != '\0' && letters < MP_CONTACT_LETTERS - 1; letters++)
        end = g_utf8_next_char(end);
    const bool whole = *end == '\0' || *g_utf8_next_char(end) == '\0';
    snprintf(to, MP_CONTACT_LABEL, "%.*s%s", whole ? MP_CONTACT_LABEL : (int)(end - name), name,
             whole ? "" : ".");
}

int mp_contact_collect(struct mp_ctx *c, const struct mp_contact_ask *ask, struct mp_contact *k)
{
    struct sum need;
    memset(k, 0, sizeof *k);
    if (mp_contact_check(c, ask) < 0 || measure(c, ask, &need) < 0)
        return -1;
    k->n = ask->n;
    k->word = ask->d->is_csv ? "line" : "item";
    k->rows = mp_alloc(c, ask->n, sizeof *k->rows);
    k->columns = mp_alloc(c, (size_t)need.columns, sizeof *k->columns);
    int rc = k->rows != NULL && k->columns != NULL ? each_column(c, ask, k, add_column) : -1;
    for (size_t i = 0; i < ask->n && rc == MP_OK; i++) {
        const size_t row = ask->rows[i];
        k->rows[i].number = ask->d->number != NULL ? ask->d->number[row] : ask->d->line0 + row;
        if (ask->d->label != NULL)
            shorten(k->rows[i].label, mp_data_class(ask->d, row));
    }
    for (int j = 0; j < k->n_columns && rc == MP_OK; j++)
        rc = collect_column(c, ask, &k->columns[j]);
    if (rc < 0)
        mp_contact_free(k);
    return rc;
}

size_t mp_contact_typical(const struct mp_data *d, size_t *rows, size_t most)
{
    const size_t classes = d->label != NULL ? d->classes.n : d->n;
    size_t n = 0;
    for (size_t k = 0; k < classes && n < most; k++) {
        size_t i = d->label != NULL ? 0 : k;
        while (i < d->n && d->label != NULL && d->label[i] != k)
            i++;
        if (i < d->n)
            rows[n++] = i;
    }
    return n;
}

/* ------------------------------------------------------------------ pictures */

void mp_contact_captions(const struct mp_contact_column *col,
                         char text[MP_CAPTIONS][MP_CAPTION_SIZE])
{
    const struct mp_shape s = col->shape;
    char *shape = text[MP_CAPTION_SHAPE];
    snprintf(text[MP_CAPTION_NAME], MP_CAPTION_SIZE, "%s", col->name);
    if (!col->image)
        snprintf(shape, MP_CAPTION_SIZE, "%zu", mp_len(s));
    else if (s.c == 1)
        snprintf(shape, MP_CAPTION_SIZE, "%dx%d", s.h, s.w);
    else
        snprintf(shape, MP_CAPTION_SIZE, "%dx%dx%d", s.h, s.w, s.c);
    text[MP_CAPTION_EPOCH][0] = '\0';
    if (col->epoch > 0)
        snprintf(text[MP_CAPTION_EPOCH], MP_CAPTION_SIZE, "%s %d",
                 col->copy ? "copy" : "epoch", col->epoch);
}

void mp_contact_size(const struct mp_contact_column *col, int most_h, int most_w, int *h, int *w)
{
    const double y = (double)most_h / col->h, x = (double)most_w / col->w, fit = y < x ? y : x;
    const double zoom = fit >= 1 ? floor(fit) : fit;
    *h = (int)(col->h * zoom);
    *w = (int)(col->w * zoom);
    *h = *h > 0 ? *h : 1;
    *w = *w > 0 ? *w : 1;
}

/* One of the primaries of row i as h x w values. */
static void unfold_colour(const struct mp_contact_column *col, size_t i, int primary, float *to)
{
    const float *x = col->x + i * mp_len(col->shape) + primary;
    for (size_t j = 0; j < (size_t)col->h * (size_t)col->w; j++)
        to[j] = x[3 * j];
}

/* Row i as h x w values; NaN, which is drawn as paper, where it has none. */
static void unfold(const struct mp_contact_column *col, size_t i, float *to)
{
    const size_t d = mp_len(col->shape), w = (size_t)col->w;
    const size_t channels = (size_t)col->channels;
    const size_t across = (size_t)channels_across(col->shown);
    const size_t tile_w = (size_t)col->tile_w, tile_h = (size_t)col->tile_h;
    const float *x = col->x + i * d;
    for (size_t j = 0; j < (size_t)col->h * w; j++)
        to[j] = NAN;
    for (size_t j = 0; j < d; j++) {
        const size_t pixel = j / channels, channel = j % channels;
        if (channel >= (size_t)col->shown)
            continue;
        const size_t y = pixel / tile_w + channel / across * (tile_h + 1);
        to[y * w + pixel % tile_w + channel % across * (tile_w + 1)] = x[j];
    }
}

/* Mean of the part of `from` that lies under pixel (y, x) of h x w; what is paper does
 * not count. */
static float mean(const float *from, int from_h, int from_w, int h, int w, int y, int x)
{
    const double sy = (double)from_h / h, sx = (double)from_w / w;
    double sum = 0, area = 0;
    for (int i = (int)(y * sy); i < from_h && i < (y + 1) * sy; i++)
        for (int j = (int)(x * sx); j < from_w && j < (x + 1) * sx; j++) {
            const float v = from[(size_t)i * (size_t)from_w + (size_t)j];
            const double part = (fmin(i + 1, (y + 1) * sy) - fmax(i, y * sy)) *
                                (fmin(j + 1, (x + 1) * sx) - fmax(j, x * sx));
            if (!isfinite(v) || part <= 0)
                continue;
            sum += part * v;
            area += part;
        }
    return area > 0 ? (float)(sum / area) : NAN;
}

int mp_contact_draw(struct mp_ctx *c, const struct mp_contact_column *col, size_t i, int h, int w,
                    struct mp_picture *p, int top, int left)
{
    const bool enlarge = h >= col->h && w >= col->w;
    const int parts = col->colour && p->bands == 3 ? 3 : 1;
    float *all = mp_alloc(c, (size_t)col->h * (size_t)col->w, sizeof *all);
    float *small = mp_alloc(c, enlarge ? 1 : (size_t)h * (size_t)w, sizeof *small);
    const int rc = all != NULL && small != NULL ? MP_OK : -1;
    for (int k = 0; k < parts && rc == MP_OK; k++) {
        if (col->colour)
            unfold_colour(col, i, k, all);
        else
            unfold(col, i, all);
        for (int y = 0; y < h && !enlarge; y++)
            for (int x = 0; x < w; x++)
                small[(size_t)y * (size_t)w + (size_t)x] = mean(all, col->h, col->w, h, w, y, x);
        const struct mp_ink ink = { enlarge ? all : small, enlarge ? col->h : h,
                                    enlarge ? col->w : w, 1, col->low, col->high,
                                    parts > 1 ? k + 1 : 0 };
        mp_picture_ink(p, top, left, enlarge ? h / col->h : 1, &ink);
    }
    free(all);
    free(small);
    return rc;
}

int mp_contact_bands(const struct mp_contact *k)
{
    bool colour = false;
    for (int j = 0; j < k->n_columns; j++)
        colour = colour || k->columns[j].colour;
    return colour ? 3 : 1;
}

/* -------------------------------------------------------------------- sheets */

/* Measures that follow from a part's. */
struct layout {
    int gap;          /* between pictures; half of it is the outer margin */
    int line;         /* from one line of text to the next */
    int top, left;    /* of the first picture's square */
};

static struct layout lay_out(const struct mp_contact *k, const struct mp_contact_part *part)
{
    struct layout l = { .gap = 6 * part->letters,
                        .line = (MP_LETTER_HEIGHT + 2) * part->letters };
    int lines = MP_CAPTION_SHAPE + 1, widest = mp_letters_width(k->word, part->letters);
    for (int j = part->column0; j < part->column1; j++)
        if (k->columns[j].epoch > 0)
            lines = MP_CAPTIONS;
    for (size_t i = part->row0; i < part->row1; i++) {
        char text[32];
        snprintf(text, sizeof text, "%llu", (unsigned long long)k->rows[i].number);
        const int width = mp_letters_width(text, part->letters),
                  label = mp_letters_width(k->rows[i].label, part->letters);
        widest = width > widest ? width : widest;
        widest = label > widest ? label : widest;
    }
    l.top = l.gap + lines * l.line + l.gap / 2;
    l.left = l.gap + widest + l.gap;
    return l;
}

static int column_width(const struct mp_contact_column *col, const struct mp_contact_part *part)
{
    char text[MP_CAPTIONS][MP_CAPTION_SIZE];
    int h, widest;
    mp_contact_size(col, part->side, 2 * part->side, &h, &widest);
    widest = widest > part->side ? widest : part->side;
    mp_contact_captions(col, text);
    for (int i = 0; i < MP_CAPTIONS; i++) {
        const int width = mp_letters_width(text[i], part->letters);
        widest = width > widest ? width : widest;
    }
    return widest;
}

void mp_contact_sheet_size(const struct mp_contact *k, const struct mp_contact_part *part, int *h,
                           int *w)
{
    const struct layout l = lay_out(k, part);
    *h = l.top + (int)(part->row1 - part->row0) * (part->side + l.gap);
    *w = l.left;
    for (int j = part->column0; j < part->column1; j++)
        *w += column_width(&k->columns[j], part) + l.gap;
}

static void centred(struct mp_picture *p, int top, int left, int width, int zoom, uint8_t grey,
                    const char *text)
{
    mp_letters(p, top, left + (width - mp_letters_width(text, zoom)) / 2, zoom, grey, text);
}

static int draw_column(struct mp_ctx *c, const struct mp_contact *k,
                       const struct mp_contact_part *part, const struct mp_contact_column *col,
                       int left, struct mp_picture *p)
{
    const struct layout l = lay_out(k, part);
    const int width = column_width(col, part);
    char text[MP_CAPTIONS][MP_CAPTION_SIZE];
    int h, w;
    mp_contact_captions(col, text);
    for (int i = 0; i < MP_CAPTIONS; i++)
        centred(p, l.gap + i * l.line, left, width, part->letters,
                i == MP_CAPTION_NAME ? TEXT : NOTE, text[i]);
    mp_contact_size(col, part->side, 2 * part->side, &h, &w);
    for (size_t i = part->row0; i < part->row1; i++) {
        const int square = l.top + (int)(i - part->row0) * (part->side + l.gap);
        const int top = square + (part->side - h) / 2, at = left + (width - w) / 2;
        mp_picture_fill(p, top - 1, at - 1, h + 2, w + 2, FRAME);
        if (mp_contact_draw(c, col, i, h, w, p, top, at) < 0)
            return -1;
    }
    return MP_OK;
}

/* Each row's label, large, and its number below. */
static void draw_rows(const struct mp_contact *k, const struct mp_contact_part *part,
                      struct mp_picture *p)
{
    const struct layout l = lay_out(k, part);
    const int width = l.left - 2 * l.gap, large = part->side >= 4 * l.line ? 2 : 1;
    centred(p, l.gap + MP_CAPTION_SHAPE * l.line, l.gap, width, part->letters, NOTE, k->word);
    for (size_t i = part->row0; i < part->row1; i++) {
        const struct mp_contact_row *row = &k->rows[i];
        const bool labelled = row->label[0] != '\0';
        const int zoom = mp_letters_width(row->label, large * part->letters) <= width ? large : 1,
                  text_h = (labelled ? zoom * l.line : 0) + l.line;
        int top = l.top + (int)(i - part->row0) * (part->side + l.gap) +
                  (part->side - text_h) / 2;
        char text[32];
        if (labelled) {
            centred(p, top, l.gap, width, zoom * part->letters, TEXT, row->label);
            top += zoom * l.line;
        }
        snprintf(text, sizeof text, "%llu", (unsigned long long)row->number);
        centred(p, top, l.gap, width, part->letters, NOTE, text);
    }
}

int mp_contact_sheet(struct mp_ctx *c, const struct mp_contact *k,
                     const struct mp_contact_part *part, struct mp_picture *p)
{
    int h, w, left = lay_out(k, part).left, rc = MP_OK;
    mp_contact_sheet_size(k, part, &h, &w);
    if (mp_picture_open(c, p, h, w, mp_contact_bands(k), PAPER) < 0)
        return -1;
    draw_rows(k, part, p);
    for (int j = part->column0; j < part->column1 && rc == MP_OK; j++) {
        rc = draw_column(c, k, part, &k->columns[j], left, p);
        left += column_width(&k->columns[j], part) + lay_out(k, part).gap;
    }
    if (rc < 0)
        mp_picture_close(p);
    return rc;
}

/* Pictures of about 112 px, 28 x 28 enlarged four times: sharp in print.  Twice that, where
 * a layer's channels have to be told apart. */
struct mp_contact_part mp_contact_all(const struct mp_contact *k)
{
    enum { SMALL = 112, LARGE = 256 };
    const struct mp_contact_column *data = &k->columns[0];
    const int longer = data->h > data->w ? data->h : data->w;
    bool inside = false;
    for (int j = 0; j < k->n_columns; j++)
        inside = inside || k->columns[j].view >= 0;
    const int small = inside ? 2 * SMALL : SMALL;
    const int side = longer > LARGE ? LARGE : longer > small ? longer : small / longer * longer;
    return (struct mp_contact_part){ .row1 = k->n, .column1 = k->n_columns, .side = side,
                                     .letters = 2 };
}
