/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cache.c - the store of results: what is put is got, what is damaged is gone, the size
 * is kept, and any number of processes may do all of that at once. */
#include "../tap.h"
#include "cache/cache.h"
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct mp_cache_about about = { "state", "deskew | svm C=1", 2.5 };

struct heard {
    int warnings;
    char last[256];
};

static void hear(void *arg, const char *text)
{
    struct heard *h = arg;
    h->warnings++;
    snprintf(h->last, sizeof h->last, "%s", text);
}

static struct mp_key key_of(uint64_t i)
{
    struct mp_digest d;
    mp_digest_begin(&d);
    mp_digest_number(&d, i);
    return mp_digest_end(&d);
}

/* What entry i has to hold: its length and every byte follow from i. */
static size_t content(uint64_t i, unsigned char *bytes, size_t most)
{
    const size_t n = (size_t)(i * 7919 % most);
    for (size_t k = 0; k < n; k++)
        bytes[k] = (unsigned char)(i * 31 + k * 7 + (k >> 8));
    return n;
}

enum { MOST = 20000 };

static void put(struct mp_cache *s, uint64_t i)
{
    static const struct mp_cache_about a = { "rows", "blur", 0.25 };
    unsigned char bytes[MOST];
    const struct mp_key key = key_of(i);
    const size_t n = content(i, bytes, MOST);
    mp_cache_put(s, &key, &a, bytes, n);
}

/* 1: there and right; 0: not there; -1: wrong. */
static int get(struct mp_cache *s, uint64_t i)
{
    unsigned char bytes[MOST];
    struct mp_lent e;
    const struct mp_key key = key_of(i);
    const size_t n = content(i, bytes, MOST);
    if (!mp_cache_get(s, &key, &e))
        return 0;
    const int good = e.size == n && memcmp(e.bytes, bytes, n) == 0 ? 1 : -1;
    mp_cache_return(&e);
    return good;
}

static void path_of(const struct mp_cache *s, uint64_t i, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", mp_cache_folder(s), key_of(i).hex);
}

static void change(const char *path, off_t at, unsigned char byte)
{
    unsigned char was = 0;
    const int fd = open(path, O_RDWR);
    if (fd < 0 || pread(fd, &was, 1, at) != 1 || (was ^= byte, pwrite(fd, &was, 1, at) != 1))
        tap_note("cannot change %s", path);
    close(fd);
}

static void test_digest(struct tap *t)
{
    struct mp_digest d;
    struct mp_key k[4];
    mp_digest_begin(&d);
    mp_digest_text(&d, "abc");
    /* printf 't\3\0\0\0\0\0\0\0abc' | sha256sum */
    tap_ok(t, strcmp(mp_digest_end(&d).hex,
                     "d19d84b7750c1e7b9eb7ce6773ca6a32d5d3dfa2edc0b7cf3ecbf5a603093429") == 0,
           "a digest is the SHA-256 of kind, length and bytes");
    for (int i = 0; i < 4; i++) {
        mp_digest_begin(&d);
        mp_digest_text(&d, i == 1 ? "a" : "ab");
        if (i == 1)
            mp_digest_text(&d, "bc");
        else if (i == 2)
            mp_digest_bytes(&d, "c", 1);
        else
            mp_digest_text(&d, "c");
        k[i] = mp_digest_end(&d);
    }
    tap_ok(t, strcmp(k[0].hex, k[3].hex) == 0 && strlen(k[0].hex) == 64, "equal pieces, one key");
    tap_ok(t, strcmp(k[0].hex, k[1].hex) != 0, "cut elsewhere: another key");
    tap_ok(t, strcmp(k[0].hex, k[2].hex) != 0, "of another kind: another key");
}

