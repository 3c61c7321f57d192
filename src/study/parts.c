/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.c - one job in its parts.
 *
 * A whole run in the cache is the files of its folder, one after the other, each with its
 * name; its key has the folder and the file's name as well, because the report does. */
#include "study/parts.h"
#include "cache/reuse.h"
#include "files/output.h"
#include "pipeline/options.h"
#include "report/report.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 8, MAX_PATH = 4096 };

/* ---------------------------------------------------------- in the cache */

/* The files of a run; the last is the model in its library's own form, if it has one. */
static int file_names(const struct mp_job *j, char names[MAX_FILES][160])
{
    const struct mp_entry *e = mp_find_stage(j->model);
    int n = 0;
    for (; mp_run_files[n] != NULL; n++)
        snprintf(names[n], sizeof names[0], "%s", mp_run_files[n]);
    if (mp_learner(e)->native_suffix != NULL)
        snprintf(names[n++], sizeof names[0], "%s%s", j->model, mp_learner(e)->native_suffix);
    return n;
}

static int read_file(struct mp_ctx *c, const char *path, unsigned char **bytes, size_t *size)
{
    struct stat st;
    FILE *f = fopen(path, "rbe");
    *bytes = NULL;
    if (f == NULL || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        if (f != NULL)
            fclose(f);
        return mp_fail(c, "%s: cannot read: %s", path, strerror(errno));
    }
    *size = (size_t)st.st_size;
    *bytes = mp_alloc(c, *size + 1, 1);
    const bool good = *bytes != NULL && fread(*bytes, 1, *size, f) == *size;
    fclose(f);
    return good ? MP_OK : mp_fail(c, "%s: cannot read", path);
}

static int path_of(struct mp_ctx *c, const struct mp_job *j, const char *name, char *path)
{
    return snprintf(path, MAX_PATH, "%s/%s", j->folder, name) < MAX_PATH
               ? MP_OK
               : mp_fail(c, "%s: this folder's name is too long", j->folder);
}

int mp_job_pack(struct mp_ctx *c, const struct mp_job *j, struct mp_io *io)
{
    char names[MAX_FILES][160], path[MAX_PATH];
    const int n = file_names(j, names);
    int rc = MP_OK;
    *io = (struct mp_io){ .c = c };
    for (int i = 0; i < n && rc == MP_OK; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        rc = path_of(c, j, names[i], path);
        if (rc == MP_OK && access(path, F_OK) == 0)
            rc = read_file(c, path, &bytes, &size);
        if (rc == MP_OK)
            rc = mp_io_bytes(io, names[i], &bytes, &size);
        free(bytes);
    }
    return rc;
}

static void keep(struct mp_ctx *c, const struct mp_job *j, const struct mp_key *key, double seconds)
{
    struct mp_cache_about about = { .kind = "run", .seconds = seconds };
    struct mp_io io;
    struct mp_ctx own;
    mp_ctx_init(&own, c->run);
    snprintf(about.text, sizeof about.text, "%s", j->file);
    if (mp_job_pack(&own, j, &io) == MP_OK)
        mp_cache_put(c->run->cache, key, &about, io.buf, io.len);
    free(io.buf);
    mp_ctx_free(&own);
}

/* A folder that is used again keeps no model of another run. */
static void forget_other_models(const struct mp_job *j)
{
    char path[MAX_PATH];
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        if (mp_learner(e)->native_suffix != NULL && strcmp(e->name, j->model) != 0 &&
            snprintf(path, sizeof path, "%s/%s%s", j->folder, e->name,
                     mp_learner(e)->native_suffix) < MAX_PATH)
            unlink(path);
}

