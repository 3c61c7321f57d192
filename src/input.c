/* input.c - a file read in blocks, inflated on the way if it is gzip.
 *
 * Method: one buffer that is refilled when its reader has too few bytes left,
 * so memory does not depend on the size of the file.  Gzip is recognised by
 * its first two bytes and may have several members (RFC 1952, 2.2).  A block
 * is small enough to stay in the second-level cache between read() and reader.
 * Cost: one copy out of the page cache; inflate about 0.3 GB/s.
 */
#include "input.h"
#include "ctx.h"
#include "progress.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, MEMORY_BLOCK = 1 << 12 };

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

/* Up to n bytes of the file as it is on disk, fewer only at its end. */
static int take(struct mp_input *in, uint8_t *to, size_t n, size_t *got)
{
    *got = 0;
    if (in->fd < 0) {
        *got = n < in->memory_left ? n : in->memory_left;
        if (*got > 0)
            memcpy(to, in->memory, *got);
        in->memory += *got;
        in->memory_left -= *got;
    }
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
    const char *why = in->z.msg != NULL ? in->z.msg : "invalid data";
    if (strcmp(why, "incorrect data check") == 0 || strcmp(why, "incorrect length check") == 0)
        return mp_fail(in->c, "%s: the gzip checksum does not match; the file is damaged",
                       in->name);
    return mp_fail(in->c, "%s: gzip data damaged near byte %llu (%s)", in->name,
                   (unsigned long long)(in->taken - in->z.avail_in), why);
}

/* At the border between two members: the next one begins, or the file ends. */
static int next_member(struct mp_input *in)
{
    const uint8_t *b = in->z.next_in;
    if (b[0] != 0x1f)
        return mp_fail(in->c, "%s: found a byte 0x%02x after the gzip data, at byte %llu; "
                       "expected the end or more gzip data", in->name, b[0],
                       (unsigned long long)(in->taken - in->z.avail_in));
    in->in_member = true;
    return inflateReset(&in->z) == Z_OK ? MP_OK : damaged(in);
}

/* Inflates into the n bytes at `to`, at least one unless the file ends. */
static int inflate_some(struct mp_input *in, uint8_t *to, size_t n, size_t *got)
{
    in->z.next_out = to;
    in->z.avail_out = n < BLOCK ? (uInt)n : BLOCK;
    const uInt room = in->z.avail_out;
    while (in->z.avail_out == room) {
        if (in->z.avail_in == 0) {
            size_t k;
            if (take(in, in->raw, in->block, &k) < 0)
                return -1;
            if (k == 0 && in->in_member)
                return mp_fail(in->c, "%s: gzip data ends too early, after %llu bytes; "
                               "the file is cut off", in->name, (unsigned long long)in->taken);
            if (k == 0)
                break;
            in->z.next_in = in->raw;
            in->z.avail_in = (uInt)k;
        }
        if (!in->in_member && next_member(in) < 0)
            return -1;
        const int rc = inflate(&in->z, Z_NO_FLUSH);
        if (rc == Z_STREAM_END)
            in->in_member = false;
        else if (rc == Z_MEM_ERROR)
            return mp_fail(in->c, "%s: no memory to inflate", in->name);
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return damaged(in);
    }
    *got = room - in->z.avail_out;
    return MP_OK;
}

int mp_input_fill(struct mp_input *in, size_t want)
{
    if (in->n - in->at >= want || in->end)
        return MP_OK;
    if (in->at > 0)
        memmove(in->buf, in->buf + in->at, in->n - in->at);
    in->n -= in->at;
    in->at = 0;
    if (want > in->size) {
        if (mp_input_grow(in, &in->buf, want + MP_INPUT_PAD, 1) < 0)
            return -1;
        in->size = want;
    }
    while (in->n < in->size && !in->end) {
        size_t got = 0;
        uint8_t *to = in->buf + in->n;
        const size_t room = in->size - in->n;
        if ((in->gzip ? inflate_some(in, to, room, &got) : take(in, to, room, &got)) < 0)
            return -1;
        in->n += got;
        in->end = got == 0;
    }
    memset(in->buf + in->n, 0, MP_INPUT_PAD);
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

/* The first block has been read as it is on disk: is it gzip? */
static int start_inflating(struct mp_input *in)
{
    if (in->n < 2 || in->buf[0] != 0x1f || in->buf[1] != 0x8b)
        return MP_OK;
    in->raw = in->buf;
    in->z.next_in = in->raw;
    in->z.avail_in = (uInt)in->n;
    in->buf = NULL;
    in->n = 0;
    in->end = false;
    in->gzip = in->in_member = true;
    if (inflateInit2(&in->z, 15 + 16) != Z_OK) {
        in->gzip = false;
        return mp_fail(in->c, "%s: no memory to inflate", in->name);
    }
    if (mp_input_grow(in, &in->buf, in->block + MP_INPUT_PAD, 1) < 0)
        return -1;
    return mp_input_fill(in, 1);
}

static int start(struct mp_input *in, size_t block)
{
    in->block = block;
    if (mp_input_grow(in, &in->buf, block + MP_INPUT_PAD, 1) == MP_OK) {
        in->size = block;
        if (mp_input_fill(in, 1) == MP_OK && start_inflating(in) == MP_OK)
            return MP_OK;
    }
    mp_input_close(in);
    return -1;
}

static int cannot_open(struct mp_ctx *c, const char *file, int error)
{
    if (error == ENOENT)
        return mp_fail(c, "%s: no such file", file);
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
        mp_input_close(in);
        return mp_fail(c, "%s: is a folder; expected a file (CSV or IDX, plain or gzip)", file);
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
    in->memory_left = n;
    in->file_bytes = n;
    return start(in, MEMORY_BLOCK);
}

void mp_input_close(struct mp_input *in)
{
    if (in->fd >= 0) {
        close(in->fd);
        mp_bar_end(bar_of(in));
    }
    if (in->gzip)
        inflateEnd(&in->z);
    free(in->raw);
    free(in->buf);
    in->raw = in->buf = NULL;
    in->gzip = false;
    in->fd = -1;
}
