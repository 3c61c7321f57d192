/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predict.c - images come in, what a bundle takes them for goes out.
 *
 * Images of the bundle's own size are taken as they are.  A picture of another size is a drawing of
 * one digit, which is brought to the place and size that MNIST's have (digit.h); where a bundle
 * takes colours, it is padded. */
#include "server/predict.h"
#include "core/text.h"
#include "engine/lying.h"
#include "engine/metrics.h"
#include "server/digit.h"
#include "server/images.h"
#include "server/nearest.h"
#include "server/picture.h"
#include "server/stages.h"
#include "sources/glance.h"
#include "text/decimal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A lead of less than this part of what is usual is said; see mp_lying_learn().  hog_svm of the
 * sample has it in 100 of MNIST's 10 000 test rows, of which it gets 39 wrong, of 93 in all. */
static const double little_lead = 0.1;

/* What remarks call them. */
static const char name[] = "the images";

/* The images of a request. */
struct taken {
    struct mp_data d;     /* of which x, n and shape are set */
    uint8_t *own;         /* to be freed */
    bool picture, normalised, light, empty, colour, more;
    int h, w;             /* of the picture */
};

/* ----------------------------------------------------------- what comes in */

enum kind { NOTHING, PICTURE, JSON, BYTES };

static bool is_type(const char *type, const char *wanted)
{
    const size_t n = strlen(wanted);
    return strncasecmp(type, wanted, n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

/* By what the client says; where it says nothing, as curl does unless it is told, by what it is. */
static enum kind kind_of(const struct mp_request *q)
{
    if (q->type == NULL || is_type(q->type, "application/x-www-form-urlencoded"))
        return mp_is_picture(q) ? PICTURE
               : q->n > 0 && (*q->body == '{' || *q->body == '[') ? JSON : NOTHING;
    if (strncasecmp(q->type, "image/", 6) == 0)
        return PICTURE;
    if (is_type(q->type, "application/json"))
        return JSON;
    return is_type(q->type, "application/octet-stream") ? BYTES : NOTHING;
}

static bool take_bytes(const struct mp_request *q, struct taken *t, struct mp_answer *a)
{
    const size_t len = mp_len(t->d.shape);
    char shape[MP_SHAPE_TEXT];
    if (q->n == 0 || q->n % len != 0) {
        mp_refuse(a, MP_HTTP_BAD, "%zu byte%s came; expected %zu for each image of %s", q->n,
                  q->n == 1 ? "" : "s", len, mp_shape_text(t->d.shape, shape));
        return false;
    }
    t->d.x = (uint8_t *)(uintptr_t)q->body;
    t->d.n = q->n / len;
    return true;
}

static bool take_json(struct mp_ctx *c, const struct mp_request *q, struct taken *t,
                      struct mp_answer *a)
{
    struct mp_images m = { .at = NULL };
    const int rc = mp_images_read(c, q->body, q->n, t->d.shape, &m);
    t->own = t->d.x = m.at;
    t->d.n = m.n;
    return rc == MP_OK || mp_refuse_failed(c, a, MP_HTTP_BAD);
}

/* The picture as one image. */
static int place_picture(struct mp_ctx *c, const struct mp_received *r, struct taken *t)
{
    const struct mp_shape to = t->d.shape;
    struct mp_digit digit = { .at = r->at, .h = r->h, .w = r->w };
    t->picture = true;
    t->h = r->h;
    t->w = r->w;
    t->colour = r->colour && to.c == 1;
    t->more = r->more;
    t->normalised = to.c == 1 && (r->h != to.h || r->w != to.w);
    if (!t->normalised)
        return mp_picture_pad(c, r, to, t->own);
    const int rc = mp_digit_normalise(c, &digit, to, t->own);
    t->light = digit.light;
    t->empty = digit.empty;
    return rc;
}

static bool take_picture(struct mp_ctx *c, const struct mp_request *q, size_t most,
                         struct taken *t, struct mp_answer *a)
{
    struct mp_received r = { .c = t->d.shape.c, .most = most };
    if (!mp_receive_picture(c, q, &r, a)) {
        free(r.at);
        return false;
    }
    t->d.x = t->own = mp_alloc(c, 1, mp_len(t->d.shape));
    t->d.n = 1;
    const int rc = t->own != NULL ? place_picture(c, &r, t) : -1;
    free(r.at);
    return rc == MP_OK || mp_refuse_failed(c, a, MP_HTTP_FAILED);
}

static bool take(struct mp_ctx *c, const struct mp_request *q, size_t most, struct taken *t,
                 struct mp_answer *a)
{
    char type[200];
    switch (kind_of(q)) {
    case PICTURE:
        return take_picture(c, q, most, t, a);
    case JSON:
        return take_json(c, q, t, a);
    case BYTES:
        return take_bytes(q, t, a);
    default:
        mp_printable(type, sizeof type, q->type != NULL ? q->type : "none");
        mp_refuse(a, MP_HTTP_TYPE, "Content-Type is %s; expected image/png, image/jpeg, "
                  "application/json or application/octet-stream", type);
        return false;
    }
}

/* ------------------------------------------------------------- what goes out */

/* Numbers without what puts() takes for a lock. */
static void number(FILE *f, float v)
{
    char text[MP_FLOAT_TEXT];
    fwrite(text, 1, mp_float_text(text, v), f);
}

static int second_of(const float *scores, int k, int best)
{
    int second = best == 0 ? 1 : 0;
    for (int j = 0; j < k; j++)
        if (j != best && scores[j] > scores[second])
            second = j;
    return second;
}

static void write_scores(const struct mp_served *h, const float *scores, double *p, FILE *f)
{
    const int k = h->b.n_classes;
    const bool shares = mp_probabilities(h->kind, scores, k, p);
    fputs(shares ? ",\"probabilities\":{" : ",\"scores\":{", f);
    for (int j = 0; j < k; j++) {
        if (j > 0)
            putc(',', f);
        fputs(h->key[j], f);
        putc(':', f);
        number(f, shares ? (float)p[j] : scores[j]);
    }
    putc('}', f);
}

/* What is to be said of one image. */
static void write_own_remarks(const struct mp_served *h, const struct taken *t, size_t i,
                              const float *scores, FILE *f)
{
    const size_t len = mp_len(t->d.shape);
    const uint8_t *x = t->d.x + i * len;
    const struct mp_predictions one = { .n = 1, .k = h->b.n_classes, .kind = h->kind,
                                        .scores = (float *)(uintptr_t)scores };
    const double lead = mp_lead(&one, 0);
    fputs(",\"remarks\":[", f);
    if (memcmp(x, x + 1, len - 1) == 0)
        fprintf(f, "\"every pixel has the value %d: there is nothing to be seen\"", *x);
    else if (h->b.lead > 0 && lead < little_lead * h->b.lead)
        fprintf(f, "\"unsure: the first choice leads the second by %.3g, by %.3g among the rows "
                   "that were trained on\"", lead, h->b.lead);
    putc(']', f);
}

static void write_one(const struct mp_served *h, const struct taken *t, size_t i,
                      const float *scores, double *p, FILE *f)
{
    const int k = h->b.n_classes, best = mp_argmax(scores, k);
    fputs(i > 0 ? ",\n{\"class\":" : "\n{\"class\":", f);
    fputs(h->key[best], f);
    if (k > 1) {
        fputs(",\"second\":", f);
        fputs(h->key[second_of(scores, k, best)], f);
    }
    write_scores(h, scores, p, f);
    write_own_remarks(h, t, i, scores, f);
    putc('}', f);
}

static void remark(FILE *f, const char *text, bool *any)
{
    if (*any)
        putc(',', f);
    mp_json_text(f, text);
    *any = true;
}

/* What is to be said of all images: what `predict` says of rows. */
static int write_remarks(struct mp_ctx *c, struct mp_served *h, struct taken *t, FILE *f)
{
    char text[1024] = "";
    struct mp_glance g;
    bool any = false;
    if (mp_glance(c, &t->d, &g) < 0)
        return -1;
    fputs("\n],\"remarks\":[", f);
    g.same = false; /* who sends one twice knows it */
    for (int i = 0; g.low != g.high && (h->b.glance.rows > 0
                        ? mp_glance_differs(&h->b.glance, &g, name, i, text, sizeof text)
                        : mp_glance_remark(&g, name, i, text, sizeof text)); i++)
        remark(f, text, &any);
    pthread_mutex_lock(&h->whole);
    const int rc = mp_lying(c, &h->b.plan, &t->d, NULL, h->b.lead, name, text);
    pthread_mutex_unlock(&h->whole);
    if (rc == MP_OK && *text != '\0')
        remark(f, text, &any);
    if (t->colour)
        remark(f, "the picture has colour, which is left out", &any);
    if (t->more)
        remark(f, "the picture has several frames, of which the first is taken", &any);
    if (t->empty)
        remark(f, "the picture has no ink: nothing stands out from its border", &any);
    putc(']', f);
    return rc;
}

static void write_picture(const struct taken *t, FILE *f)
{
    if (t->picture)
        fprintf(f, ",\"picture\":{\"height\":%d,\"width\":%d,\"normalised\":%s,\"ink\":\"%s\"}",
                t->h, t->w, t->normalised ? "true" : "false",
                !t->normalised || t->empty ? "" : t->light ? "light" : "dark");
}

/* What is asked for besides. */
struct more {
    bool stages;
    size_t nearest; /* so many */
};

static bool read_more(const struct mp_served *h, const struct mp_request *q, struct more *m,
                      struct mp_answer *a)
{
    char text[60];
    *m = (struct more){ .stages = q->stages != NULL && strcmp(q->stages, "1") == 0 };
    if (q->nearest == NULL)
        return true;
    const size_t digits = strspn(q->nearest, "0123456789");
    m->nearest = digits > 0 && digits < 4 && q->nearest[digits] == '\0'
                     ? strtoul(q->nearest, NULL, 10) : 0;
    if (m->nearest < 1 || m->nearest > MP_NEAREST_MOST) {
        mp_printable(text, sizeof text, q->nearest);
        mp_refuse(a, MP_HTTP_BAD, "nearest=%s; expected a number 1..%d, of digits to show", text,
                  MP_NEAREST_MOST);
        return false;
    }
    if (h->b.kept.n == 0)
        mp_refuse(a, MP_HTTP_BAD, "the bundle keeps no training digits; expected one of "
                  "`mnistpipe run PIPELINE --keep 2000`, which does");
    return h->b.kept.n > 0;
}

static int write_all(struct mp_served *h, struct mp_desk *desk, struct taken *t,
                     const struct more *more, struct mp_text *out)
{
    struct mp_ctx *c = &desk->c;
    const size_t k = (size_t)h->b.n_classes;
    fputs("{\"bundle\":", out->f);
    mp_json_text(out->f, h->name);
    fprintf(out->f, ",\"images\":%zu,\"predictions\":[", t->d.n);
    for (size_t i = 0; i < t->d.n; i++)
        write_one(h, t, i, desk->scores + i * k, desk->shares, out->f);
    if (write_remarks(c, h, t, out->f) < 0)
        return -1;
    write_picture(t, out->f);
    if (more->stages && mp_stages_write(h, c, &t->d, out->f) < 0)
        return -1;
    if (more->nearest > 0 && mp_nearest_write(h, desk, t->d.x, more->nearest, out->f) < 0)
        return -1;
    fputs("}\n", out->f);
    return MP_OK;
}

static void answer(struct mp_served *h, struct mp_desk *desk, struct taken *t,
                   const struct more *more, struct mp_answer *a)
{
    struct mp_ctx *c = &desk->c;
    struct mp_text out;
    if ((more->stages || more->nearest > 0) && t->d.n != 1) {
        mp_refuse(a, MP_HTTP_BAD, more->stages ? "stages=1 shows one image; %zu came"
                                  : "the nearest digits are those of one image; %zu came", t->d.n);
        return;
    }
    if (mp_desk_score(h, desk, t->d.x, t->d.n) < 0 || mp_text_open(c, &out) < 0) {
        mp_refuse_failed(c, a, MP_HTTP_FAILED);
        return;
    }
    if (write_all(h, desk, t, more, &out) < 0) {
        mp_text_discard(&out);
        mp_refuse_failed(c, a, MP_HTTP_FAILED);
        return;
    }
    a->status = MP_HTTP_OK;
    a->images = t->d.n;
    mp_answer_take(a, c, &out, "application/json");
}

void mp_answer_predict(struct mp_served *h, const struct mp_request *q, size_t most_pixels,
                       struct mp_answer *a)
{
    struct taken t = { .d = { .name = (char *)(uintptr_t)name, .shape = h->b.plan.shape } };
    struct more more;
    if (!read_more(h, q, &more, a))
        return;
    struct mp_desk *desk = mp_desk_take(h);
    if (desk == NULL) {
        mp_refuse(a, MP_HTTP_BUSY, "no memory for another request");
        return;
    }
    if (take(&desk->c, q, most_pixels, &t, a))
        answer(h, desk, &t, &more, a);
    free(t.own);
    mp_desk_back(h, desk);
}
