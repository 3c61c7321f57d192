/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_html.c - the page of a comparison: the answer in words, the table, accuracy
 * against time, every pair, the pipelines' texts, and the rows that tell them apart. */
#include "core/ctx.h"
#include "pages/plot.h"
#include "pages/runs_html.h"
#include "pages/words.h"
#include "report/report.h"
#include "study/comparison.h"
#include "text/json.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The runs that have a result come first. */
struct page {
    const struct mp_compared *k;
    const json_t *runs;
    size_t n, good;
    bool scored;
    const struct mp_job **jobs; /* of the good ones, in their order */
};

static const json_t *run_at(const struct page *p, size_t i)
{
    return json_array_get(p->runs, i);
}

static const char *name_at(const struct page *p, size_t i)
{
    return mp_string(run_at(p, i), "name");
}

static bool deep(const json_t *run)
{
    return strcmp(mp_string(run, "kind"), "deep") == 0;
}

/* The pair of two runs; *swapped: in the document the second comes first. */
static const json_t *pair_of(const struct page *p, const char *a, const char *b, bool *swapped)
{
    const json_t *pair;
    size_t i;
    json_array_foreach(json_object_get(p->k->document, "pairs"), i, pair) {
        const char *first = mp_string(pair, "a"), *second = mp_string(pair, "b");
        *swapped = strcmp(first, b) == 0 && strcmp(second, a) == 0;
        if (*swapped || (strcmp(first, a) == 0 && strcmp(second, b) == 0))
            return pair;
    }
    return NULL;
}

/* ------------------------------------------------------------- the answer */

/* Runs that the best one is (or is not) shown to be better than. */
static char *others(const struct page *p, bool better, size_t *n)
{
    const char **names = g_new(const char *, p->good);
    bool swapped;
    *n = 0;
    for (size_t i = 1; i < p->good; i++) {
        const json_t *pair = pair_of(p, name_at(p, 0), name_at(p, i), &swapped);
        if (better == (*mp_string(pair, "better") != '\0'))
            names[(*n)++] = name_at(p, i);
    }
    char *list = mp_runs_list(names, *n);
    g_free(names);
    return list;
}

static void best_words(FILE *f, const struct page *p)
{
    const json_t *best = run_at(p, 0);
    const double errors = mp_real(best, "errors");
    const char **names = g_new(const char *, p->good);
    size_t n = 0, n_better, n_same;
    while (n < p->good && mp_real(run_at(p, n), "errors") <= errors) {
        names[n] = name_at(p, n);
        n++;
    }
    char *first = mp_runs_list(names, n), *better = others(p, true, &n_better);
    char *same = others(p, false, &n_same);
    fputs("<p><strong>", f);
    mp_html_printf(f, "%s %s the fewest errors", first, n == 1 ? "has" : "have");
    fputs("</strong>", f);
    mp_html_printf(f, ": %.0f of %.0f, %.2f %% right.", errors,
                   mp_real(p->k->document, "test_rows"), 100 * mp_real(best, "accuracy"));
    if (n_better > 0)
        mp_html_printf(f, "  By McNemar\xe2\x80\x99s exact test of every pair (at 5 %%, after "
                          "Holm\xe2\x80\x99s correction) %s is better than %s.", name_at(p, 0),
                       better);
    if (n_same > 0)
        mp_html_printf(f, "  %s %s not shown to be worse: so small a difference may be chance%s.",
                       same, n_same == 1 ? "is" : "are",
                       n_better > 0 ? "" : " (McNemar\xe2\x80\x99s exact test of every pair, at "
                                           "5 %, after Holm\xe2\x80\x99s correction)");
    fputs("</p>\n", f);
    g_free(names);
    g_free(first);
    g_free(better);
    g_free(same);
}

