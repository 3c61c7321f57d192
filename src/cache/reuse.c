/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reuse.c - what a fit takes from the cache, and what it leaves there. */
#include "cache/reuse.h"
#include "core/clock.h"
#include "core/layer.h"
#include "core/state.h"
#include "core/text.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A file's rows come from memory or a good disk at about this rate, the checksum over
 * them included; what does not save this many seconds is not worth a file. */
#define READ_RATE 1e9
#define LEAST_SECONDS 0.02
enum { MAX_SAID = 4096 };

/* What a stage said while it learned. */
enum said_kind { SAID_VALUE, SAID_WARNING, SAID_REMARK, SAID_PART, SAID_KINDS };
struct said {
    uint64_t kind;
    char *text;     /* a series' name, a layer's, a remark; a warning without file and line */
    uint64_t node;  /* whose warning it is, or part; SIZE_MAX: none of this pipeline */
    uint64_t layer; /* and which of its layers, from 1; 0: the stage itself; of none: the line */
    double v[4];    /* the value; what the part cost */
};

struct mp_reuse {
    struct mp_run *run;
    struct mp_cache *s;
    struct mp_plan *p;
    size_t n;             /* rows */
    struct mp_key base;   /* program, data, seed */
    struct mp_key *given; /* states of stages that had learned before; "" of others */
    struct mp_lent *lent; /* rows, one a node */
    bool *counted;        /* nodes whose rows somebody has paid for in this fit */
    struct mp_claim claim;
    double start, reused; /* when the node began to learn */
    struct said *said;
    size_t n_said;
    bool listening, incomplete;
    struct mp_warnings warnings; /* who listens otherwise */
    struct mp_diary diary;
};

/* ----------------------------------------------------------------- digests */

static void add_names(struct mp_digest *d, const char *const *names, size_t n)
{
    mp_digest_number(d, (uint64_t)n);
    for (size_t k = 0; k < n; k++)
        mp_digest_text(d, names[k]);
}

void mp_digest_data(struct mp_digest *d, const struct mp_data *data)
{
    mp_digest_number(d, (uint64_t)data->n);
    mp_digest_number(d, (uint64_t)data->shape.h);
    mp_digest_number(d, (uint64_t)data->shape.w);
    mp_digest_number(d, (uint64_t)data->shape.c);
    mp_digest_bytes(d, data->x, data->n * mp_len(data->shape));
    mp_digest_bytes(d, data->label, data->label != NULL ? data->n * sizeof *data->label : 0);
    add_names(d, mp_names_all(&data->classes), data->classes.n);
}

static void add_params(struct mp_digest *d, const struct mp_param *table, const void *params)
{
    for (const struct mp_param *p = table; p != NULL && p->name != NULL; p++) {
        const char *at = (const char *)params + p->offset;
        mp_digest_text(d, p->name);
        if (p->type == MP_TEXT && p->choices == NULL) {
            const char *text = *(char *const *)(const void *)at;
            mp_digest_text(d, text != NULL ? text : "");
        } else {
            mp_digest_bytes(d, at, p->size);
        }
    }
}

/* Node k and all before it that it reads. */
static void add_node(struct mp_digest *d, const struct mp_plan *p, int k,
                     const struct mp_key *given)
{
    if (k < 0) {
        mp_digest_text(d, "data");
        return;
    }
    const struct mp_node *n = &p->nodes[k];
    mp_digest_text(d, n->entry != NULL ? n->entry->name : "union");
    mp_digest_number(d, (uint64_t)k); /* random numbers depend on it */
    if (n->entry != NULL)
        add_params(d, mp_node_table(n), n->params);
    if (mp_needs(n->entry, MP_LAYERS)) {
        const struct mp_layers *layers = n->params;
        mp_digest_number(d, (uint64_t)layers->n);
        for (int i = 0; i < layers->n; i++) {
            mp_digest_text(d, layers->at[i].name);
            add_params(d, layers->at[i].layer->params, layers->at[i].params);
        }
    }
    if (given != NULL && given[k].hex[0] != '\0')
        mp_digest_key(d, &given[k]);
    mp_digest_number(d, (uint64_t)n->n_inputs);
    for (int j = 0; j < n->n_inputs; j++)
        add_node(d, p, n->inputs[j], given);
}

