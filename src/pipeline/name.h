/* SPDX-License-Identifier: GPL-3.0-or-later */
/* name.h - what a run is called after its pipeline's file. */
#ifndef MP_NAME_H
#define MP_NAME_H
#include "pipeline/options.h"

/* "pipelines/hog_svm.txt" -> "hog_svm": the name of a folder in whichever folder it is put,
 * on a page and in JSON, whatever the file is called.  free() it; NULL: no memory. */
char *mp_plain_name(const char *file);

/* "svm.C=10", "without deskew", "train=mine.csv": what the command line makes of a pipeline that
 * is not as its file says, one a call from i = 0 on; false after the last. */
bool mp_change(const struct mp_asked *a, int i, char *text, size_t size);

/* Where n pipelines leave their results unless -o says otherwise: "runs/hog_svm",
 * "runs/hog_svm,svm.C=10" of a changed one, "runs/hog_svm+mlp-compare" with an ending.  The same
 * command has the same folder, and another one another.  free() it; NULL: mp_fail() said why. */
char *mp_run_folder(struct mp_ctx *c, char *const *files, int n, const char *ending);

#endif
