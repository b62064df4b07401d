// Which counter stands for which shortage.
#include "report/shortages.hpp"

#include <fmt/format.h>

#include <array>

namespace urb {
namespace {

struct Kind {
  Warning warning;
  Counter Counters::*counter;
};

constexpr std::array kKinds{
    Kind{Warning::cq_overflowed, &Counters::cq_overflows},
    Kind{Warning::fds_exhausted, &Counters::fds_exhausted},
    Kind{Warning::files_exhausted, &Counters::files_exhausted},
    Kind{Warning::kernel_memory_exhausted, &Counters::kernel_memory_exhausted},
    Kind{Warning::in_flight_fds_exhausted, &Counters::in_flight_fds_exhausted},
    Kind{Warning::handover_stalled, &Counters::handover_stalls},
    Kind{Warning::handover_refused, &Counters::handover_refusals},
    Kind{Warning::slots_exhausted, &Counters::slots_exhausted},
    Kind{Warning::buffers_starved, &Counters::receive_starved},
    Kind{Warning::small_pipes, &Counters::small_pipes},
};

}  // namespace

void Shortages::add(const Counters& counters) {
  for (const Kind& kind : kKinds) add(kind.warning, (counters.*kind.counter).get());
}

void Shortages::add(Warning kind, std::uint64_t count) {
  if (count != 0) counts_[kind] += count;
}

std::uint64_t Shortages::count_of(Warning kind) const {
  const auto found = counts_.find(kind);
  return found == counts_.end() ? 0 : found->second;
}

Warnings Shortages::kinds() const {
  Warnings kinds;
  for (const auto& [kind, count] : counts_) kinds.insert(kind);
  return kinds;
}

std::string Shortages::describe() const {
  std::string text;
  for (const auto& [kind, count] : counts_) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name_of(kind), count);
  }
  return text;
}

std::string Shortages::remedies() const {
  std::string text;
  for (const auto& [kind, count] : counts_) text += fmt::format("; {}", text_of(kind));
  return text;
}

}  // namespace urb
