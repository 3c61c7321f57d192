/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arrays.c - arrays and archives by the programs that people write them with are read back equal.
 *
 * tests/arrays/expected.txt, by tests/oracle/arrays.py, has a line for each: name and part, rows,
 * height, width, channels, the CRC-32 of the images by rows, and the labels.  Each is read as a
 * file, from a pipe and, where nothing lies beside it, from memory.
 * SOURCE: the folder of the sources (default .).  Prints TAP.
 */
#include "../tap.h"
#include "core/ctx.h"
#include "formats/read.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { LABELS = 64 };

struct expected {
    char name[100], path[400];
    size_t n;
    struct mp_shape shape;
    unsigned crc;
    int labels, label[LABELS];
};

static bool next(FILE *f, const char *source, struct expected *e)
{
    char labels[400];
    if (fscanf(f, "%99s %zu %d %d %d %x %399s", e->name, &e->n, &e->shape.h, &e->shape.w,
               &e->shape.c, &e->crc, labels) != 7)
        return false;
    snprintf(e->path, sizeof e->path, "%s/tests/arrays/%s", source, e->name);
    e->labels = 0;
    for (char *at = labels; *labels != '-' && *at != '\0' && e->labels < LABELS;) {
        e->label[e->labels++] = (int)strtol(at, &at, 10);
        at += *at == ',';
    }
    return true;
}

static bool same(const struct mp_data *d, const struct expected *e, bool labels)
{
    const size_t size = e->n * mp_len(e->shape);
    if (d->n != e->n || d->shape.h != e->shape.h || d->shape.w != e->shape.w ||
        d->shape.c != e->shape.c || crc32_z(0, d->x, size) != e->crc)
        return false;
    for (int i = 0; labels && i < e->labels; i++)
        if (d->label == NULL || atoi(mp_data_class(d, (size_t)i)) != e->label[i])
            return false;
    return !labels || (d->label != NULL) == (e->labels > 0);
}

static bool reads_file(const struct expected *e, struct mp_form form)
{
    struct mp_run run = { .quiet = true, .threads = 2 };
    struct mp_ctx c;
    struct mp_data d;
    struct mp_shape shape;
    mp_ctx_init(&c, &run);
    const bool good = mp_data_shape(&c, e->path, &form, &shape) == MP_OK &&
                      mp_data_read(&c, e->path, NULL, &form, &d) == MP_OK && same(&d, e, true) &&
                      shape.h == d.shape.h && shape.w == d.shape.w && shape.c == d.shape.c;
    if (!good)
        tap_note("%s", c.msg[0] != '\0' ? c.msg : "other rows or labels");
    mp_data_free(&d);
    mp_ctx_free(&c);
    return good;
}

static bool load(const char *path, uint8_t **bytes, size_t *n)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    const bool good = f != NULL && stat(path, &st) == 0 &&
                      (*bytes = malloc((size_t)st.st_size)) != NULL &&
                      fread(*bytes, 1, (size_t)st.st_size, f) == (size_t)st.st_size;
    *n = good ? (size_t)st.st_size : 0;
    if (f != NULL)
        fclose(f);
    return good;
}

/* What lies beside a file has no name in memory, or in a pipe. */
static bool reads_memory(const struct expected *e, struct mp_form form)
{
    struct mp_run run = { .quiet = true, .threads = 1 };
    struct mp_ctx c;
    struct mp_data d = { .n = 0 };
    uint8_t *bytes = NULL;
    size_t n;
    mp_ctx_init(&c, &run);
    const bool good = load(e->path, &bytes, &n) &&
                      mp_data_read_memory(&c, e->name, bytes, n, &form, &d) == MP_OK &&
                      same(&d, e, d.label != NULL);
    if (!good)
        tap_note("memory: %s", c.msg);
    free(bytes);
    mp_data_free(&d);
    mp_ctx_free(&c);
    return good;
}

struct pipe_job {
    const char *from;
    int to;
};

static void *feed(void *arg)
{
    const struct pipe_job *j = arg;
    uint8_t *bytes = NULL;
    size_t n, at = 0;
    load(j->from, &bytes, &n);
    while (at < n) {
        const ssize_t k = write(j->to, bytes + at, n - at);
        if (k <= 0)
            break;
        at += (size_t)k;
    }
    free(bytes);
    close(j->to);
    return NULL;
}

static bool reads_pipe(const struct expected *e, struct mp_form form)
{
    struct mp_run run = { .quiet = true, .threads = 1 };
    struct mp_ctx c;
    struct mp_data d = { .n = 0 };
    int ends[2];
    char name[64];
    pthread_t thread;
    if (pipe(ends) != 0)
        return false;
    struct pipe_job j = { e->path, ends[1] };
    mp_ctx_init(&c, &run);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    const bool good = pthread_create(&thread, NULL, feed, &j) == 0 &&
                      mp_data_read(&c, name, NULL, &form, &d) == MP_OK &&
                      same(&d, e, d.label != NULL) && pthread_join(thread, NULL) == 0;
    if (!good)
        tap_note("pipe: %s", c.msg);
    close(ends[0]);
    mp_data_free(&d);
    mp_ctx_free(&c);
    return good;
}

int main(void)
{
    static struct expected e;
    const char *source = getenv("SOURCE") != NULL ? getenv("SOURCE") : ".";
    char list[300];
    struct tap t = { 0 };
    snprintf(list, sizeof list, "%s/tests/arrays/expected.txt", source);
    FILE *f = fopen(list, "r");
    while (f != NULL && next(f, source, &e)) {
        const struct mp_form form = { .part = NULL };
        tap_ok(&t, reads_file(&e, form) && (strchr(e.name, ':') != NULL ||
                                            (reads_memory(&e, form) && reads_pipe(&e, form))),
               "%s", e.name);
    }
    tap_ok(&t, t.n >= 90, "all of %s", list);
    if (f != NULL)
        fclose(f);
    return tap_end(&t);
}
