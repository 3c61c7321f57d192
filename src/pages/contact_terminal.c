/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contact_terminal.c - a contact sheet in a terminal.
 *
 * Pictures are made as large as the width allows.  Where they would become too small to
 * see anything, the columns go on in a second sheet below the first; where there is room
 * for more, several rows stand side by side. */
#include "pages/contact.h"
#include "pages/terminal.h"
#include "text/layout.h"
#include <string.h>

/* The smallest that a digit can be read at; the largest that is of use. */
enum { LEAST = 14, MOST = 48 };
enum { GAP = 1, BETWEEN = 3 };

/* ------------------------------------------------------------ in characters */

/* What a picture may take: characters are a pixel wide and two high. */
struct box {
    int side, wide;
};

static int column_width(const struct mp_contact_column *col, struct box b)
{
    char text[MP_CAPTIONS][MP_CAPTION_SIZE];
    int h, widest;
    mp_contact_size(col, b.side, b.wide, &h, &widest);
    mp_contact_captions(col, text);
    for (int i = 0; i < MP_CAPTIONS; i++)
        widest = (int)strlen(text[i]) > widest ? (int)strlen(text[i]) : widest;
    return widest;
}

static int margin(const struct mp_contact *k)
{
    size_t widest = strlen(k->word);
    for (size_t i = 0; i < k->n; i++) {
        char text[32];
        snprintf(text, sizeof text, "%llu", (unsigned long long)k->rows[i].number);
        widest = strlen(text) > widest ? strlen(text) : widest;
        const size_t label = (size_t)mp_text_columns(k->rows[i].label);
        widest = label > widest ? label : widest;
    }
    return (int)widest + 1;
}

/* Columns [first, the value) fill a sheet of that many characters: one at least. */
static int fill(const struct mp_contact *k, int first, struct box b, int columns, int *width)
{
    int end = first;
    *width = margin(k);
    while (end < k->n_columns) {
        const int more = column_width(&k->columns[end], b) + (end > first ? GAP : 0);
        if (end > first && *width + more > columns)
            break;
        *width += more;
        end++;
    }
    return end;
}

static int sheets(const struct mp_contact *k, struct box b, int columns)
{
    int n = 0, width;
    for (int at = 0; at < k->n_columns; n++)
        at = fill(k, at, b, columns, &width);
    return n;
}

/* The largest that needs no more sheets than the smallest does: images up to their own
 * size, then vectors up to twice that width. */
static struct box best_box(const struct mp_contact *k, int columns)
{
    int natural = 1;
    for (int j = 0; j < k->n_columns; j++) {
        const struct mp_contact_column *col = &k->columns[j];
        const int longer = col->h > col->w ? col->h : col->w;
        natural = col->image && longer > natural ? longer : natural;
    }
    natural = natural < MOST ? natural : MOST;
    const int start = natural < LEAST ? natural : LEAST;
    struct box b = { start, start };
    const int least = sheets(k, b, columns);
    while (b.side < natural && sheets(k, (struct box){ b.side + 1, b.side + 1 }, columns) == least)
        b.wide = ++b.side;
    while (b.wide < 2 * b.side && sheets(k, (struct box){ b.side, b.wide + 1 }, columns) == least)
        b.wide++;
    return b;
}

/* A sheet's place in all of it: columns [first, end), `across` rows side by side. */
struct sheet {
    const struct mp_contact *k;
    const struct mp_terminal *t;
    int first, end, across;
    struct box box;
};

static void pad(FILE *f, int n)
{
    fprintf(f, "%*s", n > 0 ? n : 0, "");
}

/* Text of at most `width`, and blanks up to it. */
static void word(FILE *f, const struct mp_terminal *t, const char *style, const char *text,
                 int width)
{
    const bool styled = t->styled && *text != '\0';
    fprintf(f, "%s%s%s", styled ? style : "", text, styled ? "\033[0m" : "");
    pad(f, width - mp_text_columns(text));
}

