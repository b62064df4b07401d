#include "profile/fold.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "profile/subsystems.hpp"

namespace urb {
namespace {

// x86-64: the kernel has the upper half (Documentation/arch/x86/x86_64/mm.rst).
constexpr std::uint64_t kKernelBegin = 0xffff'8000'0000'0000;
// A static program lies low. Above it the only code is what the kernel maps for clocks (vdso(7)).
constexpr std::uint64_t kVdsoBegin = 0x7000'0000'0000;

struct Place {
  std::string_view subsystem;
  std::string_view function;
};

Place find_place(std::uint64_t address, const GuestSymbols& symbols) {
  const bool is_kernel = address >= kKernelBegin;
  if (!is_kernel && address >= kVdsoBegin) return {"timer/interrupt", "[vdso]"};
  const std::string_view name = (is_kernel ? symbols.kernel : symbols.program).find(address);
  if (name.empty()) return {kUnknown, kUnknownFunction};
  return {is_kernel ? subsystem_of(name) : kOurs, name};
}

}  // namespace

std::vector<FunctionCount> fold(const ProfileWindow& window, const GuestSymbols& symbols) {
  std::map<std::string_view, std::map<std::string_view, std::uint64_t>> by_symbol;
  for (const BlockCount& block : window) {
    const Place place = find_place(block.address, symbols);
    by_symbol[place.subsystem][place.function] += block.instructions;
  }
  // A program has more symbols than a window meets, and long ones: only these are read.
  std::map<std::string_view, std::map<std::string, std::uint64_t>> sums;
  for (const auto& [subsystem, functions] : by_symbol) {
    for (const auto& [symbol, instructions] : functions) {
      const std::string name{symbol};
      sums[subsystem][subsystem == kOurs ? short_function_name(name) : name] += instructions;
    }
  }
  std::vector<FunctionCount> counts;
  for (const std::string_view subsystem : all_subsystems()) {
    const auto found = sums.find(subsystem);
    if (found == sums.end()) continue;
    const std::size_t first = counts.size();
    counts.push_back({std::string{subsystem}, {}, 0});
    for (const auto& [function, instructions] : found->second) {
      counts[first].instructions += instructions;
      counts.push_back({std::string{subsystem}, function, instructions});
    }
    std::stable_sort(counts.begin() + static_cast<std::ptrdiff_t>(first) + 1, counts.end(),
                     [](const FunctionCount& left, const FunctionCount& right) {
                       return left.instructions > right.instructions;
                     });
  }
  return counts;
}

}  // namespace urb