/* Files that stages name: what is in them, not what they are called. */
static int add_depends(struct mp_ctx *c, struct mp_digest *d, const struct mp_plan *p)
{
    struct mp_text t;
    if (mp_text_open(c, &t) < 0)
        return -1;
    const int rc = mp_plan_depends(c, p, p->n_nodes - 1, t.f);
    char *bytes = mp_text_end(c, &t);
    if (bytes != NULL)
        mp_digest_bytes(d, bytes, t.n);
    free(bytes);
    return bytes != NULL ? rc : -1;
}

int mp_digest_plan(struct mp_ctx *c, struct mp_digest *d, const struct mp_plan *p)
{
    add_node(d, p, p->n_nodes - 1, NULL);
    return add_depends(c, d, p);
}

/* Of stages that have learned before this fit, perhaps from other rows: their states. */
static bool digest_given(const struct mp_plan *p, struct mp_key *given)
{
    bool good = true;
    for (int k = 0; k < p->n_nodes; k++) {
        const struct mp_node *n = &p->nodes[k];
        struct mp_ctx own;
        struct mp_io io = { .buf = NULL };
        struct mp_digest d;
        if (!n->fitted)
            continue;
        mp_ctx_init(&own, NULL);
        good = mp_state_save(&own, n->entry->stage, n->state, &io) == MP_OK && good;
        mp_digest_begin(&d);
        mp_digest_bytes(&d, io.buf, io.len);
        given[k] = mp_digest_end(&d);
        free(io.buf);
        mp_ctx_free(&own);
    }
    return good;
}

static int base_key(struct mp_ctx *c, const struct mp_plan *p, const struct mp_data *data,
                    const int *y, bool training, struct mp_key *key)
{
    const struct mp_run *run = c->run;
    struct mp_digest d;
    mp_digest_begin(&d);
    const int rc = add_depends(c, &d, p);
    mp_digest_key(&d, mp_cache_program(run->cache));
    mp_digest_data(&d, data);
    mp_digest_bytes(&d, y, y != NULL ? data->n * sizeof *y : 0);
    add_names(&d, run->classes, (size_t)run->n_classes);
    mp_digest_number(&d, run->seed);
    mp_digest_number(&d, run->trial.on);
    mp_digest_number(&d, training);
    *key = mp_digest_end(&d);
    return rc;
}

static struct mp_key node_key(const struct mp_reuse *r, const char *kind, int k)
{
    struct mp_digest d;
    mp_digest_begin(&d);
    mp_digest_text(&d, kind);
    mp_digest_key(&d, &r->base);
    mp_digest_number(&d, k >= 0 && r->p->nodes[k].bytes);
    add_node(&d, r->p, k, r->given);
    return mp_digest_end(&d);
}

/* "deskew | hog cell=4 | svm": the stages that lead to node k; of a union its branches. */
static void plan_text(const struct mp_plan *p, int k, char *text, size_t size)
{
    const struct mp_node *n = &p->nodes[k];
    size_t at = 0;
    *text = '\0';
    if (n->n_inputs == 1 && n->inputs[0] >= 0)
        plan_text(p, n->inputs[0], text, size);
    at = strlen(text);
    if (n->entry != NULL) {
        snprintf(text + at, size - at, "%s%s", at > 0 ? " | " : "", n->text);
        return;
    }
    for (int j = 0; j < n->n_inputs; j++) {
        at += (size_t)snprintf(text + at, size - at, "%s", j == 0 ? "union (" : ") (");
        if (at + 1 >= size)
            return;
        if (n->inputs[j] >= 0)
            plan_text(p, n->inputs[j], text + at, size - at);
        at = strlen(text);
    }
    snprintf(text + at, size - at, ")");
}

