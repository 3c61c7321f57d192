/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn_conv.c - convolutions by oneDNN, versions 2 and 3.
 *
 * Images keep their packed layout (channels last); weights are laid out afresh for
 * every call, as the library likes them best: microseconds against milliseconds. */
#include "linear/dnn_conv.h"
#include "linear/dnn_primitive.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* One direction through the convolution. */
struct pass {
    struct mp_dnn_primitive p;
    dnnl_primitive_t reorder; /* of the weights, to the layout of `p` or from it; or NULL */
    mp_md packed;             /* weights of `p`; belong to it */
};

struct mp_dnn_conv {
    struct mp_conv_dims d;
    dnnl_engine_t engine;
    dnnl_dims_t strides, dilates, before, after;
    struct mp_dnn_md x, w, b, y;    /* as the caller has them */
    struct mp_dnn_md dw;            /* the weights' gradient; others are like what they are of */
    struct mp_dnn_md any_w, any_dw; /* weights as the library wants them */
    struct pass forward, data, weights;
};

/* ------------------------------------------------------------------ memory */

static int make_md(struct mp_ctx *c, struct mp_dnn_md *o, int n_dims, const dnnl_dims_t dims,
                   dnnl_data_type_t type, dnnl_format_tag_t tag)
{
#if DNNL_VERSION_MAJOR >= 3
    const dnnl_status_t status =
        mp_dnnl()->memory_desc_create_with_tag(&o->md, n_dims, dims, type, tag);
#else
    const dnnl_status_t status =
        mp_dnnl()->memory_desc_init_by_tag(&o->md, n_dims, dims, type, tag);
#endif
    o->made = status == dnnl_success;
    return mp_dnn_check(c, status, "memory");
}

static int make_mds(struct mp_ctx *c, struct mp_dnn_conv *v)
{
    const struct mp_conv_dims *d = &v->d;
    const dnnl_data_type_t type = mp_dnn_type(d->precision);
    const dnnl_dims_t x = { (dnnl_dim_t)d->n, d->in.c, d->in.h, d->in.w },
                      y = { (dnnl_dim_t)d->n, d->out.c, d->out.h, d->out.w },
                      w = { d->out.c, d->in.c, d->kernel, d->kernel }, b = { d->out.c };
    if (make_md(c, &v->x, 4, x, type, dnnl_nhwc) < 0
        || make_md(c, &v->y, 4, y, type, dnnl_nhwc) < 0
        || make_md(c, &v->w, 4, w, type, dnnl_hwio) < 0
        || make_md(c, &v->any_w, 4, w, type, dnnl_format_tag_any) < 0
        || make_md(c, &v->dw, 4, w, dnnl_f32, dnnl_hwio) < 0
        || make_md(c, &v->any_dw, 4, w, dnnl_f32, dnnl_format_tag_any) < 0)
        return -1;
    return d->bias ? make_md(c, &v->b, 1, b, dnnl_f32, dnnl_x) : MP_OK;
}

/* -------------------------------------------------------------- primitives */

