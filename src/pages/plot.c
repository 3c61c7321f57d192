/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot.c - plots as SVG: lines, points, bars, and tables of heat.
 *
 * All are drawn 400 units wide, with letters of 12, so that they can be read on a screen of
 * 320 px and need no second drawing for it. */
#include "pages/plot.h"
#include "pages/html.h"
#include <glib.h>
#include <math.h>
#include <string.h>

enum { WIDTH = 400, HEIGHT = 240, TOP = 30, BOTTOM = 42, LETTER = 12, MOST_LABELS = 256 };

/* What a text takes, a little on the safe side: most fonts are narrower than DejaVu Sans,
 * whose letters these are. */
static double text_width(const char *text)
{
    double width = 0;
    for (; *text != '\0'; text++) {
        const bool narrow = strchr("ijlI.,:;'|!-() ftr", *text) != NULL;
        const bool wide = strchr("mwMW%", *text) != NULL;
        if (((unsigned char)*text & 0xc0) != 0x80) /* a letter of several bytes counts once */
            width += narrow ? 0.42 : wide ? 0.98 : *text >= 'A' && *text <= 'Z' ? 0.72 : 0.64;
    }
    return LETTER * width;
}

/* ------------------------------------------------------------------- axes */

/* An axis with its ends and ticks settled, and where it lies on the picture. */
struct scale {
    double low, high;
    double step;             /* from tick to tick; of powers the factor, 1: 1 2 5 10 ... */
    bool log;
    double from, to;         /* where low and high lie */
};

static double place(const struct scale *s, double v)
{
    const double part = s->log ? log(v / s->low) / log(s->high / s->low)
                               : (v - s->low) / (s->high - s->low);
    return s->from + part * (s->to - s->from);
}

static void widen(const double *v, size_t n, bool log, double *low, double *high)
{
    for (size_t i = 0; v != NULL && i < n; i++)
        if (isfinite(v[i]) && (!log || v[i] > 0)) {
            *low = fmin(*low, v[i]);
            *high = fmax(*high, v[i]);
        }
}

/* The next of 1, 2, 5 times a power of ten that cuts the range in at most `most`. */
static double nice_step(double range, int most)
{
    const double raw = range / most, power = pow(10, floor(log10(raw)));
    return power * (raw <= power ? 1 : raw <= 2 * power ? 2 : raw <= 5 * power ? 5 : 10);
}

/* The next tick of a scale of powers, 1 2 5 10 ... or, of wide ones, 1 10 100 ... */
static double next_power(const struct scale *s, double v)
{
    const double lead = v / pow(10, floor(log10(v) + 1e-9));
    if (s->step > 1)
        return v * s->step;
    return v * (lead > 1.5 && lead < 3 ? 2.5 : 2);
}

static void settle_powers(struct scale *s, double low, double high)
{
    s->step = high / low > 300 ? 10 : 1;
    s->low = pow(10, floor(log10(low) + 1e-9));
    while (next_power(s, s->low) <= low * (1 + 1e-9))
        s->low = next_power(s, s->low);
    s->high = s->low;
    do
        s->high = next_power(s, s->high);
    while (s->high < high * (1 - 1e-9));
}

/* Ends on ticks; a range of nothing gets some width. */
static void settle(struct scale *s, double low, double high, int most)
{
    if (!(low <= high)) {
        low = s->log ? 1 : 0;
        high = s->log ? 10 : 1;
    }
    if (s->log) {
        settle_powers(s, low, high);
        return;
    }
    if (high - low < 1e-9 * fmax(fabs(low), fabs(high)) || low == high) {
        const double room = low != 0 ? 0.05 * fabs(low) : 1;
        low -= room;
        high += room;
    }
    s->step = nice_step(high - low, most);
    s->low = s->step * floor(low / s->step + 1e-9);
    s->high = s->step * ceil(high / s->step - 1e-9);
}

