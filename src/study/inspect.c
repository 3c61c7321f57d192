/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect.c - what is in a file of rows.
 *
 * Suspect labels: every row is scored by a model fitted on the other folds.  A row is suspect
 * if another class leads its label by as much as that class, on nine in ten of its own rows,
 * leads all others; the larger the lead, the more suspect.  A class that the model gets right
 * less often asks for what half of its rows reach, and one that it gets wrong mostly accuses
 * none.  It is the idea of Northcutt, Jiang,
 * Chuang 2021, "Confident learning": a class says itself what is confident.  There it is the
 * mean probability; of the scores of a linear machine half lie below the mean, and of 20 wrong
 * labels among 6 000 rows the mean finds 7, the scores' tenth 15, the leads' tenth 18.
 */
#include "study/inspect.h"
#include "core/ctx.h"
#include "engine/fit.h"
#include "engine/folds.h"
#include "engine/lying.h"
#include "engine/metrics.h"
#include "files/shipped.h"
#include "sources/experiment.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ----------------------------------------------------------------- profile */

static void count_levels(const struct mp_data *d, struct mp_profile *p)
{
    const size_t len = mp_len(d->shape);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < d->n; i++) {
        uint32_t count[MP_LEVELS];
        mp_histogram(d->x + i * len, len, count);
        for (int v = 0; v < MP_LEVELS; v++)
            p->levels[v] += count[v];
    }
    p->low = MP_LEVELS - 1;
    for (int v = 0; v < MP_LEVELS; v++) {
        const double n = (double)p->levels[v], x = v / 255.0;
        sum += n * x;
        squares += n * x * x;
        p->low = n > 0 && v < p->low ? v : p->low;
        p->high = n > 0 ? v : p->high;
    }
    p->mean = sum / ((double)d->n * (double)len);
    p->deviation = sqrt(fmax(0, squares / ((double)d->n * (double)len) - p->mean * p->mean));
}

static int make_profile(struct mp_ctx *c, const struct mp_data *d, const int *y, size_t classes,
                        struct mp_profile *p)
{
    const size_t len = mp_len(d->shape);
    bool *varies = mp_alloc(c, len, sizeof *varies);
    p->blank_row = mp_alloc(c, d->n, sizeof *p->blank_row);
    p->per_class = mp_alloc(c, classes, sizeof *p->per_class);
    if (varies == NULL || p->blank_row == NULL || p->per_class == NULL) {
        free(varies);
        return -1;
    }
    for (size_t i = 0; i < d->n; i++) {
        const uint8_t *x = d->x + i * len;
        for (size_t j = 0; j < len; j++)
            varies[j] |= x[j] != d->x[j];
        if (memcmp(x, x + 1, len - 1) == 0)
            p->blank_row[p->blank++] = i;
        if (y != NULL)
            p->n_labels += p->per_class[y[i]]++ == 0;
    }
    for (size_t j = 0; j < len; j++)
        p->constant += !varies[j];
    free(varies);
    count_levels(d, p);
    return MP_OK;
}

/* -------------------------------------------------------------- equal rows */

int mp_inspect_file(const struct mp_inspection *in, size_t *row)
{
    if (*row < in->data[0].n)
        return 0;
    *row -= in->data[0].n;
    return 1;
}

/* Counts the groups within each file: a group across both may have one row in either. */
static void count_groups(struct mp_inspection *in)
{
    for (size_t g = 0; g < in->groups.n; g++) {
        size_t n[2] = { 0 };
        bool differ[2] = { false };
        int label[2] = { -1, -1 };
        for (size_t i = in->groups.start[g]; i < in->groups.start[g + 1]; i++) {
            size_t row = in->groups.row[i];
            const int k = mp_inspect_file(in, &row);
            const int own = in->y[k] != NULL ? in->y[k][row] : -1;
            differ[k] |= n[k] > 0 && own != label[k];
            label[k] = own;
            n[k]++;
        }
        for (int k = 0; k < in->n; k++)
            if (n[k] > 1) {
                in->profile[k].groups++;
                in->profile[k].extra += n[k] - 1;
                in->profile[k].conflicts += differ[k];
            }
    }
}

/* --------------------------------------------------------- nearly equal rows */

