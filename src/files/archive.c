/* SPDX-License-Identifier: GPL-3.0-or-later */
/* archive.c - what others have packed, unpacked by libarchive.
 *
 * Method: libarchive hands out blocks where they lie in its own buffer, so that what a zip
 * stores costs one checksum and one copy.  Which formats it may look for is told by the first
 * bytes: of its thirty no other gets a chance.  Names are taken as UTF-8, whatever the locale.
 * Reference: PKWARE APPNOTE.TXT 6.3; POSIX.1-2008, pax. */
#include "files/archive.h"
#include "config.h"
#include "core/ctx.h"
#include "core/library.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARCHIVE_FUNCTIONS(F)                                                                   \
    F(archive_, entry_filetype) F(archive_, entry_hardlink) F(archive_, entry_is_data_encrypted) \
    F(archive_, entry_is_metadata_encrypted) F(archive_, entry_pathname)                       \
    F(archive_, entry_pathname_utf8) F(archive_, entry_size) F(archive_, entry_size_is_set)    \
    F(archive_, error_string) F(archive_, filter_bytes)                     \
    F(archive_, read_data_block) F(archive_, read_free) F(archive_, read_new)                  \
    F(archive_, read_next_header) F(archive_, read_open) F(archive_, read_open_fd)             \
    F(archive_, read_open_filename) F(archive_, read_open_memory) F(archive_, set_error)       \
    F(archive_, read_support_filter_bzip2) F(archive_, read_support_filter_gzip)               \
    F(archive_, read_support_filter_lz4) F(archive_, read_support_filter_xz)                   \
    F(archive_, read_support_filter_zstd)                                                      \
    F(archive_, read_support_format_raw) F(archive_, read_support_format_tar)                  \
    F(archive_, read_support_format_zip) F(archive_, version_string)

static struct { ARCHIVE_FUNCTIONS(MP_LIBRARY_MEMBER) } lib;
static struct mp_library library = { MP_LIBRARY("libarchive", MP_ARCHIVE_SONAME,
                                                ARCHIVE_FUNCTIONS, lib) };

enum { BLOCK = 1 << 18, SHOWN = 120 };

struct mp_archive {
    struct mp_ctx *c;
    const char *file;
    struct archive *at;
    locale_t locale;          /* in which names are UTF-8; 0: there is none */
    const uint8_t *block;     /* of the member at hand, not yet read */
    size_t left;
    int64_t place;            /* in the member, of what comes next */
    uint64_t members, unpacked, packed; /* packed: before the member at hand */
    bool end;                 /* of the member */
    char name[SHOWN + 1];     /* of the member; "": a file packed for itself */
    int (*read)(void *arg, const uint8_t **bytes, size_t *got);
    void *arg;
};

bool mp_archive_version(char *text, size_t size)
{
    const bool loaded = mp_library_loaded(&library);
    const char *version = loaded ? lib.version_string() : ARCHIVE_VERSION_STRING;
    snprintf(text, size, "%s", version + strcspn(version, "0123456789"));
    return loaded;
}

