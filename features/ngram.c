/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ngram.c - how often each sequence of n pixels of ink and paper occurs.
 *
 * Method: n-grams, which tell of texts what words they are made of, of lines of pixels
 * (Kulkarni, Stranieri, Kulkarni, Ugon and Mittal 2014, "Visual character n-grams for
 * classification and retrieval of radiological images"), here of the two levels ink and paper.
 *
 * Cost: a shift and a count for each pixel.
 */
#include "core/stage.h"
#include "image/describe.h"
#include <string.h>

enum { ROWS, COLUMNS, BOTH }; /* order of .choices below */
enum { MOST = 12 };

struct params {
    double level;
    int n, along, grid;
};

static const struct mp_param table[] = {
    MP_PARAM(n, .def = "4", .min = 1, .max = MOST, .unit = "px", .doc = "length of a sequence"),
    MP_PARAM(along, .def = "both", .choices = "rows|columns|both",
             .doc = "sequences from left to right, from top to bottom, or those and then these"),
    MP_PARAM(grid, .def = "1", .min = 1, .max = 64,
             .doc = "cells from top to bottom and from left to right that are counted apart"),
    MP_LEVEL_PARAM,
    MP_END
};

struct work {
    struct mp_shape s;
    const struct params *p;
    uint8_t *ink;
};

static size_t one_way(const struct params *p)
{
    return (size_t)(p->grid * p->grid) << p->n;
}

static size_t each(const struct params *p)
{
    return p->along == BOTH ? 2 * one_way(p) : one_way(p);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const int side = p->along == ROWS ? in.w : p->along == COLUMNS ? in.h
                   : in.h < in.w ? in.h : in.w;
    (void)state;
    if (p->n > side)
        return mp_fail(c, "n=%d: an image of %dx%d has no sequence of so many pixels; must be at "
                       "most %d", p->n, in.h, in.w, side);
    return mp_described(c, in, (double)each(p), out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const struct mp_described d = mp_which(i, each(p));
    const bool rows = p->along == ROWS || (p->along == BOTH && d.i < one_way(p));
    const size_t at = d.i % one_way(p), cell = at >> p->n, grid = (size_t)p->grid;
    char word[MOST + 1] = "";
    for (int k = 0; k < p->n; k++)
        word[k] = at >> (p->n - 1 - k) & 1 ? '#' : '.';
    if (grid == 1)
        mp_describe_name(text, size, in, d.channel, "ngram[%s,%s", rows ? "row" : "column", word);
    else
        mp_describe_name(text, size, in, d.channel, "ngram[%s,%s,y=%zu,x=%zu",
                         rows ? "row" : "column", word, cell / grid, cell % grid);
}

/* Sequences of one way, through lines of `length` pixels that lie `step` apart; a line's number
 * and the place of its middle pixel tell the cell. */
static void count(const struct work *k, int lines, int length, ptrdiff_t from_line,
                  ptrdiff_t step, bool rows, float *to)
{
    const int n = k->p->n, grid = k->p->grid, places = length - n + 1;
    const unsigned all = (1u << n) - 1;
    const uint8_t *first = k->ink + k->s.w + 3;

    memset(to, 0, one_way(k->p) * sizeof *to);
    for (int i = 0; i < lines; i++) {
        const uint8_t *line = first + i * from_line;
        unsigned word = 0;
        for (int j = 0; j < length; j++) {
            word = (word << 1 | line[j * step]) & all;
            if (j + 1 < n)
                continue;
            const int a = i * grid / lines, b = (j - n / 2) * grid / length;
            to[(size_t)(rows ? a * grid + b : b * grid + a) << n | word]++;
        }
    }
    for (size_t i = 0; i < one_way(k->p); i++)
        to[i] /= (float)(lines * places);
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int h = k->s.h, w = k->s.w;
    mp_ink(plane, h, w, k->p->level, k->ink);
    if (k->p->along != COLUMNS)
        count(k, h, w, w + 2, 1, true, to);
    if (k->p->along != ROWS)
        count(k, w, h, 1, w + 2, false, to + (k->p->along == BOTH ? one_way(k->p) : 0));
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { in->shape, params, mp_ink_room(c, in->shape) };
    (void)state;
    return k.ink == NULL ? -1 : mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(ngram) = {
    .brief = "Count sequences of ink and paper along rows and columns",
    .doc = "Of every n pixels that follow each other along a row, then along a column, which of\n"
           "the 2^n sequences of ink and paper they are, \"...#\" or \"..##\"; the counts as\n"
           "shares of all such places of the image.  Short sequences tell how thick strokes are\n"
           "and which way they lean.  With a grid, each cell of the image has counts of its\n"
           "own, by the pixel in the middle of a sequence, the left or upper of two: then they\n"
           "also tell where, and what they are is grid^2 times as many values.  Values go cell\n"
           "by cell, sequences as binary numbers with ink as 1.  Reference: Kulkarni and others\n"
           "2014, \"Visual character n-grams for classification and retrieval of radiological\n"
           "images\", of more grey levels.  Each channel of a colour image is counted by itself,\n"
           "one channel after another.",
    .example = "ngram n=3 grid=4 along=rows",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
