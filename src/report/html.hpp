// The report's Markdown as one HTML file that needs nothing else: no network, no scripts.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace urb {

[[nodiscard]] std::string escape_html(std::string_view text);

/// Of the Markdown that page.hpp writes: headings, tables, lists, paragraphs, pictures, `code`,
/// escapes. `pictures` are SVG files by name; each is put in where ![alt](name.svg) stands alone in
/// a line.
[[nodiscard]] std::string make_html(std::string_view markdown,
                                    const std::map<std::string, std::string>& pictures);

}  // namespace urb
