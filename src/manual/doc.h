/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doc.h - help, manual and listings, all from the tables of stages and commands. */
#ifndef MP_DOC_H
#define MP_DOC_H
#include "core/layer.h"
#include "pipeline/registry.h"
#include "text/glossary.h"

void mp_help_program(FILE *f);
void mp_help_language(FILE *f);   /* what a pipeline file looks like */
void mp_help_stage(FILE *f, const struct mp_entry *e);
int mp_help_found(struct mp_ctx *c, FILE *f, const struct mp_entry *e); /* that a stage finds */
int mp_help_further(struct mp_ctx *c, FILE *f, const struct mp_entry *e, const char *word);
void mp_help_layer(FILE *f, const struct mp_layer_entry *e);
void mp_help_command(FILE *f, const struct mp_command_entry *e);
void mp_help_word(FILE *f, const struct mp_word *w);
void mp_help_words(FILE *f);      /* all words of reports and pages */

int mp_man(struct mp_ctx *c, FILE *f); /* mnistpipe.1; negative: there was no memory for it */
void mp_stage_reference(FILE *f);  /* docs/stages.md */
void mp_words_markdown(FILE *f);   /* docs/glossary.md */

void mp_stages_json(FILE *f);      /* every stage and its parameters */

void mp_list_stages(FILE *f);
#endif
