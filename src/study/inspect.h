/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect.h - what is in a file of rows, or in a training file and its test file. */
#ifndef MP_INSPECT_H
#define MP_INSPECT_H
#include "core/pixel.h"
#include "data/data.h"
#include "data/duplicates.h"
#include "data/near.h"
#include "sources/glance.h"
#include <jansson.h>

/* What one file has in it. */
struct mp_profile {
    uint64_t levels[MP_LEVELS];    /* how many pixels have each value */
    int low, high;                 /* smallest and largest of them */
    double mean, deviation;        /* of values 0..1 */
    uint64_t *per_class;           /* rows of each of the inspection's classes */
    int n_labels;                  /* classes that have rows */
    size_t constant;               /* pixels that have the same value in all rows */
    size_t blank;                  /* rows whose pixels all have one value */
    size_t *blank_row;             /* which they are */
    size_t groups, extra;          /* of equal rows in it; rows beyond the first of each group */
    size_t conflicts;              /* groups whose labels differ */
};

struct mp_pair {
    size_t a, b;                   /* rows, counted through both files; a < b */
    double difference;
};

/* A row whose label the model doubts. */
struct mp_suspect {
    size_t row;
    const char *label, *says;      /* names of classes */
    double margin;                 /* score of its label less that of what the model says: < 0 */
};

struct mp_inspect_options {
    int folds, seed;
    double near;                   /* 0: not looked for */
    bool quick;                    /* labels are not checked */
    const char *pipeline;          /* "": the one built in */
};

struct mp_inspection {
    struct mp_inspect_options o;
    struct mp_data data[2];        /* training rows, test rows */
    const char *given[2];          /* as the user named them */
    int n;                         /* files: 1 or 2 */
    struct mp_names classes;       /* of both, in order */
    int *y[2];                     /* class numbers of their rows, or NULL */
    struct mp_profile profile[2];
    struct mp_glance glance[2];
    struct mp_groups groups;       /* of equal rows, in both files together */
    struct mp_shared shared;
    struct mp_pair *pair;          /* nearly equal rows, the nearest first */
    size_t n_pairs;
    size_t near_rows[2];           /* rows of each file that have one like them in it */
    size_t near_shared;            /* test rows that have one like them in the training rows */
    char lying[512];               /* how test rows lie, beside training rows; "": as they do */
    char why_not[1024];            /* why labels were not checked; "": they were */
    char *pipeline;                /* what checked them, as text */
    size_t unjudged;               /* rows of classes too small to be judged */
    size_t checked, doubted;       /* rows; rows for which the model says another label */
    struct mp_suspect *suspect;    /* the most suspect first */
    size_t n_suspects;
};

/* All but the reading.  data, given, n and o have been set.  Cost: near.h, and the pipeline
 * fitted o.folds times; memory: a copy of the rows, twice while labels are checked. */
int mp_inspect(struct mp_ctx *c, struct mp_inspection *in);
void mp_inspect_free(struct mp_inspection *in);

/* Which file a row counted through both is of: 0 or 1; *row becomes its number there. */
int mp_inspect_file(const struct mp_inspection *in, size_t *row);

/* "line 7", with two files "training line 7". */
void mp_inspect_name(const struct mp_inspection *in, size_t row, char *text, size_t size);

/* "value 1 is the largest ...": what looks wrong about file k, one remark a call from i = 0 on;
 * false after the last. */
bool mp_inspect_remark(const struct mp_inspection *in, int k, int i, char *text, size_t size);

/* For people (at most `list` rows in a list), for programs, and as a page. */
void mp_inspect_text(FILE *f, const struct mp_inspection *in, size_t list);
json_t *mp_inspect_json(struct mp_ctx *c, const struct mp_inspection *in);
int mp_inspect_html(struct mp_ctx *c, const struct mp_inspection *in, FILE *to);
#endif
