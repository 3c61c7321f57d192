/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading_json.c - what was read of a page, as JSON. */
#include "reading/reading_json.h"
#include "report/report.h"

static json_t *mark_json(const struct mp_reading *r, const struct mp_mark *m,
                         const struct mp_bundle *b, double threshold)
{
    json_t *o = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:s}", "line", m->line + 1, "place",
                          m->place + 1, "left", m->left, "top", m->top, "width", m->w, "height",
                          m->h, "kind", mp_mark_name(m->kind));
    if (m->kind != MP_MARK_DIGIT)
        return o;
    json_object_set_new(o, "digit", mp_class_json(mp_names_at(&b->classes, (size_t)m->class)));
    json_object_set_new(o, r->margins ? "lead" : "probability", json_real(m->sure));
    json_object_set_new(o, "second", mp_class_json(mp_names_at(&b->classes, (size_t)m->second)));
    json_object_set_new(o, "unsure", json_boolean(mp_mark_unsure(m, threshold)));
    return o;
}

static json_t *lines_json(struct mp_ctx *c, const struct mp_reading *r, const struct mp_bundle *b)
{
    json_t *lines = json_array();
    for (int k = 0; k < r->lines && lines != NULL; k++) {
        char *text = mp_reading_line(c, r, b, k);
        json_array_append_new(lines, text != NULL ? json_string(text) : NULL);
        free(text);
    }
    return lines;
}

json_t *mp_reading_json(struct mp_ctx *c, const char *name, const struct mp_reading *r,
                        const struct mp_bundle *b, double threshold)
{
    json_t *marks = json_array();
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(marks, mark_json(r, &r->at[i], b, threshold));
    json_t *o = json_pack("{s:o, s:i, s:i, s:s, s:f, s:I, s:I, s:f, s:o, s:o}", "picture",
                          mp_text_json(name), "width", r->w, "height", r->h, "strokes",
                          r->light ? "light" : "dark", "degrees", r->angle, "digits",
                          (json_int_t)r->digits, "specks", (json_int_t)r->specks, "threshold",
                          threshold, "lines", lines_json(c, r, b), "marks", marks);
    if (o == NULL)
        mp_fail(c, "no memory for what was read of %s", name);
    else if (r->usual > 0)
        json_object_set_new(o, "usual", json_real(r->usual));
    return o;
}
