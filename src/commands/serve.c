/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serve.c - `mnistpipe serve`: fitted pipelines that answer over HTTP. */
#include "core/ctx.h"
#include "core/param.h"
#include "pipeline/options.h"
#include "server/guard.h"
#include "server/server.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct params {
    char *listen, *token;
    int port, body, pixels, connections;
    double timeout;
    bool log;
};

static const struct mp_param table[] = {
    MP_PARAM(port, .def = "8080", .min = 0, .max = 65535,
             .doc = "where to listen; 0: any that is free, which is printed"),
    MP_PARAM(listen, .def = "127.0.0.1", .unit = "ADDRESS",
             .doc = "address of this machine to listen on; 0.0.0.0: all of them, which lets other "
                    "machines ask, and wants a token"),
    MP_PARAM(token, .def = "", .unit = "FILE",
             .doc = "file with a token, which requests have to bring as Authorization: Bearer "
                    "TOKEN; none: $MNISTPIPE_TOKEN, if it is set"),
    MP_PARAM(body, .def = "8", .min = 1, .max = 1024, .unit = "MiB",
             .doc = "largest body of a request"),
    MP_PARAM(pixels, .def = "16", .min = 1, .max = 100, .unit = "million pixels",
             .doc = "largest picture"),
    MP_PARAM(connections, .def = "256", .min = 1, .max = 10000,
             .doc = "how many may be open; who comes then is told so"),
    MP_PARAM(timeout, .def = "10", .min = 0.2, .max = 3600, .unit = "s",
             .doc = "longest time for a request to come, for its answer to be taken, and for a "
                    "connection to do nothing"),
    MP_PARAM(log, .def = "no",
             .doc = "writes a line for each request to stderr: when, from where, what, status, "
                    "images, milliseconds"),
    MP_END
};

enum { LEAST_TOKEN = 16, MOST_TOKEN = 1024 };

/* ------------------------------------------------------------------- tokens */

/* Letters that a header can carry, many enough not to be guessed. */
static int check_token(struct mp_ctx *c, const char *from, const char *token)
{
    const size_t n = strlen(token);
    for (size_t i = 0; i < n; i++)
        if (token[i] <= ' ' || token[i] >= 127)
            return mp_fail(c, "%s: byte %zu of the token is no letter, digit or sign of ASCII",
                           from, i + 1);
    if (n < LEAST_TOKEN)
        return mp_fail(c, "%s: the token has %zu character%s; expected %d at least, such as "
                       "`openssl rand -hex 16` gives", from, n, n == 1 ? "" : "s", LEAST_TOKEN);
    return MP_OK;
}

/* The first line of the file. */
static int read_token(struct mp_ctx *c, const char *file, char token[MOST_TOKEN + 2])
{
    FILE *f = fopen(file, "re");
    if (f == NULL)
        return mp_fail(c, "%s: cannot read the token: %s", file, strerror(errno));
    const bool some = fgets(token, MOST_TOKEN + 2, f) != NULL;
    fclose(f);
    if (!some)
        *token = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    if (strlen(token) > MOST_TOKEN)
        return mp_fail(c, "%s: the token has more than %d characters", file, MOST_TOKEN);
    return check_token(c, file, token);
}

static int find_token(struct mp_ctx *c, const struct params *o, char token[MOST_TOKEN + 2],
                      struct mp_server_form *f)
{
    const char *own = getenv("MNISTPIPE_TOKEN");
    if (*o->token != '\0') {
        if (read_token(c, o->token, token) < 0)
            return -1;
        f->token = token;
    } else if (own != NULL && *own != '\0') {
        if (check_token(c, "MNISTPIPE_TOKEN", own) < 0)
            return -1;
        f->token = own;
    }
    if (f->token != NULL || mp_is_loopback(o->listen))
        return MP_OK;
    if (mp_server_address(c, o->listen) == MP_OK)
        mp_usage(c, "--listen=%s: other machines could ask, so requests need a token: "
                    "--token FILE, or MNISTPIPE_TOKEN in the environment", o->listen);
    return -1;
}

/* ------------------------------------------------------------------ bundles */

static bool is_name(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
                   text[i]) == NULL)
            return false;
    return n > 0 && n < 64;
}

/* "digits=a.mnp" is a name and a file, "a.mnp" a file. */
static void split(char *arg, char **name, char **file)
{
    char *equals = strchr(arg, '=');
    *name = NULL;
    *file = arg;
    if (equals != NULL && is_name(arg, (size_t)(equals - arg))) {
        *equals = '\0';
        *name = arg;
        *file = equals + 1;
    }
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    char token[MOST_TOKEN + 2] = "";
    struct mp_server_form f = { .n = (size_t)n, .listen = o->listen, .port = o->port,
                                .most_body = (size_t)o->body << 20,
                                .most_pixels = (size_t)o->pixels * 1000000,
                                .connections = o->connections, .seconds = o->timeout,
                                .log = o->log };
    if (n < 1)
        return mp_usage(c, "serve: expected a bundle, such as runs/hog_svm/bundle.mnp");
    if (find_token(c, o, token, &f) < 0)
        return -1;
    char **names = mp_alloc(c, (size_t)n, sizeof *names);
    char **files = mp_alloc(c, (size_t)n, sizeof *files);
    int rc = names != NULL && files != NULL ? MP_OK : -1;
    for (int i = 0; i < n && rc == MP_OK; i++)
        split(args[i], &names[i], &files[i]);
    f.names = names;
    f.files = files;
    if (rc == MP_OK)
        rc = mp_serve(c, &f);
    free(names);
    free(files);
    return rc;
}

MP_COMMAND(serve) = {
    .order = 3,
    .brief = "Answer over HTTP with fitted pipelines",
    .usage = "[NAME=]BUNDLE...",
    .doc = "BUNDLE is bundle.mnp of a run.  GET / is a page to draw on, which shows what the\n"
           "model takes the drawing for, what every stage makes of it and, of a bundle that keeps\n"
           "training images (`run --keep`), the nearest of them.  POST /predict takes a\n"
           "PNG or JPEG (image/...), {\"images\": [[784 values], ...]} of 0..255\n"
           "(application/json) or bytes, 784 an image (application/octet-stream), and answers\n"
           "in JSON.  A picture of another size than the bundle's is brought to the size and\n"
           "place of MNIST's digits.  POST /read takes one of a page with many digits, as `read`\n"
           "does.  GET /bundles, /health and /metrics (Prometheus) tell about\n"
           "the server.  Of several bundles ?bundle=NAME asks for one that is not the first.\n\n"
           "SIGHUP reads the bundles anew without losing a request; SIGTERM and SIGINT end the\n"
           "server once what is under way is answered.  Pages of other sites are refused, and so\n"
           "are other machines, unless --listen lets them in.",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
