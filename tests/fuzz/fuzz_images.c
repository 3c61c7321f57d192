/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_images.c - JSON with images, as clients of `serve` send it: what is taken for images is
 * images, and what is not is said. */
#include "core/ctx.h"
#include "server/images.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mp_shape shapes[] = { { 2, 3, 1 }, { 2, 2, 3 }, { 1, 1, 1 } };
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (int i = 0; i < 3; i++) {
        struct mp_images m = { .at = NULL };
        struct mp_ctx c;
        mp_ctx_init(&c, NULL);
        const int rc = mp_images_read(&c, text, size, shapes[i], &m);
        if ((rc == MP_OK) != (c.msg[0] == '\0') ||
            (rc == MP_OK && (m.n == 0 || m.n * mp_len(shapes[i]) > m.room)))
            abort();
        free(m.at);
        mp_ctx_free(&c);
    }
    free(text);
    return 0;
}
