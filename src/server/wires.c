/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wires.c - the connections that are open. */
#include "server/wires.h"
#include "core/clock.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void mp_wires_open(struct mp_wires *l, int most)
{
    *l = (struct mp_wires){ .most = most };
    pthread_mutex_init(&l->lock, NULL);
}

void mp_wires_close(struct mp_wires *l)
{
    pthread_mutex_destroy(&l->lock);
}

struct mp_wire *mp_wire_new(struct mp_wires *l, int socket)
{
    struct mp_wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL)
        return NULL;
    wire->socket = socket;
    wire->since = mp_seconds();
    pthread_mutex_lock(&l->lock);
    wire->over = ++l->n > l->most;
    wire->next = l->first;
    if (l->first != NULL)
        l->first->before = wire;
    l->first = wire;
    pthread_mutex_unlock(&l->lock);
    return wire;
}

void mp_wire_end(struct mp_wires *l, struct mp_wire *wire)
{
    if (wire == NULL)
        return;
    pthread_mutex_lock(&l->lock);
    l->n--;
    if (wire->before != NULL)
        wire->before->next = wire->next;
    else
        l->first = wire->next;
    if (wire->next != NULL)
        wire->next->before = wire->before;
    pthread_mutex_unlock(&l->lock);
    free(wire);
}

void mp_wire_state(struct mp_wires *l, struct mp_wire *wire, enum mp_wire_state state)
{
    if (wire == NULL)
        return;
    pthread_mutex_lock(&l->lock);
    wire->state = state;
    wire->since = mp_seconds();
    pthread_mutex_unlock(&l->lock);
}

/* Nobody else writes to a connection whose request has not come whole. */
static void tell(int socket, double seconds)
{
    char body[160], text[400];
    const int n = snprintf(body, sizeof body, "{\"error\": \"the request had not come whole after "
                           "%g seconds; expected it by then\"}\n", seconds);
    const int all = snprintf(text, sizeof text, "HTTP/1.1 408 Request Timeout\r\n"
                             "Content-Type: application/json\r\nConnection: close\r\n"
                             "Content-Length: %d\r\n\r\n%s", n, body);
    if (send(socket, text, (size_t)all, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        /* Then it is cut without a word. */
    }
}

/* Whether nothing more will come.  libmicrohttpd 0.9.75 does not see that where a client's last
 * bytes and its end come at once, and would wait for the rest of the request. */
static bool is_dead(const struct mp_wire *wire, double now)
{
    static const double settled = 0.2; /* what has come is at work by then */
    char byte;
    return wire->state != MP_WIRE_TELLS && now - wire->since > settled &&
           recv(wire->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

int mp_wires_cut(struct mp_wires *l, double seconds)
{
    const double now = mp_seconds();
    int slow = 0;
    pthread_mutex_lock(&l->lock);
    for (struct mp_wire *wire = l->first; wire != NULL; wire = wire->next) {
        const bool late = now - wire->since >= seconds;
        if (wire->state == MP_WIRE_WORKS || (!late && !is_dead(wire, now)))
            continue;
        if (late && (wire->state == MP_WIRE_NEW || wire->state == MP_WIRE_HEARS))
            tell(wire->socket, seconds);
        slow += late && wire->state != MP_WIRE_IDLE;
        shutdown(wire->socket, SHUT_RDWR); /* who owns it sees its end, and closes it */
        wire->state = MP_WIRE_WORKS;       /* once */
    }
    pthread_mutex_unlock(&l->lock);
    return slow;
}
