/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trees.c - trees of questions, grown and asked. */
#include "trees/trees.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8 }; /* rows that go down side by side, so that memory is waited for once */

static void make_leaf(struct mp_node *node, uint32_t i)
{
    node[i] = (struct mp_node){ .below = i, .edge = INFINITY };
}

static int grow(struct mp_ctx *c, struct mp_tree *t, uint32_t room)
{
    struct mp_node *more = room > t->room ? realloc(t->node, room * sizeof *more) : NULL;
    if (more == NULL)
        return mp_fail(c, "no memory for a tree of %u nodes", room);
    t->node = more;
    t->room = room;
    return MP_OK;
}

int mp_tree_begin(struct mp_ctx *c, struct mp_tree *t)
{
    *t = (struct mp_tree){ 0 };
    if (grow(c, t, 64) < 0)
        return -1;
    make_leaf(t->node, 0);
    t->n = 1;
    return MP_OK;
}

int mp_tree_split(struct mp_ctx *c, struct mp_tree *t, uint32_t leaf, size_t value, float edge,
                  uint32_t *below)
{
    if (t->n + 2 > t->room && grow(c, t, 2 * t->room) < 0)
        return -1;
    t->node[leaf] = (struct mp_node){ .value = (uint32_t)value, .below = t->n, .edge = edge };
    make_leaf(t->node, t->n);
    make_leaf(t->node, t->n + 1);
    *below = t->n;
    t->n += 2;
    return MP_OK;
}

int mp_trees_add(struct mp_ctx *c, struct mp_trees *all, struct mp_tree *some, size_t n)
{
    size_t nodes = all->nodes;
    for (size_t i = 0; i < n; i++)
        nodes += some[i].n;
    if (nodes > UINT32_MAX)
        return mp_fail(c, "%zu nodes of trees; there may be %u: fewer trees, or a depth", nodes,
                       UINT32_MAX);
    struct mp_node *node = realloc(all->node, nodes * sizeof *node);
    all->node = node != NULL ? node : all->node;
    uint32_t *root = realloc(all->root, (all->n + n + 1) * sizeof *root);
    all->root = root != NULL ? root : all->root;
    if (node == NULL || root == NULL)
        return mp_fail(c, "no memory for %zu nodes of trees", nodes);
    for (size_t i = 0; i < n; i++) {
        const uint32_t at = (uint32_t)all->nodes;
        root[all->n++] = at;
        for (uint32_t j = 0; j < some[i].n; j++) {
            node[at + j] = some[i].node[j];
            node[at + j].below += at;
        }
        all->nodes += some[i].n;
        free(some[i].node);
        some[i] = (struct mp_tree){ 0 };
    }
    root[all->n] = (uint32_t)all->nodes;
    return MP_OK;
}

void mp_trees_free(struct mp_trees *t)
{
    free(t->root);
    free(t->node);
    *t = (struct mp_trees){ 0 };
}

/* ------------------------------------------------------------------ saving and loading */

/* Whole numbers, four bytes each, the lowest first; `step` apart in memory. */
static int io_whole(struct mp_io *io, const char *key, void *at, size_t step, size_t n)
{
    const bool loading = mp_io_loading(io);
    struct mp_ctx *c = mp_io_ctx(io);
    size_t size = mp_product(n, 4);
    unsigned char *bytes = loading ? NULL : mp_alloc(c, n, 4);
    if (!loading && bytes == NULL)
        return -1;
    for (size_t i = 0; i < n && !loading; i++) {
        uint32_t v;
        memcpy(&v, (char *)at + i * step, sizeof v);
        for (int k = 0; k < 4; k++)
            bytes[4 * i + (size_t)k] = (unsigned char)(v >> 8 * k);
    }
    int rc = mp_io_bytes(io, key, &bytes, &size);
    if (rc == MP_OK && loading && size != mp_product(n, 4))
        rc = mp_fail(c, "%s: %zu bytes of %zu numbers: damaged", key, size, n);
    for (size_t i = 0; i < n && loading && rc == MP_OK; i++) {
        uint32_t v = 0;
        for (int k = 0; k < 4; k++)
            v |= (uint32_t)bytes[4 * i + (size_t)k] << 8 * k;
        memcpy((char *)at + i * step, &v, sizeof v);
    }
    free(bytes);
    return rc;
}