/* As many digits as the step needs. */
static void tick_text(char *text, size_t size, const struct scale *s, double v, const char *unit)
{
    int digits = s->log ? (int)fmax(0, -floor(log10(v) + 1e-9))
                        : (int)fmax(0, -floor(log10(s->step) + 1e-9));
    if (fabs(v) < 1e-12)
        v = 0;
    snprintf(text, size, "%.*f%s", digits > 9 ? 9 : digits, v, unit != NULL ? unit : "");
}

static double next_tick(const struct scale *s, double v)
{
    return s->log ? next_power(s, v) : v + s->step;
}

/* Calls for every tick; rounding does not lose the last. */
#define EACH_TICK(s, v)                                                                        \
    for (double v = (s)->low;                                                                  \
         (s)->log ? v <= (s)->high * (1 + 1e-9) : v <= (s)->high + 1e-9 * (s)->step;            \
         v = next_tick(s, v))

static void y_axis(FILE *f, const struct mp_plot *p, const struct scale *x, const struct scale *y)
{
    char text[48];
    EACH_TICK(y, v) {
        const double at = place(y, v);
        tick_text(text, sizeof text, y, v, p->y.unit);
        fprintf(f, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" />"
                   "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", x->from, x->to, at, at,
                x->from - 6, at + 4);
        mp_html_text(f, text);
        fputs("</text>\n", f);
    }
    fputs("<text class=\"strong\" x=\"0\" y=\"12\">", f);
    mp_html_text(f, p->y.title);
    fputs("</text>\n", f);
}

static void x_axis(FILE *f, const struct mp_plot *p, const struct scale *x, const struct scale *y)
{
    char text[48];
    EACH_TICK(x, v) {
        const double at = place(x, v);
        tick_text(text, sizeof text, x, v, p->x.unit);
        fprintf(f, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" />"
                   "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", at, at, y->from,
                y->from + 4, at, y->from + 17);
        mp_html_text(f, text);
        fputs("</text>\n", f);
    }
    fprintf(f, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" />"
               "<text class=\"strong\" x=\"%.1f\" y=\"%d\" text-anchor=\"end\">", x->from, x->to,
            y->from, y->from, x->to, HEIGHT - 6);
    mp_html_text(f, p->x.title);
    fputs("</text>\n", f);
}

/* ----------------------------------------------------------------- labels */

struct box {
    double left, top, right, bottom;
};

/* Where text already stands, so that no label is written over another. */
struct labels {
    struct box taken[MOST_LABELS];
    int n;
    double left;             /* what lies left of it is the axis's */
};

static bool free_place(const struct labels *l, struct box b)
{
    if (b.left < l->left || b.right > WIDTH || b.top < TOP - LETTER || b.bottom > HEIGHT - BOTTOM)
        return false;
    for (int i = 0; i < l->n; i++) {
        const struct box *t = &l->taken[i];
        if (b.left < t->right && t->left < b.right && b.top < t->bottom && t->top < b.bottom)
            return false;
    }
    return true;
}

static void take(struct labels *l, struct box b)
{
    if (l->n < MOST_LABELS)
        l->taken[l->n++] = b;
}

static void write_label(FILE *f, struct labels *l, struct box b, const char *text, int colour)
{
    take(l, b);
    fprintf(f, "<text class=\"over f%d\" x=\"%.1f\" y=\"%.1f\">", colour, b.left, b.top + 10);
    mp_html_text(f, text);
    fputs("</text>\n", f);
}

static struct box text_box(double left, double middle, double w)
{
    return (struct box){ left, middle - 6, left + w, middle + 6 };
}

/* Away from the dot, in wider and wider circles, with a line that leads to it. */
static void far_label(FILE *f, struct labels *l, double x, double y, const char *text, int colour)
{
    enum { AROUND = 24, FARTHEST = 200 };
    const double w = text_width(text);
    for (int r = 18; r <= FARTHEST; r += 6)
        for (int i = 0; i < AROUND; i++) {
            const double turn = 2 * M_PI * i / AROUND;
            const double at = x + r * cos(turn), middle = y + r * sin(turn);
            const struct box b = text_box(cos(turn) >= 0 ? at : at - w, middle, w);
            if (!free_place(l, b))
                continue;
            fprintf(f, "<line class=\"k0\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" />",
                    x + 5 * cos(turn), at, y + 5 * sin(turn), middle);
            write_label(f, l, b, text, colour);
            return;
        }
}

