/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.c - from lines to stages: parameters, inputs, shapes. */
#include "core/layer.h"
#include "core/param.h"
#include "core/state.h"
#include "core/text.h"
#include "pipeline/pipeline.h"
#include "text/glossary.h"
#include <stdlib.h>
#include <string.h>

const struct mp_param mp_source_table[] = {
    MP_PARAM_OF(struct mp_source, train, .def = "", .unit = "file",
                .doc = "training rows: a file, a folder or list of pictures, sample:train, "
                       "mnist:train"),
    MP_PARAM_OF(struct mp_source, test, .def = "", .unit = "file",
                .doc = "test rows; without any, a part of the training rows is held out"),
    MP_PARAM_OF(struct mp_source, train_labels, .def = "", .unit = "file",
                .doc = "labels of the training images; found beside them by name"),
    MP_PARAM_OF(struct mp_source, test_labels, .def = "", .unit = "file",
                .doc = "labels of the test images; found beside them by name"),
    MP_PARAM_OF(struct mp_source, more, .def = "", .unit = "file",
                .doc = "further training rows, labelled and of the same size; several are "
                       "parted by |"),
    MP_FORM_PARAMS(offsetof(struct mp_source, form)),
    MP_PARAM_OF(struct mp_source, holdout, .def = "0.2", .min = 0.01, .max = 0.99,
                .doc = "share of the training rows held out when there is no test"),
    MP_PARAM_OF(struct mp_source, folds, .def = "0", .min = 0, .max = 100, .unit = "folds",
                .doc = "cross-validation of the training rows, in place of a test; 0: none"),
    MP_PARAM_OF(struct mp_source, keep, .def = "0", .min = 0, .max = 1000000, .unit = "images",
                .doc = "training images that the bundle keeps, as many of each class, for `serve` "
                       "to show the nearest ones; all, if there are fewer"),
    MP_PARAM_OF(struct mp_source, seed, .def = "1", .min = 0, .max = 2147483647,
                .doc = "seed of everything drawn at random"),
    MP_END
};

void mp_plan_where(struct mp_ctx *c, const struct mp_plan *p, int node)
{
    const struct mp_node *n = &p->nodes[node];
    mp_ctx_where(c, "%s:%d: %s: ", p->file, n->line, n->entry != NULL ? n->entry->name : "union");
    c->place = (uint64_t)node + 1;
    c->file = p->file;
}

const struct mp_param *mp_node_table(const struct mp_node *n)
{
    if (n->entry != NULL && mp_needs(n->entry, MP_FURTHER))
        return n->params != NULL ? ((const struct mp_further *)n->params)->table : NULL;
    return n->entry != NULL ? n->entry->stage->params : NULL;
}

static void free_layers(struct mp_layers *layers);

void mp_plan_free(struct mp_plan *p)
{
    for (int i = 0; i < p->n_nodes; i++) {
        struct mp_node *n = &p->nodes[i];
        if (n->entry != NULL) {
            const struct mp_stage *s = n->entry->stage;
            if (n->state != NULL && s->clear != NULL)
                s->clear(n->state);
            if (n->params != NULL && mp_needs(n->entry, MP_LAYERS))
                free_layers(n->params);
            if (n->params != NULL && mp_has_branches(n->entry))
                free(((struct mp_branches *)n->params)->at);
            mp_params_free(mp_node_table(n), n->params);
            if (n->params != NULL && mp_needs(n->entry, MP_FURTHER))
                free(((struct mp_further *)n->params)->table);
        }
        free(n->state);
        free(n->params);
        free(n->text);
        free(n->inputs);
    }
    free(p->nodes);
    free(p->file);
    mp_params_free(mp_source_table, &p->source);
    memset(p, 0, sizeof *p);
}

/* ------------------------------------------------------------- building */

static int line_where(struct mp_ctx *c, const struct mp_plan *p, const struct mp_line *l)
{
    mp_ctx_where(c, "%s:%d: %s: ", p->file, l->number, l->name);
    return MP_OK;
}

