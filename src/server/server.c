/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server.c - bundles that answer over HTTP until a signal comes. */
#include "server/server.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "server/http.h"
#include "core/microhttpd.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How often connections are looked at that make us wait. */
static const long tick_ns = 200 * 1000 * 1000;

/* ----------------------------------------------------------------- listening */

static int cannot_listen(struct mp_ctx *c, const struct mp_server_form *f, int error)
{
    if (error == EADDRINUSE)
        return mp_fail(c, "port %d of %s is taken by another program; --port N takes another one, "
                       "--port 0 any that is free", f->port, f->listen);
    if (error == EACCES)
        return mp_fail(c, "port %d is for programs of root; --port takes one from 1024 on",
                       f->port);
    if (error == EADDRNOTAVAIL)
        return mp_fail(c, "--listen=%s is no address of this machine", f->listen);
    return mp_fail(c, "cannot listen on port %d of %s: %s", f->port, f->listen, strerror(error));
}

static int try_socket(const struct addrinfo *a)
{
    const int on = 1;
    const int s = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return -1;
    /* After a restart; another program that listens is in the way all the same. */
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s, a->ai_addr, a->ai_addrlen) == 0 && listen(s, SOMAXCONN) == 0)
        return s;
    const int error = errno;
    close(s);
    errno = error;
    return -1;
}

static int port_of(int s)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = { .any = { 0 } };
    socklen_t n = sizeof at;
    if (getsockname(s, &at.any, &n) != 0)
        return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

/* Of the port; NULL: there is none. */
static struct addrinfo *resolve(struct mp_ctx *c, const char *address, int port)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char text[16];
    snprintf(text, sizeof text, "%d", port);
    const int rc = getaddrinfo(address, text, &hints, &found);
    if (rc == 0)
        return found;
    mp_fail(c, "--listen=%s: %s; expected an address such as 127.0.0.1 or 0.0.0.0", address,
            gai_strerror(rc));
    return NULL;
}

int mp_server_address(struct mp_ctx *c, const char *listen)
{
    struct addrinfo *found = resolve(c, listen, 0);
    if (found != NULL)
        freeaddrinfo(found);
    return found != NULL ? MP_OK : -1;
}

/* The socket; *port: which it is. */
static int open_socket(struct mp_ctx *c, const struct mp_server_form *f, int *port)
{
    struct addrinfo *found = resolve(c, f->listen, f->port);
    if (found == NULL)
        return -1;
    const int s = try_socket(found);
    const int error = errno;
    freeaddrinfo(found);
    if (s < 0)
        return cannot_listen(c, f, error);
    *port = port_of(s);
    return s;
}

/* ------------------------------------------------------------------- at work */

static void say_ready(const struct mp_ctx *c, const struct mp_http *h,
                      const struct mp_server_form *f)
{
    const bool six = strchr(f->listen, ':') != NULL;
    if (c->run->quiet)
        return;
    for (size_t i = 0; i < h->shelf->n; i++) {
        const struct mp_served *b = &h->shelf->held[i];
        char shape[MP_SHAPE_TEXT];
        printf("%-12s %s, %d classes, images of %s\n", b->name, b->file, b->b.n_classes,
               mp_shape_text(b->b.plan.shape, shape));
    }
    printf("listening    http://%s%s%s:%d/\n", six ? "[" : "", f->listen, six ? "]" : "",
           h->guard.port);
    fflush(stdout);
}

/* What cannot be read leaves all as it was. */
static void reload(struct mp_ctx *c, struct mp_http *h, const struct mp_server_form *f)
{
    struct mp_shelf *s = mp_shelf_read(c, f->names, f->files, f->n);
    if (s != NULL) {
        mp_http_display(h, s);
        atomic_fetch_add(&h->gauges.reloads, 1);
        if (!c->run->quiet)
            fprintf(stderr, "read again: %zu bundle%s\n", f->n, f->n == 1 ? "" : "s");
        return;
    }
    fprintf(stderr, "mnistpipe: %s; the bundles from before go on\n", c->msg);
    c->msg[0] = '\0';
    c->no_memory = false;
}

