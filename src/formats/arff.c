/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arff.c - Weka's attribute-relation file format.
 *
 * Every value is a numeric attribute; the class comes last, as Weka expects
 * it: nominal, "?" where a row has no label.  Reference:
 * https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
 */
#include "core/text.h"
#include "formats/arff_read.h"
#include "formats/format.h"
#include <string.h>
#include <strings.h>

/* Comments, then the relation. */
static enum mp_look sniff(const uint8_t *p, size_t n)
{
    static const char word[] = "@relation";
    for (size_t i = mp_text_mark((const char *)p, n); i < n; i++) {
        if (p[i] == '%') {
            const uint8_t *end = memchr(p + i, '\n', n - i);
            i = end != NULL ? (size_t)(end - p) : n;
        } else if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r' && p[i] != '\n') {
            return n - i >= sizeof word &&
                           strncasecmp((const char *)p + i, word, sizeof word - 1) == 0
                       ? MP_LOOK_IS : MP_LOOK_OTHER;
        }
    }
    return MP_LOOK_OTHER;
}

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

/* A nominal value: numbers plain, any other text quoted. */
static int put_class(struct mp_ctx *c, struct mp_sink *s, const char *name)
{
    int64_t v;
    return mp_whole_text(name, &v) ? mp_sink_text(c, s, name) : put_quoted(c, s, name);
}

static int put_classes(struct mp_ctx *c, struct mp_table_writer *w)
{
    struct mp_sink *s = &w->sink[0];
    if (mp_sink_text(c, s, "@attribute class {") < 0)
        return -1;
    for (int i = 0; i < w->t.n_classes; i++)
        if ((i > 0 && mp_sink_text(c, s, ",") < 0) || put_class(c, s, w->t.classes[i]) < 0)
            return -1;
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
        struct mp_sink *s = &w->sink[0];
        const char *class = r->label != NULL ? w->t.classes[r->label[i]] : NULL;
        if (mp_table_line(c, s, r, i * w->d, w->d, w->t.n_classes > 0 ? "," : "\n") < 0)
            return -1;
        if (w->t.n_classes > 0 &&
            ((class != NULL ? put_class(c, s, class) : mp_sink_text(c, s, "?")) < 0 ||
             mp_sink_text(c, s, "\n") < 0))
            return -1;
    }
    return MP_OK;
}

MP_FORMAT(arff) = {
    .rank = 5,
    .doc = "Weka, SciPy; the class comes last",
    .sniff = sniff, .read = mp_arff_read,
    .begin = begin, .rows = rows,
};