static struct mp_node *add_node(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *l,
                                int n_inputs)
{
    struct mp_node *more = realloc(p->nodes, (size_t)(p->n_nodes + 1) * sizeof *more);
    if (more == NULL) {
        mp_no_memory(c, "stages");
        return NULL;
    }
    p->nodes = more;
    struct mp_node *n = &more[p->n_nodes++];
    memset(n, 0, sizeof *n);
    n->line = l->number;
    n->n_inputs = n_inputs;
    n->inputs = mp_alloc(c, (size_t)n_inputs, sizeof *n->inputs);
    return n->inputs != NULL ? n : NULL;
}

static char *line_text(struct mp_ctx *c, const struct mp_line *l)
{
    struct mp_text t;
    if (mp_text_open(c, &t) < 0)
        return NULL;
    fputs(l->name, t.f);
    for (int i = 0; i < l->n_settings; i++)
        fprintf(t.f, " %s=%s", l->settings[i].name, l->settings[i].value);
    return mp_text_end(c, &t);
}

/* Where a setting was written. */
static void setting_where(struct mp_ctx *c, const char *file, const struct mp_line *l,
                          const struct mp_setting *s)
{
    if (s->override)
        mp_ctx_where(c, "command line: %s: ", l->name);
    else
        mp_ctx_where(c, "%s:%d: %s: ", file, l->number, l->name);
}

static bool is_set(const struct mp_setting *s)
{
    return *s->value == '{' && !s->literal;
}

static const struct mp_setting *find_setting(const struct mp_line *l, const char *name)
{
    for (int i = 0; i < l->n_settings; i++)
        if (strcmp(l->settings[i].name, name) == 0)
            return &l->settings[i];
    return NULL;
}

static int refuse_set(struct mp_ctx *c, const struct mp_line *l, const struct mp_setting *s)
{
    return mp_fail(c, "%s=%s: a set of values; a run takes one (--set %s.%s=VALUE), a search tries "
                      "all", s->name, s->value, l->name, s->name);
}

static int missing(struct mp_ctx *c, const struct mp_param *p)
{
    char range[128];
    mp_param_range(p, range, sizeof range);
    return mp_fail(c, "%s is required (%s)", p->name, range);
}

/* Sets what the line gives and requires what has no default. */
static int fill(struct mp_ctx *c, const char *file, const struct mp_line *l,
                const struct mp_param *table, void *params, size_t size)
{
    if (mp_params_default(c, table, params, size) < 0)
        return -1;
    for (int i = 0; i < l->n_settings; i++) {
        const struct mp_setting *s = &l->settings[i];
        setting_where(c, file, l, s);
        const int rc = is_set(s) ? refuse_set(c, l, s)
                                 : mp_params_set(c, table, params, s->name, s->value);
        c->usage = rc < 0 && s->override;
        if (rc < 0)
            return -1;
        mp_ctx_where(c, "%s:%d: %s: ", file, l->number, l->name);
    }
    for (const struct mp_param *p = table; p != NULL && p->name != NULL; p++)
        if (p->def == NULL && find_setting(l, p->name) == NULL)
            return missing(c, p);
    return MP_OK;
}

static int build_stages(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *parent,
                        int input, int depth, int *output);

/* models: the branch is a pipeline of its own, with a model. */
static int build_branch(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *branch,
                        int input, int depth, bool models, int *end)
{
    line_where(c, p, branch);
    if (strcmp(branch->name, "branch") != 0)
        return mp_fail(c, "expected \"branch\"; the stages of a branch stand below it, indented");
    if (branch->n_settings > 0)
        return mp_fail(c, "takes no parameters");
    if (branch->n_children == 0)
        return mp_fail(c, "has no stages; indent them below it");
    if (build_stages(c, p, branch, input, models ? 0 : depth + 1, end) < 0)
        return -1;
    line_where(c, p, branch);
    if (models && !p->has_model)
        return mp_fail(c, "has no model; its last line may be \"svm\"");
    p->has_model = false; /* of the whole pipeline */
    return MP_OK;
}

