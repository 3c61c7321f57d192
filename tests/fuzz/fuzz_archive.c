/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_archive.c - what others have packed, and arrays, fed with anything.
 *
 * Every member is read to its end, as pictures would be, and where it can be inflated at once it
 * is the same; then rows are read from the whole, as they come and as training and test part, and
 * once more from a file.  Names lead nowhere else; what is read holds together; a failure is one
 * line.
 */
#include "files/archive.h"
#include "files/zip_member.h"
#include "formats/read.h"
#include "small.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const unsigned fuzz_cost = 8;

static bool leads_out(const char *name)
{
    for (const char *at = strstr(name, ".."); at != NULL; at = strstr(at + 1, ".."))
        if ((at == name || at[-1] == '/') && (at[2] == '\0' || at[2] == '/'))
            return true;
    return name[0] == '/';
}

/* What of the member is inflated at once is what libarchive makes of it. */
static int read_member(struct mp_archive *a, int fd, const char *name)
{
    struct mp_zip_member m;
    struct mp_rows all = { .at = NULL };
    const bool once = mp_zip_find(fd, name, &m) && mp_zip_inflate(fd, &m, &all);
    uint8_t block[4096];
    size_t at = 0, got = sizeof block;
    int rc = MP_OK;
    while (rc == MP_OK && got == sizeof block) {
        rc = mp_archive_read(a, block, sizeof block, &got);
        small_law(!once || rc < 0 ||
                  (got <= all.size - at && memcmp((uint8_t *)all.at + at, block, got) == 0),
                  "inflated at once it is the same");
        at += got;
    }
    small_law(!once || (rc == MP_OK && at == all.size), "inflated at once it is whole");
    mp_rows_free(&all);
    return rc;
}

static void walk(struct mp_ctx *c, const char *path, const uint8_t *bytes, size_t n)
{
    struct mp_archive *a = NULL;
    struct mp_member m;
    uint64_t before = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = mp_archive_open(c, "input", -1, bytes, n, &a);
    while (rc >= 0 && (rc = mp_archive_next(a, &m)) > 0) {
        small_law(!leads_out(m.name), "a name leads nowhere else");
        small_law(before == 0 || m.number >= before, "members are counted");
        before = m.number + 1;
        rc = read_member(a, fd, m.name);
    }
    if (rc < 0)
        small_failed(c);
    mp_archive_close(a);
    close(fd);
}

static void check(const struct mp_data *d)
{
    const size_t len = mp_len(d->shape);
    unsigned sum = 0;
    small_law(d->n > 0 && len > 0 && (d->shape.c == 1 || d->shape.c == 3), "there are images");
    sum += d->x[0] + (unsigned)d->x[d->n * len - 1];
    for (size_t i = 0; d->label != NULL && i < d->n; i++)
        small_law(d->label[i] < d->classes.n && mp_data_class(d, i) != NULL, "classes have names");
    small_law(sum <= 510, "pixels are there");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const parts[] = { NULL, "train", "test" };
    struct mp_run run;
    struct mp_ctx c;
    small_run(&run);
    char path[300];
    snprintf(path, sizeof path, "%s/input", small_folder());
    small_write(path, NULL, 0, bytes, n);
    if (mp_packing(bytes, n, NULL) == MP_PACKED_MEMBERS) {
        mp_ctx_init(&c, &run);
        walk(&c, path, bytes, n);
        mp_ctx_free(&c);
    }
    for (size_t i = 0; i <= sizeof parts / sizeof *parts; i++) {
        const bool file = i == sizeof parts / sizeof *parts;
        const struct mp_form form = { .part = file ? "train" : parts[i] };
        struct mp_data d;
        mp_ctx_init(&c, &run);
        if ((file ? mp_data_read(&c, path, NULL, &form, &d)
                  : mp_data_read_memory(&c, "input", bytes, n, &form, &d)) == MP_OK) {
            check(&d);
            mp_data_free(&d);
        } else {
            small_failed(&c);
            small_law(d.x == NULL && d.label == NULL, "nothing is left over");
        }
        mp_ctx_free(&c);
    }
    return 0;
}
