/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page.h - the page on which people draw: page.html, which the build puts into the program. */
#ifndef MP_PAGE_H
#define MP_PAGE_H
#include <stddef.h>

extern const char mp_draw_page[];
extern const size_t mp_draw_page_size;
#endif
