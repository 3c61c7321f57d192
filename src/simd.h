/* simd.h - one source, compiled for several generations of processors.
 *
 * A kernel marked MP_CLONES is compiled once for each of x86-64-v4 (AVX-512),
 * -v3 (AVX2) and the baseline; the loader picks one (ifunc).  The kernel stays
 * plain C: the compiler vectorises its loops.  Where the loader or a sanitizer
 * cannot do that, the macro is empty and the code the same.
 *
 * It pays for loops over whole images, not for single rows: a marked function
 * is called through a pointer and is never inlined.  What a kernel calls must be
 * `static inline`, so that it is compiled along with it. */
#ifndef MP_SIMD_H
#define MP_SIMD_H
#include <stdint.h> /* also tells whether this is glibc, which has ifunc */

#if defined __x86_64__ && defined __GLIBC__ && !defined __clang__ && __GNUC__ >= 12 \
    && !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
#define MP_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MP_CLONES
#endif

enum { MP_LANES = 16 }; /* floats in the widest vector register: 64 bytes */

/* The next multiple of MP_LANES: loops over so many values leave no rest. */
static inline int mp_lanes(int n)
{
    return (n + MP_LANES - 1) / MP_LANES * MP_LANES;
}

#endif
