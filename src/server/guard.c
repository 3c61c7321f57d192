/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guard.c - who may ask. */
#include "server/guard.h"
#include "core/ctx.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool mp_is_loopback(const char *address)
{
    struct in_addr a;
    return strcasecmp(address, "localhost") == 0 || strcmp(address, "::1") == 0 ||
           (inet_pton(AF_INET, address, &a) == 1 && ntohl(a.s_addr) >> 24 == 127);
}

/* "localhost:8080", "[::1]:8080", "127.0.0.1". */
static bool is_ours(const char *host, int port)
{
    char name[64];
    const bool bracket = *host == '[';
    const char *from = host + bracket, *end = from + strcspn(from, bracket ? "]" : ":");
    if ((bracket && *end != ']') || (size_t)(end - from) >= sizeof name)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(end - from), from);
    const char *rest = end + bracket;
    char own[16];
    snprintf(own, sizeof own, ":%d", port);
    return mp_is_loopback(name) && (*rest == '\0' ? port == 80 : strcmp(rest, own) == 0);
}

/* "http://HOST", with HOST that of the request. */
static bool is_same(const char *origin, const char *host)
{
    static const char scheme[] = "http://";
    const size_t n = sizeof scheme - 1;
    return strncasecmp(origin, scheme, n) == 0 && strcasecmp(origin + n, host) == 0;
}

/* Takes as long whatever is wrong. */
static bool has_token(const char *authorization, const char *token)
{
    static const char scheme[] = "Bearer ";
    const size_t n = sizeof scheme - 1, own = strlen(token);
    if (authorization == NULL || strncasecmp(authorization, scheme, n) != 0)
        return false;
    const char *given = authorization + n;
    const size_t length = strlen(given);
    volatile unsigned char differs = length != own;
    for (size_t i = 0; i < length; i++)
        differs |= (unsigned char)(given[i] ^ token[i % own]);
    return !differs;
}

bool mp_guard(const struct mp_guard *g, const struct mp_headers *h, bool open,
              struct mp_answer *a)
{
    char text[200];
    if (h->host == NULL) {
        mp_refuse(a, MP_HTTP_BAD, "the request has no Host header; expected one, such as Host: "
                                  "127.0.0.1:%d", g->port);
        return false;
    }
    if (g->local && !is_ours(h->host, g->port)) {
        mp_printable(text, sizeof text, h->host);
        mp_refuse(a, MP_HTTP_FORBIDDEN, "Host: %s is another machine's name; expected "
                  "127.0.0.1:%d or localhost:%d", text, g->port, g->port);
        return false;
    }
    if (h->origin != NULL && !is_same(h->origin, h->host)) {
        mp_printable(text, sizeof text, h->origin);
        mp_refuse(a, MP_HTTP_FORBIDDEN, "Origin: %s: pages of other sites may not ask; expected "
                  "that of this server, or none", text);
        return false;
    }
    if (open || g->token == NULL || has_token(h->authorization, g->token))
        return true;
    mp_refuse(a, MP_HTTP_UNAUTHORIZED, "%s; expected Authorization: Bearer TOKEN, with the token "
              "that the server was started with",
              h->authorization == NULL ? "no token" : "another token");
    return false;
}
