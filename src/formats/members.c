/* SPDX-License-Identifier: GPL-3.0-or-later */
/* members.c - rows from an archive or a folder: which of its members is meant.
 *
 * Method: one pass looks at the names and the first bytes of all members; what they are follows
 * from the words in their names (x_train, train_images, imagesTest, test.csv) and from the number
 * of their dimensions.  Another pass, each, goes to the rows and to the labels.
 */
#include "formats/members.h"
#include "core/ctx.h"
#include "core/text.h"
#include "files/archive.h"
#include "formats/beside.h"
#include "formats/format.h"
#include "formats/input.h"
#include "formats/npy_head.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST = 256 /* members that are looked into */, WORD = 24, SHOWN = 12 };
enum part { NO_PART, TRAIN, TEST, VAL };
enum role { NO_ROLE, ROWS, LABELS, NEITHER };

struct member {
    char *name;
    uint64_t number;
    enum part part;
    enum role role;
    const struct mp_format_entry *e; /* NULL: nothing that can be read */
    int n_dims;                      /* of an array; 0: not known */
};

struct members {
    struct mp_input *in; /* the archive; of a folder its name alone */
    bool folder;
    struct member *at;
    size_t n, more;      /* more: not looked into */
};

/* -------------------------------------------------------------------- words */

/* The next word of a name, in small letters: "imagesTrain_x" has three.  NULL: no more. */
static const char *next_word(const char *at, char word[WORD])
{
    size_t n = 0;
    while (*at != '\0' && !isalnum((unsigned char)*at))
        at++;
    if (*at == '\0')
        return NULL;
    while (isalnum((unsigned char)*at)) {
        if (n + 1 < WORD)
            word[n++] = (char)tolower((unsigned char)*at);
        at++;
        if (islower((unsigned char)at[-1]) && isupper((unsigned char)*at))
            break;
    }
    word[n] = '\0';
    return at;
}

static int meaning(const char *word, const char *const words[], const int means[])
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(word, words[i]) == 0)
            return means[i];
    return 0;
}

/* The last word that says something decides. */
static int read_name(const char *name, const char *const words[], const int means[])
{
    char word[WORD];
    int found = 0;
    for (const char *at = name; (at = next_word(at, word)) != NULL;) {
        const int m = meaning(word, words, means);
        found = m != 0 ? m : found;
    }
    return found;
}

static enum part part_of(const char *name)
{
    static const char *const words[] = { "train", "training", "tr", "test", "testing", "te", "t10k",
                                         "val", "valid", "validation", NULL };
    static const int means[] = { TRAIN, TRAIN, TRAIN, TEST, TEST, TEST, TEST, VAL, VAL, VAL };
    return (enum part)read_name(name, words, means);
}

static enum role role_of(const char *name)
{
    static const char *const words[] = { "x", "images", "image", "imgs", "img", "pixels", "y",
                                         "labels", "label", "targets", "target", "columns", "names",
                                         "submission", NULL };
    static const int means[] = { ROWS, ROWS, ROWS, ROWS, ROWS, ROWS, LABELS, LABELS, LABELS, LABELS,
                                 LABELS, NEITHER, NEITHER, NEITHER };
    return (enum role)read_name(name, words, means);
}

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL ? slash + 1 : name;
}

/* Whether it is a text that people put beside data. */
static bool is_note(const char *name)
{
    static const char *const begins[] = { "readme", "license", "licence", "copying", "changelog" };
    static const char *const ends[] = { ".md", ".json", ".html", ".xml", ".names", ".py", ".r",
                                        ".pdf", ".rst", ".yaml", ".yml" };
    const char *base = base_of(name), *dot = strrchr(base, '.');
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncasecmp(base, begins[i], strlen(begins[i])) == 0)
            return true;
    for (size_t i = 0; dot != NULL && i < sizeof ends / sizeof *ends; i++)
        if (strcasecmp(dot, ends[i]) == 0)
            return true;
    return false;
}

/* ------------------------------------------------------------------ looking */

static void free_members(struct members *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->at[i].name);
    free(m->at);
}

