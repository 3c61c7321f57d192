/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_charts.c - the page of a run: which classes are confused, how it learned, how
 * sure it is. */
#include "pages/report_charts.h"
#include "pages/plot.h"
#include "pages/words.h"
#include "report/statistics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------- confusion, classes */

enum { MOST_CLASSES = 64 }; /* that a table of all pairs is drawn for */

/* The most frequent mistake. */
static void most_confused(FILE *f, const struct mp_metrics *m, const char *const *names)
{
    const struct mp_confused *worst = NULL;
    for (size_t i = 0; i < m->n_confused; i++) {
        const struct mp_confused *q = &m->confused[i];
        if (q->truth != q->predicted && (worst == NULL || q->rows > worst->rows))
            worst = q;
    }
    if (worst == NULL)
        mp_html_p(f, "No row was mistaken.");
    else
        mp_html_p(f, "The most frequent mistake: %s taken for %s, %llu time%s.",
                  names[worst->truth], names[worst->predicted], (unsigned long long)worst->rows,
                  worst->rows == 1 ? "" : "s");
}

/* A share of a class's rows as a bar, with Wilson's interval. */
static void class_bar(struct mp_bar *b, char *text, size_t size, uint64_t wrong, uint64_t all,
                      enum mp_colour colour)
{
    *b = (struct mp_bar){ .value = text, .length = NAN, .colour = colour };
    snprintf(text, size, "no rows");
    if (all == 0)
        return;
    mp_wilson(wrong, all, &b->low, &b->high);
    b->length = (double)wrong / (double)all;
    snprintf(text, size, "%llu of %llu", (unsigned long long)wrong, (unsigned long long)all);
}

/* Errors rather than hits: bars that begin at zero show how they differ. */
static void class_bars(FILE *f, const struct mp_metrics *m, const char *const *names)
{
    enum { TEXT = 48 };
    struct mp_bar bars[2][MOST_CLASSES];
    char text[2][MOST_CLASSES][TEXT];
    double high = 0;
    for (int i = 0; i < m->k; i++) {
        const struct mp_class_metrics *q = &m->class[i];
        class_bar(&bars[0][i], text[0][i], TEXT, q->rows - q->hits, q->rows, MP_BLUE);
        class_bar(&bars[1][i], text[1][i], TEXT, q->predicted - q->hits, q->predicted, MP_ORANGE);
        bars[0][i].name = bars[1][i].name = names[i];
        high = fmax(high, fmax(bars[0][i].high, bars[1][i].high));
    }
    mp_html_figure(f);
    fputs("<div class=\"pair\">\n", f);
    mp_plot_bars(f, "Missed: rows of the class taken for another",
                 "One bar a class; the table above has recall, precision and F1.", bars[0], m->k,
                 0, high);
    mp_plot_bars(f, "Wrongly named: other rows taken for the class",
                 "One bar a class; the table above has recall, precision and F1.", bars[1], m->k,
                 0, high);
    fputs("</div>\n", f);
    mp_html_caption(f, "Both on one scale, with 95 %% intervals (Wilson).  Missed is what recall "
                       "lacks to 1, wrongly named what precision lacks.");
}

static void share_cell(struct mp_html_table *t, double v)
{
    if (isfinite(v))
        mp_html_cell(t, "%.4f", v);
    else
        mp_html_cell(t, "\xe2\x80\x93");
}

enum { LONG_NAME = 12 }; /* letters above which a name's column may not become narrow */

static void class_table(FILE *f, const struct mp_metrics *m, const char *const *names)
{
    static const struct mp_column column[] = {
        { "class", false }, { "rows", true }, { "predicted", true }, { "right", true },
        { "recall", true }, { "precision", true }, { "F1", true },
    };
    struct mp_html_table t;
    mp_html_table(&t, f, "Recall, precision and F1 of each class", column, 7);
    for (int i = 0; i < m->k; i++) {
        const struct mp_class_metrics *q = &m->class[i];
        mp_html_cell_begin(&t, strlen(names[i]) > LONG_NAME ? "class=\"name\"" : "");
        mp_html_text(f, names[i]);
        mp_html_cell_end(&t);
        mp_html_cell(&t, "%llu", (unsigned long long)q->rows);
        mp_html_cell(&t, "%llu", (unsigned long long)q->predicted);
        mp_html_cell(&t, "%llu", (unsigned long long)q->hits);
        share_cell(&t, q->recall);
        share_cell(&t, q->precision);
        share_cell(&t, q->f1);
    }
    mp_html_table_end(&t);
}