static struct mp_cache_about about(const struct mp_reuse *r, const char *kind, int k,
                                   double seconds)
{
    struct mp_cache_about a = { .seconds = seconds };
    snprintf(a.kind, sizeof a.kind, "%s", kind);
    plan_text(r->p, k, a.text, sizeof a.text);
    return a;
}

/* ------------------------------------------------------------ open, close */

struct mp_reuse *mp_reuse_open(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
                               const int *y, bool training)
{
    if (c->run->cache == NULL)
        return NULL;
    struct mp_reuse *r = calloc(1, sizeof *r);
    struct mp_lent *lent = calloc((size_t)p->n_nodes, sizeof *lent);
    struct mp_key *given = calloc((size_t)p->n_nodes, sizeof *given);
    bool *counted = calloc((size_t)p->n_nodes, sizeof *counted);
    struct mp_key base;
    struct mp_ctx own; /* a file that cannot be read is the stage's own failure, later */
    mp_ctx_init(&own, c->run);
    own.file = c->file;
    const bool known = base_key(&own, p, d, y, training, &base) == MP_OK;
    mp_ctx_free(&own);
    if (r == NULL || lent == NULL || given == NULL || counted == NULL || !known ||
        !digest_given(p, given)) {
        free(r); /* it does without */
        free(counted);
        free(lent);
        free(given);
        return NULL;
    }
    *r = (struct mp_reuse){ .run = c->run, .s = c->run->cache, .p = p, .n = d->n, .lent = lent,
                            .given = given, .counted = counted, .claim = { .fd = -1 },
                            .base = base };
    for (int k = 0; k < p->n_nodes; k++)
        lent[k].fd = -1;
    return r;
}

static void forget(struct mp_reuse *r)
{
    for (size_t i = 0; i < r->n_said; i++)
        free(r->said[i].text);
    free(r->said);
    r->said = NULL;
    r->n_said = 0;
    r->incomplete = false;
}

void mp_reuse_close(struct mp_reuse *r)
{
    if (r == NULL)
        return;
    for (int k = 0; k < r->p->n_nodes; k++)
        mp_cache_return(&r->lent[k]);
    forget(r);
    free(r->lent);
    free(r->given);
    free(r->counted);
    free(r);
}

/* -------------------------------------------------------------- what is said */

static void keep_said(struct mp_reuse *r, struct said one)
{
#pragma omp critical(mp_reuse_said)
    {
        struct said *more = realloc(r->said, (r->n_said + 1) * sizeof *more);
        if (more != NULL)
            r->said = more;
        if (more != NULL && one.text != NULL)
            r->said[r->n_said++] = one;
        else
            r->incomplete = true;
    }
}

/* The stage or layer in that line of the file. */
static bool find_line(const struct mp_plan *p, int line, struct said *one)
{
    for (int k = 0; k < p->n_nodes; k++) {
        const struct mp_node *n = &p->nodes[k];
        const bool has = mp_needs(n->entry, MP_LAYERS);
        const struct mp_layers *layers = has ? n->params : NULL;
        one->node = (uint64_t)k;
        one->layer = 0;
        if (n->line == line)
            return true;
        for (int i = 0; has && i < layers->n; i++)
            if (layers->at[i].line == line) {
                one->layer = (uint64_t)i + 1;
                return true;
            }
    }
    return false;
}

/* "pipelines/x.txt:3: svm: stopped ..." is kept as what node 2 said: " svm: stopped ...". */
static void hear_warning(void *arg, const char *text)
{
    struct mp_reuse *r = arg;
    struct said one = { .kind = SAID_WARNING };
    char file[1024]; /* as warnings name it */
    mp_printable(file, sizeof file, r->p->file);
    const size_t n = strlen(file);
    int line = 0, used = 0;
    if (strncmp(text, file, n) == 0 && sscanf(text + n, ":%d:%n", &line, &used) == 1 &&
        used > 0 && find_line(r->p, line, &one))
        one.text = strdup(text + n + used);
    keep_said(r, one);
    if (r->warnings.hear != NULL)
        r->warnings.hear(r->warnings.arg, text);
    else if (!r->run->quiet)
        fprintf(stderr, "warning: %s\n", text);
}

