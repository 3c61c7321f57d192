/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnnl.h - what is taken of oneDNN's C interface, versions 2 and 3.  Private to linear/.
 *
 * The calls of both are in dnn_primitive.c, dnn_conv.c and dnn_matmul.c; what they need of the
 * table is there after mp_dnn_load(), which comes before anything is opened. */
#ifndef MP_DNNL_H
#define MP_DNNL_H
#include "core/library.h"
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

/* What both versions read a memory descriptor through, and how to own one; what only one has. */
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t mp_md;
#define DNNL_OF_VERSION(F)                                                                     \
    F(dnnl_, convolution_backward_data_primitive_desc_create)                                  \
    F(dnnl_, convolution_backward_weights_primitive_desc_create)                               \
    F(dnnl_, convolution_forward_primitive_desc_create)                                        \
    F(dnnl_, matmul_primitive_desc_create)                                                     \
    F(dnnl_, memory_desc_create_with_strides) F(dnnl_, memory_desc_create_with_tag)            \
    F(dnnl_, memory_desc_destroy)
#else
typedef const dnnl_memory_desc_t *mp_md;
#define DNNL_OF_VERSION(F)                                                                     \
    F(dnnl_, convolution_backward_data_desc_init)                                              \
    F(dnnl_, convolution_backward_weights_desc_init) F(dnnl_, convolution_forward_desc_init)   \
    F(dnnl_, matmul_desc_init) F(dnnl_, memory_desc_init_by_strides)                           \
    F(dnnl_, memory_desc_init_by_tag) F(dnnl_, primitive_desc_create)
#endif

#define DNNL_FUNCTIONS(F)                                                                      \
    F(dnnl_, data_type_size) F(dnnl_, engine_create) F(dnnl_, engine_destroy)                  \
    F(dnnl_, get_effective_cpu_isa) F(dnnl_, memory_create) F(dnnl_, memory_desc_equal)        \
    F(dnnl_, memory_desc_get_size) F(dnnl_, memory_destroy) F(dnnl_, post_ops_append_eltwise)  \
    F(dnnl_, post_ops_append_sum) F(dnnl_, post_ops_create) F(dnnl_, post_ops_destroy)         \
    F(dnnl_, primitive_attr_create) F(dnnl_, primitive_attr_destroy)                           \
    F(dnnl_, primitive_attr_set_post_ops) F(dnnl_, primitive_attr_set_scratchpad_mode)         \
    F(dnnl_, primitive_create) F(dnnl_, primitive_desc_destroy)                                \
    F(dnnl_, primitive_desc_query) F(dnnl_, primitive_desc_query_md)                           \
    F(dnnl_, primitive_destroy) F(dnnl_, primitive_execute)                                    \
    F(dnnl_, gemm_u8s8s32)                                                                     \
    F(dnnl_, reorder_primitive_desc_create) F(dnnl_, sgemm) F(dnnl_, status2str)               \
    F(dnnl_, stream_create) F(dnnl_, stream_destroy) F(dnnl_, stream_wait) F(dnnl_, version)   \
    DNNL_OF_VERSION(F)

struct mp_dnnl {
    DNNL_FUNCTIONS(MP_LIBRARY_MEMBER)
};

/* Of dnn.c, which loads it: whole after mp_dnn_load(). */
const struct mp_dnnl *mp_dnnl(void);
#endif
