/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form.c - how rows are to be read, where their file does not say. */
#include "data/form.h"
#include "core/ctx.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct mp_param mp_form_table[] = { MP_FORM_PARAMS(0), MP_END };

int mp_size_parse(struct mp_ctx *c, const char *text, struct mp_shape *size)
{
    const char *const colour = "x3", *end;
    int used = 0;
    *size = (struct mp_shape){ 0, 0, 0 };
    if (text == NULL || *text == '\0')
        return MP_OK;
    if (sscanf(text, "%dx%d%n", &size->h, &size->w, &used) != 2 || size->h < 1 || size->w < 1 ||
        size->h > MP_IMAGE_SIDE || size->w > MP_IMAGE_SIDE ||
        (*(end = text + used) != '\0' && strcmp(end, colour) != 0))
        return mp_fail(c, "size=%s: expected HEIGHTxWIDTH of 1..%d px, such as 28x28, or "
                       "HEIGHTxWIDTHx3 for colour", text, MP_IMAGE_SIDE);
    size->c = *end == '\0' ? 1 : 3;
    return MP_OK;
}

/* "16", "0..16", "-1..1"; strtod() alone would take "0." of the second. */
static int range_parse(struct mp_ctx *c, const char *text, struct mp_range *r)
{
    *r = (struct mp_range){ 0, 0 };
    if (text == NULL || *text == '\0' || strcmp(text, "auto") == 0)
        return MP_OK;
    char low[32] = "0", *end = low;
    const char *dots = strstr(text, ".."), *high = dots != NULL ? dots + 2 : text;
    bool good = dots == NULL || (dots > text && (size_t)(dots - text) < sizeof low);
    if (good && dots != NULL)
        snprintf(low, sizeof low, "%.*s", (int)(dots - text), text);
    r->low = strtod(low, &end);
    good = good && *end == '\0' && *high != '\0';
    r->high = strtod(high, &end);
    if (good && *end == '\0' && isfinite(r->low) && isfinite(r->high) && r->low < r->high)
        return MP_OK;
    return mp_fail(c, "range=%s: expected auto, LOW..HIGH with LOW below HIGH such as 0..1 or "
                   "-1..1, or HIGH alone such as 16", text);
}

void mp_range_text(struct mp_range r, char *text, size_t size)
{
    snprintf(text, size, "%.10g..%.10g", r.low, r.high);
}

/* Which of the words "a|b|c" it is, from 1; 0: nothing is said; negative: none of them. */
static int word_of(struct mp_ctx *c, const char *key, const char *text, const char *words)
{
    const size_t n = text != NULL ? strlen(text) : 0;
    if (n == 0)
        return 0;
    int i = 1;
    for (const char *at = words; *at != '\0'; at += at[strcspn(at, "|")] == '|', i++) {
        if (strcspn(at, "|") == n && strncmp(at, text, n) == 0)
            return i;
        at += strcspn(at, "|");
    }
    return mp_fail(c, "%s=%s: expected %s", key, text, words);
}

/* A size is something to bring pictures to. */
static int pictures_parse(struct mp_ctx *c, const struct mp_form_text *t, struct mp_form *form)
{
    static const int channels[] = { 0, 0, 1, 3 };
    const int fit = word_of(c, "fit", t->fit, "pad|stretch|crop"),
              colour = word_of(c, "colour", t->colour, "auto|grey|rgb"),
              paper = word_of(c, "paper", t->paper, "white|black"),
              broken = word_of(c, "broken", t->broken, "fail|skip");
    if (fit < 0 || colour < 0 || paper < 0 || broken < 0)
        return -1;
    form->fit = fit > 0 ? (enum mp_fit)fit : form->size.h > 0 ? MP_FIT_PAD : MP_FIT_NONE;
    form->channels = channels[colour];
    form->paper = (enum mp_paper)paper;
    form->skip_broken = broken == 2;
    return MP_OK;
}

int mp_form_parse(struct mp_ctx *c, const struct mp_form_text *t, struct mp_form *form)
{
    *form = (struct mp_form){ .label = t->label, .ignore = t->ignore, .classes = t->classes };
    return mp_size_parse(c, t->size, &form->size) < 0 || range_parse(c, t->range, &form->range) < 0
               ? -1
               : pictures_parse(c, t, form);
}

struct mp_form_text mp_form_over(const struct mp_form_text *over,
                                 const struct mp_form_text *under)
{
    struct mp_form_text both = *under, top = *over;
    for (const struct mp_param *p = mp_form_table; p->name != NULL; p++)
        if (*mp_form_field(&top, p) != NULL && **mp_form_field(&top, p) != '\0')
            *mp_form_field(&both, p) = *mp_form_field(&top, p);
    return both;
}

bool mp_form_same(const struct mp_form_text *a, const struct mp_form_text *b)
{
    struct mp_form_text x = *a, y = *b;
    for (const struct mp_param *p = mp_form_table; p->name != NULL; p++)
        if (strcmp(*mp_form_field(&x, p), *mp_form_field(&y, p)) != 0)
            return false;
    return true;
}