static void test_store(struct tap *t, struct mp_cache *s)
{
    char path[PATH_MAX];
    struct mp_lent e;
    int right = 0;
    tap_ok(t, get(s, 1) == 0, "nothing is there at first");
    for (uint64_t i = 0; i < 20; i++)
        put(s, i);
    for (uint64_t i = 0; i < 20; i++)
        right += get(s, i) == 1;
    tap_ok(t, right == 20, "what was put is got, an entry without bytes too");
    const struct mp_key key = key_of(3);
    tap_ok(t, mp_cache_get(s, &key, &e) && e.seconds == 0.25, "it says how long it took");
    mp_cache_return(&e);
    static const struct { off_t at; const char *what; } damage[] = {
        { 0, "kind" }, { 8, "form" }, { 12, "byte order" }, { 16, "length" }, { 24, "checksum" },
        { 28, "header's checksum" }, { 48, "key" }, { 200, "text" }, { 4096, "first byte" },
        { 4096 + 3 * 7919 % MOST - 1, "last byte" },
    };
    path_of(s, 3, path, sizeof path);
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        change(path, damage[i].at, 1);
        const bool absent = get(s, 3) == 0, gone = access(path, F_OK) != 0;
        put(s, 3);
        tap_ok(t, absent && gone && get(s, 3) == 1, "%s damaged: absent, removed, made anew",
               damage[i].what);
    }
    const long cuts[] = { 0, 10, 4095, 4096, 4097 };
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        const bool cut = truncate(path, cuts[i]) == 0;
        const bool absent = get(s, 3) == 0 && access(path, F_OK) != 0;
        put(s, 3);
        tap_ok(t, cut && absent && get(s, 3) == 1, "cut after %ld bytes: absent, removed", cuts[i]);
    }
    char other[PATH_MAX];
    path_of(s, 1000, other, sizeof other);
    tap_ok(t, link(path, other) == 0 && get(s, 1000) == 0 && get(s, 3) == 1,
           "under the name of another key: absent");
}

