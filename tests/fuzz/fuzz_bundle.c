/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_bundle.c - a bundle whose content is hostile and whose checksums are right.
 *
 * Input: a bundle; its header is made to fit what follows, so that the mutations
 * reach the code behind the checksums.  What loads must also apply. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create() */
#endif
#include "core/ctx.h"
#include "engine/bundle.h"
#include "engine/predictions.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { HEADER = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is kept has a class that there is, and a name. */
static void use_kept(const struct mp_bundle *b)
{
    char name[MP_EXEMPLAR_NAME];
    for (size_t i = 0; i < b->kept.n; i++) {
        mp_exemplars_name(&b->kept, i, name);
        if (mp_exemplars_class(&b->kept, i) >= b->n_classes || strchr(name, '\n') != NULL)
            abort();
    }
}

static void use(struct mp_ctx *c, struct mp_bundle *b)
{
    const size_t len = mp_len(b->plan.shape);
    struct mp_data d = { .n = 2, .shape = b->plan.shape, .x = calloc(2, len) };
    struct mp_predictions p;
    if (d.x != NULL && b->plan.has_model && mp_predict(c, &b->plan, &d, &p) == MP_OK)
        mp_predictions_free(&p);
    free(d.x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    struct mp_bundle b;
    char path[64];
    uint64_t length = size > HEADER ? size - HEADER : 0;
    uint8_t *copy = malloc(size + 1);
    const int fd = memfd_create("bundle", 0);
    if (copy == NULL || fd < 0 || length == 0) {
        free(copy);
        if (fd >= 0)
            close(fd);
        return 0;
    }
    mp_ctx_init(&c, &run);
    memcpy(copy, data, size);
    memcpy(copy, "\x89MNP\r\n\x1a\n\x01\0\0\0\x04\x03\x02\x01", 16);
    memcpy(copy + 16, &length, 8);
    uint32_t crc = (uint32_t)crc32_z(0, copy + HEADER, length);
    memcpy(copy + 24, &crc, 4);
    crc = (uint32_t)crc32_z(0, copy, 28);
    memcpy(copy + 28, &crc, 4);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (write(fd, copy, size) == (ssize_t)size &&
        mp_bundle_read(&c, path, &b) == MP_OK) {
        use(&c, &b);
        use_kept(&b);
        mp_bundle_free(&b);
    }
    mp_ctx_free(&c);
    close(fd);
    free(copy);
    return 0;
}