static void hear_value(void *arg, const char *series, double value)
{
    struct mp_reuse *r = arg;
    keep_said(r, (struct said){ .kind = SAID_VALUE, .text = strdup(series), .v = { value } });
    if (r->diary.record != NULL)
        r->diary.record(r->diary.arg, series, value);
}

static void hear_remark(void *arg, const char *text)
{
    struct mp_reuse *r = arg;
    keep_said(r, (struct said){ .kind = SAID_REMARK, .text = strdup(text) });
    if (r->diary.remark != NULL)
        r->diary.remark(r->diary.arg, text);
}

static void hear_part(void *arg, const struct mp_part *part)
{
    struct mp_reuse *r = arg;
    struct said one = { .kind = SAID_PART, .text = strdup(part->name),
                        .v = { part->forward, part->backward, part->work, part->back_work } };
    const bool inner = strchr(part->name, '.') != NULL; /* its line is of another file */
    if (inner || part->line <= 0 || !find_line(r->p, part->line, &one)) {
        one.node = SIZE_MAX;
        one.layer = part->line > 0 ? (uint64_t)part->line : 0;
    }
    keep_said(r, one);
    if (r->diary.part != NULL)
        r->diary.part(r->diary.arg, part);
}

static void listen(struct mp_reuse *r, bool on)
{
    struct mp_run *run = r->run;
    if (on) {
        r->warnings = run->warnings;
        r->diary = run->diary;
        run->warnings = (struct mp_warnings){ hear_warning, r };
        run->diary = (struct mp_diary){ hear_value, hear_part, hear_remark, r };
    } else if (r->listening) {
        run->warnings = r->warnings;
        run->diary = r->diary;
    }
    r->listening = on;
}

static int line_of(const struct mp_plan *p, const struct said *one)
{
    if (one->node >= (uint64_t)p->n_nodes)
        return (int)one->layer;
    const struct mp_node *n = &p->nodes[one->node];
    const struct mp_layers *layers = n->params;
    return one->layer > 0 ? layers->at[one->layer - 1].line : n->line;
}

/* As if it were said now, in this pipeline. */
static void say_again(struct mp_ctx *c, const struct mp_reuse *r)
{
    mp_ctx_where(c, "%s", "");
    for (size_t i = 0; i < r->n_said; i++) {
        const struct said *one = &r->said[i];
        const int line = line_of(r->p, one);
        const struct mp_part part = { one->text, line, one->v[0], one->v[1], one->v[2], one->v[3] };
        if (one->kind == SAID_VALUE)
            mp_record(c, one->text, one->v[0]);
        else if (one->kind == SAID_WARNING)
            mp_warn(c, "%s:%d:%s", r->p->file, line, one->text);
        else if (one->kind == SAID_REMARK)
            mp_remark(c, "%s", one->text);
        else
            mp_record_part(c, &part);
    }
}

/* ------------------------------------------------------------------ states */

static int visit_said(struct mp_io *io, struct mp_reuse *r, struct said *one)
{
    if (mp_io_u64(io, "kind", &one->kind) < 0 || mp_io_u64(io, "node", &one->node) < 0 ||
        mp_io_u64(io, "layer", &one->layer) < 0 || mp_io_text(io, "text", &one->text, MAX_SAID) < 0)
        return -1;
    for (int i = 0; i < 4; i++)
        if (mp_io_f64(io, "v", &one->v[i]) < 0)
            return -1;
    if (one->kind >= SAID_KINDS)
        return mp_fail(io->c, "something said of a kind that is not known");
    const bool ours = one->node < (uint64_t)r->p->n_nodes;
    const struct mp_node *n = ours ? &r->p->nodes[one->node] : NULL;
    const bool has = ours && mp_needs(n->entry, MP_LAYERS);
    const struct mp_layers *layers = has ? n->params : NULL;
    if (one->layer > (!ours ? INT_MAX : has ? (uint64_t)layers->n : 0))
        return mp_fail(io->c, "something said of a layer that is not there");
    return MP_OK;
}

