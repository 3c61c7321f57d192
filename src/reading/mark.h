/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark.h - what ink on a page can be. */
#ifndef MP_MARK_H
#define MP_MARK_H

enum mp_mark_kind {
    MP_MARK_DIGIT,
    MP_MARK_DASH,  /* a stroke as wide as a digit and much lower than one */
    MP_MARK_LARGE, /* ink that is far larger than the page's digits */
    MP_MARK_EDGE,  /* ink at the edge of the picture or of the paper */
};
#endif
