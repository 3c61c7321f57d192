/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help.c - `mnistpipe help`: of the program, a command, a stage, the language, a word. */
#include "core/param.h"
#include "manual/completion.h"
#include "manual/doc.h"
#include "text/glossary.h"
#include <string.h>

enum { TEXT, MAN, MARKDOWN, BASH, ZSH, FISH }; /* order of .choices */

struct params {
    int format;
};

static const struct mp_param table[] = {
    MP_PARAM(format, .def = "text", .choices = "text|man|markdown|bash|zsh|fish",
             .doc = "the manual page, the reference of all stages or words, what a shell "
                    "completes"),
    MP_END
};

/* ------------------------------------------------- everything that has a help */

enum { N_KINDS = 5 };

/* The i-th name of a kind: commands, stages, layers, the language, words. */
static const char *kind_name(int kind, int i)
{
    static const char *const language[] = { "pipeline", "data", "union", "branch", "words", NULL };
    switch (kind) {
    case 0:
        return mp_commands[i].name;
    case 1:
        return mp_registry[i].name;
    case 2:
        return mp_layers_found[i].name;
    case 3:
        return language[i];
    default:
        return mp_glossary[i].name;
    }
}

/* The i-th of all names, kind after kind: for mp_nearest(). */
static const char *topic_name(const void *unused, int i)
{
    (void)unused;
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int k = 0; kind_name(kind, k) != NULL; k++)
            if (i-- == 0)
                return kind_name(kind, k);
    return NULL;
}

static bool help_command(const char *name)
{
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++)
        if (strcmp(e->name, name) == 0) {
            mp_help_command(stdout, e);
            return true;
        }
    return false;
}

static bool help_stage(const char *name)
{
    const struct mp_entry *stage = mp_find_stage(name);
    if (stage != NULL)
        mp_help_stage(stdout, stage);
    return stage != NULL;
}

static bool help_layer(const char *name)
{
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        if (strcmp(e->name, name) == 0) {
            mp_help_layer(stdout, e);
            return true;
        }
    return false;
}

static bool help_language(const char *name)
{
    const bool pipeline = mp_word_is("pipeline|pipelines|pipeline file|data|union|branch", name);
    if (pipeline)
        mp_help_language(stdout);
    else if (mp_word_is("words|word|glossary", name))
        mp_help_words(stdout);
    else
        return false;
    return true;
}

static bool help_word(const char *name)
{
    const struct mp_word *w = mp_word_find(name);
    if (w != NULL)
        mp_help_word(stdout, w);
    return w != NULL;
}

/* "vips", and what its first parameter may be; "vips:canny", one of those. */
static int help_found(struct mp_ctx *c, const char *name)
{
    const size_t n = strcspn(name, ":");
    const struct mp_entry *e = mp_registry;
    while (e->name != NULL && (strlen(e->name) != n || strncmp(e->name, name, n) != 0))
        e++;
    if (e->name == NULL || !mp_needs(e, MP_FURTHER))
        return 0;
    if (name[n] == ':')
        return mp_help_further(c, stdout, e, name + n + 1) < 0 ? -1 : 1;
    mp_help_stage(stdout, e);
    return mp_help_found(c, stdout, e) < 0 ? -1 : 1;
}

static bool known(const char *name)
{
    return help_command(name) || help_stage(name) || help_layer(name) || help_language(name) ||
           help_word(name);
}

static int topic(struct mp_ctx *c, const char *name)
{
    const int found = help_found(c, name);
    if (found != 0 || known(name))
        return found < 0 ? -1 : MP_OK;
    const char *near = mp_nearest(name, topic_name, NULL);
    if (mp_known_elsewhere(name) != NULL)
        return mp_fail(c, "%s: no such stage; %s", name, mp_known_elsewhere(name));
    if (near != NULL)
        return mp_fail(c, "%s: no such command, stage or word; did you mean \"%s\"?", name, near);
    return mp_fail(c, "%s: no such command, stage or word; `mnistpipe help`, `mnistpipe list` and "
                      "`mnistpipe help words` show them", name);
}

/* "macro F1" may stand without quotes. */
static bool one_word(int n, char **args)
{
    char name[128] = "";
    for (int i = 0; i < n; i++)
        snprintf(name + strlen(name), sizeof name - strlen(name), "%s%s", i > 0 ? " " : "",
                 args[i]);
    return n > 1 && help_word(name);
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    if (o->format == MAN)
        return mp_man(c, stdout);
    if (o->format == MARKDOWN && n == 1 && mp_word_is("words", args[0]))
        mp_words_markdown(stdout);
    else if (o->format == MARKDOWN)
        mp_stage_reference(stdout);
    else if (o->format == BASH)
        mp_completion_bash(stdout);
    else if (o->format == ZSH)
        mp_completion_zsh(stdout);
    else if (o->format == FISH)
        mp_completion_fish(stdout);
    else if (n == 0)
        mp_help_program(stdout);
    if (o->format != TEXT || one_word(n, args))
        return MP_OK;
    for (int i = 0; i < n; i++) {
        if (i > 0)
            putchar('\n');
        if (topic(c, args[i]) < 0)
            return -1;
    }
    return MP_OK;
}

MP_COMMAND(help) = {
    .order = 7,
    .brief = "Explain a stage, a command, the pipeline file, or a word",
    .usage = "[STAGE | COMMAND | pipeline | WORD]",
    .doc = "Without an argument: the commands.  `mnistpipe help pipeline` explains the\n"
           "pipeline file, `mnistpipe help accuracy` a word that reports use, and\n"
           "`mnistpipe help words` all of them.",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
