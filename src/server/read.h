/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.h - a page with handwritten digits comes in, its lines of digits go out. */
#ifndef MP_SERVER_READ_H
#define MP_SERVER_READ_H
#include "server/answer.h"
#include "server/shelf.h"

/* Answers POST /read. */
void mp_answer_read(struct mp_served *h, const struct mp_request *q, size_t most_pixels,
                    struct mp_answer *a);
#endif
