/* SPDX-License-Identifier: GPL-3.0-or-later */
/* near_file.c - the file that a person may have meant. */
#include "near_file.h"
#include "experiment.h"
#include "param.h"
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

/* In the folder, which is called `shown`: the name with .txt, or the nearest; g_free() it.  Of
 * equally near names the first in order of letters. */
static char *in_folder(const char *folder, const char *shown, const char *name, bool pipeline)
{
    struct dirent **at = NULL;
    const int n = scandir(folder, &at, NULL, alphasort);
    GPtrArray *all = g_ptr_array_new();
    for (int i = 0; i < n; i++)
        if (at[i]->d_name[0] != '.')
            g_ptr_array_add(all, at[i]->d_name);
    char *full = g_strconcat(name, pipeline ? ".txt" : "", NULL);
    const char *near = mp_nearest(full, entry, all);
    if (near == NULL && pipeline)
        near = mp_nearest(name, entry, all);
    char *path = near == NULL              ? NULL
                 : strcmp(shown, ".") == 0 ? g_strdup(near)
                                           : g_build_filename(shown, near, NULL);
    for (int i = 0; i < n; i++)
        free(at[i]);
    free(at);
    g_free(full);
    g_ptr_array_free(all, TRUE);
    return path;
}

void mp_near_file(const char *file, bool pipeline, char *text, size_t size)
{
    char *folder = g_path_get_dirname(file), *name = g_path_get_basename(file);
    char *path = in_folder(folder, folder, name, pipeline), shipped[PATH_MAX];
    if (path == NULL && pipeline && mp_shipped("pipelines", shipped, sizeof shipped))
        path = in_folder(shipped, "pipelines", name, true);
    text[0] = '\0';
    if (path != NULL && strlen(path) + 32 < size)
        g_snprintf(text, size, "; did you mean %s?", path);
    g_free(path);
    g_free(folder);
    g_free(name);
}
