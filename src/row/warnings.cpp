#include "row/warnings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace urb {

std::span<const WarningInfo> all_warnings() noexcept {
  static constexpr std::array kWarnings{
#define URB_WARNING(name, doubt, counter, text) \
  WarningInfo{Warning::name, #name, Doubt::doubt, counter, text},
#include "row/warnings.inc"
  };
  return kWarnings;
}

std::string_view name_of(Warning warning) noexcept {
  return all_warnings()[static_cast<std::size_t>(warning)].name;
}

std::string_view text_of(Warning warning) noexcept {
  return all_warnings()[static_cast<std::size_t>(warning)].text;
}

const WarningInfo* find_warning(std::string_view name) noexcept {
  for (const WarningInfo& warning : all_warnings()) {
    if (warning.name == name) return &warning;
  }
  return nullptr;
}

std::string_view text_of_warning(std::string_view name) noexcept {
  const WarningInfo* const warning = find_warning(name);
  return warning == nullptr ? std::string_view{} : warning->text;
}

std::string format_warnings(const Warnings& warnings) {
  std::vector<std::string_view> names;
  for (const Warning warning : warnings) names.push_back(name_of(warning));
  return fmt::format("{}", fmt::join(names, ";"));
}

std::vector<std::string> split_warnings(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    if (end != 0) names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

bool is_stall_long(Nanos stalled, Nanos elapsed) noexcept {
  return to_seconds(stalled) > kStallLong * to_seconds(elapsed);
}

bool misses_rate(std::uint64_t answers, double rate, double seconds) noexcept {
  return static_cast<double>(answers) + 1 < kRateReached * rate * seconds;
}

}  // namespace urb
