/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn.c - the thin layer over oneDNN's C interface, versions 2 and 3.
 *
 * Images keep their packed layout (channels last); weights are laid out afresh for
 * every call, as the library likes them best: microseconds against milliseconds.
 *
 * One primitive serves several threads: its working memory is given with every call.
 * Primitives are made, and run, as if OpenMP had one thread: the library splits sums
 * by the number of threads, so that otherwise the bits would depend on it.
 *
 * The library is loaded by mp_dnn_load(), which whoever opens something here calls. */
#include "dnn.h"
#include "config.h"
#include "library.h"
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* What both versions read a memory descriptor through, and how to own one; what only one has. */
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t md_t;
#define DNNL_OF_VERSION(F)                                                                     \
    F(dnnl_, convolution_backward_data_primitive_desc_create)                                  \
    F(dnnl_, convolution_backward_weights_primitive_desc_create)                               \
    F(dnnl_, convolution_forward_primitive_desc_create)                                        \
    F(dnnl_, matmul_primitive_desc_create)                                                     \
    F(dnnl_, memory_desc_create_with_strides) F(dnnl_, memory_desc_create_with_tag)            \
    F(dnnl_, memory_desc_destroy)
#else
typedef const dnnl_memory_desc_t *md_t;
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
    F(dnnl_, reorder_primitive_desc_create) F(dnnl_, sgemm) F(dnnl_, status2str)               \
    F(dnnl_, stream_create) F(dnnl_, stream_destroy) F(dnnl_, stream_wait) F(dnnl_, version)   \
    DNNL_OF_VERSION(F)

static struct { DNNL_FUNCTIONS(MP_LIBRARY_MEMBER) } dnnl;
static struct mp_library library = { MP_LIBRARY("oneDNN", MP_DNNL_SONAME, DNNL_FUNCTIONS, dnnl) };

enum { ARGS = 6 };

struct own_md {
    dnnl_memory_desc_t md;
    bool made;
};

/* One direction through the convolution. */
struct pass {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t run;
    dnnl_primitive_t reorder; /* of the weights, to the layout of `run` or from it; or NULL */
    md_t packed, scratch;     /* weights and working memory of `run`; belong to pd */
};

struct mp_conv {
    dnnl_engine_t engine;
    dnnl_dims_t strides, dilates, before, after;
    struct own_md x, w, b, y;    /* as the caller has them */
    struct own_md dw;            /* the weights' gradient; others are like what they are of */
    struct own_md any_w, any_dw; /* weights as the library wants them */
    struct pass forward, data, weights;
};

struct mp_matmul {
    dnnl_engine_t engine;
    struct own_md a, b, y;
    struct pass run;
    size_t runs;             /* one after another, for rows that follow each other */
    size_t a_step, y_step;   /* bytes from one to the next */
};

struct arg {
    int name;
    md_t md;
    const void *at;
};

/* ------------------------------------------------------------- the library */

int mp_dnn_load(struct mp_ctx *c)
{
    return mp_library_load(c, &library, "nets and products of matrices");
}

const char *mp_dnn_isa(void)
{
    static const struct { int isa; const char *name; } known[] = {
        { 0x1, "SSE4.1" }, { 0x3, "AVX" }, { 0x7, "AVX2" }, { 0x407, "AVX2-VNNI" },
        { 0x27, "AVX-512" }, { 0x67, "AVX-512 VNNI" }, { 0xe7, "AVX-512 BF16" },
        { 0x1ef, "AVX-512 FP16" }, { 0x3e7, "AVX-512 AMX" }, { 0xfef, "AVX-512 AMX" },
    };
    const char *name = "portable";
    const int isa = mp_dnn_load(NULL) < 0 ? 0 : (int)dnnl.get_effective_cpu_isa();
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if ((isa & known[i].isa) == known[i].isa)
            name = known[i].name;
    return name;
}

bool mp_dnn_has_bf16(void)
{
    const int bf16 = 0xe7; /* dnnl_cpu_isa_avx512_core_bf16, and what includes it */
    return mp_dnn_load(NULL) == MP_OK && ((int)dnnl.get_effective_cpu_isa() & bf16) == bf16;
}

