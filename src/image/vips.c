/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vips.c - libvips, loaded when it is needed. */
#include "image/vips.h"
#include "config.h"
#include <locale.h>
#include <string.h>
#include <vips/version.h>

static struct mp_vips table;
/* Where its threads cannot start, 8.16.1 (Debian 13) crashes; and GLib ends the program where
 * it is refused memory. */
enum { ROOM = (VIPS_MAJOR_VERSION * 100 + VIPS_MINOR_VERSION > 814 ? 160 : 40) << 20 };
static struct mp_library library = { MP_LIBRARY("libvips", MP_VIPS_SONAME, VIPS_FUNCTIONS, table),
                                     .room = ROOM };

bool mp_vips_version(char *text, size_t size)
{
    const bool loaded = mp_library_loaded(&library);
    snprintf(text, size, "%s", loaded ? table.version_string() : VIPS_VERSION);
    return loaded;
}

int mp_vips_fail(struct mp_ctx *c, const struct mp_vips *v, const char *what)
{
    char *text = v->error_buffer_copy();
    const int first = (int)strcspn(text, "\n"); /* what follows from it is below */
    mp_fail(c, "%s: %.*s", what, first, text);
    g_free(text);
    return -1;
}

static const char objects[] = "GLib-GObject";

static void warned(const char *domain, GLogLevelFlags level, const char *text, void *unused)
{
    (void)level, (void)unused;
    table.error(domain, "%s", text);
}

bool mp_vips_warned(const struct mp_vips *v)
{
    char *text = v->error_buffer_copy();
    const bool said = strstr(text, objects) != NULL;
    g_free(text);
    return said;
}

static int load(struct mp_ctx *c, struct mp_vips *v)
{
    const bool first = !mp_library_loaded(&library);
    if (mp_library_load(c, &library, "pictures") < 0)
        return -1;
    *v = table;
    /* Plugins, for file formats that nothing here reads, would be looked for below
     * $VIPSHOME; loading them takes 20 to 45 ms. */
    g_setenv("VIPSHOME", "/nonexistent", FALSE);
    g_setenv("VIPS_WARNING", "no", TRUE); /* which it would print; what matters is an error */
    /* By the processor's vectors, bytes would be convolved with weights that are rounded more
     * coarsely, and results depend on the processor; in 8.14 also on memory that nobody has set. */
    g_setenv("VIPS_NOVECTOR", "1", TRUE);
    if (v->init("mnistpipe") != 0) /* all but the first time it has nothing to do */
        return mp_vips_fail(c, v, "libvips cannot start");
    if (first)
        g_log_set_handler(objects, G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL, warned, NULL);
    v->cache_set_max(0);
    v->block_untrusted_set(TRUE); /* loaders that its makers would not give files of strangers */
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
