/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect_html.c - what is in a file, as a page with the pictures. */
#include "pages/html.h"
#include "pages/report_parts.h"
#include "pages/words.h"
#include "study/inspect.h"
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 60, LONGEST = 64 }; /* items in a gallery; pixels of a picture's longer side */

/* ----------------------------------------------------------------- pictures */

/* n images of values 0 .. 255 side by side, shrunk to LONGEST if larger. */
static int draw(struct mp_ctx *c, FILE *f, const float *x, struct mp_shape s, int n,
                const char *alt)
{
    const int by = ((s.h > s.w ? s.h : s.w) + LONGEST - 1) / LONGEST, gap = n > 1 ? 2 : 0;
    const int rows = (s.h + by - 1) / by, columns = (s.w + by - 1) / by;
    struct mp_picture p;
    if (mp_picture_open(c, &p, rows, (columns + gap) * n - gap, s.c, 255) < 0)
        return -1;
    for (int k = 0; k < n; k++, x += mp_len(s))
        mp_picture_image(&p, 0, k * (columns + gap), x, s, by);
    const int rc = mp_html_picture(c, f, &p, s.c == 1 ? "ink" : "photo", alt);
    mp_picture_close(&p);
    return rc;
}

static int draw_rows(struct mp_ctx *c, FILE *f, const struct mp_inspection *in, const size_t *row,
                     size_t n, const char *alt)
{
    const struct mp_shape z = in->data[0].shape;
    const size_t len = mp_len(z);
    float *x = mp_alloc(c, mp_product(n, len), sizeof *x);
    if (x == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        size_t own = row[i];
        const int k = mp_inspect_file(in, &own);
        for (size_t j = 0; j < len; j++)
            x[i * len + j] = in->data[k].x[own * len + j];
    }
    const int rc = draw(c, f, x, z, (int)n, alt);
    free(x);
    return rc;
}

static void name_row(FILE *f, const struct mp_inspection *in, size_t row)
{
    char name[64];
    mp_inspect_name(in, row, name, sizeof name);
    mp_html_text(f, name);
    const int k = mp_inspect_file(in, &row);
    if (in->data[k].label != NULL)
        mp_html_printf(f, " (%s)", mp_data_class(&in->data[k], row));
}

/* One item of a gallery: two or more rows side by side, and their names. */
static int tile(struct mp_ctx *c, FILE *f, const struct mp_inspection *in, const size_t *row,
                size_t n, const char *remark)
{
    enum { MOST = 4 };
    const size_t shown = n < MOST ? n : MOST;
    fputs("<li>", f);
    if (draw_rows(c, f, in, row, shown, n > 1 ? "Images side by side" : "Image") < 0)
        return -1;
    if (*remark != '\0') {
        fputs("<strong>", f);
        mp_html_text(f, remark);
        fputs("</strong><br />", f);
    }
    for (size_t i = 0; i < shown; i++) {
        if (i > 0)
            fputs("<br />", f);
        name_row(f, in, row[i]);
    }
    if (n > shown)
        mp_html_printf(f, " and %zu more", n - shown);
    fputs("</li>\n", f);
    return MP_OK;
}

static void gallery(FILE *f)
{
    fputs("<ul class=\"tiles\">\n", f);
}

static void gallery_end(FILE *f, size_t n)
{
    fputs("</ul>\n", f);
    if (n > SHOWN)
        mp_html_note(f, "The first %d of %zu; `mnistpipe inspect --json` names them all.", SHOWN,
                     n);
}

/* ----------------------------------------------------------------- sections */

static void header(struct mp_html *h, const struct mp_inspection *in)
{
    FILE *f = h->head;
    char text[512];
    size_t extra = 0;
    fputs("<dl class=\"facts\">\n", f);
    for (int k = 0; k < in->n; k++) {
        mp_html_fact(f, in->n < 2 ? "rows" : k == 0 ? "training rows" : "test rows", "%zu",
                     in->data[k].n);
        extra += in->profile[k].extra;
    }
    mp_report_shape(text, sizeof text, in->data[0].shape, true);
    mp_html_fact(f, "image", "%s", text);
    if (in->profile[0].n_labels > 0)
        mp_html_fact(f, "labels", "%d", in->profile[0].n_labels);
    mp_html_fact(f, "repeated images", "%zu", extra);
    if (in->o.near > 0)
        mp_html_fact(f, "nearly equal pairs", "%zu", in->n_pairs);
    if (in->why_not[0] == '\0')
        mp_html_fact(f, "suspect labels", "%zu", in->n_suspects);
    fputs("</dl>\n", f);
    if (in->n > 1)
        mp_html_p(f, "Training rows: %s; test rows: %s.", in->given[0], in->given[1]);
    if (in->shared.rows > 0) {
        mp_shared_text(&in->shared, &in->data[1], text, sizeof text);
        fputs("<p class=\"warning\"><strong>Overlap:</strong> ", f);
        mp_html_printf(f, "%s.", text);
        fputs("</p>\n", f);
    }
    for (int k = 0; k < in->n; k++)
        for (int i = 0; mp_inspect_remark(in, k, i, text, sizeof text); i++) {
            fputs("<p class=\"warning\">", f);
            mp_html_text(f, text);
            fputs("</p>\n", f);
        }
}

