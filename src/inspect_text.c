/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect_text.c - what is in a file, as text for people. */
#include "inspect.h"
#include <string.h>

enum { WIDE = 16 };

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

/* One line of the overview: its name, then a cell for each file. */
#define CELLS(what, ...)                                           \
    do {                                                           \
        fprintf(f, "%-22s", what);                                 \
        for (int k = 0; k < in->n; k++) {                          \
            const struct mp_data *d = &in->data[k];                \
            const struct mp_profile *p = &in->profile[k];          \
            char cell[64];                                         \
            (void)d, (void)p;                                      \
            snprintf(cell, sizeof cell, __VA_ARGS__);              \
            fprintf(f, " %*s", WIDE, cell);                        \
        }                                                          \
        fputc('\n', f);                                            \
    } while (0)

static void overview(FILE *f, const struct mp_inspection *in)
{
    fprintf(f, "%-9s %s\n", in->n > 1 ? "training" : "file", in->given[0]);
    if (in->n > 1)
        fprintf(f, "%-9s %s\n\n%-22s %*s %*s\n", "test", in->given[1], "", WIDE, "training", WIDE,
                "test");
    else
        fputc('\n', f);
    CELLS("rows", "%zu", d->n);
    CELLS("image", "%d x %d", d->shape.h, d->shape.w);
    CELLS("values", "%d .. %d", p->low, p->high);
    CELLS("mean, deviation", "%.4f, %.4f", p->mean, p->deviation);
    CELLS("constant pixels", "%zu of %zu", p->constant, mp_len(d->shape));
    CELLS("blank images", "%zu", p->blank);
    CELLS("repeated images", "%zu", p->extra);
    CELLS("  labelled two ways", d->label != NULL ? "%zu" : "-", p->conflicts);
    if (in->o.near > 0)
        CELLS("with a near duplicate", "%zu", in->near_rows[k]);
}

static void levels(FILE *f, const struct mp_inspection *in)
{
    enum { STEP = 32 };
    fprintf(f, "\nshare of pixels by value, %%\n");
    for (int from = -1; from < MP_LEVELS - 1; from = from < 0 ? 0 : from + STEP) {
        const int low = from < 0 ? 0 : from < 1 ? 1 : from, high = from < 0 ? 0 : from + STEP - 1;
        char name[32];
        snprintf(name, sizeof name, low == high ? "%d" : "%d .. %d", low, high);
        fprintf(f, "%-22s", name);
        for (int k = 0; k < in->n; k++) {
            uint64_t n = 0;
            for (int v = low; v <= high; v++)
                n += in->profile[k].levels[v];
            fprintf(f, " %*.2f", WIDE, share(n, in->data[k].n * mp_len(in->data[k].shape)));
        }
        fputc('\n', f);
    }
}

static void classes(FILE *f, const struct mp_inspection *in)
{
    if (in->profile[0].n_labels + in->profile[1].n_labels == 0)
        return;
    fprintf(f, "\nrows by label, and their share\n");
    for (int v = 0; v < 256; v++) {
        if (in->profile[0].per_label[v] + in->profile[1].per_label[v] == 0)
            continue;
        fprintf(f, "%-22d", v);
        for (int k = 0; k < in->n; k++) {
            char cell[64] = "-";
            const uint64_t n = in->profile[k].per_label[v];
            if (in->data[k].label != NULL)
                snprintf(cell, sizeof cell, "%llu %6.2f %%", (unsigned long long)n,
                         share(n, in->data[k].n));
            fprintf(f, " %*s", WIDE, cell);
        }
        fputc('\n', f);
    }
}

static void rest(FILE *f, size_t n, size_t shown)
{
    if (n > shown)
        fprintf(f, "    and %zu more\n", n - shown);
}

static void row_text(const struct mp_inspection *in, size_t row, char *text, size_t size)
{
    char name[64], label[16] = "";
    mp_inspect_name(in, row, name, sizeof name);
    const int k = mp_inspect_file(in, &row);
    if (in->data[k].label != NULL)
        snprintf(label, sizeof label, " (%d)", in->data[k].label[row]);
    snprintf(text, size, "%s%s", name, label);
}