/* Edges come first: by their number the others find room, which is there in the file. */
static int io_edges(struct mp_io *io, struct mp_trees *t, float **edge)
{
    if (!mp_io_loading(io) && (*edge = mp_alloc(mp_io_ctx(io), t->nodes, sizeof **edge)) == NULL)
        return -1;
    for (size_t i = 0; i < t->nodes && !mp_io_loading(io); i++)
        (*edge)[i] = mp_is_leaf(t->node, (uint32_t)i) ? 0 : t->node[i].edge;
    if (mp_io_f32s(io, "edge", edge, t->nodes) < 0)
        return -1;
    if (!mp_io_loading(io))
        return MP_OK;
    t->root = mp_alloc(mp_io_ctx(io), t->n + 1, sizeof *t->root);
    t->node = mp_alloc(mp_io_ctx(io), t->nodes, sizeof *t->node);
    return t->root != NULL && t->node != NULL ? MP_OK : -1;
}

/* Of what is loaded nothing is trusted. */
static int check(struct mp_ctx *c, const struct mp_trees *t, uint64_t d)
{
    bool good = t->root[0] == 0 && t->root[t->n] == t->nodes;
    for (size_t i = 0; i < t->n && good; i++) {
        const uint32_t end = t->root[i + 1];
        good = t->root[i] < end && end <= t->nodes;
        for (uint32_t j = t->root[i]; j < end && good; j++) {
            const struct mp_node *node = &t->node[j];
            good = node->value < d && !isnan(node->edge) &&
                   (node->below == j || (node->below > j && node->below < end - 1));
        }
    }
    return good ? MP_OK : mp_fail(c, "%llu trees of %llu nodes: damaged", (unsigned long long)t->n,
                                  (unsigned long long)t->nodes);
}

static int io_nodes(struct mp_io *io, struct mp_trees *t)
{
    const size_t step = sizeof *t->node;
    float *edge = NULL;
    int rc = io_edges(io, t, &edge);
    if (rc == MP_OK && (io_whole(io, "root", t->root, sizeof *t->root, t->n + 1) < 0 ||
                        io_whole(io, "value", &t->node->value, step, t->nodes) < 0 ||
                        io_whole(io, "below", &t->node->below, step, t->nodes) < 0 ||
                        io_whole(io, "leaf", &t->node->has, step, t->nodes) < 0))
        rc = -1;
    for (size_t i = 0; i < t->nodes && rc == MP_OK && mp_io_loading(io); i++)
        t->node[i].edge = mp_is_leaf(t->node, (uint32_t)i) ? INFINITY : edge[i];
    free(edge);
    return rc;
}

int mp_trees_io(struct mp_io *io, struct mp_trees *t, uint64_t d)
{
    struct mp_ctx *c = mp_io_ctx(io);
    if (mp_io_u64(io, "trees", &t->n) < 0 || mp_io_u64(io, "nodes", &t->nodes) < 0)
        return -1;
    if (t->n > t->nodes || t->nodes > UINT32_MAX || t->n == 0)
        return mp_fail(c, "%llu trees of %llu nodes: damaged", (unsigned long long)t->n,
                       (unsigned long long)t->nodes);
    if (io_nodes(io, t) < 0)
        return -1;
    return mp_io_loading(io) ? check(c, t, d) : MP_OK;
}

/* ------------------------------------------------------------------ walking */

static inline uint32_t next(const struct mp_node *node, uint32_t at, const float *x)
{
    return node[at].below + (x[node[at].value] > node[at].edge);
}

void mp_trees_walk(const struct mp_trees *t, size_t tree, const float *x, size_t n, size_t d,
                   uint32_t *end)
{
    const struct mp_node *node = t->node;
    for (size_t i = 0; i < n; i += SIDE, x += SIDE * d) {
        const size_t some = n - i < SIDE ? n - i : SIDE;
        uint32_t at[SIDE], moved = 1;
        for (size_t r = 0; r < SIDE; r++)
            at[r] = t->root[tree];
        while (moved != 0 && some == SIDE) {
            moved = 0;
            for (size_t r = 0; r < SIDE; r++) {
                const uint32_t to = next(node, at[r], x + r * d);
                moved |= to ^ at[r];
                at[r] = to;
            }
        }
        for (size_t r = 0; r < some; r++) {
            for (uint32_t to; (to = next(node, at[r], x + r * d)) != at[r];)
                at[r] = to;
            end[i + r] = at[r];
        }
    }
}
