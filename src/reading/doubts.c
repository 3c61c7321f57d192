/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doubts.c - what speaks against what was read. */
#include "core/ctx.h"
#include "engine/lying.h"
#include "reading/reading.h"
#include "sources/glance.h"

/* Digits of another make, such as printed ones, or letters; chosen with bench/handwriting.py. */
static const double unusual = 0.6;
enum { FEW = 5 };

bool mp_reading_unusual(const struct mp_reading *r)
{
    return r->usual > 0 && r->usual < unusual && r->digits >= FEW;
}

int mp_reading_warn(struct mp_ctx *c, const char *name, struct mp_bundle *b,
                    const struct mp_reading *r)
{
    struct mp_glance g;
    if (r->digits == 0) {
        mp_warn(c, "%s: %s", name, r->n == 0 && r->specks == 0
                                       ? "nothing stands out from the paper: there is no digit"
                                       : "what stands out from the paper is no digit");
        return MP_OK;
    }
    if (mp_reading_unusual(r))
        mp_warn(c, "%s: the digits look unlike those that the bundle was trained on: it is %.2f "
                   "times as sure of them as of its training rows", name, r->usual);
    if (mp_glance(c, &r->rows, &g) < 0)
        return -1;
    mp_glance_warn_new(c, &b->glance, &g, name);
    return mp_lying_warn(c, &b->plan, &r->rows, NULL, b->lead, name);
}
