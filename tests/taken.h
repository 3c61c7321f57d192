/* SPDX-License-Identifier: GPL-3.0-or-later */
/* taken.h - what a small file is taken for: its first rows, or the failure, and the remarks. */
#ifndef MP_TAKEN_H
#define MP_TAKEN_H
#include "core/ctx.h"
#include "data/data.h"
#include "formats/read.h"
#include "tap.h"
#include <string.h>

struct said {
    char text[1024];
};

static inline void taken_keep(void *arg, const char *text)
{
    struct said *s = arg;
    const size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%s\n", text);
}

/* "9: 1 2 3 4 | ..." of the first rows, '-' where there are no labels; or the failure. */
static inline void taken_describe(const struct mp_data *d, char *text, size_t size)
{
    const size_t len = mp_len(d->shape);
    size_t n = 0;
    *text = '\0';
    for (size_t i = 0; i < d->n && i < 2; i++) {
        n += (size_t)snprintf(text + n, size - n, i > 0 ? " | " : "");
        if (d->label != NULL)
            n += (size_t)snprintf(text + n, size - n, "%s:", mp_data_class(d, i));
        else
            n += (size_t)snprintf(text + n, size - n, "-:");
        for (size_t j = 0; j < len && j < 6; j++)
            n += (size_t)snprintf(text + n, size - n, " %d", d->x[i * len + j]);
    }
    snprintf(text + n, size - n, ", %zu rows", d->n);
}

/* One test: `want` as taken_describe() puts it, or the error; `remarks` a line each. */
static inline void taken(struct tap *t, const char *name, const char *file,
                         const struct mp_form *form, const char *want, const char *remarks)
{
    struct said said = { "" };
    struct mp_run run = { .threads = 2, .warnings = { taken_keep, &said } };
    struct mp_ctx c;
    struct mp_data d;
    char text[2048];
    mp_ctx_init(&c, &run);
    if (mp_data_read_memory(&c, "f", file, strlen(file), form, &d) == MP_OK)
        taken_describe(&d, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s", c.msg);
    if (!tap_ok(t, strcmp(text, want) == 0 && strcmp(said.text, remarks) == 0, "%s", name))
        printf("# found    %s\n# expected %s\n# said     %s\n# expected %s\n", text, want,
               said.text, remarks);
    mp_data_free(&d);
    mp_ctx_free(&c);
}

#endif
