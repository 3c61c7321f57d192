/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stages.c - an image after every stage, as pictures within the answer. */
#include "server/stages.h"
#include "pages/contact.h"
#include "server/answer.h"
#include <string.h>

/* Pixels of a picture at most, and channels that are drawn of many. */
enum { MOST_H = 112, MOST_W = 224, MOST_CHANNELS = 16 };

static int write_column(struct mp_ctx *c, const struct mp_contact_column *col, FILE *f)
{
    char text[MP_CAPTIONS][MP_CAPTION_SIZE];
    struct mp_picture p;
    int h, w;
    mp_contact_captions(col, text);
    mp_contact_size(col, MOST_H, MOST_W, &h, &w);
    if (mp_picture_open(c, &p, h, w, col->colour ? 3 : 1, 255) < 0)
        return -1;
    const int rc = mp_contact_draw(c, col, 0, h, w, &p, 0, 0);
    if (rc == MP_OK) {
        fputs("\n{\"name\":", f);
        mp_json_text(f, text[MP_CAPTION_NAME]);
        fputs(",\"shape\":", f);
        mp_json_text(f, text[MP_CAPTION_SHAPE]);
        fprintf(f, ",\"height\":%d,\"width\":%d,\"%s\":\"", h, w, p.bands == 3 ? "rgb" : "grey");
        mp_base64(f, p.px, (size_t)h * (size_t)w * (size_t)p.bands);
        fputs("\"}", f);
    }
    mp_picture_close(&p);
    return rc;
}

static int write_columns(struct mp_ctx *c, const struct mp_contact *k, FILE *f)
{
    int rc = MP_OK;
    fputs(",\"stages\":[", f);
    for (int i = 0; i < k->n_columns && rc == MP_OK; i++) {
        if (i > 0)
            putc(',', f);
        rc = write_column(c, &k->columns[i], f);
    }
    putc(']', f);
    return rc;
}

int mp_stages_write(struct mp_served *h, struct mp_ctx *c, const struct mp_data *d, FILE *f)
{
    const size_t row = 0;
    struct mp_contact_ask ask = { .plan = &h->b.plan, .last = h->b.plan.model - 1, .d = d,
                                  .rows = &row, .n = 1, .channels = MOST_CHANNELS };
    struct mp_contact k;
    int rc;
    pthread_mutex_lock(&h->whole); /* it works with the plan as a run does */
    ask.last = mp_contact_last(c, &ask);
    rc = ask.last >= -1 ? mp_contact_collect(c, &ask, &k) : MP_OK;
    pthread_mutex_unlock(&h->whole);
    if (ask.last < -1) {
        fputs(",\"stages\":[]", f);
        return MP_OK;
    }
    if (rc == MP_OK) {
        rc = write_columns(c, &k, f);
        mp_contact_free(&k);
    }
    return rc;
}
