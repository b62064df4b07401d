// Dispatch to a command; the only catch; exit codes.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace {

// Every connection is a descriptor at both ends, and the soft limit is often 1024.
void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  // If it fails, the run that needs more says so with EMFILE and its remedy.
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const std::vector<std::string>& arguments) {
  auto parsed = urb::parse_options(arguments);
  if (const auto* const help = std::get_if<urb::HelpText>(&parsed)) {
    fmt::print("{}", help->text);
    return urb::kExitOk;
  }
  if (const auto* const error = std::get_if<urb::ParseError>(&parsed)) {
    throw urb::UsageError(error->message);
  }
  return urb::run_command(std::get<urb::Options>(parsed));
}

int run_and_catch(const std::vector<std::string>& arguments) noexcept {
  try {
    const int exit_code = run(arguments);
    // A full disk behind a redirection shows only now.
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
    urb::print_error("cannot write to standard output");
    return urb::kExitFailed;
  } catch (const urb::UsageError& error) {
    urb::print_error(error.what());
    return urb::kExitUsage;
  } catch (const urb::Unsupported& error) {
    urb::print_error(error.what());
    return urb::kExitUnsupported;
  } catch (const std::exception& error) {
    urb::print_error(error.what());
    return urb::kExitFailed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  // A peer or a pager that goes away is an error code, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  return run_and_catch({argv + (argc > 0 ? 1 : 0), argv + argc});
}
