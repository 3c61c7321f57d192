/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_columns.c - what the columns of a CSV file are.
 *
 * Method: names say it where there are any.  Without them the first and the last column of the
 * rows at hand are put beside their neighbours: labels are few, close together, and unlike the
 * pixels next to them; a column that goes up by one from row to row counts the rows.
 */
#include "formats/csv_columns.h"
#include "core/ctx.h"
#include "formats/format.h"
#include "formats/input.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* -------------------------------------------------------------------- cells */

/* End of the cell that begins at p: its comma, or the end of the line. */
static const uint8_t *cell_end(const uint8_t *p, const uint8_t *end)
{
    bool quoted = false;
    for (; p < end && (quoted || *p != ','); p++)
        if (*p == '"')
            quoted = !quoted;
    return p;
}

/* Takes the quotes off; returns the length. */
static size_t unquote(const uint8_t **p, size_t n)
{
    if (n < 2 || (*p)[0] != '"' || (*p)[n - 1] != '"')
        return n;
    *p += 1;
    return n - 2;
}

/* The cells of a line, one after another. */
struct cells {
    const uint8_t *at, *end; /* at NULL: that was the last */
};

static bool next_cell(struct cells *s, const uint8_t **text, size_t *n)
{
    if (s->at == NULL)
        return false;
    const uint8_t *stop = cell_end(s->at, s->end);
    *text = s->at;
    *n = unquote(text, (size_t)(stop - s->at));
    s->at = stop < s->end ? stop + 1 : NULL;
    return true;
}

const uint8_t *mp_csv_cell(const uint8_t *line, size_t len, size_t i, size_t *n)
{
    struct cells s = { line, line + len };
    const uint8_t *text;
    *n = 0;
    while (next_cell(&s, &text, n))
        if (i-- == 0)
            return text;
    return NULL;
}

void mp_csv_show(char to[MP_CSV_SHOWN_SIZE], const uint8_t *text, size_t len)
{
    const size_t size = MP_CSV_SHOWN_SIZE;
    size_t at = 0;
    for (size_t i = 0; i < len && i < MP_CSV_SHOWN; i++) {
        const uint8_t b = text[i];
        const bool plain = b >= 32 && b <= 126;
        const char *fmt = b == '\r' ? "\\r" : b == '\t' ? "\\t" : plain ? "%c" : "\\x%02x";
        at += (size_t)snprintf(to + at, size - at, fmt, b);
    }
    snprintf(to + at, size - at, "%s", len > MP_CSV_SHOWN ? "..." : "");
}

/* ------------------------------------------------------------------- header */

static bool is_number(const uint8_t *p, size_t n)
{
    bool digit = false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\0' || strchr("0123456789+-.eE", p[i]) == NULL)
            return false;
        digit = digit || (p[i] >= '0' && p[i] <= '9');
    }
    return digit && p[0] != 'e' && p[0] != 'E';
}

/* A whole number of at most 18 digits. */
static bool whole(const uint8_t *p, size_t n, uint64_t *v)
{
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *v = 10 * *v + p[i] - '0';
    }
    return n > 0 && n <= 18;
}

/* Whether a line counts its columns, from 0 or 1 on; a first and a last cell may have names
 * instead.  Smaller images than 3 x 3 may well look so. */
static bool counts_columns(const uint8_t *line, size_t len)
{
    enum { FEWEST = 9 };
    struct cells s = { line, line + len };
    const uint8_t *text;
    size_t n = 0, columns = 0, numbers = 0;
    uint64_t v, last = 0;
    bool ended = false; /* by a name */
    for (; next_cell(&s, &text, &n); columns++) {
        const bool number = whole(text, n, &v);
        if (ended || (number && (numbers > 0 ? v != last + 1 : v > 1)))
            return false;
        ended = !number && numbers > 0;
        if (!number && numbers == 0 && columns > 0)
            return false;
        numbers += number;
        last = v;
    }
    return numbers >= FEWEST;
}

/* Names, if the first cell that is not empty is no number. */
enum mp_csv_header mp_csv_header_kind(const uint8_t *line, size_t len)
{
    struct cells s = { line, line + len };
    const uint8_t *text;
    size_t n;
    if (counts_columns(line, len))
        return MP_CSV_NUMBERS;
    while (next_cell(&s, &text, &n))
        if (n > 0)
            return is_number(text, n) ? MP_CSV_NONE : MP_CSV_NAMES;
    return MP_CSV_NONE;
}

