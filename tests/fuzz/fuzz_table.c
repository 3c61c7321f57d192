/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_table.c - tables in text, fed with anything: CSV and its kin, libsvm, ARFF.
 *
 * The first byte chooses: bit 0, a size of 2x3 is given; bits 1 and 2, where the labels are; bit
 * 3, columns to leave out; bit 4, a range; bits 5 to 7, how many more labels than one a file has to
 * hold.  The laws: what is read holds together, and is read again from the same text in UTF-16; a
 * failure is one line and leaves nothing behind.
 */
#include "core/ctx.h"
#include "data/data.h"
#include "files/archive.h"
#include "formats/csv_labels.h"
#include "formats/input.h"
#include "formats/read.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_failure(const struct mp_ctx *c, const struct mp_data *d)
{
    if (c->msg[0] == '\0' || strchr(c->msg, '\n') != NULL || d->x != NULL)
        abort();
}

static bool read_text(struct mp_ctx *c, const uint8_t *text, size_t n, const struct mp_form *form,
                      struct mp_data *d)
{
    if (mp_data_read_memory(c, "input", text, n, form, d) < 0) {
        check_failure(c, d);
        return false;
    }
    if (d->n == 0 || d->shape.h < 1 || d->shape.w < 1)
        abort();
    return true;
}

/* The same text in two bytes a character. */
static void read_wide(struct mp_ctx *c, const uint8_t *text, size_t n, const struct mp_form *form,
                      const struct mp_data *d)
{
    uint8_t *wide = malloc(2 * n + 2);
    struct mp_data again;
    if (wide == NULL)
        return;
    wide[0] = 0xfe;
    wide[1] = 0xff;
    for (size_t i = 0; i < n; i++) {
        wide[2 * i + 2] = 0;
        wide[2 * i + 3] = text[i];
    }
    if (!read_text(c, wide, 2 * n + 2, form, &again) || again.n != d->n || again.crc != d->crc)
        abort();
    mp_data_free(&again);
    free(wide);
}

/* As a file of labels alone, beside images that were read before. */
static void read_labels(struct mp_ctx *c, const uint8_t *text, size_t n, size_t rows)
{
    struct mp_data d = { .n = rows, .name = mp_data_name(c, "images") };
    struct mp_input in;
    if (d.name != NULL && mp_input_open_memory(c, &in, "input", text, n) == MP_OK) {
        if (mp_csv_labels(&in, &d) == MP_OK && (d.label == NULL || d.classes.n == 0))
            abort();
        mp_input_close(&in);
    }
    mp_data_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const labels[] = { "", "last", "2", "target" };
    if (n < 2)
        return 0;
    const struct mp_form form = {
        .size = bytes[0] & 1 ? (struct mp_shape){ 2, 3, 1 } : (struct mp_shape){ 0, 0, 0 },
        .label = labels[bytes[0] >> 1 & 3],
        .ignore = bytes[0] & 8 ? "set,3" : NULL,
        .range = { 0, bytes[0] & 16 ? 16 : 0 },
    };
    struct mp_run run = { .quiet = true };
    struct mp_ctx c;
    struct mp_data d;
    bool ascii = mp_packing(bytes + 1, n - 1, NULL) == MP_UNPACKED;
    for (size_t i = 1; i < n; i++)
        ascii = ascii && bytes[i] > 0 && bytes[i] < 128;
    mp_ctx_init(&c, &run);
    if (read_text(&c, bytes + 1, n - 1, &form, &d)) {
        if (ascii)
            read_wide(&c, bytes + 1, n - 1, &form, &d);
        mp_data_free(&d);
    }
    mp_ctx_free(&c);
    mp_ctx_init(&c, &run);
    read_labels(&c, bytes + 1, n - 1, 1 + (bytes[0] >> 5));
    mp_ctx_free(&c);
    return 0;
}
