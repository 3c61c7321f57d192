/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form.h - how rows are to be read, where their file does not say.
 *
 * One list of settings serves the `data` line, the options of commands that read rows without
 * one, and the bundle, which remembers how it read its rows. */
#ifndef MP_FORM_H
#define MP_FORM_H
#include "core/stage.h"

/* As a user writes it; "" leaves it to the file. */
struct mp_form_text {
    char *size, *label, *classes, *ignore, *range;
    char *fit, *colour, *paper, *broken; /* of pictures */
};

#define MP_FORM_PARAM(base, field, ...)                                    \
    { .name = #field, .type = MP_TEXT, .def = "",                          \
      .offset = (base) + offsetof(struct mp_form_text, field), __VA_ARGS__ }

/* Rows of a table of parameters, whose struct has a struct mp_form_text at `base`. */
#define MP_FORM_PARAMS(base)                                                                     \
    MP_FORM_PARAM(base, size, .unit = "HxW",                                                     \
                  .doc = "image size; needed only where a table is not square or, HxWx3, in "    \
                         "colour"),                                                              \
    MP_FORM_PARAM(base, label, .unit = "column",                                                 \
                  .doc = "column of a table's labels: first, last, none, its number from 1 or "  \
                         "its name; found, if it is named label, or the first"),                 \
    MP_FORM_PARAM(base, classes, .unit = "file",                                                 \
                  .doc = "names of the classes: a line \"LABEL NAME\" for each; the numbers of "  \
                         "letters, as EMNIST has them, become those letters"),                   \
    MP_FORM_PARAM(base, ignore, .unit = "column,...",                                            \
                  .doc = "columns of a table to leave out, by name or number from 1"),           \
    MP_FORM_PARAM(base, range, .unit = "LOW..HIGH",                                              \
                  .doc = "values of paper and of full ink: 0..1, -1..1, 16 for 0..16; auto, or " \
                         "none: found from the values"),                                         \
    MP_FORM_PARAM(base, fit, .unit = "pad|stretch|crop",                                         \
                  .doc = "how pictures of other sizes become `size`: all of it and paper "       \
                         "beside, out of proportion, or the middle; pad, if size is given"),     \
    MP_FORM_PARAM(base, colour, .unit = "auto|grey|rgb",                                         \
                  .doc = "channels of pictures; auto, or none: rgb if any of 64 of them, spread " \
                         "evenly, has colour"),                                                  \
    MP_FORM_PARAM(base, paper, .unit = "white|black",                                            \
                  .doc = "what lies behind transparent pixels and beside padded pictures; none: " \
                         "white behind, and beside what the picture has at its border"),         \
    MP_FORM_PARAM(base, broken, .unit = "fail|skip",                                             \
                  .doc = "what to do about pictures that cannot be read; none: fail")

extern const struct mp_param mp_form_table[]; /* of a struct mp_form_text itself */

/* The text of one of its rows. */
static inline char **mp_form_field(struct mp_form_text *t, const struct mp_param *p)
{
    return (char **)(void *)((char *)t + p->offset);
}

/* Values of paper and of full ink; equal: found from the values. */
struct mp_range {
    double low, high;
};

/* How pictures of other sizes become images of one. */
enum mp_fit { MP_FIT_NONE, MP_FIT_PAD, MP_FIT_STRETCH, MP_FIT_CROP };

/* What lies behind and beside pictures, where nobody says. */
enum mp_paper { MP_PAPER_OWN, MP_PAPER_WHITE, MP_PAPER_BLACK };

/* The same, understood.  Zeroed: as the file looks. */
struct mp_form {
    struct mp_shape size;  /* of an image; {0, 0, 0}: found from the file */
    const char *label;     /* as in the text, which has to outlive it; may be NULL */
    const char *ignore;    /* the same */
    const char *classes;   /* the same: see class_map.h */
    struct mp_range range;
    struct mp_shape beside; /* pictures: of the rows that they are to go with; {0, 0, 0}: none */
    enum mp_fit fit;        /* none: they are to have the size */
    int channels;           /* 1 or 3; 0: found from them */
    enum mp_paper paper;
    bool skip_broken;       /* broken ones are left out */
    const char *part;       /* of a file that holds several: "train" or "test", unless its name
                               says which; may be NULL */
};

/* Fails at what cannot be meant: "range=9..3: ...". */
int mp_form_parse(struct mp_ctx *c, const struct mp_form_text *t, struct mp_form *form);

/* "28x28", "32x32x3" or "" -> shape; what is none of these fails. */
int mp_size_parse(struct mp_ctx *c, const char *text, struct mp_shape *size);

/* "0..16"; what it gives, mp_form_parse() reads. */
void mp_range_text(struct mp_range r, char *text, size_t size);

/* What `over` says, and where it says nothing what `under` does; points into both. */
struct mp_form_text mp_form_over(const struct mp_form_text *over,
                                 const struct mp_form_text *under);
bool mp_form_same(const struct mp_form_text *a, const struct mp_form_text *b);
#endif
