/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_columns.c - what the columns of a table are: labels, pixels, a number of the row.
 *
 * Order of what is asked: the user, the names, how many pixels an image can have, and last
 * the rows at hand.  Kaggle's form needs no look at rows.
 */
#include "formats/csv_columns.h"
#include "core/ctx.h"
#include "formats/csv_header.h"
#include "formats/csv_order.h"
#include "formats/format.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* "column 5 (answer)", or "column 5" where there are no names. */
static const char *call(const struct mp_csv *h, size_t i, char text[MP_CELL_TEXT + 32])
{
    char name[MP_CELL_TEXT] = "";
    if (h->name != NULL && h->kind == MP_CSV_NAMES && h->name[i].n > 0)
        mp_cell_show(name, &h->name[i]);
    snprintf(text, MP_CELL_TEXT + 32, *name != '\0' ? "column %zu (%s)" : "column %zu", i + 1,
             name);
    return text;
}

/* ------------------------------------------------------------------ counting */

/* The side of a square of `pixels`, or 0. */
static int side(size_t pixels)
{
    size_t s = 1;
    while (s < MP_IMAGE_SIDE && s * s < pixels)
        s++;
    return s * s == pixels ? (int)s : 0;
}

static bool fits(const struct mp_csv *h, size_t pixels)
{
    const struct mp_shape size = h->form->size;
    return pixels > 0 && (size.h != 0 ? pixels == mp_len(size) : side(pixels) > 0);
}

/* Columns that are taken for pixels so far. */
static size_t count_pixels(const struct mp_csv *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->columns; i++)
        n += h->to[i] >= 0;
    return n;
}

/* The next of them from i on, or the one before. */
static size_t pixel_from(const struct mp_csv *h, size_t i)
{
    while (i < h->columns && h->to[i] < 0)
        i++;
    return i;
}

static size_t pixel_before(const struct mp_csv *h, size_t i)
{
    while (i-- > 0)
        if (h->to[i] >= 0)
            return i;
    return h->columns;
}

static void set_label(struct mp_csv *h, size_t column)
{
    h->label = column;
    h->to[column] = MP_COLUMN_LABEL;
}

/* ------------------------------------------------------- what the user says */

static bool said(const struct mp_csv *h)
{
    return h->form->label != NULL && *h->form->label != '\0';
}

static bool asked(const struct mp_csv *h, const char *word)
{
    return said(h) && strcmp(h->form->label, word) == 0;
}

static size_t find_name(const struct mp_csv *h, const char *name, size_t n)
{
    char word[256];
    size_t i = 0;
    if (h->name == NULL || n >= sizeof word)
        return h->columns;
    snprintf(word, sizeof word, "%.*s", (int)n, name);
    while (i < h->columns && !mp_cell_is(&h->name[i], word))
        i++;
    return i;
}

/* The column of that name, or of that number from 1 on; `columns`: there is none. */
static size_t find_column(const struct mp_csv *h, const char *text, size_t n)
{
    const struct mp_cell cell = { (const uint8_t *)text, n };
    const size_t named = find_name(h, text, n);
    uint64_t v;
    if (named < h->columns || !mp_cell_whole(&cell, &v))
        return named;
    return v >= 1 && v <= h->columns ? (size_t)v - 1 : h->columns;
}

/* ignore=id,... */
static void leave_out(struct mp_csv *h)
{
    for (const char *at = h->form->ignore; at != NULL && *at != '\0';) {
        const size_t n = strcspn(at, ","), column = find_column(h, at, n);
        if (column < h->columns)
            h->to[column] = MP_COLUMN_LEFT;
        else
            mp_csv_say(h, "ignore=%.*s: there is no such column", (int)n, at);
        at += n + (at[n] == ',');
    }
}

/* Where the user says that labels stand: by name, or else, once columns that are none of the
 * table's values are known, by place.  A file of as many columns as pixels has none. */
static void label_by_name(struct mp_csv *h)
{
    const size_t label = said(h) ? find_name(h, h->form->label, strlen(h->form->label))
                                 : h->columns;
    if (label < h->columns)
        set_label(h, label);
}

