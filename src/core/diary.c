/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diary.c - what is told of learning, under the name of who tells it. */
#include "core/diary.h"
#include <stdio.h>

enum { NAME = 160 };

static void record(void *arg, const char *series, double value)
{
    const struct mp_named_diary *d = arg;
    char own[NAME];
    snprintf(own, sizeof own, "%s.%.90s", d->name, series);
    d->outer.record(d->outer.arg, own, value);
}

static void record_part(void *arg, const struct mp_part *part)
{
    const struct mp_named_diary *d = arg;
    struct mp_part own = *part;
    char name[NAME];
    snprintf(name, sizeof name, "%s.%.90s", d->name, part->name);
    own.name = name;
    d->outer.part(d->outer.arg, &own);
}

static void record_remark(void *arg, const char *text)
{
    const struct mp_named_diary *d = arg;
    d->outer.remark(d->outer.arg, text);
}

void mp_diary_name(struct mp_run *run, struct mp_named_diary *d)
{
    d->outer = run->diary;
    run->diary = (struct mp_diary){ .record = d->outer.record != NULL ? record : NULL,
                                    .part = d->outer.part != NULL ? record_part : NULL,
                                    .remark = d->outer.remark != NULL ? record_remark : NULL,
                                    .arg = d };
}

void mp_diary_unname(struct mp_run *run, const struct mp_named_diary *d)
{
    run->diary = d->outer;
}
