// One name for a function that compilers and kernels call by several.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace urb {

/// Without what compilers put behind a name: ".constprop.0", ".isra.1", ".part.2", ".cold" and the
/// like (gcc: ipa-cp, ipa-sra, ipa-split, bb-reorder). So the parts of a function are one function.
[[nodiscard]] std::string_view without_suffixes(std::string_view function) noexcept;

/// The functions that were renamed between two kernels, by what each of them executed.
class Renames {
 public:
  /// Names without suffixes, of all cells. A group of aliases.inc is one function where one side
  /// lacks a name that the other has. Where both have all the same names, nothing was renamed.
  Renames(const std::set<std::string>& base, const std::set<std::string>& next);

  /// What stands for the function on both sides: its own name, or "old → new" for a renamed one.
  [[nodiscard]] std::string name_of(std::string_view function) const;

 private:
  struct Group {
    std::vector<std::string> names;
    std::string shown;
  };
  std::vector<Group> groups_;
};

}  // namespace urb
