/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script.c - a pipeline's text as lines: names, settings, indentation.
 *
 * Nothing here knows any stage; plan.c gives the lines their meaning. */
#include "core/param.h"
#include "core/text.h"
#include "files/near_file.h"
#include "pipeline/pipeline.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What ends a value that has no quotes, on the way in and on the way out. */
#define BLANKS " \t\r\v\f"

enum { MAX_DEPTH = 16, MAX_LINES = 10000, MAX_BYTES = 1 << 20 };

static void line_free(struct mp_line *l)
{
    for (int i = 0; i < l->n_settings; i++) {
        free(l->settings[i].name);
        free(l->settings[i].value);
    }
    for (int i = 0; i < l->n_children; i++)
        line_free(&l->children[i]);
    free(l->settings);
    free(l->children);
    free(l->name);
}

void mp_script_free(struct mp_script *s)
{
    line_free(&s->root);
    free(s->file);
    memset(s, 0, sizeof *s);
}

static char *copy(struct mp_ctx *c, const char *from, size_t n)
{
    char *text = mp_alloc(c, n + 1, 1);
    if (text != NULL)
        memcpy(text, from, n);
    return text;
}

static bool is_name(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '-')
            return false;
    return n > 0 && n < 64;
}

static int add_setting(struct mp_ctx *c, struct mp_line *l, char *name, char *value, bool literal)
{
    struct mp_setting *more = NULL;
    if (name != NULL && value != NULL)
        more = realloc(l->settings, (size_t)(l->n_settings + 1) * sizeof *more);
    if (more == NULL) {
        free(name);
        free(value);
        return mp_no_memory(c, "settings");
    }
    l->settings = more;
    l->settings[l->n_settings++] = (struct mp_setting){ name, value, literal, false };
    return MP_OK;
}

/* Where the value at `at` ends: a closing quote, a closing brace, or a blank. */
static int value_end(struct mp_ctx *c, const char *name, const char *at, const char **from,
                     const char **to, const char **rest)
{
    if (*at == '"' || *at == '{') {
        const char close = *at == '"' ? '"' : '}', *end = strchr(at + 1, close);
        if (end == NULL)
            return mp_fail(c, "%s: a value opened by %c has no closing %c", name, *at, close);
        *from = close == '"' ? at + 1 : at;
        *to = close == '"' ? end : end + 1;
        *rest = end + 1;
        if (**rest != '\0' && strchr(BLANKS, **rest) == NULL)
            return mp_fail(c, "%s: expected a blank after the closing %c", name, close);
        return MP_OK;
    }
    *from = at;
    *to = *rest = at + strcspn(at, BLANKS "\n");
    if (memchr(at, '"', (size_t)(*to - at)) != NULL)
        return mp_fail(c, "%s: a quote inside a value; quotes go around the whole value", name);
    return MP_OK;
}

/* "name key=value ..." up to a comment. */
static int parse_line(struct mp_ctx *c, const char *at, struct mp_line *l)
{
    const size_t n = strcspn(at, BLANKS "\n#");
    if (!is_name(at, n))
        return mp_fail(c, "\"%.40s\": expected the name of a stage (letters, digits, _)",
                       at);
    if ((l->name = copy(c, at, n)) == NULL)
        return -1;
    mp_ctx_where(c, "%s%s: ", c->where, l->name);
    for (at += n;;) {
        at += strspn(at, BLANKS);
        if (*at == '\0' || *at == '#')
            return MP_OK;
        const size_t key = strcspn(at, BLANKS "=#");
        if (at[key] != '=' || !is_name(at, key))
            return mp_fail(c, "\"%.*s\": expected key=value", (int)strcspn(at, BLANKS), at);
        char *name = copy(c, at, key);
        const char *from = at, *to = at, *rest = at;
        if (name == NULL)
            return -1;
        if (value_end(c, name, at + key + 1, &from, &to, &rest) < 0) {
            free(name);
            return -1;
        }
        for (int i = 0; i < l->n_settings; i++)
            if (strcmp(l->settings[i].name, name) == 0) {
                mp_fail(c, "%s is given twice", name);
                free(name);
                return -1;
            }
        const bool quoted = at[key + 1] == '"';
        if (add_setting(c, l, name, copy(c, from, (size_t)(to - from)), quoted) < 0)
            return -1;
        at = rest;
    }
}

