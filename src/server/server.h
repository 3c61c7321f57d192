/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server.h - bundles that answer over HTTP until a signal comes. */
#ifndef MP_SERVER_H
#define MP_SERVER_H
#include "core/stage.h"

struct mp_server_form {
    char *const *names, *const *files; /* of n bundles; a name may be NULL: that of its file */
    size_t n;
    const char *listen;         /* an address of this machine */
    int port;                   /* 0: any that is free */
    const char *token;          /* NULL: none is asked for */
    size_t most_body, most_pixels;
    int connections;
    double seconds;             /* for a request to come, and for its answer to go */
    bool log;                   /* a line a request on stderr */
};

/* Negative after mp_fail(): `listen` is neither an address nor a name of one. */
int mp_server_address(struct mp_ctx *c, const char *listen);

/* Answers until SIGTERM or SIGINT, after which it ends what is under way; SIGHUP reads the bundles
 * anew.  Negative: it could not begin. */
int mp_serve(struct mp_ctx *c, const struct mp_server_form *form);
#endif
