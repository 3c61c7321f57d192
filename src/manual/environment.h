/* SPDX-License-Identifier: GPL-3.0-or-later */
/* environment.h - the variables that the program reads, the files that it keeps and what it
 * exits with: for the manual. Private to manual/. */
#ifndef MP_ENVIRONMENT_H
#define MP_ENVIRONMENT_H

struct mp_named {
    const char *name, *text; /* sentences */
};
extern const struct mp_named mp_variables[], mp_files[], mp_statuses[]; /* end with a NULL name */
#endif
