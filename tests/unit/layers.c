/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layers.c - the promises that every layer of a net makes, checked on every layer.
 *
 *   layers                    all layers, and what is told of some
 *   layers NAME ...           these layers alone
 *
 * Runs over the registry, so a new layer is covered the moment its file exists: with
 * its example, with each word that a parameter takes, and with each yes and no.  What
 * the values of layers are is frozen from PyTorch: tests/oracle/net.py.
 *
 * Gradients are compared with central differences in f32, of a step that keeps both
 * rounding and curvature below a thousandth; where the slopes to the left and to the
 * right disagree there is a kink, and the value is left out. */
#define ORACLE_LAYERS
#include "../oracle/net.h"
#include "../tap.h"
#include "core/ctx.h"
#include "linear/dnn.h"
#include "core/layer.h"
#include "core/param.h"
#include "pipeline/pipeline.h"
#include "core/random.h"
#include <ctype.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE = 32, REST = 5, GUARD = 16, PICKS = 12 };

/* Of a difference to each side; how near a gradient must come, in parts of itself or
 * of its tensor's root mean square, whichever is more. */
#define STEP 2e-3f
#define NEAR 1e-2

/* A layer with its parameters, on one shape, for items of n rows. */
struct probe {
    struct tap *tap;
    const char *name;
    const struct mp_layer *layer;
    struct mp_run run;
    struct mp_plan plan;   /* owns the parameters */
    void *params;
    char form[200];        /* "conv act=tanh" */
    struct mp_shape in, out;
    size_t n;
    void *opened;
    enum mp_precision precision;
    int n_weights;
    struct mp_weight weight[MP_LAYER_WEIGHTS];
    size_t saved;          /* of the item */
    bool good;
    int told;
};

__attribute__((format(printf, 3, 4))) static bool expect(struct probe *p, bool good,
                                                         const char *fmt, ...)
{
    char text[1400];
    va_list ap;
    if (good)
        return true;
    p->good = false;
    if (p->told++ < 6) {
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        tap_note("%s: %d x %d x %d, %zu rows: %s", p->form, p->in.h, p->in.w, p->in.c, p->n, text);
    }
    return false;
}

/* ----------------------------------------------------------------- memory */

/* Floats, aligned as the trainer's, between watched words; under the address sanitizer
 * nothing is around them. */
static float *block(size_t n)
{
#ifdef __SANITIZE_ADDRESS__
    const size_t guard = 0;
#else
    const size_t guard = GUARD;
#endif
    void *at;
    if (posix_memalign(&at, 64, (n + 2 * guard) * sizeof(float) + (n == 0)) != 0) {
        printf("Bail out! no memory for the test itself\n");
        exit(1);
    }
    float *x = (float *)at + guard;
    memset(at, 0xff, (n + 2 * guard) * sizeof(float)); /* not a number */
    return x;
}

static bool whole(const float *x, size_t n)
{
#ifndef __SANITIZE_ADDRESS__
    const uint8_t *before = (const uint8_t *)(x - GUARD), *after = (const uint8_t *)(x + n);
    for (size_t i = 0; i < GUARD * sizeof *x; i++)
        if (before[i] != 0xff || after[i] != 0xff)
            return false;
#endif
    (void)x, (void)n;
    return true;
}

static void release(float *x)
{
#ifdef __SANITIZE_ADDRESS__
    free(x);
#else
    free(x != NULL ? x - GUARD : NULL);
#endif
}

static float *copy(const float *x, size_t n)
{
    float *y = block(n);
    memcpy(y, x, n * sizeof *x);
    return y;
}

static double wave(int seed, size_t at)
{
    const double i = (double)at;
    return sin((0.7 * i + 1.3) * i + 2.9 * seed);
}

static float *waves(int seed, size_t n, double scale, double shift)
{
    float *x = block(n);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(shift + scale * wave(seed, i));
    return x;
}

/* What goes in, and what comes out, of one item. */
struct item {
    float *x, *dy, *w[MP_LAYER_WEIGHTS];
    float *y, *saved, *dx, *dw[MP_LAYER_WEIGHTS];
    mp_bf16 *wb[MP_LAYER_WEIGHTS]; /* NULL until check_bf16() needs them */
};

static bool is_variance(const struct mp_weight *w)
{
    return strcmp(w->name, "variance") == 0;
}

static struct item make_item(const struct probe *p)
{
    const size_t in = p->n * mp_len(p->in), out = p->n * mp_len(p->out);
    struct item t = { .x = waves(0, in, 1, 0), .dy = waves(9, out, 1, 0), .y = block(out),
                      .dx = block(in), .saved = p->saved > 0 ? block(p->saved) : NULL };
    for (int k = 0; k < p->n_weights; k++) {
        t.w[k] = waves(k + 1, p->weight[k].size, 0.4, is_variance(&p->weight[k]));
        t.dw[k] = block(p->weight[k].size);
    }
    return t;
}