bool mp_dnn_version(char *text, size_t size)
{
    const bool loaded = mp_library_loaded(&library);
    if (loaded) {
        const dnnl_version_t *v = dnnl.version();
        snprintf(text, size, "%d.%d.%d (%s)", v->major, v->minor, v->patch, mp_dnn_isa());
    } else {
        snprintf(text, size, "%d.%d.%d", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR,
                 DNNL_VERSION_PATCH);
    }
    return loaded;
}

static int check(struct mp_ctx *c, dnnl_status_t status, const char *what)
{
    if (status == dnnl_success)
        return MP_OK;
    return mp_fail(c, "oneDNN %d.%d: %s: %s", dnnl.version()->major, dnnl.version()->minor, what,
                   dnnl.status2str(status));
}

int mp_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a,
            size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    const int threads = omp_get_max_threads();
    if (mp_dnn_load(NULL) < 0)
        return -1;
    omp_set_num_threads(1);
    const dnnl_status_t status =
        dnnl.sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k,
                   alpha, a, (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc);
    omp_set_num_threads(threads);
    return status == dnnl_success ? MP_OK : -1;
}

/* ------------------------------------------------------ memory descriptors */

static md_t see(const struct own_md *o)
{
#if DNNL_VERSION_MAJOR >= 3
    return o->md;
#else
    return o->made ? &o->md : NULL;
#endif
}

static int make_md(struct mp_ctx *c, struct own_md *o, int n_dims, const dnnl_dims_t dims,
                   dnnl_data_type_t type, dnnl_format_tag_t tag)
{
#if DNNL_VERSION_MAJOR >= 3
    const dnnl_status_t status =
        dnnl.memory_desc_create_with_tag(&o->md, n_dims, dims, type, tag);
#else
    const dnnl_status_t status = dnnl.memory_desc_init_by_tag(&o->md, n_dims, dims, type, tag);
#endif
    o->made = status == dnnl_success;
    return check(c, status, "memory");
}

/* rows x columns whose rows lie `stride` apart, or with `turned` stored the other way. */
static int make_matrix(struct mp_ctx *c, struct own_md *o, size_t rows, size_t columns,
                       size_t stride, bool turned, dnnl_data_type_t type)
{
    const dnnl_dims_t dims = { (dnnl_dim_t)rows, (dnnl_dim_t)columns };
    const dnnl_dims_t strides = { turned ? 1 : (dnnl_dim_t)stride,
                                  turned ? (dnnl_dim_t)stride : 1 };
#if DNNL_VERSION_MAJOR >= 3
    const dnnl_status_t status =
        dnnl.memory_desc_create_with_strides(&o->md, 2, dims, type, strides);
#else
    const dnnl_status_t status = dnnl.memory_desc_init_by_strides(&o->md, 2, dims, type, strides);
#endif
    o->made = status == dnnl_success;
    return check(c, status, "memory");
}

static void drop_md(struct own_md *o)
{
#if DNNL_VERSION_MAJOR >= 3
    if (o->made)
        dnnl.memory_desc_destroy(o->md);
#endif
    o->made = false;
}

static dnnl_data_type_t type_of(enum mp_precision precision)
{
    return precision == MP_BF16 ? dnnl_bf16 : dnnl_f32;
}