/* Every branch starts from the same input; the last node joins them. */
static int build_branches(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *l, int input,
                          int depth, bool models, int *output)
{
    int ends[64];
    if (l->n_children < 2 || l->n_children > 64)
        return mp_fail(c, "needs 2 to 64 indented lines \"branch\", it has %d", l->n_children);
    for (int i = 0; i < l->n_children; i++)
        if (build_branch(c, p, &l->children[i], input, depth, models, &ends[i]) < 0)
            return -1;
    line_where(c, p, l);
    struct mp_node *n = add_node(c, p, l, l->n_children);
    /* What joins a vote's branches stands in no pipeline. */
    const struct mp_line joint = { .name = models ? (char *)(uintptr_t) "side by side" : l->name };
    if (n == NULL || (n->text = line_text(c, &joint)) == NULL)
        return -1;
    memcpy(n->inputs, ends, (size_t)l->n_children * sizeof ends[0]);
    *output = p->n_nodes - 1;
    return MP_OK;
}

static int build_union(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *l, int input,
                       int depth, int *output)
{
    if (p->has_model)
        return mp_fail(c, "comes after a model; a model is the last stage");
    if (l->n_settings > 0)
        return mp_fail(c, "takes no parameters");
    return build_branches(c, p, l, input, depth, false, output);
}

static const char *layer_name(const void *unused, int i)
{
    (void)unused;
    return mp_layers_found[i].name;
}

static const struct mp_layer_entry *find_layer(const char *name)
{
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        if (strcmp(e->name, name) == 0)
            return e;
    return NULL;
}

/* What a line may begin with: the language's own words, then all stages. */
static const char *line_name(const void *unused, int i)
{
    static const char *const words[] = { "data", "union", "branch" };
    enum { N = sizeof words / sizeof *words };
    return i < N ? words[i] : mp_stage_name(unused, i - N);
}

static int unknown_stage(struct mp_ctx *c, const struct mp_line *l)
{
    const char *near = mp_nearest(l->name, line_name, NULL);
    if (strcmp(l->name, "branch") == 0)
        return mp_fail(c, "stands only below a union, a vote or a stack");
    if (strcmp(l->name, "data") == 0)
        return mp_fail(c, "stands only once, and not indented");
    if (find_layer(l->name) != NULL)
        return mp_fail(c, "is a layer: indent it below a net line");
    if (mp_known_elsewhere(l->name) != NULL)
        return mp_fail(c, "no such stage; %s", mp_known_elsewhere(l->name));
    if (near != NULL)
        return mp_fail(c, "no such stage; did you mean \"%s\"?", near);
    return mp_fail(c, "no such stage; `mnistpipe list` shows them all");
}

/* One indented line: a layer and its parameters. */
static int build_layer(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *l,
                       struct mp_layer_line *to)
{
    line_where(c, p, l);
    const struct mp_layer_entry *e = find_layer(l->name);
    to->line = l->number;
    if (e == NULL) {
        const char *near = mp_nearest(l->name, layer_name, NULL);
        if (mp_find_stage(l->name) != NULL)
            return mp_fail(c, "is a stage, no layer: it stands before the net, not indented");
        if (mp_known_elsewhere(l->name) != NULL)
            return mp_fail(c, "no such layer; %s", mp_known_elsewhere(l->name));
        return near != NULL ? mp_fail(c, "no such layer; did you mean \"%s\"?", near)
                            : mp_fail(c, "no such layer; `mnistpipe list` shows them all");
    }
    if (l->n_children > 0)
        return mp_fail(c, "takes no indented lines (line %d)", l->children[0].number);
    to->name = e->name;
    to->layer = e->layer;
    to->text = line_text(c, l);
    to->params = mp_alloc(c, 1, to->layer->params_size);
    if (to->text == NULL || to->params == NULL)
        return -1;
    return fill(c, p->file, l, to->layer->params, to->params, to->layer->params_size);
}

