/* SPDX-License-Identifier: GPL-3.0-or-later */
/* simd.h - one source, compiled for several generations of processors.
 *
 * A kernel marked MP_CLONES is compiled once for each of x86-64-v4 (AVX-512),
 * -v3 (AVX2) and the baseline; the loader picks one (ifunc).  The kernel stays
 * plain C: the compiler vectorises its loops.  Where the loader or a sanitizer
 * cannot do that, the macro is empty and the code the same; where they can, MP_CLONED is there,
 * for kernels that have a source for each generation.
 *
 * It pays for loops over whole images, not for single rows: a marked function
 * is called through a pointer and is never inlined.  What a kernel calls must be
 * `static inline`, so that it is compiled along with it. */
#ifndef MP_SIMD_H
#define MP_SIMD_H
#include <stddef.h>
#include <stdint.h> /* also tells whether this is glibc, which has ifunc */

#if defined __x86_64__ && defined __GLIBC__ && !defined __clang__ && __GNUC__ >= 12 \
    && !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
#define MP_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define MP_CLONED
#else
#define MP_CLONES
#endif

enum { MP_LANES = 16 }; /* floats in the widest vector register: 64 bytes */

/* The widest register, for sums that stay in it over a loop; narrower processors take
 * several.  Memory has to be aligned to it, as that of mp_scratch() is. */
typedef float mp_vector __attribute__((vector_size(MP_LANES * sizeof(float)), may_alias));

typedef float mp_four __attribute__((vector_size(16)));

static inline mp_four mp_four_at(const float *x)
{
    mp_four v;
    __builtin_memcpy(&v, x, sizeof v);
    return v;
}

/* to[j * to_step + i] = from[i * from_step + j] for 4 rows i and 4 columns j. */
static inline void mp_transpose_4x4(float *to, size_t to_step, const float *from, size_t from_step)
{
    const mp_four a = mp_four_at(from), b = mp_four_at(from + from_step);
    const mp_four c = mp_four_at(from + 2 * from_step), d = mp_four_at(from + 3 * from_step);
    const mp_four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const mp_four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const mp_four ef = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const mp_four gh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    const mp_four row[4] = {
        __builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
        __builtin_shufflevector(ef, gh, 0, 1, 4, 5), __builtin_shufflevector(ef, gh, 2, 3, 6, 7),
    };
    for (size_t j = 0; j < 4; j++)
        __builtin_memcpy(to + j * to_step, &row[j], sizeof row[j]);
}

/* to[j * to_step + i] = from[i * from_step + j] for all rows i and columns j.  Columns are
 * taken by the cache line, which keeps few lines in use whatever the steps are. */
static inline void mp_transpose(float *to, size_t to_step, const float *from, size_t from_step,
                                size_t rows, size_t cols)
{
    const size_t by_4 = rows / 4 * 4;
    for (size_t left = 0, end; left < cols; left = end) {
        end = cols - left < MP_LANES ? cols : left + MP_LANES;
        for (size_t i = 0; i < by_4; i += 4) {
            size_t j = left;
            for (; j + 4 <= end; j += 4)
                mp_transpose_4x4(to + j * to_step + i, to_step, from + i * from_step + j,
                                 from_step);
            for (; j < end; j++)
                for (size_t k = i; k < i + 4; k++)
                    to[j * to_step + k] = from[k * from_step + j];
        }
        for (size_t i = by_4; i < rows; i++)
            for (size_t j = left; j < end; j++)
                to[j * to_step + i] = from[i * from_step + j];
    }
}

/* The next multiple of MP_LANES: loops over so many values leave no rest. */
static inline int mp_lanes(int n)
{
    return (n + MP_LANES - 1) / MP_LANES * MP_LANES;
}

#endif
