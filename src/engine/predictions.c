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
    const double start = mp_seconds();
    memset(out, 0, sizeof *out);
    out->n = d->n;
    out->k = p->nodes[p->n_nodes - 1].out.w;
    out->kind = mp_plan_scores(p);
    out->scores = mp_alloc(c, mp_product(d->n, (size_t)out->k), sizeof *out->scores);
    out->predicted = mp_alloc(c, d->n, sizeof *out->predicted);
    if (out->scores == NULL || out->predicted == NULL ||
        mp_engine_apply(c, p, d, p->n_nodes - 1, "predict", take, out) < 0) {
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

void mp_predictions_write(const struct mp_predictions *p, const struct mp_names *classes,
                          struct mp_output *o)
{
    const char *what = p->kind == MP_PROBABILITIES ? "probability" : "score";
    fputs("row,predicted", o->f);
    for (int j = 0; j < p->k; j++) {
        char name[MP_NAME_SIZE + 16];
        snprintf(name, sizeof name, "%s_%s", what, mp_names_at(classes, (size_t)j));
        fputc(',', o->f);
        mp_csv_text(o->f, name);
    }
    for (size_t i = 0; i < p->n; i++) {
        fprintf(o->f, "\n%zu,", i + 1);
        mp_csv_text(o->f, mp_names_at(classes, (size_t)p->predicted[i]));
        for (int j = 0; j < p->k; j++) {
            char text[MP_FLOAT_TEXT + 1] = ",";
            const size_t n = mp_float_text(text + 1, p->scores[i * (size_t)p->k + (size_t)j]);
            fwrite(text, 1, n + 1, o->f);
        }
    }
    fputc('\n', o->f);
}

void mp_submission_write(const struct mp_predictions *p, const struct mp_names *classes,
                         struct mp_output *o)
{
    fputs("ImageId,Label\n", o->f);
    for (size_t i = 0; i < p->n; i++) {
        fprintf(o->f, "%zu,", i + 1);
        mp_csv_text(o->f, mp_names_at(classes, (size_t)p->predicted[i]));
        fputc('\n', o->f);
    }
}
