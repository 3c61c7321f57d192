/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cache.c - results of earlier work in a folder, found by what they depend on.
 *
 * A file of the folder, each of a name that nothing else has:
 *   64 hex digits          an entry: a header of one page, then its bytes
 *   64 hex digits.lock     someone computes that entry; removed by the one who held it
 *   .mnistpipe.XXXXXX      an entry being written (output.h)
 *   limit                  the size that the user has set
 * An entry's time of last use is the time of its last change (mtime), set by each
 * reader; access times are not kept by many systems.
 *
 * Cost of reading: a checksum over the bytes, about 1 GB/s. */
#include "cache/cache.h"
#include "files/output.h"
#include "sources/datasets.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { HEADER = 4096, FORM = 1 };
#define DEFAULT_LIMIT ((uint64_t)4 << 30)
static const unsigned char magic[8] = { 0x89, 'M', 'N', 'S', '\r', '\n', 0x1a, '\n' };

/* One page, zeros after the text; the CRC of the header is taken with head_crc 0. */
struct header {
    unsigned char magic[8];
    uint32_t form, order; /* order: 0x01020304 as this machine writes it */
    uint64_t size;        /* of the bytes after the header */
    uint32_t crc, head_crc;
    int64_t made;
    double seconds;
    char key[64], program[64];
    char kind[MP_CACHE_KIND], text[MP_CACHE_TEXT];
};
_Static_assert(sizeof(struct header) <= HEADER, "the header is one page");

struct mp_cache {
    struct mp_run *run;
    char *folder;
    struct mp_key program;
    bool broken; /* writing failed, and was said */
};

struct mp_cache_writer {
    struct mp_cache *s;
    struct mp_key key;
    char *temp;
    int fd, error; /* errno of the first write that failed */
    size_t size;
};

/* ------------------------------------------------------------------ folder */

/* "FOLDER/NAME"; NULL: no memory. */
static char *join(const struct mp_cache *s, const char *name, const char *ending)
{
    const size_t n = strlen(s->folder) + strlen(name) + strlen(ending) + 2;
    char *path = malloc(n);
    if (path != NULL)
        snprintf(path, n, "%s/%s%s", s->folder, name, ending);
    return path;
}

static bool is_key(const char *name, const char *ending)
{
    return strspn(name, "0123456789abcdef") == 64 && strcmp(name + 64, ending) == 0;
}

/* What killed processes have left: locks, and entries half written. */
static void sweep(const struct mp_cache *s)
{
    DIR *dir = opendir(s->folder);
    for (const struct dirent *f; dir != NULL && (f = readdir(dir)) != NULL;) {
        char *path = is_key(f->d_name, ".lock") ? join(s, f->d_name, "") : NULL;
        if (path != NULL)
            mp_remove_unused(path); /* who has just made it looks whether it is still there */
        free(path);
    }
    if (dir != NULL)
        closedir(dir);
    mp_temp_sweep(s->folder);
}

/* Once in a run: the work is done all the same. */
static void give_up(struct mp_cache *s, int error)
{
    struct mp_ctx own;
    if (s->broken)
        return;
    s->broken = true;
    mp_ctx_init(&own, s->run);
    mp_warn(&own, "the cache %s cannot be written: %s; the run goes on without", s->folder,
            strerror(error));
    mp_ctx_free(&own);
}

struct mp_cache *mp_cache_open(struct mp_ctx *c, const char *folder)
{
    char path[PATH_MAX];
    struct mp_ctx own;
    struct mp_cache *s = calloc(1, sizeof *s);
    mp_ctx_init(&own, c->run);
    int rc = s != NULL ? MP_OK : mp_fail(&own, "no memory");
    if (rc == MP_OK)
        rc = *folder != '\0' ? mp_dataset_join(&own, path, sizeof path, "%s", folder)
                             : mp_dataset_folder(&own, "stages", path, sizeof path);
    if (rc == MP_OK && (s->folder = strdup(path)) == NULL)
        rc = mp_fail(&own, "no memory");
    if (rc == MP_OK)
        rc = mp_make_folder(&own, path);
    if (rc == MP_OK) {
        s->run = c->run;
        s->program = mp_program_digest();
        sweep(s);
    } else {
        mp_warn(c, "no cache: %s; the run goes on without", own.msg);
        mp_cache_close(s);
        s = NULL;
    }
    mp_ctx_free(&own);
    return s;
}

