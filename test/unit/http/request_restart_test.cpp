// A request parser that goes from one connection to another.
#include <doctest/doctest.h>

#include <string>

#include "http/request_parser.hpp"

namespace urb {
namespace {

using http::ParseStatus;

TEST_SUITE_BEGIN("unit");

std::string get(std::string_view target, std::string_view fields = "") {
  std::string text = "GET ";
  text.append(target).append(" HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n");
  return text;
}
std::string post(std::string_view fields, std::string_view body) {
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\n";
  text.append(fields).append("\r\n").append(body);
  return text;
}
std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

TEST_CASE("request_parser: behind a restart nothing of another connection is left") {
  http::RequestParser parser{Bytes{10}};
  const std::string kept = get("/?size=7", "X-Verify: crc32c\r\nX-Route: a\r\n");
  const std::string befores[] = {
      "",
      "\r",
      "GET / HT",
      get("/", "X-Verify: crc32c\r\nHo").substr(0, 40),
      post("Content-Length: 9\r\n", "abc"),
      post("Transfer-Encoding: chunked\r\n", "5\r\nab"),
      kept,
      get("/", "Connection: close\r\n"),
      "GET / HTTP/1.0\r\n\r\n",
      "nonsense\r\n\r\n",
      post("Content-Length: 11\r\n", ""),
  };
  for (const std::string& before : befores) {
    CAPTURE(before);
    std::span<const std::byte> left = bytes_of(before);
    while (true) {
      const http::ParseStep step = parser.parse(left);
      left = left.subspan(step.consumed);
      if (step.status != ParseStatus::head_complete) break;
    }
    parser.restart();
    CHECK_FALSE(parser.in_message());
    CHECK(parser.error_status() == 0);
    const std::string input = post("Content-Length: 3\r\n", "abc");
    const http::ParseStep head = parser.parse(bytes_of(input));
    CHECK(head.status == ParseStatus::head_complete);
    CHECK_FALSE(parser.head().verify_crc32c);
    CHECK_FALSE(parser.head().has_route);
    CHECK_FALSE(parser.head().response_bytes);
    CHECK(parser.head().keep_alive);
    CHECK(parser.parse(bytes_of(input).subspan(head.consumed)).status ==
          ParseStatus::message_complete);
    CHECK(parser.body_bytes() == 3);
    parser.restart();
  }
}

}  // namespace
}  // namespace urb
