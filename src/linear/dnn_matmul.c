/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn_matmul.c - products of matrices by oneDNN, versions 2 and 3. */
#include "linear/dnn_matmul.h"
#include "linear/dnn_primitive.h"
#include <omp.h>
#include <stdlib.h>

struct mp_dnn_matmul {
    dnnl_engine_t engine;
    struct mp_dnn_md a, b, y;
    struct mp_dnn_primitive run;
    size_t runs;           /* one after another, for rows that follow each other */
    size_t a_step, y_step; /* bytes from one to the next */
};

/* rows x columns whose rows lie `stride` apart, or with `turned` stored the other way. */
static int make_matrix(struct mp_ctx *c, struct mp_dnn_md *o, size_t rows, size_t columns,
                       size_t stride, bool turned, dnnl_data_type_t type)
{
    const dnnl_dims_t dims = { (dnnl_dim_t)rows, (dnnl_dim_t)columns };
    const dnnl_dims_t strides = { turned ? 1 : (dnnl_dim_t)stride,
                                  turned ? (dnnl_dim_t)stride : 1 };
#if DNNL_VERSION_MAJOR >= 3
    const dnnl_status_t status =
        mp_dnnl()->memory_desc_create_with_strides(&o->md, 2, dims, type, strides);
#else
    const dnnl_status_t status =
        mp_dnnl()->memory_desc_init_by_strides(&o->md, 2, dims, type, strides);
#endif
    o->made = status == dnnl_success;
    return mp_dnn_check(c, status, "memory");
}

static dnnl_status_t describe(struct mp_dnn_matmul *v, dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return mp_dnnl()->matmul_primitive_desc_create(&v->run.pd, v->engine, mp_md_of(&v->a),
                                                   mp_md_of(&v->b), NULL, mp_md_of(&v->y),
                                                   attr);
#else
    dnnl_matmul_desc_t d;
    const dnnl_status_t status = mp_dnnl()->matmul_desc_init(
        &d, mp_md_of(&v->a), mp_md_of(&v->b), NULL, mp_md_of(&v->y));
    return status != dnnl_success
               ? status
               : mp_dnnl()->primitive_desc_create(&v->run.pd, &d, attr, v->engine, NULL);
#endif
}

/* A row shall have the same bits wherever it stands.  With AVX2 oneDNN 2.6 takes six rows at a
 * time, and where two remain adds theirs up in another order: such products are made in
 * two halves. */
static size_t runs_of(const struct mp_matmul_dims *d)
{
#ifdef __x86_64__
    const int isa = (int)mp_dnnl()->get_effective_cpu_isa(), avx2 = 0x7, avx512 = 0x20;
    const bool two_remain = !d->ta && d->m % 6 == 2 && d->m % 4 == 0;
    return two_remain && (isa & avx2) == avx2 && (isa & avx512) == 0 ? 2 : 1;
#else
    (void)d;
    return 1;
#endif
}

static int make_primitive(struct mp_ctx *c, struct mp_dnn_matmul *v, enum mp_dnn_after what)
{
    dnnl_primitive_attr_t attr = NULL;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = mp_dnn_attr(&attr, what);
    if (status == dnnl_success)
        status = describe(v, attr);
    if (status == dnnl_success)
        status = mp_dnnl()->primitive_create(&v->run.run, v->run.pd);
    if (attr != NULL)
        mp_dnnl()->primitive_attr_destroy(attr);
    omp_set_num_threads(threads);
    if (mp_dnn_check(c, status, "matrix product") < 0)
        return -1;
    v->run.scratch = mp_dnnl()->primitive_desc_query_md(v->run.pd, dnnl_query_scratchpad_md, 0);
    return MP_OK;
}

static int make_all(struct mp_ctx *c, struct mp_dnn_matmul *v, const struct mp_matmul_dims *d)
{
    const dnnl_data_type_t type = mp_dnn_type(d->precision);
    v->runs = runs_of(d);
    const size_t m = d->m / v->runs;
    v->a_step = m * d->lda * mp_dnnl()->data_type_size(type);
    v->y_step = m * d->ldc * mp_dnnl()->data_type_size(d->round ? type : dnnl_f32);
    if (mp_dnn_check(c, mp_dnnl()->engine_create(&v->engine, dnnl_cpu, 0), "engine") < 0
        || make_matrix(c, &v->a, m, d->k, d->lda, d->ta, type) < 0
        || make_matrix(c, &v->b, d->k, d->n, d->ldb, d->tb, type) < 0
        || make_matrix(c, &v->y, m, d->n, d->ldc, false, d->round ? type : dnnl_f32) < 0)
        return -1;
    return make_primitive(c, v, d->add ? MP_DNN_ADD : MP_DNN_NOTHING);
}

struct mp_dnn_matmul *mp_dnn_matmul_open(struct mp_ctx *c, const struct mp_matmul_dims *d)
{
    struct mp_dnn_matmul *v = mp_alloc(c, 1, sizeof *v);
    if (v != NULL && make_all(c, v, d) < 0) {
        mp_dnn_matmul_close(v);
        v = NULL;
    }
    return v;
}

void mp_dnn_matmul_close(struct mp_dnn_matmul *v)
{
    if (v == NULL)
        return;
    mp_dnn_close(&v->run);
    mp_dnn_drop(&v->a);
    mp_dnn_drop(&v->b);
    mp_dnn_drop(&v->y);
    if (v->engine != NULL)
        mp_dnnl()->engine_destroy(v->engine);
    free(v);
}

int mp_dnn_matmul_run(struct mp_ctx *c, const struct mp_dnn_matmul *v, const void *a,
                      const void *b, void *y)
{
    const size_t own = mp_dnn_floats(v->run.scratch);
    const int mark = mp_scratch_mark(c);
    float *scratch = mp_scratch(c, own + 16);
    dnnl_stream_t stream = NULL;
    if (scratch == NULL)
        return -1;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = mp_dnnl()->stream_create(&stream, v->engine, dnnl_stream_default_flags);
    for (size_t i = 0; i < v->runs && status == dnnl_success; i++) {
        const struct mp_dnn_arg args[] = {
            { DNNL_ARG_SRC, mp_md_of(&v->a), (const char *)a + i * v->a_step },
            { DNNL_ARG_WEIGHTS, mp_md_of(&v->b), b },
            { DNNL_ARG_DST, mp_md_of(&v->y), (char *)y + i * v->y_step },
            { DNNL_ARG_SCRATCHPAD, v->run.scratch, own > 0 ? scratch : NULL },
        };
        status = mp_dnn_execute(v->engine, stream, v->run.run, args, 4);
    }
    if (stream != NULL)
        mp_dnnl()->stream_destroy(stream);
    omp_set_num_threads(threads);
    mp_scratch_release(c, mark);
    return mp_dnn_check(c, status, "matrix product");
}
