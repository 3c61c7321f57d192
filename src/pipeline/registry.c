/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.c - looking stages up by name. */
#include "pipeline/registry.h"
#include <string.h>

const struct mp_entry *mp_find_stage(const char *name)
{
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        if (strcmp(e->name, name) == 0)
            return e;
    return NULL;
}

const char *mp_stage_name(const void *unused, int i)
{
    (void)unused;
    return mp_registry[i].name;
}

bool mp_is_filter(const struct mp_entry *e)
{
    return strcmp(e->group, "filters") == 0;
}

bool mp_is_model(const struct mp_entry *e)
{
    return strcmp(e->group, "models") == 0;
}

const struct mp_learner *mp_learner(const struct mp_entry *e)
{
    static const struct mp_learner nothing = { .learns = MP_IN_SHARDS };
    return e != NULL && e->stage->learner != NULL ? e->stage->learner : &nothing;
}

bool mp_learns(const struct mp_entry *e, enum mp_learns how)
{
    return mp_learner(e)->learns == how;
}

bool mp_needs(const struct mp_entry *e, enum mp_needs what)
{
    return mp_learner(e)->needs == what;
}

bool mp_has_branches(const struct mp_entry *e)
{
    return mp_needs(e, MP_BRANCHES) || mp_needs(e, MP_STACKED);
}
