/* SPDX-License-Identifier: GPL-3.0-or-later */
/* winograd_avx2.c - the loops of winograd.c with AVX2 and FMA. */
#include "core/simd.h"
#ifdef MP_CLONED
#define LANES 8
#define TARGET __attribute__((target("arch=x86-64-v3")))
#define LOOPS mp_winograd_avx2
#include "net/winograd_loops.h"
#endif
