/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grid.c - sets of values in a pipeline, and their combinations. */
#include "pipeline/grid.h"
#include "core/random.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DRAW = 0x67726964 }; /* "grid": keeps these draws apart from others */
#define MOST (UINT64_C(1) << 53)

/* ----------------------------------------------------------------- reading */

/* Lines of that name up to and including `l`, in file order; or all, l being NULL. */
static int count(const struct mp_line *at, const char *name, const struct mp_line *l, bool *done)
{
    int n = 0;
    for (int i = 0; i < at->n_children && !*done; i++) {
        n += strcmp(at->children[i].name, name) == 0;
        *done = &at->children[i] == l;
        if (!*done)
            n += count(&at->children[i], name, l, done);
    }
    return n;
}

static char *set_name(struct mp_ctx *c, const struct mp_script *s, const struct mp_line *l,
                      const char *key)
{
    const size_t size = strlen(l->name) + strlen(key) + 16;
    bool all = false, own = false;
    char *name = mp_alloc(c, size, 1);
    if (name == NULL)
        return NULL;
    if (count(&s->root, l->name, NULL, &all) > 1)
        snprintf(name, size, "%s#%d.%s", l->name, count(&s->root, l->name, l, &own), key);
    else
        snprintf(name, size, "%s.%s", l->name, key);
    return name;
}

/* One value between commas, without the blanks around it. */
static int add_value(struct mp_ctx *c, struct mp_grid_set *set, const char *text, const char *at,
                     size_t n)
{
    for (; n > 0 && isspace((unsigned char)*at); at++)
        n--;
    while (n > 0 && isspace((unsigned char)at[n - 1]))
        n--;
    if (n == 0)
        return mp_fail(c, "%s: has an empty value; expected values with commas between, such as "
                          "{0.1,0.3,1}", text);
    char **more = realloc(set->values, (size_t)(set->n + 1) * sizeof *more);
    if (more == NULL)
        return mp_no_memory(c, "values");
    set->values = more;
    if ((more[set->n] = strndup(at, n)) == NULL)
        return mp_no_memory(c, "values");
    set->n++;
    for (int i = 0; i + 1 < set->n; i++)
        if (strcmp(more[i], more[set->n - 1]) == 0)
            return mp_fail(c, "%s: has the value %s twice", text, more[i]);
    return MP_OK;
}

/* "{0.1, 0.3, 1}". */
static int read_values(struct mp_ctx *c, struct mp_grid_set *set)
{
    const struct mp_setting *s = &set->line->settings[set->setting];
    char text[128];
    snprintf(text, sizeof text, "%.40s=%.80s", s->name, s->value);
    const size_t n = strlen(s->value);
    if (n < 2 || s->value[n - 1] != '}')
        return mp_fail(c, "%s: a set of values that has no closing }", text);
    const char *at = s->value + 1, *end = s->value + n - 1;
    while (at < end && isspace((unsigned char)*at))
        at++;
    if (at == end)
        return mp_fail(c, "%s: an empty set; expected values between the braces, such as "
                          "{0.1,0.3,1}", text);
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        if (add_value(c, set, text, at, (size_t)((comma != NULL ? comma : end) - at)) < 0)
            return -1;
        if (comma == NULL)
            return MP_OK;
        at = comma + 1;
    }
}

static int add_set(struct mp_ctx *c, struct mp_grid *g, const struct mp_script *s,
                   struct mp_line *l, int k)
{
    struct mp_grid_set *more = realloc(g->sets, (size_t)(g->n + 1) * sizeof *more);
    const struct mp_setting *v = &l->settings[k];
    if (v->override)
        mp_ctx_where(c, "command line: %s: ", l->name);
    else
        mp_ctx_where(c, "%s:%d: %s: ", s->file, l->number, l->name);
    if (more == NULL)
        return mp_no_memory(c, "sets");
    g->sets = more;
    struct mp_grid_set *set = &more[g->n++];
    *set = (struct mp_grid_set){ .line = l, .setting = k };
    if (strcmp(l->name, "data") == 0)
        return mp_fail(c, "%s=%s: all combinations are scored on the same rows; a set of values "
                          "belongs to a stage", v->name, v->value);
    if (read_values(c, set) < 0 || (set->name = set_name(c, s, l, v->name)) == NULL)
        return -1;
    if (g->total > MOST / (uint64_t)set->n)
        return mp_fail(c, "%s=%s: with this set there are more combinations than can be numbered",
                       v->name, v->value);
    g->total *= (uint64_t)set->n;
    mp_ctx_where(c, "%s", "");
    return MP_OK;
}

