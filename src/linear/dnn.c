/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn.c - oneDNN, loaded when it is first needed, and what it says of itself. */
#include "linear/dnn.h"
#include "config.h"
#include "core/memory.h"
#include "linear/dnnl.h"
#include <omp.h>
#include <pthread.h>

static struct mp_dnnl dnnl;
/* It takes 40 MiB (2.6.3), or 47 (3.7.2); where hardly more is left, the exceptions of C++ end the
 * program. */
enum { ROOM = (DNNL_VERSION_MAJOR >= 3 ? 50 : 43) << 20 };
static struct mp_library library = { MP_LIBRARY("oneDNN", MP_DNNL_SONAME, DNNL_FUNCTIONS, dnnl),
                                     .room = ROOM, .mapped = true };

const struct mp_dnnl *mp_dnnl(void)
{
    return &dnnl;
}

int mp_dnn_load(struct mp_ctx *c)
{
    return mp_library_load(c, &library, "nets and products of matrices");
}

/* The library's numbers are sets of bits, which mean other things on other processors. */
#ifdef __x86_64__
enum { VNNI = 0x67, BF16 = 0xe7, AMX = 0x3e7 };
static const struct { int isa; const char *name; } known[] = {
    { 0x1, "SSE4.1" }, { 0x3, "AVX" }, { 0x7, "AVX2" }, { 0x407, "AVX2-VNNI" },
    { 0xf, "AVX2-VNNI" }, { 0x27, "AVX-512" }, { 0x67, "AVX-512 VNNI" },
    { BF16, "AVX-512 BF16" }, { 0x1ef, "AVX-512 FP16" }, { AMX, "AVX-512 AMX" },
};
#else
enum { VNNI = -1, BF16 = -1, AMX = -1 };
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

static bool by_amd(void)
{
#ifdef __x86_64__
    return __builtin_cpu_is("amd");
#else
    return false;
#endif
}

/* VDPBF16PS makes twice the products of an FMA.  AMD's, from Zen 4 on, begin as often: twice
 * f32's.  Intel's (Cooper Lake; Sapphire Rapids and later where a hypervisor hides AMX) begin a
 * quarter as often: half of f32's, measured with bench/peak.c.  AMX makes many times f32's. */
bool mp_dnn_bf16_pays(int isa, bool amd)
{
    return has(isa, AMX) || (amd && has(isa, BF16));
}

bool mp_dnn_bf16_doubles(void)
{
    return mp_dnn_bf16_pays(isa_here(), by_amd()) && !has(isa_here(), AMX);
}

enum mp_precision mp_dnn_precision(struct mp_ctx *c, int asked)
{
    if (asked == MP_ASKED_BF16 && !mp_dnn_has_bf16())
        mp_warn(c, "precision=bf16: this processor has neither AVX512_BF16 nor AMX (%s); products "
                   "read f32", mp_dnn_isa());
    const bool bf16 = asked == MP_ASKED_AUTO ? mp_dnn_bf16_pays(isa_here(), by_amd())
                                             : asked == MP_ASKED_BF16 && mp_dnn_has_bf16();
    return bf16 ? MP_BF16 : MP_F32;
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

/* Kernels are the process's, like the library. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
/* Those of mp_gemm(), which come together, but for products of few rows; of mp_gemm_bytes(). */
enum { OF_FLOATS, OF_FEW, OF_BYTES };
static bool written[3];

/* What they take at most (2.6.3 and 3.7.2, with AVX-512): 7.8 MiB those of mp_gemm(), as much as
 * any that are opened, and 11.3 those of few rows, which only one kind of product has. */
enum { KERNELS = 9 << 20, KERNELS_OF_FEW = 13 << 20, FEW = 16 };

static bool begin(size_t bytes)
{
    pthread_mutex_lock(&writing);
    const bool room = mp_memory_has(bytes, false);
    if (!room)
        pthread_mutex_unlock(&writing);
    return room;
}

int mp_dnn_kernels_begin(struct mp_ctx *c)
{
    if (mp_dnn_load(c) < 0)
        return -1;
    return begin(KERNELS) ? MP_OK
                          : mp_fail(c, "no memory for the kernels that oneDNN writes: %d MiB, more "
                                       "than the limit leaves", KERNELS >> 20);
}

void mp_dnn_kernels_end(void)
{
    pthread_mutex_unlock(&writing);
}

/* Before kernels of such a kind run, which the library may have to write: negative where there is
 * no room for them.  *first goes to kernels_ran(). */
static int kernels_wanted(int kind, bool *first)
{
    if (mp_dnn_load(NULL) < 0)
        return -1;
    *first = !__atomic_load_n(&written[kind], __ATOMIC_ACQUIRE);
    return *first && !begin(kind == OF_FLOATS ? KERNELS : KERNELS_OF_FEW) ? -1 : MP_OK;
}

static void kernels_ran(int kind, bool first)
{
    if (first) {
        __atomic_store_n(&written[kind], true, __ATOMIC_RELEASE);
        mp_dnn_kernels_end();
    }
}

int mp_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a,
            size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    const int threads = omp_get_max_threads(), kind = !ta && tb && m <= FEW ? OF_FEW : OF_FLOATS;
    bool first;
    if (kernels_wanted(kind, &first) < 0)
        return -1;
    omp_set_num_threads(1);
    const dnnl_status_t status =
        dnnl.sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k,
                   alpha, a, (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc);
    omp_set_num_threads(threads);
    kernels_ran(kind, first);
    return status == dnnl_success ? MP_OK : -1;
}

bool mp_dnn_multiplies_bytes(void)
{
    return has(isa_here(), VNNI);
}

/* op(a) and op(b) as the letters say. */
static int multiply_bytes(const char *op, size_t m, size_t n, size_t k, const uint8_t *a,
                          size_t lda, const int8_t *b, size_t ldb, int32_t *c, size_t ldc)
{
    const int threads = omp_get_max_threads();
    const int32_t nothing = 0;
    bool first;
    if (kernels_wanted(OF_BYTES, &first) < 0)
        return -1;
    omp_set_num_threads(1);
    const dnnl_status_t status =
        dnnl.gemm_u8s8s32(op[0], op[1], 'F', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1, a,
                          (dnnl_dim_t)lda, 0, b, (dnnl_dim_t)ldb, 0, 0, c, (dnnl_dim_t)ldc,
                          &nothing);
    omp_set_num_threads(threads);
    kernels_ran(OF_BYTES, first);
    return status == dnnl_success ? MP_OK : -1;
}

int mp_gemm_bytes(size_t m, size_t n, size_t k, const uint8_t *a, const int8_t *b, int32_t *c,
                  size_t ldc)
{
    return multiply_bytes("NT", m, n, k, a, k, b, k, c, ldc);
}

int mp_gemm_bytes_turned(size_t m, size_t n, size_t k, const uint8_t *a, size_t lda,
                         const int8_t *b, size_t ldb, int32_t *c, size_t ldc)
{
    return multiply_bytes("TN", m, n, k, a, lda, b, ldb, c, ldc);
}
