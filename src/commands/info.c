/* SPDX-License-Identifier: GPL-3.0-or-later */
/* info.c - `mnistpipe info`: what is in a bundle. */
#include "core/ctx.h"
#include "engine/bundle.h"
#include "engine/predictions.h"
#include "report/report.h"
#include "text/layout.h"
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct params {
    bool json;
};

static const struct mp_param table[] = {
    MP_PARAM(json, .def = "no", .doc = "prints it as JSON"),
    MP_END
};

enum { LABEL = 9 };

static uint64_t file_bytes(const char *file)
{
    struct stat st;
    return stat(file, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int shape_text(const struct mp_node *n, char *text, size_t size)
{
    return n->image ? snprintf(text, size, "%d x %d", n->out.h, n->out.w)
                    : snprintf(text, size, "%zu", mp_len(n->out));
}

/* "pipeline deskew", and each line below the first under it, as it is written. */
static void pipeline_text(const char *text)
{
    char **line = g_strsplit(text, "\n", -1);
    for (int i = 0; line[i] != NULL; i++)
        if (*line[i] != '\0')
            printf("%-*s%s\n", LABEL, i == 0 ? "pipeline" : "", line[i]);
    g_strfreev(line);
}

static int stages_text(struct mp_ctx *c, const struct mp_bundle *b)
{
    static const struct mp_tabular_column column[] = {
        { "stage", 'w' }, { "gives", 'r' }, { "parameters", 'r' }
    };
    struct mp_tabular t;
    int rc = MP_OK;
    mp_tabular_open(&t, column, sizeof column / sizeof *column, 1);
    for (int i = 0; i < b->plan.n_nodes && rc == MP_OK; i++) {
        const struct mp_node *n = &b->plan.nodes[i];
        uint64_t values = 0;
        char shape[32];
        rc = mp_plan_values(c, n, &values);
        shape_text(n, shape, sizeof shape);
        mp_tabular_cell(&t, "%s", n->text);
        mp_tabular_cell(&t, "%s", shape);
        mp_tabular_cell(&t, values > 0 ? "%llu" : "-", (unsigned long long)values);
    }
    putchar('\n');
    mp_tabular_print(&t, stdout, &mp_plain);
    return rc;
}

/* "train.csv, a.csv and b.csv": all that the rows came from. */
static void sources_text(const struct mp_bundle *b, GString *text)
{
    char **more = g_strsplit(b->more != NULL ? b->more : "", "|", -1);
    g_string_append(text, b->trained_on);
    for (int i = 0; more[i] != NULL; i++)
        g_string_append_printf(text, "%s%s", more[i + 1] != NULL ? ", " : " and ", more[i]);
    g_strfreev(more);
}

static json_t *sources_json(const struct mp_bundle *b)
{
    char **more = g_strsplit(b->more != NULL ? b->more : "", "|", -1);
    json_t *names = json_array();
    for (int i = 0; more[i] != NULL; i++)
        json_array_append_new(names, mp_text_json(more[i]));
    g_strfreev(more);
    return names;
}

static void kept_text(const struct mp_bundle *b)
{
    char size[32];
    mp_bytes_text(size, sizeof size, b->kept.n * b->kept.len);
    if (b->kept.n > 0)
        mp_say(stdout, "keeps", LABEL, "%zu training image%s, %s, of which `serve` shows the "
               "nearest", b->kept.n, b->kept.n == 1 ? "" : "s", size);
}

static int print_text(struct mp_ctx *c, const char *file, const struct mp_bundle *b)
{
    char size[32], shape[MP_SHAPE_TEXT];
    GString *labels = g_string_new(NULL), *sources = g_string_new(NULL);
    for (int i = 0; i < b->n_classes; i++)
        g_string_append_printf(labels, " %s", mp_names_at(&b->classes, (size_t)i));
    mp_bytes_text(size, sizeof size, file_bytes(file));
    mp_say(stdout, "bundle", LABEL, "%s, %s", file, size);
    pipeline_text(b->text);
    mp_say(stdout, "images", LABEL, "%s", mp_shape_text(b->plan.shape, shape));
    mp_say(stdout, "classes", LABEL, "%d:%s", b->n_classes, labels->str);
    mp_say(stdout, "scores", LABEL, "%s", mp_scores_name(mp_plan_scores(&b->plan)));
    sources_text(b, sources);
    mp_say(stdout, "learned", LABEL, "from %llu rows of %s (CRC-32 %08llx), seed %llu",
           (unsigned long long)b->rows, sources->str, (unsigned long long)b->crc,
           (unsigned long long)b->seed);
    kept_text(b);
    mp_say(stdout, "written", LABEL, "by mnistpipe %s", b->version);
    g_string_free(labels, TRUE);
    g_string_free(sources, TRUE);
    return stages_text(c, b);
}

static json_t *stage_json(struct mp_ctx *c, const struct mp_node *n)
{
    uint64_t values = 0;
    if (mp_plan_values(c, n, &values) < 0)
        return NULL;
    return json_pack("{s:s, s:o, s:[i, i, i], s:I}", "stage",
                     n->entry != NULL ? n->entry->name : "union", "text", mp_text_json(n->text),
                     "shape_out", n->out.h, n->out.w, n->out.c, "parameters", (json_int_t)values);
}

static int print_json(struct mp_ctx *c, const char *file, const struct mp_bundle *b)
{
    char crc[16];
    json_t *labels = json_array(), *stages = json_array();
    int rc = MP_OK;
    for (int i = 0; i < b->n_classes; i++)
        json_array_append_new(labels, mp_class_json(mp_names_at(&b->classes, (size_t)i)));
    for (int i = 0; i < b->plan.n_nodes && rc == MP_OK; i++)
        rc = json_array_append_new(stages, stage_json(c, &b->plan.nodes[i])) == 0 ? MP_OK : -1;
    snprintf(crc, sizeof crc, "%08llx", (unsigned long long)b->crc);
    json_t *o = json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:s, s:{s:o, s:o, s:I, s:s}, s:I, s:I, "
                          "s:o}", "mnistpipe", b->version, "file", mp_text_json(file), "bytes",
                          (json_int_t)file_bytes(file), "pipeline", mp_text_json(b->text), "image",
                          mp_shape_json(b->plan.shape), "labels", labels, "scores",
                          mp_scores_name(mp_plan_scores(&b->plan)), "trained_on", "data",
                          mp_text_json(b->trained_on), "more", sources_json(b), "rows",
                          (json_int_t)b->rows, "crc32", crc, "seed", (json_int_t)b->seed, "kept",
                          (json_int_t)b->kept.n, "stages", stages);
    if (rc == MP_OK && o == NULL)
        rc = mp_fail(c, "no memory for the report");
    if (rc == MP_OK) {
        json_dumpf(o, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(o);
    return rc;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *o = options;
    struct mp_bundle b;
    if (n != 1)
        return mp_usage(c, "info: expected one bundle, found %d argument%s", n, n == 1 ? "" : "s");
    if (mp_bundle_read(c, args[0], &b) < 0)
        return -1;
    const int rc = o->json ? print_json(c, args[0], &b) : print_text(c, args[0], &b);
    mp_bundle_free(&b);
    return rc;
}

MP_COMMAND(info) = {
    .order = 3,
    .brief = "Tell what is in a bundle",
    .usage = "BUNDLE",
    .doc = "BUNDLE is bundle.mnp of a run.  Shows its pipeline, the classes, the size of the\n"
           "images, what it learned from and with which seed, how many training images\n"
           "it keeps, which version of the program wrote it, and how many numbers each stage has\n"
           "learned.  docs/bundle.md has the layout of the file, and which versions read which.",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
