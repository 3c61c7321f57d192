/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cgroup.h - what control groups, version 1 or 2, allow the process: containers and services
 * are limited by them, and nothing else that a program may ask knows of it. */
#ifndef MP_CGROUP_H
#define MP_CGROUP_H
#include <stddef.h>

/* The least that the process's group and those around it allow.  root: "", or for tests a
 * folder with the files that would be below /. */

/* Bytes; SIZE_MAX: no limit. */
size_t mp_cgroup_memory(const char *root);

/* Processors' time, rounded up to whole processors; INT_MAX: no limit. */
int mp_cgroup_processors(const char *root);
#endif