/* "4.3 times as long", "0.30 times as long", "as long". */
static void times(char *out, size_t size, double a, double b)
{
    const double ratio = a / b;
    snprintf(out, size, ratio > 0.95 && ratio < 1.05 ? "about as" : ratio < 9.95 ? "%.2g times as"
                                                                                 : "%.0f times as",
             ratio);
}

/* The best net against the best of all other models: is the deep one worth it? */
static void deep_words(FILE *f, const struct page *p)
{
    const json_t *best[2] = { NULL, NULL };
    char train[48], predict[48];
    bool swapped;
    for (size_t i = 0; i < p->good; i++) {
        const json_t *run = run_at(p, i);
        if (best[deep(run)] == NULL)
            best[deep(run)] = run;
    }
    if (best[0] == NULL || best[1] == NULL)
        return;
    const json_t *pair = pair_of(p, mp_string(best[1], "name"), mp_string(best[0], "name"),
                                 &swapped);
    const json_t *ends = json_object_get(pair, "difference_interval");
    /* The pair has the better one first, so its difference is not negative. */
    const double low = 100 * json_number_value(json_array_get(ends, 0));
    const double high = 100 * json_number_value(json_array_get(ends, 1));
    const char *better = mp_string(pair, "better");
    times(train, sizeof train, mp_real(best[1], "train_seconds"),
          mp_real(best[0], "train_seconds"));
    times(predict, sizeof predict, mp_real(best[0], "images_per_second"),
          mp_real(best[1], "images_per_second"));
    fputs("<p><strong>Deep or classical?</strong> ", f);
    mp_html_printf(f, "%s, the best deep pipeline, ", mp_string(best[1], "name"));
    if (mp_real(pair, "difference") > 0)
        mp_html_printf(f, "lies %.2f points %s", 100 * mp_real(pair, "difference"),
                       swapped ? "below" : "above");
    else
        fputs("has as many errors as", f);
    mp_html_printf(f, " %s, the best classical one (95 %% interval of the difference %.2f .. "
                      "%.2f points); ", mp_string(best[0], "name"), low, high);
    if (*better != '\0')
        mp_html_printf(f, "%s is better (p %.2g).", better, mp_real(pair, "p_holm"));
    else
        mp_html_printf(f, "the rows do not tell which is better (p %.2g).",
                       mp_real(pair, "p_holm"));
    mp_html_printf(f, "  It took %s long to train, and takes %s long to predict.", train, predict);
    fputs("</p>\n", f);
}

static void failed_words(FILE *f, const struct page *p)
{
    const char **names = g_new(const char *, p->n);
    for (size_t i = p->good; i < p->n; i++)
        names[i - p->good] = name_at(p, i);
    char *list = mp_runs_list(names, p->n - p->good);
    if (p->n > p->good) {
        fputs("<p class=\"warning\"><strong>Failed:</strong> ", f);
        mp_html_printf(f, "%s; the table says why.", list);
        fputs("</p>\n", f);
    }
    g_free(names);
    g_free(list);
}

static void header(FILE *f, const struct page *p)
{
    const json_t *o = p->k->document, *best = run_at(p, 0);
    const json_t *ends = json_object_get(best, "accuracy_interval");
    fputs("<dl class=\"facts\">\n", f);
    if (p->scored && p->good > 0) {
        fputs("<div class=\"main\"><dt>", f);
        mp_html_printf(f, "accuracy of %s", mp_string(best, "name"));
        fprintf(f, "</dt><dd>%.2f %%</dd></div>\n", 100 * mp_real(best, "accuracy"));
        mp_html_fact(f, "95 % interval", "%.2f .. %.2f %%",
                     100 * json_number_value(json_array_get(ends, 0)),
                     100 * json_number_value(json_array_get(ends, 1)));
        mp_html_fact(f, "errors", "%.0f of %.0f rows", mp_real(best, "errors"),
                     mp_real(o, "test_rows"));
    }
    mp_html_fact(f, "pipelines", "%zu", p->n);
    fputs("</dl>\n", f);
    if (p->scored && p->good > 1) {
        best_words(f, p);
        deep_words(f, p);
    }
    if (!p->scored)
        mp_html_p(f, "The test has no labels: predictions are written, nothing is scored, and only "
                     "times and sizes can be compared.");
    failed_words(f, p);
    mp_html_p(f, "%.0f training rows of %s; tested on %.0f rows of %s.", mp_real(o, "train_rows"),
              mp_string(o, "train"), mp_real(o, "test_rows"), mp_string(o, "test"));
}

