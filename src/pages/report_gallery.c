/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_gallery.c - the page of a run, what there is to look at: digits after every
 * stage, the worst mistakes, what stages have learned. */
#include "pages/report_gallery.h"
#include "core/ctx.h"
#include "data/neighbours.h"
#include "pages/contact.h"
#include "pages/report_parts.h"
#include "report/statistics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 12, STAGES = 100, MISTAKES = 48, SHOWN = 12, NEAR = 3, PICTURES = 64, FEW = 4 };
enum { LONGEST = 64 }; /* side of a picture, px */

/* By how much a wrong class leads the right one; one that training never had has no score. */
static float lead(const struct mp_report *r, size_t i)
{
    const float *s = r->predictions->scores + i * (size_t)r->predictions->k;
    const int y = r->x->test_y[i];
    return y < r->predictions->k ? s[r->predictions->predicted[i]] - s[y] : INFINITY;
}

size_t mp_worst(const struct mp_report *r, size_t *rows, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < r->predictions->n && r->x->test_y != NULL; i++) {
        if (r->predictions->predicted[i] == r->x->test_y[i])
            continue;
        size_t at = n < most ? n++ : most;
        for (; at > 0 && lead(r, rows[at - 1]) < lead(r, i); at--)
            if (at < most)
                rows[at] = rows[at - 1];
        if (at < most)
            rows[at] = i;
    }
    return n;
}

/* ------------------------------------------------------------------ digits */

/* The first row of every class that was predicted to be of it, as many as there is room
 * for, and the two worst mistakes. */
static size_t chosen_digits(const struct mp_report *r, size_t *rows)
{
    size_t worst[2], n = 0;
    const size_t n_worst = mp_worst(r, worst, 2);
    const struct mp_predictions *p = r->predictions;
    const int *y = r->x->test_y;
    for (int k = 0; k < r->x->n_classes && n + n_worst < DIGITS; k++)
        for (size_t i = 0; i < p->n; i++)
            if (p->predicted[i] == k && (y == NULL || y[i] == k)) {
                rows[n++] = i;
                break;
            }
    for (size_t k = 0; k < n_worst; k++)
        rows[n++] = worst[k];
    return n;
}

/* The last node before the model. */
static int last_before_model(const struct mp_plan *p)
{
    int k = 0;
    while (k < p->n_nodes && (p->nodes[k].entry == NULL || !mp_is_model(p->nodes[k].entry)))
        k++;
    return k - 1;
}

/* As many of n rows as can be collected, but one: long rows in many stages take much memory. */
static size_t affordable(const struct mp_plan *p, size_t n)
{
    const double most = 1 << 27;
    double values = (double)mp_len(p->shape);
    for (int k = 0; k < p->n_nodes; k++)
        values += (double)mp_len(p->nodes[k].out);
    const size_t less = (size_t)(most / values);
    return n <= less ? n : less > 0 ? less : 1;
}

static void digit_names(FILE *f, const struct mp_report *r, const size_t *rows, size_t n)
{
    const struct mp_experiment *x = r->x;
    fprintf(f, "<div class=\"strip-names\" style=\"--n:%zu\" aria-hidden=\"true\">", n);
    for (size_t i = 0; i < n; i++) {
        const int got = r->predictions->predicted[rows[i]];
        const int truth = x->test_y != NULL ? x->test_y[rows[i]] : got;
        fputs(got == truth ? "<span>" : "<span class=\"wrong\">", f);
        mp_html_text(f, mp_names_at(&x->classes, (size_t)truth));
        if (got != truth)
            mp_html_printf(f, "\xe2\x86\x92%s", mp_names_at(&x->classes, (size_t)got));
        fputs("</span>", f);
    }
    fputs("</div>\n", f);
}

