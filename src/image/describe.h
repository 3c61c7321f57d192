/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe.h - what features share that tell of an image a channel at a time.
 *
 * Of an image with several channels the values of each come one channel after another, and
 * their names end in the channel's number: "zoning[y=1,x=2,c=0]". */
#ifndef MP_DESCRIBE_H
#define MP_DESCRIBE_H
#include "core/stage.h"

/* For shape(): `each` values of each channel.  Fails where they are more than an int counts. */
int mp_described(struct mp_ctx *c, struct mp_shape in, double each, struct mp_shape *out);

/* Makes the values of one plane of in.h x in.w pixels; `work` is as apply() made it. */
typedef void mp_describe(void *work, const float *plane, float *to);

/* For apply(): calls it for every channel of every row. */
int mp_describe_planes(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
                       mp_describe *describe, void *work);

/* For label(): of value i of an image with `each` values a channel, the channel and the value
 * within it; then the name, fmt giving "zoning[y=1,x=2" of it. */
struct mp_described {
    size_t channel, i;
};
static inline struct mp_described mp_which(size_t i, size_t each)
{
    return (struct mp_described){ i / each, i % each };
}
void mp_describe_name(char *text, size_t size, struct mp_shape in, size_t channel,
                      const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Ink and paper, for what counts or follows strokes. */
#define MP_LEVEL_PARAM                                      \
    MP_PARAM(level, .def = "0.5", .min = 0, .max = 1,       \
             .doc = "pixels above this are ink")

/* 1 for ink, else 0, in a frame of paper one pixel wide: (h + 2) x (w + 2) bytes. */
void mp_ink(const float *plane, int h, int w, double level, uint8_t *to);
static inline size_t mp_ink_size(struct mp_shape s)
{
    return ((size_t)s.h + 2) * ((size_t)s.w + 2);
}

/* The frame's room, in scratch; NULL as mp_scratch() says it. */
uint8_t *mp_ink_room(struct mp_ctx *c, struct mp_shape s);
#endif