/* --------------------------------------------------------------- the table */

static void table(struct mp_html *h, const struct page *p)
{
    int n, head;
    const struct mp_form_column *columns = mp_comparison_columns(&n, &head);
    mp_html_section(h, "table", p->scored ? "All pipelines, best first" : "All pipelines");
    mp_runs_table(h->f, "Each name leads to the page of its run.  Nets are deep, all other models "
                        "classical; intervals are Wilson\xe2\x80\x99s; times are by the clock, on "
                        "all threads.", p->runs, columns, n, head, 1);
    mp_words_html(h->f, "accuracy|errors|interval|kind|macro F1|memory|parameters|run|seconds");
}

/* ---------------------------------------------------------- what it costs */

/* Of the good runs; a series of dots for each kind has NANs for the other. */
struct points {
    double *x, *y[2], *low, *high, *front_x, *front_y;
    const char **names;
    size_t n_front;
};

/* The frontier: runs than which none is both as fast and more accurate.  The fastest of
 * those that are more accurate than the last one found comes next. */
static void find_front(const struct page *p, struct points *q)
{
    double most = -1;
    for (;;) {
        const json_t *next = NULL;
        for (size_t i = 0; i < p->good; i++) { /* best first: of equally fast ones the first */
            const json_t *run = run_at(p, i);
            if (mp_real(run, "accuracy") > most &&
                (next == NULL || mp_real(run, "train_seconds") < mp_real(next, "train_seconds")))
                next = run;
        }
        if (next == NULL)
            return;
        most = mp_real(next, "accuracy");
        q->front_x[q->n_front] = mp_real(next, "train_seconds");
        q->front_y[q->n_front++] = 100 * most;
    }
}

static void collect_points(const struct page *p, struct points *q, double *room)
{
    double **const at[] = { &q->x, &q->y[0], &q->y[1], &q->low, &q->high, &q->front_x,
                            &q->front_y };
    for (size_t k = 0; k < sizeof at / sizeof *at; k++)
        *at[k] = room + k * p->good;
    for (size_t i = 0; i < p->good; i++) {
        const json_t *run = run_at(p, i), *ends = json_object_get(run, "accuracy_interval");
        q->x[i] = mp_real(run, "train_seconds");
        q->y[deep(run)][i] = 100 * mp_real(run, "accuracy");
        q->y[!deep(run)][i] = NAN;
        q->low[i] = 100 * json_number_value(json_array_get(ends, 0));
        q->high[i] = 100 * json_number_value(json_array_get(ends, 1));
        q->names[i] = name_at(p, i);
    }
    find_front(p, q);
}

static int time_plot(struct mp_ctx *c, FILE *f, const struct page *p)
{
    struct points q = { .n_front = 0 };
    double *room = mp_alloc(c, 7 * p->good, sizeof *room);
    q.names = mp_alloc(c, p->good, sizeof *q.names);
    if (room != NULL && q.names != NULL) {
        collect_points(p, &q, room);
        const struct mp_series s[] = {
            { .x = q.front_x, .y = q.front_y, .n = q.n_front, .marks = MP_STEPS },
            { .x = q.x, .y = q.y[0], .n = p->good, .low = q.low, .high = q.high,
              .labels = q.names, .colour = MP_BLUE, .marks = MP_DOTS },
            { .x = q.x, .y = q.y[1], .n = p->good, .low = q.low, .high = q.high,
              .labels = q.names, .colour = MP_ORANGE, .marks = MP_DOTS },
        };
        const struct mp_plot plot = {
            .title = "Accuracy against training time",
            .text = "One dot a pipeline; the table above has the figures.",
            .x = { .title = "seconds to train", .log = true },
            .y = { .title = "accuracy", .unit = " %" }, .series = s, .n = 3,
        };
        mp_html_figure(f);
        mp_plot_draw(f, &plot);
        mp_html_caption(f, "Blue: classical, orange: deep; with 95 %% intervals (Wilson).  The "
                           "line is the frontier: below it lies what is neither faster to train "
                           "nor more accurate than a pipeline on it.");
    }
    free(room);
    free(q.names);
    return room != NULL && q.names != NULL ? MP_OK : -1;
}

