/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pictures.c - rows from picture files.
 *
 * Method: the names first, then a look at a few pictures, from which the shape follows, then all of
 * them on all threads, each into its place among the rows; of a block of them the file and the
 * pixels take the same memory.  Pictures that are broken leave gaps, which are closed at the end.
 *
 * Colours: where nothing is said, rows have three channels if one of SAMPLE pictures, spread evenly
 * over the names, has a pixel whose red, green and blue differ.  So the answer depends on
 * more than the first, and costs no pass over all. */
#include "pictures/pictures.h"
#include "core/ctx.h"
#include "core/progress.h"
#include "pictures/album.h"
#include "pictures/fit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLE = 64, BLOCK = 64, NAMED = 3, LARGEST_FILE = 1 << 30 };

/* What a thread works with. */
struct desk {
    uint8_t *file;
    size_t n, room;
    struct mp_bitmap bitmap;
    struct mp_flat flat;
};

static void clear(struct desk *k)
{
    free(k->file);
    free(k->bitmap.at);
    free(k->flat.at);
}

struct counts {
    size_t broken, colour, clear, more;
    uint64_t bytes;
};

struct reader {
    const struct mp_album *album;
    const struct mp_form *form;
    struct mp_shape shape;  /* of the rows */
    const char *like;       /* the picture that it is from; NULL: it was asked for */
    struct mp_data *d;
    char **why;             /* for each picture: what is wrong with it, or NULL */
    struct counts counts;
};

/* ------------------------------------------------------------- a picture */

static int take_file(struct mp_ctx *c, const char *name, int fd, struct desk *k)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return mp_bitmap_broken(&k->bitmap, "is no file");
    if (st.st_size > LARGEST_FILE)
        return mp_bitmap_broken(&k->bitmap, "has more than %d MiB", LARGEST_FILE >> 20);
    const size_t size = (size_t)st.st_size;
    if (size > k->room) {
        free(k->file);
        k->room = 2 * size;
        k->file = mp_alloc(c, k->room, 1);
        if (k->file == NULL) {
            k->room = 0;
            return -1;
        }
    }
    for (k->n = 0; k->n < size;) {
        const ssize_t got = read(fd, k->file + k->n, size - k->n);
        if (got < 0 && errno == EINTR && !mp_stopped(c))
            continue;
        if (got < 0)
            return mp_stopped(c) ? mp_fail(c, "%s: interrupted", name)
                                 : mp_bitmap_broken(&k->bitmap, "cannot read: %s", strerror(errno));
        if (got == 0)
            break;
        k->n += (size_t)got;
    }
    return MP_OK;
}

