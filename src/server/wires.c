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
    struct mp_wire *line = calloc(1, sizeof *line);
    if (line == NULL)
        return NULL;
    line->socket = socket;
    line->since = mp_seconds();
    pthread_mutex_lock(&l->lock);
    line->over = ++l->n > l->most;
    line->next = l->first;
    if (l->first != NULL)
        l->first->before = line;
    l->first = line;
    pthread_mutex_unlock(&l->lock);
    return line;
}

void mp_wire_end(struct mp_wires *l, struct mp_wire *line)
{
    if (line == NULL)
        return;
    pthread_mutex_lock(&l->lock);
    l->n--;
    if (line->before != NULL)
        line->before->next = line->next;
    else
        l->first = line->next;
    if (line->next != NULL)
        line->next->before = line->before;
    pthread_mutex_unlock(&l->lock);
    free(line);
}

void mp_wire_state(struct mp_wires *l, struct mp_wire *line, enum mp_wire_state state)
{
    if (line == NULL)
        return;
    pthread_mutex_lock(&l->lock);
    line->state = state;
    line->since = mp_seconds();
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

int mp_wires_cut(struct mp_wires *l, double seconds)
{
    const double now = mp_seconds();
    int slow = 0;
    pthread_mutex_lock(&l->lock);
    for (struct mp_wire *line = l->first; line != NULL; line = line->next) {
        if (line->state == MP_WIRE_WORKS || now - line->since < seconds)
            continue;
        if (line->state == MP_WIRE_NEW || line->state == MP_WIRE_HEARS)
            tell(line->socket, seconds);
        slow += line->state != MP_WIRE_IDLE;
        shutdown(line->socket, SHUT_RDWR); /* who owns it sees its end, and closes it */
        line->state = MP_WIRE_WORKS;       /* once */
    }
    pthread_mutex_unlock(&l->lock);
    return slow;
}
