/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.c - the formats by rank, and what those that write share. */
#include "formats/format.h"
#include <ctype.h>
#include <string.h>

const struct mp_format_entry *mp_format_next(const struct mp_format_entry *e)
{
    const struct mp_format_entry *next = NULL;
    for (const struct mp_format_entry *o = mp_formats_found; o->name != NULL; o++) {
        const bool after = e == NULL || o->format->rank > e->format->rank ||
                           (o->format->rank == e->format->rank && o > e);
        if (after && (next == NULL || o->format->rank < next->format->rank))
            next = o;
    }
    return next;
}

const struct mp_format_entry *mp_format_of(const uint8_t *p, size_t n)
{
    const struct mp_format_entry *e = NULL, *best = NULL;
    enum mp_look surest = MP_LOOK_OTHER;
    while ((e = mp_format_next(e)) != NULL) {
        if (e->format->sniff == NULL)
            continue;
        const enum mp_look look = e->format->sniff(p, n < MP_SNIFF ? n : MP_SNIFF);
        if (look > surest) {
            surest = look;
            best = e;
        }
    }
    return best;
}

void mp_format_title(const struct mp_format_entry *e, char *text, size_t size)
{
    snprintf(text, size, "%s", e->name);
    for (char *at = text; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

/* The next format after e that counts among those. */
static const struct mp_format_entry *next_named(const struct mp_format_entry *e, bool labels)
{
    while ((e = mp_format_next(e)) != NULL)
        if (e->format->read != NULL && (!labels || e->format->labels != NULL))
            break;
    return e;
}

void mp_format_names(bool labels, char *text, size_t size)
{
    const struct mp_format_entry *e = next_named(NULL, labels);
    size_t at = 0;
    *text = '\0';
    while (e != NULL && at < size) {
        const struct mp_format_entry *next = next_named(e, labels);
        char title[32];
        mp_format_title(e, title, sizeof title);
        const bool last = next != NULL && next_named(next, labels) == NULL;
        at += (size_t)snprintf(text + at, size - at, "%s%s", title,
                               next == NULL ? "" : last ? " or " : ", ");
        e = next;
    }
}

int mp_table_sink(struct mp_ctx *c, struct mp_table_writer *w, const char *suffix)
{
    const char *packed = w->gzip ? ".gz" : "";
    const size_t size = strlen(w->stem) + strlen(suffix) + strlen(packed) + 1;
    char *path = mp_alloc(c, size, 1);
    if (path == NULL)
        return -1;
    snprintf(path, size, "%s%s%s", w->stem, suffix, packed);
    w->path[w->n_files] = path;
    return mp_sink_open(c, &w->sink[w->n_files++], path, w->gzip);
}

int mp_table_dims(const struct mp_table_writer *w, uint64_t dims[4])
{
    const struct mp_shape s = w->t.shape;
    dims[0] = w->t.rows;
    if (s.h == 1 && s.c == 1) {
        dims[1] = w->d;
        return 2;
    }
    dims[1] = (uint64_t)s.h;
    dims[2] = (uint64_t)s.w;
    dims[3] = (uint64_t)s.c;
    return s.c > 1 ? 4 : 3;
}

int mp_table_line(struct mp_ctx *c, struct mp_sink *s, const struct mp_table_rows *r, size_t i,
                  size_t d, const char *end)
{
    for (size_t j = 0; j < d;) {
        char *const room = mp_sink_room(c, s, MP_TABLE_RUN * (MP_FLOAT_TEXT + 1)), *at = room;
        if (room == NULL)
            return -1;
        const size_t stop = d - j < MP_TABLE_RUN ? d : j + MP_TABLE_RUN;
        for (; j < stop; j++) {
            at += mp_table_value(at, r, i + j);
            *at++ = ',';
        }
        mp_sink_used(s, (size_t)(at - room) - (j == d));
    }
    return mp_sink_text(c, s, end);
}
