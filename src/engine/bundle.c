/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle.c - saves and loads a fitted pipeline. */
#include "engine/bundle.h"
#include "config.h"
#include "core/param.h"
#include "core/state.h"
#include "files/sealed.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 1 << 20, MAX_NAMES = MP_MOST_CLASSES * MP_NAME_SIZE };

/* All versions begin with the pipeline and with who wrote it. */
static void writer(const unsigned char *bytes, size_t size, char *text, size_t room)
{
    struct mp_ctx quiet;
    struct mp_run run = { 0 };
    char *pipeline = NULL, *version = NULL;
    mp_ctx_init(&quiet, &run);
    struct mp_io io = {
        .c = &quiet, .loading = true, .buf = (unsigned char *)(uintptr_t)bytes, .len = size
    };
    if (mp_io_text(&io, "pipeline", &pipeline, MAX_TEXT) == MP_OK &&
        mp_io_text(&io, "version", &version, 64) == MP_OK)
        snprintf(text, room, "mnistpipe %s", version);
    free(pipeline);
    free(version);
    mp_ctx_free(&quiet);
}

static const struct mp_seal seal = { .kind = "bundle", .oldest = MP_BUNDLE_OLDEST,
                                     .version = MP_BUNDLE_VERSION, .writer = writer,
                                     .magic = { 0x89, 'M', 'N', 'P', '\r', '\n', 0x1a, '\n' } };

/* The classes' names, a line each. */
static char *join(struct mp_ctx *c, const struct mp_names *s, size_t n)
{
    size_t size = 1, used = 0;
    for (size_t k = 0; k < n; k++)
        size += strlen(mp_names_at(s, k)) + 1;
    char *text = mp_alloc(c, size, 1);
    for (size_t k = 0; k < n && text != NULL; k++)
        used += (size_t)snprintf(text + used, size - used, k > 0 ? "\n%s" : "%s",
                                 mp_names_at(s, k));
    return text;
}

static int cut(struct mp_ctx *c, const char *text, struct mp_names *s)
{
    for (const char *at = text; *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        if (n < 1 || n >= MP_NAME_SIZE || mp_names_add(c, s, at, n) < 0)
            return mp_fail(c, "the bundle has a class with a name of %zu bytes", n);
        at += n + (at[n] == '\n');
    }
    return MP_OK;
}

/* Before version 3: a byte each, the number that is its name. */
static int byte_labels(struct mp_io *io, struct mp_names *s)
{
    unsigned char *label = NULL;
    size_t n = 0;
    int rc = mp_io_bytes(io, "labels", &label, &n);
    for (size_t k = 0; k < n && rc == MP_OK; k++) {
        char name[4];
        const int used = snprintf(name, sizeof name, "%d", label[k]);
        rc = mp_names_add(io->c, s, name, (size_t)used) < 0 ? -1 : MP_OK;
    }
    free(label);
    return rc;
}

static int class_names(struct mp_io *io, struct mp_bundle *b)
{
    char *text = NULL, next[256] = "";
    if (mp_io_loading(io))
        mp_io_next(io, next);
    else if ((text = join(io->c, &b->classes, (size_t)b->n_classes)) == NULL)
        return -1;
    int rc = strcmp(next, "labels") == 0 ? byte_labels(io, &b->classes)
                                         : mp_io_text(io, "names", &text, MAX_NAMES);
    if (rc == MP_OK && mp_io_loading(io) && text != NULL)
        rc = cut(io->c, text, &b->classes);
    free(text);
    return rc;
}

/* Is there where there are several: a program that knows grey images alone refuses it. */
static int channels_field(struct mp_io *io, uint64_t *channels)
{
    char next[256] = "channels";
    if (mp_io_loading(io)) {
        *channels = 1;
        mp_io_next(io, next);
    }
    const bool there = mp_io_loading(io) ? strcmp(next, "channels") == 0 : *channels != 1;
    return there ? mp_io_u64(io, "channels", channels) : MP_OK;
}

