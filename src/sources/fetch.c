/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fetch.c - downloads that end up whole and checked, or not at all.
 *
 * Bytes go to FILE.part.  Only when their checksum is right are they flushed to
 * disk and renamed to FILE, so FILE is never half a file.  A part that a cut
 * connection or a killed run has left is continued by an HTTP Range request, of
 * any mirror: should the two disagree, the checksum tells, the part is emptied
 * and the mirror is asked once more, from zero.  A mirror that fails for its own
 * reasons (no host, 404, other bytes) is left for the next.
 *
 * Nothing that comes from outside is trusted: http and https only, also after
 * redirects; never more bytes than the table allows; no server may stall us.
 * Checksums are GLib's (SHA-256 about 400 MB/s).  Reference for ranges: RFC 9110, 14.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "sources/fetch.h"
#include "core/ctx.h"
#include "core/library.h"
#include "core/progress.h"
#include "files/output.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* -------------------------------------------------------------- checksums */

/* Whether a file, inflated on the way or not, has these bytes.  Reads no more
 * of it than it should have, however far a hostile file would inflate. */
static bool has_sum(const char *path, const struct mp_sum *want, bool inflated)
{
    if (want->digest[0] == '\0')
        return false;
    gzFile z = inflated ? gzopen(path, "rbe") : NULL;
    const int fd = inflated ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (z == NULL && fd < 0)
        return false;
    GChecksum *sum = g_checksum_new(strlen(want->digest) == 32 ? G_CHECKSUM_MD5
                                                               : G_CHECKSUM_SHA256);
    unsigned char bytes[1 << 16];
    uint64_t size = 0;
    ssize_t n;
    do {
        n = inflated ? gzread(z, bytes, sizeof bytes) : read(fd, bytes, sizeof bytes);
        if (n > 0) {
            g_checksum_update(sum, bytes, n);
            size += (uint64_t)n;
        }
    } while (n > 0 && (want->size == 0 || size <= want->size));
    const bool same = n == 0 && (want->size == 0 || size == want->size) &&
                      strcmp(g_checksum_get_string(sum), want->digest) == 0;
    g_checksum_free(sum);
    if (z != NULL)
        gzclose(z);
    if (fd >= 0)
        close(fd);
    return same;
}

/* As published, or another compression of the same content. */
static bool is_right(const char *path, const struct mp_set_file *f)
{
    return has_sum(path, &f->file, false) || has_sum(path, &f->content, true);
}

/* --------------------------------------------------------------- download */

#ifdef HAVE_LIBCURL
#include <curl/curl.h>

#define CURL_FUNCTIONS(F)                                                                      \
    F(curl_, easy_cleanup) F(curl_, easy_getinfo) F(curl_, easy_init) F(curl_, easy_perform)   \
    F(curl_, easy_setopt) F(curl_, easy_strerror) F(curl_, global_cleanup)                     \
    F(curl_, global_init) F(curl_, version_info)

static struct { CURL_FUNCTIONS(MP_LIBRARY_MEMBER) } curl;
static struct mp_library library = { MP_LIBRARY("libcurl", MP_CURL_SONAME, CURL_FUNCTIONS, curl) };

enum {
    TRIES = 5,            /* of one mirror, as long as it brings us forward */
    CONNECT_SECONDS = 15, /* to connect */
    STALL_SECONDS = 30,   /* at fewer than STALL_BYTES a second: given up */
    STALL_BYTES = 500,
    REDIRECTS = 5,
    MOST = INT_MAX        /* bytes of a file whose size nobody has published */
};

/* One file on its way. */
struct job {
    struct mp_ctx *c;
    const struct mp_set_file *f;
    char part[PATH_MAX];
    int fd;                 /* of the part, open for appending */
    uint64_t at, most;      /* bytes in the part; bytes that may ever be */
    int disk;               /* errno of a write that failed */
    bool too_long;          /* the server wanted to send more than `most` */
    CURL *easy;
    char error[CURL_ERROR_SIZE];
    char why[CURL_ERROR_SIZE]; /* what the mirror did last */
};

bool mp_fetch_version(char *text, size_t size)
{
    const bool loaded = mp_library_loaded(&library);
    snprintf(text, size, "%s",
             loaded ? curl.version_info(CURLVERSION_NOW)->version : LIBCURL_VERSION);
    return loaded;
}