/* Beside the dot: right, left, above, below, at a corner; or farther off.  Where there is no
 * room at all, the dot's own title has it still. */
static void dot_label(FILE *f, struct labels *l, double x, double y, const char *text, int colour)
{
    const double w = text_width(text);
    const double left[] = { x + 7, x - 7 - w, x - w / 2, x - w / 2,
                            x + 5, x + 5,     x - 5 - w, x - 5 - w };
    const double middle[] = { y, y, y - 12, y + 12, y - 10, y + 10, y - 10, y + 10 };
    for (int i = 0; i < 8; i++)
        if (free_place(l, text_box(left[i], middle[i], w))) {
            write_label(f, l, text_box(left[i], middle[i], w), text, colour);
            return;
        }
    far_label(f, l, x, y, text, colour);
}

/* ----------------------------------------------------------------- series */

static bool drawable(const struct mp_plot *p, const struct mp_series *s, size_t i)
{
    return isfinite(s->x[i]) && isfinite(s->y[i]) && (!p->x.log || s->x[i] > 0) &&
           (!p->y.log || s->y[i] > 0);
}

/* The way of a step, which labels keep off. */
static void take_step(struct labels *l, double x0, double y0, double x1, double y1)
{
    take(l, (struct box){ fmin(x0, x1), y0 - 2, fmax(x0, x1), y0 + 2 });
    take(l, (struct box){ x1 - 2, fmin(y0, y1), x1 + 2, fmax(y0, y1) });
}

static void line(FILE *f, const struct mp_plot *p, const struct mp_series *s,
                 const struct scale *x, const struct scale *y, struct labels *l)
{
    bool begun = false;
    double was_at = 0, was_up = 0;
    fprintf(f, "<path class=\"line k%d%s\" d=\"", s->colour,
            s->marks & MP_DASHED ? " dashed" : "");
    for (size_t i = 0; i < s->n; i++) {
        if (!drawable(p, s, i)) {
            begun = false;
            continue;
        }
        const double at = place(x, s->x[i]), up = place(y, s->y[i]);
        if (begun && (s->marks & MP_STEPS)) {
            fprintf(f, "H%.1fV%.1f", at, up);
            take_step(l, was_at, was_up, at, up);
        } else {
            fprintf(f, "%c%.1f %.1f", begun ? 'L' : 'M', at, up);
        }
        begun = true;
        was_at = at;
        was_up = up;
    }
    fputs("\" />\n", f);
}

static void whisker(FILE *f, const struct mp_series *s, size_t i, double at, const struct scale *y)
{
    if (s->low == NULL || s->high == NULL || !isfinite(s->low[i]) || !isfinite(s->high[i]))
        return;
    fprintf(f, "<line class=\"k%d\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" />", s->colour,
            at, at, place(y, s->low[i]), place(y, s->high[i]));
}

static void dots(FILE *f, const struct mp_plot *p, const struct mp_series *s,
                 const struct scale *x, const struct scale *y, struct labels *l)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!drawable(p, s, i))
            continue;
        const double at = place(x, s->x[i]), up = place(y, s->y[i]);
        const char *text = s->labels != NULL ? s->labels[i] : "";
        whisker(f, s, i, at, y);
        fprintf(f, "<circle class=\"f%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"><title>", s->colour,
                at, up);
        mp_html_printf(f, "%s%s%.4g%s, %.4g%s", text, *text != '\0' ? ": " : "", s->x[i],
                       p->x.unit != NULL ? p->x.unit : "", s->y[i],
                       p->y.unit != NULL ? p->y.unit : "");
        fputs("</title></circle>\n", f);
        take(l, (struct box){ at - 4, up - 4, at + 4, up + 4 });
    }
}

