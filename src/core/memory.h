/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory.h - how much memory there is for rows. */
#ifndef MP_MEMORY_H
#define MP_MEMORY_H
#include <stddef.h>

/* Bytes that the process may still take: the least of what the machine has left without
 * swapping, what its control groups allow and what its own limits do (ulimit -d, -v), less
 * what it has. */
size_t mp_memory_free(void);
#endif
