// The list of columns: what it says fits the names, and what is made from it is up to date.
#include "row/columns.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "row/csv.hpp"
#include "row/row.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using nlohmann::ordered_json;
using urb::Column;
using urb::FieldType;
using urb::kColumns;
using urb::Row;
using urb::RowSection;

const std::string kSchemaPath = URB_TEST_DATA "/../../docs/schema/run.schema.json";

std::string read_text(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A row of which every field has a value.
Row full_row() {
  std::vector<std::string> fields;
  for (const Column& column : kColumns) {
    switch (column.type) {
      case FieldType::flag: fields.emplace_back("yes"); break;
      case FieldType::status: fields.emplace_back("failed"); break;
      default: fields.emplace_back("7"); break;
    }
  }
  return std::get<Row>(urb::parse_row(fields));
}

ordered_json type_of(const Column& column) {
  if (column.name == "schema") return {{"const", urb::kSchema}};
  switch (column.type) {
    case FieldType::text: return {{"type", {"string", "null"}}};
    case FieldType::flag: return {{"type", "boolean"}};
    case FieldType::number: return {{"type", "integer"}, {"minimum", 0}};
    case FieldType::count: return {{"type", {"integer", "null"}}, {"minimum", 0}};
    case FieldType::figure: return {{"type", {"number", "null"}}};
    case FieldType::status: break;
  }
  return {{"enum", urb::kStatusNames}};
}

// The part of the schema that describes a row: a line for each column.
std::string row_schema() {
  std::string properties;
  std::string required;
  for (const Column& column : kColumns) {
    ordered_json property{{"description", column.meaning}};
    if (!column.unit.name.empty()) property["unit"] = column.unit.name;
    property.update(type_of(column));
    const std::string name = ordered_json(column.name).dump();
    const char* const separator = properties.empty() ? "" : ",";
    properties += separator + ("\n              " + name + ": ") + property.dump();
    required += separator + ("\n              " + name);
  }
  return "          \"row\": {\n            \"type\": \"object\",\n            \"properties\": {" +
         properties + "\n            },\n            \"required\": [" + required +
         "\n            ],\n            \"additionalProperties\": false\n          },\n";
}

}  // namespace

TEST_CASE("columns: the header of each published schema, letter by letter") {
  // Committed files depend on them: a change of a line is wrong, a new schema is a new line.
  std::ifstream headers{URB_TEST_DATA "/csv_header.txt"};
  std::uint64_t schema = 0;
  for (std::string line; std::getline(headers, line);) {
    REQUIRE(++schema <= urb::kSchema);
    CHECK(urb::format_csv_record(urb::column_names(schema)) == line + "\n");
  }
  CHECK(schema == urb::kSchema);
}

TEST_CASE("columns: each has a meaning, and the unit that its name promises") {
  for (const Column& column : kColumns) {
    CAPTURE(column.name);
    CHECK_FALSE(column.meaning.empty());
    const std::string words = "_" + std::string{column.name} + "_";
    const auto has = [&](const char* word) { return words.find(word) != std::string::npos; };
    CHECK(column.unit.is_time == (has("_us_") || has("_s_") || column.name == "rate_requested"));
    CHECK((column.unit == urb::units::bytes) == ((has("_bytes_") && !has("_s_")) || has("_mtu_")));
    const bool has_number = column.type == FieldType::count || column.type == FieldType::figure;
    if (has_number) CHECK_FALSE(column.unit == urb::units::none);
    if (column.type == FieldType::text) CHECK(column.unit == urb::units::none);
  }
}

TEST_CASE("columns: a line that was cut is known by its last field") {
  CHECK(kColumns.back().name == "status");
}

TEST_CASE("columns: clearing a section empties it and nothing else") {
  const std::vector<std::string> full = urb::format_row(full_row());
  const std::vector<std::string> empty = urb::format_row(Row{});
  for (const RowSection section :
       {RowSection::latency, RowSection::server_cpu, RowSection::kernel_work}) {
    Row row = full_row();
    row.clear(section);
    const std::vector<std::string> cleared = urb::format_row(row);
    for (std::size_t place = 0; place < kColumns.size(); ++place) {
      CAPTURE(kColumns.at(place).name);
      const bool is_cleared = kColumns.at(place).section == section;
      CHECK(cleared[place] == (is_cleared ? empty : full)[place]);
      if (is_cleared) CHECK(cleared[place].empty());
    }
  }
}

// With URB_UPDATE_SCHEMA set, the part of the file is written anew.
TEST_CASE("columns: the JSON schema describes them as the list does") {
  const std::string text = read_text(kSchemaPath);
  const std::size_t begin = text.find("          \"row\": {");
  const std::size_t end = text.find("          \"latency_histogram\"");
  REQUIRE(begin != std::string::npos);
  REQUIRE(end > begin);
  if (std::getenv("URB_UPDATE_SCHEMA") != nullptr) {
    std::ofstream{kSchemaPath} << text.substr(0, begin) << row_schema() << text.substr(end);
    MESSAGE("docs/schema/run.schema.json was written");
    return;
  }
  CHECK(ordered_json::accept(text));
  INFO("after a wanted change: URB_UPDATE_SCHEMA=1 build/test/urb-tests -tc='columns: the JSON*'");
  CHECK(text.substr(begin, end - begin) == row_schema());
}

TEST_SUITE_END();
