/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_parts.c - what pages of one run and of several have: names, shapes, command, data,
 * machine. */
#include "pages/report_parts.h"
#include "cache/versions.h"
#include "config.h"
#include "core/ctx.h"
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

void mp_pipeline_name(const char *file, char *name, size_t size)
{
    const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(base, '.');
    const size_t n = dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base);
    snprintf(name, size, "%.*s", n > 200 ? 200 : (int)n, base);
}

void mp_report_shape(char *text, size_t size, struct mp_shape s, bool image)
{
    if (!image)
        snprintf(text, size, "%zu", mp_len(s));
    else if (s.c == 1)
        snprintf(text, size, "%d \xc3\x97 %d", s.h, s.w);
    else
        snprintf(text, size, "%d \xc3\x97 %d \xc3\x97 %d", s.h, s.w, s.c);
}

static void data_row(struct mp_html_table *t, const char *part, const struct mp_data *d,
                     const char *name)
{
    mp_html_cell(t, "%s", part);
    mp_html_cell(t, "%s", name);
    mp_html_cell(t, "%s", d->name);
    mp_html_cell(t, "%zu", d->n);
    mp_html_cell(t, "%d \xc3\x97 %d", d->shape.h, d->shape.w);
    mp_html_cell(t, "%08x", d->crc);
}

void mp_report_data(FILE *f, const struct mp_experiment *x)
{
    static const struct mp_column column[] = {
        { "part", false }, { "data", false }, { "file", false }, { "rows", true },
        { "image", true }, { "CRC-32", true },
    };
    struct mp_html_table t;
    mp_html_table(&t, f, "The rows.  The checksum is of pixels and labels.", column, 6);
    data_row(&t, "train", &x->train, x->plan.source.train);
    if (x->plan.source.folds == 0 && x->test.n > 0) /* folds test the training rows */
        data_row(&t, "test", &x->test, mp_test_name(x));
    mp_html_table_end(&t);
}

/* "AMD EPYC 9B14", as Linux tells it; "" where it does not. */
static void processor(char *text, size_t size)
{
    char line[512], *colon;
    FILE *f = fopen("/proc/cpuinfo", "r");
    *text = '\0';
    while (f != NULL && *text == '\0' && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "model name", 10) == 0 && (colon = strchr(line, ':')) != NULL)
            snprintf(text, size, "%s", g_strstrip(colon + 1));
    if (f != NULL)
        fclose(f);
}

void mp_report_machine(FILE *f, const struct mp_ctx *c, uint64_t peak)
{
    struct utsname u;
    char model[512], version[128], threads[48], memory[64] = "";
    const char *name;
    processor(model, sizeof model);
    if (uname(&u) != 0)
        memset(&u, 0, sizeof u);
    if (peak > 0)
        snprintf(memory, sizeof memory, "; peak memory %.1f MiB", (double)peak / (1 << 20));
    mp_threads_text(c, threads, sizeof threads);
    mp_html_p(f, "Machine: %s%s%s %s, %s%s.", model, *model != '\0' ? ", " : "", u.sysname,
              u.machine, threads, memory);
    fputs("<p>Made by ", f);
    mp_html_printf(f, "mnistpipe %s", PACKAGE_VERSION);
    for (int i = 0; (name = mp_library_used(i, version, sizeof version)) != NULL; i++)
        mp_html_printf(f, "%s%s %s", i == 0 ? " with " : ", ", name, version);
    fputs(".</p>\n", f);
}

void mp_report_command(FILE *f, const struct mp_ctx *c)
{
    GString *text = g_string_new("mnistpipe");
    for (int i = 1; i < c->run->command.argc; i++) {
        const char *word = c->run->command.argv[i];
        const bool plain = *word != '\0' &&
                           strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789_-+=:,./@%") == strlen(word);
        char *quoted = plain ? g_strdup(word) : g_shell_quote(word);
        g_string_append_printf(text, " %s", quoted);
        g_free(quoted);
    }
    if (c->run->command.argc > 1) {
        mp_html_p(f, "The command, which gives the same predictions from the same data:");
        mp_html_code(f, text->str);
    }
    g_string_free(text, TRUE);
}
