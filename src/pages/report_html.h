/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_html.h - what a run found, as a page (html.h). */
#ifndef MP_REPORT_HTML_H
#define MP_REPORT_HTML_H
#include "pages/html.h"
#include "report/report.h"

/* The whole page.  Reads the data again where it shows digits; what stages have cost
 * stays as it is. */
int mp_report_html(struct mp_ctx *c, const struct mp_report *r, FILE *to);
#endif
