// Text to records to rows, and the places of errors.
#include "report/row_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <variant>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "report/csv.hpp"

namespace urb {
namespace {

std::string read_file(const std::string& path) {
  const int raw = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (raw < 0) throw SysError("open " + path, errno);
  const Fd file{Adopt{}, raw};
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t length = read(file.get(), buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) throw SysError("read " + path, errno);
    if (length == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

}  // namespace

std::vector<Row> parse_rows(std::string_view text, const std::string& name) {
  // No field of ours holds a line break, so the last one ends the last whole row.
  text = text.substr(0, text.rfind('\n') + 1);
  auto parsed = parse_csv(text);
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    const auto line =
        1 +
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(error->position), '\n');
    throw UsageError(fmt::format("{}:{}: {}", name, line, error->message));
  }
  const auto& records = std::get<std::vector<std::vector<std::string>>>(parsed);
  if (records.empty() || records.front() != column_names()) {
    throw UsageError(name +
                     ": its header is not that of this version's rows (schema 1); was it "
                     "made by another version, or by another program?");
  }
  std::vector<Row> rows;
  for (std::size_t index = 1; index < records.size(); ++index) {
    auto row = parse_row(records[index]);
    if (const auto* const error = std::get_if<ParseError>(&row)) {
      throw UsageError(fmt::format("{}:{}: {}", name, index + 1, error->message));
    }
    rows.push_back(std::get<Row>(std::move(row)));
  }
  return rows;
}

std::vector<Row> read_rows(const std::string& path) { return parse_rows(read_file(path), path); }

}  // namespace urb
