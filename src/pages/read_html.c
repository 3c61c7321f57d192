/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read_html.c - pictures with the digits that were read of them, as a page.
 *
 * The picture is shrunk to LONGEST and lies as JPEG below boxes drawn as SVG, in its own pixels, so
 * that a photo of 10 MB makes a page of some hundred KB. */
#include "pages/read_html.h"
#include "core/ctx.h"
#include "pages/html.h"
#include "pictures/pictures.h"
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 1600, CROP = 96, SHOWN = 240 };

/* ------------------------------------------------------------------ pictures */

/* The part of the page from (left, top), h x w pixels, of which `by` x `by` become one. */
static int cut_out(struct mp_ctx *c, const struct mp_page *page, int left, int top, int h, int w,
                   int by, struct mp_picture *p)
{
    const int bands = page->rgb != NULL ? 3 : 1;
    const uint8_t *from = page->rgb != NULL ? page->rgb : page->grey;
    if (mp_picture_open(c, p, (h + by - 1) / by, (w + by - 1) / by, bands, 255) < 0)
        return -1;
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++)
            for (int k = 0; k < bands; k++) {
                int sum = 0, n = 0;
                for (int i = top + y * by; i < top + y * by + by && i < top + h; i++)
                    for (int j = left + x * by; j < left + x * by + by && j < left + w; j++, n++)
                        sum += from[((size_t)i * (size_t)page->w + (size_t)j) * (size_t)bands +
                                    (size_t)k];
                p->px[((size_t)y * (size_t)p->w + (size_t)x) * (size_t)bands + (size_t)k] =
                    (uint8_t)((sum + n / 2) / n);
            }
    return MP_OK;
}

static int put_page(struct mp_ctx *c, FILE *f, const struct mp_page *page)
{
    const int longer = page->h > page->w ? page->h : page->w;
    struct mp_picture p;
    uint8_t *jpeg = NULL;
    size_t n = 0;
    if (cut_out(c, page, 0, 0, page->h, page->w, (longer + LONGEST - 1) / LONGEST, &p) < 0)
        return -1;
    const int rc = mp_jpeg_encode(c, &p, &jpeg, &n);
    mp_picture_close(&p);
    if (rc < 0)
        return -1;
    fprintf(f, "<image width=\"%d\" height=\"%d\" preserveAspectRatio=\"none\" "
               "href=\"data:image/jpeg;base64,", page->w, page->h);
    mp_base64(f, jpeg, n);
    fputs("\" />\n", f);
    free(jpeg);
    return MP_OK;
}

static const char *class_of(const struct mp_bundle *b, int k)
{
    return mp_names_at(&b->classes, (size_t)k);
}

/* The box, and above it the digit. */
static void put_mark(FILE *f, const struct mp_mark *m, const struct mp_bundle *b, double size,
                     double threshold)
{
    const bool digit = m->kind == MP_MARK_DIGIT, unsure = mp_mark_unsure(m, threshold);
    const double pad = 0.06 * size;
    fprintf(f, "<rect class=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" />\n",
            unsure ? "unsure" : digit ? "sure" : "other", m->left - pad, m->top - pad,
            m->w + 2 * pad, m->h + 2 * pad);
    if (digit)
        fprintf(f, "<text class=\"%s\" x=\"%.0f\" y=\"%.0f\">%s</text>\n",
                unsure ? "unsure" : "sure", m->left + m->w / 2.0, m->top - 2 * pad,
                class_of(b, m->class));
}

