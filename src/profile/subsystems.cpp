#include "profile/subsystems.hpp"

#include <algorithm>
#include <array>

namespace urb {
namespace {

constexpr std::array kSubsystems{
    std::string_view{"copy"},
    std::string_view{"page allocator"},
    std::string_view{"slab"},
    std::string_view{"memory mapping"},
    std::string_view{"TCP"},
    std::string_view{"IP"},
    std::string_view{"device"},
    std::string_view{"socket"},
    std::string_view{"io_uring"},
    std::string_view{"fs/splice"},
    std::string_view{"poll/wait"},
    std::string_view{"scheduler"},
    std::string_view{"locks/rcu"},
    std::string_view{"timer/interrupt"},
    std::string_view{"entry"},
    std::string_view{"security"},
    kIdle,
    kOtherKernel,
    kOurs,
    kUnknown,
};

struct Patterns {
  std::string_view subsystem;
  std::string_view names;  // with spaces between them
};
constexpr Patterns kPatterns[]{
#define URB_FUNCTIONS(subsystem, names) {subsystem, names},
#include "profile/subsystems.inc"
#undef URB_FUNCTIONS
};

constexpr bool are_known() {
  return std::all_of(std::begin(kPatterns), std::end(kPatterns), [](const Patterns& patterns) {
    return std::find(kSubsystems.begin(), kSubsystems.end(), patterns.subsystem) !=
           kSubsystems.end();
  });
}
static_assert(are_known(), "subsystems.inc names a subsystem that is not in the list");

// A star between letters would match nothing.
constexpr bool are_simple() {
  return std::all_of(std::begin(kPatterns), std::end(kPatterns), [](const Patterns& patterns) {
    const std::string_view names = patterns.names;
    for (std::size_t at = 1; at + 1 < names.size(); ++at) {
      if (names[at] == '*' && names[at - 1] != ' ' && names[at + 1] != ' ') return false;
    }
    return true;
  });
}
static_assert(are_simple(), "subsystems.inc has a star in the middle of a pattern");

// With one star at most at either end.
bool matches(std::string_view name, std::string_view pattern) noexcept {
  const bool open_begin = pattern.starts_with('*');
  if (open_begin) pattern.remove_prefix(1);
  const bool open_end = pattern.ends_with('*');
  if (open_end) pattern.remove_suffix(1);
  if (open_begin && open_end) return name.find(pattern) != std::string_view::npos;
  if (open_begin) return name.ends_with(pattern);
  return open_end ? name.starts_with(pattern) : name == pattern;
}

bool matches_any(std::string_view name, std::string_view patterns) noexcept {
  while (!patterns.empty()) {
    const std::size_t end = std::min(patterns.find(' '), patterns.size());
    if (matches(name, patterns.substr(0, end))) return true;
    patterns.remove_prefix(std::min(end + 1, patterns.size()));
  }
  return false;
}

}  // namespace

std::span<const std::string_view> all_subsystems() noexcept { return kSubsystems; }

std::string_view subsystem_of(std::string_view function) noexcept {
  // "foo.cold", "foo.isra.0". What begins with a dot has no other name.
  const std::size_t dot = function.find('.', 1);
  if (dot != std::string_view::npos) function = function.substr(0, dot);
  const auto* const found =
      std::find_if(std::begin(kPatterns), std::end(kPatterns),
                   [&](const Patterns& patterns) { return matches_any(function, patterns.names); });
  return found == std::end(kPatterns) ? kOtherKernel : found->subsystem;
}

}  // namespace urb