static int by_difference(const void *a, const void *b)
{
    const struct mp_pair *p = a, *q = b;
    if (p->difference != q->difference)
        return p->difference < q->difference ? -1 : 1;
    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

/* Each row with its nearest, in its own file and in the other; a pair is kept once. */
static int make_pairs(struct mp_ctx *c, struct mp_inspection *in, struct mp_near *const near[2])
{
    const size_t first = in->data[0].n, n = first + (in->n > 1 ? in->data[1].n : 0);
    size_t most = 0;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < n; i++)
            if (near[k][i].row != SIZE_MAX) {
                most++;
                in->near_rows[k] += k == (i >= first);
                in->near_shared += k == 0 && i >= first;
            }
    if ((in->pair = mp_alloc(c, most, sizeof *in->pair)) == NULL)
        return -1;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < n; i++) {
            const size_t j = near[k][i].row;
            /* In the other's list too: kept when the smaller row comes by. */
            const bool twice = j != SIZE_MAX && j < i && near[i >= first][j].row == i;
            if (j != SIZE_MAX && !twice)
                in->pair[in->n_pairs++] = (struct mp_pair){ i < j ? i : j, i < j ? j : i,
                                                            near[k][i].difference };
        }
    qsort(in->pair, in->n_pairs, sizeof *in->pair, by_difference);
    return MP_OK;
}

static int find_near(struct mp_ctx *c, struct mp_inspection *in)
{
    const size_t n = in->data[0].n + (in->n > 1 ? in->data[1].n : 0);
    bool *skip = mp_alloc(c, n, sizeof *skip);
    struct mp_near *near[2] = { mp_alloc(c, n, sizeof **near), mp_alloc(c, n, sizeof **near) };
    int rc = skip != NULL && near[0] != NULL && near[1] != NULL ? MP_OK : -1;
    /* Of equal rows one stands for all. */
    for (size_t g = 0; g < in->groups.n && rc == MP_OK; g++)
        for (size_t i = in->groups.start[g] + 1; i < in->groups.start[g + 1]; i++)
            skip[in->groups.row[i]] = true;
    mp_ctx_where(c, "%s: near duplicates (--near=0 leaves them out): ", in->given[0]);
    if (rc == MP_OK)
        rc = mp_near_find(c, &in->data[0], in->n > 1 ? &in->data[1] : NULL, skip, in->o.near,
                          near);
    mp_ctx_where(c, "%s", "");
    if (rc == MP_OK)
        rc = make_pairs(c, in, near);
    free(skip);
    free(near[0]);
    free(near[1]);
    return rc;
}

/* ------------------------------------------------------------------ labels */