/* All fields but the states: one function saves and loads. */
static int head(struct mp_io *io, struct mp_bundle *b, struct mp_shape *shape)
{
    uint64_t h = (uint64_t)shape->h, w = (uint64_t)shape->w, k = (uint64_t)b->n_classes;
    uint64_t channels = (uint64_t)shape->c;
    if (mp_io_text(io, "pipeline", &b->text, MAX_TEXT) < 0 ||
        mp_io_text(io, "version", &b->version, 64) < 0 ||
        mp_io_text(io, "trained_on", &b->trained_on, 4096) < 0 ||
        mp_io_u64(io, "rows", &b->rows) < 0 || mp_io_u64(io, "crc", &b->crc) < 0 ||
        mp_io_u64(io, "seed", &b->seed) < 0 || mp_io_u64(io, "height", &h) < 0 ||
        mp_io_u64(io, "width", &w) < 0 || channels_field(io, &channels) < 0 ||
        mp_io_u64(io, "classes", &k) < 0)
        return -1;
    if (k > MP_MOST_CLASSES || h < 1 || w < 1 || h > MP_IMAGE_SIDE || w > MP_IMAGE_SIDE ||
        (channels != 1 && channels != 3))
        return mp_fail(io->c, "the bundle says %llu classes, images of %llu x %llu x %llu",
                       (unsigned long long)k, (unsigned long long)h, (unsigned long long)w,
                       (unsigned long long)channels);
    if (class_names(io, b) < 0)
        return -1;
    *shape = (struct mp_shape){ (int)h, (int)w, (int)channels };
    b->n_classes = (int)k;
    return b->classes.n == k || !mp_io_loading(io)
               ? MP_OK
               : mp_fail(io->c, "the bundle has %zu names for %d classes", b->classes.n, (int)k);
}

/* Section "rows": what the training rows were like. Before "form" it had two settings of how
 * they are read, whose places stay. */
static int rows_section(struct mp_io *io, struct mp_bundle *b)
{
    struct mp_glance *g = &b->glance;
    uint64_t same = g->same, range = 255;
    const int rc = mp_io_text(io, "label", &b->form.label, 4096) < 0 ||
                           mp_io_u64(io, "range", &range) < 0 ||
                           mp_io_u64(io, "looked_at", &g->rows) < 0 ||
                           mp_io_u64(io, "low", &g->low) < 0 ||
                           mp_io_u64(io, "high", &g->high) < 0 ||
                           mp_io_f64(io, "mean", &g->mean) < 0 ||
                           mp_io_f64(io, "border", &g->border) < 0 ||
                           mp_io_u64(io, "same", &same) < 0
                       ? -1
                       : MP_OK;
    g->same = same != 0;
    if (rc == MP_OK && (range < 1 || range > 255 || g->low > 255 || g->high > 255))
        return mp_fail(io->c, "the bundle says values of %llu..%llu of %llu",
                       (unsigned long long)g->low, (unsigned long long)g->high,
                       (unsigned long long)range);
    if (rc == MP_OK && mp_io_loading(io) && range < 255) {
        char text[16];
        snprintf(text, sizeof text, "%d", (int)range);
        return mp_params_set(io->c, mp_form_table, &b->form, "range", text);
    }
    return rc;
}

/* Section "form": the settings that say how rows are read, those that say something. */
static int form_section(struct mp_io *io, struct mp_bundle *b)
{
    char name[256];
    int rc = MP_OK;
    for (const struct mp_param *p = mp_form_table; p->name != NULL && !mp_io_loading(io); p++) {
        char **at = mp_form_field(&b->form, p);
        if (*at != NULL && **at != '\0' && mp_io_text(io, p->name, at, MAX_NAMES) < 0)
            return -1;
    }
    for (mp_io_next(io, name); *name != '\0' && mp_io_loading(io) && rc == MP_OK;
         mp_io_next(io, name)) {
        char *value = NULL;
        rc = mp_io_text(io, name, &value, MAX_NAMES);
        if (rc == MP_OK)
            rc = mp_params_set(io->c, mp_form_table, &b->form, name, value);
        free(value);
    }
    return rc;
}

/* Section "lead": how sure the model is of its training rows. */
static int lead_section(struct mp_io *io, struct mp_bundle *b)
{
    if (!mp_io_loading(io) && b->lead <= 0)
        return MP_OK;
    if (mp_io_f64(io, "lead", &b->lead) < 0)
        return -1;
    return isfinite(b->lead) && b->lead > 0
               ? MP_OK
               : mp_fail(io->c, "the bundle says a lead of %g", b->lead);
}

/* Section "more": where further rows came from. */
static int more_section(struct mp_io *io, struct mp_bundle *b)
{
    if (!mp_io_loading(io) && (b->more == NULL || *b->more == '\0'))
        return MP_OK;
    return mp_io_text(io, "more", &b->more, MAX_TEXT);
}

/* Section "exemplars": some of the training images. */
static int exemplars_section(struct mp_io *io, struct mp_bundle *b)
{
    if (!mp_io_loading(io) && b->kept.n == 0)
        return MP_OK;
    return mp_exemplars_io(io, &b->kept, mp_len(b->plan.shape), b->n_classes);
}

