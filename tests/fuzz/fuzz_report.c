/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_report.c - two runs side by side whose report.json, and whose files, are hostile.
 *
 * Input: up to the first '{' the file of the first pipeline; then its report, and behind
 * that the other one's (where there is none, the same again).
 * Every form stays well-formed: the page XML, CSV and Markdown with as many cells in each
 * row as in the first, text and JSON in UTF-8, without control characters. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pipeline/name.h"
#include "small.h"
#include "study/comparison.h"
#include <glib.h>
#include <stdlib.h>
#include <string.h>

const unsigned fuzz_cost = 8;

/* ------------------------------------------------------------------- forms */

/* JSON and pages show pipelines as they are, and may have tabs and the like. */
static void check_letters(const char *text, size_t n, bool plain)
{
    const char *may = !plain ? "\n\t\r\177" : "\n";
    small_law(g_utf8_validate(text, (gssize)n, NULL), "what is written is UTF-8");
    for (size_t i = 0; i < n; i++)
        small_law(((unsigned char)text[i] >= 32 && text[i] != 127) ||
                  (text[i] != '\0' && strchr(may, text[i]) != NULL),
                  "and has no control characters");
}

/* RFC 4180. */
static void check_csv(const char *at)
{
    size_t fields = 0, first = 0;
    while (*at != '\0') {
        if (*at == '"') {
            for (at++; *at != '\0' && (*at != '"' || at[1] == '"'); at++)
                at += *at == '"';
            small_law(*at == '"', "a quoted field ends with a quote");
            at++;
        } else {
            at += strcspn(at, ",\n\"");
        }
        small_law(*at == ',' || *at == '\n', "a field ends with a comma or the line");
        fields++;
        if (*at++ == ',')
            continue;
        small_law(first == 0 || fields == first, "CSV has as many fields in every line");
        first = fields;
        fields = 0;
    }
}

/* Tables of GitHub's Markdown: lines that begin with |. */
static void check_markdown(const char *at)
{
    size_t first = 0;
    while (*at != '\0') {
        const size_t n = strcspn(at, "\n");
        size_t cells = 0;
        for (size_t i = 0; i < n && *at == '|'; i++) {
            i += at[i] == '\\';
            cells += i < n && at[i] == '|' && (at[i - (i > 0)] != '\\' || i == 0);
        }
        small_law(*at != '|' || first == 0 || cells == first,
                  "Markdown has as many cells in every row");
        first = *at == '|' ? cells : 0;
        at += n + (at[n] == '\n');
    }
}

static void check_json(const char *text, size_t n)
{
    json_error_t e;
    json_t *again = json_loadb(text, n, 0, &e);
    small_law(again != NULL, "JSON can be read again");
    json_decref(again);
}

static void check_page(const char *text, size_t n)
{
    const GMarkupParser parser = { .start_element = NULL };
    GMarkupParseContext *x = g_markup_parse_context_new(&parser, 0, NULL, NULL);
    GError *error = NULL;
    const bool good = g_markup_parse_context_parse(x, text, (gssize)n, &error) &&
                      g_markup_parse_context_end_parse(x, &error);
    if (!good)
        fprintf(stderr, "%s\n", error->message);
    small_law(good, "the page is well-formed");
    g_clear_error(&error);
    g_markup_parse_context_free(x);
}

static void check_forms(struct mp_ctx *c, const struct mp_compared *k)
{
    enum { JSON = 1, CSV, MARKDOWN, PAGE };
    for (int form = 0; form <= PAGE; form++) {
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);
        small_law(f != NULL, "there is memory");
        if (form < PAGE)
            mp_comparison_write(f, k->document, form);
        else
            small_law(mp_comparison_html(c, k, f) == MP_OK, "the page is made");
        fclose(f);
        check_letters(text, n, form != JSON && form != PAGE);
        if (form == JSON)
            check_json(text, n);
        else if (form == CSV)
            check_csv(text);
        else if (form == MARKDOWN)
            check_markdown(text);
        else if (form == PAGE)
            check_page(text, n);
        free(text);
    }
}

/* -------------------------------------------------------------------- runs */

static void compare(char *file, json_t *a, json_t *b)
{
    char *plain = mp_plain_name(file), own[4096], other[] = "other.txt", rows[] = "rows.csv";
    static char svm[] = "svm", net[] = "net", second[] = "other-2", folder[] = "out/other-2";
    static char none[] = "";
    struct small_data s;
    struct mp_run run;
    struct mp_ctx c;
    int right[2][SMALL_ROWS];
    small_data(&s);
    small_run(&run);
    mp_ctx_init(&c, &run);
    small_law(plain != NULL, "there is memory");
    snprintf(own, sizeof own, "out/%s", plain);
    for (int i = 0; i < SMALL_ROWS; i++) {
        right[0][i] = i % 7 > 0 ? s.y[i] : 0;
        right[1][i] = i % 5 > 0 ? s.y[i] : 1;
    }
    struct mp_experiment x = { .train_path = rows, .test_path = rows, .train = s.d, .test = s.d,
                               .train_y = s.y, .test_y = s.y, .classes = s.d.classes,
                               .n_classes = SMALL_CLASSES };
    x.plan = (struct mp_plan){ .file = other, .shape = s.d.shape,
                               .source = { .train = rows, .test = rows, .train_labels = none,
                                           .test_labels = none } };
    struct mp_job jobs[] = {
        { .file = file, .name = plain, .folder = own, .model = svm, .report = a,
          .predicted = right[0] },
        { .file = other, .name = second, .folder = folder, .model = net, .deep = true, .report = b,
          .predicted = right[1] },
    };
    json_t *document = mp_comparison_json(&c, jobs, 2, &x);
    small_law(document != NULL, "there is a document");
    const struct mp_compared k = { document, jobs, 2, &x };
    check_forms(&c, &k);
    json_decref(document);
    free(plain);
    mp_ctx_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_error_t e;
    const uint8_t *brace = size > 0 ? memchr(data, '{', size) : NULL;
    const size_t named = brace != NULL ? (size_t)(brace - data) : size;
    json_t *a = json_loadb((const char *)data + named, size - named, JSON_DISABLE_EOF_CHECK, &e);
    if (a == NULL)
        return 0;
    const size_t used = named + (size_t)e.position;
    json_t *b = json_loadb((const char *)data + used, size - used, JSON_DISABLE_EOF_CHECK, &e);
    char *file = named > 0 ? strndup((const char *)data, named) : strdup("a.txt");
    small_law(file != NULL, "there is memory");
    compare(file, a, b != NULL ? b : a);
    free(file);
    json_decref(a);
    json_decref(b);
    return 0;
}
