/* SPDX-License-Identifier: GPL-3.0-or-later */
/* operation.c - the operations of libvips, as it describes them itself.
 *
 * Each is a class of GObject below VipsOperation, and its arguments are properties, of which
 * vips_argument_map() also says which way they go. */
#include "image/operation.h"
#include "core/param.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What an argument is, by its type. */
enum kind { OTHER, INT, REAL, BOOL, WORD, INTERPOLATION, REALS, INTS, PICTURE, PICTURES };

static enum kind kind_of(const struct mp_vips *v, const GParamSpec *p)
{
    static const struct {
        const char *type;
        enum kind kind;
    } all[] = {
        { "gint", INT }, { "gdouble", REAL }, { "gboolean", BOOL },
        { "VipsInterpolate", INTERPOLATION }, { "VipsArrayDouble", REALS },
        { "VipsArrayInt", INTS }, { "VipsImage", PICTURE }, { "VipsArrayImage", PICTURES },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].type, v->type_name(p->value_type)) == 0)
            return all[i].kind;
    return v->type_fundamental(p->value_type) == G_TYPE_ENUM ? WORD : OTHER;
}

/* Words that come from the library, or are made of them, are kept once for the whole process,
 * as its types are.  It has "min-ampl" where its own callers write min_ampl. */
static const char *plain_name(const char *name)
{
    char plain[64];
    snprintf(plain, sizeof plain, "%s", name);
    for (char *at = plain; *at != '\0'; at++)
        *at = *at == '-' ? '_' : *at;
    return g_intern_string(plain);
}

/* ------------------------------------------------------------------- one of them */

/* What is known of an operation once its arguments have been seen. */
struct look {
    const struct mp_vips *v;
    const char *in, *out;       /* the image that it takes, and the one that it gives */
    int n_in, n_out;            /* images that it cannot do without */
    const GParamSpec *foreign;  /* what it needs, and nobody could write in a pipeline */
    struct mp_further *further; /* where rows go, or NULL */
    int n;                      /* rows so far */
};

static void add_row(struct look *l, GParamSpec *p, bool required, enum kind kind);

static void *see_argument(VipsObject *object, GParamSpec *p, VipsArgumentClass *class,
                          VipsArgumentInstance *instance, void *look, void *unused)
{
    struct look *l = look;
    const enum kind kind = kind_of(l->v, p);
    const bool required = (class->flags & VIPS_ARGUMENT_REQUIRED) != 0;
    (void)object, (void)instance, (void)unused;

    if (class->flags & VIPS_ARGUMENT_DEPRECATED)
        return NULL;
    if ((class->flags & VIPS_ARGUMENT_OUTPUT) && required && kind == PICTURE) {
        l->out = p->name;
        l->n_out++;
    }
    if (!(class->flags & VIPS_ARGUMENT_INPUT))
        return NULL;
    if (required && kind == PICTURE)
        l->in = p->name;
    if (required && (kind == PICTURE || kind == PICTURES))
        l->n_in += kind == PICTURE ? 1 : 2;
    else if (required && kind == OTHER)
        l->foreign = p;
    else if (kind != OTHER && kind != PICTURE && kind != PICTURES)
        add_row(l, p, required, kind);
    return NULL;
}

/* Those whose pixels would be wrong, or of nobody knows what. */
static const char *refused(const char *name)
{
    static const struct {
        const char *name, *why;
    } all[] = {
        { "copy", "changes nothing but what libvips takes the pixels for" },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].why;
    return NULL;
}

/* Why it cannot be used here, in `why`; empty: it can.  Arguments go where l->further says. */
static void look_at(struct look *l, GType type, char *why, size_t size)
{
    const VipsObjectClass *class = l->v->type_class_ref(type);
    VipsOperation *o = l->v->operation_new(class->nickname);
    const bool old = (((const VipsOperationClass *)class)->flags & VIPS_OPERATION_DEPRECATED) != 0;
    const char *reason = refused(class->nickname);
    *why = '\0';
    if (o == NULL) {
        l->v->error_clear();
        snprintf(why, size, "is blocked");
        return;
    }
    l->v->argument_map((VipsObject *)o, see_argument, l, NULL);
    l->v->object_unref(o);
    if (reason != NULL)
        snprintf(why, size, "%s", reason);
    else if (old)
        snprintf(why, size, "is deprecated");
    else if (l->n_in != 1)
        snprintf(why, size, "takes %s", l->n_in > 1 ? "more than one image" : "no image");
    else if (l->n_out != 1)
        snprintf(why, size, "gives %s", l->n_out > 1 ? "more than one image" : "no image");
    else if (l->foreign != NULL)
        snprintf(why, size, "needs %s, which no pipeline can give", plain_name(l->foreign->name));
}

