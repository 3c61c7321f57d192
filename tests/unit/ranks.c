/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ranks.c - a process alone is one rank, and what launchers leave in the environment is read;
 * tests/cli/mpi.sh has several. */
#include "core/ranks.h"
#include "core/ctx.h"
#include "core/handed.h"
#include "../tap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMI_SIZE",
    "PMI_RANK", "MPI_LOCALNRANKS", "PMIX_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE",
};

static void forget(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

/* Three variables, each of which may be NULL, and what they mean. */
static void test_launched(struct tap *t)
{
    static const struct {
        const char *name[3], *value[3];
        struct mp_launch said;
    } told[] = {
        { { "PATH", "PATH", "PATH" }, { NULL, NULL, NULL }, { 1, 0, 1 } },
        { { "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE" },
          { "8", "5", "4" }, { 8, 5, 4 } },
        { { "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS" }, { "3", "0", NULL }, { 3, 0, 3 } },
        { { "SLURM_STEP_NUM_TASKS", "PMIX_RANK", "SLURM_STEP_TASKS_PER_NODE" },
          { "6", "1", "2(x3)" }, { 6, 1, 2 } },
        /* A batch script of Slurm is no step of several; numbers that cannot be are none. */
        { { "SLURM_STEP_NUM_TASKS", "PATH", "PATH" }, { "6", NULL, NULL }, { 1, 0, 1 } },
        { { "PMI_SIZE", "PMI_RANK", "PATH" }, { "3", "3", NULL }, { 1, 0, 1 } },
        { { "PMI_SIZE", "PMI_RANK", "PATH" }, { "many", "0", NULL }, { 1, 0, 1 } },
    };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        forget();
        for (int k = 0; k < 3; k++)
            if (told[i].value[k] != NULL)
                setenv(told[i].name[k], told[i].value[k], 1);
        const struct mp_launch l = mp_launched(), e = told[i].said;
        tap_ok(t, l.n == e.n && l.mine == e.mine && l.here == e.here,
               "%s=%s: %d processes, number %d, %d here", told[i].name[0],
               told[i].value[0] != NULL ? told[i].value[0] : "", e.n, e.mine, e.here);
    }
    forget();
    bool left = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s=1", names[i]);
        left = left && mp_launch_left(text);
    }
    tap_ok(t, left && !mp_launch_left("PMI_SIZE_OF=1") && !mp_launch_left("PMI_SIZ=1") &&
              !mp_launch_left("PATH=PMI_SIZE=1"),
           "what they leave is known from what others leave");
}

static void test_alone(struct tap *t)
{
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    float x[6] = { 1, 2, 3, 4, 5, 6 };
    const size_t cut[] = { 0, 6 };
    struct mp_letter give = { (unsigned char *)x, sizeof x }, get = give;
    mp_ctx_init(&c, &run);
    tap_ok(t, mp_ranks_open(&c, false) == MP_OK && mp_ranks(&c) == 1 && mp_rank(&c) == 0 &&
              mp_share(&c, 7, 0) == 0 && mp_share(&c, 7, 1) == 7,
           "alone: one rank, whose share is everything");
    tap_ok(t, mp_ranks_agree(&c, MP_OK) == MP_OK && mp_ranks_agree(&c, -1) == -1 &&
              mp_ranks_same(&c, MP_OK, 5, "rows") == MP_OK &&
              mp_ranks_tell(&c, MP_OK, x, sizeof x) == MP_OK &&
              mp_ranks_gather(&c, MP_OK, x, sizeof *x, cut) == MP_OK &&
              mp_ranks_collect(&c, -1, x, sizeof *x, 6, 3) == -1 &&
              mp_ranks_turn(&c, MP_OK, x, 2, 3, NULL) == MP_OK && x[0] == 1 && x[5] == 6 &&
              mp_ranks_mail(&c, MP_OK, &give, &get) == MP_OK && get.bytes == NULL && get.size == 0 &&
              mp_ranks_close(&c, -1) == -1,
           "alone: an exchange gives back the result that it was given, and leaves all as it is");
    mp_ctx_free(&c);
}

/* Pieces of work that write down what is done with them. */
struct pieces {
    char said[64];
    size_t fails;
};

static int piece_work(struct mp_ctx *c, void *arg, size_t i)
{
    struct pieces *p = arg;
    snprintf(p->said + strlen(p->said), sizeof p->said - strlen(p->said), "w%zu ", i);
    mp_warn(c, "piece %zu", i);
    mp_warn(c, "piece %zu", i);
    return i == p->fails ? mp_fail(c, "it does not work") : MP_OK;
}

static int piece_io(struct mp_io *io, void *arg, size_t i)
{
    (void)arg, (void)i;
    return mp_fail(mp_io_ctx(io), "there is nobody to tell");
}

static int piece_done(struct mp_ctx *c, void *arg, size_t i, const struct mp_kept *said)
{
    struct pieces *p = arg;
    (void)c;
    snprintf(p->said + strlen(p->said), sizeof p->said - strlen(p->said), "d%zu:%d%s ", i,
             mp_kept_count(said), strrchr(mp_kept_at(said, 0), ' '));
    return MP_OK;
}

static void test_handed(struct tap *t)
{
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    struct pieces p = { .fails = 9 };
    const struct mp_handed h = { piece_work, piece_io, piece_done, &p, false };
    mp_ctx_init(&c, &run);
    tap_ok(t, mp_hand_out(&c, 3, &h) == MP_OK &&
              strcmp(p.said, "w0 d0:1 0 w1 d1:1 1 w2 d2:1 2 ") == 0,
           "handed out to one: piece by piece, each remark once: %s", p.said);
    p = (struct pieces){ .fails = 1 };
    tap_ok(t, mp_hand_out(&c, 3, &h) < 0 && strcmp(p.said, "w0 d0:1 0 w1 ") == 0 &&
              strcmp(c.msg, "it does not work") == 0, "a piece that fails ends it: %s", p.said);
    mp_ctx_free(&c);
}

int main(void)
{
    struct tap t = { 0 };
    forget();
    test_handed(&t);
    test_launched(&t);
    test_alone(&t);
    return tap_end(&t);
}
