/* SPDX-License-Identifier: GPL-3.0-or-later */
/* near_file.c - the file that a person may have meant. */
#include "files/near_file.h"
#include "core/param.h"
#include "files/shipped.h"
#include <dirent.h>
#include <glib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *entry(const void *names, int i)
{
    const GPtrArray *all = names;
    return i < (int)all->len ? all->pdata[i] : NULL;
}

/* In the folder, which is called `shown`: of the names with the same ending that with the
 * nearest stem, of equals the first in order of letters; g_free() it. */
static char *in_folder(const char *folder, const char *shown, const char *stem, const char *ending)
{
    struct dirent **at = NULL;
    const int n = scandir(folder, &at, NULL, alphasort);
    GPtrArray *stems = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < n; i++) {
        const size_t length = strlen(at[i]->d_name), rest = strlen(ending);
        if (at[i]->d_name[0] != '.' && length > rest && g_str_has_suffix(at[i]->d_name, ending))
            g_ptr_array_add(stems, g_strndup(at[i]->d_name, length - rest));
        free(at[i]);
    }
    free(at);
    const char *near = mp_nearest(stem, entry, stems);
    char *name = near != NULL ? g_strconcat(near, ending, NULL) : NULL;
    char *path = name != NULL && strcmp(shown, ".") != 0 ? g_build_filename(shown, name, NULL)
                                                         : g_strdup(name);
    g_free(name);
    g_ptr_array_free(stems, TRUE);
    return path;
}

void mp_near_file(const char *file, bool pipeline, char *text, size_t size)
{
    char *folder = g_path_get_dirname(file), *stem = g_path_get_basename(file);
    char *dot = strrchr(stem, '.'), shipped[PATH_MAX];
    char *ending = g_strdup(dot != NULL ? dot : pipeline ? ".txt" : "");
    if (dot != NULL)
        *dot = '\0';
    char *path = in_folder(folder, folder, stem, ending);
    if (path == NULL && pipeline && mp_shipped("pipelines", shipped, sizeof shipped))
        path = in_folder(shipped, "pipelines", stem, ending);
    text[0] = '\0';
    if (path != NULL && strlen(path) + 32 < size)
        g_snprintf(text, size, "; did you mean %s?", path);
    g_free(path);
    g_free(ending);
    g_free(stem);
    g_free(folder);
}