static struct mp_bar *bar_of(const struct mp_ctx *c)
{
    return c->run != NULL ? c->run->bar : NULL;
}

static size_t on_bytes(char *bytes, size_t one, size_t n, void *arg)
{
    struct job *j = arg;
    (void)one; /* always 1 */
    if (n > j->most - j->at) {
        j->too_long = true;
        return 0;
    }
    for (size_t done = 0; done < n;) {
        const ssize_t k = write(j->fd, bytes + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0) {
            j->disk = errno;
            return 0;
        }
        done += (size_t)k;
        j->at += (uint64_t)k;
    }
    return n;
}

/* Called at least once a second, also while nothing comes. */
static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t d, curl_off_t e)
{
    const struct job *j = arg;
    (void)a, (void)b, (void)d, (void)e;
    mp_bar_set(bar_of(j->c), 1e-6 * (double)j->at);
    return mp_stopped(j->c);
}

static int empty_part(struct job *j)
{
    j->at = 0;
    if (ftruncate(j->fd, 0) != 0)
        return mp_fail(j->c, "%s: cannot write: %s", j->part, strerror(errno));
    return MP_OK;
}

static CURL *new_curl(struct job *j)
{
    CURL *easy = curl.easy_init();
    if (easy == NULL)
        return NULL;
    curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(easy, CURLOPT_USERAGENT, "mnistpipe");
#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85 */
    curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    curl.easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    curl.easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl.easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl.easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl.easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    curl.easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
    curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl.easy_setopt(easy, CURLOPT_WRITEDATA, j);
    curl.easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl.easy_setopt(easy, CURLOPT_XFERINFODATA, j);
    curl.easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, j->error);
    return easy;
}

/* Asks for all that the part has not got yet.  Positive: the server says that
 * this was all.  0: it failed, and j->why tells how.  Negative: so did we. */
static int request(struct job *j, const char *url)
{
    const uint64_t had = j->at;
    long status = 0;
    j->too_long = false;
    j->disk = 0;
    j->error[0] = '\0';
    curl.easy_setopt(j->easy, CURLOPT_URL, url);
    curl.easy_setopt(j->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)had);
    const CURLcode code = curl.easy_perform(j->easy);
    curl.easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK)
        return 1;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return mp_fail(j->c, "interrupted; the next `mnistpipe fetch` goes on from here");
    if (j->disk != 0)
        return mp_fail(j->c, "%s: cannot write: %s", j->part, strerror(j->disk));
    if (j->too_long)
        snprintf(j->why, sizeof j->why, "sends more than the %llu bytes expected",
                 (unsigned long long)(j->f->file.size > 0 ? j->f->file.size : j->most));
    else if (code == CURLE_HTTP_RETURNED_ERROR)
        snprintf(j->why, sizeof j->why, "HTTP %ld", status);
    else
        snprintf(j->why, sizeof j->why, "%s",
                 j->error[0] != '\0' ? j->error : curl.easy_strerror(code));
    /* These bytes, or this way of asking, lead nowhere. */
    if ((j->too_long || code == CURLE_RANGE_ERROR) && empty_part(j) < 0)
        return -1;
    return 0;
}

/* Positive: the part is whole and right. */
static int from_mirror(struct job *j, const char *url)
{
    bool restarted = false;
    for (int i = 0; i < TRIES; i++) {
        const uint64_t had = j->at;
        /* A run killed just before the rename left a whole part. */
        const uint64_t size = j->f->file.size;
        const bool whole = had > 0 && (size > 0 ? had == size : is_right(j->part, j->f));
        const int rc = whole ? 1 : request(j, url);
        if (rc < 0)
            return rc;
        if (rc > 0) {
            if (is_right(j->part, j->f))
                return 1;
            if (size == 0 || j->at == size)
                snprintf(j->why, sizeof j->why, "wrong checksum");
            else
                snprintf(j->why, sizeof j->why, "sends %llu bytes, not the %llu expected",
                         (unsigned long long)j->at, (unsigned long long)j->f->file.size);
            if (empty_part(j) < 0)
                return -1;
        }
        /* Again if it brought new bytes before it broke off, and once if older
         * bytes may be to blame, which are gone now. */
        const bool emptied = had > 0 && j->at == 0;
        if (restarted || (!emptied && j->at <= had))
            return 0;
        restarted = emptied;
    }
    return 0;
}

