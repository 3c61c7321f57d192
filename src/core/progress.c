/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.c - a bar on stderr: what, how far, how fast, how long still. */
#include "core/progress.h"
#include "core/clock.h"
#include "text/layout.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct mp_bar {
    pthread_mutex_t lock;
    bool terminal, colour, shown;
    char what[64], unit[16];
    double whole, done, from; /* from: done before it began */
    double start, drawn; /* seconds */
    struct mp_bar *outer; /* NULL: it is shown itself */
};

struct mp_bar *mp_bar_new(bool quiet)
{
    struct mp_bar *b = quiet ? NULL : calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    pthread_mutex_init(&b->lock, NULL);
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    b->terminal = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
    b->colour = b->terminal && (no_color == NULL || *no_color == '\0');
    return b;
}

struct mp_bar *mp_bar_within(struct mp_bar *outer)
{
    struct mp_bar *b = outer != NULL ? calloc(1, sizeof *b) : NULL;
    if (b == NULL)
        return NULL;
    pthread_mutex_init(&b->lock, NULL);
    b->outer = outer;
    return b;
}

void mp_bar_free(struct mp_bar *b)
{
    if (b == NULL)
        return;
    mp_bar_end(b);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

static void amount(char *text, size_t size, double x)
{
    if (x >= 1e6)
        snprintf(text, size, "%.1fM", x / 1e6);
    else if (x >= 1e4)
        snprintf(text, size, "%.0fk", x / 1e3);
    else
        snprintf(text, size, x >= 100 || x == floor(x) ? "%.0f" : "%.1f", x);
}

/* "10:44:07 " in a log, where lines stay. */
static void time_of_day(char *text, size_t size)
{
    const time_t now = time(NULL);
    struct tm local;
    text[0] = '\0';
    if (localtime_r(&now, &local) != NULL)
        strftime(text, size, "%H:%M:%S ", &local);
}

/* " 54%  32k/60k rows  48k/s  1 s left"; of percents no rate, for that is no speed. */
static void progress_text(const struct mp_bar *b, double spent, char *text, size_t size)
{
    const double share = b->whole > 0 ? fmin(1, b->done / b->whole) : 0;
    const double new = b->done - b->from;
    char done[16], whole[16], rate[16], left[32] = "", amounts[80] = "";
    amount(done, sizeof done, b->done);
    amount(whole, sizeof whole, b->whole);
    amount(rate, sizeof rate, spent > 0 ? new / spent : 0);
    if (new > 0)
        snprintf(left, sizeof left, "%.0f s left", spent * fmax(0, b->whole - b->done) / new);
    if (strcmp(b->unit, "%") != 0)
        snprintf(amounts, sizeof amounts, "%s/%s %s  %s/s  ", done, whole, b->unit, rate);
    snprintf(text, size, "%3.0f%%  %s%s", 100 * share, amounts, left);
}

/* "fit hog      ━━━━━━━━━╸──────  54%   32k/60k rows   48k/s   1 s left" */
static void draw(struct mp_bar *b, double t)
{
    const double share = b->whole > 0 ? fmin(1, b->done / b->whole) : 0;
    char tail[128], now[16];
    progress_text(b, t - b->start, tail, sizeof tail);
    if (!b->terminal) {
        time_of_day(now, sizeof now);
        fprintf(stderr, "%s%s: %s\n", now, b->what, tail);
        return;
    }
    const int line = mp_columns(stderr) - 1, rest = (int)strlen(tail);
    const int wish = strlen(b->what) > 18 ? 44 : 18, most = line - rest - 1;
    const int width = wish < most ? wish : most > 8 ? most : 8;
    const int room = line - width - 2 - rest - 2, cells = room > 30 ? 30 : room;
    fprintf(stderr, "\r%-*.*s ", width, width, b->what);
    if (cells >= 5) {
        const int full = (int)(share * cells);
        fputs(b->colour ? "\033[36m" : "", stderr);
        for (int i = 0; i < cells; i++) {
            if (i == full && b->colour)
                fputs("\033[0;2m", stderr);
            fputs(i < full ? "━" : "─", stderr);
        }
        fputs(b->colour ? "\033[0m " : " ", stderr);
    }
    fprintf(stderr, "%.*s\033[K", line - width - 1, tail); /* a full line would leave one behind */
    fflush(stderr);
    b->shown = true;
}

static void wipe(struct mp_bar *b)
{
    if (b->shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    b->shown = false;
}

void mp_bar_begin(struct mp_bar *b, const char *what, double whole, const char *unit)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    wipe(b);
    snprintf(b->what, sizeof b->what, "%s", what);
    snprintf(b->unit, sizeof b->unit, "%s", unit);
    b->whole = whole;
    b->done = b->from = 0;
    b->start = b->drawn = mp_seconds();
    pthread_mutex_unlock(&b->lock);
}

/* Ten times a second on a terminal; in a log, a line every ten seconds. */
static void moved(struct mp_bar *b)
{
    const double t = mp_seconds();
    if (b->outer != NULL)
        mp_bar_add(b->outer, 0);
    else if (t - b->drawn >= (b->terminal ? 0.1 : 10)) {
        b->drawn = t;
        draw(b, t);
    }
}

void mp_bar_add(struct mp_bar *b, double units)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    b->done += units;
    moved(b);
    pthread_mutex_unlock(&b->lock);
}

void mp_bar_set(struct mp_bar *b, double units)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    b->done = units;
    moved(b);
    pthread_mutex_unlock(&b->lock);
}

void mp_bar_from(struct mp_bar *b, double units)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    b->done = b->from = units;
    b->start = mp_seconds();
    pthread_mutex_unlock(&b->lock);
}

void mp_bar_label(struct mp_bar *b, const char *what)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    snprintf(b->what, sizeof b->what, "%s", what);
    pthread_mutex_unlock(&b->lock);
}

void mp_bar_end(struct mp_bar *b)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    wipe(b);
    pthread_mutex_unlock(&b->lock);
}