static void blanks(FILE *f, const struct mp_inspection *in, size_t list)
{
    for (int k = 0; k < in->n; k++) {
        const struct mp_profile *p = &in->profile[k];
        if (p->blank == 0)
            continue;
        fprintf(f, "\nblank images in %s\n", in->given[k]);
        for (size_t i = 0; i < p->blank && i < list; i++) {
            char name[64];
            mp_data_row_name(&in->data[k], p->blank_row[i], name, sizeof name);
            fprintf(f, "    %s\n", name);
        }
        rest(f, p->blank, list);
    }
}

static void equal_rows(FILE *f, const struct mp_inspection *in, size_t list)
{
    enum { IN_LINE = 5 };
    if (in->groups.n == 0)
        return;
    fprintf(f, "\nthe same image, pixel by pixel (labels in brackets)\n");
    for (size_t g = 0; g < in->groups.n && g < list; g++) {
        const size_t from = in->groups.start[g], n = in->groups.start[g + 1] - from;
        fputs("   ", f);
        for (size_t i = 0; i < n && i < IN_LINE; i++) {
            char text[96];
            row_text(in, in->groups.row[from + i], text, sizeof text);
            fprintf(f, "%s %s", i > 0 ? " =" : "", text);
        }
        if (n > IN_LINE)
            fprintf(f, " and %zu more", n - IN_LINE);
        fputc('\n', f);
    }
    rest(f, in->groups.n, list);
}

static void near_rows(FILE *f, const struct mp_inspection *in, size_t list)
{
    if (in->n_pairs == 0)
        return;
    fprintf(f, "\nnearly the same image: a difference of at most %g (0: the same but for "
               "brightness and a shift; 1.41: no ink in common)\n", in->o.near);
    for (size_t i = 0; i < in->n_pairs && i < list; i++) {
        char a[96], b[96];
        row_text(in, in->pair[i].a, a, sizeof a);
        row_text(in, in->pair[i].b, b, sizeof b);
        fprintf(f, "    %.4f  %s ~ %s\n", in->pair[i].difference, a, b);
    }
    rest(f, in->n_pairs, list);
}

static void suspects(FILE *f, const struct mp_inspection *in, size_t list)
{
    if (in->why_not[0] != '\0') {
        fprintf(f, "\nlabels not checked: %s\n", in->why_not);
        return;
    }
    fprintf(f, "\nlabels: out of fold (%d folds) the model says another label for %zu of %zu "
               "rows; of these %zu %s suspect\n", in->o.folds, in->doubted, in->checked,
            in->n_suspects, in->n_suspects == 1 ? "is" : "are");
    for (size_t i = 0; i < in->n_suspects && i < list; i++) {
        const struct mp_suspect *s = &in->suspect[i];
        char name[64];
        mp_inspect_name(in, s->row, name, sizeof name);
        fprintf(f, "    %-24s labelled %d, looks like %d (margin %.2f)\n", name, s->label, s->says,
                s->margin);
    }
    rest(f, in->n_suspects, list);
}

static void overlap(FILE *f, const struct mp_inspection *in)
{
    char text[512];
    if (in->n < 2)
        return;
    fputc('\n', f);
    mp_shared_text(&in->shared, &in->data[1], text, sizeof text);
    if (in->shared.rows > 0)
        fprintf(f, "overlap: %s\n", text);
    else
        fprintf(f, "overlap: no test row is a training row\n");
    if (in->o.near > 0 && in->near_shared > 0)
        fprintf(f, "         %zu more test row%s nearly the same as a training row\n",
                in->near_shared, in->near_shared == 1 ? " is" : "s are");
}

void mp_inspect_text(FILE *f, const struct mp_inspection *in, size_t list)
{
    char text[512];
    bool any = false;
    overview(f, in);
    levels(f, in);
    classes(f, in);
    overlap(f, in);
    blanks(f, in, list);
    equal_rows(f, in, list);
    near_rows(f, in, list);
    suspects(f, in, list);
    for (int k = 0; k < in->n; k++)
        for (int i = 0; mp_inspect_remark(in, k, i, text, sizeof text); i++, any = true)
            fprintf(f, "%sremark: %s\n", any ? "" : "\n", text);
}