static void confusion(FILE *f, const struct mp_metrics *m, const char *const *names)
{
    if (m->k > MOST_CLASSES) {
        mp_html_p(f, "%d classes are too many for a table of all pairs; report.json has those that "
                     "occur.", m->k);
        class_table(f, m, names);
        return;
    }
    uint64_t counts[MOST_CLASSES * MOST_CLASSES] = { 0 };
    for (size_t i = 0; i < m->n_confused; i++)
        counts[m->confused[i].truth * m->k + m->confused[i].predicted] = m->confused[i].rows;
    fputs("<div class=\"fit\">\n", f);
    mp_plot_confusion(f, "Rows of the test: a line for the truth, a column for what was "
                         "predicted; mistakes are the warmer the more there are.",
                      counts, names, m->k);
    class_table(f, m, names);
    fputs("</div>\n", f);
    class_bars(f, m, names);
}

void mp_report_confusion(struct mp_html *h, const struct mp_report *r)
{
    if (r->metrics == NULL)
        return;
    mp_html_section(h, "classes", "Which classes are confused");
    most_confused(h->f, r->metrics, mp_names_all(&r->x->classes));
    confusion(h->f, r->metrics, mp_names_all(&r->x->classes));
    mp_words_html(h->f, "class|confusion matrix|F1|interval|precision|recall");
}

/* ---------------------------------------------------------------- learning */

/* The recorded series `name` as numbers; NULL: it was not recorded.  free() it. */
static double *series_values(json_t *curves, const char *name, double factor, size_t *n)
{
    json_t *values = json_object_get(curves, name);
    *n = json_array_size(values);
    double *y = *n > 0 ? calloc(*n, sizeof *y) : NULL;
    for (size_t i = 0; i < *n && y != NULL; i++)
        y[i] = factor * json_real_value(json_array_get(values, i));
    return y;
}

/* Whose weights are the model, from 0; -1: no rows judged. */
static int kept_epoch(json_t *curves)
{
    json_t *kept = json_array_get(json_object_get(curves, "kept_epoch"), 0);
    return kept != NULL ? (int)json_real_value(kept) - 1 : -1;
}

/* Loss or accuracy, on training rows and, if some were kept to judge, on those. */
static void learning_plot(FILE *f, json_t *curves, const char *what, double factor,
                          const char *unit, const char *title)
{
    char judged[64], text[256];
    size_t n, n_judged;
    double *y = series_values(curves, what, factor, &n);
    snprintf(judged, sizeof judged, "validation_%s", what);
    double *v = series_values(curves, judged, factor, &n_judged);
    const size_t most = n > n_judged ? n : n_judged;
    double *x = most > 0 ? calloc(most, sizeof *x) : NULL;
    if (x != NULL && y != NULL) {
        const int best = kept_epoch(curves);
        const char *label = "kept";
        for (size_t i = 0; i < most; i++)
            x[i] = (double)(i + 1);
        const unsigned dots = n == 1 ? MP_DOTS : 0;
        struct mp_series s[3] = {
            { .name = "training", .x = x, .y = y, .n = n, .colour = MP_BLUE,
              .marks = MP_LINES | dots },
            { .name = "validation", .x = x, .y = v, .n = v != NULL ? n_judged : 0,
              .colour = MP_ORANGE, .marks = MP_LINES | dots | MP_DASHED },
            { .x = x + (best > 0 ? best : 0), .y = v != NULL && best >= 0 ? v + best : NULL,
              .n = v != NULL && best >= 0 && (size_t)best < n_judged, .labels = &label,
              .colour = MP_ORANGE, .marks = MP_DOTS },
        };
        snprintf(text, sizeof text, "%zu epochs; training ends at %.4g%s%s", n, y[n - 1], unit,
                 v != NULL ? "; validation is drawn with a dashed line" : "");
        const struct mp_plot p = { .title = title, .text = text, .series = s,
                                   .n = v != NULL ? 3 : 1,
                                   .x = { .title = "epoch", .low = 0, .high = (double)most },
                                   .y = { .title = title, .unit = unit } };
        mp_plot_draw(f, &p);
    }
    free(x);
    free(y);
    free(v);
}

/* Every series of a net, whatever it records. */
static void learning_table(FILE *f, json_t *curves, const char *title)
{
    enum { MOST = 16 };
    struct mp_column column[MOST] = { { "epoch", false } };
    struct mp_html_table t;
    const char *name, *key[MOST];
    json_t *values;
    size_t rows = 0;
    int n = 1;
    json_object_foreach(curves, name, values)
        if (n < MOST && !mp_report_one_value(name)) {
            column[n] = (struct mp_column){ name, true };
            key[n++] = name;
            rows = json_array_size(values) > rows ? json_array_size(values) : rows;
        }
    mp_html_fold(f, "The figures, epoch by epoch");
    mp_html_table(&t, f, title, column, n);
    for (size_t i = 0; i < rows; i++) {
        mp_html_cell(&t, "%zu", i + 1);
        for (int k = 1; k < n; k++) {
            json_t *v = json_array_get(json_object_get(curves, key[k]), i);
            share_cell(&t, v != NULL ? json_real_value(v) : NAN);
        }
    }
    mp_html_table_end(&t);
    mp_html_unfold(f);
}

