/* SPDX-License-Identifier: GPL-3.0-or-later */
/* routes.h - which request is answered by what. */
#ifndef MP_ROUTES_H
#define MP_ROUTES_H
#include "server/answer.h"
#include "server/gauges.h"

/* What routes may look at. */
struct mp_counter {
    struct mp_shelf *shelf;
    struct mp_gauges *gauges;
    size_t most_pixels;
    double start;
};

/* The route of a path, and what it is called; the last is that of paths that there are not. */
int mp_route_of(const char *path);
const char *mp_route_name(int route);

/* Whether it may be asked without a token: there is nothing to be learned or done. */
bool mp_route_open(int route);

/* Whether the method is one that it takes; a body comes with POST. */
bool mp_route_takes(int route, const char *method);

/* Answers a whole request. */
void mp_route(const struct mp_counter *s, int route, const struct mp_request *q,
              struct mp_answer *a);
#endif