static void values(struct mp_html *h, const struct mp_inspection *in)
{
    static const struct mp_column column[] = { { "", false }, { "training", true },
                                               { "test", true } };
    static const struct mp_column only[] = { { "", false }, { "rows", true } };
    struct mp_html_table t;
    mp_html_section(h, "values", "Values");
    mp_html_table(&t, h->f, in->data[0].shape.c == 1 ? "The pixels: 0 is paper, 255 ink"
                                                     : "The values of all channels",
                  in->n > 1 ? column : only, in->n + 1);
    for (int line = 0; line < 6; line++) {
        static const char *const what[] = { "smallest and largest value", "mean (of 0..1)",
                                            "standard deviation", "paper (0), %", "ink (255), %",
                                            "pixels that never change" };
        mp_html_cell(&t, "%s", what[line]);
        for (int k = 0; k < in->n; k++) {
            const struct mp_profile *p = &in->profile[k];
            const double all = (double)in->data[k].n * (double)mp_len(in->data[k].shape);
            if (line == 0)
                mp_html_cell(&t, "%d .. %d", p->low, p->high);
            else if (line == 5)
                mp_html_cell(&t, "%zu of %zu", p->constant, mp_len(in->data[k].shape));
            else
                mp_html_cell(&t, line < 3 ? "%.4f" : "%.2f",
                             line == 1   ? p->mean
                             : line == 2 ? p->deviation
                                         : 100 * (double)p->levels[line == 3 ? 0 : 255] / all);
        }
    }
    mp_html_table_end(&t);
}

/* The mean image of the rows of one label. */
static int mean_image(struct mp_ctx *c, FILE *f, const struct mp_inspection *in, size_t class,
                      uint64_t n)
{
    const struct mp_data *d = &in->data[0];
    const size_t len = mp_len(d->shape);
    char alt[MP_NAME_SIZE + 64];
    double *sum = mp_alloc(c, len, sizeof *sum);
    float *x = mp_alloc(c, len, sizeof *x);
    int rc = sum != NULL && x != NULL ? MP_OK : -1;
    for (size_t i = 0; i < d->n && rc == MP_OK; i++)
        for (size_t j = 0; j < len && (size_t)in->y[0][i] == class; j++)
            sum[j] += d->x[i * len + j];
    for (size_t j = 0; j < len && rc == MP_OK; j++)
        x[j] = (float)(sum[j] / (double)n);
    snprintf(alt, sizeof alt, "Mean of the images labelled %s",
             mp_names_at(&in->classes, class));
    if (rc == MP_OK)
        rc = draw(c, f, x, d->shape, 1, alt);
    free(sum);
    free(x);
    return rc;
}

static int classes(struct mp_ctx *c, struct mp_html *h, const struct mp_inspection *in)
{
    const struct mp_data *d = &in->data[0];
    if (in->profile[0].n_labels == 0)
        return MP_OK;
    mp_html_section(h, "labels", "Labels");
    mp_html_p(h->f, "The mean image of each label%s, and how many rows there are.",
              in->n > 1 ? " in the training rows" : "");
    gallery(h->f);
    for (size_t v = 0; v < in->classes.n; v++) {
        const uint64_t n = in->profile[0].per_class[v];
        if (n == 0)
            continue;
        fputs("<li>", h->f);
        if (mean_image(c, h->f, in, v, n) < 0)
            return -1;
        fputs("<strong>", h->f);
        mp_html_text(h->f, mp_names_at(&in->classes, v));
        fprintf(h->f, "</strong><br />%llu, %.1f\xc2\xa0%%", (unsigned long long)n,
                100 * (double)n / (double)d->n);
        if (in->n > 1 && in->data[1].label != NULL)
            fprintf(h->f, "<br />test %llu, %.1f\xc2\xa0%%",
                           (unsigned long long)in->profile[1].per_class[v],
                           100 * (double)in->profile[1].per_class[v] / (double)in->data[1].n);
        fputs("</li>\n", h->f);
    }
    fputs("</ul>\n", h->f);
    return MP_OK;
}

