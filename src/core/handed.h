/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handed.h - pieces of work that ranks (ranks.h) do whole, one rank each: folds, combinations. */
#ifndef MP_HANDED_H
#define MP_HANDED_H
#include "core/kept.h"
#include "core/state.h"

struct mp_handed {
    /* Piece i, by one rank, which is alone meanwhile. */
    int (*work)(struct mp_ctx *c, void *arg, size_t i);
    /* What it has made, saved by that rank, loaded by the others. */
    int (*io)(struct mp_io *io, void *arg, size_t i);
    /* By all ranks, piece by piece in their order; `said` was remarked on the piece, and nobody has
     * heard it. */
    int (*done)(struct mp_ctx *c, void *arg, size_t i, const struct mp_kept *said);
    void *arg;
    bool shares; /* all ranks together do the last pieces, too few for one each */
};

/* All n pieces: after work(i) comes done(i), at once where there is one rank.  Which rank does
 * what is known before: in turn. */
int mp_hand_out(struct mp_ctx *c, size_t n, const struct mp_handed *h);
#endif
