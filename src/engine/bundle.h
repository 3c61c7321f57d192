/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle.h - the file that holds a fitted pipeline.
 *
 * A sealed file (sealed.h) of fields as in state.h: the pipeline's text, shape,
 * classes, where it comes from, the state of every stage that learned, and sections,
 * of which a program skips those that it does not know.  docs/bundle.md has all of it,
 * and what is promised.
 *
 * The same training data, pipeline and seed give the same bytes. */
#ifndef MP_BUNDLE_H
#define MP_BUNDLE_H
#include "core/state.h"
#include "data/data.h"
#include "engine/exemplars.h"
#include "files/output.h"
#include "pipeline/pipeline.h"
#include "sources/experiment.h"

enum { MP_BUNDLE_OLDEST = 1, MP_BUNDLE_VERSION = 3 };

struct mp_bundle {
    char *text;             /* the pipeline, without its data line */
    char *version;          /* of the program that wrote it */
    char *trained_on;       /* name of the training file */
    char *more;             /* names of further ones, parted by bars; NULL: none */
    uint64_t rows, crc, seed;
    struct mp_form_text form; /* how it read them */
    struct mp_glance glance; /* at the rows; .rows 0: not known, as in bundles before 0.2 */
    double lead;             /* of mp_lying_learn(); 0: not known */
    struct mp_exemplars kept; /* of the rows, if the data line asked for some */
    struct mp_plan plan;    /* fitted, ready to apply */
    struct mp_names classes; /* as in struct mp_experiment */
    int n_classes;
};

/* Writes the fitted plan into an open output. */
int mp_bundle_write(struct mp_ctx *c, struct mp_output *o, struct mp_experiment *x);

/* Reads and checks; sets the run's classes.  The bundle must outlive their use. */
int mp_bundle_read(struct mp_ctx *c, const char *file, struct mp_bundle *b);
void mp_bundle_free(struct mp_bundle *b);

/* How it reads new rows: as it read those that it was trained on, but for what `over`, unless
 * NULL, says. */
int mp_bundle_form(struct mp_ctx *c, const struct mp_bundle *b, const struct mp_form_text *over,
                   struct mp_form *form);

/* The same in memory, without the file's header: for a bundle that lies in another.
 * Saving gives io->buf, which the caller frees. */
int mp_bundle_save(struct mp_ctx *c, struct mp_experiment *x, const char *trained_on,
                   struct mp_io *io);
int mp_bundle_parse(struct mp_ctx *c, const char *name, const unsigned char *bytes, size_t size,
                    struct mp_bundle *b);

/* What follows the header of a bundle's file, if it is whole; free() it. */
unsigned char *mp_bundle_bytes(struct mp_ctx *c, const char *file, size_t *size);

/* Whether the file begins like a bundle. */
bool mp_is_bundle(const char *file);
#endif
