/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_set.c - what a command line changes in a pipeline: --set, --drop, --train, and sets
 * of values for a search.
 *
 * Input: lines; "-NAME" is --drop NAME, "+FILE" is --train FILE, others are --set.
 * What `run` would take is written into its bundle, and has to be read there: the text of
 * a pipeline that can be built parses, to the same text and the same values. */
#include "pipeline/grid.h"
#include "small.h"
#include <stdlib.h>
#include <string.h>

static const char pipeline[] =
    "data train=rows.csv holdout=0.3\n"
    "augment rotate=5\n"
    "union\n"
    "  branch\n"
    "    deskew\n"
    "    hog cell=4\n"
    "  branch\n"
    "    hog cell=7 block=1\n"
    "    pca components=5\n"
    "vote\n"
    "  branch\n"
    "    svm C=0.3\n"
    "    calibrate\n"
    "  branch\n"
    "    normalize\n"
    "    net epochs=1\n"
    "      conv filters=4 kernel=3\n"
    "      dense units=10\n"
    "    calibrate\n";

/* Values may be sets only where they are looked for, and quotes keep them from that. */
static bool same_lines(const struct mp_line *a, const struct mp_line *b)
{
    bool same = a->n_settings == b->n_settings && a->n_children == b->n_children;
    for (int i = 0; same && i < a->n_settings; i++) {
        const struct mp_setting *p = &a->settings[i], *q = &b->settings[i];
        same = strcmp(p->name, q->name) == 0 && strcmp(p->value, q->value) == 0 &&
               (*p->value != '{' || p->literal == q->literal);
    }
    for (int i = 0; same && i < a->n_children; i++)
        same = strcmp(a->children[i].name, b->children[i].name) == 0 &&
               same_lines(&a->children[i], &b->children[i]);
    return same;
}

static void round_trip(const struct mp_script *s)
{
    struct mp_script again;
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    char *text = mp_script_text(&c, s, true);
    small_law(text != NULL && mp_script_parse(&c, "again", text, &again) == MP_OK,
              "a pipeline's text parses");
    char *twice = mp_script_text(&c, &again, true);
    small_law(twice != NULL && strcmp(text, twice) == 0, "to the same text");
    small_law(same_lines(&s->root, &again.root), "and the same values");
    free(twice);
    free(text);
    mp_script_free(&again);
    mp_ctx_free(&c);
}

/* Whether `run` would go on to the rows; if so, its bundle can be read. */
static bool builds(struct mp_script *s)
{
    struct mp_run run;
    struct mp_ctx c;
    struct mp_plan p;
    small_run(&run);
    mp_ctx_init(&c, &run);
    const bool good = mp_plan_build(&c, s, &p) == MP_OK;
    if (good) {
        round_trip(s);
        mp_plan_shape(&c, &p, (struct mp_shape){ 28, 28, 1 });
        mp_plan_free(&p);
    } else {
        small_failed(&c);
    }
    mp_ctx_free(&c);
    return good;
}

/* Every combination that is drawn can be chosen, and is named by what it sets. */
static void search(struct mp_script *s)
{
    enum { DRAWS = 6 };
    struct mp_ctx c;
    struct mp_grid g;
    uint64_t drawn[DRAWS];
    char text[512];
    mp_ctx_init(&c, NULL);
    if (mp_grid_open(&c, s, &g) == MP_OK) {
        const int n = g.total < DRAWS ? (int)g.total : DRAWS;
        int *which = calloc((size_t)g.n, sizeof *which);
        small_law(which != NULL && mp_grid_draw(&c, &g, n, 1, drawn) == MP_OK,
                  "combinations can be drawn");
        for (int i = 0; i < n; i++) {
            small_law(drawn[i] < g.total && (i == 0 || drawn[i - 1] < drawn[i]),
                      "they are different");
            mp_grid_values(&g, drawn[i], which);
            for (int k = 0; k < g.n; k++)
                small_law(which[k] >= 0 && which[k] < g.sets[k].n, "each has a value of each set");
            mp_grid_text(&g, drawn[i], "--set ", text, sizeof text);
            small_law(mp_grid_choose(&c, &g, drawn[i]) == MP_OK, "each can be chosen");
            builds(s);
        }
        free(which);
        mp_grid_close(&g);
    } else {
        small_failed(&c);
    }
    mp_ctx_free(&c);
}

static int change(struct mp_ctx *c, struct mp_script *s, char *lines)
{
    int rc = MP_OK;
    for (char *at = lines, *next; at != NULL && rc == MP_OK; at = next) {
        next = strchr(at, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (*at == '-')
            rc = mp_script_drop(c, s, at + 1);
        else if (*at == '+')
            rc = mp_script_set_data(c, s, "train", at + 1);
        else
            rc = mp_script_set(c, s, at);
    }
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mp_ctx c;
    struct mp_script s;
    char *lines = strndup((const char *)data, size);
    mp_ctx_init(&c, NULL);
    small_law(lines != NULL && mp_script_parse(&c, "fuzz", pipeline, &s) == MP_OK,
              "the pipeline itself parses");
    small_law(size > 0 || builds(&s), "and builds");
    if (change(&c, &s, lines) < 0)
        small_failed(&c);
    else if (!builds(&s))
        search(&s);
    mp_script_free(&s);
    mp_ctx_free(&c);
    free(lines);
    return 0;
}
