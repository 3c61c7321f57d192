/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fetch.c - the command `mnistpipe fetch`: data sets into the user's cache.
 *
 * The work is in src/sources/fetch.c, the sets are in src/sources/datasets.c. */
#include "sources/fetch.h"
#include "core/ctx.h"
#include "pipeline/registry.h"
#include "text/layout.h"
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct params {
    char *mirror;
    char *manifest;
};

static const struct mp_param table[] = {
    MP_PARAM(mirror, .def = "", .unit = "URL[,URL...]",
             .doc = "asks these servers in place of the known ones (also $MNISTPIPE_MIRROR)"),
    MP_PARAM(manifest, .def = "", .unit = "FILE",
             .doc = "fetches the set that this text file describes"),
    MP_END
};

static double megabytes(const struct mp_dataset *d)
{
    double sum = 0;
    for (int i = 0; i < d->n_files; i++)
        sum += 1e-6 * (double)d->file[i].file.size;
    return sum;
}

/* Is every file there?  By name only: the checksums are fetch's business. */
static int is_cached(struct mp_ctx *c, const struct mp_dataset *d)
{
    char folder[PATH_MAX], path[PATH_MAX];
    int there = 0;
    if (mp_dataset_folder(c, mp_dataset_place(d), folder, sizeof folder) < 0)
        return -1;
    for (int i = 0; i < d->n_files; i++) {
        if (mp_dataset_join(c, path, sizeof path, "%s/%s", folder, d->file[i].name) < 0)
            return -1;
        there += access(path, R_OK) == 0;
    }
    return there == d->n_files;
}

static int add_set(struct mp_ctx *c, struct mp_tabular *t, const struct mp_dataset *d)
{
    const int cached = is_cached(c, d);
    if (cached < 0)
        return -1;
    mp_tabular_cell(t, "%s", d->name);
    mp_tabular_cell(t, d->images > 0 ? "%d" : "-", d->images);
    mp_tabular_cell(t, megabytes(d) > 0 ? "%.1f MB" : "-", megabytes(d));
    mp_tabular_cell(t, "%s", d->licence[0] != '\0' ? d->licence : "-");
    mp_tabular_cell(t, "%s", cached ? "yes" : "no");
    mp_tabular_cell(t, "%s", d->brief);
    return MP_OK;
}

/* Sets with a manifest in the cache. */
static int add_own_sets(struct mp_ctx *c, struct mp_tabular *t, const char *folder)
{
    struct dirent **at = NULL;
    const int n = scandir(folder, &at, NULL, alphasort);
    int rc = MP_OK;
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        struct mp_dataset d;
        if (rc == MP_OK)
            rc = mp_dataset_join(c, path, sizeof path, "%s/%s/manifest.txt", folder, at[i]->d_name);
        if (rc == MP_OK && at[i]->d_name[0] != '.' && access(path, R_OK) == 0) {
            rc = mp_dataset_read(c, path, &d);
            rc = rc == MP_OK ? add_set(c, t, &d) : rc;
        }
        free(at[i]);
    }
    free(at);
    return rc;
}

static int list(struct mp_ctx *c)
{
    static const struct mp_tabular_column column[] = {
        { "set", 'l' }, { "images", 'r' }, { "download", 'r' }, { "licence", 'l' },
        { "cached", 'l' }, { "about", 'w' }
    };
    struct mp_tabular t;
    char folder[PATH_MAX];
    if (mp_dataset_folder(c, NULL, folder, sizeof folder) < 0)
        return -1;
    mp_tabular_open(&t, column, sizeof column / sizeof *column, 1);
    int rc = MP_OK;
    for (int i = 0; mp_dataset_known(i) != NULL && rc == MP_OK; i++)
        rc = add_set(c, &t, mp_dataset_known(i));
    if (rc == MP_OK)
        rc = add_own_sets(c, &t, folder);
    mp_tabular_print(&t, stdout, &mp_plain);
    return rc;
}

static int fetch(struct mp_ctx *c, struct mp_dataset *d, const char *mirror)
{
    char folder[PATH_MAX];
    if (mirror[0] != '\0' && mp_dataset_mirrors(c, d, mirror) < 0)
        return -1;
    if (mp_dataset_folder(c, mp_dataset_place(d), folder, sizeof folder) < 0)
        return -1;
    for (int i = 0; i < d->n_files; i++) {
        const int rc = mp_fetch(c, d, i, folder);
        if (rc < 0)
            return rc;
        if (!c->run->quiet)
            printf("%s:%-13s %s/%s  %s\n", d->name, d->file[i].role, folder, d->file[i].name,
                   rc == MP_FETCHED ? "fetched" : "was there");
        fflush(stdout); /* before the next file's bar */
    }
    if (!c->run->quiet && d->parts[0] != '\0')
        printf("%s has the parts %s; %s\n", d->name, d->parts, d->brief);
    return MP_OK;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *p = options;
    const char *env = getenv("MNISTPIPE_MIRROR"), *mirror = p->mirror != NULL ? p->mirror : "";
    const bool described = p->manifest != NULL && p->manifest[0] != '\0';
    struct mp_dataset d;
    if (mirror[0] == '\0' && env != NULL)
        mirror = env;
    if (described) {
        if (n > 0)
            return mp_usage(c, "--manifest names the set itself: leave out \"%s\"", args[0]);
        if (mp_dataset_read(c, p->manifest, &d) < 0 || mp_dataset_save(c, &d) < 0)
            return -1;
        return fetch(c, &d, mirror);
    }
    if (n == 0)
        return list(c);
    for (int i = 0; i < n; i++)
        if (mp_dataset_find(c, args[i], &d) < 0 || fetch(c, &d, mirror) < 0)
            return -1;
    return MP_OK;
}

MP_COMMAND(fetch) = {
    .order = 5,
    .brief = "Download a data set, such as MNIST, into the cache",
    .usage = "[SET...]",
    .doc =
        "Without a name: lists the sets, their sizes and licences, and whether they are in the "
        "cache. With names: makes sure that every file of these sets is in the cache and has the "
        "right checksum. A pipeline then reads them as\n"
        "\n"
        "    data train=mnist:train test=mnist:test\n"
        "    data train=bloodmnist:train test=bloodmnist:val\n"
        "\n"
        "Mirrors are asked in turn until one gives the right bytes. A download that broke off is "
        "continued by the next one. A file gets its name only when it is whole and checked. Files "
        "put there by hand are checked in the same way; MNIST's may be compressed anew, or not at "
        "all.\n"
        "\n"
        "The cache is $MNISTPIPE_CACHE, else $XDG_CACHE_HOME/mnistpipe, else "
        "$HOME/.cache/mnistpipe, with one folder for each set. --mirror or $MNISTPIPE_MIRROR names "
        "other servers, as many as needed with commas between them; https_proxy and no_proxy work "
        "as with curl.\n"
        "\n"
        "A set of your own is described by a manifest, a text file of such lines:\n"
        "\n"
        "    set     lab\n"
        "    brief   Digits from the forms of our lab\n"
        "    licence CC0\n"
        "    mirror  https://data.example.org/lab\n"
        "    file    train        train-images-idx3-ubyte.gz 123456 0f3a...\n"
        "    file    train_labels train-labels-idx1-ubyte.gz   1234 77b0...\n"
        "\n"
        "with the role of each file (train, test, train_labels, test_labels), its name, its size "
        "in bytes and its SHA-256 (sha256sum FILE) or MD5. --manifest FILE fetches it and keeps "
        "the manifest in the cache; from then on the set is known by its name, here lab:train.\n",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
