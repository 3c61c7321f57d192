/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room.h - which rows a fit reads again and again, and where these lie meanwhile. */
#ifndef MP_ROOM_H
#define MP_ROOM_H
#include "pipeline/pipeline.h"

/* Whether node f, which learns in epochs or in passes, reads what node k gives several times, and
 * the same each time. */
bool mp_room_wanted(const struct mp_plan *p, int f, int k);

/* Whether what node k gives is the same every epoch. */
bool mp_room_steady(const struct mp_plan *p, int k);

/* Whether node k needs what node `from` gives, or is that node. */
bool mp_room_depends(const struct mp_plan *p, int k, int from);

/* Bytes of a row that node k gives. */
size_t mp_room_row(const struct mp_plan *p, int k);

/* Some of its rows, and how they are to be kept. */
struct mp_room {
    const struct mp_plan *p;
    int f, k;         /* for node f, those of node k */
    size_t rows;
    bool rounded;     /* to 16 bits a value */
};

/* As node f would have them, if it is not told by the rows themselves that 16 bits will not do; and
 * whether those of node k can have so few: bytes stay bytes. */
struct mp_room mp_room_plan(const struct mp_plan *p, int f, int k, size_t rows);
bool mp_room_rounds(const struct mp_plan *p, int k);

/* Bytes of one of these. */
size_t mp_room_each(const struct mp_room *r);

/* Whether memory has room for them: it has *free bytes for rows, and they take *size.  If not, they
 * are kept in a file where one takes longer to make than to read; else each pass makes them
 * again. */
bool mp_room_fits(const struct mp_room *r, size_t *size, size_t *free);
bool mp_room_slow(const struct mp_room *r, double seconds);

/* Of rows that do not fit, and are to be made again: how many are kept all the same, beside what
 * node f needs for itself. */
size_t mp_room_some(const struct mp_room *r, size_t free);
#endif
