/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arff.c - Weka's attribute-relation file format.
 *
 * Every value is a numeric attribute; the class comes last, as Weka expects
 * it: nominal, "?" where a row has no label.  Reference:
 * https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
 */
#include "formats/format.h"

/* In single quotes, with \ before what would end them.  Controls, which no
 * escape is agreed on for, become blanks. */
static int put_quoted(struct mp_ctx *c, struct mp_sink *s, const char *name)
{
    if (mp_sink_text(c, s, "'") < 0)
        return -1;
    for (const char *p = name; *p != '\0'; p++) {
        const char text[2] = {'\\', (unsigned char)*p < 32 ? ' ' : *p};
        const size_t plain = *p != '\'' && *p != '\\';
        if (mp_sink_put(c, s, text + plain, 2 - plain) < 0)
            return -1;
    }
    return mp_sink_text(c, s, "'");
}

static int put_classes(struct mp_ctx *c, struct mp_table_writer *w)
{
    struct mp_sink *s = &w->sink[0];
    char text[16];

    if (mp_sink_text(c, s, "@attribute class {") < 0)
        return -1;
    for (int i = 0; i < w->t.n_classes; i++) {
        snprintf(text, sizeof text, i > 0 ? ",%d" : "%d", w->t.classes[i]);
        if (mp_sink_text(c, s, text) < 0)
            return -1;
    }
    return mp_sink_text(c, s, "}\n");
}

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    struct mp_sink *s = &w->sink[0];
    char name[MP_TABLE_NAME];

    if (w->t.labels && w->t.n_classes < 1)
        return mp_fail(c, "%s: labels without a list of classes", w->stem);
    if (mp_table_sink(c, w, ".arff") < 0 || mp_sink_text(c, s, "@relation ") < 0 ||
        put_quoted(c, s, w->t.name) < 0 || mp_sink_text(c, s, "\n\n") < 0)
        return -1;
    for (size_t i = 0; i < w->d; i++) {
        w->t.column(w->t.arg, i, name, sizeof name);
        if (mp_sink_text(c, s, "@attribute ") < 0 || put_quoted(c, s, name) < 0 ||
            mp_sink_text(c, s, " numeric\n") < 0)
            return -1;
    }
    if (w->t.n_classes > 0 && put_classes(c, w) < 0)
        return -1;
    return mp_sink_text(c, s, "\n@data\n");
}

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    for (size_t i = 0; i < r->n; i++) {
        char end[16] = "\n";
        if (r->label != NULL) {
            int k = 0;
            while (k < w->t.n_classes && w->t.classes[k] != r->label[i])
                k++;
            if (k == w->t.n_classes)
                return mp_fail(c, "%s: row %llu: label %d is not among the %d classes", w->path[0],
                               (unsigned long long)(w->row + i + 1), r->label[i], w->t.n_classes);
            snprintf(end, sizeof end, ",%d\n", r->label[i]);
        } else if (w->t.n_classes > 0) {
            snprintf(end, sizeof end, ",?\n");
        }
        if (mp_table_line(c, &w->sink[0], r, i * w->d, w->d, end) < 0)
            return -1;
    }
    return MP_OK;
}

MP_FORMAT(arff) = {
    .rank = 5,
    .doc = "Weka, SciPy; the class comes last",
    .begin = begin, .rows = rows,
};