static int bars(struct mp_ctx *c, FILE *f, const struct page *p, const char *title,
                const struct mp_form_column *column)
{
    struct mp_bar *b = mp_alloc(c, p->good, sizeof *b);
    char(*names)[MP_PLOT_NAME] = mp_alloc(c, p->good, sizeof *names);
    char(*cells)[MP_CELL] = mp_alloc(c, p->good, sizeof *cells);
    const bool good = b != NULL && names != NULL && cells != NULL;
    for (size_t i = 0; i < p->good && good; i++) {
        const json_t *run = run_at(p, i);
        mp_runs_short(name_at(p, i), names[i]);
        mp_form_cell(run, column, cells[i]);
        b[i] = (struct mp_bar){ names[i], cells[i], mp_real(run, column->key), 0, 0,
                                deep(run) ? MP_ORANGE : MP_BLUE };
    }
    if (good)
        mp_plot_bars(f, title, "One bar a pipeline; the table above has the figures.", b,
                     (int)p->good, 0, 0);
    free(b);
    free(names);
    free(cells);
    return good ? MP_OK : -1;
}

static int costs(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    static const struct mp_form_column train = { "", "train_seconds", 's', false };
    static const struct mp_form_column speed = { "", "images_per_second", 'q', false };
    if (p->good == 0)
        return MP_OK;
    mp_html_section(h, "costs", p->scored ? "What accuracy costs" : "What it costs");
    if (p->scored && time_plot(c, h->f, p) < 0)
        return -1;
    mp_html_figure(h->f);
    fputs("<div class=\"pair\">\n", h->f);
    if (bars(c, h->f, p, "Seconds to train", &train) < 0 ||
        bars(c, h->f, p, "Images a second in prediction", &speed) < 0)
        return -1;
    fputs("</div>\n", h->f);
    mp_html_caption(h->f, "Blue: classical, orange: deep.  What came from the cache counts as long "
                          "as it took when it was computed.");
    const size_t beside = mp_runs_beside(p->runs, p->k->document);
    if (beside > 0)
        mp_html_p(h->f, MP_BESIDE ".", beside, p->n);
    return MP_OK;
}

/* --------------------------------------------------------------- the pairs */

/* "<.001", ".03", ".5": what fits a square. */
static void short_p(char *out, size_t size, double p)
{
    char digits[16];
    snprintf(digits, sizeof digits, p < 0.1 ? "%.3f" : "%.2f", p);
    snprintf(out, size, p < 0.001 ? "&lt;.001" : p >= 0.995 ? "1" : "%s", digits + 1);
}

/* How warm a square is: not at all where the rows do not tell two apart. */
static double warmth(const json_t *pair)
{
    const double p = mp_real(pair, "p_holm");
    return *mp_string(pair, "better") == '\0' ? 0 : p < 0.001 ? 3 : p < 0.01 ? 2 : 1;
}

enum { SQUARE = 120 };

/* Run `row` against one that is placed before it. */
static void square(const struct page *p, size_t row, size_t column, char *cell, double *value)
{
    bool swapped;
    char chance[24];
    const json_t *pair = pair_of(p, name_at(p, column), name_at(p, row), &swapped);
    short_p(chance, sizeof chance, mp_real(pair, "p_holm"));
    *value = warmth(pair);
    snprintf(cell, SQUARE, "<span class=\"heard\">%s, p </span>%s",
             *value > 0 ? "better" : "not told apart", chance);
}

