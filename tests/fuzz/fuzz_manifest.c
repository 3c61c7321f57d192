/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_manifest.c - what `fetch` is told by others: manifests and lists of mirrors.
 *
 * Input: 'm' and a list of mirrors, or any other byte and a manifest.
 * What is taken names plain files in the set's own folder, sums that can be checked and
 * addresses of the web; and once saved it is found again by its name, the same. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "small.h"
#include "sources/datasets.h"
#include "sources/experiment.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool plain(const char *name, const char *marks)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t n = strspn(name, letters);
    if (n == 0)
        return false; /* neither hidden nor an option */
    while (name[n] != '\0' && (strchr(letters, name[n]) != NULL || strchr(marks, name[n]) != NULL))
        n++;
    return name[n] == '\0';
}

static void look_at_mirrors(const struct mp_dataset *d)
{
    small_law(d->n_mirrors >= 0 && d->n_mirrors <= MP_SET_MIRRORS, "mirrors are few");
    for (int i = 0; i < d->n_mirrors; i++) {
        const char *url = d->mirror[i];
        const size_t n = strnlen(url, MP_URL_SIZE);
        small_law(n < MP_URL_SIZE && n > 0 && url[n - 1] != '/' &&
                  (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0),
                  "a mirror is an address of the web");
        for (size_t k = 0; k < n; k++)
            small_law(url[k] > ' ' && url[k] < 127, "an address has no blanks");
    }
}

static void look_at(const struct mp_dataset *d)
{
    small_law(strnlen(d->name, sizeof d->name) < sizeof d->name && plain(d->name, "_-"),
              "a set's name is plain");
    small_law(d->n_files > 0 && d->n_files <= MP_SET_FILES, "there are files");
    for (int i = 0; i < d->n_files; i++) {
        const struct mp_set_file *f = &d->file[i];
        small_law(strnlen(f->name, sizeof f->name) < sizeof f->name && plain(f->name, "._-"),
                  "a file's name leads nowhere else");
        const size_t digits = strspn(f->file.digest, "0123456789abcdef");
        small_law(f->file.size > 0 && (digits == 64 || digits == 32) &&
                  f->file.digest[digits] == '\0', "a file can be checked");
        for (int k = 0; k < i; k++)
            small_law(strcmp(f->role, d->file[k].role) != 0 &&
                      strcmp(f->name, d->file[k].name) != 0, "each file and each role is there once");
    }
    look_at_mirrors(d);
}

static bool same(const struct mp_dataset *a, const struct mp_dataset *b)
{
    bool good = strcmp(a->name, b->name) == 0 && strcmp(a->brief, b->brief) == 0 &&
                strcmp(a->licence, b->licence) == 0 && strcmp(a->cite, b->cite) == 0 &&
                a->images == b->images && a->n_mirrors == b->n_mirrors && a->n_files == b->n_files;
    for (int i = 0; good && i < a->n_mirrors; i++)
        good = strcmp(a->mirror[i], b->mirror[i]) == 0;
    for (int i = 0; good && i < a->n_files && i < MP_SET_FILES; i++)
        good = strcmp(a->file[i].role, b->file[i].role) == 0 &&
               strcmp(a->file[i].name, b->file[i].name) == 0 &&
               a->file[i].file.size == b->file[i].file.size &&
               strcmp(a->file[i].file.digest, b->file[i].file.digest) == 0;
    return good;
}

/* No file of the set has been fetched: each is said to be missing, in one line. */
static void ask(const struct mp_dataset *d)
{
    for (int i = 0; i < d->n_files; i++) {
        struct mp_ctx c;
        char name[64];
        mp_ctx_init(&c, NULL);
        snprintf(name, sizeof name, "%s:%s", d->name, d->file[i].role);
        char *path = mp_data_path(&c, name);
        small_law(path == NULL, "what was not fetched is not there");
        small_failed(&c);
        mp_ctx_free(&c);
    }
}

static void save_and_find(struct mp_ctx *c, const struct mp_dataset *d)
{
    struct mp_dataset again;
    char path[1200];
    small_law(mp_dataset_save(c, d) == MP_OK && mp_dataset_find(c, d->name, &again) == MP_OK,
              "what was saved is found");
    small_law(same(d, &again), "and is the same");
    ask(d);
    mp_dataset_folder(c, d->name, path, sizeof path);
    const size_t n = strlen(path);
    snprintf(path + n, sizeof path - n, "/manifest.txt");
    unlink(path);
    path[n] = '\0';
    small_law(rmdir(path) == 0, "nothing else is left in the set's folder");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mp_dataset d = { .n_files = 0 };
    struct mp_ctx c;
    char path[1200];
    if (size == 0)
        return 0;
    setenv("MNISTPIPE_CACHE", small_folder(), 1);
    mp_ctx_init(&c, NULL);
    int rc;
    if (data[0] == 'm') {
        char *urls = strndup((const char *)data + 1, size - 1);
        small_law(urls != NULL, "there is memory");
        if ((rc = mp_dataset_mirrors(&c, &d, urls)) == MP_OK)
            look_at_mirrors(&d);
        free(urls);
    } else {
        snprintf(path, sizeof path, "%s/input", small_folder());
        small_write(path, "", 0, data + 1, size - 1);
        if ((rc = mp_dataset_read(&c, path, &d)) == MP_OK) {
            look_at(&d);
            save_and_find(&c, &d);
        }
    }
    if (rc < 0)
        small_failed(&c);
    mp_ctx_free(&c);
    return 0;
}
