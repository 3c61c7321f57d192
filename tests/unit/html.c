/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html.c - pages are well-formed whatever they are given, plots stay on their paper, and
 * the colours can be told apart. */
#include "core/ctx.h"
#include "pages/html.h"
#include "pages/plot.h"
#include "../tap.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* GLib's parser knows neither the document type nor style without entities to mind. */
static bool well_formed(const char *page)
{
    GError *error = NULL;
    const GMarkupParser nothing = { 0 };
    GMarkupParseContext *x = g_markup_parse_context_new(&nothing, 0, NULL, NULL);
    const bool good = g_markup_parse_context_parse(x, page, -1, &error) &&
                      g_markup_parse_context_end_parse(x, &error);
    if (error != NULL)
        tap_note("%s", error->message);
    g_clear_error(&error);
    g_markup_parse_context_free(x);
    return good;
}

/* ------------------------------------------------------------------- pages */

static void hostile(struct tap *t, struct mp_ctx *c)
{
    static const char text[] = "<b>&\"'\x01\x1b[1m\xff\xc3\xa9\xef\xbf\xbf]]>\n-->";
    static const char expected[] =
        "&lt;b&gt;&amp;&quot;'\xef\xbf\xbd\xef\xbf\xbd[1m\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd"
        "]]&gt;\n--&gt;";
    const struct mp_column column[] = { { text, false }, { text, true } };
    const uint64_t counts[] = { 5, 1, 0, 9 };
    const char *const labels[] = { "0", "<b>" };
    struct mp_html h;
    struct mp_html_table table;
    struct mp_picture p = { 0 };
    char *page = NULL;
    size_t size;
    FILE *f = open_memstream(&page, &size);
    tap_ok(t, mp_html_open(c, &h) == 0, "a page opens");
    mp_html_section(&h, "one", text);
    mp_html_p(h.f, "%s", text);
    mp_html_note(h.f, "%s", text);
    mp_html_fold(h.f, "%s", text);
    mp_html_code(h.f, text);
    mp_html_unfold(h.f);
    mp_html_section(&h, "two", text);
    fputs("<dl class=\"facts\">", h.head);
    mp_html_fact(h.head, text, "%s", text);
    fputs("</dl>", h.head);
    mp_html_figure(h.f);
    tap_ok(t, mp_picture_open(c, &p, 2, 2, 1, 9) == 0 &&
                  mp_html_picture(c, h.f, &p, "ink", text) == 0, "a picture");
    mp_html_caption(h.f, "%s", text);
    mp_html_table(&table, h.f, text, column, 2);
    mp_html_cell(&table, "%s", text);
    mp_html_cell(&table, "%s", text);
    mp_html_cell(&table, "%s", text);
    mp_html_cell_rest(&table, "%s", text);
    mp_html_table_end(&table);
    mp_html_link(h.f, text, text);
    mp_plot_confusion(h.f, text, counts, labels, 2);
    tap_ok(t, mp_html_write(c, &h, text, text, f) == 0, "the page is written");
    fclose(f);
    tap_ok(t, well_formed(page), "hostile text everywhere: the page is well-formed");
    tap_ok(t, strstr(page, expected) != NULL, "and has the text, letter by letter");
    for (const char *at = page; *at != '\0'; at++)
        if (((unsigned char)*at < ' ' && *at != '\n') || strncmp(at, "<b>", 3) == 0) {
            tap_ok(t, false, "nothing of it became markup");
            break;
        }
    mp_html_close(&h);
    mp_picture_close(&p);
    free(page);
}

/* ------------------------------------------------------------------- plots */

/* Whether all coordinates are numbers that lie on the paper, which is 400 wide. */
static bool on_paper(const char *svg)
{
    static const char *const keys[] = { " x=\"", " x1=\"", " x2=\"", " cx=\"", " y=\"",
                                        " y1=\"", " y2=\"", " cy=\"", " width=\"" };
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (const char *at = svg; (at = strstr(at, keys[k])) != NULL;) {
            char *end;
            at += strlen(keys[k]);
            const double v = strtod(at, &end);
            if (*end != '"' || !(v >= -0.05 && v <= 400.05)) {
                tap_note("%s%.20s", keys[k], at);
                return false;
            }
        }
    return strstr(svg, "nan") == NULL && strstr(svg, "inf") == NULL;
}