struct level { int indent; struct mp_line *line; };

/* The line that a line indented by `indent` belongs to; new levels open one deeper. */
static struct mp_line *parent_of(struct mp_ctx *c, struct level *stack, int *depth, int indent)
{
    while (*depth > 0 && indent < stack[*depth].indent)
        (*depth)--;
    if (indent == stack[*depth].indent)
        return stack[*depth].line;
    struct mp_line *above = stack[*depth].line;
    if (*depth + 1 >= MAX_DEPTH || above->n_children == 0) {
        mp_fail(c, above->n_children == 0
                       ? "the first line is indented; it belongs to no line above"
                       : "lines are nested too deep");
        return NULL;
    }
    struct mp_line *last = &above->children[above->n_children - 1];
    if (last->n_children > 0) {
        mp_fail(c, "this indentation fits no line above");
        return NULL;
    }
    (*depth)++;
    stack[*depth] = (struct level){ indent, last };
    return last;
}

static struct mp_line *add_child(struct mp_ctx *c, struct mp_line *parent, int number)
{
    struct mp_line *more =
        realloc(parent->children, (size_t)(parent->n_children + 1) * sizeof *more);
    if (more == NULL) {
        mp_no_memory(c, "lines");
        return NULL;
    }
    parent->children = more;
    struct mp_line *l = &more[parent->n_children++];
    memset(l, 0, sizeof *l);
    l->number = number;
    return l;
}

static int parse_lines(struct mp_ctx *c, char *text, struct mp_script *s)
{
    struct level stack[MAX_DEPTH] = { { 0, &s->root } };
    int depth = 0, number = 0;
    for (char *at = text, *next; at != NULL; at = next) {
        next = strchr(at, '\n');
        if (next != NULL)
            *next++ = '\0';
        mp_ctx_where(c, "%s:%d: ", s->file, ++number);
        if (number > MAX_LINES)
            return mp_fail(c, "more than %d lines", MAX_LINES);
        int indent = 0;
        for (; *at == ' ' || *at == '\t'; at++)
            indent = *at == '\t' ? (indent / 8 + 1) * 8 : indent + 1;
        if (*at == '\0' || *at == '\r' || *at == '#')
            continue;
        struct mp_line *parent = parent_of(c, stack, &depth, indent), *l;
        if (parent == NULL || (l = add_child(c, parent, number)) == NULL ||
            parse_line(c, at, l) < 0)
            return -1;
    }
    return MP_OK;
}

