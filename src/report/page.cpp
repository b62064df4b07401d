#include "report/page.hpp"

#include "base/assert.hpp"

namespace urb {

std::string make_page(std::string_view json) {
  constexpr std::string_view kMarker = "<!-- page:data -->";
  const std::string_view page = page_template();
  const std::size_t place = page.find(kMarker);
  URB_ASSERT(place != std::string_view::npos);
  std::string text{page.substr(0, place)};
  text += R"(<script type="application/json" id="rows">)";
  text += escape_for_script(json);
  text += "</script>";
  text += page.substr(place + kMarker.size());
  return text;
}

std::string escape_for_script(std::string_view json) {
  std::string escaped;
  escaped.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      escaped += "\\u003c";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace urb