static void free_item(struct item *t)
{
    release(t->x);
    release(t->dy);
    release(t->y);
    release(t->dx);
    release(t->saved);
    for (int k = 0; k < MP_LAYER_WEIGHTS; k++) {
        release(t->w[k]);
        release(t->dw[k]);
    }
}

/* ----------------------------------------------------------------- passes */

static struct mp_pass pass_of(const struct probe *p, struct mp_ctx *c, const struct item *t,
                              bool training, uint64_t key)
{
    struct mp_pass pass = { .c = c, .params = p->params, .plan = p->opened, .in = p->in,
                            .out = p->out, .n = p->n, .training = training, .key = key,
                            .precision = p->precision,
                            .saved = t->saved };
    for (int k = 0; k < p->n_weights; k++) {
        pass.w[k] = t->w[k];
        pass.dw[k] = p->weight[k].outer ? NULL : t->dw[k];
        pass.wb[k] = t->wb[k];
    }
    return pass;
}

static int forward(const struct probe *p, struct mp_ctx *c, const struct item *t, bool training,
                   uint64_t key)
{
    struct mp_pass pass = pass_of(p, c, t, training, key);
    const int rc = p->layer->forward(&pass, t->x, t->y);
    mp_ctx_reuse(c);
    return rc;
}

/* Of tensors that the net makes the gradient of: the sum of x' dy over the rows. */
static void outer(const struct probe *p, const struct item *t, const float *x, const float *dy)
{
    for (int k = 0; k < p->n_weights; k++) {
        const struct mp_weight *w = &p->weight[k];
        for (size_t at = 0; w->outer && at < w->size; at++) {
            const size_t i = at / w->fan_out, j = at % w->fan_out;
            double sum = 0;
            for (size_t r = 0; r < p->n; r++)
                sum += (double)x[r * w->fan_in + i] * (double)dy[r * w->fan_out + j];
            t->dw[k][at] = (float)sum;
        }
    }
}

/* dy may be overwritten, so the layer gets a copy. */
static int backward(const struct probe *p, struct mp_ctx *c, const struct item *t, uint64_t key,
                    float *dx)
{
    struct mp_pass pass = pass_of(p, c, t, true, key);
    float *dy = copy(t->dy, p->n * mp_len(p->out));
    const int rc = p->layer->backward(&pass, t->x, t->y, dy, dx);
    outer(p, t, t->x, dy);
    mp_ctx_reuse(c);
    release(dy);
    return rc;
}

static void check_call(struct probe *p, struct mp_ctx *c, int rc, const char *what)
{
    expect(p, rc >= 0 && c->msg[0] == '\0', "%s: gave %d and said \"%s\"", what, rc, c->msg);
    c->msg[0] = '\0';
}

static void check_finite(struct probe *p, const float *x, size_t n, const char *what)
{
    for (size_t i = 0; x != NULL && i < n; i++)
        if (!expect(p, isfinite(x[i]), "%s: value %zu of %zu is unset, infinite or not a number",
                    what, i, n))
            return;
}

static void check_results(struct probe *p, const struct item *t, const char *what)
{
    char text[100];
    check_finite(p, t->y, p->n * mp_len(p->out), what);
    check_finite(p, t->dx, p->n * mp_len(p->in), what);
    expect(p, whole(t->y, p->n * mp_len(p->out)), "%s: wrote beside y", what);
    expect(p, whole(t->dx, p->n * mp_len(p->in)), "%s: wrote beside dx", what);
    expect(p, t->saved == NULL || whole(t->saved, p->saved), "%s: wrote beside saved", what);
    for (int k = 0; k < p->n_weights; k++) {
        snprintf(text, sizeof text, "%s: dw of %s", what, p->weight[k].name);
        check_finite(p, t->dw[k], p->weight[k].size, text);
        expect(p, whole(t->dw[k], p->weight[k].size), "%s: wrote beside it", text);
    }
}

static bool same_bits(const float *a, const float *b, size_t n)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

static void check_same(struct probe *p, const struct item *a, const struct item *b,
                       const char *what)
{
    expect(p, same_bits(a->y, b->y, p->n * mp_len(p->out)), "%s: y differs", what);
    expect(p, same_bits(a->dx, b->dx, p->n * mp_len(p->in)), "%s: dx differs", what);
    for (int k = 0; k < p->n_weights; k++)
        expect(p, same_bits(a->dw[k], b->dw[k], p->weight[k].size), "%s: dw of %s differs", what,
               p->weight[k].name);
}

