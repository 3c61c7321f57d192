/* SPDX-License-Identifier: GPL-3.0-or-later */
/* orient.h - the eight ways in which a page can lie. */
#ifndef MP_ORIENT_H
#define MP_ORIENT_H
#include <stdbool.h>
#include <stddef.h>

/* A page that is flipped upside down (`down`) and left to right (`across`), then transposed:
 * rows become columns.  All that turns and flips can do is one of these. */
struct mp_way {
    bool down, across, transpose;
};

enum { MP_WAYS = 8 };

/* Way i of MP_WAYS, 0 being a page as it is, and how the stage `orient` is told of it:
 * "turn=90", for way 0 "". */
struct mp_way mp_way_at(int i);
const char *mp_way_text(int i);

/* First one, then the other. */
struct mp_way mp_way_then(struct mp_way first, struct mp_way then);

/* An image of h x w pixels of `size` bytes, which becomes w x h where the way transposes. */
void mp_orient(void *to, const void *from, int h, int w, size_t size, struct mp_way way);
#endif
