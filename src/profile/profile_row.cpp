#include "profile/profile_row.hpp"

#include <fmt/format.h>

#include <type_traits>

#include "base/text.hpp"
#include "row/csv.hpp"
#include "row/field_text.hpp"
#include "row/record_reader.hpp"

namespace urb {
namespace {

// Calls `visit` with the name and the field of each column behind `schema`, in their order.
template <class R, class Visit>
void visit_profile_columns(R& row, Visit&& visit) {
#define URB_PROFILE_COLUMN(name) visit(#name, row.name);
#include "profile/profile_columns.inc"
}

// Of the schema, nothing but the newest exists yet.
const std::vector<std::string>& columns_of(std::uint64_t /*schema*/) {
  return profile_column_names();
}

std::optional<ParseError> find_profile_problem(const std::vector<std::string>& record,
                                               std::uint64_t /*schema*/) {
  auto parsed = parse_profile_row(record);
  auto* const error = std::get_if<ParseError>(&parsed);
  return error == nullptr ? std::nullopt : std::optional{std::move(*error)};
}

// The last field is a number: nothing of it is no row, and any part of it is a number.
bool complete_repeat(std::string& text) {
  if (!text.empty()) return false;
  text = "1";
  return true;
}

}  // namespace

const std::vector<std::string>& profile_column_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found{"schema"};
    ProfileRow any;
    visit_profile_columns(any, [&](const char* name, const auto&) { found.emplace_back(name); });
    return found;
  }();
  return names;
}

std::vector<std::string> format_profile_row(const ProfileRow& row) {
  std::vector<std::string> fields{fmt::format("{}", kProfileSchema)};
  visit_profile_columns(row, [&](const char*, const auto& field) {
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, unsigned>) {
      fields.push_back(to_field_text(std::uint64_t{field}));
    } else {
      fields.push_back(to_field_text(field));
    }
  });
  return fields;
}

std::variant<ProfileRow, ParseError> parse_profile_row(const std::vector<std::string>& fields) {
  const std::size_t expected = profile_column_names().size();
  if (fields.size() != expected) {
    return ParseError{fields.size(),
                      fmt::format("{} fields where {} are expected", fields.size(), expected)};
  }
  if (fields.front() != fmt::format("{}", kProfileSchema)) {
    return ParseError{0, fmt::format("schema: '{}' is not {}", fields.front(), kProfileSchema)};
  }
  ProfileRow row;
  std::size_t index = 1;
  std::optional<ParseError> error;
  visit_profile_columns(row, [&](const char* name, auto& field) {
    const std::string problem = from_field_text(fields[index], field);
    if (!problem.empty() && !error) error = {index, fmt::format("{}: {}", name, problem)};
    ++index;
  });
  if (error) return *std::move(error);
  return row;
}

const RecordKind& profile_records() noexcept {
  static constexpr RecordKind kProfiles{.schema = kProfileSchema,
                                        .columns = columns_of,
                                        .find_problem = find_profile_problem,
                                        .complete_last = complete_repeat,
                                        .remedy = "choose another folder with --output",
                                        .readers = "compare reads both"};
  return kProfiles;
}

bool is_profile(std::string_view text) {
  return schema_of_header(profile_records(), text.substr(0, text.find('\n'))) != 0;
}

std::string profile_path(std::string_view folder, std::string_view release) {
  return fmt::format("{}/{}.profile.csv", folder, release);
}

void ProfileFile::append(std::span<const ProfileRow> rows) {
  std::string records;
  for (const ProfileRow& row : rows) records += format_csv_record(format_profile_row(row));
  file_.append(records);
  row_count_ += rows.size();
}

std::vector<ProfileRow> parse_profile(std::string_view text, const std::string& name,
                                      std::vector<std::string>* notes) {
  std::vector<ProfileRow> rows;
  parse_records(profile_records(), text, name, notes, [&rows](const auto& record, auto) {
    ProfileRow& row = rows.emplace_back(std::get<ProfileRow>(parse_profile_row(record)));
    visit_profile_columns(row, [](const char*, auto& field) {
      if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::string>) {
        field = clean_text(field);
      }
    });
  });
  return rows;
}

std::vector<ProfileRow> read_profile(const std::string& path, std::vector<std::string>* notes) {
  return parse_profile(read_record_text(path), path, notes);
}

}  // namespace urb
