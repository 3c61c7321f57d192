/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - `mnistpipe read`: pages with handwritten digits. */
#include "core/ctx.h"
#include "files/output.h"
#include "pages/read_html.h"
#include "pages/wrong.h"
#include "reading/reading.h"
#include "reading/reading_json.h"
#include "text/layout.h"
#include <glib.h>
#include <stdlib.h>
#include <string.h>

struct params {
    char *bundle, *output, *crops;
    double threshold;
    bool json, text;
};

static const struct mp_param table[] = {
    MP_PARAM(bundle, .def = "", .unit = "FILE",
             .doc = "bundle.mnp of a run: the fitted pipeline that reads the digits"),
    MP_PARAM(output, .def = "", .unit = "FILE.html",
             .doc = "also writes a page: the pictures with boxes and digits, and each digit as the "
                    "bundle saw it, the least sure first"),
    MP_PARAM(threshold, .def = MP_READING_THRESHOLD, .min = 0, .max = 1e9,
             .doc = "says `unsure` of digits whose probability is below this; for a model of "
                    "margins, where the first leads the second by less than this part of what it "
                    "leads by in training rows"),
    MP_PARAM(json, .def = "no", .doc = "prints all that was found as JSON"),
    MP_PARAM(text, .def = "no", .doc = "prints the digits alone, a line for each line"),
    MP_PARAM(crops, .def = "", .unit = "FOLDER",
             .doc = "writes each digit there as the bundle saw it, FOLDER/7/page_2_5.png of the "
                    "fifth of the second line, taken for a 7: once the wrong ones are moved, "
                    "a folder to train on"),
    MP_END
};

struct part {
    const char *file;
    struct mp_page page;
    struct mp_reading r;
};

struct job {
    const struct params *o;
    struct mp_bundle b;
    struct part *parts;
    size_t n, crops; /* pictures; crops that were written */
};

static const char *class_of(const struct job *j, int k)
{
    return mp_names_at(&j->b.classes, (size_t)k);
}

/* -------------------------------------------------------------------- table */

static void add_mark(struct mp_tabular *t, const struct job *j, const struct mp_mark *m)
{
    const bool digit = m->kind == MP_MARK_DIGIT;
    mp_tabular_cell(t, "%d", m->line + 1);
    mp_tabular_cell(t, "%d", m->place + 1);
    mp_tabular_cell(t, "%s", digit ? class_of(j, m->class) : "-");
    if (digit) {
        mp_tabular_cell(t, "%.3f", m->sure);
        mp_tabular_cell(t, "%s", class_of(j, m->second));
    } else {
        mp_tabular_cell(t, "%s", "");
        mp_tabular_cell(t, "%s", "");
    }
    mp_tabular_cell(t, "%d", m->left);
    mp_tabular_cell(t, "%d", m->top);
    mp_tabular_cell(t, "%d", m->w);
    mp_tabular_cell(t, "%d", m->h);
    mp_tabular_cell(t, "%s", mp_mark_unsure(m, j->o->threshold) ? "unsure"
                             : digit                            ? ""
                                                                : mp_mark_name(m->kind));
}

static void print_table(const struct job *j, const struct mp_reading *r)
{
    const struct mp_tabular_column column[] = {
        { "line", 'r' }, { "place", 'r' }, { "digit", 'r' },
        { r->margins ? "lead" : "probability", 'r' }, { "second", 'r' }, { "left", 'r' },
        { "top", 'r' }, { "width", 'r' }, { "height", 'r' }, { "", 'l' },
    };
    struct mp_tabular t;
    mp_tabular_open(&t, column, sizeof column / sizeof *column, 2);
    for (size_t i = 0; i < r->n; i++)
        add_mark(&t, j, &r->at[i]);
    mp_tabular_print(&t, stdout, mp_stdout_paint());
}

static int print_lines(struct mp_ctx *c, const struct job *j, const struct mp_reading *r,
                       bool labelled)
{
    for (int k = 0; k < r->lines; k++) {
        char *text = mp_reading_line(c, r, &j->b, k);
        char label[32];
        if (text == NULL)
            return -1;
        snprintf(label, sizeof label, "line %d", k + 1);
        if (labelled)
            mp_say(stdout, label, 9, "%s", text);
        else if (*text != '\0')
            puts(text);
        free(text);
    }
    return MP_OK;
}