static int put_sheet(struct mp_ctx *c, FILE *f, const struct mp_read_picture *in,
                     const struct mp_bundle *b, double threshold, size_t number)
{
    const struct mp_reading *r = in->r;
    const int longer = r->h > r->w ? r->h : r->w;
    const double size = r->size > 0 ? r->size : longer / 20.0;
    const double letters = size * 0.5 > longer / 60.0 ? size * 0.5 : longer / 60.0;
    fprintf(f, "<svg class=\"sheet\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
               "role=\"img\" aria-label=\"The picture with boxes\" style=\"font-size:%.0fpx;"
               "--line:%.1fpx\">\n<title>", r->w, r->h, letters, longer / 600.0);
    mp_html_printf(f, "Picture %zu with boxes", number);
    fputs("</title><desc>", f);
    mp_html_printf(f, "%zu digits in %d lines, each in a box with the digit above", r->digits,
                   r->lines);
    fputs("</desc>\n", f);
    if (put_page(c, f, in->page) < 0)
        return -1;
    for (size_t i = 0; i < r->n; i++)
        put_mark(f, &r->at[i], b, size, threshold);
    fputs("</svg>\n", f);
    return MP_OK;
}

/* -------------------------------------------------------------------- digits */

struct seen {
    const struct mp_read_picture *in;
    const struct mp_mark *m;
    size_t number;
};

static int least_sure(const void *a, const void *b)
{
    const struct seen *p = a, *q = b;
    if (p->m->sure != q->m->sure)
        return p->m->sure < q->m->sure ? -1 : 1;
    return p->m < q->m ? -1 : p->m > q->m;
}

static int put_crop(struct mp_ctx *c, FILE *f, const struct seen *s)
{
    const struct mp_page *page = s->in->page;
    const struct mp_mark *m = s->m;
    const int pad = m->h / 8 + 2;
    const int left = m->left > pad ? m->left - pad : 0, top = m->top > pad ? m->top - pad : 0;
    const int right = m->left + m->w + pad < page->w ? m->left + m->w + pad : page->w;
    const int bottom = m->top + m->h + pad < page->h ? m->top + m->h + pad : page->h;
    const int longer = bottom - top > right - left ? bottom - top : right - left;
    struct mp_picture p;
    if (cut_out(c, page, left, top, bottom - top, right - left, (longer + CROP - 1) / CROP, &p) < 0)
        return -1;
    const int rc = mp_html_picture(c, f, &p, "cut", "The digit on the picture");
    mp_picture_close(&p);
    return rc;
}

static int put_row(struct mp_ctx *c, FILE *f, const struct seen *s)
{
    const struct mp_data *d = &s->in->r->rows;
    const size_t len = mp_len(d->shape);
    struct mp_picture p;
    if (mp_picture_open(c, &p, d->shape.h, d->shape.w, 1, 255) < 0)
        return -1;
    for (size_t i = 0; i < len; i++)
        p.px[i] = (uint8_t)(255 - d->x[s->m->row * len + i]);
    const int rc = mp_html_picture(c, f, &p, "ink", "The digit as the bundle saw it");
    mp_picture_close(&p);
    return rc;
}

static int put_digit(struct mp_ctx *c, FILE *f, const struct seen *s, const struct mp_bundle *b,
                     size_t n, double threshold)
{
    const struct mp_mark *m = s->m;
    fputs("<li>", f);
    if (put_crop(c, f, s) < 0 || put_row(c, f, s) < 0)
        return -1;
    fprintf(f, "<p><strong>%s</strong> %.3f%s<br />", class_of(b, m->class), m->sure,
            mp_mark_unsure(m, threshold) ? ", unsure" : "");
    fprintf(f, "or %s; ", class_of(b, m->second));
    if (n > 1)
        fprintf(f, "picture %zu, ", s->number);
    fprintf(f, "line %d, place %d</p></li>\n", m->line + 1, m->place + 1);
    return MP_OK;
}

