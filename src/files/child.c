/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.c - the program once more, in processes of their own.
 *
 * A child that may be given more threads shares a few bytes of memory with this process: they
 * are its standard input, a sealed file without a name, so that nothing else can be taken for
 * them, and nobody else hears of them.
 *
 * Reference: memfd_create(2), fcntl(2). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create() */
#endif
#include "files/child.h"
#include "core/ranks.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program[] = "mnistpipe: "; /* begins the message of a failure */
static const char remark[] = "warning: ";    /* is in the report, too */

/* ----------------------------------------------------------------- threads */

struct given {
    char what[16];
    atomic_int threads;
};
static const struct given nothing = { .what = "mnistpipe: has" };

/* Where the child will find it; -1: nowhere, and then it has what its arguments say. */
static int give(struct given **shared)
{
    const int fd = memfd_create("mnistpipe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *at = MAP_FAILED;
    *shared = NULL;
    if (fd >= 0 && write(fd, &nothing, sizeof nothing) == sizeof nothing &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        at = mmap(NULL, sizeof nothing, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) {
        *shared = at;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

const atomic_int *mp_child_given(void)
{
    struct stat st;
    const int seals = fcntl(STDIN_FILENO, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 ||
        fstat(STDIN_FILENO, &st) != 0 || st.st_size != sizeof(struct given))
        return NULL;
    const struct given *at = mmap(NULL, sizeof *at, PROT_READ, MAP_SHARED, STDIN_FILENO, 0);
    if (at == MAP_FAILED)
        return NULL;
    if (memcmp(at->what, nothing.what, sizeof at->what) != 0) {
        munmap((void *)(uintptr_t)at, sizeof *at);
        return NULL;
    }
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC); /* it is nobody's rows */
    if (nowhere >= 0) {
        dup2(nowhere, STDIN_FILENO);
        close(nowhere);
    }
    return &at->threads;
}

void mp_child_threads(struct mp_child *k, int threads)
{
    if (k->given != NULL)
        atomic_store(&k->given->threads, threads);
}

/* --------------------------------------------------------------- listening */

static void hear_line(struct mp_child *k)
{
    k->line[k->n] = '\0';
    k->n = 0;
    if (strncmp(k->line, program, sizeof program - 1) == 0)
        snprintf(k->why, sizeof k->why, "%s", k->line + sizeof program - 1);
    else if (k->line[0] != '\0' && strncmp(k->line, remark, sizeof remark - 1) != 0)
        snprintf(k->said, sizeof k->said, "%.*s", (int)sizeof k->said - 1, k->line);
}

static void hear(struct mp_child *k, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n')
            hear_line(k);
        else if (k->n + 1 < sizeof k->line)
            k->line[k->n++] = bytes[i];
    }
}

/* Its end is that of what it says or, as another may hold that end, too, that it is no more. */
static void listen_to(struct mp_child *k, bool ready)
{
    char bytes[4096];
    siginfo_t how = { .si_pid = 0 };
    if (!ready) {
        k->ended = waitid(P_PID, (id_t)k->pid, &how, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                   how.si_pid == k->pid;
        return;
    }
    const ssize_t n = read(k->fd, bytes, sizeof bytes);
    if (n > 0)
        hear(k, bytes, (size_t)n);
    else
        k->ended = n == 0 || errno != EINTR;
}

void mp_children_hear(struct mp_ctx *c, struct mp_child *k, int n)
{
    struct pollfd p[MP_MOST_CHILDREN];
    for (int i = 0; i < n; i++)
        p[i] = (struct pollfd){ .fd = k[i].fd, .events = POLLIN };
    const int ready = poll(p, (nfds_t)n, 100);
    for (int i = 0; i < n; i++) {
        if (mp_stopped(c))
            mp_child_stop(&k[i]);
        if (ready >= 0)
            listen_to(&k[i], p[i].revents != 0);
    }
}

/* What it said between the last look and its end. */
static void hear_last(struct mp_child *k)
{
    char bytes[4096];
    ssize_t n;
    fcntl(k->fd, F_SETFL, O_NONBLOCK);
    while ((n = read(k->fd, bytes, sizeof bytes)) > 0)
        hear(k, bytes, (size_t)n);
    if (k->n > 0)
        hear_line(k);
}

/* ---------------------------------------------------------- start and end */

/* Only what is safe between fork() and exec() in a program with threads. */
static void become(char *const *argv, char *const *env, int in, int err, pid_t parent)
{
    const int nowhere = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || nowhere < 0 ||
        dup2(in >= 0 ? in : nowhere, STDIN_FILENO) < 0 ||
        dup2(nowhere, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        _exit(127);
    execve("/proc/self/exe", argv, env);
    _exit(127);
}

static char **make_argv(struct mp_ctx *c, char *const *args)
{
    size_t n = 0;
    while (args[n] != NULL)
        n++;
    char **argv = mp_alloc(c, n + 2, sizeof *argv);
    if (argv != NULL) {
        argv[0] = (char *)(uintptr_t) "mnistpipe";
        memcpy(argv + 1, args, n * sizeof *argv);
    }
    return argv;
}

/* It is none of the processes that a launcher has started. */
static char **make_env(struct mp_ctx *c)
{
    size_t n = 0, kept = 0;
    while (environ[n] != NULL)
        n++;
    char **env = mp_alloc(c, n + 1, sizeof *env);
    for (size_t i = 0; i < n && env != NULL; i++)
        if (!mp_launch_left(environ[i]))
            env[kept++] = environ[i];
    return env;
}

static int start(struct mp_ctx *c, struct mp_child *k, char *const *argv, char *const *env, int in)
{
    int ends[2];
    if (pipe(ends) != 0)
        return mp_fail(c, "cannot start a process: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    const pid_t parent = getpid(), child = fork();
    if (child == 0)
        become(argv, env, in, ends[1], parent);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return mp_fail(c, "cannot start a process: %s", strerror(errno));
    }
    k->pid = child;
    k->fd = ends[0];
    return MP_OK;
}

static void take_back(struct mp_child *k)
{
    if (k->given != NULL)
        munmap(k->given, sizeof *k->given);
    k->given = NULL;
}

int mp_child_start(struct mp_ctx *c, struct mp_child *k, char *const *args, bool grows)
{
    memset(k, 0, sizeof *k);
    char **argv = make_argv(c, args), **env = make_env(c);
    const bool good = argv != NULL && env != NULL;
    const int in = good && grows ? give(&k->given) : -1;
    const int rc = good ? start(c, k, argv, env, in) : -1;
    if (in >= 0)
        close(in);
    if (rc < 0)
        take_back(k);
    free(argv);
    free(env);
    return rc;
}

void mp_child_stop(struct mp_child *k)
{
    if (!k->told)
        kill(k->pid, SIGTERM);
    k->told = true;
}

int mp_child_end(struct mp_ctx *c, struct mp_child *k)
{
    int status = 0;
    while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    hear_last(k);
    close(k->fd);
    take_back(k);
    if (mp_stopped(c))
        return mp_fail(c, "interrupted");
    if (WIFSIGNALED(status))
        snprintf(k->why, sizeof k->why, "killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 && *k->why == '\0')
        snprintf(k->why, sizeof k->why, "ended with status %d and no word", WEXITSTATUS(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? MP_OK : 1;
}
