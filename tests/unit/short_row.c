/* SPDX-License-Identifier: GPL-3.0-or-later */
/* short_row.c - rows in 16 bits a value: how far they are off, and what they keep. */
#include "../tap.h"
#include "core/random.h"
#include "core/short_row.h"
#include <math.h>
#include <string.h>

enum { D = 77 };

static void there_and_back(const float *x, size_t d, float *back)
{
    int16_t row[D + MP_SHORT_STEP];
    mp_short_from(x, 1, d, row);
    mp_short_to(row, d, back);
}

/* No value by more than a 32 768th of the row's largest, which has any size; and rounding what is
 * rounded changes nothing. */
static void test_error(struct tap *t)
{
    double worst = 0;
    bool again = true;
    for (int e = -100; e <= 127; e++) {
        float x[D], back[D], twice[D];
        double most = 0;
        for (size_t j = 0; j < D; j++) {
            const double share = (double)(mp_random_at(3, (uint64_t)(e + 100), j, 0) >> 11) * 0x1p-52;
            x[j] = (float)ldexp((share - 1) * (j % 3 == 0 ? 1 : 1e-3), e);
            most = fmax(most, fabs((double)x[j]));
        }
        there_and_back(x, D, back);
        there_and_back(back, D, twice);
        for (size_t j = 0; j < D; j++)
            worst = fmax(worst, fabs((double)back[j] - (double)x[j]) / most);
        again = again && memcmp(back, twice, sizeof back) == 0;
    }
    tap_ok(t, worst <= 0x1p-15, "off by %.3g of a 32 768th at most", worst * 0x1p15);
    tap_ok(t, again, "rounded once, a row stays what it is");
}

static void test_values(struct tap *t)
{
    const float whole[] = { 32767, -32767, 3, 0, -1 }, tie[] = { 16384, 0.5f, 1.5f, -2.5f };
    const float ends[] = { 32767.6f, -32767.6f, 3 }, tiny[] = { 1e-45f, 0 };
    float back[D];
    there_and_back(whole, 5, back);
    tap_ok(t, memcmp(back, whole, sizeof whole) == 0, "whole numbers stay what they are");
    there_and_back(tie, 4, back);
    tap_ok(t, back[0] == 16384 && back[1] == 0 && back[2] == 2 && back[3] == -2,
           "of two values equally near the even one");
    there_and_back(ends, 3, back);
    tap_ok(t, back[0] == 32768 && back[1] == -32768 && back[2] == 4,
           "a value that is rounded up to 2^15 takes a larger step");
    there_and_back(tiny, 2, back);
    tap_ok(t, back[0] == 0 && back[1] == 0, "what is next to nothing is nothing");
    for (int i = 0; i < 2; i++) {
        const float bad[] = { 1, i == 0 ? INFINITY : NAN, 2 };
        there_and_back(bad, 3, back);
        tap_ok(t, isnan(back[0]) && isnan(back[1]) && isnan(back[2]),
               "a row with %s is none of numbers", i == 0 ? "infinity" : "NaN");
    }
}

int main(void)
{
    struct tap t = { 0 };
    test_error(&t);
    test_values(&t);
    return tap_end(&t);
}
