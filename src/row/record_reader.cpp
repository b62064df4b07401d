// Text to records, and the places of errors.
#include "row/record_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>
#include <variant>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"
#include "row/csv.hpp"
#include "row/gzip.hpp"

namespace urb {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

// A tail that CRLF should have ended may have its first half.
std::string_view without_return(std::string_view tail) {
  if (tail.ends_with('\r')) tail.remove_suffix(1);
  return tail;
}

// What a spreadsheet has made of the header, as far as it can be told.
std::string explain_header(const RecordKind& kind, std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return "it is UTF-16, by its byte order mark (BOM); save it as \"CSV UTF-8\"";
  }
  const std::string_view line = without_mark(text).substr(0, without_mark(text).find('\n'));
  const std::vector<std::string>& columns = kind.columns(kind.schema);
  for (const char separator : {';', '\t'}) {
    if (line.starts_with(fmt::format("{}{}{}", columns[0], separator, columns[1]))) {
      return fmt::format("its fields are separated by {}; save it with commas",
                         separator == ';' ? "semicolons" : "tabs");
    }
  }
  return fmt::format(
      "its header is not that of this version's rows (schema {}); was it made by another version, "
      "or by another program?",
      kind.schema);
}

bool is_blank(const std::vector<std::string>& record) {
  return std::all_of(record.begin(), record.end(),
                     [](const std::string& field) { return field.empty(); });
}

// The schema that a record is the header of; 0 where it is none.
std::uint64_t schema_of(const RecordKind& kind, std::vector<std::string> record) {
  if (!record.empty()) record.front() = without_mark(record.front());
  std::uint64_t schema = kind.schema;
  while (schema != 0 && record != kind.columns(schema)) --schema;
  return schema;
}

// What joins files in the middle of one, and what to do about it; empty for anything else.
std::string explain_joint(const RecordKind& kind, const std::vector<std::string>& record,
                          std::uint64_t schema) {
  constexpr std::string_view kRemedy = "; were files joined by cat? (give the files one by one)";
  if (schema_of(kind, record) != 0) return fmt::format("a second header{}", kRemedy);
  if (record.size() + 1 == 2 * kind.columns(schema).size()) {
    return fmt::format("two rows in one line{}", kRemedy);
  }
  return "";
}

/// Throws UsageErrors that name the file and the line.
class Parser {
 public:
  Parser(const RecordKind& kind, const std::string& name, const TakeRecord& take)
      : kind_{kind}, name_{name}, take_{take} {}

  // `text` ends in a line end, or is empty.
  void take(std::string_view text) {
    auto parsed = parse_csv(without_mark(text));
    if (const auto* const error = std::get_if<ParseError>(&parsed)) {
      const std::string_view before = without_mark(text).substr(0, error->position);
      refuse(1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
             error->message);
    }
    const auto& records = std::get<std::vector<std::vector<std::string>>>(parsed);
    schema_ = records.empty() ? 0 : schema_of(kind_, records.front());
    if (schema_ == 0) refuse_header(text);
    for (std::size_t index = 1; index < records.size(); ++index) {
      take_record(records[index], index + 1);
    }
  }

  void take_record(const std::vector<std::string>& record, std::size_t line) {
    if (is_blank(record)) return;  // editors and spreadsheets leave such lines
    if (const std::string joint = explain_joint(kind_, record, schema_); !joint.empty())
      refuse(line, joint);
    if (const auto problem = kind_.find_problem(record, schema_)) refuse(line, problem->message);
    take_(record, schema_);
  }

  [[noreturn]] void refuse_header(std::string_view text) const {
    throw UsageError(fmt::format("{}: {}", name_, explain_header(kind_, text)));
  }

  [[nodiscard]] std::uint64_t schema() const noexcept { return schema_; }

 private:
  [[noreturn]] void refuse(std::size_t line, const std::string& why) const {
    throw UsageError(fmt::format("{}:{}: {}", name_, line, clean_text(why)));
  }

  const RecordKind& kind_;
  const std::string& name_;
  const TakeRecord& take_;
  std::uint64_t schema_ = 0;
};

// The one record that a tail holds; nothing when it holds none, or ends within quotes.
std::optional<std::vector<std::string>> record_of(std::string_view tail) {
  auto parsed = parse_csv(without_return(without_mark(tail)));
  auto* const records = std::get_if<std::vector<std::vector<std::string>>>(&parsed);
  if (records == nullptr || records->size() != 1) return std::nullopt;
  return std::move(records->front());
}

}  // namespace

std::string read_record_text(const std::string& path) {
  const int raw = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (raw < 0) throw SysError("open " + path, errno);
  const Fd file{Adopt{}, raw};
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t length = read(file.get(), buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) throw SysError("read " + path, errno);
    if (length == 0) return is_gzip(text) ? gunzip(text, path) : text;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

TailKind classify_tail(const RecordKind& kind, std::string_view tail, std::uint64_t schema) {
  const std::size_t field_count = kind.columns(schema).size();
  const auto record = record_of(tail);
  if (!record || record->size() < field_count) return TailKind::torn;
  if (schema_of(kind, *record) != 0) return TailKind::whole;
  if (!kind.find_problem(*record, schema)) return TailKind::whole;
  if (record->size() > field_count) return TailKind::foreign;
  std::vector<std::string> mended = *record;
  if (!kind.complete_last(mended.back())) return TailKind::foreign;
  return kind.find_problem(mended, schema) ? TailKind::foreign : TailKind::torn;
}

std::uint64_t schema_of_header(const RecordKind& kind, std::string_view line) {
  const auto record = record_of(line);
  return record ? schema_of(kind, *record) : 0;
}

void parse_records(const RecordKind& kind, std::string_view text, const std::string& name,
                   std::vector<std::string>* notes, const TakeRecord& take) {
  // No field of ours holds a line break, so the last one ends the last line that is whole.
  const std::size_t whole_size = text.rfind('\n') + 1;
  const std::string_view tail = text.substr(whole_size);
  Parser parser{kind, name, take};
  if (whole_size == 0) {
    const auto header = record_of(text);
    if (!header || schema_of(kind, *header) == 0) parser.refuse_header(text);
    return;
  }
  parser.take(text.substr(0, whole_size));
  if (tail.empty()) return;
  if (classify_tail(kind, tail, parser.schema()) != TailKind::torn) {
    const auto line = 1 + std::count(text.begin(), text.end(), '\n');
    parser.take_record(*record_of(tail), static_cast<std::size_t>(line));
  } else if (notes != nullptr) {
    notes->push_back(name + ": its last line is half a row, and is left out");
  }
}

}  // namespace urb
