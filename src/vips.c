/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vips.c - libvips, loaded when it is needed.
 *
 * Method: dlopen() of the name that programs linked with it would ask for (configure reads it
 * from one).  GLib keeps types of the library for good, so it must never be unloaded. */
#include "vips.h"
#include "config.h"
#include <dlfcn.h>
#include <locale.h>
#include <string.h>

/* *function = the symbol's address; ISO C has no cast from an object's to a function's. */
static bool found(void *library, const char *name, void *function)
{
    void *at = dlsym(library, name);
    memcpy(function, &at, sizeof at);
    return at != NULL;
}

/* GLib's, too, by way of libvips, which is linked with it. */
static bool find_all(void *library, struct mp_vips *v)
{
    return found(library, "vips_init", &v->init) &&
           found(library, "vips_cache_set_max", &v->cache_set_max) &&
           found(library, "vips_concurrency_set", &v->concurrency_set) &&
           found(library, "vips_error_buffer_copy", &v->error_buffer_copy) &&
           found(library, "vips_image_new_from_memory", &v->image_new_from_memory) &&
           found(library, "vips_pngsave_buffer", &v->pngsave_buffer) &&
           found(library, "g_object_unref", &v->object_unref);
}

int mp_vips_fail(struct mp_ctx *c, const struct mp_vips *v, const char *what)
{
    char *text = v->error_buffer_copy();
    g_strdelimit(g_strchomp(text), "\n", ';');
    mp_fail(c, "%s: %s", what, text);
    g_free(text);
    return -1;
}

static int load(struct mp_ctx *c, struct mp_vips *v)
{
    void *library = dlopen(MP_VIPS_SONAME, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL || !find_all(library, v))
        return mp_fail(c, "pictures need libvips, which cannot be loaded: %s", dlerror());
    /* Plugins, for file formats that nothing here reads, would be looked for below
     * $VIPSHOME; loading them takes 20 to 45 ms. */
    g_setenv("VIPSHOME", "/nonexistent", FALSE);
    if (v->init("mnistpipe") != 0) /* all but the first time it has nothing to do */
        return mp_vips_fail(c, v, "libvips cannot start");
    v->cache_set_max(0);
    v->concurrency_set(1);
    /* Of a hundred libraries one may choose the user's locale; numbers have points everywhere. */
    if (strcmp(setlocale(LC_ALL, NULL), "C") != 0)
        setlocale(LC_ALL, "C");
    return MP_OK;
}

/* One thread at a time: vips_init() lets a second one go on before the first is through. */
int mp_vips_open(struct mp_ctx *c, struct mp_vips *v)
{
    int rc;
#pragma omp critical(mp_vips)
    rc = load(c, v);
    return rc;
}
