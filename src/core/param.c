/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param.c - parameters: from text to the fields of a struct, and back. */
#include "core/param.h"
#include "text/glossary.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct mp_param *mp_param_find(const struct mp_param *table, const char *name)
{
    for (const struct mp_param *p = table; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

bool mp_param_takes_word(const struct mp_param *p)
{
    return p->choices != NULL || p->choice != NULL;
}

const char *mp_param_choice(const struct mp_param *p, int i, size_t *n)
{
    const char *word = p->choice != NULL ? p->choice(i) : p->choices;
    for (; p->choice == NULL && word != NULL && i > 0; i--) {
        word = strchr(word, '|');
        word = word != NULL ? word + 1 : NULL;
    }
    *n = word != NULL ? strcspn(word, "|") : 0;
    return word;
}

/* "clamp|zero" */
static void all_choices(const struct mp_param *p, char *text, size_t size)
{
    const char *word;
    size_t n, at = 0;
    *text = '\0';
    for (int i = 0; (word = mp_param_choice(p, i, &n)) != NULL && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%.*s", i > 0 ? "|" : "", (int)n, word);
}

void mp_param_range(const struct mp_param *p, char *text, size_t size)
{
    const char *unit = p->unit != NULL ? p->unit : "", *space = *unit ? " " : "";
    if (mp_param_takes_word(p))
        all_choices(p, text, size);
    else if (p->type == MP_BOOL)
        snprintf(text, size, "yes|no");
    else if (p->type == MP_TEXT)
        snprintf(text, size, "%s", *unit ? unit : "text");
    else if (!isfinite(p->min) && !isfinite(p->max))
        snprintf(text, size, "number%s%s", space, unit);
    else
        snprintf(text, size, "%s %.10g..%.10g%s%s",
                 p->type == MP_INT ? "whole number" : "number", p->min, p->max, space, unit);
}

static int set_choice(struct mp_ctx *c, const struct mp_param *p, const char *value, int *at)
{
    const char *word;
    size_t n;
    for (int i = 0; (word = mp_param_choice(p, i, &n)) != NULL; i++)
        if (strlen(value) == n && strncmp(word, value, n) == 0) {
            *at = i;
            return MP_OK;
        }
    char all[512];
    all_choices(p, all, sizeof all);
    return mp_fail(c, "%s=%s: must be one of %s", p->name, value, all);
}

static int set_text(struct mp_ctx *c, const struct mp_param *p, const char *value, char **at)
{
    const size_t had = p->repeat && *at != NULL && **at ? strlen(*at) + 1 : 0;
    char *text = mp_alloc(c, had + strlen(value) + 1, 1);
    if (text == NULL)
        return -1;
    if (had > 0)
        snprintf(text, had + 1, "%s\n", *at);
    memcpy(text + had, value, strlen(value) + 1);
    free(*at);
    *at = text;
    return MP_OK;
}

/* Whole numbers may be written 1000, 1000.0 or 1e3. */
static bool read_number(const struct mp_param *p, const char *value, double *x)
{
    char *end = NULL;
    *x = strtod(value, &end);
    if (end == value || *end != '\0')
        return false;
    if (p->type != MP_INT)
        return true;
    return value[strspn(value, " \t+-0123456789.eE")] == '\0' && (isinf(*x) || *x == floor(*x));
}

static int set_number(struct mp_ctx *c, const struct mp_param *p, const char *value, char *at)
{
    char range[128];
    double x;
    mp_param_range(p, range, sizeof range);
    if (!read_number(p, value, &x))
        return mp_fail(c, "%s=%s: not a %s (%s)", p->name, value,
                       p->type == MP_INT ? "whole number" : "number", range);
    if (!isfinite(x) || x < p->min || x > p->max)
        return mp_fail(c, "%s=%s: out of range (%s)", p->name, value, range);
    if (p->type == MP_INT) {
        const int i = (int)x;
        memcpy(at, &i, sizeof i);
    } else {
        memcpy(at, &x, sizeof x);
    }
    return MP_OK;
}

static int set_field(struct mp_ctx *c, const struct mp_param *p, void *params, const char *value)
{
    char *at = (char *)params + p->offset;
    if (mp_param_takes_word(p))
        return set_choice(c, p, value, (int *)(void *)at);
    if (p->type == MP_TEXT)
        return set_text(c, p, value, (char **)(void *)at);
    if (p->type == MP_BOOL) {
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
            return mp_fail(c, "%s=%s: must be yes or no", p->name, value);
        *(bool *)at = *value == 'y';
        return MP_OK;
    }
    return set_number(c, p, value, at);
}

int mp_params_default(struct mp_ctx *c, const struct mp_param *table, void *params, size_t size)
{
    if (size > 0)
        memset(params, 0, size);
    for (const struct mp_param *p = table; p != NULL && p->name != NULL; p++)
        if (p->def != NULL && set_field(c, p, params, p->def) < 0)
            return -1;
    return MP_OK;
}

static const char *param_name(const void *table, int i)
{
    return ((const struct mp_param *)table)[i].name;
}

/* Levenshtein's distance, for names of up to 31 letters. */
static int distance(const char *a, const char *b)
{
    int row[32];
    const int m = (int)strlen(b);
    if (strlen(a) > 31 || m > 31)
        return 99;
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; a[i - 1] != '\0'; i++) {
        int corner = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            const int swap = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            int best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = swap < best ? swap : best;
        }
    }
    return row[m];
}

/* "cells=4" of a word's parameter, where "cell" takes a number: the latter. */
static const struct mp_param *meant_instead(const struct mp_param *table, const struct mp_param *p,
                                            const char *value)
{
    char *end;
    strtod(value, &end);
    if (!mp_param_takes_word(p) || end == value || *end != '\0')
        return NULL;
    for (const struct mp_param *q = table; q->name != NULL; q++)
        if (!mp_param_takes_word(q) && (q->type == MP_INT || q->type == MP_REAL) &&
            distance(p->name, q->name) <= 2)
            return q;
    return NULL;
}

int mp_params_set(struct mp_ctx *c, const struct mp_param *table, void *params,
                  const char *name, const char *value)
{
    const struct mp_param *p = mp_param_find(table, name);
    const struct mp_param *meant = p != NULL ? meant_instead(table, p, value) : NULL;
    char all[512] = "";
    if (meant != NULL) {
        all_choices(p, all, sizeof all);
        return mp_fail(c, "%s=%s: must be one of %s; did you mean %s=%s?", name, value, all,
                       meant->name, value);
    }
    if (p != NULL)
        return set_field(c, p, params, value);
    if (strcmp(name, "kernel") == 0 && mp_known_elsewhere(value) != NULL)
        return mp_fail(c, "no parameter \"%s\"; %s", name, mp_known_elsewhere(value));
    if (table == NULL || table->name == NULL)
        return mp_fail(c, "no parameter \"%s\"; it takes none", name);
    for (const struct mp_param *q = table; q->name != NULL; q++)
        snprintf(all + strlen(all), sizeof all - strlen(all), " %s", q->name);
    const char *near = mp_nearest(name, param_name, table);
    return mp_fail(c, "no parameter \"%s\"; %s%s%sit takes:%s", name, near ? "did you mean \"" : "",
                   near ? near : "", near ? "\"? " : "", all);
}

/* The shortest of %.6g .. %.17g that reads back as the same number. */
static void real_text(double x, char *text, size_t size)
{
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
}

void mp_param_text(const struct mp_param *p, const void *params, char *text, size_t size)
{
    const char *at = (const char *)params + p->offset;
    if (mp_param_takes_word(p)) {
        size_t n;
        const char *word = mp_param_choice(p, *(const int *)(const void *)at, &n);
        snprintf(text, size, "%.*s", (int)n, word != NULL ? word : "");
    } else if (p->type == MP_TEXT) {
        const char *value = *(char *const *)(const void *)at;
        snprintf(text, size, "%s", value != NULL ? value : "");
    } else if (p->type == MP_BOOL) {
        snprintf(text, size, "%s", *(const bool *)at ? "yes" : "no");
    } else if (p->type == MP_INT) {
        snprintf(text, size, "%d", *(const int *)(const void *)at);
    } else {
        real_text(*(const double *)(const void *)at, text, size);
    }
}

void mp_params_free(const struct mp_param *table, void *params)
{
    for (const struct mp_param *p = table; p != NULL && p->name != NULL && params != NULL; p++)
        if (p->type == MP_TEXT && !mp_param_takes_word(p)) {
            char **at = (char **)(void *)((char *)params + p->offset);
            free(*at);
            *at = NULL;
        }
}

/* Whether one of several parts of `wrong` is that name, be it singular or plural: "class_weight"
 * has weights. */
static bool has_part(const char *wrong, const char *name)
{
    static const char between[] = "_-. ";
    const size_t n = strlen(name), least = 3;
    for (size_t k; *wrong != '\0'; wrong += k + (wrong[k] != '\0')) {
        k = strcspn(wrong, between);
        const bool same = strncasecmp(wrong, name, k < n ? k : n) == 0;
        if (same && k >= least && (k == n || (k + 1 == n && name[k] == 's') ||
                                   (n + 1 == k && wrong[n] == 's')))
            return true;
    }
    return false;
}

const char *mp_nearest(const char *wrong, const char *(*next)(const void *arg, int i),
                       const void *arg)
{
    const char *best = NULL;
    /* Up to a third of the letters may be wrong, two at least. */
    int least = (int)strlen(wrong) / 3 > 2 ? (int)strlen(wrong) / 3 + 1 : 3;
    for (int i = 0; next(arg, i) != NULL; i++) {
        if (strcasecmp(wrong, next(arg, i)) == 0)
            return next(arg, i);
        const int d = distance(wrong, next(arg, i));
        if (d < least && d < (int)strlen(next(arg, i))) {
            least = d;
            best = next(arg, i);
        }
    }
    for (int i = 0; best == NULL && next(arg, i) != NULL; i++)
        best = has_part(wrong, next(arg, i)) ? next(arg, i) : NULL;
    return best;
}
