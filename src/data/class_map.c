/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_map.c - other names for classes. */
#include "data/class_map.h"
#include "core/ctx.h"
#include "core/text.h"
#include "text/decimal.h"
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line of the file, taken apart. */
struct entry {
    const char *label, *name;
    int label_n, name_n;
    int line;
    bool quoted;
};

static bool blank(char b)
{
    return b == ' ' || b == '\t' || b == '\r';
}

static void trim(const char **at, int *n)
{
    for (; *n > 0 && blank(**at); (*n)--)
        ++*at;
    while (*n > 0 && blank((*at)[*n - 1]))
        --*n;
}

static void unquote(const char **at, int *n, bool *quoted)
{
    *quoted = *n > 1 && **at == '"' && (*at)[*n - 1] == '"';
    *at += *quoted;
    *n -= 2 * *quoted;
}

/* false: there is no name. */
static bool take(const char *line, int n, struct entry *e)
{
    bool quoted;
    int k = 0;
    trim(&line, &n);
    if (n > 0 && *line == '"')
        for (k = 1; k < n && line[k] != '"'; k++)
            ;
    while (k < n && !blank(line[k]) && line[k] != ',')
        k++;
    e->label = line;
    e->label_n = k;
    e->name = line + k;
    e->name_n = n - k;
    trim(&e->name, &e->name_n);
    if (e->name_n > 0 && *e->name == ',') {
        e->name++;
        e->name_n--;
    }
    trim(&e->name, &e->name_n);
    unquote(&e->label, &e->label_n, &quoted);
    unquote(&e->name, &e->name_n, &e->quoted);
    return e->label_n > 0 && e->name_n > 0;
}

static bool is_number(const char *text, int n)
{
    char copy[24];
    int64_t v;
    snprintf(copy, sizeof copy, "%.*s", n, text);
    return n < (int)sizeof copy && mp_whole_text(copy, &v);
}

/* "65 97" or "U+3042,..." as letters; false: the name is none of such numbers. */
static bool letters(const struct entry *e, char text[MP_NAME_SIZE])
{
    const char *at = e->name, *end = at + e->name_n;
    size_t used = 0;
    while (at < end && used + 8 < MP_NAME_SIZE) {
        const bool hex = end - at > 2 && (*at == 'U' || *at == 'u') && at[1] == '+';
        char *stop;
        const unsigned long v = strtoul(hex ? at + 2 : at, &stop, hex ? 16 : 10);
        if (stop == at + (hex ? 2 : 0) || stop > end || v > 0x10ffff ||
            !g_unichar_isalnum((gunichar)v))
            return false;
        used += (size_t)g_unichar_to_utf8((gunichar)v, text + used);
        at = stop;
        if (hex) /* what follows is the letter itself */
            break;
        if (at < end && !blank(*at) && *at != ',')
            return false;
        while (at < end && (blank(*at) || *at == ','))
            at++;
    }
    text[used] = '\0';
    return used > 0 && !e->quoted;
}

static int wrong(struct mp_ctx *c, const char *file, const struct entry *e, const char *what)
{
    return mp_fail(c, "classes=%s: line %d: %s", file, e->line, what);
}

/* What the file says, line by line. */
static GArray *entries(struct mp_ctx *c, const char *file, const char *text)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct entry));
    int line = 1;
    text += mp_text_mark(text, strlen(text));
    for (const char *at = text; *at != '\0'; line++) {
        const size_t n = strcspn(at, "\n");
        struct entry e = { .line = line };
        const bool some = take(at, (int)n, &e);
        const bool head = all->len == 0 && line == 1 && some && !is_number(e.label, e.label_n);
        const bool none = e.label_n == 0 || *e.label == '#';
        if (!some && !none) {
            wrong(c, file, &e, "found one word, expected a label and a name");
            break;
        }
        if (!none && !head)
            g_array_append_val(all, e);
        at += n + (at[n] == '\n');
    }
    if (c->msg[0] == '\0' && all->len == 0)
        mp_fail(c, "classes=%s: found no line, expected \"LABEL NAME\" for each class", file);
    return all;
}

static bool all_letters(const GArray *all)
{
    char text[MP_NAME_SIZE];
    for (guint i = 0; i < all->len; i++)
        if (!letters(&g_array_index(all, struct entry, i), text))
            return false;
    return true;
}

/* One line of the map. */
static int add(struct mp_ctx *c, const char *file, const struct entry *e, bool lettered,
               struct mp_names seen[2], struct mp_text *map)
{
    char name[MP_NAME_SIZE], text[64 + 2 * MP_NAME_SIZE];
    const size_t labels = seen[0].n, names = seen[1].n;
    if (e->name_n >= MP_NAME_SIZE || e->label_n >= MP_NAME_SIZE)
        return wrong(c, file, e, "the name is longer than 255 bytes");
    snprintf(name, sizeof name, "%.*s", e->name_n, e->name);
    if (lettered)
        letters(e, name);
    if (!g_utf8_validate(name, -1, NULL))
        return wrong(c, file, e, "the name is no UTF-8");
    if (mp_names_add(c, &seen[0], e->label, (size_t)e->label_n) < 0 ||
        mp_names_add(c, &seen[1], name, strlen(name)) < 0)
        return -1;
    const bool again = seen[0].n == labels;
    snprintf(text, sizeof text, "the %s %.*s stands twice", again ? "label" : "name",
             again ? e->label_n : MP_NAME_SIZE, again ? e->label : name);
    if (again || seen[1].n == names)
        return wrong(c, file, e, text);
    fprintf(map->f, "%.*s %s\n", e->label_n, e->label, name);
    return MP_OK;
}

