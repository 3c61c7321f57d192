/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decimal.c - numbers as text: known texts, and that what is read back is the
 * very number; text as numbers: those that strtof() reads. */
#include "../tap.h"
#include "text/decimal.h"
#include "core/random.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool returns(float x)
{
    char text[MP_FLOAT_TEXT + 1];
    const size_t n = mp_float_text(text, x);
    if (n > MP_FLOAT_TEXT)
        return false;
    text[n] = '\0';
    if (strtof(text, NULL) == x && strspn(text, "-0123456789.e+") == n)
        return true;
    tap_note("%a became %s", (double)x, text);
    return false;
}

static bool reads(float x, const char *expected)
{
    char text[MP_FLOAT_TEXT + 1];
    text[mp_float_text(text, x)] = '\0';
    if (strcmp(text, expected) != 0)
        tap_note("%a became %s, expected %s", (double)x, text, expected);
    return strcmp(text, expected) == 0;
}

/* mp_float_read() and strtof() agree on a text and on where it ends. */
static bool agrees(const char *text)
{
    char *end;
    float x = 0;
    const float want = strtof(text, &end);
    const uint8_t *stop = mp_float_read((const uint8_t *)text, '.', &x);
    if (stop == (const uint8_t *)end && memcmp(&x, &want, sizeof x) == 0)
        return true;
    tap_note("%s became %a, expected %a", text, (double)x, (double)want);
    return false;
}

/* Every way to write a number of whatever length, and the middle between two floats, or next
 * to it, where reading a double first goes wrong. */
static void reading(struct tap *t)
{
    static const char *const forms[] = { "%.18e", "%.17g", "%.9g", "%.6f", "%.3f",
        "%.0f", "%.40g" };
    enum { FORMS = sizeof forms / sizeof *forms };
    char text[512];
    bool good = true;
    for (uint64_t i = 0; i < 200000; i++) {
        const uint64_t r = mp_random_at(2, 0, 0, i);
        const double v = ldexp((double)(r >> 16), (int)(r % 90) - 93);
        snprintf(text, sizeof text, forms[i % FORMS], r & 128 ? v : -v);
        good = (strlen(text) > 127 || agrees(text)) && good;
    }
    tap_ok(t, good, "numbers of every length are read as strtof() reads them");
    good = true;
    for (uint64_t i = 0; i < 20000; i++) {
        union { uint32_t bits; float x; } v = { .bits = (uint32_t)mp_random_at(3, 0, 0, i) };
        if (!isfinite(v.x) || fabsf(v.x) < 1e-20f || fabsf(v.x) > 1e20f)
            continue;
        const double middle = ((double)v.x + (double)nextafterf(v.x, 0)) / 2;
        snprintf(text, sizeof text, "%.100e", middle);
        const size_t n = strspn(text + 1, "0123456789.") + 1; /* exact: zeros follow */
        good = agrees(text) && good;
        text[n - 1] = '1';
        good = agrees(text) && good;
        snprintf(text, sizeof text, "%.18e", nextafter(middle, i & 1 ? 0 : 1e30));
        good = agrees(text) && good;
    }
    tap_ok(t, good, "and those beside the middle of two floats");
}

static void refusing(struct tap *t)
{
    static const char *const wrong[] = { "", "-", ".", "e5", "1e", "1e+", "--1", "x", "nan", "inf",
                                         "1e39", "-1e999" };
    float x;
    bool good = true;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (mp_float_read((const uint8_t *)wrong[i], '.', &x) != NULL) {
            tap_note("%s was read", wrong[i]);
            good = false;
        }
    tap_ok(t, good, "what is no number is refused");
    char text[200] = "0.";
    memset(text + 2, '1', 125);
    tap_ok(t, agrees(text), "127 characters");
    text[127] = '1';
    tap_ok(t, mp_float_read((const uint8_t *)text, '.', &x) == NULL, "and no more");
    const uint8_t *end = mp_float_read((const uint8_t *)"-0,25;", ',', &x);
    tap_ok(t, end != NULL && *end == ';' && x == -0.25f, "a comma before the fraction");
    tap_ok(t, agrees("1e-400") && agrees("0e999999999999") && agrees("-0.0") && agrees("+5.") &&
           agrees(".5E2") && agrees("1e-45") && agrees("007") && agrees("1.5.2"), "odd ones");
}

int main(void)
{
    struct tap t = {0};
    static const struct { float x; const char *text; } exact[] = {
        {0, "0"}, {-0.0f, "0"}, {1, "1"}, {-7, "-7"}, {255, "255"}, {0.1f, "0.1"},
        {0.5f, "0.5"}, {-2.25f, "-2.25"}, {1.0f / 3, "0.33333334"}, {1e-4f, "0.0001"},
        {1e-5f, "1e-05"}, {999999, "999999"}, {1e6f, "1000000"}, {16777216, "16777216"},
        {123456792, "123456790"}, {1e9f, "1e+09"}, {FLT_MAX, "3.4028235e+38"},
        {FLT_MIN, "1.1754944e-38"}, {1.0f / 255, "0.003921569"}, {100.5f, "100.5"},
        {0.99999994f, "0.99999994"}, {1.00000012f, "1.0000001"}, {9.5f, "9.5"},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        good = reads(exact[i].x, exact[i].text) && good;
    tap_ok(&t, good, "floats with a known text");

    good = true;
    for (uint32_t e = 0; e < 255; e++)
        for (uint32_t k = 0; k < 64; k++) {
            const uint32_t near = k < 32 ? k : (1u << 23) - 1 - (k - 32);
            union { uint32_t bits; float x; } v = {.bits = e << 23 | near};
            good = returns(v.x) && returns(-v.x) && good;
        }
    tap_ok(&t, good, "floats about every power of two return");

    good = true;
    for (uint64_t i = 0; i < 1000000; i++) {
        union { uint32_t bits; float x; } v = {.bits = (uint32_t)mp_random_at(1, 0, 0, i)};
        good = (!isfinite(v.x) || returns(v.x)) && good;
    }
    tap_ok(&t, good, "a million random floats return");

    good = true;
    for (int e = -45; e <= 38; e++)
        for (int k = 1; k < 10; k++) {
            const float x = (float)(k * pow(10, e));
            good = (!isfinite(x) || (returns(x) && returns(nextafterf(x, 0)))) && good;
        }
    tap_ok(&t, good, "floats about every power of ten return");

    good = true;
    for (int v = 0; v < 256; v++) {
        char text[MP_BYTE_TEXT + 1];
        text[mp_byte_text(text, (uint8_t)v)] = '\0';
        good = atoi(text) == v && (text[0] != '0' || v == 0) && good;
    }
    tap_ok(&t, good, "all bytes return");
    reading(&t);
    refusing(&t);
    return tap_end(&t);
}
