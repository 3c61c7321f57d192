/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input.c - a file read in blocks, unpacked on the way if it is packed.
 *
 * Method: one buffer that is refilled when its reader has too few bytes left,
 * so memory does not depend on the size of the file.  Gzip is recognised by
 * its first two bytes and may have several members (RFC 1952, 2.2).  A block
 * is small enough to stay in the second-level cache between read() and reader.
 * What a zip has inflated at once (zip_member.h) is the input's own memory, bounded there.
 * What is packed twice, or by another than gzip, is an input that reads from another: `below`.
 * Of a gzip file that is not small a thread inflates ahead, into a few blocks that
 * go round, while the reader works on those before.
 * Cost: one copy out of the page cache, and another of what was inflated; zlib's
 * inflate, 0.3 GB/s.
 */
#include "formats/input.h"
#include "core/ctx.h"
#include "core/progress.h"
#include "core/ranks.h"
#include "files/archive.h"
#include "files/near_file.h"
#include "formats/format.h"
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, MEMORY_BLOCK = 1 << 12, DEEP = 3 /* times that a file may be packed */ };

int mp_input_grow(struct mp_input *in, uint8_t **at, size_t n, size_t size)
{
    struct mp_ctx *c = in->c;
    void *more = NULL;
    if (++c->n_alloc != c->fail_at && n <= PTRDIFF_MAX / size)
        more = realloc(*at, n * size > 0 ? n * size : 1);
    if (more == NULL)
        return mp_fail(c, "%s: no memory for %zu x %zu bytes", in->name, n, size);
    *at = more;
    return MP_OK;
}

static struct mp_bar *bar_of(const struct mp_input *in)
{
    return in->c->run != NULL ? in->c->run->bar : NULL;
}

/* Up to n bytes of the part, on all threads, in pieces whose checksums combine. */
static int take_part(struct mp_input *in, uint8_t *to, size_t n, size_t *got)
{
    enum { PIECES = 64 };
    const int threads = mp_threads(in->c);
    const uint64_t left = in->part.size - in->taken, from = in->part.at + in->taken;
    const size_t all = n < left ? n : (size_t)left;
    const size_t take = all < (size_t)BLOCK * PIECES ? all : (size_t)BLOCK * PIECES;
    const size_t pieces = (take + BLOCK - 1) / BLOCK;
    uLong crc[PIECES];
    bool whole = true;
    if (mp_stopped(in->c))
        return mp_fail(in->c, "interrupted");
#pragma omp parallel for num_threads(threads) reduction(&& : whole) if (pieces > 1)
    for (size_t i = 0; i < pieces; i++) {
        uint8_t *at = to + i * BLOCK;
        const size_t size = take - i * BLOCK < BLOCK ? take - i * BLOCK : BLOCK;
        whole = mp_input_peek(in, from + i * BLOCK, at, size) == size && whole;
        crc[i] = libdeflate_crc32(0, at, size);
    }
    for (size_t i = 0; i < pieces; i++)
        in->sum = (uint32_t)crc32_combine(in->sum, crc[i], (z_off_t)(take - i * BLOCK < BLOCK
                                                                         ? take - i * BLOCK
                                                                         : BLOCK));
    if (!whole)
        return mp_fail(in->c, "%s: cannot read all of it", in->name);
    in->taken += take;
    *got = take;
    mp_bar_add(bar_of(in), (double)take / 1e6);
    return in->taken < in->part.size || in->sum == in->part.crc
               ? MP_OK
               : mp_fail(in->c, "%s: its checksum does not match; the archive is damaged",
                         in->name);
}

/* Up to n bytes of the file as it is on disk, or below, fewer only at its end. */
static int take(struct mp_input *in, uint8_t *to, size_t n, size_t *got)
{
    *got = 0;
    if (in->archive != NULL || in->below != NULL) {
        const int rc = in->archive != NULL ? mp_archive_read(in->archive, to, n, got)
                                           : mp_input_read(in->below, to, n, got);
        in->taken += *got;
        return rc;
    }
    if (in->part.size > 0)
        return take_part(in, to, n, got);
    if (in->fd < 0)
        *got = mp_input_peek(in, in->taken, to, n);
    while (in->fd >= 0 && *got < n) {
        if (mp_stopped(in->c))
            return mp_fail(in->c, "interrupted");
        const ssize_t k = read(in->fd, to + *got, n - *got);
        if (k == 0)
            break;
        if (k < 0 && errno != EINTR)
            return mp_fail(in->c, "%s: cannot read: %s", in->name, strerror(errno));
        if (k > 0)
            *got += (size_t)k;
    }
    in->taken += *got;
    mp_bar_add(bar_of(in), (double)*got / 1e6);
    return MP_OK;
}

