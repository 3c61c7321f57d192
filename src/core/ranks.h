/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ranks.h - the processes that share a run's work, by MPI.
 *
 * `mpirun -n 4 mnistpipe run ...` starts four, which are numbered: rank 0 .. 3.  All of them do
 * the same in the same order, but for work that is cut into pieces, of which each makes its share
 * and gets the others' from them.  What is summed, every rank sums in the order of the pieces, so
 * that results do not depend on how many ranks there are.  Rank 0 alone writes and prints.
 *
 * A program that is started alone, or built without MPI, is one rank: the calls below then do
 * nothing.  They are for the thread that leads, never for work of mp_parallel_for(). */
#ifndef MP_RANKS_H
#define MP_RANKS_H
#include "core/stage.h"

/* What a launcher has left in the environment of the process. */
struct mp_launch {
    int n, mine; /* how many it has started, 1 without a launcher; the number of this one */
    int here;    /* how many of them on this machine; n where it does not say */
};
struct mp_launch mp_launched(void);

/* Whether a launcher has left "NAME=value".  A process that a rank starts is none. */
bool mp_launch_left(const char *variable);

/* Meets the other ranks.  `shares`: the command shares its work among them; others fail. */
int mp_ranks_open(struct mp_ctx *c, bool shares);

/* The end: rc is what became of this rank, and the result what became of all.  How much each has
 * worked, waited and sent is said on stderr, unless the run is quiet. */
int mp_ranks_close(struct mp_ctx *c, int rc);

/* After that, and what there is to say: leaves MPI, which waits for the others, and where mpirun is
 * ending all of them may never return. */
void mp_ranks_leave(struct mp_ctx *c);

/* How many ranks there are, and which one this is. */
int mp_ranks(const struct mp_ctx *c);
int mp_rank(const struct mp_ctx *c);

/* The machine of rank r; NULL: it is this rank's, too. */
const char *mp_ranks_elsewhere(const struct mp_ctx *c, int r);

/* From here on each rank works alone, at what is its own, as if there were no others, until they
 * join again; or rank 0 has something to write, and the others wait in mp_ranks_close(). */
void mp_ranks_part(struct mp_ctx *c);
void mp_ranks_join(struct mp_ctx *c);

/* Where of n pieces the share of rank r begins; it ends where that of r + 1 begins, and the share
 * that would follow the last begins at n. */
size_t mp_share(const struct mp_ctx *c, size_t n, int r);

/* ------------------------------------------------------------- what all ranks call together
 *
 * rc is what became of this rank's work so far.  Where one has failed, all fail, with what the
 * first of them says, and if that is not rank 0, its number and host in front. */

int mp_ranks_agree(struct mp_ctx *c, int rc);

/* Fails unless `value` is the same on all ranks; `what` have it: "the training rows". */
int mp_ranks_same(struct mp_ctx *c, int rc, uint64_t value, const char *what);

/* The `size` bytes of rank 0 are those of all. */
int mp_ranks_tell(struct mp_ctx *c, int rc, void *at, size_t size);

/* Of pieces of `size` bytes this rank has its share, and gets the others.  cut: where the share of
 * each rank begins, and last where they end. */
int mp_ranks_gather(struct mp_ctx *c, int rc, void *at, size_t size, const size_t *cut);

/* The same of n pieces in so many equal parts, of which this rank has its share by mp_share();
 * part i begins with piece n i / parts. */
int mp_ranks_collect(struct mp_ctx *c, int rc, void *at, size_t size, size_t n, size_t parts);

/* Of a matrix of floats, whose rows lie `step` apart, this rank has its share of the rows, by
 * mp_share(), and gets its share of the columns of all of them: from cut[its number] to the next.
 * cut NULL: of `step` columns, by mp_share(), too. */
int mp_ranks_turn(struct mp_ctx *c, int rc, float *at, size_t rows, size_t step,
                  const size_t *cut);

/* After that, of n values this rank has made its share, by mp_share(), and gets the others.
 * Nothing is said before: who has failed since takes part all the same, and says so next time. */
void mp_ranks_follow(struct mp_ctx *c, float *at, size_t n);

/* Bytes, owned; none where there is nothing to say. */
struct mp_letter {
    unsigned char *bytes;
    size_t size;
};

/* Each rank has written a letter to each, give[r] to rank r, and gets those to it.  Its letter to
 * itself stays where it is: get[its number] is empty. */
int mp_ranks_mail(struct mp_ctx *c, int rc, const struct mp_letter *give, struct mp_letter *get);
void mp_letters_free(const struct mp_ctx *c, struct mp_letter *letters);
#endif
