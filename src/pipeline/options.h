/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options.h - the command line: options shared by commands, and their parsing. */
#ifndef MP_OPTIONS_H
#define MP_OPTIONS_H
#include "pipeline/registry.h"

/* Options that commands share: of all, of those that run pipelines, and of those that
 * use the cache. */
struct mp_asked {
    char *train, *test, *train_labels, *test_labels, *set, *drop, *seed;
    char *cache;
    bool no_cache;
    int threads;
    bool quiet;
};
extern const struct mp_param mp_asked_table[], mp_asked_pipeline_table[], mp_asked_cache_table[];

/* How a file of rows is read that no `data` line describes: a command's own options `label`
 * and `range`; "" and 0 leave it to the file, or to a bundle. */
#define MP_FORM_OPTIONS                                                                  \
    MP_PARAM(label, .def = "", .unit = "column",                                          \
             .doc = "column of a CSV's labels: first, last, none, its number from 1 or its name"), \
    MP_PARAM(range, .def = "0", .min = 0, .max = 255,                                     \
             .doc = "value of full ink in the file, such as 1 or 16; 0: 255, or as the bundle says")

/* Sorts argv[0 .. n-1] into the command's options, the shared ones, and what
 * remains (*args, *n_args; it points into argv).  --help sets *help. */
int mp_options_parse(struct mp_ctx *c, const struct mp_command *command, void *options,
                     struct mp_asked *asked, int n, char **argv, char **args, int *n_args,
                     bool *help);

/* "train_labels" -> "--train-labels"; "-o, --output" where there is a short form. */
void mp_option_name(const struct mp_param *p, char *text, size_t size);
#endif
