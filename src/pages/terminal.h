/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terminal.h - grey pictures in a terminal.
 *
 *   text    a character for two pixels, one above the other, by how dark they are
 *   blocks  U+2580, whose upper half is one pixel and whose lower half another
 *   sixel   the graphics of DEC's VT340: xterm, foot, mlterm, WezTerm, iTerm2 ...
 *   kitty   the graphics of kitty: kitty, Ghostty
 */
#ifndef MP_TERMINAL_H
#define MP_TERMINAL_H
#include "image/picture.h"

enum mp_art { MP_ART_TEXT, MP_ART_BLOCKS, MP_ART_SIXEL, MP_ART_KITTY };
#define MP_ARTS "text|blocks|sixel|kitty"

struct mp_terminal {
    enum mp_art art;     /* the best that it shows */
    bool styled;         /* bold and dim text may be used */
    bool true_colour;    /* all of them; otherwise the palette of 256, of which 26 are grey */
    int columns;         /* characters in a line */
    int cell_h, cell_w;  /* pixels of a character */
};

/* Learns what stands behind standard output: from the environment, and, where that does
 * not tell, by asking the terminal (half a second at most; its settings are as before when
 * this returns).  No terminal: plain text.  wanted: the art that the user insists on, -1
 * for the best that there is. */
void mp_terminal_look(struct mp_terminal *t, int wanted);

/* One line of characters: pixel rows 2 line and 2 line + 1, as text or blocks; without an
 * end of line.  What lies below the picture is the terminal's own background. */
void mp_terminal_line(FILE *f, const struct mp_terminal *t, const struct mp_picture *p, int line);

/* The whole picture, and the cursor on the line below it. */
void mp_terminal_sixel(FILE *f, const struct mp_picture *p);
int mp_terminal_kitty(struct mp_ctx *c, FILE *f, const struct mp_picture *p);
#endif
