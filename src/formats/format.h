/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.h - what a format of data sets is: all that the author of one needs to read.
 * Private to formats/.
 *
 * One format lives in one file of this folder, without a header.  The file defines one object,
 * MP_FORMAT(<name>), where <name> is the file's own name; the build finds it.  Helpers of a
 * format stand beside it and have headers.  Besides, the build wants tests/formats/<name>.test.
 *
 * A format that can be written opens its files by mp_table_sink() in begin() and puts rows
 * into w->sink[]; the temporary names, the checks of what is written, and what happens after a
 * failure are write.c's. */
#ifndef MP_FORMAT_H
#define MP_FORMAT_H
#include "data/data.h"
#include "files/sink.h"
#include "formats/table.h"
#include "text/decimal.h"

struct mp_input; /* formats/input.h */

enum {
    MP_SNIFF = 512,       /* bytes from which a format is recognised */
    MP_BESIDE = 8,
    MP_FORMAT_NAMES = 256,
};

/* ------------------------------------------------------------------ a writer */

enum {
    MP_TABLE_FILES = 3,
    MP_TABLE_NAME = 256, /* of a column */
    MP_TABLE_RUN = 256,  /* values formatted between two looks at the buffer */
};

/* Rows as a format gets them: checked, in x or in b as table.bytes says. */
struct mp_table_rows {
    size_t n;
    const float *x;
    const uint8_t *b;
    const int *label; /* numbers in table.classes; NULL: the table has no labels */
};

struct mp_table_writer {
    const struct mp_format *format;
    bool gzip;
    struct mp_table t;
    bool numbered;                         /* every class is named by a number of 32 bits */
    bool named;                            /* the last file is that of mp_table_classes() */
    char *stem;
    size_t d;                              /* values in a row */
    uint64_t row;                          /* rows so far */
    struct mp_sink sink[MP_TABLE_FILES];
    char *path[MP_TABLE_FILES];
    int n_files;
    void *state;                           /* state_size bytes, zeroed */
    void *converted;                       /* a block of rows in the other type */
    size_t converted_size;
};

/* Opens the writer's next file: STEM + suffix, and ".gz" where it is packed. */
int mp_table_sink(struct mp_ctx *c, struct mp_table_writer *w, const char *suffix);

/* Dimensions of the values: rows x d for features, rows x h x w for images and
 * rows x h x w x c where there are channels.  Returns how many. */
int mp_table_dims(const struct mp_table_writer *w, uint64_t dims[4]);

/* Value k of a block as text. */
static inline size_t mp_table_value(char *out, const struct mp_table_rows *r, size_t k)
{
    return r->x != NULL ? mp_float_text(out, r->x[k]) : mp_byte_text(out, r->b[k]);
}

/* A label as programs take it that know numbers only: the class's name where every class has a
 * whole number for one, and otherwise its number among the classes. */
int64_t mp_table_label(const struct mp_table_writer *w, int label);

/* The last file of a format of such numbers, STEM.classes.txt with "NUMBER NAME" lines; none
 * where names are numbers. */
int mp_table_classes(struct mp_ctx *c, struct mp_table_writer *w);

/* Values i .. i+d-1 of a block, separated by commas, and an end of line. */
int mp_table_line(struct mp_ctx *c, struct mp_sink *s, const struct mp_table_rows *r, size_t i,
                  size_t d, const char *end);

/* ------------------------------------------------------------------ a format */

/* How content looks to a format. */
enum mp_look {
    MP_LOOK_OTHER,
    MP_LOOK_MAY_BE, /* nothing speaks against it */
    MP_LOOK_IS,     /* it begins as this format does, and as no other */
};

struct mp_format {
    int rank;   /* place among the words of an option `format` */
    bool gzip;  /* <name>.gz is a word, too: the same files, packed */
    const char *doc; /* for `help export`: what is written, and for which programs */

    /* How content looks that begins with these n bytes, MP_SNIFF or all there are.  NULL: the
     * format is only written. */
    enum mp_look (*sniff)(const uint8_t *p, size_t n);

    /* Reads x, n, shape, line0 and is_csv of *d, and labels and ids where rows have theirs with
     * them, in any order of classes; of an in->shape_only the shape alone.  What the file says
     * of sizes is believed when the bytes are there.  On failure *d may hold a part. */
    int (*read)(struct mp_input *in, const struct mp_form *form, struct mp_data *d);

    /* A file of labels alone, for images of whatever format: reads exactly d->n of them.
     * NULL: there are no such files. */
    int (*labels)(struct mp_input *in, struct mp_data *d);

    /* Unless the user names the labels' file, it lies beside that of images without labels: one
     * word of the name is another pattern, in which % is what stood behind the word. */
    const char *beside[MP_BESIDE][2]; /* { "images-idx", "labels-idx[12]*" } */

    /* Writing; begin NULL: the format is only read. */
    size_t state_size;                                         /* of w->state */
    int (*begin)(struct mp_ctx *c, struct mp_table_writer *w); /* opens the files */
    int (*rows)(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r);
    int (*end)(struct mp_ctx *c, struct mp_table_writer *w);   /* NULL: nothing to add */
    void (*clear)(void *state);                                /* NULL: owns nothing */
};

#define MP_FORMAT(name) const struct mp_format mp_format_##name

struct mp_format_entry {
    const char *name, *packed; /* "csv", "csv.gz" */
    const struct mp_format *format;
};
extern const struct mp_format_entry mp_formats_found[]; /* ends with a NULL name */

/* Formats by rank: the one that comes after `e`, the first after NULL; NULL after the last. */
const struct mp_format_entry *mp_format_next(const struct mp_format_entry *e);

/* The format whose content n bytes begin, as far as they tell: the surest one, of equals the
 * first by rank.  NULL: none that can be read. */
const struct mp_format_entry *mp_format_of(const uint8_t *p, size_t n);

/* "CSV" */
void mp_format_title(const struct mp_format_entry *e, char *text, size_t size);

/* "CSV, NPY or IDX": those that can be read; `labels`: of them those that have labels in a file of
 * their own. */
void mp_format_names(bool labels, char *text, size_t size);

#endif
