/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy_head.c - how an array of NumPy begins.  Reference: numpy.lib.format, version 1.0. */
#include "formats/npy_head.h"
#include <stdio.h>
#include <string.h>

size_t mp_npy_head(unsigned char head[MP_NPY_HEAD], const char *type, const uint64_t *dims,
                   int n_dims)
{
    const char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    char *text = (char *)head + 10;
    const size_t size = MP_NPY_HEAD - 10;
    int n = snprintf(text, size, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                     strcmp(type, "u1") == 0 ? '|' : order, type);
    for (int i = 0; i < n_dims; i++)
        n += snprintf(text + n, size - (size_t)n, i == 0 ? "%llu," : i == 1 ? " %llu" : ", %llu",
                      (unsigned long long)dims[i]);
    n += snprintf(text + n, size - (size_t)n, "), }");

    const size_t whole = (10 + (size_t)n + 1 + 63) / 64 * 64;
    memset(text + n, ' ', whole - 10 - (size_t)n);
    head[whole - 1] = '\n';
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = (unsigned char)(whole - 10);
    head[9] = (unsigned char)((whole - 10) >> 8);
    return whole;
}
