/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shipped.c - files that ship with the program. */
#include "files/shipped.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool mp_shipped(const char *name, char *path, size_t size)
{
    char self[PATH_MAX - 128];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL) {
        *slash = '\0';
        snprintf(path, size, "%s/%s", self, name);
        if (access(path, R_OK) == 0)
            return true;
        snprintf(path, size, "%s/../share/mnistpipe/%s", self, name);
        if (access(path, R_OK) == 0)
            return true;
    }
    snprintf(path, size, "%s/%s", MP_PACKAGE_FOLDER, name);
    return access(path, R_OK) == 0;
}