static void dot_labels(FILE *f, const struct mp_plot *p, const struct mp_series *s,
                       const struct scale *x, const struct scale *y, struct labels *l)
{
    for (size_t i = 0; i < s->n && s->labels != NULL; i++)
        if (drawable(p, s, i) && *s->labels[i] != '\0')
            dot_label(f, l, place(x, s->x[i]), place(y, s->y[i]), s->labels[i],
                      (int)s->colour);
}

/* The name at the line's last point, moved off other names. */
static void name_end(FILE *f, const struct mp_plot *p, const struct mp_series *s,
                     const struct scale *x, const struct scale *y, struct labels *l)
{
    size_t last = s->n;
    while (last > 0 && !drawable(p, s, last - 1))
        last--;
    if (last == 0 || s->name == NULL || *s->name == '\0')
        return;
    const double left = place(x, s->x[last - 1]) + 7, w = text_width(s->name);
    double at = place(y, s->y[last - 1]);
    for (int i = 0; i < 90; i++) { /* off the place by 0, 6, -6, 12 ... */
        const double to = at + 6 * ((i + 1) / 2) * (i % 2 ? 1 : -1);
        const struct box b = { left, to - 6, left + w, to + 6 };
        if (free_place(l, b)) {
            at = to;
            break;
        }
    }
    take(l, (struct box){ left, at - 6, left + w, at + 6 });
    fprintf(f, "<text class=\"over f%d\" x=\"%.1f\" y=\"%.1f\">", s->colour, left, at + 4);
    mp_html_text(f, s->name);
    fputs("</text>\n", f);
}

/* ------------------------------------------------------------------ plots */

static void begin(FILE *f, const char *title, const char *text, int height)
{
    fprintf(f, "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
               "role=\"img\" aria-label=\"", WIDTH, height);
    mp_html_printf(f, "%s. %s", title, text);
    fputs("\"><title>", f);
    mp_html_text(f, title);
    fputs("</title><desc>", f);
    mp_html_text(f, text);
    fputs("</desc>\n", f);
}

static void scales(const struct mp_plot *p, struct scale *x, struct scale *y)
{
    const struct mp_axis *axis[2] = { &p->x, &p->y };
    struct scale *scale[2] = { x, y };
    double room = 8, left = 0;
    char text[48];
    for (int k = 0; k < 2; k++) {
        double low = INFINITY, high = -INFINITY;
        if (axis[k]->low < axis[k]->high) {
            low = axis[k]->low;
            high = axis[k]->high;
        }
        for (int i = 0; i < p->n; i++) {
            const struct mp_series *s = &p->series[i];
            widen(k == 0 ? s->x : s->y, s->n, axis[k]->log, &low, &high);
            widen(k == 0 ? NULL : s->low, s->n, axis[k]->log, &low, &high);
            widen(k == 0 ? NULL : s->high, s->n, axis[k]->log, &low, &high);
        }
        *scale[k] = (struct scale){ .log = axis[k]->log };
        settle(scale[k], low, high, 5);
    }
    for (int i = 0; i < p->n; i++)
        if (p->series[i].name != NULL)
            room = fmax(room, 10 + text_width(p->series[i].name));
    EACH_TICK(y, v) {
        tick_text(text, sizeof text, y, v, p->y.unit);
        left = fmax(left, text_width(text) + 12);
    }
    x->from = left;
    x->to = WIDTH - fmax(room, 16);
    y->from = HEIGHT - BOTTOM;
    y->to = TOP;
}

