/* SPDX-License-Identifier: GPL-3.0-or-later */
/* name.c - what a run is called after its pipeline's file. */
#include "pipeline/name.h"
#include "core/ctx.h"
#include <ctype.h>
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Not a name of its own, but of a folder that is there already. */
static bool leads_elsewhere(const char *name, size_t n)
{
    return n == 0 || (n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.');
}

char *mp_plain_name(const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(base, '.');
    size_t n = dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base);
    if (leads_elsewhere(base, n))
        n = strlen(base);
    if (leads_elsewhere(base, n))
        n = strlen(base = "pipeline");
    char *valid = g_utf8_make_valid(base, (gssize)n), *name = strdup(valid);
    g_free(valid);
    for (char *at = name; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '_';
    return name;
}

/* Line i of a text of lines; false: it has no more. */
static bool line_of(const char *text, int *i, const char *front, char *to, size_t size)
{
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n')
        if ((*i)-- == 0)
            return snprintf(to, size, "%s%.*s", front, (int)strcspn(at, "\n"), at) >= 0;
    return false;
}

bool mp_change(const struct mp_asked *a, int i, char *text, size_t size)
{
    return a != NULL && (line_of(a->train, &i, "train=", text, size) ||
                         line_of(a->train_labels, &i, "train_labels=", text, size) ||
                         line_of(a->more, &i, "more=", text, size) ||
                         line_of(a->test, &i, "test=", text, size) ||
                         line_of(a->test_labels, &i, "test_labels=", text, size) ||
                         line_of(a->seed, &i, "seed=", text, size) ||
                         line_of(a->set, &i, "", text, size) ||
                         line_of(a->drop, &i, "without ", text, size));
}

/* Adds a change as part of a name: what a shell or a link may take amiss is left out or
 * replaced, of a path the file's name is kept.  False: two changes may look the same now. */
static bool add_change(GString *name, const char *text)
{
    const char *slash = strrchr(text, '/'), *equals = strchr(text, '=');
    bool whole = slash == NULL;
    g_string_append_c(name, ',');
    for (const char *at = text; *at != '\0'; at++) {
        if (slash != NULL && equals != NULL && at > equals && at <= slash)
            continue;
        if (isalnum((unsigned char)*at) || strchr("._=+-", *at) != NULL)
            g_string_append_c(name, *at);
        else if (*at == ',')
            g_string_append_c(name, '+');
        else if (*at == ' ')
            g_string_append_c(name, '_');
        else if (*at == '#' || *at == ':')
            g_string_append_c(name, '-');
        else
            whole = whole && (*at == '{' || *at == '}');
    }
    return whole;
}

char *mp_run_folder(struct mp_ctx *c, char *const *files, int n, const char *ending)
{
    enum { MOST = 100 };
    GString *name = g_string_new("runs/");
    char text[4096];
    uLong sum = crc32(0, NULL, 0);
    bool whole = true;
    for (int i = 0; i < n; i++) {
        char *plain = mp_plain_name(files[i]);
        g_string_append_printf(name, "%s%s", i > 0 ? "+" : "", plain != NULL ? plain : "");
        if (n > 1)
            sum = crc32_z(sum, (const Bytef *)files[i], strlen(files[i]) + 1);
        free(plain);
    }
    const size_t front = n > 1 ? 0 : name->len; /* one name stays as it is */
    for (int i = 0; mp_change(c->run->command.asked, i, text, sizeof text); i++) {
        whole = add_change(name, text) && whole;
        sum = crc32_z(sum, (const Bytef *)text, strlen(text) + 1);
    }
    if (!whole || name->len - front > MOST) {
        if (name->len - front > MOST)
            g_string_truncate(name, front + MOST);
        g_string_append_printf(name, "-%08lx", (unsigned long)sum);
    }
    g_string_append(name, ending);
    char *folder = strdup(name->str);
    g_string_free(name, TRUE);
    if (folder == NULL)
        mp_fail(c, "no memory");
    return folder;
}
