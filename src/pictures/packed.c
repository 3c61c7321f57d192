/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed.c - the pictures in a zip or tar archive.
 *
 * Archives are read from front to back, pictures in any order and on all threads: so what is in
 * the members is kept, as it is packed in PNG or JPEG, until the rows are made of it. */
#include "core/ctx.h"
#include "files/archive.h"
#include "pictures/album.h"
#include "pictures/bitmap.h"
#include <string.h>

enum { LOOK = 64 /* members from which it is told what an archive holds */, PIECE = 1 << 16 };

/* Most of its first members are called like pictures. */
bool mp_packed_is(const char *path)
{
    struct mp_run run = { .quiet = true };
    struct mp_ctx quiet;
    struct mp_archive *archive;
    struct mp_member m;
    int seen = 0, pictures = 0;
    mp_ctx_init(&quiet, &run);
    if (mp_archive_open(&quiet, path, -1, NULL, 0, &archive) == MP_OK) {
        for (; seen < LOOK && mp_archive_next(archive, &m) > 0; seen++)
            pictures += mp_album_names(m.name);
        mp_archive_close(archive);
    }
    mp_ctx_free(&quiet);
    return 2 * pictures > seen;
}

/* All of a member, behind what is there; *size: its bytes. */
static int take(struct mp_ctx *c, struct mp_archive *archive, struct mp_album *a, size_t at,
                size_t *size)
{
    size_t got = 1;
    for (*size = 0; got > 0; *size += got) {
        const size_t want = at + *size + PIECE;
        if (want > a->packed.size && !mp_rows_resize(&a->packed, 2 * want))
            return mp_no_memory(c, "what is in %s", a->place);
        if (mp_archive_read(archive, (char *)a->packed.at + at + *size, PIECE, &got) < 0)
            return -1;
    }
    return MP_OK;
}

int mp_packed_read(struct mp_ctx *c, const char *path, struct mp_album *a)
{
    struct mp_archive *archive = NULL;
    struct mp_member m;
    size_t at = 0, size = 0;
    int rc = mp_archive_open(c, path, -1, NULL, 0, &archive);
    while (rc >= 0 && (rc = mp_archive_next(archive, &m)) > 0) {
        if (mp_stopped(c))
            rc = mp_fail(c, "interrupted");
        else
            rc = take(c, archive, a, at, &size);
        const uint8_t *bytes = (const uint8_t *)a->packed.at + at;
        if (rc == MP_OK && !mp_album_names(m.name) && !mp_bitmap_known(bytes, size)) {
            mp_album_pass(a, m.name);
            continue;
        }
        if (rc == MP_OK && (rc = mp_album_add(c, a, m.name, NULL)) == MP_OK) {
            a->file[a->n - 1].at = at;
            a->file[a->n - 1].size = size;
            at += size;
        }
    }
    mp_archive_close(archive);
    return rc < 0 ? -1 : MP_OK;
}
