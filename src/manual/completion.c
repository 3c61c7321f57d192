/* SPDX-License-Identifier: GPL-3.0-or-later */
/* completion.c - scripts for the shells, which complete commands, options and their values. */
#include "manual/completion.h"
#include "core/layer.h"
#include "core/param.h"
#include "pipeline/options.h"
#include "pipeline/registry.h"
#include <string.h>

/* Option i of a command, its own first, then those that it shares; NULL at the end. */
static const struct mp_param *option(const struct mp_command *k, int i)
{
    const struct mp_param *const tables[] = {
        k->options, k->pipeline ? mp_asked_pipeline_table : NULL,
        k->cache ? mp_asked_cache_table : NULL, mp_asked_table
    };
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct mp_param *p = tables[t]; p != NULL && p->name != NULL; p++)
            if (i-- == 0)
                return p;
    return NULL;
}

/* "--train-labels", and in `letter` "-o" where there is one. */
static void names(const struct mp_param *p, char letter[8], char name[96])
{
    char both[96];
    mp_option_name(p, both, sizeof both);
    const char *comma = strchr(both, ',');
    snprintf(letter, 8, "%.*s", comma != NULL ? (int)(comma - both) : 0, both);
    snprintf(name, 96, "%s", comma != NULL ? comma + 2 : both);
}

/* "text json" */
static void words(FILE *f, const struct mp_param *p)
{
    const char *word;
    size_t n;
    for (int i = 0; (word = mp_param_choice(p, i, &n)) != NULL; i++)
        fprintf(f, "%s%.*s", i > 0 ? " " : "", (int)n, word);
}

/* What `help` explains besides commands: stages and layers. */
static void topics(FILE *f)
{
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++)
        fprintf(f, "%s ", e->name);
    for (const struct mp_entry *e = mp_registry; e->name != NULL; e++)
        fprintf(f, "%s ", e->name);
    for (const struct mp_layer_entry *e = mp_layers_found; e->name != NULL; e++)
        fprintf(f, "%s ", e->name);
    fputs("pipeline words", f);
}

/* ------------------------------------------------------------------- bash */

static void bash_command(FILE *f, const struct mp_command_entry *e)
{
    const struct mp_param *p;
    char letter[8], name[96];
    fprintf(f, "    %s)\n        options='--help", e->name);
    for (int i = 0; (p = option(e->command, i)) != NULL; i++) {
        names(p, letter, name);
        fprintf(f, "%s%s %s", *letter != '\0' ? " " : "", letter, name);
    }
    fputs("'\n        case $previous in\n", f);
    for (int i = 0; (p = option(e->command, i)) != NULL; i++) {
        if (!mp_param_takes_word(p))
            continue;
        names(p, letter, name);
        fprintf(f, "        %s) values='", name);
        words(f, p);
        fputs("' ;;\n", f);
    }
    fputs("        esac ;;\n", f);
}

void mp_completion_bash(FILE *f)
{
    fputs("# mnistpipe for bash: written by `mnistpipe help --format=bash`\n"
          "_mnistpipe() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local options= values=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W '--help --version", f);
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++)
        fprintf(f, " %s", e->name);
    fputs("' -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", f);
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++)
        bash_command(f, e);
    fputs("    esac\n"
          "    if [ \"${COMP_WORDS[1]}\" = help ] && [ -z \"$values\" ]; then\n"
          "        values='", f);
    topics(f);
    fputs("'\n    fi\n"
          "    if [ \"${word:0:1}\" = - ]; then\n"
          "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
          "    elif [ -n \"$values\" ]; then\n"
          "        COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
          "    else\n"
          "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
          "    fi\n"
          "}\n"
          "complete -o filenames -F _mnistpipe mnistpipe\n", f);
}

/* -------------------------------------------------------------------- zsh */

/* Within single quotes of a specification: its own signs stand for themselves. */
static void zsh_text(FILE *f, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", f);
        else
            fprintf(f, strchr("[]:\\", *text) != NULL ? "\\%c" : "%c", *text);
    }
}

static void zsh_option(FILE *f, const struct mp_param *p)
{
    char letter[8], name[96];
    names(p, letter, name);
    const char *const all[] = { letter, name };
    for (int k = 0; k < 2; k++) {
        if (*all[k] == '\0')
            continue;
        const bool flag = p->type == MP_BOOL;
        fprintf(f, "            '%s%s%s[", p->repeat ? "*" : "", all[k],
                flag ? "" : k == 0 ? "+" : "=");
        zsh_text(f, p->doc);
        fputs("]", f);
        if (mp_param_takes_word(p)) {
            fputs(":value:(", f);
            words(f, p);
            fputs(")", f);
        } else if (!flag) {
            fputs(p->type == MP_TEXT ? ":value:_files" : ":number:", f);
        }
        fputs("' \\\n", f);
    }
}

void mp_completion_zsh(FILE *f)
{
    const struct mp_param *p;
    fputs("#compdef mnistpipe\n# written by `mnistpipe help --format=zsh`\n"
          "local -a commands\ncommands=(\n", f);
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++) {
        fprintf(f, "    '%s:", e->name);
        zsh_text(f, e->command->brief);
        fputs("'\n", f);
    }
    fputs(")\nif (( CURRENT == 2 )); then\n    _describe command commands\n    return\nfi\n"
          "case $words[2] in\n", f);
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++) {
        fprintf(f, "    %s)\n        shift words\n        (( CURRENT-- ))\n        _arguments \\\n",
                e->name);
        for (int i = 0; (p = option(e->command, i)) != NULL; i++)
            zsh_option(f, p);
        if (strcmp(e->name, "help") == 0) {
            fputs("            '*:topic:(", f);
            topics(f);
            fputs(")' ;;\n", f);
        } else {
            fputs("            '*:file:_files' ;;\n", f);
        }
    }
    fputs("esac\n", f);
}

/* ------------------------------------------------------------------- fish */

static void fish_text(FILE *f, const char *text)
{
    for (; *text != '\0'; text++)
        fprintf(f, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void fish_option(FILE *f, const char *command, const struct mp_param *p)
{
    char letter[8], name[96];
    names(p, letter, name);
    fprintf(f, "complete -c mnistpipe -n '__fish_seen_subcommand_from %s' -l %s", command,
            name + 2);
    if (*letter != '\0')
        fprintf(f, " -s %s", letter + 1);
    if (mp_param_takes_word(p)) {
        fputs(" -x -a '", f);
        words(f, p);
        fputs("'", f);
    } else if (p->type != MP_BOOL) {
        fputs(p->type == MP_TEXT ? " -r" : " -x", f);
    }
    fputs(" -d '", f);
    fish_text(f, p->doc);
    fputs("'\n", f);
}

void mp_completion_fish(FILE *f)
{
    const struct mp_param *p;
    fputs("# mnistpipe for fish: written by `mnistpipe help --format=fish`\n", f);
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++) {
        fprintf(f, "complete -c mnistpipe -f -n __fish_use_subcommand -a %s -d '", e->name);
        fish_text(f, e->command->brief);
        fputs("'\n", f);
        for (int i = 0; (p = option(e->command, i)) != NULL; i++)
            fish_option(f, e->name, p);
    }
    fputs("complete -c mnistpipe -f -n '__fish_seen_subcommand_from help' -a '", f);
    topics(f);
    fputs("'\n", f);
}