/* There and back; inputs stay as they are; without dx, dw is the same. */
static void check_passes(struct probe *p, struct mp_ctx *c)
{
    struct item t = make_item(p), fresh = make_item(p);
    check_call(p, c, forward(p, c, &t, true, 7), "forward");
    float *y = copy(t.y, p->n * mp_len(p->out));
    check_call(p, c, backward(p, c, &t, 7, t.dx), "backward");
    check_results(p, &t, "training");
    expect(p, same_bits(y, t.y, p->n * mp_len(p->out)), "backward() wrote to y");
    expect(p, same_bits(t.x, fresh.x, p->n * mp_len(p->in)), "wrote to its input");
    for (int k = 0; k < p->n_weights; k++)
        expect(p, same_bits(t.w[k], fresh.w[k], p->weight[k].size), "wrote to its weights");
    check_call(p, c, forward(p, c, &fresh, true, 7), "forward");
    check_call(p, c, backward(p, c, &fresh, 7, NULL), "backward without dx");
    for (int k = 0; k < p->n_weights; k++)
        expect(p, same_bits(t.dw[k], fresh.dw[k], p->weight[k].size),
               "dw of %s is another without dx", p->weight[k].name);
    release(y);
    free_item(&t);
    free_item(&fresh);
}

/* Once more, and on two threads side by side: the same bits. */
static void check_threads(struct probe *p, struct mp_ctx *c)
{
    struct item t[3] = { make_item(p), make_item(p), make_item(p) };
    struct mp_ctx own[2];
    int rc[2] = { 0, 0 };
    mp_ctx_init(&own[0], &p->run);
    mp_ctx_init(&own[1], &p->run);
    check_call(p, c, forward(p, c, &t[0], true, 7), "forward");
    check_call(p, c, backward(p, c, &t[0], 7, t[0].dx), "backward");
#pragma omp parallel for num_threads(2) schedule(static, 1)
    for (int i = 0; i < 2; i++)
        for (int times = 0; times < 2 && rc[i] >= 0; times++) {
            rc[i] = forward(p, &own[i], &t[1 + i], true, 7);
            if (rc[i] >= 0)
                rc[i] = backward(p, &own[i], &t[1 + i], 7, t[1 + i].dx);
        }
    for (int i = 0; i < 2; i++) {
        check_call(p, &own[i], rc[i], "on a thread");
        check_same(p, &t[0], &t[1 + i], "on two threads at once, the second time");
        mp_ctx_free(&own[i]);
    }
    for (int i = 0; i < 3; i++)
        free_item(&t[i]);
}

/* Not in training: nothing is drawn, and blank rows have finite results. */
static void check_inference(struct probe *p, struct mp_ctx *c)
{
    struct item a = make_item(p), b = make_item(p);
    const size_t in = p->n * mp_len(p->in), out = p->n * mp_len(p->out);
    check_call(p, c, forward(p, c, &a, false, 7), "inference");
    check_call(p, c, forward(p, c, &b, false, 8), "inference");
    check_finite(p, a.y, out, "inference");
    expect(p, whole(a.y, out), "inference: wrote beside y");
    expect(p, same_bits(a.y, b.y, out), "inference: twice is not the same");
    memset(a.x, 0, in * sizeof *a.x);
    check_call(p, c, forward(p, c, &a, false, 7), "inference on blank rows");
    check_finite(p, a.y, out, "inference on blank rows");
    check_call(p, c, forward(p, c, &a, true, 7), "training on blank rows");
    check_call(p, c, backward(p, c, &a, 7, a.dx), "training on blank rows");
    check_results(p, &a, "training on blank rows");
    free_item(&a);
    free_item(&b);
}

/* -------------------------------------------------------------- gradients */

/* Slope of dy . f where *at moves; false where some output has a kink there: its
 * slopes up and down differ by more than curvature and rounding explain. */
static bool slope(struct probe *p, struct mp_ctx *c, struct item *t, float *at, const float *y0,
                  double *found)
{
    const size_t out = p->n * mp_len(p->out);
    const float was = *at, up = was + STEP, down = was - STEP;
    double sum = 0;
    bool smooth = true;
    *at = up;
    check_call(p, c, forward(p, c, t, true, 7), "forward");
    float *above = copy(t->y, out);
    *at = down;
    check_call(p, c, forward(p, c, t, true, 7), "forward");
    for (size_t i = 0; i < out; i++) {
        const double y = (double)y0[i], rise = ((double)above[i] - y) / ((double)up - (double)was);
        const double fall = (y - (double)t->y[i]) / ((double)was - (double)down);
        smooth = smooth && fabs(rise - fall) <= 0.02;
        sum += (double)t->dy[i] * ((double)above[i] - (double)t->y[i]);
    }
    *found = sum / ((double)up - (double)down);
    *at = was;
    release(above);
    return smooth;
}

static void check_tensor(struct probe *p, struct mp_ctx *c, struct item *t, float *x,
                         const float *gradient, size_t n, const float *y0, const char *what)
{
    const size_t picks = n < PICKS ? n : PICKS;
    double size = 0, found;
    size_t smooth = 0;
    for (size_t i = 0; i < n; i++)
        size += (double)gradient[i] * (double)gradient[i];
    size = sqrt(size / (double)n);
    for (size_t i = 0; i < picks; i++) {
        const size_t at = n <= PICKS ? i : (size_t)(mp_random_at(3, i, n, 0) % n);
        const double g = (double)gradient[at];
        if (!slope(p, c, t, &x[at], y0, &found))
            continue;
        smooth++;
        expect(p, fabs(found - g) <= NEAR * fmax(fabs(g), size) + 1e-4,
               "gradient of %s, value %zu of %zu: %.6g, by differences %.6g", what, at, n, g,
               found);
    }
    expect(p, 3 * smooth >= picks, "gradient of %s: %zu of %zu values have a kink", what,
           picks - smooth, picks);
}

