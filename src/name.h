/* SPDX-License-Identifier: GPL-3.0-or-later */
/* name.h - what a run is called after its pipeline's file. */
#ifndef MP_NAME_H
#define MP_NAME_H

/* "pipelines/hog_svm.txt" -> "hog_svm": the name of a folder in whichever folder it is put,
 * on a page and in JSON, whatever the file is called.  free() it; NULL: no memory. */
char *mp_plain_name(const char *file);

#endif
