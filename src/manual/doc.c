/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doc.c - help, manual and listings, all from the tables of stages and commands. */
#include "manual/doc.h"
#include "config.h"
#include "core/param.h"
#include "core/text.h"
#include "manual/environment.h"
#include "pipeline/options.h"
#include "pipeline/pipeline.h"
#include "text/layout.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *title;
} groups[] = {
    { "filters", "Filters: image to image" },
    { "features", "Features: rows to rows" },
    { "models", "Models: rows to one score per class" },
};
enum { N_GROUPS = sizeof groups / sizeof *groups };

static const char language[] =
    "A pipeline is a text file with one stage a line: its name, then key=value.\n"
    "A # begins a comment; values with blanks stand in double quotes.\n"
    "\n"
    "  # gradient histograms of deskewed digits, linear SVM\n"
    "  data   train=sample:train test=sample:test\n"
    "  deskew\n"
    "  hog    cell=4 block=2\n"
    "  svm    C=0.1\n"
    "\n"
    "Filters come first, then features, then one model; calibrate may stand after it.\n"
    "Two features side by side stand in a union; what is indented belongs to the line\n"
    "above:\n"
    "\n"
    "  union\n"
    "    branch\n"
    "      hog cell=4\n"
    "    branch\n"
    "      pixels\n"
    "      pca components=40\n"
    "\n"
    "Data are named on the data line: sample:train and sample:test ship with the\n"
    "program, mnist:train is what `mnistpipe fetch mnist` put into the cache, and\n"
    "anything else is a file or a folder: a table such as Kaggle's CSV\n"
    "(label,pixel0,pixel1...), IDX, npy, npz, pictures; plain or packed by gzip,\n"
    "bzip2, xz, zstd, lz4, zip or tar.  Of a file that holds several parts,\n"
    "mnist.npz:train is one, or mnist.npz:NAME a member; alone it is training and\n"
    "test rows.  Labels may be a file of their own, of any of these forms.\n"
    "\n"
    "Without a test, a stratified part of the training rows is held out; every\n"
    "stage learns from the other part alone.  With folds=5 the training rows are\n"
    "scored by cross-validation, and a test is left alone.\n"
    "\n"
    "A set of values, such as svm C={0.01,0.1,1}, is for `mnistpipe search`, which\n"
    "tries every combination.\n";

/* ---------------------------------------------------------------- help */

static void default_text(const struct mp_param *p, char *text, size_t size)
{
    if (p->def == NULL)
        snprintf(text, size, "required");
    else if (*p->def == '\0')
        *text = '\0';
    else
        snprintf(text, size, "%s", p->def);
}

/* The rest of a line, filled. */
static void wrapped(FILE *f, const char *text, size_t n, int indent)
{
    mp_fill(f, indent, indent, "%.*s", (int)n, text);
    fputc('\n', f);
}

/* Length of the paragraph at `text`: lines up to an empty or an indented one. */
static size_t paragraph(const char *text)
{
    size_t n = strcspn(text, "\n");
    while (text[n] == '\n' && text[n + 1] != '\0' && text[n + 1] != '\n' && text[n + 1] != ' ')
        n += 1 + strcspn(text + n + 1, "\n");
    return n;
}

/* A manual text: paragraphs are filled, indented lines stand as they are. */
static void paragraphs(FILE *f, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        const bool as_it_is = *at == ' ' || *at == '\n';
        const size_t n = as_it_is ? strcspn(at, "\n") : paragraph(at);
        if (as_it_is)
            fprintf(f, "%.*s\n", (int)n, at);
        else
            wrapped(f, at, n, 0);
        at += n + (at[n] == '\n');
    }
}

/* The manual text of a command, with what it lists. */
static void command_text(FILE *f, const struct mp_command *k)
{
    paragraphs(f, k->doc);
    if (k->list != NULL)
        k->list(f);
    if (k->more != NULL)
        paragraphs(f, k->more);
}

static void param_name(const struct mp_param *p, bool option, char *name, size_t size)
{
    if (option)
        mp_option_name(p, name, size);
    else
        snprintf(name, size, "%s", p->name);
}

