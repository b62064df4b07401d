// Start reports: writing, and turning them back into exceptions.
#include "server/report.hpp"

#include <unistd.h>

#include <cstdio>
#include <new>
#include <stdexcept>

#include "base/error.hpp"

namespace urb {

void write_report(int fd, const ProcessReport& report) noexcept {
  [[maybe_unused]] const ssize_t written = ::write(fd, &report, sizeof report);
}

ProcessReport make_failure_report(const std::exception& cause) noexcept {
  ProcessReport report;
  const bool is_out_of_memory = dynamic_cast<const std::bad_alloc*>(&cause) != nullptr;
  report.kind = is_out_of_memory || dynamic_cast<const Unsupported*>(&cause) != nullptr
                    ? ProcessReport::Kind::unsupported
                : dynamic_cast<const UsageError*>(&cause) != nullptr ? ProcessReport::Kind::usage
                                                                     : ProcessReport::Kind::failed;
  report.pid = getpid();
  std::snprintf(report.text, sizeof report.text, "%s",
                is_out_of_memory ? kOutOfMemory : cause.what());
  return report;
}

void throw_reported(const ProcessReport& report) {
  switch (report.kind) {
    case ProcessReport::Kind::unsupported: throw Unsupported(report.text);
    case ProcessReport::Kind::usage: throw UsageError(report.text);
    default: throw std::runtime_error(report.text);
  }
}

}  // namespace urb