/* What its first bytes tell. */
static void look_at(struct mp_input *in, struct member *m)
{
    struct mp_array a;
    if (in->n - in->at == 0 || is_note(m->name))
        return;
    m->e = mp_format_of(in->buf + in->at, in->n - in->at);
    if (mp_npy_looks(in->buf + in->at, in->n - in->at) && mp_npy_read_head(in, &a) == MP_OK) {
        m->n_dims = a.n_dims;
        if (m->role == NO_ROLE && a.n_dims < 2)
            m->role = a.n_dims == 1 ? LABELS : NEITHER;
    } else if (m->e != NULL && in->n - in->at >= 4 && memcmp(in->buf + in->at, "\0\0", 2) == 0) {
        m->n_dims = in->buf[in->at + 3];
        m->role = m->n_dims == 1 || (m->n_dims == 2 && m->role == LABELS) ? LABELS : ROWS;
    }
    if (m->n_dims > 2 && m->role != NEITHER)
        m->role = ROWS;
}

/* What is wrong with a member is said when it is the one that is wanted. */
static void look_into(struct mp_archive *archive, struct member *one)
{
    struct mp_ctx quiet;
    struct mp_input in;
    struct mp_run run = { .quiet = true };
    mp_ctx_init(&quiet, &run);
    if (mp_input_open_member(&quiet, &in, one->name, archive, true) == MP_OK) {
        if (mp_input_fill(&in, MP_SNIFF) == MP_OK)
            look_at(&in, one);
        mp_input_close(&in);
    }
    mp_ctx_free(&quiet);
}

/* *one: NULL where there are too many to look into. */
static int add_member(struct members *m, const char *name, struct member **one)
{
    *one = NULL;
    if (m->n == MOST) {
        m->more++;
        return MP_OK;
    }
    struct member *at = &m->at[m->n];
    *at = (struct member){ .part = part_of(name), .role = role_of(base_of(name)) };
    at->name = mp_alloc(m->in->c, strlen(name) + 1, 1);
    if (at->name == NULL)
        return -1;
    memcpy(at->name, name, strlen(name));
    m->n++;
    *one = at;
    return MP_OK;
}

static int list(struct mp_input *in, struct members *m)
{
    struct mp_archive *archive = NULL;
    struct mp_member from;
    struct member *one;
    *m = (struct members){ .in = in };
    m->at = mp_alloc(in->c, MOST, sizeof *m->at);
    int rc = m->at != NULL ? mp_input_archive(in, &archive) : -1;
    while (rc >= 0 && (rc = mp_archive_next(archive, &from)) > 0)
        if ((rc = add_member(m, from.name, &one)) == MP_OK && one != NULL) {
            one->number = from.number;
            look_into(archive, one);
        }
    mp_archive_close(archive);
    if (rc == MP_OK && m->n == 0)
        rc = mp_fail(in->c, "%s: is an archive without files in it", in->name);
    if (rc < 0)
        free_members(m);
    return rc < 0 ? -1 : MP_OK;
}