static void label_by_place(struct mp_csv *h)
{
    size_t label = h->columns;
    if (h->label < h->columns || fits(h, count_pixels(h)))
        return;
    if (asked(h, "first"))
        label = pixel_from(h, 0);
    else if (asked(h, "last"))
        label = pixel_before(h, h->columns);
    else
        label = find_column(h, h->form->label, strlen(h->form->label));
    if (label < h->columns)
        set_label(h, label);
}

static int no_column(const struct mp_csv *h)
{
    return mp_fail(h->in->c, "%s: label=%s: found no such column among %zu; expected first, last, "
                   "none, a number from 1%s", h->in->name, h->form->label, h->columns,
                   h->name != NULL ? ", or a name of line 1" : "; there are no names");
}

/* ------------------------------------------------------------ what names say */

static bool any_of(const struct mp_cell *cell, const char *const *words)
{
    for (; *words != NULL; words++)
        if (mp_cell_is(cell, *words))
            return true;
    return false;
}

/* "Unnamed: 0", as pandas reads an empty name. */
static bool unnamed(const struct mp_cell *cell)
{
    static const char word[] = "Unnamed: ";
    return cell->n == 0 ||
           (cell->n >= sizeof word && memcmp(cell->at, word, sizeof word - 1) == 0);
}

/* Names of rows, and numbers of rows that a table brings along. */
static void find_ids(struct mp_csv *h)
{
    static const char *const ids[] = { "id", "ImageId", "image_id", "file", "filename", NULL };
    static const char *const counts[] = { "index", "rownames", NULL };
    enum { FEW = 3 }; /* of which each is named: more are no table that a person made */
    char text[MP_CELL_TEXT + 32];
    bool id = false;
    size_t left = 0;
    for (size_t i = 0; h->name != NULL && i < h->columns; i++) {
        if (h->to[i] < 0)
            continue;
        if (!id && any_of(&h->name[i], ids)) {
            h->to[i] = MP_COLUMN_ID;
            id = true;
        } else if (unnamed(&h->name[i]) || any_of(&h->name[i], counts)) {
            h->to[i] = MP_COLUMN_LEFT;
            if (left++ < FEW)
                mp_csv_say(h, "%s%s was left out: it numbers the rows", call(h, i, text),
                           h->name[i].n == 0 ? ", which has no name," : "");
        }
    }
    if (left > FEW)
        mp_csv_say(h, "%zu more columns that number the rows were left out", left - FEW);
}

/* A column that is called as labels usually are; two of them are one too many. */
static int label_named(struct mp_csv *h)
{
    char text[2][MP_CELL_TEXT + 32];
    size_t label = find_name(h, "label", 5);
    if (label < h->columns && h->to[label] >= 0) {
        set_label(h, label);
        return MP_OK;
    }
    label = h->columns;
    for (size_t i = 0; h->name != NULL && i < h->columns; i++) {
        if (h->to[i] < 0 || !mp_csv_names_label(&h->name[i]))
            continue;
        if (label < h->columns)
            return mp_fail(h->in->c, "%s: %s and %s both look like the label; label=NAME says "
                           "which it is, ignore=NAME leaves the other out", h->in->name,
                           call(h, label, text[0]), call(h, i, text[1]));
        label = i;
    }
    if (label == h->columns)
        return MP_OK;
    set_label(h, label);
    mp_csv_say(h, "column %zu (%.*s) was taken for the label", label + 1, (int)h->name[label].n,
               (const char *)h->name[label].at);
    return MP_OK;
}

/* Whether pixels from column `a` to before `b` have the same words in their names. */
static bool alike(const struct mp_csv *h, size_t a, size_t b)
{
    const size_t first = pixel_from(h, a);
    for (size_t i = first; i < b; i++)
        if (h->to[i] >= 0 && !mp_csv_same_words(&h->name[first], &h->name[i]))
            return false;
    return true;
}

/* The first or last column, if its name alone is unlike the others'. */
static size_t odd_name(const struct mp_csv *h)
{
    const size_t first = pixel_from(h, 0), second = pixel_from(h, first + 1);
    const size_t last = pixel_before(h, h->columns);
    if (alike(h, second, h->columns) && !alike(h, first, second + 1))
        return first;
    return alike(h, first, last) && !alike(h, pixel_before(h, last), h->columns) ? last
                                                                                 : h->columns;
}

