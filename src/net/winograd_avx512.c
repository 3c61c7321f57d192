/* SPDX-License-Identifier: GPL-3.0-or-later */
/* winograd_avx512.c - the loops of winograd.c with AVX-512. */
#include "core/simd.h"
#ifdef MP_CLONED
#define LANES 16
#define TARGET __attribute__((target("arch=x86-64-v4")))
#define LOOPS mp_winograd_avx512
#include "net/winograd_loops.h"
#endif
