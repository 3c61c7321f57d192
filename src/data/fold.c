/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fold.c - stratified folds.
 *
 * Method: the rows are put in order of their class, within a class in an order drawn by
 * the seed, and dealt out to the folds like cards, going on from class to class.  Dealing
 * on, in place of beginning each class with fold 0, keeps the folds of one size.
 */
#include "data/fold.h"
#include "core/ctx.h"
#include "core/random.h"
#include <stdlib.h>
#include <string.h>

enum { DRAW = 0x666f6c64 }; /* "fold": keeps these draws apart from those of the stages */

/* --------------------------------------------------------------- assigning */

struct card {
    int class;
    uint64_t bits;
    size_t row;
};

static int by_class(const void *a, const void *b)
{
    const struct card *p = a, *q = b;
    if (p->class != q->class)
        return p->class < q->class ? -1 : 1;
    if (p->bits != q->bits)
        return p->bits < q->bits ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

static bool is_alone(const struct card *card, size_t n, size_t i)
{
    return (i == 0 || card[i - 1].class != card[i].class) &&
           (i + 1 == n || card[i + 1].class != card[i].class);
}

/* Deals these cards, which are in order of their classes, to k folds. */
static int deal(struct mp_ctx *c, const struct card *card, size_t n, int k, int *fold)
{
    size_t dealt = 0;
    if (n < (size_t)k)
        return mp_fail(c, "%d folds need at least as many rows, found %zu", k, n);
    if (card[0].class == card[n - 1].class)
        return mp_fail(c, "all rows have the same label; to learn from them takes two");
    for (size_t i = 0; i < n; i++)
        fold[card[i].row] = is_alone(card, n, i) ? MP_NO_FOLD : (int)(dealt++ % (size_t)k);
    return dealt >= (size_t)k
               ? MP_OK
               : mp_fail(c, "%d folds need at least as many rows of labels that have two, one to "
                            "learn from while the other is held out; found %zu", k, dealt);
}

int mp_folds_assign(struct mp_ctx *c, const int *y, size_t n, int n_classes, int k, uint64_t seed,
                    int *fold)
{
    struct card *card = mp_alloc(c, n, sizeof *card);
    if (card == NULL)
        return -1;
    int rc = k >= 2 ? MP_OK : mp_fail(c, "%d folds: expected 2 or more", k);
    for (size_t i = 0; i < n && rc == MP_OK; i++) {
        card[i] = (struct card){ y[i], mp_random_at(seed, DRAW, i, 0), i };
        if (y[i] < 0 || y[i] >= n_classes)
            rc = mp_fail(c, "row %zu has class %d, expected 0..%d", i, y[i], n_classes - 1);
    }
    if (rc == MP_OK) {
        qsort(card, n, sizeof *card, by_class);
        rc = deal(c, card, n, k, fold);
    }
    free(card);
    return rc;
}

int mp_folds_warn(struct mp_ctx *c, const int *y, size_t n, int n_classes, int k)
{
    size_t *rows = mp_alloc(c, (size_t)n_classes, sizeof *rows);
    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        rows[y[i]]++;
    for (int j = 0; j < n_classes; j++)
        if (rows[j] == 1)
            mp_warn(c, "label %s has one row: all folds learn from it, and none tests it",
                    c->run->classes[j]);
        else if (rows[j] < (size_t)k)
            mp_warn(c, "label %s has %zu rows, fewer than the %d folds: some folds test none of it",
                    c->run->classes[j], rows[j], k);
    free(rows);
    return MP_OK;
}

/* ---------------------------------------------------------------- one fold */

/* Picks the rows that are in fold f, or those that are not; *row keeps which they are. */
static int pick(struct mp_ctx *c, const struct mp_data *d, const int *y, const int *fold, int f,
                bool in, struct mp_data *part, int **part_y, size_t **row)
{
    size_t n = 0;
    *row = mp_alloc(c, d->n, sizeof **row);
    *part_y = mp_alloc(c, d->n, sizeof **part_y);
    if (*row == NULL || *part_y == NULL)
        return -1;
    for (size_t i = 0; i < d->n; i++)
        if ((fold[i] == f) == in) {
            (*part_y)[n] = y[i];
            (*row)[n++] = i;
        }
    return mp_data_pick(c, d, *row, n, part);
}

int mp_fold_open(struct mp_ctx *c, const struct mp_data *d, const int *y, const int *fold, int f,
                 struct mp_fold *out)
{
    size_t *row = NULL;
    memset(out, 0, sizeof *out);
    int rc = pick(c, d, y, fold, f, false, &out->train, &out->train_y, &row);
    free(row);
    if (rc == MP_OK)
        rc = pick(c, d, y, fold, f, true, &out->held, &out->held_y, &out->held_row);
    if (rc < 0)
        mp_fold_close(out);
    return rc;
}

void mp_fold_close(struct mp_fold *out)
{
    mp_data_free(&out->train);
    mp_data_free(&out->held);
    free(out->train_y);
    free(out->held_y);
    free(out->held_row);
    memset(out, 0, sizeof *out);
}