static size_t count_columns(const struct mp_csv_head *h)
{
    struct cells s = { h->line, h->line + h->len };
    const uint8_t *text;
    size_t n, columns = 0;
    while (next_cell(&s, &text, &n))
        columns++;
    return columns;
}

static bool is_text(const uint8_t *p, size_t n, const char *word)
{
    return p != NULL && n == strlen(word) && strncasecmp((const char *)p, word, n) == 0;
}

/* The column of that name, or `columns`. */
static size_t find_name(const struct mp_csv_head *h, const char *name, size_t columns)
{
    struct cells s = { h->line, h->line + h->len };
    const uint8_t *text;
    size_t n;
    for (size_t i = 0; h->kind != MP_CSV_NONE && next_cell(&s, &text, &n); i++)
        if (is_text(text, n, name))
            return i;
    return columns;
}

/* ------------------------------------------------------------ rows at hand */

/* The outermost columns of the rows in the buffer. */
enum { FIRST, SECOND, LAST_BUT_ONE, LAST, ENDS };

struct column {
    uint32_t count[256];
    int n, low, high;      /* how many values there are, the smallest and the largest */
    uint32_t most;         /* rows of the most frequent */
};

struct evidence {
    size_t rows;
    struct column end[ENDS];
    bool bytes;            /* these columns have values 0..255 only */
    bool counts, all;      /* the first counts the rows; these are all rows of the file */
};

/* The first two and the last two values of a line of at least three. */
static bool take_ends(const uint8_t *p, const uint8_t *end, uint64_t v[ENDS])
{
    const uint8_t *a = memchr(p, ',', (size_t)(end - p)), *b = NULL, *y = end - 1;
    if (a != NULL)
        b = memchr(a + 1, ',', (size_t)(end - a - 1));
    if (b == NULL)
        return false;
    while (*y != ',')
        y--;
    const uint8_t *x = y - 1;
    while (*x != ',')
        x--;
    return whole(p, (size_t)(a - p), &v[FIRST]) &&
           whole(a + 1, (size_t)(b - a - 1), &v[SECOND]) &&
           whole(x + 1, (size_t)(y - x - 1), &v[LAST_BUT_ONE]) &&
           whole(y + 1, (size_t)(end - y - 1), &v[LAST]);
}

static void sum_up(struct column *c)
{
    c->low = -1;
    for (int v = 0; v < 256; v++) {
        if (c->count[v] == 0)
            continue;
        c->n++;
        c->low = c->low < 0 ? v : c->low;
        c->high = v;
        c->most = c->count[v] > c->most ? c->count[v] : c->most;
    }
}

static void look_at_rows(const struct mp_input *in, struct evidence *e)
{
    const uint8_t *p = in->buf + in->at, *end = in->buf + in->n;
    uint64_t v[ENDS], first = 0;
    memset(e, 0, sizeof *e);
    e->bytes = e->counts = true;
    while (p < end) {
        const uint8_t *stop = memchr(p, '\n', (size_t)(end - p)), *last = stop;
        if (stop == NULL && !in->end)
            break;
        last = stop = stop != NULL ? stop : end;
        if (last > p && last[-1] == '\r')
            last--;
        if (!take_ends(p, last, v))
            break;
        first = e->rows == 0 ? v[FIRST] : first;
        e->counts = e->counts && v[FIRST] == first + e->rows;
        for (int k = 0; k < ENDS; k++) {
            e->bytes = e->bytes && v[k] < 256;
            e->end[k].count[v[k] & 255]++;
        }
        e->rows++;
        p = stop < end ? stop + 1 : end;
    }
    while (p < end && (*p == '\n' || *p == '\r'))
        p++;
    e->all = p == end && in->end;
    for (int k = 0; k < ENDS; k++)
        sum_up(&e->end[k]);
}

/* Labels in order may count as well, up to the last class: a few rows prove nothing unless
 * they are all. */
static bool counts_rows(const struct evidence *e)
{
    enum { FEW = 3, MANY = 64 };
    return e->counts && e->rows >= (e->all ? FEW : MANY);
}

/* Few values, close together, each more than once, none nearly everywhere, and not those of
 * the pixel beside. */
