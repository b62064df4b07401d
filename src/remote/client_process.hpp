// A client's program under the command that brings it elsewhere, and the lines that it says.
#pragma once

#include <signal.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/units.hpp"
#include "process/child.hpp"
#include "process/command.hpp"
#include "remote/client_messages.hpp"

namespace urb {

/// The words of a command: between spaces, in '…' or "…" with spaces, a backslash before any other.
/// No shell reads them.
[[nodiscard]] std::variant<std::vector<std::string>, ParseError> split_command(
    std::string_view text);
/// What is run for `typed`, the words of --client-via: they, and behind them `program`, unless they
/// end with a path to it already, and the command that makes it a client.
[[nodiscard]] std::vector<std::string> client_command(std::vector<std::string> typed,
                                                      const std::string& program);

/// Ends with this process: it reads the end of its input then, and the command gets SIGTERM.
class ClientProcess {
 public:
  /// Starts `command`. Throws SysError and Unsupported, but not where there is no such program:
  /// that shows as an early end.
  explicit ClientProcess(const std::vector<std::string>& command);
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;
  ~ClientProcess() = default;

  /// Waits until it has taken all of it. Where it does not, or has ended, it is over.
  void say(const ClientMessage& message);
  /// Readable when there is something to take.
  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  /// What has come, without waiting. Lines before the hello that are no message are passed over: a
  /// login may greet.
  [[nodiscard]] std::vector<ClientMessage> take();
  /// It says nothing any more: it has ended, or spoke nonsense.
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  /// When it was last heard.
  [[nodiscard]] Nanos heard_at() const noexcept { return heard_at_; }
  /// Why it is over: its exit status and the last line of its standard error.
  [[nodiscard]] std::string describe_end();
  void kill() noexcept {
    child_.signal(SIGKILL);
    is_over_ = true;
  }

 private:
  void take_line(std::string_view line, std::vector<ClientMessage>& messages);

  Fd socket_;
  MemoryFile errors_;
  Child child_;
  std::string line_;  // as far as it has come
  std::string nonsense_;
  Nanos heard_at_ = monotonic_now();
  std::size_t greeting_bytes_ = 0;
  bool has_said_hello_ = false;
  bool is_over_ = false;
};

}  // namespace urb
