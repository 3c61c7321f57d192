/* SPDX-License-Identifier: GPL-3.0-or-later */
/* completion.h - what shells offer when the user presses Tab, from the tables of commands. */
#ifndef MP_COMPLETION_H
#define MP_COMPLETION_H
#include <stdio.h>

void mp_completion_bash(FILE *f);
void mp_completion_zsh(FILE *f);
void mp_completion_fish(FILE *f);
#endif