/* A triangle: who is better than whom, at a glance. */
static int triangle(struct mp_ctx *c, FILE *f, const struct page *p)
{
    const size_t n = p->good - 1;
    char(*cells)[SQUARE] = mp_alloc(c, n * n, sizeof *cells);
    char(*names)[2][MP_PLOT_NAME + 24] = mp_alloc(c, n, sizeof *names);
    const char **at = mp_alloc(c, n * n + 2 * n, sizeof *at);
    double *values = mp_alloc(c, n * n, sizeof *values);
    const bool good = cells != NULL && names != NULL && at != NULL && values != NULL;
    for (size_t i = 0; i < n && good; i++) {
        char name[MP_PLOT_NAME];
        mp_runs_short(name_at(p, i + 1), name);
        snprintf(names[i][0], sizeof names[i][0], "%s %zu", name, i + 2);
        snprintf(names[i][1], sizeof names[i][1], "%zu", i + 1);
        at[n * n + i] = names[i][0];
        at[n * n + n + i] = names[i][1];
        for (size_t j = 0; j < n; j++) {
            values[i * n + j] = NAN;
            at[i * n + j] = cells[i * n + j];
            if (j <= i)
                square(p, i + 1, j, cells[i * n + j], &values[i * n + j]);
        }
    }
    const struct mp_heat h = {
        .caption = "Is the one of the column better than the one of the line?  Columns have the "
                   "numbers of the table above.  The warmer a square, the surer it is; squares "
                   "without colour: the rows do not tell.  In it stands p, after Holm\xe2\x80\x99s "
                   "correction.", .corner = "", .rows = at + n * n, .columns = at + n * n + n,
        .n_rows = (int)n, .n_columns = (int)n, .values = values, .cells = at, .cell_letters = 5,
        .low = 0, .high = 3,
    };
    if (good)
        mp_plot_heat(f, &h);
    free(cells);
    free(names);
    free(at);
    free(values);
    return good ? MP_OK : -1;
}

static void pair_list(FILE *f, const json_t *pairs)
{
    static const struct mp_form_column columns[] = {
        { "a", "a", 't', true }, { "b", "b", 't', true },
        { "only a right", "only_a_right", 'n', false },
        { "only b right", "only_b_right", 'n', false },
        { "difference", "difference", '+', false },
        { "95 % interval", "difference_interval", 'I', false }, { "p", "p", 'p', false },
        { "p, Holm", "p_holm", 'p', false }, { "better", "better", 't', true },
    };
    mp_html_fold(f, "Every pair, with differences and their intervals");
    mp_runs_table(f, "Differences of accuracy, a minus b, in points, with Tango\xe2\x80\x99s "
                     "intervals", pairs, columns, sizeof columns / sizeof *columns, 1, -1);
    mp_html_unfold(f);
}

static int pairs(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    const json_t *list = json_object_get(p->k->document, "pairs");
    if (json_array_size(list) == 0)
        return MP_OK;
    mp_html_section(h, "pairs", "Which differences are real");
    mp_html_p(h->f, "All saw the same rows, so only those that one has right and the other wrong "
                    "tell two apart.  One is called better where a difference like this would come "
                    "by chance in less than 1 of 20 comparisons of equals.");
    if (triangle(c, h->f, p) < 0)
        return -1;
    pair_list(h->f, list);
    mp_words_html(h->f, "Holm's correction|interval|McNemar's test|p");
    return MP_OK;
}

/* --------------------------------------------------------------- the texts */

static const char *pipeline_text(const struct mp_job *j)
{
    return mp_string(json_object_get(j->report, "pipeline"), "text");
}

static bool has_line(char *const *lines, const char *line)
{
    return g_strv_contains((const gchar *const *)lines, line);
}

