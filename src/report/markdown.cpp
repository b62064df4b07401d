#include "report/markdown.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace urb {

MarkdownTable::MarkdownTable(std::vector<std::string> header, std::size_t left_count)
    : left_count_{left_count} {
  lines_.push_back(std::move(header));
}

void MarkdownTable::add(std::vector<std::string> fields) {
  URB_ASSERT(fields.size() == lines_.front().size());
  lines_.push_back(std::move(fields));
}

std::string MarkdownTable::render() const {
  const std::size_t column_count = lines_.front().size();
  std::vector<std::size_t> widths(column_count, 3);  // a rule needs three characters
  for (const auto& fields : lines_) {
    for (std::size_t column = 0; column < column_count; ++column) {
      widths[column] = std::max(widths[column], shown_width(fields[column]));
    }
  }

  std::string text;
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    for (std::size_t column = 0; column < column_count; ++column) {
      const std::string& field = lines_[line][column];
      const std::string padding(widths[column] - shown_width(field), ' ');
      text += "| ";
      text += column < left_count_ ? field : padding;
      text += column < left_count_ ? padding : field;
      text += ' ';
    }
    text += "|\n";
    if (line != 0) continue;
    for (std::size_t column = 0; column < column_count; ++column) {
      const bool is_left = column < left_count_;
      text += "| " + std::string(widths[column] - (is_left ? 0 : 1), '-') + (is_left ? " " : ": ");
    }
    text += "|\n";
  }
  return text;
}

std::string escape_markdown(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) {
      escaped += ' ';
      continue;
    }
    if (std::string_view{"\\|<>`*[]&#"}.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return clean_text(escaped);
}

std::size_t shown_width(std::string_view text) noexcept {
  // Every byte of UTF-8 but the continuations, 10xxxxxx, starts a code point.
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace urb
