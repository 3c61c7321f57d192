/* SPDX-License-Identifier: GPL-3.0-or-later */
/* array.c - arrays of numbers, as IDX and NumPy have them: images of one, and labels.
 *
 * Method: bytes in the order of rows are read to where they stay.  Anything else is read in
 * blocks, put into the order of rows by strides, the machine's byte order, and float, of which
 * levels.c makes bytes.  What runs by columns has to be there as a whole first.
 */
#include "formats/array.h"
#include "core/ctx.h"
#include "formats/format.h"
#include "formats/input.h"
#include "formats/levels.h"
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 4 << 20, WHOLE_PIECE = 16 << 20, FIRST_ROOM = 1 << 20 };

void mp_array_text(const struct mp_array *a, char *text, size_t size)
{
    size_t at = 0;
    *text = '\0';
    for (int i = 0; i < a->n_dims && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%llu", i > 0 ? " x " : "",
                               (unsigned long long)a->dim[i]);
    if (at < size)
        snprintf(text + at, size - at, " of %c%zu", a->kind, a->size);
}

/* ------------------------------------------------------------------ reading */

/* How many bytes there must be, and of what. */
struct amount {
    uint64_t bytes;
    const char *what;
    char of[160]; /* " (2 images of 28x28)" */
};

static int too_few(struct mp_input *in, const struct amount *a, uint64_t found)
{
    return mp_fail(in->c, "%s: found %llu bytes of %s, expected %llu%s", in->name,
                   (unsigned long long)found, a->what, (unsigned long long)a->bytes, a->of);
}

/* A plain file says beforehand what there is. */
static int check_size(struct mp_input *in, const struct amount *a)
{
    const uint64_t left = mp_input_left(in);
    return left < UINT64_MAX && left != a->bytes ? too_few(in, a, left) : MP_OK;
}

/* Nothing may follow. */
static int check_end(struct mp_input *in, const struct amount *a)
{
    uint64_t found = a->bytes;
    for (;; in->at = in->n) {
        if (mp_input_fill(in, 1) < 0)
            return -1;
        if (in->at == in->n)
            return found == a->bytes ? MP_OK : too_few(in, a, found);
        found += in->n - in->at;
    }
}

/* All of them, into r, which is empty.  as_is: nobody will write to them. */
static int read_whole(struct mp_input *in, const struct amount *a, bool as_is, struct mp_rows *r)
{
    const uint64_t want = a->bytes;
    size_t have = 0;
    if (check_size(in, a) < 0)
        return -1;
    if (mp_input_give(in, r) || (as_is && mp_input_map(in, r)))
        return MP_OK;
    while (have < want) {
        const size_t rest = (size_t)(want - have);
        size_t room = have == 0 ? FIRST_ROOM : 2 * have, got = 0;
        room = room > want || mp_input_left(in) < UINT64_MAX ? (size_t)want : room;
        if (room > r->size && (++in->c->n_alloc == in->c->fail_at || !mp_rows_resize(r, room)))
            return mp_fail(in->c, "%s: no memory for %zu x 1 bytes", in->name, room);
        size_t piece = room - have < WHOLE_PIECE ? room - have : WHOLE_PIECE;
        piece = piece < rest ? piece : rest;
        uint8_t *to = (uint8_t *)r->at + have;
        if (mp_input_read(in, to, piece, &got) < 0)
            return -1;
        mp_rows_let_go(r, to, to + got);
        have += got;
        if (got < piece)
            return too_few(in, a, have);
    }
    return check_end(in, a);
}

/* ------------------------------------------------------------------ numbers */

static float half(uint16_t h)
{
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    const float v = exponent == 0    ? ldexpf((float)fraction, -24)
                    : exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                     : ldexpf((float)(fraction + 1024), exponent - 25);
    return h >> 15 ? -v : v;
}

/* Into the machine's order, where it is another. */
static void turn(uint8_t *at, size_t n, const struct mp_array *a)
{
    const bool high = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    if (a->size == 1 || a->high == high)
        return;
    for (size_t i = 0; i < n; i++, at += a->size)
        for (size_t k = 0; k < a->size / 2; k++) {
            const uint8_t swap = at[k];
            at[k] = at[a->size - 1 - k];
            at[a->size - 1 - k] = swap;
        }
}