static int by_margin(const void *a, const void *b)
{
    const struct mp_suspect *p = a, *q = b;
    if (p->margin != q->margin)
        return p->margin < q->margin ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

static int by_value(const void *a, const void *b)
{
    const float *p = a, *q = b;
    return *p < *q ? -1 : *p > *q;
}

/* The score of class j less the highest of the others. */
static float lead(const float *s, size_t k, size_t j)
{
    float best = -INFINITY;
    for (size_t i = 0; i < k; i++)
        best = i != j && s[i] > best ? s[i] : best;
    return s[j] - best;
}

/* Of n leads in order: what nine in ten reach, or half where that is none; else nobody's. */
static float usual_lead(const float *own, size_t n)
{
    const float tenth = n > 0 ? own[n / 10] : 0, middle = n > 0 ? own[n / 2] : 0;
    return tenth > 0 ? tenth : middle > 0 ? middle : INFINITY;
}

/* By how much a class leads all others, for each. */
static int usual_leads(struct mp_ctx *c, const int *y, const struct mp_predictions *p,
                        float *usual)
{
    const size_t k = (size_t)p->k;
    float *own = mp_alloc(c, p->n, sizeof *own);
    if (own == NULL)
        return -1;
    for (size_t j = 0; j < k; j++) {
        size_t n = 0;
        for (size_t i = 0; i < p->n; i++)
            if ((size_t)y[i] == j)
                own[n++] = lead(p->scores + i * k, k, j);
        qsort(own, n, sizeof *own, by_value);
        usual[j] = usual_lead(own, n);
    }
    free(own);
    return MP_OK;
}

/* A model that is no better than calling every row the most frequent label doubts for no
 * reason; so does one that has seen next to nothing of a class. */
static void judge_model(struct mp_inspection *in, const int *y, const struct mp_predictions *p,
                        size_t *rows)
{
    size_t most = 0, hits = 0;
    double low, high;
    for (size_t i = 0; i < p->n; i++) {
        rows[y[i]]++;
        hits += p->predicted[i] == y[i];
    }
    for (int j = 0; j < p->k; j++)
        most = rows[j] > most ? rows[j] : most;
    mp_wilson(hits, p->n, &low, &high);
    if (low <= (double)most / (double)p->n)
        snprintf(in->why_not, sizeof in->why_not, "the model is right on %.0f %% only, and the "
                 "most frequent label is on %.0f %%", 100 * (double)hits / (double)p->n,
                 100 * (double)most / (double)p->n);
}

static int list_suspects(struct mp_ctx *c, struct mp_inspection *in, const int *y,
                         const struct mp_predictions *p, const size_t *rows, const float *usual)
{
    enum { FEWEST = 5 }; /* rows of a class that can be judged */
    const size_t k = (size_t)p->k;
    for (size_t i = 0; i < p->n; i++)
        in->doubted += p->predicted[i] != y[i];
    in->checked = p->n;
    if ((in->suspect = mp_alloc(c, in->doubted, sizeof *in->suspect)) == NULL)
        return -1;
    for (size_t i = 0; i < p->n; i++) {
        const float *s = p->scores + i * k;
        const int says = p->predicted[i];
        const float margin = s[y[i]] - s[says];
        const bool few = rows[y[i]] < FEWEST || rows[says] < FEWEST;
        in->unjudged += rows[y[i]] < FEWEST;
        if (says != y[i] && !few && -margin >= usual[says])
            in->suspect[in->n_suspects++] = (struct mp_suspect){
                i, c->run->classes[y[i]], c->run->classes[says], (double)margin };
    }
    qsort(in->suspect, in->n_suspects, sizeof *in->suspect, by_margin);
    return MP_OK;
}

static int find_suspects(struct mp_ctx *c, struct mp_inspection *in, const int *y,
                         const struct mp_predictions *p)
{
    size_t *rows = mp_alloc(c, (size_t)p->k, sizeof *rows);
    float *usual = mp_alloc(c, (size_t)p->k, sizeof *usual);
    int rc = rows != NULL && usual != NULL ? MP_OK : -1;
    if (rc == MP_OK)
        judge_model(in, y, p, rows);
    if (rc == MP_OK && in->why_not[0] == '\0')
        rc = usual_leads(c, y, p, usual) < 0 ? -1 : list_suspects(c, in, y, p, rows, usual);
    free(rows);
    free(usual);
    return rc;
}

/* The user's pipeline, or one that is fast and good: its cells are a fifth of the image. */
static int read_script(struct mp_ctx *c, const struct mp_inspection *in, struct mp_script *s)
{
    const struct mp_shape z = in->data[0].shape;
    const int side = z.h < z.w ? z.h : z.w;
    const char *file = in->o.pipeline;
    char text[128], path[4096];
    if (*file != '\0') {
        if (access(file, F_OK) != 0 && *file != '/' && mp_shipped(file, path, sizeof path))
            file = path;
        return mp_script_read(c, file, s);
    }
    if (side >= 10)
        snprintf(text, sizeof text, "deskew\nhog cell=%d block=2 bins=8 signed=yes norm=l1sqrt\n"
                                    "svm C=0.1\n", side / 5);
    else
        snprintf(text, sizeof text, "pixels\nnormalize\nsvm C=0.1\n");
    return mp_script_parse(c, "the pipeline built in", text, s);
}

/* Whether the test rows lie as the training rows do, for a model of those. */
static int compare_lying(struct mp_ctx *c, struct mp_inspection *in, const struct mp_script *s,
                         const int *y)
{
    struct mp_plan p = { .n_nodes = 0 };
    double usual = 0;
    int rc = mp_plan_build(c, s, &p);
    if (rc == MP_OK)
        rc = mp_plan_shape(c, &p, in->data[0].shape);
    if (rc == MP_OK)
        rc = mp_fit(c, &p, &in->data[0], y);
    if (rc == MP_OK)
        rc = mp_lying_learn(c, &p, &in->data[0], &usual);
    if (rc == MP_OK)
        rc = mp_lying(c, &p, &in->data[1], NULL, usual, in->given[1], in->lying);
    mp_plan_free(&p);
    return rc;
}

static int score_labels(struct mp_ctx *c, struct mp_inspection *in, const int *y)
{
    struct mp_script s = { 0 };
    struct mp_out_of_fold out = { 0 };
    int rc = read_script(c, in, &s);
    if (rc == MP_OK && (in->pipeline = mp_script_text(c, &s, false)) == NULL)
        rc = -1;
    if (rc == MP_OK)
        rc = mp_out_of_fold(c, &s, &in->data[0], y, in->o.folds, c->run->seed, &out);
    if (rc == MP_OK)
        rc = find_suspects(c, in, y, &out.p);
    if (rc == MP_OK && in->n > 1)
        rc = compare_lying(c, in, &s, y);
    mp_out_of_fold_free(&out);
    mp_script_free(&s);
    return rc;
}

/* That labels cannot be checked is no failure of looking at the file; only a pipeline that the
 * user named has to be right. */
static int check_labels(struct mp_ctx *c, struct mp_inspection *in)
{
    const struct mp_data *d = &in->data[0];
    struct mp_names classes = { .n = 0 };
    int *y = NULL, *fold = NULL, rc = MP_OK;
    struct mp_ctx trial;
    if (in->o.quick || d->label == NULL) {
        snprintf(in->why_not, sizeof in->why_not, "%s",
                 in->o.quick ? "--quick leaves that out" : "there are none");
        return MP_OK;
    }
    if (mp_class_numbers(c, d, &classes, &y) < 0 ||
        (fold = mp_alloc(c, d->n, sizeof *fold)) == NULL)
        rc = -1;
    c->run->n_classes = (int)classes.n;
    c->run->classes = mp_names_all(&in->data[0].classes); /* the same, and they stay */
    if (rc == MP_OK) {
        mp_ctx_init(&trial, c->run);
        struct mp_ctx *with = *in->o.pipeline != '\0' ? c : &trial;
        if (mp_folds_assign(&trial, y, d->n, (int)classes.n, in->o.folds, c->run->seed,
                            fold) == MP_OK)
            rc = score_labels(with, in, y);
        if (trial.msg[0] != '\0')
            memcpy(in->why_not, trial.msg, sizeof in->why_not);
        if (with == &trial)
            rc = MP_OK;
        mp_ctx_free(&trial);
    }
    if (rc == MP_OK && mp_stopped(c))
        rc = mp_fail(c, "interrupted");
    c->run->n_classes = 0;
    c->run->classes = NULL;
    mp_names_free(&classes);
    free(y);
    free(fold);
    return rc;
}

/* The classes of all files, and the numbers of their rows among them. */
static int find_classes(struct mp_ctx *c, struct mp_inspection *in)
{
    int rc = MP_OK;
    for (int k = 0; k < in->n && rc == MP_OK; k++)
        if (in->data[k].label != NULL)
            rc = mp_names_merge(c, &in->classes, &in->data[k].classes);
    for (int k = 0; k < in->n && rc == MP_OK; k++)
        if (in->data[k].label != NULL)
            rc = mp_class_numbers(c, &in->data[k], &in->classes, &in->y[k]);
    return rc;
}

/* --------------------------------------------------------------- the whole */

int mp_inspect(struct mp_ctx *c, struct mp_inspection *in)
{
    const struct mp_data *test = in->n > 1 ? &in->data[1] : NULL;
    c->run->seed = (uint64_t)in->o.seed;
    if (find_classes(c, in) < 0)
        return -1;
    for (int k = 0; k < in->n; k++) {
        if (mp_glance(c, &in->data[k], &in->glance[k]) < 0 ||
            make_profile(c, &in->data[k], in->y[k], in->classes.n, &in->profile[k]) < 0)
            return -1;
    }
    if (mp_duplicates_find(c, &in->data[0], test, &in->groups) < 0 ||
        (test != NULL && mp_shared_of(c, &in->groups, &in->data[0], test, &in->shared) < 0))
        return -1;
    count_groups(in);
    if (in->o.near > 0 && find_near(c, in) < 0)
        return -1;
    return check_labels(c, in);
}

void mp_inspect_free(struct mp_inspection *in)
{
    for (int k = 0; k < 2; k++) {
        mp_data_free(&in->data[k]);
        free(in->profile[k].blank_row);
        free(in->profile[k].per_class);
        free(in->y[k]);
    }
    mp_names_free(&in->classes);
    mp_groups_free(&in->groups);
    mp_shared_free(&in->shared);
    free(in->pair);
    free(in->pipeline);
    free(in->suspect);
    memset(in, 0, sizeof *in);
}

void mp_inspect_name(const struct mp_inspection *in, size_t row, char *text, size_t size)
{
    static const char *const part[] = { "training ", "test " };
    char name[64];
    const int k = mp_inspect_file(in, &row);
    mp_data_row_name(&in->data[k], row, name, sizeof name);
    snprintf(text, size, "%s%s", in->n > 1 ? part[k] : "", name);
}

/* A class of the test that training lacks, or NULL. */
static const char *foreign_class(const struct mp_inspection *in)
{
    for (size_t k = 0; k < in->classes.n; k++)
        if (in->profile[1].per_class[k] > 0 && in->profile[0].per_class[k] == 0)
            return mp_names_at(&in->classes, k);
    return NULL;
}

bool mp_inspect_remark(const struct mp_inspection *in, int k, int i, char *text, size_t size)
{
    const char *name = in->given[k];
    const char *foreign = k == 1 && in->profile[0].n_labels > 0 ? foreign_class(in) : NULL;
    if (foreign != NULL && i-- == 0)
        return snprintf(text, size, "%s: label %s does not occur in the training rows, so no model "
                        "can learn it", name, foreign) > 0;
    if (k == 1 && in->lying[0] != '\0' && i-- == 0)
        return snprintf(text, size, "%s", in->lying) > 0;
    /* Beside the training rows, if they alone show nothing. */
    return k == 1 && !mp_glance_remark(&in->glance[k], name, 0, text, size)
               ? mp_glance_differs(&in->glance[0], &in->glance[1], name, i, text, size)
               : mp_glance_remark(&in->glance[k], name, i, text, size);
}
