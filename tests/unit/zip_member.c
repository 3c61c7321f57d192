/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zip_member.c - what is found in a zip and inflated at once is what libarchive makes of it; where
 * anything is wrong, the same is said as if there were no short way.
 *
 * The archives are those of tests/arrays, by other programs.  SOURCE: the folder of the sources
 * (default .).  Prints TAP.
 */
#include "../tap.h"
#include "core/ctx.h"
#include "core/random.h"
#include "files/archive.h"
#include "files/zip_member.h"
#include "formats/read.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the last one sizes stand behind the members: it is libarchive's. */
static const char *const archives[] = { "alone.npz", "med.npz", "deflated.zip", "idx.zip",
                                        "mac.zip", "bsd.zip" };
enum { ARCHIVES = sizeof archives / sizeof *archives, LARGEST = 4096 };

struct file {
    uint8_t at[LARGEST];
    size_t n;
    char path[300]; /* of a copy */
};

static bool load(struct file *f, const char *name, const char *folder)
{
    const char *source = getenv("SOURCE") != NULL ? getenv("SOURCE") : ".";
    char path[400];
    snprintf(path, sizeof path, "%s/tests/arrays/%s", source, name);
    snprintf(f->path, sizeof f->path, "%s/%s", folder, name);
    FILE *from = fopen(path, "rb");
    f->n = from != NULL ? fread(f->at, 1, sizeof f->at, from) : 0;
    if (from != NULL)
        fclose(from);
    return f->n > 0 && f->n < sizeof f->at;
}

static bool save(const struct file *f)
{
    FILE *to = fopen(f->path, "wb");
    const bool good = to != NULL && fwrite(f->at, 1, f->n, to) == f->n;
    return to != NULL && fclose(to) == 0 && good;
}

/* ------------------------------------------------------------- the same bytes */

/* The member at hand, by the short way and by libarchive. */
static bool same_bytes(struct mp_archive *a, int fd, const char *name)
{
    static uint8_t bytes[LARGEST];
    struct mp_zip_member m;
    struct mp_rows all = { .at = NULL };
    size_t got = 0;
    const bool good = mp_archive_read(a, bytes, sizeof bytes, &got) == MP_OK &&
                      mp_zip_find(fd, name, &m) && m.deflated && m.size == got &&
                      mp_zip_inflate(fd, &m, &all) && all.size == got &&
                      memcmp(all.at, bytes, got) == 0;
    mp_rows_free(&all);
    return good;
}

/* Every member of every archive. */
static void check_members(struct tap *t, struct file *files)
{
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    for (int i = 0; i < ARCHIVES; i++) {
        struct mp_archive *a = NULL;
        struct mp_member m;
        const int fd = open(files[i].path, O_RDONLY | O_CLOEXEC);
        size_t n = 0;
        int rc = mp_archive_open(&c, archives[i], -1, files[i].at, files[i].n, &a);
        while (rc >= 0 && (rc = mp_archive_next(a, &m)) > 0 && same_bytes(a, fd, m.name))
            n++;
        tap_ok(t, i + 1 < ARCHIVES ? rc == 0 && n > 0 : n == 0, "%s: %zu members", archives[i], n);
        mp_archive_close(a);
        close(fd);
    }
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------ what is refused */

static size_t find(const struct file *f, const char *mark)
{
    size_t i = 0;
    while (i + 4 < f->n && memcmp(f->at + i, mark, 4) != 0)
        i++;
    return i;
}

static bool inflates(const struct file *f, const char *name)
{
    struct mp_zip_member m;
    struct mp_rows all = { .at = NULL };
    save(f);
    const int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    const bool good = mp_zip_find(fd, name, &m) && mp_zip_inflate(fd, &m, &all);
    mp_rows_free(&all);
    close(fd);
    return good;
}

/* What the directory says of a member is not so. */
static void check_refused(struct tap *t, struct file *f)
{
    static const struct {
        const char *what;
        bool local; /* in the header before the member, not in the directory */
        int at, add;
    } all[] = {
        { "encrypted", false, 8, 1 }, { "encrypted, as its own header says", true, 6, 1 },
        { "whose sizes follow", false, 8, 8 }, { "of another method", false, 10, 1 },
        { "of two methods", true, 8, -8 }, { "of another checksum", false, 16, 1 },
        { "of two checksums", true, 14, 1 }, { "of two sizes", true, 22, 1 },
        { "packed to two sizes", true, 18, 1 }, { "of two names", true, 30, 1 },
        { "of names of two lengths", true, 26, 1 }, { "of another extra field", true, 28, 1 },
        { "with a byte packed more", false, 20, 1 }, { "with a byte packed less", false, 20, -1 },
        { "with a byte more", false, 24, 1 }, { "with a byte less", false, 24, -1 },
        { "of 3 GiB", false, 27, 0xc0 }, { "that lies elsewhere", false, 42, 1 },
        { "behind the end", false, 45, 0x70 },
    };
    const size_t local = find(f, "PK\3\4"), entry = find(f, "PK\1\2");
    tap_ok(t, inflates(f, "arr_0.npy") && !inflates(f, "arr_1.npy"), "a member has its name");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        uint8_t *at = f->at + (all[i].local ? local : entry) + all[i].at;
        const uint8_t was = *at;
        *at = (uint8_t)(was + all[i].add);
        tap_ok(t, !inflates(f, "arr_0.npy"), "refused: a member %s", all[i].what);
        *at = was;
    }
    for (size_t n = f->n; f->n-- > 0 && !inflates(f, "arr_0.npy");)
        if (f->n == 0) {
            tap_ok(t, true, "refused: cut off anywhere");
            f->n = n;
            return;
        }
    tap_ok(t, false, "cut off to %zu bytes it is read", f->n);
}

