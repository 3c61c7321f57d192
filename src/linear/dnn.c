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
#include "linear/dnn.h"
#include "config.h"
#include "core/library.h"
#include "linear/product_check.h"
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
    struct mp_conv_dims asked, done; /* what the caller has, and what the library is given */
    dnnl_engine_t engine;
    dnnl_dims_t strides, dilates, before, after;
    struct own_md x, w, b, y;    /* as the caller has them */
    struct own_md dw;            /* the weights' gradient; others are like what they are of */
    struct own_md any_w, any_dw; /* weights as the library wants them */
    struct pass forward, data, weights;
};

struct mp_matmul {
    struct mp_matmul_dims asked, done; /* as of a convolution */
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

/* The library's numbers are sets of bits, which mean other things on other processors. */
#ifdef __x86_64__
enum { BF16 = 0xe7, AMX = 0x3e7 };
static const struct { int isa; const char *name; } known[] = {
    { 0x1, "SSE4.1" }, { 0x3, "AVX" }, { 0x7, "AVX2" }, { 0x407, "AVX2-VNNI" },
    { 0xf, "AVX2-VNNI" }, { 0x27, "AVX-512" }, { 0x67, "AVX-512 VNNI" },
    { BF16, "AVX-512 BF16" }, { 0x1ef, "AVX-512 FP16" }, { AMX, "AVX-512 AMX" },
};
#else
enum { BF16 = -1, AMX = -1 };
static const struct { int isa; const char *name; } known[] = {
#ifdef __aarch64__
    { 0x1, "ASIMD" }, { 0x3, "SVE" },
#else
    { -1, "" },
#endif
};
#endif

static bool has(int isa, int set)
{
    return set > 0 && (isa & set) == set;
}

const char *mp_dnn_isa_name(int isa)
{
    const char *name = "portable";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (has(isa, known[i].isa))
            name = known[i].name;
    return name;
}

static int isa_here(void)
{
    return mp_dnn_load(NULL) < 0 ? 0 : (int)dnnl.get_effective_cpu_isa();
}

const char *mp_dnn_isa(void)
{
    return mp_dnn_isa_name(isa_here());
}

bool mp_dnn_has_bf16(void)
{
    return has(isa_here(), BF16);
}

bool mp_dnn_doubtful(int major, int minor, int patch, int isa)
{
    return has(isa, AMX) && (major * 100 + minor) * 100 + patch < 30703;
}

void mp_dnn_remark(struct mp_ctx *c)
{
    const dnnl_version_t *v = dnnl.version();
    if (mp_dnn_doubtful(v->major, v->minor, v->patch, isa_here()))
        mp_remark(c, "oneDNN %d.%d.%d: its makers tell of wrong products with AMX before 3.7.3; "
                     "each kind of product made here was held against plain loops first", v->major,
                  v->minor, v->patch);
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

static const char *version_of(char *text, size_t size)
{
    mp_dnn_version(text, size);
    return text;
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

static int make_mds(struct mp_ctx *c, struct mp_conv *v)
{
    const struct mp_conv_dims *d = &v->done;
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
    return p->run != NULL
           && dnnl.primitive_desc_query(p->pd, dnnl_query_impl_info_str, 0, &kernel) == dnnl_success
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
    if (status == dnnl_success && (p != &v->forward || v->done.passes & MP_FORWARD))
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

static int make_passes(struct mp_ctx *c, struct mp_conv *v)
{
    const struct mp_conv_dims *d = &v->done;
    if (make_pass(c, v, &v->forward, d->relu ? RELU : NOTHING, describe_forward) < 0
        || (d->passes & MP_BACK_DATA && make_pass(c, v, &v->data, NOTHING, describe_data) < 0)
        || (d->passes & MP_BACK_WEIGHTS
            && make_pass(c, v, &v->weights, NOTHING, describe_weights) < 0))
        return -1;
    if (slow(&v->forward) || slow(&v->data) || slow(&v->weights))
        mp_warn(c, "oneDNN has no fast kernel for this convolution of %d x %d x %d; another "
                   "number of filters or kernel size may have one", d->in.h, d->in.w, d->in.c);
    return MP_OK;
}

static int make_all(struct mp_ctx *c, struct mp_conv *v)
{
    const struct mp_conv_dims *d = &v->done;
    const int threads = omp_get_max_threads();
    v->strides[0] = v->strides[1] = d->stride;
    v->before[0] = d->top;
    v->before[1] = d->left;
    v->after[0] = after(d->in.h, d->out.h, d->top, d);
    v->after[1] = after(d->in.w, d->out.w, d->left, d);
    if (check(c, dnnl.engine_create(&v->engine, dnnl_cpu, 0), "engine") < 0 || make_mds(c, v) < 0)
        return -1;
    omp_set_num_threads(1);
    const int rc = make_passes(c, v);
    omp_set_num_threads(threads);
    return rc;
}

static struct mp_conv *open_as(struct mp_ctx *c, const struct mp_conv_dims *asked,
                               const struct mp_conv_dims *done)
{
    struct mp_conv *v = mp_dnn_load(c) < 0 ? NULL : mp_alloc(c, 1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->asked = *asked;
    v->done = *done;
    if (make_all(c, v) < 0) {
        mp_conv_close(v);
        return NULL;
    }
    return v;
}

/* The forms in which it may be right, the fastest first. */
enum { FORMS = 3 };

static int conv_forms(const struct mp_conv_dims *d, struct mp_conv_dims *form, const char **name)
{
    int n = 0;
    form[n] = *d;
    name[n++] = d->precision == MP_BF16 ? "bf16" : "f32";
    if (d->precision == MP_F32)
        return n;
    if (d->in.c % 2 != 0) { /* what is multiplied in pairs goes wrong at an odd end */
        form[n] = *d;
        form[n].in.c++;
        name[n++] = "bf16 with one input channel more";
    }
    form[n] = *d;
    form[n].precision = MP_F32;
    name[n++] = "f32";
    return n;
}

struct mp_conv *mp_conv_open(struct mp_ctx *c, const struct mp_conv_dims *d)
{
    struct mp_conv_dims form[FORMS];
    const char *name[FORMS];
    char version[80];
    const int n = conv_forms(d, form, name);
    for (int i = 0; i < n; i++) {
        struct mp_conv *v = open_as(c, d, &form[i]);
        const int rc = v != NULL ? mp_conv_check(c, v, d) : -1;
        if (rc == MP_OK && i > 0)
            mp_warn(c, "oneDNN %s gives wrong numbers in %s for %d filters of %d x %d px on %d x "
                       "%d x %d: done in %s", version_of(version, sizeof version), name[0],
                    d->out.c, d->kernel, d->kernel, d->in.h, d->in.w, d->in.c, name[i]);
        if (rc == MP_OK)
            return v;
        mp_conv_close(v);
        if (rc < 0)
            return NULL;
    }
    mp_fail(c, "oneDNN %s gives wrong numbers for %d filters of %d x %d px on %d x %d x %d, in f32 "
               "too: use another version of oneDNN, or another kernel size or number of filters",
            version_of(version, sizeof version), d->out.c, d->kernel, d->kernel, d->in.h,
            d->in.w, d->in.c);
    return NULL;
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

/* What the library is given in another form than the caller has it in: n rows of values, `step`
 * values from one to the next.  [0]: the caller's form. */
struct staged {
    size_t n, d[2], step[2];
    enum mp_precision precision[2];
};

static bool is_staged(const struct staged *s)
{
    return s->d[0] != s->d[1] || s->precision[0] != s->precision[1];
}

static size_t size_of(enum mp_precision precision)
{
    return precision == MP_BF16 ? sizeof(mp_bf16) : sizeof(float);
}

/* From form `from` to the other one; what only that has is 0. */
static void restage(const struct staged *s, int from, const void *x, void *y)
{
    const int to = 1 - from;
    const enum mp_precision has = s->precision[from], wants = s->precision[to];
    const size_t n = s->d[from] < s->d[to] ? s->d[from] : s->d[to];
    for (size_t i = 0; i < s->n; i++) {
        const void *a = (const char *)x + i * s->step[from] * size_of(has);
        void *b = (char *)y + i * s->step[to] * size_of(wants);
        if (has == wants)
            memcpy(b, a, n * size_of(has));
        else if (wants == MP_BF16)
            mp_to_bf16(a, b, n);
        else
            mp_from_bf16(a, b, n);
        memset((char *)b + n * size_of(wants), 0, (s->d[to] - n) * size_of(wants));
    }
}

/* Where the library writes; and what it reads.  NULL after an mp_fail(). */
static void *room_for(struct mp_ctx *c, const struct staged *s, void *y)
{
    return is_staged(s) ? mp_scratch(c, s->n * s->step[1]) : y;
}

static const void *give(struct mp_ctx *c, const struct staged *s, const void *x)
{
    void *room = room_for(c, s, (void *)(uintptr_t)x);
    if (room != NULL && room != x)
        restage(s, 0, x, room);
    return room;
}

static void take(const struct staged *s, const void *made, void *y)
{
    if (made != y)
        restage(s, 1, made, y);
}

static struct staged packed_rows(size_t n, size_t asked, size_t done, enum mp_precision was,
                                 enum mp_precision is)
{
    return (struct staged){ n, { asked, done }, { asked, done }, { was, is } };
}

static struct staged input_of(const struct mp_conv *v)
{
    const struct mp_conv_dims *a = &v->asked, *d = &v->done;
    return packed_rows(a->n * (size_t)a->in.h * (size_t)a->in.w, (size_t)a->in.c, (size_t)d->in.c,
                       a->precision, d->precision);
}

static struct staged output_of(const struct mp_conv *v)
{
    const size_t d = mp_len(v->asked.out);
    return packed_rows(v->asked.n, d, d, v->asked.precision, v->done.precision);
}

static struct staged weights_of(const struct mp_conv *v)
{
    const struct mp_conv_dims *a = &v->asked, *d = &v->done;
    const size_t filters = (size_t)a->out.c;
    return packed_rows((size_t)a->kernel * (size_t)a->kernel, (size_t)a->in.c * filters,
                       (size_t)d->in.c * filters, a->precision, d->precision);
}

static struct staged gradient_of(const struct mp_conv *v)
{
    struct staged s = weights_of(v);
    s.precision[0] = s.precision[1] = MP_F32;
    return s;
}

static void spoil(const struct mp_conv *v, md_t md, void *result)
{
    if (v->done.spoil != NULL)
        v->done.spoil(v->done.precision, v->done.in.c, result, dnnl.memory_desc_get_size(md));
}

int mp_conv_forward(struct mp_ctx *c, const struct mp_conv *v, const void *x, const void *w,
                    const float *b, void *y)
{
    const struct staged input = input_of(v), weights = weights_of(v), output = output_of(v);
    const int mark = mp_scratch_mark(c);
    const void *from = give(c, &input, x), *by = give(c, &weights, w);
    void *to = room_for(c, &output, y);
    const struct arg args[] = { { DNNL_ARG_SRC, see(&v->x), from },
                                { DNNL_ARG_DST, see(&v->y), to },
                                { DNNL_ARG_BIAS, see(&v->b), v->b.made ? b : NULL } };
    const int rc = from == NULL || by == NULL || to == NULL
                       ? -1
                       : run_pass(c, v, &v->forward, false, by, args, 3);
    if (rc == MP_OK) {
        spoil(v, see(&v->y), to);
        take(&output, to, y);
    }
    mp_scratch_release(c, mark);
    return rc;
}

int mp_conv_backward_data(struct mp_ctx *c, const struct mp_conv *v, const void *w,
                          const void *dy, void *dx)
{
    const struct staged input = input_of(v), weights = weights_of(v), output = output_of(v);
    const int mark = mp_scratch_mark(c);
    const void *from = give(c, &output, dy), *by = give(c, &weights, w);
    void *to = room_for(c, &input, dx);
    const struct arg args[] = { { DNNL_ARG_DIFF_DST, see(&v->y), from },
                                { DNNL_ARG_DIFF_SRC, see(&v->x), to } };
    const int rc = from == NULL || by == NULL || to == NULL
                       ? -1
                       : run_pass(c, v, &v->data, false, by, args, 2);
    if (rc == MP_OK) {
        spoil(v, see(&v->x), to);
        take(&input, to, dx);
    }
    mp_scratch_release(c, mark);
    return rc;
}

int mp_conv_backward_weights(struct mp_ctx *c, const struct mp_conv *v, const void *x,
                             const void *dy, float *dw, float *db)
{
    const struct staged input = input_of(v), output = output_of(v), gradient = gradient_of(v);
    const int mark = mp_scratch_mark(c);
    const void *from = give(c, &input, x), *up = give(c, &output, dy);
    void *to = room_for(c, &gradient, dw);
    const struct arg args[] = { { DNNL_ARG_SRC, see(&v->x), from },
                                { DNNL_ARG_DIFF_DST, see(&v->y), up },
                                { DNNL_ARG_DIFF_BIAS, see(&v->b), v->b.made ? db : NULL } };
    const int rc = from == NULL || up == NULL || to == NULL
                       ? -1
                       : run_pass(c, v, &v->weights, true, to, args, 3);
    if (rc == MP_OK) {
        spoil(v, see(&v->dw), to);
        take(&gradient, to, dw);
    }
    mp_scratch_release(c, mark);
    return rc;
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
#ifdef __x86_64__
    const int isa = (int)dnnl.get_effective_cpu_isa(), avx2 = 0x7, avx512 = 0x20;
    const bool two_remain = !d->ta && d->m % 6 == 2 && d->m % 4 == 0;
    return two_remain && has(isa, avx2) && !has(isa, avx512) ? 2 : 1;
#else
    (void)d;
    return 1;
#endif
}

static int make_matmul(struct mp_ctx *c, struct mp_matmul *v)
{
    const struct mp_matmul_dims *d = &v->done;
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

/* With `wide` in f32, whatever was asked for. */
static struct mp_matmul *open_matmul(struct mp_ctx *c, const struct mp_matmul_dims *d, bool wide)
{
    struct mp_matmul *v = mp_dnn_load(c) < 0 ? NULL : mp_alloc(c, 1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->asked = v->done = *d;
    if (wide) {
        v->done.precision = MP_F32;
        v->done.ldc = d->round ? d->n : d->ldc;
    }
    if (make_matmul(c, v) < 0) {
        mp_matmul_close(v);
        return NULL;
    }
    return v;
}

struct mp_matmul *mp_matmul_open(struct mp_ctx *c, const struct mp_matmul_dims *d)
{
    char version[80];
    const int forms = d->precision == MP_BF16 ? 2 : 1;
    for (int i = 0; i < forms; i++) {
        struct mp_matmul *v = open_matmul(c, d, i > 0);
        const int rc = v != NULL ? mp_matmul_check(c, v, d) : -1;
        if (rc == MP_OK && i > 0)
            mp_warn(c, "oneDNN %s gives wrong numbers in bf16 for products of %zu x %zu and %zu x "
                       "%zu values: done in f32", version_of(version, sizeof version), d->m,
                    d->k, d->k, d->n);
        if (rc == MP_OK)
            return v;
        mp_matmul_close(v);
        if (rc < 0)
            return NULL;
    }
    mp_fail(c, "oneDNN %s gives wrong numbers for products of %zu x %zu and %zu x %zu values, in "
               "f32 too: use another version of oneDNN, or other sizes of layers",
            version_of(version, sizeof version), d->m, d->k, d->k, d->n);
    return NULL;
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

/* rows x columns, or with `turned` stored the other way: all from the first to the last. */
static struct staged matrix(const struct mp_matmul *v, size_t rows, size_t columns, size_t apart,
                            bool turned)
{
    const size_t n = ((turned ? columns : rows) - 1) * apart + (turned ? rows : columns);
    return packed_rows(1, n, n, v->asked.precision, v->done.precision);
}

/* Between its rows there may be values of others. */
static struct staged product_of(const struct mp_matmul *v)
{
    const struct mp_matmul_dims *a = &v->asked, *d = &v->done;
    const enum mp_precision was = a->round ? a->precision : MP_F32;
    const enum mp_precision is = d->round ? d->precision : MP_F32;
    return (struct staged){ a->m, { a->n, d->n }, { a->ldc, d->ldc }, { was, is } };
}

static int multiply(struct mp_ctx *c, const struct mp_matmul *v, const void *a, const void *b,
                    void *y)
{
    const size_t own = floats(v->run.scratch);
    float *scratch = mp_scratch(c, own + 16);
    dnnl_stream_t stream = NULL;
    if (scratch == NULL)
        return -1;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = dnnl.stream_create(&stream, v->engine, dnnl_stream_default_flags);
    for (size_t i = 0; i < v->runs && status == dnnl_success; i++) {
        const struct arg args[] = { { DNNL_ARG_SRC, see(&v->a), (const char *)a + i * v->a_step },
                                    { DNNL_ARG_WEIGHTS, see(&v->b), b },
                                    { DNNL_ARG_DST, see(&v->y), (char *)y + i * v->y_step },
                                    { DNNL_ARG_SCRATCHPAD, v->run.scratch,
                                      own > 0 ? scratch : NULL } };
        status = execute(v->engine, stream, v->run.run, args, 4);
    }
    if (stream != NULL)
        dnnl.stream_destroy(stream);
    omp_set_num_threads(threads);
    if (status == dnnl_success && v->done.spoil != NULL)
        v->done.spoil(v->done.precision, 0, y, dnnl.memory_desc_get_size(see(&v->y)));
    return check(c, status, "matrix product");
}

int mp_matmul_run(struct mp_ctx *c, const struct mp_matmul *v, const void *a, const void *b,
                  void *y)
{
    const struct mp_matmul_dims *d = &v->asked;
    const struct staged left = matrix(v, d->m, d->k, d->lda, d->ta),
                        right = matrix(v, d->k, d->n, d->ldb, d->tb), product = product_of(v);
    const int mark = mp_scratch_mark(c);
    const void *from = give(c, &left, a), *by = give(c, &right, b);
    void *to = d->add ? (void *)(uintptr_t)give(c, &product, y) : room_for(c, &product, y);
    const int rc = from == NULL || by == NULL || to == NULL ? -1 : multiply(c, v, from, by, to);
    if (rc == MP_OK)
        take(&product, to, y);
    mp_scratch_release(c, mark);
    return rc;
}