static void check_gradients(struct probe *p, struct mp_ctx *c)
{
    struct item t = make_item(p);
    check_call(p, c, forward(p, c, &t, true, 7), "forward");
    check_call(p, c, backward(p, c, &t, 7, t.dx), "backward");
    float *y0 = copy(t.y, p->n * mp_len(p->out));
    check_tensor(p, c, &t, t.x, t.dx, p->n * mp_len(p->in), y0, "x");
    for (int k = 0; k < p->n_weights; k++)
        if (!p->weight[k].fixed)
            check_tensor(p, c, &t, t.w[k], t.dw[k], p->weight[k].size, y0, p->weight[k].name);
    release(y0);
    free_item(&t);
}

/* ----------------------------------------------------------------- opening */

/* A layer's line becomes parameters as in a pipeline. */
static bool begin(struct probe *p, const char *line)
{
    struct mp_script s = { 0 };
    struct mp_ctx c;
    char text[300];
    mp_ctx_init(&c, &p->run);
    memset(&p->plan, 0, sizeof p->plan);
    snprintf(text, sizeof text, "net\n  %s\n", line);
    snprintf(p->form, sizeof p->form, "%s", line);
    const bool good = mp_script_parse(&c, "test", text, &s) == MP_OK &&
                      mp_plan_build(&c, &s, &p->plan) == MP_OK;
    if (good) {
        const struct mp_layers *layers = p->plan.nodes[0].params;
        p->name = layers->at[0].name;
        p->layer = layers->at[0].layer;
        p->params = layers->at[0].params;
    }
    expect(p, good, "%s", c.msg);
    mp_script_free(&s);
    mp_ctx_free(&c);
    return good;
}

static void end(struct probe *p)
{
    mp_plan_free(&p->plan);
}

/* Places it on a shape; false: refused, and c->msg says why. */
static bool place(struct probe *p, struct mp_ctx *c, struct mp_shape in)
{
    p->in = p->out = in;
    if (p->layer->shape != NULL && p->layer->shape(c, p->params, in, &p->out) < 0)
        return false;
    expect(p, p->out.h > 0 && p->out.w > 0 && p->out.c > 0, "makes rows of %d x %d x %d",
           p->out.h, p->out.w, p->out.c);
    memset(p->weight, 0, sizeof p->weight);
    p->n_weights = p->layer->weights != NULL
                       ? p->layer->weights(p->params, p->in, p->out, p->weight) : 0;
    return true;
}

static bool open(struct probe *p, struct mp_ctx *c, size_t n)
{
    p->n = n;
    p->opened = NULL;
    p->saved = p->layer->saved != NULL ? n * p->layer->saved(p->params, p->in, p->out) : 0;
    if (p->layer->open == NULL)
        return true;
    const int rc = p->layer->open(c, p->params, p->in, p->out, n, p->precision, true, &p->opened);
    check_call(p, c, rc, "open");
    return rc >= 0;
}

static void shut(struct probe *p)
{
    if (p->layer->close != NULL && p->opened != NULL)
        p->layer->close(p->opened);
    p->opened = NULL;
}

static void check_weights(struct probe *p)
{
    expect(p, p->n_weights >= 0 && p->n_weights <= MP_LAYER_WEIGHTS, "%d tensors", p->n_weights);
    for (int k = 0; k < p->n_weights; k++) {
        const struct mp_weight *w = &p->weight[k];
        const bool drawn = w->init == MP_INIT_FAN || w->init == MP_INIT_ORTHOGONAL;
        if (!expect(p, w->name != NULL && w->size > 0, "tensor %d: no name or no size", k))
            continue;
        expect(p, !drawn || (w->fan_in > 0 && w->fan_out > 0), "%s: drawn, but no fan", w->name);
        expect(p, w->init != MP_INIT_ORTHOGONAL || w->size % w->fan_out == 0,
               "%s: %zu values are no rows of %zu", w->name, w->size, w->fan_out);
        expect(p, !w->fixed || (!w->decay && w->blend >= 0 && w->blend <= 1),
               "%s: a fixed tensor has no decay, and a blend of 0 to 1", w->name);
        for (int j = 0; j < k; j++)
            expect(p, strcmp(w->name, p->weight[j].name) != 0, "%s: stands twice", w->name);
    }
}

/* ----------------------------------------------------------------------- bf16 */

static void round_values(float *x, size_t n, mp_bf16 *y)
{
    mp_to_bf16(x, y, n);
    mp_from_bf16(y, x, n);
}

