/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letters.h - captions in pictures: 5 x 7 dots a letter, for machines without fonts. */
#ifndef MP_LETTERS_H
#define MP_LETTERS_H
#include "image/picture.h"

/* Dots: a letter's height with what hangs below the line, and from one letter to the next. */
enum { MP_LETTER_HEIGHT = 9, MP_LETTER_STEP = 6 };

/* Writes letters, large ones as small, digits and _-. in that grey, each dot a square of `zoom`;
 * other letters are a gap.  What lies outside the picture is left out. */
void mp_letters(struct mp_picture *p, int top, int left, int zoom, uint8_t grey,
                const char *text);
int mp_letters_width(const char *text, int zoom);
#endif