/* "FOLDER/NAME"; NULL after an mp_fail(). */
static char *path_of(const struct members *m, const struct member *one)
{
    const size_t n = strlen(m->in->name) + strlen(one->name) + 2;
    const bool slash = m->in->name[strlen(m->in->name) - 1] == '/';
    char *path = mp_alloc(m->in->c, n, 1);
    if (path != NULL)
        snprintf(path, n, "%s%s%s", m->in->name, slash ? "" : "/", one->name);
    return path;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* Whether it is packed, and lies there unpacked, too; in byte order that stands right before it. */
static bool is_twin(const struct member *before, const struct member *m)
{
    static const char *const ends[] = { ".gz", ".bz2", ".xz", ".zst", ".lz4" };
    const size_t n = strlen(before->name);
    bool is = false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        is = is || (strncmp(before->name, m->name, n) == 0 && strcmp(m->name + n, ends[i]) == 0);
    return is;
}

static int look_at_file(const struct members *m, struct member *one)
{
    struct mp_ctx quiet;
    struct mp_input in;
    struct mp_run run = { .quiet = true };
    char *path = path_of(m, one);
    if (path == NULL)
        return -1;
    mp_ctx_init(&quiet, &run);
    if (mp_input_open(&quiet, &in, path) == MP_OK) {
        if (mp_input_fill(&in, MP_SNIFF) == MP_OK)
            look_at(&in, one);
        mp_input_close(&in);
    }
    mp_ctx_free(&quiet);
    free(path);
    return MP_OK;
}

/* The files of a folder; what systems leave there beside them is hidden. */
static int list_folder(struct mp_input *in, struct members *m)
{
    DIR *d = opendir(in->name);
    struct member *one;
    *m = (struct members){ .in = in, .folder = true };
    if (d == NULL)
        return mp_fail(in->c, "%s: cannot read: %s", in->name, strerror(errno));
    m->at = mp_alloc(in->c, MOST, sizeof *m->at);
    int rc = m->at != NULL ? MP_OK : -1;
    for (const struct dirent *e; rc == MP_OK && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.')
            rc = add_member(m, e->d_name, &one);
    closedir(d);
    if (rc == MP_OK)
        qsort(m->at, m->n, sizeof *m->at, by_name);
    for (size_t i = 0; i < m->n && rc == MP_OK; i++) {
        rc = look_at_file(m, &m->at[i]);
        if (i > 0 && is_twin(&m->at[i - 1], &m->at[i]))
            m->at[i].role = NEITHER;
    }
    if (rc < 0)
        free_members(m);
    return rc;
}

/* ----------------------------------------------------------------- choosing */

/* "a.csv, b.csv and 3 more" of those that may have rows, or of all. */
static void names(const struct members *m, bool rows, char *text, size_t size)
{
    size_t at = 0, shown = 0, left = m->more;
    *text = '\0';
    for (size_t i = 0; i < m->n; i++) {
        const struct member *one = &m->at[i];
        if (rows && (one->e == NULL || one->role == LABELS || one->role == NEITHER))
            continue;
        if (shown++ < SHOWN && at < size)
            at += (size_t)snprintf(text + at, size - at, "%s%s", at > 0 ? ", " : "", one->name);
        else
            left++;
    }
    if (left > 0 && at < size)
        snprintf(text + at, size - at, " and %zu more", left);
}

static bool can_be(const struct member *m, enum role role)
{
    return m->e != NULL && (role == LABELS ? m->role == LABELS && m->e->format->labels != NULL
                                           : m->role == NO_ROLE || m->role == ROWS);
}

/* The only one that can have that role in that part; of several, those that say so. *found:
 * how many there are. */
static const struct member *only(const struct members *m, enum role role, int part, size_t *found)
{
    const struct member *one = NULL;
    *found = 0;
    for (int sure = 1; sure >= 0 && *found == 0; sure--)
        for (size_t i = 0; i < m->n; i++) {
            const struct member *at = &m->at[i];
            if (!can_be(at, role) || (part >= 0 && (int)at->part != part) ||
                (sure && at->role != role))
                continue;
            one = at;
            ++*found;
        }
    return *found == 1 ? one : NULL;
}

/* Whether the user means this one: by its name, with or without folder and endings. */
static bool is_named(const struct member *m, const char *name)
{
    const char *base = base_of(m->name);
    const size_t n = strlen(name);
    return strcmp(m->name, name) == 0 || strcmp(base, name) == 0 ||
           (strncmp(base, name, n) == 0 && base[n] == '.');
}

static const struct member *find_named(const struct members *m, const char *name)
{
    const struct member *one = NULL;
    for (size_t i = 0; i < m->n; i++) {
        if (strcmp(m->at[i].name, name) == 0)
            return &m->at[i];
        if (one == NULL && is_named(&m->at[i], name))
            one = &m->at[i];
    }
    return one;
}

static int none_or_many(const struct members *m, enum role role, const char *part, size_t found)
{
    char text[1024], formats[MP_FORMAT_NAMES];
    const char *what = role == LABELS ? "labels" : "rows";
    const char *member = m->folder ? "file" : "member";
    if (part != NULL && found == 0) {
        names(m, false, text, sizeof text);
        return mp_fail(m->in->c, "%s: has no %s \"%s\" with %s; there are: %s", m->in->name,
                       member, part, what, text);
    }
    mp_format_names(role == LABELS, formats, sizeof formats);
    names(m, role != LABELS && found > 0, text, sizeof text);
    if (found == 0)
        return mp_fail(m->in->c, "%s: no %s of this %s has %s, expected %s%s; there are: %s",
                       m->in->name, member, m->folder ? "folder" : "archive", what, formats,
                       m->folder && role != LABELS ? ", or pictures" : "", text);
    return mp_fail(m->in->c, "%s: several %ss have %s: %s; which one is meant, %s%cNAME says",
                   m->in->name, member, what, text, m->in->name, m->folder ? '/' : ':');
}

/* The member that is wanted; NULL after an mp_fail(). */
static const struct member *choose(const struct members *m, enum role role,
                                   const struct mp_want *want)
{
    size_t found = 0, all = 0;
    const struct member *one = NULL;
    if (want->named != NULL) {
        const enum part part = part_of(want->named);
        one = find_named(m, want->named);
        if (one == NULL && part != NO_PART)
            one = only(m, role, (int)part, &found);
        if (one == NULL)
            none_or_many(m, role, want->named, found);
        return one;
    }
    one = only(m, role, -1, &all);
    if (one == NULL && want->usual != NULL)
        one = only(m, role, (int)part_of(want->usual), &found);
    if (one == NULL && found == 0 && all > 1)
        one = only(m, role, NO_PART, &found);
    if (one == NULL)
        none_or_many(m, role, NULL, found > 0 ? found : all);
    return one;
}

/* The labels that go with rows: by name as beside a file, or the only ones of that part. */
static const struct member *labels_of(const struct members *m, const struct member *rows)
{
    char pattern[1024];
    size_t found;
    for (int i = 0; mp_beside_pattern(rows->e->format, base_of(rows->name), i, pattern,
                                      sizeof pattern); i++)
        for (size_t k = 0; k < m->n; k++)
            if (can_be(&m->at[k], LABELS) && m->at[k].part == rows->part &&
                fnmatch(pattern, base_of(m->at[k].name), 0) == 0)
                return &m->at[k];
    return only(m, LABELS, (int)rows->part, &found);
}

/* ------------------------------------------------------------------ reading */

/* What was taken, where there was a choice. */
static void say(const struct members *m, const struct member *rows, const struct member *labels)
{
    size_t all = 0;
    only(m, ROWS, -1, &all);
    if (all > 1 && !m->in->shape_only)
        mp_warn(m->in->c, "%s: of its %ss %s was read%s%s", m->in->name,
                m->folder ? "file" : "member", rows->name,
                labels != NULL ? ", with the labels " : "", labels != NULL ? labels->name : "");
}

/* An input that is a member: its archive is its own, and is opened anew. */
struct member_input {
    struct mp_input in;
    struct mp_archive *archive;
    char *name;
};

static void close_member(struct member_input *i)
{
    mp_archive_close(i->archive);
    free(i->name);
}

/* The short ways into a zip: 1, or 0 where there is none. */
static int open_at_once(const struct members *m, const struct member *one, struct member_input *i)
{
    struct mp_zip_member at;
    struct mp_rows all = { .at = NULL };
    const int fd = m->in->fd;
    int rc;
    if (fd < 0 || mp_input_whole(m->in) == 0 || !mp_zip_find(fd, one->name, &at))
        return 0;
    if (!at.deflated)
        rc = mp_input_open_stored(m->in->c, &i->in, i->name, fd, &at);
    else if (!m->in->shape_only && mp_zip_inflate(fd, &at, &all))
        rc = mp_input_open_rows(m->in->c, &i->in, i->name, &all);
    else
        return 0;
    return rc < 0 ? -1 : 1;
}

static int open_member(const struct members *m, const struct member *one, struct member_input *i)
{
    struct mp_ctx *c = m->in->c;
    struct mp_member at;
    const size_t size = strlen(m->in->name) + strlen(one->name) + 2;
    *i = (struct member_input){ .name = mp_alloc(c, size, 1) };
    if (i->name == NULL)
        return -1;
    snprintf(i->name, size, "%s:%s", m->in->name, one->name);
    int rc = open_at_once(m, one, i);
    if (rc > 0)
        return MP_OK;
    rc = rc == 0 ? mp_input_archive(m->in, &i->archive) : rc;
    while (rc >= 0 && (rc = mp_archive_next(i->archive, &at)) > 0)
        if (at.number == one->number)
            break;
    if (rc == 0)
        mp_fail(c, "%s: has changed while it was read", m->in->name);
    if (rc > 0 && mp_input_open_member(c, &i->in, i->name, i->archive, false) == MP_OK)
        return MP_OK;
    close_member(i);
    return -1;
}

static int read_rows(const struct members *m, const struct member *one, const struct mp_form *form,
                     struct mp_data *d)
{
    struct member_input i;
    if (one->e == NULL || one->e->format->read == NULL)
        return mp_fail(m->in->c, "%s:%s: has no rows that can be read", m->in->name, one->name);
    if (open_member(m, one, &i) < 0)
        return -1;
    i.in.shape_only = m->in->shape_only;
    int rc = mp_input_fill(&i.in, MP_SNIFF);
    if (rc == MP_OK)
        i.in.at += mp_text_mark((const char *)i.in.buf, i.in.n);
    rc = rc == MP_OK ? one->e->format->read(&i.in, form, d) : rc;
    mp_input_close(&i.in);
    close_member(&i);
    return rc;
}

static int read_labels(const struct members *m, const struct member *one, struct mp_data *d)
{
    struct member_input i;
    if (one->e == NULL || one->e->format->labels == NULL)
        return mp_fail(m->in->c, "%s:%s: has no labels that can be read", m->in->name, one->name);
    if (open_member(m, one, &i) < 0)
        return -1;
    const int rc = one->e->format->labels(&i.in, d);
    mp_input_close(&i.in);
    close_member(&i);
    return rc;
}

int mp_members_read(struct mp_input *in, const struct mp_want *want, const struct mp_form *form,
                    struct mp_data *d, const struct mp_format_entry **found)
{
    struct members m;
    if (list(in, &m) < 0)
        return -1;
    const struct member *rows = choose(&m, ROWS, want), *labels = NULL;
    *found = rows != NULL ? rows->e : NULL;
    int rc = rows != NULL ? read_rows(&m, rows, form, d) : -1;
    if (rc == MP_OK && d->label == NULL && !in->shape_only)
        labels = labels_of(&m, rows);
    if (rc == MP_OK && want->named == NULL)
        say(&m, rows, labels);
    if (labels != NULL)
        rc = read_labels(&m, labels, d);
    free_members(&m);
    return rc;
}

int mp_members_labels(struct mp_input *in, const struct mp_want *want, struct mp_data *d)
{
    struct members m;
    if (list(in, &m) < 0)
        return -1;
    const struct member *labels = choose(&m, LABELS, want);
    const int rc = labels != NULL ? read_labels(&m, labels, d) : -1;
    free_members(&m);
    return rc;
}

static bool has_both(const struct members *m)
{
    size_t found;
    return only(m, ROWS, TRAIN, &found) != NULL && only(m, ROWS, TEST, &found) != NULL;
}

int mp_members_both(struct mp_input *in, bool *both)
{
    struct members m;
    if (list(in, &m) < 0)
        return -1;
    *both = has_both(&m);
    free_members(&m);
    return MP_OK;
}

char *mp_members_path(struct mp_ctx *c, const char *folder, const struct mp_want *want,
                      bool labels, bool silent)
{
    struct mp_input in = { .c = c, .name = folder, .fd = -1, .shape_only = silent };
    struct members m;
    if (list_folder(&in, &m) < 0)
        return NULL;
    const struct member *one = choose(&m, labels ? LABELS : ROWS, want);
    char *path = one != NULL ? path_of(&m, one) : NULL;
    if (path != NULL && !labels && want->named == NULL)
        say(&m, one, NULL);
    free_members(&m);
    return path;
}

bool mp_members_both_in(struct mp_ctx *c, const char *folder)
{
    struct mp_input in = { .c = c, .name = folder, .fd = -1 };
    struct members m;
    if (list_folder(&in, &m) < 0)
        return false;
    const bool both = has_both(&m);
    free_members(&m);
    return both;
}