static void params_help(FILE *f, const struct mp_param *table, bool options)
{
    int column = options ? 16 : 11;
    for (const struct mp_param *p = table; p != NULL && p->name != NULL && !options; p++)
        column = (int)strlen(p->name) > column ? (int)strlen(p->name) : column;
    for (const struct mp_param *p = table; p != NULL && p->name != NULL; p++) {
        char range[256], def[64], name[64], doc[512];
        mp_param_range(p, range, sizeof range);
        default_text(p, def, sizeof def);
        param_name(p, options, name, sizeof name);
        if (options && p->type == MP_BOOL)
            snprintf(doc, sizeof doc, "%s", p->doc);
        else
            snprintf(doc, sizeof doc, "%s [%s%s%s]", p->doc, range,
                     p->def == NULL ? "; " : *def ? "; default " : "", def);
        fprintf(f, "  %-*s ", column, name);
        wrapped(f, doc, strlen(doc), column + 3);
    }
}

/* Every line of the text, indented. */
static void indented(FILE *f, const char *text, int indent)
{
    fprintf(f, "%*s", indent, "");
    for (; *text != '\0'; text++) {
        fputc(*text, f);
        if (*text == '\n')
            fprintf(f, "%*s", indent, "");
    }
    fputc('\n', f);
}

static void example_help(FILE *f, const char *example)
{
    fputs("\nExample:\n", f);
    indented(f, example, 2);
}

void mp_help_stage(FILE *f, const struct mp_entry *e)
{
    const struct mp_stage *s = e->stage;
    mp_say(f, "", 0, "%s (%s): %s\n", e->name, e->group, s->brief);
    paragraphs(f, s->doc);
    if (s->params != NULL && s->params->name != NULL)
        fprintf(f, "\nParameters:\n");
    params_help(f, s->params, false);
    example_help(f, s->example);
}

void mp_help_layer(FILE *f, const struct mp_layer_entry *e)
{
    mp_say(f, "", 0, "%s (layer of net): %s\n", e->name, e->layer->brief);
    paragraphs(f, e->layer->doc);
    if (e->layer->params != NULL && e->layer->params->name != NULL)
        fprintf(f, "\nParameters:\n");
    params_help(f, e->layer->params, false);
    example_help(f, e->layer->example);
}

void mp_help_command(FILE *f, const struct mp_command_entry *e)
{
    const struct mp_command *k = e->command;
    mp_say(f, "", 0, "mnistpipe %s %s", e->name, k->usage);
    mp_say(f, "", 0, "%s.\n", k->brief);
    command_text(f, k);
    if (k->options != NULL && k->options->name != NULL)
        fprintf(f, "\nOptions:\n");
    params_help(f, k->options, true);
    if (k->pipeline) {
        fprintf(f, "\nOptions that change the pipeline:\n");
        params_help(f, mp_asked_pipeline_table, true);
    }
    if (k->cache) {
        fprintf(f, "\nOptions of the cache:\n");
        params_help(f, mp_asked_cache_table, true);
    }
    fprintf(f, "\nOptions of every command:\n");
    params_help(f, mp_asked_table, true);
}

/* Commands in the order of their help: the k-th from 0, or NULL. */
static const struct mp_command_entry *nth_command(int k)
{
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++) {
        int before = 0;
        for (const struct mp_command_entry *o = mp_commands; o->name != NULL; o++)
            before += o->command->order < e->command->order ||
                      (o->command->order == e->command->order && o < e);
        if (before == k)
            return e;
    }
    return NULL;
}

/* "  hog          Describe images by ...", below a name that is longer than others. */
static void brief(FILE *f, const char *name, int width, const char *text)
{
    if (strlen(name) > (size_t)width)
        fprintf(f, "  %s\n%*s", name, width + 3, "");
    else
        fprintf(f, "  %-*s ", width, name);
    wrapped(f, text, strlen(text), width + 3);
}

static void see_word(void *f, const char *word, const char *text)
{
    brief(f, word, 16, text);
}

int mp_help_found(struct mp_ctx *c, FILE *f, const struct mp_entry *e)
{
    fputc('\n', f);
    mp_say(f, "", 0, "What %s may be; `mnistpipe help %s:NAME` tells the parameters of one:",
           e->stage->params->name, e->name);
    return mp_learner(e)->words(c, see_word, f);
}

