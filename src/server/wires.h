/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wires.h - the connections that are open, and how long each of them has made us wait.
 *
 * A client that sends a byte a second, or reads one, keeps its connection busy for ever, which a
 * time limit between bytes does not see.  Here the limit is on the whole: of a request until it has
 * come, then of its answer until it is gone. */
#ifndef MP_WIRES_H
#define MP_WIRES_H
#include "server/gauges.h"

enum mp_wire_state { MP_WIRE_NEW, MP_WIRE_IDLE, MP_WIRE_HEARS, MP_WIRE_WORKS, MP_WIRE_TELLS };

struct mp_wire {
    int socket;
    enum mp_wire_state state;
    double since;           /* the state began */
    bool over;              /* one more than there may be */
    struct mp_wire *next, *before;
};

struct mp_wires {
    pthread_mutex_t lock;
    struct mp_wire *first;
    int n, most;
};

void mp_wires_open(struct mp_wires *l, int most);
void mp_wires_close(struct mp_wires *l);

/* A connection begins or ends; NULL: no memory. */
struct mp_wire *mp_wire_new(struct mp_wires *l, int socket);
void mp_wire_end(struct mp_wires *l, struct mp_wire *wire);

void mp_wire_state(struct mp_wires *l, struct mp_wire *wire, enum mp_wire_state state);

/* Cuts those that have made us wait for longer, who are told, and those whose client is gone;
 * returns how many were too slow. */
int mp_wires_cut(struct mp_wires *l, double seconds);
#endif