/* ------------------------------------------------------------- what rows say */

/* The only column that has words in it. */
static size_t column_of_words(const struct mp_csv *h)
{
    size_t found = h->columns;
    for (size_t i = 0; i < h->columns; i++) {
        if (h->to[i] < 0 || !mp_evidence_words(&h->e, i))
            continue;
        if (found < h->columns)
            return h->columns;
        found = i;
    }
    return found;
}

static int both_ends(const struct mp_csv *h, size_t first, size_t last)
{
    char text[2][MP_CELL_TEXT + 32];
    return mp_fail(h->in->c, "%s: %s or %s may be the label, and the rows do not tell which; "
                   "label=first or label=last says it", h->in->name, call(h, first, text[0]),
                   call(h, last, text[1]));
}

static int last_is_label(struct mp_csv *h, size_t last, enum mp_like sure)
{
    char text[MP_CELL_TEXT + 32];
    const struct mp_seen s = mp_evidence_of(&h->e, last);
    set_label(h, last);
    h->label_last = last + 1 == h->columns;
    if (s.words > 0)
        mp_csv_say(h, "%s, which has words, was taken for the label", call(h, last, text));
    else
        mp_csv_say(h, "%s, the last, was taken for the label (%zu values, %g..%g), as the first "
                   "looks %s a pixel; label=first says otherwise", call(h, last, text), s.n,
                   (double)s.low, (double)s.high, sure == MP_LIKE_PIXEL ? "like" : "more like");
    return MP_OK;
}

/* One column more than pixels is the label's: the first, as in Kaggle's form, unless the rows
 * say otherwise.  A few rows say little, and the form is taken for granted. */
static int label_at_end(struct mp_csv *h)
{
    enum { FEW = 8 };
    const size_t first = pixel_from(h, 0), last = pixel_before(h, h->columns);
    const enum mp_like a = mp_evidence_like(&h->e, first, pixel_from(h, first + 1)),
                       b = mp_evidence_like(&h->e, last, pixel_before(h, last));
    const size_t words = column_of_words(h);
    const bool many = h->e.rows >= FEW;
    /* amid the pixels of a few rows a word is a mistake rather */
    if (words < h->columns && (many || words == first || words == last))
        return last_is_label(h, words, a);
    if (b > a && (b == MP_LIKE_LABEL || (many && a != MP_LIKE_PIXEL)))
        return last_is_label(h, last, a);
    if (many && (b > a || (a == b && a != MP_LIKE_PIXEL)))
        return both_ends(h, first, last);
    set_label(h, first);
    if (!many && b != MP_LIKE_PIXEL && (a != MP_LIKE_LABEL || b == MP_LIKE_LABEL))
        mp_csv_say(h, "column %zu was taken for the label, as is usual; label=last says otherwise",
                   first + 1);
    return MP_OK;
}

/* Without a name the first column may count the rows, if the others are what an image needs. */
static void find_index(struct mp_csv *h)
{
    const size_t first = pixel_from(h, 0), pixels = count_pixels(h);
    const bool labelled = h->label < h->columns;
    if (asked(h, "first") || asked(h, "1") || fits(h, pixels) || pixels < 2 ||
        first != (h->label == 0))
        return;
    if (!(fits(h, pixels - 1) || (!labelled && fits(h, pixels - 2))) ||
        !mp_evidence_counts(&h->e, first))
        return;
    h->to[first] = MP_COLUMN_COUNT;
    mp_csv_say(h, "column %zu counts the rows: it was left out%s", first + 1,
               labelled ? "" : " (label=first says that it is the label)");
}

/* ---------------------------------------------------------------- one-hot */

