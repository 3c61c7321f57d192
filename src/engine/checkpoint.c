/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint.c - how far training has come, in a sealed file beside the results. */
#include "core/ctx.h"
#include "core/ranks.h"
#include "core/state.h"
#include "files/sealed.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_IDENTITY = 1 << 21 };
static const struct mp_seal seal = { .kind = "checkpoint", .oldest = 3, .version = 3,
                                     .magic = { 0x89, 'M', 'N', 'C', '\r', '\n', 0x1a, '\n' } };

static int write_file(struct mp_ctx *c, const struct mp_io *io)
{
    struct mp_output o;
    char *folder = mp_folder_of(c->run->checkpoint.file);
    int rc = folder != NULL ? mp_make_folder(c, folder) : mp_fail(c, "no memory");
    free(folder);
    if (rc == MP_OK)
        rc = mp_output_open(c, &o, c->run->checkpoint.file);
    if (rc < 0)
        return -1;
    mp_sealed_write(&o, &seal, io->buf, io->len);
    return mp_output_commit(c, &o);
}

int mp_checkpoint_save(struct mp_ctx *c, int (*visit)(struct mp_io *io, void *arg), void *arg)
{
    struct mp_io io = { .c = c };
    char *identity = c->run != NULL ? (char *)(uintptr_t)c->run->checkpoint.identity : NULL;
    if (identity == NULL || c->run->checkpoint.file == NULL || mp_rank(c) > 0)
        return MP_OK;
    int rc = mp_io_text(&io, "identity", &identity, MAX_IDENTITY);
    uint64_t place = c->place; /* of several that train, the one that does */
    if (rc == MP_OK)
        rc = mp_io_u64(&io, "place", &place);
    if (rc == MP_OK)
        rc = visit(&io, arg);
    if (rc == MP_OK) {
        struct mp_ctx own; /* what goes wrong is a warning, no failure */
        mp_ctx_init(&own, c->run);
        if (write_file(&own, &io) < 0 && !c->run->checkpoint.failed) {
            c->run->checkpoint.failed = true;
            const bool there = access(c->run->checkpoint.file, F_OK) == 0;
            mp_warn(c, "no checkpoint: %s; training goes on%s", own.msg,
                    there ? ", and the checkpoint before stays" : "");
        }
        mp_ctx_free(&own);
    }
    free(io.buf);
    return rc;
}

/* What rank 0 finds is what all have; 0: there is none. */
static int read_file(struct mp_ctx *c, const char *file, unsigned char **bytes, size_t *size)
{
    const bool reads = mp_rank(c) == 0 && access(file, F_OK) == 0;
    *bytes = NULL;
    *size = 0;
    if (reads)
        *bytes = mp_sealed_read(c, file, &seal, size);
    if (mp_ranks_tell(c, reads && *bytes == NULL ? -1 : MP_OK, size, sizeof *size) < 0)
        return -1;
    if (*size > 0 && *bytes == NULL)
        *bytes = mp_alloc(c, *size, 1);
    if (*size > 0 && mp_ranks_tell(c, *bytes != NULL ? MP_OK : -1, *bytes, *size) < 0)
        return -1;
    return *bytes != NULL;
}

int mp_checkpoint_load(struct mp_ctx *c, int (*visit)(struct mp_io *io, void *arg), void *arg)
{
    const struct mp_run *run = c->run;
    char *identity = NULL;
    unsigned char *bytes;
    size_t size;
    if (run == NULL || !run->checkpoint.resume || run->checkpoint.file == NULL)
        return 0;
    char where[sizeof c->where];
    memcpy(where, c->where, sizeof where);
    mp_ctx_where(c, "%s: ", run->checkpoint.file);
    int rc = read_file(c, run->checkpoint.file, &bytes, &size);
    struct mp_io io = { .c = c, .loading = true, .buf = bytes, .len = size };
    if (rc <= 0) {
        memcpy(c->where, where, sizeof where);
        free(bytes);
        return rc;
    }
    rc = mp_io_text(&io, "identity", &identity, MAX_IDENTITY);
    if (rc == MP_OK && strcmp(identity, run->checkpoint.identity) != 0)
        rc = mp_fail(c, "is of another pipeline, other data or another seed; without --resume the "
                        "run begins anew");
    uint64_t place = 0;
    if (rc == MP_OK)
        rc = mp_io_u64(&io, "place", &place);
    const bool own = place == c->place; /* another stage of the pipeline has its own */
    if (rc == MP_OK && own)
        rc = visit(&io, arg);
    if (rc == MP_OK && own && io.pos != io.len)
        rc = mp_fail(c, "%zu bytes are left over", io.len - io.pos);
    memcpy(c->where, where, sizeof where);
    free(identity);
    free(bytes);
    return rc < 0 ? -1 : own;
}