int mp_job_unpack(struct mp_ctx *c, const struct mp_job *j, const unsigned char *packed,
                  size_t packed_size)
{
    char names[MAX_FILES][160], path[MAX_PATH];
    struct mp_output out[MAX_FILES];
    const int n = file_names(j, names);
    struct mp_io io = { .c = c, .loading = true, .buf = (unsigned char *)(uintptr_t)packed,
                        .len = packed_size };
    struct mp_folder held;
    int rc = mp_folder_hold(c, &held, j->folder), n_out = 0;
    for (int i = 0; i < n && rc == MP_OK; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        rc = path_of(c, j, names[i], path);
        if (rc == MP_OK)
            rc = mp_io_bytes(&io, names[i], &bytes, &size);
        if (rc == MP_OK && size == 0)
            unlink(path);
        else if (rc == MP_OK && (rc = mp_output_open(c, &out[n_out], path)) == MP_OK)
            fwrite(bytes, 1, size, out[n_out++].f);
        free(bytes);
    }
    if (rc == MP_OK) {
        forget_other_models(j);
        rc = mp_output_commit_all(c, out, (size_t)n_out);
        n_out = 0;
    }
    for (int i = 0; i < n_out; i++)
        mp_output_discard(&out[i]);
    mp_folder_release(&held);
    return rc;
}

int mp_job_cached(struct mp_ctx *c, struct mp_job *j, const struct mp_key *key)
{
    struct mp_lent e;
    if (c->run->cache == NULL || !mp_cache_get(c->run->cache, key, &e))
        return 0;
    const int rc = mp_job_unpack(c, j, e.bytes, e.size);
    mp_cache_return(&e);
    j->from_cache = rc == MP_OK;
    return rc < 0 ? -1 : 1;
}

/* ----------------------------------------------------------------- results */

/* Cell k of a line of a CSV, "" behind the last. */
static void take_cell(const char *line, int k, char *text, size_t size)
{
    size_t n = 0;
    bool quoted = false;
    for (; k >= 0 && *line != '\0' && *line != '\n'; line++) {
        if (*line == '"' && quoted && line[1] == '"')
            line++;
        else if (*line == '"') {
            quoted = !quoted;
            continue;
        }
        if (*line == ',' && !quoted)
            k--;
        else if (k == 0 && n + 1 < size)
            text[n++] = *line;
    }
    text[n] = '\0';
}

/* The number of the cell with that text; -1: there is none up to an empty one. */
static int find_cell(const char *line, const char *wanted)
{
    char text[MP_NAME_SIZE];
    for (int k = 0; ; k++) {
        take_cell(line, k, text, sizeof text);
        if (*text == '\0' || strcmp(text, wanted) == 0)
            return *text != '\0' ? k : -1;
    }
}

/* The column `predicted` of predictions.csv, as class numbers. */
static int read_predictions(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x)
{
    char path[MAX_PATH], *line = NULL, name[MP_NAME_SIZE];
    size_t room = 0, n = 0;
    if (path_of(c, j, "predictions.csv", path) < 0)
        return -1;
    FILE *f = fopen(path, "re");
    j->predicted = mp_alloc(c, x->test.n, sizeof *j->predicted);
    bool good = f != NULL && j->predicted != NULL && getline(&line, &room, f) > 0;
    const int column = good ? find_cell(line, "predicted") : -1;
    good = good && column >= 0;
    while (good && n < x->test.n && getline(&line, &room, f) > 0) {
        take_cell(line, column, name, sizeof name);
        const int k = mp_names_find(&x->classes, name);
        good = k >= 0 && k < x->n_classes;
        j->predicted[n++] = k;
    }
    free(line);
    if (f != NULL)
        fclose(f);
    return good && n == x->test.n ? MP_OK : mp_fail(c, "%s: is no list of %zu predictions", path,
                                                    x->test.n);
}

static bool same_text(const json_t *o, const char *key, const char *text)
{
    json_t *want = mp_text_json(text);
    const bool same = want != NULL && json_equal(json_object_get(o, key), want);
    json_decref(want);
    return same;
}

static bool same_data(const json_t *o, const struct mp_data *d)
{
    char crc[16];
    snprintf(crc, sizeof crc, "%08x", d->crc);
    return same_text(o, "crc32", crc);
}

static size_t errors(const struct mp_job *j, const struct mp_experiment *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->test.n && x->test_y != NULL; i++)
        n += j->predicted[i] != x->test_y[i];
    return n;
}

/* Whether what lies in the folder is this run's: somebody else may have written there. */
static bool ours(const struct mp_job *j, const struct mp_experiment *x)
{
    const json_t *r = j->report, *test = json_object_get(r, "test");
    return same_text(json_object_get(r, "pipeline"), "text", j->text) &&
           (uint64_t)json_integer_value(json_object_get(r, "seed")) == j->seed &&
           same_data(json_object_get(r, "train"), &x->train) && same_data(test, &x->test) &&
           (size_t)json_integer_value(json_object_get(test, "errors")) == errors(j, x);
}

