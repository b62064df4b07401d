#include "compare/profile_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "base/error.hpp"
#include "report/guest.hpp"

namespace urb {
namespace {

template <class Field>
std::set<std::string> values_of(const ProfileSide& side, Field field) {
  std::set<std::string> values;
  for (const ProfileRow& row : side.rows) values.insert(field(row));
  return values;
}

std::string join_values(const std::set<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", value.empty() ? "unknown" : value);
  }
  return text;
}

// The fields of the column `guest` that any row has, of those that last.
std::set<std::string> guest_names(const ProfileSide& side) {
  std::set<std::string> names;
  std::set<std::string> seen;
  for (const ProfileRow& row : side.rows) {
    if (!seen.insert(row.guest).second) continue;
    for (const std::string& name : guest_field_names(lasting_guest(row.guest))) names.insert(name);
  }
  return names;
}

void add_note(std::vector<std::string>& notes, const std::string& name,
              const std::set<std::string>& before, const std::set<std::string>& after) {
  if (before == after) {
    if (before.size() > 1) {
      notes.push_back(fmt::format("{} is mixed in both: {}", name, join_values(before)));
    }
    return;
  }
  notes.push_back(
      fmt::format("{} differs: {} → {}", name, join_values(before), join_values(after)));
}

}  // namespace

ProfileSource describe(const ProfileSide& side, const ProfileCells& cells) {
  ProfileSource source;
  source.name = side.name;
  source.row_count = side.rows.size();
  const auto add = [](std::vector<std::string>& values, const std::string& value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  };
  for (const ProfileRow& row : side.rows) {
    add(source.kernels, row.kernel);
    add(source.runs, row.run_id);
  }
  source.boots = SIZE_MAX;
  for (const auto& [key, cell] : cells) source.boots = std::min(source.boots, cell.boots);
  return source;
}

void refuse_other_methods(const ProfileSide& base, const ProfileSide& next) {
  const auto method_of = [](const ProfileRow& row) { return fmt::format("{}", row.method); };
  const std::set<std::string> before = values_of(base, method_of);
  const std::set<std::string> after = values_of(next, method_of);
  if (before == after && before.size() == 1) return;
  throw UsageError(fmt::format(
      "{} was measured by method {}, {} by method {}: a change between them would be one of the "
      "meter (profile both with the same version; CHANGELOG.md says what changed)",
      base.name, join_values(before), next.name, join_values(after)));
}

std::vector<std::string> find_notes(const ProfileSide& base, const ProfileSide& next) {
  std::vector<std::string> notes;
  struct Context {
    const char* name;
    std::string ProfileRow::*field;
  };
  for (const Context& context : {Context{"compiler", &ProfileRow::kernel_compiler},
                                 Context{"configuration", &ProfileRow::kernel_config}}) {
    const auto field = [&](const ProfileRow& row) { return row.*context.field; };
    add_note(notes, context.name, values_of(base, field), values_of(next, field));
  }
  std::set<std::string> names = guest_names(base);
  names.merge(guest_names(next));
  for (const std::string& name : names) {
    const auto field = [&](const ProfileRow& row) { return guest_field(row.guest, name); };
    add_note(notes, name == "cpu" ? "CPU model" : name, values_of(base, field),
             values_of(next, field));
  }
  return notes;
}

}  // namespace urb
