// The page: one file with everything in it, which a browser shows without a network.
#pragma once

#include <string>
#include <string_view>

namespace urb {

/// The template of page/ with `json` in it.
[[nodiscard]] std::string make_page(std::string_view json);

/// JSON as the content of a script element: no text in it can end the element.
[[nodiscard]] std::string escape_for_script(std::string_view json);

/// page/page.html with style, scripts and library: made by tools/embed_page.py.
[[nodiscard]] std::string_view page_template() noexcept;

}  // namespace urb
