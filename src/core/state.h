/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state.h - states as bytes: what mp_io is made of. */
#ifndef MP_STATE_H
#define MP_STATE_H
#include "core/ctx.h"

struct mp_io {
    struct mp_ctx *c;
    bool loading;
    unsigned char *buf; /* saving: owned, free() it; loading: borrowed */
    size_t len, cap, pos;
    uint64_t values;    /* real numbers visited, in arrays */
};

/* Saves into a new buffer / loads from one, refusing what is cut or left over. */
int mp_state_save(struct mp_ctx *c, const struct mp_stage *s, void *state, struct mp_io *io);
int mp_state_load(struct mp_ctx *c, const struct mp_stage *s, void *state,
                  const unsigned char *buf, size_t len);

/* Saves as mp_io_bytes() would save what mp_state_save() gives, without a copy of it. */
int mp_state_append(struct mp_io *io, const char *key, const struct mp_stage *s, void *state);

/* Loading: the key of what comes next, "" where there is none or no whole one. */
void mp_io_next(const struct mp_io *io, char name[256]);

/* Also for what is not a stage: text of at most `max` bytes. */
int mp_io_text(struct mp_io *io, const char *key, char **v, size_t max);
#endif
