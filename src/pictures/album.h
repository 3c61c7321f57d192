/* SPDX-License-Identifier: GPL-3.0-or-later */
/* album.h - which files are pictures of a data set, in which order, and of which class.
 * Private to pictures/. */
#ifndef MP_ALBUM_H
#define MP_ALBUM_H
#include "core/stage.h"

enum mp_album_kind { MP_ALBUM_NONE, MP_ALBUM_FOLDER, MP_ALBUM_LIST, MP_ALBUM_PICTURE };

struct mp_album {
    const char *place;  /* the folder, the list or the picture, as the user gave it */
    int folder;         /* what names are relative to: for openat() */
    size_t n, room;
    char **name;        /* the caller may take one, and leave NULL */
    char **label;       /* of a list; NULL: labels are in the names, or there are none */
    int at;             /* which part of a name is the label: enum in album.c */
    bool labelled;
    size_t strangers;   /* files that were passed over, as they are no pictures */
    char stranger[80];  /* the first of them in byte order */
};

/* What lies at that path; a list is a CSV with a column `file`. */
enum mp_album_kind mp_album_at(const char *path);

/* Finds the files.  `label`: "prefix": what stands in the file's name before the first _ or -;
 * "none": no labels; of a list a column's name; otherwise, or NULL, a folder's pictures are
 * labelled by the folders that they lie in, if they do, and a list has its column.  Files are in
 * byte order of their names, those of a list as they are listed.  Negative: mp_fail(). */
int mp_album_open(struct mp_ctx *c, const char *path, const char *label, struct mp_album *a);
void mp_album_close(struct mp_album *a);

/* The label of picture i and its length in bytes, if a->labelled. */
const char *mp_album_label(const struct mp_album *a, size_t i, size_t *n);

/* For album.c and list.c: one more picture; takes copies. */
int mp_album_add(struct mp_ctx *c, struct mp_album *a, const char *name, const char *label);

/* list.c */
bool mp_list_is(const char *head, size_t n);
int mp_list_read(struct mp_ctx *c, const char *path, const char *label, struct mp_album *a);
#endif