static int make_mds(struct mp_ctx *c, struct mp_conv *v, const struct mp_conv_dims *d)
{
    const dnnl_data_type_t type = type_of(d->precision);
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

static dnnl_status_t describe_forward(struct mp_conv *v, dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl.convolution_forward_primitive_desc_create(
        &v->forward.pd, v->engine, dnnl_forward_training, dnnl_convolution_direct, see(&v->x),
        see(&v->any_w), see(&v->b), see(&v->y), v->strides, v->dilates, v->before, v->after, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t status = dnnl.convolution_forward_desc_init(
        &d, dnnl_forward_training, dnnl_convolution_direct, see(&v->x), see(&v->any_w), see(&v->b),
        see(&v->y), v->strides, v->before, v->after);
    return status != dnnl_success
               ? status
               : dnnl.primitive_desc_create(&v->forward.pd, &d, attr, v->engine, NULL);
#endif
}

static dnnl_status_t describe_data(struct mp_conv *v, dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl.convolution_backward_data_primitive_desc_create(
        &v->data.pd, v->engine, dnnl_convolution_direct, see(&v->x), see(&v->any_w), see(&v->y),
        v->strides, v->dilates, v->before, v->after, v->forward.pd, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t status = dnnl.convolution_backward_data_desc_init(
        &d, dnnl_convolution_direct, see(&v->x), see(&v->any_w), see(&v->y), v->strides, v->before,
        v->after);
    return status != dnnl_success
               ? status
               : dnnl.primitive_desc_create(&v->data.pd, &d, attr, v->engine, v->forward.pd);
#endif
}

static dnnl_status_t describe_weights(struct mp_conv *v, dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl.convolution_backward_weights_primitive_desc_create(
        &v->weights.pd, v->engine, dnnl_convolution_direct, see(&v->x), see(&v->any_dw), see(&v->b),
        see(&v->y), v->strides, v->dilates, v->before, v->after, v->forward.pd, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t status = dnnl.convolution_backward_weights_desc_init(
        &d, dnnl_convolution_direct, see(&v->x), see(&v->any_dw), see(&v->b), see(&v->y),
        v->strides, v->before, v->after);
    return status != dnnl_success
               ? status
               : dnnl.primitive_desc_create(&v->weights.pd, &d, attr, v->engine, v->forward.pd);
#endif
}

/* What is done to a result: relu, or that what is there already is added. */
enum after_run { NOTHING, RELU, ADD };

static dnnl_status_t append(dnnl_post_ops_t ops, enum after_run what)
{
#if DNNL_VERSION_MAJOR >= 3
    return what == RELU ? dnnl.post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0, 0)
                        : dnnl.post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef);
#else
    return what == RELU ? dnnl.post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0)
                        : dnnl.post_ops_append_sum(ops, 1);
#endif
}

static dnnl_status_t make_attr(dnnl_primitive_attr_t *attr, enum after_run what)
{
    dnnl_status_t status = dnnl.primitive_attr_create(attr);
    if (status == dnnl_success)
        status = dnnl.primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (status != dnnl_success || what == NOTHING)
        return status;
    dnnl_post_ops_t ops;
    status = dnnl.post_ops_create(&ops);
    if (status != dnnl_success)
        return status;
    status = append(ops, what);
    if (status == dnnl_success)
        status = dnnl.primitive_attr_set_post_ops(*attr, ops);
    dnnl.post_ops_destroy(ops);
    return status;
}

static int make_reorder(struct mp_ctx *c, struct mp_conv *v, md_t from, md_t to,
                        dnnl_primitive_t *reorder)
{
    dnnl_primitive_desc_t pd = NULL;
    if (dnnl.memory_desc_equal(from, to))
        return MP_OK;
    dnnl_status_t status =
        dnnl.reorder_primitive_desc_create(&pd, from, v->engine, to, v->engine, NULL);
    if (status == dnnl_success)
        status = dnnl.primitive_create(reorder, pd);
    dnnl.primitive_desc_destroy(pd);
    return check(c, status, "layout of weights");
}

/* What no kernel was written for is done by "ref", 100 times as slow. */
static bool slow(const struct pass *p)
{
    const char *kernel = "";
    return dnnl.primitive_desc_query(p->pd, dnnl_query_impl_info_str, 0, &kernel) == dnnl_success
           && strncmp(kernel, "ref", 3) == 0;
}

static int make_pass(struct mp_ctx *c, struct mp_conv *v, struct pass *p, enum after_run what,
                     dnnl_status_t (*describe)(struct mp_conv *, dnnl_primitive_attr_t))
{
    dnnl_primitive_attr_t attr = NULL;
    const bool writes = p == &v->weights;
    dnnl_status_t status = make_attr(&attr, what);
    if (status == dnnl_success)
        status = describe(v, attr);
    if (attr != NULL)
        dnnl.primitive_attr_destroy(attr);
    if (status == dnnl_success)
        status = dnnl.primitive_create(&p->run, p->pd);
    if (check(c, status, "convolution") < 0)
        return -1;
    const dnnl_query_t packed = writes ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
    p->packed = dnnl.primitive_desc_query_md(p->pd, packed, 0);
    p->scratch = dnnl.primitive_desc_query_md(p->pd, dnnl_query_scratchpad_md, 0);
    return writes ? make_reorder(c, v, p->packed, see(&v->dw), &p->reorder)
                  : make_reorder(c, v, see(&v->w), p->packed, &p->reorder);
}

static void close_pass(struct pass *p)
{
    if (p->reorder != NULL)
        dnnl.primitive_destroy(p->reorder);
    if (p->run != NULL)
        dnnl.primitive_destroy(p->run);
    if (p->pd != NULL)
        dnnl.primitive_desc_destroy(p->pd);
}

/* ------------------------------------------------------------- convolution */

/* What must follow the image so that the last output has its inputs. */
static dnnl_dim_t after(int in, int out, int before, const struct mp_conv_dims *d)
{
    const int missing = (out - 1) * d->stride + d->kernel - in - before;
    return missing > 0 ? missing : 0;
}

static int make_all(struct mp_ctx *c, struct mp_conv *v, const struct mp_conv_dims *d)
{
    if (check(c, dnnl.engine_create(&v->engine, dnnl_cpu, 0), "engine") < 0
        || make_mds(c, v, d) < 0)
        return -1;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    const bool bad = make_pass(c, v, &v->forward, d->relu ? RELU : NOTHING, describe_forward) < 0
                     || make_pass(c, v, &v->data, NOTHING, describe_data) < 0
                     || make_pass(c, v, &v->weights, NOTHING, describe_weights) < 0;
    omp_set_num_threads(threads);
    if (bad)
        return -1;
    if (slow(&v->forward) || slow(&v->data) || slow(&v->weights))
        mp_warn(c, "oneDNN has no fast kernel for this convolution of %d x %d x %d; another "
                   "number of filters or kernel size may have one", d->in.h, d->in.w, d->in.c);
    return MP_OK;
}

struct mp_conv *mp_conv_open(struct mp_ctx *c, const struct mp_conv_dims *d)
{
    struct mp_conv *v = mp_dnn_load(c) < 0 ? NULL : mp_alloc(c, 1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->strides[0] = v->strides[1] = d->stride;
    v->before[0] = d->top;
    v->before[1] = d->left;
    v->after[0] = after(d->in.h, d->out.h, d->top, d);
    v->after[1] = after(d->in.w, d->out.w, d->left, d);
    if (make_all(c, v, d) < 0) {
        mp_conv_close(v);
        return NULL;
    }
    return v;
}

void mp_conv_close(struct mp_conv *v)
{
    if (v == NULL)
        return;
    close_pass(&v->weights);
    close_pass(&v->data);
    close_pass(&v->forward);
    struct own_md *all[] = { &v->x, &v->w, &v->b, &v->y, &v->dw, &v->any_w, &v->any_dw };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        drop_md(all[i]);
    if (v->engine != NULL)
        dnnl.engine_destroy(v->engine);
    free(v);
}

/* --------------------------------------------------------------- execution */

/* Arguments without memory are left out. */
static dnnl_status_t execute(dnnl_engine_t engine, dnnl_stream_t stream, dnnl_primitive_t run,
                             const struct arg *args, int n)
{
    dnnl_exec_arg_t given[ARGS] = { { 0 } };
    dnnl_status_t status = dnnl_success;
    int used = 0;
    for (int i = 0; i < n && status == dnnl_success; i++) {
        if (args[i].at == NULL)
            continue;
        given[used].arg = args[i].name;
        status = dnnl.memory_create(&given[used].memory, args[i].md, engine, (void *)args[i].at);
        used += status == dnnl_success;
    }
    if (status == dnnl_success)
        status = dnnl.primitive_execute(run, stream, used, given);
    if (status == dnnl_success)
        status = dnnl.stream_wait(stream);
    for (int i = 0; i < used; i++)
        dnnl.memory_destroy(given[i].memory);
    return status;
}

static size_t floats(md_t md)
{
    return (dnnl.memory_desc_get_size(md) / sizeof(float) + 15) / 16 * 16;
}

/* Runs a pass whose weights are read from w, or with `writes` written to it; the
 * slots of args that are still free get the packed weights and the working memory. */
static int run_pass(struct mp_ctx *c, const struct mp_conv *v, const struct pass *p, bool writes,
                    const void *w, const struct arg *more, int n_more)
{
    const size_t room = p->reorder != NULL ? floats(p->packed) : 0, own = floats(p->scratch);
    float *memory = mp_scratch(c, room + own + 16);
    dnnl_stream_t stream = NULL;
    if (memory == NULL)
        return -1;
    const void *packed = p->reorder != NULL ? memory : w;
    struct arg args[ARGS] = {
        { writes ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, p->packed, packed },
        { DNNL_ARG_SCRATCHPAD, p->scratch, own > 0 ? memory + room : NULL },
    };
    memcpy(args + 2, more, (size_t)n_more * sizeof *more);
    const md_t plain = see(writes ? &v->dw : &v->w);
    const struct arg in[] = { { DNNL_ARG_FROM, plain, w }, { DNNL_ARG_TO, p->packed, packed } };
    const struct arg out[] = { { DNNL_ARG_FROM, p->packed, packed }, { DNNL_ARG_TO, plain, w } };
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = dnnl.stream_create(&stream, v->engine, dnnl_stream_default_flags);
    if (status == dnnl_success && p->reorder != NULL && !writes)
        status = execute(v->engine, stream, p->reorder, in, 2);
    if (status == dnnl_success)
        status = execute(v->engine, stream, p->run, args, 2 + n_more);
    if (status == dnnl_success && p->reorder != NULL && writes)
        status = execute(v->engine, stream, p->reorder, out, 2);
    if (stream != NULL)
        dnnl.stream_destroy(stream);
    omp_set_num_threads(threads);
    return check(c, status, "convolution");
}

int mp_conv_forward(struct mp_ctx *c, const struct mp_conv *v, const void *x, const void *w,
                    const float *b, void *y)
{
    const struct arg args[] = { { DNNL_ARG_SRC, see(&v->x), x },
                                { DNNL_ARG_DST, see(&v->y), y },
                                { DNNL_ARG_BIAS, see(&v->b), v->b.made ? b : NULL } };
    return run_pass(c, v, &v->forward, false, w, args, 3);
}

int mp_conv_backward_data(struct mp_ctx *c, const struct mp_conv *v, const void *w,
                          const void *dy, void *dx)
{
    const struct arg args[] = { { DNNL_ARG_DIFF_DST, see(&v->y), dy },
                                { DNNL_ARG_DIFF_SRC, see(&v->x), dx } };
    return run_pass(c, v, &v->data, false, w, args, 2);
}

int mp_conv_backward_weights(struct mp_ctx *c, const struct mp_conv *v, const void *x,
                             const void *dy, float *dw, float *db)
{
    const struct arg args[] = { { DNNL_ARG_SRC, see(&v->x), x },
                                { DNNL_ARG_DIFF_DST, see(&v->y), dy },
                                { DNNL_ARG_DIFF_BIAS, see(&v->b), v->b.made ? db : NULL } };
    return run_pass(c, v, &v->weights, true, dw, args, 3);
}

/* --------------------------------------------------------- matrix products */

static dnnl_status_t describe_matmul(struct mp_matmul *v, dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl.matmul_primitive_desc_create(&v->run.pd, v->engine, see(&v->a), see(&v->b), NULL,
                                             see(&v->y), attr);
#else
    dnnl_matmul_desc_t d;
    const dnnl_status_t status =
        dnnl.matmul_desc_init(&d, see(&v->a), see(&v->b), NULL, see(&v->y));
    return status != dnnl_success
               ? status
               : dnnl.primitive_desc_create(&v->run.pd, &d, attr, v->engine, NULL);
#endif
}

/* A row shall have the same bits wherever it stands.  With AVX2 oneDNN 2.6 takes six rows at a
 * time, and where two remain adds theirs up in another order: such products are made in
 * two halves. */
static size_t runs_of(const struct mp_matmul_dims *d)
{
    const int isa = (int)dnnl.get_effective_cpu_isa(), avx2 = 0x7, avx512 = 0x20;
    const bool two_remain = !d->ta && d->m % 6 == 2 && d->m % 4 == 0;
    return two_remain && (isa & avx2) == avx2 && (isa & avx512) == 0 ? 2 : 1;
}

static int make_matmul(struct mp_ctx *c, struct mp_matmul *v, const struct mp_matmul_dims *d)
{
    const dnnl_data_type_t type = type_of(d->precision);
    dnnl_primitive_attr_t attr = NULL;
    v->runs = runs_of(d);
    const size_t m = d->m / v->runs;
    v->a_step = m * d->lda * dnnl.data_type_size(type);
    v->y_step = m * d->ldc * dnnl.data_type_size(d->round ? type : dnnl_f32);
    if (check(c, dnnl.engine_create(&v->engine, dnnl_cpu, 0), "engine") < 0
        || make_matrix(c, &v->a, m, d->k, d->lda, d->ta, type) < 0
        || make_matrix(c, &v->b, d->k, d->n, d->ldb, d->tb, type) < 0
        || make_matrix(c, &v->y, m, d->n, d->ldc, false, d->round ? type : dnnl_f32) < 0)
        return -1;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = make_attr(&attr, d->add ? ADD : NOTHING);
    if (status == dnnl_success)
        status = describe_matmul(v, attr);
    if (status == dnnl_success)
        status = dnnl.primitive_create(&v->run.run, v->run.pd);
    if (attr != NULL)
        dnnl.primitive_attr_destroy(attr);
    omp_set_num_threads(threads);
    if (check(c, status, "matrix product") < 0)
        return -1;
    v->run.scratch = dnnl.primitive_desc_query_md(v->run.pd, dnnl_query_scratchpad_md, 0);
    return MP_OK;
}

struct mp_matmul *mp_matmul_open(struct mp_ctx *c, const struct mp_matmul_dims *d)
{
    struct mp_matmul *v = mp_dnn_load(c) < 0 ? NULL : mp_alloc(c, 1, sizeof *v);
    if (v != NULL && make_matmul(c, v, d) < 0) {
        mp_matmul_close(v);
        return NULL;
    }
    return v;
}

void mp_matmul_close(struct mp_matmul *v)
{
    if (v == NULL)
        return;
    close_pass(&v->run);
    drop_md(&v->a);
    drop_md(&v->b);
    drop_md(&v->y);
    if (v->engine != NULL)
        dnnl.engine_destroy(v->engine);
    free(v);
}

int mp_matmul_run(struct mp_ctx *c, const struct mp_matmul *v, const void *a, const void *b,
                  void *y)
{
    const int mark = mp_scratch_mark(c), threads = omp_get_max_threads();
    float *scratch = mp_scratch(c, floats(v->run.scratch) + 16);
    dnnl_stream_t stream = NULL;
    if (scratch == NULL)
        return -1;
    omp_set_num_threads(1);
    dnnl_status_t status = dnnl.stream_create(&stream, v->engine, dnnl_stream_default_flags);
    for (size_t i = 0; i < v->runs && status == dnnl_success; i++) {
        const struct arg args[] = { { DNNL_ARG_SRC, see(&v->a), (const char *)a + i * v->a_step },
                                    { DNNL_ARG_WEIGHTS, see(&v->b), b },
                                    { DNNL_ARG_DST, see(&v->y), (char *)y + i * v->y_step },
                                    { DNNL_ARG_SCRATCHPAD, v->run.scratch,
                                      floats(v->run.scratch) > 0 ? scratch : NULL } };
        status = execute(v->engine, stream, v->run.run, args, 4);
    }
    if (stream != NULL)
        dnnl.stream_destroy(stream);
    omp_set_num_threads(threads);
    mp_scratch_release(c, mark);
    return check(c, status, "matrix product");
}
