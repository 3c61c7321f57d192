/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outline.h - the paper among what a photo shows around it.
 *
 * Method: a square is an edge if levels around it differ by much.  What hangs together from the
 * picture's border on, up to such edges, is what the sheet lies on; what it leaves over, in one
 * piece, large and convex, is the sheet with its edge.  A page that fills the picture is left as it
 * is, and so is one of which a shadow from outside has bitten a part.
 * Private to reading/. */
#ifndef MP_OUTLINE_H
#define MP_OUTLINE_H
#include "core/stage.h"

/* Of rows x columns levels, at least 1: which squares the sheet has, and those of them that are
 * further from its edge, where the levels are nothing but the sheet's.  *found false: all are. */
int mp_outline(struct mp_ctx *c, const float *level, int rows, int columns, bool *sheet,
               bool *within, bool *found);
#endif
