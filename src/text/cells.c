/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cells.c - values in the tables that commands write. */
#include "text/cells.h"
#include <string.h>

void mp_csv_text(FILE *f, const char *s)
{
    if (strpbrk(s, ",\"\r\n") == NULL) {
        fputs(s, f);
        return;
    }
    fputc('"', f);
    for (; *s != '\0'; s++)
        fprintf(f, *s == '"' ? "\"\"" : "%c", *s);
    fputc('"', f);
}

void mp_csv_value(FILE *f, const json_t *v)
{
    if (json_is_string(v))
        mp_csv_text(f, json_string_value(v));
    else if (json_is_integer(v))
        fprintf(f, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        fprintf(f, "%.9g", json_real_value(v));
    else if (json_is_boolean(v))
        fputs(json_is_true(v) ? "yes" : "no", f);
}

void mp_markdown_cell(FILE *f, const char *s)
{
    fputs("| ", f);
    for (; *s != '\0'; s++)
        fprintf(f, *s == '|' || *s == '\\' ? "\\%c" : "%c", *s == '\n' ? ' ' : *s);
    fputc(' ', f);
}