static bool like_labels(const struct evidence *e, int end, int beside)
{
    enum { MOST = 64 };
    const struct column *c = &e->end[end], *p = &e->end[beside];
    const bool same = c->n == p->n && c->low == p->low && c->high == p->high;
    return e->bytes && !same && c->n >= 2 && c->n <= MOST && c->high - c->low < 2 * c->n &&
           e->rows >= 2 * (size_t)c->n && 5 * (size_t)c->most <= 4 * e->rows;
}

/* ------------------------------------------------------------------- labels */

/* The side of a square of `pixels`, or 0. */
static int side(size_t pixels)
{
    size_t s = 1;
    while (s < MP_IMAGE_SIDE && s * s < pixels)
        s++;
    return s * s == pixels ? (int)s : 0;
}

static bool fits(const struct mp_csv_head *h, size_t pixels)
{
    const struct mp_shape size = h->form->size;
    return pixels > 0 && (size.h != 0 ? pixels == mp_len(size) : side(pixels) > 0);
}

static bool asked(const struct mp_csv_head *h, const char *word)
{
    return h->form->label != NULL && strcmp(h->form->label, word) == 0;
}

static int no_column(const struct mp_csv_head *h, size_t columns)
{
    return mp_fail(h->in->c, "%s: label=%s: found no such column among %zu; expected first, last, "
                   "none, a number from 1%s", h->in->name, h->form->label, columns,
                   h->kind != MP_CSV_NONE ? ", or a name of line 1" : "; there are no names");
}

/* Where the user says that labels stand.  A file of as many columns as pixels has none. */
static int label_asked(const struct mp_csv_head *h, size_t columns, size_t *label)
{
    const char *said = h->form->label;
    uint64_t number;
    const bool counted = whole((const uint8_t *)said, strlen(said), &number);
    *label = counted ? columns : find_name(h, said, columns);
    if (*label < columns || asked(h, "none") || fits(h, columns))
        return MP_OK;
    if (asked(h, "first"))
        *label = 0;
    else if (asked(h, "last"))
        *label = columns - 1;
    else if (counted && number >= 1 && number <= columns)
        *label = (size_t)number - 1;
    else
        return no_column(h, columns);
    return MP_OK;
}

static void say(const struct mp_csv_head *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Once, when the rows are read, not when only the shape is asked. */
static void say(const struct mp_csv_head *h, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!h->in->shape_only)
        mp_warn(h->in->c, "%s: %s", h->in->name, text);
}

/* The one column with a name among numbers, or the one that is called label. */
static size_t label_named(const struct mp_csv_head *h, size_t columns)
{
    const size_t label = find_name(h, "label", columns);
    size_t n;
    uint64_t v;
    if (label < columns || h->kind != MP_CSV_NUMBERS || !fits(h, columns - 1))
        return label;
    for (size_t k = 0; k < columns; k += columns - 1) {
        const uint8_t *name = mp_csv_cell(h->line, h->len, k, &n);
        char text[MP_CSV_SHOWN_SIZE];
        if (n == 0 || whole(name, n, &v))
            continue;
        mp_csv_show(text, name, n);
        say(h, "column %zu (%s), the only one with a name, was taken for the label", k + 1, text);
        return k;
    }
    return columns;
}

/* Without a name one column more than pixels is the label's: the first, as in Kaggle's form,
 * unless the rows say otherwise. */
static int label_found(const struct mp_csv_head *h, const struct evidence *e, size_t columns,
                       size_t *label)
{
    *label = columns;
    if (fits(h, columns) || columns < 2 || !fits(h, columns - 1))
        return MP_OK;
    *label = 0;
    if (!like_labels(e, LAST, LAST_BUT_ONE) || like_labels(e, FIRST, SECOND))
        return MP_OK;
    return mp_fail(h->in->c, "%s: the last column looks like the label (%d values, %d..%d), the "
                   "first like a pixel; label=last or label=first says which it is",
                   h->in->name, e->end[LAST].n, e->end[LAST].low, e->end[LAST].high);
}

/* Whether the first column counts the rows, and the others are what an image needs. */
static bool is_index(const struct mp_csv_head *h, const struct evidence *e, size_t columns,
                     size_t label)
{
    const bool said = h->form->label != NULL && *h->form->label != '\0';
    if (!counts_rows(e) || columns < 2 || asked(h, "first") || asked(h, "1") ||
        (said && label == 0))
        return false;
    if (find_name(h, "label", columns) == 0 || fits(h, columns))
        return false;
    const bool named = label > 0 && label < columns;
    const bool is = named ? fits(h, columns - 2) : fits(h, columns - 1) || fits(h, columns - 2);
    return is && !(named && fits(h, columns - 1));
}