void mp_plot_draw(FILE *f, const struct mp_plot *p)
{
    struct scale x, y;
    struct labels l = { .n = 0 };
    scales(p, &x, &y);
    l.left = x.from;
    begin(f, p->title, p->text, HEIGHT);
    y_axis(f, p, &x, &y);
    x_axis(f, p, &x, &y);
    for (int i = 0; i < p->n; i++)
        if (p->series[i].marks & (MP_LINES | MP_STEPS))
            line(f, p, &p->series[i], &x, &y, &l);
    for (int i = 0; i < p->n; i++)
        if (p->series[i].marks & MP_DOTS)
            dots(f, p, &p->series[i], &x, &y, &l);
    for (int i = 0; i < p->n; i++)
        if (p->series[i].marks & MP_DOTS)
            dot_labels(f, p, &p->series[i], &x, &y, &l);
    for (int i = 0; i < p->n; i++)
        name_end(f, p, &p->series[i], &x, &y, &l);
    fputs("</svg>\n", f);
}

/* ------------------------------------------------------------------- bars */

static void bar(FILE *f, const struct mp_bar *b, const struct scale *s, int top)
{
    const double zero = place(s, 0), end = isfinite(b->length) ? place(s, b->length) : zero;
    const double whisker_end = b->low < b->high ? place(s, b->high) : zero;
    const double tip = fmax(fmax(zero, end), whisker_end);
    fprintf(f, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"end\" class=\"strong\">", s->from - 8,
            top + 13);
    mp_html_text(f, b->name);
    fprintf(f, "</text><rect class=\"f%d\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"12\" />",
            b->colour, fmin(zero, end), top + 3, fabs(end - zero));
    if (b->low < b->high)
        fprintf(f, "<line class=\"whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" />",
                place(s, b->low), place(s, b->high), top + 9, top + 9);
    fprintf(f, "<text x=\"%.1f\" y=\"%d\">", tip + 6, top + 13);
    mp_html_text(f, b->value);
    fputs("</text>\n", f);
}

void mp_plot_bars(FILE *f, const char *title, const char *text, const struct mp_bar *bars, int n,
                  double low, double high)
{
    enum { STEP = 19 };
    const bool given = low < high;
    double names = 0, values = 0;
    struct scale s = { .log = false };
    low = given ? low : 0;
    high = given ? high : 0;
    for (int i = 0; i < n; i++) {
        const double ends[] = { bars[i].length, bars[i].low, bars[i].high };
        widen(ends, 3, false, &low, &high);
        names = fmax(names, text_width(bars[i].name));
        values = fmax(values, text_width(bars[i].value));
    }
    s.low = low;
    s.high = high > low ? high : low + 1;
    s.from = names + 10;
    s.to = fmax(s.from + 40, WIDTH - values - 8);
    begin(f, title, text, n * STEP + 26);
    fputs("<text class=\"strong\" x=\"0\" y=\"12\">", f);
    mp_html_text(f, title);
    fputs("</text>\n", f);
    for (int i = 0; i < n; i++)
        bar(f, &bars[i], &s, 22 + i * STEP);
    fprintf(f, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"22\" y2=\"%d\" />\n</svg>\n",
            place(&s, 0), place(&s, 0), 22 + n * STEP);
}

/* -------------------------------------------------------------- intervals */

static void interval_axis(FILE *f, const struct scale *s, int bottom, const char *unit)
{
    char text[48];
    EACH_TICK(s, v) {
        const double at = place(s, v);
        tick_text(text, sizeof text, s, v, NULL);
        fprintf(f, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"22\" y2=\"%d\" />"
                   "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", at, at, bottom,
                at, bottom + 15, text);
    }
    fprintf(f, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"22\" y2=\"%d\" />"
               "<text class=\"strong\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", place(s, 0),
            place(s, 0), bottom, (s->from + s->to) / 2, bottom + 31);
    mp_html_text(f, unit);
    fputs("</text>\n", f);
}