/* Each mirror in turn. */
static int download(struct job *j, const struct mp_dataset *d)
{
    char all[900] = "", url[MP_URL_SIZE + sizeof j->f->name];
    for (int i = 0; i < d->n_mirrors; i++) {
        snprintf(url, sizeof url, "%s/%s", d->mirror[i], j->f->name);
        const int rc = from_mirror(j, url);
        if (rc != 0)
            return rc;
        const size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, "%s%s: %s", i > 0 ? "; " : "", d->mirror[i], j->why);
    }
    if (d->n_mirrors == 0)
        return mp_fail(j->c, "%s: no mirror is known; give one by --mirror URL", j->f->name);
    return mp_fail(j->c, "%s: no mirror gave it: %s", j->f->name, all);
}

/* From the checked part to the file; a crash leaves one or the other. */
static int keep(struct job *j, const char *path, const char *folder)
{
    if (fsync(j->fd) != 0 || rename(j->part, path) != 0)
        return mp_fail(j->c, "%s: cannot write: %s", path, strerror(errno));
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    return MP_FETCHED;
}

static int open_part(struct job *j, const char *path)
{
    struct stat st;
    if (mp_dataset_join(j->c, j->part, sizeof j->part, "%s.part", path) < 0)
        return -1;
    j->fd = open(j->part, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (j->fd < 0 || fstat(j->fd, &st) != 0)
        return mp_fail(j->c, "%s: cannot write: %s", j->part, strerror(errno));
    j->at = (uint64_t)st.st_size;
    const uint64_t file = j->f->file.size, content = j->f->content.size;
    j->most = file > content ? file : content > 0 ? content : MOST;
    return j->at > j->most ? empty_part(j) : MP_OK;
}

static int get(struct mp_ctx *c, const struct mp_dataset *d, int i, const char *path,
               const char *folder)
{
    struct job j = { .c = c, .f = &d->file[i], .fd = -1 };
    char what[64];
    int rc = mp_library_load(c, &library, "downloads") < 0 ? -1 : open_part(&j, path);
    if (rc == MP_OK && curl.global_init(CURL_GLOBAL_DEFAULT) == 0)
        j.easy = new_curl(&j);
    if (rc == MP_OK && j.easy == NULL)
        rc = mp_fail(c, "libcurl does not start");
    if (rc == MP_OK) {
        snprintf(what, sizeof what, "%s:%s", d->name, j.f->role);
        mp_bar_begin(bar_of(c), what, 1e-6 * (double)j.f->file.size, "MB");
        rc = download(&j, d);
        mp_bar_end(bar_of(c));
        if (rc > 0)
            rc = keep(&j, path, folder);
    }
    if (j.easy != NULL) {
        curl.easy_cleanup(j.easy);
        curl.global_cleanup();
    }
    if (j.fd >= 0)
        close(j.fd);
    if (rc < 0 && j.at == 0)
        unlink(j.part); /* nothing in it to go on from */
    return rc;
}

#else /* without libcurl: told what to do by hand */

static int get(struct mp_ctx *c, const struct mp_dataset *d, int i, const char *path,
               const char *folder)
{
    (void)folder;
    return mp_fail(c, "this mnistpipe was built without libcurl and cannot download: install "
                      "libcurl4-openssl-dev and build it again, or put %s%s%s there by hand as %s",
                   d->n_mirrors > 0 ? d->mirror[0] : "", d->n_mirrors > 0 ? "/" : "",
                   d->file[i].name, path);
}

#endif

/* ------------------------------------------------------------------ entry */

int mp_fetch(struct mp_ctx *c, const struct mp_dataset *d, int i, const char *folder)
{
    char path[PATH_MAX];
    struct mp_folder held; /* two runs must not write the same part */
    int rc = MP_OK;
    if (mp_dataset_join(c, path, sizeof path, "%s/%s", folder, d->file[i].name) < 0 ||
        mp_folder_hold(c, &held, folder) < 0)
        return -1;
    if (!is_right(path, &d->file[i])) {
        if (access(path, F_OK) == 0)
            mp_warn(c, "%s: wrong checksum; it will be replaced", path);
        rc = get(c, d, i, path, folder);
    }
    mp_folder_release(&held);
    return rc;
}