int mp_help_further(struct mp_ctx *c, FILE *f, const struct mp_entry *e, const char *word)
{
    struct mp_further found = { .table = NULL };
    if (mp_learner(e)->further(c, word, &found) < 0)
        return -1;
    mp_say(f, "", 0, "%s %s=%s: %s\n", e->name, e->stage->params->name, word, found.brief);
    fprintf(f, "Parameters:\n");
    params_help(f, found.table, false);
    free(found.table);
    return MP_OK;
}

void mp_help_program(FILE *f)
{
    const struct mp_command_entry *e;
    mp_say(f, "", 0, "mnistpipe %s: experiments with small grey images, one text file each",
           PACKAGE_VERSION);
    fputs("\n  mnistpipe COMMAND [OPTIONS] ...\n\n", f);
    for (int k = 0; (e = nth_command(k)) != NULL; k++)
        brief(f, e->name, 9, e->command->brief);
    fputc('\n', f);
    mp_say(f, "Try:", 5, "mnistpipe run pipelines/hog_svm.txt");
    mp_say(f, "", 5, "mnistpipe help STAGE, mnistpipe help COMMAND, mnistpipe help pipeline, "
                     "mnistpipe help accuracy and every other word of a report");
}

void mp_help_language(FILE *f)
{
    paragraphs(f, language);
    fprintf(f, "\nParameters of data:\n");
    params_help(f, mp_source_table, false);
}

void mp_help_word(FILE *f, const struct mp_word *w)
{
    fprintf(f, "%s\n", w->name);
    if (*w->also != '\0')
        fputs("also: ", f);
    for (const char *at = w->also; *at != '\0'; at++)
        fprintf(f, *at == '|' ? ", " : "%c", *at);
    fputs(*w->also != '\0' ? "\n\n" : "\n", f);
    paragraphs(f, w->text);
}

void mp_help_words(FILE *f)
{
    for (const struct mp_word *w = mp_glossary; w->name != NULL; w++) {
        fprintf(f, "%s%s\n  ", w == mp_glossary ? "" : "\n", w->name);
        wrapped(f, w->text, strlen(w->text), 2);
    }
}

/* -------------------------------------------------------------- listings */

void mp_list_stages(FILE *f)
{
    for (int g = 0; g < N_GROUPS; g++) {
        fprintf(f, "%s%s\n", g > 0 ? "\n" : "", groups[g].title);
        for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
            if (strcmp(e->group, groups[g].name) == 0)
                brief(f, e->name, 12, e->stage->brief);
    }
    fprintf(f, "\nLayers: lines below a net\n");
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        brief(f, e->name, 12, e->layer->brief);
}

static json_t *param_json(const struct mp_param *p)
{
    static const char *const types[] = { "int", "real", "bool", "text" };
    json_t *o = json_pack("{s:s, s:s, s:s}", "name", p->name, "type",
                          mp_param_takes_word(p) ? "choice" : types[p->type], "doc", p->doc);
    if (p->def != NULL)
        json_object_set_new(o, "default", json_string(p->def));
    if (p->unit != NULL)
        json_object_set_new(o, "unit", json_string(p->unit));
    if (mp_param_takes_word(p)) {
        json_t *all = json_array();
        const char *word;
        size_t n;
        for (int i = 0; (word = mp_param_choice(p, i, &n)) != NULL; i++)
            json_array_append_new(all, json_stringn(word, n));
        json_object_set_new(o, "choices", all);
    } else if (p->type == MP_INT || p->type == MP_REAL) {
        json_object_set_new(o, "min", json_real(p->min));
        json_object_set_new(o, "max", json_real(p->max));
    }
    return o;
}

static json_t *params_json(const struct mp_param *table)
{
    json_t *params = json_array();
    for (const struct mp_param *p = table; p != NULL && p->name != NULL; p++)
        json_array_append_new(params, param_json(p));
    return params;
}