static const char bold[] = "\033[1m", dim[] = "\033[2m";

/* Line i of the captions, over each of the rows that stand side by side. */
static void caption_line(FILE *f, const struct sheet *s, int i)
{
    for (int a = 0; a < s->across; a++) {
        pad(f, a > 0 ? BETWEEN : 0);
        word(f, s->t, dim, i == MP_CAPTION_SHAPE ? s->k->word : "", margin(s->k));
        for (int j = s->first; j < s->end; j++) {
            const struct mp_contact_column *col = &s->k->columns[j];
            char text[MP_CAPTIONS][MP_CAPTION_SIZE];
            mp_contact_captions(col, text);
            pad(f, j > s->first ? GAP : 0);
            word(f, s->t, i == MP_CAPTION_NAME ? bold : dim, text[i], column_width(col, s->box));
        }
    }
    putc('\n', f);
}

/* What stands before line i of a row's pictures: its label, its number. */
static void row_name(FILE *f, const struct sheet *s, size_t row, int i)
{
    const struct mp_contact_row *r = &s->k->rows[row];
    const int first = r->label[0] != '\0' ? 1 : 0;
    char text[MP_CONTACT_LABEL] = "";
    if (i == 0 && first == 1)
        snprintf(text, sizeof text, "%s", r->label);
    if (i == first)
        snprintf(text, sizeof text, "%llu", (unsigned long long)r->number);
    word(f, s->t, i < first ? bold : dim, text, margin(s->k));
}

/* Line `line` of one picture; all are drawn again for each line, which costs less than
 * the terminal takes to show it. */
static int picture_line(struct mp_ctx *c, FILE *f, const struct sheet *s, size_t row, int j,
                        int line)
{
    const struct mp_contact_column *col = &s->k->columns[j];
    struct mp_picture p;
    int h, w, rc = MP_OK;
    mp_contact_size(col, s->box.side, s->box.wide, &h, &w);
    if (2 * line < h) {
        if (mp_picture_open(c, &p, h, w, col->colour ? 3 : 1, 255) < 0)
            return -1;
        rc = mp_contact_draw(c, col, row, h, w, &p, 0, 0);
        if (rc == MP_OK)
            mp_terminal_line(f, s->t, &p, line);
        mp_picture_close(&p);
    } else {
        pad(f, w);
    }
    pad(f, column_width(col, s->box) - w);
    return rc;
}

static int rows_line(struct mp_ctx *c, FILE *f, const struct sheet *s, size_t row, int line)
{
    for (size_t a = 0; a < (size_t)s->across && row + a < s->k->n; a++) {
        pad(f, a > 0 ? BETWEEN : 0);
        row_name(f, s, row + a, line);
        for (int j = s->first; j < s->end; j++) {
            pad(f, j > s->first ? GAP : 0);
            if (picture_line(c, f, s, row + a, j, line) < 0)
                return -1;
        }
    }
    putc('\n', f);
    return MP_OK;
}

static int show_sheet(struct mp_ctx *c, FILE *f, const struct sheet *s)
{
    int lines = 2, captions_used = MP_CAPTION_SHAPE + 1;
    for (int j = s->first; j < s->end; j++) {
        int h, w;
        mp_contact_size(&s->k->columns[j], s->box.side, s->box.wide, &h, &w);
        lines = (h + 1) / 2 > lines ? (h + 1) / 2 : lines;
        if (s->k->columns[j].epoch > 0)
            captions_used = MP_CAPTIONS;
    }
    for (int i = 0; i < captions_used; i++)
        caption_line(f, s, i);
    for (size_t row = 0; row < s->k->n; row += (size_t)s->across) {
        for (int line = 0; line < lines; line++)
            if (rows_line(c, f, s, row, line) < 0)
                return -1;
        if (row + (size_t)s->across < s->k->n)
            putc('\n', f);
    }
    return MP_OK;
}

