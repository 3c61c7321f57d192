/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kin.c - the training images that a bundle keeps, ready to be searched. */
#include "server/kin.h"
#include "core/simd.h"
#include "engine/engine.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values after which a row is left that is too far already. */
enum { STRIDE = 4 * MP_LANES };

struct taking {
    float *at;
    size_t done, d;
};

static int take(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    struct taking *t = arg;
    float *to = t->at + t->done * t->d;
    const size_t n = out->n * t->d;
    for (size_t i = 0; i < n; i++) {
        to[i] = out->b != NULL ? (float)out->b[i] / 255.0f : out->x[i];
        if (!isfinite(to[i]))
            return mp_fail(c, "an image that the bundle keeps gets a value that is no finite "
                              "number");
    }
    t->done += out->n;
    return MP_OK;
}

int mp_kin_open(struct mp_ctx *c, struct mp_bundle *b, struct mp_kin *n)
{
    const struct mp_exemplars *kept = &b->kept;
    *n = (struct mp_kin){ .node = b->plan.nodes[b->plan.model].inputs[0], .n = kept->n };
    if (kept->n == 0)
        return MP_OK;
    const struct mp_data d = { .n = kept->n, .shape = b->plan.shape, .x = kept->x };
    n->d = mp_len(n->node < 0 ? b->plan.shape : b->plan.nodes[n->node].out);
    n->x = mp_alloc(c, mp_product(kept->n, n->d), sizeof *n->x);
    struct taking t = { .at = n->x, .d = n->d };
    return n->x != NULL ? mp_engine_apply(c, &b->plan, &d, n->node, "digits", take, &t) : -1;
}

void mp_kin_close(struct mp_kin *n)
{
    free(n->x);
    *n = (struct mp_kin){ .n = 0 };
}

const char *mp_kin_space(const struct mp_bundle *b, const struct mp_kin *n)
{
    if (n->node < 0)
        return "image";
    const struct mp_node *node = &b->plan.nodes[n->node];
    return node->entry != NULL ? node->entry->name : "union";
}

/* The squared distance of d values, or of the first of them that make it more than `most`.  Four
 * squares are added in single precision, these sums in double. */
MP_CLONES
static double square_gap(const float *a, const float *b, size_t d, double most)
{
    const size_t whole = d / STRIDE * STRIDE;
    double sum = 0;
    for (size_t at = 0; at < whole && sum <= most; at += STRIDE) {
        mp_vector squares = { 0 };
        for (size_t i = at; i < at + STRIDE; i += MP_LANES) {
            mp_vector x, y;
            memcpy(&x, a + i, sizeof x);
            memcpy(&y, b + i, sizeof y);
            const mp_vector gap = x - y;
            squares += gap * gap;
        }
        double part[MP_LANES];
        for (int j = 0; j < MP_LANES; j++)
            part[j] = (double)squares[j];
        for (int half = MP_LANES / 2; half > 0; half /= 2)
            for (int j = 0; j < half; j++)
                part[j] += part[j + half];
        sum += part[0];
    }
    for (size_t i = whole; i < d; i++) {
        const double gap = (double)a[i] - (double)b[i];
        sum += gap * gap;
    }
    return sum;
}

void mp_kin_find(const struct mp_kin *n, const float *x, size_t k, struct mp_kin_found *found)
{
    size_t have = 0;
    for (size_t i = 0; i < n->n && k > 0; i++) {
        const double most = have < k ? INFINITY : found[k - 1].distance;
        const double gap = square_gap(n->x + i * n->d, x, n->d, most);
        if (have == k && gap >= most)
            continue;
        size_t at = have < k ? have++ : k - 1;
        for (; at > 0 && found[at - 1].distance > gap; at--)
            found[at] = found[at - 1];
        found[at] = (struct mp_kin_found){ i, gap };
    }
    for (size_t i = 0; i < have; i++)
        found[i].distance = sqrt(found[i].distance);
}
