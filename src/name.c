/* SPDX-License-Identifier: GPL-3.0-or-later */
/* name.c - what a run is called after its pipeline's file. */
#include "name.h"
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Not a name of its own, but of a folder that is there already. */
static bool leads_elsewhere(const char *name, size_t n)
{
    return n == 0 || (n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.');
}

char *mp_plain_name(const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(base, '.');
    size_t n = dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base);
    if (leads_elsewhere(base, n))
        n = strlen(base);
    if (leads_elsewhere(base, n))
        n = strlen(base = "pipeline");
    char *valid = g_utf8_make_valid(base, (gssize)n), *name = strdup(valid);
    g_free(valid);
    for (char *at = name; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '_';
    return name;
}