static dnnl_status_t describe_forward(struct mp_dnn_conv *v, dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return mp_dnnl()->convolution_forward_primitive_desc_create(
        &v->forward.p.pd, v->engine, dnnl_forward_training, dnnl_convolution_direct,
        mp_md_of(&v->x), mp_md_of(&v->any_w), mp_md_of(&v->b), mp_md_of(&v->y), v->strides,
        v->dilates, v->before, v->after, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t status = mp_dnnl()->convolution_forward_desc_init(
        &d, dnnl_forward_training, dnnl_convolution_direct, mp_md_of(&v->x), mp_md_of(&v->any_w),
        mp_md_of(&v->b), mp_md_of(&v->y), v->strides, v->before, v->after);
    return status != dnnl_success
               ? status
               : mp_dnnl()->primitive_desc_create(&v->forward.p.pd, &d, attr, v->engine, NULL);
#endif
}

static dnnl_status_t describe_data(struct mp_dnn_conv *v, dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return mp_dnnl()->convolution_backward_data_primitive_desc_create(
        &v->data.p.pd, v->engine, dnnl_convolution_direct, mp_md_of(&v->x), mp_md_of(&v->any_w),
        mp_md_of(&v->y), v->strides, v->dilates, v->before, v->after, v->forward.p.pd, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t status = mp_dnnl()->convolution_backward_data_desc_init(
        &d, dnnl_convolution_direct, mp_md_of(&v->x), mp_md_of(&v->any_w), mp_md_of(&v->y),
        v->strides, v->before, v->after);
    return status != dnnl_success
               ? status
               : mp_dnnl()->primitive_desc_create(&v->data.p.pd, &d, attr, v->engine,
                                                  v->forward.p.pd);
#endif
}

static dnnl_status_t describe_weights(struct mp_dnn_conv *v, dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return mp_dnnl()->convolution_backward_weights_primitive_desc_create(
        &v->weights.p.pd, v->engine, dnnl_convolution_direct, mp_md_of(&v->x),
        mp_md_of(&v->any_dw), mp_md_of(&v->b), mp_md_of(&v->y), v->strides, v->dilates, v->before,
        v->after, v->forward.p.pd, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t status = mp_dnnl()->convolution_backward_weights_desc_init(
        &d, dnnl_convolution_direct, mp_md_of(&v->x), mp_md_of(&v->any_dw), mp_md_of(&v->b),
        mp_md_of(&v->y), v->strides, v->before, v->after);
    return status != dnnl_success
               ? status
               : mp_dnnl()->primitive_desc_create(&v->weights.p.pd, &d, attr, v->engine,
                                                  v->forward.p.pd);
#endif
}

static int make_reorder(struct mp_ctx *c, struct mp_dnn_conv *v, mp_md from, mp_md to,
                        dnnl_primitive_t *reorder)
{
    dnnl_primitive_desc_t pd = NULL;
    if (mp_dnnl()->memory_desc_equal(from, to))
        return MP_OK;
    dnnl_status_t status =
        mp_dnnl()->reorder_primitive_desc_create(&pd, from, v->engine, to, v->engine, NULL);
    if (status == dnnl_success)
        status = mp_dnnl()->primitive_create(reorder, pd);
    mp_dnnl()->primitive_desc_destroy(pd);
    return mp_dnn_check(c, status, "layout of weights");
}

/* What no kernel was written for is done by "ref", 100 times as slow. */
static bool slow(const struct mp_dnn_primitive *p)
{
    const char *kernel = "";
    return p->run != NULL
           && mp_dnnl()->primitive_desc_query(p->pd, dnnl_query_impl_info_str, 0, &kernel)
                  == dnnl_success
           && strncmp(kernel, "ref", 3) == 0;
}

static int make_pass(struct mp_ctx *c, struct mp_dnn_conv *v, struct pass *p,
                     enum mp_dnn_after what,
                     dnnl_status_t (*describe)(struct mp_dnn_conv *, dnnl_primitive_attr_t))
{
    dnnl_primitive_attr_t attr = NULL;
    const bool writes = p == &v->weights;
    dnnl_status_t status = mp_dnn_attr(&attr, what);
    if (status == dnnl_success)
        status = describe(v, attr);
    if (attr != NULL)
        mp_dnnl()->primitive_attr_destroy(attr);
    if (status == dnnl_success && (p != &v->forward || v->d.passes & MP_FORWARD))
        status = mp_dnnl()->primitive_create(&p->p.run, p->p.pd);
    if (mp_dnn_check(c, status, "convolution") < 0)
        return -1;
    const dnnl_query_t packed = writes ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
    p->packed = mp_dnnl()->primitive_desc_query_md(p->p.pd, packed, 0);
    p->p.scratch = mp_dnnl()->primitive_desc_query_md(p->p.pd, dnnl_query_scratchpad_md, 0);
    return writes ? make_reorder(c, v, p->packed, mp_md_of(&v->dw), &p->reorder)
                  : make_reorder(c, v, mp_md_of(&v->w), p->packed, &p->reorder);
}

/* ----------------------------------------------------------------- opening */

/* What must follow the image so that the last output has its inputs. */
static dnnl_dim_t after(int in, int out, int before, const struct mp_conv_dims *d)
{
    const int missing = (out - 1) * d->stride + d->kernel - in - before;
    return missing > 0 ? missing : 0;
}

static int make_passes(struct mp_ctx *c, struct mp_dnn_conv *v)
{
    const struct mp_conv_dims *d = &v->d;
    if (make_pass(c, v, &v->forward, d->relu ? MP_DNN_RELU : MP_DNN_NOTHING, describe_forward) < 0
        || (d->passes & MP_BACK_DATA
            && make_pass(c, v, &v->data, MP_DNN_NOTHING, describe_data) < 0)
        || (d->passes & MP_BACK_WEIGHTS
            && make_pass(c, v, &v->weights, MP_DNN_NOTHING, describe_weights) < 0))
        return -1;
    if (slow(&v->forward.p) || slow(&v->data.p) || slow(&v->weights.p))
        mp_warn(c, "oneDNN has no fast kernel for this convolution of %d x %d x %d; another "
                   "number of filters or kernel size may have one", d->in.h, d->in.w, d->in.c);
    return MP_OK;
}

static int make_all(struct mp_ctx *c, struct mp_dnn_conv *v)
{
    const struct mp_conv_dims *d = &v->d;
    const int threads = omp_get_max_threads();
    v->strides[0] = v->strides[1] = d->stride;
    v->before[0] = d->top;
    v->before[1] = d->left;
    v->after[0] = after(d->in.h, d->out.h, d->top, d);
    v->after[1] = after(d->in.w, d->out.w, d->left, d);
    if (mp_dnn_check(c, mp_dnnl()->engine_create(&v->engine, dnnl_cpu, 0), "engine") < 0
        || make_mds(c, v) < 0)
        return -1;
    omp_set_num_threads(1);
    const int rc = make_passes(c, v);
    omp_set_num_threads(threads);
    return rc;
}

struct mp_dnn_conv *mp_dnn_conv_open(struct mp_ctx *c, const struct mp_conv_dims *d)
{
    struct mp_dnn_conv *v = mp_alloc(c, 1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->d = *d;
    if (make_all(c, v) < 0) {
        mp_dnn_conv_close(v);
        v = NULL;
    }
    return v;
}

static void close_pass(struct pass *p)
{
    if (p->reorder != NULL)
        mp_dnnl()->primitive_destroy(p->reorder);
    mp_dnn_close(&p->p);
}

void mp_dnn_conv_close(struct mp_dnn_conv *v)
{
    if (v == NULL)
        return;
    close_pass(&v->weights);
    close_pass(&v->data);
    close_pass(&v->forward);
    struct mp_dnn_md *all[] = { &v->x, &v->w, &v->b, &v->y, &v->dw, &v->any_w, &v->any_dw };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mp_dnn_drop(all[i]);
    if (v->engine != NULL)
        mp_dnnl()->engine_destroy(v->engine);
    free(v);
}

/* --------------------------------------------------------------- execution */

/* Runs a pass whose weights are read from w, or with `writes` written to it; the
 * slots of args that are still free get the packed weights and the working memory. */
static int run_pass(struct mp_ctx *c, const struct mp_dnn_conv *v, const struct pass *p,
                    bool writes, const void *w, const struct mp_dnn_arg *more, int n_more)
{
    const size_t room = p->reorder != NULL ? mp_dnn_floats(p->packed) : 0;
    const size_t own = mp_dnn_floats(p->p.scratch);
    const int mark = mp_scratch_mark(c);
    float *memory = mp_scratch(c, room + own + 16);
    dnnl_stream_t stream = NULL;
    if (memory == NULL)
        return -1;
    const void *packed = p->reorder != NULL ? memory : w;
    struct mp_dnn_arg args[MP_DNN_ARGS] = {
        { writes ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, p->packed, packed },
        { DNNL_ARG_SCRATCHPAD, p->p.scratch, own > 0 ? memory + room : NULL },
    };
    memcpy(args + 2, more, (size_t)n_more * sizeof *more);
    const mp_md plain = mp_md_of(writes ? &v->dw : &v->w);
    const struct mp_dnn_arg in[] = { { DNNL_ARG_FROM, plain, w },
                                     { DNNL_ARG_TO, p->packed, packed } };
    const struct mp_dnn_arg out[] = { { DNNL_ARG_FROM, p->packed, packed },
                                      { DNNL_ARG_TO, plain, w } };
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = mp_dnnl()->stream_create(&stream, v->engine, dnnl_stream_default_flags);
    if (status == dnnl_success && p->reorder != NULL && !writes)
        status = mp_dnn_execute(v->engine, stream, p->reorder, in, 2);
    if (status == dnnl_success)
        status = mp_dnn_execute(v->engine, stream, p->p.run, args, 2 + n_more);
    if (status == dnnl_success && p->reorder != NULL && writes)
        status = mp_dnn_execute(v->engine, stream, p->reorder, out, 2);
    if (stream != NULL)
        mp_dnnl()->stream_destroy(stream);
    omp_set_num_threads(threads);
    mp_scratch_release(c, mark);
    return mp_dnn_check(c, status, "convolution");
}

int mp_dnn_conv_forward(struct mp_ctx *c, const struct mp_dnn_conv *v, const void *x,
                        const void *w, const float *b, void *y)
{
    const struct mp_dnn_arg args[] = { { DNNL_ARG_SRC, mp_md_of(&v->x), x },
                                       { DNNL_ARG_DST, mp_md_of(&v->y), y },
                                       { DNNL_ARG_BIAS, mp_md_of(&v->b),
                                         v->d.bias ? b : NULL } };
    return run_pass(c, v, &v->forward, false, w, args, 3);
}

int mp_dnn_conv_backward_data(struct mp_ctx *c, const struct mp_dnn_conv *v, const void *w,
                              const void *dy, void *dx)
{
    const struct mp_dnn_arg args[] = { { DNNL_ARG_DIFF_DST, mp_md_of(&v->y), dy },
                                       { DNNL_ARG_DIFF_SRC, mp_md_of(&v->x), dx } };
    return run_pass(c, v, &v->data, false, w, args, 2);
}

int mp_dnn_conv_backward_weights(struct mp_ctx *c, const struct mp_dnn_conv *v, const void *x,
                                 const void *dy, float *dw, float *db)
{
    const struct mp_dnn_arg args[] = { { DNNL_ARG_SRC, mp_md_of(&v->x), x },
                                       { DNNL_ARG_DIFF_DST, mp_md_of(&v->y), dy },
                                       { DNNL_ARG_DIFF_BIAS, mp_md_of(&v->b),
                                         v->d.bias ? db : NULL } };
    return run_pass(c, v, &v->weights, true, dw, args, 3);
}