int mp_script_parse(struct mp_ctx *c, const char *file, const char *text, struct mp_script *s)
{
    memset(s, 0, sizeof *s);
    char *own = copy(c, text, strlen(text));
    s->file = copy(c, file, strlen(file));
    if (own == NULL || s->file == NULL || parse_lines(c, own, s) < 0) {
        free(own);
        mp_script_free(s);
        return -1;
    }
    free(own);
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

int mp_script_read(struct mp_ctx *c, const char *file, struct mp_script *s)
{
    memset(s, 0, sizeof *s);
    mp_ctx_where(c, "%s: ", file);
    FILE *f = fopen(file, "rb");
    struct stat st;
    if (f == NULL) {
        const int error = errno;
        char near[300] = "";
        if (error == ENOENT)
            mp_near_file(file, true, near, sizeof near);
        return mp_fail(c, "cannot read: %s%s", strerror(error), near);
    }
    if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
        fclose(f);
        return mp_fail(c, "is a folder; expected a pipeline file");
    }
    char *text = mp_alloc(c, MAX_BYTES + 1, 1);
    const size_t n = text != NULL ? fread(text, 1, MAX_BYTES + 1, f) : 0;
    const bool bad = ferror(f) != 0;
    fclose(f);
    int rc = -1;
    if (text == NULL)
        rc = -1;
    else if (bad)
        mp_fail(c, "cannot read");
    else if (n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        mp_fail(c, "is UTF-16; save it as UTF-8");
    else if (n > MAX_BYTES || memchr(text, '\0', n) != NULL)
        mp_fail(c, "is no pipeline: expected a text of at most 1 MiB, one stage a line");
    else
        rc = mp_script_parse(c, file, text + mp_text_mark(text, n), s);
    free(text);
    return rc;
}

/* ---------------------------------------------------------------- overrides */

/* The k-th line of that name in file order, counting from 1; *seen counts them. */
static struct mp_line *find(struct mp_line *at, const char *name, int k, int *seen)
{
    struct mp_line *found = NULL;
    for (int i = 0; i < at->n_children; i++) {
        struct mp_line *l = &at->children[i], *below;
        if (strcmp(l->name, name) == 0 && ++*seen == k)
            found = l;
        below = find(l, name, k, seen);
        found = below != NULL ? below : found;
    }
    return found;
}

/* Name i of all lines, in file order. */
static const char *nth_name(const struct mp_line *at, int *i)
{
    for (int k = 0; k < at->n_children; k++) {
        if ((*i)-- == 0)
            return at->children[k].name;
        const char *below = nth_name(&at->children[k], i);
        if (below != NULL)
            return below;
    }
    return NULL;
}

static const char *line_name(const void *root, int i)
{
    return nth_name(root, &i);
}

static void no_line(struct mp_ctx *c, const struct mp_script *s, const char *name)
{
    const char *near = mp_nearest(name, line_name, &s->root);
    if (near != NULL)
        mp_usage(c, "%s has no stage \"%s\"; did you mean \"%s\"?", s->file, name, near);
    else
        mp_usage(c, "%s has no stage \"%s\"", s->file, name);
}

/* Line number k (0: the only one) of that name; `rest` follows a name in what is said. */
static struct mp_line *named(struct mp_ctx *c, struct mp_script *s, const char *name, int k,
                             const char *rest)
{
    int seen = 0;
    struct mp_line *l = find(&s->root, name, k > 0 ? k : 1, &seen);
    if (l == NULL && seen > 0)
        mp_usage(c, "%s has %d stage%s \"%s\", not %d", s->file, seen, seen == 1 ? "" : "s", name,
                 k);
    else if (l == NULL)
        no_line(c, s, name);
    else if (k == 0 && seen > 1)
        mp_usage(c, "%s has %d stages \"%s\"; say which: %s#1%s ... %s#%d%s", s->file, seen, name,
                 name, rest, name, seen, rest);
    return k > 0 || seen == 1 ? l : NULL;
}

/* The data line, made in front if the pipeline has none. */
static struct mp_line *data_line(struct mp_ctx *c, struct mp_script *s)
{
    int seen = 0;
    struct mp_line *l = find(&s->root, "data", 1, &seen);
    if (l != NULL || (l = add_child(c, &s->root, 1)) == NULL)
        return l;
    struct mp_line made = *l;
    memmove(s->root.children + 1, s->root.children,
            (size_t)(s->root.n_children - 1) * sizeof made);
    made.name = copy(c, "data", 4);
    s->root.children[0] = made;
    return made.name != NULL ? &s->root.children[0] : NULL;
}

static int set_on(struct mp_ctx *c, struct mp_line *l, const char *key, const char *value,
                  bool literal)
{
    for (const char *at = value; *at != '\0'; at++)
        if (*at == '"' || (iscntrl((unsigned char)*at) && *at != '\t'))
            return mp_usage(c, "%s: a value cannot hold quotes, line breaks or other control "
                               "characters", key);
    char *text = copy(c, value, strlen(value));
    int i = 0;
    if (text == NULL)
        return -1;
    while (i < l->n_settings && strcmp(l->settings[i].name, key) != 0)
        i++;
    if (i == l->n_settings && add_setting(c, l, copy(c, key, strlen(key)), text, literal) < 0)
        return -1;
    struct mp_setting *s = &l->settings[i];
    if (s->value != text)
        free(s->value);
    s->value = text;
    s->literal = literal;
    s->override = true;
    return MP_OK;
}

const struct mp_setting *mp_script_data(const struct mp_script *s, const char *key)
{
    for (int i = 0; i < s->root.n_children; i++)
        for (int k = 0; k < s->root.children[i].n_settings; k++)
            if (strcmp(s->root.children[i].name, "data") == 0 &&
                strcmp(s->root.children[i].settings[k].name, key) == 0)
                return &s->root.children[i].settings[k];
    return NULL;
}

int mp_script_set_data(struct mp_ctx *c, struct mp_script *s, const char *key, const char *value)
{
    struct mp_line *l = data_line(c, s);
    mp_ctx_where(c, "command line: data: ");
    const int rc = l != NULL ? set_on(c, l, key, value, true) : -1;
    mp_ctx_where(c, "%s", "");
    return rc;
}

int mp_script_set(struct mp_ctx *c, struct mp_script *s, const char *text)
{
    char name[64] = "", key[64] = "";
    int k = 0, used = 0;
    mp_ctx_where(c, "--set %s: ", text);
    if (sscanf(text, "%63[A-Za-z0-9_-]#%4d.%63[A-Za-z0-9_-]=%n", name, &k, key, &used) != 3 ||
        !used || k < 1)
        if (k = 0, sscanf(text, "%63[A-Za-z0-9_-].%63[A-Za-z0-9_-]=%n", name, key, &used) != 2 ||
            used == 0)
            return mp_usage(c, "expected STAGE.PARAMETER=VALUE, such as hog.cell=7");
    char rest[72];
    snprintf(rest, sizeof rest, ".%s", key);
    struct mp_line *l = strcmp(name, "data") == 0 ? data_line(c, s)
                                                  : named(c, s, name, k, rest);
    if (l == NULL)
        return -1;
    const int rc = set_on(c, l, key, text + used, false);
    if (rc == MP_OK)
        mp_ctx_where(c, "%s", "");
    return rc;
}

/* ------------------------------------------------------------ lines left out */

/* Counts lines of l's name: *before it (with it), and *all. */
static void count_name(const struct mp_line *at, const struct mp_line *l, int *before, int *all)
{
    for (int i = 0; i < at->n_children; i++) {
        const struct mp_line *k = &at->children[i];
        *all += strcmp(k->name, l->name) == 0;
        if (k == l)
            *before = *all;
        count_name(k, l, before, all);
    }
}

void mp_script_name(const struct mp_script *s, const struct mp_line *l, char *text, size_t size)
{
    int nth = l->nth, of = l->of;
    if (nth == 0)
        count_name(&s->root, l, &nth, &of);
    snprintf(text, size, of > 1 ? "%s#%d" : "%s", l->name, nth);
}

/* Lines keep the numbers that they have before others go. */
static void number(struct mp_script *s, struct mp_line *at)
{
    for (int i = 0; i < at->n_children; i++) {
        count_name(&s->root, &at->children[i], &at->children[i].nth, &at->children[i].of);
        number(s, &at->children[i]);
    }
}

static int mark(struct mp_ctx *c, struct mp_script *s, const char *text)
{
    char name[64] = "";
    int k = 0, short_end = 0, end = 0;
    mp_ctx_where(c, "--drop %s: ", text);
    const int got = sscanf(text, "%63[A-Za-z0-9_-]%n#%4d%n", name, &short_end, &k, &end);
    if (got < 1 || text[got > 1 ? end : short_end] != '\0' || (got > 1 && k < 1))
        return mp_usage(c, "expected a STAGE, such as deskew, or hog#2 if there are several");
    if (strcmp(name, "data") == 0)
        return mp_usage(c, "is no stage; --train and --test change the rows");
    struct mp_line *l = named(c, s, name, k, "");
    if (l == NULL)
        return -1;
    l->dropped = true;
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

static bool is_branch(const struct mp_line *l)
{
    return strcmp(l->name, "branch") == 0;
}

static void remove_child(struct mp_line *at, int i)
{
    line_free(&at->children[i]);
    at->n_children--;
    memmove(&at->children[i], &at->children[i + 1],
            (size_t)(at->n_children - i) * sizeof *at->children);
}

/* The lines of the only branch of child i take the place of that child. */
static int unfork(struct mp_ctx *c, struct mp_line *at, int i)
{
    struct mp_line fork = at->children[i], *branch = &fork.children[0];
    const int more = branch->n_children - 1;
    struct mp_line *room =
        realloc(at->children, (size_t)(at->n_children + more) * sizeof *at->children);
    if (room == NULL)
        return mp_no_memory(c, "lines");
    at->children = room;
    memmove(&room[i + 1 + more], &room[i + 1], (size_t)(at->n_children - i - 1) * sizeof *room);
    memcpy(&room[i], branch->children, (size_t)branch->n_children * sizeof *room);
    at->n_children += more;
    branch->n_children = 0;
    line_free(&fork);
    return MP_OK;
}

/* A branch without lines goes, and with the last branch the line that they belong to. */
static int sweep(struct mp_ctx *c, struct mp_line *at)
{
    for (int i = 0; i < at->n_children;) {
        struct mp_line *l = &at->children[i];
        const int had = l->n_children;
        const bool fork = had > 0 && is_branch(&l->children[0]);
        if (!l->dropped && sweep(c, l) < 0)
            return -1;
        const int left = l->n_children;
        if (l->dropped || (had > 0 && left == 0 && (fork || is_branch(l)))) {
            remove_child(at, i);
        } else if (fork && had > 1 && left == 1 && is_branch(&l->children[0]) &&
                   l->children[0].n_children > 0) { /* else the plan says what is wrong */
            const int lines = l->children[0].n_children;
            if (unfork(c, at, i) < 0)
                return -1;
            i += lines;
        } else {
            i++;
        }
    }
    return MP_OK;
}

int mp_script_drop(struct mp_ctx *c, struct mp_script *s, const char *texts)
{
    if (texts == NULL || *texts == '\0')
        return MP_OK;
    number(s, &s->root);
    for (const char *at = texts; *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        char *one = copy(c, at, n);
        const int rc = one != NULL ? mark(c, s, one) : -1;
        free(one);
        if (rc < 0)
            return -1;
        at += n + (at[n] == '\n');
    }
    return sweep(c, &s->root);
}

/* ------------------------------------------------------------ text again */

static void write_line(FILE *f, const struct mp_line *l, int indent)
{
    fprintf(f, "%*s%s", indent, "", l->name);
    for (int i = 0; i < l->n_settings; i++) {
        const char *v = l->settings[i].value;
        const bool quote = *v == '\0' || (*v == '{' ? l->settings[i].literal
                                                    : strpbrk(v, BLANKS "#") != NULL);
        fprintf(f, quote ? " %s=\"%s\"" : " %s=%s", l->settings[i].name, v);
    }
    fputc('\n', f);
    for (int i = 0; i < l->n_children; i++)
        write_line(f, &l->children[i], indent + 2);
}

char *mp_script_text(struct mp_ctx *c, const struct mp_script *s, bool with_data)
{
    struct mp_text t;
    if (mp_text_open(c, &t) < 0)
        return NULL;
    for (int i = 0; i < s->root.n_children; i++)
        if (with_data || strcmp(s->root.children[i].name, "data") != 0)
            write_line(t.f, &s->root.children[i], 0);
    return mp_text_end(c, &t);
}