static bool in_all(char **const *lines, size_t n, const char *line)
{
    for (size_t i = 0; i < n; i++)
        if (!has_line(lines[i], line))
            return false;
    return true;
}

/* A stage that several pipelines have, but not all, and which these are. */
static bool shared_row(struct mp_html_table *t, const struct page *p, char **const *lines,
                       const char *line, size_t first)
{
    const char **names = g_new(const char *, p->good);
    size_t n = 0;
    for (size_t i = 0; i < p->good; i++)
        if (has_line(lines[i], line))
            names[n++] = name_at(p, i);
    /* Each line once: where it occurs first. */
    const bool wanted = n > 1 && n < p->good && strcmp(names[0], name_at(p, first)) == 0;
    if (wanted && t != NULL) {
        char *list = mp_runs_list(names, n);
        mp_html_cell(t, "%s", line);
        mp_html_cell(t, "%s", list);
        g_free(list);
    }
    g_free(names);
    return wanted;
}

/* Whether there are such; with a table they become its rows. */
static bool shared_rows(struct mp_html_table *t, const struct page *p, char **const *lines)
{
    bool any = false;
    for (size_t i = 0; i < p->good; i++)
        for (char **at = lines[i]; *at != NULL; at++) {
            bool again = false;
            for (char **k = lines[i]; k < at && !again; k++)
                again = strcmp(*k, *at) == 0;
            if (**at != '\0' && **at != ' ' && !again)
                any = shared_row(t, p, lines, *at, i) || any;
        }
    return any;
}

static void shared_table(FILE *f, const struct page *p, char **const *lines)
{
    static const struct mp_column column[] = { { "line", false }, { "pipelines", false } };
    struct mp_html_table t;
    if (!shared_rows(NULL, p, lines))
        return;
    mp_html_table(&t, f, "Lines that several have, but not all", column, 2);
    shared_rows(&t, p, lines);
    mp_html_table_end(&t);
}

static void one_text(FILE *f, const struct page *p, char **const *lines, size_t i)
{
    fputs("<div><h3>", f);
    mp_html_text(f, name_at(p, i));
    fputs("</h3>\n<pre tabindex=\"0\"><code>", f);
    for (char **at = lines[i]; *at != NULL && (**at != '\0' || at[1] != NULL); at++) {
        const bool same = in_all(lines, p->good, *at);
        fputs(same ? "<span class=\"same\">" : "<strong>", f);
        mp_html_text(f, *at);
        fputs(same ? "</span>\n" : "</strong>\n", f);
    }
    fputs("</code></pre></div>\n", f);
}

static void shared_words(FILE *f, const struct page *p, char **const *lines)
{
    GString *shared = g_string_new("");
    for (char **at = lines[0]; *at != NULL; at++)
        if (**at != '\0' && **at != ' ' && in_all(lines, p->good, *at))
            g_string_append_printf(shared, "%s\xe2\x80\x9c%s\xe2\x80\x9d", shared->len ? ", " : "",
                                   *at);
    mp_html_p(f, shared->len > 0 ? "All have %s.  The rest is what is compared."
                                 : "Beside the data no line is in all of them.%s", shared->str);
    g_string_free(shared, TRUE);
}

/* The lines of a pipeline, without the data, which are the same for all. */
static char **lines_of(const struct mp_job *j)
{
    char **lines = g_strsplit(pipeline_text(j), "\n", -1), **to = lines;
    for (char **at = lines; *at != NULL; at++) {
        if (strncmp(*at, "data ", 5) == 0)
            g_free(*at);
        else
            *to++ = *at;
    }
    *to = NULL;
    return lines;
}