static int equal_rows(struct mp_ctx *c, struct mp_html *h, const struct mp_inspection *in)
{
    mp_html_section(h, "equal", "The same image twice");
    if (in->groups.n == 0)
        mp_html_p(h->f, "No image occurs twice.");
    if (in->groups.n == 0)
        return MP_OK;
    mp_html_p(h->f, "%zu group%s of images that are equal in every pixel; labels in brackets.",
              in->groups.n, in->groups.n == 1 ? "" : "s");
    gallery(h->f);
    for (size_t g = 0; g < in->groups.n && g < SHOWN; g++) {
        const size_t from = in->groups.start[g];
        if (tile(c, h->f, in, in->groups.row + from, in->groups.start[g + 1] - from, "") < 0)
            return -1;
    }
    gallery_end(h->f, in->groups.n);
    return MP_OK;
}

static int near_rows(struct mp_ctx *c, struct mp_html *h, const struct mp_inspection *in)
{
    if (in->o.near <= 0)
        return MP_OK;
    mp_html_section(h, "near", "Nearly the same image");
    mp_html_p(h->f, "%zu pair%s with a difference of at most %g: the distance of the two images, "
                    "each scaled to length 1, the smallest over shifts of up to 1 pixel. 0 is the "
                    "same but for brightness and place, 1.41 no ink in common.", in->n_pairs,
              in->n_pairs == 1 ? "" : "s", in->o.near);
    if (in->n_pairs == 0)
        return MP_OK;
    gallery(h->f);
    for (size_t i = 0; i < in->n_pairs && i < SHOWN; i++) {
        const size_t row[] = { in->pair[i].a, in->pair[i].b };
        char remark[32];
        snprintf(remark, sizeof remark, "%.4f", in->pair[i].difference);
        if (tile(c, h->f, in, row, 2, remark) < 0)
            return -1;
    }
    gallery_end(h->f, in->n_pairs);
    return MP_OK;
}

static int blanks(struct mp_ctx *c, struct mp_html *h, const struct mp_inspection *in)
{
    const size_t n = in->profile[0].blank + in->profile[1].blank;
    size_t shown = 0;
    if (n == 0)
        return MP_OK;
    mp_html_section(h, "blank", "Blank images");
    mp_html_p(h->f, "%zu image%s in which every pixel has the same value.", n, n == 1 ? "" : "s");
    gallery(h->f);
    for (int k = 0; k < in->n; k++)
        for (size_t i = 0; i < in->profile[k].blank && shown < SHOWN; i++, shown++) {
            const size_t row = in->profile[k].blank_row[i] + (k > 0 ? in->data[0].n : 0);
            if (tile(c, h->f, in, &row, 1, "") < 0)
                return -1;
        }
    gallery_end(h->f, n);
    return MP_OK;
}

static int suspects(struct mp_ctx *c, struct mp_html *h, const struct mp_inspection *in)
{
    mp_html_section(h, "suspects", "Suspect labels");
    if (in->why_not[0] != '\0') {
        mp_html_p(h->f, "Labels were not checked: %s.", in->why_not);
        return MP_OK;
    }
    mp_html_p(h->f, "Each of %zu rows was scored by a model that had not seen it (%d folds). For "
                    "%zu the model says another label than the file; for %zu it does so as "
                    "firmly as for most rows that have that label. Those come first that lie "
                    "farthest on the other side. Suspicion is no proof: look at them.",
              in->checked, in->o.folds, in->doubted, in->n_suspects);
    if (in->n_suspects > 0)
        gallery(h->f);
    for (size_t i = 0; i < in->n_suspects && i < SHOWN; i++) {
        const struct mp_suspect *s = &in->suspect[i];
        char remark[2 * MP_NAME_SIZE + 16];
        snprintf(remark, sizeof remark, "%s: looks like %s", s->label, s->says);
        if (tile(c, h->f, in, &s->row, 1, remark) < 0)
            return -1;
    }
    if (in->n_suspects > 0)
        gallery_end(h->f, in->n_suspects);
    mp_words_html(h->f, "class|duplicates|folds|row|suspect");
    mp_html_fold(h->f, "The pipeline that scored them");
    mp_html_code(h->f, in->pipeline);
    mp_html_unfold(h->f);
    return MP_OK;
}

int mp_inspect_html(struct mp_ctx *c, const struct mp_inspection *in, FILE *to)
{
    struct mp_html h;
    if (mp_html_open(c, &h) < 0)
        return -1;
    header(&h, in);
    values(&h, in);
    int rc = classes(c, &h, in);
    if (rc == MP_OK)
        rc = suspects(c, &h, in);
    if (rc == MP_OK)
        rc = equal_rows(c, &h, in);
    if (rc == MP_OK)
        rc = near_rows(c, &h, in);
    if (rc == MP_OK)
        rc = blanks(c, &h, in);
    if (rc == MP_OK)
        rc = mp_html_write(c, &h, "mnistpipe inspect", in->given[0], to);
    mp_html_close(&h);
    return rc;
}