#define CONVERT(type, value)                        \
    for (size_t i = 0; i < n; i++) {                \
        type v;                                     \
        memcpy(&v, at + i * sizeof v, sizeof v);    \
        x[i] = (value);                             \
    }

/* n values in the machine's order as doubles or floats. */
#define DEFINE_TO(name, real)                                              \
static void name(const uint8_t *at, size_t n, const struct mp_array *a, real *x) \
{                                                                          \
    const bool sign = a->kind == 'i';                                      \
    if (a->kind == 'f' && a->size == 2)                                    \
        CONVERT(uint16_t, (real)half(v))                                   \
    else if (a->kind == 'f' && a->size == 4)                               \
        CONVERT(float, (real)v)                                            \
    else if (a->kind == 'f')                                               \
        CONVERT(double, (real)v)                                           \
    else if (a->size == 1 && sign)                                         \
        CONVERT(int8_t, (real)v)                                           \
    else if (a->size == 1)                                                 \
        CONVERT(uint8_t, (real)v)                                          \
    else if (a->size == 2 && sign)                                         \
        CONVERT(int16_t, (real)v)                                          \
    else if (a->size == 2)                                                 \
        CONVERT(uint16_t, (real)v)                                         \
    else if (a->size == 4 && sign)                                         \
        CONVERT(int32_t, (real)v)                                          \
    else if (a->size == 4)                                                 \
        CONVERT(uint32_t, (real)v)                                         \
    else if (sign)                                                         \
        CONVERT(int64_t, (real)v)                                          \
    else                                                                   \
        CONVERT(uint64_t, (real)v)                                         \
}
DEFINE_TO(to_floats, float)
DEFINE_TO(to_doubles, double)

/* ------------------------------------------------------------------- images */

/* Where the value of an image, row, column and channel stands. */
struct layout {
    size_t n, h, w, c;
    bool planes, plain;         /* plain: as d->x has them */
    bool folded;                /* its rows were one line in the file */
    size_t at_n, at_h, at_w, at_c; /* strides, in values */
};

static int wrong_rows(struct mp_input *in, uint64_t d, struct mp_shape size)
{
    const uint64_t pixels = (uint64_t)size.h * (uint64_t)size.w;
    const uint64_t third = (uint64_t)(sqrt((double)(d / 3)) + 0.5);
    if (size.h > 0 && d != 3 * pixels)
        return mp_fail(in->c, "%s: found rows of %llu values, expected %dx%d (size)", in->name,
                       (unsigned long long)d, size.h, size.w);
    if (size.h > 0 || (d % 3 == 0 && third * third == d / 3))
        return mp_fail(in->c, "%s: rows of %llu values may be colour, by pixels or by planes; save "
                       "it with four dimensions: x.reshape(-1, h, w, 3) or "
                       "x.reshape(-1, 3, h, w)", in->name, (unsigned long long)d);
    return mp_fail(in->c, "%s: found rows of %llu values, expected a square number such as 784; "
                   "for other images give size=HxW", in->name, (unsigned long long)d);
}

static bool is_square(uint64_t d, uint64_t *side)
{
    *side = (uint64_t)(sqrt((double)d) + 0.5);
    return *side * *side == d;
}

/* n x d: rows of the size that is given, or square. */
static int layout_rows(struct mp_input *in, const struct mp_array *a, struct mp_shape size,
                       struct layout *l)
{
    const uint64_t d = a->dim[1];
    uint64_t side;
    if (size.h > 0 && (uint64_t)size.h * (uint64_t)size.w == d) {
        l->h = (size_t)size.h;
        l->w = (size_t)size.w;
        return MP_OK;
    }
    if (!is_square(d, &side) || size.h > 0)
        return wrong_rows(in, d, size);
    l->h = l->w = (size_t)side;
    return MP_OK;
}

static bool channels(uint64_t n)
{
    return n == 1 || n == 3;
}

/* Images that are one pixel high or wide: where they have as many values as the size that is
 * given, or as a square of the smallest digits that there are, a net for sequences had them so. */
