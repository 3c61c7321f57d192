/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixed_vnni.c - the loops of fixed_winograd.c with AVX-512, its VNNI and BF16. */
#include "core/simd.h"
#ifdef MP_CLONED
#include <immintrin.h>
#define TARGET __attribute__((target("arch=x86-64-v4,avx512vnni,avx512bf16")))
#define LOOPS mp_fixed_vnni
#define DOT(sum, a, b)                                                                           \
    (sum = (bits)_mm512_dpwssd_epi32((__m512i)(sum), _mm512_set1_epi32(a), (__m512i)(b)))
#define ROUND(to, v)                                                                             \
    _mm256_storeu_si256((__m256i *)(to), (__m256i)_mm512_cvtneps_pbh((__m512)(v)))
#define WIDEN(x) ((words)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(x))))
#define NARROW(to, v)                                                                            \
    _mm256_storeu_si256((__m256i *)(to), _mm512_cvtepi32_epi16((__m512i)(v)))
#include "net/fixed_loops.h"
#endif
