// A line is enough to know what it is: nothing is nested.
#include "report/html.hpp"

#include <fmt/format.h>

#include <cctype>
#include <utility>
#include <vector>

namespace urb {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>uring-bench report</title>
<style>
:root { color-scheme: light dark; --text: #1f2328; --faint: #59636e; --line: #d1d9e0; --back: #ffffff; --band: #f6f8fa; --link: #0969da }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --faint: #9198a1; --line: #3d444d; --back: #0d1117; --band: #151b23; --link: #4493f8 }
}
body { margin: 2rem auto; padding: 0 1rem; max-width: 62rem; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back) }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 .6em }
h2 { border-bottom: 1px solid var(--line); padding-bottom: .3em; margin-top: 2.4em }
h4 { color: var(--faint) }
a { color: var(--link) }
nav ul { columns: 2 22rem }
code { background: var(--band); padding: .1em .3em; border-radius: 4px }
p { max-width: 48rem }
figure { margin: 1rem 0; overflow-x: auto }
figure svg { display: block; max-width: 100%; height: auto; min-width: 40rem }
.table { overflow-x: auto; margin: 1rem 0 }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { padding: .25em .7em; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th { color: var(--faint); font-weight: 600; white-space: normal; vertical-align: bottom }
tbody tr:hover { background: var(--band) }
.left { text-align: left }
td.left:last-child { white-space: normal; min-width: 20rem }
</style>
</head>
<body>
)";

class Converter {
 public:
  explicit Converter(const std::map<std::string, std::string>& pictures) : pictures_{pictures} {}

  void take(std::string_view line) {
    const bool is_table = line.starts_with('|');
    const bool is_item = line.starts_with("- ");
    if (!is_table) end_table();
    if (!is_item) end_list();
    if (line.empty() || is_table || is_item || line.starts_with('#') || line.starts_with("![")) {
      end_paragraph();
    }
    if (line.empty()) return;
    if (is_table) return take_table_line(line);
    if (is_item) return take_item(line.substr(2));
    if (line.starts_with('#')) return take_heading(line);
    if (line.starts_with("![")) return take_picture(line);
    html_ += is_in_paragraph_ ? "\n" : "<p>";
    is_in_paragraph_ = true;
    html_ += inline_html(line);
  }

  std::string finish() {
    take("");
    std::string nav;
    for (const auto& [id, title] : sections_) {
      nav += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", id, title);
    }
    const std::size_t first = html_.find("</h1>");
    if (!nav.empty() && first != std::string::npos) {
      html_.insert(first + 5, "\n<nav><ul>\n" + nav + "</ul></nav>");
    }
    return std::string{kHead} + html_ + "</body>\n</html>\n";
  }

 private:
  // `code`, and backslashes before what would be something.
  static std::string inline_html(std::string_view text) {
    std::string html;
    bool is_in_code = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '`') {
        html += is_in_code ? "</code>" : "<code>";
        is_in_code = !is_in_code;
        continue;
      }
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      html += escape_html(text.substr(at, 1));
    }
    return html + (is_in_code ? "</code>" : "");
  }

  static std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> fields;
    std::size_t begin = 1;
    for (std::size_t at = 1; at < line.size(); ++at) {
      if (line[at] == '\\') {
        ++at;
        continue;
      }
      if (line[at] != '|') continue;
      std::string_view field = line.substr(begin, at - begin);
      while (field.starts_with(' ')) field.remove_prefix(1);
      while (field.ends_with(' ')) field.remove_suffix(1);
      fields.push_back(field);
      begin = at + 1;
    }
    return fields;
  }

  // The rule below the header tells on which side each column stands.
  void take_table_line(std::string_view line) {
    const std::vector<std::string_view> fields = fields_of(line);
    if (header_.empty()) {
      for (const std::string_view field : fields) header_.emplace_back(field);
      return;
    }
    if (!is_in_table_) {
      is_in_table_ = true;
      is_left_.clear();
      html_ += "<div class=\"table\"><table>\n<thead><tr>";
      for (std::size_t column = 0; column < header_.size(); ++column) {
        is_left_.push_back(column >= fields.size() || !fields[column].ends_with(':'));
        html_ += cell("th", column, header_[column]);
      }
      html_ += "</tr></thead>\n<tbody>\n";
      return;
    }
    html_ += "<tr>";
    for (std::size_t column = 0; column < fields.size() && column < is_left_.size(); ++column) {
      html_ += cell("td", column, fields[column]);
    }
    html_ += "</tr>\n";
  }

  [[nodiscard]] std::string cell(std::string_view tag, std::size_t column,
                                 std::string_view text) const {
    return fmt::format("<{}{}>{}</{}>", tag, is_left_[column] ? " class=\"left\"" : "",
                       inline_html(text), tag);
  }

  void take_item(std::string_view text) {
    if (!is_in_list_) html_ += "<ul>\n";
    is_in_list_ = true;
    html_ += fmt::format("<li>{}</li>\n", inline_html(text));
  }

  void take_heading(std::string_view line) {
    const std::size_t level = line.find(' ');
    const std::string title = inline_html(line.substr(level + 1));
    if (level == 2) {
      sections_.emplace_back(fmt::format("section-{}", sections_.size() + 1), title);
      html_ += fmt::format("<h2 id=\"{}\">{}</h2>\n", sections_.back().first, title);
    } else {
      html_ += fmt::format("<h{0}>{1}</h{0}>\n", level, title);
    }
  }

  void take_picture(std::string_view line) {
    const std::size_t begin = line.find("](");
    const std::size_t end = line.rfind(".svg)");
    if (begin == std::string_view::npos || end == std::string_view::npos) return;
    const auto picture = pictures_.find(std::string{line.substr(begin + 2, end - begin - 2)});
    if (picture == pictures_.end()) return;
    // Without the declarations of a file of its own.
    html_ += "<figure>" + picture->second.substr(picture->second.find("<svg")) + "</figure>\n";
  }

  void end_table() {
    if (is_in_table_) html_ += "</tbody></table></div>\n";
    is_in_table_ = false;
    header_.clear();
  }
  void end_list() {
    if (is_in_list_) html_ += "</ul>\n";
    is_in_list_ = false;
  }
  void end_paragraph() {
    if (is_in_paragraph_) html_ += "</p>\n";
    is_in_paragraph_ = false;
  }

  const std::map<std::string, std::string>& pictures_;
  std::string html_;
  std::vector<std::pair<std::string, std::string>> sections_;  ///< id and title
  std::vector<std::string> header_;
  std::vector<bool> is_left_;
  bool is_in_table_ = false;
  bool is_in_list_ = false;
  bool is_in_paragraph_ = false;
};

}  // namespace

std::string escape_html(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      default: html += c;
    }
  }
  return html;
}

std::string make_html(std::string_view markdown,
                      const std::map<std::string, std::string>& pictures) {
  Converter converter{pictures};
  while (!markdown.empty()) {
    const std::size_t end = std::min(markdown.find('\n'), markdown.size());
    converter.take(markdown.substr(0, end));
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
  }
  return converter.finish();
}

}  // namespace urb
