/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pipeline.h - from the text of an experiment to stages ready to run.
 *
 *   text  --mp_script_parse-->  lines  --overrides-->  --mp_plan_build-->  nodes
 *
 * A line is what the user wrote; a node is a stage with its parameters, its
 * inputs and its shapes.  Nodes are in an order in which every node comes after
 * its inputs; in a plain pipeline each node's input is the one before. */
#ifndef MP_PIPELINE_H
#define MP_PIPELINE_H
#include "core/ctx.h"
#include "data/form.h"
#include "pipeline/registry.h"

struct mp_setting {
    char *name, *value;
    bool literal;  /* not a set of values, whatever it looks like */
    bool override; /* from the command line */
};

/* One line and, as `children`, the lines indented below it. */
struct mp_line {
    int number; /* in the file, from 1 */
    char *name;
    struct mp_setting *settings;
    int n_settings;
    struct mp_line *children;
    int n_children;
    int nth, of;   /* "hog" number nth of that many in the file; 0: mp_script_name() counts */
    bool dropped;
};

struct mp_script {
    char *file;          /* as errors name it */
    struct mp_line root; /* its children are the top lines */
};

int mp_script_read(struct mp_ctx *c, const char *file, struct mp_script *s);
int mp_script_parse(struct mp_ctx *c, const char *file, const char *text, struct mp_script *s);
void mp_script_free(struct mp_script *s);

/* "hog.cell=7": changes or adds the setting; "hog#2.cell=7" when there are
 * several.  `data.train=F` and the like go to the data line, made if missing. */
int mp_script_set(struct mp_ctx *c, struct mp_script *s, const char *text);

/* Takes lines out, named as above, one a line of `texts`: "deskew", "branch#2", or layers.
 * Of a union or a vote with one branch left, the branch's lines remain.  The numbers of
 * lines stay, and so does what they are called. */
int mp_script_drop(struct mp_ctx *c, struct mp_script *s, const char *texts);

/* What mp_script_set() and mp_script_drop() call a line: "deskew", "hog#2". */
void mp_script_name(const struct mp_script *s, const struct mp_line *l, char *text, size_t size);

/* Changes or adds data.KEY; the value is taken as it is. */
int mp_script_set_data(struct mp_ctx *c, struct mp_script *s, const char *key, const char *value);

/* The setting KEY of the data line, or NULL. */
const struct mp_setting *mp_script_data(const struct mp_script *s, const char *key);

/* The pipeline as text again, without comments: what a bundle keeps.  free() it. */
char *mp_script_text(struct mp_ctx *c, const struct mp_script *s, bool with_data);

/* The `data` line. */
struct mp_source {
    char *train, *test, *train_labels, *test_labels;
    char *more;            /* further training rows, names parted by bars */
    struct mp_form_text form; /* how their files are read */
    double holdout;        /* share of the training rows kept for the test when there is no test */
    int seed;
    int keep;              /* training images that the bundle keeps */
    int folds;             /* 0, or training rows are scored out of fold; the test is left alone */
};
extern const struct mp_param mp_source_table[];

/* What a node has cost so far, in seconds. */
struct mp_cost {
    double fit;   /* in fit() and merge(), summed over threads */
    double done;  /* in done(), by the clock on the wall */
    double apply; /* in apply(), summed over threads */
    uint64_t fit_rows, apply_rows;
};

struct mp_node {
    const struct mp_entry *entry; /* NULL: a union, which puts its inputs side by side */
    int line;                     /* in the file */
    char *text;                   /* "hog cell=4 block=2": as written, for reports */
    void *params, *state;
    int *inputs, n_inputs;        /* numbers of nodes; -1 is the data set */
    int n_uses;                   /* nodes that read this one's output */
    struct mp_shape in, out;
    bool image;                   /* the output is images, not vectors */
    bool bytes;                   /* the output is bytes */
    bool fitted;                  /* the state has been learned or loaded */
    size_t passes;                /* how often it gives each training row: 1, more with copies */
    struct mp_cost cost;
};

/* Values of a row that is no image, and of what a model takes: all that is learned grows with
 * them.  Images may have more (MP_IMAGE_SIDE): filters make them smaller. */
enum { MP_MAX_VALUES = 1 << 20 };

struct mp_plan {
    char *file;
    struct mp_source source;
    struct mp_shape shape;        /* of the data's rows */
    struct mp_node *nodes;
    int n_nodes;                  /* the last gives the scores, if there is a model */
    bool has_model;
    int model;                    /* its node; a stage that needs MP_HELD may stand after it */
};

/* The `data` line alone; mp_params_free(mp_source_table, source) it. */
int mp_plan_source(struct mp_ctx *c, const struct mp_script *s, struct mp_source *source);

/* Builds nodes and parameters; nothing is read but the script.  Every mistake
 * but shapes is found here. */
int mp_plan_build(struct mp_ctx *c, const struct mp_script *s, struct mp_plan *p);

/* How often node k (-1: the data) gives each training row to those that learn in one
 * pass: 1, or 1 + the copies that are made on the way. */
static inline size_t mp_plan_passes(const struct mp_plan *p, int node)
{
    return node >= 0 ? p->nodes[node].passes : 1;
}

/* Works out the shapes from the image's on, and which nodes carry bytes.  To be
 * called again once stages are fitted. */
int mp_plan_shape(struct mp_ctx *c, struct mp_plan *p, struct mp_shape image);

/* Node k has learned or been loaded: makes it ready, and works out shapes anew. */
int mp_plan_fitted(struct mp_ctx *c, struct mp_plan *p, int node);

/* Node by node: `load` fills the state of a node that learns, before its shape is asked;
 * so what a state tells is never looked for elsewhere. */
int mp_plan_load(struct mp_ctx *c, struct mp_plan *p, struct mp_shape image,
                 int (*load)(struct mp_ctx *c, void *arg, struct mp_node *n), void *arg);

/* The table of a node's parameters; NULL: it is a union, or takes none. */
const struct mp_param *mp_node_table(const struct mp_node *n);

/* Loads what its stages need to learn, and lets them warn; before rows are read. */
int mp_plan_prepare(struct mp_ctx *c, const struct mp_plan *p);

/* Writes to f what nodes up to `last` depend on besides text and rows. */
int mp_plan_depends(struct mp_ctx *c, const struct mp_plan *p, int last, FILE *f);

/* Node k forgets what it learned; shapes are to be worked out anew. */
void mp_plan_forget(struct mp_plan *p, int node);

/* Real numbers that the node's stage has learned: weights, and what else it computes with. */
int mp_plan_values(struct mp_ctx *c, const struct mp_node *n, uint64_t *values);

/* What the scores mean that the last node gives. */
enum mp_scores mp_plan_scores(const struct mp_plan *p);

void mp_plan_free(struct mp_plan *p);

/* Prefix errors with "file:line: stage: ". */
void mp_plan_where(struct mp_ctx *c, const struct mp_plan *p, int node);

/* Name of value i of node k's output: "hog[y=2,x=3,b=5]", "pixel17". */
void mp_plan_label(const struct mp_plan *p, int node, size_t i, char *text, size_t size);
#endif
