/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_charts.h - sections of a run's page that are tables and plots.  Each is left out where
 * there is nothing to say. Private to pages/. */
#ifndef MP_REPORT_CHARTS_H
#define MP_REPORT_CHARTS_H
#include "pages/html.h"
#include "report/report.h"

void mp_report_confusion(struct mp_html *h, const struct mp_report *r);
void mp_report_learning(struct mp_html *h, const struct mp_report *r);
int mp_report_confidence(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r);
#endif
