/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options.c - the command line as a parameter table. */
#include "pipeline/options.h"
#include "core/ctx.h"
#include "core/param.h"
#include <glib.h>
#include <string.h>

const struct mp_param mp_asked_pipeline_table[] = {
    MP_PARAM_OF(struct mp_asked, train, .def = "", .unit = "FILE",
                .doc = "training rows, in place of the pipeline's, whose test is then left out"),
    MP_PARAM_OF(struct mp_asked, test, .def = "", .unit = "FILE",
                .doc = "test rows, in place of the pipeline's"),
    MP_PARAM_OF(struct mp_asked, train_labels, .def = "", .unit = "FILE",
                .doc = "labels of the training images, if not found beside them"),
    MP_PARAM_OF(struct mp_asked, test_labels, .def = "", .unit = "FILE",
                .doc = "labels of the test images, if not found beside them"),
    MP_PARAM_OF(struct mp_asked, more, .def = "", .unit = "FILE", .repeat = true,
                .doc = "labelled rows to train on besides, such as a folder of pictures; may be "
                       "given several times"),
    MP_PARAM_OF(struct mp_asked, set, .def = "", .unit = "STAGE.PARAMETER=VALUE", .repeat = true,
                .doc = "changes a parameter; may be given several times"),
    MP_PARAM_OF(struct mp_asked, drop, .def = "", .unit = "STAGE", .repeat = true,
                .doc = "leaves a stage out, \"hog#2\" if there are several; may be given several "
                       "times"),
    MP_PARAM_OF(struct mp_asked, seed, .def = "", .unit = "NUMBER",
                .doc = "seed of everything drawn at random"),
    MP_END
};

const struct mp_param mp_asked_cache_table[] = {
    MP_PARAM_OF(struct mp_asked, cache, .def = "", .unit = "FOLDER",
                .doc = "cache of results, in place of the one by default"),
    MP_PARAM_OF(struct mp_asked, no_cache, .def = "no", .doc = "computes everything anew"),
    MP_END
};

const struct mp_param mp_asked_table[] = {
    MP_PARAM_OF(struct mp_asked, threads, .def = "0", .min = 0, .max = 1024,
                .doc = "threads; 0 takes one for each processor that the process may use, by "
                       "affinity, cgroup and $OMP_NUM_THREADS"),
    MP_PARAM_OF(struct mp_asked, quiet, .def = "no", 
                .doc = "no bar, no remarks, no word of files that were written"),
    MP_END
};

/* Short forms that every program has. */
static const struct { const char *letter, *name; } shorts[] = {
    { "-o", "output" }, { "-v", "verbose" }
};

void mp_option_name(const struct mp_param *p, char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
        if (strcmp(shorts[i].name, p->name) == 0)
            n = (size_t)snprintf(text, size, "%s, ", shorts[i].letter);
    n += (size_t)snprintf(text + n, size - n, "--%s", p->name);
    for (char *at = text; *at != '\0' && (size_t)(at - text) < n; at++)
        if (*at == '_')
            *at = '-';
}

/* A command's own options, those of pipelines and of the cache if it takes them, those
 * of all. */
enum { N_TABLES = 4 };
struct tables {
    const struct mp_param *table[N_TABLES];
};

static const char *any_name(const void *arg, int i)
{
    const struct tables *t = arg;
    for (int k = 0; k < N_TABLES; k++)
        for (const struct mp_param *p = t->table[k]; p != NULL && p->name != NULL; p++)
            if (i-- == 0)
                return p->name;
    return NULL;
}

/* The option of that name; *own tells whether it is the command's own. */
static const struct mp_param *find_option(const struct tables *t, const char *name, bool *own)
{
    const struct mp_param *p = NULL;
    for (int k = 0; k < N_TABLES && p == NULL; k++) {
        p = mp_param_find(t->table[k], name);
        *own = k == 0;
    }
    return p;
}

/* "--name", "--name=value" or a short form: its name with underscores. */
static const char *option_name(const char *arg, char *name, size_t size)
{
    for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
        if (strcmp(arg, shorts[i].letter) == 0)
            snprintf(name, size, "%s", shorts[i].name);
    if (strncmp(arg, "--", 2) != 0)
        return NULL;
    const char *equals = strchr(arg, '=');
    snprintf(name, size, "%.*s", equals != NULL ? (int)(equals - arg - 2) : 60, arg + 2);
    for (char *at = name; *at != '\0'; at++)
        if (*at == '-')
            *at = '_';
    return equals != NULL ? equals + 1 : NULL;
}

