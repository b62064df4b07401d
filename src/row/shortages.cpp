#include "row/shortages.hpp"

#include <fmt/format.h>

namespace urb {

void Shortages::add(const Counters& counters) {
  for (const WarningInfo& warning : all_warnings()) {
    if (warning.counter != nullptr) add(warning.kind, (counters.*warning.counter).get());
  }
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
