/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn_primitive.h - what convolutions and matrix products by oneDNN have in common.
 * Private to linear/.
 *
 * One primitive serves several threads: its working memory is given with every call.
 * Primitives are made, and run, as if OpenMP had one thread: the library splits sums
 * by the number of threads, so that otherwise the bits would depend on it. */
#ifndef MP_DNN_PRIMITIVE_H
#define MP_DNN_PRIMITIVE_H
#include "core/bfloat.h"
#include "linear/dnnl.h"

/* A memory descriptor that is ours. */
struct mp_dnn_md {
    dnnl_memory_desc_t md;
    bool made;
};

struct mp_dnn_primitive {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t run;
    mp_md scratch; /* its working memory; belongs to pd */
};

/* One argument of a run: memory without an address is left out. */
struct mp_dnn_arg {
    int name;
    mp_md md;
    const void *at;
};
enum { MP_DNN_ARGS = 6 }; /* at most */

/* What is done to a result: relu, or that what is there already is added. */
enum mp_dnn_after { MP_DNN_NOTHING, MP_DNN_RELU, MP_DNN_ADD };

/* MP_OK, or negative after an mp_fail() that says what the library was to do. */
int mp_dnn_check(struct mp_ctx *c, dnnl_status_t status, const char *what);

dnnl_data_type_t mp_dnn_type(enum mp_precision precision);

/* NULL before it is made. */
mp_md mp_md_of(const struct mp_dnn_md *o);
void mp_dnn_drop(struct mp_dnn_md *o);

/* 64-byte lines that hold what md describes, in floats. */
size_t mp_dnn_floats(mp_md md);

/* Working memory is the caller's.  After a failure, too, the attributes are destroyed by the
 * caller, unless NULL. */
dnnl_status_t mp_dnn_attr(dnnl_primitive_attr_t *attr, enum mp_dnn_after what);

void mp_dnn_close(struct mp_dnn_primitive *p);

/* Runs it and waits: of n arguments, at most MP_DNN_ARGS. */
dnnl_status_t mp_dnn_execute(dnnl_engine_t engine, dnnl_stream_t stream, dnnl_primitive_t run,
                             const struct mp_dnn_arg *args, int n);
#endif