static mp_bf16 *halves(size_t n)
{
    return (mp_bf16 *)block((n + 1) / 2);
}

/* Within 2 % of the largest: eight bits, and sums of a few hundred. */
static void check_near(struct probe *p, const float *a, const float *b, size_t n, const char *what)
{
    double most = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)b[i]));
        apart = fmax(apart, isfinite(a[i]) ? fabs((double)a[i] - (double)b[i]) : INFINITY);
    }
    expect(p, apart <= 0.02 * most + 1e-6, "bf16: %s is %g away from f32, of %g", what, apart,
           most);
}

/* The passes of item t in bf16, results as floats in t. */
static int pass_bf16(const struct probe *p, struct mp_ctx *c, const struct item *t,
                     const mp_bf16 *x, mp_bf16 *dy)
{
    const size_t in = p->n * mp_len(p->in), out = p->n * mp_len(p->out);
    struct mp_pass pass = pass_of(p, c, t, true, 7);
    mp_bf16 *y = halves(out), *dx = halves(in);
    int rc = p->layer->forward_bf16(&pass, x, y);
    if (rc >= 0)
        rc = p->layer->backward_bf16(&pass, x, y, dy, dx);
    mp_ctx_reuse(c);
    mp_from_bf16(y, t->y, out);
    mp_from_bf16(dx, t->dx, in);
    float *left = block(in), *right = block(out);
    mp_from_bf16(x, left, in);
    mp_from_bf16(dy, right, out);
    outer(p, t, left, right);
    release(left);
    release(right);
    release((float *)y);
    release((float *)dx);
    return rc;
}

/* In bf16 a layer gives nearly what it gives in f32 of the same, rounded, inputs. */
static void check_bf16(struct probe *p, struct mp_ctx *c)
{
    const size_t in = WHOLE * mp_len(p->in), out = WHOLE * mp_len(p->out);
    if (!mp_dnn_has_bf16() || !open(p, c, WHOLE))
        return;
    struct item t = make_item(p), u = make_item(p);
    mp_bf16 *x = halves(in), *dy = halves(out);
    round_values(t.x, in, x);
    round_values(t.dy, out, dy);
    for (int k = 0; k < p->n_weights; k++) {
        u.wb[k] = halves(p->weight[k].size);
        round_values(t.w[k], p->weight[k].size, u.wb[k]);
        memcpy(u.w[k], t.w[k], p->weight[k].size * sizeof(float));
    }
    memcpy(u.x, t.x, in * sizeof(float));
    memcpy(u.dy, t.dy, out * sizeof(float));
    bool good = forward(p, c, &t, true, 7) >= 0 && backward(p, c, &t, 7, t.dx) >= 0;
    shut(p);
    p->precision = MP_BF16;
    good = open(p, c, WHOLE) && good;
    if (good && p->layer->forward_bf16 != NULL)
        good = pass_bf16(p, c, &u, x, dy) >= 0;
    else if (good)
        good = forward(p, c, &u, true, 7) >= 0 && backward(p, c, &u, 7, u.dx) >= 0;
    if (expect(p, good, "bf16: %s", c->msg)) {
        check_near(p, u.y, t.y, out, "y");
        check_near(p, u.dx, t.dx, in, "dx");
        for (int k = 0; k < p->n_weights; k++)
            check_near(p, u.dw[k], t.dw[k], p->weight[k].size, p->weight[k].name);
    }
    shut(p);
    p->precision = MP_F32;
    for (int k = 0; k < p->n_weights; k++)
        release((float *)u.wb[k]);
    release((float *)x);
    release((float *)dy);
    free_item(&t);
    free_item(&u);
}

static const struct mp_shape shapes[] = {
    { 8, 8, 3 }, { 7, 9, 1 }, { 1, 13, 1 }, { 5, 1, 4 }, { 1, 1, 1 },
};

static void check_shape(struct probe *p, struct mp_shape in, bool gradients)
{
    struct mp_ctx c;
    mp_ctx_init(&c, &p->run);
    if (!place(p, &c, in)) {
        expect(p, strpbrk(c.msg, "0123456789") != NULL && strpbrk(c.msg, "\n\r") == NULL,
               "refused, but not in one line with the sizes: \"%s\"", c.msg);
        mp_ctx_free(&c);
        return;
    }
    check_weights(p);
    for (int k = 0; k < 2; k++) {
        if (open(p, &c, k == 0 ? WHOLE : REST)) {
            check_passes(p, &c);
            check_inference(p, &c);
            check_threads(p, &c);
            if (gradients && k == 1)
                check_gradients(p, &c);
        }
        shut(p);
    }
    check_bf16(p, &c);
    mp_ctx_free(&c);
}

/* ------------------------------------------------------- what is written down */

static bool is_sentence(const char *text, size_t most)
{
    const size_t n = text != NULL ? strlen(text) : 0;
    return n > 0 && n <= most && text[n - 1] != '.' && !isspace((unsigned char)text[n - 1]) &&
           !isspace((unsigned char)text[0]) && strpbrk(text, "\n\r\t") == NULL;
}

