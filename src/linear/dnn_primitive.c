/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn_primitive.c - memory, attributes and execution of primitives, with either version. */
#include "linear/dnn_primitive.h"

int mp_dnn_check(struct mp_ctx *c, dnnl_status_t status, const char *what)
{
    if (status == dnnl_success)
        return MP_OK;
    const dnnl_version_t *v = mp_dnnl()->version();
    return mp_fail(c, "oneDNN %d.%d: %s: %s", v->major, v->minor, what,
                   mp_dnnl()->status2str(status));
}

mp_md mp_md_of(const struct mp_dnn_md *o)
{
#if DNNL_VERSION_MAJOR >= 3
    return o->md;
#else
    return o->made ? &o->md : NULL;
#endif
}

void mp_dnn_drop(struct mp_dnn_md *o)
{
#if DNNL_VERSION_MAJOR >= 3
    if (o->made)
        mp_dnnl()->memory_desc_destroy(o->md);
#endif
    o->made = false;
}

dnnl_data_type_t mp_dnn_type(enum mp_precision precision)
{
    return precision == MP_BF16 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_status_t append(dnnl_post_ops_t ops, enum mp_dnn_after what)
{
#if DNNL_VERSION_MAJOR >= 3
    return what == MP_DNN_RELU ? mp_dnnl()->post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0, 0)
                               : mp_dnnl()->post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef);
#else
    return what == MP_DNN_RELU
               ? mp_dnnl()->post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0)
               : mp_dnnl()->post_ops_append_sum(ops, 1);
#endif
}

dnnl_status_t mp_dnn_attr(dnnl_primitive_attr_t *attr, enum mp_dnn_after what)
{
    dnnl_status_t status = mp_dnnl()->primitive_attr_create(attr);
    if (status == dnnl_success)
        status = mp_dnnl()->primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (status != dnnl_success || what == MP_DNN_NOTHING)
        return status;
    dnnl_post_ops_t ops;
    status = mp_dnnl()->post_ops_create(&ops);
    if (status != dnnl_success)
        return status;
    status = append(ops, what);
    if (status == dnnl_success)
        status = mp_dnnl()->primitive_attr_set_post_ops(*attr, ops);
    mp_dnnl()->post_ops_destroy(ops);
    return status;
}

void mp_dnn_close(struct mp_dnn_primitive *p)
{
    if (p->run != NULL)
        mp_dnnl()->primitive_destroy(p->run);
    if (p->pd != NULL)
        mp_dnnl()->primitive_desc_destroy(p->pd);
}

dnnl_status_t mp_dnn_execute(dnnl_engine_t engine, dnnl_stream_t stream, dnnl_primitive_t run,
                             const struct mp_dnn_arg *args, int n)
{
    dnnl_exec_arg_t given[MP_DNN_ARGS] = { { 0 } };
    dnnl_status_t status = dnnl_success;
    int used = 0;
    for (int i = 0; i < n && status == dnnl_success; i++) {
        if (args[i].at == NULL)
            continue;
        given[used].arg = args[i].name;
        status = mp_dnnl()->memory_create(&given[used].memory, args[i].md, engine,
                                          (void *)args[i].at);
        used += status == dnnl_success;
    }
    if (status == dnnl_success)
        status = mp_dnnl()->primitive_execute(run, stream, used, given);
    if (status == dnnl_success)
        status = mp_dnnl()->stream_wait(stream);
    for (int i = 0; i < used; i++)
        mp_dnnl()->memory_destroy(given[i].memory);
    return status;
}

size_t mp_dnn_floats(mp_md md)
{
    return (mp_dnnl()->memory_desc_get_size(md) / sizeof(float) + 15) / 16 * 16;
}
