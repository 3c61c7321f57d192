/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confusion.c - what is taken for what, as text. */
#include "report/confusion.h"
#include <stdlib.h>

enum {
    SHOWN = 12,  /* lines of a list */
    SCORES = 28, /* columns of three scores */
    MOST = 256,  /* classes that a file has a matrix of */
};

static int digits(uint64_t n)
{
    int d = 1;
    while (n >= 10) {
        n /= 10;
        d++;
    }
    return d;
}

/* Columns of a cell, the blank in front of it included. */
static int cell_width(const struct mp_metrics *m, const char *const *names)
{
    int width = 1;
    for (size_t i = 0; i < m->n_confused; i++)
        width = digits(m->confused[i].rows) > width ? digits(m->confused[i].rows) : width;
    for (int i = 0; i < m->k; i++)
        width = mp_text_columns(names[i]) > width ? mp_text_columns(names[i]) : width;
    return width + 1;
}

/* A name at the right of so many columns. */
static void put_name(FILE *f, int width, const char *name)
{
    fprintf(f, "%*s%s", width - mp_text_columns(name), "", name);
}

static void matrix(FILE *f, const struct mp_metrics *m, const char *const *names,
                   const struct mp_paint *p, int width, bool scores)
{
    const struct mp_confused *q = m->confused, *end = q + m->n_confused;
    mp_say(f, "", 0, "%sconfusion: row is the truth, column the prediction%s", p->dim, p->off);
    fprintf(f, "%s%*s", p->dim, width, "");
    for (int j = 0; j < m->k; j++)
        put_name(f, width, names[j]);
    fprintf(f, "%s%s\n", scores ? "   precision  recall      F1" : "", p->off);
    for (int i = 0; i < m->k; i++) {
        fputs(p->dim, f);
        put_name(f, width, names[i]);
        fputs(p->off, f);
        for (int j = 0; j < m->k; j++)
            if (q < end && q->truth == i && q->predicted == j)
                fprintf(f, "%s%*llu%s", i == j ? p->good : p->bold, width,
                        (unsigned long long)q++->rows, p->off);
            else
                fprintf(f, "%s%*s%s", p->dim, width, ".", p->off);
        if (scores) {
            char text[3][16];
            mp_share_text(text[0], m->class[i].precision);
            mp_share_text(text[1], m->class[i].recall);
            mp_share_text(text[2], m->class[i].f1);
            fprintf(f, "   %9s %7s %7s", text[0], text[1], text[2]);
        }
        fputc('\n', f);
    }
}

/* ------------------------------------------------------- in place of a matrix */

/* The number of a mistake, or of a class, and how far up it belongs. */
struct ranked {
    size_t at;
    double key;
};

static int by_key(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

static void mistakes(FILE *f, const struct mp_metrics *m, const char *const *names,
                     const struct mp_paint *p, bool whole)
{
    static const struct mp_tabular_column column[] = {
        { "truth", 'r' }, { "taken for", 'r' }, { "rows", 'r' }, { "of the class", 'r' }
    };
    struct ranked *r = calloc(m->n_confused + 1, sizeof *r);
    struct mp_tabular g;
    int n = 0;
    if (r == NULL)
        return;
    for (size_t i = 0; i < m->n_confused; i++)
        if (m->confused[i].truth != m->confused[i].predicted)
            r[n++] = (struct ranked){ i, (double)m->confused[i].rows };
    qsort(r, (size_t)n, sizeof *r, by_key);
    fprintf(f, "%smost frequent mistakes%s\n", p->dim, p->off);
    mp_tabular_open(&g, column, sizeof column / sizeof *column, 1);
    for (int i = 0; i < n && (whole || i < SHOWN); i++) {
        const struct mp_confused *q = &m->confused[r[i].at];
        mp_tabular_cell(&g, "%s", names[q->truth]);
        mp_tabular_cell(&g, "%s", names[q->predicted]);
        mp_tabular_cell(&g, "%.0f", r[i].key);
        mp_tabular_cell(&g, "%.1f %%", 100 * r[i].key / (double)m->class[q->truth].rows);
    }
    mp_tabular_print(&g, f, p);
    if (n > SHOWN && !whole)
        fprintf(f, "and %d more kinds\n", n - SHOWN);
    free(r);
}

/* All classes; of many those of the lowest F1. */
static void classes(FILE *f, const struct mp_metrics *m, const char *const *names,
                    const struct mp_paint *p, bool whole)
{
    static const struct mp_tabular_column column[] = {
        { "class", 'r' }, { "rows", 'r' }, { "precision", 'r' }, { "recall", 'r' }, { "F1", 'r' }
    };
    const bool some = m->k > SHOWN && !whole;
    struct ranked *r = calloc((size_t)m->k, sizeof *r);
    struct mp_tabular g;
    if (r == NULL)
        return;
    for (int i = 0; i < m->k; i++) /* no F1, no row: such a class comes last */
        r[i] = (struct ranked){ (size_t)i, !some ? 0 : m->class[i].f1 >= 0 ? -m->class[i].f1 : -2 };
    qsort(r, (size_t)m->k, sizeof *r, by_key);
    fprintf(f, "\n%s%s%s\n", p->dim, some ? "classes of the lowest F1" : "classes", p->off);
    mp_tabular_open(&g, column, sizeof column / sizeof *column, 1);
    for (int i = 0; i < (some ? SHOWN : m->k); i++) {
        const struct mp_class_metrics *q = &m->class[r[i].at];
        mp_tabular_cell(&g, "%s", names[r[i].at]);
        mp_tabular_cell(&g, "%llu", (unsigned long long)q->rows);
        const double share[] = { q->precision, q->recall, q->f1 };
        for (size_t k = 0; k < sizeof share / sizeof *share; k++) {
            char text[16];
            mp_share_text(text, share[k]);
            mp_tabular_cell(&g, "%s", text);
        }
    }
    mp_tabular_print(&g, f, p);
    free(r);
}

void mp_confusion_text(FILE *f, const struct mp_metrics *m, const char *const *names,
                       const struct mp_paint *p, bool whole)
{
    const int width = cell_width(m, names), room = mp_columns(f);
    const long long needs = (m->k + 1ll) * width;
    const bool all = room == 0 && m->k <= MOST, beside = all || needs + SCORES <= room;
    if (all || needs <= room)
        matrix(f, m, names, p, width, beside);
    else
        mistakes(f, m, names, p, whole);
    if (!beside)
        classes(f, m, names, p, whole);
}
