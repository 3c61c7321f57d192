/* SPDX-License-Identifier: GPL-3.0-or-later */
/* show.c - `mnistpipe show`: rows after every stage, as pictures. */
#include "core/ctx.h"
#include "core/param.h"
#include "engine/bundle.h"
#include "engine/engine.h"
#include "engine/fit.h"
#include "pages/contact.h"
#include "pages/terminal.h"
#include "pipeline/options.h"
#include "sources/experiment.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct params {
    char *output, *rows, *after;
    int part, epochs, as;
    bool layers;
};

enum { TRAIN, TEST };
enum { MOST_ROWS = 1000, WITHOUT_LABELS = 10 };

static const struct mp_param table[] = {
    MP_PARAM(output, .def = "", .unit = "FILE",
             .doc = "writes a PNG in place of drawing in the terminal; - is standard output"),
    MP_PARAM(rows, .def = "", .unit = "LIST",
             .doc = "which rows, such as 2,7,17-20: lines of a CSV file, items of IDX, as errors "
                    "name them; without it the first row of each class"),
    MP_PARAM(part, .def = "train", .choices = "train|test", .doc = "whose rows"),
    MP_PARAM(after, .def = "", .unit = "STAGE",
             .doc = "the last stage to show, such as deskew, or blur#2 for the second of several; "
                    "or a layer of the net, such as conv or conv2"),
    MP_PARAM(layers, .def = "no",
             .doc = "shows what every layer of the net gives, too; a pipeline's net is trained "
                    "first"),
    MP_PARAM(epochs, .def = "1", .min = 1, .max = 1000,
             .doc = "how many epochs, or copies, to show of stages that change training rows"),
    MP_PARAM(as, .def = "auto", .choices = "auto|" MP_ARTS,
             .doc = "how to draw in the terminal; auto: the best that it shows"),
    MP_END
};

struct job {
    const struct params *p;
    struct mp_plan *plan;
    int last;
    bool layers;              /* show what is inside models, too */
    int views;                /* of node `last`; 0: all */
    const struct mp_data *d;
    size_t *rows, n;
    bool training, draw;      /* d are the training rows; there is something for the terminal */
    struct mp_terminal terminal;
    struct mp_output out;     /* open only with --output */
    bool writes;
};

/* ------------------------------------------------------------- which stages */

static const char *node_name(const void *plan, int i)
{
    const struct mp_plan *p = plan;
    if (i >= p->n_nodes)
        return NULL;
    return p->nodes[i].entry != NULL ? p->nodes[i].entry->name : "union";
}

/* Node of the which-th stage of that name (from 1); *seen: how many there are. */
static int find_node(const struct mp_plan *p, const char *name, int which, int *seen)
{
    int found = -1;
    *seen = 0;
    for (int i = 0; i < p->n_nodes; i++)
        if (strcmp(node_name(p, i), name) == 0 && ++*seen == which)
            found = i;
    return found;
}

static int no_stage(struct mp_ctx *c, const struct mp_plan *p, const char *name)
{
    const char *near = mp_nearest(name, node_name, p);
    if (near != NULL)
        return mp_usage(c, "%s has no stage \"%s\"; did you mean \"%s\"?", p->file, name, near);
    return mp_usage(c, "%s has no stage \"%s\"", p->file, name);
}

/* With --layers: the last node that has an inside. */
static int find_layers(struct mp_ctx *c, struct job *j)
{
    const struct mp_plan *p = j->plan;
    int k = p->n_nodes - 1;
    while (k >= 0 && !mp_contact_inside(p, k))
        k--;
    if (k < 0)
        return mp_usage(c, "--layers: %s has no net, whose layers could be shown", p->file);
    j->last = k;
    j->layers = true;
    return MP_OK;
}

/* Whether `name` names the layer that is called `layer`: "conv2", or "conv" for any. */
static bool names_layer(const char *name, const char *layer)
{
    const size_t n = strlen(name);
    return strncmp(name, layer, n) == 0 && layer[n + strspn(layer + n, "0123456789")] == '\0';
}

