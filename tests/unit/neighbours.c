/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neighbours.c - the nearest rows are those that a comparison with all, done plainly, finds. */
#include "core/ctx.h"
#include "data/neighbours.h"
#include "core/random.h"
#include "../tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEN = 7 * 11, AMONG = 700, ROWS = 9, K = 5 };

static void fill(uint8_t *x, size_t n, uint64_t key, unsigned levels)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (uint8_t)(mp_random_at(key, 0, 0, i) % levels * (255 / (levels - 1)));
}

/* For every row: no other is nearer than those given, which ascend, ties by number. */
static bool right(const struct mp_data *d, const size_t *rows, const struct mp_data *among,
                  const struct mp_neighbour *found)
{
    for (size_t i = 0; i < ROWS; i++) {
        bool used[AMONG] = { false };
        for (size_t k = 0; k < K; k++) {
            size_t best = AMONG;
            double least = INFINITY;
            for (size_t j = 0; j < AMONG; j++) {
                double square = 0;
                for (size_t v = 0; v < LEN; v++)
                    square += pow(d->x[rows[i] * LEN + v] - among->x[j * LEN + v], 2);
                if (!used[j] && square < least) {
                    least = square;
                    best = j;
                }
            }
            used[best] = true;
            if (found[i * K + k].row != best || (double)found[i * K + k].square != least)
                return false;
        }
    }
    return true;
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    static uint8_t a[20 * LEN], b[AMONG * LEN];
    const struct mp_data d = { .name = "d", .n = 20, .shape = { 7, 11, 1 }, .x = a };
    const struct mp_data among = { .name = "among", .n = AMONG, .shape = { 7, 11, 1 }, .x = b };
    const size_t rows[ROWS] = { 3, 0, 19, 4, 4, 7, 8, 11, 2 };
    struct mp_neighbour one[ROWS * K], more[ROWS * K];
    mp_ctx_init(&c, &run);
    for (unsigned levels = 256; levels >= 2; levels /= 128) { /* with 2 there are many ties */
        fill(a, sizeof a, levels, levels);
        fill(b, sizeof b, levels + 1, levels);
        tap_ok(&t, mp_neighbours(&c, &d, rows, ROWS, &among, K, one) == 0 &&
                       right(&d, rows, &among, one), "%u grey levels", levels);
    }
    run.threads = 3;
    tap_ok(&t, mp_neighbours(&c, &d, rows, ROWS, &among, K, more) == 0 &&
                   memcmp(one, more, sizeof one) == 0, "the same on three threads");
    memset(a, 0, sizeof a);
    memset(b, 255, sizeof b);
    tap_ok(&t, mp_neighbours(&c, &d, rows, 1, &among, 1, one) == 0 && one[0].row == 0 &&
                   one[0].square == 65025ull * LEN, "the farthest that rows can be");
    tap_ok(&t, mp_neighbours(&c, &d, rows, 1, &among, AMONG + 1, one) < 0 &&
                   strstr(c.msg, "cannot have 701 neighbours") != NULL, "more than there are");
    mp_ctx_free(&c);
    return tap_end(&t);
}
