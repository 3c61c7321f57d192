/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predictions.c - scores for rows, and the files made of them. */
#include "engine/predictions.h"
#include "core/clock.h"
#include "engine/engine.h"
#include "engine/metrics.h"
#include "text/cells.h"
#include "text/decimal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *mp_scores_name(enum mp_scores kind)
{
    static const char *const names[] = { "margins", "logits", "probabilities" };
    return names[kind];
}

static int take(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    struct mp_predictions *p = arg;
    const size_t k = (size_t)p->k;
    memcpy(p->scores + out->row0 * k, out->x, out->n * k * sizeof *out->x);
    for (size_t i = 0; i < out->n; i++) {
        for (size_t j = 0; j < k; j++)
            if (!isfinite(out->x[i * k + j]))
                return mp_fail(c, "row %zu: the model gave a score that is no finite number",
                               out->row0 + i + 1);
        p->predicted[out->row0 + i] = mp_argmax(out->x + i * k, p->k);
    }
    return MP_OK;
}

int mp_predict(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
               struct mp_predictions *out)
{
    return mp_predict_seen(c, p, d, NULL, out);
}

int mp_predict_seen(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
                    const struct mp_sight *sight, struct mp_predictions *out)
{
    const double start = mp_seconds();
    memset(out, 0, sizeof *out);
    out->n = d->n;
    out->k = p->nodes[p->n_nodes - 1].out.w;
    out->kind = mp_plan_scores(p);
    out->scores = mp_alloc(c, mp_product(d->n, (size_t)out->k), sizeof *out->scores);
    out->predicted = mp_alloc(c, d->n, sizeof *out->predicted);
    if (out->scores == NULL || out->predicted == NULL ||
        mp_engine_apply_seen(c, p, d, p->n_nodes - 1, "predict", take, out, sight) < 0) {
        mp_predictions_free(out);
        return -1;
    }
    out->seconds = mp_seconds() - start;
    return MP_OK;
}

void mp_predictions_free(struct mp_predictions *p)
{
    free(p->scores);
    free(p->predicted);
    memset(p, 0, sizeof *p);
}

bool mp_unsure(const struct mp_predictions *p, size_t i, double threshold)
{
    return threshold > 0 &&
           mp_confidence(p->kind, p->scores + i * (size_t)p->k, p->k) < threshold;
}

static bool is_picture(const struct mp_data *d)
{
    return d->id != NULL && !d->is_csv;
}

const char *mp_predicted_by(const struct mp_predicted *in, size_t n)
{
    const char *by = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *own = in[i].d->is_csv ? "line" : is_picture(in[i].d) ? "file" : "item";
        by = by == NULL || by == own ? own : "row";
    }
    return by;
}

/* Which columns there are. */
struct columns {
    const char *by;
    bool input, id, label;
};

static struct columns columns_of(const struct mp_predicted *in, size_t n)
{
    struct columns q = { .by = mp_predicted_by(in, n), .input = n > 1 };
    for (size_t i = 0; i < n; i++) {
        q.id = q.id || (in[i].d->id != NULL && in[i].d->is_csv);
        q.label = q.label || in[i].d->label != NULL;
    }
    return q;
}

static void write_header(const struct mp_predictions *p, const struct columns *q,
                         const struct mp_names *classes, FILE *f)
{
    const char *what = p->kind == MP_PROBABILITIES ? "probability" : "score";
    fprintf(f, "%s%s%s%spredicted", q->input ? "input," : "", q->by, q->id ? ",id," : ",",
            q->label ? "label," : "");
    for (int j = 0; j < p->k; j++) {
        char name[MP_NAME_SIZE + 16];
        snprintf(name, sizeof name, "%s_%s", what, mp_names_at(classes, (size_t)j));
        fputc(',', f);
        mp_csv_text(f, name);
    }
}

static void write_name(const struct mp_predicted *in, size_t i, const struct columns *q, FILE *f)
{
    char row[64];
    if (q->input) {
        mp_csv_text(f, in->input);
        fputc(',', f);
    }
    mp_data_row_name(in->d, i, row, sizeof row);
    if (is_picture(in->d))
        mp_csv_text(f, in->d->id[i]);
    else if (strcmp(q->by, "row") == 0)
        fputs(row, f);
    else
        fprintf(f, "%llu", (unsigned long long)mp_data_number(in->d, i));
    fputc(',', f);
    if (q->id) {
        mp_csv_text(f, in->d->id != NULL && in->d->is_csv ? in->d->id[i] : "");
        fputc(',', f);
    }
    if (q->label) {
        mp_csv_text(f, in->d->label != NULL ? mp_data_class(in->d, i) : "");
        fputc(',', f);
    }
}

static const char *said(const struct mp_predicted *in, size_t i,
                        const struct mp_prediction_form *form)
{
    return mp_unsure(in->p, i, form->threshold)
               ? "unsure" : mp_names_at(form->classes, (size_t)in->p->predicted[i]);
}

void mp_predictions_write(const struct mp_predicted *in, size_t n,
                          const struct mp_prediction_form *form, struct mp_output *o)
{
    const struct columns q = columns_of(in, n);
    write_header(in->p, &q, form->classes, o->f);
    for (size_t part = 0; part < n; part++, in++)
        for (size_t i = 0; i < in->p->n; i++) {
            const size_t k = (size_t)in->p->k;
            fputc('\n', o->f);
            write_name(in, i, &q, o->f);
            mp_csv_text(o->f, said(in, i, form));
            for (size_t j = 0; j < k; j++) {
                char text[MP_FLOAT_TEXT + 1] = ",";
                const size_t used = mp_float_text(text + 1, in->p->scores[i * k + j]);
                fwrite(text, 1, used + 1, o->f);
            }
        }
    fputc('\n', o->f);
}

void mp_submission_write(const struct mp_predicted *in, size_t n,
                         const struct mp_prediction_form *form, struct mp_output *o)
{
    unsigned long long row = 0;
    bool ids = true;
    for (size_t part = 0; part < n; part++)
        ids = ids && in[part].d->id != NULL;
    fprintf(o->f, "%s\n", *form->header != '\0' ? form->header
                          : ids ? "id,label" : "ImageId,Label");
    for (size_t part = 0; part < n; part++, in++)
        for (size_t i = 0; i < in->p->n; i++) {
            row++;
            if (ids)
                mp_csv_text(o->f, in->d->id[i]);
            else
                fprintf(o->f, "%llu", row);
            fputc(',', o->f);
            mp_csv_text(o->f, said(in, i, form));
            fputc('\n', o->f);
        }
}