/* Picture i's file and what it holds.  Negative: as mp_bitmap_decode(). */
static int load(struct mp_ctx *c, const struct mp_album *a, size_t i, struct desk *k)
{
    const char *name = a->file[i].name;
    k->bitmap.why[0] = '\0';
    if (a->packed.at != NULL) {
        k->n = a->file[i].size;
        return mp_bitmap_decode(c, (const uint8_t *)a->packed.at + a->file[i].at, k->n, &k->bitmap);
    }
    const int fd = openat(a->folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return mp_bitmap_broken(&k->bitmap, "%s",
                                errno == ENOENT ? "no such file" : strerror(errno));
    const int rc = take_file(c, name, fd, k);
    close(fd);
    return rc < 0 ? -1 : mp_bitmap_decode(c, k->file, k->n, &k->bitmap);
}

static uint8_t behind(const struct mp_form *form)
{
    return form->paper == MP_PAPER_BLACK ? 0 : 255;
}

/* "DIR: 7/a.png", or the one picture that was asked for. */
static void title(const struct mp_album *a, const char *name, char *text, size_t size)
{
    if (a->place == name || strcmp(a->place, name) == 0)
        snprintf(text, size, "%s", name);
    else
        snprintf(text, size, "%s: %s", a->place, name);
}

/* ----------------------------------------------------------- their shape */

static int fail_broken(struct mp_ctx *c, const struct mp_album *a, const char *name,
                       const char *why)
{
    char text[512];
    title(a, name, text, sizeof text);
    return mp_fail(c, "%s: %s%s", text, why,
                   a->n > 1 ? "; broken=skip leaves such pictures out" : "");
}

/* Decodes picture i: 1, or 0 if it is broken and may be. */
static int sound(struct mp_ctx *c, const struct reader *r, size_t i, struct desk *k)
{
    if (load(c, r->album, i, k) == MP_OK)
        return 1;
    if (k->bitmap.why[0] == '\0')
        return -1;
    return r->form->skip_broken ? 0
                                : fail_broken(c, r->album, r->album->file[i].name, k->bitmap.why);
}

static int find_size(struct mp_ctx *c, struct reader *r, struct desk *k)
{
    const struct mp_form *form = r->form;
    const struct mp_shape want = form->beside.h > 0 ? form->beside : form->size;
    if (want.h == 0 && form->fit != MP_FIT_NONE)
        return mp_fail(c, "%s: fit= says how to bring pictures to a size, but not to which; "
                       "size=28x28 does", r->album->place);
    r->shape.h = want.h;
    r->shape.w = want.w;
    k->bitmap.header_only = true;
    int rc = 0;
    for (size_t i = 0; i < r->album->n && r->shape.h == 0 && rc == 0; i++) {
        rc = sound(c, r, i, k);
        if (rc == 1) {
            mp_flat_size(&k->bitmap, &r->shape.h, &r->shape.w);
            r->like = r->album->file[i].name;
        }
    }
    k->bitmap.header_only = false;
    if (rc < 0)
        return -1;
    return r->shape.h > 0 ? MP_OK : mp_fail(c, "%s: all %zu pictures are broken", r->album->place,
                                            r->album->n);
}

static int find_colours(struct mp_ctx *c, struct reader *r, struct desk *k)
{
    const size_t n = r->album->n, sample = n < SAMPLE ? n : SAMPLE;
    r->shape.c = r->form->beside.c > 0    ? r->form->beside.c
                 : r->form->channels > 0 ? r->form->channels
                 : r->form->size.c == 3  ? 3
                                         : 0;
    bool colour = false;
    for (size_t i = 0; i < sample && r->shape.c == 0 && !colour; i++) {
        const size_t at = sample > 1 ? i * (n - 1) / (sample - 1) : 0;
        const int rc = sound(c, r, at, k);
        k->flat.c = 1;
        if (rc < 0 || (rc == 1 && mp_flatten(c, &k->bitmap, behind(r->form), &k->flat) < 0))
            return -1;
        colour = rc == 1 && k->flat.colour;
    }
    if (r->shape.c == 0)
        r->shape.c = colour ? 3 : 1;
    return MP_OK;
}

static int find_shape(struct mp_ctx *c, struct reader *r)
{
    struct desk k = { .file = NULL };
    const int rc = find_size(c, r, &k) < 0 || find_colours(c, r, &k) < 0 ? -1 : MP_OK;
    clear(&k);
    return rc;
}

/* ------------------------------------------------------------------ rows */

static int other_size(struct mp_ctx *c, const struct reader *r, const char *name,
                      const struct mp_flat *f)
{
    const struct mp_shape s = r->shape;
    char text[512];
    title(r->album, name, text, sizeof text);
    if (r->like != NULL)
        return mp_fail(c, "%s: pictures differ in size: %s has %d x %d pixels, %s %d x %d; "
                       "size=%dx%d brings them to one, by fit=pad, stretch or crop",
                       r->album->place, r->like, s.h, s.w, name, f->h, f->w, s.h, s.w);
    return mp_fail(c, "%s: has %d x %d pixels, expected %d x %d; fit=pad, stretch or crop brings "
                   "pictures to that size", text, f->h, f->w, s.h, s.w);
}

static int read_one(struct mp_ctx *c, struct reader *r, size_t i, struct desk *k,
                    struct counts *counts)
{
    const char *name = r->album->file[i].name;
    const struct mp_form *form = r->form;
    if (load(c, r->album, i, k) < 0) {
        if (k->bitmap.why[0] == '\0')
            return -1;
        if (!form->skip_broken)
            return fail_broken(c, r->album, name, k->bitmap.why);
        counts->broken++;
        r->why[i] = strdup(k->bitmap.why);
        return r->why[i] != NULL ? MP_OK : mp_no_memory(c, "%s", name);
    }
    k->flat.c = r->shape.c;
    if (mp_flatten(c, &k->bitmap, behind(form), &k->flat) < 0)
        return -1;
    counts->bytes += k->n;
    counts->colour += k->flat.colour;
    counts->clear += k->flat.clear;
    counts->more += k->bitmap.more;
    if (form->fit == MP_FIT_NONE && (k->flat.h != r->shape.h || k->flat.w != r->shape.w))
        return other_size(c, r, name, &k->flat);
    return mp_picture_fit(c, &k->flat, form->fit, form->paper, r->shape,
                          r->d->x + i * mp_len(r->shape));
}

static int read_block(struct mp_ctx *c, void *arg, size_t block)
{
    struct reader *r = arg;
    struct desk k = { .file = NULL };
    struct counts counts = { 0 };
    const size_t n = r->album->n, len = mp_len(r->shape);
    const size_t first = block * BLOCK, end = first + BLOCK < n ? first + BLOCK : n;
    int rc = MP_OK;
    for (size_t i = first; i < end && rc == MP_OK; i++)
        rc = read_one(c, r, i, &k, &counts);
    clear(&k);
    mp_rows_let_go(&r->d->store, r->d->x + first * len, r->d->x + end * len);
    if (c->run != NULL)
        mp_bar_add(c->run->bar, (double)(end - first));
#pragma omp critical(mp_pictures)
    {
        r->counts.broken += counts.broken;
        r->counts.colour += counts.colour;
        r->counts.clear += counts.clear;
        r->counts.more += counts.more;
        r->counts.bytes += counts.bytes;
    }
    return rc;
}

/* Pictures that are broken leave no gap. */
static void close_gaps(struct reader *r, struct mp_album *a)
{
    const size_t len = mp_len(r->shape);
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        if (r->why[i] != NULL)
            continue;
        if (n < i) {
            const struct mp_album_file broken = a->file[n];
            memmove(r->d->x + n * len, r->d->x + i * len, len);
            a->file[n] = a->file[i];
            a->file[i] = broken;
        }
        n++;
    }
    r->d->n = n;
}