static void fold_line(struct mp_shape size, struct layout *l)
{
    enum { LEAST_SIDE = 8 };
    const uint64_t d = (uint64_t)l->h * (uint64_t)l->w;
    uint64_t side;
    if (l->c > 1 || (l->h != 1 && l->w != 1) || d > (uint64_t)MP_IMAGE_SIDE * MP_IMAGE_SIDE)
        return;
    const size_t h = l->h;
    if (size.h > 0 && (uint64_t)size.h * (uint64_t)size.w == d)
        l->h = (size_t)size.h, l->w = (size_t)size.w;
    else if (size.h == 0 && is_square(d, &side) && side >= LEAST_SIDE)
        l->h = l->w = (size_t)side;
    l->folded = l->h != h;
}

static int layout_dims(struct mp_input *in, const struct mp_array *a, struct mp_shape size,
                       struct layout *l)
{
    char text[128];
    mp_array_text(a, text, sizeof text);
    const int n = a->n_dims;
    l->c = 1;
    if (n == 2)
        return layout_rows(in, a, size, l);
    if (n == 4 && !channels(a->dim[3]) && !channels(a->dim[1]))
        return mp_fail(in->c, "%s: found %s, expected 1 or 3 channels in the last dimension, or "
                       "in the second", in->name, text);
    if (n != 3 && n != 4)
        return mp_fail(in->c, "%s: found %s, expected 2 to 4 dimensions, the first of them images",
                       in->name, text);
    l->planes = n == 4 && !channels(a->dim[3]);
    l->c = n == 3 ? 1 : (size_t)a->dim[l->planes ? 1 : 3];
    l->h = (size_t)a->dim[l->planes ? 2 : 1];
    l->w = (size_t)a->dim[l->planes ? 3 : 2];
    fold_line(size, l);
    return MP_OK;
}

static void find_strides(const struct mp_array *a, struct layout *l)
{
    const size_t n = l->n, h = l->h, w = l->w, c = l->c;
    if (!a->fortran && !l->planes)
        l->at_c = 1, l->at_w = c, l->at_h = c * w, l->at_n = c * w * h;
    else if (!a->fortran)
        l->at_w = 1, l->at_h = w, l->at_c = w * h, l->at_n = c * w * h;
    else if (a->n_dims == 2 || l->folded) /* n x (h w), by columns */
        l->at_n = 1, l->at_w = n, l->at_h = n * w, l->at_c = 0;
    else if (!l->planes)
        l->at_n = 1, l->at_h = n, l->at_w = n * h, l->at_c = n * h * w;
    else
        l->at_n = 1, l->at_c = n, l->at_h = n * c, l->at_w = n * c * h;
    l->plain = !a->fortran && (!l->planes || c == 1);
}

static int find_layout(struct mp_input *in, const struct mp_array *a, struct mp_shape size,
                       struct layout *l)
{
    *l = (struct layout){ .c = 1 };
    if (a->kind == 'S' || a->kind == 'U')
        return mp_fail(in->c, "%s: is an array of texts, expected images", in->name);
    if (a->n_dims < 2)
        return mp_fail(in->c, "%s: has one dimension, as labels have; expected images of 2 to 4 "
                       "dimensions", in->name);
    if (a->dim[0] == 0)
        return mp_fail(in->c, "%s: found 0 images, expected at least 1", in->name);
    if (layout_dims(in, a, size, l) < 0)
        return -1;
    if (l->h < 1 || l->h > MP_IMAGE_SIDE || l->w < 1 || l->w > MP_IMAGE_SIDE)
        return mp_fail(in->c, "%s: found images of %zux%zu, expected 1..%d each way", in->name,
                       l->h, l->w, MP_IMAGE_SIDE);
    if (size.h != 0 && ((size_t)size.h != l->h || (size_t)size.w != l->w))
        return mp_fail(in->c, "%s: found images of %zux%zu, expected %dx%d (size)", in->name, l->h,
                       l->w, size.h, size.w);
    if (a->dim[0] > SIZE_MAX / (8 * 3) / MP_IMAGE_SIDE / MP_IMAGE_SIDE)
        return mp_fail(in->c, "%s: found %llu images, which are too many", in->name,
                       (unsigned long long)a->dim[0]);
    l->n = (size_t)a->dim[0];
    find_strides(a, l);
    return MP_OK;
}

