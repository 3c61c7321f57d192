/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - values of JSON documents, and whether these are whole. */
#include "text/json.h"
#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>

/* jansson's allocator is called without an argument. */
static atomic_bool refused;

static void *allocate(size_t size)
{
    void *p = malloc(size);
    if (p == NULL)
        refused = true;
    return p;
}

void mp_json_watch(void)
{
    json_set_alloc_funcs(allocate, free);
}

bool mp_json_refused(void)
{
    return refused;
}

const char *mp_string(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

double mp_real(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}
