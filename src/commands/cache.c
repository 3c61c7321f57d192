/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cache.c - the command `mnistpipe cache`: what earlier work has left on disk.
 *
 * The store is in src/cache/cache.c. */
#include "cache/cache.h"
#include "report/report.h"
#include "text/layout.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct params {
    char *limit, *cache;
    bool clear, json;
};

static const struct mp_param table[] = {
    MP_PARAM(limit, .def = "", .unit = "SIZE",
             .doc = "sets how large the cache may grow (2G, 500M, 0) and removes what is more"),
    MP_PARAM(clear, .def = "no", .doc = "removes all entries"),
    MP_PARAM(cache, .def = "", .unit = "FOLDER", .doc = "the cache, if not the one by default"),
    MP_PARAM(json, .def = "no", .doc = "prints the list as JSON"),
    MP_END
};

/* "500M" -> bytes; letters as in other tools: powers of 1024. */
static int parse_size(struct mp_ctx *c, const char *text, uint64_t *bytes)
{
    static const char letters[] = "KMGT";
    char *end = NULL;
    const double number = strtod(text, &end);
    double unit = 1;
    const bool digits = end != text;
    const char *letter = *end != '\0' ? strchr(letters, *end) : NULL;
    if (letter != NULL) {
        unit = pow(1024, (double)(letter - letters) + 1);
        end++;
        end += strcmp(end, "iB") == 0 ? 2 : strcmp(end, "B") == 0 ? 1 : 0;
    }
    if (!digits || *end != '\0' || !(number >= 0) || !(number * unit <= 1e15))
        return mp_usage(c, "cache: --limit %s: expected a size, such as 2G, 500M or 0", text);
    *bytes = (uint64_t)(number * unit);
    return MP_OK;
}

/* "12 s", "3 min", "5 h", "8 d". */
static void age_text(char *text, size_t size, int64_t seconds)
{
    const long long s = seconds > 0 ? seconds : 0;
    if (s < 60)
        snprintf(text, size, "%lld s", s);
    else if (s < 3600)
        snprintf(text, size, "%lld min", s / 60);
    else if (s < 86400)
        snprintf(text, size, "%lld h", s / 3600);
    else
        snprintf(text, size, "%lld d", s / 86400);
}

static void print_text(const struct mp_cache *s, const struct mp_cache_entry *e, size_t n)
{
    static const struct mp_tabular_column column[] = {
        { "what", 'l' }, { "size", 'r' }, { "age", 'r' }, { "unused", 'r' }, { "took", 'r' },
        { "of", 'w' }
    };
    const int64_t now = time(NULL);
    bool set;
    uint64_t sum = 0;
    char size[32], most[32];
    struct mp_tabular t;
    mp_tabular_open(&t, column, sizeof column / sizeof *column, 1);
    for (size_t i = 0; i < n; i++) {
        char age[32], unused[32];
        mp_bytes_text(size, sizeof size, e[i].bytes);
        age_text(age, sizeof age, now - e[i].made);
        age_text(unused, sizeof unused, now - e[i].used);
        mp_tabular_cell(&t, "%s", e[i].about.kind);
        mp_tabular_cell(&t, "%s", size);
        mp_tabular_cell(&t, "%s", age);
        mp_tabular_cell(&t, "%s", unused);
        mp_tabular_cell(&t, "%.2f s", e[i].about.seconds);
        mp_tabular_cell(&t, "%s%s", e[i].about.text, e[i].ours ? "" : "  (another version)");
        sum += e[i].bytes;
    }
    mp_bytes_text(size, sizeof size, sum);
    mp_bytes_text(most, sizeof most, mp_cache_limit(s, &set));
    mp_tabular_print(&t, stdout, &mp_plain);
    mp_say(stdout, n > 0 ? "\n" : "", 0, "%s: %zu entr%s, %s of at most %s%s", mp_cache_folder(s),
           n, n == 1 ? "y" : "ies", size, most, set ? "" : " (by default)");
}

static int print_json(struct mp_ctx *c, const struct mp_cache *s, const struct mp_cache_entry *e,
                      size_t n)
{
    json_t *list = json_array();
    bool set;
    const uint64_t limit = mp_cache_limit(s, &set);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s%, s:I, s:I, s:I, s:f, s:b}", "key", e[i].name, "what",
                            e[i].about.kind, "of", e[i].about.text, strlen(e[i].about.text),
                            "bytes", (json_int_t)e[i].bytes, "made", (json_int_t)e[i].made, "used",
                            (json_int_t)e[i].used, "seconds", e[i].about.seconds, "this_version",
                            e[i].ours));
    json_t *o = json_pack("{s:s, s:I, s:b, s:o}", "folder", mp_cache_folder(s), "limit",
                          (json_int_t)limit, "limit_set", set, "entries", list);
    if (o == NULL)
        return mp_fail(c, "no memory for the list of the cache");
    json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(o);
    return MP_OK;
}

static int show(struct mp_ctx *c, struct mp_cache *s, bool json)
{
    struct mp_cache_entry *e;
    size_t n;
    int rc = mp_cache_list(c, s, &e, &n);
    if (rc == MP_OK && json)
        rc = print_json(c, s, e, n);
    else if (rc == MP_OK)
        print_text(s, e, n);
    free(e);
    return rc;
}

static int work(struct mp_ctx *c, struct mp_cache *s, const struct params *p)
{
    uint64_t limit = 0, bytes = 0;
    size_t gone = 0;
    char size[32];
    if (*p->limit != '\0' &&
        (parse_size(c, p->limit, &limit) < 0 || mp_cache_set_limit(c, s, limit) < 0))
        return -1;
    if (!p->clear && *p->limit == '\0')
        return show(c, s, p->json);
    mp_cache_trim(s, p->clear ? 0 : limit, &gone, &bytes);
    mp_bytes_text(size, sizeof size, bytes);
    if (!p->json)
        printf("removed %zu entr%s, %s\n", gone, gone == 1 ? "y" : "ies", size);
    return show(c, s, p->json);
}

static int run(struct mp_ctx *c, const void *options, int n, char **args)
{
    const struct params *p = options;
    if (n > 0)
        return mp_usage(c, "cache: takes no arguments, found \"%s\"", args[0]);
    struct mp_cache *s = mp_cache_open(c, p->cache);
    if (s == NULL)
        return mp_fail(c, "there is no cache to show");
    const int rc = work(c, s, p);
    mp_cache_close(s);
    return rc;
}

MP_COMMAND(cache) = {
    .order = 8,
    .brief = "List, limit and clear the cache of results",
    .usage = "",
    .doc =
        "`compare` keeps what it computes: the state of every stage that learns, rows that took "
        "long to make, and whole runs. Each is found by a SHA-256 of all that it depends on: the "
        "data, the stages with all their parameters, the seed, the program and its libraries. So "
        "nothing in the cache is ever out of date, and removing it costs only time.\n"
        "\n"
        "Without options: lists what is there, its size, its age, for how long nobody has used it, "
        "and how long it took to compute. What another version of the program has made is never "
        "used, and goes as it ages.\n"
        "\n"
        "The cache is the folder stages/ in $MNISTPIPE_CACHE, else in $XDG_CACHE_HOME/mnistpipe, "
        "else in $HOME/.cache/mnistpipe. It grows to 4 GiB, or to a quarter of what is free on a "
        "disk that is nearly full, or to the size set with --limit; then what was used longest ago "
        "goes. An entry that a run is reading stays.\n",
    .options = table,
    .options_size = sizeof(struct params),
    .run = run,
};
