/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_parts.h - what pages of one run and of several have. Private to pages/. */
#ifndef MP_REPORT_PARTS_H
#define MP_REPORT_PARTS_H
#include "pages/html.h"
#include "report/report.h"

/* "pipelines/hog_svm.txt" -> "hog_svm". */
void mp_pipeline_name(const char *file, char *name, size_t size);

/* "28 x 28" of images, "1152" of vectors. */
void mp_report_shape(char *text, size_t size, struct mp_shape s, bool image);

/* The command, the data files, the machine (peak: memory at most; 0: not told). */
void mp_report_command(FILE *f, const struct mp_ctx *c);
void mp_report_data(FILE *f, const struct mp_experiment *x);
void mp_report_machine(FILE *f, const struct mp_ctx *c, uint64_t peak);
#endif
