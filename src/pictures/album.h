/* SPDX-License-Identifier: GPL-3.0-or-later */
/* album.h - which files are pictures of a data set, in which order, and of which class.
 * Private to pictures/. */
#ifndef MP_ALBUM_H
#define MP_ALBUM_H
#include "core/rows.h"
#include "core/stage.h"

enum mp_album_kind {
    MP_ALBUM_NONE,
    MP_ALBUM_FOLDER,
    MP_ALBUM_LIST,
    MP_ALBUM_PICTURE,
    MP_ALBUM_PACKED, /* a zip or tar archive */
};

struct mp_album_file {
    char *name, *label; /* label NULL: it is in the name, or there is none */
    size_t at, size;    /* of an archive: its bytes in `packed` */
};

struct mp_album {
    const char *place;  /* the folder, the list, the archive or the picture, as the user gave it */
    int folder;         /* what names are relative to: for openat() */
    size_t n, room;
    struct mp_album_file *file;
    struct mp_rows packed; /* what is in the files of an archive; empty: they are on disk */
    size_t skip;        /* bytes of all names in front of the folder that is a class */
    int at;             /* which part of a name is the label: enum in album.c */
    bool labelled;
    size_t strangers;   /* files that were passed over, as they are no pictures */
    char stranger[80];  /* the first of them in byte order */
};

/* Which part is wanted of what has its pictures in train/ and test/. */
struct mp_album_part {
    const char *named; /* by the user, or NULL */
    const char *usual; /* where he says nothing: "train" or "test", or NULL */
};

/* What lies at that path; a list is a CSV with a column `file`. */
enum mp_album_kind mp_album_at(const char *path);

/* Finds the files.  `label`: "prefix": what stands in the file's name before the first _ or -;
 * "none": no labels; of a list a column's name; otherwise, or NULL, pictures of a folder or an
 * archive are labelled by the folders that they lie in, if they do, and a list has its column.
 * Files are in byte order of their names, those of a list as they are listed.  Negative:
 * mp_fail(). */
int mp_album_open(struct mp_ctx *c, const char *path, const char *label,
                  const struct mp_album_part *part, struct mp_album *a);
void mp_album_close(struct mp_album *a);

/* Whether a folder or an archive has both parts. */
bool mp_album_both(struct mp_ctx *c, const char *path);

/* The label of picture i and its length in bytes, if a->labelled. */
const char *mp_album_label(const struct mp_album *a, size_t i, size_t *n);

/* For the files that find pictures: one more, of which copies are taken; one that is none; whether
 * a name says that it is one; the first bytes of a file, negative if there are none to read. */
int mp_album_add(struct mp_ctx *c, struct mp_album *a, const char *name, const char *label);
void mp_album_pass(struct mp_album *a, const char *name);
bool mp_album_names(const char *name);
long mp_album_head(int folder, const char *name, char *head, size_t n);

int mp_folder_read(struct mp_ctx *c, const char *path, struct mp_album *a);

/* Whether a folder has nothing but files that are no pictures, and some. */
bool mp_folder_holds_files(const char *path);
bool mp_list_is(const char *head, size_t n);
int mp_list_read(struct mp_ctx *c, const char *path, const char *label, struct mp_album *a);
bool mp_packed_is(const char *path);
int mp_packed_read(struct mp_ctx *c, const char *path, struct mp_album *a);
#endif
