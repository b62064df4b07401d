// The name that was probably meant.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace urb {

/// How many letters to add, drop, change or swap with their neighbour to get from one to the other.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// The nearest of `names`, if it is near enough to be a slip of the fingers; else empty.
[[nodiscard]] std::string_view nearest_name(std::string_view typed,
                                            std::span<const std::string_view> names);

/// "unknown mode clutser, did you mean cluster?"; without such a name, "unknown mode x".
[[nodiscard]] std::string describe_unknown(std::string_view kind, std::string_view typed,
                                           std::span<const std::string_view> names);
/// Throws UsageError with that text, and with `where` to find the names where none is near.
[[noreturn]] void throw_unknown(std::string_view kind, std::string_view typed,
                                std::span<const std::string_view> names, std::string_view where);

/// What `find` has for each of `typed`, each once, in that order. Throws UsageError for a name that
/// is not in `table`, with the nearest one that is, or with `where` to find them.
template <class Entry>
[[nodiscard]] std::vector<const Entry*> find_named(std::string_view kind,
                                                   const std::vector<std::string>& typed,
                                                   std::span<const Entry> table,
                                                   const Entry* (*find)(std::string_view),
                                                   std::string_view where) {
  std::vector<std::string_view> known;
  for (const Entry& entry : table) known.push_back(entry.name);
  std::vector<const Entry*> found;
  for (const std::string& name : typed) {
    const Entry* const entry = find(name);
    if (entry == nullptr) throw_unknown(kind, name, known, where);
    if (std::find(found.begin(), found.end(), entry) == found.end()) found.push_back(entry);
  }
  return found;
}

}  // namespace urb
