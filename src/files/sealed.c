/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealed.c - files that tell whether they are whole. */
#include "files/sealed.h"
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { HEADER = 32 };
static const uint32_t order = 0x01020304;

static void put(unsigned char *at, uint64_t v, size_t n)
{
    memcpy(at, &v, n); /* the low bytes come first here; `order` tells where not */
}

void mp_sealed_write(struct mp_output *o, const struct mp_seal *seal, const unsigned char *bytes,
                     size_t size)
{
    unsigned char header[HEADER];
    memcpy(header, seal->magic, sizeof seal->magic);
    put(header + 8, seal->version, 4);
    put(header + 12, order, 4);
    put(header + 16, size, 8);
    put(header + 24, crc32_z(0, bytes, size), 4);
    put(header + 28, crc32_z(0, header, 28), 4);
    fwrite(header, 1, HEADER, o->f);
    fwrite(bytes, 1, size, o->f);
}

static int check_header(struct mp_ctx *c, const unsigned char *h, size_t got,
                        const struct mp_seal *seal, uint64_t file_size)
{
    uint32_t mark, header_crc;
    uint64_t length;
    if (got < 8 || memcmp(h, seal->magic, 8) != 0)
        return mp_fail(c, "is no %s of mnistpipe", seal->kind);
    if (got < HEADER)
        return mp_fail(c, "the %s is cut short after %zu bytes", seal->kind, got);
    memcpy(&mark, h + 12, 4);
    memcpy(&length, h + 16, 8);
    memcpy(&header_crc, h + 28, 4);
    if (mark != order || header_crc != crc32_z(0, h, 28))
        return mp_fail(c, "the %s's header is damaged", seal->kind);
    if (file_size != length + HEADER)
        return mp_fail(c, "the %s has %llu bytes where its header says %llu: it is cut short or "
                          "something was added", seal->kind, (unsigned long long)file_size,
                       (unsigned long long)length + HEADER);
    return MP_OK;
}

/* Asked last, so that the file is known to be whole. */
static int check_version(struct mp_ctx *c, uint32_t version, const struct mp_seal *seal,
                         const unsigned char *bytes, size_t size)
{
    char by[96] = "", reads[48];
    if (version >= seal->oldest && version <= seal->version)
        return MP_OK;
    if (seal->writer != NULL)
        seal->writer(bytes, size, by, sizeof by);
    const bool one = seal->oldest == seal->version;
    snprintf(reads, sizeof reads, one ? "version %u" : "versions %u to %u", seal->oldest,
             seal->version);
    return mp_fail(c, "is a %s of version %u%s%s; this program, mnistpipe " PACKAGE_VERSION
                      ", reads %s", seal->kind, version, *by != '\0' ? ", written by " : "", by,
                   reads);
}

static unsigned char *read_open(struct mp_ctx *c, FILE *f, const struct mp_seal *seal, size_t *size)
{
    unsigned char h[HEADER] = { 0 };
    struct stat st;
    uint32_t crc;
    if (fstat(fileno(f), &st) != 0 || S_ISDIR(st.st_mode)) {
        mp_fail(c, "is a folder; expected a %s", seal->kind);
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        mp_fail(c, "cannot be read as a pipe; expected a file");
        return NULL;
    }
    if (check_header(c, h, fread(h, 1, HEADER, f), seal, (uint64_t)st.st_size) < 0)
        return NULL;
    *size = (size_t)st.st_size - HEADER;
    memcpy(&crc, h + 24, 4);
    unsigned char *bytes = mp_alloc(c, *size, 1);
    if (bytes != NULL && (fread(bytes, 1, *size, f) != *size || crc32_z(0, bytes, *size) != crc)) {
        mp_fail(c, "the %s is damaged: its checksum does not match", seal->kind);
        free(bytes);
        return NULL;
    }
    uint32_t version;
    memcpy(&version, h + 8, 4);
    if (bytes != NULL && check_version(c, version, seal, bytes, *size) < 0) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

unsigned char *mp_sealed_read(struct mp_ctx *c, const char *file, const struct mp_seal *seal,
                              size_t *size)
{
    /* Without O_NONBLOCK a pipe would have us wait for somebody to write into it. */
    const int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (f == NULL) {
        mp_fail(c, "cannot read: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    unsigned char *bytes = read_open(c, f, seal, size);
    fclose(f);
    return bytes;
}
