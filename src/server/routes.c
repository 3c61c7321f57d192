/* SPDX-License-Identifier: GPL-3.0-or-later */
/* routes.c - which request is answered by what. */
#include "server/routes.h"
#include "config.h"
#include "core/clock.h"
#include "core/text.h"
#include "server/page.h"
#include "server/predict.h"
#include "server/read.h"
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- small ones */

static void answer_page(const struct mp_counter *s, const struct mp_request *q,
                        struct mp_answer *a)
{
    (void)s, (void)q;
    *a = (struct mp_answer){ .status = MP_HTTP_OK, .type = "text/html; charset=utf-8",
                             .text = (char *)(uintptr_t)mp_draw_page, .n = mp_draw_page_size,
                             .lent = true };
}

/* What `write` writes. */
static void written(const struct mp_counter *s, struct mp_answer *a, const char *type,
                    void (*write)(const struct mp_counter *s, FILE *f))
{
    struct mp_ctx c;
    struct mp_text t;
    mp_ctx_init(&c, NULL);
    if (mp_text_open(&c, &t) < 0) {
        mp_refuse(a, MP_HTTP_BUSY, "no memory for the answer");
    } else {
        write(s, t.f);
        a->status = MP_HTTP_OK;
        mp_answer_take(a, &c, &t, type);
    }
    mp_ctx_free(&c);
}

static void write_health(const struct mp_counter *s, FILE *f)
{
    fprintf(f, "{\"status\":\"ok\",\"program\":\"mnistpipe %s\",\"bundles\":%zu,"
               "\"seconds\":%.0f}\n", PACKAGE_VERSION, s->shelf->n, mp_seconds() - s->start);
}

static void write_bundle(const struct mp_served *h, FILE *f)
{
    const struct mp_shape shape = h->b.plan.shape;
    fputs("{\"name\":", f);
    mp_json_text(f, h->name);
    fprintf(f, ",\"sha256\":\"%s\",\"version\":", h->digest);
    mp_json_text(f, h->b.version);
    fputs(",\"pipeline\":", f);
    mp_json_text(f, h->b.text);
    fputs(",\"trained_on\":", f);
    mp_json_text(f, h->b.trained_on);
    fprintf(f, ",\"rows\":%llu,\"height\":%d,\"width\":%d,\"channels\":%d,\"kept\":%zu,"
               "\"scores\":\"%s\",\"classes\":[", (unsigned long long)h->b.rows, shape.h, shape.w,
            shape.c, h->b.kept.n,
            h->kind == MP_MARGINS ? "margins" : "probabilities");
    for (int k = 0; k < h->b.n_classes; k++)
        fprintf(f, "%s%s", k > 0 ? "," : "", h->key[k]);
    fputs("]}", f);
}

static void write_bundles(const struct mp_counter *s, FILE *f)
{
    fputs("{\"bundles\":[", f);
    for (size_t i = 0; i < s->shelf->n; i++) {
        fputs(i > 0 ? ",\n" : "\n", f);
        write_bundle(&s->shelf->held[i], f);
    }
    fputs("\n]}\n", f);
}

static void write_metrics(const struct mp_counter *s, FILE *f)
{
    mp_gauges_write(s->gauges, s->shelf, mp_route_name, f);
}

static void answer_health(const struct mp_counter *s, const struct mp_request *q,
                          struct mp_answer *a)
{
    (void)q;
    written(s, a, "application/json", write_health);
}

static void answer_bundles(const struct mp_counter *s, const struct mp_request *q,
                           struct mp_answer *a)
{
    (void)q;
    written(s, a, "application/json", write_bundles);
}

static void answer_metrics(const struct mp_counter *s, const struct mp_request *q,
                           struct mp_answer *a)
{
    (void)q;
    written(s, a, "text/plain; version=0.0.4; charset=utf-8", write_metrics);
}

/* --------------------------------------------------------------- bundles */

/* "digits, letters". */
static void names_of(const struct mp_shelf *s, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < s->n && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "",
                                 s->held[i].name);
}