/* The last layer of the pipeline's nets that `name` names, as the last thing to show; 0: there is
 * none. */
static int find_layer(struct mp_ctx *c, struct job *j, const char *name)
{
    for (int k = j->plan->n_nodes - 1; k >= 0; k--) {
        struct mp_view v;
        int found = 0, rc = 0;
        for (int i = 0; mp_contact_inside(j->plan, k) &&
                        (rc = mp_contact_view(c, j->plan, k, i, &v)) > 0; i++)
            found = names_layer(name, v.name) ? i + 1 : found;
        if (rc < 0)
            return -1;
        if (found == 0)
            continue;
        j->last = k;
        j->layers = true;
        return j->views = found;
    }
    return 0;
}

/* The last node to show: the one that --after names, or the last that is no model. */
static int find_last(struct mp_ctx *c, struct job *j)
{
    const struct mp_plan *p = j->plan;
    char name[64];
    int which = 0, used = 0, seen;
    j->last = (p->has_model ? p->model : p->n_nodes) - 1;
    if (j->p->layers && find_layers(c, j) < 0)
        return -1;
    if (*j->p->after == '\0')
        return MP_OK;
    mp_ctx_where(c, "--after=%s: ", j->p->after);
    const int parts = sscanf(j->p->after, "%63[A-Za-z0-9_]%n#%4d%n", name, &used, &which, &used);
    if (parts < 1 || j->p->after[used] != '\0' || (parts == 2 && which < 1))
        return mp_usage(c, "expected a stage's name, such as deskew or blur#2");
    const int node = find_node(p, name, parts == 2 ? which : 1, &seen);
    mp_ctx_where(c, "%s", "");
    const int layer = seen == 0 && parts == 1 ? find_layer(c, j, name) : 0;
    if (layer != 0)
        return layer > 0 ? MP_OK : -1;
    mp_ctx_where(c, "--after=%s: ", j->p->after);
    if (seen == 0)
        return no_stage(c, p, name);
    if (node < 0)
        return mp_usage(c, "%s has %d stage%s \"%s\", not %d", p->file, seen, seen == 1 ? "" : "s",
                        name, which);
    if (parts == 1 && seen > 1)
        return mp_usage(c, "%s has %d stages \"%s\"; say which: %s#1 ... %s#%d", p->file, seen,
                        name, name, name, seen);
    if (j->layers && node < j->last)
        return mp_usage(c, "is a stage before the net; with --layers, name a layer");
    if (p->has_model && node >= p->model)
        return mp_usage(c, "is a model, which gives scores; --after takes a stage before it");
    j->last = node;
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

static int check_epochs(struct mp_ctx *c, const struct job *j)
{
    if (j->p->epochs == 1)
        return MP_OK;
    if (!j->training)
        return mp_usage(c, "--epochs=%d: test rows are the same in every epoch", j->p->epochs);
    for (int i = 0; i <= j->last; i++)
        if (mp_contact_draws(j->plan, i))
            return MP_OK;
    return mp_usage(c, "--epochs=%d: no stage shown changes rows from epoch to epoch",
                    j->p->epochs);
}

/* --------------------------------------------------------------- which rows */

static uint64_t number(const struct mp_data *d, size_t i)
{
    return d->number != NULL ? d->number[i] : d->line0 + i;
}

static int not_there(struct mp_ctx *c, const struct job *j, uint64_t row)
{
    const struct mp_data *d = j->d;
    const char *word = d->is_csv ? "line" : "item";
    const unsigned long long first = number(d, 0), last = number(d, d->n - 1);
    if (d->number != NULL)
        return mp_fail(c, "%s: %s %llu is not among the %s rows, but --part %s may have it",
                       d->name, word, (unsigned long long)row, j->training ? "training" : "test",
                       j->training ? "test" : "train");
    return mp_fail(c, "%s: there are rows in %ss %llu to %llu, not in %s %llu", d->name, word,
                   first, last, word, (unsigned long long)row);
}

/* Adds the rows numbered from .. to; of a holdout's part those that it has. */
static int add_rows(struct mp_ctx *c, struct job *j, uint64_t from, uint64_t to)
{
    const struct mp_data *d = j->d;
    const size_t before = j->n;
    if (d->number == NULL && from < number(d, 0))
        return not_there(c, j, from);
    if (d->number == NULL && to > number(d, d->n - 1))
        return not_there(c, j, to);
    for (size_t i = d->number == NULL ? (size_t)(from - d->line0) : 0; i < d->n; i++) {
        if (number(d, i) > to)
            break;
        if (number(d, i) < from)
            continue;
        if (j->n == MOST_ROWS)
            return mp_usage(c, "--rows=%s: more than %d rows", j->p->rows, MOST_ROWS);
        j->rows[j->n++] = i;
    }
    return j->n > before ? MP_OK : not_there(c, j, from);
}

static int wrong_rows(struct mp_ctx *c, const struct job *j)
{
    return mp_usage(c, "--rows=%s: expected numbers of rows, such as 2,7,17-20", j->p->rows);
}

/* "17" or "17-20", up to a comma or the end; the value is what follows, NULL if wrong. */
static const char *read_range(const char *at, uint64_t *from, uint64_t *to)
{
    char *end;
    if (*at < '0' || *at > '9')
        return NULL;
    *from = *to = strtoull(at, &end, 10);
    if (*end == '-') {
        at = end + 1;
        if (*at < '0' || *at > '9')
            return NULL;
        *to = strtoull(at, &end, 10);
    }
    if (*to < *from || (*end != ',' && *end != '\0') || (*end == ',' && end[1] == '\0'))
        return NULL;
    return *end == ',' ? end + 1 : end;
}

/* Whether --rows can be read at all: asked before anything else is. */
static int check_rows(struct mp_ctx *c, const struct job *j)
{
    uint64_t from, to;
    for (const char *at = j->p->rows; *at != '\0';)
        if ((at = read_range(at, &from, &to)) == NULL)
            return wrong_rows(c, j);
    return MP_OK;
}

static int choose_rows(struct mp_ctx *c, struct job *j)
{
    uint64_t from, to;
    if ((j->rows = mp_alloc(c, MOST_ROWS, sizeof *j->rows)) == NULL)
        return -1;
    if (*j->p->rows == '\0') {
        j->n = mp_contact_typical(j->d, j->rows, j->d->label != NULL ? MOST_ROWS : WITHOUT_LABELS);
        return MP_OK;
    }
    for (const char *at = j->p->rows; *at != '\0';) {
        if ((at = read_range(at, &from, &to)) == NULL)
            return wrong_rows(c, j);
        if (add_rows(c, j, from, to) < 0)
            return -1;
    }
    return MP_OK;
}

/* ------------------------------------------------------------------ drawing */

/* What can be wrong with the output shows before long work, and the terminal is asked
 * while nothing else runs. */
static int prepare(struct mp_ctx *c, struct job *j)
{
    const struct params *p = j->p;
    j->draw = *p->output == '\0' || p->as > 0;
    if (check_rows(c, j) < 0)
        return -1;
    if (strcmp(p->output, "-") == 0 && j->draw)
        return mp_usage(c, "show: --as draws on standard output, where -o - writes the PNG");
    if (mp_output_ending(c, p->output, "png", "a PNG") < 0 ||
        (*p->output != '\0' && mp_output_open(c, &j->out, p->output) < 0))
        return -1;
    j->writes = *p->output != '\0';
    if (j->draw)
        mp_terminal_look(&j->terminal, p->as - 1);
    return MP_OK;
}

static int write_bytes(struct mp_ctx *c, struct job *j, const uint8_t *png, size_t n)
{
    const char *path = j->out.path != NULL ? j->out.path : "standard output";
    errno = 0;
    if (fwrite(png, 1, n, j->out.f) != n)
        return mp_fail(c, "%s: cannot write: %s", path, strerror(errno));
    j->writes = false;
    return mp_output_commit(c, &j->out);
}

static void count(int n, const char *what)
{
    printf("%d %s%s", n, what, n == 1 ? "" : "s");
}

static void tell(const struct job *j, const struct mp_contact *k, const struct mp_picture *picture)
{
    int layers = 0;
    for (int i = 0; i < k->n_columns; i++)
        layers += k->columns[i].view >= 0;
    printf("%s: ", j->p->output);
    count((int)k->n, "row");
    printf(" after ");
    count(j->last + 1 - (layers > 0), "stage");
    if (layers > 0) {
        printf(" and ");
        count(layers, "layer");
    }
    printf(", %d x %d px\n", picture->w, picture->h);
}

static int write_png(struct mp_ctx *c, struct job *j, const struct mp_contact *k)
{
    const struct mp_contact_part all = mp_contact_all(k);
    const bool named = j->out.path != NULL;
    struct mp_picture picture;
    uint8_t *png = NULL;
    size_t n;
    if (mp_contact_sheet(c, k, &all, &picture) < 0)
        return -1;
    int rc = mp_picture_png(c, &picture, &png, &n);
    if (rc == MP_OK)
        rc = write_bytes(c, j, png, n);
    if (rc == MP_OK && named && !c->run->quiet)
        tell(j, k, &picture);
    free(png);
    mp_picture_close(&picture);
    return rc;
}

static struct mp_contact_ask ask_of(const struct job *j)
{
    return (struct mp_contact_ask){ .plan = j->plan, .last = j->last, .d = j->d, .rows = j->rows,
                                    .n = j->n, .training = j->training, .epochs = j->p->epochs,
                                    .layers = j->layers, .views = j->views };
}

static int check_room(struct mp_ctx *c, const struct job *j)
{
    const struct mp_contact_ask ask = ask_of(j);
    return mp_contact_check(c, &ask);
}

static int draw(struct mp_ctx *c, struct job *j)
{
    struct mp_contact k;
    const struct mp_contact_ask ask = ask_of(j);
    if (mp_contact_collect(c, &ask, &k) < 0)
        return -1;
    int rc = j->draw ? mp_contact_show(c, stdout, &k, &j->terminal) : MP_OK;
    if (rc == MP_OK && j->writes)
        rc = write_png(c, j, &k);
    mp_contact_free(&k);
    return rc;
}

/* -------------------------------------------------------------- the two ways */

static int apart(struct mp_ctx *c, const struct job *j, const char *input)
{
    return *j->p->output == '\0' || input == NULL ? MP_OK
                                                  : mp_output_apart(c, j->p->output, input);
}

/* What is shown learns first: the stages up to the last one, or, for a model's layers, all. */
static int learn(struct mp_ctx *c, const struct job *j, struct mp_experiment *x)
{
    return j->layers && mp_is_model(x->plan.nodes[j->last].entry)
               ? mp_fit(c, &x->plan, &x->train, x->train_y)
               : mp_engine_fit(c, &x->plan, &x->train, x->train_y, j->last);
}

static int show_pipeline(struct mp_ctx *c, const char *file, struct job *j)
{
    struct mp_experiment x;
    int rc = mp_experiment_plan(c, file, &x);
    j->plan = &x.plan;
    j->training = j->p->part == TRAIN;
    j->d = j->training ? &x.train : &x.test;
    if (rc == MP_OK && (find_last(c, j) < 0 || check_epochs(c, j) < 0 || apart(c, j, file) < 0 ||
                        apart(c, j, x.train_path) < 0 || apart(c, j, x.test_path) < 0 ||
                        mp_experiment_read(c, &x) < 0 || choose_rows(c, j) < 0 ||
                        check_room(c, j) < 0 || learn(c, j, &x) < 0 || draw(c, j) < 0))
        rc = -1;
    mp_experiment_free(&x);
    return rc;
}

/* A bundle holds no rows: those of --train or --test, otherwise those that it was trained
 * on, if they are still there. */
static int read_rows(struct mp_ctx *c, const char *file, const struct mp_bundle *b, struct job *j,
                     struct mp_data *d)
{
    const struct mp_asked *a = c->run->command.asked;
    j->training = j->p->part == TRAIN && (*a->train != '\0' || *a->test == '\0');
    const char *name = j->training ? a->train : a->test;
    if (*a->set != '\0' || *a->seed != '\0')
        return mp_usage(c, "show: a bundle has learned already; --set and --seed go with a "
                           "pipeline");
    if (!j->training && *name == '\0')
        return mp_usage(c, "show: a bundle holds no rows; --test FILE names test rows");
    if (*name == '\0')
        mp_ctx_where(c, "%s: the rows that it was trained on (--train FILE names others): ", file);
    struct mp_form form;
    if (mp_bundle_form(c, b, NULL, &form) < 0)
        return -1;
    form.part = j->training ? "train" : "test";
    const int rc = mp_rows_read(c, *name != '\0' ? name : b->trained_on,
                                j->training ? a->train_labels : a->test_labels, &form,
                                "the bundle was trained on", d);
    if (rc == MP_OK)
        mp_ctx_where(c, "%s", "");
    return rc;
}

static int show_bundle(struct mp_ctx *c, const char *file, struct job *j)
{
    struct mp_bundle b;
    struct mp_data d = { .n = 0 };
    if (mp_bundle_read(c, file, &b) < 0)
        return -1;
    j->plan = &b.plan;
    j->d = &d;
    int rc = read_rows(c, file, &b, j, &d);
    if (rc == MP_OK && (find_last(c, j) < 0 || check_epochs(c, j) < 0 || apart(c, j, file) < 0 ||
                        apart(c, j, d.name) < 0 || choose_rows(c, j) < 0 || draw(c, j) < 0))
        rc = -1;
    mp_data_free(&d);
    mp_bundle_free(&b);
    return rc;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    struct job j = { .p = options };
    if (n != 1)
        return mp_usage(c, "show: expected one pipeline or bundle, found %d argument%s", n,
                        n == 1 ? "" : "s");
    int rc = prepare(c, &j);
    if (rc == MP_OK)
        rc = mp_is_bundle(args[0]) ? show_bundle(c, args[0], &j) : show_pipeline(c, args[0], &j);
    if (j.writes)
        mp_output_discard(&j.out);
    free(j.rows);
    return rc;
}

MP_COMMAND(show) = {
    .order = 3,
    .brief = "Show rows after every stage, as pictures",
    .usage = "PIPELINE|BUNDLE",
    .doc =
        "A row of pictures for each digit, a column for each stage, in the terminal or, with -o, "
        "as a PNG for a report. Stages that learn do so on the training rows first; the model is "
        "neither trained nor shown, unless you ask for its layers.\n"
        "\n"
        "Images are drawn as they are, and vectors that have the values of an image (pixels) as "
        "that image. Values that lie in places of the image (hog) are small maps side by side, one "
        "for each direction. Other vectors (pca) are folded into a rectangle, the first value at "
        "the top left, row after row. The values of a vector share one scale with the other rows "
        "shown, from the 1st to the 99th percentile, white to black; where some are negative, 0 is "
        "grey.\n"
        "\n"
        "--layers shows what a net sees: after the stages, what each of its layers gives. Every "
        "channel of a conv or pooling layer is a tile; an lstm's state is drawn after every step, "
        "a line each; a dense layer is folded into a rectangle; the scores are one line, class by "
        "class. Layers that change no value (dropout, flatten) are left out. A bundle has a net "
        "that has learned: mnistpipe show runs/cnn/bundle.mnp --layers -o seen.png. --after conv "
        "shows the layers as far as that one. Of a net that is embedded there are the layers up to "
        "the one whose values embed gives; of several nets each layer carries its line, as in "
        "line 5.conv.\n"
        "\n"
        "Stages that change training rows only (augment) show what the first epochs of training "
        "see. Test rows pass them unchanged.\n"
        "\n"
        "In the terminal, auto takes kitty's graphics or sixels where the terminal has them, "
        "half blocks in 24-bit or 256 colours, and characters if NO_COLOR is set or the output "
        "is no terminal.\n"
        "\n"
        "A bundle shows the rows that it was trained on, or those of --train or --test.\n",
    .options = table,
    .options_size = sizeof(struct params),
    .pipeline = true,
    .run = run,
};
