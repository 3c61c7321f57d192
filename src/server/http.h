/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http.h - requests as they come over connections, a piece at a time. */
#ifndef MP_HTTP_H
#define MP_HTTP_H
#include "server/guard.h"
#include "server/wires.h"
#include "server/routes.h"

struct MHD_Daemon;

/* What all connections share. */
struct mp_http {
    struct mp_guard guard;
    struct mp_gauges gauges;
    struct mp_wires wires;
    pthread_mutex_t display;   /* of the shelf and its users */
    struct mp_shelf *shelf;
    size_t most_body, most_pixels;
    double start;
    bool log;
    atomic_bool closing;       /* connections end with the next answer */
};

/* Answers on a socket that listens, with so many threads.  NULL after mp_fail(). */
struct MHD_Daemon *mp_http_open(struct mp_ctx *c, struct mp_http *h, int socket, int threads);

/* Accepts no more connections. */
void mp_http_quiesce(struct MHD_Daemon *d);
void mp_http_close(struct MHD_Daemon *d);

/* Puts another shelf on display; the old one stays with those who have begun with it. */
void mp_http_display(struct mp_http *h, struct mp_shelf *s);
#endif
