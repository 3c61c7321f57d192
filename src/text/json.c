/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - whether JSON documents are whole. */
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