static struct amount pixels(const struct mp_array *a, const struct layout *l)
{
    const size_t len = l->h * l->w * l->c;
    struct amount all = { .bytes = (uint64_t)l->n * len * a->size, .what = "pixels" };
    char channels[24] = "", bytes[40] = "";
    if (l->c > 1)
        snprintf(channels, sizeof channels, "x%zu", l->c);
    if (a->size > 1)
        snprintf(bytes, sizeof bytes, ", %zu bytes a value", a->size);
    snprintf(all.of, sizeof all.of, " (%zu images of %zux%zu%s%s)", l->n, l->h, l->w, channels,
             bytes);
    return all;
}

/* Images `from` and on, `rows` of them, from where they lie at `raw` (which begins with image
 * `first`) in the order of d->x.  By columns 64 images lie side by side: they go together. */
static void gather(const uint8_t *raw, size_t size, const struct layout *l, size_t from,
                   size_t rows, uint8_t *to)
{
    enum { TOGETHER = 64 };
    const size_t len = l->h * l->w * l->c;
    for (size_t b = 0; b < rows; b += TOGETHER) {
        const size_t end = rows - b < TOGETHER ? rows : b + TOGETHER;
        for (size_t p = 0; p < len; p++) {
            const size_t c = p % l->c, x = p / l->c % l->w, y = p / l->c / l->w;
            const uint8_t *at = raw + (y * l->at_h + x * l->at_w + c * l->at_c) * size;
            for (size_t i = b; i < end; i++)
                memcpy(to + (i * len + p) * size, at + (from + i) * l->at_n * size, size);
        }
    }
}

/* Where images go: bytes to d->x, all others to x. */
struct target {
    struct mp_data *d;
    struct mp_rows x;
    bool bytes;
};

static int target_room(struct mp_input *in, struct target *t, size_t n, size_t len)
{
    if (t->bytes)
        return mp_data_room(in->c, t->d, n, len);
    if (++in->c->n_alloc == in->c->fail_at ||
        !mp_rows_resize(&t->x, mp_product(mp_product(n, len), sizeof(float))))
        return mp_fail(in->c, "%s: no memory for %zu x %zu values", in->name, n, len);
    return MP_OK;
}

/* n values, which are the target's from number `at` on. */
static void put_values(struct target *t, const struct mp_array *a, uint8_t *values, size_t at,
                       size_t n)
{
    if (t->bytes) {
        uint8_t *to = t->d->x + at;
        for (size_t i = 0; i < n; i++)
            to[i] = a->kind == 'b' ? (values[i] != 0 ? 255 : 0) : values[i];
        mp_rows_let_go(&t->d->store, to, to + n);
        return;
    }
    float *to = (float *)t->x.at + at;
    turn(values, n, a);
    to_floats(values, n, a, to);
    mp_rows_let_go(&t->x, to, to + n);
}

/* In blocks of some rows, as they come. */
static int read_blocks(struct mp_input *in, const struct mp_array *a, const struct layout *l,
                       struct target *t)
{
    const size_t len = l->h * l->w * l->c, row = len * a->size;
    const size_t block = row < PIECE ? PIECE / row : 1;
    uint8_t *raw = mp_alloc(in->c, block, row), *sorted = mp_alloc(in->c, block, row);
    const struct amount all = pixels(a, l);
    size_t room = 0, got = 0;
    int rc = raw == NULL || sorted == NULL ? -1 : check_size(in, &all);
    for (size_t i = 0; rc == MP_OK && i < l->n; i += block) {
        const size_t n = l->n - i < block ? l->n - i : block;
        if (i + n > room) {
            const bool known = mp_input_left(in) < UINT64_MAX;
            room = known || 2 * room + block > l->n ? l->n : 2 * room + block;
            rc = target_room(in, t, room, len);
        }
        rc = rc == MP_OK ? mp_input_read(in, raw, n * row, &got) : rc;
        if (rc == MP_OK && got < n * row)
            rc = too_few(in, &all, (uint64_t)i * row + got);
        if (rc == MP_OK && !l->plain)
            gather(raw, a->size, l, 0, n, sorted);
        if (rc == MP_OK)
            put_values(t, a, l->plain ? raw : sorted, i * len, n * len);
    }
    free(raw);
    free(sorted);
    return rc == MP_OK ? check_end(in, &all) : rc;
}

