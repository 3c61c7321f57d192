/* fuzz_pipeline.c - any text as a pipeline: parsed, built, shaped, written again. */
#include "ctx.h"
#include "pipeline.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        mp_script_free(&s);
    }
    mp_ctx_free(&c);
    free(text);
    return 0;
}
