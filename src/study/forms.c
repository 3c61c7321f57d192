/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forms.c - one list of runs in several forms. */
#include "study/forms.h"
#include "core/ctx.h"
#include "files/output.h"
#include "text/cells.h"
#include "text/json.h"
#include "text/layout.h"
#include <string.h>
#include <unistd.h>

bool mp_form_failed(const json_t *row)
{
    const json_t *why = json_object_get(row, "error");
    return why != NULL && !json_is_null(why);
}

int mp_form_whole(const char *text, int most)
{
    int n = (int)strnlen(text, (size_t)most);
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* ------------------------------------------------------------------- cells */

/* "94.2K", "128M": at most five letters. */
static void short_size(double n, char *cell)
{
    static const char units[] = "KMGT";
    int u = 0;
    for (n /= 1024; n >= 999.5 && u < 3; u++)
        n /= 1024;
    snprintf(cell, MP_CELL, n < 99.95 ? "%.1f%c" : "%.0f%c", n, units[u]);
}

/* "7850", "12.9k", "1.20M". */
static void short_number(double n, char *cell)
{
    if (n < 9999.5)
        snprintf(cell, MP_CELL, "%.0f", n);
    else if (n < 999950)
        snprintf(cell, MP_CELL, n < 99950 ? "%.1fk" : "%.0fk", n / 1e3);
    else
        snprintf(cell, MP_CELL, n < 99.95e6 ? "%.2fM" : "%.0fM", n / 1e6);
}

/* Two numbers with "..", each in that form. */
static void interval(const json_t *v, const char *fmt, char *cell)
{
    char ends[2][32];
    for (size_t i = 0; i < 2; i++)
        snprintf(ends[i], sizeof ends[i], fmt, 100 * json_number_value(json_array_get(v, i)));
    snprintf(cell, MP_CELL, "%s .. %s", ends[0], ends[1]);
}

static void number_cell(double x, char kind, char *cell)
{
    switch (kind) {
    case '%':
        snprintf(cell, MP_CELL, "%.2f %%", 100 * x);
        break;
    case '+':
        snprintf(cell, MP_CELL, x > -5e-5 && x < 5e-5 ? "0.00" : "%+.2f", 100 * x);
        break;
    case 'n':
        snprintf(cell, MP_CELL, "%.0f", x);
        break;
    case 'f':
        snprintf(cell, MP_CELL, "%.4f", x);
        break;
    case 'p': /* 0 is what a double has no room for */
        snprintf(cell, MP_CELL, x > 0 ? "%.2g" : "<1e-300", x);
        break;
    case 's':
        snprintf(cell, MP_CELL, x < 99.95 ? "%.2f" : "%.0f", x);
        break;
    case 'S':
        snprintf(cell, MP_CELL, x > -99.95 && x < 99.95 ? "%+.2f" : "%+.0f", x);
        break;
    case 'b':
        short_size(x, cell);
        break;
    default:
        short_number(x, cell);
    }
}

void mp_form_cell(const json_t *row, const struct mp_form_column *k, char *cell)
{
    const json_t *v = json_object_get(row, k->key);
    if (v == NULL || json_is_null(v))
        snprintf(cell, MP_CELL, "-");
    else if (k->kind == 't')
        snprintf(cell, MP_CELL, "%.*s", mp_form_whole(json_string_value(v), MP_CELL - 1),
                 json_string_value(v));
    else if (k->kind == 'i' || k->kind == 'I')
        interval(v, k->kind == 'i' ? "%.2f" : "%+.2f", cell);
    else
        number_cell(json_number_value(v), k->kind, cell);
}

/* -------------------------------------------------------------------- text */

void mp_flow(struct mp_flow *w, const char *word)
{
    const int n = mp_text_columns(word) + 1; /* a comma may follow */
    if (w->indent + 1 + n > mp_measure(w->f)) { /* too long for any line: broken itself */
        fputc(' ', w->f);
        w->column = mp_fill(w->f, w->column + 1, w->indent + 1, "%s", word);
        return;
    }
    if (w->column > w->indent && w->column + 1 + n > mp_measure(w->f)) {
        fprintf(w->f, "\n%*s", w->indent, "");
        w->column = w->indent;
    }
    w->column += fprintf(w->f, " %s", word);
}

int mp_form_text(FILE *f, const json_t *rows, const struct mp_form_column *columns, int n,
                 int head)
{
    struct mp_tabular_column *column = g_new0(struct mp_tabular_column, n);
    struct mp_tabular t;
    const json_t *row;
    size_t i;
    int width = 0;
    char cell[MP_CELL];
    for (int k = 0; k < n; k++)
        column[k] = (struct mp_tabular_column){ columns[k].title, columns[k].left ? 'w' : 'r' };
    mp_tabular_open(&t, column, n, head);
    json_array_foreach(rows, i, row) {
        const bool failed = mp_form_failed(row);
        for (int k = 0; k < (failed ? head : n); k++) {
            mp_form_cell(row, &columns[k], cell);
            mp_tabular_cell(&t, "%s", cell);
            if (k == head - 1 && mp_text_columns(cell) > width)
                width = mp_text_columns(cell);
        }
        if (failed)
            mp_tabular_rest(&t, "failed: %s", mp_string(row, "error"));
    }
    mp_tabular_print(&t, f, &mp_plain);
    g_free(column);
    return width;
}

/* --------------------------------------------------------------- CSV, Markdown */

void mp_form_csv(FILE *f, const json_t *rows, const struct mp_csv_column *columns, int n)
{
    const json_t *row;
    size_t i;
    for (int k = 0; k < n; k++)
        fprintf(f, "%s%s", k > 0 ? "," : "", columns[k].title);
    json_array_foreach(rows, i, row)
        for (int k = 0; k < n; k++) {
            const json_t *v = json_object_get(row, columns[k].key);
            fputc(k > 0 ? ',' : '\n', f);
            mp_csv_value(f, json_is_array(v) ? json_array_get(v, columns[k].item) : v);
        }
    fputc('\n', f);
}

void mp_form_markdown(FILE *f, const json_t *rows, const struct mp_form_column *columns, int n,
                      int head)
{
    const json_t *row;
    size_t i;
    char cell[MP_CELL];
    for (int k = 0; k < n; k++)
        mp_markdown_cell(f, columns[k].title);
    fputs("|\n", f);
    for (int k = 0; k < n; k++)
        fputs(columns[k].left ? "|---" : "|--:", f);
    fputs("|\n", f);
    json_array_foreach(rows, i, row) {
        for (int k = 0; k < n; k++) {
            mp_form_cell(row, &columns[k], cell);
            mp_markdown_cell(f, mp_form_failed(row) && k == head ? "failed" : cell);
        }
        fputs("|\n", f);
    }
    json_array_foreach(rows, i, row)
        if (mp_form_failed(row))
            fprintf(f, "\n%s failed: %s\n", mp_string(row, "name"),
                    mp_string(row, "error"));
}

/* ------------------------------------------------------------------- files */

void mp_form_json(FILE *f, const json_t *document)
{
    json_dumpf(document, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    fputc('\n', f);
}

static int open_form(struct mp_ctx *c, const char *folder, const struct mp_forms *forms,
                     const char *ending, struct mp_output *o)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s.%s", folder, forms->stem, ending) >= (int)sizeof path)
        return mp_fail(c, "%s: this folder's name is too long", folder);
    return mp_output_open(c, o, path);
}

static int write_page(struct mp_ctx *c, const char *folder, const struct mp_forms *forms)
{
    struct mp_output o;
    if (open_form(c, folder, forms, "html", &o) < 0)
        return -1;
    if (forms->page(c, forms->arg, o.f) == MP_OK)
        return mp_output_commit(c, &o);
    mp_output_discard(&o);
    return -1;
}

/* The page decorates what is complete without it: what goes wrong with it is a warning. */
static bool add_page(struct mp_ctx *c, const char *folder, const struct mp_forms *forms)
{
    char old[4096];
    struct mp_ctx own;
    snprintf(old, sizeof old, "%s/%s.html", folder, forms->stem);
    unlink(old); /* that of other results */
    mp_ctx_init(&own, c->run);
    const bool there = write_page(&own, folder, forms) == MP_OK;
    if (!there)
        mp_warn(c, "no %s.html: %s", forms->stem, own.msg);
    mp_ctx_free(&own);
    return there;
}

static int write_all(struct mp_ctx *c, const char *folder, const struct mp_forms *forms,
                     bool *page)
{
    static const char *const endings[] = { "txt", "json", "csv", "md" };
    enum { N = sizeof endings / sizeof *endings };
    struct mp_output out[N];
    int rc = MP_OK, n = 0;
    while (n < N && rc == MP_OK) {
        rc = open_form(c, folder, forms, endings[n], &out[n]);
        if (rc == MP_OK) {
            forms->write(out[n].f, forms->document, n);
            n++;
        }
    }
    if (rc == MP_OK && mp_json_refused())
        rc = mp_no_memory(c, "%s.json", forms->stem);
    if (rc == MP_OK)
        rc = mp_output_commit_all(c, out, N);
    else
        for (int i = 0; i < n; i++)
            mp_output_discard(&out[i]);
    *page = rc == MP_OK && add_page(c, folder, forms);
    return rc;
}

int mp_forms_write(struct mp_ctx *c, const char *folder, const struct mp_forms *forms)
{
    bool page;
    return write_all(c, folder, forms, &page);
}

int mp_forms_show(struct mp_ctx *c, const char *folder, const struct mp_forms *forms, int form)
{
    bool page;
    if (write_all(c, folder, forms, &page) < 0)
        return -1;
    forms->write(stdout, forms->document, form);
    if (form == 0 && page && !c->run->quiet)
        printf("\nlook at  %s/%s.html\n", folder, forms->stem);
    return MP_OK;
}
