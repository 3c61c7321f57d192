/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory.h - how much memory there is, and how threads share it. */
#ifndef MP_MEMORY_H
#define MP_MEMORY_H
#include <stdbool.h>
#include <stddef.h>

/* Bytes that the process may still take: the least of what the machine has left without
 * swapping, what its control groups allow and what its own limits do (ulimit -d, -v), less
 * what it has. */
size_t mp_memory_free(void);

/* Whether so many bytes could be had at this moment, of files that are mapped or for data: what
 * others crash without. */
bool mp_memory_has(size_t bytes, bool mapped);

/* The path of the file that is mapped at an address; "": none is.  Signal handlers may ask. */
void mp_memory_file(const void *at, char *path, size_t size);

/* Before threads are started: where the addresses of the process are limited (ulimit -v), its
 * threads share what malloc() gives. */
void mp_memory_share(void);
#endif
