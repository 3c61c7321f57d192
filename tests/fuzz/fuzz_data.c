/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_data.c - the readers of data sets, fed with anything.
 *
 * The first byte chooses: bit 0, the rest is the body of an IDX images file
 * (otherwise the file as it is: CSV, gzip, IDX); bit 1, a size of 2x3 is given; bits 2
 * and 3, where the labels are; bit 4, that full ink is 16.
 * What is read must then hold together.
 */
#include "core/ctx.h"
#include "data/data.h"
#include "formats/read.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void look_at(struct mp_ctx *c, const struct mp_data *d)
{
    char name[40];
    const size_t rows[] = { d->n - 1, 0 };
    struct mp_data part;
    if (d->n == 0 || d->shape.h < 1 || d->shape.w < 1 ||
        (d->shape.c != 1 && d->shape.c != 3))
        abort();
    mp_data_row_name(d, d->n - 1, name, sizeof name);
    if (mp_data_pick(c, d, rows, 2, &part) < 0 || part.x[0] != d->x[(d->n - 1) * mp_len(d->shape)])
        abort();
    mp_data_free(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const uint8_t magic[] = { 0, 0, 8, 3 };
    if (n == 0)
        return 0;
    const bool idx = bytes[0] & 1;
    static const char *const labels[] = { "", "last", "2", "target" };
    const struct mp_form form = {
        .size = bytes[0] & 2 ? (struct mp_shape){ 2, 3, 1 } : (struct mp_shape){ 0, 0, 0 },
        .label = labels[bytes[0] >> 2 & 3],
        .range = { 0, bytes[0] & 16 ? 16 : 255 },
    };
    const size_t front = idx ? sizeof magic : 0;
    uint8_t *file = malloc(front + n);
    if (file == NULL)
        return 0;
    memcpy(file, magic, front);
    memcpy(file + front, bytes + 1, n - 1);

    struct mp_run run = { .quiet = true };
    struct mp_ctx c;
    struct mp_data d;
    mp_ctx_init(&c, &run);
    if (mp_data_read_memory(&c, "input", file, front + n - 1, &form, &d) == MP_OK)
        look_at(&c, &d);
    else if (c.msg[0] == '\0' || strchr(c.msg, '\n') != NULL || d.x != NULL)
        abort(); /* a failure is one line, and leaves nothing behind */
    mp_data_free(&d);
    mp_ctx_free(&c);
    free(file);
    return 0;
}