static int build_layers(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *l, void *params)
{
    struct mp_layers *layers = params;
    if (l->n_children == 0)
        return mp_fail(c, "has no layers; indent them below it");
    if ((layers->at = mp_alloc(c, (size_t)l->n_children, sizeof *layers->at)) == NULL)
        return -1;
    for (int i = 0; i < l->n_children; i++) {
        layers->n = i + 1;
        if (build_layer(c, p, &l->children[i], &layers->at[i]) < 0)
            return -1;
    }
    return MP_OK;
}

static void free_layers(struct mp_layers *layers)
{
    for (int i = 0; i < layers->n; i++) {
        struct mp_layer_line *l = &layers->at[i];
        if (l->layer != NULL)
            mp_params_free(l->layer->params, l->params);
        free(l->params);
        free(l->text);
    }
    free(layers->at);
}

/* A stage that takes the data's own rows has nothing before it. */
static int check_first(struct mp_ctx *c, const struct mp_plan *p, const struct mp_entry *e,
                       int input)
{
    const struct mp_node *before = input >= 0 ? &p->nodes[input] : NULL;
    if (before == NULL || !mp_needs(e, MP_DATA))
        return MP_OK;
    return mp_fail(c, "takes the data's own rows, but line %d (%s) comes before it; put it first, "
                      "or first in a branch", before->line,
                   before->entry != NULL ? before->entry->name : "union");
}

/* A model stands last, but for a stage that takes its scores. */
static int check_place(struct mp_ctx *c, const struct mp_plan *p, const struct mp_entry *e,
                       int input, int depth)
{
    const bool scores = mp_needs(e, MP_HELD);
    if (scores && !p->has_model)
        return mp_fail(c, "takes the scores of a model; put it after one");
    if (scores && input != p->model)
        return mp_fail(c, "takes the scores of a model, but line %d (%s) has taken them",
                       p->nodes[input].line, p->nodes[input].entry->name);
    if (scores && mp_learner(p->nodes[input].entry)->scores == MP_PROBABILITIES)
        return mp_fail(c, "makes scores probabilities, which line %d (%s) gives already",
                       p->nodes[input].line, p->nodes[input].entry->name);
    if (p->has_model && !scores)
        return mp_fail(c, "comes after a model; a model is the last stage");
    if (mp_is_model(e) && depth > 0)
        return mp_fail(c, "is a model; a model stands after the union, not in a branch");
    return MP_OK;
}

/* What the joined branches end in. */
static int name_branches(struct mp_ctx *c, const struct mp_plan *p, const struct mp_node *joint,
                         void *params)
{
    struct mp_branches *b = params;
    if ((b->at = mp_alloc(c, (size_t)joint->n_inputs, sizeof *b->at)) == NULL)
        return -1;
    b->n = joint->n_inputs;
    for (int i = 0; i < b->n; i++) {
        const struct mp_node *end = &p->nodes[joint->inputs[i]];
        b->at[i] = (struct mp_branch){ end->line, end->entry->name,
                                       mp_learner(end->entry)->scores };
    }
    return MP_OK;
}

/* Folds are made once. */
static int check_stack(struct mp_ctx *c, const struct mp_plan *p)
{
    for (int i = 0; i < p->n_nodes - 1; i++) {
        const struct mp_node *n = &p->nodes[i];
        if (mp_needs(n->entry, MP_STACKED))
            return mp_fail(c, "line %d (%s) stacks models already; one stage may", n->line,
                           n->entry->name);
    }
    return MP_OK;
}

/* Rows are held back once, for all stages that learn from them. */
static int check_held(struct mp_ctx *c, const struct mp_plan *p, const struct mp_held *own)
{
    for (int i = 0; i < p->n_nodes - 1; i++) {
        const struct mp_node *n = &p->nodes[i];
        const struct mp_held *held = n->params;
        if (mp_needs(n->entry, MP_HELD) &&
            (held->share < own->share || held->share > own->share || held->refit != own->refit))
            return mp_fail(c, "share=%g refit=%s: line %d has share=%g refit=%s, and rows are held "
                              "back once for both", own->share, own->refit ? "yes" : "no", n->line,
                           held->share, held->refit ? "yes" : "no");
    }
    return MP_OK;
}

