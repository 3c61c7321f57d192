/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predict.h - images come in, what a bundle takes them for goes out. */
#ifndef MP_SERVER_PREDICT_H
#define MP_SERVER_PREDICT_H
#include "server/answer.h"
#include "server/shelf.h"

/* Answers POST /predict.  most_pixels: of a picture. */
void mp_answer_predict(struct mp_served *h, const struct mp_request *q, size_t most_pixels,
                       struct mp_answer *a);
#endif
