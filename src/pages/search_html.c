/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search_html.c - what a search found, as a page (html.h), from its JSON. */
#include "pages/plot.h"
#include "pages/report_parts.h"
#include "pages/words.h"
#include "study/forms.h"
#include "study/search.h"
#include "text/json.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ header */

static void header(struct mp_html *h, const json_t *o)
{
    const json_t *best = json_array_get(json_object_get(o, "trials"), 0);
    const json_t *final = json_object_get(o, "final"), *scoring = json_object_get(o, "scoring");
    FILE *f = h->head;
    fputs("<dl class=\"facts\">\n", f);
    fprintf(f, "<div class=\"main\"><dt>best mean accuracy</dt><dd>%.2f %%</dd></div>\n",
            100 * mp_real(best, "mean"));
    if (json_is_number(json_object_get(best, "standard_error")))
        mp_html_fact(f, "standard error", "%.2f", 100 * mp_real(best, "standard_error"));
    if (json_is_number(json_object_get(final, "accuracy")) &&
        !json_is_null(json_object_get(final, "test")))
        mp_html_fact(f, "on the test rows", "%.2f %%", 100 * mp_real(final, "accuracy"));
    mp_html_fact(f, "combinations tried", "%zu of %.0f",
                 json_array_size(json_object_get(o, "trials")), mp_real(o, "combinations"));
    mp_html_fact(f, "time", "%.2f s", mp_real(o, "seconds"));
    mp_html_fact(f, "seed", "%.0f", mp_real(o, "seed"));
    fputs("</dl>\n", f);
    if (json_object_get(scoring, "folds") != NULL)
        mp_html_p(f, "%.0f training rows of %s, scored by %.0f-fold cross-validation: each row by "
                     "a pipeline fitted on the other folds alone.", mp_real(o, "train_rows"),
                  mp_string(o, "train"), mp_real(scoring, "folds"));
    else
        mp_html_p(f, "%.0f training rows of %s, of which %g %% were held out to score on.",
                  mp_real(o, "train_rows"), mp_string(o, "train"),
                  100 * mp_real(scoring, "holdout"));
    if (mp_real(o, "rungs") > 1)
        mp_html_p(f, "Successive halving by %s in %.0f rungs: the better third of each went on "
                     "with three times as much.", mp_string(o, "halving"), mp_real(o, "rungs"));
}

/* ------------------------------------------------------------------- plots */

/* Sets that have more than one value. */
static size_t varying(const json_t *o, const json_t *at[2])
{
    const json_t *set;
    size_t i, n = 0;
    json_array_foreach(json_object_get(o, "sets"), i, set)
        if (json_array_size(json_object_get(set, "values")) > 1) {
            if (n < 2)
                at[n] = set;
            n++;
        }
    return n;
}

static double to_number(const char *s)
{
    char *end;
    const double v = strtod(s, &end);
    return end != s && *end == '\0' ? v : NAN;
}

/* Whether all are numbers; *log: they span decades. */
static bool numeric(const json_t *set, bool *log)
{
    const json_t *value;
    double low = INFINITY, high = -INFINITY;
    size_t i;
    json_array_foreach(json_object_get(set, "values"), i, value) {
        const double v = to_number(json_string_value(value));
        if (!isfinite(v))
            return false;
        low = fmin(low, v);
        high = fmax(high, v);
    }
    *log = low > 0 && high >= 10 * low;
    return true;
}

/* Points of a plot: those with the whole budget, and the others. */
struct points {
    double *x, *y, *low, *high;
    size_t n;
};

static int points_open(struct mp_ctx *c, struct points *p, size_t n)
{
    p->n = 0;
    p->x = mp_alloc(c, 4 * n, sizeof *p->x);
    if (p->x == NULL)
        return -1;
    p->y = p->x + n;
    p->low = p->y + n;
    p->high = p->low + n;
    return MP_OK;
}

