/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glossary.c - every spelling of a word leads to it and to no other; a page gets the words
 * that it asks for. */
#include "pages/words.h"
#include "text/glossary.h"
#include "core/layer.h"
#include "pipeline/registry.h"
#include "../tap.h"
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Each of "a|b|c" must find w. */
static bool leads(const char *names, const struct mp_word *w)
{
    char **name = g_strsplit(names, "|", -1);
    bool good = true;
    for (int i = 0; name[i] != NULL; i++)
        if (mp_word_find(name[i]) != w) {
            tap_note("\"%s\" does not lead to \"%s\"", name[i], w->name);
            good = false;
        }
    g_strfreev(name);
    return good;
}

static void spellings(struct tap *t)
{
    for (const struct mp_word *w = mp_glossary; w->name != NULL; w++) {
        tap_ok(t, leads(w->name, w) && leads(w->also, w), "%s: its spellings are its own", w->name);
        tap_ok(t, w->text[strlen(w->text) - 1] == '.' && strchr(w->text, '\n') == NULL,
               "%s: sentences", w->name);
        tap_ok(t, w == mp_glossary || strcasecmp(w[-1].name, w->name) < 0,
               "%s: stands in its place", w->name);
    }
    tap_ok(t, mp_word_find("MACRO_f1") == mp_word_find("macro F1") &&
                  mp_word_find("Macro-F1") != NULL, "capitals and what joins do not matter");
    tap_ok(t, mp_word_find("") == NULL && mp_word_find("macro") == NULL &&
                  mp_word_find("macro F1 ") == NULL, "a part of a word is none");
}

static void page(struct tap *t)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    mp_words_html(f, "macro F1|bf16");
    fclose(f);
    const GMarkupParser nothing = { 0 };
    GMarkupParseContext *x = g_markup_parse_context_new(&nothing, 0, NULL, NULL);
    tap_ok(t, g_markup_parse_context_parse(x, text, -1, NULL) &&
                  g_markup_parse_context_end_parse(x, NULL), "a page's words are well-formed");
    tap_ok(t, strstr(text, "<dt>macro F1</dt>") != NULL && strstr(text, "<dt>bf16</dt>") != NULL &&
                  strstr(text, "<dt>accuracy</dt>") == NULL, "those that it asks for");
    tap_ok(t, strstr(text, "<code>net precision=f32</code>") != NULL && strchr(text, '`') == NULL,
           "code is marked");
    g_markup_parse_context_free(x);
    free(text);
}

/* What is known of other programs must not hide what is here. */
static void elsewhere(struct tap *t)
{
    bool good = true;
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        good = good && mp_known_elsewhere(e->name) == NULL;
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        good = good && mp_known_elsewhere(e->name) == NULL;
    tap_ok(t, good, "no stage and no layer is called a word of other programs");
    tap_ok(t, mp_known_elsewhere("Random_Forest") != NULL && mp_known_elsewhere("hgo") == NULL,
           "such words are found however they are written");
}

int main(void)
{
    struct tap t = { 0 };
    spellings(&t);
    page(&t);
    elsewhere(&t);
    return tap_end(&t);
}