static int put_digits(struct mp_ctx *c, struct mp_html *h, const struct mp_read_picture *in,
                      size_t n, const struct mp_bundle *b, double threshold)
{
    size_t all = 0, k = 0;
    for (size_t i = 0; i < n; i++)
        all += in[i].r->digits;
    if (all == 0)
        return MP_OK;
    struct seen *list = mp_alloc(c, all, sizeof *list);
    if (list == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < in[i].r->n; j++)
            if (in[i].r->at[j].kind == MP_MARK_DIGIT)
                list[k++] = (struct seen){ &in[i], &in[i].r->at[j], i + 1 };
    qsort(list, all, sizeof *list, least_sure);
    mp_html_section(h, "digits", "Digits, the least sure first");
    mp_html_p(h->f, "Left as on the picture, right as the bundle saw it; %s.",
              in[0].r->margins ? "by how much its class leads the second, 1 as much as in the rows "
                                 "that the bundle was trained on"
                               : "the probability of its class");
    fputs("<ul class=\"seen\">\n", h->f);
    int rc = MP_OK;
    for (k = 0; k < all && k < SHOWN && rc == MP_OK; k++)
        rc = put_digit(c, h->f, &list[k], b, n, threshold);
    fputs("</ul>\n", h->f);
    if (all > SHOWN)
        mp_html_note(h->f, "The first %d of %zu; `mnistpipe read --json` names them all.", SHOWN,
                     all);
    free(list);
    return rc;
}

/* ------------------------------------------------------------------ sections */

static void header(struct mp_html *h, const struct mp_read_picture *in, size_t n, double threshold)
{
    size_t digits = 0, unsure = 0, others = 0;
    for (size_t i = 0; i < n; i++) {
        digits += in[i].r->digits;
        others += in[i].r->n - in[i].r->digits;
        for (size_t k = 0; k < in[i].r->n; k++)
            unsure += mp_mark_unsure(&in[i].r->at[k], threshold);
    }
    fputs("<dl class=\"facts\">\n", h->head);
    if (n > 1)
        mp_html_fact(h->head, "pictures", "%zu", n);
    mp_html_fact(h->head, "digits", "%zu", digits);
    mp_html_fact(h->head, "unsure", "%zu", unsure);
    if (others > 0)
        mp_html_fact(h->head, "no digits", "%zu", others);
    fputs("</dl>\n", h->head);
}

static int put_picture(struct mp_ctx *c, struct mp_html *h, const struct mp_read_picture *in,
                       const struct mp_bundle *b, double threshold, size_t number)
{
    char id[32];
    struct mp_text lines;
    snprintf(id, sizeof id, "picture-%zu", number);
    mp_html_section(h, id, in->file);
    if (in->r->n == 0)
        mp_html_p(h->f, "Nothing was found on it.");
    if (mp_reading_unusual(in->r))
        fprintf(h->f, "<p class=\"warning\">The digits look unlike those that the bundle was "
                      "trained on: it is %.2f times as sure of them as of its training rows.</p>\n",
                in->r->usual);
    mp_html_figure(h->f);
    if (put_sheet(c, h->f, in, b, threshold, number) < 0)
        return -1;
    mp_html_caption(h->f, "What was taken for a digit, with the digit above; a broken line where "
                          "the bundle is unsure, a grey one around what is no digit.");
    if (in->r->digits == 0)
        return MP_OK;
    if (mp_text_open(c, &lines) < 0)
        return -1;
    for (int k = 0; k < in->r->lines; k++) {
        char *text = mp_reading_line(c, in->r, b, k);
        fprintf(lines.f, "%s\n", text != NULL ? text : "");
        free(text);
    }
    char *all = mp_text_end(c, &lines);
    if (all != NULL)
        mp_html_code(h->f, all);
    free(all);
    return all != NULL ? MP_OK : -1;
}

int mp_read_html(struct mp_ctx *c, const struct mp_read_picture *in, size_t n,
                 const struct mp_bundle *b, double threshold, FILE *to)
{
    struct mp_html h;
    if (mp_html_open(c, &h) < 0)
        return -1;
    header(&h, in, n, threshold);
    int rc = MP_OK;
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        rc = put_picture(c, &h, &in[i], b, threshold, i + 1);
    if (rc == MP_OK)
        rc = put_digits(c, &h, in, n, b, threshold);
    if (rc == MP_OK)
        rc = mp_html_write(c, &h, "mnistpipe read", n == 1 ? in[0].file : "several pictures", to);
    mp_html_close(&h);
    return rc;
}
