/* SPDX-License-Identifier: GPL-3.0-or-later */
/* augment.c - distorts the training images, afresh every epoch or in copies.
 *
 * Method.  Every image draws a map from where ink is to where it goes: zoom, then
 * shear, then rotation about the image's centre, then a shift.  The inverse of it,
 * a 2 x 3 matrix, and a smooth random displacement d tell where output pixel p
 * comes from; there the image is sampled, once, bilinearly, with paper around it:
 *
 *     out(p) = in(A (p - centre) + offset + d(p))
 *
 * Simard, Steinkraus and Platt (2003, "Best practices for convolutional neural
 * networks applied to visual document analysis") make d by blurring noise with a
 * Gaussian.  Here d is a uniform cubic B-spline over a coarse grid of random nodes,
 * the free-form deformation of Rueckert and others (1999): noise blurred with a
 * kernel that is all but a Gaussian, of variance spacing^2 / 3 (Unser, Aldroubi, Eden
 * 1992).  So a spacing of sqrt(3) sigma is smooth as their sigma is, for a few dozen
 * draws in place of a blur.  The rectangle is Zhong and others' (2020, "Random erasing
 * data augmentation"), filled with paper as in DeVries and Taylor's cutout (2017).
 *
 * Every draw is keyed by the row, the epoch (or copy) and its own number, so that one
 * parameter's value does not change what the others draw.
 *
 * The map cannot fold while the nodes lie within 0.48 spacing (Choi and Lee 2000), that
 * is, with elastic below 0.23 smooth.
 *
 * Cost for an image of 28 x 28 on one core: 0.9 us, and 0.6 us more with displacement.
 */
#include "core/learner.h"
#include "core/simd.h"
#include "image/planes.h"
#include <limits.h>
#include <math.h>
#include <string.h>

struct params {
    double shift, rotate, zoom, shear, elastic, smooth, erase;
    int copies;
};

static const struct mp_param table[] = {
    MP_PARAM(shift, .def = "1.5", .min = 0, .max = 1000, .unit = "px",
             .doc = "largest shift along each axis"),
    MP_PARAM(rotate, .def = "8", .min = 0, .max = 180, .unit = "degrees",
             .doc = "largest turn either way about the image's centre"),
    MP_PARAM(zoom, .def = "0.08", .min = 0, .max = 0.9,
             .doc = "largest growth or shrinkage, as a share, drawn for width and height apart"),
    MP_PARAM(shear, .def = "0.1", .min = 0, .max = 2,
             .doc = "largest slant either way, in px sideways a row"),
    MP_PARAM(elastic, .def = "0.8", .min = 0, .max = 100, .unit = "px",
             .doc = "root mean square of the elastic displacement along each axis"),
    MP_PARAM(smooth, .def = "5", .min = 1, .max = 1000, .unit = "px",
             .doc = "how smooth the elastic displacement is: as noise after a Gaussian blur of "
                    "this sigma"),
    MP_PARAM(erase, .def = "0", .min = 0, .max = 1,
             .doc = "largest share of the image's area that a random rectangle turns to paper"),
    MP_PARAM(copies, .def = "0", .min = 0, .max = 1000,
             .doc = "distorted copies of each training row, beside the row as it is; 0: the row "
                    "itself is distorted"),
    MP_END
};

enum { BAND = 8 }; /* rows that are sampled in one go */

/* Numbers of the draws; each gives two values. */
enum { SHIFT, TURN, ZOOM, ERASE_SIZE, ERASE_PLACE, NODES = 8 };

/* A row and an epoch, and whose draws they key. */
struct key {
    struct mp_ctx *c;
    uint64_t row, epoch;
};

struct pair {
    double y, x; /* each uniform in -1 .. 1 */
};

static struct pair draw(const struct key *k, uint64_t number)
{
    const uint64_t bits = mp_random(k->c, k->row, (k->epoch << 32) + number);
    return (struct pair){ (double)(bits >> 32) * 0x1p-31 - 1,
                          (double)(bits & UINT32_MAX) * 0x1p-31 - 1 };
}

/* One thread's memory.  Rows of the output are `wide` values, whole registers. */
struct room {
    int h, w, wide;
    int pitch;     /* of `page`: w + 3 */
    int ny, nx;    /* nodes of the elastic grid; 0: not displaced */
    float *page;   /* a channel in a frame of paper: 1 px above and left, 2 below and right */
    float *plane;  /* h x w: a channel of several */
    float *sy, *sx, *row; /* BAND x wide, rows of the output: where from, and the ink */
    int *at;       /* BAND x wide: where in `page` that is, rounded down */
    float *above, *below; /* BAND x wide pairs: the page's values there; those below them */
    float *down;   /* h x 4: weights of the four nodes that a row lies between */
    int *top;      /* h: the first of those */
    float *across; /* nx x wide: weight of each node in each column */
    float *nodes;  /* 2 x ny x nx: displacements along y, then along x, px */
    float *bent;   /* 2 x ny x wide: the nodes, splined along x */
};

