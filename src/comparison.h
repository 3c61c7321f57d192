/* comparison.h - runs side by side: best first, and which differences are real.
 *
 * The whole of it is one JSON document; the other forms are made from that, so they
 * cannot disagree.  docs/report.md lists its keys. */
#ifndef MP_COMPARISON_H
#define MP_COMPARISON_H
#include "job.h"

/* json_decref() it; NULL: mp_fail() said why. */
json_t *mp_comparison_json(struct mp_ctx *c, const struct mp_job *jobs, int n,
                           const struct mp_experiment *x);

/* The forms, in the order of MP_COMPARISON_FORMATS. */
#define MP_COMPARISON_FORMATS "text|json|csv|markdown"
void mp_comparison_write(FILE *f, const json_t *comparison, int format);
#endif