static int read_results(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x)
{
    char path[MAX_PATH];
    json_error_t e;
    if (path_of(c, j, "report.json", path) < 0)
        return -1;
    if ((j->report = json_load_file(path, 0, &e)) == NULL)
        return mp_fail(c, "%s: %s", path, e.text);
    if (read_predictions(c, j, x) < 0)
        return -1;
    return ours(j, x) ? MP_OK
                      : mp_fail(c, "%s: is of another run; another mnistpipe has written into this "
                                   "folder", path);
}

/* ----------------------------------------------------------------- running */

void mp_args_add(struct mp_args *a, const char *text, size_t n)
{
    char **more = realloc(a->at, (a->n + 2) * sizeof *more);
    if (more != NULL)
        a->at = more;
    if (more == NULL || (a->at[a->n] = strndup(text, n)) == NULL) {
        a->failed = true;
        return;
    }
    a->at[++a->n] = NULL;
}

static void add_option(struct mp_args *a, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    mp_args_add(a, name, strlen(name));
    mp_args_add(a, value, strlen(value));
}

void mp_args_free(struct mp_args *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->at[i]);
    free(a->at);
    *a = (struct mp_args){ .n = 0 };
}

/* Each line of the value is one that was given. */
static void add_options(struct mp_args *a, const char *name, const char *value)
{
    while (*value != '\0') {
        const size_t n = strcspn(value, "\n");
        mp_args_add(a, name, strlen(name));
        mp_args_add(a, value, n);
        value += n + (value[n] == '\n');
    }
}

int mp_job_args(struct mp_ctx *c, const struct mp_job *j, struct mp_args *a)
{
    const struct mp_run *run = c->run;
    *a = (struct mp_args){ .n = 0 };
    add_option(a, "--output", j->folder);
    add_option(a, "--train", run->command.asked->train);
    add_option(a, "--train-labels", run->command.asked->train_labels);
    add_option(a, "--test", run->command.asked->test);
    add_option(a, "--test-labels", run->command.asked->test_labels);
    add_options(a, "--more", run->command.asked->more);
    add_options(a, "--set", run->command.asked->set);
    add_options(a, "--drop", run->command.asked->drop);
    add_options(a, "--drop", j->drop != NULL ? j->drop : "");
    add_option(a, "--seed", run->command.asked->seed);
    if (run->cache != NULL)
        add_option(a, "--cache", mp_cache_folder(run->cache));
    mp_args_add(a, "--", 2);
    mp_args_add(a, j->file, strlen(j->file));
    return a->failed ? mp_no_memory(c, "a run") : MP_OK;
}

struct mp_key mp_job_key(const struct mp_ctx *c, const struct mp_job *j,
                         const struct mp_experiment *x)
{
    struct mp_digest d;
    mp_digest_begin(&d);
    mp_digest_text(&d, "run");
    mp_digest_key(&d, mp_cache_program(c->run->cache));
    mp_digest_key(&d, &j->key);
    mp_digest_data(&d, &x->train);
    mp_digest_data(&d, &x->test);
    return mp_digest_end(&d);
}

/* Whether the run's folder is complete: a page that could not be made may be made next time. */
static bool whole(const struct mp_job *j)
{
    return json_object_get(j->report, "page") == NULL;
}

int mp_job_take(struct mp_ctx *c, struct mp_job *j, const struct mp_experiment *x,
                const struct mp_key *key)
{
    struct mp_folder held;
    if (mp_folder_hold(c, &held, j->folder) < 0)
        return -1;
    const int rc = read_results(c, j, x);
    if (rc == MP_OK && !whole(j))
        mp_warn(c, "%s: report.html: %s; the warnings in its report.txt say why", j->folder,
                json_string_value(json_object_get(j->report, "page")));
    if (rc == MP_OK && key != NULL && whole(j)) {
        const json_t *seconds = json_object_get(j->report, "seconds");
        keep(c, j, key, json_real_value(json_object_get(seconds, "total")));
    }
    mp_folder_release(&held);
    return rc;
}
