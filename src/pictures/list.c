/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list.c - a list of pictures: a CSV whose header has `file`, and `label` if they have one.
 *
 * Separated by the first of , ; and tab in the header; quotes as in RFC 4180.  Names are relative
 * to the folder of the list; other columns are left alone. */
#include "core/ctx.h"
#include "core/text.h"
#include "pictures/album.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 1024 };

static const char *const file_names[] = { "file", "filename", "path", "image", NULL };
static const char *const label_names[] = { "label", "class", "target", NULL };

/* One line of a text that ends with a 0: its cells, without quotes and blanks around. */
struct line {
    char *cell[COLUMNS];
    int n;
    char separator;
};

static char *trimmed(char *from, char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
        to--;
    *to = '\0';
    return from;
}

/* A cell in quotes, from behind the first: moves its text over the quotes that are doubled.
 * NULL: it never ends. */
static char *quoted(char **at)
{
    char *from = *at, *to = *at, *cell = *at;
    while (*from != '\0' && (*from != '"' || from[1] == '"')) {
        from += *from == '"';
        *to++ = *from++;
    }
    if (*from == '\0')
        return NULL;
    *at = from + 1;
    *to = '\0';
    return cell;
}

/* Cuts the line at *at into cells and goes on behind it.  False: a quote is not closed, or there
 * are more cells than anybody writes. */
static bool cut(char **at, struct line *l)
{
    const char ends[] = { l->separator, '\n', '\0' };
    char *p = *at;
    for (l->n = 0; l->n < COLUMNS;) {
        p += strspn(p, " ");
        char *first = p, *cell = NULL;
        if (*p == '"') {
            p++;
            if ((cell = quoted(&p)) == NULL)
                return false;
        }
        p += strcspn(p, ends);
        const char end = *p;
        l->cell[l->n++] = cell != NULL ? cell : trimmed(first, p);
        p += end != '\0';
        if (end != l->separator) {
            *at = p;
            return true;
        }
    }
    return false;
}

static int column(const struct line *l, const char *const *names)
{
    for (int k = 0; names[k] != NULL; k++)
        for (int i = 0; i < l->n; i++)
            if (strcasecmp(l->cell[i], names[k]) == 0)
                return i;
    return -1;
}

static char separator_of(const char *line)
{
    const char *at = line + strcspn(line, ",;\t\n");
    return *at == '\0' || *at == '\n' ? ',' : *at;
}

/* "pixel7", "12", "3x4": a column of pixels, in tables that may have names of files besides. */
static bool is_pixel(const char *name)
{
    return strncasecmp(name, "pixel", 5) == 0 || strspn(name, "0123456789x") == strlen(name);
}

bool mp_list_is(const char *head, size_t n)
{
    struct line l;
    char *text = malloc(n + 1), *at;
    bool is = false;
    if (text != NULL) {
        memcpy(text, head, n);
        text[n] = '\0';
        at = text + mp_text_mark(text, strlen(text));
        l.separator = separator_of(at);
        is = strlen(text) == n && cut(&at, &l) && column(&l, file_names) >= 0;
        for (int i = 0; i < l.n && is; i++)
            is = !is_pixel(l.cell[i]);
    }
    free(text);
    return is;
}

/* All of a file as a text. */
static char *read_text(struct mp_ctx *c, const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *text = NULL;
    if (fd < 0 || fstat(fd, &st) != 0)
        mp_fail(c, "%s: cannot read: %s", path, strerror(errno));
    else if ((text = malloc((size_t)st.st_size + 1)) == NULL)
        mp_no_memory(c, "%s", path);
    size_t n = 0;
    for (ssize_t k = 1; text != NULL && k > 0 && n < (size_t)st.st_size; n += k > 0 ? (size_t)k : 0)
        k = read(fd, text + n, (size_t)st.st_size - n);
    if (text != NULL) {
        text[n] = '\0';
        if (strlen(text) < n) {
            mp_fail(c, "%s: found a byte 0x00 in it, expected the text of a list", path);
            free(text);
            text = NULL;
        }
    }
    if (fd >= 0)
        close(fd);
    return text;
}

/* Which column has the labels; -1: none. */
static int label_column(struct mp_ctx *c, const char *path, const char *label, const struct line *l)
{
    if (strcmp(label, "none") == 0 || strcmp(label, "prefix") == 0)
        return -1;
    if (*label == '\0')
        return column(l, label_names);
    const char *const name[] = { label, NULL };
    char *end;
    const long number = strtol(label, &end, 10);
    int at = column(l, name);
    if (at < 0 && *end == '\0' && number >= 1 && number <= l->n)
        at = (int)number - 1;
    if (at < 0 && strcmp(label, "first") == 0)
        at = 0;
    if (at < 0 && strcmp(label, "last") == 0)
        at = l->n - 1;
    return at >= 0 ? at : mp_fail(c, "%s: label=%s: the list has no such column", path, label);
}

static int read_lines(struct mp_ctx *c, const char *path, char *at, const char *label,
                      struct mp_album *a)
{
    struct line l = { .separator = separator_of(at) };
    if (!cut(&at, &l))
        return mp_fail(c, "%s: line 1: a quote is not closed", path);
    const int file = column(&l, file_names), columns = l.n, of = label_column(c, path, label, &l);
    if (c->msg[0] != '\0')
        return -1;
    for (unsigned long number = 2; *at != '\0'; number++) {
        if (!cut(&at, &l))
            return mp_fail(c, "%s: line %lu: a quote is not closed", path, number);
        if (l.n == 1 && *l.cell[0] == '\0')
            continue;
        if (l.n != columns)
            return mp_fail(c, "%s: line %lu: found %d column%s, expected %d as in line 1", path,
                           number, l.n, l.n == 1 ? "" : "s", columns);
        if (*l.cell[file] == '\0' || (of >= 0 && *l.cell[of] == '\0'))
            return mp_fail(c, "%s: line %lu: has no %s", path, number,
                           *l.cell[file] == '\0' ? "file" : "label");
        if (mp_album_add(c, a, l.cell[file], of >= 0 ? l.cell[of] : NULL) < 0)
            return -1;
    }
    a->labelled = of >= 0;
    return a->n > 0 ? MP_OK : mp_fail(c, "%s: lists no pictures", path);
}

int mp_list_read(struct mp_ctx *c, const char *path, const char *label, struct mp_album *a)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup("."),
         *text = folder != NULL ? read_text(c, path) : NULL;
    int rc = folder == NULL ? mp_no_memory(c, "%s", path) : text == NULL ? -1 : MP_OK;
    if (rc == MP_OK && (a->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        rc = mp_fail(c, "%s: cannot open its folder: %s", path, strerror(errno));
    if (rc == MP_OK)
        rc = read_lines(c, path, text + mp_text_mark(text, strlen(text)), label, a);
    free(text);
    free(folder);
    return rc;
}
