#include "profile/aliases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace urb {
namespace {

constexpr std::array kAliases{
#define URB_ALIASES(names, source) std::string_view{names},
#include "profile/aliases.inc"
};

// The names of a text with spaces between them.
std::vector<std::string> split(std::string_view names) {
  std::vector<std::string> found;
  while (!names.empty()) {
    found.emplace_back(names.substr(0, names.find(' ')));
    names.remove_prefix(std::min(found.back().size() + 1, names.size()));
  }
  return found;
}

// The names of a group, or for classes a group for each of their functions that a side has.
std::vector<std::vector<std::string>> expand(const std::vector<std::string>& names,
                                             const std::set<std::string>& side) {
  if (!names.front().ends_with("::")) return {names};
  std::vector<std::vector<std::string>> groups;
  for (const std::string& function : side) {
    for (const std::string& name : names) {
      if (!function.starts_with(name)) continue;
      groups.emplace_back();
      for (const std::string& scope : names) {
        groups.back().push_back(scope + function.substr(name.size()));
      }
    }
  }
  return groups;
}

// Those that a side has, joined.
std::string join_present(const std::vector<std::string>& names, const std::set<std::string>& side) {
  std::string text;
  for (const std::string& name : names) {
    if (side.count(name) != 0) text += (text.empty() ? "" : " + ") + name;
  }
  return text;
}

}  // namespace

std::string_view without_suffixes(std::string_view function) noexcept {
  constexpr std::array<std::string_view, 6> kSuffixes{".constprop.", ".isra.",     ".part.",
                                                      ".cold",       ".lto_priv.", " [clone"};
  for (const std::string_view suffix : kSuffixes)
    function = function.substr(0, function.find(suffix));
  return function;
}

Renames::Renames(const std::set<std::string>& base, const std::set<std::string>& next) {
  for (const std::string_view names : kAliases) {
    for (std::vector<std::string>& group : expand(split(names), base)) {
      const std::string before = join_present(group, base);
      const std::string after = join_present(group, next);
      if (before.empty() || after.empty() || before == after) continue;
      groups_.push_back({std::move(group), fmt::format("{} → {}", before, after)});
    }
  }
}

std::string Renames::name_of(std::string_view function) const {
  for (const Group& group : groups_) {
    if (std::find(group.names.begin(), group.names.end(), function) != group.names.end()) {
      return group.shown;
    }
  }
  return std::string{function};
}

}  // namespace urb
