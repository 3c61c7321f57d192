/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wrong.c - the rows that were taken for another class, each as a picture. */
#include "pages/wrong.h"
#include "image/picture.h"
#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 60 }; /* bytes of a name's part */

/* What a file's name may have of a text. */
static void put_part(GString *name, const char *text)
{
    const gsize before = name->len;
    for (const char *at = text; *at != '\0' && name->len - before < LONGEST - 6;
         at = g_utf8_next_char(at)) {
        const gunichar letter = g_utf8_get_char(at);
        const bool kept = g_unichar_isalnum(letter) || letter == '-' ||
                          (letter == '.' && name->len > 0);
        g_string_append_unichar(name, kept ? letter : '_');
    }
}

/* Names that differ only in what is not kept, or behind what is, get the row's number. */
static char *name_of(const char *folder, const struct mp_predicted *in, size_t i, size_t input,
                     const char *predicted, GHashTable *taken)
{
    char row[64];
    GString *name = g_string_new("");
    put_part(name, mp_data_class(in->d, i));
    g_string_append(name, "_as_");
    put_part(name, predicted);
    if (input > 0)
        g_string_append_printf(name, "_input_%zu", input);
    mp_data_row_name(in->d, i, row, sizeof row);
    g_string_append_c(name, '_');
    put_part(name, row);
    g_string_prepend_c(name, '/');
    g_string_prepend(name, folder);
    const gsize stem = name->len;
    g_string_append(name, ".png");
    if (g_hash_table_contains(taken, name->str)) {
        g_snprintf(row, sizeof row, "_%zu", i);
        g_string_insert(name, (gssize)stem, row);
    }
    g_hash_table_add(taken, g_strdup(name->str));
    return g_string_free(name, FALSE);
}

int mp_row_picture(struct mp_ctx *c, const char *path, const struct mp_data *d, size_t i)
{
    const size_t len = mp_len(d->shape);
    struct mp_picture p;
    struct mp_output o;
    uint8_t *png = NULL;
    size_t n = 0;
    if (mp_picture_open(c, &p, d->shape.h, d->shape.w, d->shape.c, 0) < 0)
        return -1;
    memcpy(p.px, d->x + i * len, len);
    int rc = mp_picture_png(c, &p, &png, &n);
    mp_picture_close(&p);
    if (rc == MP_OK && (rc = mp_output_open(c, &o, path)) == MP_OK) {
        fwrite(png, 1, n, o.f);
        rc = mp_output_commit(c, &o);
    }
    free(png);
    return rc;
}

static int write_all(struct mp_ctx *c, const char *folder, const struct mp_predicted *in, size_t n,
                     const struct mp_names *classes, GHashTable *taken, size_t *written)
{
    for (size_t part = 0; part < n; part++, in++)
        for (size_t i = 0; i < in->p->n && in->d->label != NULL; i++) {
            const char *predicted = mp_names_at(classes, (size_t)in->p->predicted[i]);
            if (strcmp(predicted, mp_data_class(in->d, i)) == 0)
                continue;
            char *path = name_of(folder, in, i, n > 1 ? part + 1 : 0, predicted, taken);
            const int rc = mp_row_picture(c, path, in->d, i);
            g_free(path);
            if (rc < 0)
                return -1;
            ++*written;
        }
    return MP_OK;
}

int mp_wrong_pictures(struct mp_ctx *c, const char *folder, const struct mp_predicted *in,
                      size_t n, const struct mp_names *classes, size_t *written)
{
    struct mp_folder held;
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int rc = mp_folder_hold(c, &held, folder);
    *written = 0;
    if (rc == MP_OK)
        rc = write_all(c, folder, in, n, classes, taken, written);
    mp_folder_release(&held);
    g_hash_table_destroy(taken);
    return rc;
}
