/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - what reading a data set costs, and nothing else.
 *
 *     read FILE [RUNS [THREADS]]
 *
 * Prints a line for every reading, on one thread unless more are given: seconds, bytes in the
 * file, and the CRC-32 of the pixels and labels found, so that others can compare theirs.
 */
#include "core/clock.h"
#include "core/ctx.h"
#include "data/data.h"
#include "formats/read.h"
#include <stdlib.h>

int main(int argc, char **argv)
{
    const struct mp_form any = { .label = NULL };
    struct mp_run run = { .threads = argc == 4 ? atoi(argv[3]) : 1, .quiet = true };
    struct mp_ctx c;
    int rc = MP_OK;
    if (argc < 2 || argc > 4) {
        fputs("usage: read FILE [RUNS [THREADS]]\n", stderr);
        return 2;
    }
    mp_ctx_init(&c, &run);
    for (int i = argc >= 3 ? atoi(argv[2]) : 1; i > 0 && rc == MP_OK; i--) {
        struct mp_data d;
        const double start = mp_seconds();
        rc = mp_data_read(&c, argv[1], NULL, &any, &d);
        if (rc == MP_OK)
            printf("%.6f %llu %u\n", mp_seconds() - start, (unsigned long long)d.file_bytes,
                   (unsigned)d.crc);
        mp_data_free(&d);
    }
    if (rc < 0)
        fprintf(stderr, "read: %s\n", c.msg);
    mp_ctx_free(&c);
    return rc < 0 ? 1 : 0;
}
