// Start reports: writing, and turning them back into exceptions.
#include "server/report.hpp"

#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "base/error.hpp"

namespace urb {

void write_report(int fd, const StartReport& report) noexcept {
  [[maybe_unused]] const ssize_t written = ::write(fd, &report, sizeof report);
}

StartReport make_failure_report(const std::exception& cause) noexcept {
  StartReport report;
  report.kind = dynamic_cast<const Unsupported*>(&cause) != nullptr ? StartReport::Kind::unsupported
                : dynamic_cast<const UsageError*>(&cause) != nullptr ? StartReport::Kind::usage
                                                                     : StartReport::Kind::failed;
  report.pid = getpid();
  std::snprintf(report.text, sizeof report.text, "%s", cause.what());
  return report;
}

void throw_reported(const StartReport& report) {
  switch (report.kind) {
    case StartReport::Kind::unsupported: throw Unsupported(report.text);
    case StartReport::Kind::usage: throw UsageError(report.text);
    default: throw std::runtime_error(report.text);
  }
}

}  // namespace urb