static char *make_map(struct mp_ctx *c, const char *file, const char *text)
{
    struct mp_names seen[2] = { { .n = 0 }, { .n = 0 } };
    struct mp_text map;
    GArray *all = entries(c, file, text);
    const bool lettered = all->len > 0 && all_letters(all);
    char *made = NULL;
    int rc = c->msg[0] == '\0' ? mp_text_open(c, &map) : -1;
    const bool open = rc == MP_OK;
    for (guint i = 0; i < all->len && rc == MP_OK; i++)
        rc = add(c, file, &g_array_index(all, struct entry, i), lettered, seen, &map);
    if (rc == MP_OK && lettered) {
        const struct entry *e = &g_array_index(all, struct entry, 0);
        char name[MP_NAME_SIZE];
        letters(e, name);
        mp_warn(c, "classes=%s: names were taken for the numbers of letters: %.*s is %s (numbers "
                   "in quotes are numbers)", file, e->name_n, e->name, name);
    }
    g_array_free(all, TRUE);
    mp_names_free(&seen[0]);
    mp_names_free(&seen[1]);
    if (rc == MP_OK)
        made = mp_text_end(c, &map);
    else if (open)
        mp_text_discard(&map);
    return made;
}

char *mp_class_map(struct mp_ctx *c, const char *file)
{
    char *text = NULL;
    gsize n = 0;
    if (strchr(file, '\n') != NULL) {
        char *copy = mp_alloc(c, strlen(file) + 1, 1);
        return copy != NULL ? strcpy(copy, file) : NULL;
    }
    if (access(file, R_OK) != 0 || !g_file_get_contents(file, &text, &n, NULL)) {
        mp_fail(c, "classes=%s: cannot read: %s", file, strerror(errno));
        return NULL;
    }
    char *map = NULL;
    if (strlen(text) != n)
        mp_fail(c, "classes=%s: is no text", file);
    else
        map = make_map(c, file, text);
    g_free(text);
    return map;
}

/* Whether some line of the map ends in that name. */
static bool is_name(const char *map, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = strchr(map, '\n'); at != NULL; at = strchr(at + 1, '\n'))
        if ((size_t)(at - map) > length && strncmp(at - length, name, length) == 0 &&
            at[-(ptrdiff_t)length - 1] == ' ')
            return true;
    return false;
}

/* The name that the map has for a label, n bytes long; NULL: none. */
static const char *name_of(const char *map, const char *label, size_t *n)
{
    const size_t length = strlen(label);
    for (const char *at = map; *at != '\0';) {
        const size_t line = strcspn(at, "\n");
        if (line > length + 1 && strncmp(at, label, length) == 0 && at[length] == ' ') {
            *n = line - length - 1;
            return at + length + 1;
        }
        at += line + (at[line] == '\n');
    }
    return NULL;
}

static int rename_all(struct mp_ctx *c, const char *map, struct mp_data *d, struct mp_names *named)
{
    const char *kept = NULL;
    int *to = mp_alloc(c, d->classes.n, sizeof *to);
    int rc = to != NULL ? MP_OK : -1;
    for (size_t k = 0; k < d->classes.n && rc == MP_OK; k++) {
        const char *own = mp_names_at(&d->classes, k);
        size_t n = strlen(own);
        const char *name = name_of(map, own, &n);
        kept = name == NULL && kept == NULL && !is_name(map, own) ? own : kept;
        to[k] = mp_names_add(c, named, name != NULL ? name : own, n);
        rc = to[k] < 0 ? -1 : MP_OK;
    }
    if (rc == MP_OK && kept != NULL)
        mp_warn(c, "%s: classes=FILE has no line for the label %s, which keeps its name", d->name,
                kept);
    for (size_t i = 0; i < d->n && rc == MP_OK; i++)
        d->label[i] = (uint16_t)to[d->label[i]];
    free(to);
    return rc;
}

int mp_class_rename(struct mp_ctx *c, const char *file, struct mp_data *d)
{
    struct mp_names named = { .n = 0 };
    if (d->label == NULL)
        return MP_OK;
    char *map = mp_class_map(c, file);
    const int rc = map != NULL ? rename_all(c, map, d, &named) : -1;
    if (rc == MP_OK) {
        mp_names_free(&d->classes);
        d->classes = named;
    } else {
        mp_names_free(&named);
    }
    free(map);
    return rc;
}
