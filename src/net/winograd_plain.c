/* SPDX-License-Identifier: GPL-3.0-or-later */
/* winograd_plain.c - the loops of winograd.c with vectors that all processors have. */
#define LANES 4
#define TARGET
#define LOOPS mp_winograd_plain
#include "net/winograd_loops.h"
