// Whether a request that is wrong was a HEAD: its answer has no body then.
#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>

#include "http/request_parser.hpp"

namespace urb {
namespace {

using http::ParseStatus;
using http::RequestParser;

TEST_SUITE_BEGIN("unit");

TEST_CASE("request_parser: a wrong HEAD is known as one, wherever it was cut") {
  const std::string long_line(9000, 'a');
  const auto is_head = [](std::string_view input, std::size_t cut) {
    RequestParser parser;
    for (const std::string_view piece : {input.substr(0, cut), input.substr(cut)}) {
      if (piece.empty()) continue;
      if (parser.parse(std::as_bytes(std::span{piece})).status == ParseStatus::error) break;
    }
    return parser.head().is_head_method;
  };
  for (const std::string& input :
       {std::string{"HEAD / HTTP/1.1\r\n\r\n"}, std::string{"HEAD  x HTTP/1.1\r\n\r\n"},
        std::string{"HEAD \x01"}, std::string{"HEAD / HTTP/7.1\r\n\r\n"},
        std::string{"HEAD /\r\n\r\n"}, "HEAD /" + long_line, "HEAD " + std::string(9000, ' '),
        std::string{"HEAD / HTTP/1.1\r\nHost : a\r\n\r\n"}}) {
    CAPTURE(input.substr(0, 40));
    for (std::size_t cut = 5; cut < std::min<std::size_t>(input.size(), 40); ++cut) {
      CHECK(is_head(input, cut));
    }
  }
  for (const std::string_view input : {"HEADS / HTTP/1.1\r\n\r\n", "head / HTTP/1.1\r\n\r\n",
                                       "HEA / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"}) {
    CAPTURE(input);
    for (std::size_t cut = 0; cut < input.size(); ++cut) CHECK_FALSE(is_head(input, cut));
  }
}

}  // namespace
}  // namespace urb
