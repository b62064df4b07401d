// Files that went through editors, spreadsheets and cat.
#include "row/row_reader.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "row/csv.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::parse_rows;
using urb::Row;
using urb::TailKind;

std::string header() { return urb::format_csv_record(urb::column_names()); }

std::string line_of(const std::string& mode = "direct") {
  Row row;
  row.mode = mode;
  row.requests_per_s = 1000;
  return urb::format_csv_record(urb::format_row(row));
}

std::string with_returns(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.insert(at, "\r");
  }
  return text;
}

std::string refusal_of(const std::string& text) {
  try {
    (void)parse_rows(text, "a.csv");
  } catch (const urb::UsageError& error) {
    return error.what();
  }
  return "nothing was refused";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("row reader: a last row without its line end counts, half a one is named") {
  const std::string text = header() + line_of() + line_of("socket");
  std::vector<std::string> notes;
  CHECK(parse_rows(text.substr(0, text.size() - 1), "a.csv", &notes).size() == 2);
  std::string returned = with_returns(text);
  returned.pop_back();
  CHECK(parse_rows(returned, "a.csv", &notes).size() == 2);
  CHECK(notes.empty());
  CHECK(parse_rows(text.substr(0, text.size() - 2), "a.csv", &notes).size() == 1);
  REQUIRE(notes.size() == 1);
  CHECK(contains(notes.front(), "a.csv: its last line is half a row"));
  const std::string only_header = header();
  CHECK(parse_rows(only_header.substr(0, only_header.size() - 1), "a.csv").empty());
}

TEST_CASE("row reader: files of every schema so far are read") {
  for (std::uint64_t schema = 1; schema <= urb::kSchema; ++schema) {
    CAPTURE(schema);
    Row row;
    row.schema = schema;
    row.mode = "direct";
    const std::vector<std::string> all = urb::format_row(row);
    std::vector<std::string> fields;
    for (std::size_t place = 0; place < urb::kColumns.size(); ++place) {
      if (urb::kColumns.at(place).schema <= schema) fields.push_back(all[place]);
    }
    const std::string line = urb::format_csv_record(fields);
    const std::string text = urb::format_csv_record(urb::column_names(schema)) + line;
    REQUIRE(parse_rows(text + line, "a.csv").size() == 2);
    CHECK(parse_rows(text, "a.csv").front().schema == schema);
    CHECK(urb::format_row(parse_rows(text, "a.csv").front()) == all);
    CHECK(parse_rows(text.substr(0, text.size() - 2), "a.csv").empty());
  }
}

TEST_CASE("row reader: what spreadsheets do is read, or named") {
  const std::string mark = "\xEF\xBB\xBF";
  const std::string text = header() + line_of();
  CHECK(parse_rows(mark + text, "a.csv").size() == 1);
  CHECK(parse_rows(mark + with_returns(text), "a.csv").size() == 1);
  CHECK(parse_rows(text + "\n" + std::string(urb::column_names().size() - 1, ',') + "\n", "a.csv")
            .size() == 1);
  std::string semicolons = text;
  for (char& c : semicolons) c = c == ',' ? ';' : c;
  CHECK(contains(refusal_of(semicolons), "semicolons"));
  CHECK(contains(refusal_of("\xFF\xFEs"), "UTF-16"));
}

TEST_CASE("row reader: files joined by cat are named, with the line") {
  const std::string file = header() + line_of();
  CHECK(contains(refusal_of(file + file), "a.csv:3: a second header"));
  CHECK(contains(refusal_of(file + "\xEF\xBB\xBF" + file), "a.csv:3: a second header"));
  CHECK(contains(refusal_of(file.substr(0, file.size() - 1) + file), "a.csv:2: two rows in one"));
}

TEST_CASE("row reader: a figure is finite and not below zero") {
  for (const std::string wrong : {"inf", "-inf", "nan", "NAN", "-1", "1e400", "1e300"}) {
    CAPTURE(wrong);
    std::string line = line_of();
    line.replace(line.find(",1000,"), 6, "," + wrong + ",");
    const std::string refusal = refusal_of(header() + line_of() + line);
    CHECK(contains(refusal, "a.csv:3: requests_per_s: '" + wrong + "'"));
    // It is no row that only lacks its line end, and not half of one either.
    CHECK(contains(refusal_of(header() + line.substr(0, line.size() - 1)), "a.csv:2: requests_"));
  }
}

TEST_CASE("row reader: texts come fit for pages and terminals") {
  const std::vector<Row> rows = parse_rows(header() + line_of("\x1B[2Jdir\xE9"), "a.csv");
  REQUIRE(rows.size() == 1);
  CHECK(rows.front().mode == "\uFFFD[2Jdir\uFFFD");
}

TEST_CASE("row reader: what stands behind the last line end") {
  const std::string line = line_of().substr(0, line_of().size() - 1);
  CHECK(urb::classify_tail(urb::row_records(), line, urb::kSchema) == TailKind::whole);
  CHECK(urb::classify_tail(urb::row_records(), line + "\r", urb::kSchema) == TailKind::whole);
  CHECK(urb::classify_tail(urb::row_records(), header().substr(0, header().size() - 1),
                           urb::kSchema) == TailKind::whole);
  for (std::size_t size = 1; size < line.size(); ++size) {
    CAPTURE(size);
    CHECK(urb::classify_tail(urb::row_records(), std::string_view{line}.substr(0, size),
                             urb::kSchema) == TailKind::torn);
  }
  CHECK(urb::classify_tail(urb::row_records(), line + "ay", urb::kSchema) == TailKind::foreign);
  CHECK(urb::classify_tail(urb::row_records(), line + ",x", urb::kSchema) == TailKind::foreign);
}

TEST_SUITE_END();