/* The source of output pixel (y, x) in `page`: sx = xx x + xy y + x0, sy likewise. */
struct map {
    double yy, yx, y0;
    double xx, xy, x0;
};

static struct map draw_map(const struct params *p, const struct key *k, int h, int w)
{
    const struct pair shift = draw(k, SHIFT), turn = draw(k, TURN), zoom = draw(k, ZOOM);
    const double angle = p->rotate * turn.y * (3.14159265358979323846 / 180);
    const double c = cos(angle), s = sin(angle), slant = p->shear * turn.x;
    const double zy = 1 + p->zoom * zoom.y, zx = 1 + p->zoom * zoom.x;
    /* The inverse of (turn . slant . zoom), and of the shift. */
    struct map m = { .yy = c / zy, .yx = -s / zy,
                     .xy = (s - slant * c) / zx, .xx = (c + slant * s) / zx };
    const double cy = 0.5 * (h - 1), cx = 0.5 * (w - 1);
    const double oy = cy + p->shift * shift.y, ox = cx + p->shift * shift.x;
    m.y0 = cy - m.yy * oy - m.yx * ox + 1; /* 1: the frame */
    m.x0 = cx - m.xy * oy - m.xx * ox + 1;
    return m;
}

/* The cubic B-spline, unit spacing. */
static double spline(double t)
{
    t = fabs(t);
    const double r = 2 - t;
    return t < 1 ? 2.0 / 3 - t * t * (1 - t / 2) : t < 2 ? r * r * r / 6 : 0;
}

/* Node i lies at (i - 1) spacing: one before the page, and at least two beyond its end. */
static int nodes_along(int n, double spacing)
{
    return (int)((n - 1) / spacing) + 4;
}

static void weigh(struct room *r, double spacing)
{
    for (int i = 0; i < r->nx; i++)
        for (int x = 0; x < r->wide; x++)
            r->across[(size_t)i * (size_t)r->wide + (size_t)x] =
                (float)spline(x / spacing - (i - 1));
    for (int y = 0; y < r->h; y++) {
        r->top[y] = (int)(y / spacing);
        for (int i = 0; i < 4; i++)
            r->down[4 * (size_t)y + (size_t)i] = (float)spline(y / spacing - (r->top[y] + i - 1));
    }
}

/* Uniform nodes of -a .. a make a field of mean square a^2/3 (151/315)^2: the mean of
 * the squared spline over its phases is 151/315 along each axis. */
static void draw_nodes(struct room *r, const struct key *k, double elastic)
{
    const size_t n = (size_t)r->ny * (size_t)r->nx;
    const double a = elastic * sqrt(3) * 315 / 151;
    for (size_t i = 0; i < n; i++) {
        const struct pair d = draw(k, NODES + i);
        r->nodes[i] = (float)(a * d.y);
        r->nodes[n + i] = (float)(a * d.x);
    }
}

/* bent = nodes x across. */
static inline void bend(const struct room *r)
{
    for (int j = 0; j < 2 * r->ny; j++) {
        const float *node = r->nodes + (size_t)j * (size_t)r->nx;
        float *to = r->bent + (size_t)j * (size_t)r->wide;
        for (int x = 0; x < r->wide; x += MP_LANES) {
            float sum[MP_LANES] = { 0 }; /* a register */
            for (int i = 0; i < r->nx; i++) {
                const float *weight = r->across + (size_t)i * (size_t)r->wide + x;
#pragma omp simd
                for (int l = 0; l < MP_LANES; l++)
                    sum[l] += node[i] * weight[l];
            }
            memcpy(to + x, sum, sizeof sum);
        }
    }
}

/* Adds the displacements of row y to `at`, those along one axis. */
static inline void displace(const struct room *r, const float *bent, int y, float *at)
{
    const float *k = r->down + 4 * (size_t)y;
    const float *a = bent + (size_t)r->top[y] * (size_t)r->wide;
    const float *b = a + r->wide, *c = b + r->wide, *d = c + r->wide;
#pragma omp simd
    for (int x = 0; x < r->wide; x++)
        at[x] += k[0] * a[x] + k[1] * b[x] + k[2] * c[x] + k[3] * d[x];
}

