// Which counter stands for which shortage.
#include "row/shortages.hpp"

#include <fmt/format.h>

#include <array>

namespace urb {
namespace {

struct Sign {
  Warning warning;
  Counter Counters::*counter;
};

constexpr std::array kSigns{
    Sign{Warning::cq_overflowed, &Counters::cq_overflows},
    Sign{Warning::fds_exhausted, &Counters::fds_exhausted},
    Sign{Warning::files_exhausted, &Counters::files_exhausted},
    Sign{Warning::kernel_memory_exhausted, &Counters::kernel_memory_exhausted},
    Sign{Warning::in_flight_fds_exhausted, &Counters::in_flight_fds_exhausted},
    Sign{Warning::handover_stalled, &Counters::handover_stalls},
    Sign{Warning::handover_refused, &Counters::handover_refusals},
    Sign{Warning::slots_exhausted, &Counters::slots_exhausted},
    Sign{Warning::buffers_starved, &Counters::receive_starved},
    Sign{Warning::small_pipes, &Counters::small_pipes},
};

}  // namespace

void Shortages::add(const Counters& counters) {
  for (const Sign& sign : kSigns) add(sign.warning, (counters.*sign.counter).get());
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
