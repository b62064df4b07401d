// The one file that a browser shows: what is in it, and what cannot get out of its place.
#include "report/page.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_SUITE_BEGIN("unit");

namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++times) ++at;
  return times;
}

}  // namespace

TEST_CASE("page: the template is whole, and has one place for the data") {
  CHECK(urb::page_template().starts_with("<!doctype html>"));
  CHECK(urb::page_template().ends_with("</html>\n"));
  CHECK(count(urb::page_template(), "<!-- page:") == 1);
}

TEST_CASE("page: no text of the data ends its element or begins another") {
  const std::string page = urb::make_page(R"({"name":"</script><script>alert(1)<!--"})");
  CHECK(count(page, R"(<script type="application/json" id="rows">{"name":"\u003c/script>\u003c)") ==
        1);
  CHECK(count(page, "<script") == count(urb::page_template(), "<script") + 1);
  CHECK(count(page, "<!-- page:") == 0);
}

TEST_SUITE_END();
