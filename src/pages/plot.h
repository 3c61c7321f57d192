/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot.h - plots within a page (html.h), as SVG: lines, points, bars, and tables of heat.
 *
 * Every plot has a text that says what it shows, for those who do not see it.  Series
 * are named where they end, not in a legend.  Colours follow the page: light or dark. */
#ifndef MP_PLOT_H
#define MP_PLOT_H
#include "core/stage.h"

/* Colours, told apart by colour-blind people too, and on light and dark. */
enum mp_colour { MP_MUTED, MP_BLUE, MP_ORANGE, MP_PLUM, MP_GREEN };

enum { /* how a series is drawn */
    MP_LINES = 1,        /* from point to point */
    MP_STEPS = 2,        /* along x, then along y: a frontier */
    MP_DOTS = 4,
    MP_DASHED = 8,
};

struct mp_series {
    const char *name;                /* written where a line ends; NULL: nothing */
    const double *x, *y;             /* points that are not finite are left out */
    size_t n;
    const double *low, *high;        /* whiskers of y, or NULL */
    const char *const *labels;       /* one beside each dot, "" for none; or NULL */
    enum mp_colour colour;
    unsigned marks;
};

struct mp_axis {
    const char *title;
    double low, high;                /* what must be in view; low == high: what the data need */
    bool log;
    const char *unit;                /* after each number: "%", " s"; NULL: none */
};

struct mp_plot {
    const char *title;               /* short: the name of the picture */
    const char *text;                /* what there is to see, in words */
    struct mp_axis x, y;
    const struct mp_series *series;
    int n;
};

/* Axes, lines and dots: a learning curve, or accuracy against time with its frontier. */
void mp_plot_draw(FILE *f, const struct mp_plot *p);

struct mp_bar {
    const char *name, *value;        /* left of the bar, and at its end */
    double length;                   /* may be negative; not finite: no bar */
    double low, high;                /* whiskers, if low < high */
    enum mp_colour colour;
};

/* Bars that lie, from zero; `low` and `high` are the ends of their scale, low == high: what
 * the data need. */
void mp_plot_bars(FILE *f, const char *title, const char *text, const struct mp_bar *bars, int n,
                  double low, double high);

/* Dots that lie beside their names, with whiskers, above an axis: differences and how sure
 * they are.  A line marks zero; `value` stands right of all. */
void mp_plot_intervals(FILE *f, const char *title, const char *text, const struct mp_bar *rows,
                       int n, const char *unit);

/* A k x k table of counts: row is the truth, column the prediction; the counts beside the
 * diagonal are the warmer the more there are. */
void mp_plot_confusion(FILE *f, const char *caption, const uint64_t *counts,
                       const char *const *names, int k);

/* A table of values of two things, the warmer the larger; the best is set in bold. */
struct mp_heat {
    const char *caption, *corner;    /* the corner names what rows and columns are */
    const char *const *rows, *const *columns;
    int n_rows, n_columns;
    const double *values;            /* row by row; not finite: "-" */
    const char *format;              /* of one value: "%.2f" */
    const char *const *cells;        /* or markup for each, about cell_letters wide; NULL: none */
    size_t cell_letters;
    double low, high;                /* ends of the scale; low == high: what the values need */
};
void mp_plot_heat(FILE *f, const struct mp_heat *h);
#endif
