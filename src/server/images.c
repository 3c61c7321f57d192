/* SPDX-License-Identifier: GPL-3.0-or-later */
/* images.c - images in JSON.
 *
 * Method: one pass, which keeps the values and, for each depth of arrays, how many elements those
 * of that depth have.  They have to have the same, so that in the end a few numbers say what was
 * meant: n x 784, n x 28 x 28, 784 or 28 x 28. */
#include "server/images.h"
#include "core/ctx.h"
#include "text/decimal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTHS = 4 }; /* images, rows, pixels, channels */

struct reader {
    struct mp_ctx *c;
    const char *at, *end, *begin;
    struct mp_images *images;
    size_t n;                  /* values so far */
    size_t count[DEPTHS];      /* elements of arrays of each depth; 0: none has ended */
    size_t index[DEPTHS];      /* where we are */
    int depth, deepest;        /* deepest: that of the values; 0: there was none */
    bool fraction, above_one;
};

/* -------------------------------------------------------------- failures */

/* "images[2][5]": where the reader is. */
static void place(const struct reader *r, int depth, char text[128])
{
    int used = snprintf(text, 128, "images");
    for (int i = 0; i < depth; i++)
        used += snprintf(text + used, 128 - (size_t)used, "[%zu]", r->index[i]);
}

static int malformed(const struct reader *r, const char *expected)
{
    char found[16];
    if (r->at >= r->end)
        return mp_fail(r->c, "the JSON ends after %td bytes; expected %s", r->end - r->begin,
                       expected);
    snprintf(found, sizeof found, *r->at > ' ' && *r->at < 127 ? "%c" : "\\x%02x",
             (unsigned char)*r->at);
    return mp_fail(r->c, "byte %td of the JSON is %s; expected %s", r->at - r->begin + 1, found,
                   expected);
}

/* "n x 784 or n x 28 x 28". */
static void wanted(struct mp_shape s, char text[96])
{
    if (s.c == 1)
        snprintf(text, 96, "n x %zu, or n x %d x %d", mp_len(s), s.h, s.w);
    else
        snprintf(text, 96, "n x %zu, or n x %d x %d x %d", mp_len(s), s.h, s.w, s.c);
}

/* --------------------------------------------------------------- reading */

static void blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static bool next_is(struct reader *r, char what)
{
    blanks(r);
    if (r->at >= r->end || *r->at != what)
        return false;
    r->at++;
    return true;
}

/* There is room: see mp_images_read(). */
static int keep(struct reader *r, uint8_t v)
{
    r->images->at[r->n++] = v;
    return MP_OK;
}

/* What nearly all of a text is: whole numbers of 0..255, each with a comma behind it and at most a
 * blank behind that.  Returns how many; the text's closing 0 is none. */
static size_t plain_numbers(struct reader *r)
{
    const unsigned char *p = (const unsigned char *)r->at;
    uint8_t *to = r->images->at + r->n, *const first = to;
    bool above_one = false;
    for (;;) {
        unsigned v = p[0] - (unsigned)'0';
        size_t digits = 1;
        if (v > 9)
            break;
        while (digits < 3 && p[digits] >= '0' && p[digits] <= '9')
            v = 10 * v + (p[digits++] - (unsigned)'0');
        if (v > 255 || (*p == '0' && digits > 1) || p[digits] != ',')
            break;
        above_one |= v > 1;
        *to++ = (uint8_t)v;
        p += digits + 1;
        p += *p == ' ';
    }
    r->above_one |= above_one;
    r->at = (const char *)p;
    r->n += (size_t)(to - first);
    return (size_t)(to - first);
}

static int out_of_range(const struct reader *r, double v)
{
    char text[128];
    place(r, r->depth, text);
    return mp_fail(r->c, "%s is %.9g; expected a value 0..255: 0 paper, 255 ink", text, v);
}

/* Whole numbers of up to three digits at once; others as floats. */
static int number(struct reader *r)
{
    const char *p = r->at;
    unsigned v = 0;
    int digits = 0;
    float x;
    for (; digits < 4 && p + digits < r->end && p[digits] >= '0' && p[digits] <= '9'; digits++)
        v = 10 * v + (unsigned)(p[digits] - '0');
    const char after = p + digits < r->end ? p[digits] : '\0';
    if (digits > 0 && digits < 4 && (digits == 1 || *p != '0') &&
        (after == ',' || after == ']' || after == ' ' || after == '\n' || after == '\r' ||
         after == '\t')) {
        if (v > 255)
            return out_of_range(r, v);
        r->above_one |= v > 1;
        r->at += digits;
        return keep(r, (uint8_t)v);
    }
    if (*p != '-' && (*p < '0' || *p > '9'))
        return malformed(r, "a number");
    const uint8_t *rest = mp_float_read((const uint8_t *)p, '.', &x);
    if (rest == NULL) { /* 1e999, say, or hundreds of digits */
        char text[128];
        place(r, r->depth, text);
        return mp_fail(r->c, "%s is no number that can be read; expected a value 0..255: 0 paper, "
                       "255 ink", text);
    }
    if (!(x >= 0 && x <= 255))
        return out_of_range(r, (double)x);
    r->fraction |= x != floorf(x);
    r->above_one |= x > 1;
    r->at = (const char *)rest;
    return keep(r, (uint8_t)(x + 0.5f));
}