void mp_report_strip_note(FILE *f, const struct mp_contact_column *col)
{
    char shape[64];
    mp_report_shape(shape, sizeof shape, col->shape, col->image);
    mp_html_printf(f, "%s%s", shape, col->image || col->view >= 0 ? "" : " values, ");
    if (col->shown < col->channels)
        mp_html_printf(f, "%s%d of its %d maps", col->image || col->view >= 0 ? ", " : "",
                       col->shown, col->channels);
    else if (!col->image && col->channels > 1)
        mp_html_printf(f, "as %d maps of the image", col->channels);
    else if (!col->image && col->view < 0)
        fputs("folded into lines", f);
}

int mp_report_strip(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                    const struct mp_contact_column *col, int most, int room)
{
    enum { GAP = 2 };
    const int longer = col->h > col->w ? col->h : col->w;
    const int side = longer < 28 ? 28 : longer < most ? longer : most;
    struct mp_picture p;
    char shape[64], alt[256];
    int h, w, rc = MP_OK;
    mp_report_shape(shape, sizeof shape, col->shape, col->image);
    mp_contact_size(col, side, side, &h, &w);
    const int wide = w * room + GAP;
    if (mp_picture_open(c, &p, h, wide * (int)k->n, col->colour ? 3 : 1, 255) < 0)
        return -1;
    for (size_t i = 0; i < k->n && rc == MP_OK; i++)
        rc = mp_contact_draw(c, col, i, h, w, &p, 0, (int)i * wide + (wide - w) / 2);
    snprintf(alt, sizeof alt, "%zu digits %s %s, %s %s", k->n,
             col->node < 0 ? "as" : col->view < 0 ? "after" : "after layer",
             col->node < 0 ? "read" : col->name, col->image ? "images of" : "vectors of", shape);
    if (rc == MP_OK)
        rc = mp_html_picture(c, f, &p, col->colour ? "photo strip" : "ink strip", alt);
    mp_picture_close(&p);
    return rc;
}

/* The same below its name. */
static int strip(struct mp_ctx *c, FILE *f, const struct mp_contact *k,
                 const struct mp_contact_column *col, const char *text, int most, int room)
{
    fputs("<p class=\"strip-title\"><strong>", f);
    mp_html_printf(f, "%.*s", (int)strcspn(text, "\n"), text);
    fputs("</strong> <span class=\"note\">", f);
    mp_report_strip_note(f, col);
    fputs("</span></p>\n", f);
    return mp_report_strip(c, f, k, col, most, room);
}

static void digit_caption(FILE *f, const struct mp_report *r, const size_t *rows, size_t n,
                          const char *which)
{
    const struct mp_data *d = &r->x->test;
    fprintf(f, "<figcaption>%s  In the %s file: ", which,
            r->x->test_path != NULL ? "test" : "training");
    for (size_t i = 0; i < n; i++) {
        char row[64];
        mp_data_row_name(d, rows[i], row, sizeof row);
        if (d->label != NULL)
            mp_html_printf(f, "%s%s in %s", i > 0 ? ", " : "", mp_data_class(d, rows[i]), row);
        else
            mp_html_printf(f, "%s%s", i > 0 ? ", " : "", row);
    }
    fputs(".</figcaption>\n</figure>\n", f);
}

/* A stage that there is nothing to see of. */
static void passed(FILE *f, const char *text)
{
    fputs("<p class=\"strip-title\"><strong>", f);
    mp_html_printf(f, "%.*s", (int)strcspn(text, "\n"), text);
    fputs("</strong> <span class=\"note\">changes training rows only; test rows pass as they "
          "are</span></p>\n", f);
}