/* All of an entry: one function saves and loads. */
static int visit(struct mp_io *io, struct mp_reuse *r, struct mp_cost *cost, uint64_t *peak,
                 unsigned char **state, size_t *size)
{
    uint64_t n = r->n_said;
    if (mp_io_u64(io, "fit_rows", &cost->fit_rows) < 0 || mp_io_f64(io, "fit", &cost->fit) < 0 ||
        mp_io_f64(io, "done", &cost->done) < 0 || mp_io_u64(io, "peak", peak) < 0 ||
        mp_io_u64(io, "said", &n) < 0)
        return -1;
    for (uint64_t i = 0; i < n; i++) {
        struct said one = { .text = NULL };
        if (!mp_io_loading(io)) {
            if (visit_said(io, r, &r->said[i]) < 0)
                return -1;
            continue;
        }
        const int rc = visit_said(io, r, &one);
        if (rc < 0)
            free(one.text);
        else
            keep_said(r, one);
        if (rc < 0 || r->incomplete)
            return -1;
    }
    return mp_io_bytes(io, "state", state, size);
}

/* Into the node; a state that does not load is one that is not there. */
static bool load(struct mp_reuse *r, int f, const struct mp_lent *e)
{
    struct mp_node *n = &r->p->nodes[f];
    const struct mp_stage *s = n->entry->stage;
    struct mp_cost cost = { .fit = 0 };
    struct mp_ctx own;
    unsigned char *state = NULL;
    size_t size = 0;
    uint64_t peak = 0;
    mp_ctx_init(&own, r->run);
    struct mp_io io = { .c = &own, .loading = true, .buf = (unsigned char *)(uintptr_t)e->bytes,
                        .len = e->size };
    forget(r);
    if (s->clear != NULL)
        s->clear(n->state);
    memset(n->state, 0, s->state_size);
    const bool good = visit(&io, r, &cost, &peak, &state, &size) == MP_OK && io.pos == io.len &&
                      mp_state_load(&own, s, n->state, state, size) == MP_OK;
    if (good) {
        n->cost.fit += cost.fit;
        n->cost.done += cost.done;
        n->cost.fit_rows += cost.fit_rows;
        if (r->run->reused.peak < peak)
            r->run->reused.peak = peak;
    } else {
        if (s->clear != NULL)
            s->clear(n->state);
        memset(n->state, 0, s->state_size);
    }
    free(state);
    mp_ctx_free(&own);
    return good;
}

/* A fit without a cache keeps the rows that it has made: they cost once. */
static void count(struct mp_reuse *r, int k)
{
    if (k < 0 || r->counted[k])
        return;
    r->counted[k] = true;
    for (int j = 0; j < r->p->nodes[k].n_inputs; j++)
        count(r, r->p->nodes[k].inputs[j]);
}

static void count_inputs(struct mp_reuse *r, int f)
{
    for (int j = 0; j < r->p->nodes[f].n_inputs; j++)
        count(r, r->p->nodes[f].inputs[j]);
}

static bool fetch(struct mp_reuse *r, const struct mp_key *key, int f)
{
    struct mp_lent e;
    if (!mp_cache_get(r->s, key, &e))
        return false;
    const bool good = load(r, f, &e);
    if (good) {
        r->run->reused.seconds += e.seconds;
        r->run->reused.entries++;
        count_inputs(r, f);
    }
    mp_cache_return(&e);
    return good;
}