/* --------------------------------------------------------- order of pixels */

/* A name like "pixel12" or "3x14": what is not a digit, and its numbers. */
struct name {
    uint64_t number[2];
    uint32_t column;
};

/* Whether both names differ in nothing but their numbers. */
static bool same_words(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    size_t i = 0, j = 0;
    const size_t longest = 18;
    while (i < n || j < m) {
        size_t di = i, dj = j;
        while (di < n && a[di] >= '0' && a[di] <= '9')
            di++;
        while (dj < m && b[dj] >= '0' && b[dj] <= '9')
            dj++;
        if ((di > i) != (dj > j) || di - i > longest || dj - j > longest)
            return false;
        if (di > i) {
            i = di;
            j = dj;
        } else if (i == n || j == m || a[i++] != b[j++]) {
            return false;
        }
    }
    return true;
}

/* One or two numbers; false: there are none, or more. */
static bool numbers(const uint8_t *p, size_t n, struct name *to)
{
    int k = 0;
    to->number[0] = to->number[1] = 0;
    for (size_t i = 0; i < n;) {
        size_t stop = i;
        while (stop < n && p[stop] >= '0' && p[stop] <= '9')
            stop++;
        if (stop > i && (k == 2 || !whole(p + i, stop - i, &to->number[k++])))
            return false;
        i = stop > i ? stop : i + 1;
    }
    return k > 0;
}

static int by_number(const void *a, const void *b)
{
    const struct name *p = a, *q = b;
    for (int k = 0; k < 2; k++)
        if (p->number[k] != q->number[k])
            return p->number[k] < q->number[k] ? -1 : 1;
    return p->column < q->column ? -1 : p->column > q->column;
}

static int by_second(const struct name *p, const struct name *q)
{
    const struct name a = { { p->number[1], p->number[0] }, 0 };
    const struct name b = { { q->number[1], q->number[0] }, 0 };
    return by_number(&a, &b);
}

/* The names of the pixels' columns; false: they say nothing about order. */
static bool read_names(const struct mp_csv_head *h, const struct mp_columns *q,
                       struct name *names)
{
    struct cells s = { h->line, h->line + h->len };
    const uint8_t *text, *one = NULL;
    size_t n, len = 0, k = 0;
    for (size_t i = 0; next_cell(&s, &text, &n); i++) {
        if ((q->index && i == 0) || i - q->index == q->label)
            continue;
        if (one == NULL) {
            one = text;
            len = n;
        }
        if (!same_words(one, len, text, n) || !numbers(text, n, &names[k]))
            return false;
        names[k++].column = (uint32_t)(i - q->index);
    }
    return true;
}

/* Where names have numbers, these say where a pixel belongs; a file that a program has put
 * into the order of the alphabet has pixel10 behind pixel1. */
static int order_pixels(const struct mp_csv_head *h, struct mp_columns *q, size_t pixels)
{
    bool rising = true, down = true, twice = false;
    char text[2][MP_CSV_SHOWN_SIZE];
    size_t n, wrong = 0;
    struct name *names = mp_alloc(h->in->c, pixels, sizeof *names);
    if (names == NULL)
        return -1;
    if (h->kind != MP_CSV_NAMES || !read_names(h, q, names)) {
        free(names);
        return MP_OK;
    }
    for (size_t i = 1; i < pixels; i++) {
        if (rising && by_number(&names[i - 1], &names[i]) > 0)
            wrong = i;
        rising = rising && by_number(&names[i - 1], &names[i]) < 0;
        down = down && by_second(&names[i - 1], &names[i]) < 0; /* named by x and y */
    }
    int rc = MP_OK;
    if (!rising && !down) {
        for (size_t k = 0; k < 2; k++) {
            const size_t at = names[wrong - 1 + k].column + q->index;
            const uint8_t *name = mp_csv_cell(h->line, h->len, at, &n);
            mp_csv_show(text[k], name, n);
        }
        qsort(names, pixels, sizeof *names, by_number);
        for (size_t i = 1; i < pixels; i++)
            twice = twice || memcmp(names[i].number, names[i - 1].number,
                                    sizeof names->number) == 0;
        if (twice)
            rc = mp_fail(h->in->c, "%s: line 1: columns are not in the order of their names (%s "
                         "comes before %s), and some have the same number", h->in->name, text[0],
                         text[1]);
        for (size_t i = 0; i < pixels && !twice; i++)
            q->pixel[i] = names[i].column;
        q->order = true;
        if (!twice)
            say(h, "line 1 has %s before %s: columns were put into the order of their numbers",
                text[0], text[1]);
    }
    free(names);
    return rc;
}

