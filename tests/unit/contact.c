/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contact.c - contact sheets: which rows, which values, which pixels. */
#include "pages/contact.h"
#include "../sheet.h"
#include "../tap.h"
#include "core/ctx.h"
#include "engine/engine.h"
#include "core/random.h"
#include "pages/terminal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { H = 6, W = 4, ROWS = 40, CLASSES = 3 };

/* A pipeline fitted on rows of noise, and a sheet of some of them. */
struct bench {
    struct mp_run run;
    struct mp_ctx c;
    struct mp_script script;
    struct mp_plan plan;
    struct mp_data d;
    uint16_t label[ROWS];
    uint8_t x[ROWS * H * W];
    int y[ROWS];
    struct mp_contact k;
};

static const char *const labels[CLASSES] = { "2", "5", "7" };

static bool prepare(struct bench *b, const char *text)
{
    memset(b, 0, sizeof *b);
    b->run = (struct mp_run){ .seed = 1, .threads = 2, .n_classes = CLASSES, .classes = labels };
    b->d = (struct mp_data){ .n = ROWS, .shape = { H, W, 1 }, .x = b->x, .label = b->label,
                             .classes = { .n = CLASSES, .at = (char **)(uintptr_t)labels },
                             .line0 = 2, .is_csv = true };
    mp_ctx_init(&b->c, &b->run);
    for (size_t i = 0; i < ROWS; i++) {
        b->y[i] = (int)(i + 1) % CLASSES; /* 5 7 2 5 ... */
        b->label[i] = (uint16_t)b->y[i];
        for (size_t j = 0; j < H * W; j++)
            b->x[i * H * W + j] = (uint8_t)mp_random_at(3, i, j, 0);
    }
    const bool good = mp_script_parse(&b->c, "test", text, &b->script) == MP_OK &&
                      mp_plan_build(&b->c, &b->script, &b->plan) == MP_OK &&
                      mp_plan_shape(&b->c, &b->plan, b->d.shape) == MP_OK &&
                      mp_engine_fit(&b->c, &b->plan, &b->d, b->y, b->plan.n_nodes - 1) == MP_OK;
    if (!good)
        tap_note("%s", b->c.msg);
    return good;
}

static bool collect(struct bench *b, const size_t *rows, size_t n, bool training, int epochs)
{
    const struct mp_contact_ask ask = { .plan = &b->plan, .last = b->plan.n_nodes - 1,
                                        .d = &b->d, .rows = rows, .n = n, .training = training,
                                        .epochs = epochs };
    const bool good = mp_contact_collect(&b->c, &ask, &b->k) == MP_OK;
    if (!good)
        tap_note("%s", b->c.msg);
    return good;
}

static void finish(struct bench *b)
{
    mp_contact_free(&b->k);
    mp_plan_free(&b->plan);
    mp_script_free(&b->script);
    mp_ctx_free(&b->c);
}

/* ------------------------------------------------------------------- rows */

static void rows(struct tap *t)
{
    struct bench b;
    size_t some[8];
    const size_t wanted[] = { 7, 1, 30 };
    bool good = prepare(&b, "invert\n");
    const size_t n = mp_contact_typical(&b.d, some, 8);
    tap_ok(t, good && n == 3 && some[0] == 2 && some[1] == 0 && some[2] == 1,
           "the first row of each class, in the order of classes");
    b.d.label = NULL;
    tap_ok(t, mp_contact_typical(&b.d, some, 8) == 8 && some[0] == 0 && some[7] == 7,
           "without labels the first rows");
    b.d.label = b.label;
    good = collect(&b, wanted, 3, true, 1);
    bool same = good && b.k.n_columns == 2 && strcmp(b.k.word, "line") == 0;
    for (size_t i = 0; i < 3 && same; i++)
        same = b.k.rows[i].number == wanted[i] + 2 &&
               strcmp(b.k.rows[i].label, labels[b.y[wanted[i]]]) == 0;
    tap_ok(t, same, "rows keep their lines and labels");
    for (size_t i = 0; i < 3 && same; i++)
        for (size_t j = 0; j < H * W && same; j++)
            same = b.k.columns[0].x[i * H * W + j] == (float)b.x[wanted[i] * H * W + j] / 255;
    tap_ok(t, same, "the first column is the data");
    finish(&b);
}

