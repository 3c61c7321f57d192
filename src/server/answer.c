/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answer.c - what is answered, without the protocol. */
#include "server/answer.h"
#include "core/ctx.h"
#include "core/text.h"
#include <glib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void mp_json_text(FILE *f, const char *text)
{
    putc('"', f);
    for (const char *at = text; *at != '\0';) {
        const unsigned char v = (unsigned char)*at;
        if (v == '"' || v == '\\') {
            fprintf(f, "\\%c", v);
            at++;
        } else if (v < ' ' || v == 127) {
            fprintf(f, "\\u%04x", v);
            at++;
        } else if (v < 128) {
            putc(v, f);
            at++;
        } else if (g_utf8_get_char_validated(at, -1) < 0x110000) {
            const char *next = g_utf8_next_char(at);
            fwrite(at, 1, (size_t)(next - at), f);
            at = next;
        } else {
            fputs("\xef\xbf\xbd", f);
            at++;
        }
    }
    putc('"', f);
}

/* Where there is no memory for a text, this one is there. */
static void no_memory(struct mp_answer *a)
{
    static const char text[] = "{\"error\": \"no memory for the answer\"}\n";
    free(a->lent ? NULL : a->text);
    *a = (struct mp_answer){ .status = MP_HTTP_BUSY, .type = "application/json",
                             .text = (char *)(uintptr_t)text, .n = sizeof text - 1, .lent = true };
}

void mp_answer_take(struct mp_answer *a, struct mp_ctx *c, struct mp_text *t, const char *type)
{
    char *text = mp_text_end(c, t);
    if (text == NULL) {
        no_memory(a);
        return;
    }
    free(a->lent ? NULL : a->text);
    a->text = text;
    a->n = t->n;
    a->lent = false;
    a->type = type;
}

void mp_refuse(struct mp_answer *a, unsigned status, const char *fmt, ...)
{
    struct mp_ctx c;
    struct mp_text t;
    char text[1200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    mp_ctx_init(&c, NULL);
    a->status = status;
    a->images = 0;
    if (mp_text_open(&c, &t) < 0) {
        no_memory(a);
    } else {
        fputs("{\"error\": ", t.f);
        mp_json_text(t.f, text);
        fputs("}\n", t.f);
        mp_answer_take(a, &c, &t, "application/json");
    }
    mp_ctx_free(&c);
}