/* Columns first: all of it, then row by row. */
static int read_columns(struct mp_input *in, const struct mp_array *a, const struct layout *l,
                        struct target *t)
{
    const size_t len = l->h * l->w * l->c, row = len * a->size;
    const size_t block = row < PIECE ? PIECE / row : 1;
    const struct amount all = pixels(a, l);
    struct mp_rows whole = { .at = NULL };
    uint8_t *sorted = NULL;
    int rc = read_whole(in, &all, true, &whole);
    if (rc == MP_OK && ((sorted = mp_alloc(in->c, block, row)) == NULL ||
                        target_room(in, t, l->n, len) < 0))
        rc = -1;
    for (size_t i = 0; rc == MP_OK && i < l->n; i += block) {
        const size_t n = l->n - i < block ? l->n - i : block;
        gather(whole.at, a->size, l, i, n, sorted);
        put_values(t, a, sorted, i * len, n * len);
    }
    free(sorted);
    mp_rows_free(&whole);
    return rc;
}

static int read_any(struct mp_input *in, const struct mp_array *a, const struct layout *l,
                    const struct mp_form *form, struct mp_data *d)
{
    struct target t = { .d = d, .bytes = a->size == 1 && a->kind != 'i' };
    int rc = a->fortran ? read_columns(in, a, l, &t) : read_blocks(in, a, l, &t);
    d->n = l->n;
    if (rc == MP_OK && !t.bytes)
        rc = mp_levels_bytes(in->c, form, d, t.x.at, a->kind == 'f');
    if (a->kind == 'b')
        d->range = (struct mp_range){ 0, 1 };
    mp_rows_free(&t.x);
    return rc;
}

int mp_array_images(struct mp_input *in, const struct mp_array *a, const struct mp_form *form,
                    struct mp_data *d)
{
    struct layout l;
    if (find_layout(in, a, form->size, &l) < 0)
        return -1;
    d->shape = (struct mp_shape){ (int)l.h, (int)l.w, (int)l.c };
    d->line0 = 0;
    d->is_csv = false;
    if (in->shape_only)
        return MP_OK;
    if (l.planes && l.c > 1)
        mp_warn(in->c, "%s: the second of four dimensions is %zu: read as channels of %zu x %zu "
                "images", d->name, l.c, l.h, l.w);
    if (l.folded && form->size.h == 0)
        mp_warn(in->c, "%s: lines of %zu values were taken for images of %zu x %zu; size=1x%zu "
                "leaves them lines", d->name, l.h * l.w, l.h, l.w, l.h * l.w);
    if (!l.plain || a->kind != 'u' || a->size > 1)
        return read_any(in, a, &l, form, d);
    const struct amount all = pixels(a, &l);
    const int rc = read_whole(in, &all, !mp_levels_scales(form), &d->store);
    d->x = d->store.at;
    d->n = l.n;
    return rc;
}

/* ------------------------------------------------------------------- labels */

enum marks { VALUES, ONE_HOT, SEVERAL };

/* Of n x k: zeros with one 1 in each row; with several in some; or neither. */
static enum marks look_at_marks(const double *v, size_t n, size_t k)
{
    enum marks found = ONE_HOT;
    for (size_t i = 0; i < n; i++) {
        size_t ones = 0, zeros = 0;
        for (size_t j = 0; j < k; j++) {
            ones += v[i * k + j] == 1;
            zeros += v[i * k + j] == 0;
        }
        if (k == 1 || ones + zeros != k)
            return VALUES;
        found = ones != 1 ? SEVERAL : found;
    }
    return found;
}

static int put_label(struct mp_input *in, struct mp_data *d, size_t i, double v)
{
    if (v != floor(v) || fabs(v) >= 0x1p53)
        return mp_fail(in->c, "%s: item %zu: found the label %.9g, expected a whole number",
                       in->name, i, v);
    return mp_data_label_number(in->c, d, i, (int64_t)v);
}

