/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy_head.c - how an array of NumPy begins, and its texts.
 * Reference: numpy.lib.format, versions 1 to 3. */
#include "formats/npy_head.h"
#include "core/ctx.h"
#include "formats/input.h"
#include <ctype.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t mp_npy_head(unsigned char head[MP_NPY_HEAD], const char *type, const uint64_t *dims,
                   int n_dims)
{
    const char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    char *text = (char *)head + 10;
    const size_t size = MP_NPY_HEAD - 10;
    int n = snprintf(text, size, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                     strcmp(type, "u1") == 0 ? '|' : order, type);
    for (int i = 0; i < n_dims; i++)
        n += snprintf(text + n, size - (size_t)n, i == 0 ? "%llu," : i == 1 ? " %llu" : ", %llu",
                      (unsigned long long)dims[i]);
    n += snprintf(text + n, size - (size_t)n, "), }");

    const size_t whole = (10 + (size_t)n + 1 + 63) / 64 * 64;
    memset(text + n, ' ', whole - 10 - (size_t)n);
    head[whole - 1] = '\n';
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = (unsigned char)(whole - 10);
    head[9] = (unsigned char)((whole - 10) >> 8);
    return whole;
}

/* -------------------------------------------------------------------- texts */

void mp_npy_text(const char *text, uint32_t *to, size_t n)
{
    size_t i = 0;
    for (; i < n && *text != '\0'; text = g_utf8_next_char(text))
        to[i++] = g_utf8_get_char(text);
    memset(to + i, 0, (n - i) * sizeof *to);
}

static unsigned longest_name(const struct mp_table_writer *w)
{
    unsigned longest = 1;
    for (int k = 0; k < w->t.n_classes; k++) {
        const unsigned n = (unsigned)g_utf8_strlen(w->t.classes[k], -1);
        longest = n > longest ? n : longest;
    }
    return longest;
}

size_t mp_npy_label_type(const struct mp_table_writer *w, char type[16])
{
    const unsigned letters = longest_name(w);
    if (w->numbered)
        snprintf(type, 16, "i8");
    else
        snprintf(type, 16, "U%u", letters);
    return w->numbered ? sizeof(int64_t) : letters * sizeof(uint32_t);
}

void mp_npy_label(const struct mp_table_writer *w, int label, uint32_t item[MP_NPY_LABEL])
{
    const int64_t number = mp_table_label(w, label);
    if (w->numbered)
        memcpy(item, &number, sizeof number);
    else
        mp_npy_text(w->t.classes[label], item, MP_NPY_LABEL);
}

/* ------------------------------------------------------------------ reading */

enum { LONGEST_HEAD = 1 << 16 };
static const char magic[] = "\x93NUMPY";

bool mp_npy_looks(const uint8_t *p, size_t n)
{
    return n >= MP_NPY_MAGIC && memcmp(p, magic, MP_NPY_MAGIC) == 0;
}

/* What stands behind 'KEY': in the text of a dictionary, which ends with a 0; NULL: nothing. */
static const char *value_of(const char *text, const char *key)
{
    const size_t n = strlen(key);
    for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key)) {
        const char *end = at + n + 1;
        if (at == text || (at[-1] != '\'' && at[-1] != '"') || at[n] != at[-1])
            continue;
        end += strspn(end, " ");
        if (*end == ':')
            return end + 1 + strspn(end + 1, " ");
    }
    return NULL;
}

/* The array may be a file, or FILE:KEY.npy, a member of an archive. */
static int objects(struct mp_input *in)
{
    const char *colon = strrchr(in->name, ':'), *dot = strrchr(in->name, '.');
    const bool member = colon != NULL && dot > colon;
    char key[300] = "";
    if (member)
        snprintf(key, sizeof key, "[\"%.*s\"]", (int)(dot - colon - 1), colon + 1);
    return mp_fail(in->c, "%s: is an array of Python objects (pickle), which is not read; in "
                   "Python: np.save(\"new.npy\", np.stack(list(np.load(\"%.*s\", "
                   "allow_pickle=True)%s)))", in->name,
                   member ? (int)(colon - in->name) : (int)strlen(in->name), in->name, key);
}