/* How the net learned that `net` names; "": the pipeline's own. */
static void one_net(FILE *f, json_t *curves, const char *net)
{
    const int best = kept_epoch(curves);
    char title[256];
    mp_html_figure(f);
    if (*net != '\0') {
        fputs("<h3>", f);
        mp_html_printf(f, "The net of %s", net);
        fputs("</h3>\n", f);
    }
    fputs("<div class=\"pair\">\n", f);
    learning_plot(f, curves, "loss", 1, "", "loss");
    learning_plot(f, curves, "accuracy", 100, " %", "accuracy");
    fputs("</div>\n", f);
    if (best >= 0)
        mp_html_caption(f, "Epoch %d was the best on the rows that judge; its weights are the "
                           "model.", best + 1);
    else
        mp_html_caption(f, "Measured on the training rows while they were learned; no rows were "
                           "kept to judge (validation=SHARE keeps some).");
    snprintf(title, sizeof title, "What the %s%s recorded after each epoch",
             *net != '\0' ? "net of " : "model", net);
    learning_table(f, curves, title);
}

void mp_report_learning(struct mp_html *h, const struct mp_report *r)
{
    json_t *nets = mp_report_nets(r->curves), *curves;
    const char *net;
    if (json_object_size(nets) > 0)
        mp_html_section(h, "learning", "How it learned");
    json_object_foreach(nets, net, curves)
        one_net(h->f, curves, net);
    if (json_object_size(nets) > 0)
        mp_words_html(h->f, "accuracy|epoch|loss|validation");
    json_decref(nets);
}

/* -------------------------------------------------------------- confidence */

static enum mp_scores scores_kind(const struct mp_report *r)
{
    return mp_plan_scores(&r->x->plan);
}

static void calibration_table(FILE *f, const struct mp_calibration *q)
{
    static const struct mp_column column[] = {
        { "confidence, %", false }, { "rows", true }, { "mean confidence, %", true },
        { "accuracy, %", true },
    };
    struct mp_html_table t;
    mp_html_fold(f, "The figures, bin by bin");
    mp_html_table(&t, f, "Rows by how sure the model was", column, 4);
    for (int i = 0; i < MP_BINS; i++) {
        const struct mp_bin *b = &q->bins[i];
        if (b->rows == 0)
            continue;
        mp_html_cell(&t, "%.0f .. %.0f", 100.0 * i / MP_BINS, 100.0 * (i + 1) / MP_BINS);
        mp_html_cell(&t, "%llu", (unsigned long long)b->rows);
        mp_html_cell(&t, "%.2f", 100 * b->confidence);
        mp_html_cell(&t, "%.2f", 100 * b->accuracy);
    }
    mp_html_table_end(&t);
    mp_html_unfold(f);
}

static void calibration(FILE *f, const struct mp_calibration *q)
{
    double x[MP_BINS], y[MP_BINS], low[MP_BINS], high[MP_BINS];
    const double diagonal[] = { 0, 100 };
    char text[160];
    int n = 0;
    for (int i = 0; i < MP_BINS; i++) {
        const struct mp_bin *b = &q->bins[i];
        if (b->rows == 0)
            continue;
        x[n] = 100 * b->confidence;
        y[n] = 100 * b->accuracy;
        mp_wilson((uint64_t)(b->accuracy * (double)b->rows + 0.5), b->rows, &low[n], &high[n]);
        low[n] *= 100;
        high[n++] *= 100;
    }
    const struct mp_series s[] = {
        { .name = "ideal", .x = diagonal, .y = diagonal, .n = 2, .colour = MP_MUTED,
          .marks = MP_LINES | MP_DASHED },
        { .x = x, .y = y, .n = (size_t)n, .low = low, .high = high, .colour = MP_BLUE,
          .marks = MP_DOTS },
    };
    snprintf(text, sizeof text, "Expected calibration error %.4f; a dot for each of %d bins of "
                                "rows, which would lie on the diagonal", q->ece, n);
    const struct mp_plot p = { .title = "Calibration", .text = text, .series = s, .n = 2,
                               .x = { .title = "how sure the model was", .unit = " %", .low = 0,
                                      .high = 100 },
                               .y = { .title = "how often it was right", .unit = " %", .low = 0,
                                      .high = 100 } };
    mp_html_figure(f);
    mp_plot_draw(f, &p);
    mp_html_caption(f, "Calibration: a dot for each bin of rows by the probability of the class "
                       "predicted, with 95 %% interval.  Below the line the model is surer than "
                       "it should be.");
}

