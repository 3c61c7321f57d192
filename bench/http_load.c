/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_load.c - one thread that asks a server on this machine, for bench/serve.py.
 *
 *     http_load PORT PATH TYPE BODIES CONNECTIONS SECONDS RATE REQUESTS
 *
 * BODIES is a file of bodies, each behind its length, 4 bytes, little-endian; they are sent in
 * turn.  RATE 0: each connection asks again as soon as it has its answer, which finds the most that the
 * server does.  Otherwise so many requests a second are due at even distances, and an answer's
 * latency counts from when its request was due, also where no connection was free then; so a server
 * that stalls is charged for all who wait.  Ends after SECONDS, or REQUESTS, if that is not 0.
 * Prints requests, seconds, errors, and latencies in ms as JSON. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* epoll_pwait2() */
#endif
#include "core/clock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1 << 17, EVENTS = 64 };

struct wire {
    int fd;
    double due;
    size_t got, whole; /* of the answer; whole 0: its length is not known */
    bool good;
    char at[ROOM];
};

struct load {
    struct sockaddr_in to;
    char **request;
    size_t *size, requests;
    struct wire *wire, **idle;
    size_t wires, n_idle;
    double *latency;
    size_t n, room, sent, wanted, errors;
    int poll;
};

static void die(const char *what)
{
    fprintf(stderr, "http_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *room(void *at, size_t n)
{
    void *new = realloc(at, n);
    if (new == NULL)
        die("memory");
    return new;
}

/* ------------------------------------------------------------------ requests */

static void add_request(struct load *l, const char *path, const char *type, const char *body,
                        size_t n)
{
    const size_t head = strlen(path) + strlen(type) + 200;
    char *text = room(NULL, head + n);
    const int used = snprintf(text, head, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                              "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", path,
                              ntohs(l->to.sin_port), type, n);
    memcpy(text + used, body, n);
    l->request = room(l->request, (l->requests + 1) * sizeof *l->request);
    l->size = room(l->size, (l->requests + 1) * sizeof *l->size);
    l->request[l->requests] = text;
    l->size[l->requests++] = (size_t)used + n;
}

static void read_bodies(struct load *l, const char *path, const char *type, const char *file)
{
    unsigned char length[4];
    FILE *f = fopen(file, "rbe");
    if (f == NULL)
        die(file);
    while (fread(length, 1, 4, f) == 4) {
        const size_t n = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 |
                         (size_t)length[3] << 24;
        char *body = room(NULL, n + 1);
        if (fread(body, 1, n, f) != n)
            die(file);
        add_request(l, path, type, body, n);
        free(body);
    }
    fclose(f);
    if (l->requests == 0)
        die("no bodies");
}

/* --------------------------------------------------------------- connections */

static void connect_wire(struct load *l, struct wire *w)
{
    const int on = 1;
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0 || connect(w->fd, (struct sockaddr *)&l->to, sizeof l->to) != 0)
        die("connect");
    setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event e = { .events = EPOLLIN, .data = { .ptr = w } };
    if (epoll_ctl(l->poll, EPOLL_CTL_ADD, w->fd, &e) != 0)
        die("epoll");
}

static void ask(struct load *l, struct wire *w, double due)
{
    const size_t k = l->sent++ % l->requests;
    w->due = due;
    w->got = w->whole = 0;
    for (size_t at = 0; at < l->size[k];) {
        const ssize_t n = send(w->fd, l->request[k] + at, l->size[k] - at, MSG_NOSIGNAL);
        if (n <= 0)
            die("send");
        at += (size_t)n;
    }
}

static void find_length(struct wire *w)
{
    char *end = memmem(w->at, w->got, "\r\n\r\n", 4);
    if (end == NULL)
        return;
    w->good = memcmp(w->at, "HTTP/1.1 200", 12) == 0;
    for (char *at = w->at; at < end; at = (char *)memmem(at, (size_t)(end + 2 - at), "\r\n", 2) + 2)
        if (strncasecmp(at, "content-length:", 15) == 0)
            w->whole = (size_t)(end + 4 - w->at) + strtoul(at + 15, NULL, 10);
    if (w->whole == 0 || w->whole > ROOM)
        die("an answer without a length, or too long");
}

/* Whether the answer has come whole. */
static bool hear(struct load *l, struct wire *w)
{
    const ssize_t n = recv(w->fd, w->at + w->got, ROOM - w->got, 0);
    if (n <= 0) {
        l->errors++;
        close(w->fd);
        connect_wire(l, w);
        return true;
    }
    w->got += (size_t)n;
    if (w->whole == 0)
        find_length(w);
    if (w->whole == 0 || w->got < w->whole)
        return false;
    l->errors += !w->good;
    if (l->n == l->room)
        l->latency = room(l->latency, (l->room = 2 * l->room + 1024) * sizeof *l->latency);
    l->latency[l->n++] = mp_seconds() - w->due;
    return true;
}

/* ---------------------------------------------------------------------- load */

static bool may_ask(const struct load *l, double now, double end)
{
    return now < end && (l->wanted == 0 || l->sent < l->wanted);
}

/* As many as are due and find a connection; when the next one is due. */
static double ask_due(struct load *l, double next, double rate, double now, double end)
{
    while (l->n_idle > 0 && may_ask(l, now, end) && (rate == 0 || next <= now)) {
        ask(l, l->idle[--l->n_idle], rate == 0 ? mp_seconds() : next);
        next += rate == 0 ? 0 : 1 / rate;
    }
    return next;
}

static double run(struct load *l, double seconds, double rate)
{
    const double start = mp_seconds(), end = start + seconds;
    struct epoll_event event[EVENTS];
    double next = start, now = start;
    while (may_ask(l, now, end) || l->n_idle < l->wires) {
        next = ask_due(l, next, rate, now, end);
        const bool waits = rate > 0 && l->n_idle > 0 && may_ask(l, now, end);
        const double left = waits && next > now ? next - now : waits ? 0 : 1;
        const struct timespec wait = { .tv_sec = (time_t)left,
                                       .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
        const int n = epoll_pwait2(l->poll, event, EVENTS, &wait, NULL);
        for (int i = 0; i < n; i++)
            if (hear(l, event[i].data.ptr))
                l->idle[l->n_idle++] = event[i].data.ptr;
        now = mp_seconds();
        if (now > end + 30)
            die("no answer for half a minute");
    }
    return mp_seconds() - start;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fputs("usage: http_load PORT PATH TYPE BODIES CONNECTIONS SECONDS RATE REQUESTS\n", stderr);
        return 2;
    }
    struct load l = { .to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } },
                      .wires = (size_t)atoi(argv[5]), .wanted = (size_t)atol(argv[8]) };
    read_bodies(&l, argv[2], argv[3], argv[4]);
    l.poll = epoll_create1(EPOLL_CLOEXEC);
    l.wire = room(NULL, l.wires * sizeof *l.wire);
    l.idle = room(NULL, l.wires * sizeof *l.idle);
    for (size_t i = 0; i < l.wires; i++) {
        connect_wire(&l, &l.wire[i]);
        l.idle[l.n_idle++] = &l.wire[i];
    }
    const double seconds = run(&l, atof(argv[6]), atof(argv[7]));
    if (l.n == 0)
        die("no answers");
    qsort(l.latency, l.n, sizeof *l.latency, by_size);
    printf("{\"requests\": %zu, \"seconds\": %.6f, \"errors\": %zu, \"p50\": %.6f, \"p99\": %.6f, "
           "\"most\": %.6f}\n", l.n, seconds, l.errors, 1e3 * l.latency[l.n / 2],
           1e3 * l.latency[l.n * 99 / 100], 1e3 * l.latency[l.n - 1]);
    return 0;
}
