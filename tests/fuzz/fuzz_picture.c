/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_picture.c - the decoders of pictures, fed with anything.
 *
 * The first byte chooses: bits 0 and 1, how a picture of another size becomes one of 5 x 4;
 * bit 2, one channel or three; bit 3, that the rest goes to libvips, whatever it looks like;
 * bits 4 to 6, that the rest is a list of pictures (all of them set).
 * What is decoded must hold together, its header must say what its pixels are, and a list must
 * have names.
 */
#include "core/ctx.h"
#include "pictures/album.h"
#include "pictures/fit.h"
#include "small.h"
#include <stdlib.h>
#include <string.h>

const unsigned fuzz_cost = 4;

static int decode(struct mp_ctx *c, uint8_t how, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    b->why[0] = '\0';
    b->turn = 1;
    return how & 8 ? mp_others_decode(c, p, n, b) : mp_bitmap_decode(c, p, n, b);
}

/* Larger ones are right, but take too long here. */
static bool is_small(const struct mp_bitmap *b)
{
    return (int64_t)b->h * b->w <= 1 << 20;
}

static void look_at(struct mp_ctx *c, uint8_t how, const struct mp_bitmap *b)
{
    struct mp_flat f = { .c = how & 4 ? 3 : 1 };
    const struct mp_shape to = { 5, 4, f.c };
    const enum mp_fit fit = 1 + how % 3;
    uint8_t out[5 * 4 * 3];
    small_law(b->c >= 1 && b->c <= 4 && b->turn >= 1 && b->turn <= 8, "a bitmap has 1..4 channels");
    small_law(mp_flatten(c, b, 255, &f) == MP_OK, "what is decoded can be flattened");
    small_law((size_t)f.h * (size_t)f.w == (size_t)b->h * (size_t)b->w, "pixels are kept");
    small_law(mp_picture_fit(c, &f, fit, MP_PAPER_OWN, to, out) == MP_OK, "and brought to a size");
    free(f.at);
}

static void try_picture(struct mp_ctx *c, uint8_t how, const uint8_t *p, size_t n)
{
    struct mp_bitmap head = { .header_only = true }, b = { .turn = 1 };
    if (decode(c, how, p, n, &head) < 0) {
        small_law(head.why[0] != '\0' && c->msg[0] == '\0', "what is broken is said");
        small_law(head.at == NULL, "a header takes no memory");
        return;
    }
    if (!is_small(&head))
        return;
    if (decode(c, how, p, n, &b) == MP_OK) {
        small_law(head.h == b.h && head.w == b.w && head.c == b.c && head.turn == b.turn,
                  "a header says what the pixels are");
        look_at(c, how, &b);
    } else {
        small_law(b.why[0] != '\0' && c->msg[0] == '\0', "what is broken is said");
    }
    free(b.at);
}

static void try_list(struct mp_ctx *c, const uint8_t *p, size_t n)
{
    static const struct mp_album_part any = { NULL, NULL };
    struct mp_album a;
    char path[300];
    snprintf(path, sizeof path, "%s/list.csv", small_folder());
    small_write(path, "file,", 5, p, n);
    if (mp_album_at(path) != MP_ALBUM_LIST)
        return;
    if (mp_album_open(c, path, "", &any, &a) < 0) {
        small_failed(c);
        return;
    }
    for (size_t i = 0; i < a.n; i++)
        small_law(a.file[i].name[0] != '\0', "a picture has a name");
    small_law(a.n > 0, "a list has pictures");
    mp_album_close(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct mp_run run;
    struct mp_ctx c;
    if (n == 0)
        return 0;
    small_run(&run);
    mp_ctx_init(&c, &run);
    uint8_t *p = malloc(n); /* of its own size, so that a byte too many is seen */
    memcpy(p, bytes + 1, n - 1);
    if ((bytes[0] & 0x70) == 0x70)
        try_list(&c, p, n - 1);
    else
        try_picture(&c, bytes[0], p, n - 1);
    free(p);
    mp_ctx_free(&c);
    return 0;
}
