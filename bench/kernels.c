/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernels.c - what stages cost on the images of a file, through the engine.
 *
 *     kernels [-f] [-n PASSES] [-r ROWS] [-t THREADS] [-o FILE] IMAGES LINE...
 *
 * The LINEs are those of a pipeline without data and model.  Prints a line for
 * every pass over the first ROWS images: microseconds an image from the bytes that
 * were read to the last stage's output; what has to be learned is learned before.
 * Images count as training rows, so that augment does its work.
 * With -f: seconds to learn.  -o writes the outputs as float32, row after row.
 * One thread, unless -t says otherwise; 0 takes one for each processor.
 */
#include "core/clock.h"
#include "core/ctx.h"
#include "engine/engine.h"
#include "formats/read.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
    bool fit;
    int passes, threads;
    size_t rows; /* 0: all */
    const char *out, *images;
    char text[4096];
};

static int usage(void)
{
    fputs("usage: kernels [-f] [-n PASSES] [-r ROWS] [-t THREADS] [-o FILE] IMAGES LINE...\n",
          stderr);
    return 2;
}

static bool parse(struct job *j, int argc, char **argv)
{
    int option;
    *j = (struct job){ .passes = 5, .threads = 1 };
    while ((option = getopt(argc, argv, "fn:r:t:o:")) != -1) {
        switch (option) {
        case 'f': j->fit = true; break;
        case 'n': j->passes = atoi(optarg); break;
        case 'r': j->rows = strtoul(optarg, NULL, 10); break;
        case 't': j->threads = atoi(optarg); break;
        case 'o': j->out = optarg; break;
        default: return false;
        }
    }
    if (argc - optind < 2 || j->passes < 1 || j->threads < 0)
        return false;
    if (j->threads == 0)
        j->threads = omp_get_num_procs();
    j->images = argv[optind];
    size_t used = 0;
    for (int i = optind + 1; i < argc && used < sizeof j->text; i++)
        used += (size_t)snprintf(j->text + used, sizeof j->text - used, "%s\n", argv[i]);
    return used < sizeof j->text;
}

static int drop(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    (void)c, (void)arg, (void)out;
    return MP_OK;
}

static int keep(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    const size_t n = out->n * mp_len(out->shape);
    bool whole = out->b != NULL || fwrite(out->x, sizeof *out->x, n, arg) == n;
    for (size_t i = 0; out->b != NULL && i < n && whole; i++) {
        const float x = (float)out->b[i] / 255.0f;
        whole = fwrite(&x, sizeof x, 1, arg) == 1;
    }
    return whole ? MP_OK : mp_fail(c, "cannot write the outputs");
}

static int write_outputs(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
                         const char *path)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return mp_fail(c, "%s: cannot write", path);
    int rc = mp_engine_apply_training(c, p, d, p->n_nodes - 1, "write", keep, f);
    if (fclose(f) != 0 && rc == MP_OK)
        rc = mp_fail(c, "%s: cannot write", path);
    return rc;
}

/* One pass over a plan of its own, so that every fit begins from nothing. */
static int pass(struct mp_ctx *c, const struct job *j, const struct mp_script *s,
                const struct mp_data *d, bool last)
{
    struct mp_plan p;
    if (mp_plan_build(c, s, &p) < 0)
        return -1;
    int rc = p.has_model ? mp_fail(c, "no model, please: only filters and features")
                         : mp_plan_shape(c, &p, d->shape);
    double start = mp_seconds();
    if (rc == MP_OK)
        rc = mp_engine_fit(c, &p, d, NULL, p.n_nodes - 1);
    if (rc == MP_OK && j->fit) {
        printf("%.6f\n", mp_seconds() - start);
    } else if (rc == MP_OK) {
        start = mp_seconds();
        rc = mp_engine_apply_training(c, &p, d, p.n_nodes - 1, "apply", drop, NULL);
        printf("%.4f\n", 1e6 * (mp_seconds() - start) / (double)d->n);
    }
    if (rc == MP_OK && last && j->out != NULL)
        rc = write_outputs(c, &p, d, j->out);
    mp_plan_free(&p);
    return rc;
}

static int work(struct mp_ctx *c, const struct job *j)
{
    const struct mp_form any = { .label = NULL };
    struct mp_data d;
    struct mp_script s;
    if (mp_script_parse(c, "kernels", j->text, &s) < 0)
        return -1;
    int rc = mp_data_read(c, j->images, NULL, &any, &d);
    if (rc == MP_OK) {
        if (j->rows > 0 && j->rows < d.n)
            d.n = j->rows;
        for (int i = 0; i < j->passes && rc == MP_OK; i++)
            rc = pass(c, j, &s, &d, i == j->passes - 1);
        mp_data_free(&d);
    }
    mp_script_free(&s);
    return rc;
}

int main(int argc, char **argv)
{
    struct job j;
    if (!parse(&j, argc, argv))
        return usage();
    struct mp_run run = { .threads = j.threads, .quiet = true };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    const int rc = work(&c, &j);
    if (rc < 0)
        fprintf(stderr, "kernels: %s\n", c.msg);
    mp_ctx_free(&c);
    return rc < 0 ? 1 : 0;
}
