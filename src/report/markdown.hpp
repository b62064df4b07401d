// A Markdown table that also reads well in a terminal: columns padded to their widest field.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace urb {

class MarkdownTable {
 public:
  /// The first `left_count` columns hold names and stand left, the others hold figures.
  MarkdownTable(std::vector<std::string> header, std::size_t left_count);
  /// As many fields as the header has.
  void add(std::vector<std::string> fields);
  [[nodiscard]] bool is_empty() const noexcept { return lines_.size() == 1; }
  [[nodiscard]] std::string render() const;

 private:
  std::vector<std::vector<std::string>> lines_;  ///< the header first
  std::size_t left_count_;
};

/// A text of a file, so that nothing in it is Markdown or HTML.
[[nodiscard]] std::string escape_markdown(std::string_view text);

/// How many characters a UTF-8 text shows, for the symbols used here (µ, ≥, –): its code points.
[[nodiscard]] std::size_t shown_width(std::string_view text) noexcept;

}  // namespace urb
