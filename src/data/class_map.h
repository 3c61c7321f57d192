/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_map.h - other names for classes: classes=FILE. */
#ifndef MP_CLASS_MAP_H
#define MP_CLASS_MAP_H
#include "data/data.h"

/* The lines "LABEL NAME" of a file, in its order, as a text that the caller frees; NULL after an
 * mp_fail().  Between the two stand blanks, a tab or a comma; what begins with # and a first line
 * without a number are passed over.  Where every name is one number or several that are those of
 * letters or digits (EMNIST's "10 65", "1 65 97", "U+3042"), the letters are the name, and that is
 * said; in quotes they are numbers.  A label or a name that stands twice is a failure.
 * What has a line feed in it is such a text itself, and is copied: a bundle has no files. */
char *mp_class_map(struct mp_ctx *c, const char *file);

/* Gives d's classes, which are in order, the names that the map has for them; their order stays.
 * Those without one keep theirs, and are warned of.  Classes of one name become one. */
int mp_class_rename(struct mp_ctx *c, const char *file, struct mp_data *d);

#endif
