/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terminal.c - pictures in a terminal: characters as they must be, and graphics decoded
 * again by readers written here from the protocols' descriptions. */
#include "../sheet.h"
#include "../tap.h"
#include "core/ctx.h"
#include "core/random.h"
#include "pages/terminal.h"
#include <stdlib.h>
#include <string.h>

/* What a function has printed; free() it. */
struct text {
    char *at;
    size_t size;
    FILE *f;
};

static void open_text(struct text *t)
{
    *t = (struct text){ 0 };
    t->f = open_memstream(&t->at, &t->size);
}

static char *close_text(struct text *t)
{
    fclose(t->f);
    return t->at;
}

/* Noise on the left, a few flat greys on the right. */
static void fill(struct mp_picture *p)
{
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++)
            p->px[y * p->w + x] = x < p->w / 2
                                      ? (uint8_t)mp_random_at(7, (uint64_t)y, (uint64_t)x, 0)
                                      : (uint8_t)(y / 4 * 60);
}

/* ------------------------------------------------------------- characters */

static void characters(struct tap *t)
{
    uint8_t px[] = { 0, 255, 255, 255,   //
                     255, 255, 0, 255,   //
                     128, 8, 8, 240 };
    const struct mp_picture p = { 3, 4, 1, px };
    const struct { enum mp_art art; bool true_colour; int line; const char *text; } cases[] = {
        { MP_ART_TEXT, false, 0, "+ + " },
        { MP_ART_TEXT, false, 1, ":== " },
        { MP_ART_BLOCKS, false, 0,
          "\033[48;5;231m\033[38;5;16m\u2580 \033[48;5;16m\033[38;5;231m\u2580"
          "\033[48;5;231m \033[0m" },
        { MP_ART_BLOCKS, true, 0,
          "\033[48;2;255;255;255m\033[38;2;0;0;0m\u2580 \033[48;2;0;0;0m"
          "\033[38;2;255;255;255m\u2580\033[48;2;255;255;255m \033[0m" },
        { MP_ART_BLOCKS, false, 1,
          "\033[38;5;244m\u2580\033[38;5;232m\u2580\u2580\033[38;5;255m\u2580\033[0m" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mp_terminal terminal = { .art = cases[i].art,
                                              .true_colour = cases[i].true_colour };
        struct text out;
        open_text(&out);
        mp_terminal_line(out.f, &terminal, &p, cases[i].line);
        char *found = close_text(&out);
        if (!tap_ok(t, strcmp(found, cases[i].text) == 0, "characters, case %zu", i))
            for (const char *at = found; *at != '\0'; at++)
                tap_note(*at == '\033' ? "ESC" : "%c", *at);
        free(found);
    }
}

/* ------------------------------------------------------------------ sixels */

/* Draws the sixels of `s` into percent, h x w, -1 where nothing is drawn; what is no
 * sixel data is refused. */
static bool read_sixels(const char *s, int *percent, int h, int w)
{
    int level[256] = { 0 }, colour = 0, x = 0, top = 0, n, used, a, b, c, d;
    if (sscanf(s, "\033P0;1;0q\"1;1;%d;%d%n", &a, &b, &used) != 2 || a != w || b != h)
        return false;
    for (s += used; *s != '\033';) {
        n = 1;
        if (sscanf(s, "#%d;2;%d;%d;%d%n", &a, &b, &c, &d, &used) == 4) {
            if (a > 255 || b != c || c != d || b > 100)
                return false;
            level[a] = b;
            s += used;
            continue;
        }
        if (sscanf(s, "#%d%n", &a, &used) == 1) {
            colour = a;
            s += used;
            continue;
        }
        if (*s == '$' || *s == '-') {
            x = 0;
            top += *s++ == '-' ? 6 : 0;
            continue;
        }
        if (sscanf(s, "!%d%n", &n, &used) == 1)
            s += used;
        if (*s < '?' || *s > '~')
            return false;
        for (; n > 0; n--, x++)
            for (int i = 0; i < 6; i++) {
                if (!((*s - '?') >> i & 1))
                    continue;
                if (top + i >= h || x >= w)
                    return false;
                percent[(top + i) * w + x] = level[colour];
            }
        s++;
    }
    return strcmp(s, "\033\\\n") == 0;
}

static void sixels(struct tap *t, struct mp_ctx *c)
{
    static const int sizes[][2] = { { 1, 1 }, { 6, 9 }, { 7, 40 }, { 31, 57 } };
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const int h = sizes[k][0], w = sizes[k][1];
        struct mp_picture p;
        struct text out;
        int *percent = malloc((size_t)(h * w) * sizeof *percent);
        open_text(&out);
        bool same = mp_picture_open(c, &p, h, w, 1, 255) == MP_OK;
        memset(percent, 0xff, (size_t)(h * w) * sizeof *percent);
        fill(&p);
        mp_terminal_sixel(out.f, &p);
        char *s = close_text(&out);
        same = same && read_sixels(s, percent, h, w);
        for (int i = 0; i < h * w && same; i++) /* half a step of 2 % is 2.55 greys */
            same = percent[i] >= 0 && abs(percent[i] * 255 - p.px[i] * 100) <= 260;
        tap_ok(t, same, "%d x %d as sixels is the picture", h, w);
        mp_picture_close(&p);
        free(percent);
        free(s);
    }
}

