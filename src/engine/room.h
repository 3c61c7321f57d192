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

/* Whether memory has room for `rows` rows of node k: it has *free bytes for rows, and they take
 * *size.  If not, they are kept in a file where one takes longer to make than to read; else each
 * pass makes them again. */
bool mp_room_fits(const struct mp_plan *p, int k, size_t rows, size_t *size, size_t *free);
bool mp_room_slow(const struct mp_plan *p, int k, double seconds);

/* Of rows that do not fit, and are to be made again for node f: how many are kept all the same,
 * beside what f needs for itself. */
size_t mp_room_some(const struct mp_plan *p, int f, int k, size_t rows, size_t free);
#endif