/* k values a row, in the order of rows. */
static int put_labels(struct mp_input *in, struct mp_data *d, const double *v, size_t k)
{
    const size_t n = d->n;
    const enum marks marks = look_at_marks(v, n, k);
    const bool hot = marks == ONE_HOT;
    if (marks == SEVERAL)
        return mp_fail(in->c, "%s: %zu columns of 0 and 1 with several 1 in a row, or none: rows "
                       "have one label here", in->name, k);
    if (hot)
        mp_warn(in->c, "%s: %zu columns with one 1 in each row: its column was taken for the "
                "label, 0..%zu", in->name, k, k - 1);
    else if (k > 1)
        mp_warn(in->c, "%s: %zu columns: the first was taken for the labels", in->name, k);
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (hot && v[i * k + at] == 0)
            at++;
        if (put_label(in, d, i, hot ? (double)at : v[i * k]) < 0)
            return -1;
    }
    return MP_OK;
}

/* n texts of a->size bytes each, zeros behind them. */
static int put_texts(struct mp_input *in, const struct mp_array *a, const uint8_t *item,
                     struct mp_data *d)
{
    char text[6 * 1024];
    for (size_t i = 0; i < d->n; i++, item += a->size) {
        size_t n = 0;
        for (size_t at = 0; at < a->size; at += a->kind == 'U' ? 4 : 1) {
            gunichar letter = item[at];
            if (a->kind == 'U')
                memcpy(&letter, item + at, sizeof letter);
            if (letter == 0)
                break;
            if (a->kind == 'U')
                n += (size_t)g_unichar_to_utf8(g_unichar_validate(letter) ? letter : 0xfffd,
                                               text + n);
            else
                text[n++] = (char)letter;
        }
        if (mp_data_label_text(in->c, d, i, text, n) < 0)
            return -1;
    }
    return MP_OK;
}

static int check_labels(struct mp_input *in, const struct mp_array *a, const struct mp_data *d)
{
    char text[128];
    mp_array_text(a, text, sizeof text);
    const bool texts = a->kind == 'S' || a->kind == 'U';
    const uint64_t columns = a->n_dims == 2 ? a->dim[1] : 1;
    if (a->n_dims < 1 || a->n_dims > 2 || a->dim[0] == 0 || columns == 0 || columns > 65536 ||
        (texts && columns != 1))
        return mp_fail(in->c, "%s: found %s, expected labels: one dimension, or two with few "
                       "columns", in->name, text);
    if (a->dim[0] != d->n)
        return mp_fail(in->c, "%s: found %llu labels, expected %zu, as many as images in %s",
                       in->name, (unsigned long long)a->dim[0], d->n, d->name);
    return MP_OK;
}

int mp_array_labels(struct mp_input *in, const struct mp_array *a, struct mp_data *d)
{
    struct mp_rows raw = { .at = NULL };
    if (check_labels(in, a, d) < 0)
        return -1;
    const size_t n = d->n, k = a->n_dims == 2 ? (size_t)a->dim[1] : 1;
    const struct layout l = { .n = n, .h = 1, .w = k, .c = 1, .at_n = a->fortran ? 1 : k,
                              .at_w = a->fortran ? n : 1 };
    const struct amount all = { .bytes = (uint64_t)n * k * a->size, .what = "labels" };
    int rc = read_whole(in, &all, false, &raw);
    uint8_t *sorted = rc == MP_OK ? mp_alloc(in->c, n * k, a->size) : NULL;
    const bool texts = a->kind == 'S' || a->kind == 'U';
    double *v = sorted != NULL && !texts ? mp_alloc(in->c, n * k, sizeof *v) : NULL;
    struct mp_array unit = *a; /* what has a byte order: a number, or a letter */
    if (texts)
        unit.size = a->kind == 'U' ? 4 : 1;
    if (sorted != NULL) {
        gather(raw.at, a->size, &l, 0, n, sorted);
        turn(sorted, n * k * (a->size / unit.size), &unit);
    }
    if (v != NULL)
        to_doubles(sorted, n * k, a, v);
    rc = sorted == NULL || (v == NULL && !texts) ? -1
         : texts ? put_texts(in, a, sorted, d)
                 : put_labels(in, d, v, k);
    free(v);
    free(sorted);
    mp_rows_free(&raw);
    return rc;
}
