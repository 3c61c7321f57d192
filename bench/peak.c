/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peak.c - what the processor can multiply and add, and read from memory: the bounds of
 * matrix products and of everything else.
 *
 *   peak [SECONDS]      default 0.5 for each kind
 *
 * f32, bf16: independent chains of fused multiply-adds on registers alone, on all cores at once,
 * since these may share what they are fed by; a line for each kind that the processor
 * has: its name and GFLOP/s of one core, the best of ten parts of the time, since a
 * shared machine only ever slows down.  A multiply-add counts as two.
 * bf16 is that of AVX512_BF16 or, where there is AMX, of its tiles.
 * memory, memory-one: GB/s that all cores, or one, read of 256 MiB, more than caches hold. */
#include <immintrin.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CHAINS = 16, TURNS = 200000, PARTS = 10 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Each chain is a variable of its own, so that it stays in its register. */
#define EACH(m)                                                                             \
    m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(10) m(11) m(12) m(13) m(14) m(15)

__attribute__((target("avx2,fma"))) static double f32_avx2(void)
{
    const __m256 x = _mm256_set1_ps(0.9999f), y = _mm256_set1_ps(1e-4f);
#define BEGIN(i) __m256 s##i = _mm256_set1_ps(1.0f + (float)i);
    EACH(BEGIN)
#undef BEGIN
    for (int k = 0; k < TURNS; k++) {
#define STEP(i) s##i = _mm256_fmadd_ps(s##i, x, y);
        EACH(STEP)
#undef STEP
        __asm__ volatile("" ::: "memory");
    }
    float sum = 0;
#define END(i) sum += _mm256_cvtss_f32(s##i);
    EACH(END)
#undef END
    volatile float used = sum;
    (void)used;
    return 2.0 * 8 * CHAINS * TURNS;
}

__attribute__((target("avx512f"))) static double f32_avx512(void)
{
    const __m512 x = _mm512_set1_ps(0.9999f), y = _mm512_set1_ps(1e-4f);
#define BEGIN(i) __m512 s##i = _mm512_set1_ps(1.0f + (float)i);
    EACH(BEGIN)
#undef BEGIN
    for (int k = 0; k < TURNS; k++) {
#define STEP(i) s##i = _mm512_fmadd_ps(s##i, x, y);
        EACH(STEP)
#undef STEP
        __asm__ volatile("" ::: "memory");
    }
    float sum = 0;
#define END(i) sum += _mm512_cvtss_f32(s##i);
    EACH(END)
#undef END
    volatile float used = sum;
    (void)used;
    return 2.0 * 16 * CHAINS * TURNS;
}

__attribute__((target("avx512f,avx512bf16"))) static double bf16_avx512(void)
{
    const __m512bh x = (__m512bh)_mm512_set1_epi16(0x3f80), y = (__m512bh)_mm512_set1_epi16(0x3a83);
#define BEGIN(i) __m512 s##i = _mm512_set1_ps((float)i);
    EACH(BEGIN)
#undef BEGIN
    for (int k = 0; k < TURNS; k++) {
#define STEP(i) s##i = _mm512_dpbf16_ps(s##i, x, y);
        EACH(STEP)
#undef STEP
        __asm__ volatile("" ::: "memory");
    }
    float sum = 0;
#define END(i) sum += _mm512_cvtss_f32(s##i);
    EACH(END)
#undef END
    volatile float used = sum;
    (void)used;
    return 2.0 * 32 * CHAINS * TURNS;
}

/* Four sums of 16 x 16 from two tiles each way: 16 x 16 x 32 multiply-adds apiece. */
__attribute__((target("amx-tile,amx-bf16"))) static double bf16_amx(void)
{
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t columns[16];
        uint8_t rows[16];
    } shape = { .palette = 1 };
    uint8_t zeros[1024] = { 0 };
    for (int i = 0; i < 8; i++) {
        shape.columns[i] = 64;
        shape.rows[i] = 16;
    }
    _tile_loadconfig(&shape);
    _tile_loadd(4, zeros, 64);
    _tile_loadd(5, zeros, 64);
    _tile_loadd(6, zeros, 64);
    _tile_loadd(7, zeros, 64);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int k = 0; k < TURNS; k++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
    return 2.0 * 4 * 16 * 16 * 32 * TURNS;
}

/* Linux gives a process the tiles when asked: arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA). */
static int tiles_allowed(void)
{
    return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

static void measure(const char *name, double (*work)(void), double seconds)
{
    double best = 0;
    for (int part = 0; part < PARTS; part++) {
        double rate = 0;
#pragma omp parallel reduction(+ : rate)
        {
            double flops = 0, t;
            const double start = now();
            do {
                flops += work();
                t = now() - start;
            } while (t < seconds / PARTS);
            rate += flops / t / omp_get_num_threads();
        }
        best = rate > best ? rate : best;
    }
    printf("%s %.1f\n", name, 1e-9 * best);
    fflush(stdout);
}

typedef uint64_t words __attribute__((vector_size(64)));

/* The sum of n blocks, n a multiple of 4, in four chains. */
static uint64_t sum_blocks(const words *x, size_t n)
{
    words s[4] = { 0 };
    for (size_t i = 0; i < n; i += 4)
        for (int k = 0; k < 4; k++)
            s[k] += x[i + (size_t)k];
    return s[0][0] + s[1][0] + s[2][0] + s[3][0];
}

static void measure_memory(const char *name, int threads, double seconds)
{
    enum { BLOCKS = 1 << 22 };
    words *x = aligned_alloc(sizeof *x, BLOCKS * sizeof *x);
    const double start = now();
    double best = 0;
    if (x == NULL)
        return;
    memset(x, 1, BLOCKS * sizeof *x);
    for (int pass = 0; pass < PARTS || now() - start < seconds; pass++) {
        const double from = now();
        uint64_t sum = 0;
#pragma omp parallel for num_threads(threads) reduction(+ : sum)
        for (int part = 0; part < 64; part++)
            sum += sum_blocks(x + part * (BLOCKS / 64), BLOCKS / 64);
        volatile uint64_t used = sum;
        (void)used;
        const double rate = BLOCKS * sizeof *x / (now() - from);
        best = rate > best ? rate : best;
    }
    printf("%s %.1f\n", name, 1e-9 * best);
    free(x);
}

/* A flag of /proc/cpuinfo: the compiler's own test does not know AMX. */
static int has(const char *flags, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = flags; (at = strstr(at, name)) != NULL; at += n)
        if (at[-1] == ' ' && (at[n] == ' ' || at[n] == '\n'))
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? atof(argv[1]) : 0.5;
    char flags[16384] = " ";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f != NULL && fgets(flags, sizeof flags, f) != NULL && strncmp(flags, "flags", 5) != 0)
        continue;
    if (f != NULL)
        fclose(f);
    if (has(flags, "avx512f"))
        measure("f32", f32_avx512, seconds);
    else if (has(flags, "fma"))
        measure("f32", f32_avx2, seconds);
    if (has(flags, "amx_bf16") && tiles_allowed())
        measure("bf16", bf16_amx, seconds);
    else if (has(flags, "avx512_bf16"))
        measure("bf16", bf16_avx512, seconds);
    measure_memory("memory", omp_get_max_threads(), seconds);
    measure_memory("memory-one", 1, seconds);
    return 0;
}
