/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room.c - which rows a fit reads again and again, and where these lie meanwhile. */
#include "engine/room.h"
#include "core/learner.h"
#include "core/rows.h"

/* Bytes a second that a plain disk reads. */
static const double disk_speed = 300e6;

bool mp_room_steady(const struct mp_plan *p, int k)
{
    const struct mp_node *n = &p->nodes[k];
    if (n->entry != NULL && (n->entry->stage->flags & MP_TRAIN_ONLY))
        return false;
    for (int j = 0; j < n->n_inputs; j++)
        if (n->inputs[j] >= 0 && !mp_room_steady(p, n->inputs[j]))
            return false;
    return true;
}

/* Whether node `at`, which runs in every epoch, or one before it that does, reads node k. */
static bool reads(const struct mp_plan *p, int at, int k)
{
    const struct mp_node *n = &p->nodes[at];
    for (int j = 0; j < n->n_inputs; j++) {
        const int from = n->inputs[j];
        if (from == k || (from >= 0 && !mp_room_steady(p, from) && reads(p, from, k)))
            return true;
    }
    return false;
}

bool mp_room_wanted(const struct mp_plan *p, int f, int k)
{
    if (k < 0)
        return false;
    if (mp_learns(p->nodes[f].entry, MP_IN_PASSES)) /* all copies, drawn once */
        return p->nodes[f].inputs[0] == k;
    return mp_learns(p->nodes[f].entry, MP_IN_EPOCHS) && mp_room_steady(p, k) && reads(p, f, k);
}

bool mp_room_depends(const struct mp_plan *p, int k, int from)
{
    if (k <= from)
        return k == from;
    for (int j = 0; j < p->nodes[k].n_inputs; j++)
        if (mp_room_depends(p, p->nodes[k].inputs[j], from))
            return true;
    return false;
}

size_t mp_room_row(const struct mp_plan *p, int k)
{
    const struct mp_node *n = &p->nodes[k];
    return mp_len(n->out) * (n->bytes ? 1 : sizeof(float));
}

bool mp_room_rounds(const struct mp_plan *p, int k)
{
    return k >= 0 && !p->nodes[k].bytes;
}

struct mp_room mp_room_plan(const struct mp_plan *p, int f, int k, size_t rows)
{
    const struct mp_node *n = &p->nodes[f];
    const struct mp_learner *l = mp_learner(n->entry);
    const bool asked = l->rounds != NULL && l->rounds(n->params);
    return (struct mp_room){ p, f, k, rows, asked && mp_room_rounds(p, k) };
}

size_t mp_room_each(const struct mp_room *r)
{
    return r->rounded ? mp_pass_row(mp_len(r->p->nodes[r->k].out), true) : mp_room_row(r->p, r->k);
}

bool mp_room_fits(const struct mp_room *r, size_t *size, size_t *free)
{
    *size = mp_product(r->rows, mp_room_each(r));
    *free = mp_rows_limit();
    return *size < *free;
}

bool mp_room_slow(const struct mp_room *r, double seconds)
{
    return seconds > (double)mp_room_each(r) / disk_speed;
}

size_t mp_room_some(const struct mp_room *r, size_t free)
{
    const struct mp_node *n = r->p->nodes;
    return mp_learns(n[r->f].entry, MP_IN_PASSES) && !n[r->k].bytes
               ? mp_pass_keeps(r->rows, mp_len(n[r->k].out), r->rounded, free) : 0;
}
