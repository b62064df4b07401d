// Start reports: writing, and turning them back into exceptions.
#include "server/process_message.hpp"

#include <unistd.h>

#include <cstdio>
#include <new>
#include <stdexcept>

#include "base/error.hpp"

namespace urb {

void write_message(int fd, const ProcessMessage& report) noexcept {
  [[maybe_unused]] const ssize_t written = ::write(fd, &report, sizeof report);
}

ProcessMessage make_failure_message(const std::exception& cause) noexcept {
  ProcessMessage report;
  const bool is_out_of_memory = dynamic_cast<const std::bad_alloc*>(&cause) != nullptr;
  report.kind = is_out_of_memory || dynamic_cast<const Unsupported*>(&cause) != nullptr
                    ? ProcessMessage::Kind::unsupported
                : dynamic_cast<const UsageError*>(&cause) != nullptr ? ProcessMessage::Kind::usage
                                                                     : ProcessMessage::Kind::failed;
  report.pid = getpid();
  std::snprintf(report.text, sizeof report.text, "%s",
                is_out_of_memory ? kOutOfMemory : cause.what());
  return report;
}

void throw_failure(const ProcessMessage& report) {
  switch (report.kind) {
    case ProcessMessage::Kind::unsupported: throw Unsupported(report.text);
    case ProcessMessage::Kind::usage: throw UsageError(report.text);
    default: throw std::runtime_error(report.text);
  }
}

}  // namespace urb