/* Names that end in numbers are of these classes; otherwise the place counts, or the name. */
static int name_classes(struct mp_csv *h)
{
    h->hot = mp_alloc(h->in->c, h->n_hot, sizeof *h->hot);
    if (h->hot == NULL)
        return -1;
    const bool named = h->kind == MP_CSV_NAMES, all = named && alike(h, 0, h->columns);
    for (size_t k = 0; k < h->n_hot; k++) {
        const size_t i = h->hot_at + k;
        h->hot[k] = (struct mp_cell){ NULL, k };
        if (named && !all) {
            struct mp_cell name = h->name[i];
            const bool numbers = mp_csv_same_words(&h->name[h->hot_at], &name) && name.n > 0 &&
                                 isdigit(name.at[name.n - 1]);
            size_t digits = 0;
            while (digits < name.n && isdigit(name.at[name.n - 1 - digits]))
                digits++;
            h->hot[k] = numbers
                            ? (struct mp_cell){ name.at + name.n - digits, digits } : name;
        }
    }
    for (size_t k = 0; k < h->n_hot; k++)
        h->to[h->hot_at + k] = MP_COLUMN_HOT - (int32_t)k;
    return MP_OK;
}

/* Ten columns with one 1 a row, before or behind the pixels. */
static int find_one_hot(struct mp_csv *h)
{
    const size_t all = count_pixels(h), first = pixel_from(h, 0);
    const struct mp_shape size = h->form->size;
    size_t s = 1;
    while (size.h == 0 && (s + 1) * (s + 1) < all)
        s++;
    const size_t pixels = size.h != 0 ? mp_len(size) : s * s, n = all > pixels ? all - pixels : 0;
    if (n < 2 || n >= all || pixel_before(h, h->columns) + 1 - first != all)
        return MP_OK;
    const bool front = mp_evidence_one_hot(&h->e, first, n),
               back = mp_evidence_one_hot(&h->e, first + pixels, n);
    if (front && back)
        return mp_fail(h->in->c, "%s: the first %zu columns and the last both look like one "
                       "column a class; ignore=... leaves out those that are none", h->in->name,
                       n);
    if (!front && !back)
        return MP_OK;
    h->hot_at = front ? first : first + pixels;
    h->n_hot = n;
    mp_csv_say(h, "columns %zu to %zu have a single 1 in each row: they were taken for the "
               "labels, a column a class", h->hot_at + 1, h->hot_at + n);
    return name_classes(h);
}

/* -------------------------------------------------------------------- shape */

/* Two columns of a name and a number a row. */
static bool is_submission(const struct mp_csv *h)
{
    return h->columns == 2 && h->name != NULL &&
           (h->to[0] == MP_COLUMN_ID || (h->to[0] >= 0 && !fits(h, 1)));
}

/* The first column that has words in every row. */
static bool has_words(const struct mp_csv *h, char text[MP_CELL_TEXT + 32])
{
    for (size_t i = 0; i < h->columns; i++)
        if (h->to[i] >= 0 && mp_evidence_words(&h->e, i)) {
            call(h, i, text);
            return true;
        }
    return false;
}

static void describe_found(const struct mp_csv *h, size_t pixels, char *text, size_t size)
{
    char name[MP_CELL_TEXT];
    const bool named = h->kind == MP_CSV_NAMES;
    if (h->label < h->columns)
        snprintf(text, size, "label and %zu pixels", pixels);
    else if (named)
        snprintf(text, size, "%zu pixels (column %zu is \"%s\", not label)", pixels,
                 pixel_from(h, 0) + 1, mp_cell_show(name, &h->name[pixel_from(h, 0)]));
    else
        snprintf(text, size, "%zu column%s", pixels, pixels > 1 ? "s" : "");
}

