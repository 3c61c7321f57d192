/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_pipeline.c - any text as a pipeline: parsed, built, shaped, written again; then
 * without some of its lines: what is left is a script, too. */
#include "core/ctx.h"
#include "pipeline/pipeline.h"
#include "study/ablation.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Leaves out two lines that can be; the text of the rest has to parse. */
static void drop(struct mp_script *s, size_t pick)
{
    struct mp_ctx c;
    struct mp_cut *cuts;
    struct mp_script rest;
    int n;
    mp_ctx_init(&c, NULL);
    if (mp_cuts_find(&c, s, true, false, &cuts, &n) == MP_OK && n > 0) {
        const struct mp_cut two = { { cuts[pick % (size_t)n].lines[0],
                                      cuts[pick / 7 % (size_t)n].lines[0] }, 2 };
        char *names = mp_cut_names(&c, s, &two);
        if (names == NULL || mp_script_drop(&c, s, names) < 0)
            abort();
        char *text = mp_script_text(&c, s, true);
        if (text == NULL || mp_script_parse(&c, "rest", text, &rest) < 0)
            abort();
        mp_script_free(&rest);
        free(text);
        free(names);
    }
    free(cuts);
    mp_ctx_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mp_run run = { .n_classes = 10, .threads = 1 };
    struct mp_ctx c;
    struct mp_script s;
    struct mp_plan p;
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    mp_ctx_init(&c, &run);
    if (mp_script_parse(&c, "fuzz", text, &s) == MP_OK) {
        char *again = mp_script_text(&c, &s, true);
        free(again);
        if (mp_plan_build(&c, &s, &p) == MP_OK) {
            if (mp_plan_shape(&c, &p, (struct mp_shape){ 28, 28, 1 }) == MP_OK && p.n_nodes > 0) {
                char label[128];
                mp_plan_label(&p, p.n_nodes - 1, 0, label, sizeof label);
            }
            mp_plan_free(&p);
        }
        drop(&s, size);
        mp_script_free(&s);
    }
    mp_ctx_free(&c);
    free(text);
    return 0;
}