static void test_pieces(struct tap *t, struct mp_cache *s)
{
    unsigned char bytes[MOST];
    const uint64_t i = 12345;
    const size_t n = content(i, bytes, MOST);
    const struct mp_key key = key_of(i);
    struct mp_cache_writer *w = mp_cache_begin(s, &key, n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(4)
    for (size_t k = 0; k < n; k += 100)
        mp_cache_write(w, k, bytes + k, n - k < 100 ? n - k : 100);
    tap_ok(t, get(s, i) == 0, "an entry being written is not there");
    mp_cache_commit(w, &about);
    tap_ok(t, get(s, i) == 1, "written in pieces by four threads");
    w = mp_cache_begin(s, &key, n);
    mp_cache_abandon(w);
    tap_ok(t, get(s, i) == 1, "an abandoned writer changes nothing");
}

static void set_used(const struct mp_cache *s, uint64_t i, time_t when)
{
    char path[PATH_MAX];
    const struct timespec at[2] = { { .tv_sec = when }, { .tv_sec = when } };
    path_of(s, i, path, sizeof path);
    if (utimensat(AT_FDCWD, path, at, 0) != 0)
        tap_note("cannot date %s", path);
}

static void test_limit(struct tap *t, struct mp_ctx *c, struct mp_cache *s)
{
    unsigned char bytes[MOST];
    struct mp_cache_entry *e;
    struct mp_lent lent;
    size_t n, gone;
    uint64_t all = 0, freed;
    bool set;
    mp_cache_trim(s, 0, NULL, NULL);
    tap_ok(t, mp_cache_list(c, s, &e, &n) == MP_OK && n == 0, "limit 0 leaves nothing");
    free(e);
    mp_cache_limit(s, &set);
    tap_ok(t, !set, "no limit is set at first");
    for (uint64_t i = 1; i <= 10; i++) {
        put(s, i);
        set_used(s, i, (time_t)(1000000 + 10 * i));
    }
    tap_ok(t, get(s, 2) == 1, "entry 2 is used");
    const struct mp_key key = key_of(3);
    tap_ok(t, mp_cache_get(s, &key, &lent), "entry 3 is in use");
    set_used(s, 3, 1000000);
    tap_ok(t, mp_cache_list(c, s, &e, &n) == MP_OK && n == 10 &&
                  strcmp(e[0].name, key_of(2).hex) == 0 && strcmp(e[9].name, key.hex) == 0 &&
                  e[0].ours && strcmp(e[0].about.text, "blur") == 0 &&
                  strcmp(e[0].about.kind, "rows") == 0,
           "the list: last used first");
    for (size_t i = 0; i < n; i++)
        all += e[i].bytes;
    const uint64_t most = all - e[8].bytes - e[7].bytes; /* without 1 and 4 */
    free(e);
    mp_cache_trim(s, most, &gone, &freed);
    tap_ok(t, gone == 2 && all - freed <= most && get(s, 1) == 0 && get(s, 4) == 0 &&
                  get(s, 2) == 1 && get(s, 5) == 1,
           "what was used longest ago goes, and no more than needed");
    tap_ok(t, get(s, 3) == 1, "what is in use stays");
    mp_cache_return(&lent);
    tap_ok(t, mp_cache_set_limit(c, s, 30000) == MP_OK && mp_cache_limit(s, &set) == 30000 && set,
           "a limit is kept");
    for (uint64_t i = 100; i < 130; i++)
        put(s, i);
    tap_ok(t, mp_cache_list(c, s, &e, &n) == MP_OK && n > 0, "entries under a limit");
    all = 0;
    for (size_t i = 0; i < n; i++)
        all += e[i].bytes;
    free(e);
    tap_ok(t, all <= 30000, "each put keeps the limit");
    tap_ok(t, mp_cache_begin(s, &key, 26000) == NULL && content(1, bytes, MOST) > 0,
           "what is larger than the limit is not kept");
    mp_cache_set_limit(c, s, (uint64_t)1 << 30);
}

/* A writer that is killed leaves a part: the next trim removes it. */
static void test_left_over(struct tap *t, struct mp_cache *s)
{
    const struct mp_key key = key_of(777);
    char path[PATH_MAX];
    const pid_t child = fork();
    if (child == 0) {
        struct mp_ctx own;
        struct mp_claim claim;
        mp_ctx_init(&own, NULL);
        mp_cache_claim(s, &own, &key, &claim);
        struct mp_cache_writer *w = mp_cache_begin(s, &key, 5000);
        mp_cache_write(w, 0, "half", 4);
        _exit(w == NULL || claim.fd < 0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    tap_ok(t, status == 0 && !mp_cache_get(s, &key, &(struct mp_lent){ .fd = -1 }),
           "a writer that dies leaves no entry");
    struct mp_ctx own;
    struct mp_claim claim;
    mp_ctx_init(&own, NULL);
    mp_cache_claim(s, &own, &key, &claim);
    tap_ok(t, claim.fd >= 0, "nor does its lock hold");
    mp_cache_release(&claim);
    snprintf(path, sizeof path, "%s/%s.lock", mp_cache_folder(s), key.hex);
    tap_ok(t, access(path, F_OK) != 0, "a lock released leaves no file");
    mp_cache_trim(s, UINT64_MAX, NULL, NULL);
    snprintf(path, sizeof path, "test -z \"$(ls -A '%s' | grep mnistpipe)\"", mp_cache_folder(s));
    tap_ok(t, system(path) == 0, "what it left is swept");
}

/* Puts, gets and trims of a few keys, in no order; the status tells what went wrong. */
static int hammer(struct mp_cache *s, unsigned seed, int turns)
{
    struct mp_ctx own;
    mp_ctx_init(&own, NULL);
    for (int i = 0; i < turns; i++) {
        seed = seed * 1103515245u + 12345u;
        const uint64_t k = 500 + (seed >> 16) % 6;
        const struct mp_key key = key_of(k);
        struct mp_claim claim;
        switch ((seed >> 8) % 8) {
        case 0:
            mp_cache_trim(s, 30000, NULL, NULL);
            break;
        case 1:
            mp_cache_claim(s, &own, &key, &claim);
            if (get(s, k) == 0)
                put(s, k);
            mp_cache_release(&claim);
            break;
        case 2:
        case 3:
            put(s, k);
            break;
        default:
            if (get(s, k) < 0)
                return 1;
        }
    }
    return 0;
}

static void test_hammer(struct tap *t, struct mp_cache *s)
{
    enum { N = 8 };
    pid_t child[N];
    int good = 0;
    for (unsigned i = 0; i < N; i++)
        if ((child[i] = fork()) == 0)
            _exit(hammer(s, i + 1, 150));
    for (int i = 0; i < N; i++) {
        int status = -1;
        waitpid(child[i], &status, 0);
        good += status == 0;
    }
    tap_ok(t, good == N, "eight processes at once never read a wrong byte");
}

/* Adds to a counter in a file, slowly; without the lock, turns are lost. */
static void test_claims(struct tap *t, struct mp_cache *s)
{
    enum { N = 4, TURNS = 10 };
    char path[PATH_MAX];
    pid_t child[N];
    int count = 0;
    snprintf(path, sizeof path, "%s/counter", mp_cache_folder(s));
    const int fd = open(path, O_RDWR | O_CREAT, 0666);
    bool good = pwrite(fd, &count, sizeof count, 0) == sizeof count;
    for (int i = 0; i < N; i++)
        if ((child[i] = fork()) == 0) {
            const struct mp_key key = key_of(42);
            struct mp_ctx own;
            mp_ctx_init(&own, NULL);
            for (int k = 0; k < TURNS; k++) {
                struct mp_claim claim;
                mp_cache_claim(s, &own, &key, &claim);
                good = good && pread(fd, &count, sizeof count, 0) == sizeof count;
                usleep(1000);
                count++;
                good = good && pwrite(fd, &count, sizeof count, 0) == sizeof count;
                mp_cache_release(&claim);
            }
            _exit(!good);
        }
    for (int i = 0; i < N; i++) {
        int status = -1;
        waitpid(child[i], &status, 0);
        good = good && status == 0;
    }
    good = pread(fd, &count, sizeof count, 0) == sizeof count && good;
    tap_ok(t, good && count == N * TURNS, "one holds a claim at a time");
    close(fd);
    unlink(path);
}

static void test_unwritable(struct tap *t, struct mp_ctx *c, struct heard *heard, char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/file", folder);
    close(open(path, O_WRONLY | O_CREAT, 0666));
    heard->warnings = 0;
    tap_ok(t, mp_cache_open(c, path) == NULL && heard->warnings == 1 &&
                  strstr(heard->last, "no cache: ") == heard->last,
           "a file in its place: no cache, one warning");
    unlink(path);
    snprintf(path, sizeof path, "%s/gone", folder);
    struct mp_cache *s = mp_cache_open(c, path);
    rmdir(path);
    heard->warnings = 0;
    put(s, 1);
    put(s, 2);
    tap_ok(t, heard->warnings == 1 && strstr(heard->last, "the run goes on without") != NULL,
           "a folder that cannot be written: one warning for all puts");
    tap_ok(t, get(s, 1) == 0, "and nothing is there");
    mp_cache_close(s);
}

/* A disk that is full, as far as this process can tell. */
static void test_full(struct tap *t, struct mp_ctx *c, struct heard *heard, const char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/full", folder);
    struct mp_cache *s = mp_cache_open(c, path);
    const pid_t child = s != NULL ? fork() : -1;
    if (child == 0) {
        const struct rlimit most = { 6000, 6000 };
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &most);
        heard->warnings = 0;
        put(s, 2); /* 15838 bytes */
        put(s, 2);
        _exit(heard->warnings != 1 || get(s, 2) != 0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    tap_ok(t, status == 0, "a full disk: one warning, no entry");
    tap_ok(t, s != NULL && rmdir(path) == 0, "and nothing is left of it");
    mp_cache_close(s);
}

int main(void)
{
    struct tap t = { 0 };
    struct heard heard = { 0 };
    struct mp_run run = { .warnings = { hear, &heard } };
    struct mp_ctx c;
    char folder[] = "/tmp/mnistpipe-cache.XXXXXX", path[PATH_MAX], command[PATH_MAX];
    mp_ctx_init(&c, &run);
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/a/b", folder);
    struct mp_cache *s = mp_cache_open(&c, path);
    test_digest(&t);
    if (tap_ok(&t, s != NULL, "opens, and makes its folder")) {
        test_store(&t, s);
        test_pieces(&t, s);
        test_limit(&t, &c, s);
        test_left_over(&t, s);
        test_hammer(&t, s);
        test_claims(&t, s);
    }
    tap_ok(&t, heard.warnings == 0, "nothing to warn of so far");
    test_unwritable(&t, &c, &heard, folder);
    test_full(&t, &c, &heard, folder);
    mp_cache_close(s);
    mp_ctx_free(&c);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return tap_end(&t) | (system(command) != 0);
}