/* The bundle that is asked for; NULL: refused. */
static struct mp_served *asked_for(const struct mp_counter *s, const struct mp_request *q,
                                   struct mp_answer *a)
{
    struct mp_served *h = mp_shelf_find(s->shelf, q->bundle);
    char asked[200], names[600];
    if (h != NULL)
        return h;
    mp_printable(asked, sizeof asked, q->bundle);
    names_of(s->shelf, names, sizeof names);
    mp_refuse(a, MP_HTTP_NOT_FOUND, "there is no bundle \"%s\"; expected %s%s", asked,
              s->shelf->n > 1 ? "one of " : "", names);
    return NULL;
}

static void answer_predict(const struct mp_counter *s, const struct mp_request *q,
                           struct mp_answer *a)
{
    struct mp_served *h = asked_for(s, q, a);
    if (h != NULL)
        mp_answer_predict(h, q, s->most_pixels, a);
}

static void answer_read(const struct mp_counter *s, const struct mp_request *q,
                        struct mp_answer *a)
{
    struct mp_served *h = asked_for(s, q, a);
    if (h != NULL)
        mp_answer_read(h, q, s->most_pixels, a);
}

/* ------------------------------------------------------------------ table */

static void answer_nothing(const struct mp_counter *s, const struct mp_request *q,
                           struct mp_answer *a);

static const struct route {
    const char *path, *name, *methods;
    bool open;
    void (*answer)(const struct mp_counter *s, const struct mp_request *q, struct mp_answer *a);
} routes[] = {
    { "/", "/", "GET, HEAD", true, answer_page },
    { "/predict", "/predict", "POST", false, answer_predict },
    { "/read", "/read", "POST", false, answer_read },
    { "/bundles", "/bundles", "GET, HEAD", false, answer_bundles },
    { "/health", "/health", "GET, HEAD", true, answer_health },
    { "/metrics", "/metrics", "GET, HEAD", false, answer_metrics },
    { NULL, "other", NULL, false, answer_nothing },
};
enum { ROUTES = sizeof routes / sizeof *routes };
_Static_assert((int)ROUTES <= (int)MP_GAUGE_ROUTES, "each route is counted");

static void answer_nothing(const struct mp_counter *s, const struct mp_request *q,
                           struct mp_answer *a)
{
    char path[200], paths[300] = "";
    size_t used = 0;
    (void)s;
    for (int i = 0; i < ROUTES - 1; i++)
        used += (size_t)snprintf(paths + used, sizeof paths - used, "%s%s", i > 0 ? ", " : "",
                                 routes[i].path);
    mp_printable(path, sizeof path, q->path);
    mp_refuse(a, MP_HTTP_NOT_FOUND, "there is no %s; expected one of %s", path, paths);
}

int mp_route_of(const char *path)
{
    int i = 0;
    while (routes[i].path != NULL && strcmp(routes[i].path, path) != 0)
        i++;
    return i;
}

const char *mp_route_name(int route)
{
    return route < ROUTES ? routes[route].name : "";
}

bool mp_route_open(int route)
{
    return routes[route].open;
}

bool mp_route_takes(int route, const char *method)
{
    const char *methods = routes[route].methods;
    const size_t n = strlen(method);
    for (const char *at = methods; at != NULL && (at = strstr(at, method)) != NULL; at += n)
        if ((at == methods || at[-1] == ' ') && (at[n] == '\0' || at[n] == ','))
            return true;
    return methods == NULL;
}

void mp_route(const struct mp_counter *s, int route, const struct mp_request *q,
              struct mp_answer *a)
{
    char method[40];
    if (mp_route_takes(route, q->method)) {
        routes[route].answer(s, q, a);
        return;
    }
    mp_printable(method, sizeof method, q->method);
    mp_refuse(a, MP_HTTP_METHOD, "%s takes %s, not %s", routes[route].path,
              routes[route].methods, method);
    a->allow = routes[route].methods;
}