/* ----------------------------------------------------------------- notes */

static void warn_of_broken(struct mp_ctx *c, const struct reader *r)
{
    char text[700];
    size_t at = 0, named = 0;
    for (size_t i = 0; i < r->album->n && named < NAMED && at < sizeof text; i++)
        if (r->why[i] != NULL)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%.100s %.100s",
                                   named++ > 0 ? "; " : "", r->album->file[i].name, r->why[i]);
    mp_warn(c, "%s: %zu of %zu pictures %s broken and left out: %s%s", r->album->place,
            r->counts.broken, r->album->n, r->counts.broken > 1 ? "are" : "is", text,
            r->counts.broken > named ? " ..." : "");
}

/* What was decided without being asked for. */
static void warn_of_guesses(struct mp_ctx *c, const struct reader *r)
{
    const struct mp_album *a = r->album;
    const struct counts *k = &r->counts;
    const struct mp_form *form = r->form;
    if (a->strangers > 0)
        mp_warn(c, "%s: passed over %zu %s by name and content: %s%s", a->place, a->strangers,
                a->strangers > 1 ? "files that are no pictures" : "file that is no picture",
                a->stranger, a->strangers > 1 ? " ..." : "");
    if (r->shape.c == 3 && form->channels == 0 && form->beside.c == 0 && form->size.c != 3)
        mp_warn(c, "%s: pictures have colour: rows are %d x %d x 3 (colour=grey makes them grey)",
                a->place, r->shape.h, r->shape.w);
    if (r->shape.c == 1 && form->channels == 0 && k->colour > 0)
        mp_warn(c, "%s: %zu of %zu pictures %s colour, which is left out%s", a->place, k->colour,
                a->n, k->colour > 1 ? "have" : "has",
                form->beside.c > 0 ? "" : " (colour=rgb keeps it)");
    if (k->clear > 0 && form->paper == MP_PAPER_OWN)
        mp_warn(c, "%s: %zu of %zu pictures %s transparent pixels, behind which lies white "
                   "(paper=black)", a->place, k->clear, a->n, k->clear > 1 ? "have" : "has");
    if (k->more > 0)
        mp_warn(c, "%s: %zu of %zu pictures %s several pages or frames, of which the first is read",
                a->place, k->more, a->n, k->more > 1 ? "have" : "has");
}