/* In ascending order of x. */
static void add_point(struct points *p, double x, const json_t *trial)
{
    const double y = 100 * mp_real(trial, "mean"), e = 100 * mp_real(trial, "standard_error");
    size_t to = p->n++;
    for (; to > 0 && p->x[to - 1] > x; to--) {
        p->x[to] = p->x[to - 1];
        p->y[to] = p->y[to - 1];
        p->low[to] = p->low[to - 1];
        p->high[to] = p->high[to - 1];
    }
    p->x[to] = x;
    p->y[to] = y;
    p->low[to] = y - e;
    p->high[to] = fmin(100, y + e);
}

static struct mp_series series_of(const struct points *p, enum mp_colour colour, unsigned marks,
                                  const char *name)
{
    return (struct mp_series){ .name = p->n > 0 ? name : NULL, .x = p->x, .y = p->y, .n = p->n,
                               .low = p->low, .high = p->high, .colour = colour, .marks = marks };
}

/* Of one set of numbers a line; otherwise (set NULL) dots, best first. */
static int draw(struct mp_ctx *c, FILE *f, const json_t *o, const json_t *set, bool log)
{
    const json_t *trials = json_object_get(o, "trials"), *trial;
    const double top = mp_real(json_array_get(trials, 0), "rung");
    const unsigned marks = set != NULL ? MP_LINES | MP_DOTS : MP_DOTS;
    struct points whole = { .x = NULL }, part = { .x = NULL };
    size_t i;
    int rc = points_open(c, &whole, json_array_size(trials));
    if (rc == MP_OK)
        rc = points_open(c, &part, json_array_size(trials));
    json_array_foreach(trials, i, trial) {
        if (rc < 0 || mp_form_failed(trial))
            continue;
        const double x = set != NULL ? to_number(mp_string(json_object_get(trial, "settings"),
                                                      mp_string(set, "name")))
                                     : mp_real(trial, "rank");
        add_point(mp_real(trial, "rung") < top ? &part : &whole, x, trial);
    }
    const struct mp_series series[] = {
        series_of(&part, MP_MUTED, MP_DOTS, "less budget"),
        series_of(&whole, MP_BLUE, marks, part.n > 0 ? "all of it" : NULL),
    };
    const struct mp_plot plot = {
        .title = set != NULL ? "Accuracy by value" : "Accuracy of each combination, best first",
        .text = "Mean accuracy on training rows that were held out; the whiskers are one standard "
                "error to each side.  The table below has the numbers.",
        .x = { .title = set != NULL ? mp_string(set, "name") : "place in the table", .log = log },
        .y = { .title = "mean accuracy", .unit = "%" }, .series = series, .n = 2,
    };
    if (rc == MP_OK)
        mp_plot_draw(f, &plot);
    free(whole.x);
    free(part.x);
    return rc;
}

static void names_of(const json_t *set, const char **names)
{
    const json_t *value;
    size_t i;
    json_array_foreach(json_object_get(set, "values"), i, value)
        names[i] = json_string_value(value);
}

static size_t find(const char *const *names, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && strcmp(names[i], name) != 0)
        i++;
    return i;
}

/* Two sets: a table of heat. */
static int heat(struct mp_ctx *c, FILE *f, const json_t *o, const json_t *const set[2])
{
    const size_t m = json_array_size(json_object_get(set[0], "values"));
    const size_t n = json_array_size(json_object_get(set[1], "values"));
    const char **names = mp_alloc(c, m + n, sizeof *names);
    double *values = mp_alloc(c, m * n, sizeof *values);
    const json_t *trial;
    char corner[160];
    size_t i;
    int rc = names != NULL && values != NULL ? MP_OK : -1;
    for (i = 0; i < m * n && rc == MP_OK; i++)
        values[i] = NAN;
    if (rc == MP_OK) {
        names_of(set[0], names);
        names_of(set[1], names + m);
        snprintf(corner, sizeof corner, "%.70s \\ %.70s", mp_string(set[0], "name"),
                 mp_string(set[1], "name"));
        json_array_foreach(json_object_get(o, "trials"), i, trial) {
            const json_t *settings = json_object_get(trial, "settings");
            const size_t row = find(names, m, mp_string(settings, mp_string(set[0], "name")));
            const size_t column = find(names + m, n,
                                       mp_string(settings, mp_string(set[1], "name")));
            if (!mp_form_failed(trial) && row < m && column < n)
                values[row * n + column] = 100 * mp_real(trial, "mean");
        }
        const struct mp_heat h = { .caption = "Mean accuracy, %, of each pair of values",
                                   .corner = corner, .rows = names, .columns = names + m,
                                   .n_rows = (int)m, .n_columns = (int)n, .values = values,
                                   .format = "%.2f" };
        mp_plot_heat(f, &h);
    }
    free(names);
    free(values);
    return rc;
}

