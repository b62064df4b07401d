// A writer of a few lines and a reader as a loop over fields.
#include "row/csv.hpp"

#include <optional>
#include <utility>

namespace urb {
namespace {

// Takes fields off the front of a text.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) noexcept : text_{text} {}

  [[nodiscard]] bool is_at_end() const noexcept { return position_ == text_.size(); }
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

  /// One field, up to the comma, line end or end of text behind it; nothing if it is malformed.
  std::optional<std::string> take_field() { return peek() == '"' ? take_quoted() : take_plain(); }

  /// Takes the comma: the record goes on. Otherwise takes the line end, if there is one.
  bool take_comma() {
    if (peek() == ',') {
      ++position_;
      return true;
    }
    if (peek() == '\r') ++position_;
    if (peek() == '\n') ++position_;
    return false;
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  [[nodiscard]] bool is_at_field_end() const noexcept {
    return is_at_end() || peek() == ',' || peek() == '\n' || (peek() == '\r' && peek(1) == '\n');
  }

  std::optional<std::string> take_plain() {
    std::string field;
    while (!is_at_field_end()) {
      if (peek() == '"') return std::nullopt;
      field += text_[position_++];
    }
    return field;
  }

  std::optional<std::string> take_quoted() {
    std::string field;
    ++position_;
    while (!is_at_end()) {
      if (peek() != '"') {
        field += text_[position_++];
      } else if (peek(1) == '"') {
        field += '"';
        position_ += 2;
      } else {
        ++position_;
        if (is_at_field_end()) return field;
        break;
      }
    }
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

std::string format_csv_record(std::span<const std::string> fields) {
  std::string line;
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (index != 0) line += ',';
    const std::string& field = fields[index];
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }
  line += '\n';
  return line;
}

std::variant<std::vector<std::vector<std::string>>, ParseError> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> records;
  FieldReader reader{text};
  while (!reader.is_at_end()) {
    std::vector<std::string>& record = records.emplace_back();
    do {
      std::optional<std::string> field = reader.take_field();
      if (!field) return ParseError{reader.position(), "a quote that is not closed or not doubled"};
      record.push_back(*std::move(field));
    } while (reader.take_comma());
  }
  return records;
}

}  // namespace urb
