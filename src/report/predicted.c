/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predicted.c - what was predicted for rows, as JSON. */
#include "report/predicted.h"
#include "report/report.h"
#include "config.h"
#include <string.h>

/* "line": 17, "item": 16, "file": "a.png". */
static void name_row(json_t *o, const struct mp_data *d, size_t i)
{
    const bool picture = d->id != NULL && !d->is_csv;
    if (!picture)
        json_object_set_new(o, d->is_csv ? "line" : "item",
                            json_integer((json_int_t)mp_data_number(d, i)));
    if (d->id != NULL)
        json_object_set_new(o, picture ? "file" : "id", mp_text_json(d->id[i]));
    if (d->label != NULL)
        json_object_set_new(o, "label", mp_class_json(mp_data_class(d, i)));
}

static json_t *row_json(const struct mp_predicted *in, size_t input, size_t i,
                        const struct mp_prediction_form *form)
{
    const size_t k = (size_t)in->p->k;
    json_t *o = json_pack("{s:I}", "input", (json_int_t)input), *scores = json_array();
    name_row(o, in->d, i);
    json_object_set_new(o, "predicted", mp_class_json(mp_names_at(form->classes,
                                                                  (size_t)in->p->predicted[i])));
    if (form->threshold > 0)
        json_object_set_new(o, "unsure", json_boolean(mp_unsure(in->p, i, form->threshold)));
    json_object_set_new(o, "confidence",
                        json_real(mp_confidence(in->p->kind, in->p->scores + i * k, in->p->k)));
    for (size_t j = 0; j < k; j++)
        json_array_append_new(scores, json_real((double)in->p->scores[i * k + j]));
    json_object_set_new(o, "scores", scores);
    return o;
}

json_t *mp_predicted_json(const struct mp_predicted *in, size_t n,
                          const struct mp_prediction_form *form, const struct mp_metrics *m)
{
    json_t *inputs = json_array(), *labels = json_array(), *rows = json_array();
    for (int j = 0; j < in->p->k; j++)
        json_array_append_new(labels, mp_class_json(mp_names_at(form->classes, (size_t)j)));
    for (size_t part = 0; part < n; part++) {
        json_array_append_new(inputs, json_pack("{s:o, s:I}", "data", mp_text_json(in[part].input),
                                                "rows", (json_int_t)in[part].p->n));
        for (size_t i = 0; i < in[part].p->n; i++)
            json_array_append_new(rows, row_json(&in[part], part, i, form));
    }
    json_t *o = json_pack("{s:s, s:o, s:o, s:s, s:o}", "mnistpipe", PACKAGE_VERSION, "inputs",
                          inputs, "labels", labels, "scores", mp_scores_name(in->p->kind), "rows",
                          rows);
    if (o != NULL && form->threshold > 0)
        json_object_set_new(o, "threshold", json_real(form->threshold));
    if (o != NULL && m != NULL)
        json_object_set_new(o, "test", mp_metrics_json(m, mp_names_all(form->classes)));
    return o;
}
