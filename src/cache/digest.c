/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest.c - what a result depends on, as one SHA-256 (GLib's, about 400 MB/s). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dl_iterate_phdr() */
#endif
#include "cache/digest.h"
#include "cache/versions.h"
#include "config.h"
#include "pipeline/registry.h"
#include <fcntl.h>
#include <glib.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void mp_digest_begin(struct mp_digest *d)
{
    d->sum = g_checksum_new(G_CHECKSUM_SHA256);
}

/* g_checksum_update() takes a length of its own signed type. */
static void update(struct mp_digest *d, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t left = n; left > 0;) {
        const size_t step = left < (size_t)1 << 30 ? left : (size_t)1 << 30;
        g_checksum_update(d->sum, at, (gssize)step);
        at += step;
        left -= step;
    }
}

static void piece(struct mp_digest *d, char kind, const void *bytes, size_t n)
{
    const uint64_t size = n;
    update(d, &kind, 1);
    update(d, &size, sizeof size);
    update(d, bytes, n);
}

void mp_digest_bytes(struct mp_digest *d, const void *bytes, size_t n)
{
    piece(d, 'b', bytes, n);
}

void mp_digest_text(struct mp_digest *d, const char *text)
{
    piece(d, 't', text, strlen(text));
}

void mp_digest_number(struct mp_digest *d, uint64_t v)
{
    piece(d, 'n', &v, sizeof v);
}

void mp_digest_key(struct mp_digest *d, const struct mp_key *key)
{
    piece(d, 'k', key->hex, 64);
}

struct mp_key mp_digest_end(struct mp_digest *d)
{
    struct mp_key key;
    memcpy(key.hex, g_checksum_get_string(d->sum), sizeof key.hex);
    g_checksum_free(d->sum);
    d->sum = NULL;
    return key;
}

/* --------------------------------------------------------------- program */

static void add_file(struct mp_digest *d, const char *path)
{
    unsigned char bytes[1 << 16];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;
    while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0)
        mp_digest_bytes(d, bytes, (size_t)n);
    mp_digest_number(d, fd >= 0 && n == 0);
    if (fd >= 0)
        close(fd);
}

/* The C library and OpenBLAS choose their kernels by what the processor can do. */
static void add_processor(struct mp_digest *d)
{
    char line[8192];
    bool model = false, flags = false;
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f != NULL && (!model || !flags) && fgets(line, sizeof line, f) != NULL) {
        const bool is_model = strncmp(line, "model name", 10) == 0;
        const bool is_flags = strncmp(line, "flags", 5) == 0 || strncmp(line, "Features", 8) == 0;
        if ((is_model && !model) || (is_flags && !flags))
            mp_digest_text(d, line);
        model = model || is_model;
        flags = flags || is_flags;
    }
    if (f != NULL)
        fclose(f);
}

/* A library that is loaded: an update may keep its version but not its file. */
static int add_library(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct mp_digest *d = arg;
    struct stat st;
    (void)size;
    if (info->dlpi_name == NULL || *info->dlpi_name != '/' || stat(info->dlpi_name, &st) != 0)
        return 0; /* the program itself, and what the kernel maps */
    mp_digest_text(d, info->dlpi_name);
    mp_digest_number(d, (uint64_t)st.st_size);
    mp_digest_number(d, (uint64_t)st.st_mtim.tv_sec);
    return 0;
}

/* Wishes of the user that libraries read, and that may change the last bit. */
static void add_wishes(struct mp_digest *d)
{
    static const char *const names[] = { "GLIBC_TUNABLES", "LD_PRELOAD" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        mp_digest_text(d, value != NULL ? value : "");
    }
}

/* All that any pipeline may compute with, or the digest would depend on which was planned. */
static void load_libraries(void)
{
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        if (mp_learner(e)->prepare != NULL)
            mp_learner(e)->prepare(NULL); /* what cannot be loaded computes nothing */
}

struct mp_key mp_program_digest(void)
{
    struct mp_digest d;
    const char *name;
    char version[128];
    load_libraries();
    mp_digest_begin(&d);
    mp_digest_text(&d, PACKAGE_VERSION);
    for (int i = 0; (name = mp_library_used(i, version, sizeof version)) != NULL; i++) {
        mp_digest_text(&d, name);
        mp_digest_text(&d, version);
    }
    add_processor(&d);
    add_wishes(&d);
    dl_iterate_phdr(add_library, &d);
    add_file(&d, "/proc/self/exe");
    return mp_digest_end(&d);
}
