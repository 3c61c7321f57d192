/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect_text.c - what is in a file, as text for people. */
#include "study/inspect.h"
#include "text/layout.h"
#include <string.h>

/* All tables have these columns, of these widths at least: a name, then one for each file. */
static void open_table(struct mp_tabular *t, const struct mp_inspection *in)
{
    static const struct mp_tabular_column one[] = {
        { "                      ", 'l' }, { "               ", 'r' }
    }, two[] = {
        { "                      ", 'l' }, { "       training", 'r' }, { "           test", 'r' }
    };
    mp_tabular_open(t, in->n > 1 ? two : one, 1 + in->n, 1);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

/* One line of the overview: its name, then a cell for each file. */
#define CELLS(what, ...)                                           \
    do {                                                           \
        mp_tabular_cell(&t, "%s", what);                           \
        for (int k = 0; k < in->n; k++) {                          \
            const struct mp_data *d = &in->data[k];                \
            const struct mp_profile *p = &in->profile[k];          \
            (void)d, (void)p;                                      \
            mp_tabular_cell(&t, __VA_ARGS__);                      \
        }                                                          \
    } while (0)

static void overview(FILE *f, const struct mp_inspection *in)
{
    struct mp_tabular t;
    char shape[MP_SHAPE_TEXT];
    fprintf(f, "%-9s %s\n", in->n > 1 ? "training" : "file", in->given[0]);
    if (in->n > 1)
        fprintf(f, "%-9s %s\n", "test", in->given[1]);
    fputc('\n', f);
    open_table(&t, in);
    CELLS("rows", "%zu", d->n);
    CELLS("image", "%s", mp_shape_text(d->shape, shape));
    CELLS("values", "%d .. %d", p->low, p->high);
    CELLS("mean, deviation", "%.4f, %.4f", p->mean, p->deviation);
    CELLS("constant pixels", "%zu of %zu", p->constant, mp_len(d->shape));
    CELLS("blank images", "%zu", p->blank);
    CELLS("repeated images", "%zu", p->extra);
    CELLS("  labelled two ways", d->label != NULL ? "%zu" : "-", p->conflicts);
    if (in->o.near > 0)
        CELLS("with a near duplicate", "%zu", in->near_rows[k]);
    mp_tabular_print(&t, f, &mp_plain);
}

static void levels(FILE *f, const struct mp_inspection *in)
{
    enum { STEP = 32 };
    struct mp_tabular t;
    open_table(&t, in);
    fprintf(f, "\nshare of pixels by value, %%\n");
    for (int from = -1; from < MP_LEVELS - 1; from = from < 0 ? 0 : from + STEP) {
        const int low = from < 0 ? 0 : from < 1 ? 1 : from, high = from < 0 ? 0 : from + STEP - 1;
        mp_tabular_cell(&t, low == high ? "%d" : "%d .. %d", low, high);
        for (int k = 0; k < in->n; k++) {
            uint64_t n = 0;
            for (int v = low; v <= high; v++)
                n += in->profile[k].levels[v];
            mp_tabular_cell(&t, "%.2f", share(n, in->data[k].n * mp_len(in->data[k].shape)));
        }
    }
    mp_tabular_print(&t, f, &mp_plain);
}

static void classes(FILE *f, const struct mp_inspection *in)
{
    if (in->profile[0].n_labels + in->profile[1].n_labels == 0)
        return;
    struct mp_tabular t;
    open_table(&t, in);
    fprintf(f, "\nrows by label, and their share\n");
    for (size_t v = 0; v < in->classes.n; v++) {
        mp_tabular_cell(&t, "%s", mp_names_at(&in->classes, v));
        for (int k = 0; k < in->n; k++) {
            const uint64_t n = in->profile[k].per_class[v];
            mp_tabular_cell(&t, in->data[k].label != NULL ? "%llu %6.2f %%" : "-",
                            (unsigned long long)n, share(n, in->data[k].n));
        }
    }
    mp_tabular_print(&t, f, &mp_plain);
}

static void rest(FILE *f, size_t n, size_t shown)
{
    if (n > shown)
        fprintf(f, "    and %zu more\n", n - shown);
}

static void row_text(const struct mp_inspection *in, size_t row, char *text, size_t size)
{
    char name[64], label[MP_NAME_SIZE + 4] = "";
    mp_inspect_name(in, row, name, sizeof name);
    const int k = mp_inspect_file(in, &row);
    if (in->data[k].label != NULL)
        snprintf(label, sizeof label, " (%s)", mp_data_class(&in->data[k], row));
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
    mp_say(f, "\n", 0, "the same image, pixel by pixel (labels in brackets)");
    for (size_t g = 0; g < in->groups.n && g < list; g++) {
        const size_t from = in->groups.start[g], n = in->groups.start[g + 1] - from;
        GString *all = g_string_new(NULL);
        for (size_t i = 0; i < n && i < IN_LINE; i++) {
            char text[MP_NAME_SIZE + 96];
            row_text(in, in->groups.row[from + i], text, sizeof text);
            g_string_append_printf(all, "%s%s", i > 0 ? " = " : "", text);
        }
        if (n > IN_LINE)
            g_string_append_printf(all, " and %zu more", n - IN_LINE);
        mp_say(f, "    ", 4, "%s", all->str);
        g_string_free(all, TRUE);
    }
    rest(f, in->groups.n, list);
}

static void near_rows(FILE *f, const struct mp_inspection *in, size_t list)
{
    if (in->n_pairs == 0)
        return;
    mp_say(f, "\n", 0, "nearly the same image: a difference of at most %g (0: the same but for "
                       "brightness and a shift; 1.41: no ink in common)", in->o.near);
    for (size_t i = 0; i < in->n_pairs && i < list; i++) {
        char a[MP_NAME_SIZE + 96], b[MP_NAME_SIZE + 96];
        row_text(in, in->pair[i].a, a, sizeof a);
        row_text(in, in->pair[i].b, b, sizeof b);
        char difference[32];
        snprintf(difference, sizeof difference, "    %.4f  ", in->pair[i].difference);
        mp_say(f, difference, 6, "%s ~ %s", a, b);
    }
    rest(f, in->n_pairs, list);
}

static void suspects(FILE *f, const struct mp_inspection *in, size_t list)
{
    if (in->why_not[0] != '\0') {
        mp_say(f, "\n", 0, "labels not checked: %s", in->why_not);
        return;
    }
    mp_say(f, "\n", 0, "labels: out of fold (%d folds) the model says another label for %zu of %zu "
           "rows; of these %zu %s suspect", in->o.folds, in->doubted, in->checked,
           in->n_suspects, in->n_suspects == 1 ? "is" : "are");
    if (in->unjudged > 0)
        mp_say(f, "    ", 4, "%zu rows are of classes with too few rows to be judged",
               in->unjudged);
    for (size_t i = 0; i < in->n_suspects && i < list; i++) {
        const struct mp_suspect *s = &in->suspect[i];
        char name[64];
        mp_inspect_name(in, s->row, name, sizeof name);
        const int at = fprintf(f, "    %-*s ", mp_columns(f) < 72 && mp_columns(f) > 0 ? 12 : 24,
                               name);
        mp_fill(f, at, 6, "labelled %s, looks like %s (margin %.2f)", s->label, s->says, s->margin);
        fputc('\n', f);
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
        mp_say(f, "overlap:", 9, "%s", text);
    else
        mp_say(f, "overlap:", 9, "no test row is a training row");
    if (in->o.near > 0 && in->near_shared > 0)
        mp_say(f, "", 9, "%zu more test row%s nearly the same as a training row",
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
            mp_say(f, any ? "remark:" : "\nremark:", 8, "%s", text);
}