static int damaged(struct mp_input *in)
{
    const char *why = in->z->msg != NULL ? in->z->msg : "invalid data";
    if (strcmp(why, "incorrect data check") == 0 || strcmp(why, "incorrect length check") == 0)
        return mp_fail(in->c, "%s: the gzip checksum does not match; the file is damaged",
                       in->name);
    return mp_fail(in->c, "%s: gzip data damaged near byte %llu (%s)", in->name,
                   (unsigned long long)(in->taken - in->z->avail_in), why);
}

/* At the border between two members: the next one begins, or the file ends.  Zeros up to the
 * end are padding, as tapes and block devices have it. */
static int next_member(struct mp_input *in)
{
    while (in->z->avail_in > 0 && *in->z->next_in == 0 && in->inflated > 0) {
        in->z->next_in++;
        in->z->avail_in--;
        in->padded = true;
    }
    if (in->z->avail_in == 0)
        return MP_OK;
    const uint8_t first = *in->z->next_in;
    if (first != 0x1f || in->padded)
        return mp_fail(in->c, "%s: found a byte 0x%02x after the gzip data, at byte %llu; "
                       "expected the end or more gzip data", in->name, first,
                       (unsigned long long)(in->taken - in->z->avail_in));
    in->in_member = true;
    return inflateReset(in->z) == Z_OK ? MP_OK : damaged(in);
}

static int check_ratio(const struct mp_input *in)
{
    if (!mp_archive_far(in->inflated, in->taken))
        return MP_OK;
    return mp_fail(in->c, "%s: unpacks to more than %d MiB, more than %d times what is packed; it "
                   "is not read further", in->name, MP_ARCHIVE_FREE_MIB, MP_ARCHIVE_RATIO);
}

/* Inflates into the n bytes at `to`, at least one unless the file ends. */
static int inflate_some(struct mp_input *in, uint8_t *to, size_t n, size_t *got)
{
    in->z->next_out = to;
    in->z->avail_out = n < BLOCK ? (uInt)n : BLOCK;
    const uInt room = in->z->avail_out;
    while (in->z->avail_out == room) {
        if (in->z->avail_in == 0) {
            size_t k;
            if (take(in, in->raw, in->block, &k) < 0)
                return -1;
            if (k == 0 && in->in_member)
                return mp_fail(in->c, "%s: gzip data ends too early, after %llu bytes; "
                               "the file is cut off", in->name, (unsigned long long)in->taken);
            if (k == 0)
                break;
            in->z->next_in = in->raw;
            in->z->avail_in = (uInt)k;
        }
        if (!in->in_member && next_member(in) < 0)
            return -1;
        if (!in->in_member)
            continue;
        const int rc = inflate(in->z, Z_NO_FLUSH);
        if (rc == Z_STREAM_END)
            in->in_member = false;
        else if (rc == Z_MEM_ERROR)
            return mp_fail(in->c, "%s: no memory to inflate", in->name);
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return damaged(in);
    }
    *got = room - in->z->avail_out;
    in->inflated += *got;
    return check_ratio(in);
}

/* ------------------------------------------------------------- a thread ahead */

enum { SLOTS = 4, LATE = 2 /* refills after which a file counts as not small */ };

struct mp_ahead {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct mp_ctx c;          /* has what went wrong, until the reader gets there */
    struct mp_input source;   /* what is inflated */
    uint8_t *block[SLOTS];
    size_t n[SLOTS], at;      /* bytes in each block; read of the one in hand */
    size_t made, used;        /* blocks so far */
    bool end, quit;
    int rc;
};

