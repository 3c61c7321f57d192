/* SPDX-License-Identifier: GPL-3.0-or-later */
/* datasets.h - data sets known by name, and where they lie in the user's cache. */
#ifndef MP_DATASETS_H
#define MP_DATASETS_H
#include "core/stage.h"

enum { MP_SET_FILES = 4, MP_SET_MIRRORS = 8, MP_URL_SIZE = 256 };

/* What a file's bytes have to be; digest is "" if nobody has published one. */
struct mp_sum {
    uint64_t size;   /* 0: not published */
    char digest[65]; /* SHA-256, or MD5, which is half as long; lower case */
};

struct mp_set_file {
    char role[16];         /* train, test, train_labels, test_labels, or all: an archive */
    char name[64];         /* in the cache, and after a mirror's address */
    struct mp_sum file;    /* the file as its authors publish it */
    struct mp_sum content; /* what is inside once inflated: any compression of it will do */
};

/* One plain value without pointers: nothing has to be released. */
struct mp_dataset {
    char name[32];
    char brief[128];
    char licence[64];
    char cite[256];
    int images;      /* in all files; 0: not told */
    char folder[32]; /* in the cache, where sets share one; "": it is called as the set */
    char parts[24];  /* of an archive: "train test val" */
    char member[64]; /* and the member that has one, with % for its name */
    int n_mirrors, n_files;
    char mirror[MP_SET_MIRRORS][MP_URL_SIZE]; /* without the last slash; asked in turn */
    struct mp_set_file file[MP_SET_FILES];
};

/* Built-in set i = 0, 1 ...; NULL at the end. */
const struct mp_dataset *mp_dataset_known(int i);

/* A built-in set, or one whose manifest an earlier `fetch --manifest` has left
 * in the cache. */
int mp_dataset_find(struct mp_ctx *c, const char *name, struct mp_dataset *d);

/* Reads a manifest (docs of `mnistpipe fetch` tell its form). */
int mp_dataset_read(struct mp_ctx *c, const char *file, struct mp_dataset *d);

/* Puts a set's manifest into its folder, for mp_dataset_find(). */
int mp_dataset_save(struct mp_ctx *c, const struct mp_dataset *d);

/* Replaces the mirrors by those of a list with commas between them. */
int mp_dataset_mirrors(struct mp_ctx *c, struct mp_dataset *d, const char *urls);

/* What the set's folder in the cache is called. */
const char *mp_dataset_place(const struct mp_dataset *d);

/* $MNISTPIPE_CACHE, else $XDG_CACHE_HOME/mnistpipe, else $HOME/.cache/mnistpipe;
 * the folder of that place in it if `place` is not NULL. */
int mp_dataset_folder(struct mp_ctx *c, const char *place, char *path, size_t size);

/* Where the file of a set is that has this role: "mnist", "train"; of an archive with the
 * member behind a colon.  Fails if it has not been fetched yet. */
int mp_dataset_path(struct mp_ctx *c, const char *set, const char *role, char *path, size_t size);

/* snprintf() that fails when the text does not fit. */
int mp_dataset_join(struct mp_ctx *c, char *path, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