/* All arrays of one depth have as many elements. */
static int ended(struct reader *r, size_t n)
{
    char text[128];
    size_t *count = &r->count[r->depth];
    if (n == 0 || (*count > 0 && *count != n)) {
        place(r, r->depth, text);
        return n == 0 ? mp_fail(r->c, "%s is empty; expected %s", text,
                                r->depth == 0 ? "images" : "values")
                      : mp_fail(r->c, "%s has %zu element%s, the one before it %zu; all have to "
                                      "have as many", text, n, n == 1 ? "" : "s", *count);
    }
    *count = n;
    return MP_OK;
}

static int array(struct reader *r);

static int element(struct reader *r)
{
    blanks(r);
    if (r->at < r->end && *r->at == '[') {
        if (r->deepest > 0 && r->depth >= r->deepest)
            return malformed(r, "a number, as before");
        return r->depth < DEPTHS ? array(r)
                                 : malformed(r, "a number: arrays lie four deep at most");
    }
    if (r->at >= r->end)
        return malformed(r, "a number or an array");
    if (r->deepest == 0)
        r->deepest = r->depth;
    return r->depth == r->deepest ? number(r) : malformed(r, "an array, as before");
}

/* From its bracket on.  Depths are four at most, so it may call itself. */
static int array(struct reader *r)
{
    size_t n = 0;
    r->at++;
    if (next_is(r, ']'))
        return ended(r, 0);
    blanks(r);
    if (r->at < r->end && *r->at >= '0' && *r->at <= '9' &&
        (r->deepest == 0 || r->deepest == r->depth + 1)) {
        r->deepest = r->depth + 1;
        n = plain_numbers(r);
    }
    do {
        r->index[r->depth] = n++;
        r->depth++;
        const int rc = element(r);
        r->depth--;
        if (rc < 0)
            return -1;
    } while (next_is(r, ','));
    if (!next_is(r, ']'))
        return malformed(r, "a comma or ]");
    return ended(r, n);
}

/* ------------------------------------------------------------ the whole */

/* Whether the sizes of the arrays from depth k on are those of one image. */
static bool one_image(const struct reader *r, int k, struct mp_shape s)
{
    const size_t *d = r->count + k;
    switch (r->deepest - k) {
    case 1: return d[0] == mp_len(s);
    case 2: return s.c == 1 && d[0] == (size_t)s.h && d[1] == (size_t)s.w;
    case 3: return d[0] == (size_t)s.h && d[1] == (size_t)s.w && d[2] == (size_t)s.c;
    default: return false;
    }
}

static int settle(struct reader *r, struct mp_shape s)
{
    char found[96], right[96];
    int used = 0;
    const bool one = one_image(r, 0, s);
    if (one || one_image(r, 1, s)) {
        r->images->n = one ? 1 : r->count[0];
        return !r->fraction || r->above_one
                   ? MP_OK
                   : mp_fail(r->c, "the values are 0..1 with fractions; expected 0..255: multiply "
                                   "them by 255");
    }
    for (int i = 0; i < r->deepest; i++)
        used += snprintf(found + used, sizeof found - (size_t)used, "%s%zu", i > 0 ? " x " : "",
                         r->count[i]);
    wanted(s, right);
    return mp_fail(r->c, "the arrays have %s values; expected %s", found, right);
}

/* {"images": ...} */
static int object(struct reader *r)
{
    static const char key[] = "\"images\"";
    const size_t n = sizeof key - 1;
    blanks(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, key, n) != 0)
        return malformed(r, "\"images\"");
    r->at += n;
    if (!next_is(r, ':'))
        return malformed(r, "a colon");
    blanks(r);
    if (r->at >= r->end || *r->at != '[')
        return malformed(r, "an array of images");
    if (array(r) < 0)
        return -1;
    return next_is(r, '}') ? MP_OK : malformed(r, "}, as \"images\" is all that is read");
}

int mp_images_read(struct mp_ctx *c, const char *text, size_t n, struct mp_shape shape,
                   struct mp_images *images)
{
    struct reader r = { .c = c, .begin = text, .at = text, .end = text + n, .images = images };
    images->room = n / 2 + 1; /* a digit and a comma a value */
    if ((images->at = malloc(images->room)) == NULL)
        return mp_no_memory(c, "the images");
    const bool braces = next_is(&r, '{');
    if (!braces && (r.at >= r.end || *r.at != '['))
        return malformed(&r, "{\"images\": [...]}, or an array of images");
    if ((braces ? object(&r) : array(&r)) < 0)
        return -1;
    blanks(&r);
    return r.at == r.end ? settle(&r, shape) : malformed(&r, "the end");
}