static void say(const struct job *j, const struct part *p)
{
    const struct mp_reading *r = &p->r;
    size_t unsure = 0;
    for (size_t i = 0; i < r->n; i++)
        unsure += mp_mark_unsure(&r->at[i], j->o->threshold);
    mp_say(stdout, "", 0, "%s: %d x %d pixels, %s strokes, %zu digit%s in %d line%s, %zu unsure; "
           "%zu other mark%s, %zu speck%s dropped", p->file, r->h, r->w,
           r->light ? "light" : "dark", r->digits, r->digits == 1 ? "" : "s", r->lines,
           r->lines == 1 ? "" : "s", unsure, r->n - r->digits, r->n - r->digits == 1 ? "" : "s",
           r->specks, r->specks == 1 ? "" : "s");
}

static int print_part(struct mp_ctx *c, const struct job *j, const struct part *p)
{
    if (j->o->text)
        return print_lines(c, j, &p->r, false);
    say(j, p);
    if (print_lines(c, j, &p->r, true) < 0)
        return -1;
    print_table(j, &p->r);
    return MP_OK;
}

static int print_json(struct mp_ctx *c, const struct job *j)
{
    json_t *all = json_array();
    int rc = MP_OK;
    for (size_t i = 0; i < j->n && rc == MP_OK; i++) {
        json_t *one = mp_reading_json(c, j->parts[i].file, &j->parts[i].r, &j->b,
                                      j->o->threshold);
        rc = one != NULL ? MP_OK : -1;
        json_array_append_new(all, one);
    }
    if (rc == MP_OK) {
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
    }
    json_decref(all);
    return rc;
}

/* -------------------------------------------------------------------- crops */

/* The picture's name without folder and ending, and its number where there are several. */
static void stem_of(const struct job *j, size_t i, GString *name)
{
    char *base = g_path_get_basename(j->parts[i].file), *dot = strrchr(base, '.');
    if (dot != NULL && dot > base)
        *dot = '\0';
    g_string_assign(name, base);
    for (char *at = name->str; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == '_')
            *at = '-';
    if (j->n > 1)
        g_string_append_printf(name, "-%zu", i + 1);
    g_free(base);
}

static int write_crop(struct mp_ctx *c, struct job *j, const struct part *p, const char *stem,
                      const struct mp_mark *m)
{
    char *folder = g_strdup_printf("%s/%s", j->o->crops, class_of(j, m->class));
    char *path = g_strdup_printf("%s/%s_%d_%d.png", folder, stem, m->line + 1, m->place + 1);
    int rc = mp_make_folder(c, folder);
    if (rc == MP_OK)
        rc = mp_row_picture(c, path, &p->r.rows, m->row);
    j->crops += rc == MP_OK;
    g_free(folder);
    g_free(path);
    return rc;
}

/* Classes become folders' names, and may be called anything: none may lead out of --crops. */
static int check_classes(struct mp_ctx *c, const struct job *j)
{
    for (int k = 0; k < j->b.n_classes; k++) {
        const char *name = class_of(j, k);
        if (*name == '\0' || *name == '.' || strchr(name, '/') != NULL)
            return mp_fail(c, "--crops: the class \"%s\" of %s cannot be a folder's name (it is "
                           "empty, begins with a point or has a slash); leave --crops out", name,
                           j->o->bundle);
    }
    return MP_OK;
}

static int write_crops(struct mp_ctx *c, struct job *j)
{
    struct mp_folder held;
    GString *stem = g_string_new("");
    int rc = mp_folder_hold(c, &held, j->o->crops);
    for (size_t i = 0; i < j->n && rc == MP_OK; i++) {
        const struct mp_reading *r = &j->parts[i].r;
        stem_of(j, i, stem);
        for (size_t k = 0; k < r->n && rc == MP_OK; k++)
            if (r->at[k].kind == MP_MARK_DIGIT)
                rc = write_crop(c, j, &j->parts[i], stem->str, &r->at[k]);
    }
    mp_folder_release(&held);
    g_string_free(stem, TRUE);
    return rc;
}

/* --------------------------------------------------------------------- page */

static int write_page(struct mp_ctx *c, const struct job *j)
{
    struct mp_output out;
    struct mp_read_picture *in = mp_alloc(c, j->n, sizeof *in);
    if (in == NULL)
        return -1;
    for (size_t i = 0; i < j->n; i++)
        in[i] = (struct mp_read_picture){ j->parts[i].file, &j->parts[i].page, &j->parts[i].r };
    int rc = mp_output_open(c, &out, j->o->output);
    if (rc == MP_OK) {
        rc = mp_read_html(c, in, j->n, &j->b, j->o->threshold, out.f);
        if (rc == MP_OK)
            rc = mp_output_commit(c, &out);
        else
            mp_output_discard(&out);
    }
    free(in);
    return rc;
}