void mp_cache_close(struct mp_cache *s)
{
    if (s != NULL)
        free(s->folder);
    free(s);
}

const char *mp_cache_folder(const struct mp_cache *s)
{
    return s->folder;
}

const struct mp_key *mp_cache_program(const struct mp_cache *s)
{
    return &s->program;
}

/* ----------------------------------------------------------------- reading */

static uint32_t head_crc(const struct header *h)
{
    struct header copy = *h;
    copy.head_crc = 0;
    return (uint32_t)crc32_z(0, (const unsigned char *)&copy, sizeof copy);
}

/* Whether this is an entry of that name and that file size, as far as its header says. */
static bool good_header(const struct header *h, const char *name, uint64_t file_size)
{
    return memcmp(h->magic, magic, sizeof magic) == 0 && h->form == FORM &&
           h->order == 0x01020304 && h->head_crc == head_crc(h) && memcmp(h->key, name, 64) == 0 &&
           file_size >= HEADER && h->size == file_size - HEADER;
}

static bool map_entry(const struct mp_key *key, struct mp_lent *e)
{
    struct stat st;
    struct header h;
    if (fstat(e->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < HEADER)
        return false;
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, e->fd, 0);
    if (map == MAP_FAILED)
        return false;
    e->map = map;
    e->map_size = (size_t)st.st_size;
    memcpy(&h, e->map, sizeof h);
    if (!good_header(&h, key->hex, (uint64_t)st.st_size))
        return false;
    e->bytes = (const unsigned char *)e->map + HEADER;
    e->size = (size_t)h.size;
    e->seconds = h.seconds;
    madvise(e->map, e->map_size, MADV_SEQUENTIAL);
    const bool whole = crc32_z(0, e->bytes, e->size) == h.crc;
    madvise(e->map, e->map_size, MADV_NORMAL);
    return whole;
}

bool mp_cache_get(struct mp_cache *s, const struct mp_key *key, struct mp_lent *e)
{
    const struct timespec now[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_NOW } };
    *e = (struct mp_lent){ .fd = -1 };
    char *path = join(s, key->hex, "");
    if (path != NULL)
        e->fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = false;
    if (e->fd >= 0) {
        flock(e->fd, LOCK_SH | LOCK_NB); /* refused while it is being removed: still readable */
        good = map_entry(key, e);
        if (good)
            futimens(e->fd, now); /* refused on a disk that is read only: no harm */
        else
            unlink(path);
    }
    if (!good)
        mp_cache_return(e);
    free(path);
    return good;
}

void mp_cache_return(struct mp_lent *e)
{
    if (e->map != NULL)
        munmap(e->map, e->map_size);
    if (e->fd >= 0)
        close(e->fd);
    *e = (struct mp_lent){ .fd = -1 };
}

/* ----------------------------------------------------------------- writing */

struct mp_cache_writer *mp_cache_begin(struct mp_cache *s, const struct mp_key *key, size_t size)
{
    if (s->broken || size > SIZE_MAX - HEADER || size + HEADER > mp_cache_limit(s, NULL))
        return NULL;
    struct mp_cache_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->s = s;
    w->key = *key;
    w->size = size;
    if ((w->fd = mp_temp_open(s->folder, &w->temp)) < 0) {
        give_up(s, errno);
        free(w);
        return NULL;
    }
    return w;
}

static int write_all(int fd, uint64_t at, const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    while (n > 0) {
        const ssize_t k = pwrite(fd, from, n, (off_t)at);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return k < 0 ? errno : ENOSPC;
        from += k;
        at += (uint64_t)k;
        n -= (size_t)k;
    }
    return 0;
}

void mp_cache_write(struct mp_cache_writer *w, size_t at, const void *bytes, size_t n)
{
    const int error = write_all(w->fd, (uint64_t)HEADER + at, bytes, n);
    if (error != 0)
#pragma omp critical(mp_cache_write)
        w->error = w->error != 0 ? w->error : error;
}

/* Of the bytes as they lie in the file: they came in any order. */
static int sum(struct mp_cache_writer *w, uint32_t *crc)
{
    enum { STEP = 1 << 18 };
    unsigned char *bytes = malloc(STEP);
    *crc = 0;
    int error = bytes == NULL ? ENOMEM : 0;
    for (size_t at = 0; at < w->size && error == 0;) {
        const size_t want = w->size - at < STEP ? w->size - at : STEP;
        const ssize_t k = pread(w->fd, bytes, want, (off_t)(HEADER + at));
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            error = k < 0 ? errno : EIO;
        else
            *crc = (uint32_t)crc32_z(*crc, bytes, (size_t)k);
        at += k > 0 ? (size_t)k : 0;
    }
    free(bytes);
    return error;
}

