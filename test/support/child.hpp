// Code that has to run in a process of its own: because it aborts, because it changes a limit of
// the process, or because it is meant to die.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace urb::test {

/// Forks, calls `run()` in the child, and returns the child's wait status. What `run` returns is
/// the exit status. The child is silent and dies of SIGABRT like any program, without the test
/// framework's report: a failed assertion there is expected.
template <class F>
[[nodiscard]] int status_of_child(F&& run) {
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);
    _exit(run());
  }
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return status;
}

/// Whether `run()` ends in abort(), as a violated URB_ASSERT does.
template <class F>
[[nodiscard]] bool aborts(F&& run) {
  const int status = status_of_child([&run] {
    run();
    return 0;
  });
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/// What `run()` returns in a child; -1 when the child did not exit by itself.
template <class F>
[[nodiscard]] int exit_status_of(F&& run) {
  const int status = status_of_child(run);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace urb::test
