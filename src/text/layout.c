/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout.c - paragraphs and tables that fit where they are read. */
#include "text/layout.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL = 80, FEWEST = 20, GAP = 2 };

const struct mp_paint mp_plain = { "", "", "", "" };
const struct mp_paint mp_vivid = { "\033[1m", "\033[2m", "\033[32m", "\033[0m" };

const struct mp_paint *mp_stdout_paint(void)
{
    const char *no_color = getenv("NO_COLOR");
    const bool colour = isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0');
    return colour ? &mp_vivid : &mp_plain;
}

int mp_columns(FILE *f)
{
    struct winsize w = { 0 };
    const int fd = fileno(f);
    if (fd != STDOUT_FILENO && fd != STDERR_FILENO)
        return 0;
    if (ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col >= FEWEST)
        return w.ws_col;
    const char *asked = getenv("COLUMNS");
    const int columns = asked != NULL ? atoi(asked) : 0;
    return columns >= FEWEST && columns <= 10000 ? columns : USUAL;
}

int mp_measure(FILE *f)
{
    const int columns = mp_columns(f);
    return columns > 0 && columns < USUAL ? columns : USUAL;
}

/* Of the first n bytes: all but those that go on a character. */
static int columns_of(const char *text, size_t n)
{
    int columns = 0;
    for (size_t i = 0; i < n; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

int mp_text_columns(const char *text)
{
    return columns_of(text, strlen(text));
}

/* -------------------------------------------------------------- paragraphs */

static int fill(FILE *f, int at, int indent, const char *text)
{
    const int width = mp_measure(f);
    bool blank = false; /* between this word and what stands before */
    for (const char *word = text + strspn(text, " \n"); *word != '\0';) {
        const size_t n = strcspn(word, " \n");
        const int columns = columns_of(word, n);
        if (at + blank + columns > width && at > indent) {
            fprintf(f, "\n%*s", indent, "");
            at = indent;
            blank = false;
        }
        fprintf(f, "%s%.*s", blank ? " " : "", (int)n, word);
        at += blank + columns;
        blank = true;
        word += n + strspn(word + n, " \n");
    }
    return at;
}

int mp_fill(FILE *f, int at, int indent, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    at = fill(f, at, indent, text);
    g_free(text);
    return at;
}

void mp_say(FILE *f, const char *label, int indent, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    const char *line = strrchr(label, '\n');
    const int wide = mp_text_columns(line != NULL ? line + 1 : label);
    fprintf(f, "%s%*s", label, wide < indent ? indent - wide : 0, "");
    fill(f, wide < indent ? indent : wide, indent, text);
    fputc('\n', f);
    g_free(text);
}

/* ------------------------------------------------------------------ tables */

void mp_tabular_open(struct mp_tabular *g, const struct mp_tabular_column *column, int n, int head)
{
    g->column = column;
    g->n = n;
    g->head = head;
    g->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g->row = NULL;
}

static void add(struct mp_tabular *g, const char *fmt, va_list ap)
{
    if (g->row == NULL || (int)g->row->len == g->n) {
        g->row = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(g->rows, g->row);
    }
    g_ptr_array_add(g->row, g_strdup_vprintf(fmt, ap));
}

void mp_tabular_cell(struct mp_tabular *g, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(g, fmt, ap);
    va_end(ap);
}

void mp_tabular_rest(struct mp_tabular *g, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(g, fmt, ap);
    va_end(ap);
    g->row = NULL;
}

/* Column k of a row, NULL where the row has none; of a short row the last is its rest. */
static const char *cell(const struct mp_tabular *g, const GPtrArray *row, int k)
{
    const int cells = (int)row->len < g->n ? g->head : g->n;
    return k < cells ? row->pdata[k] : NULL;
}

static int natural(const struct mp_tabular *g, int k)
{
    int width = mp_text_columns(g->column[k].title);
    for (guint i = 0; i < g->rows->len; i++) {
        const char *text = cell(g, g->rows->pdata[i], k);
        const int columns = text != NULL ? mp_text_columns(text) : 0;
        width = columns > width ? columns : width;
    }
    return width;
}

/* Widths of all columns for a line of `room`: those that may be broken give way, the
 * widest first, down to 12. */
static void choose_widths(const struct mp_tabular *g, int room, int *width)
{
    enum { LEAST = 12 };
    int total = (g->n - 1) * GAP;
    for (int k = 0; k < g->n; k++)
        total += width[k] = natural(g, k);
    while (total > room) {
        int widest = -1;
        for (int k = 0; k < g->n; k++)
            if (g->column[k].place == 'w' && width[k] > LEAST &&
                (widest < 0 || width[k] > width[widest]))
                widest = k;
        if (widest < 0)
            return;
        width[widest]--;
        total--;
    }
}

/* Bytes of the first line of a cell's text: up to `width` columns, to a blank if there is
 * one. */
static size_t first_line(const char *text, int width)
{
    size_t blank = 0;
    int columns = 0;
    for (size_t n = 0; text[n] != '\0'; n++) {
        const bool begins = ((unsigned char)text[n] & 0xc0) != 0x80;
        if (begins && ++columns > width)
            return text[n] == ' ' || blank == 0 ? n : blank;
        if (text[n] == ' ')
            blank = n;
    }
    return strlen(text);
}

/* One line of a row: what is left of its cells.  *at: where the line has come to; whether
 * more is left. */
struct line {
    const struct mp_tabular *g;
    FILE *f;
    const int *width;
    const char **left; /* one for each column */
};

static bool print_line(struct line *l, int first, int last, int *at)
{
    const struct mp_tabular *g = l->g;
    bool more = false;
    int end = 0; /* blanks are written when something follows them */
    *at = 0;
    for (int k = 0; k < last; k = k + 1 == g->head ? first : k + 1) {
        const char *text = l->left[k] != NULL ? l->left[k] : "";
        const size_t n = first_line(text, l->width[k]);
        const int columns = columns_of(text, n);
        const int from = end + (g->column[k].place == 'r' ? l->width[k] - columns : 0);
        if (n > 0)
            fprintf(l->f, "%*s%.*s", from - *at, "", (int)n, text);
        *at = n > 0 ? from + columns : *at;
        end += l->width[k] + GAP;
        l->left[k] = text + n + strspn(text + n, " ");
        more = more || *l->left[k] != '\0';
    }
    return more;
}

/* The head's columns and first .. last - 1 of a row; NULL: of the titles. */
static void print_row(const struct mp_tabular *g, FILE *f, const GPtrArray *row, const int *width,
                      int first, int last)
{
    struct line l = { g, f, width, g_new0(const char *, g->n) };
    bool more = true;
    int at, head = 0;
    for (int k = 0; k < last; k++)
        l.left[k] = row != NULL ? cell(g, row, k) : g->column[k].title;
    for (int k = 0; k < g->head; k++)
        head += width[k] + GAP;
    for (bool top = true; more; top = false) {
        more = print_line(&l, first, last, &at);
        if (top && row != NULL && (int)row->len < g->n && first == g->head) {
            fprintf(f, "%*s", head - at, "");
            fill(f, head, head, row->pdata[row->len - 1]);
        }
        fputc('\n', f);
    }
    g_free(l.left);
}

/* How many columns fit from `first` on, after the head's; one at least. */
static int last_that_fits(const struct mp_tabular *g, const int *width, int first, int room)
{
    int wide = 0, last = first;
    for (int k = 0; k < g->head; k++)
        wide += width[k] + GAP;
    while (last < g->n && (last == first || wide + width[last] <= room))
        wide += width[last++] + GAP;
    return last;
}

/* Whether there is anything but blanks above the columns. */
static bool is_titled(const struct mp_tabular *g, int last)
{
    for (int k = 0; k < last; k++)
        if (strspn(g->column[k].title, " ") < strlen(g->column[k].title))
            return true;
    return false;
}

void mp_tabular_print(struct mp_tabular *g, FILE *f, const struct mp_paint *p)
{
    const int columns = mp_columns(f), room = columns > 0 ? columns : 1 << 20;
    int *width = g_new0(int, g->n), last;
    choose_widths(g, room, width);
    for (int first = g->head; first < g->n && g->rows->len > 0; first = last) {
        last = last_that_fits(g, width, first, room);
        fputs(first > g->head ? "\n" : "", f);
        if (is_titled(g, last)) {
            fputs(p->dim, f);
            print_row(g, f, NULL, width, first, last);
            fputs(p->off, f);
        }
        for (guint i = 0; i < g->rows->len; i++)
            print_row(g, f, g->rows->pdata[i], width, first, last);
    }
    g_free(width);
    g_ptr_array_unref(g->rows);
    g->rows = g->row = NULL;
}