static void interval(FILE *f, const struct mp_bar *b, const struct scale *s, int middle)
{
    fprintf(f, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"end\" class=\"strong\">", s->from - 8,
            middle + 4);
    mp_html_text(f, b->name);
    fprintf(f, "</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH, middle + 4);
    mp_html_text(f, b->value);
    fputs("</text>", f);
    if (b->low < b->high)
        fprintf(f, "<line class=\"line k%d\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" />",
                b->colour, place(s, b->low), place(s, b->high), middle, middle);
    if (isfinite(b->length))
        fprintf(f, "<circle class=\"f%d\" cx=\"%.1f\" cy=\"%d\" r=\"4.5\" />", b->colour,
                place(s, b->length), middle);
    fputc('\n', f);
}

void mp_plot_intervals(FILE *f, const char *title, const char *text, const struct mp_bar *rows,
                       int n, const char *unit)
{
    enum { STEP = 22 };
    double names = 0, values = 0, low = 0, high = 0;
    struct scale s = { .log = false };
    for (int i = 0; i < n; i++) {
        const double ends[] = { rows[i].length, rows[i].low, rows[i].high };
        widen(ends, 3, false, &low, &high);
        names = fmax(names, text_width(rows[i].name));
        values = fmax(values, text_width(rows[i].value));
    }
    settle(&s, low, high, 4);
    s.from = names + 14;
    s.to = fmax(s.from + 60, WIDTH - values - 14);
    const int bottom = 24 + n * STEP;
    begin(f, title, text, bottom + 38);
    fputs("<text class=\"strong\" x=\"0\" y=\"12\">", f);
    mp_html_text(f, title);
    fputs("</text>\n", f);
    interval_axis(f, &s, bottom, unit);
    for (int i = 0; i < n; i++)
        interval(f, &rows[i], &s, 24 + i * STEP + STEP / 2);
    fputs("</svg>\n", f);
}

/* ------------------------------------------------------------------- heat */

static void heat_cell(FILE *f, uint64_t count, uint64_t most, bool hit)
{
    /* The root makes a single error visible beside a hundred. */
    const double a = hit || most == 0 ? 0 : 0.55 * sqrt((double)count / (double)most);
    if (hit)
        fprintf(f, "<td class=\"hit\">%llu</td>", (unsigned long long)count);
    else if (count == 0)
        fputs("<td class=\"none\">0</td>", f);
    else
        fprintf(f, "<td style=\"--a:%.2f\">%llu</td>", a, (unsigned long long)count);
}

/* Letters and digits of the heading and the widest cell of each column: the style makes the
 * table's letters as large as there is room for. */
enum {
    DENSE = 20, /* columns above which every pixel counts */
    PHONE = 30, /* letters that a narrow screen has beside each other */
    SHORT = 4,  /* letters of a name that stands over its column as well as upright */
    ASIDE = 24, /* room for names beside the lines, at most, where names stand upright */
};

static double column_em(size_t letters, int columns)
{
    const double text = 0.7 * (double)letters; /* a bold digit of a wide font */
    return columns > DENSE ? text + 0.5 : fmax(2.5, text + 0.9);
}

static void heat_begin(FILE *f, const char *caption, int columns, double em, bool upright)
{
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", f);
    mp_html_text(f, caption);
    fputs("\">", f);
    fprintf(f, "<table class=\"heat%s%s\" style=\"--em:%.0f\"><caption><span>",
            columns > DENSE ? " dense" : "", upright ? " upright" : "", ceil(em));
    mp_html_text(f, caption);
    fputs("</span></caption>\n<thead><tr><th scope=\"col\">", f);
}

static size_t digits(uint64_t n)
{
    return n < 10 ? 1 : 1 + digits(n / 10);
}

static size_t longest(const char *const *names, int k)
{
    size_t most = 0;
    for (int j = 0; j < k; j++)
        most = MAX(most, (size_t)g_utf8_strlen(names[j], -1));
    return most;
}

/* upright: a name makes its column as wide as two letters. */
static double confusion_em(const uint64_t *counts, const char *const *names, int k, bool upright)
{
    const size_t widest = MAX(strlen("truth"), longest(names, k));
    double em = column_em(upright ? MIN(widest, ASIDE) : widest, k);
    for (int j = 0; j < k; j++) {
        const size_t letters = upright ? 2 : (size_t)g_utf8_strlen(names[j], -1);
        uint64_t most = 0;
        for (int i = 0; i < k; i++)
            most = counts[i * k + j] > most ? counts[i * k + j] : most;
        em += column_em(MAX(digits(most), letters), k);
    }
    return em;
}

static void heat_name(FILE *f, const char *scope, const char *name)
{
    fprintf(f, "<th scope=\"%s\"><span>", scope);
    mp_html_text(f, name);
    fputs("</span></th>", f);
}

void mp_plot_confusion(FILE *f, const char *caption, const uint64_t *counts,
                       const char *const *names, int k)
{
    uint64_t most = 0;
    for (int i = 0; i < k * k; i++)
        most = i / k != i % k && counts[i] > most ? counts[i] : most;
    const bool upright = longest(names, k) > SHORT &&
                         confusion_em(counts, names, k, false) > PHONE;
    heat_begin(f, caption, k, confusion_em(counts, names, k, upright), upright);
    fputs("truth</th>", f);
    for (int j = 0; j < k; j++)
        heat_name(f, "col", names[j]);
    fputs("</tr></thead>\n<tbody>\n", f);
    for (int i = 0; i < k; i++) {
        fputs("<tr>", f);
        heat_name(f, "row", names[i]);
        for (int j = 0; j < k; j++)
            heat_cell(f, counts[i * k + j], most, i == j);
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>\n", f);
}

static void heat_value(FILE *f, const struct mp_heat *h, int i, double low, double high)
{
    const double v = h->values[i], a = high > low ? 0.55 * (v - low) / (high - low) : 0;
    const char *text = h->cells != NULL ? h->cells[i] : NULL;
    if (!isfinite(v)) {
        fprintf(f, "<td class=\"none\">%s</td>", text != NULL ? text : "-");
        return;
    }
    fprintf(f, "<td style=\"--a:%.2f\">%s", a, v >= high && text == NULL ? "<strong>" : "");
    if (text != NULL)
        fputs(text, f);
    else
        fprintf(f, h->format, v);
    fprintf(f, "%s</td>", v >= high && text == NULL ? "</strong>" : "");
}

static double heat_em(const struct mp_heat *h)
{
    size_t most = strlen(h->corner);
    double em;
    for (int i = 0; i < h->n_rows; i++)
        most = strlen(h->rows[i]) > most ? strlen(h->rows[i]) : most;
    em = column_em(most, h->n_columns);
    for (int j = 0; j < h->n_columns; j++) {
        most = strlen(h->columns[j]);
        for (int i = 0; i < h->n_rows; i++) {
            const int k = i * h->n_columns + j;
            const size_t n = h->cells != NULL ? h->cell_letters
                                              : (size_t)snprintf(NULL, 0, h->format, h->values[k]);
            most = n > most ? n : most;
        }
        em += column_em(most, h->n_columns);
    }
    return em;
}

void mp_plot_heat(FILE *f, const struct mp_heat *h)
{
    const bool asked = h->low < h->high;
    double low = asked ? h->low : INFINITY, high = asked ? h->high : -INFINITY;
    for (int i = 0; i < h->n_rows * h->n_columns; i++)
        if (isfinite(h->values[i])) {
            low = fmin(low, h->values[i]);
            high = fmax(high, h->values[i]);
        }
    heat_begin(f, h->caption, h->n_columns, heat_em(h), false);
    mp_html_text(f, h->corner);
    fputs("</th>", f);
    for (int j = 0; j < h->n_columns; j++)
        heat_name(f, "col", h->columns[j]);
    fputs("</tr></thead>\n<tbody>\n", f);
    for (int i = 0; i < h->n_rows; i++) {
        fputs("<tr>", f);
        heat_name(f, "row", h->rows[i]);
        for (int j = 0; j < h->n_columns; j++)
            heat_value(f, h, i * h->n_columns + j, low, high);
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>\n", f);
}