static int write_header(struct mp_cache_writer *w, const struct mp_cache_about *about)
{
    unsigned char page[HEADER] = { 0 };
    struct header h = { .form = FORM, .order = 0x01020304, .size = w->size, .made = time(NULL),
                        .seconds = about->seconds };
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.key, w->key.hex, sizeof h.key);
    memcpy(h.program, w->s->program.hex, sizeof h.program);
    snprintf(h.kind, sizeof h.kind, "%s", about->kind);
    snprintf(h.text, sizeof h.text, "%s", about->text);
    const int error = sum(w, &h.crc);
    h.head_crc = head_crc(&h);
    memcpy(page, &h, sizeof h);
    return error != 0 ? error : write_all(w->fd, 0, page, sizeof page);
}

void mp_cache_commit(struct mp_cache_writer *w, const struct mp_cache_about *about)
{
    struct mp_cache *s = w->s;
    char *path = join(s, w->key.hex, "");
    int error = w->error;
    if (error == 0)
        error = write_header(w, about);
    if (error == 0 && (path == NULL || fsync(w->fd) != 0 || rename(w->temp, path) != 0))
        error = path == NULL ? ENOMEM : errno;
    if (error == 0)
        w->temp[0] = '\0';
    else
        give_up(s, error);
    free(path);
    mp_cache_abandon(w);
    if (error == 0)
        mp_cache_trim(s, mp_cache_limit(s, NULL), NULL, NULL);
}

void mp_cache_abandon(struct mp_cache_writer *w)
{
    if (w == NULL)
        return;
    if (w->temp[0] != '\0')
        unlink(w->temp);
    close(w->fd);
    free(w->temp);
    free(w);
}

void mp_cache_put(struct mp_cache *s, const struct mp_key *key, const struct mp_cache_about *about,
                  const void *bytes, size_t size)
{
    struct mp_cache_writer *w = mp_cache_begin(s, key, size);
    if (w == NULL)
        return;
    mp_cache_write(w, 0, bytes, size);
    mp_cache_commit(w, about);
}

/* ------------------------------------------------------------------- locks */

bool mp_cache_try(struct mp_cache *s, const struct mp_key *key, struct mp_claim *claim)
{
    *claim = (struct mp_claim){ .fd = -1, .path = join(s, key->hex, ".lock") };
    while (claim->path != NULL && !s->broken) {
        const int fd = open(claim->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return true; /* no lock: the same work may be done twice */
        const bool held = flock(fd, LOCK_EX | LOCK_NB) == 0, other = !held && errno == EWOULDBLOCK;
        if (held && mp_still_named(fd, claim->path)) {
            claim->fd = fd;
            return true;
        }
        close(fd);
        if (!held) {
            mp_cache_release(claim);
            return !other;
        }
    }
    return true;
}

void mp_cache_claim(struct mp_cache *s, struct mp_ctx *c, const struct mp_key *key,
                    struct mp_claim *claim)
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    while (!mp_cache_try(s, key, claim) && !mp_stopped(c))
        nanosleep(&pause, NULL);
}

void mp_cache_release(struct mp_claim *claim)
{
    if (claim->fd >= 0) {
        unlink(claim->path); /* before the lock goes: who waits finds the name gone */
        close(claim->fd);
    }
    free(claim->path);
    *claim = (struct mp_claim){ .fd = -1 };
}

/* ------------------------------------------------------------------ upkeep */

/* What a file says of itself is shown as plain letters: no terminal obeys it. */
static void plain(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 32 || *text > 126)
            *text = '?';
}

static bool read_entry(const struct mp_cache *s, const char *name, struct mp_cache_entry *e)
{
    struct stat st;
    struct header h;
    memset(e, 0, sizeof *e);
    char *path = join(s, name, "");
    const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    free(path);
    if (fd < 0)
        return false;
    const bool there = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    memcpy(e->name, name, 64);
    if (there) {
        e->bytes = (uint64_t)st.st_size;
        e->used = e->made = st.st_mtime;
    }
    if (there && pread(fd, &h, sizeof h, 0) == sizeof h &&
        good_header(&h, name, (uint64_t)st.st_size)) {
        h.kind[sizeof h.kind - 1] = h.text[sizeof h.text - 1] = '\0';
        plain(h.kind);
        plain(h.text);
        memcpy(e->about.kind, h.kind, sizeof h.kind);
        memcpy(e->about.text, h.text, sizeof h.text);
        e->about.seconds = h.seconds;
        e->made = h.made;
        e->ours = memcmp(h.program, s->program.hex, sizeof h.program) == 0;
    } else {
        snprintf(e->about.kind, sizeof e->about.kind, "damaged");
    }
    close(fd);
    return there;
}