/* -------------------------------------------------------- the same is told */

struct told {
    int rc;
    uint32_t crc;
    size_t n;
    char text[1024];
};

/* From the file, or, which has no short way, from memory. */
static struct told told(const struct file *f, bool memory)
{
    const struct mp_form form = { .part = "train" };
    struct mp_run run = { .quiet = true, .threads = 1 };
    struct mp_ctx c;
    struct mp_data d;
    mp_ctx_init(&c, &run);
    struct told told = { .rc = memory ? mp_data_read_memory(&c, f->path, f->at, f->n, &form, &d)
                                      : mp_data_read(&c, f->path, NULL, &form, &d) };
    told.crc = d.crc;
    told.n = d.n;
    snprintf(told.text, sizeof told.text, "%s", c.msg);
    mp_data_free(&d);
    mp_ctx_free(&c);
    return told;
}

/* Each third byte of it is another, once. */
static void check_told(struct tap *t, struct file *f, const char *name)
{
    size_t read = 0, i = 0;
    for (bool same = true; same && i < f->n; i += 3) {
        const uint8_t was = f->at[i];
        f->at[i] = (uint8_t)(was ^ (1 << mp_random_at(7, 0, 0, i) % 8));
        save(f);
        const struct told file = told(f, false), memory = told(f, true);
        same = file.rc == memory.rc && strcmp(file.text, memory.text) == 0 &&
               (file.rc < 0 || (file.crc == memory.crc && file.n == memory.n));
        if (!same) {
            tap_note("byte %zu, %d as %d: %d %s\nmemory: %d %s", i, was, f->at[i], file.rc,
                     file.text, memory.rc, memory.text);
            break;
        }
        read += file.rc == MP_OK;
        f->at[i] = was;
    }
    tap_ok(t, i >= f->n && read > 0 && read < i / 3, "%s: damage is told as ever", name);
}

int main(void)
{
    static struct file files[ARCHIVES];
    char folder[] = "/tmp/zip_member-XXXXXX";
    struct tap t = { 0 };
    if (mkdtemp(folder) == NULL)
        return 1;
    for (int i = 0; i < ARCHIVES; i++)
        if (!load(&files[i], archives[i], folder) || !save(&files[i]))
            tap_ok(&t, false, "%s is there", archives[i]);
    check_members(&t, files);
    check_refused(&t, &files[0]);
    for (int i = 0; i < ARCHIVES; i++)
        check_told(&t, &files[i], archives[i]);
    for (int i = 0; i < ARCHIVES; i++)
        unlink(files[i].path);
    rmdir(folder);
    return tap_end(&t);
}
