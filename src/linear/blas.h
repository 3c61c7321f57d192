/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blas.h - OpenBLAS, whose products GSL takes: loaded before GSL, and kept to one thread. */
#ifndef MP_BLAS_H
#define MP_BLAS_H
#include "core/stage.h"

/* Loads the library unless it is there.  Negative after an mp_fail(). */
int mp_blas_load(struct mp_ctx *c);

/* Whether the memory limits leave what loading it takes. */
bool mp_blas_has_room(void);

/* "0.3.21 (SkylakeX)": the library that runs, and for which processor; false before it is
 * loaded: then the version of the build. */
bool mp_blas_version(char *text, size_t size);
#endif
