/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_gallery.h - sections of a run's page that show digits.  Each is left out where there is
 * nothing to say. Private to pages/. */
#ifndef MP_REPORT_GALLERY_H
#define MP_REPORT_GALLERY_H
#include "pages/contact.h"
#include "pages/html.h"
#include "report/report.h"

int mp_report_digits(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
int mp_report_mistakes(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
int mp_report_inside(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
int mp_report_learned(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);

/* The picture of a row of the data, or of several side by side; large ones are shrunk. */
int mp_report_rows(struct mp_ctx *c, FILE *f, const struct mp_data *d, const size_t *rows, size_t n,
                   const char *kind, const char *alt);

/* A stage's or a layer's rows side by side; most: px that the side of one may have; room: how many
 * times its own width each has.  And what these pictures are: "28 x 28", "9 values, folded ...". */
int mp_report_strip(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                    const struct mp_contact_column *col, int most, int room);
void mp_report_strip_note(FILE *f, const struct mp_contact_column *col);

/* The `most` rows that are the most wrong: by how far the score of the class that was
 * predicted lies above that of the truth.  Returns how many there are. */
size_t mp_worst(const struct mp_report *r, size_t *rows, size_t most);
#endif
