/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mine.c - prints its arguments. FILL IN: what it does. */
#include "core/ctx.h"
#include "pipeline/registry.h"

/* Options: a field `twice` is --twice, a bool is a flag. */
struct params {
    bool twice; /* FILL IN: a field for each option */
};

static const struct mp_param table[] = {
    MP_PARAM(twice, .def = "no", .doc = "prints each twice"), /* FILL IN: a row for each field */
    MP_END
};

/* FILL IN: 0, or negative after mp_fail() (the work failed) or mp_usage() (asked wrongly). */
static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *p = options;
    if (n < 1)
        return mp_usage(c, "mine: expected words, found none");
    for (int i = 0; i < n; i++) {
        puts(args[i]);
        if (p->twice)
            puts(args[i]);
    }
    return MP_OK;
}

MP_COMMAND(mine) = {
    .order = 8,                     /* FILL IN: its place in `mnistpipe help` */
    .brief = "Print its arguments", /* FILL IN: verb first, no full stop */
    .usage = "WORD...",             /* FILL IN: what follows the options */
    .doc = "One a line.",           /* FILL IN: the manual */
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
