/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runs_html.c - what the pages of several runs have in common. */
#include "pages/runs_html.h"
#include "core/ctx.h"
#include "pages/report_gallery.h"
#include "pages/report_parts.h"
#include "text/json.h"
#include <glib.h>
#include <string.h>

enum { SHOWN = 12, MOST = 48 }; /* cards of a gallery */

/* ------------------------------------------------------------------- table */

static void row_link(struct mp_html_table *t, const json_t *row, const char *cell)
{
    const char *folder = mp_string(row, "folder"), *slash = strrchr(folder, '/');
    char *path = g_strdup_printf("%s/report.html", slash != NULL ? slash + 1 : folder);
    mp_html_cell_begin(t, "");
    if (*folder != '\0')
        mp_html_link(t->f, path, cell);
    else
        mp_html_text(t->f, cell);
    mp_html_cell_end(t);
    g_free(path);
}

/* A dash for what does not apply, as in all pages. */
static void plain_cell(struct mp_html_table *t, const char *cell)
{
    mp_html_cell(t, "%s", strcmp(cell, "-") == 0 ? "\xe2\x80\x93" : cell);
}

void mp_runs_table(FILE *f, const char *caption, const json_t *rows,
                   const struct mp_form_column *columns, int n, int head, int link)
{
    enum { WIDEST = 16 };
    struct mp_column column[WIDEST];
    struct mp_html_table t;
    const json_t *row;
    size_t i;
    char cell[MP_CELL];
    for (int k = 0; k < n; k++)
        column[k] = (struct mp_column){ columns[k].title, !columns[k].left };
    mp_html_table(&t, f, caption, column, n);
    json_array_foreach(rows, i, row) {
        const bool failed = mp_form_failed(row);
        for (int k = 0; k < (failed ? head : n); k++) {
            mp_form_cell(row, &columns[k], cell);
            if (k == link)
                row_link(&t, row, cell);
            else
                plain_cell(&t, cell);
        }
        if (failed)
            mp_html_cell_rest(&t, "failed: %s", mp_string(row, "error"));
    }
    mp_html_table_end(&t);
}

/* ----------------------------------------------------------------- gallery */

const struct mp_job *mp_runs_job(const struct mp_job *jobs, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(jobs[i].name, name) == 0)
            return &jobs[i];
    return NULL;
}

/* "9: hog_svm, mlp", a line for each class that somebody named. */
static void who_said(FILE *f, const struct mp_seen *s, size_t row)
{
    fputs("<ul class=\"scores\">", f);
    for (int k = 0; k < s->x->n_classes; k++) {
        GString *who = g_string_new("");
        int n = 0;
        for (int i = 0; i < s->n; i++)
            if (s->jobs[i]->predicted[row] == k)
                g_string_append_printf(who, "%s%s", n++ > 0 ? ", " : "", s->jobs[i]->name);
        if (n > 0) {
            fprintf(f, "<li%s>", k == s->x->test_y[row] ? " class=\"truth\"" : "");
            mp_html_printf(f, "%s: %s", mp_names_at(&s->x->classes, (size_t)k),
                           n == s->n && n > 1 ? (n == 2 ? "both" : "all") : who->str);
            fputs("</li>", f);
        }
        g_string_free(who, TRUE);
    }
    fputs("</ul>\n", f);
}

static int card(struct mp_ctx *c, FILE *f, const struct mp_seen *s, size_t row)
{
    const char *class = mp_data_class(&s->x->test, row);
    char name[64], alt[MP_NAME_SIZE + 8];
    mp_data_row_name(&s->x->test, row, name, sizeof name);
    snprintf(alt, sizeof alt, "A %s", class);
    fputs("<li class=\"card\">\n", f);
    if (mp_report_rows(c, f, &s->x->test, &row, 1, "ink mistake", alt) < 0)
        return -1;
    fputs("<div><p><strong>", f);
    mp_html_printf(f, "a %s", class);
    fputs("</strong></p><p class=\"note\">", f);
    mp_html_printf(f, "%s; taken for", name);
    fputs("</p>\n", f);
    who_said(f, s, row);
    fputs("</div></li>\n", f);
    return MP_OK;
}

static int cards(struct mp_ctx *c, FILE *f, const struct mp_seen *s, const size_t *rows, size_t n)
{
    int rc = MP_OK;
    fputs("<ol class=\"cards\">\n", f);
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        rc = card(c, f, s, rows[i]);
    fputs("</ol>\n", f);
    return rc;
}

int mp_runs_gallery(struct mp_ctx *c, FILE *f, const struct mp_seen *seen, const size_t *rows,
                    size_t n)
{
    const size_t shown = n < SHOWN ? n : SHOWN, all = n < MOST ? n : MOST;
    int rc = cards(c, f, seen, rows, shown);
    if (rc == MP_OK && all > shown) {
        mp_html_fold(f, "%zu more%s", all - shown, all < n ? " of them" : "");
        rc = cards(c, f, seen, rows + shown, all - shown);
        mp_html_unfold(f);
    }
    return rc;
}

/* ------------------------------------------------------------------- words */

char *mp_runs_list(const char *const *names, size_t n)
{
    GString *text = g_string_new("");
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ", names[i]);
    return g_string_free(text, FALSE);
}

void mp_runs_short(const char *name, char *text)
{
    enum { ROOM = 24 };
    size_t n = strlen(name);
    if (n > ROOM) /* not within a letter of several bytes */
        for (n = ROOM - 1; n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80; n--)
            ;
    snprintf(text, MP_PLOT_NAME, "%.*s%s", (int)n, name, name[n] != '\0' ? "\xe2\x80\xa6" : "");
}

void mp_runs_origin(struct mp_ctx *c, struct mp_html *h, const struct mp_experiment *x)
{
    mp_html_section(h, "origin", "Where it comes from");
    mp_report_command(h->f, c);
    mp_report_data(h->f, x);
    mp_report_machine(h->f, c, 0);
}