/* A stage's first parameter says which others there are. */
static int fill_further(struct mp_ctx *c, const char *file, const struct mp_line *l,
                        struct mp_node *n)
{
    const struct mp_param *first = n->entry->stage->params;
    const struct mp_setting *s = find_setting(l, first->name);
    struct mp_further found = { .table = NULL };
    if (s == NULL)
        return missing(c, first);
    setting_where(c, file, l, s);
    const int rc = is_set(s) ? refuse_set(c, l, s)
                             : mp_learner(n->entry)->further(c, s->value, &found);
    c->usage = rc < 0 && s->override;
    if (rc < 0)
        return -1;
    mp_ctx_where(c, "%s:%d: %s: ", file, l->number, l->name);
    free(n->params);
    if ((n->params = mp_alloc(c, 1, found.size)) == NULL) {
        free(found.table);
        return -1;
    }
    const int filled = fill(c, file, l, found.table, n->params, found.size);
    *(struct mp_further *)n->params = found; /* now, as fill() has cleared all */
    return filled;
}

static int build_stage(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *l, int input,
                       int depth, int *output)
{
    const struct mp_entry *e = mp_find_stage(l->name);
    if (e == NULL)
        return unknown_stage(c, l);
    if (check_place(c, p, e, input, depth) < 0)
        return -1;
    if (l->n_children > 0 && !mp_needs(e, MP_LAYERS) && !mp_has_branches(e))
        return mp_fail(c, "takes no indented lines (line %d)", l->children[0].number);
    if (check_first(c, p, e, input) < 0)
        return -1;
    if (mp_has_branches(e) && build_branches(c, p, l, input, depth, true, &input) < 0)
        return -1;
    struct mp_node *n = add_node(c, p, l, 1);
    if (n == NULL || (n->text = line_text(c, l)) == NULL)
        return -1;
    n->inputs[0] = input;
    n->entry = e;
    n->params = mp_alloc(c, 1, e->stage->params_size);
    n->state = mp_alloc(c, 1, e->stage->state_size);
    *output = p->n_nodes - 1;
    if (mp_is_model(e) && !p->has_model) {
        p->has_model = true;
        p->model = *output;
    }
    if (n->params == NULL || n->state == NULL)
        return -1;
    if (mp_needs(e, MP_FURTHER))
        return fill_further(c, p->file, l, n);
    if (fill(c, p->file, l, e->stage->params, n->params, e->stage->params_size) < 0 ||
        (mp_needs(e, MP_STACKED) && check_stack(c, p) < 0))
        return -1;
    if (mp_needs(e, MP_LAYERS))
        return build_layers(c, p, l, n->params);
    if (mp_has_branches(e))
        return name_branches(c, p, &p->nodes[input], n->params);
    return mp_needs(e, MP_HELD) ? check_held(c, p, n->params) : MP_OK;
}

static int build_stages(struct mp_ctx *c, struct mp_plan *p, const struct mp_line *parent,
                        int input, int depth, int *output)
{
    for (int i = 0; i < parent->n_children; i++) {
        const struct mp_line *l = &parent->children[i];
        if (parent->number == 0 && strcmp(l->name, "data") == 0)
            continue;
        line_where(c, p, l);
        const int rc = strcmp(l->name, "union") == 0
                           ? build_union(c, p, l, input, depth, &input)
                           : build_stage(c, p, l, input, depth, &input);
        if (rc < 0)
            return -1;
    }
    *output = input;
    return MP_OK;
}

