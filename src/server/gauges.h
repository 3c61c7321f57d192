/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gauges.h - what the server has done so far, for those who watch it. */
#ifndef MP_GAUGES_H
#define MP_GAUGES_H
#include "server/shelf.h"

enum { MP_GAUGE_ROUTES = 8, MP_GAUGE_CODES = 12, MP_GAUGE_BUCKETS = 13 };

/* Counted by all threads at once, without locks. */
struct mp_gauges {
    atomic_ullong requests[MP_GAUGE_ROUTES][MP_GAUGE_CODES];
    atomic_ullong took[MP_GAUGE_BUCKETS + 1]; /* the last: longer than all */
    atomic_ullong microseconds, images, reloads, slow, turned_away;
    atomic_int connections, at_work;
};

/* route: a number below MP_GAUGE_ROUTES. */
void mp_gauge(struct mp_gauges *g, int route, unsigned code, double seconds, size_t images);

/* In Prometheus' text form, version 0.0.4; route_name: what the routes are called. */
void mp_gauges_write(const struct mp_gauges *g, const struct mp_shelf *s,
                     const char *(*route_name)(int route), FILE *f);
#endif
