/* SPDX-License-Identifier: GPL-3.0-or-later */
/* random.h - a counter-based generator: the same key gives the same bits, on
 * any thread, in any order.
 *
 * Keys are mixed by the finaliser of SplitMix64 (Steele, Lea, Flood 2014: "Fast
 * splittable pseudorandom number generators"), one round per word of the key. */
#ifndef MP_RANDOM_H
#define MP_RANDOM_H
#include <stdint.h>

static inline uint64_t mp_mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t mp_random_at(uint64_t seed, uint64_t place, uint64_t a, uint64_t b)
{
    return mp_mix(mp_mix(mp_mix(mp_mix(seed) ^ place) ^ a) ^ b);
}
#endif
