/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - a page with handwritten digits comes in, its lines of digits go out: what `read --json`
 * prints of one, and its warnings as remarks. */
#include "server/read.h"
#include "reading/reading_json.h"
#include "server/picture.h"
#include <stdlib.h>
#include <string.h>

static void hear(void *arg, const char *text)
{
    json_array_append_new(arg, json_string(text));
}

/* The text, to be freed; NULL after mp_fail(). */
static char *read_page(struct mp_ctx *c, struct mp_served *h, const struct mp_received *r,
                       json_t *remarks, size_t *digits)
{
    static const char name[] = "the picture";
    struct mp_reading page;
    char *text = NULL;
    if (mp_reading_page(c, name, r->at, r->h, r->w, &h->b, &page) < 0)
        return NULL;
    *digits = page.digits;
    json_t *o = NULL;
    if (mp_reading_warn(c, name, &h->b, &page) == MP_OK)
        o = mp_reading_json(c, name, &page, &h->b, strtod(MP_READING_THRESHOLD, NULL));
    if (o != NULL) {
        json_object_set(o, "remarks", remarks);
        text = json_dumps(o, JSON_REAL_PRECISION(9));
        if (text == NULL)
            mp_no_memory(c, "the answer");
    }
    json_decref(o);
    mp_reading_free(&page);
    return text;
}

/* With the plan as a run has it, one page at a time; warnings go into the answer. */
static void answer(struct mp_served *h, const struct mp_received *r, struct mp_answer *a)
{
    json_t *remarks = json_array();
    struct mp_run run = h->run;
    struct mp_ctx c;
    size_t digits = 0;
    run.warnings = (struct mp_warnings){ hear, remarks };
    mp_ctx_init(&c, &run);
    pthread_mutex_lock(&h->whole);
    char *text = mp_reading_check(&c, h->name, &h->b) == MP_OK
                     ? read_page(&c, h, r, remarks, &digits) : NULL;
    pthread_mutex_unlock(&h->whole);
    if (text != NULL)
        *a = (struct mp_answer){ .status = MP_HTTP_OK, .type = "application/json", .text = text,
                                 .n = strlen(text), .images = digits };
    else
        mp_refuse(a, c.no_memory ? MP_HTTP_BUSY : MP_HTTP_BAD, "%s", c.msg);
    mp_ctx_free(&c);
    json_decref(remarks);
}

void mp_answer_read(struct mp_served *h, const struct mp_request *q, size_t most_pixels,
                    struct mp_answer *a)
{
    struct mp_received r = { .c = 1, .most = most_pixels };
    struct mp_ctx c;
    mp_ctx_init(&c, &h->run);
    if (mp_receive_picture(&c, q, &r, a))
        answer(h, &r, a);
    mp_ctx_free(&c);
    free(r.at);
}
