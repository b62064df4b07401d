// `client`: the far side of --client-via.
#include <signal.h>
#include <unistd.h>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/host_line.hpp"
#include "cli/version.hpp"
#include "remote/client_agent.hpp"

namespace urb {
namespace {

int run_client() {
  if (isatty(STDIN_FILENO) != 0)
    throw UsageError("client takes its orders from a run: see --client-via of uring-bench --help");
  // Ctrl-C is for the run, which ends this one.
  signal(SIGINT, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  const Host host = probe_host();
  return run_client_agent({.version = kVersion,
                           .boot_id = host.settings.boot_id,
                           .scope = scope_of(host),
                           .yardstick = yardstick_here()},
                          STDIN_FILENO, STDOUT_FILENO);
}

}  // namespace

extern const Command command_client;
const Command command_client{
    .name = "client",
    .summary = "Takes its orders from a run elsewhere; --client-via starts it",
    .examples = "  uring-bench client </dev/null\n",
    .declare = [](Flags&) { return make_action(run_client); }};

}  // namespace urb