enum { POINTS = 200 };

static void reject_plot(FILE *f, const struct mp_reject *q, size_t rows)
{
    double x[POINTS], y[POINTS];
    char text[160];
    int n = 0;
    for (int i = POINTS - 1; i >= POINTS / 2; i--) { /* from none rejected to half of the rows */
        x[n] = 100 - 100 * (double)q[i].kept / (double)rows;
        y[n++] = 100 * q[i].accuracy;
    }
    const struct mp_series s = { .x = x, .y = y, .n = (size_t)n, .colour = MP_BLUE,
                                 .marks = MP_LINES };
    snprintf(text, sizeof text, "From %.2f %% with no row left out to %.2f %% with half of them "
                                "left out", y[0], y[n - 1]);
    const struct mp_plot p = { .title = "Reject curve", .text = text, .series = &s, .n = 1,
                               .x = { .title = "rows left to a person, the least sure first",
                                      .unit = " %", .low = 0, .high = 50 },
                               .y = { .title = "accuracy of the rest", .unit = " %" } };
    mp_html_figure(f);
    mp_plot_draw(f, &p);
    mp_html_caption(f, "Reject curve: what the accuracy on the other rows would be if those of "
                       "which the model is least sure were left to a person.");
}

static void reject_table(FILE *f, const struct mp_reject *q)
{
    static const double share[] = { 0, 0.01, 0.02, 0.05, 0.1, 0.2 };
    static const struct mp_column column[] = {
        { "left to a person", false }, { "rows kept", true }, { "accuracy, %", true },
        { "kept if at least this sure", true },
    };
    struct mp_html_table t;
    mp_html_table(&t, f, "Accuracy of the rest", column, 4);
    for (size_t i = 0; i < sizeof share / sizeof *share; i++) {
        const struct mp_reject *b = &q[POINTS - 1 - (int)(share[i] * POINTS + 0.5)];
        mp_html_cell(&t, "%.0f %%", 100 * share[i]);
        mp_html_cell(&t, "%llu", (unsigned long long)b->kept);
        mp_html_cell(&t, "%.2f", 100 * b->accuracy);
        mp_html_cell(&t, "%.4g", b->threshold);
    }
    mp_html_table_end(&t);
}

static int reject_points(struct mp_ctx *c, const struct mp_report *r, struct mp_reject *points)
{
    const struct mp_predictions *p = r->predictions;
    double *confidence = mp_alloc(c, p->n, sizeof *confidence);
    bool *right = mp_alloc(c, p->n, sizeof *right);
    int rc = confidence != NULL && right != NULL ? MP_OK : -1;
    for (size_t i = 0; i < p->n && rc == MP_OK; i++) {
        confidence[i] = mp_confidence(scores_kind(r), p->scores + i * (size_t)p->k, p->k);
        right[i] = p->predicted[i] == r->x->test_y[i];
    }
    if (rc == MP_OK)
        rc = mp_reject_curve(c, p->n, confidence, right, POINTS, points);
    free(confidence);
    free(right);
    return rc;
}

int mp_report_confidence(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
{
    const struct mp_predictions *p = r->predictions;
    struct mp_calibration q;
    struct mp_reject points[POINTS];
    if (r->metrics == NULL || p->n == 0)
        return MP_OK;
    if (reject_points(c, r, points) < 0)
        return -1;
    mp_html_section(h, "confidence", "How sure it is");
    const bool known = mp_calibration(scores_kind(r), p->n, p->k, p->scores, r->x->test_y, &q);
    if (known) {
        fputs("<dl class=\"facts\">\n", h->f);
        mp_html_fact(h->f, "expected calibration error", "%.4f", q.ece);
        mp_html_fact(h->f, "negative log likelihood", "%.4f", q.nll);
        mp_html_fact(h->f, "Brier score", "%.4f", q.brier);
        fputs("</dl>\n", h->f);
    } else {
        mp_html_p(h->f, "This model\xe2\x80\x99s scores are margins, not probabilities, so there "
                        "is no calibration to show; how sure it is of a row is the lead of its "
                        "highest score over the second.");
    }
    fputs("<div class=\"pair\">\n", h->f);
    if (known)
        calibration(h->f, &q);
    reject_plot(h->f, points, p->n);
    if (!known)
        reject_table(h->f, points);
    fputs("</div>\n", h->f);
    if (known) {
        reject_table(h->f, points);
        calibration_table(h->f, &q);
    }
    mp_words_html(h->f, known ? "Brier score|calibration|confidence|log loss|probabilities|"
                                "reject curve"
                              : "confidence|margins|reject curve|scores");
    return MP_OK;
}
