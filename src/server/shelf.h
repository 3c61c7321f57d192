/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shelf.h - bundles under names, at work for several threads at once.
 *
 * A shelf never changes: what is taken from the disk anew is another shelf, and who has begun with
 * the old one ends with it.  A thread that works with a bundle takes a desk of it, where memory
 * lies that serves one request after another, and gives it back. */
#ifndef MP_SHELF_H
#define MP_SHELF_H
#include "core/ctx.h"
#include "engine/bundle.h"
#include "engine/scorer.h"
#include "server/kin.h"
#include <pthread.h>

struct mp_desk {
    struct mp_ctx c;          /* failures of the request at hand */
    struct mp_scorer *scorer;
    struct mp_scorer *looks;  /* at what the model takes; opened when first asked */
    float *scores;
    size_t room;              /* of them, in rows */
    double *shares;           /* room for the probabilities of one row */
    struct mp_desk *next;
};

struct mp_served {
    char *name, *file;
    char digest[17];          /* the beginning of the SHA-256 of its content */
    struct mp_run run;        /* of one thread, with the bundle's seed and classes */
    struct mp_ctx c;
    struct mp_bundle b;
    struct mp_kin kin;      /* of the images that it keeps */
    enum mp_scores kind;
    char **key;               /* of each class: its name as a JSON text */
    pthread_mutex_t lock;     /* of the desks */
    struct mp_desk *idle;
    pthread_mutex_t whole;    /* of what works with the plan as a run does */
};

struct mp_shelf {
    struct mp_served *held;
    size_t n;
    int users;                /* the one who has it on display counts, too */
};

/* Reads the bundles; NULL after mp_fail().  names[i] NULL: the file's own name. */
struct mp_shelf *mp_shelf_read(struct mp_ctx *c, char *const *names, char *const *files, size_t n);
void mp_shelf_free(struct mp_shelf *s);

/* The bundle of that name; NULL name: the first one; NULL: there is none. */
struct mp_served *mp_shelf_find(struct mp_shelf *s, const char *name);

/* A desk of the bundle; NULL: no memory. */
struct mp_desk *mp_desk_take(struct mp_served *h);
void mp_desk_back(struct mp_served *h, struct mp_desk *d);

/* Scores of n images, which stay until the next call. */
int mp_desk_score(struct mp_served *h, struct mp_desk *d, const uint8_t *rows, size_t n);
#endif
