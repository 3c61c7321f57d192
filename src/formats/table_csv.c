/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_csv.c - comma separated values, plain or gzip.
 *
 * A header, then "label,v,v,..." a row; without labels only the values.  Names
 * with commas or quotes are quoted (RFC 4180).  Lines end in LF.  Pixels as whole
 * numbers under the names pixel0, pixel1 ... are Kaggle's form of MNIST.
 */
#include "formats/table_format.h"

static int put_name(struct mp_ctx *c, struct mp_sink *s, const char *name)
{
    char text[2 * MP_TABLE_NAME + 4], *at = text;
    bool quote = false;

    for (const char *p = name; *p != '\0'; p++)
        quote = quote || *p == ',' || *p == '"' || *p == '\n' || *p == '\r';
    if (quote)
        *at++ = '"';
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"')
            *at++ = '"';
        *at++ = *p;
    }
    if (quote)
        *at++ = '"';
    return mp_sink_put(c, s, text, (size_t)(at - text));
}

static int begin_file(struct mp_ctx *c, struct mp_table_writer *w, const char *suffix, bool gzip)
{
    struct mp_sink *s = &w->sink[0];
    char name[MP_TABLE_NAME];

    if (mp_table_sink(c, w, suffix, gzip) < 0)
        return -1;
    if (w->t.labels && mp_sink_text(c, s, "label,") < 0)
        return -1;
    for (size_t i = 0; i < w->d; i++) {
        w->t.column(w->t.arg, i, name, sizeof name);
        if (put_name(c, s, name) < 0 || mp_sink_text(c, s, i + 1 < w->d ? "," : "\n") < 0)
            return -1;
    }
    return MP_OK;
}

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    return begin_file(c, w, ".csv", false);
}

static int begin_gz(struct mp_ctx *c, struct mp_table_writer *w)
{
    return begin_file(c, w, ".csv.gz", true);
}

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->label != NULL) {
            char text[MP_BYTE_TEXT + 1];
            size_t n = mp_byte_text(text, r->label[i]);
            text[n++] = ',';
            if (mp_sink_put(c, &w->sink[0], text, n) < 0)
                return -1;
        }
        if (mp_table_line(c, &w->sink[0], r, i * w->d, w->d, "\n") < 0)
            return -1;
    }
    return MP_OK;
}

const struct mp_table_format mp_table_csv = {.name = "csv", .begin = begin, .rows = rows};
const struct mp_table_format mp_table_csv_gz = {.name = "csv.gz", .begin = begin_gz, .rows = rows};
