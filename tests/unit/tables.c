/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tables.c - one table, as pandas, NumPy, scikit-learn and others write it, is read the same:
 * the files of tests/tables, which tests/oracle/tables.py made.  Those called blind... have no
 * labels.  SOURCE: the folder of the sources (default .). */
#include "../tap.h"
#include "core/ctx.h"
#include "formats/read.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 12, PIXELS = 25, FEWEST = 40 };

struct truth {
    int label[ROWS], pixel[ROWS][PIXELS];
};

static void load(const char *folder, struct truth *t)
{
    char path[600];
    snprintf(path, sizeof path, "%s/truth.txt", folder);
    FILE *f = fopen(path, "r");
    int got = 0;
    for (int i = 0; f != NULL && i < ROWS; i++)
        for (int j = -1; j < PIXELS; j++)
            got += fscanf(f, "%d", j < 0 ? &t->label[i] : &t->pixel[i][j]);
    if (f == NULL || got != ROWS * (PIXELS + 1))
        abort();
    fclose(f);
}

static bool same(const struct mp_data *d, const struct truth *t, bool blind)
{
    size_t wrong = d->n != ROWS || mp_len(d->shape) != PIXELS || (d->label == NULL) != blind;
    for (size_t i = 0; wrong == 0 && i < ROWS; i++) {
        wrong += !blind && atoi(mp_data_class(d, i)) != t->label[i];
        for (size_t j = 0; j < PIXELS; j++)
            wrong += d->x[i * PIXELS + j] != t->pixel[i][j];
    }
    return wrong == 0;
}

static void check(struct tap *tap, const char *folder, const char *file, const struct truth *t)
{
    struct mp_run run = { .threads = 2, .quiet = true };
    struct mp_ctx c;
    struct mp_data d;
    char path[600];
    mp_ctx_init(&c, &run);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    const int rc = mp_data_read(&c, path, NULL, &(struct mp_form){ .label = "" }, &d);
    if (!tap_ok(tap, rc == MP_OK && same(&d, t, strncmp(file, "blind", 5) == 0), "%s", file))
        printf("# %s\n", rc < 0 ? c.msg : "other rows");
    mp_data_free(&d);
    mp_ctx_free(&c);
}

int main(void)
{
    const char *source = getenv("SOURCE");
    struct tap tap = { 0 };
    struct truth t;
    struct dirent **file;
    char folder[300];
    size_t files = 0;
    snprintf(folder, sizeof folder, "%s/tests/tables", source != NULL ? source : ".");
    load(folder, &t);
    const int n = scandir(folder, &file, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (file[i]->d_name[0] != '.' && strcmp(file[i]->d_name, "truth.txt") != 0) {
            check(&tap, folder, file[i]->d_name, &t);
            files++;
        }
        free(file[i]);
    }
    free(file);
    tap_ok(&tap, files >= FEWEST, "%zu files", files);
    return tap_end(&tap);
}
