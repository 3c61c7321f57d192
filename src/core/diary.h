/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diary.h - what is told of learning, under the name of who tells it: "cnn_fast.loss". */
#ifndef MP_DIARY_H
#define MP_DIARY_H
#include "core/ctx.h"

struct mp_named_diary {
    struct mp_diary outer;
    char name[64];
};

/* From here on the run's series and parts begin with d's name and a dot; d stays where it is. */
void mp_diary_name(struct mp_run *run, struct mp_named_diary *d);

/* As before. */
void mp_diary_unname(struct mp_run *run, const struct mp_named_diary *d);

#endif
