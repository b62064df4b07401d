// sigaction(2) and signalfd(2).
#include "cli/signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/refusal.hpp"

namespace urb {
namespace {

// A handler can reach nothing but globals; this one is written once, by the handler.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // or the handler could deadlock

// Started with nohup: the end of the terminal is not to be the end of the run.
bool is_ignored(int number) {
  struct sigaction action {};
  check(sigaction(number, nullptr, &action), "sigaction");
  return action.sa_handler == SIG_IGN;
}

}  // namespace

const std::atomic<bool>& stop_on_signal() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested.store(true); };
  // One shot each: the second signal finds the default action. No SA_RESTART: waits are to end.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  check(sigaction(SIGINT, &action, nullptr), "sigaction");
  check(sigaction(SIGTERM, &action, nullptr), "sigaction");
  if (is_ignored(SIGHUP)) return stop_requested;
  // Not in a hurry: the kernel and the shell both send it when a terminal ends.
  action.sa_flags = 0;
  check(sigaction(SIGHUP, &action, nullptr), "sigaction");
  return stop_requested;
}

Fd make_signal_fd() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (!is_ignored(SIGHUP)) sigaddset(&signals, SIGHUP);
  check(sigprocmask(SIG_BLOCK, &signals, nullptr), "sigprocmask");
  return Fd{Adopt{}, check_allowed(signalfd(-1, &signals, SFD_CLOEXEC), "signalfd", {2, 6})};
}

int take_signal(int signal_fd) {
  signalfd_siginfo signal{};
  check(read(signal_fd, &signal, sizeof signal), "read of a signalfd");
  return static_cast<int>(signal.ssi_signo);
}

}  // namespace urb