static void texts(struct mp_html *h, const struct page *p)
{
    if (p->good < 2)
        return;
    char ***lines = g_new0(char **, p->good);
    for (size_t i = 0; i < p->good; i++)
        lines[i] = lines_of(p->jobs[i]);
    mp_html_section(h, "texts", "What they share, and where they differ");
    shared_words(h->f, p, lines);
    shared_table(h->f, p, lines);
    mp_html_fold(h->f, "The pipelines side by side; lines that not all have are bold");
    fputs("<div class=\"pair\">\n", h->f);
    for (size_t i = 0; i < p->good; i++)
        one_text(h->f, p, lines, i);
    fputs("</div>\n", h->f);
    mp_html_unfold(h->f);
    for (size_t i = 0; i < p->good; i++)
        g_strfreev(lines[i]);
    g_free(lines);
}

/* ---------------------------------------------------------------- learning */

enum { NETS = 8 }; /* that a plot has room for */

/* The accuracy that one net recorded: of a run that has several, "cnn_svm: line 3". */
struct net {
    char name[160];
    const json_t *accuracy;
};

/* The nets of the runs, best runs first; their number. */
static int find_nets(const struct page *p, struct net *nets)
{
    int n = 0;
    for (size_t i = 0; i < p->good; i++) {
        json_t *of = mp_report_nets(json_object_get(p->jobs[i]->report, "training")), *curves;
        const char *net;
        json_object_foreach(of, net, curves)
            if (n < NETS && json_array_size(json_object_get(curves, "accuracy")) > 0) {
                snprintf(nets[n].name, sizeof nets[n].name, "%.80s%s%s", p->jobs[i]->name,
                         *net != '\0' ? ": " : "", net);
                nets[n++].accuracy = json_object_get(curves, "accuracy");
            }
        json_decref(of); /* the report has the values */
    }
    return n;
}

/* A recorded accuracy as a line of what is wrong, so that a logarithm tells apart what is
 * nearly right; none wrong has none.  Its memory is in `room`. */
static size_t curve_series(struct mp_series *s, const struct net *net, double *room, int i)
{
    static const enum mp_colour colours[] = { MP_BLUE, MP_ORANGE, MP_PLUM, MP_GREEN };
    const size_t n = json_array_size(net->accuracy);
    for (size_t k = 0; k < n; k++) {
        room[k] = (double)(k + 1);
        const double wrong = 100 - 100 * json_number_value(json_array_get(net->accuracy, k));
        room[n + k] = wrong > 0 ? wrong : NAN;
    }
    *s = (struct mp_series){ .name = net->name, .x = room, .y = room + n, .n = n,
                             .colour = colours[i % 4],
                             .marks = MP_LINES | (n == 1 ? MP_DOTS : 0) |
                                      (i % 8 > 3 ? MP_DASHED : 0) };
    return 2 * n;
}

static int learning(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    struct mp_series s[NETS];
    struct net nets[NETS];
    const int n = find_nets(p, nets);
    size_t values = 0, used = 0;
    for (int i = 0; i < n; i++)
        values += 2 * json_array_size(nets[i].accuracy);
    double *room = mp_alloc(c, values, sizeof *room);
    if (n == 0 || room == NULL) {
        free(room);
        return room != NULL ? MP_OK : -1;
    }
    for (int i = 0; i < n; i++)
        used += curve_series(&s[i], &nets[i], room + used, i);
    const struct mp_plot plot = {
        .title = "Share of the training rows that were wrong while they were learned",
        .text = "One line a net; the page of each run has the figures.",
        .x = { .title = "epoch", .low = 0, .high = 1 },
        .y = { .title = "wrong in training", .unit = " %", .log = true }, .series = s, .n = n,
    };
    mp_html_section(h, "learning", n > 1 ? "How the nets learned" : "How the net learned");
    mp_html_figure(h->f);
    mp_plot_draw(h->f, &plot);
    mp_html_caption(h->f, "Measured on the training rows while they were learned%s.",
                    n == NETS ? "; the best eight at most" : "");
    free(room);
    return MP_OK;
}

/* --------------------------------------------------------------- the rows */

