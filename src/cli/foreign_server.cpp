// Those named are its master, what they started its workers.
#include "cli/foreign_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace urb {
namespace {

const Counters kNotCounted;  // not ours, it has none

bool is_gone(pid_t pid, const std::vector<Relative>& family) {
  return std::none_of(family.begin(), family.end(),
                      [pid](const Relative& relative) { return relative.pid == pid; });
}

}  // namespace

ForeignServer::ForeignServer(std::span<const int> pids, HostScope scope)
    : scope_{std::move(scope)} {
  for (const pid_t pid : pids) {
    if (!sample_cpu_time(pid)) throw UsageError(fmt::format("--server-pid: no process {}", pid));
    if (std::find(named_.begin(), named_.end(), pid) == named_.end()) named_.push_back(pid);
  }
}

WindowSample ForeignServer::begin_window() {
  warnings_.clear();
  processes_.clear();
  for (const pid_t pid : named_) processes_.push_back({ProcessRole::master, 0, pid, &kNotCounted});
  family_ = list_family(named_);
  if (family_) {
    for (const Relative& relative : *family_) {
      if (relative.is_named) continue;
      processes_.push_back({ProcessRole::worker, 0, relative.pid, &kNotCounted});
    }
  }
  return sample_window_begin(processes_, scope_);
}

WindowSample ForeignServer::end_window() {
  WindowSample sample = sample_window_end(processes_, scope_);
  if (named_.empty()) return sample;
  const auto family = list_family(named_);
  if (!family || !family_) {
    warnings_.insert(Warning::server_hidden);
  } else if (*family != *family_ || std::any_of(named_.begin(), named_.end(),
                                                [&](pid_t pid) { return is_gone(pid, *family); })) {
    warnings_.insert(Warning::server_changed);
  }
  if (warnings_.empty()) return sample;
  // A part of it would pass for the whole.
  for (ProcessSample& process : sample.processes) {
    process.cpu.reset();
    process.context_switches.reset();
  }
  return sample;
}

}  // namespace urb