/* What training sees of a row depends on its number, not on the rows beside it. */
static void epochs(struct tap *t)
{
    enum { LEN = H * W };
    struct bench b;
    const size_t some[] = { 9, 4 };
    float all[ROWS * LEN];
    size_t every[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        every[i] = i;
    bool good = prepare(&b, "invert\naugment\nblur\n") && collect(&b, some, 2, true, 3);
    tap_ok(t, good && b.k.n_columns == 8, "three epochs of the two stages that they change");
    for (int j = 2; j < 8 && good; j++) {
        const struct mp_contact_column *col = &b.k.columns[j];
        good = mp_engine_rows(&b.c, &b.plan, &b.d, every, ROWS, col->node, true,
                              (size_t)col->epoch - 1, all) == MP_OK &&
               memcmp(col->x, all + 9 * LEN, LEN * sizeof *all) == 0 &&
               memcmp(col->x + LEN, all + 4 * LEN, LEN * sizeof *all) == 0;
        tap_ok(t, good && col->epoch == (j - 2) % 3 + 1 && col->node == 1 + (j - 2) / 3,
               "column %d: the rows that training sees in epoch %d", j, col->epoch);
    }
    tap_ok(t, good && memcmp(b.k.columns[2].x, b.k.columns[3].x, LEN * sizeof *all) != 0,
           "epochs differ");
    mp_contact_free(&b.k);
    good = collect(&b, some, 2, false, 1);
    tap_ok(t, good && b.k.n_columns == 4 && b.k.columns[2].epoch == 0 &&
                  memcmp(b.k.columns[2].x, b.k.columns[1].x, 2 * LEN * sizeof *all) == 0,
           "test rows pass such a stage unchanged");
    finish(&b);
}

/* ----------------------------------------------------------------- pictures */

static void vectors(struct tap *t)
{
    static const struct { const char *text; int column, h, w, channels; bool folded; } cases[] = {
        { "pixels\nstandardize\n", 2, H, W, 1, false },      /* as the image it was */
        { "pixels\npca components=6\n", 2, 2, 3, 1, true },  /* a rectangle without a rest */
        { "pixels\npca components=7\n", 2, 3, 3, 1, true },  /* or a square with one */
        { "hog cell=2 block=1 bins=4\n", 1, 7, 5, 4, false }, /* 3 x 2 cells, 4 bins side by side */
        { "dct keep=6\n", 1, 2, 3, 1, true },                /* places, but not row after row */
    };
    const size_t some[] = { 0, 1, 2, 3 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        const bool good = prepare(&b, cases[i].text) && collect(&b, some, 4, true, 1);
        const struct mp_contact_column *col = &b.k.columns[cases[i].column];
        tap_ok(t, good && col->h == cases[i].h && col->w == cases[i].w &&
                      col->channels == cases[i].channels && col->folded == cases[i].folded,
               "folded: %.*s", (int)strcspn(cases[i].text, "\n"), cases[i].text);
        if (good && i == 0)
            tap_ok(t, col->low == -col->high && col->high > 0.5f && col->high < 4,
                   "values of both signs: 0 is in the middle");
        if (good && i == 3) {
            struct mp_picture p;
            bool same = mp_picture_open(&b.c, &p, 7, 5, 1, 9) == MP_OK &&
                        mp_contact_draw(&b.c, col, 1, 7, 5, &p, 0, 0) == MP_OK;
            for (int k = 0; k < 24 && same; k++) { /* value: y, x, bin; bins 2 x 2 */
                const int y = k / 8, x = k / 4 % 2, bin = k % 4;
                const float v = col->x[24 + k], part = (v - col->low) / (col->high - col->low);
                const int grey = (int)(255.5f - 255 * fminf(fmaxf(part, 0), 1));
                same = abs(p.px[(y + bin / 2 * 4) * 5 + x + bin % 2 * 3] - grey) <= 1;
            }
            tap_ok(t, same && p.px[2] == 255 && p.px[3 * 5] == 255,
                   "bins side by side, paper between them");
            mp_picture_close(&p);
        }
        finish(&b);
    }
}

/* The sheet, written as PNG and read by libvips: data and invert add up to white. */
static void sheet(struct tap *t)
{
    enum { SIDE = 12, TOP = 6 + 2 * 11 + 3, DATA = 42, INVERT = 77, ZOOM = 2 };
    const size_t some[] = { 3, 8 };
    struct bench b;
    struct mp_picture p;
    uint8_t *png = NULL;
    size_t n = 0, size = 0;
    bool good = prepare(&b, "invert\n") && collect(&b, some, 2, true, 1);
    const struct mp_contact_part part = { .row1 = 2, .column1 = 2, .side = SIDE, .letters = 1 };
    good = good && mp_contact_sheet(&b.c, &b.k, &part, &p) == MP_OK &&
           mp_picture_png(&b.c, &p, &png, &n) == MP_OK;
    VipsImage *back = vips_image_new_from_buffer(png, n, "", NULL);
    uint8_t *px = back != NULL ? vips_image_write_to_memory(back, &size) : NULL;
    good = good && px != NULL && size == (size_t)(p.h * p.w);
    tap_ok(t, good, "a sheet as PNG");
    bool data = good, invert = good;
    for (int i = 0; i < 2; i++)
        for (int y = 0; y < H * ZOOM && good; y++)
            for (int x = 0; x < W * ZOOM; x++) {
                const int v = b.x[(int)some[i] * H * W + y / ZOOM * W + x / ZOOM];
                const uint8_t *line = px + (TOP + i * (SIDE + 6) + y) * p.w;
                data = data && line[DATA + x] == 255 - v;
                invert = invert && line[INVERT + x] == v;
            }
    tap_ok(t, data, "its first pictures are the rows, ink black");
    tap_ok(t, invert, "its second ones the exact complement");
    tap_ok(t, good && px[TOP * p.w + DATA - 1] == 205 && px[TOP * p.w + DATA - 2] == 255,
           "with a frame around");
    g_free(px);
    if (back != NULL)
        g_object_unref(back);
    free(png);
    mp_picture_close(&p);
    finish(&b);
}

static void sizes(struct tap *t)
{
    static const struct { int h, w, most_h, most_w, is_h, is_w; } cases[] = {
        { 28, 28, 112, 224, 112, 112 }, { 28, 28, 60, 60, 56, 56 }, { 28, 28, 14, 14, 14, 14 },
        { 27, 55, 112, 224, 108, 220 }, { 40, 20, 30, 30, 30, 15 }, { 1, 1000, 20, 20, 1, 20 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mp_contact_column col = { .h = cases[i].h, .w = cases[i].w };
        int h, w;
        mp_contact_size(&col, cases[i].most_h, cases[i].most_w, &h, &w);
        tap_ok(t, h == cases[i].is_h && w == cases[i].is_w, "%d x %d within %d x %d: %d x %d",
               col.h, col.w, cases[i].most_h, cases[i].most_w, h, w);
    }
}

/* Shrunk by averaging: 3 x 3 into 2 x 2, where the middle counts a quarter everywhere. */
static void shrinks(struct tap *t)
{
    float x[] = { 1, 0, 0, 0, 1, 0, 0, 0, 0 };
    const struct mp_contact_column col = { .h = 3, .w = 3, .channels = 1, .shown = 1,
                                           .tile_h = 3, .tile_w = 3, .image = true,
                                           .shape = { 3, 3, 1 }, .x = x, .high = 1 };
    struct mp_run run = { 0 };
    struct mp_ctx c;
    struct mp_picture p;
    mp_ctx_init(&c, &run);
    const bool good = mp_picture_open(&c, &p, 2, 2, 1, 0) == MP_OK &&
                      mp_contact_draw(&c, &col, 0, 2, 2, &p, 0, 0) == MP_OK;
    /* Of 9/4 pixels a corner covers 1, an edge 1/2, the middle 1/4. */
    tap_ok(t, good && p.px[0] == (uint8_t)(255.5 - 255 * 5.0 / 9) &&
                  p.px[1] == (uint8_t)(255.5 - 255 * 1.0 / 9) && p.px[2] == p.px[1] &&
                  p.px[3] == p.px[1],
           "shrunk by averaging");
    mp_picture_close(&p);
    mp_ctx_free(&c);
}

/* ----------------------------------------------------------------- terminals */

static bool fits(const char *s, int columns)
{
    int width = 0, widest = 0;
    for (; *s != '\0'; s++) {
        width = *s == '\n' ? 0 : width + 1;
        widest = width > widest ? width : widest;
    }
    return widest <= columns && widest > columns / 3;
}

static bool sixels_fit(const char *s, int width)
{
    int h, w, n = 0;
    for (; (s = strstr(s, "\"1;1;")) != NULL; s++, n++)
        if (sscanf(s, "\"1;1;%d;%d", &w, &h) != 2 || w > width || h > 1000)
            return false;
    return n > 0;
}

static void widths(struct tap *t)
{
    static const int widths[] = { 40, 80, 100, 200 };
    static const char *const texts[] = {
        "invert\n", "blur\npixels\nstandardize\n",
        "augment\npad top=8 left=9\nmedian\nhog cell=4 block=1\n",
    };
    size_t all[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        all[i] = i;
    for (size_t k = 0; k < 3; k++) {
        struct bench b;
        const bool good = prepare(&b, texts[k]) && collect(&b, all, ROWS, true, 4);
        for (size_t i = 0; i < 4; i++)
            for (int art = 0; art < 2; art++) {
                const struct mp_terminal terminal = {
                    .art = art == 0 ? MP_ART_TEXT : MP_ART_SIXEL, .columns = widths[i],
                    .cell_h = 16, .cell_w = 8,
                };
                char *s = NULL;
                size_t size;
                FILE *f = open_memstream(&s, &size);
                const bool shown = good && mp_contact_show(&b.c, f, &b.k, &terminal) == MP_OK;
                fclose(f);
                tap_ok(t, shown && (art == 0 ? fits(s, widths[i]) : sixels_fit(s, 8 * widths[i])),
                       "pipeline %zu in %d columns as %s", k, widths[i],
                       art == 0 ? "text" : "sixels");
                free(s);
            }
        finish(&b);
    }
}

static void limits(struct tap *t)
{
    struct bench b;
    size_t many[ROWS] = { 0 };
    bool good = prepare(&b, "augment\n");
    const struct mp_contact_ask ask = { .plan = &b.plan, .last = 0, .d = &b.d, .rows = many,
                                        .n = ROWS, .training = true, .epochs = 1000 };
    good = good && mp_contact_collect(&b.c, &ask, &b.k) < 0;
    tap_ok(t, good && strcmp(b.c.msg, "40 rows after 1001 stages and epochs are 40040 pictures of "
                                      "960960 values in all; a sheet holds 10000 pictures and "
                                      "268435456 values") == 0, "too many pictures");
    b.c.msg[0] = '\0';
    for (long at = 1; at < 100 && good; at++) { /* each allocation fails once */
        const struct mp_contact_ask few = { .plan = &b.plan, .last = 0, .d = &b.d, .rows = many,
                                            .n = 3, .training = true, .epochs = 2 };
        b.c.fail_at = b.c.n_alloc + at;
        if (mp_contact_collect(&b.c, &few, &b.k) == MP_OK)
            break;
        good = b.c.msg[0] != '\0' && b.k.columns == NULL && b.k.rows == NULL;
        b.c.msg[0] = '\0';
    }
    tap_ok(t, good && b.k.n_columns == 3, "without memory it fails and holds nothing");
    finish(&b);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { 0 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    if (mp_sheet_start(&c) < 0)
        return 1;
    rows(&t);
    epochs(&t);
    vectors(&t);
    sheet(&t);
    sizes(&t);
    shrinks(&t);
    widths(&t);
    limits(&t);
    mp_sheet_stop();
    mp_ctx_free(&c);
    return tap_end(&t);
}
