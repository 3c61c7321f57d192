/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inner.c - a pipeline within a pipeline: what lies inside its model, as features.
 *
 * Learning goes through the engine, as of any pipeline.  Working on rows happens
 * within the outer stage's apply(), on its thread: the nodes before the model run
 * over the chunk in scratch memory, the model as far as the part that is asked for. */
#include "engine/inner.h"
#include "core/diary.h"
#include "engine/bundle.h"
#include "engine/engine.h"
#include "engine/fit.h"
#include "engine/work.h"
#include "files/shipped.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALIGN = 16, MAX_VALUES = 1 << 24 }; /* floats in 64 bytes; of a chunk, inside */

struct mp_inner {
    unsigned char *bytes; /* the bundle without its file's header: all that is saved */
    size_t size;
    struct mp_bundle b;   /* made of them by mp_inner_ready() */
    int part;             /* of the model */
    struct mp_shape out;
    size_t *at, row;      /* where each node's output lies in a row of scratch; its floats */
};

void mp_inner_free(struct mp_inner *inner)
{
    if (inner == NULL)
        return;
    mp_bundle_free(&inner->b);
    free(inner->bytes);
    free(inner->at);
    free(inner);
}

/* ------------------------------------------------------------ going inside */

/* The run as an inner pipeline sees it.  Its fields point at each other: it stays
 * where it is. */
struct visit {
    struct mp_ctx c, *outer;
    struct mp_run run;
    struct mp_nest nest;
};

