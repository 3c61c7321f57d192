/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answer.h - what a request is and what is answered, without the protocol. */
#ifndef MP_ANSWER_H
#define MP_ANSWER_H
#include "core/stage.h"

/* A request that has come whole.  Texts are NULL where there are none. */
struct mp_request {
    const char *method, *path;
    const char *type, *bundle, *stages, *nearest; /* Content-Type; of the query */
    const char *body;                   /* n bytes, then a 0 */
    size_t n;
};

enum { /* those that are given, as RFC 9110 names them */
    MP_HTTP_OK = 200, MP_HTTP_BAD = 400, MP_HTTP_UNAUTHORIZED = 401, MP_HTTP_FORBIDDEN = 403,
    MP_HTTP_NOT_FOUND = 404, MP_HTTP_METHOD = 405, MP_HTTP_TIMEOUT = 408, MP_HTTP_LARGE = 413,
    MP_HTTP_TYPE = 415, MP_HTTP_FAILED = 500, MP_HTTP_BUSY = 503
};

struct mp_answer {
    unsigned status;
    const char *type;     /* application/json and the like */
    const char *allow;    /* methods, with MP_HTTP_METHOD */
    char *text;           /* to be freed, unless it is lent */
    size_t n;
    bool lent;
    size_t images;        /* that were looked at */
};

/* {"error": "..."}. */
void mp_refuse(struct mp_answer *a, unsigned status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What has been written, if memory was not refused. */
struct mp_text;
void mp_answer_take(struct mp_answer *a, struct mp_ctx *c, struct mp_text *t, const char *type);

/* A text of JSON with its quotes; what is no UTF-8 becomes U+FFFD. */
void mp_json_text(FILE *f, const char *text);
#endif
