/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - finds the command, gives it what it needs, and turns failure into an
 * exit status: 0 done, 1 failed, 2 the command line is wrong; what a signal stops dies of it. */
#include "cache/versions.h"
#include "config.h"
#include "core/cgroup.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/memory.h"
#include "core/param.h"
#include "core/progress.h"
#include "core/ranks.h"
#include "files/child.h"
#include "manual/doc.h"
#include "pipeline/options.h"
#include "text/json.h"
#include <errno.h>
#include <limits.h>
#include <omp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The only way to hear of a signal is a variable that its handler can reach. */
static volatile sig_atomic_t stopped;

/* The first asks the work to stop and clean up; the second kills.  A signal that comes between
 * the last look and a call that waits, as open() and read() of a pipe do, would not end that: so
 * one more comes every second from then on. */
static void on_signal(int number)
{
    if (number == SIGALRM) {
        alarm(1);
        return;
    }
    if (stopped != 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
    stopped = number;
    alarm(1);
}

static void write_error(const char *text)
{
    const ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n;
}

/* Rows that lie in a file are missing: there is nothing to go on with. */
static void on_lost_rows(int number, siginfo_t *about, void *unused)
{
    static atomic_flag met = ATOMIC_FLAG_INIT;
    char path[PATH_MAX];
    (void)number, (void)unused;
    while (atomic_flag_test_and_set(&met)) /* another thread has met it, and says so */
        pause();
    mp_memory_file(about->si_addr, path, sizeof path);
    write_error("mnistpipe: ");
    write_error(path[0] != '\0' ? path : "a file");
    write_error(": rows are read where they lie, in this file, which was cut, or its disk fails, "
                "while it was in use\n");
    _exit(1);
}

static const int stops[] = { SIGINT, SIGTERM, SIGHUP };

/* The handler gets a stack of its own: kernels that oneDNN writes at run time keep values further
 * below the stack's end than a handler leaves alone, and would go on with what it wrote there. */
static void *make_stack(void)
{
    enum { SIZE = 1 << 16 };
    const stack_t own = { .ss_sp = malloc(SIZE), .ss_size = SIZE };
    if (own.ss_sp != NULL)
        sigaltstack(&own, NULL);
    return own.ss_sp;
}

static void free_stack(void *stack)
{
    const stack_t none = { .ss_flags = SS_DISABLE };
    sigaltstack(&none, NULL);
    free(stack);
}

/* While a command is at work, signals ask it to stop. */
static void hear_signals(void)
{
    /* Without SA_RESTART: a read that waits for rows is to end, too. */
    const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
    struct sigaction was;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (stops[i] != SIGHUP || (sigaction(SIGHUP, NULL, &was) == 0 &&
                                   was.sa_handler != SIG_IGN)) /* of nohup */
            sigaction(stops[i], &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    const struct sigaction lost = { .sa_sigaction = on_lost_rows,
                                    .sa_flags = SA_ONSTACK | SA_SIGINFO };
    sigaction(SIGBUS, &lost, NULL);
    signal(SIGPIPE, SIG_IGN); /* a closed pipe or a size limit is a failed write */
    signal(SIGXFSZ, SIG_IGN);
}

/* Afterwards nobody would ask whether one came: it ends the program. */
static void heed_signals(void)
{
    signal(SIGALRM, SIG_IGN);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        struct sigaction now;
        if (sigaction(stops[i], NULL, &now) == 0 && now.sa_handler == on_signal)
            signal(stops[i], SIG_DFL);
    }
}

static const char *command_name(const void *unused, int i)
{
    static const char *const flags[] = { "--help", "--version" };
    enum { N = sizeof flags / sizeof *flags };
    (void)unused;
    return i < N ? flags[i] : mp_commands[i - N].name;
}

static void print_version(void)
{
    char version[128];
    const char *name;
    bool loaded;
    printf("mnistpipe %s\n", PACKAGE_VERSION);
    for (int i = 0; (name = mp_library_name(i, version, sizeof version, &loaded)) != NULL; i++)
        printf("  %-13s %s\n", name, version);
}

static const struct mp_command_entry *find_command(const char *name)
{
    for (const struct mp_command_entry *e = mp_commands; e->name != NULL; e++)
        if (strcmp(e->name, name) == 0)
            return e;
    const char *near = mp_nearest(name, command_name, NULL);
    if (near != NULL)
        fprintf(stderr, "mnistpipe: no command \"%s\"; did you mean \"%s\"?\n", name, near);
    else
        fprintf(stderr, "mnistpipe: no command \"%s\"; `mnistpipe help` shows them\n", name);
    return NULL;
}

/* As many as may compute at the same time: of the processors that the process may run on, what
 * its cgroups' time is enough for, and no more than $OMP_NUM_THREADS.  Ranks on one machine, of
 * which none is bound to some of its processors, share them. */
static int default_threads(void)
{
    const int processors = omp_get_num_procs(), wanted = omp_get_max_threads();
    const int time = mp_cgroup_processors(""), here = mp_launched().here;
    int least = processors < time ? processors : time;
    if (processors >= sysconf(_SC_NPROCESSORS_ONLN))
        least = least > here ? least / here : 1;
    return least < wanted ? least : wanted;
}

/* mpirun binds each of one or two ranks to a core, and threads to that. */
static void note_binding(const struct mp_run *run)
{
    const struct mp_launch l = mp_launched();
    const int mine = omp_get_num_procs();
    const long all = sysconf(_SC_NPROCESSORS_ONLN);
    if (l.n > 1 && l.mine == 0 && !run->quiet && run->command.asked->threads == 0 &&
        getenv("OMP_NUM_THREADS") == NULL && (long)mine * l.here < all)
        fprintf(stderr, "note: each rank is bound to %d of %ld processors, which has room for %d "
                        "thread%s; `mpirun --bind-to none` lets ranks share all of them\n", mine,
                all, run->threads, run->threads == 1 ? "" : "s");
}

/* A thread that waits for others looks again and again before it sleeps: 300000 times, if
 * OpenMP is not told better, and on a machine that is not idle these keep the others from what
 * is waited for.  It takes that from the environment before main() is called, so the program
 * has to begin once more: 2 ms.  Whoever has said how to wait is left alone. */
static void wait_briefly(char *const *argv)
{
    char path[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0 || getenv("OMP_WAIT_POLICY") != NULL || getenv("GOMP_SPINCOUNT") != NULL ||
        getenv("KMP_BLOCKTIME") != NULL)
        return;
    path[n] = '\0';
    /* gcc's OpenMP counts looks, 2000 of which take from 10 to 90 us; clang's milliseconds. */
    if (setenv("GOMP_SPINCOUNT", "2000", 1) == 0 && setenv("KMP_BLOCKTIME", "1", 1) == 0)
        execv(path, argv); /* if it fails, all goes on as it is */
}

/* Of several ranks the first one speaks. */
static void be_silent(struct mp_run *run)
{
    run->quiet = true;
    if (freopen("/dev/null", "w", stdout) == NULL) {
        /* Then what it prints, which is nothing, is printed. */
    }
}

/* Rank 0 at once.  Others, who have not met it: if it has failed, too, mpirun ends them in the
 * meantime; and if not, it would wait for them for ever. */
static void say_failure(const struct mp_ctx *c)
{
    const int mine = mp_launched().mine;
    if (mine == 0) {
        fprintf(stderr, "mnistpipe: %s\n", c->msg);
        return;
    }
    sleep(2);
    fprintf(stderr, "mnistpipe: rank %d: %s\n", mine, c->msg);
}

/* *met: the ranks have met, the result is that of all, and a failure has been said. */
static int run_command(struct mp_ctx *c, const struct mp_command_entry *e,
                       const struct mp_asked *asked, const void *options, int n, char **args,
                       bool *met)
{
    struct mp_run *run = c->run;
    run->command.asked = asked;
    run->quiet = asked->quiet;
    run->threads = asked->threads > 0 ? asked->threads : default_threads();
    if (run->threads > 1)
        wait_briefly(run->command.argv);
    run->more = mp_child_given();
    mp_memory_share();
    if (mp_ranks_open(c, e->command->ranks) < 0)
        return -1;
    *met = true;
    note_binding(run);
    if (mp_rank(c) > 0)
        be_silent(run);
    run->stopped = &stopped;
    void *stack = make_stack();
    hear_signals();
    run->bar = mp_bar_new(run->quiet);
    mp_json_watch();
    int rc = e->command->run(c, options, n, args);
    if (rc == MP_OK && mp_json_refused())
        rc = mp_no_memory(c, "all of a JSON document");
    mp_bar_free(run->bar);
    rc = mp_ranks_close(c, rc);
    if (rc < 0 && mp_launched().mine == 0)
        say_failure(c);
    mp_ranks_leave(c);
    heed_signals();
    free_stack(stack);
    return rc;
}

/* What could not be written to stdout is a failure like any other. */
static int end_output(int status)
{
    if (status == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
        if (errno == EPIPE) /* whoever read has seen enough */
            return 1;
        fprintf(stderr, "mnistpipe: standard output: cannot write\n");
        return 1;
    }
    return status;
}

int main(int argc, char **argv)
{
    struct mp_run run = { .command = { .start = mp_seconds(), .argc = argc, .argv = argv } };
    struct mp_ctx c;
    struct mp_asked asked = { 0 };
    bool help, met = false;
    int n = 0, status = 0;
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        mp_help_program(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : end_output(0);
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return end_output(0);
    }
    const struct mp_command_entry *e = find_command(argv[1]);
    if (e == NULL)
        return 2;
    mp_ctx_init(&c, &run);
    void *options = mp_alloc(&c, 1, e->command->options_size);
    char **args = mp_alloc(&c, (size_t)argc, sizeof *args);
    if (options == NULL || args == NULL ||
        mp_options_parse(&c, e->command, options, &asked, argc - 2, argv + 2, args, &n, &help) < 0)
        status = 2;
    else if (help)
        mp_help_command(stdout, e);
    else if (run_command(&c, e, &asked, options, n, args, &met) < 0)
        status = c.usage ? 2 : 1;
    if (met && mp_launched().mine > 0)
        status = 0; /* rank 0 says it: mpirun would stop it from that, were another rank first */
    else if (status != 0 && !met)
        say_failure(&c);
    mp_params_free(e->command->options, options);
    mp_params_free(mp_asked_table, &asked);
    mp_params_free(mp_asked_pipeline_table, &asked);
    mp_params_free(mp_asked_cache_table, &asked);
    mp_ctx_free(&c);
    free(options);
    free(args);
    status = end_output(status);
    if (stopped != 0)
        raise(stopped); /* who sent it is to see that it was heard: status 128 + number */
    return status;
}