static bool right(const struct page *p, size_t job, size_t row)
{
    return p->jobs[job]->predicted[row] == p->k->x->test_y[row];
}

/* Whether all say the same of a row. */
static bool agreed(const struct page *p, size_t row)
{
    for (size_t i = 1; i < p->good; i++)
        if (p->jobs[i]->predicted[row] != p->jobs[0]->predicted[row])
            return false;
    return true;
}

static bool hard_row(const struct page *p, size_t row)
{
    for (size_t i = 0; i < p->good; i++)
        if (right(p, i, row))
            return false;
    return true;
}

static bool won_row(const struct page *p, size_t row)
{
    for (size_t i = 1; i < p->good; i++)
        if (right(p, i, row))
            return false;
    return right(p, 0, row);
}

/* Those of which all say the same come first. */
static size_t choose(const struct page *p, bool (*wanted)(const struct page *p, size_t row),
                     size_t *rows)
{
    size_t n = 0;
    for (int same = 1; same >= 0; same--)
        for (size_t i = 0; i < p->k->x->test.n; i++)
            if (wanted(p, i) && agreed(p, i) == same)
                rows[n++] = i;
    return n;
}

static int galleries(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    const struct mp_seen seen = { p->k->x, p->jobs, (int)p->good };
    size_t *rows = mp_alloc(c, p->k->x->test.n, sizeof *rows), n;
    int rc = rows != NULL ? MP_OK : -1;
    if (rc == MP_OK && (n = choose(p, hard_row, rows)) > 0) {
        mp_html_section(h, "hard", p->good == 2 ? "Rows that both get wrong"
                                                : "Rows that every model gets wrong");
        mp_html_p(h->f, "%zu of %zu.  Those of which all say the same come first: what all agree "
                        "on may be a wrong label.", n, p->k->x->test.n);
        rc = mp_runs_gallery(c, h->f, &seen, rows, n);
    }
    if (rc == MP_OK && (n = choose(p, won_row, rows)) > 0) {
        mp_html_section(h, "won", "Rows that only the best gets right");
        mp_html_p(h->f, "%zu of %zu are right with %s alone.", n, p->k->x->test.n, name_at(p, 0));
        rc = mp_runs_gallery(c, h->f, &seen, rows, n);
    }
    free(rows);
    return rc;
}

/* -------------------------------------------------------------- the page */

static int sections(struct mp_ctx *c, struct mp_html *h, const struct page *p)
{
    table(h, p);
    if (costs(c, h, p) < 0 || pairs(c, h, p) < 0)
        return -1;
    texts(h, p);
    if (learning(c, h, p) < 0 || (p->scored && p->good > 1 && galleries(c, h, p) < 0))
        return -1;
    mp_runs_origin(c, h, p->k->x);
    return MP_OK;
}

int mp_comparison_html(struct mp_ctx *c, const struct mp_compared *k, FILE *to)
{
    struct mp_html h;
    struct page p = { .k = k, .runs = json_object_get(k->document, "runs") };
    char title[64];
    p.n = json_array_size(p.runs);
    while (p.good < p.n && !mp_form_failed(run_at(&p, p.good)))
        p.good++;
    p.scored = json_is_true(json_object_get(k->document, "scored"));
    p.jobs = mp_alloc(c, p.good, sizeof *p.jobs);
    if (p.jobs == NULL || mp_html_open(c, &h) < 0) {
        free(p.jobs);
        return -1;
    }
    for (size_t i = 0; i < p.good; i++)
        p.jobs[i] = mp_runs_job(k->jobs, k->n, name_at(&p, i));
    snprintf(title, sizeof title, p.n > 1 ? "Which of %zu pipelines is best?" : "One pipeline",
             p.n);
    header(h.head, &p);
    int rc = sections(c, &h, &p);
    if (rc == MP_OK)
        rc = mp_html_write(c, &h, "a comparison by mnistpipe", title, to);
    mp_html_close(&h);
    free(p.jobs);
    return rc;
}