static const struct section {
    const char *name;
    int (*io)(struct mp_io *io, struct mp_bundle *b);
} sections[] = { { "rows", rows_section }, { "form", form_section }, { "lead", lead_section },
                 { "more", more_section }, { "exemplars", exemplars_section } };
enum { SECTIONS = sizeof sections / sizeof *sections };

static int save_sections(struct mp_ctx *c, struct mp_io *io, struct mp_bundle *b)
{
    int rc = MP_OK;
    for (int i = 0; i < SECTIONS && b->glance.rows > 0 && rc == MP_OK; i++) {
        struct mp_io own = { .c = c };
        rc = sections[i].io(&own, b);
        if (rc == MP_OK && own.len > 0)
            rc = mp_io_bytes(io, sections[i].name, &own.buf, &own.len);
        free(own.buf);
    }
    return rc;
}

/* Those that are not known say nothing to this program. */
static int load_sections(struct mp_ctx *c, struct mp_io *io, struct mp_bundle *b)
{
    char name[256];
    int rc = MP_OK;
    for (mp_io_next(io, name); *name != '\0' && rc == MP_OK; mp_io_next(io, name)) {
        struct mp_io own = { .c = c, .loading = true };
        rc = mp_io_bytes(io, name, &own.buf, &own.len);
        for (int i = 0; i < SECTIONS && rc == MP_OK; i++)
            if (strcmp(name, sections[i].name) == 0)
                rc = sections[i].io(&own, b);
        free(own.buf);
    }
    return rc;
}

int mp_bundle_form(struct mp_ctx *c, const struct mp_bundle *b, const struct mp_form_text *over,
                   struct mp_form *form)
{
    const struct mp_form_text text = over != NULL ? mp_form_over(over, &b->form) : b->form;
    if (mp_form_parse(c, &text, form) < 0)
        return -1;
    form->size = form->beside = b->plan.shape;
    return MP_OK;
}

