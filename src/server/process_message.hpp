// What the server's processes tell the one that started them, over a pipe: ready, or why not, and
// which worker died.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <exception>

namespace urb {

/// One message; smaller than PIPE_BUF, so that those of several processes do not mix.
struct ProcessMessage {
  enum class Kind : std::uint8_t { ready, unsupported, usage, failed, lost };
  Kind kind = Kind::ready;
  bool is_master = false;
  std::uint32_t worker_index = 0;
  pid_t pid = 0;
  char text[400] = "";
};

/// Writes `report` to `fd`, which does not block: where nobody reads, reports are lost.
void write_message(int fd, const ProcessMessage& report) noexcept;
/// The report of an exception that ended a process before it was ready.
[[nodiscard]] ProcessMessage make_failure_message(const std::exception& cause) noexcept;
/// Throws the exception that a failure report stands for.
[[noreturn]] void throw_failure(const ProcessMessage& report);

}  // namespace urb
