/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decimal.c - numbers as text, fast.
 *
 * A float x has neighbours half a gap h away, between 3e-8 and 6e-8 of its
 * size; every decimal nearer than h reads as x.  In double precision x is scaled
 * to nine digits, 1e8 <= s < 1e9, with an error near 1e-7 where h is 3 to 60.
 * So the first of the roundings of s to 6, 7, 8 digits that lies within h of s
 * is right, and 9 digits always are; no arithmetic wider than a double is
 * needed.  What is lost against the shortest text of Steele and White (PLDI
 * 1990) is a digit now and then, next to powers of two and among denormals.
 *
 * Read: at most 19 digits as a whole number, times or by a power of ten that a double holds
 * exactly.  These are three roundings at most, so the double is within 4 of its last places of
 * the decimal, and of the two floats about it the nearer is known, unless the double lies
 * as close to the middle between them: then, and where powers are larger, strtof() says.
 */
#include "text/decimal.h"
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TEN_LOW = -31, DIGITS = 9 };

/* 10^TEN_LOW ... 10^54: takes 1.4e-45 .. 3.4e38 to nine digits. */
static const double ten[] = {
    1e-31, 1e-30, 1e-29, 1e-28, 1e-27, 1e-26, 1e-25, 1e-24, 1e-23, 1e-22, 1e-21, 1e-20,
    1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9,  1e-8,
    1e-7,  1e-6,  1e-5,  1e-4,  1e-3,  1e-2,  1e-1,  1e0,   1e1,   1e2,   1e3,   1e4,
    1e5,   1e6,   1e7,   1e8,   1e9,   1e10,  1e11,  1e12,  1e13,  1e14,  1e15,  1e16,
    1e17,  1e18,  1e19,  1e20,  1e21,  1e22,  1e23,  1e24,  1e25,  1e26,  1e27,  1e28,
    1e29,  1e30,  1e31,  1e32,  1e33,  1e34,  1e35,  1e36,  1e37,  1e38,  1e39,  1e40,
    1e41,  1e42,  1e43,  1e44,  1e45,  1e46,  1e47,  1e48,  1e49,  1e50,  1e51,  1e52,
    1e53,  1e54,
};

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* A whole number as exactly n digits. */
static void put_digits(char *out, uint32_t v, int n)
{
    for (; n >= 2; n -= 2, v /= 100)
        memcpy(out + n - 2, &pairs[v % 100 * 2], 2);
    if (n == 1)
        *out = (char)('0' + v);
}

static size_t put_whole(char *out, uint32_t v)
{
    int n = 1;
    for (uint32_t top = 10; n < DIGITS && v >= top; top *= 10)
        n++;
    put_digits(out, v, n);
    return (size_t)n;
}

size_t mp_byte_text(char *out, uint8_t v)
{
    return put_whole(out, v);
}

/* v, n digits long, whose first digit stands for 10^e: -4 <= e < 9 in full,
 * as %g would, otherwise with an exponent. */
static char *put_decimal(char *at, uint32_t v, int n, int e)
{
    if (e >= -4 && e < 0) {
        memcpy(at, "0.000", 5);
        put_digits(at + 1 - e, v, n);
        return at + 1 - e + n;
    }
    if (e >= n - 1 && e < DIGITS) {
        put_digits(at, v, n);
        memset(at + n, '0', (size_t)(e + 1 - n));
        return at + e + 1;
    }
    const bool full = e >= 0 && e < DIGITS;
    const int before = full ? e + 1 : 1;
    put_digits(at + 1, v, n);
    memmove(at, at + 1, (size_t)before);
    at[before] = '.';
    at += n > before ? n + 1 : before;
    if (full)
        return at;
    *at++ = 'e';
    *at++ = e < 0 ? '-' : '+';
    put_digits(at, (uint32_t)(e < 0 ? -e : e), 2);
    return at + 2;
}

/* Half the smaller of the gaps beside the float whose value as a double has
 * exponent e2. */
static double half_gap(int e2, bool power_of_two)
{
    const int low = e2 < -126 ? -126 : e2;
    const uint64_t bits = (uint64_t)(low - 24 - (power_of_two && e2 > -126) + 1023) << 52;
    double h;
    memcpy(&h, &bits, sizeof h);
    return h;
}

