/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guard.h - who may ask.
 *
 * A page of another site, open in the user's browser, can send requests to this machine.  It
 * cannot forge two headers: Origin, which names that site, and Host, which, where it has its own
 * name point to 127.0.0.1 (DNS rebinding), still has that name. */
#ifndef MP_GUARD_H
#define MP_GUARD_H
#include "server/answer.h"

struct mp_guard {
    bool local;         /* nobody but this machine can ask: Host has to be its name */
    int port;
    const char *token;  /* NULL: none is asked for */
};

struct mp_headers {
    const char *host, *origin, *authorization; /* NULL: none */
};

/* Whether the request may go on; false: refused.  open: no token is asked for. */
bool mp_guard(const struct mp_guard *g, const struct mp_headers *h, bool open,
              struct mp_answer *a);

/* Whether an address is this machine's alone: 127.0.0.1, ::1, localhost. */
bool mp_is_loopback(const char *address);
#endif
