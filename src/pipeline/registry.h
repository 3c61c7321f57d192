/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.h - the stages and commands that the build found, by file name. */
#ifndef MP_REGISTRY_H
#define MP_REGISTRY_H
#include "core/learner.h"

struct mp_entry {
    const char *name, *group; /* "hog", "features" */
    const struct mp_stage *stage;
};
extern const struct mp_entry mp_registry[]; /* ends with a NULL name */
const struct mp_entry *mp_find_stage(const char *name);
const char *mp_stage_name(const void *unused, int i); /* for mp_nearest() */

bool mp_is_filter(const struct mp_entry *e);
bool mp_is_model(const struct mp_entry *e);

/* What a stage says besides stage.h.  Never NULL: all is zero where it says nothing, and where
 * e is NULL, a union. */
const struct mp_learner *mp_learner(const struct mp_entry *e);
bool mp_learns(const struct mp_entry *e, enum mp_learns how);
bool mp_needs(const struct mp_entry *e, enum mp_needs what);
bool mp_has_branches(const struct mp_entry *e); /* whose scores it takes */

/* A command lives in src/commands/<name>.c as MP_COMMAND(<name>).  Its options
 * are a parameter table like a stage's: field `train_labels` is the option
 * --train-labels VALUE, a bool is a flag. */
struct mp_command {
    int order;         /* place in the help; the main command is 1 */
    const char *brief; /* one line, verb first, no full stop */
    const char *usage; /* what follows the options: "PIPELINE" */
    const char *doc;   /* manual text */
    void (*list)(FILE *f); /* NULL, or writes lines that follow it: what the build has found, */
    const char *more;      /* and then comes this text */
    const struct mp_param *options;
    size_t options_size;
    bool pipeline;     /* takes the options that change a pipeline: --train, --set ... */
    bool cache;        /* takes the options of the cache: --cache, --no-cache */
    bool ranks;        /* shares its work among the processes that mpirun starts: ranks.h */
    int (*run)(struct mp_ctx *c, const void *options, int n, char **args);
};
struct mp_command_entry {
    const char *name;
    const struct mp_command *command;
};
extern const struct mp_command_entry mp_commands[];
#define MP_COMMAND(name) const struct mp_command mp_command_##name

#endif