/* Until a signal says to end. */
static void serve(struct mp_ctx *c, struct mp_http *h, const struct mp_server_form *f,
                  const sigset_t *signals)
{
    const struct timespec tick = { .tv_nsec = tick_ns };
    for (;;) {
        const int signal = sigtimedwait(signals, NULL, &tick);
        const int slow = mp_wires_cut(&h->wires, f->seconds);
        atomic_fetch_add(&h->gauges.slow, (unsigned)slow);
        if (signal == SIGHUP)
            reload(c, h, f);
        if (signal == SIGINT || signal == SIGTERM)
            return;
    }
}

/* What is under way is answered; a second signal does not wait for that. */
static void finish(struct mp_http *h, struct MHD_Daemon *d, const struct mp_server_form *f,
                   const sigset_t *signals)
{
    const struct timespec tick = { .tv_nsec = 10 * 1000 * 1000 };
    const double end = mp_seconds() + f->seconds;
    int signal = -1;
    atomic_store(&h->closing, true);
    mp_http_quiesce(d);
    while (atomic_load(&h->gauges.at_work) > 0 && mp_seconds() < end && signal != SIGINT &&
           signal != SIGTERM) {
        signal = sigtimedwait(signals, NULL, &tick);
        mp_wires_cut(&h->wires, f->seconds);
    }
    mp_http_close(d);
}

static int run(struct mp_ctx *c, struct mp_http *h, const struct mp_server_form *f,
               const sigset_t *signals)
{
    const int s = open_socket(c, f, &h->guard.port);
    if (s < 0)
        return -1;
    struct MHD_Daemon *d = mp_http_open(c, h, s, c->run->threads);
    if (d == NULL) {
        close(s);
        return -1;
    }
    say_ready(c, h, f);
    serve(c, h, f, signals);
    finish(h, d, f, signals);
    return MP_OK;
}

/* ------------------------------------------------------------------- signals */

/* Signals are waited for by this thread, the process's first, alone: threads that it begins inherit
 * the mask.  One that a library began before has none; what it is given, it passes on. */
struct signals {
    sigset_t set, was;
    struct sigaction action[3];
};
static const int heard[3] = { SIGINT, SIGTERM, SIGHUP };

static void pass_on(int number)
{
    const int error = errno;
    syscall(SYS_tgkill, getpid(), getpid(), number); /* the first thread's number, too */
    errno = error;
}

static void hear(struct signals *s)
{
    const struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_ONSTACK | SA_RESTART };
    sigemptyset(&s->set);
    for (int i = 0; i < 3; i++)
        sigaddset(&s->set, heard[i]);
    pthread_sigmask(SIG_BLOCK, &s->set, &s->was);
    for (int i = 0; i < 3; i++)
        sigaction(heard[i], &action, &s->action[i]);
}

static void hear_no_more(struct signals *s)
{
    for (int i = 0; i < 3; i++)
        sigaction(heard[i], &s->action[i], NULL);
    pthread_sigmask(SIG_SETMASK, &s->was, NULL);
}

int mp_serve(struct mp_ctx *c, const struct mp_server_form *f)
{
    struct mp_http *h = mp_alloc(c, 1, sizeof *h);
    struct signals signals;
    if (h == NULL || mp_microhttpd_load(c) < 0) {
        free(h);
        return -1;
    }
    h->guard = (struct mp_guard){ .local = mp_is_loopback(f->listen), .token = f->token };
    h->most_body = f->most_body;
    h->most_pixels = f->most_pixels;
    h->start = mp_seconds();
    h->log = f->log;
    mp_wires_open(&h->wires, f->connections);
    pthread_mutex_init(&h->display, NULL);
    struct mp_shelf *shelf = mp_shelf_read(c, f->names, f->files, f->n);
    int rc = shelf != NULL ? MP_OK : -1;
    if (rc == MP_OK) {
        mp_http_display(h, shelf);
        hear(&signals);
        rc = mp_stopped(c) ? mp_fail(c, "interrupted") : run(c, h, f, &signals.set);
        hear_no_more(&signals);
        mp_http_display(h, NULL);
    }
    pthread_mutex_destroy(&h->display);
    mp_wires_close(&h->wires);
    free(h);
    return rc;
}
