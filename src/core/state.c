/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state.c - states as bytes: one visitor saves and loads.
 *
 * A field is its key (a length byte and the letters), then its value; an array
 * has its element count in front.  Numbers are stored as this machine has them;
 * the bundle's header says which that is.  Loading trusts nothing: a key, a
 * count or a length that differs from what is expected is a failure. */
#include "core/state.h"
#include <stdlib.h>
#include <string.h>

bool mp_io_loading(const struct mp_io *io)
{
    return io->loading;
}

struct mp_ctx *mp_io_ctx(struct mp_io *io)
{
    return io->c;
}

static int raw(struct mp_io *io, void *p, size_t n)
{
    if (io->loading) {
        if (io->len - io->pos < n)
            return mp_fail(io->c, "the state ends too early");
        if (n > 0)
            memcpy(p, io->buf + io->pos, n);
        io->pos += n;
        return MP_OK;
    }
    if (io->cap - io->len < n) {
        const size_t cap = 2 * (io->len + n);
        unsigned char *more = realloc(io->buf, cap);
        if (more == NULL)
            return mp_fail(io->c, "no memory to save %zu bytes of state", cap);
        io->buf = more;
        io->cap = cap;
    }
    if (n > 0)
        memcpy(io->buf + io->len, p, n);
    io->len += n;
    return MP_OK;
}

static int key(struct mp_io *io, const char *want)
{
    unsigned char n = (unsigned char)strlen(want);
    char got[256];
    memcpy(got, want, n);
    if (raw(io, &n, 1) < 0)
        return -1;
    if (n != strlen(want))
        return mp_fail(io->c, "the state has no field \"%s\" where one is expected", want);
    if (raw(io, got, n) < 0)
        return -1;
    if (memcmp(got, want, n) != 0)
        return mp_fail(io->c, "the state has no field \"%s\" where one is expected", want);
    return MP_OK;
}

void mp_io_next(const struct mp_io *io, char name[256])
{
    const size_t n = io->pos < io->len ? io->buf[io->pos] : 0;
    name[0] = '\0';
    if (n == 0 || io->len - io->pos - 1 < n || memchr(io->buf + io->pos + 1, '\0', n) != NULL)
        return;
    memcpy(name, io->buf + io->pos + 1, n);
    name[n] = '\0';
}

int mp_io_u64(struct mp_io *io, const char *k, uint64_t *v)
{
    return key(io, k) < 0 ? -1 : raw(io, v, sizeof *v);
}

int mp_io_f64(struct mp_io *io, const char *k, double *v)
{
    return key(io, k) < 0 ? -1 : raw(io, v, sizeof *v);
}

/* The elements of an array whose length is known. */
static int array(struct mp_io *io, const char *k, void **v, size_t n, size_t size)
{
    uint64_t count = n;
    if (key(io, k) < 0 || raw(io, &count, sizeof count) < 0)
        return -1;
    if (count != n || mp_product(n, size) == SIZE_MAX)
        return mp_fail(io->c, "the state's \"%s\" has %llu values; expected %zu", k,
                       (unsigned long long)count, n);
    if (io->loading) {
        if ((io->len - io->pos) / size < n)
            return mp_fail(io->c, "the state ends too early");
        free(*v);
        *v = mp_alloc(io->c, n, size);
        if (*v == NULL)
            return -1;
    }
    return raw(io, *v, n * size);
}

int mp_io_f64s(struct mp_io *io, const char *k, double **v, size_t n)
{
    void *at = *v;
    const int rc = array(io, k, &at, n, sizeof **v);
    io->values += n;
    *v = at;
    return rc;
}

int mp_io_f32s(struct mp_io *io, const char *k, float **v, size_t n)
{
    void *at = *v;
    const int rc = array(io, k, &at, n, sizeof **v);
    io->values += n;
    *v = at;
    return rc;
}

int mp_io_bytes(struct mp_io *io, const char *k, unsigned char **v, size_t *n)
{
    uint64_t count = *n;
    void *at = *v;
    if (mp_io_u64(io, k, &count) < 0)
        return -1;
    if (io->loading && count > io->len - io->pos)
        return mp_fail(io->c, "the state ends too early");
    *n = (size_t)count;
    const int rc = array(io, k, &at, *n, 1);
    *v = at;
    return rc;
}

int mp_io_text(struct mp_io *io, const char *k, char **v, size_t max)
{
    size_t n = io->loading || *v == NULL ? 0 : strlen(*v);
    unsigned char *bytes = NULL;
    if (!io->loading) {
        bytes = (unsigned char *)*v;
        return mp_io_bytes(io, k, &bytes, &n);
    }
    char *text = NULL;
    if (mp_io_bytes(io, k, &bytes, &n) < 0) {
        free(bytes);
        return -1;
    }
    if (n > max || memchr(bytes, '\0', n) != NULL)
        mp_fail(io->c, "the state's \"%s\" is no text of at most %zu bytes", k, max);
    else if ((text = mp_alloc(io->c, n + 1, 1)) != NULL)
        memcpy(text, bytes, n);
    free(bytes);
    free(*v);
    *v = text;
    return text != NULL ? MP_OK : -1;
}

int mp_state_save(struct mp_ctx *c, const struct mp_stage *s, void *state, struct mp_io *io)
{
    memset(io, 0, sizeof *io);
    io->c = c;
    return s->io(io, state);
}

int mp_state_append(struct mp_io *io, const char *k, const struct mp_stage *s, void *state)
{
    uint64_t count[2] = { 0 };
    size_t at[2];
    for (int i = 0; i < 2; i++) { /* as mp_io_bytes() has it */
        if (mp_io_u64(io, k, &count[i]) < 0)
            return -1;
        at[i] = io->len - sizeof *count;
    }
    const size_t start = io->len;
    if (s->io(io, state) < 0)
        return -1;
    count[0] = io->len - start;
    for (int i = 0; i < 2; i++)
        memcpy(io->buf + at[i], count, sizeof *count);
    return MP_OK;
}

int mp_state_load(struct mp_ctx *c, const struct mp_stage *s, void *state,
                  const unsigned char *buf, size_t len)
{
    struct mp_io io = {
        .c = c, .loading = true, .buf = (unsigned char *)(uintptr_t)buf, .len = len
    };
    if (s->io(&io, state) < 0)
        return -1;
    if (io.pos != io.len)
        return mp_fail(c, "the state has %zu bytes left over", io.len - io.pos);
    return MP_OK;
}