static int build_source(struct mp_ctx *c, struct mp_plan *p, const struct mp_script *s)
{
    const struct mp_line *data = NULL, none = { .name = (char *)(uintptr_t) "data" };
    for (int i = 0; i < s->root.n_children; i++) {
        const struct mp_line *l = &s->root.children[i];
        if (strcmp(l->name, "data") != 0)
            continue;
        line_where(c, p, l);
        if (data != NULL)
            return mp_fail(c, "stands already in line %d", data->number);
        if (l->n_children > 0)
            return mp_fail(c, "takes no indented lines (line %d)", l->children[0].number);
        data = l;
    }
    if (fill(c, p->file, data != NULL ? data : &none, mp_source_table, &p->source,
             sizeof p->source) < 0)
        return -1;
    for (int i = 0; data != NULL && i < data->n_settings && p->source.folds == 1; i++)
        if (strcmp(data->settings[i].name, "folds") == 0 && data->settings[i].override) {
            mp_ctx_where(c, "command line: data: ");
            c->usage = true;
        }
    return p->source.folds != 1 ? MP_OK
                                : mp_fail(c, "folds=1: one fold leaves nothing to learn from; "
                                             "take 2 to 100, or 0 for no cross-validation");
}

int mp_plan_source(struct mp_ctx *c, const struct mp_script *s, struct mp_source *source)
{
    struct mp_plan p = { .file = s->file };
    const int rc = build_source(c, &p, s);
    *source = p.source;
    if (rc < 0)
        mp_params_free(mp_source_table, source);
    else
        mp_ctx_where(c, "%s", "");
    return rc;
}

/* Node k and those before: how often each gives a training row.  Only one stage makes
 * copies, and none before a model that fetches its rows epoch by epoch. */
static int count_passes(struct mp_ctx *c, struct mp_plan *p)
{
    int maker = -1;
    for (int k = 0; k < p->n_nodes; k++) {
        struct mp_node *n = &p->nodes[k];
        const struct mp_learner *s = mp_learner(n->entry);
        const int copies = s->copies != NULL ? s->copies(n->params) : 0;
        n->passes = 1;
        for (int j = 0; j < n->n_inputs; j++)
            if (mp_plan_passes(p, n->inputs[j]) > n->passes)
                n->passes = mp_plan_passes(p, n->inputs[j]);
        mp_plan_where(c, p, copies > 0 || maker < 0 ? k : maker);
        if (copies > 0 && maker >= 0)
            return mp_fail(c, "copies=%d: line %d (%s) makes copies already; one stage may", copies,
                           p->nodes[maker].line, p->nodes[maker].entry->name);
        if (mp_learns(n->entry, MP_IN_EPOCHS) && n->passes > 1)
            return mp_fail(c, "copies=%zu: %s in line %d sees the rows drawn afresh in every "
                              "epoch; leave copies out", n->passes - 1, n->entry->name, n->line);
        if (copies > 0) {
            n->passes = (size_t)copies + 1;
            maker = k;
        }
    }
    return MP_OK;
}