/* --------------------------------------------------------------- reading */

/* What rows are called, and their classes. */
static int take_names(struct mp_ctx *c, const struct mp_album *a, struct mp_data *d)
{
    for (size_t i = 0; i < d->n; i++) {
        size_t n = 0;
        const char *text = a->labelled ? mp_album_label(a, i, &n) : "";
        if (mp_data_id_text(c, d, i, a->file[i].name, strlen(a->file[i].name)) < 0 ||
            (a->labelled && mp_data_label_text(c, d, i, text, n) < 0))
            return -1;
    }
    return MP_OK;
}

static int read_all(struct mp_ctx *c, struct reader *r, struct mp_album *a)
{
    struct mp_data *d = r->d;
    const size_t blocks = (a->n + BLOCK - 1) / BLOCK;
    struct mp_bar *bar = c->run != NULL ? c->run->bar : NULL;
    d->shape = r->shape;
    d->n = a->n;
    if (mp_data_room(c, d, a->n, mp_len(r->shape)) < 0 ||
        (r->why = mp_alloc(c, a->n, sizeof *r->why)) == NULL)
        return -1;
    mp_bar_begin(bar, "read pictures", (double)a->n, "pictures");
    const int rc = mp_parallel_for(c, blocks, read_block, r);
    mp_bar_end(bar);
    if (rc < 0)
        return -1;
    d->file_bytes = r->counts.bytes;
    if (r->counts.broken == a->n)
        return mp_fail(c, "%s: all %zu pictures are broken: %s %s", a->place, a->n, a->file[0].name,
                       r->why[0]);
    if (r->counts.broken > 0)
        warn_of_broken(c, r);
    warn_of_guesses(c, r);
    close_gaps(r, a);
    return take_names(c, a, d);
}

bool mp_pictures_are(const char *path)
{
    return mp_album_at(path) != MP_ALBUM_NONE;
}

bool mp_pictures_both(struct mp_ctx *c, const char *path)
{
    return mp_album_both(c, path);
}

int mp_pictures_read(struct mp_ctx *c, const char *path, const char *part,
                     const struct mp_form *form, struct mp_data *d)
{
    const struct mp_album_part wanted = { part, form->part };
    struct mp_album a;
    struct reader r = { .album = &a, .form = form, .d = d };
    if (mp_album_open(c, path, form->label, &wanted, &a) < 0)
        return -1;
    const size_t n = a.n;
    const int rc = find_shape(c, &r) < 0 ? -1 : read_all(c, &r, &a);
    for (size_t i = 0; i < n && r.why != NULL; i++)
        free(r.why[i]);
    free(r.why);
    mp_album_close(&a);
    return rc;
}

int mp_pictures_shape(struct mp_ctx *c, const char *path, const char *part,
                      const struct mp_form *form, struct mp_shape *shape)
{
    const struct mp_album_part wanted = { part, form->part };
    struct mp_album a;
    struct reader r = { .album = &a, .form = form };
    if (mp_album_open(c, path, form->label, &wanted, &a) < 0)
        return -1;
    const int rc = find_shape(c, &r);
    *shape = r.shape;
    mp_album_close(&a);
    return rc;
}