static bool takes(struct probe *p, void *params, const struct mp_param *q, const char *value)
{
    struct mp_ctx c;
    mp_ctx_init(&c, &p->run);
    const bool good = mp_params_set(&c, p->layer->params, params, q->name, value) >= 0;
    expect(p, good || strstr(c.msg, q->name) != NULL, "%s=%s: refused without naming it: %s",
           q->name, value, c.msg);
    mp_ctx_free(&c);
    return good;
}

static void check_number(struct probe *p, void *params, const struct mp_param *q)
{
    const double ends[] = { q->min, q->max };
    char text[64];
    if (!expect(p, q->min < q->max && isfinite(q->min) && isfinite(q->max),
                "%s: a number needs a range", q->name))
        return;
    for (int i = 0; i < 2; i++) {
        const double step = q->type == MP_INT ? 1 : fabs(ends[i]) * 0.01 + 1e-9;
        snprintf(text, sizeof text, "%.17g", ends[i] + (i == 0 ? -step : step));
        expect(p, !takes(p, params, q, text), "%s=%s: taken, though out of range", q->name, text);
        snprintf(text, sizeof text, "%.17g", ends[i]);
        expect(p, takes(p, params, q, text), "%s=%s: refused, though in range", q->name, text);
    }
}

static void check_parameters(struct probe *p)
{
    const struct mp_param *table = p->layer->params;
    void *params = calloc(1, p->layer->params_size + 1);
    for (const struct mp_param *q = table; q != NULL && q->name != NULL; q++) {
        expect(p, is_sentence(q->doc, 200), "%s: doc missing, too long, or with a full stop",
               q->name);
        expect(p, mp_param_find(table, q->name) == q, "%s: stands twice in the table", q->name);
        expect(p, q->offset + q->size <= p->layer->params_size, "%s: lies outside of params_size",
               q->name);
        expect(p, q->choices == NULL || q->type == MP_INT, "%s: choices need an int field",
               q->name);
        if (q->choices == NULL && (q->type == MP_INT || q->type == MP_REAL))
            check_number(p, params, q);
        else
            expect(p, !takes(p, params, q, "nosuch"), "%s=nosuch: taken", q->name);
        expect(p, q->def == NULL || takes(p, params, q, q->def), "%s=%s: the default is refused",
               q->name, q->def);
    }
    if (table != NULL)
        mp_params_free(table, params);
    free(params);
}

static void check_words(struct probe *p, const char *name)
{
    const struct mp_layer *l = p->layer;
    const size_t n = strlen(name);
    expect(p, is_sentence(l->brief, 70), "brief: one line of 1 to 70 letters, no full stop");
    expect(p, l->doc != NULL && *l->doc != '\0', "doc: missing");
    expect(p, strncmp(l->example, name, n) == 0 && (l->example[n] == '\0' || l->example[n] == ' '),
           "example \"%s\": must begin with the name", l->example);
    expect(p, l->forward != NULL && l->backward != NULL, "forward() or backward() is missing");
    expect(p, (l->open == NULL) == (l->close == NULL), "open() and close() go together");
    expect(p, (l->forward_bf16 == NULL) == (l->backward_bf16 == NULL), "bf16: both passes or none");
    expect(p, (l->params == NULL) == (l->params_size == 0), "params and params_size do not go "
           "together");
    expect(p, mp_find_stage(name) == NULL, "there is a stage of this name too");
}

/* ------------------------------------------------------------- one layer */

static void check_shapes(struct probe *p, bool gradients)
{
    p->good = true;
    p->told = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_shape(p, shapes[i], gradients);
}

/* Each word of each parameter, the others as in the example. */
static void check_variants(struct tap *t, struct probe *p, const char *example)
{
    for (const struct mp_param *q = p->layer->params; q != NULL && q->name != NULL; q++) {
        const char *at = q->choices != NULL ? q->choices : q->type == MP_BOOL ? "yes|no" : "";
        for (int n; *at != '\0'; at += n + (at[n] == '|')) {
            char word[64];
            struct probe v = { .tap = t, .run = p->run, .good = true };
            n = (int)strcspn(at, "|");
            snprintf(word, sizeof word, "%.*s", n, at);
            if (!begin(&v, example))
                continue;
            takes(&v, v.params, q, word);
            snprintf(v.form, sizeof v.form, "%s, %s=%s", example, q->name, word);
            check_shapes(&v, true);
            tap_ok(t, v.good, "%s: passes and gradients", v.form);
            end(&v);
        }
    }
}

static void check_layer(struct tap *t, const struct mp_layer_entry *e)
{
    struct probe p = { .tap = t, .good = true, .run = { .seed = 1, .threads = 1 } };
    if (!tap_ok(t, e->layer->example != NULL && begin(&p, e->layer->example),
                "%s: its example is understood", e->name))
        return;
    check_words(&p, e->name);
    tap_ok(t, p.good, "%s: brief, doc, example, functions", e->name);
    p.good = true;
    check_parameters(&p);
    tap_ok(t, p.good, "%s: every parameter has a range, a doc and a default in it", e->name);
    check_shapes(&p, true);
    tap_ok(t, p.good, "%s: passes and gradients", p.form);
    check_variants(t, &p, e->layer->example);
    end(&p);
}