static int plots(struct mp_ctx *c, struct mp_html *h, const json_t *o)
{
    const json_t *set[2] = { NULL, NULL };
    const size_t n = varying(o, set);
    bool log = false;
    mp_html_section(h, "plot", "What the values do");
    mp_html_figure(h->f);
    int rc;
    if (n == 1 && numeric(set[0], &log))
        rc = draw(c, h->f, o, set[0], log);
    else if (n == 2)
        rc = heat(c, h->f, o, set);
    else
        rc = draw(c, h->f, o, NULL, false);
    mp_html_caption(h->f, "Mean accuracy on rows of the training set that were held out%s.",
                    n == 2 ? "; the best is in bold, what was not tried or failed is a dash"
                           : ", with one standard error to each side");
    if (n == 2 && mp_real(o, "rungs") > 1)
        mp_html_note(h->f, "By successive halving: a value is that of the largest budget that its "
                           "combination came to, so not all can be compared.");
    return rc;
}

/* ------------------------------------------------------------------- table */

static void trial_row(struct mp_html_table *t, const json_t *o, const json_t *trial)
{
    const json_t *set, *ends = json_object_get(trial, "accuracy_interval");
    const bool budget = mp_real(o, "rungs") > 1;
    size_t i;
    if (mp_form_failed(trial))
        mp_html_cell(t, "-");
    else
        mp_html_cell(t, "%.0f", mp_real(trial, "rank"));
    json_array_foreach(json_object_get(o, "sets"), i, set)
        mp_html_cell(t, "%s",
                     mp_string(json_object_get(trial, "settings"), mp_string(set, "name")));
    if (mp_form_failed(trial)) {
        mp_html_cell(t, "failed");
        for (int k = 0; k < (budget ? 6 : 5); k++)
            mp_html_cell(t, "-");
        return;
    }
    mp_html_cell(t, "%.2f %%", 100 * mp_real(trial, "mean"));
    mp_html_cell(t, "%.2f", 100 * mp_real(trial, "standard_error"));
    mp_html_cell(t, "%.2f .. %.2f", 100 * json_number_value(json_array_get(ends, 0)),
                 100 * json_number_value(json_array_get(ends, 1)));
    mp_html_cell(t, "%.0f", mp_real(trial, "errors"));
    mp_html_cell(t, "%.0f", mp_real(trial, "values"));
    mp_html_cell(t, "%.2f", mp_real(trial, "seconds"));
    if (budget)
        mp_html_cell(t, "%.0f", mp_real(trial, "budget"));
}

/* Each reason once, with how many failed for it. */
static void failures(FILE *f, const json_t *trials)
{
    const json_t *trial;
    size_t i;
    json_array_foreach(trials, i, trial) {
        const char *why = mp_string(trial, "error");
        size_t same = 0, earlier = 0;
        for (size_t k = 0; k < json_array_size(trials); k++)
            if (mp_form_failed(trial) &&
                strcmp(mp_string(json_array_get(trials, k), "error"), why) == 0) {
                same++;
                earlier += k < i;
            }
        if (mp_form_failed(trial) && earlier == 0)
            mp_html_p(f, "%zu failed: %s", same, why);
    }
}