/* ------------------------------------------------------------------------ rows */

/* "black|copy|repeat" */
static const char *words_of(const GParamSpec *p)
{
    const GParamSpecEnum *e = (const GParamSpecEnum *)p;
    const GEnumValue *value = e->enum_class->values;
    GString *all = g_string_new("");
    for (guint i = 0; i < e->enum_class->n_values; i++, value++)
        if ((value->value >= 0 || value->value == e->default_value) && /* -1 is none of them */
            strcmp(value->value_nick, "last") != 0)
            g_string_append_printf(all, "%s%s", all->len > 0 ? "|" : "", value->value_nick);
    const char *words = g_intern_string(all->str);
    g_string_free(all, TRUE);
    return words;
}

static const char *default_of(const GParamSpec *p, const struct mp_param *row)
{
    char text[64];
    struct mp_param at_0 = *row;
    at_0.offset = 0;
    if (row->type == MP_INT)
        mp_param_text(&at_0, &((const GParamSpecInt *)p)->default_value, text, sizeof text);
    else if (row->type == MP_REAL)
        mp_param_text(&at_0, &((const GParamSpecDouble *)p)->default_value, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s",
                 ((const GParamSpecBoolean *)p)->default_value ? "yes" : "no");
    return g_intern_string(text);
}

static const char *default_word(const GParamSpec *p)
{
    const GParamSpecEnum *e = (const GParamSpecEnum *)p;
    for (guint i = 0; i < e->enum_class->n_values; i++)
        if (e->enum_class->values[i].value == e->default_value)
            return e->enum_class->values[i].value_nick;
    return NULL;
}

struct names {
    const struct mp_vips *v;
    GString *all;
};

static void *see_interpolation(GType type, void *names)
{
    const struct names *n = names;
    if (!n->v->type_test_flags(type, G_TYPE_FLAG_ABSTRACT))
        g_string_append_printf(n->all, "%s%s", n->all->len > 0 ? "|" : "",
                               ((VipsObjectClass *)n->v->type_class_ref(type))->nickname);
    return NULL;
}

static const char *interpolations(const struct mp_vips *v, GType base)
{
    struct names n = { v, g_string_new("") };
    v->type_map_all(base, see_interpolation, &n);
    const char *words = g_intern_string(n.all->str);
    g_string_free(n.all, TRUE);
    return words;
}

static void fill_number(struct mp_param *row, const GParamSpec *p, enum kind kind)
{
    row->type = kind == INT ? MP_INT : MP_REAL;
    row->min = kind == INT ? ((const GParamSpecInt *)p)->minimum
                           : ((const GParamSpecDouble *)p)->minimum;
    row->max = kind == INT ? ((const GParamSpecInt *)p)->maximum
                           : ((const GParamSpecDouble *)p)->maximum;
    if (row->max >= G_MAXDOUBLE && row->min <= -G_MAXDOUBLE) {
        row->max = INFINITY;
        row->min = -INFINITY;
    }
}

static void fill_row(const struct mp_vips *v, struct mp_param *row, GParamSpec *p, bool required,
                     enum kind kind)
{
    row->name = plain_name(p->name);
    row->doc = v->param_spec_get_blurb(p);
    row->size = kind == INT || kind == WORD ? sizeof(int) : kind == REAL ? sizeof(double)
                : kind == BOOL ? sizeof(bool) : sizeof(char *);
    if (kind == INT || kind == REAL) {
        fill_number(row, p, kind);
        row->def = required ? NULL : default_of(p, row);
    } else if (kind == WORD) {
        row->type = MP_INT;
        row->choices = words_of(p);
        row->def = required ? NULL : default_word(p);
    } else if (kind == BOOL) {
        row->type = MP_BOOL;
        row->def = required ? NULL : default_of(p, row);
    } else {
        row->type = MP_TEXT;
        row->unit = kind == INTERPOLATION ? interpolations(v, p->value_type)
                    : kind == INTS ? "whole numbers with commas between"
                                   : "numbers with commas between";
        row->def = required ? NULL : "";
    }
}

enum { MOST = 64, PLACE = sizeof(double) }; /* arguments; bytes of one, which holds each kind */

