/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsvm.c - "LABEL INDEX:VALUE ...", sparse, indices from 1.
 *
 * Zeros are left out, which on pixels makes the file a third as long.  Classes without numbers
 * for their names are numbered, see STEM.classes.txt.  Rows without labels get the label 0, as
 * the predicting programs of LIBSVM and liblinear expect.  Reference: https://www.csie.ntu.edu.tw/~cjlin/libsvm/
 */
#include "formats/format.h"
#include <string.h>

enum { INDEX_TEXT = 10 }; /* of 2^30 values at most */

static int begin(struct mp_ctx *c, struct mp_table_writer *w)
{
    return mp_table_sink(c, w, ".libsvm") < 0 ? -1 : mp_table_classes(c, w);
}

/* " INDEX:", backwards from `end`; returns where it begins. */
static char *put_index(char *end, size_t index)
{
    *--end = ':';
    for (; index > 0; index /= 10)
        *--end = (char)('0' + index % 10);
    *--end = ' ';
    return end;
}

static int row(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r, size_t i)
{
    struct mp_sink *s = &w->sink[0];
    char text[INDEX_TEXT + 2], label[24];

    size_t n = (size_t)snprintf(label, sizeof label, "%lld", r->label != NULL
                                ? (long long)mp_table_label(w, r->label[i]) : 0);
    if (mp_sink_put(c, s, label, n) < 0)
        return -1;
    for (size_t j = 0; j < w->d;) {
        char *const room = mp_sink_room(c, s, MP_TABLE_RUN * (sizeof text + MP_FLOAT_TEXT));
        char *at = room;
        if (room == NULL)
            return -1;
        const size_t stop = w->d - j < MP_TABLE_RUN ? w->d : j + MP_TABLE_RUN;
        for (; j < stop; j++) {
            const size_t k = i * w->d + j;
            if (r->x != NULL ? r->x[k] == 0 : r->b[k] == 0)
                continue;
            const char *from = put_index(text + sizeof text, j + 1);
            n = (size_t)(text + sizeof text - from);
            memcpy(at, from, n);
            at += n;
            at += mp_table_value(at, r, k);
        }
        mp_sink_used(s, (size_t)(at - room));
    }
    return mp_sink_put(c, s, "\n", 1);
}

static int rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (row(c, w, r, i) < 0)
            return -1;
    return MP_OK;
}

MP_FORMAT(libsvm) = {
    .rank = 2,
    .doc = "LABEL INDEX:VALUE ..., zeros left out (LIBSVM, liblinear, XGBoost)",
    .begin = begin, .rows = rows,
};