/* ---------------------------------------------------------------- the whole */

static int read_all(struct mp_ctx *c, struct job *j, char **files)
{
    j->parts = mp_alloc(c, j->n, sizeof *j->parts);
    int rc = j->parts != NULL ? MP_OK : -1;
    for (size_t i = 0; i < j->n && rc == MP_OK; i++) {
        struct part *p = &j->parts[i];
        p->file = files[i];
        rc = mp_reading_file(c, files[i], &j->b, &p->page, &p->r);
        if (rc == MP_OK && p->page.more)
            mp_warn(c, "%s: has several pages or frames, of which the first is read", files[i]);
        if (rc == MP_OK)
            rc = mp_reading_warn(c, files[i], &j->b, &p->r);
        if (rc == MP_OK && !j->o->json)
            rc = print_part(c, j, p);
    }
    return rc;
}

static int write_all(struct mp_ctx *c, struct job *j)
{
    if (j->o->json && print_json(c, j) < 0)
        return -1;
    if (*j->o->output != '\0' && write_page(c, j) < 0)
        return -1;
    if (*j->o->crops == '\0')
        return MP_OK;
    if (write_crops(c, j) < 0)
        return -1;
    if (!c->run->quiet)
        mp_say(stderr, "crops", 9, "%zu image%s written to %s", j->crops,
               j->crops == 1 ? "" : "s", j->o->crops);
    return MP_OK;
}

static int check(struct mp_ctx *c, const struct params *o, int n, char **args)
{
    if (*o->bundle == '\0')
        return mp_usage(c, "read: --bundle FILE names the fitted pipeline that reads, bundle.mnp "
                           "of a run");
    if (n < 1)
        return mp_usage(c, "read: expected pictures, found none");
    if (o->json && o->text)
        return mp_usage(c, "read: --json and --text: what is printed has one form");
    for (int i = 0; i < n && *o->output != '\0'; i++)
        if (mp_output_apart(c, o->output, args[i]) < 0)
            return -1;
    if (mp_output_ending(c, o->output, "html|htm", "a page") < 0 ||
        (*o->output != '\0' && mp_output_check(c, o->output) < 0))
        return -1;
    return *o->crops != '\0' ? mp_check_folder(c, o->crops) : MP_OK;
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    struct job j = { .o = options, .n = (size_t)n };
    if (check(c, j.o, n, args) < 0 || mp_bundle_read(c, j.o->bundle, &j.b) < 0)
        return -1;
    int rc = mp_reading_check(c, j.o->bundle, &j.b);
    if (rc == MP_OK && *j.o->crops != '\0')
        rc = check_classes(c, &j);
    if (rc == MP_OK)
        rc = read_all(c, &j, args);
    if (rc == MP_OK)
        rc = write_all(c, &j);
    for (size_t i = 0; i < j.n && j.parts != NULL; i++) {
        mp_page_free(&j.parts[i].page);
        mp_reading_free(&j.parts[i].r);
    }
    free(j.parts);
    mp_bundle_free(&j.b);
    return rc;
}

MP_COMMAND(read) = {
    .order = 3,
    .brief = "Read the handwritten digits of a photographed or scanned page",
    .usage = "PICTURE...",
    .doc = "PICTURE is a photo, a scan or a screenshot with digits, in one line or in many, dark "
           "on light or light on dark.  Uneven light and printed lines or squares are taken out; "
           "ink that hangs together is a digit, small strokes are joined to the digit they lie "
           "next to, digits that touch are cut where the bundle is surer of the two sides than of "
           "the whole.  Each is then made an image as MNIST's were: 20 px the longer side, "
           "its centre of mass in the middle of 28 x 28 px (of a bundle of another size, in "
           "proportion), the slope of its line taken out, fine pens made 1.5 px wide; slant is "
           "left to the pipeline.\n"
           "\n"
           "What is too low for a digit is a `dash`, what is far larger `large`, what lies at "
           "the picture's or the paper's edge `edge`; letters are not told from digits, but the "
           "bundle is less sure of them.  What is unlike the rows that the bundle was trained on, "
           "is said.\n"
           "\n"
           "A bundle whose pipeline ends in `calibrate` gives probabilities; one of margins "
           "tells by how much the first class leads the second, 1 as much as in training rows.",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