static int by_use(const void *a, const void *b)
{
    const struct mp_cache_entry *p = a, *q = b;
    return p->used != q->used ? (p->used < q->used ? 1 : -1) : strcmp(p->name, q->name);
}

int mp_cache_list(struct mp_ctx *c, struct mp_cache *s, struct mp_cache_entry **entries, size_t *n)
{
    DIR *dir = opendir(s->folder);
    size_t room = 0;
    *entries = NULL;
    *n = 0;
    if (dir == NULL)
        return mp_fail(c, "%s: cannot read this folder: %s", s->folder, strerror(errno));
    int rc = MP_OK;
    for (const struct dirent *f; rc == MP_OK && (errno = 0, f = readdir(dir)) != NULL;) {
        struct mp_cache_entry *more = *entries;
        if (!is_key(f->d_name, ""))
            continue;
        if (*n == room)
            more = realloc(*entries, (room = 2 * room + 16) * sizeof *more);
        if (more == NULL) {
            rc = mp_fail(c, "no memory for the list of the cache");
            break;
        }
        *entries = more;
        *n += read_entry(s, f->d_name, &more[*n]);
    }
    if (rc == MP_OK && errno != 0)
        rc = mp_fail(c, "%s: cannot read this folder to its end: %s", s->folder, strerror(errno));
    closedir(dir);
    if (*n > 0)
        qsort(*entries, *n, sizeof **entries, by_use);
    return rc;
}

/* Removes an entry that nobody reads; without locks, readers keep what they have mapped. */
static bool remove_entry(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const bool unused = fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);
    const bool gone = unused && unlink(path) == 0;
    if (fd >= 0)
        close(fd);
    return gone;
}

void mp_cache_trim(struct mp_cache *s, uint64_t limit, size_t *entries, uint64_t *bytes)
{
    struct mp_cache_entry *e;
    struct mp_ctx own;
    size_t n, gone = 0;
    uint64_t all = 0, freed = 0;
    mp_ctx_init(&own, s->run);
    sweep(s);
    if (mp_cache_list(&own, s, &e, &n) < 0)
        n = 0;
    for (size_t i = 0; i < n; i++)
        all += e[i].bytes;
    for (size_t i = n; i > 0 && all - freed > limit; i--) {
        char *path = join(s, e[i - 1].name, "");
        if (path != NULL && remove_entry(path)) {
            freed += e[i - 1].bytes;
            gone++;
        }
        free(path);
    }
    free(e);
    mp_ctx_free(&own);
    if (entries != NULL)
        *entries = gone;
    if (bytes != NULL)
        *bytes = freed;
}

/* -------------------------------------------------------------------- limit */

uint64_t mp_cache_limit(const struct mp_cache *s, bool *set)
{
    struct statvfs v;
    unsigned long long said = 0;
    char *path = join(s, "limit", "");
    FILE *f = path != NULL ? fopen(path, "re") : NULL;
    const bool known = f != NULL && fscanf(f, "%llu", &said) == 1;
    if (f != NULL)
        fclose(f);
    free(path);
    if (set != NULL)
        *set = known;
    if (known || statvfs(s->folder, &v) != 0)
        return known ? said : DEFAULT_LIMIT;
    const uint64_t share = (uint64_t)v.f_bavail * v.f_frsize / 4;
    return share < DEFAULT_LIMIT ? share : DEFAULT_LIMIT;
}

int mp_cache_set_limit(struct mp_ctx *c, struct mp_cache *s, uint64_t bytes)
{
    struct mp_output o;
    char *path = join(s, "limit", "");
    int rc = path != NULL ? mp_output_open(c, &o, path) : mp_fail(c, "no memory");
    free(path);
    if (rc < 0)
        return -1;
    fprintf(o.f, "%llu\n", (unsigned long long)bytes);
    return mp_output_commit(c, &o);
}