int mp_reuse_state(struct mp_ctx *c, struct mp_reuse *r, int f)
{
    if (r == NULL)
        return 0;
    const struct mp_key key = node_key(r, "state", f);
    const double start = mp_seconds();
    bool had = fetch(r, &key, f);
    if (!had) {
        mp_cache_claim(r->s, c, &key, &r->claim);
        if ((had = fetch(r, &key, f)))
            mp_cache_release(&r->claim);
    }
    r->run->reused.seconds -= mp_seconds() - start; /* looking and waiting is no part of learning */
    if (had) {
        say_again(c, r);
        forget(r);
        return mp_plan_fitted(c, r->p, f) < 0 ? -1 : 1;
    }
    forget(r);
    listen(r, true);
    r->start = mp_seconds();
    r->reused = r->run->reused.seconds;
    return 0;
}

void mp_reuse_learned(struct mp_ctx *c, struct mp_reuse *r, int f, bool good)
{
    if (r == NULL)
        return;
    listen(r, false);
    struct mp_node *n = &r->p->nodes[f];
    count_inputs(r, f);
    const struct mp_key key = node_key(r, "state", f);
    const double seconds = mp_seconds() - r->start + r->run->reused.seconds - r->reused;
    struct mp_io state = { .buf = NULL }, io = { .buf = NULL };
    struct mp_ctx own;
    uint64_t peak = mp_peak_memory(r->run);
    mp_ctx_init(&own, c->run);
    io.c = &own;
    /* A run that could not save its checkpoint has said so; that is no part of the state. */
    good = good && !r->incomplete && !r->run->checkpoint.failed;
    if (good && mp_state_save(&own, n->entry->stage, n->state, &state) == MP_OK &&
        visit(&io, r, &n->cost, &peak, &state.buf, &state.len) == MP_OK) {
        const struct mp_cache_about a = about(r, "state", f, seconds);
        mp_cache_put(r->s, &key, &a, io.buf, io.len);
    }
    free(state.buf);
    free(io.buf);
    mp_ctx_free(&own);
    forget(r);
    mp_cache_release(&r->claim);
}

/* -------------------------------------------------------------------- rows */

static size_t row_bytes(const struct mp_node *n)
{
    return mp_len(n->out) * (n->bytes ? 1 : sizeof(float));
}

void *mp_reuse_rows(struct mp_reuse *r, int k)
{
    if (r == NULL)
        return NULL;
    const struct mp_key key = node_key(r, "rows", k);
    const double start = mp_seconds();
    struct mp_lent *e = &r->lent[k];
    if (e->bytes == NULL && mp_cache_get(r->s, &key, e)) {
        if (e->size == mp_product(r->n, row_bytes(&r->p->nodes[k]))) {
            r->run->reused.seconds += r->counted[k] ? 0 : e->seconds;
            r->run->reused.entries++;
            count(r, k);
        } else {
            mp_cache_return(e);
        }
    }
    r->run->reused.seconds -= mp_seconds() - start;
    return (void *)(uintptr_t)e->bytes;
}

bool mp_reuse_worth(const struct mp_reuse *r, int k, double seconds_per_row)
{
    if (r == NULL)
        return false;
    const double n = (double)r->n, read = (double)row_bytes(&r->p->nodes[k]) / READ_RATE;
    return seconds_per_row > 2 * read && n * (seconds_per_row - read) > LEAST_SECONDS;
}

struct mp_cache_writer *mp_reuse_begin(struct mp_reuse *r, int k)
{
    const struct mp_key key = node_key(r, "rows", k);
    const size_t size = mp_product(r->n, row_bytes(&r->p->nodes[k]));
    return size == SIZE_MAX ? NULL : mp_cache_begin(r->s, &key, size);
}

void mp_reuse_keep(struct mp_reuse *r, int k, struct mp_cache_writer *w, double seconds)
{
    const struct mp_cache_about a = about(r, "rows", k, seconds);
    mp_cache_commit(w, &a);
}
