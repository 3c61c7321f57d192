/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pictures.c - what stages and layers show of what they learned is what they do: a value
 * that comes out is the picture times the image that goes in. */
#include "core/ctx.h"
#include "core/layer.h"
#include "linear/linear_model.h"
#include "pipeline/pipeline.h"
#include "core/random.h"
#include "../tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 5, LEN = SIDE * SIDE, OUTPUTS = 6 };

/* Sums of picture times image, in the order of the pictures. */
struct seen {
    const float *image;
    double value[OUTPUTS];
    char last[64];
    int n;
};

static int see(struct mp_ctx *c, void *arg, const char *name, const float *x, int h, int w,
               size_t step)
{
    struct seen *s = arg;
    if (h != SIDE || w != SIDE || s->n == OUTPUTS)
        return mp_fail(c, "%s: picture %d of %d x %d", name, s->n, h, w);
    snprintf(s->last, sizeof s->last, "%s", name);
    for (size_t i = 0; i < LEN; i++)
        s->value[s->n] += (double)x[i * step] * (double)s->image[i];
    s->n++;
    return MP_OK;
}

static float *numbers(size_t n, uint64_t key)
{
    float *x = aligned_alloc(64, (n * sizeof *x / 64 + 1) * 64);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(mp_random_at(key, 0, 0, i) >> 40) / (1 << 23) - 1;
    return x;
}

static bool equal(const struct seen *s, const float *out, int n, const char *last)
{
    bool good = s->n == n && strcmp(s->last, last) == 0;
    for (int i = 0; i < n; i++)
        good = good && fabs(s->value[i] - (double)out[i]) < 1e-5;
    if (!good)
        tap_note("%d pictures, the last \"%s\": %g, %g", s->n, s->last, s->value[0],
                 (double)out[0]);
    return good;
}

/* A net of this one layer. */
static void layer(struct tap *t, struct mp_ctx *c, const char *line, const char *last)
{
    const struct mp_shape image = { SIDE, SIDE, 1 };
    char text[200];
    struct mp_script script;
    struct mp_plan plan;
    snprintf(text, sizeof text, "data train=x\nnet\n  %s\n", line);
    if (mp_script_parse(c, "p", text, &script) < 0 || mp_plan_build(c, &script, &plan) < 0) {
        tap_ok(t, false, "%s: %s", line, c->msg);
        return;
    }
    const struct mp_layers *lines = plan.nodes[0].params;
    const struct mp_layer_line *l = lines->at;
    struct mp_pass pass = { .c = c, .params = l->params, .in = image, .n = 1 };
    struct mp_weight weight[MP_LAYER_WEIGHTS];
    float *x = numbers(LEN, 1), *w, *y = numbers(OUTPUTS, 3);
    struct seen s = { .image = x };
    const struct mp_viewer viewer = { see, &s };
    l->layer->shape(c, l->params, image, &pass.out);
    const int n = l->layer->weights(l->params, image, pass.out, weight);
    w = numbers(weight[0].size, 2);
    pass.w[0] = w;
    bool good = n == 1 && mp_len(pass.out) == OUTPUTS;
    good = good && l->layer->open(c, l->params, image, pass.out, 1, MP_F32, false, &pass.plan) == MP_OK;
    good = good && l->layer->forward(&pass, x, y) == MP_OK;
    good = good && l->layer->pictures(c, l->params, image, pass.out, pass.w, &viewer) == MP_OK;
    tap_ok(t, good && equal(&s, y, OUTPUTS, last), "%s", line);
    if (pass.plan != NULL)
        l->layer->close(pass.plan);
    free(x);
    free(w);
    free(y);
    mp_plan_free(&plan);
    mp_script_free(&script);
}

static void linear(struct tap *t, struct mp_ctx *c, int columns, const char *last)
{
    double w[OUTPUTS * (LEN + 1)] = { 0 };
    float *x = numbers(LEN, 4), *random = numbers(OUTPUTS * LEN, 5), y[OUTPUTS];
    const int classes = columns == 1 ? 2 : columns;
    const struct mp_linear m = { .features = LEN, .columns = (uint64_t)columns,
                                 .classes = (uint64_t)classes, .w = w };
    const struct mp_linear_params p = { .bias = -1 };
    const struct mp_chunk in = { .n = 1, .shape = { 1, LEN, 1 }, .x = x };
    struct mp_chunk out = { .n = 1, .shape = { 1, classes, 1 }, .x = y };
    struct seen s = { .image = x };
    const struct mp_viewer viewer = { see, &s };
    for (int j = 0; j < columns; j++) /* the offset after each row stays 0 */
        for (int i = 0; i < LEN; i++)
            w[j * (LEN + 1) + i] = (double)random[j * LEN + i];
    c->run->n_classes = classes;
    const bool good = mp_linear_apply(c, &p, &m, &in, &out) == MP_OK &&
                      mp_linear_pictures(c, &p, &m, (struct mp_shape){ SIDE, SIDE, 1 },
                                         &viewer) == MP_OK;
    tap_ok(t, good && equal(&s, y, columns, last), "a linear model of %d classes", classes);
    s.n = 0;
    mp_linear_pictures(c, &p, &m, (struct mp_shape){ SIDE, SIDE, 2 }, &viewer);
    tap_ok(t, s.n == 0, "%d classes: no picture of another size", classes);
    free(x);
    free(random);
}

int main(void)
{
    static const char *const labels[] = { "3", "5", "7", "11", "13", "17" };
    struct tap t = { 0 };
    struct mp_run run = { .threads = 1, .classes = labels, .n_classes = 6 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    layer(&t, &c, "conv filters=6 kernel=5 pad=valid act=none bias=no", "kernel 6");
    layer(&t, &c, "dense units=6 act=none bias=no", "unit 6");
    linear(&t, &c, 6, "class 17");
    linear(&t, &c, 1, "3 rather than 5");
    mp_ctx_free(&c);
    return tap_end(&t);
}
