/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blas.c - OpenBLAS for GSL. */
#include "linear/blas.h"
#include "config.h"
#include "core/library.h"
#include <cblas.h>
#include <stdio.h>

#define BLAS_FUNCTIONS(F)                                                                      \
    F(openblas_, get_config) F(openblas_, get_corename) F(openblas_, set_num_threads)

static struct { BLAS_FUNCTIONS(MP_LIBRARY_MEMBER) } openblas;
/* GSL is linked with a BLAS of its own, which is slow: it takes the one that came before. */
static struct mp_library library = { MP_LIBRARY("OpenBLAS", MP_BLAS_SONAME, BLAS_FUNCTIONS,
                                                openblas), .serves = true,
                                    .room = MP_BLAS_ROOM };

bool mp_blas_has_room(void)
{
    return mp_library_has_room(&library);
}

int mp_blas_load(struct mp_ctx *c)
{
    if (mp_library_load(c, &library, "eigenvectors") < 0)
        return -1;
    openblas.set_num_threads(1); /* the engine owns the threads */
    return MP_OK;
}

bool mp_blas_version(char *text, size_t size)
{
    char number[32] = "";
    const bool loaded = mp_library_loaded(&library);
    if (loaded) { /* its kernels depend on the processor it believes to see: worth knowing */
        sscanf(openblas.get_config(), "OpenBLAS %31s", number);
        snprintf(text, size, "%s (%s)", number, openblas.get_corename());
    } else {
        snprintf(text, size, "%s", MP_BLAS_VERSION);
    }
    return loaded;
}