static void add_row(struct look *l, GParamSpec *p, bool required, enum kind kind)
{
    struct mp_further *f = l->further;
    if (f == NULL || l->n == MOST || mp_param_find(f->table, plain_name(p->name)) != NULL)
        return;
    struct mp_param *row = f->table;
    while (row->name != NULL)
        row++;
    row->offset = f->size;
    fill_row(l->v, row, p, required, kind);
    f->size += PLACE;
    l->n++;
}

/* --------------------------------------------------------------------- which there are */

struct found {
    const struct mp_vips *v;
    struct { const char *name, *brief; } *at;
    int n, room;
};

static void *see_type(GType type, void *arg)
{
    struct found *f = arg;
    struct look l = { .v = f->v };
    char why[256];
    if (f->v->type_test_flags(type, G_TYPE_FLAG_ABSTRACT) || f->n == f->room)
        return NULL;
    look_at(&l, type, why, sizeof why);
    const VipsObjectClass *class = f->v->type_class_ref(type);
    if (*why == '\0') {
        f->at[f->n].name = class->nickname;
        f->at[f->n++].brief = class->description;
    }
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int find_all(struct mp_ctx *c, const struct mp_vips *v, struct found *f)
{
    *f = (struct found){ .v = v, .room = 1024 };
    if ((f->at = mp_alloc(c, (size_t)f->room + 1, sizeof *f->at)) == NULL)
        return -1;
    v->type_map_all(v->type_from_name("VipsOperation"), see_type, f);
    qsort(f->at, (size_t)f->n, sizeof *f->at, by_name);
    return MP_OK;
}

int mp_operations(struct mp_ctx *c, void (*see)(void *arg, const char *name, const char *brief),
                  void *arg)
{
    struct mp_vips v;
    struct found f;
    if (mp_vips_open(c, &v) < 0 || find_all(c, &v, &f) < 0)
        return -1;
    for (int i = 0; i < f.n; i++)
        if (i == 0 || strcmp(f.at[i].name, f.at[i - 1].name) != 0) /* of two types, one is old */
            see(arg, f.at[i].name, f.at[i].brief);
    free(f.at);
    return MP_OK;
}

static const char *name_of(const void *found, int i)
{
    return ((const struct found *)found)->at[i].name;
}

static int no_such(struct mp_ctx *c, const struct mp_vips *v, const char *name)
{
    struct found f;
    if (find_all(c, v, &f) < 0)
        return -1;
    const char *near = mp_nearest(name, name_of, &f);
    mp_fail(c, "op=%s: no such operation; %s%s%s`mnistpipe help vips` lists those that can be used",
            name, near != NULL ? "did you mean \"" : "", near != NULL ? near : "",
            near != NULL ? "\"? " : "");
    free(f.at);
    return -1;
}

int mp_operation_params(struct mp_ctx *c, const char *name, const struct mp_param *own,
                        size_t size, struct mp_further *f)
{
    struct mp_vips v;
    char why[256];
    size_t n = 0;
    if (mp_vips_open(c, &v) < 0)
        return -1;
    const GType type = v.type_find("VipsOperation", name);
    if (type == 0 || v.type_test_flags(type, G_TYPE_FLAG_ABSTRACT))
        return no_such(c, &v, name);
    while (own[n].name != NULL)
        n++;
    *f = (struct mp_further){ .size = size };
    if ((f->table = mp_alloc(c, n + MOST + 1, sizeof *f->table)) == NULL)
        return -1;
    memcpy(f->table, own, n * sizeof *own);
    f->brief = ((VipsObjectClass *)v.type_class_ref(type))->description;
    look_at(&(struct look){ .v = &v, .further = f }, type, why, sizeof why);
    if (*why == '\0')
        return MP_OK;
    free(f->table);
    f->table = NULL;
    return mp_fail(c, "op=%s: %s; operations that take one image and give one can be used: "
                      "`mnistpipe help vips` lists them", name, why);
}

/* ------------------------------------------------------------------------- a call */

static int read_list(struct mp_ctx *c, const struct mp_param *row, const char *text, bool whole,
                     double *x, int *n)
{
    enum { MOST_NUMBERS = 256 };
    const char *at = text;
    for (*n = 0; *at != '\0' && *n < MOST_NUMBERS; (*n)++) {
        char *end;
        x[*n] = strtod(at, &end);
        const double most = whole ? INT32_MAX : G_MAXDOUBLE;
        if (end == at || !(fabs(x[*n]) <= most) || (whole && x[*n] != trunc(x[*n])))
            break;
        at = end + strspn(end, " ");
        if (*at == ',' && at[1] != '\0')
            at++;
        else if (*at != '\0' && at == end)
            break;
    }
    return *at == '\0' && *n > 0 ? MP_OK
                                 : mp_fail(c, "%s=%s: not what it takes (%s)", row->name, text,
                                           row->unit);
}

static int set_list(struct mp_ctx *c, const struct mp_vips *v, const char *name, VipsOperation *o,
                    const struct mp_param *row, const char *text, bool whole)
{
    double x[256];
    int i[256], n = 0;
    if (read_list(c, row, text, whole, x, &n) < 0)
        return -1;
    for (int k = 0; k < n && strcmp(name, "remainder_const") == 0; k++)
        if (fabs(x[k]) < 1) /* of bytes it divides by what remains of it, and the program ends */
            return mp_fail(c, "%s=%s: must be 1 or more, or -1 or less", row->name, text);
    for (int k = 0; k < n && whole; k++)
        i[k] = (int)x[k];
    void *list = whole ? (void *)v->array_int_new(i, n) : (void *)v->array_double_new(x, n);
    v->object_set(o, row->name, list, NULL);
    v->area_unref(list);
    return MP_OK;
}

static int set_interpolation(struct mp_ctx *c, const struct mp_vips *v, VipsOperation *o,
                             const struct mp_param *row, const char *text)
{
    VipsInterpolate *way = v->interpolate_new(text);
    if (way == NULL) {
        v->error_clear();
        return mp_fail(c, "%s=%s: must be one of %s", row->name, text, row->unit);
    }
    v->object_set(o, row->name, way, NULL);
    v->object_unref(way);
    return MP_OK;
}

static int set_argument(struct mp_ctx *c, const struct mp_vips *v, const char *name,
                        VipsOperation *o, const struct mp_param *row, const void *params)
{
    const char *at = (const char *)params + row->offset;
    const GParamSpec *p = v->object_class_find_property(G_OBJECT_GET_CLASS(o), row->name);
    const enum kind kind = p != NULL ? kind_of(v, p) : OTHER;
    char word[64];
    mp_param_text(row, params, word, sizeof word);
    const char *text = row->type == MP_TEXT ? *(char *const *)(const void *)at : word;
    if (row->def != NULL && strcmp(text, row->def) == 0)
        return MP_OK;
    switch (kind) {
    case INT:
        v->object_set(o, row->name, *(const int *)(const void *)at, NULL);
        return MP_OK;
    case REAL:
        v->object_set(o, row->name, *(const double *)(const void *)at, NULL);
        return MP_OK;
    case BOOL:
        v->object_set(o, row->name, (gboolean) * (const bool *)at, NULL);
        return MP_OK;
    case WORD:
        v->object_set(o, row->name,
                      v->enum_get_value_by_nick(((const GParamSpecEnum *)p)->enum_class,
                                                text)->value, NULL);
        return MP_OK;
    case INTERPOLATION:
        return set_interpolation(c, v, o, row, text);
    case REALS:
    case INTS:
        return set_list(c, v, name, o, row, text, kind == INTS);
    default:
        return MP_OK; /* a row of the stage's own */
    }
}

VipsImage *mp_operation_run(struct mp_ctx *c, const struct mp_vips *v, const char *name,
                            const struct mp_param *table, const void *params, VipsImage *in)
{
    VipsOperation *o = v->operation_new(name);
    struct look l = { .v = v };
    VipsImage *out = NULL;
    char what[128];
    int rc = MP_OK;
    snprintf(what, sizeof what, "op=%.40s on %d x %d x %d", name, in->Ysize, in->Xsize, in->Bands);
    if (o == NULL) {
        mp_vips_fail(c, v, what);
        return NULL;
    }
    v->argument_map((VipsObject *)o, see_argument, &l, NULL);
    for (const struct mp_param *row = table; row->name != NULL && rc == MP_OK; row++)
        rc = set_argument(c, v, name, o, row, params);
    v->object_set(o, l.in, in, NULL);
    if (rc == MP_OK && v->object_build((VipsObject *)o) != 0)
        mp_vips_fail(c, v, what);
    else if (rc == MP_OK && mp_vips_warned(v))
        mp_fail(c, "%s: libvips loses its way with these values and this image", what);
    else if (rc == MP_OK)
        v->object_get(o, l.out, &out, NULL);
    v->object_unref_outputs((VipsObject *)o);
    v->object_unref(o);
    return out;
}

bool mp_operation_pointwise(const struct mp_vips *v, const char *name)
{
    return v->type_is_a(v->type_find("VipsOperation", name), v->type_from_name("VipsUnary"));
}
