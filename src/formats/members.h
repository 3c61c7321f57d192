/* SPDX-License-Identifier: GPL-3.0-or-later */
/* members.h - rows from an archive (zip, tar, npz) or a folder: which of its members is meant.
 * Private to formats/. */
#ifndef MP_MEMBERS_H
#define MP_MEMBERS_H
#include "data/data.h"

struct mp_input;        /* formats/input.h */
struct mp_format_entry; /* formats/format.h */

/* What of an archive is wanted. */
struct mp_want {
    const char *named; /* by the user: "train", "test", "val", or a member's name; or NULL */
    const char *usual; /* where he says nothing and there are several: "train", "test" or NULL */
};

/* Reads rows, with their labels where the archive has them, from a file that mp_packing() calls
 * MP_PACKED_MEMBERS.  A member is found by its name: train, test, val, x, y, images, labels and
 * the like are words in it.  Where that does not tell, the error lists the members; where it
 * does, and there are several, a warning says which.  *found: the format of the rows. */
int mp_members_read(struct mp_input *in, const struct mp_want *want, const struct mp_form *form,
                    struct mp_data *d, const struct mp_format_entry **found);

/* Labels alone, for the d->n rows of d. */
int mp_members_labels(struct mp_input *in, const struct mp_want *want, struct mp_data *d);

/* Whether it has rows of both parts, so that one file is training and test. */
int mp_members_both(struct mp_input *in, bool *both);

/* The same of a folder of such files: the path of the one that is wanted, of labels or of rows;
 * NULL after an mp_fail().  silent: there is no warning. */
char *mp_members_path(struct mp_ctx *c, const char *folder, const struct mp_want *want,
                      bool labels, bool silent);
bool mp_members_both_in(struct mp_ctx *c, const char *folder);
#endif
