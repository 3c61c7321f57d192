/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options.h - the command line: options shared by commands, and their parsing. */
#ifndef MP_OPTIONS_H
#define MP_OPTIONS_H
#include "pipeline/registry.h"

/* Options that commands share: of all, of those that run pipelines, and of those that
 * use the cache. */
struct mp_asked {
    char *train, *test, *train_labels, *test_labels, *more, *set, *drop, *seed;
    char *cache;
    bool no_cache;
    int threads;
    bool quiet;
};
extern const struct mp_param mp_asked_table[], mp_asked_pipeline_table[], mp_asked_cache_table[];

/* Sorts argv[0 .. n-1] into the command's options, the shared ones, and what
 * remains (*args, *n_args; it points into argv).  --help sets *help. */
int mp_options_parse(struct mp_ctx *c, const struct mp_command *command, void *options,
                     struct mp_asked *asked, int n, char **argv, char **args, int *n_args,
                     bool *help);

/* "train_labels" -> "--train-labels"; "-o, --output" where there is a short form. */
void mp_option_name(const struct mp_param *p, char *text, size_t size);
#endif