static bool same_file(const char *a, const char *b)
{
    struct stat s, t;
    return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

/* path: of the file; NULL: what is visited is in memory. */
static int enter(struct mp_ctx *c, struct visit *v, const char *path)
{
    int depth = 0;
    v->outer = c;
    v->run = c->run != NULL ? *c->run : (struct mp_run){ .threads = 1 };
    v->nest = (struct mp_nest){ c->file, v->run.nest };
    for (const struct mp_nest *n = &v->nest; n != NULL; n = n->outer) {
        if (path != NULL && n->file != NULL && same_file(path, n->file))
            return mp_fail(c, "%s embeds itself", path);
        depth++;
    }
    if (depth > MP_INNER_DEPTH)
        return mp_fail(c, "at most %d pipelines can lie within each other", MP_INNER_DEPTH);
    v->run.nest = &v->nest;
    mp_ctx_init(&v->c, &v->run);
    v->c.fail_at = c->fail_at;
    v->c.n_alloc = c->n_alloc;
    return MP_OK;
}

/* Brings back what failed, with the outer stage's place in front. */
static int leave(struct visit *v, int rc)
{
    v->outer->n_alloc = v->c.n_alloc;
    if (rc < 0)
        mp_fail(v->outer, "%s", v->c.msg);
    mp_ctx_free(&v->c);
    return rc;
}

/* ------------------------------------------------------------------- files */

static int locate(struct mp_ctx *c, const char *file, char *path, size_t size)
{
    const char *slash = c->file != NULL ? strrchr(c->file, '/') : NULL;
    struct stat st;
    int n = snprintf(path, size, "%s", file);
    if (access(path, F_OK) != 0 && *file != '/' && slash != NULL)
        n = snprintf(path, size, "%.*s/%s", (int)(slash - c->file), c->file, file);
    if (*file == '\0' || n < 0 || (size_t)n >= size ||
        (access(path, F_OK) != 0 && (*file == '/' || !mp_shipped(file, path, size))))
        return mp_fail(c, "bundle=%s: there is no such file, neither here nor beside the pipeline; "
                          "expected a bundle or a pipeline", file);
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return mp_fail(c, "bundle=%s: is no file; expected a bundle or a pipeline", file);
    return MP_OK;
}

/* The model at the end of a plan, if there is something inside. */
static const struct mp_node *model_of(struct mp_ctx *c, const char *name, const struct mp_plan *p)
{
    const struct mp_node *model = p->has_model ? &p->nodes[p->model] : NULL;
    if (model != NULL && mp_learner(model->entry)->inside != NULL)
        return model;
    mp_ctx_where(c, "%s", "");
    mp_fail(c, "%s: %s%s; expected a pipeline that ends with a net", name,
            model != NULL ? "its model has no layers: " : "has no model",
            model != NULL ? model->entry->name : "");
    return NULL;
}

static int find_part(struct mp_ctx *c, const char *name, const struct mp_plan *p, const char *layer,
                     struct mp_shape *out)
{
    const struct mp_node *model = model_of(c, name, p);
    if (model == NULL)
        return -1;
    mp_ctx_where(c, "%s: ", name);
    return mp_learner(model->entry)->inside(c, model->params, model->in, layer, out);
}

/* A pipeline's text, built for rows of this shape; the caller frees *x. */
static int read_pipeline(struct mp_ctx *c, const char *path, struct mp_shape in,
                         struct mp_experiment *x)
{
    memset(x, 0, sizeof *x);
    if (mp_script_read(c, path, &x->script) < 0 || mp_plan_build(c, &x->script, &x->plan) < 0 ||
        model_of(c, path, &x->plan) == NULL)
        return -1;
    return mp_plan_shape(c, &x->plan, in);
}

/* ------------------------------------------------------------ from a bundle */

/* Where the nodes' outputs lie: one after the other, each aligned. */
static int place_nodes(struct mp_ctx *c, struct mp_inner *inner)
{
    const struct mp_plan *p = &inner->b.plan;
    free(inner->at);
    inner->row = 0;
    if ((inner->at = mp_alloc(c, (size_t)p->n_nodes, sizeof *inner->at)) == NULL)
        return -1;
    for (int k = 0; k + 1 < p->n_nodes; k++) {
        inner->at[k] = inner->row;
        inner->row += (mp_len(p->nodes[k].out) + ALIGN - 1) / ALIGN * ALIGN;
    }
    return MP_OK;
}

static int open_bundle(struct mp_ctx *c, struct mp_inner *inner, const char *name,
                       const char *layer, struct mp_shape in)
{
    mp_bundle_free(&inner->b);
    if (mp_bundle_parse(c, name, inner->bytes, inner->size, &inner->b) < 0)
        return -1;
    const struct mp_shape of = inner->b.plan.shape;
    if (of.h != in.h || of.w != in.w || of.c != in.c)
        return mp_fail(c, "%s: its net was trained on images of %d x %d, these rows are "
                          "%d x %d x %d", name, of.h, of.w, in.h, in.w, in.c);
    inner->part = find_part(c, name, &inner->b.plan, layer, &inner->out);
    return inner->part < 0 ? -1 : place_nodes(c, inner);
}

int mp_inner_ready(struct mp_ctx *c, struct mp_inner *inner, const char *file, const char *layer,
                   struct mp_shape in)
{
    struct visit v;
    if (inner == NULL || inner->bytes == NULL)
        return mp_fail(c, "has no net");
    if (enter(c, &v, NULL) < 0)
        return -1;
    return leave(&v, open_bundle(&v.c, inner, file, layer, in));
}

int mp_inner_shape(struct mp_ctx *c, const struct mp_inner *inner, struct mp_shape in,
                   struct mp_shape *out)
{
    if (inner == NULL || inner->b.plan.n_nodes == 0)
        return mp_fail(c, "has no net");
    const struct mp_shape of = inner->b.plan.shape;
    if (mp_len(of) != mp_len(in))
        return mp_fail(c, "its net was trained on images of %d x %d, these rows are %d x %d x %d",
                       of.h, of.w, in.h, in.w, in.c);
    *out = inner->out;
    return MP_OK;
}

int mp_inner_values(struct mp_ctx *c, const struct mp_inner *inner, uint64_t *values)
{
    *values = 0;
    for (int k = 0; inner != NULL && k < inner->b.plan.n_nodes; k++) {
        uint64_t own = 0;
        if (mp_plan_values(c, &inner->b.plan.nodes[k], &own) < 0)
            return -1;
        *values += own;
    }
    return MP_OK;
}

int mp_inner_io(struct mp_io *io, struct mp_inner **inner)
{
    if (*inner == NULL && (*inner = mp_alloc(mp_io_ctx(io), 1, sizeof **inner)) == NULL)
        return -1;
    return mp_io_bytes(io, "bundle", &(*inner)->bytes, &(*inner)->size);
}

/* -------------------------------------------------------- before learning */

static struct mp_inner *read_bundle(struct mp_ctx *c, const char *path)
{
    struct mp_inner *inner = mp_alloc(c, 1, sizeof *inner);
    if (inner != NULL && (inner->bytes = mp_bundle_bytes(c, path, &inner->size)) == NULL) {
        free(inner);
        inner = NULL;
    }
    return inner;
}

/* What is asked of a pipeline that is not learned yet, or of a bundle: part `layer` of its model,
 * and what tell(), unless NULL, says of that. */
struct question {
    const char *layer;
    struct mp_shape in, out;
    int (*tell)(struct mp_ctx *c, const char *path, const struct mp_plan *p, int part, void *arg);
    void *arg;
};

static int look(struct mp_ctx *c, const char *path, struct question *q)
{
    struct mp_inner *inner = mp_is_bundle(path) ? read_bundle(c, path) : NULL;
    struct mp_experiment x = { .n_classes = 0 };
    int rc = c->msg[0] != '\0' ? -1 : MP_OK;
    if (rc == MP_OK && inner != NULL)
        rc = open_bundle(c, inner, path, q->layer, q->in);
    else if (rc == MP_OK)
        rc = read_pipeline(c, path, q->in, &x);
    const struct mp_plan *p = inner != NULL ? &inner->b.plan : &x.plan;
    const int part = rc == MP_OK ? find_part(c, path, p, q->layer, &q->out) : -1;
    rc = part < 0 ? -1 : q->tell != NULL ? q->tell(c, path, p, part, q->arg) : MP_OK;
    mp_inner_free(inner);
    mp_experiment_free(&x);
    return rc;
}

static int visit_file(struct mp_ctx *c, const char *file, struct question *q)
{
    char path[PATH_MAX];
    struct visit v;
    if (locate(c, file, path, sizeof path) < 0 || enter(c, &v, path) < 0)
        return -1;
    return leave(&v, look(&v.c, path, q));
}

int mp_inner_look(struct mp_ctx *c, const char *file, const char *layer, struct mp_shape in,
                  struct mp_shape *out)
{
    struct question q = { .layer = layer, .in = in };
    const int rc = visit_file(c, file, &q);
    *out = q.out;
    return rc;
}

static int describe(struct mp_ctx *c, const char *path, const struct mp_plan *p, int part, void *f)
{
    const struct mp_node *model = &p->nodes[p->model];
    (void)part;
    fprintf(f, "  %s of %s\n", model->text, path);
    return mp_learner(model->entry)->describe != NULL
               ? mp_learner(model->entry)->describe(c, model->params, model->in, f)
               : MP_OK;
}

int mp_inner_describe(struct mp_ctx *c, const char *file, struct mp_shape in, FILE *f)
{
    struct question q = { .layer = "", .in = in, .tell = describe, .arg = f };
    return visit_file(c, file, &q);
}

struct place {
    int i;
    struct mp_view *view;
};

/* Places behind the part that the stage gives have nothing to do with it. */
static int find_view(struct mp_ctx *c, const char *path, const struct mp_plan *p, int part,
                     void *arg)
{
    const struct mp_node *model = &p->nodes[p->model];
    const struct place *at = arg;
    (void)path;
    const int rc = mp_learner(model->entry)->view(c, model->params, model->state, model->in, at->i,
                                                  at->view);
    return rc > 0 && at->view->part > part ? 0 : rc;
}

int mp_inner_view(struct mp_ctx *c, const struct mp_inner *inner, const char *file,
                  const char *layer, struct mp_shape in, int i, struct mp_view *view)
{
    struct place at = { i, view };
    struct question q = { .layer = layer, .in = in, .tell = find_view, .arg = &at };
    struct visit v;
    if (inner == NULL)
        return visit_file(c, file, &q);
    if (enter(c, &v, NULL) < 0)
        return -1;
    v.run.n_classes = inner->b.n_classes;
    return leave(&v, find_view(&v.c, file, &inner->b.plan, inner->part, &at));
}

static int content(struct mp_ctx *c, const char *path, FILE *f)
{
    struct mp_script s;
    struct mp_plan p = { .n_nodes = 0 };
    unsigned char *bytes = NULL;
    char *text = NULL;
    size_t size;
    if (mp_is_bundle(path)) {
        if ((bytes = mp_bundle_bytes(c, path, &size)) != NULL)
            fwrite(bytes, 1, size, f);
        free(bytes);
        return c->msg[0] == '\0' ? MP_OK : -1;
    }
    int rc = mp_script_read(c, path, &s);
    if (rc == MP_OK && (rc = mp_plan_build(c, &s, &p)) == MP_OK)
        rc = (text = mp_script_text(c, &s, false)) != NULL ? fputs(text, f), MP_OK : -1;
    if (rc == MP_OK)
        rc = mp_plan_depends(c, &p, p.n_nodes - 1, f);
    free(text);
    mp_plan_free(&p);
    mp_script_free(&s);
    return rc;
}

int mp_inner_depends(struct mp_ctx *c, const char *file, FILE *f)
{
    char path[PATH_MAX];
    struct visit v;
    if (locate(c, file, path, sizeof path) < 0 || enter(c, &v, path) < 0)
        return -1;
    return leave(&v, content(&v.c, path, f));
}

/* ---------------------------------------------------------------- learning */

static uint8_t byte_of(float x)
{
    return x > 0 ? x < 1 ? (uint8_t)(x * 255 + 0.5f) : 255 : 0;
}

static int add_names(struct mp_ctx *c, const char *const *names, int n, struct mp_names *to)
{
    for (int k = 0; k < n; k++)
        if (mp_names_add(c, to, names[k], strlen(names[k])) < 0)
            return -1;
    return MP_OK;
}

/* The training rows of the run at hand as bytes again, with their labels. */
static int pull_rows(struct mp_ctx *c, struct mp_data *d, const int **y)
{
    enum { BLOCK = 1024 };
    size_t rows[BLOCK];
    const char *const *names = NULL;
    const int k = mp_classes(c, &names);
    d->n = mp_pull_rows(c, y);
    d->shape = mp_pull_shape(c);
    const size_t len = mp_len(d->shape);
    float *x = mp_alloc(c, mp_product(BLOCK, len), sizeof *x);
    const int room = mp_data_room(c, d, d->n, len);
    if (*y != NULL)
        d->label = mp_alloc(c, d->n, sizeof *d->label);
    int rc = x == NULL || room < 0 || (*y != NULL && d->label == NULL) ? -1 : MP_OK;
    for (size_t at = 0; at < d->n && rc == MP_OK; at += BLOCK) {
        const size_t n = d->n - at < BLOCK ? d->n - at : BLOCK;
        for (size_t i = 0; i < n; i++)
            rows[i] = at + i;
        rc = mp_pull(c, rows, n, false, 0, x);
        for (size_t i = 0; i < n * len && rc == MP_OK; i++)
            d->x[at * len + i] = byte_of(x[i]);
    }
    if (rc == MP_OK)
        rc = add_names(c, names, k, &d->classes);
    for (size_t i = 0; i < d->n && *y != NULL && rc == MP_OK; i++)
        d->label[i] = (uint16_t)(*y)[i];
    free(x);
    return rc == MP_OK ? mp_data_seal(c, d) : rc;
}

/* A score on rows that the net has learned from would flatter. */
static int check_rows(struct mp_ctx *c, const char *path, const struct mp_inner *inner)
{
    struct mp_data d = { .n = 0 };
    struct mp_bundle b;
    struct visit v;
    const int *y;
    if (mp_trial(c))
        return MP_OK;
    if (enter(c, &v, NULL) < 0 ||
        leave(&v, mp_bundle_parse(&v.c, path, inner->bytes, inner->size, &b)) < 0)
        return -1;
    const int rc = pull_rows(c, &d, &y);
    const struct mp_data *whole = c->run != NULL ? c->run->fit.whole : NULL;
    const bool same = b.crc == d.crc && b.rows == d.n;
    if (rc == MP_OK && !same && whole != NULL && c->run->fit.held_for != NULL &&
        b.crc == whole->crc && b.rows == whole->n)
        mp_warn(c, "the net of %s has learned from the rows that %s holds back, too, so it will be "
                   "trusted too much; bundle=PIPELINE trains it without them", path,
                c->run->fit.held_for);
    else if (rc == MP_OK && !same)
        mp_warn(c, "the net of %s learned from %llu rows of %s, which are not the training rows "
                   "of this run; if test rows are among them, the accuracy is too good to be true",
                path, (unsigned long long)b.rows, b.trained_on);
    mp_data_free(&d);
    mp_bundle_free(&b);
    return rc;
}

/* The file's name without folder and ending: "cnn_fast". */
static void name_file(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/'), *stem = slash != NULL ? slash + 1 : path;
    snprintf(name, size, "%.*s", (int)strcspn(stem, "."), stem);
}

/* "checkpoint-2.mnp" is that of what stage 2 embeds, "checkpoint-2.mnp.held" that of its
 * rehearsal (fit.c); what it is of, the outer run says. */
static int name_checkpoint(struct mp_ctx *c, struct visit *v, char **file)
{
    const char *outer = v->run.checkpoint.file;
    if (outer == NULL)
        return MP_OK;
    const char *slash = strrchr(outer, '/');
    const char *ending = strstr(slash != NULL ? slash : outer, ".mnp");
    const size_t size = strlen(outer) + 32;
    if ((*file = mp_alloc(&v->c, size, 1)) == NULL)
        return -1;
    snprintf(*file, size, "%.*s-%llu%s", (int)(ending - outer), outer,
             (unsigned long long)c->place, ending);
    v->run.checkpoint.file = *file;
    return MP_OK;
}

/* The inner run, and what it would have written as its bundle. */
static int train(struct mp_ctx *c, const char *path, struct mp_data *d, const int *y,
                 struct mp_inner *inner)
{
    struct mp_experiment x;
    struct mp_io io = { .c = c };
    const char *const *names = NULL;
    int rc = read_pipeline(c, path, d->shape, &x);
    if (rc == MP_OK)
        rc = mp_fit(c, &x.plan, d, y);
    x.n_classes = mp_classes(c, &names);
    x.train = *d;
    if (rc == MP_OK)
        rc = add_names(c, names, x.n_classes, &x.classes);
    if (rc == MP_OK)
        rc = mp_bundle_save(c, &x, "the training rows of the run around it", &io);
    memset(&x.train, 0, sizeof x.train);
    mp_experiment_free(&x);
    inner->bytes = io.buf;
    inner->size = io.len;
    return rc;
}

static int learn_pipeline(struct mp_ctx *c, const char *path, struct mp_inner *inner)
{
    struct mp_data d = { .n = 0 };
    struct mp_named_diary own;
    struct visit v;
    char *checkpoint = NULL;
    const int *y;
    int rc = pull_rows(c, &d, &y);
    if (rc == MP_OK)
        rc = enter(c, &v, path);
    if (rc == MP_OK) {
        name_file(path, own.name, sizeof own.name);
        mp_diary_name(&v.run, &own);
        rc = name_checkpoint(c, &v, &checkpoint);
        if (rc == MP_OK)
            rc = train(&v.c, path, &d, y, inner);
        rc = leave(&v, rc);
        if (c->run != NULL) {
            c->run->trial.share = v.run.trial.share;
            c->run->checkpoint.failed = v.run.checkpoint.failed;
            c->run->reused = v.run.reused;
        }
    }
    free(checkpoint);
    mp_data_free(&d);
    return rc;
}

static int learn_bundle(struct mp_ctx *c, const char *path, struct mp_inner *inner)
{
    struct visit v;
    if (enter(c, &v, path) < 0)
        return -1;
    inner->bytes = mp_bundle_bytes(&v.c, path, &inner->size);
    return leave(&v, inner->bytes != NULL ? MP_OK : -1) < 0 ? -1 : check_rows(c, path, inner);
}

int mp_inner_learn(struct mp_ctx *c, const char *file, struct mp_inner **inner)
{
    char path[PATH_MAX];
    mp_inner_free(*inner);
    if (locate(c, file, path, sizeof path) < 0 ||
        (*inner = mp_alloc(c, 1, sizeof **inner)) == NULL)
        return -1;
    return mp_is_bundle(path) ? learn_bundle(c, path, *inner) : learn_pipeline(c, path, *inner);
}

/* ----------------------------------------------------------- work on rows */

/* One chunk on its way through the nodes before the model. */
struct passage {
    const struct mp_inner *inner;
    struct mp_chunk data;
    float *memory;
};

/* The output of node k; -1 is the data. */
static struct mp_chunk view(const struct passage *w, int k)
{
    struct mp_chunk v = w->data;
    if (k >= 0) {
        v.shape = w->inner->b.plan.nodes[k].out;
        v.x = w->memory + w->inner->at[k] * v.n;
    }
    return v;
}

static void join(const struct passage *w, const struct mp_node *n, const struct mp_chunk *out)
{
    const size_t d = mp_len(out->shape);
    size_t from = 0;
    for (int j = 0; j < n->n_inputs; j++) {
        const struct mp_chunk in = view(w, n->inputs[j]);
        const size_t own = mp_len(in.shape);
        for (size_t i = 0; i < in.n; i++)
            memcpy(out->x + i * d + from, in.x + i * own, own * sizeof *in.x);
        from += own;
    }
}

static int run_node(struct mp_ctx *c, const struct passage *w, int k)
{
    const struct mp_node *n = &w->inner->b.plan.nodes[k];
    const struct mp_stage *s = n->entry != NULL ? n->entry->stage : NULL;
    struct mp_chunk in = view(w, n->inputs[0]), out = view(w, k);
    const int mark = mp_scratch_mark(c);
    int rc = MP_OK;
    c->place = (uint64_t)k + 1;
    if (s == NULL)
        join(w, n, &out);
    else if (s->flags & MP_TRAIN_ONLY)
        memcpy(out.x, in.x, in.n * mp_len(in.shape) * sizeof *in.x);
    else
        rc = s->apply(c, n->params, n->state, &in, &out);
    mp_scratch_release(c, mark);
    return rc;
}

/* Rows [from, from + n) of `in`.  view_of: the place inside the model to look at; -1: the part that
 * the stage gives. */
static int run_rows(struct mp_ctx *c, const struct mp_inner *inner, int view_of, float *memory,
                    const struct mp_chunk *in, size_t from, size_t n, struct mp_chunk *out)
{
    const struct mp_plan *p = &inner->b.plan;
    const struct mp_node *model = &p->nodes[p->model];
    const struct mp_learner *l = mp_learner(model->entry);
    struct passage w = { inner, *in, memory };
    w.data.n = n;
    w.data.x = in->x + from * mp_len(in->shape);
    w.data.y = in->y != NULL ? in->y + from : NULL;
    w.data.rows = in->rows != NULL ? in->rows + from : NULL;
    w.data.row0 = in->row0 + from;
    for (int k = 0; k + 1 < p->n_nodes; k++)
        if (run_node(c, &w, k) < 0)
            return -1;
    const struct mp_chunk given = view(&w, model->inputs[0]);
    struct mp_chunk to = given;
    to.shape = out->shape;
    to.x = out->x + from * mp_len(out->shape);
    const int mark = mp_scratch_mark(c);
    c->place = (uint64_t)p->n_nodes;
    const int rc = view_of < 0
                       ? l->reveal(c, model->params, model->state, inner->part, &given, &to)
                       : l->watch(c, model->params, model->state, view_of, &given, &to);
    mp_scratch_release(c, mark);
    return rc;
}

static int run_all(struct mp_ctx *c, const struct mp_inner *inner, int view_of,
                   const struct mp_chunk *in, struct mp_chunk *out)
{
    struct mp_run *const outer = c->run, run = outer != NULL ? *outer : (struct mp_run){ 0 };
    const uint64_t place = c->place;
    size_t step = MP_CHUNK_ROWS;
    while (step > 1 && step * inner->row > MAX_VALUES)
        step /= 2;
    float *memory = mp_scratch(c, step * inner->row);
    int rc = memory != NULL ? MP_OK : -1;
    run.seed = inner->b.seed;
    run.n_classes = inner->b.n_classes;
    run.classes = mp_names_all(&inner->b.classes);
    c->run = &run;
    for (size_t at = 0; at < in->n && rc == MP_OK; at += step)
        rc = run_rows(c, inner, view_of, memory, in, at, in->n - at < step ? in->n - at : step,
                      out);
    c->run = outer;
    c->place = place;
    return rc;
}

int mp_inner_apply(struct mp_ctx *c, const struct mp_inner *inner, const struct mp_chunk *in,
                   struct mp_chunk *out)
{
    struct mp_shape shape = { 0, 0, 0 };
    if (mp_inner_shape(c, inner, in->shape, &shape) < 0)
        return -1;
    if (mp_len(shape) != mp_len(out->shape))
        return mp_fail(c, "gives rows of %zu values, not %zu", mp_len(shape), mp_len(out->shape));
    return run_all(c, inner, -1, in, out);
}

int mp_inner_watch(struct mp_ctx *c, const struct mp_inner *inner, int i,
                   const struct mp_chunk *in, struct mp_chunk *out)
{
    return run_all(c, inner, i, in, out);
}