/* ------------------------------------------------------------------- kitty */

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Joins the pieces of kitty's sequences into bytes; the number of bytes, 0 if wrong. */
static size_t read_kitty(const char *s, uint8_t *bytes, int *pieces)
{
    size_t n = 0;
    for (bool more = true; more;) {
        int flag = 0, used = 0, letters = 0, bits = 0, have = 0;
        if (sscanf(s, *pieces == 0 ? "\033_Ga=T,f=100,q=2,m=%d;%n" : "\033_Gm=%d;%n", &flag,
                   &used) != 1 || used == 0)
            return 0;
        for (s += used; digit(*s) >= 0; s++, letters++) {
            bits = (bits << 6 | digit(*s)) & 0xfffff;
            have += 6;
            if (have >= 8)
                bytes[n++] = (uint8_t)(bits >> (have -= 8));
        }
        s += strspn(s, "=");
        if (letters > 4096 || strncmp(s, "\033\\", 2) != 0)
            return 0;
        s += 2;
        more = flag == 1;
        ++*pieces;
    }
    return strcmp(s, "\n") == 0 ? n : 0;
}

static void kitty(struct tap *t, struct mp_ctx *c)
{
    struct mp_picture p;
    struct text out;
    size_t size = 0;
    int pieces = 0;
    open_text(&out);
    bool good = mp_picture_open(c, &p, 120, 90, 1, 255) == MP_OK;
    fill(&p);
    good = good && mp_terminal_kitty(c, out.f, &p) == MP_OK;
    char *s = close_text(&out);
    uint8_t *bytes = malloc(strlen(s));
    const size_t n = read_kitty(s, bytes, &pieces);
    VipsImage *back = n > 0 ? vips_image_new_from_buffer(bytes, n, "", NULL) : NULL;
    uint8_t *px = back != NULL ? vips_image_write_to_memory(back, &size) : NULL;
    tap_ok(t, good && pieces > 1, "a picture for kitty, in %d pieces", pieces);
    tap_ok(t, px != NULL && size == 120 * 90 && memcmp(px, p.px, size) == 0,
           "they are a PNG of the picture");
    g_free(px);
    if (back != NULL)
        g_object_unref(back);
    mp_picture_close(&p);
    free(bytes);
    free(s);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { 0 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    if (mp_sheet_start(&c) < 0)
        return 1;
    characters(&t);
    sixels(&t, &c);
    kitty(&t, &c);
    mp_sheet_stop();
    mp_ctx_free(&c);
    return tap_end(&t);
}
