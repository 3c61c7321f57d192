/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect_json.c - what is in a file, as JSON for programs: every row of every list. */
#include "config.h"
#include "report/report.h"
#include "study/inspect.h"
#include "report/report.h"
#include <glib.h>
#include <string.h>

/* File names may be no UTF-8, which JSON has to be: what is not gets replaced. */
static json_t *text_json(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    json_t *o = json_string(valid);
    g_free(valid);
    return o;
}

/* {"file": 0, "row": 16, "name": "line 18", "label": 7}: rows count from 0. */
static json_t *row_json(const struct mp_inspection *in, size_t row)
{
    char name[64];
    const int k = mp_inspect_file(in, &row);
    mp_data_row_name(&in->data[k], row, name, sizeof name);
    json_t *o = json_pack("{s:i, s:I, s:s}", "file", k, "row", (json_int_t)row, "name", name);
    if (in->data[k].label != NULL)
        json_object_set_new(o, "label", mp_class_json(mp_data_class(&in->data[k], row)));
    return o;
}

static json_t *file_json(const struct mp_inspection *in, int k)
{
    const struct mp_data *d = &in->data[k];
    const struct mp_profile *p = &in->profile[k];
    json_t *levels = json_array(), *labels = json_object(), *blank = json_array();
    char text[512];
    for (int v = 0; v < MP_LEVELS; v++)
        json_array_append_new(levels, json_integer((json_int_t)p->levels[v]));
    for (size_t v = 0; v < in->classes.n; v++)
        if (p->per_class[v] > 0)
            json_object_set_new(labels, mp_names_at(&in->classes, v),
                                json_integer((json_int_t)p->per_class[v]));
    for (size_t i = 0; i < p->blank; i++)
        json_array_append_new(blank, row_json(in, p->blank_row[i] + (k > 0 ? in->data[0].n : 0)));
    json_t *o = json_pack(
        "{s:o, s:I, s:o, s:o, s:[i, i], s:f, s:f, s:o, s:I, s:o, s:I, s:I, s:I}", "file",
        text_json(in->given[k]), "rows", (json_int_t)d->n, "image", mp_shape_json(d->shape),
        "labels", d->label != NULL ? labels : json_null(), "values", p->low, p->high, "mean",
        p->mean, "deviation", p->deviation, "levels", levels, "constant_pixels",
        (json_int_t)p->constant, "blank", blank, "repeated_rows", (json_int_t)p->extra,
        "groups_labelled_two_ways", (json_int_t)p->conflicts, "rows_with_near_duplicate",
        (json_int_t)in->near_rows[k]);
    if (d->label == NULL)
        json_decref(labels);
    json_t *remarks = json_array();
    for (int i = 0; mp_inspect_remark(in, k, i, text, sizeof text); i++)
        json_array_append_new(remarks, text_json(text));
    json_object_set_new(o, "remarks", remarks);
    return o;
}

static json_t *labels_json(const struct mp_inspection *in)
{
    if (in->why_not[0] != '\0')
        return json_pack("{s:o}", "not_checked", text_json(in->why_not));
    json_t *rows = json_array();
    for (size_t i = 0; i < in->n_suspects; i++) {
        const struct mp_suspect *s = &in->suspect[i];
        json_t *row = row_json(in, s->row);
        json_object_set_new(row, "looks_like", mp_class_json(s->says));
        json_object_set_new(row, "margin", json_real(s->margin));
        json_array_append_new(rows, row);
    }
    return json_pack("{s:o, s:i, s:I, s:I, s:I, s:o}", "pipeline", text_json(in->pipeline),
                     "folds", in->o.folds, "rows", (json_int_t)in->checked, "too_few",
                     (json_int_t)in->unjudged, "doubted", (json_int_t)in->doubted, "suspects",
                     rows);
}

static json_t *shared_json(const struct mp_inspection *in)
{
    if (in->n < 2)
        return json_null();
    json_t *rows = json_array();
    for (size_t i = 0; i < in->data[1].n; i++)
        if (in->shared.twin[i] != SIZE_MAX)
            json_array_append_new(rows, json_pack("[o, o]", row_json(in, in->data[0].n + i),
                                                  row_json(in, in->shared.twin[i])));
    return json_pack("{s:I, s:I, s:I, s:o}", "rows", (json_int_t)in->shared.rows, "same_label",
                     (json_int_t)in->shared.agree, "near_rows", (json_int_t)in->near_shared,
                     "pairs", rows);
}

json_t *mp_inspect_json(struct mp_ctx *c, const struct mp_inspection *in)
{
    json_t *files = json_array(), *groups = json_array(), *near = json_array();
    for (int k = 0; k < in->n; k++)
        json_array_append_new(files, file_json(in, k));
    for (size_t g = 0; g < in->groups.n; g++) {
        json_t *rows = json_array();
        for (size_t i = in->groups.start[g]; i < in->groups.start[g + 1]; i++)
            json_array_append_new(rows, row_json(in, in->groups.row[i]));
        json_array_append_new(groups, rows);
    }
    for (size_t i = 0; i < in->n_pairs; i++)
        json_array_append_new(near, json_pack("{s:f, s:[o, o]}", "difference",
                                              in->pair[i].difference, "rows",
                                              row_json(in, in->pair[i].a),
                                              row_json(in, in->pair[i].b)));
    json_t *o = json_pack("{s:s, s:i, s:o, s:o, s:o, s:{s:f, s:o}, s:o}", "mnistpipe",
                          PACKAGE_VERSION, "seed", in->o.seed, "files", files, "test_in_training",
                          shared_json(in), "duplicates", groups, "near_duplicates", "limit",
                          in->o.near, "pairs", near, "labels", labels_json(in));
    if (o == NULL)
        mp_fail(c, "no memory for the report");
    return o;
}