/* -------------------------------------------------------------------- shape */

static int wrong_shape(const struct mp_csv_head *h, const struct mp_columns *q)
{
    const struct mp_shape size = h->form->size;
    char found[160], expected[200];
    size_t n = 0;
    const uint8_t *name = h->kind == MP_CSV_NAMES ? mp_csv_cell(h->line, h->len, 0, &n) : NULL;
    if (q->label < q->n)
        snprintf(found, sizeof found, "label and %zu pixels", q->n - 1);
    else if (name != NULL) {
        char text[MP_CSV_SHOWN_SIZE];
        mp_csv_show(text, name, n);
        snprintf(found, sizeof found, "%zu pixels (column 1 is \"%s\", not label)", q->n, text);
    } else
        snprintf(found, sizeof found, "%zu column%s", q->n, q->n > 1 ? "s" : "");
    const size_t want = mp_len(size);
    const bool other = name != NULL && q->label == q->n && fits(h, q->n - 1);
    if (other)
        snprintf(expected, sizeof expected, "%zu and a label; label=NAME or label=NUMBER says "
                 "which column that is", q->n - 1);
    else if (size.h == 0)
        snprintf(expected, sizeof expected, "a square number such as 784%s; "
                 "for other images give size=HxW", name != NULL ? "" : ", or one more with labels");
    else if (name != NULL)
        snprintf(expected, sizeof expected, "%zu (size=%dx%d)", want, size.h, size.w);
    else
        snprintf(expected, sizeof expected, "%zu, or %zu with labels (size=%dx%d)", want, want + 1,
                 size.h, size.w);
    return mp_fail(h->in->c, "%s: line 1: found %s, expected %s", h->in->name, found, expected);
}

static int find_label(const struct mp_csv_head *h, const struct evidence *e, struct mp_columns *q)
{
    const bool said = h->form->label != NULL && *h->form->label != '\0';
    size_t columns = count_columns(h), label = columns;
    if (said && label_asked(h, columns, &label) < 0)
        return -1;
    if (!said && h->kind != MP_CSV_NONE)
        label = label_named(h, columns);
    q->index = is_index(h, e, columns, label);
    if (q->index)
        label = label < columns ? label - 1 : fits(h, columns - 1) ? columns - 1 : 0;
    q->n = columns - q->index;
    q->label = label < q->n ? label : q->n;
    if (said || q->index || q->label < q->n || h->kind == MP_CSV_NAMES)
        return MP_OK;
    return label_found(h, e, columns, &q->label);
}

int mp_csv_columns(const struct mp_csv_head *h, struct mp_columns *q, struct mp_shape *shape)
{
    struct evidence *e = mp_alloc(h->in->c, 1, sizeof *e);
    if (e == NULL)
        return -1;
    if (find_name(h, "label", SIZE_MAX) != 0) /* Kaggle's form needs no proof */
        look_at_rows(h->in, e);
    const int rc = find_label(h, e, q);
    free(e);
    if (rc < 0)
        return -1;
    const size_t pixels = q->n - (q->label < q->n);
    const int s = side(pixels);
    *shape = h->form->size.h != 0 ? h->form->size : (struct mp_shape){ s, s, 1 };
    if (!fits(h, pixels))
        return wrong_shape(h, q);
    if (h->kind == MP_CSV_NUMBERS)
        say(h, "line 1 counts its columns: it was taken for a header, not for an image");
    if (q->index)
        say(h, "column 1 counts the rows: it was left out (label=first says that it is the label)");
    if ((q->pixel = mp_alloc(h->in->c, pixels, sizeof *q->pixel)) == NULL)
        return -1;
    for (size_t i = 0; i < pixels; i++)
        q->pixel[i] = (uint32_t)(i + (i >= q->label));
    q->order = q->label > 0 && q->label < q->n;
    return order_pixels(h, q, pixels);
}