static int find_sets(struct mp_ctx *c, struct mp_grid *g, const struct mp_script *s,
                     struct mp_line *at)
{
    for (int i = 0; i < at->n_children; i++) {
        struct mp_line *l = &at->children[i];
        for (int k = 0; k < l->n_settings; k++)
            if (*l->settings[k].value == '{' && !l->settings[k].literal &&
                add_set(c, g, s, l, k) < 0)
                return -1;
        if (find_sets(c, g, s, l) < 0)
            return -1;
    }
    return MP_OK;
}

int mp_grid_open(struct mp_ctx *c, struct mp_script *s, struct mp_grid *g)
{
    *g = (struct mp_grid){ .total = 1 };
    int rc = find_sets(c, g, s, &s->root);
    if (rc == MP_OK && g->n == 0)
        rc = mp_fail(c, "%s: has no set of values to try; write one in it, such as "
                        "svm C={0.1,0.3,1}, or give --set svm.C={0.1,0.3,1}", s->file);
    if (rc < 0)
        mp_grid_close(g);
    return rc;
}

void mp_grid_close(struct mp_grid *g)
{
    for (int i = 0; i < g->n; i++) {
        for (int k = 0; k < g->sets[i].n; k++)
            free(g->sets[i].values[k]);
        free(g->sets[i].values);
        free(g->sets[i].name);
    }
    free(g->sets);
    memset(g, 0, sizeof *g);
}

/* ------------------------------------------------------------ combinations */

void mp_grid_values(const struct mp_grid *g, uint64_t i, int *which)
{
    for (int k = g->n; k-- > 0; i /= (uint64_t)g->sets[k].n)
        which[k] = (int)(i % (uint64_t)g->sets[k].n);
}

int mp_grid_choose(struct mp_ctx *c, struct mp_grid *g, uint64_t i)
{
    for (int k = g->n; k-- > 0;) {
        const struct mp_grid_set *set = &g->sets[k];
        struct mp_setting *s = &set->line->settings[set->setting];
        char *value = strdup(set->values[i % (uint64_t)set->n]);
        if (value == NULL)
            return mp_no_memory(c, "a value");
        free(s->value);
        s->value = value;
        i /= (uint64_t)set->n;
    }
    return MP_OK;
}

void mp_grid_text(const struct mp_grid *g, uint64_t i, const char *word, char *text, size_t size)
{
    size_t at = 0;
    uint64_t rest = g->total;
    *text = '\0';
    for (int k = 0; k < g->n && at < size; k++) {
        const struct mp_grid_set *set = &g->sets[k];
        rest /= (uint64_t)set->n;
        at += (size_t)snprintf(text + at, size - at, "%s%s%s=%s", at > 0 ? " " : "", word,
                               set->name, set->values[i / rest % (uint64_t)set->n]);
    }
}

static int ascending(const void *a, const void *b)
{
    const uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return p < q ? -1 : p > q;
}

/* Floyd's method: for j = total - n .. total - 1 a number up to j is drawn; if it is in the
 * sample already, j itself goes in.  Every sample of n is as likely as any other. */
int mp_grid_draw(struct mp_ctx *c, const struct mp_grid *g, int n, uint64_t seed, uint64_t *out)
{
    if (n < 0 || (uint64_t)n > g->total)
        return mp_fail(c, "%d of %llu combinations cannot be drawn", n,
                       (unsigned long long)g->total);
    for (int k = 0; k < n; k++) {
        const uint64_t j = g->total - (uint64_t)n + (uint64_t)k;
        out[k] = mp_random_at(seed, DRAW, (uint64_t)k, 0) % (j + 1);
        for (int i = 0; i < k; i++)
            if (out[i] == out[k]) {
                out[k] = j;
                break;
            }
    }
    qsort(out, (size_t)n, sizeof *out, ascending);
    return MP_OK;
}
