// The rows of profiles: their texts and back, and their file.
#include "profile/profile_row.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "row/csv.hpp"
#include "row/record_reader.hpp"
#include "row/row_file.hpp"
#include "support/temp_folder.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::ProfileRow;

ProfileRow make_row(const std::string& function, double instructions) {
  ProfileRow row;
  row.run_id = "r1";
  row.kernel = "6.12.118";
  row.kernel_compiler = "gcc 14.2.0";
  row.kernel_config = "0123abcd";
  row.guest = "QEMU 7.2, Nehalem-v1";
  row.mode = "passthru";
  row.relay = "linked";
  row.buffers = "registered";
  row.tls = "off";
  row.connections = 4;
  row.body_bytes = 1048576;
  row.reuse = true;
  row.subsystem = "copy";
  row.function = function;
  row.instructions_per_request = instructions;
  row.repeat = 2;
  return row;
}

std::string header() { return urb::format_csv_record(urb::profile_column_names()); }
std::string line(const ProfileRow& row) {
  return urb::format_csv_record(urb::format_profile_row(row));
}

}  // namespace

TEST_CASE("profile_row: the columns are those of schema 1, in their order") {
  CHECK(header() ==
        "schema,method,run_id,kernel,kernel_compiler,kernel_config,guest,mode,relay,buffers,tls,"
        "connections,body_bytes,reuse,subsystem,function,instructions_per_request,repeat\n");
}

TEST_CASE("profile_row: a row survives its text") {
  const ProfileRow row = make_row("std::vector<int, A>::push_back", 1234.25);
  const auto parsed = urb::parse_profile_row(urb::format_profile_row(row));
  REQUIRE(std::holds_alternative<ProfileRow>(parsed));
  CHECK(std::get<ProfileRow>(parsed) == row);
}

TEST_CASE("profile_row: what is no row is told by its column") {
  const auto message_with = [](std::size_t field, const std::string& text) {
    std::vector<std::string> fields = urb::format_profile_row(make_row("memcpy", 1));
    fields.at(field) = text;
    const auto parsed = urb::parse_profile_row(fields);
    const auto* const error = std::get_if<urb::ParseError>(&parsed);
    return error == nullptr ? std::string{} : error->message;
  };
  CHECK(message_with(0, "2") == "schema: '2' is not 1");
  CHECK(message_with(13, "maybe") == "reuse: 'maybe' is neither yes nor no");
  CHECK(message_with(16, "-1") == "instructions_per_request: '-1' is no finite number from 0");
  CHECK(message_with(17, "") == "repeat: '' is not a number");
  CHECK(message_with(16, "3").empty());
}

TEST_CASE("profile_file: a cell is appended as a whole, and read back") {
  const urb::test::TempFolder folder;
  const std::string path = urb::profile_path(folder.file("new"), "6.12.118");
  CHECK(path.ends_with("/new/6.12.118.profile.csv"));
  const std::vector<ProfileRow> rows{make_row("", 1234.5), make_row("memcpy_orig", 1000),
                                     make_row("_copy_to_iter", 234.5)};
  for (int time = 0; time < 2; ++time) {
    urb::ProfileFile file{path};
    file.append(rows);
    CHECK(file.row_count() == 3);
  }
  const std::vector<ProfileRow> read = urb::read_profile(path);
  REQUIRE(read.size() == 6);
  CHECK(std::vector(read.begin(), read.begin() + 3) == rows);
  CHECK(std::vector(read.begin() + 3, read.end()) == rows);
}

TEST_CASE("profile_file: a file of another kind is refused both ways, with the remedy") {
  const urb::test::TempFolder folder;
  const std::string rows = folder.file("rows.csv");
  const std::string profile = folder.file("profile.csv");
  { const urb::RowFile file{rows}; }
  { const urb::ProfileFile file{profile}; }
  CHECK_THROWS_WITH_AS(urb::ProfileFile{rows}, doctest::Contains("another folder with --output"),
                       urb::UsageError);
  CHECK_THROWS_AS(urb::RowFile{profile}, urb::UsageError);
  CHECK_THROWS_AS(static_cast<void>(urb::read_profile(rows)), urb::UsageError);
}

TEST_CASE("profile_file: half a row at the end is left out and said, a bad line has its number") {
  const std::string whole = header() + line(make_row("memcpy_orig", 1000));
  const std::string last = line(make_row("_copy_to_iter", 5));
  std::vector<std::string> notes;
  for (std::size_t size = 1; size + 2 < last.size(); ++size) {
    notes.clear();
    CHECK(urb::parse_profile(whole + last.substr(0, size), "f", &notes).size() == 1);
    CHECK(notes == std::vector<std::string>{"f: its last line is half a row, and is left out"});
  }
  CHECK(urb::parse_profile(whole + last.substr(0, last.size() - 1), "f").size() == 2);
  CHECK_THROWS_WITH_AS(static_cast<void>(urb::parse_profile(whole + "1,2,3\n" + last, "f")),
                       "f:3: 3 fields where 18 are expected", urb::UsageError);
}

TEST_CASE("profile_file: texts of others cannot command a terminal") {
  const std::string text = header() + line(make_row("evil\x1b[2J", 1));
  CHECK(urb::parse_profile(text, "f").front().function == "evil\xEF\xBF\xBD[2J");
}
