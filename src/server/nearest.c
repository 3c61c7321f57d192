/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.c - the nearest of the training images that a bundle keeps, within the answer. */
#include "server/nearest.h"
#include "image/picture.h"
#include "server/answer.h"
#include <stdlib.h>

/* The image as on a screen: ink is dark there, colours are what they are. */
static int write_image(struct mp_ctx *c, const struct mp_exemplars *e, size_t i,
                       struct mp_shape shape, FILE *f)
{
    const uint8_t *x = e->x + i * e->len;
    uint8_t *shown = mp_alloc(c, e->len, 1);
    if (shown == NULL)
        return -1;
    for (size_t j = 0; j < e->len; j++)
        shown[j] = shape.c == 1 ? (uint8_t)(255 - x[j]) : x[j];
    fprintf(f, ",\"%s\":\"", shape.c == 1 ? "grey" : "rgb");
    mp_base64(f, shown, e->len);
    fputs("\"}", f);
    free(shown);
    return MP_OK;
}

static int write_one(struct mp_served *h, struct mp_ctx *c, const struct mp_kin_found *found,
                     FILE *f)
{
    const struct mp_exemplars *e = &h->b.kept;
    char name[MP_EXEMPLAR_NAME];
    mp_exemplars_name(e, found->row, name);
    fprintf(f, "\n{\"class\":%s,\"row\":", h->key[mp_exemplars_class(e, found->row)]);
    mp_json_text(f, name);
    fprintf(f, ",\"distance\":%.6g", found->distance);
    return write_image(c, e, found->row, h->b.plan.shape, f);
}

/* What the model takes of the image. */
static int find(struct mp_served *h, struct mp_desk *desk, const uint8_t *row, size_t k,
                struct mp_kin_found *found)
{
    struct mp_ctx *c = &desk->c;
    if (desk->looks == NULL && (desk->looks = mp_scorer_open(c, &h->b.plan, h->kin.node)) == NULL)
        return -1;
    float *x = mp_alloc(c, h->kin.d, sizeof *x);
    const int rc = x != NULL ? mp_scorer_apply(c, desk->looks, row, 1, x) : -1;
    if (rc == MP_OK)
        mp_kin_find(&h->kin, x, k, found);
    free(x);
    return rc;
}

int mp_nearest_write(struct mp_served *h, struct mp_desk *desk, const uint8_t *row, size_t k,
                     FILE *f)
{
    const struct mp_shape shape = h->b.plan.shape;
    struct mp_kin_found found[MP_NEAREST_MOST];
    k = k < h->b.kept.n ? k : h->b.kept.n;
    if (find(h, desk, row, k, found) < 0)
        return -1;
    fprintf(f, ",\"nearest\":{\"of\":%zu,\"space\":\"%s\",\"values\":%zu,\"height\":%d,"
               "\"width\":%d,\"digits\":[", h->b.kept.n, mp_kin_space(&h->b, &h->kin), h->kin.d,
            shape.h, shape.w);
    for (size_t i = 0; i < k; i++) {
        if (i > 0)
            putc(',', f);
        if (write_one(h, &desk->c, &found[i], f) < 0)
            return -1;
    }
    fputs("]}", f);
    return MP_OK;
}
