// Dispatch to a command; the only catch; exit codes.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "cli/command_line.hpp"
#include "cli/messages.hpp"
#include "report/console.hpp"
#include "sweep/guest.hpp"

namespace {

// Every connection is a descriptor at both ends, and the soft limit is often 1024. The server's
// processes inherit it: their tables of connections have as many entries, up to 65,536.
void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  // If it fails, the run that needs more says so with EMFILE and its remedy.
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// Started with a standard stream closed (`>&-`), the next file opened would get its number, and the
// tables would go into the rows. What stands in for it refuses writes, as a closed one does.
void occupy_standard_streams() noexcept {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) != -1) continue;
    // The lowest free number is this one. If it fails there is no /dev, and nothing to stand in.
    (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// Nothing, or why not all that was printed has arrived.
std::string describe_stdout() {
  urb::flush_text(stdout);
  if (std::ferror(stdout) == 0) return {};
  const int error = urb::stdout_error();
  return error == 0 ? "cannot write to standard output"
                    : urb::SysError("cannot write to standard output", error).what();
}

int run(const std::vector<std::string>& arguments, int& exit_on_failure) {
  auto parsed = urb::parse_command_line(arguments);
  if (const auto* const help = std::get_if<urb::HelpText>(&parsed)) {
    urb::write_text(stdout, help->text);
    return urb::kExitOk;
  }
  if (const auto* const error = std::get_if<urb::ParseError>(&parsed)) {
    throw urb::UsageError(error->message);
  }
  const auto& invocation = std::get<urb::Invocation>(parsed);
  exit_on_failure = invocation.command->exit_on_failure;
  return invocation.action.run();
}

int run_and_catch(const std::vector<std::string>& arguments) noexcept {
  int exit_on_failure = urb::kExitFailed;
  try {
    const int exit_code = run(arguments, exit_on_failure);
    // A full disk behind a redirection shows only now.
    const std::string problem = describe_stdout();
    if (problem.empty()) return exit_code;
    urb::print_error(problem);
    return exit_on_failure;
  } catch (const urb::UsageError& error) {
    urb::print_error(error.what());
    return urb::kExitUsage;
  } catch (const urb::Unsupported& error) {
    urb::print_error(error.what());
    return urb::kExitUnsupported;
  } catch (const std::bad_alloc&) {
    urb::print_error(urb::kOutOfMemory);
    return urb::kExitUnsupported;
  } catch (const std::exception& error) {
    urb::print_error(error.what());
    return exit_on_failure;
  }
}

}  // namespace

int main(int argc, char** argv) {
  // In a virtual machine that `sweep` made: does not return.
  if (urb::is_guest_init()) urb::run_guest();
  // A peer or a pager that goes away is an error code, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  // Likewise a file that has reached ulimit -f: the row that does not fit is taken back.
  signal(SIGXFSZ, SIG_IGN);
  occupy_standard_streams();
  raise_descriptor_limit();
  return run_and_catch({argv + (argc > 0 ? 1 : 0), argv + argc});
}