size_t mp_float_text(char *out, float x)
{
    char *at = out;
    double d = x;

    if (d < 0) {
        *at++ = '-';
        d = -d;
    }
    if (d < 1e6 && d == (double)(uint32_t)d)
        return (size_t)(at - out) + put_whole(at, (uint32_t)d);

    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    const int e2 = (int)(bits >> 52) - 1023;
    /* floor(e2 log10 2): the first digit's place, or the one below it. */
    int e = e2 >= 0 ? e2 * 78913 >> 18 : -(-e2 * 78913 >> 18) - 1;
    if (d * ten[DIGITS - 1 - e - TEN_LOW] >= 1e9)
        e++;
    const double scale = ten[DIGITS - 1 - e - TEN_LOW], s = d * scale;
    const double near = half_gap(e2, (bits & 0xfffffffffffff) == 0) * scale * 0.999999;

    int n = DIGITS - 3;
    double unit = 1e3, v = rint(s * 1e-3);
    while (n < DIGITS && fabs(v * unit - s) >= near) {
        unit /= 10;
        v = rint(s / unit);
        n++;
    }
    uint32_t digits = (uint32_t)v;
    if (v >= ten[n - TEN_LOW]) { /* 99.. was rounded up to 100.. */
        e++;
        n++;
    }
    for (; n > 1 && digits % 10 == 0; n--)
        digits /= 10;
    return (size_t)(put_decimal(at, digits, n, e) - out);
}

/* Digits at p: while they fit into 19 they go into *w, and then *e counts them. */
static const uint8_t *take_digits(const uint8_t *p, uint64_t *w, int *e, int one)
{
    const uint64_t full = 1000000000000000000; /* 10^18: one digit more fits */
    for (; (unsigned)(*p - '0') < 10; p++) {
        if (*w < full) {
            *w = 10 * *w + (unsigned)(*p - '0');
            *e -= 1 - one;
        } else {
            *e += one;
        }
    }
    return p;
}

/* "e-05"; NULL: it is not whole. */
static const uint8_t *take_exponent(const uint8_t *p, int *e)
{
    enum { FAR = 10000 };
    const bool down = *++p == '-';
    int v = 0;
    p += *p == '-' || *p == '+';
    const uint8_t *digits = p;
    for (; (unsigned)(*p - '0') < 10; p++)
        v = v < FAR ? 10 * v + (*p - '0') : v;
    *e += down ? -v : v;
    return p > digits ? p : NULL;
}

/* w * 10^e as a double; false: it does not tell which float is the nearest. */
static bool scale(uint64_t w, int e, double *v)
{
    enum { EXACT = 22, NEAR = 8 }; /* powers of ten that are doubles; its last places */
    const uint64_t low = (1u << 29) - 1; /* what a float does not hold */
    uint64_t bits;
    *v = (double)w;
    if (w == 0)
        return true;
    if (e < -2 * EXACT || e > EXACT)
        return false;
    if (e < -EXACT) {
        *v /= ten[EXACT - TEN_LOW];
        e += EXACT;
    }
    *v = e < 0 ? *v / ten[-e - TEN_LOW] : *v * ten[e - TEN_LOW];
    memcpy(&bits, v, sizeof bits);
    const int64_t from = (int64_t)(bits & low) - (int64_t)(low / 2 + 1);
    return (from > NEAR || from < -NEAR) && *v > FLT_MIN && *v < FLT_MAX;
}

const uint8_t *mp_float_read(const uint8_t *text, char point, float *x)
{
    enum { LONGEST = 127 };
    const uint8_t *p = text + (*text == '-' || *text == '+'), *digits = p;
    uint64_t w = 0;
    int e = 0;
    double v;
    p = take_digits(p, &w, &e, 1);
    size_t n = (size_t)(p - digits);
    if (*p == (uint8_t)point) {
        digits = ++p;
        p = take_digits(p, &w, &e, 0);
        n += (size_t)(p - digits);
    }
    if (n > 0 && (*p | 32) == 'e')
        p = take_exponent(p, &e);
    if (n == 0 || p == NULL || p - text > LONGEST)
        return NULL;
    if (scale(w, e, &v)) {
        *x = (float)(*text == '-' ? -v : v);
        return p;
    }
    char copy[LONGEST + 1] = "";
    memcpy(copy, text, (size_t)(p - text));
    char *comma = memchr(copy, point, (size_t)(p - text));
    if (comma != NULL)
        *comma = '.';
    *x = strtof(copy, NULL);
    return isfinite(*x) ? p : NULL;
}

bool mp_whole_text(const char *text, int64_t *value)
{
    const bool negative = *text == '-';
    const char *p = text + negative;
    int64_t v = 0;
    int digits = 0;
    for (; digits < 19 && p[digits] >= '0' && p[digits] <= '9'; digits++)
        v = digits < 18 ? 10 * v + p[digits] - '0' : v;
    if (digits < 1 || digits > 18 || p[digits] != '\0' || (*p == '0' && (digits > 1 || negative)))
        return false;
    *value = negative ? -v : v;
    return true;
}