static void try_plot(struct tap *t, const char *name, const double *x, const double *y, size_t n,
                     bool log_x, bool log_y)
{
    const char *labels[] = { "one", "two <", "three", "a label that is rather long", "five", "" };
    const struct mp_series s[] = {
        { .name = "a line", .x = x, .y = y, .n = n, .colour = MP_BLUE, .marks = MP_LINES },
        { .name = "", .x = x, .y = y, .n = n, .low = y, .high = y, .labels = labels,
          .colour = MP_ORANGE, .marks = MP_DOTS | MP_STEPS | MP_DASHED },
    };
    const struct mp_plot p = { .title = "a plot", .text = "what it shows", .series = s, .n = 2,
                               .x = { .title = "x", .log = log_x, .unit = " s" },
                               .y = { .title = "y", .log = log_y } };
    char *svg = NULL;
    size_t size;
    FILE *f = open_memstream(&svg, &size);
    mp_plot_draw(f, &p);
    fclose(f);
    tap_ok(t, well_formed(svg) && on_paper(svg), "a plot of %s", name);
    free(svg);
}

static void plots(struct tap *t)
{
    const double x[] = { 1, 2, 3, 4, 5, 6 }, y[] = { 0.1, NAN, -3, 1e6, INFINITY, 2 };
    const double same[] = { 7, 7, 7, 7, 7, 7 }, zero[6] = { 0 };
    const double tiny[] = { 1e-9, 2e-9, 3e-9, 4e-9, 5e-9, 6e-9 };
    const double wide[] = { 1e-6, 1e6, 0, -1, 3, 1e12 };
    try_plot(t, "what is no number", x, y, 6, false, false);
    try_plot(t, "one value again and again", same, same, 6, false, false);
    try_plot(t, "zeros", zero, zero, 6, false, false);
    try_plot(t, "zeros on scales of powers", zero, zero, 6, true, true);
    try_plot(t, "a single point", x, x, 1, true, true);
    try_plot(t, "nothing", x, x, 0, false, false);
    try_plot(t, "very small values", tiny, tiny, 6, false, true);
    try_plot(t, "a wide range", wide, wide, 6, true, false);
    try_plot(t, "a wide range of powers", wide, wide, 6, true, true);
}

static void bars(struct tap *t)
{
    const struct mp_bar some[] = {
        { .name = "a & b", .value = "1 of 3", .length = 0.33, .low = 0.1, .high = 0.8 },
        { .name = "none", .value = "", .length = NAN },
        { .name = "less", .value = "-1", .length = -1, .low = -2, .high = 0.5 },
    };
    for (int n = 0; n <= 3; n++) {
        char *svg = NULL;
        size_t size;
        FILE *f = open_memstream(&svg, &size);
        mp_plot_bars(f, "bars", "what they show", some, n, 0, 0);
        fclose(f);
        tap_ok(t, well_formed(svg) && on_paper(svg), "%d bars", n);
        free(svg);
        f = open_memstream(&svg, &size);
        mp_plot_intervals(f, "dots", "what they show", some, n, "points");
        fclose(f);
        tap_ok(t, well_formed(svg) && on_paper(svg), "%d intervals", n);
        free(svg);
    }
}

/* ----------------------------------------------------------------- colours */

struct colour {
    double c[3]; /* linear red, green, blue */
};

static struct colour find_colour(const char *style, const char *name)
{
    struct colour v = { { 0 } };
    unsigned rgb = 0;
    const char *at = strstr(style, name);
    if (at != NULL)
        sscanf(at + strlen(name), ":#%6x", &rgb);
    for (int k = 0; k < 3; k++) {
        const double s = (rgb >> (16 - 8 * k) & 255) / 255.0;
        v.c[k] = s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
    }
    return v;
}

/* WCAG 2.1. */
static double contrast(struct colour a, struct colour b)
{
    const double x = 0.2126 * a.c[0] + 0.7152 * a.c[1] + 0.0722 * a.c[2] + 0.05;
    const double y = 0.2126 * b.c[0] + 0.7152 * b.c[1] + 0.0722 * b.c[2] + 0.05;
    return fmax(x, y) / fmin(x, y);
}

