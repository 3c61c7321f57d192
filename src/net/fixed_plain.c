/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixed_plain.c - the loops of fixed_winograd.c for any processor: slow, the same numbers. */
#define TARGET
#define LOOPS mp_fixed_plain
#include "net/fixed_loops.h"
