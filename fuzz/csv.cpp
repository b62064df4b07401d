// Result files: any text is read or refused with the documented errors, and what was accepted is
// the same after writing and reading it again.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "fuzz.hpp"
#include "row/csv.hpp"
#include "row/row_file.hpp"

namespace urb::fuzz {
namespace {

using Records = std::vector<std::vector<std::string>>;

void check_records(const Records& records) {
  std::string text;
  for (const auto& record : records) text += format_csv_record(record);
  const auto again = parse_csv(text);
  REQUIRE(std::holds_alternative<Records>(again));
  REQUIRE(std::get<Records>(again) == records);
}

// Returns whether the fields make a row.
bool check_row(const std::vector<std::string>& fields) {
  const auto row = parse_row(fields);
  if (const auto* const error = std::get_if<ParseError>(&row)) {
    REQUIRE(error->position <= std::max(fields.size(), column_names().size()));
    REQUIRE_FALSE(error->message.empty());
    return false;
  }
  // Figures lose digits when they are written, once.
  const std::vector<std::string> written = format_row(std::get<Row>(row));
  const auto again = parse_row(written);
  REQUIRE(std::holds_alternative<Row>(again));
  REQUIRE(format_row(std::get<Row>(again)) == written);
  check_records({written});
  // A short whole number has one spelling in all columns but those of words.
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const std::string& found = fields[index];
    if (found.size() <= 5 && !found.empty() && found[0] != '0' &&
        found.find_first_not_of("0123456789") == std::string::npos) {
      REQUIRE(written[index] == found);
    }
  }
  return true;
}

std::string all_of(int fd) {
  std::string text(static_cast<std::size_t>(check(lseek(fd, 0, SEEK_END), "lseek")), '\0');
  const auto count = check(pread(fd, text.data(), text.size(), 0), "pread");
  REQUIRE(static_cast<std::size_t>(count) == text.size());
  return text;
}

// A file of that content: refused and left as it is, or prolonged by exactly one row.
void check_file(const std::string& content, const Row& row) {
  static const Fd file{Adopt{}, check(memfd_create("csv", MFD_CLOEXEC), "memfd_create")};
  check(ftruncate(file.get(), 0), "ftruncate");
  check(pwrite(file.get(), content.data(), content.size(), 0), "pwrite");
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  const std::string header = format_csv_record(column_names());
  const std::string line = format_csv_record(format_row(row));
  try {
    RowFile rows{path};
    rows.append(row);
  } catch (const UsageError&) {
    REQUIRE(all_of(file.get()) == content);
    return;
  }
  // A whole last row without its line end gets it.
  std::string before = content.empty() ? header : content;
  if (before.back() != '\n') before += '\n';
  REQUIRE(all_of(file.get()) == before + line);
  const std::string_view mark = "\xEF\xBB\xBF";  // a spreadsheet's, which the reader passes over
  if (before.starts_with(mark)) before.erase(0, mark.size());
  const auto old = parse_csv(before);
  if (!std::holds_alternative<Records>(old)) return;
  REQUIRE(std::get<Records>(old).at(0) == column_names());
  const auto now = parse_csv(before + line);
  REQUIRE(std::holds_alternative<Records>(now));
  REQUIRE(std::get<Records>(now).back() == format_row(row));
}

void run(const Input& input) {
  const auto parsed = parse_csv(input.text);
  Row row;
  if (const auto* const records = std::get_if<Records>(&parsed)) {
    check_records(*records);
    for (const auto& record : *records) {
      check_row(record);
      // Fewer fields than a row has: the others as they are by default, so that a short input
      // reaches every column.
      std::vector<std::string> fields = format_row(Row{});
      for (std::size_t index = 0; index < record.size(); ++index) {
        fields[(input.options + index) % fields.size()] = record[index];
      }
      if (check_row(fields)) row = std::get<Row>(parse_row(fields));
    }
  } else {
    REQUIRE(std::get<ParseError>(parsed).position <= input.text.size());
  }
  const std::string header = format_csv_record(column_names());
  check_file(std::string{input.text}, row);
  check_file(header + std::string{input.text}, row);
}

}  // namespace
}  // namespace urb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  urb::fuzz::run(urb::fuzz::split_input(data, size));
  return 0;
}