static int show_characters(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                           const struct mp_terminal *t)
{
    struct sheet s = { .k = k, .t = t, .box = best_box(k, t->columns) };
    for (; s.first < k->n_columns; s.first = s.end) {
        int width;
        s.end = fill(k, s.first, s.box, t->columns, &width);
        s.across = (t->columns + BETWEEN) / (width + BETWEEN);
        s.across = s.across < 1 ? 1 : (size_t)s.across > k->n ? (int)k->n : s.across;
        if (s.first > 0)
            putc('\n', f);
        if (show_sheet(c, f, &s) < 0)
            return -1;
    }
    return MP_OK;
}

/* ----------------------------------------------------------------- in pixels */

/* Taller pictures are cut off by terminals that keep to xterm's limit of 1000. */
enum { TALLEST = 960 };

/* Columns from part->column0 on and rows from part->row0 on, as many as fit. */
static void fill_part(const struct mp_contact *k, int width, struct mp_contact_part *part)
{
    int h, w;
    /* All rows, so that every sheet of a column has the same width. */
    part->row1 = k->n;
    for (part->column1 = part->column0 + 1; part->column1 < k->n_columns; part->column1++) {
        struct mp_contact_part more = *part;
        more.row0 = 0;
        more.column1++;
        mp_contact_sheet_size(k, &more, &h, &w);
        if (w > width)
            break;
    }
    for (part->row1 = part->row0 + 1; part->row1 < k->n; part->row1++) {
        struct mp_contact_part more = *part;
        more.row1++;
        mp_contact_sheet_size(k, &more, &h, &w);
        if (h > TALLEST)
            break;
    }
}

static int parts_across(const struct mp_contact *k, struct mp_contact_part part, int width)
{
    int n = 0;
    for (part.column0 = 0; part.column0 < k->n_columns; part.column0 = part.column1, n++)
        fill_part(k, width, &part);
    return n;
}

/* About three and a half lines of text a picture, or smaller where that saves a sheet. */
static struct mp_contact_part pixel_part(const struct mp_contact *k, const struct mp_terminal *t)
{
    const struct mp_contact_column *data = &k->columns[0];
    const int longer = data->h > data->w ? data->h : data->w;
    const int unit = longer > 112 ? 112 : longer < 14 ? 14 : longer, width = t->columns * t->cell_w;
    struct mp_contact_part part = { .side = unit, .letters = t->cell_h >= 14 ? 2 : 1 };
    const int least = parts_across(k, part, width);
    for (int side = unit; side <= 7 * t->cell_h / 2; side += unit) {
        struct mp_contact_part larger = part;
        larger.side = side;
        if (parts_across(k, larger, width) == least)
            part = larger;
    }
    return part;
}

static int show_part(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                     const struct mp_terminal *t, const struct mp_contact_part *part)
{
    struct mp_picture p;
    int rc = MP_OK;
    if (mp_contact_sheet(c, k, part, &p) < 0)
        return -1;
    if (t->art == MP_ART_SIXEL)
        mp_terminal_sixel(f, &p);
    else
        rc = mp_terminal_kitty(c, f, &p);
    mp_picture_close(&p);
    return rc;
}

static int show_pixels(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                       const struct mp_terminal *t)
{
    struct mp_contact_part part = pixel_part(k, t);
    for (part.column0 = 0; part.column0 < k->n_columns; part.column0 = part.column1)
        for (part.row0 = 0; part.row0 < k->n; part.row0 = part.row1) {
            fill_part(k, t->columns * t->cell_w, &part);
            if (show_part(c, f, k, t, &part) < 0)
                return -1;
        }
    return MP_OK;
}

int mp_contact_show(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                    const struct mp_terminal *t)
{
    return t->art == MP_ART_TEXT || t->art == MP_ART_BLOCKS ? show_characters(c, f, k, t)
                                                            : show_pixels(c, f, k, t);
}
