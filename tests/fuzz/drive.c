/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drive.c - runs a fuzz target without libFuzzer: the same inputs every time.
 *
 *     drive ITERATIONS SEED FILE...
 *
 * First every file as it is; then ITERATIONS times (fewer where an input takes long) one
 * of the files, changed in 1 to 8 places: a bit or byte flipped, a telling byte or number
 * put in, a piece cut out, doubled, moved, taken from another file, or the end cut off.
 * With DRIVE_SAVE in the environment each input is first written to "drive.last",
 * so that after a crash it holds the one to blame.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What a fuzzer may say of itself: how many times as long as usual an input takes it. */
extern const unsigned fuzz_cost __attribute__((weak));

enum { MOST = 1 << 16 }; /* bytes of an input */

struct input {
    uint8_t *at;
    size_t n;
};

/* xorshift64* (S. Vigna 2016): good enough to choose places. */
static size_t below(uint64_t *r, size_t n)
{
    *r ^= *r >> 12;
    *r ^= *r << 25;
    *r ^= *r >> 27;
    return n > 0 ? (size_t)((*r * 0x2545f4914f6cdd1dull >> 32) % n) : 0;
}

static bool load(const char *name, struct input *in)
{
    FILE *f = fopen(name, "rb");
    if (f == NULL)
        return false;
    in->at = malloc(MOST);
    in->n = in->at != NULL ? fread(in->at, 1, MOST, f) : 0;
    return fclose(f) == 0 && in->at != NULL;
}

/* Puts n bytes into `in` at `place`, as far as there is room. */
static void insert(struct input *in, size_t place, const uint8_t *bytes, size_t n)
{
    n = n < MOST - in->n ? n : MOST - in->n;
    memmove(in->at + place + n, in->at + place, in->n - place);
    memcpy(in->at + place, bytes, n);
    in->n += n;
}

static void cut(struct input *in, size_t place, size_t n)
{
    memmove(in->at + place, in->at + place + n, in->n - place - n);
    in->n -= n;
}

static void change(struct input *in, const struct input *other, uint64_t *r)
{
    static const uint8_t telling[] = "\0\1\x7f\x80\xff\n\r,\"-. 0=#{}\x1f\x8b";
    static const uint32_t numbers[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 4096, 65536 };
    uint8_t piece[256];
    const size_t place = below(r, in->n), left = in->n - place;
    size_t n = 1 + below(r, sizeof piece);
    switch (below(r, 8)) {
    case 0:
        if (left > 0)
            in->at[place] ^= (uint8_t)(1 << below(r, 8));
        break;
    case 1:
        if (left > 0)
            in->at[place] = (uint8_t)below(r, 256);
        break;
    case 2:
        insert(in, place, &telling[below(r, sizeof telling - 1)], 1);
        break;
    case 3:
        if (left >= 4)
            memcpy(in->at + place, &numbers[below(r, sizeof numbers / sizeof numbers[0])], 4);
        break;
    case 4:
        cut(in, place, n < left ? n : left);
        break;
    case 5:
        n = n < left ? n : left;
        memcpy(piece, in->at + place, n);
        insert(in, below(r, in->n + 1), piece, n);
        break;
    case 6:
        n = n < other->n ? n : other->n;
        insert(in, place, other->at + below(r, other->n - n + 1), n);
        break;
    default:
        in->n = below(r, 4) == 0 ? place : in->n;
    }
}

static void run(const struct input *in)
{
    FILE *f = getenv("DRIVE_SAVE") != NULL ? fopen("drive.last", "wb") : NULL;
    if (f != NULL) {
        fwrite(in->at, 1, in->n, f);
        fclose(f);
    }
    /* In a block of its own length, so that a sanitizer sees a read past it. */
    uint8_t *exact = malloc(in->n > 0 ? in->n : 1);
    if (exact == NULL)
        return;
    memcpy(exact, in->at, in->n);
    LLVMFuzzerTestOneInput(exact, in->n);
    free(exact);
}

static void iterate(const struct input *seeds, size_t n, unsigned long iterations, uint64_t r)
{
    struct input in = { malloc(MOST), 0 };
    for (unsigned long i = 0; i < iterations && in.at != NULL; i++) {
        const struct input *from = &seeds[below(&r, n)];
        memcpy(in.at, from->at, from->n);
        in.n = from->n;
        for (size_t k = 1 + below(&r, 8); k > 0; k--)
            change(&in, &seeds[below(&r, n)], &r);
        run(&in);
    }
    free(in.at);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: drive ITERATIONS SEED FILE...\n");
        return 2;
    }
    const size_t n = (size_t)argc - 3;
    const unsigned cost = &fuzz_cost != NULL ? fuzz_cost : 1;
    const unsigned long iterations = strtoul(argv[1], NULL, 10) / cost;
    struct input *seeds = calloc(n, sizeof *seeds);
    int rc = seeds == NULL;
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (!load(argv[3 + i], &seeds[i])) {
            printf("Bail out! cannot read %s\n", argv[3 + i]);
            rc = 1;
        } else
            run(&seeds[i]);
    }
    if (rc == 0) {
        iterate(seeds, n, iterations, 0x9e3779b97f4a7c15ull ^ strtoull(argv[2], NULL, 10));
        printf("ok 1 - %zu files and %lu changes of them\n1..1\n", n, iterations);
    }
    for (size_t i = 0; seeds != NULL && i < n; i++)
        free(seeds[i].at);
    free(seeds);
    return rc;
}
