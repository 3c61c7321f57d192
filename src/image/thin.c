/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thin.c - thinning by parallel passes over planes of bits.
 *
 * Both methods peel strokes from two sides in turn: a pass looks at the eight neighbours of every
 * pixel of ink, as they were before it, and turns those to paper that no line needs.  That is
 * the same rule for all pixels at once, so it is worked out for 32 pixels in a word: a truth
 * value is a bit, a count is a few bits that lie in as many words.
 *
 * References: T. Y. Zhang and C. Y. Suen, "A fast parallel algorithm for thinning digital
 * patterns", Comm. ACM 27 (1984) 236-239; Z. Guo and R. W. Hall, "Parallel thinning with
 * two-subiteration algorithms", Comm. ACM 32 (1989) 359-373, their first algorithm.
 * Cost: a pass takes some 60 operations for 32 pixels; strokes 2k wide take about 2k passes. */
#include "image/thin.h"
#include "core/simd.h"

/* Of the values added, whether at least one was true, and at least two. */
struct tally {
    uint32_t one, two;
};

static inline void count(struct tally *t, uint32_t v)
{
    t->two |= t->one & v;
    t->one |= v;
}

/* The neighbours of the pixels at a word, clockwise from north: P2 .. P9 of the papers. */
struct ring {
    uint32_t n, ne, e, se, s, sw, w, nw;
};

static inline struct ring ring_at(const uint32_t *at, size_t pitch)
{
    const uint32_t *up = at - pitch, *down = at + pitch;
    return (struct ring){ .n = *up, .ne = mp_bits_right(up), .e = mp_bits_right(at),
                          .se = mp_bits_right(down), .s = *down, .sw = mp_bits_left(down),
                          .w = mp_bits_left(at), .nw = mp_bits_left(up) };
}

/* 2 to 6 neighbours are ink, which lies in one piece, and there is paper on two of the sides
 * that this pass peels. */
static inline uint32_t zhang_suen(struct ring r, bool first)
{
    const uint32_t at[] = { r.n, r.ne, r.e, r.se, r.s, r.sw, r.w, r.nw, r.n };
    struct tally ink = { 0, 0 }, paper = { 0, 0 }, starts = { 0, 0 };

    for (int i = 0; i < 8; i++) {
        count(&ink, at[i]);
        count(&paper, ~at[i]);
        count(&starts, ~at[i] & at[i + 1]);
    }
    const uint32_t sides = first ? r.e & r.s & (r.n | r.w) : r.n & r.w & (r.e | r.s);
    return ink.two & paper.two & starts.one & ~starts.two & ~sides;
}

/* The neighbours are one piece of ink; of their pairs, counted from either side, two or
 * three have ink; and this pass's side is free. */
static inline uint32_t guo_hall(struct ring r, bool first)
{
    const uint32_t even[] = { r.nw | r.n, r.ne | r.e, r.se | r.s, r.sw | r.w };
    const uint32_t odd[] = { r.n | r.ne, r.e | r.se, r.s | r.sw, r.w | r.nw };
    const uint32_t starts[] = { ~r.n & even[1], ~r.e & even[2], ~r.s & even[3], ~r.w & even[0] };
    struct tally pieces = { 0, 0 }, some = { 0, 0 }, others = { 0, 0 };

    for (int i = 0; i < 4; i++) {
        count(&pieces, starts[i]);
        count(&some, even[i]);
        count(&others, odd[i]);
    }
    const uint32_t all = even[0] & even[1] & even[2] & even[3] & odd[0] & odd[1] & odd[2] & odd[3];
    const uint32_t side = first ? r.w & (r.s | r.sw | ~r.nw) : r.e & (r.n | r.ne | ~r.se);
    return pieces.one & ~pieces.two & some.two & others.two & ~all & ~side;
}

/* One pass; whether it found anything to peel. */
#define PASS(name, rule)                                                                \
    MP_CLONES static bool name(const struct mp_bits *from, struct mp_bits *to, bool first) \
    {                                                                                   \
        const uint32_t *at = from->words;                                               \
        uint32_t *left = to->words, peeled = 0;                                         \
        for (size_t i = 0; i < from->n; i++) {                                          \
            const uint32_t out = at[i] & rule(ring_at(at + i, from->pitch), first);     \
            left[i] = at[i] & ~out;                                                     \
            peeled |= out;                                                              \
        }                                                                               \
        return peeled != 0;                                                             \
    }
PASS(pass_zhang_suen, zhang_suen)
PASS(pass_guo_hall, guo_hall)

void mp_thin(struct mp_bits *b, struct mp_bits *spare, enum mp_thinning method)
{
    bool (*const pass)(const struct mp_bits *, struct mp_bits *, bool) =
        method == MP_ZHANG_SUEN ? pass_zhang_suen : pass_guo_hall;
    bool more = true;

    while (more) {
        more = pass(b, spare, true);
        more |= pass(spare, b, false);
    }
}