/* Samples `page` at the n places (sy, sx), drawn into the frame, where a neighbour to the
 * right and one below can still be read: no tests in the loops.  Neighbours are fetched
 * in pairs by scalar loads, which compilers and processors do better than gathers; a band
 * of rows in one go, so that the stores have arrived when the last loop wants vectors. */
static inline void sample(const struct room *r, int n)
{
    const float bottom = (float)(r->h + 1), right = (float)(r->w + 1);
#pragma omp simd
    for (int x = 0; x < n; x++) {
        float fy = r->sy[x] > 0 ? r->sy[x] : 0, fx = r->sx[x] > 0 ? r->sx[x] : 0;
        fy = fy < bottom ? fy : bottom;
        fx = fx < right ? fx : right;
        const int iy = (int)fy, ix = (int)fx;
        r->at[x] = iy * r->pitch + ix;
        r->sy[x] = fy - (float)iy;
        r->sx[x] = fx - (float)ix;
    }
    const float *page = r->page, *next = page + r->pitch;
    const int *restrict at = r->at;
    float *restrict above = r->above, *restrict below = r->below;
    for (int x = 0; x < n; x++) {
        memcpy(above + 2 * x, page + at[x], 2 * sizeof *page);
        memcpy(below + 2 * x, next + at[x], 2 * sizeof *page);
    }
#pragma omp simd
    for (int x = 0; x < n; x++) {
        const float a = above[2 * x], b = below[2 * x];
        const float up = a + r->sx[x] * (above[2 * x + 1] - a);
        const float down = b + r->sx[x] * (below[2 * x + 1] - b);
        r->row[x] = up + r->sy[x] * (down - up);
    }
}

/* Where the pixels of row y come from. */
static inline void place(const struct room *r, const struct map *m, int y, float *sy, float *sx)
{
    const float yx = (float)m->yx, y0 = (float)(m->yy * y + m->y0);
    const float xx = (float)m->xx, x0 = (float)(m->xy * y + m->x0);
#pragma omp simd
    for (int x = 0; x < r->wide; x++) {
        sy[x] = yx * (float)x + y0;
        sx[x] = xx * (float)x + x0;
    }
    if (r->nx > 0) {
        displace(r, r->bent, y, sy);
        displace(r, r->bent + (size_t)r->ny * (size_t)r->wide, y, sx);
    }
}

MP_CLONES
static void warp(const struct room *r, const struct map *m, float *dst)
{
    if (r->nx > 0)
        bend(r);
    for (int top = 0; top < r->h; top += BAND) {
        const int rows = r->h - top < BAND ? r->h - top : BAND;
        for (int i = 0; i < rows; i++)
            place(r, m, top + i, r->sy + i * r->wide, r->sx + i * r->wide);
        sample(r, rows * r->wide);
        for (int i = 0; i < rows; i++, dst += r->w)
            memcpy(dst, r->row + i * r->wide, (size_t)r->w * sizeof *dst);
    }
}

/* u in -1 .. 1 as one of the whole numbers 0 .. n. */
static int whole(double u, int n)
{
    const int i = (int)(0.5 * (u + 1) * (n + 1.0));
    return i < n ? i : n;
}

/* Area uniform in 0 .. erase, aspect log-uniform in 1/3 .. 3, place uniform on the page. */
static void erase(double most, const struct key *k, int h, int w, float *dst)
{
    const struct pair size = draw(k, ERASE_SIZE), place = draw(k, ERASE_PLACE);
    const double area = 0.5 * (size.y + 1) * most * h * w, root = sqrt(pow(3, size.x));
    const int eh = (int)fmin(h, round(sqrt(area) * root));
    const int ew = (int)fmin(w, round(sqrt(area) / root));
    const int top = whole(place.y, h - eh), left = whole(place.x, w - ew);
    for (int y = top; y < top + eh; y++)
        memset(dst + (size_t)y * (size_t)w + left, 0, (size_t)ew * sizeof *dst);
}