static int table(struct mp_ctx *c, struct mp_html *h, const json_t *o)
{
    static const struct mp_column after[] = {
        { "mean accuracy", true }, { "standard error", true }, { "95 % interval", true },
        { "errors", true }, { "numbers kept", true }, { "seconds", true }, { "budget", true },
    };
    const size_t sets = json_array_size(json_object_get(o, "sets"));
    const size_t n = sets + 7 + (mp_real(o, "rungs") > 1);
    struct mp_column *column = mp_alloc(c, sets + 8, sizeof *column);
    const json_t *trial, *set;
    struct mp_html_table t;
    size_t i;
    if (column == NULL)
        return -1;
    column[0] = (struct mp_column){ "#", true };
    json_array_foreach(json_object_get(o, "sets"), i, set)
        column[1 + i] = (struct mp_column){ mp_string(set, "name"), true };
    memcpy(column + 1 + sets, after, sizeof after);
    mp_html_section(h, "table", "All combinations");
    mp_html_table(&t, h->f, "Best first.  Equal means: what keeps fewer numbers comes first, then "
                            "what stands first in the pipeline.", column, (int)n);
    json_array_foreach(json_object_get(o, "trials"), i, trial)
        trial_row(&t, o, trial);
    mp_html_table_end(&t);
    failures(h->f, json_object_get(o, "trials"));
    mp_words_html(h->f, "accuracy|errors|folds|holdout|interval|parameters|standard error");
    free(column);
    return MP_OK;
}

/* ------------------------------------------------------------------ winner */

static void winner(struct mp_html *h, const json_t *o)
{
    const json_t *simple = json_object_get(o, "one_standard_error");
    const json_t *final = json_object_get(o, "final");
    mp_html_section(h, "best", "The best");
    mp_html_code(h->f, mp_string(o, "best"));
    if (mp_form_failed(final)) {
        mp_html_p(h->f, "Its last run, on all training rows, failed: %s",
                  mp_string(final, "error"));
    } else {
        fputs("<p>The best was fitted once more, on all training rows: ", h->f);
        mp_html_link(h->f, "best/report.html", "the page of that run");
        mp_html_printf(h->f, ", in %s; as a pipeline it is ", mp_string(final, "folder"));
        mp_html_link(h->f, "best.txt", "best.txt");
        fputs(".</p>\n", h->f);
    }
    if (json_is_null(json_object_get(final, "test")))
        mp_html_note(h->f, "There are no test rows.  The score of the best of many is a little too "
                           "good: it was chosen for it.");
    else if (json_is_number(json_object_get(final, "accuracy")))
        mp_html_p(h->f, "On the test rows, which the search had not looked at, this run of the "
                        "best has %.2f %%: %.0f errors in %.0f rows of %s.",
                  100 * mp_real(final, "accuracy"), mp_real(final, "errors"),
                  mp_real(final, "rows"), mp_string(final, "test"));
    if (mp_real(simple, "rank") > 1) {
        mp_html_p(h->f, "A simpler one is as good as the best, as far as these rows tell: number "
                        "%.0f of the table keeps no more numbers, and lies within one standard "
                        "error of the best.  It was not fitted on all rows, and not tested:",
                  mp_real(simple, "rank"));
        mp_html_code(h->f, mp_string(simple, "set"));
    } else {
        mp_html_p(h->f, "No simpler one lies within one standard error of the best.");
    }
}

static void origin(struct mp_ctx *c, struct mp_html *h, const struct mp_search *s)
{
    mp_html_section(h, "origin", "Where it comes from");
    mp_report_command(h->f, c);
    mp_report_data(h->f, &s->x);
    mp_report_machine(h->f, c, 0);
}

int mp_search_html(struct mp_ctx *c, const struct mp_search *s, const json_t *search, FILE *to)
{
    struct mp_html h;
    char name[256], title[300];
    if (mp_html_open(c, &h) < 0)
        return -1;
    header(&h, search);
    int rc = plots(c, &h, search);
    if (rc == MP_OK)
        rc = table(c, &h, search);
    if (rc == MP_OK) {
        winner(&h, search);
        origin(c, &h, s);
        mp_pipeline_name(mp_string(search, "pipeline"), name, sizeof name);
        snprintf(title, sizeof title, "Which values are best for %s?", name);
        rc = mp_html_write(c, &h, "a search by mnistpipe", title, to);
    }
    mp_html_close(&h);
    return rc;
}
