/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http.c - requests as they come over connections, a piece at a time.
 *
 * libmicrohttpd calls, on one of its threads: when a connection begins and ends, when a request's
 * first line has come, when its headers have, for each piece of its body, when it has come whole,
 * and when its answer is gone.  A request that is refused is heard to its end all the same, as a
 * client that is still sending would not see the answer; unless it is very long, or waits to be
 * asked for its body. */
#include "server/http.h"
#include "core/clock.h"
#include "core/microhttpd.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Bytes that are heard of a body that is refused, and those of headers. */
enum { HEARD = 64 << 20, MOST_HEAD = 16 << 10, FIRST_ROOM = 16 << 10, SPARE = 64 };

/* A request from its first line on. */
struct job {
    struct mp_wire *line;
    double start;
    bool begun, refused, answered;
    int route;
    struct mp_answer answer;
    char *body;
    size_t n, room;
};

static const char security[] =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: "
    "blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* ----------------------------------------------------------------- shelves */

static struct mp_shelf *shelf_take(struct mp_http *h)
{
    pthread_mutex_lock(&h->display);
    struct mp_shelf *s = h->shelf;
    s->users++;
    pthread_mutex_unlock(&h->display);
    return s;
}

static void shelf_back(struct mp_http *h, struct mp_shelf *s)
{
    pthread_mutex_lock(&h->display);
    const bool last = --s->users == 0;
    pthread_mutex_unlock(&h->display);
    if (last)
        mp_shelf_free(s);
}

void mp_http_display(struct mp_http *h, struct mp_shelf *s)
{
    pthread_mutex_lock(&h->display);
    struct mp_shelf *was = h->shelf;
    h->shelf = s;
    if (s != NULL)
        s->users++;
    pthread_mutex_unlock(&h->display);
    if (was != NULL)
        shelf_back(h, was);
}

/* ------------------------------------------------------------------- bodies */

static const char *header(struct MHD_Connection *con, const char *name)
{
    return mp_microhttpd()->lookup_connection_value(con, MHD_HEADER_KIND, name);
}

/* An empty header says as much as none. */
static const char *type_of(struct MHD_Connection *con)
{
    const char *type = header(con, "Content-Type");
    return type != NULL && *type != '\0' ? type : NULL;
}

static const char *argument(struct MHD_Connection *con, const char *name)
{
    return mp_microhttpd()->lookup_connection_value(con, MHD_GET_ARGUMENT_KIND, name);
}

static void refuse_large(const struct mp_http *h, struct job *j, unsigned long long n)
{
    char found[64] = "more";
    if (n > 0)
        snprintf(found, sizeof found, "%llu bytes", n);
    j->refused = true;
    mp_refuse(&j->answer, MP_HTTP_LARGE, "the body has %s; expected %zu at most", found,
              h->most_body);
}

/* Room grows with what comes, not with what is announced. */
static void hear(const struct mp_http *h, struct job *j, const char *piece, size_t n)
{
    if (j->refused)
        return;
    if (j->n + n > h->most_body) {
        refuse_large(h, j, 0);
        return;
    }
    if (j->n + n + 1 > j->room) {
        const size_t most = h->most_body + 1, twice = 2 * (j->n + n);
        size_t room = twice < FIRST_ROOM ? FIRST_ROOM : twice;
        room = room < most ? room : most;
        char *body = realloc(j->body, room);
        if (body == NULL) {
            j->refused = true;
            mp_refuse(&j->answer, MP_HTTP_BUSY, "no memory for a body of this size");
            return;
        }
        j->body = body;
        j->room = room;
    }
    memcpy(j->body + j->n, piece, n);
    j->n += n;
    j->body[j->n] = '\0';
}

/* ------------------------------------------------------------------ answers */

