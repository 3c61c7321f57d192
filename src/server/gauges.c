/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gauges.c - what the server has done so far. */
#include "server/gauges.h"
#include "config.h"
#include "server/answer.h"

static const unsigned codes[MP_GAUGE_CODES] = {
    MP_HTTP_OK, MP_HTTP_BAD, MP_HTTP_UNAUTHORIZED, MP_HTTP_FORBIDDEN, MP_HTTP_NOT_FOUND,
    MP_HTTP_METHOD, MP_HTTP_TIMEOUT, MP_HTTP_LARGE, MP_HTTP_TYPE, MP_HTTP_FAILED, MP_HTTP_BUSY
};

/* Upper ends, in seconds. */
static const double buckets[MP_GAUGE_BUCKETS] = {
    50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.5, 2
};

void mp_gauge(struct mp_gauges *g, int route, unsigned code, double seconds, size_t images)
{
    int k = 0, b = 0;
    while (k < MP_GAUGE_CODES - 1 && codes[k] != code)
        k++;
    while (b < MP_GAUGE_BUCKETS && seconds > buckets[b])
        b++;
    atomic_fetch_add_explicit(&g->requests[route][k], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&g->took[b], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&g->microseconds, (unsigned long long)(seconds * 1e6),
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&g->images, images, memory_order_relaxed);
}

static void family(FILE *f, const char *name, const char *type, const char *help)
{
    fprintf(f, "# HELP mnistpipe_%s %s\n# TYPE mnistpipe_%s %s\n", name, help, name, type);
}

static void counter(FILE *f, const char *name, const char *help, const atomic_ullong *value)
{
    family(f, name, "counter", help);
    fprintf(f, "mnistpipe_%s %llu\n", name, atomic_load(value));
}

static void gauge(FILE *f, const char *name, const char *help, const atomic_int *value)
{
    family(f, name, "gauge", help);
    fprintf(f, "mnistpipe_%s %d\n", name, atomic_load(value));
}

static void latency(const struct mp_gauges *g, FILE *f)
{
    unsigned long long sum = 0;
    family(f, "request_seconds", "histogram", "From a request's first line to its answer.");
    for (int b = 0; b < MP_GAUGE_BUCKETS; b++) {
        sum += atomic_load(&g->took[b]);
        fprintf(f, "mnistpipe_request_seconds_bucket{le=\"%g\"} %llu\n", buckets[b], sum);
    }
    sum += atomic_load(&g->took[MP_GAUGE_BUCKETS]);
    fprintf(f, "mnistpipe_request_seconds_bucket{le=\"+Inf\"} %llu\n", sum);
    fprintf(f, "mnistpipe_request_seconds_sum %.6f\n", (double)atomic_load(&g->microseconds) / 1e6);
    fprintf(f, "mnistpipe_request_seconds_count %llu\n", sum);
}

/* A label's value, in which three characters are escaped. */
static void label(FILE *f, const char *name, const char *value)
{
    fprintf(f, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            putc('\\', f);
        fputs(*value == '\n' ? "\\n" : (const char[]){ *value, '\0' }, f);
    }
    putc('"', f);
}

void mp_gauges_write(const struct mp_gauges *g, const struct mp_shelf *s,
                     const char *(*route_name)(int route), FILE *f)
{
    family(f, "requests_total", "counter", "Requests that were answered.");
    for (int r = 0; r < MP_GAUGE_ROUTES; r++)
        for (int k = 0; k < MP_GAUGE_CODES; k++) {
            const unsigned long long n = atomic_load(&g->requests[r][k]);
            if (n > 0)
                fprintf(f, "mnistpipe_requests_total{route=\"%s\",code=\"%u\"} %llu\n",
                        route_name(r), codes[k], n);
        }
    latency(g, f);
    counter(f, "images_total", "Images that were looked at.", &g->images);
    counter(f, "reloads_total", "Times that bundles were taken anew.", &g->reloads);
    counter(f, "slow_total", "Connections cut as their request took too long to come.", &g->slow);
    counter(f, "turned_away_total", "Connections turned away as there were too many.",
            &g->turned_away);
    gauge(f, "connections", "Connections that are open.", &g->connections);
    gauge(f, "requests_at_work", "Requests that have begun and have no answer yet.", &g->at_work);
    family(f, "bundle_info", "gauge", "The bundles that answer: 1 each.");
    for (size_t i = 0; i < s->n; i++) {
        fputs("mnistpipe_bundle_info{", f);
        label(f, "bundle", s->held[i].name);
        fputs(",", f);
        label(f, "sha256", s->held[i].digest);
        fputs(",", f);
        label(f, "version", s->held[i].b.version);
        fputs("} 1\n", f);
    }
}
