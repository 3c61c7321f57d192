/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mpi.h - bytes between processes: all that the program takes of MPI.
 * Private to core/ranks.c. */
#ifndef MP_MPI_H
#define MP_MPI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the program was built with MPI; without, nothing below is called. */
bool mp_mpi_built(void);

/* What goes on between begin and end; how many there are, and which one this is. */
struct mp_mpi {
    int n, mine;
    uint64_t sent;  /* bytes of this one that others were given */
    double waited;  /* seconds until they had given theirs */
    double looked;  /* seconds of processors meanwhile */
};
void mp_mpi_begin(struct mp_mpi *m);
void mp_mpi_end(void);

/* The `size` bytes at `own` of each, one after the other. */
void mp_mpi_all(struct mp_mpi *m, const void *own, void *all, size_t size);

/* Those of one to the others. */
void mp_mpi_tell(struct mp_mpi *m, void *at, size_t size, int from);

/* Pieces of `size` bytes: those from cut[r] to cut[r + 1] are made by r, and all get them. */
void mp_mpi_gather(struct mp_mpi *m, void *at, size_t size, const size_t *cut);

/* A matrix of floats, whose rows lie `step` apart: r has the rows from row[r] to row[r + 1], and
 * gets the columns from col[r] to col[r + 1]. */
void mp_mpi_turn(struct mp_mpi *m, float *at, size_t step, const size_t *row, const size_t *col);

/* Each has given[r] bytes at give[r] for r, and gets got[r] from it at get[r]. */
void mp_mpi_mail(struct mp_mpi *m, void *const *give, const size_t *given, void *const *get,
                 const size_t *got);
#endif
