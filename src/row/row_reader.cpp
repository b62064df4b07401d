// Records to rows.
#include "row/row_reader.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace urb {
namespace {

// A status of which the last letters are missing.
bool complete_status(std::string& text) {
  const bool is_begun = std::any_of(kStatusNames.begin(), kStatusNames.end(),
                                    [&](std::string_view name) { return name.starts_with(text); });
  if (is_begun) text = name_of(Status::ok);
  return is_begun;
}

std::optional<ParseError> find_row_problem(const std::vector<std::string>& record,
                                           std::uint64_t schema) {
  auto parsed = parse_row(record, schema);
  auto* const error = std::get_if<ParseError>(&parsed);
  return error == nullptr ? std::nullopt : std::optional{std::move(*error)};
}

}  // namespace

const RecordKind& row_records() noexcept {
  static constexpr RecordKind kRows{.schema = kSchema,
                                    .columns = column_names,
                                    .find_problem = find_row_problem,
                                    .complete_last = complete_status,
                                    .remedy = "choose another file with --csv",
                                    .readers = "report reads both"};
  return kRows;
}

std::uint64_t schema_of_header(std::string_view line) {
  return schema_of_header(row_records(), line);
}

std::vector<Row> parse_rows(std::string_view text, const std::string& name,
                            std::vector<std::string>* notes) {
  std::vector<Row> rows;
  parse_records(row_records(), text, name, notes, [&rows](const auto& record, auto schema) {
    rows.push_back(std::get<Row>(parse_row(record, schema)));
    clean_texts(rows.back());
  });
  return rows;
}

std::vector<Row> read_rows(const std::string& path, std::vector<std::string>* notes) {
  return parse_rows(read_record_text(path), path, notes);
}

}  // namespace urb
