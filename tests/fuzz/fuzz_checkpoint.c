/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_checkpoint.c - training that goes on from a hostile checkpoint: weights, the
 * optimizer's sums, history, epochs.
 *
 * Input: a pipeline's number, and how the rest is its checkpoint: 0 the content, header and
 * checksums being right; 1 what follows the header of a true one; 2 the file.  From 128 on:
 * also of the training that follows, where there are two.
 * It is refused in one line, or training goes on; from a true one to what it would have
 * come to without the interruption; and what is damaged is refused. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "small.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

const unsigned fuzz_cost = 40;

enum { HEADER = 32 }; /* sealed.h */
enum { CONTENT, BEHIND_HEADER, FILE_ITSELF };

static const char *const texts[] = {
    "net epochs=3 batch=8 validation=0.3 patience=2\n  conv filters=2 kernel=3\n  batchnorm\n"
    "  dense units=3\n",
    "net epochs=2 batch=8 optimizer=sgd momentum=0.9\n  sequence\n  lstm units=2\n",
    "net epochs=2 batch=8 optimizer=adamw\n  dense units=3\n  dropout rate=0.5\n"
    "calibrate share=0.5 refit=yes\n", /* trains twice: the first time without some rows */
};
enum { PIPELINES = sizeof texts / sizeof *texts };

struct subject {
    struct small_scores scores;
    const char *ending; /* of the checkpoint's name */
    uint8_t *file;
    size_t n;
};

struct interruption {
    volatile sig_atomic_t now;
};

static void interrupt(void *arg, const char *series, double value)
{
    struct interruption *i = arg;
    (void)value;
    i->now = i->now || strcmp(series, "loss") == 0;
}

static const char *path_of(const char *ending)
{
    static char path[1200];
    snprintf(path, sizeof path, "%s/checkpoint%s", small_folder(), ending);
    return path;
}

static int fit(const char *text, bool resume, bool stop, struct small_scores *scores)
{
    struct interruption i = { 0 };
    struct mp_run run;
    struct mp_ctx c;
    char path[1200];
    small_run(&run);
    snprintf(path, sizeof path, "%s", path_of(""));
    run.checkpoint = (struct mp_checkpoint){ path, "this run", .resume = resume };
    if (stop) {
        run.stopped = &i.now;
        run.diary = (struct mp_diary){ .record = interrupt, .arg = &i };
    }
    mp_ctx_init(&c, &run);
    const int rc = small_fit(&c, text, scores);
    if (rc < 0)
        small_failed(&c);
    mp_ctx_free(&c);
    return rc;
}

static void empty(void)
{
    unlink(path_of(""));
    unlink(path_of(".held"));
}

static struct subject *subject(int k)
{
    static struct subject *all[PIPELINES];
    struct small_scores other;
    char path[1200];
    if (all[k] != NULL)
        return all[k];
    struct subject *s = all[k] = calloc(1, sizeof *s);
    small_law(s != NULL, "there is memory");
    empty();
    small_law(fit(texts[k], false, false, &s->scores) == MP_OK, "the pipeline learns");
    empty();
    small_law(fit(texts[k], false, true, &other) < 0, "training can be stopped");
    s->ending = access(path_of(".held"), F_OK) == 0 ? ".held" : "";
    s->file = small_read(path_of(s->ending), &s->n);
    small_law(fit(texts[k], true, false, &other) == MP_OK &&
              memcmp(&other, &s->scores, sizeof other) == 0, "what was stopped can go on");
    if (small_seeds() != NULL) {
        const uint8_t head[] = { (uint8_t)k, CONTENT };
        snprintf(path, sizeof path, "%s/training-%d", small_seeds(), k);
        small_write(path, head, sizeof head, s->file + HEADER, s->n - HEADER);
    }
    return s;
}

/* The header of a true one with another length and the checksums of other bytes. */
static void seal(uint8_t *head, const uint8_t *bytes, uint64_t n)
{
    uint32_t crc = (uint32_t)crc32_z(0, bytes, n);
    memcpy(head + 16, &n, 8);
    memcpy(head + 24, &crc, 4);
    crc = (uint32_t)crc32_z(0, head, 28);
    memcpy(head + 28, &crc, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t head[HEADER];
    struct small_scores scores;
    if (small_seeds() != NULL)
        for (int k = 0; k < PIPELINES; k++)
            subject(k);
    if (size < 2)
        return 0;
    const char *text = texts[data[0] % PIPELINES];
    const struct subject *s = subject(data[0] % PIPELINES);
    const int how = data[1] % 3;
    const bool both = data[1] & 0x80 && *s->ending != '\0';
    const size_t n = size - 2, true_n = s->n - HEADER;
    memcpy(head, s->file, HEADER);
    if (how == CONTENT)
        seal(head, data + 2, n);
    empty();
    small_write(path_of(s->ending), head, how == FILE_ITSELF ? 0 : HEADER, data + 2, n);
    if (both)
        small_write(path_of(""), head, how == FILE_ITSELF ? 0 : HEADER, data + 2, n);
    const int rc = fit(text, true, false, &scores);
    const bool same = n == true_n && memcmp(data + 2, s->file + HEADER, n) == 0;
    if (same && how != FILE_ITSELF && !both)
        small_law(rc == MP_OK && memcmp(&scores, &s->scores, sizeof scores) == 0,
                  "training goes on to where it would have come");
    else if (how == BEHIND_HEADER &&
             (n != true_n || crc32_z(0, data + 2, n) != crc32_z(0, s->file + HEADER, n)))
        small_law(rc < 0, "what is damaged is refused");
    return 0;
}
