/* SPDX-License-Identifier: GPL-3.0-or-later */
/* small.c - what fuzzers share. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw() */
#endif
#include "engine/fit.h"
#include "engine/predictions.h"
#include "small.h"
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -------------------------------------------------------------------- rows */

static void keep_silent(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

static const char *const labels[SMALL_CLASSES] = { "0", "1", "2" };

void small_run(struct mp_run *run)
{
    *run = (struct mp_run){ .threads = 1, .seed = 1, .n_classes = SMALL_CLASSES, .classes = labels,
                            .quiet = true, .warnings = { .hear = keep_silent } };
}

void small_data(struct small_data *s)
{
    static char name[] = "rows";
    enum { PIXELS = SMALL_SIDE * SMALL_SIDE };
    uint32_t r = 1;
    for (int i = 0; i < SMALL_ROWS; i++) {
        s->y[i] = i % SMALL_CLASSES;
        s->label[i] = (uint16_t)s->y[i];
        for (int j = 0; j < PIXELS; j++) {
            r = r * 1664525 + 1013904223; /* Numerical Recipes */
            const uint32_t noise = (r >> 24) % 60;
            s->x[i * PIXELS + j] = (uint8_t)((j % SMALL_CLASSES == s->y[i] ? 150 : 0) + noise);
        }
    }
    s->d = (struct mp_data){ .name = name, .n = SMALL_ROWS, .x = s->x, .label = s->label,
                             .classes = { .n = SMALL_CLASSES, .at = (char **)(uintptr_t)labels },
                             .shape = { SMALL_SIDE, SMALL_SIDE, 1 } };
}

int small_plan(struct mp_ctx *c, const char *text, struct mp_plan *p)
{
    struct mp_script s;
    if (mp_script_parse(c, "fuzz", text, &s) < 0)
        return -1;
    int rc = mp_plan_build(c, &s, p);
    mp_script_free(&s);
    if (rc == MP_OK && (rc = mp_plan_shape(c, p, (struct mp_shape){ SMALL_SIDE, SMALL_SIDE, 1 })))
        mp_plan_free(p);
    return rc;
}

int small_fit(struct mp_ctx *c, const char *text, struct small_scores *scores)
{
    struct small_data s;
    struct mp_plan p;
    struct mp_predictions made;
    small_data(&s);
    if (small_plan(c, text, &p) < 0)
        return -1;
    int rc = mp_fit(c, &p, &s.d, s.y);
    if (rc == MP_OK && (rc = mp_predict(c, &p, &s.d, &made)) == MP_OK) {
        memcpy(scores->at, made.scores, sizeof scores->at);
        mp_predictions_free(&made);
    }
    mp_plan_free(&p);
    return rc;
}

/* -------------------------------------------------------------------- laws */

void small_law(bool kept, const char *law)
{
    if (kept)
        return;
    fprintf(stderr, "broken: %s\n", law);
    abort();
}

void small_failed(const struct mp_ctx *c)
{
    small_law(c->msg[0] != '\0' && strchr(c->msg, '\n') == NULL, "a failure is one line");
}

/* ------------------------------------------------------------------- files */

static char *folder(void)
{
    static char path[1024];
    return path;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder(), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *small_folder(void)
{
    const char *above = getenv("TMPDIR");
    if (folder()[0] == '\0') {
        snprintf(folder(), 1024, "%s/fuzz.XXXXXX", above != NULL ? above : "/tmp");
        small_law(mkdtemp(folder()) != NULL && atexit(remove_folder) == 0, "there is a folder");
    }
    return folder();
}

void small_write(const char *path, const void *head, size_t n_head, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    const bool good = f != NULL && (n_head == 0 || fwrite(head, 1, n_head, f) == n_head) &&
                      (n == 0 || fwrite(bytes, 1, n, f) == n);
    small_law(f != NULL && fclose(f) == 0 && good, "a file can be written");
}

uint8_t *small_read(const char *path, size_t *n)
{
    enum { MOST = 1 << 20 };
    uint8_t *bytes = malloc(MOST);
    FILE *f = fopen(path, "rb");
    small_law(bytes != NULL && f != NULL, "a file of the fuzzer's own can be read");
    *n = fread(bytes, 1, MOST, f);
    fclose(f);
    return bytes;
}

const char *small_seeds(void)
{
    return getenv("FUZZ_SEEDS");
}
