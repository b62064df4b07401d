// Refusals with their remedies, and notes.
#include "compare/sides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/error.hpp"
#include "report/builds.hpp"
#include "report/guest.hpp"
#include "row/repeated_rows.hpp"

namespace urb {
namespace {

// The distinct values of a column.
template <class Field>
std::set<std::string> values_of(const Side& side, Field field) {
  std::set<std::string> values;
  for (const Row& row : side.rows) {
    if (row.status == Status::ok) values.insert(field(row));
  }
  return values;
}

std::string list_of(const std::set<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", value.empty() ? "unknown" : value);
  }
  return text;
}

std::string text_of(const Row::Count& count) { return count ? fmt::format("{}", *count) : ""; }

}  // namespace

Source describe(const Side& side, bool accepts_disturbed) {
  Source source;
  source.name = side.name;
  for (const Row& row : side.rows) {
    if (row.status != Status::ok) {
      ++source.left_out;
      continue;
    }
    if (is_disturbed(row) && !accepts_disturbed) {
      ++source.disturbed;
      continue;
    }
    ++source.row_count;
    if (std::find(source.runs.begin(), source.runs.end(), row.run_id) == source.runs.end()) {
      source.runs.push_back(row.run_id);
    }
  }
  return source;
}

void refuse_other_methods(const Side& base, const Side& next) {
  const auto method_of = [](const Row& row) { return fmt::format("{}", row.method); };
  const auto schema_of = [](const Row& row) { return fmt::format("{}", row.schema); };
  const std::set<std::string> methods = values_of(base, method_of);
  if (methods != values_of(next, method_of) || methods.size() > 1) {
    throw UsageError(fmt::format(
        "{} was measured by method {}, {} by method {}: a change between them would be one of the "
        "meter (measure both with the same version; CHANGELOG.md says what changed)",
        base.name, list_of(methods), next.name, list_of(values_of(next, method_of))));
  }
  const std::set<std::string> schemas = values_of(base, schema_of);
  if (schemas != values_of(next, schema_of) || schemas.size() > 1) {
    throw UsageError(
        fmt::format("{} has rows of schema {}, {} of schema {}: the older say less of "
                    "their machine (measure both with this version)",
                    base.name, list_of(schemas), next.name, list_of(values_of(next, schema_of))));
  }
}

std::vector<std::string> find_notes(const Side& base, const Side& next) {
  struct Context {
    std::string_view name;
    std::string (*field)(const Row&);
  };
  constexpr Context kContexts[] = {
      {"tool", [](const Row& row) { return row.tool; }},
      {"kernel", [](const Row& row) { return row.kernel; }},
      {"machine", [](const Row& row) { return row.machine; }},
      {"accelerator", [](const Row& row) { return row.accelerator; }},
      {"cpu_model", [](const Row& row) { return row.cpu_model; }},
      {"cpus", [](const Row& row) { return text_of(row.cpus); }},
      {"mitigations", [](const Row& row) { return row.mitigations; }},
      {"lo_mtu", [](const Row& row) { return text_of(row.lo_mtu); }},
      {"guest", [](const Row& row) { return virtual_machine(row); }},
      {"kernel_compiler", [](const Row& row) { return row.kernel_compiler; }},
      {"kernel_config", [](const Row& row) { return describe_options(row); }},
      {"cpu_flags", [](const Row& row) { return row.cpu_flags; }},
  };
  std::vector<std::string> notes;
  for (const Context& context : kContexts) {
    const std::set<std::string> before = values_of(base, context.field);
    const std::set<std::string> after = values_of(next, context.field);
    if (before == after) {
      if (before.size() <= 1) continue;
      notes.push_back(fmt::format("{} is mixed in both: {}", context.name, list_of(before)));
    } else {
      notes.push_back(
          fmt::format("{} differs: {} → {}", context.name, list_of(before), list_of(after)));
    }
  }
  SeenTrials seen;
  std::vector<Row> base_rows = base.rows;
  seen.drop_repeated(base_rows);
  if (const std::size_t shared = seen.count(next.rows); shared != 0) {
    notes.push_back(fmt::format("{} row{} of {} {} the same as in {}", shared,
                                shared == 1 ? "" : "s", next.name, shared == 1 ? "is" : "are",
                                base.name));
  }
  return notes;
}

}  // namespace urb