static void *work_ahead(void *arg)
{
    struct mp_ahead *a = arg;
    bool go = true;
    while (go) {
        pthread_mutex_lock(&a->lock);
        while (a->made - a->used == SLOTS && !a->quit)
            pthread_cond_wait(&a->changed, &a->lock);
        const size_t slot = a->made % SLOTS;
        go = !a->quit;
        pthread_mutex_unlock(&a->lock);
        size_t n = 0, got = 1;
        int rc = MP_OK;
        while (go && rc == MP_OK && got > 0 && n < BLOCK) {
            rc = inflate_some(&a->source, a->block[slot] + n, BLOCK - n, &got);
            n += rc == MP_OK ? got : 0;
        }
        pthread_mutex_lock(&a->lock);
        a->n[slot] = n;
        a->made++;
        a->rc = rc;
        a->end = got == 0 || rc < 0;
        go = go && !a->end;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

static void free_ahead(struct mp_ahead *a)
{
    for (int i = 0; i < SLOTS; i++)
        free(a->block[i]);
    free(a);
}

static void stop_ahead(struct mp_input *in)
{
    struct mp_ahead *a = in->ahead;
    if (a == NULL)
        return;
    pthread_mutex_lock(&a->lock);
    a->quit = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    inflateEnd(a->source.z);
    free(a->source.z);
    free(a->source.raw);
    free_ahead(a);
    in->ahead = NULL;
}

/* The source goes over to the thread.  Where none can be had, the reader inflates. */
static void start_ahead(struct mp_input *in)
{
    struct mp_ahead *a = calloc(1, sizeof *a);
    bool good = a != NULL;
    for (int i = 0; i < SLOTS && good; i++)
        good = (a->block[i] = malloc(BLOCK)) != NULL;
    if (!good) {
        if (a != NULL)
            free_ahead(a);
        return;
    }
    a->source = *in;
    a->source.c = &a->c;
    mp_ctx_init(&a->c, in->c->run);
    memcpy(a->c.where, in->c->where, sizeof a->c.where);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    if (pthread_create(&a->thread, NULL, work_ahead, a) != 0) {
        free_ahead(a);
        return;
    }
    in->z = NULL;
    in->raw = NULL;
    in->ahead = a;
}

/* Up to n bytes of what was inflated ahead, none at the end. */
static int take_ahead(struct mp_input *in, uint8_t *to, size_t n, size_t *got)
{
    struct mp_ahead *a = in->ahead;
    pthread_mutex_lock(&a->lock);
    while (a->used == a->made && !a->end)
        pthread_cond_wait(&a->changed, &a->lock);
    const bool any = a->used < a->made;
    const size_t slot = a->used % SLOTS;
    pthread_mutex_unlock(&a->lock);
    const size_t left = any ? a->n[slot] - a->at : 0;
    *got = n < left ? n : left;
    memcpy(to, a->block[slot] + a->at, *got);
    a->at += *got;
    if (any && a->at == a->n[slot]) {
        pthread_mutex_lock(&a->lock);
        a->used++;
        a->at = 0;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    if (*got > 0 || a->rc == MP_OK)
        return MP_OK;
    mp_ctx_take(in->c, &a->c);
    return -1;
}

enum { UTF16_ROOM = 4 * MP_UTF16_MOST };

/* Up to n bytes of UTF-8, UTF16_ROOM at least. */
static int take_utf16(struct mp_input *in, uint8_t *to, size_t n, size_t *got)
{
    struct mp_input *below = in->below;
    const size_t most = n / (2 * MP_UTF16_MOST); /* a pair that began before may be whole now */
    *got = 0;
    while (*got == 0) {
        if (mp_input_fill(below, 2) < 0)
            return -1;
        const size_t have = (below->n - below->at) / 2, units = have < most ? have : most;
        if (below->n - below->at == 1)
            return mp_fail(in->c, "%s: UTF-16 that ends within a character; the file is cut off",
                           in->name);
        if (units == 0)
            return MP_OK;
        *got = mp_utf16_text(in->utf16, below->buf + below->at, units, &in->lead, to);
        below->at += 2 * units;
    }
    return MP_OK;
}

static int more(struct mp_input *in, uint8_t *to, size_t n, size_t *got)
{
    if (in->utf16 != MP_UTF16_NONE)
        return take_utf16(in, to, n, got);
    if (!in->gzip)
        return take(in, to, n, got);
    if (in->ahead == NULL && in->fills++ >= LATE && in->fd >= 0 && in->file_bytes > 0 &&
        mp_threads(in->c) > 1)
        start_ahead(in);
    return in->ahead != NULL ? take_ahead(in, to, n, got) : inflate_some(in, to, n, got);
}

int mp_input_fill(struct mp_input *in, size_t want)
{
    if (in->n - in->at >= want || in->end)
        return MP_OK;
    if (in->at > 0)
        memmove(in->buf, in->buf + in->at, in->n - in->at);
    in->n -= in->at;
    in->at = 0;
    const size_t least = in->utf16 != MP_UTF16_NONE ? UTF16_ROOM : 1; /* that can be asked for */
    if (want > in->size - (least - 1)) {
        if (mp_input_grow(in, &in->buf, want + least + MP_INPUT_PAD, 1) < 0)
            return -1;
        in->size = want + least - 1;
    }
    while (in->size - in->n >= least && !in->end) {
        size_t got = 0;
        uint8_t *to = in->buf + in->n;
        const size_t room = in->size - in->n;
        if (more(in, to, room, &got) < 0)
            return -1;
        in->n += got;
        in->end = got == 0;
    }
    memset(in->buf + in->n, 0, MP_INPUT_PAD);
    return MP_OK;
}

int mp_input_read(struct mp_input *in, void *to, size_t n, size_t *got)
{
    const size_t have = in->n - in->at, first = have < n ? have : n;
    memcpy(to, in->buf + in->at, first);
    in->at += first;
    *got = first;
    while (*got < n && !in->end) {
        size_t k = 0;
        if (n - *got < in->size) { /* little: by way of the buffer */
            if (mp_input_fill(in, n - *got) < 0)
                return -1;
            k = in->n < n - *got ? in->n : n - *got;
            memcpy((uint8_t *)to + *got, in->buf, k);
            in->at = k;
        } else if (more(in, (uint8_t *)to + *got, n - *got, &k) < 0) {
            return -1;
        }
        in->end = in->end || k == 0;
        *got += k;
    }
    return MP_OK;
}

int mp_input_byte(struct mp_input *in)
{
    if (in->at == in->n && mp_input_fill(in, 1) < 0)
        return -2;
    return in->at < in->n ? in->buf[in->at++] : -1;
}

int mp_input_drain(struct mp_input *in)
{
    while (in->at < in->n || !in->end) {
        in->at = in->n;
        if (mp_input_fill(in, 1) < 0)
            return -1;
    }
    return MP_OK;
}

uint64_t mp_input_whole(const struct mp_input *in)
{
    const bool plain = !in->gzip && in->archive == NULL && in->below == NULL;
    return plain && in->part.size == 0 ? in->file_bytes : 0;
}

uint64_t mp_input_left(const struct mp_input *in)
{
    const uint64_t whole = !in->gzip && in->part.size > 0 ? in->part.size : mp_input_whole(in);
    return whole > 0 ? whole - mp_input_tell(in) : UINT64_MAX;
}

uint64_t mp_input_tell(const struct mp_input *in)
{
    return in->taken - (in->n - in->at);
}

size_t mp_input_peek(const struct mp_input *in, uint64_t offset, uint8_t *to, size_t n)
{
    size_t got = 0;
    if (in->fd < 0) {
        const uint64_t left = offset < in->file_bytes ? in->file_bytes - offset : 0;
        got = n < left ? n : (size_t)left;
        if (got > 0)
            memcpy(to, in->memory + offset, got);
    }
    while (in->fd >= 0 && got < n) {
        const ssize_t k = pread(in->fd, to + got, n - got, (off_t)(offset + got));
        if (k == 0 || (k < 0 && errno != EINTR))
            break;
        if (k > 0)
            got += (size_t)k;
    }
    return got;
}

int mp_input_seek(struct mp_input *in, uint64_t offset)
{
    in->at = in->n = 0;
    in->end = false;
    in->taken = offset;
    memset(in->buf, 0, MP_INPUT_PAD);
    if (in->fd >= 0 && lseek(in->fd, (off_t)offset, SEEK_SET) < 0)
        return mp_fail(in->c, "%s: cannot read: %s", in->name, strerror(errno));
    return MP_OK;
}

/* ------------------------------------------------------------------ layers */

/* What has been read so far goes below, and `in` begins anew above it. */
static int lift(struct mp_input *in)
{
    struct mp_input *below = mp_alloc(in->c, 1, sizeof *below);
    if (below == NULL)
        return -1;
    *below = *in;
    *in = (struct mp_input){ .c = below->c, .name = below->name, .shape_only = below->shape_only,
                             .file_bytes = below->file_bytes, .below = below, .fd = -1,
                             .block = below->block };
    return MP_OK;
}

static int fill_anew(struct mp_input *in)
{
    in->n = in->at = 0;
    in->end = false;
    if (mp_input_grow(in, &in->buf, in->block + MP_INPUT_PAD, 1) < 0)
        return -1;
    in->size = in->block;
    return mp_input_fill(in, 1);
}

/* Its first block, as it is packed, is in the buffer. */
static int start_inflating(struct mp_input *in)
{
    z_stream *z = mp_alloc(in->c, 1, sizeof *z);
    if (z == NULL)
        return -1;
    if (inflateInit2(z, 15 + 16) != Z_OK) {
        free(z);
        return mp_fail(in->c, "%s: no memory to inflate", in->name);
    }
    in->z = z;
    in->gzip = in->in_member = true;
    in->raw = in->buf;
    z->next_in = in->raw;
    z->avail_in = (uInt)in->n;
    in->buf = NULL;
    return fill_anew(in);
}

static int packed_bytes(void *arg, const uint8_t **bytes, size_t *got)
{
    struct mp_input *in = arg;
    if (mp_input_fill(in, 1) < 0)
        return -1;
    *bytes = in->buf + in->at;
    *got = in->n - in->at;
    in->at = in->n;
    return MP_OK;
}

static int start_unpacking(struct mp_input *in)
{
    in->own_archive = lift(in) == MP_OK;
    if (!in->own_archive ||
        mp_archive_unpack(in->c, in->name, packed_bytes, in->below, &in->archive) < 0)
        return -1;
    return fill_anew(in);
}

/* Text of two bytes a character is read as UTF-8 from here on. */
static int start_utf16(struct mp_input *in)
{
    const enum mp_utf16 order = mp_utf16_is(in->buf, in->n);
    if (order == MP_UTF16_NONE)
        return MP_OK;
    if (lift(in) < 0)
        return -1;
    in->utf16 = order;
    return fill_anew(in);
}

/* Reads the first block, and unpacks for as long as what comes out is packed, too. */
static int begin(struct mp_input *in)
{
    if (fill_anew(in) < 0)
        return -1;
    for (int deep = 0;; deep++) {
        const bool gzip = in->n >= 2 && in->buf[0] == 0x1f && in->buf[1] == 0x8b;
        if (!gzip && mp_packing(in->buf, in->n, NULL) != MP_PACKED_FILE)
            return start_utf16(in);
        if (deep == DEEP)
            return mp_fail(in->c, "%s: is packed more than %d times over; unpack it once", in->name,
                           DEEP);
        if (gzip && in->gzip && (lift(in) < 0 || fill_anew(in) < 0))
            return -1;
        if ((gzip ? start_inflating(in) : start_unpacking(in)) < 0)
            return -1;
    }
}

static int start(struct mp_input *in, size_t block)
{
    in->block = block;
    if (begin(in) == MP_OK)
        return MP_OK;
    mp_input_close(in);
    return -1;
}

static int cannot_open(struct mp_ctx *c, const char *file, int error)
{
    if (error == ENOENT) {
        char near[300];
        mp_near_file(file, false, near, sizeof near);
        return mp_fail(c, "%s: no such file%s", file, near);
    }
    if (error == EACCES)
        return mp_fail(c, "%s: no permission to read it", file);
    return mp_fail(c, "%s: cannot open: %s", file, strerror(error));
}

int mp_input_open(struct mp_ctx *c, struct mp_input *in, const char *file)
{
    memset(in, 0, sizeof *in);
    in->c = c;
    in->name = file;
    in->fd = open(file, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return mp_stopped(c) ? mp_fail(c, "interrupted") : cannot_open(c, file, errno);
    struct stat st = { 0 };
    if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        char names[MP_FORMAT_NAMES];
        mp_input_close(in);
        mp_format_names(false, names, sizeof names);
        return mp_fail(c, "%s: is a folder; expected a file (%s)", file, names);
    }
    in->file_bytes = S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    char what[80];
    const char *slash = strrchr(file, '/');
    snprintf(what, sizeof what, "read %s", slash != NULL ? slash + 1 : file);
    mp_bar_begin(bar_of(in), what, (double)in->file_bytes / 1e6, "MB");
    return start(in, BLOCK);
}

int mp_input_open_memory(struct mp_ctx *c, struct mp_input *in, const char *name,
                         const void *bytes, size_t n)
{
    memset(in, 0, sizeof *in);
    in->c = c;
    in->name = name;
    in->fd = -1;
    in->memory = bytes;
    in->file_bytes = n;
    return start(in, MEMORY_BLOCK);
}

int mp_input_open_member(struct mp_ctx *c, struct mp_input *in, const char *name,
                         struct mp_archive *archive, bool look)
{
    memset(in, 0, sizeof *in);
    in->c = c;
    in->name = name;
    in->fd = -1;
    in->archive = archive;
    return start(in, look ? MEMORY_BLOCK : BLOCK);
}

int mp_input_open_stored(struct mp_ctx *c, struct mp_input *in, const char *name, int fd,
                         const struct mp_zip_member *part)
{
    memset(in, 0, sizeof *in);
    in->c = c;
    in->name = name;
    in->part = *part;
    in->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (in->fd < 0)
        return mp_fail(c, "%s: cannot open: %s", name, strerror(errno));
    return start(in, BLOCK);
}

int mp_input_open_rows(struct mp_ctx *c, struct mp_input *in, const char *name,
                       struct mp_rows *all)
{
    memset(in, 0, sizeof *in);
    in->c = c;
    in->name = name;
    in->fd = -1;
    in->all = *all;
    in->memory = in->all.at;
    in->file_bytes = in->all.size;
    *all = (struct mp_rows){ .at = NULL };
    return start(in, BLOCK);
}

bool mp_input_give(struct mp_input *in, struct mp_rows *to)
{
    const uint64_t at = mp_input_tell(in);
    if (in->all.at == NULL || mp_input_whole(in) != in->all.size)
        return false;
    memmove(in->all.at, in->memory + at, in->all.size - at);
    *to = in->all;
    in->all = (struct mp_rows){ .at = NULL };
    in->memory = NULL;
    in->taken = in->file_bytes;
    in->at = in->n;
    in->end = true;
    return true;
}

bool mp_input_map(struct mp_input *in, struct mp_rows *to)
{
    const uint64_t whole = mp_input_whole(in), at = mp_input_tell(in);
    const bool room = mp_ranks(in->c) == 1 && whole - at < mp_rows_limit();
    if (in->fd < 0 || whole <= at || room || !mp_rows_map(to, in->fd, at, (size_t)(whole - at)))
        return false;
    mp_bar_add(bar_of(in), (double)(whole - in->taken) / 1e6);
    in->taken = whole;
    in->at = in->n;
    in->end = true;
    return true;
}

/* Everything that is still to come, with what is in the buffer. */
static int read_all(struct mp_input *in)
{
    while (in->at < in->n || !in->end) {
        if (!mp_rows_append(&in->all, in->buf + in->at, in->n - in->at))
            return mp_fail(in->c, "%s: no room for what it holds", in->name);
        if (in->all.size > MP_ARCHIVE_MOST)
            return mp_fail(in->c, "%s: holds more than %llu MiB, the most that is taken", in->name,
                           (unsigned long long)(MP_ARCHIVE_MOST >> 20));
        in->at = in->n;
        if (mp_input_fill(in, 1) < 0)
            return -1;
    }
    return MP_OK;
}

int mp_input_archive(struct mp_input *in, struct mp_archive **archive)
{
    const struct mp_input *file = in;
    while (file->below != NULL)
        file = file->below;
    if (file->fd >= 0 && file->file_bytes > 0)
        return mp_archive_open(in->c, in->name, file->fd, NULL, 0, archive);
    if (file->memory != NULL)
        return mp_archive_open(in->c, in->name, -1, file->memory, file->file_bytes, archive);
    *archive = NULL;
    return read_all(in) < 0 ? -1 : mp_archive_open(in->c, in->name, -1, in->all.at, in->all.size,
                                                   archive);
}

void mp_input_close(struct mp_input *in)
{
    stop_ahead(in);
    if (in->z != NULL)
        inflateEnd(in->z);
    if (in->fd >= 0) {
        close(in->fd);
        mp_bar_end(bar_of(in));
    }
    if (in->own_archive)
        mp_archive_close(in->archive);
    mp_rows_free(&in->all);
    if (in->below != NULL)
        mp_input_close(in->below);
    free(in->below);
    free(in->z);
    free(in->raw);
    free(in->buf);
    *in = (struct mp_input){ .fd = -1 };
}
