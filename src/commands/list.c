/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list.c - `mnistpipe list`: every stage in a line. */
#include "core/ctx.h"
#include "manual/doc.h"

struct params {
    bool json;
};

static const struct mp_param table[] = {
    MP_PARAM(json, .def = "no", .doc = "all that is known of every stage, as JSON"),
    MP_END
};

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    if (n > 0)
        return mp_usage(c, "list: takes no arguments, found \"%s\"", args[0]);
    if (o->json)
        mp_stages_json(stdout);
    else
        mp_list_stages(stdout);
    return MP_OK;
}

MP_COMMAND(list) = {
    .order = 6,
    .brief = "List all stages",
    .usage = "",
    .doc = "`mnistpipe help STAGE` tells all about one of them; `mnistpipe gallery` shows what "
           "each does to digits.",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
