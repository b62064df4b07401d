// The request parser against the files in test/data/http, each cut in every way.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/http_cases.hpp"
#include "support/request_steps.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("request_parser: every case file gives what it says, however it is cut") {
  const std::vector<test::HttpCase> cases = test::read_http_cases(URB_TEST_DATA "/http");
  REQUIRE(cases.size() >= 60);  // an empty folder must not pass
  for (const test::HttpCase& request : cases) {
    INFO(request.file << ": " << request.name);
    const test::ParsedInput whole = test::parse_at_once(request.request);
    CHECK(test::format_outcome(whole) == request.expect);
    CHECK(test::parse_evenly(request.request, 1) == whole);
    CHECK(test::parse_evenly(request.request, 7) == whole);
    // Long ones are long by repetition: a cut in each 97th place is as good as each place.
    const std::size_t step = request.request.size() < 2000 ? 1 : 97;
    for (std::size_t cut = 1; cut < request.request.size(); cut += step) {
      if (test::parse_in_pieces(request.request, {cut}) == whole) continue;
      CAPTURE(cut);
      CHECK(test::format_outcome(test::parse_in_pieces(request.request, {cut})) == request.expect);
      FAIL_CHECK("cut there, it is read differently");
      break;
    }
  }
}

TEST_CASE("request cases: the text of a block stands for these bytes") {
  CHECK(test::unescape_request("a\n\nb\n") == "a\r\n\r\nb\r\n");
  CHECK(test::unescape_request("a\\\nb\\\n") == "ab");
  CHECK(test::unescape_request("\\r\\n\\t\\x00\\xfF\\\\\\\n") == std::string("\r\n\t\0\xFF\\", 6));
  CHECK(test::unescape_request("\\{3:xy}z\n") == "xyxyxyz\r\n");
  CHECK(test::unescape_request("\\{2:\\r\\n}\\\n") == "\r\n\r\n");
}

}  // namespace
}  // namespace urb
