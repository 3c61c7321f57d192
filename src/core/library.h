/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library.h - libraries that are loaded when they are first needed.
 *
 * Not linked: the seven libraries bring some hundred more, and most commands need none of
 * them.  The functions that the program takes of one are an X-macro, each with the prefix
 * that their names share:
 *
 *     #define DNNL_FUNCTIONS(F) F(dnnl_, version) F(dnnl_, sgemm)
 *     static struct { DNNL_FUNCTIONS(MP_LIBRARY_MEMBER) } dnnl;
 *     static struct mp_library library = { MP_LIBRARY("oneDNN", MP_DNNL_SONAME,
 *                                                     DNNL_FUNCTIONS, dnnl) };
 *
 * and calls are written `dnnl.sgemm(...)`.  Types are those of the library's header, so what
 * it changes there does not compile. */
#ifndef MP_LIBRARY_H
#define MP_LIBRARY_H
#include "core/stage.h"

#define MP_LIBRARY_MEMBER(prefix, f) __typeof__(prefix##f) *f;
#define MP_LIBRARY_SYMBOL(prefix, f) #prefix #f "\0"
#define MP_LIBRARY(title, soname, functions, table)                                            \
    .name = title, .file = soname, .symbols = functions(MP_LIBRARY_SYMBOL), .at = &table

struct mp_library {
    const char *name;    /* as its makers write it */
    const char *file;    /* the name by which it is loaded: configure found it */
    const char *symbols; /* each ends with \0, in the order of the table's members */
    void *at;            /* the table: pointers, one for each symbol */
    bool serves;         /* libraries loaded later take their symbols from it */
    size_t room;         /* bytes without which it, or what it brings, hangs or crashes */
    bool mapped;         /* most are of its files, which ulimit -d does not count */
    bool loaded;         /* set last, when the table is whole */
};

/* Loads the library unless it is there and fills its table; `user` needs it: "nets", so that
 * a failure says what for.  It stays until the process ends; to ask again costs nothing.  On
 * any thread, but best on the first, before rows are read (`prepare` in learner.h): nothing is
 * lost then where it cannot be loaded, and for a moment the environment is another one.
 * Without c, nobody is told. */
int mp_library_load(struct mp_ctx *c, struct mp_library *l, const char *user);

/* Whether the memory limits leave what it takes to load the library, or it is there already. */
bool mp_library_has_room(const struct mp_library *l);

/* Whether its functions may be called. */
bool mp_library_loaded(const struct mp_library *l);
#endif
