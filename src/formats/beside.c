/* SPDX-License-Identifier: GPL-3.0-or-later */
/* beside.c - the file of labels that goes with one of images, by its name. */
#include "formats/beside.h"
#include "core/ctx.h"
#include <ctype.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Puts text behind what is there; `literal`: so that it stands for itself. */
static void put(char *to, size_t size, const char *text, size_t n, bool literal)
{
    size_t at = strlen(to);
    for (size_t i = 0; i < n && at + 3 < size; i++) {
        if (literal && strchr("*?[]\\", text[i]) != NULL)
            to[at++] = '\\';
        to[at++] = text[i];
    }
    to[at] = '\0';
}

/* Where `word` begins a part of the name. */
static const char *find_word(const char *name, const char *word)
{
    const char *at = strstr(name, word);
    while (at != NULL && at > name && isalnum((unsigned char)at[-1]) &&
           isalnum((unsigned char)word[0]))
        at = strstr(at + 1, word);
    return at;
}

bool mp_beside_pattern(const struct mp_format *f, const char *name, int i, char *pattern,
                       size_t size)
{
    for (int k = 0; k < MP_BESIDE && f->beside[k][0] != NULL; k++) {
        const char *word = f->beside[k][0], *to = f->beside[k][1], *at = find_word(name, word);
        if (at == NULL || i-- > 0)
            continue;
        const size_t head = strcspn(to, "%");
        *pattern = '\0';
        put(pattern, size, name, (size_t)(at - name), true);
        put(pattern, size, to, head, false);
        if (to[head] == '%')
            put(pattern, size, at + strlen(word), strlen(at + strlen(word)), true);
        return true;
    }
    return false;
}

static size_t common_end(const char *a, const char *b)
{
    const size_t na = strlen(a), nb = strlen(b);
    size_t n = 0;
    while (n < na && n < nb && a[na - 1 - n] == b[nb - 1 - n])
        n++;
    return n;
}

/* Of the files that match the one whose name ends most like `file`: packed as that is. */
static int best_of(struct mp_ctx *c, const char *pattern, const char *file, char **name)
{
    glob_t found = { 0 };
    size_t best = 0;
    const char *at = NULL;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            struct stat st;
            const char *path = found.gl_pathv[i];
            const bool file_there = stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
            if (file_there && (at == NULL || common_end(path, file) > best)) {
                at = path;
                best = common_end(path, file);
            }
        }
    if (at != NULL && (*name = mp_alloc(c, strlen(at) + 1, 1)) != NULL)
        memcpy(*name, at, strlen(at) + 1);
    const bool failed = at != NULL && *name == NULL;
    globfree(&found);
    return failed ? -1 : MP_OK;
}

int mp_beside_find(struct mp_ctx *c, const struct mp_format *f, const char *file, char **name)
{
    static const char *const places[] = { "", "%s/", "../%s/" };
    const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file;
    char labels[2 * NAME_MAX], pattern[2 * PATH_MAX];
    *name = NULL;
    for (int i = 0; mp_beside_pattern(f, base, i, labels, sizeof labels); i++)
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            char folder[3 * NAME_MAX];
            snprintf(folder, sizeof folder, places[k], labels);
            *pattern = '\0';
            put(pattern, sizeof pattern, file, (size_t)(base - file), true);
            put(pattern, sizeof pattern, folder, strlen(folder), false);
            put(pattern, sizeof pattern, labels, strlen(labels), false);
            if (best_of(c, pattern, file, name) < 0)
                return -1;
            if (*name != NULL)
                return MP_OK;
        }
    return MP_OK;
}
