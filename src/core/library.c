/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library.c - libraries that are loaded when they are first needed.
 *
 * Method: dlopen() of the name that programs linked with the library would ask for.  Functions
 * are bound as they are called, as in a program that is linked; those of the table are looked
 * up at once.  None is ever unloaded: GLib keeps types of libvips for good, and what threads
 * keep for others must not go away under them. */
#include "core/library.h"
#include "core/memory.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* OpenBLAS, which GSL and liblinear bring, would start a thread for each processor while it is
 * loaded, for nothing, as the engine owns the threads: under a memory limit their stacks are
 * all that it allows, and the process waits for ever for those that could not start. */
static const char threads[] = "OPENBLAS_NUM_THREADS";

/* Programs started later are to find the environment as it was. */
static void *open_alone(const char *file, int how)
{
    const char *value = getenv(threads);
    char *was = value != NULL ? strdup(value) : NULL;
    setenv(threads, "1", 1);
    void *library = dlopen(file, how);
    if (was != NULL)
        setenv(threads, was, 1);
    else
        unsetenv(threads);
    free(was);
    return library;
}

/* ISO C has no cast from an object's pointer to a function's, but memory has no types. */
static bool fill(void *library, const struct mp_library *l)
{
    char *at = l->at;
    for (const char *s = l->symbols; *s != '\0'; s += strlen(s) + 1, at += sizeof(void *)) {
        void *symbol = dlsym(library, s);
        if (symbol == NULL)
            return false;
        memcpy(at, &symbol, sizeof symbol);
    }
    return true;
}

bool mp_library_has_room(const struct mp_library *l)
{
    return l->room == 0 || mp_library_loaded(l) || mp_memory_has(l->room, l->mapped);
}

static int load(struct mp_ctx *c, struct mp_library *l, const char *user)
{
    if (l->loaded)
        return MP_OK;
    if (!mp_library_has_room(l))
        return c == NULL ? -1
                         : mp_fail(c, "%s need %s, which takes %zu MiB to load, more than the "
                                      "memory limit leaves", user, l->name, l->room >> 20);
    void *library = open_alone(l->file, RTLD_LAZY | RTLD_NODELETE |
                                            (l->serves ? RTLD_GLOBAL : RTLD_LOCAL));
    if (library != NULL && fill(library, l)) {
        __atomic_store_n(&l->loaded, true, __ATOMIC_RELEASE);
        return MP_OK;
    }
    const char *why = dlerror();
    if (c != NULL)
        mp_fail(c, "%s need %s, which cannot be loaded: %s", user, l->name, why);
    return -1;
}

bool mp_library_loaded(const struct mp_library *l)
{
    return __atomic_load_n(&l->loaded, __ATOMIC_ACQUIRE);
}

int mp_library_load(struct mp_ctx *c, struct mp_library *l, const char *user)
{
    int rc = MP_OK;
    if (!mp_library_loaded(l)) {
#pragma omp critical(mp_library)
        rc = load(c, l, user);
    }
    return rc;
}
