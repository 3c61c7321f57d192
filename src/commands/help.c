/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help.c - `mnistpipe help`: of the program, a command, a stage, the language. */
#include "doc.h"
#include "param.h"
#include <string.h>

enum { TEXT, MAN, MARKDOWN }; /* order of .choices */

struct params {
    int format;
};

static const struct mp_param table[] = {
    MP_PARAM(format, .def = "text", .choices = "text|man|markdown",
             .doc = "the manual page, or the reference of all stages"),
    MP_END
};

static const char *topic_name(const void *unused, int i)
{
    (void)unused;
    int k = 0;
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++)
        if (k++ == i)
            return e->name;
    return mp_registry[i - k].name;
}

static int topic(struct mp_ctx *c, const char *name)
{
    const struct mp_entry *stage = mp_find_stage(name);
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++)
        if (strcmp(e->name, name) == 0) {
            mp_help_command(stdout, e);
            return MP_OK;
        }
    if (stage != NULL) {
        mp_help_stage(stdout, stage);
        return MP_OK;
    }
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        if (strcmp(e->name, name) == 0) {
            mp_help_layer(stdout, e);
            return MP_OK;
        }
    if (strcmp(name, "pipeline") == 0 || strcmp(name, "data") == 0 || strcmp(name, "union") == 0 ||
        strcmp(name, "branch") == 0) {
        mp_help_language(stdout);
        return MP_OK;
    }
    const char *near = mp_nearest(name, topic_name, NULL);
    if (near != NULL)
        return mp_fail(c, "%s: no such stage or command; did you mean \"%s\"?", name, near);
    return mp_fail(c, "%s: no such stage or command; `mnistpipe list` shows all stages", name);
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    if (o->format == MAN)
        mp_man(stdout);
    else if (o->format == MARKDOWN)
        mp_stage_reference(stdout);
    else if (n == 0)
        mp_help_program(stdout);
    for (int i = 0; i < n && o->format == TEXT; i++) {
        if (i > 0)
            putchar('\n');
        if (topic(c, args[i]) < 0)
            return -1;
    }
    return MP_OK;
}

MP_COMMAND(help) = {
    .order = 7,
    .brief = "Explain a stage, a command, or the pipeline file",
    .usage = "[STAGE | COMMAND | pipeline]",
    .doc = "Without an argument: the commands.  `mnistpipe help pipeline` explains the\n"
           "pipeline file.",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
