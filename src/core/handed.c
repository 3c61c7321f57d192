/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handed.c - pieces of work that ranks do whole. */
#include "core/handed.h"
#include "core/ranks.h"
#include <stdlib.h>

static void keep(void *arg, const char *text)
{
#pragma omp critical(mp_handed)
    mp_keep(arg, text);
}

static int work(struct mp_ctx *c, const struct mp_handed *h, size_t i, struct mp_kept *said)
{
    const struct mp_warnings was = c->run->warnings;
    c->run->warnings = (struct mp_warnings){ keep, said };
    const int rc = h->work(c, h->arg, i);
    c->run->warnings = was;
    return rc;
}

/* All ranks together, or the only one. */
static int work_here(struct mp_ctx *c, const struct mp_handed *h, size_t i)
{
    struct mp_kept said = { .n = 0 };
    int rc = work(c, h, i, &said);
    for (int k = 0; k < mp_kept_count(&said) && rc < 0; k++)
        mp_warn(c, "%s", mp_kept_at(&said, k));
    if (rc == MP_OK)
        rc = h->done(c, h->arg, i, &said);
    mp_kept_free(&said);
    return rc;
}

/* What was remarked on a piece. */
static int said_io(struct mp_io *io, struct mp_kept *said)
{
    enum { LONGEST = 1 << 20 };
    uint64_t n = (uint64_t)mp_kept_count(said);
    int rc = mp_io_u64(io, "remarks", &n);
    for (uint64_t i = 0; i < n && rc == MP_OK; i++) {
        char *text = mp_io_loading(io) ? NULL : (char *)(uintptr_t)mp_kept_at(said, (int)i);
        rc = mp_io_text(io, "remark", &text, LONGEST);
        if (mp_io_loading(io)) {
            if (rc == MP_OK)
                mp_keep(said, text);
            free(text);
        }
    }
    return rc;
}

/* Those of rank r. */
static int pieces_io(struct mp_io *io, const struct mp_handed *h, size_t n, size_t r, size_t ranks,
                     struct mp_kept *said)
{
    int rc = MP_OK;
    for (size_t i = r; i < n && rc == MP_OK; i += ranks)
        rc = h->io(io, h->arg, i) < 0 ? -1 : said_io(io, &said[i]);
    return rc;
}

/* Each gets what the others have made. */
static int tell_all(struct mp_ctx *c, int rc, const struct mp_handed *h, size_t n,
                    struct mp_kept *said)
{
    const size_t ranks = (size_t)mp_ranks(c), mine = (size_t)mp_rank(c);
    struct mp_letter *mail = mp_alloc(c, 2 * ranks, sizeof *mail), *get = mail + ranks;
    struct mp_io own = { .c = c };
    if (rc == MP_OK)
        rc = mail == NULL ? -1 : pieces_io(&own, h, n, mine, ranks, said);
    if (mp_ranks_agree(c, rc) < 0) {
        free(own.buf);
        free(mail);
        return -1;
    }
    for (size_t r = 0; r < ranks; r++)
        mail[r] = (struct mp_letter){ own.buf, own.len };
    rc = mp_ranks_mail(c, MP_OK, mail, get);
    for (size_t r = 0; r < ranks && rc == MP_OK; r++) {
        struct mp_io io = { .c = c, .loading = true, .buf = get[r].bytes, .len = get[r].size };
        if (r != mine)
            rc = pieces_io(&io, h, n, r, ranks, said);
    }
    mp_letters_free(c, get);
    free(own.buf);
    free(mail);
    return rc;
}

static int work_apart(struct mp_ctx *c, const struct mp_handed *h, size_t n)
{
    const size_t ranks = (size_t)mp_ranks(c), mine = (size_t)mp_rank(c);
    struct mp_kept *said = mp_alloc(c, n, sizeof *said);
    int rc = said != NULL ? MP_OK : -1;
    mp_ranks_part(c);
    for (size_t i = mine; i < n && rc == MP_OK; i += ranks)
        rc = work(c, h, i, &said[i]);
    mp_ranks_join(c);
    rc = tell_all(c, rc, h, n, said);
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        rc = h->done(c, h->arg, i, &said[i]);
    for (size_t i = 0; i < n && said != NULL; i++)
        mp_kept_free(&said[i]);
    free(said);
    return rc;
}

int mp_hand_out(struct mp_ctx *c, size_t n, const struct mp_handed *h)
{
    const size_t ranks = (size_t)mp_ranks(c);
    const size_t apart = ranks == 1 ? 0 : h->shares ? n - n % ranks : n;
    int rc = apart > 0 ? work_apart(c, h, apart) : MP_OK;
    for (size_t i = apart; i < n && rc == MP_OK; i++)
        rc = work_here(c, h, i);
    return rc;
}