static void log_line(const struct mp_http *h, struct MHD_Connection *con, const struct job *j,
                     const char *method, const char *path)
{
    const union MHD_ConnectionInfo *i =
        mp_microhttpd()->get_connection_info(con, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char when[32] = "", from[INET6_ADDRSTRLEN] = "-", what[200], text[512];
    const time_t now = time(NULL);
    struct tm tm;
    if (!h->log)
        return;
    if (gmtime_r(&now, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (i != NULL && i->client_addr->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)i->client_addr)->sin_addr,
                  from, sizeof from);
    if (i != NULL && i->client_addr->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)i->client_addr)->sin6_addr,
                  from, sizeof from);
    snprintf(text, sizeof text, "%s %s", method, path);
    mp_printable(what, sizeof what, text);
    const int n = snprintf(text, sizeof text, "%s %s %s %u %zu %.3f\n", when, from, what,
                           j->answer.status, j->answer.images, 1e3 * (mp_seconds() - j->start));
    if (write(STDERR_FILENO, text, (size_t)n) < 0) {
        /* Nobody reads it. */
    }
}

static struct MHD_Response *response_of(const struct mp_http *h, const struct job *j)
{
    const struct mp_microhttpd *m = mp_microhttpd();
    const struct mp_answer *a = &j->answer;
    struct MHD_Response *r = m->create_response_from_buffer(
        a->n, a->text, a->lent ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    if (r == NULL)
        return NULL;
    m->add_response_header(r, "Content-Type", a->type);
    m->add_response_header(r, "X-Content-Type-Options", "nosniff");
    m->add_response_header(r, "Cache-Control", "no-store");
    if (strncmp(a->type, "text/html", 9) == 0) {
        m->add_response_header(r, "Content-Security-Policy", security);
        m->add_response_header(r, "Referrer-Policy", "no-referrer");
    }
    if (a->allow != NULL)
        m->add_response_header(r, "Allow", a->allow);
    if (a->status == MP_HTTP_UNAUTHORIZED)
        m->add_response_header(r, "WWW-Authenticate", "Bearer");
    if (atomic_load(&h->closing) || (j->line != NULL && j->line->over))
        m->add_response_header(r, "Connection", "close");
    return r;
}

static enum MHD_Result send_answer(struct mp_http *h, struct MHD_Connection *con, struct job *j,
                                   const char *method, const char *path)
{
    const struct mp_microhttpd *m = mp_microhttpd();
    struct MHD_Response *r = response_of(h, j);
    j->answered = true;
    log_line(h, con, j, method, path);
    mp_gauge(&h->gauges, j->route, j->answer.status, mp_seconds() - j->start, j->answer.images);
    mp_wire_state(&h->wires, j->line, MP_WIRE_TELLS);
    if (r == NULL)
        return MHD_NO;
    j->answer.text = NULL; /* the response's, now */
    const enum MHD_Result rc = m->queue_response(con, j->answer.status, r);
    m->destroy_response(r);
    return rc;
}

static void work(struct mp_http *h, struct MHD_Connection *con, struct job *j, const char *method,
                 const char *path)
{
    struct mp_shelf *shelf = shelf_take(h);
    const struct mp_counter s = { .shelf = shelf, .gauges = &h->gauges, .start = h->start,
                                  .most_pixels = h->most_pixels };
    const struct mp_request q = { .method = method, .path = path,
                                  .type = type_of(con),
                                  .bundle = argument(con, "bundle"),
                                  .stages = argument(con, "stages"),
                                  .nearest = argument(con, "nearest"),
                                  .body = j->body != NULL ? j->body : "", .n = j->n };
    mp_wire_state(&h->wires, j->line, MP_WIRE_WORKS);
    mp_route(&s, j->route, &q, &j->answer);
    shelf_back(h, shelf);
}

/* ----------------------------------------------------------------- requests */

/* The headers have come: what can be refused is, before a body comes. */
static void begin(struct mp_http *h, struct MHD_Connection *con, struct job *j, const char *path)
{
    const struct mp_headers headers = { header(con, "Host"), header(con, "Origin"),
                                        header(con, "Authorization") };
    const char *length = header(con, "Content-Length");
    const unsigned long long n = length != NULL ? strtoull(length, NULL, 10) : 0;
    j->begun = true;
    j->route = mp_route_of(path);
    if (j->line != NULL && j->line->over) {
        atomic_fetch_add(&h->gauges.turned_away, 1);
        j->refused = true;
        mp_refuse(&j->answer, MP_HTTP_BUSY, "there are %d connections already; expected no more: "
                  "come again later", h->wires.most);
    } else if (!mp_guard(&h->guard, &headers, mp_route_open(j->route), &j->answer)) {
        j->refused = true;
    } else if (n > h->most_body) {
        refuse_large(h, j, n);
    }
}

/* Whether to answer at once, though more may come: libmicrohttpd closes the connection then. */
static bool at_once(struct MHD_Connection *con, const struct job *j)
{
    const char *length = header(con, "Content-Length");
    return j->refused && (header(con, "Expect") != NULL ||
                          (length != NULL && strtoull(length, NULL, 10) > HEARD));
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *con, const char *path,
                              const char *method, const char *version, const char *piece,
                              size_t *n, void **request)
{
    struct mp_http *h = arg;
    struct job *j = *request;
    (void)version;
    if (j == NULL || j->answered)
        return MHD_NO;
    if (!j->begun) {
        begin(h, con, j, path);
        if (!at_once(con, j))
            return MHD_YES;
    } else if (*n > 0) {
        hear(h, j, piece, *n);
        *n = 0;
        return MHD_YES;
    }
    if (!j->refused)
        work(h, con, j, method, path);
    return send_answer(h, con, j, method, path);
}

/* A request's first line has come. */
static void *first_line(void *arg, const char *line, struct MHD_Connection *con)
{
    struct mp_http *h = arg;
    struct job *j = calloc(1, sizeof *j);
    (void)line;
    if (j == NULL)
        return NULL;
    const union MHD_ConnectionInfo *i =
        mp_microhttpd()->get_connection_info(con, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    j->line = i != NULL ? i->socket_context : NULL;
    j->start = mp_seconds();
    atomic_fetch_add(&h->gauges.at_work, 1);
    mp_wire_state(&h->wires, j->line, MP_WIRE_HEARS);
    return j;
}

/* The answer is gone, or the connection is. */
static void completed(void *arg, struct MHD_Connection *con, void **request,
                      enum MHD_RequestTerminationCode how)
{
    struct mp_http *h = arg;
    struct job *j = *request;
    (void)con, (void)how;
    if (j == NULL)
        return;
    atomic_fetch_sub(&h->gauges.at_work, 1);
    mp_wire_state(&h->wires, j->line, MP_WIRE_IDLE);
    free(j->answer.lent ? NULL : j->answer.text);
    free(j->body);
    free(j);
    *request = NULL;
}

static void connection(void *arg, struct MHD_Connection *con, void **context,
                       enum MHD_ConnectionNotificationCode what)
{
    struct mp_http *h = arg;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *i =
            mp_microhttpd()->get_connection_info(con, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = i != NULL ? mp_wire_new(&h->wires, i->connect_fd) : NULL;
        atomic_fetch_add(&h->gauges.connections, 1);
    } else {
        mp_wire_end(&h->wires, *context);
        *context = NULL;
        atomic_fetch_sub(&h->gauges.connections, 1);
    }
}

struct MHD_Daemon *mp_http_open(struct mp_ctx *c, struct mp_http *h, int socket, int threads)
{
    const struct MHD_OptionItem options[] = {
        { MHD_OPTION_LISTEN_SOCKET, socket, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, h->wires.most + SPARE, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, MOST_HEAD, NULL },
        { threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL },
        { MHD_OPTION_END, 0, NULL }
    };
    struct MHD_Daemon *d = mp_microhttpd()->start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handle, h,
        MHD_OPTION_URI_LOG_CALLBACK, first_line, h, MHD_OPTION_NOTIFY_COMPLETED, completed, h,
        MHD_OPTION_NOTIFY_CONNECTION, connection, h, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (d == NULL)
        mp_fail(c, "libmicrohttpd cannot start %d thread%s for %d connections", threads,
                threads == 1 ? "" : "s", h->wires.most);
    return d;
}

void mp_http_quiesce(struct MHD_Daemon *d)
{
    const MHD_socket listens = mp_microhttpd()->quiesce_daemon(d);
    if (listens != MHD_INVALID_SOCKET)
        close(listens);
}

void mp_http_close(struct MHD_Daemon *d)
{
    mp_microhttpd()->stop_daemon(d);
}