/* ----------------------------------------------------------------- oracle */

static void against(struct probe *p, const char *what, const float *x, size_t n,
                    const double *probes)
{
    double product = 0;
    for (size_t i = 0; i < n; i++)
        product += (double)x[i] * wave(20, i);
    for (int i = 0; i < ORACLE_PROBES; i++) {
        const bool last = i == ORACLE_PROBES - 1;
        const double got = last ? product / sqrt((double)n) : (double)x[(size_t)i * 7919 % n];
        expect(p, fabs(got - probes[i]) <= 1e-4 * fmax(1, fabs(probes[i])),
               "%s, %s %d: %.7g, PyTorch has %.7g", what, last ? "product" : "probe", i, got,
               probes[i]);
    }
}

static void check_case(struct probe *p, const struct oracle_layer *o)
{
    struct mp_ctx c;
    mp_ctx_init(&c, &p->run);
    if (expect(p, place(p, &c, o->in), "%s", c.msg) && open(p, &c, o->n)) {
        struct item t = make_item(p);
        for (size_t i = 0; o->ties && i < p->n * mp_len(p->in); i++)
            t.x[i] = roundf(t.x[i]);
        check_call(p, &c, forward(p, &c, &t, o->training, 7), "forward");
        against(p, "y", t.y, p->n * mp_len(p->out), o->probes[0]);
        if (o->training) {
            check_call(p, &c, backward(p, &c, &t, 7, t.dx), "backward");
            against(p, "dx", t.dx, p->n * mp_len(p->in), o->probes[1]);
            expect(p, o->n_tensors == 2 + p->n_weights, "%d tensors of weights", p->n_weights);
        }
        for (int k = 0; k < p->n_weights && k < o->n_tensors - 2; k++)
            against(p, p->weight[k].name, t.dw[k], p->weight[k].size, o->probes[2 + k]);
        free_item(&t);
    }
    shut(p);
    mp_ctx_free(&c);
}

static void check_oracle(struct tap *t)
{
    for (size_t i = 0; i < sizeof oracle_layers / sizeof *oracle_layers; i++) {
        const struct oracle_layer *o = &oracle_layers[i];
        struct probe p = { .tap = t, .good = true, .run = { .seed = 1, .threads = 1 } };
        if (begin(&p, o->line)) {
            check_case(&p, o);
            end(&p);
        }
        tap_ok(t, p.good, "%s, %d x %d x %d%s: PyTorch's values and gradients", o->line, o->in.h,
               o->in.w, o->in.c, o->ties ? ", equal values" : o->training ? "" : ", not training");
    }
}

/* ---------------------------------------------------------------- dropout */

/* Of ones: the share asked for becomes 0, the rest 1 / (1 - share); other keys drop
 * others. */
static void test_dropout(struct tap *t)
{
    struct probe p = { .tap = t, .good = true, .run = { .seed = 1, .threads = 1 } };
    const size_t n = WHOLE * 15 * 15 * 7;
    struct mp_ctx c;
    mp_ctx_init(&c, &p.run);
    if (begin(&p, "dropout rate=0.3") && place(&p, &c, (struct mp_shape){ 15, 15, 7 }) &&
        open(&p, &c, WHOLE)) {
        struct item a = make_item(&p), b = make_item(&p);
        size_t dropped = 0, both = 0;
        for (size_t i = 0; i < n; i++)
            a.x[i] = b.x[i] = 1;
        check_call(&p, &c, forward(&p, &c, &a, true, 7), "forward");
        check_call(&p, &c, forward(&p, &c, &b, true, 8), "forward");
        for (size_t i = 0; i < n; i++) {
            dropped += a.y[i] == 0;
            both += a.y[i] == 0 && b.y[i] == 0;
            expect(&p, a.y[i] == 0 || fabs((double)a.y[i] - 1 / 0.7) < 1e-4, "1 became %g",
                   (double)a.y[i]);
        }
        const double share = (double)dropped / (double)n, twice = (double)both / (double)n;
        expect(&p, fabs(share - 0.3) < 0.01, "%g are dropped", share);
        expect(&p, fabs(twice - 0.09) < 0.01, "%g are dropped by two keys, not 0.09", twice);
        free_item(&a);
        free_item(&b);
        end(&p);
    }
    tap_ok(t, p.good, "dropout: drops its share, by its key, and scales up the rest");
    mp_ctx_free(&c);
}

/* ------------------------------------------------------------- large layers */

