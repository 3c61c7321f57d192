/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trees.h - trees of questions "is value f above this edge?", grown and asked.
 *
 * The two nodes below one lie side by side and behind it.  A leaf is a node whose answer leads to
 * itself, so that rows can go down side by side without asking who has arrived. */
#ifndef MP_TREES_H
#define MP_TREES_H
#include "core/stage.h"

struct mp_node {
    uint32_t value; /* number of the value that is asked for; 0 of a leaf */
    uint32_t below; /* where it goes if not above the edge; one further if it is */
    float edge;     /* INFINITY of a leaf */
    union {
        uint32_t leaf; /* what the model has there */
        float score;
    } has;
};

/* One that grows. */
struct mp_tree {
    struct mp_node *node;
    uint32_t n, room;
};

/* Trees one after another. */
struct mp_trees {
    uint64_t n, nodes;
    uint32_t *root;       /* of each tree, and where the last ends */
    struct mp_node *node;
};

/* A tree of one leaf; a leaf gets two below it, *below and the next. */
int mp_tree_begin(struct mp_ctx *c, struct mp_tree *t);
int mp_tree_split(struct mp_ctx *c, struct mp_tree *t, uint32_t leaf, size_t value, float edge,
                  uint32_t *below);

static inline bool mp_is_leaf(const struct mp_node *node, uint32_t i)
{
    return node[i].below == i;
}

/* Puts n trees behind those that are there, and frees them. */
int mp_trees_add(struct mp_ctx *c, struct mp_trees *all, struct mp_tree *some, size_t n);
void mp_trees_free(struct mp_trees *t);

/* Saves and loads; what is loaded asks for values below d and comes to an end. */
int mp_trees_io(struct mp_io *io, struct mp_trees *t, uint64_t d);

/* Where each of n rows of d values ends in a tree. */
void mp_trees_walk(const struct mp_trees *t, size_t tree, const float *x, size_t n, size_t d,
                   uint32_t *end);
#endif