static struct colour times(const double m[3][3], struct colour a)
{
    struct colour b;
    for (int i = 0; i < 3; i++)
        b.c[i] = m[i][0] * a.c[0] + m[i][1] * a.c[1] + m[i][2] * a.c[2];
    return b;
}

/* Ottosson 2020: distances in it are as the eye has them. */
static struct colour oklab(struct colour a)
{
    static const double to_cones[3][3] = { { 0.4122214708, 0.5363325363, 0.0514459929 },
                                           { 0.2119034982, 0.6806995451, 0.1073969566 },
                                           { 0.0883024619, 0.2817188376, 0.6299787005 } };
    static const double to_lab[3][3] = { { 0.2104542553, 0.7936177850, -0.0040720468 },
                                         { 1.9779984951, -2.4285922050, 0.4505937099 },
                                         { 0.0259040371, 0.7827717662, -0.8086757660 } };
    struct colour b = times(to_cones, a);
    for (int k = 0; k < 3; k++)
        b.c[k] = cbrt(b.c[k]);
    return times(to_lab, b);
}

/* The smallest distance with normal sight and with the three kinds of colour-blindness
 * (Machado, Oliveira, Fernandes 2009, severity 1). */
static double apart(struct colour a, struct colour b)
{
    static const double sight[4][3][3] = {
        { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
        { { 0.152286, 1.052583, -0.204868 },
          { 0.114503, 0.786281, 0.099216 },
          { -0.003882, -0.048116, 1.051998 } },
        { { 0.367322, 0.860646, -0.227968 },
          { 0.280085, 0.672501, 0.047413 },
          { -0.011820, 0.042940, 0.968881 } },
        { { 1.255528, -0.076749, -0.178779 },
          { -0.078411, 0.930809, 0.147602 },
          { 0.004733, 0.691367, 0.303900 } },
    };
    double least = INFINITY;
    for (int s = 0; s < 4; s++) {
        struct colour p = times(sight[s], a), q = times(sight[s], b);
        double square = 0;
        for (int k = 0; k < 3; k++) {
            p.c[k] = fmin(fmax(p.c[k], 0), 1);
            q.c[k] = fmin(fmax(q.c[k], 0), 1);
        }
        p = oklab(p);
        q = oklab(q);
        for (int k = 0; k < 3; k++)
            square += (p.c[k] - q.c[k]) * (p.c[k] - q.c[k]);
        least = fmin(least, sqrt(square));
    }
    return least;
}

static void colours(struct tap *t, struct mp_ctx *c)
{
    static const char *const names[] = { "--s1", "--s2", "--s3", "--s4", "--muted", "--ink" };
    struct mp_html h;
    char *page = NULL;
    size_t size;
    FILE *f = open_memstream(&page, &size);
    if (mp_html_open(c, &h) < 0 || mp_html_write(c, &h, "", "", f) < 0)
        tap_ok(t, false, "an empty page");
    fclose(f);
    const char *dark = strstr(page, "prefers-color-scheme:dark");
    for (int theme = 0; theme < 2 && dark != NULL; theme++) {
        const char *style = theme == 0 ? page : dark, *word = theme == 0 ? "light" : "dark";
        const struct colour paper = find_colour(style, "--page"), box = find_colour(style, "--box");
        for (int i = 0; i < 6; i++) {
            const struct colour a = find_colour(style, names[i]);
            tap_ok(t, contrast(a, paper) >= 4.5 && contrast(a, box) >= 4.5,
                   "%s: %s stands out as text does, %.1f : 1", word, names[i], contrast(a, paper));
            for (int j = 0; j < i && i < 4; j++) {
                const double d = apart(a, find_colour(style, names[j]));
                tap_ok(t, d >= 0.1, "%s: %s and %s are told apart, %.3f", word, names[i], names[j],
                       d);
            }
        }
    }
    mp_html_close(&h);
    free(page);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { 0 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    hostile(&t, &c);
    plots(&t);
    bars(&t);
    colours(&t, &c);
    mp_ctx_free(&c);
    return tap_end(&t);
}
