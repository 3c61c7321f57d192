/* SPDX-License-Identifier: GPL-3.0-or-later */
/* microhttpd.c - libmicrohttpd, loaded when a server starts. */
#include "core/microhttpd.h"
#include "config.h"

static struct mp_microhttpd functions;
static struct mp_library library = { MP_LIBRARY("libmicrohttpd", MP_MICROHTTPD_SONAME,
                                                MP_MICROHTTPD_FUNCTIONS, functions) };

int mp_microhttpd_load(struct mp_ctx *c)
{
    return mp_library_load(c, &library, "servers");
}

const struct mp_microhttpd *mp_microhttpd(void)
{
    return &functions;
}

bool mp_microhttpd_version(char *text, size_t size)
{
    const bool loaded = mp_library_loaded(&library);
    if (loaded)
        snprintf(text, size, "%s", functions.get_version());
    else
        snprintf(text, size, "%x.%x.%x", MHD_VERSION >> 24, MHD_VERSION >> 16 & 0xff,
                 MHD_VERSION >> 8 & 0xff);
    return loaded;
}
