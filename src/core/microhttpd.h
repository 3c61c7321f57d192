/* SPDX-License-Identifier: GPL-3.0-or-later */
/* microhttpd.h - libmicrohttpd, loaded when a server starts (library.h).
 *
 * Of 0.9.75 (Debian 12) and 1.0 (Debian 13), which have the same functions. */
#ifndef MP_MICROHTTPD_H
#define MP_MICROHTTPD_H
#include "core/library.h"
#include <microhttpd.h>

#define MP_MICROHTTPD_FUNCTIONS(F)                                                             \
    F(MHD_, start_daemon) F(MHD_, stop_daemon) F(MHD_, quiesce_daemon)                         \
    F(MHD_, create_response_from_buffer) F(MHD_, add_response_header)                          \
    F(MHD_, destroy_response) F(MHD_, queue_response) F(MHD_, lookup_connection_value)         \
    F(MHD_, get_connection_info) F(MHD_, get_version)

struct mp_microhttpd {
    MP_MICROHTTPD_FUNCTIONS(MP_LIBRARY_MEMBER)
};

/* Negative after mp_fail(). */
int mp_microhttpd_load(struct mp_ctx *c);
const struct mp_microhttpd *mp_microhttpd(void);

/* As in image/vips.h. */
bool mp_microhttpd_version(char *text, size_t size);
#endif