/* As the net begins: outputs of a usual size. */
static struct item usual_item(const struct probe *p)
{
    struct item t = make_item(p);
    for (int k = 0; k < p->n_weights; k++)
        for (size_t i = 0; i < p->weight[k].size && p->weight[k].fan_in > 0; i++)
            t.w[k][i] *= (float)(3 / sqrt((double)p->weight[k].fan_in));
    return t;
}

static void check_close(struct probe *p, const float *a, const float *b, size_t n,
                        const char *what)
{
    double most = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)b[i]));
        apart = fmax(apart, isfinite(a[i]) ? fabs((double)a[i] - (double)b[i]) : INFINITY);
    }
    expect(p, most > 0 && apart <= 1e-4 * most, "%s is %g away from that of its halves, of %g",
           what, apart, most);
}

/* Half h of the item `all` on its own: its results are those of the rows, its gradients of
 * weights are added to `sum`. */
static void check_half(struct probe *p, struct mp_ctx *c, const struct item *all, size_t h,
                       float **sum)
{
    struct item t = usual_item(p);
    const size_t in = p->n * mp_len(p->in), out = p->n * mp_len(p->out);
    memcpy(t.x, all->x + h * in, in * sizeof *t.x);
    memcpy(t.dy, all->dy + h * out, out * sizeof *t.dy);
    check_call(p, c, forward(p, c, &t, true, 1), "forward");
    check_call(p, c, backward(p, c, &t, 1, t.dx), "backward");
    check_close(p, all->y + h * out, t.y, out, "y");
    check_close(p, all->dx + h * in, t.dx, in, "dx");
    for (int k = 0; k < p->n_weights; k++)
        for (size_t i = 0; i < p->weight[k].size; i++)
            sum[k][i] = (h > 0 ? sum[k][i] : 0) + t.dw[k][i];
    free_item(&t);
}

/* A layer so large that its products are made part by part gives what two halves of its rows
 * give, of which each is one product; and it stops when asked to. */
static void test_large(struct tap *t, const char *line, struct mp_shape in)
{
    struct probe p = { .tap = t, .good = true, .run = { .seed = 1, .threads = 1 } };
    volatile sig_atomic_t stopped = 0;
    float *sum[MP_LAYER_WEIGHTS] = { NULL };
    struct mp_ctx c;
    mp_ctx_init(&c, &p.run);
    if (begin(&p, line) && place(&p, &c, in) && open(&p, &c, WHOLE)) {
        struct item all = usual_item(&p);
        check_call(&p, &c, forward(&p, &c, &all, true, 1), "forward");
        check_call(&p, &c, backward(&p, &c, &all, 1, all.dx), "backward");
        p.run.stopped = &stopped;
        stopped = 1;
        expect(&p, forward(&p, &c, &all, true, 1) < 0 && strcmp(c.msg, "interrupted") == 0,
               "forward, asked to stop: said \"%s\"", c.msg);
        c.msg[0] = '\0';
        expect(&p, backward(&p, &c, &all, 1, NULL) < 0 && strcmp(c.msg, "interrupted") == 0,
               "backward, asked to stop: said \"%s\"", c.msg);
        c.msg[0] = '\0';
        stopped = 0;
        shut(&p);
        for (int k = 0; k < p.n_weights; k++)
            sum[k] = block(p.weight[k].size);
        for (size_t h = 0; h < 2 && open(&p, &c, WHOLE / 2); h++) {
            check_half(&p, &c, &all, h, sum);
            shut(&p);
        }
        for (int k = 0; k < p.n_weights; k++)
            check_close(&p, all.dw[k], sum[k], p.weight[k].size, p.weight[k].name);
        free_item(&all);
        for (int k = 0; k < p.n_weights; k++)
            release(sum[k]);
        end(&p);
    }
    tap_ok(t, p.good, "%s, %d x %d x %d: the gradients of its halves, added; and it stops", line,
           in.h, in.w, in.c);
    mp_ctx_free(&c);
}

static const struct mp_layer_entry *find_layer(const char *name)
{
    const struct mp_layer_entry *e = mp_layers_found;
    while (e->name != NULL && strcmp(e->name, name) != 0)
        e++;
    return e->name != NULL ? e : NULL;
}

/* Those that the user names. */
static int check_named(struct tap *t, int n, char **names)
{
    for (int i = 0; i < n; i++) {
        const struct mp_layer_entry *e = find_layer(names[i]);
        if (e != NULL)
            check_layer(t, e);
        else
            tap_ok(t, false, "%s: no such layer", names[i]);
    }
    return tap_end(t);
}

int main(int argc, char **argv)
{
    struct tap t = { 0 };
    if (argc > 1)
        return check_named(&t, argc - 1, argv + 1);
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        check_layer(&t, e);
    check_oracle(&t);
    test_dropout(&t);
    test_large(&t, "lstm units=1200", (struct mp_shape){ 25, 4, 1 });
    test_large(&t, "conv filters=192 kernel=5", (struct mp_shape){ 28, 28, 48 });
    test_large(&t, "conv filters=192 kernel=7", (struct mp_shape){ 28, 28, 48 });
    return tap_end(&t);
}