static int wrong_shape(const struct mp_csv *h, size_t pixels)
{
    const struct mp_shape size = h->form->size;
    const bool named = h->kind == MP_CSV_NAMES, none = h->label == h->columns;
    char found[200], expected[200], word[MP_CELL_TEXT + 32];
    const size_t want = mp_len(size);
    if (said(h) && none && !asked(h, "none"))
        return no_column(h);
    if (is_submission(h))
        return mp_fail(h->in->c, "%s: has two columns, a name and a label a row: a submission or "
                       "a list of labels, not images", h->in->name);
    if (has_words(h, word))
        return mp_fail(h->in->c, "%s: %s has words, which are no pixels; label=... says that it "
                       "is the label, ignore=... leaves it out", h->in->name, word);
    describe_found(h, pixels, found, sizeof found);
    if (named && none && fits(h, pixels - 1))
        snprintf(expected, sizeof expected, "%zu and a label; label=NAME or label=NUMBER says "
                 "which column that is", pixels - 1);
    else if (size.h == 0)
        snprintf(expected, sizeof expected, "a square number such as 784%s; "
                 "for other images give size=HxW", named ? "" : ", or one more with labels");
    else if (named)
        snprintf(expected, sizeof expected, "%zu (size=%dx%d)", want, size.h, size.w);
    else
        snprintf(expected, sizeof expected, "%zu, or %zu with labels (size=%dx%d)", want, want + 1,
                 size.h, size.w);
    return mp_fail(h->in->c, "%s: line %llu: found %s, expected %s", h->in->name,
                   (unsigned long long)h->number, found, expected);
}

/* ----------------------------------------------------------------- columns */

/* What names and the user do not tell. */
static int by_rows(struct mp_csv *h)
{
    if (mp_csv_evidence(h) < 0)
        return -1;
    find_index(h);
    const size_t pixels = count_pixels(h);
    if (h->label < h->columns || said(h) || fits(h, pixels) || pixels < 2)
        return MP_OK;
    if (!fits(h, pixels - 1))
        return find_one_hot(h);
    const size_t odd = h->name != NULL ? odd_name(h) : h->columns;
    char text[MP_CELL_TEXT + 32];
    if (odd < h->columns) {
        set_label(h, odd);
        mp_csv_say(h, "%s, whose name is unlike the others, was taken for the label",
                   call(h, odd, text));
        return MP_OK;
    }
    return h->kind == MP_CSV_NAMES && !alike(h, 0, h->columns) ? MP_OK : label_at_end(h);
}

/* A square of values without a header may have a label among them. */
static int square_or_label(struct mp_csv *h, int s)
{
    if (h->label < h->columns || h->form->size.h != 0)
        return MP_OK;
    if (mp_csv_evidence(h) < 0)
        return -1;
    if (mp_evidence_like(&h->e, 0, 1) == MP_LIKE_LABEL)
        mp_csv_say(h, "%zu columns were taken for %d x %d pixels without a label, though the first "
                   "looks like one; size=HxW says otherwise", h->columns, s, s);
    return MP_OK;
}

int mp_csv_find_columns(struct mp_csv *h, struct mp_shape *shape)
{
    h->label = h->columns;
    h->to = mp_alloc(h->in->c, h->columns, sizeof *h->to);
    if (h->to == NULL)
        return -1;
    leave_out(h);
    label_by_name(h);
    find_ids(h);
    if (said(h))
        label_by_place(h);
    else if (label_named(h) < 0)
        return -1;
    if (!fits(h, count_pixels(h)) && by_rows(h) < 0)
        return -1;
    const size_t pixels = count_pixels(h);
    const int s = side(pixels);
    *shape = h->form->size.h != 0 ? h->form->size : (struct mp_shape){ s, s, 1 };
    if (!fits(h, pixels) || is_submission(h))
        return wrong_shape(h, pixels);
    if (s > 1 && h->kind == MP_CSV_NONE && !said(h) && h->n_hot == 0 && square_or_label(h, s) < 0)
        return -1;
    return mp_csv_order(h, pixels);
}

int mp_csv_open(struct mp_csv *h, struct mp_shape *shape)
{
    struct mp_csv_top top = { .line = 1 };
    int rc = mp_csv_top(h->in, &top);
    h->s = top.s;
    if (rc == MP_OK)
        rc = mp_csv_header(h, &top);
    if (rc == MP_OK)
        rc = mp_csv_find_columns(h, shape);
    free(top.comment);
    if (rc == MP_OK && h->kind == MP_CSV_NUMBERS)
        mp_csv_say(h, "line %llu counts its columns: it was taken for a header, not for an image",
                   (unsigned long long)h->number);
    if (rc == MP_OK && h->kind == MP_CSV_LOST)
        mp_csv_say(h, "line %llu looks like a row of values that a program took for names: it was "
                   "left out, and that image is lost", (unsigned long long)h->number);
    return rc;
}