void mp_stages_json(FILE *f)
{
    json_t *all = json_array();
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++) {
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "name", e->name,
                                             "group", e->group, "brief", e->stage->brief, "doc",
                                             e->stage->doc, "example", e->stage->example, "learns",
                                             e->stage->io != NULL, "parameters",
                           params_json(e->stage->params)));
    }
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "name", e->name,
                                             "group", "layers", "brief", e->layer->brief, "doc",
                                             e->layer->doc, "example", e->layer->example, "learns",
                                             e->layer->weights != NULL, "parameters",
                                             params_json(e->layer->params)));
    json_dumpf(all, f, JSON_INDENT(2));
    json_decref(all);
    fputc('\n', f);
}

/* ------------------------------------------------------------------- man */

/* roff reads \ and leading . and ' as commands, and - as a hyphen. */
static void roff(FILE *f, const char *text)
{
    bool start = true;
    for (; *text != '\0'; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", f);
        if (*text == '\\')
            fputs("\\e", f);
        else if (*text == '-')
            fputs("\\-", f);
        else
            fputc(*text, f);
        start = *text == '\n';
    }
}

/* Lines that have been written into t stand as they are. */
static void roff_block(struct mp_ctx *c, FILE *f, struct mp_text *t)
{
    char *broken = mp_text_end(c, t);
    if (broken == NULL)
        return;
    fputs(".PP\n.nf\n", f);
    roff(f, broken);
    fputs(".fi\n", f);
    free(broken);
}

static void roff_text(struct mp_ctx *c, FILE *f, const char *text)
{
    struct mp_text t;
    if (mp_text_open(c, &t) < 0)
        return;
    paragraphs(t.f, text);
    roff_block(c, f, &t);
}

static void roff_command(struct mp_ctx *c, FILE *f, const struct mp_command *k)
{
    struct mp_text t;
    if (mp_text_open(c, &t) < 0)
        return;
    command_text(t.f, k);
    roff_block(c, f, &t);
}

static void man_params(FILE *f, const struct mp_param *table, bool options)
{
    for (const struct mp_param *p = table; p != NULL && p->name != NULL; p++) {
        char range[256], def[64], name[64];
        mp_param_range(p, range, sizeof range);
        default_text(p, def, sizeof def);
        param_name(p, options, name, sizeof name);
        fputs(".TP\n\\fB", f);
        roff(f, name);
        fputs("\\fR", f);
        if (!options || p->type != MP_BOOL) {
            fputs(" (", f);
            roff(f, range);
            if (*def != '\0')
                fputs(p->def != NULL ? "; default " : "; ", f);
            roff(f, def);
            fputc(')', f);
        }
        fputc('\n', f);
        roff(f, p->doc);
        fputs(".\n", f);
    }
}

static void man_example(FILE *f, const char *example)
{
    fputs(".PP\nExample:\n.PP\n.nf\n", f);
    roff(f, example);
    fputs("\n.fi\n", f);
}

/* "Options that ... (check, run)": the commands that have this flag. */
static void man_shared(FILE *f, const char *what, size_t flag)
{
    const char *comma = "";
    fprintf(f, ".SS \"Options that %s (", what);
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++) {
        if (!*(const bool *)((const char *)e->command + flag))
            continue;
        fprintf(f, "%s%s", comma, e->name);
        comma = ", ";
    }
    fputs(")\"\n", f);
}

static void man_named(FILE *f, const char *title, const struct mp_named *at)
{
    fprintf(f, ".SH \"%s\"\n", title);
    for (; at->name != NULL; at++) {
        fputs(".TP\n\\fB", f);
        roff(f, at->name);
        fputs("\\fR\n", f);
        roff(f, at->text);
        fputc('\n', f);
    }
}

