/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.c - the program once more, in a process of its own. */
#include "files/child.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program[] = "mnistpipe: "; /* begins the message of a failure */

/* What the child has said so far of a line that is not yet whole. */
struct ear {
    char text[1024];
    size_t n;
    void (*line)(void *arg, const char *text);
    void *arg;
    char *why;
    size_t size;
};

static void hear_line(struct ear *e)
{
    e->text[e->n] = '\0';
    e->n = 0;
    if (strncmp(e->text, program, sizeof program - 1) == 0)
        snprintf(e->why, e->size, "%s", e->text + sizeof program - 1);
    else if (e->text[0] != '\0' && e->line != NULL)
        e->line(e->arg, e->text);
}

static void hear(struct ear *e, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n')
            hear_line(e);
        else if (e->n + 1 < sizeof e->text)
            e->text[e->n++] = bytes[i];
    }
}

/* Only what is safe between fork() and exec() in a program with threads. */
static void become(char *const *argv, int err, pid_t parent)
{
    const int nowhere = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 ||
        dup2(nowhere, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        _exit(127);
    execv("/proc/self/exe", argv);
    _exit(127);
}

static bool ended(pid_t child)
{
    siginfo_t how = { .si_pid = 0 };
    return waitid(P_PID, (id_t)child, &how, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           how.si_pid == child;
}

/* Until the child closes its end, or is no more: another may hold that end, too. */
static void listen_to(struct mp_ctx *c, int fd, pid_t child, struct ear *e,
                      void (*tick)(void *arg), void *arg)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    bool told = false;
    for (;;) {
        char bytes[4096];
        const int ready = poll(&p, 1, 100);
        if (mp_stopped(c) && !told) {
            kill(child, SIGTERM);
            told = true;
        }
        if (tick != NULL)
            tick(arg);
        if (ready == 0 && ended(child))
            break;
        if (ready <= 0)
            continue;
        const ssize_t n = read(fd, bytes, sizeof bytes);
        if (n > 0)
            hear(e, bytes, (size_t)n);
        else if (n == 0 || errno != EINTR)
            break;
    }
    if (e->n > 0)
        hear_line(e);
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

int mp_child_run(struct mp_ctx *c, char *const *args, void (*line)(void *arg, const char *text),
                 void (*tick)(void *arg), void *arg, char *why, size_t size)
{
    struct ear e = { .line = line, .arg = arg, .why = why, .size = size };
    int ends[2], status = 0;
    char **argv = make_argv(c, args);
    *why = '\0';
    if (argv == NULL)
        return -1;
    if (pipe(ends) != 0) {
        free(argv);
        return mp_fail(c, "cannot start a process: %s", strerror(errno));
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    const pid_t parent = getpid(), child = fork();
    if (child == 0)
        become(argv, ends[1], parent);
    close(ends[1]);
    free(argv);
    if (child < 0) {
        close(ends[0]);
        return mp_fail(c, "cannot start a process: %s", strerror(errno));
    }
    listen_to(c, ends[0], child, &e, tick, arg);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (mp_stopped(c))
        return mp_fail(c, "interrupted");
    if (WIFSIGNALED(status))
        snprintf(why, size, "killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 && *why == '\0')
        snprintf(why, size, "ended with status %d and no word", WEXITSTATUS(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? MP_OK : 1;
}
