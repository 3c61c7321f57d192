/* SPDX-License-Identifier: GPL-3.0-or-later */
/* environment.c - what the manual says of variables, files and exit statuses. */
#include "manual/environment.h"
#include <stddef.h>

const struct mp_named mp_variables[] = {
    { "MNISTPIPE_CACHE",
      "The folder of data sets and results, in place of mnistpipe in that of XDG_CACHE_HOME." },
    { "MNISTPIPE_DATA",
      "The folder of the sample, train.csv.gz and test.csv.gz, in place of the installed one." },
    { "MNISTPIPE_MIRROR",
      "Where `mnistpipe fetch` looks first: the address of a folder that has the set's files." },
    { "MNISTPIPE_TOKEN", "What requests to `mnistpipe serve` have to bring, where --token names no "
                         "file." },
    { "XDG_CACHE_HOME", "The folder of all caches, in place of .cache in that of HOME." },
    { "HOME", "The user's folder, where no other variable says where the cache lies." },
    { "TMPDIR", "Where what is large and temporary lies, in place of /var/tmp." },
    { "COLUMNS", "How wide tables and sentences are where the output is no terminal that says so; "
                 "80 without." },
    { "NO_COLOR", "Not empty: no colours, no bold text, pictures as characters." },
    { "TERM, COLORTERM, TERM_PROGRAM, KITTY_WINDOW_ID, TMUX, STY, LC_ALL, LC_CTYPE, LANG",
      "What the terminal can show: colours, pictures, characters." },
    { "OMP_NUM_THREADS", "The most threads, where --threads does not say." },
    { "OMP_WAIT_POLICY, GOMP_SPINCOUNT, KMP_BLOCKTIME",
      "How threads wait for one another, in place of sleeping soon." },
    { "OMPI_COMM_WORLD_SIZE, OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_LOCAL_SIZE, PMI_SIZE, PMI_RANK, "
      "MPI_LOCALNRANKS, PMIX_RANK, SLURM_STEP_NUM_TASKS, SLURM_STEP_TASKS_PER_NODE",
      "What mpirun or srun tell each of the processes that they start." },
    { NULL, NULL }
};

const struct mp_named mp_files[] = {
    { "runs/NAME/", "What a run wrote: report.html, report.txt, report.json, predictions.csv, "
                    "bundle.mnp; runs/compare, runs/ablate, runs/NAME-search of those commands." },
    { "~/.cache/mnistpipe/", "Data sets that `mnistpipe fetch` got, and the cache of results in "
                             "stages/; may be removed at any time." },
    { NULL, NULL }
};

const struct mp_named mp_statuses[] = {
    { "0", "Done." },
    { "1", "Failed; one line on stderr says why." },
    { "2", "The command line is wrong." },
    { "130, 143, 129",
      "Stopped by Ctrl-C, by SIGTERM, or because the terminal closed: the work was cleaned up, and "
      "the program died of that signal, which shells show as 128 + its number. A second signal "
      "kills at once." },
    { NULL, NULL }
};
