/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rectangles.c - what rectangles says of images of one pixel of ink are the weights of its filters:
 * each is one of the five forms, all occur, and of any image it says the sum of pixels by weights. */
#include "../direct.h"
#include "../tap.h"
#include "pipeline/pipeline.h"

enum { H = 6, W = 7, PIXELS = H * W, FILTERS = 400, FORMS = 5 };

/* Parts downwards and to the right, and the sign of each. */
static const struct {
    int down, across;
    const char *signs;
} form[FORMS] = {
    { 1, 2, "+-" }, { 2, 1, "+-" }, { 1, 3, "-+-" }, { 3, 1, "-+-" }, { 2, 2, "+--+" },
};

/* Whether weights within `box` are those of a form: equal parts, of the means of which the one is
 * taken off the other. */
static bool is_form(const float *weight, const int box[4], int f)
{
    const int high = box[2] / form[f].down, wide = box[3] / form[f].across;
    int parts[2] = { 0, 0 };
    if (box[2] % form[f].down != 0 || box[3] % form[f].across != 0)
        return false;
    for (const char *s = form[f].signs; *s != '\0'; s++)
        parts[*s == '-']++;
    for (int y = 0; y < box[2]; y++)
        for (int x = 0; x < box[3]; x++) {
            const bool minus = form[f].signs[y / high * form[f].across + x / wide] == '-';
            const double law = (minus ? -1.0 : 1.0) / (parts[minus] * high * wide);
            if (fabs((double)weight[(box[0] + y) * W + box[1] + x] - law) > 1e-6)
                return false;
        }
    return true;
}

/* Which form a filter has; -1: none. */
static int form_of(const float *weight)
{
    int y0 = H, x0 = W, y1 = 0, x1 = 0;
    for (int i = 0; i < PIXELS; i++)
        if (fabsf(weight[i]) > 0) {
            y0 = i / W < y0 ? i / W : y0;
            x0 = i % W < x0 ? i % W : x0;
            y1 = i / W + 1 > y1 ? i / W + 1 : y1;
            x1 = i % W + 1 > x1 ? i % W + 1 : x1;
        }
    const int box[4] = { y0, x0, y1 - y0, x1 - x0 };
    for (int f = 0; f < FORMS && y1 > y0; f++)
        if (is_form(weight, box, f))
            return f;
    return -1;
}

static void test_filters(struct tap *t, const float *y, const float *image)
{
    int forms[FORMS] = { 0 }, others = 0;
    double most = 0;
    for (size_t k = 0; k < FILTERS; k++) {
        float weight[PIXELS];
        double sum = 0;
        for (size_t i = 0; i < PIXELS; i++) {
            weight[i] = y[i * FILTERS + k];
            sum += (double)weight[i] * (double)image[i];
        }
        const int f = form_of(weight);
        if (f >= 0)
            forms[f]++;
        others += f < 0;
        most = fmax(most, fabs(sum - (double)y[PIXELS * FILTERS + k]));
    }
    tap_ok(t, others == 0, "%d of %d filters are of none of the forms", others, FILTERS);
    for (int f = 0; f < FORMS; f++)
        tap_ok(t, forms[f] > FILTERS / FORMS / 2, "%d are %d x %d parts", forms[f], form[f].down,
               form[f].across);
    tap_ok(t, most < 1e-6, "values are sums of pixels by weights, but for %g", most);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { .seed = 1, .threads = 1 };
    struct mp_script s = { 0 };
    struct mp_plan p = { 0 };
    struct mp_ctx c;
    float x[(PIXELS + 1) * PIXELS] = { 0 };
    const struct rows r = { PIXELS + 1, { H, W, 1 }, x, NULL, NULL };
    for (size_t i = 0; i < PIXELS; i++) {
        x[i * PIXELS + i] = 1;
        x[PIXELS * PIXELS + i] = (float)(i * i % 11) / 10;
    }
    mp_ctx_init(&c, &run);
    c.place = 1;
    if (mp_script_parse(&c, "test", "rectangles count=400", &s) == MP_OK &&
        mp_plan_build(&c, &s, &p) == MP_OK) {
        const struct mp_stage *stage = p.nodes[0].entry->stage;
        void *state = direct_fit(&c, stage, p.nodes[0].params, &r, 1, 0);
        float *y = direct_apply(&c, stage, p.nodes[0].params, state, &r,
                                (struct mp_shape){ 1, FILTERS, 1 }, (struct how){ 0 });
        test_filters(&t, y, x + PIXELS * PIXELS);
        free(y);
        direct_clear(stage, state);
    }
    tap_ok(&t, c.msg[0] == '\0', "nothing fails: %s", c.msg);
    mp_plan_free(&p);
    mp_script_free(&s);
    mp_ctx_free(&c);
    return tap_end(&t);
}