int mp_man(struct mp_ctx *c, FILE *f)
{
    const struct mp_command_entry *k;
    fprintf(f, ".TH MNISTPIPE 1 \"\" \"mnistpipe %s\"\n.SH NAME\nmnistpipe \\- experiments with "
               "small grey images, one text file each\n.SH SYNOPSIS\n", PACKAGE_VERSION);
    for (int i = 0; (k = nth_command(i)) != NULL; i++) {
        fprintf(f, "%s.B mnistpipe %s\n[\\fIOPTIONS\\fR] ", i > 0 ? ".br\n" : "", k->name);
        roff(f, k->command->usage);
        fputc('\n', f);
    }
    fputs(".SH \"THE PIPELINE FILE\"\n", f);
    roff_text(c, f, language);
    fputs(".PP\nParameters of the data line:\n", f);
    man_params(f, mp_source_table, false);
    fputs(".SH COMMANDS\n", f);
    for (int i = 0; (k = nth_command(i)) != NULL; i++) {
        fprintf(f, ".SS %s\n", k->name);
        roff(f, k->command->brief);
        fputs(".\n", f);
        roff_command(c, f, k->command);
        man_params(f, k->command->options, true);
    }
    man_shared(f, "change the pipeline", offsetof(struct mp_command, pipeline));
    man_params(f, mp_asked_pipeline_table, true);
    man_shared(f, "use the cache", offsetof(struct mp_command, cache));
    man_params(f, mp_asked_cache_table, true);
    fputs(".SS \"Options of every command\"\n", f);
    man_params(f, mp_asked_table, true);
    for (int g = 0; g < N_GROUPS; g++) {
        fprintf(f, ".SH \"%s\"\n", groups[g].title);
        for (const struct mp_entry *e = mp_registry; e->name != NULL; e++) {
            if (strcmp(e->group, groups[g].name) != 0)
                continue;
            fprintf(f, ".SS %s\n", e->name);
            roff(f, e->stage->brief);
            fputs(".\n", f);
            roff_text(c, f, e->stage->doc);
            man_params(f, e->stage->params, false);
            man_example(f, e->stage->example);
        }
    }
    fputs(".SH LAYERS\nLines below a net.\n", f);
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++) {
        fprintf(f, ".SS %s\n", e->name);
        roff(f, e->layer->brief);
        fputs(".\n", f);
        roff_text(c, f, e->layer->doc);
        man_params(f, e->layer->params, false);
        man_example(f, e->layer->example);
    }
    man_named(f, "ENVIRONMENT", mp_variables);
    man_named(f, "FILES", mp_files);
    man_named(f, "EXIT STATUS", mp_statuses);
    return c->msg[0] == '\0' ? MP_OK : -1;
}

/* -------------------------------------------------------------- markdown */

static void markdown_params(FILE *f, const struct mp_param *table)
{
    if (table == NULL || table->name == NULL)
        return;
    fprintf(f, "| parameter | range | default | |\n|---|---|---|---|\n");
    for (const struct mp_param *p = table; p->name != NULL; p++) {
        char range[256], def[64];
        mp_param_range(p, range, sizeof range);
        default_text(p, def, sizeof def);
        fprintf(f, "| `%s` | ", p->name);
        for (const char *at = range; *at != '\0'; at++)
            fprintf(f, *at == '|' ? ", " : "%c", *at);
        fprintf(f, " | %s | %s |\n", def, p->doc);
    }
    fputc('\n', f);
}

void mp_stage_reference(FILE *f)
{
    fputs("# Stages\n\nWritten by `mnistpipe help --format=markdown`; a test compares.\n", f);
    for (int g = 0; g < N_GROUPS; g++) {
        fprintf(f, "\n## %s\n", groups[g].title);
        for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
            if (strcmp(e->group, groups[g].name) == 0) {
                fputc('\n', f);
                fprintf(f, "### %s\n\n%s.\n\n%s\n\n", e->name, e->stage->brief, e->stage->doc);
                markdown_params(f, e->stage->params);
                indented(f, e->stage->example, 4);
            }
    }
    fputs("\n## Layers: lines below a net\n", f);
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++) {
        fprintf(f, "\n### %s\n\n%s.\n\n%s\n\n", e->name, e->layer->brief, e->layer->doc);
        markdown_params(f, e->layer->params);
        indented(f, e->layer->example, 4);
    }
}

void mp_words_markdown(FILE *f)
{
    fputs("# The words of reports and pages\n\n"
          "Written by `mnistpipe help --format=markdown words`; `mnistpipe help WORD` shows one.\n",
          f);
    for (const struct mp_word *w = mp_glossary; w->name != NULL; w++) {
        fprintf(f, "\n**%s**\n", w->name);
        wrapped(f, w->text, strlen(w->text), 0);
    }
}