static int unknown(struct mp_ctx *c, const struct tables *t, const char *arg, const char *name)
{
    const char *near = mp_nearest(name, any_name, t);
    char text[64];
    if (mp_param_find(mp_asked_pipeline_table, name) != NULL)
        return mp_fail(c, "no option %s here; it goes with commands that read a pipeline", arg);
    if (mp_param_find(mp_asked_cache_table, name) != NULL)
        return mp_fail(c, "no option %s here; it goes with commands that use the cache", arg);
    if (near == NULL)
        return mp_fail(c, "no option %s; --help shows them", arg);
    bool own;
    mp_option_name(find_option(t, near, &own), text, sizeof text);
    return mp_fail(c, "no option %s; did you mean %s?", arg, text);
}

/* What has been given so far; there are fewer options than MAX_GIVEN. */
enum { MAX_GIVEN = 64 };
struct given {
    const struct mp_param *p;
    const char *value;
};

/* Of two values that differ one would be lost without a word. */
static int once(struct mp_ctx *c, struct given *given, const struct mp_param *p, const char *value)
{
    char name[64];
    int i = 0;
    while (i < MAX_GIVEN - 1 && given[i].p != NULL && given[i].p != p)
        i++;
    const char *before = given[i].p == p ? given[i].value : value;
    given[i] = (struct given){ p, value };
    if (p->repeat || strcmp(before, value) == 0)
        return MP_OK;
    mp_option_name(p, name, sizeof name);
    return mp_fail(c, "%s is given twice, as \"%s\" and as \"%s\"; leave one out", name, before,
                   value);
}

/* "id,label": what an option that may stand alone takes for its value, and no file looks like. */
static bool is_list(const char *arg)
{
    for (const char *at = arg; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && *at != '_' && *at != ',')
            return false;
    return strchr(arg, ',') != NULL;
}

/* "--test=" is "--set data.test=": it takes away what the pipeline names. */
static int take_away(struct mp_ctx *c, struct mp_asked *asked, const struct mp_param *p)
{
    char set[80];
    snprintf(set, sizeof set, "data.%s=", p->name);
    return mp_params_set(c, mp_asked_pipeline_table, asked, "set", set);
}

int mp_options_parse(struct mp_ctx *c, const struct mp_command *command, void *options,
                     struct mp_asked *asked, int n, char **argv, char **args, int *n_args,
                     bool *help)
{
    struct given given[MAX_GIVEN] = { { .p = NULL } };
    const struct tables t = { { command->options,
                                command->pipeline ? mp_asked_pipeline_table : NULL,
                                command->cache ? mp_asked_cache_table : NULL,
                                mp_asked_table } };
    *n_args = 0;
    *help = false;
    if (mp_params_default(c, command->options, options, command->options_size) < 0 ||
        mp_params_default(c, mp_asked_table, asked, sizeof *asked) < 0 ||
        mp_params_default(c, mp_asked_pipeline_table, asked, 0) < 0 ||
        mp_params_default(c, mp_asked_cache_table, asked, 0) < 0)
        return -1;
    bool only_args = false;
    for (int i = 0; i < n; i++) {
        char name[64] = "";
        if (only_args || argv[i][0] != '-' || strcmp(argv[i], "-") == 0) {
            args[(*n_args)++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_args = true;
            continue;
        }
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            *help = true;
            return MP_OK;
        }
        const char *arg = argv[i], *value = option_name(arg, name, sizeof name);
        bool own;
        const struct mp_param *p = find_option(&t, name, &own);
        if (p == NULL)
            return unknown(c, &t, arg, name);
        if (value == NULL && p->type == MP_BOOL)
            value = "yes";
        if (value == NULL && p->alone != NULL && (i + 1 >= n || !is_list(argv[i + 1])))
            value = p->alone;
        if (value == NULL && (i + 1 >= n || (value = argv[++i]) == NULL))
            return mp_fail(c, "%s needs a value", arg);
        if (once(c, given, p, value) < 0)
            return -1;
        mp_ctx_where(c, "--");
        if (*value == '\0' && !p->repeat && mp_param_find(mp_asked_pipeline_table, name) == p) {
            if (take_away(c, asked, p) < 0)
                return -1;
        } else if (mp_params_set(c, p, own ? options : (void *)asked, p->name, value) < 0)
            return -1;
        mp_ctx_where(c, "%s", "");
    }
    return MP_OK;
}
