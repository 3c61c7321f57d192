/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_html.h - what a run found, as a page (html.h). */
#ifndef MP_REPORT_HTML_H
#define MP_REPORT_HTML_H
#include "html.h"
#include "report.h"

/* The whole page.  Reads the data again where it shows digits; what stages have cost
 * stays as it is. */
int mp_report_html(struct mp_ctx *c, const struct mp_report *r, FILE *to);

/* "pipelines/hog_svm.txt" -> "hog_svm". */
void mp_pipeline_name(const char *file, char *name, size_t size);

/* "28 x 28" of images, "1152" of vectors. */
void mp_report_shape(char *text, size_t size, struct mp_shape s, bool image);

/* The sections, in the order of the page; each is left out where there is nothing to say. */
int mp_report_pipeline(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
int mp_report_digits(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
void mp_report_confusion(struct mp_html *h, const struct mp_report *r);
void mp_report_learning(struct mp_html *h, const struct mp_report *r);
int mp_report_confidence(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
int mp_report_mistakes(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
int mp_report_inside(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
int mp_report_learned(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
int mp_report_origin(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);

/* Parts of them that pages of several runs have, too: the command, the data files, the
 * machine (peak: memory at most; 0: not told). */
void mp_report_command(FILE *f, const struct mp_ctx *c);
void mp_report_data(FILE *f, const struct mp_experiment *x);
void mp_report_machine(FILE *f, const struct mp_ctx *c, uint64_t peak);

/* The picture of a row of the data, or of several side by side; large ones are shrunk. */
int mp_report_rows(struct mp_ctx *c, FILE *f, const struct mp_data *d, const size_t *rows, size_t n,
                   const char *kind, const char *alt);

/* The `most` rows that are the most wrong: by how far the score of the class that was
 * predicted lies above that of the truth.  Returns how many there are. */
size_t mp_worst(const struct mp_report *r, size_t *rows, size_t most);
#endif
