/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confusion.c - what is taken for what, as text. */
#include "report/confusion.h"
#include <stdlib.h>

enum { SHOWN = 12, SCORES = 28 }; /* lines of a list; columns of three scores */

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
static int cell_width(const struct mp_metrics *m, const int *labels)
{
    int width = 1;
    for (int i = 0; i < m->k * m->k; i++)
        width = digits(m->confusion[i]) > width ? digits(m->confusion[i]) : width;
    for (int i = 0; i < m->k; i++)
        width = digits((uint64_t)labels[i]) > width ? digits((uint64_t)labels[i]) : width;
    return width + 1;
}

static void matrix(FILE *f, const struct mp_metrics *m, const int *labels,
                   const struct mp_paint *p, int width, bool scores)
{
    mp_say(f, "", 0, "%sconfusion: row is the truth, column the prediction%s", p->dim, p->off);
    fprintf(f, "%s%*s", p->dim, width, "");
    for (int j = 0; j < m->k; j++)
        fprintf(f, "%*d", width, labels[j]);
    fprintf(f, "%s%s\n", scores ? "   precision  recall      F1" : "", p->off);
    for (int i = 0; i < m->k; i++) {
        const struct mp_class_metrics *q = &m->class[i];
        fprintf(f, "%s%*d%s", p->dim, width, labels[i], p->off);
        for (int j = 0; j < m->k; j++) {
            const unsigned long long n = m->confusion[i * m->k + j];
            if (n == 0)
                fprintf(f, "%s%*s%s", p->dim, width, ".", p->off);
            else
                fprintf(f, "%s%*llu%s", i == j ? p->good : p->bold, width, n, p->off);
        }
        if (scores) {
            char text[3][16];
            mp_share_text(text[0], q->precision);
            mp_share_text(text[1], q->recall);
            mp_share_text(text[2], q->f1);
            fprintf(f, "   %9s %7s %7s", text[0], text[1], text[2]);
        }
        fputc('\n', f);
    }
}

/* ------------------------------------------------------- in place of a matrix */

/* The number of a cell of the matrix, or of a class, and how far up it belongs. */
struct ranked {
    int at;
    double key;
};

static int by_key(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? 1 : -1;
    return x->at - y->at;
}

static void mistakes(FILE *f, const struct mp_metrics *m, const int *labels,
                     const struct mp_paint *p, bool whole)
{
    static const struct mp_tabular_column column[] = {
        { "truth", 'r' }, { "taken for", 'r' }, { "rows", 'r' }, { "of the class", 'r' }
    };
    struct ranked *r = calloc((size_t)(m->k * m->k), sizeof *r);
    struct mp_tabular g;
    int n = 0;
    if (r == NULL)
        return;
    for (int i = 0; i < m->k * m->k; i++)
        if (i / m->k != i % m->k && m->confusion[i] > 0)
            r[n++] = (struct ranked){ i, (double)m->confusion[i] };
    qsort(r, (size_t)n, sizeof *r, by_key);
    fprintf(f, "%smost frequent mistakes%s\n", p->dim, p->off);
    mp_tabular_open(&g, column, sizeof column / sizeof *column, 1);
    for (int i = 0; i < n && (whole || i < SHOWN); i++) {
        const int truth = r[i].at / m->k;
        mp_tabular_cell(&g, "%d", labels[truth]);
        mp_tabular_cell(&g, "%d", labels[r[i].at % m->k]);
        mp_tabular_cell(&g, "%.0f", r[i].key);
        mp_tabular_cell(&g, "%.1f %%", 100 * r[i].key / (double)m->class[truth].rows);
    }
    mp_tabular_print(&g, f, p);
    if (n > SHOWN && !whole)
        fprintf(f, "and %d more kinds\n", n - SHOWN);
    free(r);
}

/* All classes; of many those of the lowest F1. */
static void classes(FILE *f, const struct mp_metrics *m, const int *labels,
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
        r[i] = (struct ranked){ i, !some ? 0 : m->class[i].f1 >= 0 ? -m->class[i].f1 : -2 };
    qsort(r, (size_t)m->k, sizeof *r, by_key);
    fprintf(f, "\n%s%s%s\n", p->dim, some ? "classes of the lowest F1" : "classes", p->off);
    mp_tabular_open(&g, column, sizeof column / sizeof *column, 1);
    for (int i = 0; i < (some ? SHOWN : m->k); i++) {
        const struct mp_class_metrics *q = &m->class[r[i].at];
        mp_tabular_cell(&g, "%d", labels[r[i].at]);
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

void mp_confusion_text(FILE *f, const struct mp_metrics *m, const int *labels,
                       const struct mp_paint *p, bool whole)
{
    const int width = cell_width(m, labels), room = mp_columns(f), needs = (m->k + 1) * width;
    const bool beside = room == 0 || needs + SCORES <= room;
    if (room == 0 || needs <= room)
        matrix(f, m, labels, p, width, beside);
    else
        mistakes(f, m, labels, p, whole);
    if (!beside)
        classes(f, m, labels, p, whole);
}
