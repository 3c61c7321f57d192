/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gallery.h - every filter and feature of the program on the same rows: what it makes of them,
 * what it costs, and what adding it to a plain pipeline buys.
 *
 * All is done on training rows: gains are those of rows that were held out, each in its fold or
 * all at once, the same for all pipelines; test rows are not read. */
#ifndef MP_GALLERY_H
#define MP_GALLERY_H
#include "core/kept.h"
#include "data/data.h"
#include "pipeline/pipeline.h"
#include "study/forms.h"

/* What stages are added to. */
enum { MP_GALLERY_BASES = 2 };
struct mp_gallery_base {
    const char *feature, *scale; /* "pixels"; what brings its rows to one length, or "" */
    const char *model;
    const char *title;           /* "pixels + svm" */
};
extern const struct mp_gallery_base mp_gallery_bases[MP_GALLERY_BASES];

/* The stages that bring a feature that is put beside a base's to one scale for all. */
extern const char *const mp_gallery_scale[2];

struct mp_gallery_ask {
    const char *only;  /* names with commas between them; "": all filters and features */
    const char *train; /* as the user named the rows */
    int folds;
    double holdout;    /* share of the rows; 0: folds */
    bool costs, gains; /* whether these are asked for */
};

/* What one pipeline predicts of rows held out. */
struct mp_gain {
    char *error;    /* why there are none; NULL: there are, unless `within` */
    bool within;    /* the stage is the base's own feature: there is nothing to add */
    int *predicted; /* class numbers of the rows that are scored, in their order */
};

/* One stage. */
struct mp_exhibit {
    const struct mp_entry *entry;
    char *line;            /* "deskew", "resize width=20 height=20": as a pipeline has it */
    bool example;          /* the stage's own example: by its defaults it cannot be, or does
                              nothing to the rows shown */
    char *error;           /* why there is neither picture nor cost; NULL: there are */
    struct mp_script script;
    struct mp_plan plan;   /* the stage alone, behind pixels if it takes vectors; fitted */
    double cost, low, high; /* microseconds an image: the median of the rounds, least and most */
    struct mp_gain gain[MP_GALLERY_BASES];
    struct mp_kept warnings;
};

enum { MP_GALLERY_DIGITS = 10, MP_GALLERY_ROWS = 1024, MP_GALLERY_ROUNDS = 5 };

struct mp_gallery {
    struct mp_gallery_ask ask;
    struct mp_data d;
    struct mp_names classes;
    int *y;                /* NULL: there are no labels */
    size_t shown[MP_GALLERY_DIGITS], n_shown; /* rows: the first of each class */
    struct mp_data few;    /* MP_GALLERY_ROWS of the rows, or fewer of large ones: stages that are
                              shown learn from these, and costs are theirs */
    int *few_y;
    int *fold, k;          /* that holds each row out; k of them are scored */
    int *truth;            /* class numbers of the rows that are scored, in their order */
    size_t scored;         /* so many */
    struct mp_gain base[MP_GALLERY_BASES];
    struct mp_exhibit *at;
    int n;
    struct mp_kept *hears; /* warnings, now */
};

/* Finds the stages; before anything is read. */
int mp_gallery_open(struct mp_ctx *c, const struct mp_gallery_ask *ask, struct mp_gallery *g);

/* Of rows that have been read into g->d: all there is to compute.  What a stage cannot do is its
 * error.  Negative: the user has asked to stop, there is no memory, or no row can be held out. */
int mp_gallery_run(struct mp_ctx *c, struct mp_gallery *g);
void mp_gallery_free(struct mp_gallery *g);

/* The pipeline that has the stage added to base b, without data; e NULL: the base alone.  free()
 * it; NULL: there is nothing to add, or, after an mp_fail(), no memory. */
char *mp_gallery_text(struct mp_ctx *c, const struct mp_exhibit *e, int b);

/* The whole of it; the other forms are made from that.  docs/report.md lists its keys.
 * json_decref() it; NULL: mp_fail() said why. */
json_t *mp_gallery_json(struct mp_ctx *c, const struct mp_gallery *g);

/* The forms, in the order of MP_FORMATS. */
void mp_gallery_write(FILE *f, const json_t *document, int format);

/* Each base's keys in a row of the document begin with its feature's name: "pixels_bought". */
enum { MP_GALLERY_KEY = 48 };
void mp_gallery_key(char key[MP_GALLERY_KEY], int b, const char *what);

/* The page (gallery_html.c). */
int mp_gallery_html(struct mp_ctx *c, struct mp_gallery *g, const json_t *document, FILE *to);
#endif