/* '<f4', '|u1', '>i8' ... */
static int take_type(struct mp_input *in, const char *at, struct mp_array *a)
{
    char order = 0, kind = 0, quote = 0, end = 0;
    unsigned long size = 0;
    if (*at == '[')
        return mp_fail(in->c, "%s: is an array of records; save its columns as arrays of numbers",
                       in->name);
    if (sscanf(at, "%c%c%c%8lu%c", &quote, &order, &kind, &size, &end) != 5 || end != quote)
        size = 0;
    if (strchr("|<>=", order) != NULL && kind == 'O')
        return objects(in);
    const bool number = (kind == 'f' && (size == 2 || size == 4 || size == 8)) ||
                        ((kind == 'u' || kind == 'i') &&
                         (size == 1 || size == 2 || size == 4 || size == 8)) ||
                        (kind == 'b' && size == 1);
    const bool text = (kind == 'S' || kind == 'U') && size > 0 && size <= 1024;
    if (order == 0 || strchr("|<>=", order) == NULL || (!number && !text))
        return mp_fail(in->c, "%s: found values of type %.*s, expected numbers such as \"|u1\" or "
                       "\"<f4\"", in->name, (int)strcspn(at, ","), at);
    a->kind = kind;
    a->size = kind == 'U' ? 4 * size : size;
    a->high = order == '>' || (order == '=' && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
    return MP_OK;
}

/* (60000, 28, 28) */
static int take_shape(struct mp_input *in, const char *at, struct mp_array *a)
{
    const char *from = at;
    bool good = *at++ == '(';
    for (; good; a->n_dims++) {
        char *end;
        at += strspn(at, " ");
        if (*at == ')')
            return MP_OK;
        good = isdigit((unsigned char)*at) && a->n_dims < MP_ARRAY_DIMS;
        if (good)
            a->dim[a->n_dims] = strtoull(at, &end, 10);
        at = good ? end + strspn(end, " L") : at;
        good = good && (*at == ',' || *at == ')');
        at += good && *at == ',';
    }
    return mp_fail(in->c, "%s: found the shape %.*s, expected up to %d dimensions", in->name,
                   (int)strcspn(from, "\n}"), from, MP_ARRAY_DIMS);
}

static int take_head(struct mp_input *in, char *text, struct mp_array *a)
{
    const char *type = value_of(text, "descr"), *order = value_of(text, "fortran_order"),
               *shape = value_of(text, "shape");
    if (type == NULL || order == NULL || shape == NULL)
        return mp_fail(in->c, "%s: is damaged: the head of the NumPy array does not say descr, "
                       "fortran_order and shape", in->name);
    a->fortran = strncmp(order, "True", 4) == 0;
    return take_type(in, type, a) < 0 ? -1 : take_shape(in, shape, a);
}

int mp_npy_read_head(struct mp_input *in, struct mp_array *a)
{
    *a = (struct mp_array){ .n_dims = 0 };
    if (mp_input_fill(in, MP_NPY_MAGIC + 6) < 0)
        return -1;
    const uint8_t *p = in->buf + in->at;
    const size_t have = in->n - in->at;
    if (!mp_npy_looks(p, have))
        return mp_fail(in->c, "%s: is no NumPy array", in->name);
    const bool wide = have >= 12 && p[6] > 1;
    const size_t front = wide ? 12 : 10;
    if (have >= 8 && (p[6] < 1 || p[6] > 3))
        return mp_fail(in->c, "%s: found a NumPy array of version %d, expected 1 to 3", in->name,
                       p[6]);
    const size_t length = have < front ? LONGEST_HEAD : (size_t)p[8] | (size_t)p[9] << 8 |
                          (wide ? (size_t)p[10] << 16 | (size_t)p[11] << 24 : 0);
    if (have >= front && length >= LONGEST_HEAD)
        return mp_fail(in->c, "%s: found a head of %zu bytes, expected less than %d", in->name,
                       length, LONGEST_HEAD);
    if (mp_input_fill(in, front + length) < 0)
        return -1;
    if (in->n - in->at < front + length)
        return mp_fail(in->c, "%s: the file ends within the head of the NumPy array", in->name);
    char *text = mp_alloc(in->c, length + 1, 1);
    if (text == NULL)
        return -1;
    memcpy(text, in->buf + in->at + front, length);
    in->at += front + length;
    const int rc = take_head(in, text, a);
    free(text);
    return rc;
}