enum mp_packing mp_packing(const uint8_t *p, size_t n, const char **name)
{
    static const struct {
        const char *name, *magic;
        size_t at, n;
        enum mp_packing packing;
    } all[] = {
        { "zip", "PK\3\4", 0, 4, MP_PACKED_MEMBERS },
        { "zip", "PK\5\6", 0, 4, MP_PACKED_MEMBERS }, /* an empty one */
        { "tar", "ustar", 257, 5, MP_PACKED_MEMBERS },
        { "bzip2", "BZh", 0, 3, MP_PACKED_FILE },
        { "xz", "\xfd" "7zXZ", 0, 6, MP_PACKED_FILE },
        { "zstd", "\x28\xb5\x2f\xfd", 0, 4, MP_PACKED_FILE },
        { "lz4", "\x04\x22\x4d\x18", 0, 4, MP_PACKED_FILE },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (n >= all[i].at + all[i].n && memcmp(p + all[i].at, all[i].magic, all[i].n) == 0) {
            if (name != NULL)
                *name = all[i].name;
            return all[i].packing;
        }
    return MP_UNPACKED;
}

/* ----------------------------------------------------------------- messages */

/* libarchive's reason, as far as its first line goes. */
static int damaged(struct mp_archive *a)
{
    const char *why = lib.error_string(a->at);
    if (a->c->msg[0] != '\0') /* where its bytes come from has said it */
        return -1;
    why = why != NULL ? why : "no reason is known";
    const int n = (int)strcspn(why, "\n");
    if (a->name[0] == '\0')
        return mp_fail(a->c, "%s: cannot be unpacked, damaged or cut off (%.*s)", a->file, n, why);
    return mp_fail(a->c, "%s: member \"%s\" cannot be unpacked, damaged or cut off (%.*s)", a->file,
                   a->name, n, why);
}

static int no_memory(struct mp_ctx *c, const char *file)
{
    return mp_no_memory(c, "%s: unpacking", file);
}

/* ------------------------------------------------------------------ opening */

static struct mp_archive *new_archive(struct mp_ctx *c, const char *file)
{
    if (mp_library_load(c, &library, "packed files") < 0)
        return NULL;
    struct mp_archive *a = mp_alloc(c, 1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->c = c;
    a->file = file;
    a->at = lib.read_new();
    if (a->at == NULL) {
        no_memory(c, file);
        free(a);
        return NULL;
    }
    a->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return a;
}

void mp_archive_close(struct mp_archive *a)
{
    if (a == NULL)
        return;
    lib.read_free(a->at);
    if (a->locale != (locale_t)0)
        freelocale(a->locale);
    free(a);
}

/* Hands it out if libarchive took it. */
static int opened(struct mp_archive *a, int rc, struct mp_archive **out)
{
    if (rc == ARCHIVE_OK) {
        *out = a;
        return MP_OK;
    }
    damaged(a);
    mp_archive_close(a);
    return -1;
}

/* Other than ARCHIVE_OK: a program would be started to do it, which is not what we want. */
static int filters(struct archive *at)
{
    int rc = lib.read_support_filter_bzip2(at);
    rc = rc == ARCHIVE_OK ? lib.read_support_filter_xz(at) : rc;
    rc = rc == ARCHIVE_OK ? lib.read_support_filter_zstd(at) : rc;
    return rc == ARCHIVE_OK ? lib.read_support_filter_lz4(at) : rc;
}

int mp_archive_open(struct mp_ctx *c, const char *file, int fd, const void *memory, size_t n,
                    struct mp_archive **out)
{
    *out = NULL;
    struct mp_archive *a = new_archive(c, file);
    if (a == NULL)
        return -1;
    int rc = filters(a->at);
    rc = rc == ARCHIVE_OK ? lib.read_support_filter_gzip(a->at) : rc;
    rc = rc == ARCHIVE_OK ? lib.read_support_format_zip(a->at) : rc;
    rc = rc == ARCHIVE_OK ? lib.read_support_format_tar(a->at) : rc;
    if (rc != ARCHIVE_OK)
        return opened(a, rc, out);
    if (memory != NULL)
        return opened(a, lib.read_open_memory(a->at, memory, n), out);
    if (fd < 0)
        return opened(a, lib.read_open_filename(a->at, file, BLOCK), out);
    if (lseek(fd, 0, SEEK_SET) < 0) {
        mp_archive_close(a);
        return mp_fail(c, "%s: cannot read: %s", file, strerror(errno));
    }
    return opened(a, lib.read_open_fd(a->at, fd, BLOCK), out);
}

static la_ssize_t take(struct archive *at, void *arg, const void **block)
{
    struct mp_archive *a = arg;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    if (a->read(a->arg, &bytes, &got) < 0) {
        lib.set_error(at, EIO, "%s", "cannot read");
        return -1;
    }
    *block = bytes;
    return (la_ssize_t)got;
}

int mp_archive_unpack(struct mp_ctx *c, const char *file,
                      int (*read)(void *arg, const uint8_t **bytes, size_t *got), void *arg,
                      struct mp_archive **out)
{
    struct archive_entry *entry = NULL;
    *out = NULL;
    struct mp_archive *a = new_archive(c, file);
    if (a == NULL)
        return -1;
    a->read = read;
    a->arg = arg;
    lib.read_support_format_raw(a->at);
    int rc = filters(a->at);
    rc = rc == ARCHIVE_OK ? lib.read_open(a->at, a, NULL, take, NULL) : rc;
    rc = rc == ARCHIVE_OK ? lib.read_next_header(a->at, &entry) : rc;
    return opened(a, rc, out);
}

/* ------------------------------------------------------------------ members */

/* Whether some part of the path begins so. */
static bool any_part(const char *path, const char *with, bool whole)
{
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        const size_t n = strcspn(at, "/");
        if (n >= strlen(with) && strncmp(at, with, strlen(with)) == 0 &&
            (!whole || n == strlen(with)))
            return true;
    }
    return false;
}

/* "./" in front of names is tar's habit. */
static const char *plain(const char *path)
{
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return path;
}

static const char *name_of(struct archive_entry *entry)
{
    const char *name = lib.entry_pathname_utf8(entry);
    return name != NULL ? name : lib.entry_pathname(entry);
}

/* Fails for what cannot be meant well. */
static int check_member(struct mp_archive *a, struct archive_entry *entry, const char *path)
{
    const bool link = lib.entry_hardlink(entry) != NULL || lib.entry_filetype(entry) == AE_IFLNK;
    if (*path == '/' || strchr(path, '\\') != NULL || any_part(path, "..", true))
        return mp_fail(a->c, "%s: has a member \"%s\", whose name leads out of the archive; such "
                       "an archive is not read", a->file, a->name);
    if (link)
        return mp_fail(a->c, "%s: member \"%s\" is a link; pack the file itself", a->file, a->name);
    if (lib.entry_is_data_encrypted(entry) || lib.entry_is_metadata_encrypted(entry))
        return mp_fail(a->c, "%s: member \"%s\" is encrypted; unpack the archive with its "
                       "password, and give what is in it", a->file, a->name);
    return MP_OK;
}

static int next(struct mp_archive *a, struct mp_member *m)
{
    struct archive_entry *entry = NULL;
    for (;;) {
        a->name[0] = '\0';
        const int rc = lib.read_next_header(a->at, &entry);
        if (rc == ARCHIVE_EOF)
            return 0;
        if (rc < ARCHIVE_WARN) /* a warning is of a name in letters that are not known */
            return damaged(a);
        const char *name = name_of(entry);
        *m = (struct mp_member){ .name = name != NULL ? name : "", .size = UINT64_MAX,
                                 .number = a->members++ };
        if (name == NULL) {
            snprintf(a->name, sizeof a->name, "%llu", (unsigned long long)m->number);
            return mp_fail(a->c, "%s: member %s has no name that can be read", a->file, a->name);
        }
        snprintf(a->name, sizeof a->name, "%s", name);
        m->name = plain(m->name);
        if (check_member(a, entry, name) < 0)
            return -1;
        if (lib.entry_filetype(entry) != AE_IFREG || any_part(m->name, ".", false) ||
            any_part(m->name, "__MACOSX", true))
            continue;
        if (lib.entry_size_is_set(entry))
            m->size = (uint64_t)lib.entry_size(entry);
        return 1;
    }
}

int mp_archive_next(struct mp_archive *a, struct mp_member *m)
{
    locale_t was = a->locale != (locale_t)0 ? uselocale(a->locale) : (locale_t)0;
    const int rc = next(a, m);
    if (was != (locale_t)0)
        uselocale(was);
    a->left = 0;
    a->place = 0;
    a->end = false;
    a->unpacked = 0;
    a->packed = (uint64_t)lib.filter_bytes(a->at, -1);
    return rc;
}

bool mp_archive_far(uint64_t size, uint64_t packed)
{
    return size > (uint64_t)MP_ARCHIVE_FREE_MIB << 20 && size / MP_ARCHIVE_RATIO > packed;
}

static int check_limits(struct mp_archive *a)
{
    const uint64_t packed = (uint64_t)lib.filter_bytes(a->at, -1) - a->packed + BLOCK;
    const bool far = mp_archive_far(a->unpacked, packed);
    if (!far && a->unpacked <= MP_ARCHIVE_MOST)
        return MP_OK;
    char member[SHOWN + 16] = "", why[80] = "the most that is taken";
    if (a->name[0] != '\0')
        snprintf(member, sizeof member, "member \"%s\" ", a->name);
    if (far)
        snprintf(why, sizeof why, "more than %d times what is packed", MP_ARCHIVE_RATIO);
    return mp_fail(a->c, "%s: %sunpacks to more than %llu MiB, %s; it is not read further",
                   a->file, member,
                   (unsigned long long)(far ? MP_ARCHIVE_FREE_MIB : MP_ARCHIVE_MOST >> 20), why);
}

/* Brings the next block of the member; a->end where there is none. */
static int next_block(struct mp_archive *a)
{
    const void *block = NULL;
    la_int64_t offset = 0;
    if (mp_stopped(a->c))
        return mp_fail(a->c, "interrupted");
    const int rc = lib.read_data_block(a->at, &block, &a->left, &offset);
    if (rc == ARCHIVE_EOF) {
        a->left = 0;
        a->end = true;
        return MP_OK;
    }
    if (rc != ARCHIVE_OK)
        return damaged(a);
    if (offset != a->place)
        return mp_fail(a->c, "%s: member \"%s\" has holes, which is not read", a->file, a->name);
    a->block = block;
    a->place += (int64_t)a->left;
    a->unpacked += a->left;
    return check_limits(a);
}

int mp_archive_read(struct mp_archive *a, void *to, size_t n, size_t *got)
{
    *got = 0;
    while (*got < n && !a->end) {
        if (a->left == 0 && next_block(a) < 0)
            return -1;
        const size_t k = a->left < n - *got ? a->left : n - *got;
        if (k == 0) /* at the end there is no block */
            continue;
        memcpy((uint8_t *)to + *got, a->block, k);
        a->block += k;
        a->left -= k;
        *got += k;
    }
    return MP_OK;
}
