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
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "report/console.hpp"

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

// `compare` says with 1 that something got worse, and so with another status that it cannot tell.
int failure_of(urb::Command command) noexcept {
  return command == urb::Command::compare ? urb::kExitUsage : urb::kExitFailed;
}

// Nothing, or why not all that was printed has arrived.
std::string describe_stdout() {
  urb::flush_text(stdout);
  if (std::ferror(stdout) == 0) return {};
  const int error = urb::stdout_error();
  return error == 0 ? "cannot write to standard output"
                    : urb::SysError("cannot write to standard output", error).what();
}

int run(const std::vector<std::string>& arguments, urb::Command& command) {
  auto parsed = urb::parse_options(arguments);
  if (const auto* const help = std::get_if<urb::HelpText>(&parsed)) {
    urb::write_text(stdout, help->text);
    return urb::kExitOk;
  }
  if (const auto* const error = std::get_if<urb::ParseError>(&parsed)) {
    throw urb::UsageError(error->message);
  }
  const auto& options = std::get<urb::Options>(parsed);
  command = options.command;
  return urb::run_command(options);
}

int run_and_catch(const std::vector<std::string>& arguments) noexcept {
  urb::Command command = urb::Command::run;
  try {
    const int exit_code = run(arguments, command);
    // A full disk behind a redirection shows only now.
    const std::string problem = describe_stdout();
    if (problem.empty()) return exit_code;
    urb::print_error(problem);
    return failure_of(command);
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
    return failure_of(command);
  }
}

}  // namespace

int main(int argc, char** argv) {
  urb::run_if_guest();
  // A peer or a pager that goes away is an error code, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  // Likewise a file that has reached ulimit -f: the row that does not fit is taken back.
  signal(SIGXFSZ, SIG_IGN);
  occupy_standard_streams();
  raise_descriptor_limit();
  return run_and_catch({argv + (argc > 0 ? 1 : 0), argv + argc});
}