/* Takes the scratch memory and weighs the nodes: once a chunk. */
static int furnish(struct mp_ctx *c, const struct params *p, struct mp_shape s, struct room *r)
{
    const double spacing = sqrt(3) * p->smooth;
    const size_t h = (size_t)s.h, wide = (size_t)mp_lanes(s.w), band = BAND * wide;
    *r = (struct room){ .h = s.h, .w = s.w, .wide = (int)wide, .pitch = s.w + 3 };
    if (p->elastic > 0) {
        r->ny = nodes_along(s.h, spacing);
        r->nx = nodes_along(s.w, spacing);
    }
    const size_t ny = (size_t)r->ny, nx = (size_t)r->nx, page = (h + 3) * (size_t)r->pitch;
    float *top, *at;
    if ((r->page = mp_scratch(c, page)) == NULL ||
        (r->plane = mp_scratch(c, h * (size_t)s.w)) == NULL ||
        (r->sy = mp_scratch(c, band)) == NULL || (r->sx = mp_scratch(c, band)) == NULL ||
        (r->row = mp_scratch(c, band)) == NULL ||
        (at = mp_scratch(c, band)) == NULL || (r->above = mp_scratch(c, 2 * band)) == NULL ||
        (r->below = mp_scratch(c, 2 * band)) == NULL ||
        (r->down = mp_scratch(c, 4 * h)) == NULL || (top = mp_scratch(c, h)) == NULL ||
        (r->across = mp_scratch(c, nx * wide)) == NULL ||
        (r->nodes = mp_scratch(c, 2 * ny * nx)) == NULL ||
        (r->bent = mp_scratch(c, 2 * ny * wide)) == NULL)
        return -1;
    r->top = (int *)(void *)top;
    r->at = (int *)(void *)at;
    memset(r->page, 0, page * sizeof *r->page);
    if (r->nx > 0)
        weigh(r, spacing);
    return MP_OK;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    (void)params, (void)state, (void)out;
    if (((size_t)in.h + 3) * ((size_t)in.w + MP_LANES) > INT_MAX)
        return mp_fail(c, "takes images of up to 2^31 pixels, got %d x %d", in.h, in.w);
    return MP_OK;
}

/* One channel of an image through the map, and into its place. */
static void move(const struct params *p, const struct key *k, const struct map *m, struct room *r,
                 const float *plane, float *to)
{
    const size_t w = (size_t)r->w;
    for (size_t y = 0; y < (size_t)r->h; y++)
        memcpy(r->page + (y + 1) * (size_t)r->pitch + 1, plane + y * w, w * sizeof *r->page);
    warp(r, m, to);
    if (p->erase > 0)
        erase(p->erase, k, r->h, r->w, to);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    struct room r;
    (void)state;

    if (furnish(c, p, in->shape, &r) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        const struct key k = { c, mp_row(in, i), in->epoch };
        const struct map m = draw_map(p, &k, r.h, r.w);
        const float *x = in->x + i * len;
        float *y = out->x + i * len;
        if (r.nx > 0)
            draw_nodes(&r, &k, p->elastic);
        for (size_t j = 0; j < channels; j++) {
            move(p, &k, &m, &r, mp_plane_out(x, n, channels, j, r.plane),
                 mp_plane_for(y, channels, r.plane));
            mp_plane_in(y, n, channels, j, r.plane);
        }
    }
    return MP_OK;
}

static int copies(const void *params)
{
    return ((const struct params *)params)->copies;
}

MP_STAGE(augment) = {
    .brief = "Distort training images, afresh every epoch or in copies",
    .doc = "Moves each training image as another hand might have written it: a zoom of\n"
           "width and height, a shear, a rotation about the image's centre and a shift, each\n"
           "drawn uniformly up to its parameter, and an elastic displacement after Simard,\n"
           "Steinkraus and Platt (2003).  All of them together are one bilinear resampling.\n"
           "What is moved over the border is lost, and paper comes in from there.  0 turns\n"
           "a part off.  The channels of a colour image move together; paper is 0 there, too,\n"
           "which is black.\n"
           "elastic is the displacement's root mean square; smooth is the sigma of their\n"
           "Gaussian, for which a cubic B-spline over a grid of random nodes stands in: their\n"
           "sigma 4 and alpha 34 are about smooth=4 elastic=1.4.  Below 0.23 smooth, elastic\n"
           "never folds strokes over each other.\n"
           "erase turns a rectangle to paper, of an area drawn uniformly up to that share\n"
           "of the image and an aspect of 1/3 to 3 (Zhong and others, 2020).\n"
           "A net sees every row drawn afresh in every epoch; copies are not for it.  Stages\n"
           "that learn in one pass, such as svm or pca, see a row once: distorted, or, with\n"
           "copies=4, as it is and in four distorted copies, so 5 times the rows.  Stages\n"
           "before augment learn from the rows as they are alone.\n"
           "What is drawn depends on the seed, the row's number and the epoch or copy alone.\n"
           "Rows that are tested or predicted pass unchanged.",
    .example = "augment rotate=10 elastic=1 erase=0.1",
    .flags = MP_INPLACE | MP_TRAIN_ONLY,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
    .learner = MP_LEARNER(.copies = copies),
};
