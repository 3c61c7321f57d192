/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.c - what the words of a page mean. */
#include "pages/words.h"
#include "pages/html.h"
#include "text/glossary.h"
#include <string.h>

/* What stands in backquotes becomes <code>. */
static void html_sentences(FILE *f, const char *text)
{
    bool code = false;
    for (const char *at = text; *at != '\0'; at++) {
        const size_t n = strcspn(at, "`");
        mp_html_printf(f, "%.*s", (int)n, at);
        at += n;
        if (*at == '\0')
            break;
        fputs(code ? "</code>" : "<code>", f);
        code = !code;
    }
}

void mp_words_html(FILE *f, const char *names)
{
    mp_html_fold(f, "What the words mean");
    fputs("<dl class=\"words\">\n", f);
    for (const struct mp_word *w = mp_glossary; w->name != NULL; w++) {
        if (!mp_word_is(names, w->name))
            continue;
        fputs("<dt>", f);
        mp_html_text(f, w->name);
        fputs("</dt><dd>", f);
        html_sentences(f, w->text);
        fputs("</dd>\n", f);
    }
    fputs("</dl>\n", f);
    mp_html_unfold(f);
}