static int save_states(struct mp_ctx *c, struct mp_io *io, struct mp_plan *p)
{
    for (int i = 0; i < p->n_nodes; i++) {
        struct mp_node *n = &p->nodes[i];
        if (n->entry == NULL || n->entry->stage->io == NULL)
            continue;
        mp_plan_where(c, p, i);
        if (mp_state_append(io, n->entry->name, n->entry->stage, n->state) < 0)
            return -1;
    }
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

/* What cannot be read again is no bundle, however much has been learned. */
static int reads_back(struct mp_ctx *c, const char *text)
{
    struct mp_script s;
    if (mp_script_parse(c, "the bundle's pipeline", text, &s) < 0)
        return -1;
    char *again = mp_script_text(c, &s, true);
    const int rc = again == NULL ? -1
                   : strcmp(again, text) == 0 ? MP_OK
                                              : mp_fail(c, "the bundle's pipeline does not read "
                                                           "back as it is: \"%s\"", again);
    free(again);
    mp_script_free(&s);
    return rc;
}

int mp_bundle_save(struct mp_ctx *c, struct mp_experiment *x, const char *trained_on,
                   struct mp_io *io)
{
    struct mp_bundle b = { .version = (char *)(uintptr_t)PACKAGE_VERSION,
                           .trained_on = (char *)(uintptr_t)trained_on,
                           .more = x->plan.source.more, .rows = x->train.n,
                           .crc = x->train.crc, .seed = c->run->seed, .n_classes = x->n_classes,
                           .form = x->plan.source.form, .glance = x->glance,
                           .lead = x->lead,
                           .classes = x->classes };
    char range[64]; /* what was found once is not guessed again */
    if (x->train.range.low < x->train.range.high) {
        mp_range_text(x->train.range, range, sizeof range);
        b.form.range = range;
    }
    if (x->train.label_last)
        b.form.label = (char *)(uintptr_t)"last";
    memset(io, 0, sizeof *io);
    io->c = c;
    b.text = mp_script_text(c, &x->script, false);
    b.plan.shape = x->plan.shape;
    int rc = b.text != NULL && reads_back(c, b.text) == MP_OK &&
                     head(io, &b, &x->plan.shape) == MP_OK
                 ? save_states(c, io, &x->plan)
                 : -1;
    if (rc == MP_OK && x->plan.source.keep > 0 && x->train_y != NULL)
        rc = mp_exemplars_pick(c, &x->train, x->train_y, x->n_classes,
                               (size_t)x->plan.source.keep, &b.kept);
    if (rc == MP_OK)
        rc = save_sections(c, io, &b);
    mp_exemplars_free(&b.kept);
    free(b.text);
    return rc;
}

int mp_bundle_write(struct mp_ctx *c, struct mp_output *o, struct mp_experiment *x)
{
    struct mp_io io;
    const int rc = mp_bundle_save(c, x, x->plan.source.train, &io);
    if (rc == MP_OK)
        mp_sealed_write(o, &seal, io.buf, io.len);
    free(io.buf);
    return rc;
}

/* --------------------------------------------------------------- loading */

struct loading {
    struct mp_io *io;
    const char *file;
};

static int load_state(struct mp_ctx *c, void *arg, struct mp_node *n)
{
    const struct loading *l = arg;
    unsigned char *bytes = NULL;
    size_t size = 0;
    mp_ctx_where(c, "%s: %s: ", l->file, n->entry->name);
    int rc = mp_io_bytes(l->io, n->entry->name, &bytes, &size);
    if (rc == MP_OK)
        rc = mp_state_load(c, n->entry->stage, n->state, bytes, size);
    free(bytes);
    return rc;
}

static int load(struct mp_ctx *c, const char *file, const unsigned char *bytes, size_t size,
                struct mp_bundle *b)
{
    struct mp_io io = {
        .c = c, .loading = true, .buf = (unsigned char *)(uintptr_t)bytes, .len = size
    };
    struct mp_script script;
    struct mp_shape shape = { 0, 0, 0 };
    char name[4096];
    if (head(&io, b, &shape) < 0)
        return -1;
    const bool ours = strcmp(b->version, PACKAGE_VERSION) == 0;
    snprintf(name, sizeof name, "%s: its pipeline%s%s%s", file, ours ? "" : " (mnistpipe ",
             ours ? "" : b->version, ours ? "" : ")");
    if (mp_script_parse(c, name, b->text, &script) < 0)
        return -1;
    int rc = mp_plan_build(c, &script, &b->plan);
    mp_script_free(&script);
    if (rc < 0)
        return -1;
    if (!b->plan.has_model)
        return mp_fail(c, "%s: its pipeline has no model", file);
    c->run->seed = b->seed;
    c->run->n_classes = b->n_classes;
    c->run->classes = mp_names_all(&b->classes);
    struct loading l = { &io, file };
    if (mp_plan_load(c, &b->plan, shape, load_state, &l) < 0)
        return -1;
    mp_ctx_where(c, "%s: ", file);
    if (load_sections(c, &io, b) < 0)
        return -1;
    return io.pos == io.len ? MP_OK : mp_fail(c, "%zu bytes are left over", io.len - io.pos);
}

int mp_bundle_parse(struct mp_ctx *c, const char *name, const unsigned char *bytes, size_t size,
                    struct mp_bundle *b)
{
    memset(b, 0, sizeof *b);
    mp_ctx_where(c, "%s: ", name);
    const int rc = load(c, name, bytes, size, b);
    if (rc < 0)
        mp_bundle_free(b);
    mp_ctx_where(c, "%s", "");
    return rc;
}

unsigned char *mp_bundle_bytes(struct mp_ctx *c, const char *file, size_t *size)
{
    mp_ctx_where(c, "%s: ", file);
    unsigned char *bytes = mp_sealed_read(c, file, &seal, size);
    mp_ctx_where(c, "%s", "");
    return bytes;
}

int mp_bundle_read(struct mp_ctx *c, const char *file, struct mp_bundle *b)
{
    size_t size = 0;
    memset(b, 0, sizeof *b);
    unsigned char *bytes = mp_bundle_bytes(c, file, &size);
    const int rc = bytes != NULL ? mp_bundle_parse(c, file, bytes, size, b) : -1;
    free(bytes);
    return rc;
}

void mp_bundle_free(struct mp_bundle *b)
{
    mp_plan_free(&b->plan);
    mp_exemplars_free(&b->kept);
    free(b->text);
    free(b->version);
    free(b->trained_on);
    free(b->more);
    mp_params_free(mp_form_table, &b->form);
    mp_names_free(&b->classes);
    memset(b, 0, sizeof *b);
}

bool mp_is_bundle(const char *file)
{
    unsigned char h[8];
    FILE *f = fopen(file, "rb");
    const bool is = f != NULL && fread(h, 1, 8, f) == 8 && memcmp(h, seal.magic, 8) == 0;
    if (f != NULL)
        fclose(f);
    return is;
}