int mp_report_digits(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
{
    struct mp_plan *p = &r->x->plan;
    size_t rows[DIGITS];
    const size_t n = affordable(p, chosen_digits(r, rows));
    struct mp_contact_ask ask = { .plan = p, .last = last_before_model(p), .d = &r->x->test,
                                  .rows = rows, .n = n };
    const int stages = ask.last + 1;
    struct mp_contact k;
    if (stages > STAGES)
        ask.last = STAGES - 1;
    ask.last = mp_contact_last(c, &ask);
    if (n == 0 || ask.last < -1)
        return MP_OK;
    if (mp_contact_collect(c, &ask, &k) < 0)
        return -1;
    mp_html_section(h, "digits", ask.last >= 0 ? "The same digits after every stage"
                                                : "Some of the digits");
    if (ask.last + 1 < stages)
        mp_html_p(h->f, "The first %d of %d stages; the page has no room for more.", ask.last + 1,
                  stages);
    mp_html_figure(h->f);
    digit_names(h->f, r, rows, n);
    int rc = MP_OK;
    for (int j = 0; j < k.n_columns && rc == MP_OK; j++) {
        const struct mp_contact_column *col = &k.columns[j];
        const struct mp_node *node = col->node >= 0 ? &p->nodes[col->node] : NULL;
        if (node != NULL && node->entry != NULL && (node->entry->stage->flags & MP_TRAIN_ONLY))
            passed(h->f, node->text);
        else
            rc = strip(c, h->f, &k, col, node != NULL ? node->text : "as read", 72, 1);
    }
    digit_caption(h->f, r, rows, n, r->metrics != NULL && r->metrics->errors > 0
                      ? "For each class the first row that was predicted rightly, then the worst "
                        "mistakes: truth \xe2\x86\x92 prediction."
                      : "For each class the first row that was predicted to be of it.");
    mp_contact_free(&k);
    return rc;
}

/* ------------------------------------------------------------ inside a net */

/* The first rows that were predicted rightly, and the worst mistake. */
static size_t chosen_few(const struct mp_report *r, size_t *rows)
{
    size_t all[DIGITS], n = chosen_digits(r, all), few = 0, worst;
    const bool mistaken = mp_worst(r, &worst, 1) > 0;
    for (size_t i = 0; i < n && few + mistaken < FEW; i++)
        if (!mistaken || all[i] != worst)
            rows[few++] = all[i];
    if (mistaken)
        rows[few++] = worst;
    return few;
}

static bool any_inside(const struct mp_plan *p)
{
    bool any = false;
    for (int k = 0; k < p->n_nodes; k++)
        any = any || mp_contact_inside(p, k);
    return any;
}

int mp_report_inside(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
{
    struct mp_plan *p = &r->x->plan;
    size_t rows[FEW];
    const size_t n = any_inside(p) ? affordable(p, chosen_few(r, rows)) : 0;
    const struct mp_contact_ask ask = { .plan = p, .last = p->n_nodes - 1, .d = &r->x->test,
                                        .rows = rows, .n = n, .layers = true, .alone = true,
                                        .channels = 16 };
    struct mp_contact k;
    int rc = MP_OK, node = -1;
    if (n == 0 || mp_contact_last(c, &ask) < ask.last)
        return MP_OK;
    if (mp_contact_collect(c, &ask, &k) < 0)
        return -1;
    mp_html_section(h, "inside", "What the net sees");
    mp_html_p(h->f, "Some of the digits on their way through the net: what each of its layers "
                    "gives, the darker the more.  The maps of a convolution lie side by side as "
                    "tiles; an lstm\xe2\x80\x99s state is drawn after every step, a line each; "
                    "other values are folded into lines.  In the output each class has a square.");
    mp_html_figure(h->f);
    digit_names(h->f, r, rows, n);
    for (int j = 0; j < k.n_columns && rc == MP_OK; j++) {
        const struct mp_contact_column *col = &k.columns[j];
        if (node >= 0 && node != col->node)
            mp_html_p(h->f, "The next net: %.*s", (int)strcspn(p->nodes[col->node].text, "\n"),
                      p->nodes[col->node].text);
        node = col->node;
        rc = strip(c, h->f, &k, col, col->view < 0 ? "as read" : col->name, 120,
                   col->view < 0 ? 3 : 1);
    }
    digit_caption(h->f, r, rows, n, r->metrics != NULL && r->metrics->errors > 0
                      ? "The first rows that were predicted rightly, then the worst mistake."
                      : "The first rows.");
    mp_contact_free(&k);
    return rc;
}

/* ---------------------------------------------------------------- mistakes */

/* By how much an image of that size is shrunk, so that the page stays small. */
static int shrink_by(int h, int w)
{
    const int longer = h > w ? h : w;
    return (longer + LONGEST - 1) / LONGEST;
}

/* Means of squares of `by` pixels; at the edges of what there is of them.  x: h x w values,
 * `step` from one to the next; out: h / by x w / by of them, rounded up. */
static void shrink(const float *x, int h, int w, size_t step, int by, float *out)
{
    for (int top = 0; top < h; top += by)
        for (int left = 0; left < w; left += by) {
            float sum = 0;
            int n = 0;
            for (int i = top; i < top + by && i < h; i++)
                for (int j = left; j < left + by && j < w; j++, n++)
                    sum += x[((size_t)i * (size_t)w + (size_t)j) * step];
            *out++ = sum / (float)n;
        }
}

int mp_report_rows(struct mp_ctx *c, FILE *f, const struct mp_data *d, const size_t *rows, size_t n,
                   const char *kind, const char *alt)
{
    const int by = shrink_by(d->shape.h, d->shape.w), gap = n > 1 ? 2 : 0;
    const int h = (d->shape.h + by - 1) / by, w = (d->shape.w + by - 1) / by;
    const size_t len = mp_len(d->shape);
    struct mp_picture p;
    float *x = mp_alloc(c, len, sizeof *x);
    if (x == NULL || mp_picture_open(c, &p, h, (w + gap) * (int)n - gap, d->shape.c, 255) < 0) {
        free(x);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t v = 0; v < len; v++)
            x[v] = d->x[rows[i] * len + v];
        mp_picture_image(&p, 0, (int)i * (w + gap), x, d->shape, by);
    }
    const int rc = mp_html_picture(c, f, &p, kind, alt);
    mp_picture_close(&p);
    free(x);
    return rc;
}

/* The three classes that the model held to be most likely. */
static void top_scores(FILE *f, const struct mp_report *r, size_t row)
{
    const struct mp_predictions *p = r->predictions;
    const float *s = p->scores + row * (size_t)p->k;
    double *share = calloc((size_t)p->k, sizeof *share);
    const bool known = share != NULL && mp_probabilities(p->kind, s, p->k, share);
    int before = -1;
    fputs("<ol class=\"scores\">", f);
    for (int k = 0; k < 3 && k < p->k; k++) {
        int top = -1;
        for (int j = 0; j < p->k; j++) /* the next in the order of scores, of equals the first */
            if ((before < 0 || s[j] < s[before] || (s[j] == s[before] && j > before)) &&
                (top < 0 || s[j] > s[top]))
                top = j;
        before = top;
        fputs(top == r->x->test_y[row] ? "<li class=\"truth\">" : "<li>", f);
        mp_html_printf(f, "%s: ", mp_names_at(&r->x->classes, (size_t)top));
        if (known)
            fprintf(f, "%.1f %%</li>", 100 * share[top]);
        else
            fprintf(f, "%.3f</li>", (double)s[top]);
    }
    fputs("</ol>\n", f);
    free(share);
}

static int card(struct mp_ctx *c, FILE *f, const struct mp_report *r, size_t row,
                const struct mp_neighbour *near, size_t n_near)
{
    const struct mp_experiment *x = r->x;
    const char *truth = mp_data_class(&x->test, row),
               *got = mp_names_at(&x->classes, (size_t)r->predictions->predicted[row]);
    size_t rows[NEAR] = { 0 };
    char name[64], alt[2 * MP_NAME_SIZE + 32];
    mp_data_row_name(&x->test, row, name, sizeof name);
    snprintf(alt, sizeof alt, "Mistake: a %s taken for %s", truth, got);
    fputs("<li class=\"card\">\n", f);
    if (mp_report_rows(c, f, &x->test, &row, 1, "ink mistake", alt) < 0)
        return -1;
    fputs("<div><p><strong>", f);
    mp_html_printf(f, "%s taken for %s", truth, got);
    fputs("</strong></p><p class=\"note\">", f);
    mp_html_text(f, name);
    fputs("</p>\n", f);
    top_scores(f, r, row);
    fputs("</div>\n", f);
    for (size_t k = 0; k < n_near; k++)
        rows[k] = near[k].row;
    snprintf(alt, sizeof alt, "The nearest training images");
    if (mp_report_rows(c, f, &x->train, rows, n_near, "ink near", alt) < 0)
        return -1;
    fputs("<p class=\"note near-names\">nearest:", f);
    for (size_t k = 0; k < n_near; k++) {
        mp_data_row_name(&x->train, rows[k], name, sizeof name);
        mp_html_printf(f, "%s %s in %s (%.0f)", k > 0 ? "," : "",
                       mp_data_class(&x->train, rows[k]), name, sqrt((double)near[k].square));
    }
    fputs("</p></li>\n", f);
    return MP_OK;
}

static int cards(struct mp_ctx *c, FILE *f, const struct mp_report *r, const size_t *rows,
                 size_t n, const struct mp_neighbour *near, size_t n_near)
{
    int rc = MP_OK;
    fputs("<ol class=\"cards\">\n", f);
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        rc = card(c, f, r, rows[i], near + i * n_near, n_near);
    fputs("</ol>\n", f);
    return rc;
}

/* The training rows nearest to each; in cross-validation, where the rows are training rows
 * themselves, others than it. */
static int nearest(struct mp_ctx *c, const struct mp_experiment *x, const size_t *rows, size_t n,
                   size_t n_near, struct mp_neighbour *near)
{
    struct mp_neighbour all[MISTAKES * (NEAR + 1)];
    if (x->plan.source.folds == 0)
        return mp_neighbours(c, &x->test, rows, n, &x->train, n_near, near);
    if (mp_neighbours(c, &x->test, rows, n, &x->train, n_near + 1, all) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0, to = 0; k <= n_near && to < n_near; k++)
            if (mp_data_number(&x->train, all[i * (n_near + 1) + k].row) !=
                mp_data_number(&x->test, rows[i]))
                near[i * n_near + to++] = all[i * (n_near + 1) + k];
    return MP_OK;
}

int mp_report_mistakes(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
{
    const struct mp_experiment *x = r->x;
    const size_t others = x->train.n - (x->plan.source.folds > 0);
    const size_t n_near = others < NEAR ? others : NEAR;
    struct mp_neighbour near[MISTAKES * NEAR];
    size_t rows[MISTAKES];
    const size_t n = mp_worst(r, rows, MISTAKES), first = n < SHOWN ? n : SHOWN;
    if (n == 0)
        return MP_OK;
    if (nearest(c, x, rows, n, n_near, near) < 0)
        return -1;
    mp_html_section(h, "mistakes", "The worst mistakes");
    mp_html_p(h->f, "%zu of %llu mistake%s: those in which the score of the class predicted is "
                    "farthest above that of the truth come first.  Below each, the nearest "
                    "training images, with their Euclidean distances in grey levels.", n,
              (unsigned long long)r->metrics->errors, r->metrics->errors == 1 ? "" : "s");
    int rc = cards(c, h->f, r, rows, first, near, n_near);
    if (rc == MP_OK && n > first) {
        mp_html_fold(h->f, "%zu more", n - first);
        rc = cards(c, h->f, r, rows + first, n - first, near + first * n_near, n_near);
        mp_html_unfold(h->f);
    }
    return rc;
}

/* ----------------------------------------------------------------- learned */

/* A stage's pictures, copied, so that all can be drawn on one scale. */
struct album {
    struct {
        char name[64];
        float *x;
        int h, w;
    } at[PICTURES];
    int n, all;
    float most;            /* largest size of a value */
};

static int see(struct mp_ctx *c, void *arg, const char *name, const float *x, int h, int w,
               size_t step)
{
    struct album *a = arg;
    if (a->all++ >= PICTURES)
        return MP_OK;
    const int by = shrink_by(h, w), rows = (h + by - 1) / by, columns = (w + by - 1) / by;
    float *copy = mp_alloc(c, (size_t)(rows * columns), sizeof *copy);
    if (copy == NULL)
        return -1;
    shrink(x, h, w, step, by, copy);
    for (int i = 0; i < rows * columns; i++)
        a->most = fmaxf(a->most, fabsf(copy[i]));
    snprintf(a->at[a->n].name, sizeof a->at[a->n].name, "%s", name);
    a->at[a->n].x = copy;
    a->at[a->n].h = rows;
    a->at[a->n++].w = columns;
    return MP_OK;
}

/* Blue below zero, orange above, white at zero, in 33 steps, which compress well. */
static void diverging(float v, float most, uint8_t *rgb)
{
    static const uint8_t end[2][3] = { { 31, 95, 191 }, { 184, 76, 0 } };
    const float part = most > 0 ? roundf(16 * fabsf(v) / most) / 16 : 0;
    for (int k = 0; k < 3; k++)
        rgb[k] = (uint8_t)(255.5f - part * (float)(255 - end[v > 0][k]));
}

static int weights_picture(struct mp_ctx *c, FILE *f, const struct album *a, int i)
{
    struct mp_picture p;
    if (mp_picture_open(c, &p, a->at[i].h, a->at[i].w, 3, 255) < 0)
        return -1;
    for (int k = 0; k < p.h * p.w; k++)
        diverging(a->at[i].x[k], a->most, p.px + 3 * k);
    fputs("<li>", f);
    const int rc = mp_html_picture(c, f, &p, "photo", a->at[i].name);
    fputs("<span aria-hidden=\"true\">", f);
    mp_html_text(f, a->at[i].name);
    fputs("</span></li>\n", f);
    mp_picture_close(&p);
    return rc;
}

static int album_show(struct mp_ctx *c, FILE *f, const struct mp_node *n, const struct album *a)
{
    int rc = MP_OK;
    fputs("<h3>", f);
    mp_html_printf(f, "%.*s", (int)strcspn(n->text, "\n"), n->text);
    fputs("</h3>\n", f);
    mp_html_figure(f);
    fprintf(f, "<ul class=\"tiles%s\">\n", a->at[0].w < 16 ? " small" : "");
    for (int i = 0; i < a->n && rc == MP_OK; i++)
        rc = weights_picture(c, f, a, i);
    fputs("</ul>\n", f);
    if (a->all > a->n)
        mp_html_caption(f, "The first %d of %d; from -%.3g (blue) over 0 to %.3g (orange).", a->n,
                        a->all, (double)a->most, (double)a->most);
    else
        mp_html_caption(f, "From -%.3g (blue) over 0 to %.3g (orange).", (double)a->most,
                        (double)a->most);
    return rc;
}

/* Of which image the values that node k gives are the pixels. */
static bool behind(const struct mp_plan *p, int k, struct mp_shape *image)
{
    if (k < 0 || p->nodes[k].image) {
        *image = k < 0 ? p->shape : p->nodes[k].out;
        return true;
    }
    const struct mp_node *n = &p->nodes[k];
    return n->entry != NULL && (n->entry->stage->flags & MP_PIXELWISE) &&
           behind(p, n->inputs[0], image);
}

int mp_report_learned(struct mp_ctx *c, struct mp_html *h, const struct mp_report *r)
{
    const struct mp_plan *p = &r->x->plan;
    bool begun = false;
    int rc = MP_OK;
    for (int k = 0; k < p->n_nodes && rc == MP_OK; k++) {
        const struct mp_node *n = &p->nodes[k];
        struct mp_shape image;
        struct album a = { .n = 0 };
        const struct mp_viewer viewer = { see, &a };
        if (mp_learner(n->entry)->pictures == NULL || !behind(p, n->inputs[0], &image))
            continue;
        rc = mp_learner(n->entry)->pictures(c, n->params, n->state, image, &viewer);
        if (rc == MP_OK && a.n > 0) {
            if (!begun) {
                mp_html_section(h, "learned", "What it has learned");
                mp_html_p(h->f, "Weights drawn where their pixels are: ink on orange speaks for, "
                                "ink on blue against.");
            }
            begun = true;
            rc = album_show(c, h->f, n, &a);
        }
        for (int i = 0; i < a.n; i++)
            free(a.at[i].x);
    }
    return rc;
}
