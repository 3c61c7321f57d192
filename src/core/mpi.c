/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mpi.c - bytes between processes, by MPI where the program is built with it.
 *
 * Nothing is summed here: MPI_Allreduce() adds in another order for each number of processes.
 * A process that waits looks now and then instead of all the time, as MPI itself would, and
 * leaves its core to the threads of others meanwhile. */
#include "config.h"
#include "core/mpi.h"

#ifdef HAVE_MPI
#include "core/clock.h"
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

bool mp_mpi_built(void)
{
    return true;
}

void mp_mpi_begin(struct mp_mpi *m)
{
    int has;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &has);
    MPI_Comm_size(MPI_COMM_WORLD, &m->n);
    MPI_Comm_rank(MPI_COMM_WORLD, &m->mine);
}

void mp_mpi_end(void)
{
    MPI_Finalize();
}

/* A failed call ends the program, as MPI does unless it is told otherwise. */
static void finish(struct mp_mpi *m, MPI_Request *q, int n)
{
    enum { EAGER = 300, EARLY = 3000 };
    const double start = mp_seconds(), work = mp_work_seconds();
    int done = 0;
    for (int look = 0; MPI_Testall(n, q, &done, MPI_STATUSES_IGNORE) == MPI_SUCCESS && !done;
         look++) {
        const struct timespec pause = { .tv_nsec = look < EARLY ? 20000 : 500000 };
        if (look < EAGER)
            sched_yield();
        else
            nanosleep(&pause, NULL);
    }
    m->waited += mp_seconds() - start;
    m->looked += mp_work_seconds() - work;
}

/* Counts of MPI are int: what is long goes in pieces, or is counted in larger units. */
static const size_t most = (size_t)1 << 30;

static MPI_Datatype unit_of(size_t size)
{
    MPI_Datatype unit;
    MPI_Type_contiguous((int)size, MPI_BYTE, &unit);
    MPI_Type_commit(&unit);
    return unit;
}

void mp_mpi_all(struct mp_mpi *m, const void *own, void *all, size_t size)
{
    MPI_Request q;
    MPI_Iallgather(own, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, MPI_COMM_WORLD, &q);
    finish(m, &q, 1);
    m->sent += size * (size_t)(m->n - 1);
}

void mp_mpi_tell(struct mp_mpi *m, void *at, size_t size, int from)
{
    for (size_t done = 0, n; done < size; done += n) {
        MPI_Request q;
        n = size - done < most ? size - done : most;
        MPI_Ibcast((char *)at + done, (int)n, MPI_BYTE, from, MPI_COMM_WORLD, &q);
        finish(m, &q, 1);
    }
    m->sent += m->mine == from ? size * (size_t)(m->n - 1) : 0;
}

void mp_mpi_gather(struct mp_mpi *m, void *at, size_t size, const size_t *cut)
{
    int *count = calloc((size_t)m->n * 2, sizeof *count), *place = count + m->n;
    MPI_Datatype unit = unit_of(size);
    MPI_Request q;
    if (count == NULL)
        MPI_Abort(MPI_COMM_WORLD, 1);
    for (int r = 0; r < m->n; r++) {
        count[r] = (int)(cut[r + 1] - cut[r]);
        place[r] = (int)cut[r];
    }
    MPI_Iallgatherv(MPI_IN_PLACE, 0, unit, at, count, place, unit, MPI_COMM_WORLD, &q);
    finish(m, &q, 1);
    m->sent += (size_t)count[m->mine] * size * (size_t)(m->n - 1);
    MPI_Type_free(&unit);
    free(count);
}

/* Part of a matrix: rows x cols of it. */
static MPI_Datatype part_of(size_t rows, size_t cols, size_t step)
{
    MPI_Datatype part;
    MPI_Type_vector((int)rows, (int)cols, (int)step, MPI_FLOAT, &part);
    MPI_Type_commit(&part);
    return part;
}

void mp_mpi_turn(struct mp_mpi *m, float *at, size_t step, const size_t *row, const size_t *col)
{
    const size_t rows = row[m->mine + 1] - row[m->mine];
    const size_t cols = col[m->mine + 1] - col[m->mine];
    MPI_Request *q = calloc((size_t)m->n * 2, sizeof *q);
    int n = 0;
    if (q == NULL)
        MPI_Abort(MPI_COMM_WORLD, 1);
    for (int k = 1; k < m->n; k++) {
        const int to = (m->mine + k) % m->n, from = (m->mine + m->n - k) % m->n;
        MPI_Datatype in = part_of(row[from + 1] - row[from], cols, step);
        MPI_Datatype out = part_of(rows, col[to + 1] - col[to], step);
        MPI_Irecv(at + row[from] * step + col[m->mine], 1, in, from, 0, MPI_COMM_WORLD, &q[n++]);
        MPI_Isend(at + row[m->mine] * step + col[to], 1, out, to, 0, MPI_COMM_WORLD, &q[n++]);
        m->sent += rows * (col[to + 1] - col[to]) * sizeof *at;
        MPI_Type_free(&in);
        MPI_Type_free(&out);
    }
    finish(m, q, n);
    free(q);
}

/* Pieces do not overtake each other. */
static int ask(void *at, size_t size, int r, bool gives, MPI_Request *q)
{
    int n = 0;
    for (size_t done = 0; done < size; done += most) {
        char *part = (char *)at + done;
        const int bytes = (int)(size - done < most ? size - done : most);
        if (gives)
            MPI_Isend(part, bytes, MPI_BYTE, r, 0, MPI_COMM_WORLD, &q[n++]);
        else
            MPI_Irecv(part, bytes, MPI_BYTE, r, 0, MPI_COMM_WORLD, &q[n++]);
    }
    return n;
}

void mp_mpi_mail(struct mp_mpi *m, void *const *give, const size_t *given, void *const *get,
                 const size_t *got)
{
    size_t pieces = 1;
    for (int r = 0; r < m->n; r++)
        pieces += given[r] / most + got[r] / most + 2;
    MPI_Request *q = calloc(pieces, sizeof *q);
    int n = 0;
    if (q == NULL)
        MPI_Abort(MPI_COMM_WORLD, 1);
    for (int r = 0; r < m->n; r++) {
        n += ask(get[r], got[r], r, false, q + n);
        n += ask(give[r], given[r], r, true, q + n);
        m->sent += given[r];
    }
    finish(m, q, n);
    free(q);
}

#else

bool mp_mpi_built(void)
{
    return false;
}

void mp_mpi_begin(struct mp_mpi *m)
{
    *m = (struct mp_mpi){ .n = 1 };
}

void mp_mpi_end(void)
{
}

void mp_mpi_all(struct mp_mpi *m, const void *own, void *all, size_t size)
{
    (void)m, (void)own, (void)all, (void)size;
}

void mp_mpi_tell(struct mp_mpi *m, void *at, size_t size, int from)
{
    (void)m, (void)at, (void)size, (void)from;
}

void mp_mpi_gather(struct mp_mpi *m, void *at, size_t size, const size_t *cut)
{
    (void)m, (void)at, (void)size, (void)cut;
}

void mp_mpi_turn(struct mp_mpi *m, float *at, size_t step, const size_t *row, const size_t *col)
{
    (void)m, (void)at, (void)step, (void)row, (void)col;
}

void mp_mpi_mail(struct mp_mpi *m, void *const *give, const size_t *given, void *const *get,
                 const size_t *got)
{
    (void)m, (void)give, (void)given, (void)get, (void)got;
}
#endif