int mp_plan_build(struct mp_ctx *c, const struct mp_script *s, struct mp_plan *p)
{
    int output = -1;
    memset(p, 0, sizeof *p);
    p->file = strdup(s->file);
    if (p->file == NULL || build_source(c, p, s) < 0 ||
        build_stages(c, p, &s->root, -1, 0, &output) < 0 || count_passes(c, p) < 0) {
        mp_no_memory(c, "stages");
        mp_plan_free(p);
        return -1;
    }
    for (int i = 0; i < p->n_nodes; i++)
        for (int j = 0; j < p->nodes[i].n_inputs; j++)
            if (p->nodes[i].inputs[j] >= 0)
                p->nodes[p->nodes[i].inputs[j]].n_uses++;
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

/* --------------------------------------------------------------- shapes */

/* A union's output: the values of all its inputs in a row. */
static int shape_union(struct mp_ctx *c, struct mp_plan *p, struct mp_node *n)
{
    size_t d = 0;
    for (int j = 0; j < n->n_inputs; j++)
        d += mp_len(n->inputs[j] >= 0 ? p->nodes[n->inputs[j]].out : p->shape);
    if (d > MP_MAX_VALUES)
        return mp_fail(c, "gives rows of %zu values; at most %d are possible", d, MP_MAX_VALUES);
    n->in = n->out = (struct mp_shape){ 1, (int)d, 1 };
    return MP_OK;
}

/* What the stage is given. */
static int take_input(struct mp_ctx *c, struct mp_plan *p, struct mp_node *n)
{
    const struct mp_node *before = n->inputs[0] >= 0 ? &p->nodes[n->inputs[0]] : NULL;
    const struct mp_stage *s = n->entry->stage;
    n->in = n->out = before != NULL ? before->out : p->shape;
    n->image = (before == NULL || before->image) && mp_is_filter(n->entry);
    n->bytes = (before == NULL || before->bytes) && (s->flags & MP_BYTES);
    if ((mp_is_filter(n->entry) || (s->flags & MP_IMAGES)) && before != NULL && !before->image)
        return mp_fail(c, "needs images, but line %d (%s) gives vectors of %zu values "
                          "(%d x %d x %d); put it before that line",
                       before->line, before->entry != NULL ? before->entry->name : "union",
                       mp_len(before->out), before->out.h, before->out.w, before->out.c);
    return MP_OK;
}

static int check_image(struct mp_ctx *c, struct mp_shape s)
{
    return s.h >= 1 && s.w >= 1 && s.c >= 1 && s.h <= MP_IMAGE_SIDE && s.w <= MP_IMAGE_SIDE
               ? MP_OK
               : mp_fail(c, "images of %d x %d: 1..%d px are possible each way", s.h, s.w,
                         MP_IMAGE_SIDE);
}

static int shape_stage(struct mp_ctx *c, struct mp_plan *p, struct mp_node *n)
{
    const struct mp_stage *s = n->entry->stage;
    if (take_input(c, p, n) < 0)
        return -1;
    if (s->shape != NULL && s->shape(c, n->params, n->fitted ? n->state : NULL, n->in, &n->out) < 0)
        return -1;
    if (mp_is_model(n->entry) && mp_len(n->in) > MP_MAX_VALUES)
        return mp_fail(c, "takes rows of at most %d values, got %d x %d x %d; crop or resize makes "
                       "images smaller", MP_MAX_VALUES, n->in.h, n->in.w, n->in.c);
    if (mp_is_model(n->entry)) { /* how wide, the number of classes says; it may be unknown yet */
        n->out = (struct mp_shape){ 1, c->run != NULL ? c->run->n_classes : 0, 1 };
        return MP_OK;
    }
    if (n->image)
        return check_image(c, n->out);
    if (n->out.h < 1 || n->out.w < 1 || n->out.c < 1 ||
        (double)n->out.h * n->out.w * n->out.c > MP_MAX_VALUES)
        return mp_fail(c, "makes %d x %d x %d of %d x %d x %d; rows of 1 to %d values are "
                       "possible, and crop or resize makes images smaller", n->out.h, n->out.w,
                       n->out.c, n->in.h, n->in.w, n->in.c, MP_MAX_VALUES);
    return MP_OK;
}

static int shape_node(struct mp_ctx *c, struct mp_plan *p, int i)
{
    struct mp_node *n = &p->nodes[i];
    mp_plan_where(c, p, i);
    return n->entry == NULL ? shape_union(c, p, n) : shape_stage(c, p, n);
}

int mp_plan_shape(struct mp_ctx *c, struct mp_plan *p, struct mp_shape image)
{
    p->shape = image;
    if (check_image(c, image) < 0)
        return -1;
    for (int i = 0; i < p->n_nodes; i++)
        if (shape_node(c, p, i) < 0)
            return -1;
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

static int make_ready(struct mp_ctx *c, struct mp_plan *p, int node)
{
    struct mp_node *n = &p->nodes[node];
    mp_plan_where(c, p, node);
    if (mp_learner(n->entry)->ready != NULL &&
        mp_learner(n->entry)->ready(c, n->params, n->state, n->in) < 0)
        return -1;
    n->fitted = true;
    return MP_OK;
}

int mp_plan_fitted(struct mp_ctx *c, struct mp_plan *p, int node)
{
    return make_ready(c, p, node) < 0 ? -1 : mp_plan_shape(c, p, p->shape);
}

int mp_plan_load(struct mp_ctx *c, struct mp_plan *p, struct mp_shape image,
                 int (*load)(struct mp_ctx *c, void *arg, struct mp_node *n), void *arg)
{
    p->shape = image;
    if (check_image(c, image) < 0)
        return -1;
    for (int i = 0; i < p->n_nodes; i++) {
        struct mp_node *n = &p->nodes[i];
        mp_plan_where(c, p, i);
        if (n->entry != NULL && n->entry->stage->io != NULL &&
            (take_input(c, p, n) < 0 || load(c, arg, n) < 0 || make_ready(c, p, i) < 0))
            return -1;
        if (shape_node(c, p, i) < 0)
            return -1;
    }
    return MP_OK;
}

int mp_plan_prepare(struct mp_ctx *c, const struct mp_plan *p)
{
    for (int i = 0; i < p->n_nodes; i++) {
        const struct mp_node *n = &p->nodes[i];
        const struct mp_learner *l = mp_learner(n->entry);
        if (l->prepare == NULL && l->heed == NULL)
            continue;
        mp_plan_where(c, p, i);
        if (l->prepare != NULL && l->prepare(c) < 0)
            return -1;
        if (l->heed != NULL && l->heed(c, n->params) < 0)
            return -1;
    }
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

int mp_plan_depends(struct mp_ctx *c, const struct mp_plan *p, int last, FILE *f)
{
    for (int i = 0; i <= last; i++) {
        const struct mp_node *n = &p->nodes[i];
        if (mp_learner(n->entry)->depends == NULL)
            continue;
        mp_plan_where(c, p, i);
        if (mp_learner(n->entry)->depends(c, n->params, f) < 0)
            return -1;
    }
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

void mp_plan_forget(struct mp_plan *p, int node)
{
    struct mp_node *n = &p->nodes[node];
    if (n->entry->stage->clear != NULL)
        n->entry->stage->clear(n->state);
    memset(n->state, 0, n->entry->stage->state_size);
    n->fitted = false;
}

enum mp_scores mp_plan_scores(const struct mp_plan *p)
{
    return mp_learner(p->nodes[p->n_nodes - 1].entry)->scores;
}

void mp_plan_label(const struct mp_plan *p, int node, size_t i, char *text, size_t size)
{
    for (;;) {
        if (node < 0) {
            snprintf(text, size, "pixel%zu", i);
            return;
        }
        const struct mp_node *n = &p->nodes[node];
        if (n->entry == NULL) {
            int j = 0;
            for (; j + 1 < n->n_inputs; j++) {
                const size_t d = mp_len(n->inputs[j] >= 0 ? p->nodes[n->inputs[j]].out : p->shape);
                if (i < d)
                    break;
                i -= d;
            }
            node = n->inputs[j];
        } else if (n->fitted && mp_learner(n->entry)->origin != NULL) {
            i = mp_learner(n->entry)->origin(n->state, i);
            node = n->inputs[0];
        } else if (n->entry->stage->label != NULL) {
            n->entry->stage->label(n->params, n->in, i, text, size);
            return;
        } else if (mp_is_model(n->entry)) {
            snprintf(text, size, "score%zu", i);
            return;
        } else if (mp_is_filter(n->entry)) {
            node = -1;
        } else {
            node = n->inputs[0];
        }
    }
}

int mp_plan_values(struct mp_ctx *c, const struct mp_node *n, uint64_t *values)
{
    struct mp_io io = { .buf = NULL };
    int rc = MP_OK;
    if (mp_learner(n->entry)->values != NULL && n->state != NULL)
        return mp_learner(n->entry)->values(c, n->state, values);
    if (n->entry != NULL && n->entry->stage->io != NULL && n->state != NULL)
        rc = mp_state_save(c, n->entry->stage, n->state, &io);
    free(io.buf);
    *values = io.values;
    return rc;
}
